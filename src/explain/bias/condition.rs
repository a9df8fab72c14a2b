//! Which rows are meant: `sex=1`, `race=2,3`, `age>40`.

use crate::error::{Error, Result};
use std::fmt;

/// A condition on the values of a column. A missing value meets none, not even [`Condition::NoneOf`].
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The value is one of these.
    OneOf(Vec<f32>),
    /// The value is none of these.
    NoneOf(Vec<f32>),
    /// The value is larger.
    Above(f32),
    /// The value is as large or larger.
    AtLeast(f32),
    /// The value is smaller.
    Below(f32),
    /// The value is as small or smaller.
    AtMost(f32),
}

const REMEDY: &str = "write COLUMN=VALUE, COLUMN=VALUE,VALUE, COLUMN!=VALUE, COLUMN>NUMBER, >=, < or <=, in quotes";

/// The operators, longer ones before those that they end with.
const OPERATORS: [&str; 7] = ["==", "!=", ">=", "<=", "=", ">", "<"];

impl Condition {
    /// Whether a value meets the condition; NaN is missing.
    #[must_use]
    pub fn holds(&self, value: f32) -> bool {
        match self {
            Self::OneOf(values) => values.contains(&value),
            Self::NoneOf(values) => !value.is_nan() && !values.contains(&value),
            Self::Above(bound) => value > *bound,
            Self::AtLeast(bound) => value >= *bound,
            Self::Below(bound) => value < *bound,
            Self::AtMost(bound) => value <= *bound,
        }
    }

    /// Reads `COLUMN OPERATOR VALUE`. The operator is the last one in the text, so the column's name may hold such signs, too. A
    /// text without any is a column alone: every value of it in turn.
    ///
    /// # Errors
    /// If the operator or a number cannot be understood, or the column lacks.
    pub fn parse(text: &str) -> Result<(String, Option<Self>)> {
        let is_operator = |c: char| "=!<>".contains(c);
        let wrong = |what: String| Error::parameter(format!("`{text}` {what}")).remedy(REMEDY);
        let Some(end) = text.rfind(is_operator) else {
            return match text.trim() {
                "" => Err(wrong("names no column".to_string())),
                column => Ok((column.to_string(), None)),
            };
        };
        let (front, values) = (&text[..=end], &text[end + 1..]);
        let operator = OPERATORS.into_iter().find(|operator| front.ends_with(operator));
        let operator = operator.ok_or_else(|| wrong("has the operator \"!\", which is not known".to_string()))?;
        let before = &front[..front.len() - operator.len()];
        let column = before.trim();
        if column.is_empty() {
            return Err(wrong("names no column".to_string()));
        }
        let condition = Self::from_parts(operator, values).map_err(wrong)?;
        Ok((column.to_string(), Some(condition)))
    }

    /// Reads a condition without a column: `1`, `1,2`, `>30`, `!=0`.
    ///
    /// # Errors
    /// If the operator or a number cannot be understood.
    pub fn parse_values(text: &str) -> Result<Self> {
        let values = text.trim_start_matches(['=', '!', '<', '>', ' ']);
        let operator = text[..text.len() - values.len()].trim();
        Self::from_parts(operator, values).map_err(|what| {
            Error::parameter(format!("`{text}` {what}")).remedy("write VALUE, VALUE,VALUE, >NUMBER, >=, < or <=")
        })
    }

    fn from_parts(operator: &str, values: &str) -> std::result::Result<Self, String> {
        let numbers = values
            .split(',')
            .map(|value| match value.trim().parse::<f32>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Err(format!("has {:?} for a number", value.trim())),
            })
            .collect::<std::result::Result<Vec<f32>, String>>()?;
        match (operator, numbers.as_slice()) {
            ("" | "=" | "==", _) => Ok(Self::OneOf(numbers)),
            ("!=", _) => Ok(Self::NoneOf(numbers)),
            (">", &[number]) => Ok(Self::Above(number)),
            (">=", &[number]) => Ok(Self::AtLeast(number)),
            ("<", &[number]) => Ok(Self::Below(number)),
            ("<=", &[number]) => Ok(Self::AtMost(number)),
            (">" | ">=" | "<" | "<=", _) => Err(format!("has {} numbers after {operator}", numbers.len())),
            _ => Err(format!("has the operator {operator:?}, which is not known")),
        }
    }
}

impl fmt::Display for Condition {
    /// As in Clarify's `value_or_threshold`: values alone, bounds with their operator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[f32]| values.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::OneOf(values) => write!(f, "{}", list(values)),
            Self::NoneOf(values) => write!(f, "!={}", list(values)),
            Self::Above(bound) => write!(f, ">{bound}"),
            Self::AtLeast(bound) => write!(f, ">={bound}"),
            Self::Below(bound) => write!(f, "<{bound}"),
            Self::AtMost(bound) => write!(f, "<={bound}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_shown_and_met() {
        let cases: [(&str, &str, &str, &[f32], &[f32]); 10] = [
            ("sex=1", "sex", "1", &[1.0], &[0.0, 2.0]),
            ("sex == 1", "sex", "1", &[1.0], &[0.0]),
            ("race=2, 3.5", "race", "2,3.5", &[2.0, 3.5], &[3.0]),
            ("sex!=1", "sex", "!=1", &[0.0], &[1.0]),
            ("age>40", "age", ">40", &[40.5], &[40.0]),
            ("age>=40", "age", ">=40", &[40.0], &[39.9]),
            ("age < 0.1", "age", "<0.1", &[0.0], &[0.1]),
            ("age<=-1", "age", "<=-1", &[-1.0], &[0.0]),
            ("a=b>c=1", "a=b>c", "1", &[1.0], &[0.0]),
            ("<b>>4", "<b>", ">4", &[5.0], &[4.0]),
        ];
        for (text, column, shown, met, not) in cases {
            let (name, condition) = Condition::parse(text).unwrap();
            let condition = condition.unwrap();
            assert_eq!((name.as_str(), condition.to_string().as_str()), (column, shown));
            assert!(met.iter().all(|&value| condition.holds(value)), "{text}");
            assert!(!not.iter().any(|&value| condition.holds(value)), "{text}");
            assert!(!condition.holds(f32::NAN), "{text}");
        }
        assert_eq!(Condition::parse(" sex ").unwrap(), ("sex".to_string(), None));
        assert_eq!(Condition::parse_values("1,2").unwrap(), Condition::OneOf(vec![1.0, 2.0]));
        assert_eq!(Condition::parse_values("> 50").unwrap(), Condition::Above(50.0));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, message) in [
            ("", "`` names no column; "),
            ("=1", "`=1` names no column; "),
            ("sex=", "`sex=` has \"\" for a number; "),
            ("sex=male", "`sex=male` has \"male\" for a number; "),
            ("sex=inf", "`sex=inf` has \"inf\" for a number; "),
            ("age>1,2", "`age>1,2` has 2 numbers after >; "),
            ("age!1", "`age!1` has the operator \"!\", which is not known; "),
        ] {
            let error = Condition::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
        assert!(Condition::parse_values("yes").is_err());
    }
}
