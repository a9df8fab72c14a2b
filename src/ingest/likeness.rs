//! What a value that is no number looks like: an amount, a date, a number with thousands apart. For
//! messages alone.

use super::number::{self, Field};

/// What a value is, as in "not a number but a date", and how to write it so that it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    /// Empty where the remedy says it all.
    pub(super) what: &'static str,
    pub(super) remedy: String,
    /// Whether it stands for a missing value.
    pub(super) is_missing: bool,
}

/// What a value looks like; `None` for plain text.
pub(super) fn of(value: &str) -> Option<Likeness> {
    let value = value.trim_ascii();
    let like = |what, remedy: String| Some(Likeness { what, remedy, is_missing: false });
    if let Some(plain) = without_thousands(value) {
        let remedy = match value.matches(',').count() {
            1 => format!("write {plain} if the comma separates thousands, or a decimal point instead of the comma"),
            _ => format!("write it without them: {plain}"),
        };
        return like("a number with its thousands apart", remedy);
    }
    if number::has_decimal_comma(value) {
        return like("", "write a decimal point instead of the comma".to_owned());
    }
    if let Some(amount) = without(value, |c| "$€£¥₹₩₽¢".contains(c)) {
        return like("an amount with a currency sign", format!("write the number alone: {amount}"));
    }
    if let Some(share) = without(value, |c| c == '%') {
        return like("a percentage", format!("write the number alone, in all rows: {share}"));
    }
    let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is(&["true", "false", "yes", "no"]) {
        let (one, zero) = if is(&["true", "false"]) { ("true", "false") } else { ("yes", "no") };
        return like("a truth value", format!("write 1 for {one} and 0 for {zero}"));
    }
    if is(&["none", "missing", "unknown", "nil", "nat", "<na>", "#n/a", "n.a.", "-", "--", ".", "\\N"]) {
        let remedy = "leave the field empty if the value is missing".to_owned();
        return Some(Likeness { what: "", remedy, is_missing: true });
    }
    if is_date(value) {
        let remedy =
            "write it as a number (seconds or days since a day), or year, month and day as columns of their own";
        return like("a date or a time", remedy.to_owned());
    }
    if value.strip_prefix("0x").or(value.strip_prefix("0X")).is_some_and(|hex| u64::from_str_radix(hex, 16).is_ok()) {
        return like("a number to the base 16", "write it to the base 10".to_owned());
    }
    let unit = value.trim_end_matches(|c: char| c.is_alphabetic() || "°²³µ/".contains(c));
    if !unit.is_empty() && unit.len() < value.len() && is_number(unit) {
        return like("a number with a unit", format!("write the number alone: {}", unit.trim_ascii_end()));
    }
    None
}

/// What follows "is not a number" in a message: " but a date", say, or nothing.
pub(super) fn but(like: Option<&Likeness>) -> String {
    like.filter(|like| !like.what.is_empty()).map(|like| format!(" but {}", like.what)).unwrap_or_default()
}

fn is_number(text: &str) -> bool {
    matches!(number::parse(text), Field::Number(_))
}

/// The number that is left without a sign at its beginning or its end.
fn without(value: &str, is_sign: impl Fn(char) -> bool) -> Option<String> {
    let minus = if value.starts_with('-') { "-" } else { "" };
    let rest = value.trim_start_matches('-');
    let plain = rest.trim_matches(|c: char| is_sign(c) || c == ' ');
    if plain.len() == rest.len() || plain.is_empty() {
        return None;
    }
    let plain = format!("{minus}{}", without_thousands(plain).unwrap_or_else(|| plain.to_owned()));
    is_number(&plain).then_some(plain)
}

/// `1,234,567.8`, `1'234`, `1 234` and `1_234` without what keeps the thousands apart.
fn without_thousands(value: &str) -> Option<String> {
    let (sign, digits) = value.split_at(usize::from(value.starts_with(['-', '+'])));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let separator = whole.chars().find(|&c| ",' _\u{a0}\u{202f}\u{2019}".contains(c))?;
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=3).contains(&first.len())
        && all_digits(first)
        && all_digits(fraction)
        && groups.all(|group| group.len() == 3 && all_digits(group));
    let point = if fraction.is_empty() { "" } else { "." };
    fits.then(|| format!("{sign}{}{point}{fraction}", whole.replace(separator, "")))
}

/// Three numbers with `-`, `/` or `.` between them, or two with a colon, and perhaps a time after a
/// date.
fn is_date(value: &str) -> bool {
    let date = value.split(['T', ' ']).next().unwrap_or_default();
    let numbers = |text: &str, separator: char, counts: &[usize]| {
        let parts: Vec<&str> = text.split(separator).collect();
        counts.contains(&parts.len())
            && parts.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    ['-', '/', '.'].iter().any(|&separator| numbers(date, separator, &[3])) || numbers(date, ':', &[2, 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_called_what_they_are() {
        for (value, what, remedy) in [
            ("$15697", "an amount with a currency sign", "write the number alone: 15697"),
            ("-€ 1,234.50", "an amount with a currency sign", "write the number alone: -1234.50"),
            ("12.5 %", "a percentage", "write the number alone, in all rows: 12.5"),
            ("1,234,567.5", "a number with its thousands apart", "write it without them: 1234567.5"),
            ("1 234", "a number with its thousands apart", "write it without them: 1234"),
            (
                "1,234",
                "a number with its thousands apart",
                "write 1234 if the comma separates thousands, or a decimal point instead of the comma",
            ),
            ("3,5", "", "write a decimal point instead of the comma"),
            ("True", "a truth value", "write 1 for true and 0 for false"),
            ("no", "a truth value", "write 1 for yes and 0 for no"),
            ("None", "", "leave the field empty if the value is missing"),
            ("0x1F", "a number to the base 16", "write it to the base 10"),
            ("12 kg", "a number with a unit", "write the number alone: 12"),
        ] {
            let like = of(value).map(|like| (like.what, like.remedy));
            assert_eq!(like, Some((what, remedy.to_owned())), "{value}");
        }
        for value in ["2024-01-15", "15/1/2024", "1.2.2024", "2024-01-15T10:30:00Z", "2024-01-15 10:30", "10:30"] {
            assert_eq!(of(value).map(|like| like.what), Some("a date or a time"), "{value}");
        }
        for value in ["Private", "setosa", "a17", "$", "1 2", "5-6", "#", "é", "kg", "1-2-x", ""] {
            assert_eq!(of(value), None, "{value}");
        }
    }
}
