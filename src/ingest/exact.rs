//! Decimal numbers as they are written, to the last digit: what identifies rows (a date, an
//! account, a group) is often larger or finer than binary32 can tell apart.

use std::cmp::Ordering;

/// A decimal number, exactly. `1`, `1.0`, `01`, `+1` and `1e0` are equal; so are `0` and `-0`.
///
/// It takes no more memory than its text: exponents are not written out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// Never of zero.
    negative: bool,
    /// The number is `0.d1d2d3... * 10^point`; 0 of zero.
    point: i64,
    /// The digits in ASCII, without zeros before and after them; none of zero.
    digits: Box<[u8]>,
}

/// Digits of an exponent at most, leading zeros left out: 10^18 is far from the ends of `i64`.
const EXPONENT_DIGITS: usize = 18;

impl Decimal {
    /// The number that a text is: digits with a sign, a point and an exponent where wanted, as in
    /// `-12.5e3`. `None` for all else, as for infinities, hexadecimal numbers and exponents of more
    /// than 18 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let (negative, text) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], exponent(&text[at + 1..])),
            None => (text, Some(0)),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).skip_while(|&byte| byte == b'0').collect();
        let leading = whole.len() + fraction.len() - digits.len();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return is_exponent(text).then_some(Self { negative: false, point: 0, digits: Box::default() });
        }
        let point = whole.len() as i64 - leading as i64 + exponent?;
        Some(Self { negative, point, digits: digits.into_boxed_slice() })
    }

    /// The number, if it is a whole one that fits.
    #[must_use]
    pub fn to_u32(&self) -> Option<u32> {
        let zeros = usize::try_from(self.point).ok()?.checked_sub(self.digits.len())?;
        if self.negative || self.point > 10 {
            return None;
        }
        self.digits
            .iter()
            .copied()
            .chain(std::iter::repeat_n(b'0', zeros))
            .try_fold(0_u32, |number, digit| number.checked_mul(10)?.checked_add(u32::from(digit - b'0')))
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = || (self.point, &self.digits).cmp(&(other.point, &other.digits));
        self.sign().cmp(&other.sign()).then_with(|| if self.negative { size().reverse() } else { size() })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The digits of an exponent, with a sign or without one.
fn exponent_parts(text: &str) -> Option<(bool, &str)> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some((negative, digits))
}

fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = exponent_parts(text)?;
    let digits = digits.trim_start_matches('0');
    if digits.len() > EXPONENT_DIGITS {
        return None;
    }
    let size: i64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    Some(if negative { -size } else { size })
}

/// Whether what follows the mantissa, if anything does, is an exponent of any size.
fn is_exponent(text: &str) -> bool {
    text.find(['e', 'E']).is_none_or(|at| exponent_parts(&text[at + 1..]).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn one_number_has_many_spellings() {
        for (text, others) in [
            ("1", &["1.0", "01", "+1", "1e0", "1.", "0.1e1", "10e-1", "1E+00", " 1 ", "0.000001e6", "1e-0"][..]),
            ("0", &["-0", "+0.0", "0e5", ".0", "0.", "0e99999999999999999999999", "-0e-99999999999999999999999"]),
            ("0.1", &["0.10", ".1", "1e-1", "+00.1000"]),
            ("-12.5", &["-1.25e1", "-012.50", "-125e-1"]),
            ("1e400", &["10e399", "0.1e401", "1e0000000000000000000000400"]),
        ] {
            for other in others {
                assert_eq!(number(text), number(other), "{text} {other}");
            }
        }
    }

    #[test]
    fn numbers_that_binary_ones_confuse_are_told_apart_and_ordered() {
        let ascending = [
            "-1e999999999999999999",
            "-1e400",
            "-9007199254740993",
            "-9007199254740992",
            "-0.1",
            "-1e-400",
            "0",
            "1e-999999999",
            "0.1",
            "0.10000000000000000000000000001",
            "1",
            "1.00000001",
            "9",
            "10",
            "20240114",
            "20240115",
            "20240116",
            "9007199254740992",
            "9007199254740993",
            "1e400",
            "1e999999999",
            "1e999999999999999999",
        ];
        for (left, right) in (0..ascending.len()).flat_map(|left| (0..ascending.len()).map(move |right| (left, right)))
        {
            let found = number(ascending[left]).cmp(&number(ascending[right]));
            assert_eq!(found, left.cmp(&right), "{} {}", ascending[left], ascending[right]);
        }
    }

    #[test]
    fn what_is_no_decimal_number() {
        for text in [
            "",
            " ",
            "-",
            "+",
            ".",
            "e1",
            "1e",
            "1e+",
            "1e1.5",
            "--1",
            "+-1",
            "1 2",
            "1,5",
            "1_000",
            "0x10",
            "nan",
            "inf",
            "-Infinity",
            "NA",
            "?",
            "Male",
            "2024-01-15",
            "1e1000000000000000000",
            "0e",
            "0ex",
            "1e--1",
            "\u{0661}",
            "1.2.3",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("7.00", Some(7)),
            ("1e2", Some(100)),
            ("0120", Some(120)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("-1", None),
            ("0.5", None),
            ("1.5e0", None),
            ("1e10", None),
            ("1e999999999999", None),
            ("1e-5", None),
        ] {
            assert_eq!(number(text).to_u32(), expected, "{text}");
        }
    }

    /// A number as a whole number of 10^-60, written out: sign and digits without leading zeros.
    fn written_out(negative: bool, whole: &str, fraction: &str, exponent: i32) -> (bool, String) {
        let zeros = 60 - fraction.len() as i32 + exponent;
        let text = format!("{whole}{fraction}{}", "0".repeat(zeros as usize));
        let text = text.trim_start_matches('0').to_string();
        (negative && !text.is_empty(), text)
    }

    fn order((left_negative, left): &(bool, String), (right_negative, right): &(bool, String)) -> Ordering {
        let size = (left.len(), left).cmp(&(right.len(), right));
        match (left_negative, right_negative) {
            (false, false) => size,
            (true, true) => size.reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }

    /// Few digits, so that equal numbers in different spellings are common.
    fn part() -> impl Strategy<Value = (bool, String, String, i32)> {
        (any::<bool>(), "[019]{1,12}", "[019]{0,12}", -12_i32..12)
    }

    proptest! {
        #[test]
        fn numbers_compare_as_big_integers_do(left in part(), right in part()) {
            let text = |(negative, whole, fraction, exponent): &(bool, String, String, i32)| {
                format!("{}{whole}.{fraction}e{exponent}", if *negative { "-" } else { "" })
            };
            let big = |(negative, whole, fraction, exponent): &(bool, String, String, i32)| {
                written_out(*negative, whole, fraction, *exponent)
            };
            let (found, expected) = (number(&text(&left)).cmp(&number(&text(&right))), order(&big(&left), &big(&right)));
            prop_assert_eq!(found, expected);
            prop_assert_eq!(number(&text(&left)) == number(&text(&right)), expected.is_eq());
        }
    }
}
