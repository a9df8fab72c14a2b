//! Which rows are meant: `sex=1`, `race=2,3`, `age>40`.

use crate::error::{Error, Result};
use crate::ingest::keys::{Decimal, Key, Keys};
use std::fmt;
use std::ops::Range;

/// What values are compared with: a number, or a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    key: Key,
    /// The nearest binary32 number, NaN of a text.
    nearest: f32,
}

impl Operand {
    /// The number or text, as it is written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let key = Key::new(text);
        let nearest = if key.number.is_some() { text.parse().unwrap_or(f32::NAN) } else { f32::NAN };
        Self { key, nearest }
    }

    /// Whether a value of a column is this one: as a number where the column's values are numbers,
    /// or else as a text.
    fn is(&self, key: &Key, numeric: bool) -> bool {
        if numeric { key.number == self.key.number } else { key.text == self.key.text }
    }
}

impl From<f32> for Operand {
    fn from(number: f32) -> Self {
        Self::new(&number.to_string())
    }
}

impl fmt::Display for Operand {
    /// As [`Condition::parse`] reads it again: in quotes where signs in it would be read as
    /// operators or commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.key.text;
        if text.contains(['=', '!', '<', '>', ',', '"']) {
            write!(f, "\"{}\"", text.replace('"', "\"\""))
        } else {
            write!(f, "{text}")
        }
    }
}

/// Where the values in double quotes stand: a quote opens one where a value begins, and closes it
/// where the value ends; two within are one that belongs to it.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut at, mut is_begin) = (0, true);
    while let Some(&byte) = text.as_bytes().get(at) {
        if let Some(end) = (byte == b'"' && is_begin).then(|| end_of_quoted(text, at)).flatten() {
            found.push(at..end);
            at = end;
            continue;
        }
        is_begin = b"=!<>,".contains(&byte) || (is_begin && byte == b' ');
        at += 1;
    }
    found
}

/// Where the value whose quote opens at `open` ends, if it does.
fn end_of_quoted(text: &str, open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += text[at..].find('"')? + 1;
        match text[at..].strip_prefix('"') {
            Some(_) => at += 1,
            None => break,
        }
    }
    let rest = text[at..].trim_start_matches(' ');
    (rest.is_empty() || rest.starts_with(',')).then_some(at)
}

/// A condition on the values of a column. A missing value meets none, not even
/// [`Condition::NoneOf`].
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The value is one of these.
    OneOf(Vec<Operand>),
    /// The value is none of these.
    NoneOf(Vec<Operand>),
    /// The value is larger.
    Above(Operand),
    /// The value is as large or larger.
    AtLeast(Operand),
    /// The value is smaller.
    Below(Operand),
    /// The value is as small or smaller.
    AtMost(Operand),
}

const REMEDY: &str = "write COLUMN=VALUE, COLUMN=VALUE,VALUE, COLUMN!=VALUE, COLUMN>NUMBER, >=, < or <=, in quotes";

/// The operators, longer ones before those that they end with.
const OPERATORS: [&str; 7] = ["==", "!=", ">=", "<=", "=", ">", "<"];

impl Condition {
    /// Whether a binary32 value, such as a label or a prediction, meets the condition; NaN is
    /// missing.
    #[must_use]
    pub fn holds(&self, value: f32) -> bool {
        let among = |operands: &[Operand]| operands.iter().any(|operand| operand.nearest == value);
        match self {
            Self::OneOf(operands) => among(operands),
            Self::NoneOf(operands) => !value.is_nan() && !among(operands),
            Self::Above(bound) => value > bound.nearest,
            Self::AtLeast(bound) => value >= bound.nearest,
            Self::Below(bound) => value < bound.nearest,
            Self::AtMost(bound) => value <= bound.nearest,
        }
    }

    /// Whether each of a column's [different values](Keys::values) meets the condition, compared
    /// exactly.
    ///
    /// # Errors
    /// A bound for a column of text, and a value to be equal to that the column lacks. Neither
    /// error names the column.
    pub(super) fn holds_for(&self, keys: &Keys) -> std::result::Result<Vec<bool>, String> {
        let numeric = keys.is_numeric();
        let among = |operands: &[Operand], wanted: bool| {
            let lacking = |operand: &&Operand| !keys.values().iter().any(|key| operand.is(key, numeric));
            let found = operands.iter().find(lacking);
            // A facet of one value that no row has is a facet of no rows, which says it better.
            if let Some(operand) = found.filter(|_| operands.len() > 1 || !wanted) {
                return Err(format!("asks for {operand}, which no row has"));
            }
            let is_one = |key: &Key| operands.iter().any(|operand| operand.is(key, numeric));
            Ok(keys.values().iter().map(|key| is_one(key) == wanted).collect())
        };
        let bound = |operand: &Operand, holds: fn(&Decimal, &Decimal) -> bool| {
            if !numeric {
                let text = keys.values().iter().find(|key| key.number.is_none()).map_or("", |key| &key.text);
                return Err(format!("asks for larger or smaller numbers, but {text:?} is none"));
            }
            let holds = |key: &Key| matches!((&key.number, &operand.key.number), (Some(a), Some(b)) if holds(a, b));
            Ok(keys.values().iter().map(holds).collect())
        };
        match self {
            Self::OneOf(operands) => among(operands, true),
            Self::NoneOf(operands) => among(operands, false),
            Self::Above(operand) => bound(operand, |value, bound| value > bound),
            Self::AtLeast(operand) => bound(operand, |value, bound| value >= bound),
            Self::Below(operand) => bound(operand, |value, bound| value < bound),
            Self::AtMost(operand) => bound(operand, |value, bound| value <= bound),
        }
    }

    /// Reads `COLUMN OPERATOR VALUE`, where the value of `=` and `!=` may be a text. The operator
    /// is the last one in the text, so the column's name may hold such signs, too; a value with
    /// such signs or commas stands in double quotes. A text without an operator is a column alone:
    /// every value of it in turn.
    ///
    /// # Errors
    /// If the operator or a bound cannot be understood, or the column or a value lacks.
    pub fn parse(text: &str) -> Result<(String, Option<Self>)> {
        let is_operator = |c: char| "=!<>".contains(c);
        let wrong = |what: String| Error::parameter(format!("`{text}` {what}")).remedy(REMEDY);
        let quoted = quoted(text);
        let is_outside = |at: usize| !quoted.iter().any(|range| range.contains(&at));
        let last = text.char_indices().rev().find(|&(at, c)| is_operator(c) && is_outside(at));
        let Some((end, _)) = last else {
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
        let is_value = |operand: &Operand| match operator {
            "=" | "==" | "!=" => !operand.key.text.is_empty(),
            _ => operand.key.number.is_some(),
        };
        let condition = Self::from_parts(operator, values, is_value).map_err(wrong)?;
        Ok((column.to_string(), Some(condition)))
    }

    /// Reads a condition on binary32 values without a column: `1`, `1,2`, `>30`, `!=0`.
    ///
    /// # Errors
    /// If the operator or a number cannot be understood.
    pub fn parse_values(text: &str) -> Result<Self> {
        let values = text.trim_start_matches(['=', '!', '<', '>', ' ']);
        let operator = text[..text.len() - values.len()].trim();
        Self::from_parts(operator, values, |operand| operand.nearest.is_finite()).map_err(|what| {
            Error::parameter(format!("`{text}` {what}")).remedy("write VALUE, VALUE,VALUE, >NUMBER, >=, < or <=")
        })
    }

    fn from_parts(
        operator: &str,
        values: &str,
        is_value: impl Fn(&Operand) -> bool,
    ) -> std::result::Result<Self, String> {
        let operand = |text: &str| {
            let text = text.trim();
            let operand = match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inner) if quoted(text).len() == 1 => Operand::new(inner.replace("\"\"", "\"").trim()),
                _ => Operand::new(text),
            };
            if is_value(&operand) { Ok(operand) } else { Err(format!("has {text:?} for a number")) }
        };
        let quoted_values = quoted(values);
        let mut at = 0;
        let pieces = values.split(|c: char| {
            let is_between = c == ',' && !quoted_values.iter().any(|range| range.contains(&at));
            at += c.len_utf8();
            is_between
        });
        let mut operands = pieces.map(operand).collect::<std::result::Result<Vec<Operand>, String>>()?;
        match (operator, operands.len()) {
            ("" | "=" | "==", _) => Ok(Self::OneOf(operands)),
            ("!=", _) => Ok(Self::NoneOf(operands)),
            (">", 1) => Ok(Self::Above(operands.remove(0))),
            (">=", 1) => Ok(Self::AtLeast(operands.remove(0))),
            ("<", 1) => Ok(Self::Below(operands.remove(0))),
            ("<=", 1) => Ok(Self::AtMost(operands.remove(0))),
            (">" | ">=" | "<" | "<=", numbers) => Err(format!("has {numbers} numbers after {operator}")),
            _ => Err(format!("has the operator {operator:?}, which is not known")),
        }
    }
}

impl fmt::Display for Condition {
    /// As in Clarify's `value_or_threshold`: values alone, bounds with their operator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |operands: &[Operand]| operands.iter().map(Operand::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::OneOf(operands) => write!(f, "{}", list(operands)),
            Self::NoneOf(operands) => write!(f, "!={}", list(operands)),
            Self::Above(bound) => write!(f, ">{bound}"),
            Self::AtLeast(bound) => write!(f, ">={bound}"),
            Self::Below(bound) => write!(f, "<{bound}"),
            Self::AtMost(bound) => write!(f, "<={bound}"),
        }
    }
}
