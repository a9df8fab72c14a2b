//! The text of one field to its value. With `decimal`, which it calls for plain numbers, the only
//! place where text becomes a number.

use super::decimal;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
    /// A finite number, never `-0.0`.
    Number(f32),
    /// One of the words for missing, or nothing.
    Missing,
    /// An infinity, in words or by overflow.
    Infinite,
    /// Anything else.
    Text,
}

/// Reads a field; blanks around it are left out.
#[inline]
pub(super) fn parse(field: &str) -> Field {
    let field = field.trim_ascii();
    fast(field).map_or_else(|| careful(field), Field::Number)
}

/// A number in a plain form, as nearly all are.
#[inline]
fn fast(field: &str) -> Option<f32> {
    // What follows the field must be no part of a number, and sixteen bytes long.
    const LONGEST: usize = 24;
    let mut padded = [b' '; LONGEST + 16];
    if field.len() > LONGEST {
        return None;
    }
    padded[..field.len()].copy_from_slice(field.as_bytes());
    decimal::prefix(&padded).filter(|&(_, length)| length == field.len()).map(|(value, _)| value)
}

/// Anything, by the standard library.
fn careful(field: &str) -> Field {
    match field.parse::<f32>() {
        // Adding 0.0 turns -0.0 into 0.0 and leaves every other value as it is.
        Ok(value) if value.is_finite() => Field::Number(value + 0.0),
        Ok(value) if value.is_nan() => Field::Missing,
        Ok(_) => Field::Infinite,
        Err(_) if is_missing(field) => Field::Missing,
        Err(_) => Field::Text,
    }
}

/// Whether a field stands for a missing value; `nan` is known to the number parser.
fn is_missing(field: &str) -> bool {
    field.is_empty() || field == "?" || ["NA", "N/A", "null"].iter().any(|word| field.eq_ignore_ascii_case(word))
}

/// A value as it is shown in messages: in backticks, on one line, its beginning if it is long.
#[must_use]
pub fn shown(value: &str) -> String {
    const LONGEST: usize = 40;
    let value = value.trim_ascii();
    let mut text = String::from("`");
    for letter in value.chars().take(LONGEST) {
        if letter.is_control() {
            text.extend(letter.escape_default());
        } else {
            text.push(letter);
        }
    }
    text.push_str(if value.chars().nth(LONGEST).is_some() { "...`" } else { "`" });
    text
}

/// Why a field that is [`Field::Infinite`] is one.
pub(super) fn why_infinite(value: &str) -> String {
    let how = if value.bytes().any(|byte| byte.is_ascii_digit()) { "too large for a 32-bit float" } else { "infinite" };
    format!("{} is {how}", shown(value))
}

/// Whether a field is a number with a decimal comma.
pub(super) fn has_decimal_comma(field: &str) -> bool {
    field.split_once(',').is_some_and(|(whole, fraction)| {
        parse(whole) != Field::Text
            && !fraction.is_empty()
            && matches!(parse(&field.replacen(',', ".", 1)), Field::Number(_))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        for text in ["0", "1", "+1.5", "-2", ".5", "5.", "1e-3", "1E3", "16777217", "0.1", "3.4028235e38", "1e-45"] {
            assert_eq!(parse(text), Field::Number(text.parse().unwrap_or(f32::NAN)), "{text}");
        }
        assert_eq!(parse(" \t7 "), Field::Number(7.0));
    }

    #[test]
    fn negative_zero_is_zero() {
        for text in ["-0", "-0.0", "-1e-60"] {
            assert!(matches!(parse(text), Field::Number(value) if value.to_bits() == 0), "{text}");
        }
    }

    #[test]
    fn words_for_missing() {
        for text in ["", " ", "NA", "na", "N/A", "n/a", "nan", "NaN", "NAN", "-nan", "null", "NULL", "Null", "?"] {
            assert_eq!(parse(text), Field::Missing, "{text}");
        }
        for text in ["-", ".", "none", "missing", "1,5", "0x10", "1_000", "1 2", "1e"] {
            assert_eq!(parse(text), Field::Text, "{text}");
        }
    }

    #[test]
    fn infinities_are_known() {
        for text in ["inf", "-inf", "Infinity", "+INF", "1e39", "-1e999"] {
            assert_eq!(parse(text), Field::Infinite, "{text}");
        }
    }

    #[test]
    fn shown_values_stay_on_one_line() {
        assert_eq!(shown(" a\tb\nc "), "`a\\tb\\nc`");
        assert_eq!(shown(&"é".repeat(41)), format!("`{}...`", "é".repeat(40)));
    }
}
