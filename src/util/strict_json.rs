//! JSON in which a name stands once: of two values of one name most readers keep one in silence,
//! and not all the same one.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Reads a JSON text, and refuses a key that stands twice in one object, however it is written.
///
/// ```
/// use gboost::internals::util::strict_json;
///
/// assert_eq!(strict_json::parse(r#"{"eta": 0.1}"#)?["eta"], 0.1);
/// let twice = strict_json::parse(r#"{"eta": 0.1, "\u0065ta": 0.2}"#);
/// assert!(twice.is_err_and(|error| error.to_string().starts_with("key \"eta\" stands there twice")));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// What is no JSON, and a key that stands twice, with line and column.
pub fn parse(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str::<Strict>(text).map(|Strict(value)| value)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if values.contains_key(&key) {
                return Err(A::Error::custom(format!("key {key:?} stands there twice")));
            }
            let Strict(value) = entries.next_value()?;
            values.insert(key, value);
        }
        Ok(values.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_values_are_read_as_they_are() {
        let text = r#"{"a":[1,-2,0.1,1e300,18446744073709551615,true,null,"\u00e9"],"b":{"c":{},"a":[]}}"#;
        let read = parse(text).unwrap_or_default();
        assert_eq!(read, serde_json::from_str::<Value>(text).unwrap_or_default());
        assert_eq!(read["a"][4].as_u64(), Some(u64::MAX));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth() {
        for text in ["{\"a\":1,\n \"a\":1}", "[{\"b\":{\"a\":1,\n \"b\":2, \"a\":1}}]"] {
            let error = parse(text).err().map(|error| (error.line(), error.to_string())).unwrap_or_default();
            assert_eq!(error.0, 2, "{}", error.1);
            assert!(error.1.starts_with("key \"a\" stands there twice"), "{}", error.1);
        }
        assert!(parse("{\"a\":1} x").is_err() && parse("").is_err());
    }
}
