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
