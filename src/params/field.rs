//! How a parameter's value is read from text and shown.

use super::{BaseScore, HistogramSums, Sampler, TreeMethod};
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::objective::Objective;
use serde_json::Value;

macro_rules! choice {
    ($type:ty { $($name:literal => $value:expr),+ $(,)? }) => {
        impl Field for $type {
            fn parse(text: &str) -> std::result::Result<Self, Refused> {
                match text {
                    $($name => Ok($value),)+
                    _ => Err(Refused::Form(one_of(&Self::choices()))),
                }
            }
            fn choices() -> Vec<String> {
                // A second name of a choice is accepted, but not offered.
                let offered = |(name, value): &(&str, Self)| value.value() == *name;
                [$(($name, $value)),+].into_iter().filter(offered).map(|(name, _)| name.to_string()).collect()
            }
            fn value(&self) -> Value {
                $(if *self == $value { return Value::from($name); })+
                Value::Null
            }
        }
    };
}

/// Why a text is no value of a parameter.
pub(super) enum Refused {
    /// The form that is accepted, such as "a whole number".
    Form(String),
    /// A complete error, passed on as it is.
    Error(Error),
}

/// A type that a parameter can have.
pub(super) trait Field: Sized {
    fn parse(text: &str) -> std::result::Result<Self, Refused>;
    fn value(&self) -> Value;
    /// The number that the parameter's range is about, if it is one.
    fn number(&self) -> Option<f64> {
        None
    }
    /// Checks what `parse` refuses besides numbers out of range.
    fn check(&self) -> Result<()> {
        Ok(())
    }
    /// The values, where they are a few names.
    fn choices() -> Vec<String> {
        Vec::new()
    }
}

/// "hist or exact", "one of auto, narrow, wide".
pub(super) fn one_of(names: &[String]) -> String {
    match names {
        [one, other] => format!("{one} or {other}"),
        _ => format!("one of {}", names.join(", ")),
    }
}

choice!(TreeMethod { "hist" => Self::Hist, "auto" => Self::Hist, "exact" => Self::Exact });
choice!(Sampler { "hash" => Self::Hash, "xgboost1" => Self::Xgboost1 });
choice!(HistogramSums { "auto" => Self::Auto, "narrow" => Self::Narrow, "wide" => Self::Wide });

impl Field for Objective {
    fn parse(text: &str) -> std::result::Result<Self, Refused> {
        Self::from_name(text).ok_or_else(|| Refused::Form(one_of(&Self::choices())))
    }
    fn choices() -> Vec<String> {
        // The default first.
        let others = Self::ALL.into_iter().filter(|&objective| objective != Self::default());
        std::iter::once(Self::default()).chain(others).map(|objective| objective.name().to_string()).collect()
    }
    fn value(&self) -> Value {
        Value::from(self.name())
    }
}

/// Whole numbers may be written as `5` or, as some tools do, `5.0`.
fn parse_whole(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let real: f64 = text.parse().ok()?;
        (real.fract() == 0.0 && real.abs() < 9e15).then_some(real as i64)
    })
}

macro_rules! whole {
    ($($type:ty),+) => { $(
        impl Field for $type {
            fn parse(text: &str) -> std::result::Result<Self, Refused> {
                parse_whole(text).and_then(|value| Self::try_from(value).ok()).ok_or_else(|| Refused::Form("a whole number".to_string()))
            }
            fn value(&self) -> Value {
                Value::from(*self)
            }
            fn number(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )+ };
}

whole!(u8, u32, usize);

impl Field for u64 {
    fn parse(text: &str) -> std::result::Result<Self, Refused> {
        text.parse()
            .ok()
            .or_else(|| parse_whole(text).and_then(|value| Self::try_from(value).ok()))
            .ok_or_else(|| Refused::Form("a whole number >= 0".to_string()))
    }
    fn value(&self) -> Value {
        Value::from(*self)
    }
}

impl Field for f32 {
    fn parse(text: &str) -> std::result::Result<Self, Refused> {
        text.parse().ok().filter(|value: &Self| value.is_finite()).ok_or_else(|| Refused::Form("a number".to_string()))
    }
    fn value(&self) -> Value {
        // Through text, so that 0.2 is shown as 0.2 and not as the binary64 of its binary32.
        self.to_string().parse::<f64>().map_or(Value::Null, Value::from)
    }
    fn number(&self) -> Option<f64> {
        // Through text, too, so that an error shows the value as it was typed.
        self.to_string().parse().ok()
    }
}

impl<T: Field> Field for Option<T> {
    fn parse(text: &str) -> std::result::Result<Self, Refused> {
        T::parse(text).map(Some)
    }
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Field::value)
    }
    fn number(&self) -> Option<f64> {
        self.as_ref().and_then(Field::number)
    }
    fn choices() -> Vec<String> {
        T::choices()
    }
}

impl Field for BaseScore {
    fn parse(text: &str) -> std::result::Result<Self, Refused> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => f32::parse(text).map(Self::Value).map_err(|_| Refused::Form("a number or auto".to_string())),
        }
    }
    fn value(&self) -> Value {
        match self {
            Self::Unset => Value::Null,
            Self::Auto => Value::from("auto"),
            Self::Value(value) => value.value(),
        }
    }
}

impl Field for Vec<Metric> {
    fn parse(text: &str) -> std::result::Result<Self, Refused> {
        let names = text.split([',', ' ', '[', ']', '"', '\'']).filter(|name| !name.is_empty());
        let mut metrics = Self::new();
        for name in names {
            let metric = Metric::from_name(name).map_err(Refused::Error)?;
            once(&metrics, metric).map_err(Refused::Error)?;
            metrics.push(metric);
        }
        match metrics.is_empty() {
            true => Err(Refused::Form(format!("one or several of {}", crate::metric::list()))),
            false => Ok(metrics),
        }
    }
    fn choices() -> Vec<String> {
        Metric::ALL.iter().map(Metric::name).collect()
    }
    fn value(&self) -> Value {
        Value::from(self.iter().map(|metric| Value::from(metric.name())).collect::<Vec<_>>())
    }
    fn check(&self) -> Result<()> {
        for (index, &metric) in self.iter().enumerate() {
            Metric::from_name(&metric.name())?;
            once(&self[..index], metric)?;
        }
        Ok(())
    }
}

/// Refuses a metric that is among those before it.
fn once(before: &[Metric], metric: Metric) -> Result<()> {
    if before.contains(&metric) {
        let twice = Error::parameter(format!("eval_metric names {} twice", metric.name()));
        return Err(twice.remedy("name it once; the last metric steers early stopping"));
    }
    Ok(())
}
