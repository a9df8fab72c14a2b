//! Quoted fields of a CSV text, as RFC 4180 has them: a quote opens one only where a field begins,
//! two quotes within are one that belongs to it, and after the closing quote comes a delimiter, a
//! line break or the end. Blanks may stand before these: around any field they count for nothing.

use memchr::{memchr, memchr2, memrchr2};
use std::ops::Range;

/// Where the quotes of one field stand; `close` is `None` where the text ends before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    pub(super) open: usize,
    pub(super) close: Option<usize>,
}

/// The quoted fields of a text that begins with a record, one after the other.
pub(super) struct QuotedFields<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    from: usize,
}

impl<'a> QuotedFields<'a> {
    pub(super) fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        Self { bytes, delimiter, from: 0 }
    }
}

impl Iterator for QuotedFields<'_> {
    type Item = Quoted;

    fn next(&mut self) -> Option<Quoted> {
        let bytes = self.bytes;
        let open = loop {
            let quote = self.from + memchr(b'"', bytes.get(self.from..)?)?;
            self.from = quote + 1;
            if quote == 0 || bytes[quote - 1] == self.delimiter || is_break(bytes[quote - 1]) {
                break quote;
            }
        };
        let close = loop {
            match memchr(b'"', &bytes[self.from..]) {
                Some(found) if bytes.get(self.from + found + 1) == Some(&b'"') => self.from += found + 2,
                Some(found) => break Some(self.from + found),
                None => break None,
            }
        };
        self.from = close.map_or(bytes.len(), |close| close + 1);
        Some(Quoted { open, close })
    }
}

/// The first quoted field of whole records that RFC 4180 does not allow: not closed, or with text
/// after its closing quote.
pub(super) fn fault(bytes: &[u8], delimiter: u8) -> Option<Quoted> {
    QuotedFields::new(bytes, delimiter).find(|quoted| match quoted.close {
        None => true,
        Some(close) => {
            let ends_field = |byte: &u8| *byte == delimiter || is_break(*byte);
            let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            bytes[close + 1..]
                .iter()
                .find(|byte| ends_field(byte) || !is_blank(byte))
                .is_some_and(|byte| !ends_field(byte))
        }
    })
}

/// The records with a line break within quotes, without the line break that ends each, and the
/// first such field.
pub(super) fn long_records(bytes: &[u8], delimiter: u8) -> Vec<(Range<usize>, Quoted)> {
    let mut found = Vec::new();
    let (mut start, mut from) = (0, 0);
    let mut long = None;
    let end = Quoted { open: bytes.len(), close: None };
    for quoted in QuotedFields::new(bytes, delimiter).chain([end]) {
        let between = &bytes[from..quoted.open];
        if let Some(first) = memchr2(b'\n', b'\r', between) {
            found.extend(long.take().map(|quoted| (start..from + first, quoted)));
            start = from + memrchr2(b'\n', b'\r', between).map_or(0, |last| last + 1);
        }
        let close = quoted.close.unwrap_or(bytes.len());
        if long.is_none() && memchr2(b'\n', b'\r', &bytes[quoted.open..close]).is_some() {
            long = Some(quoted);
        }
        from = quoted.close.map_or(bytes.len(), |close| close + 1);
    }
    found.extend(long.map(|quoted| (start..bytes.len(), quoted)));
    found
}

/// Whether a byte ends a line: `\n`, `\r` and both together do.
#[inline]
pub(super) fn is_break(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// The number of the letter at `at` in its line, from 1.
pub(super) fn letter(text: &str, at: usize) -> usize {
    let start = memrchr2(b'\n', b'\r', &text.as_bytes()[..at]).map_or(0, |found| found + 1);
    text[start..at].chars().count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Vec<(usize, Option<usize>)> {
        QuotedFields::new(text.as_bytes(), b',').map(|field| (field.open, field.close)).collect()
    }

    #[test]
    fn a_quote_opens_a_field_where_one_begins() {
        assert_eq!(quoted("1,\"a\",\"b\"\"\n\"\n\"c\""), [(2, Some(4)), (6, Some(11)), (13, Some(15))]);
        assert_eq!(quoted("5\",6\" wide\n"), []);
        assert_eq!(quoted("\"a\" b\"\n\"c"), [(0, Some(2)), (7, None)]);
    }

    #[test]
    fn faults_are_quotes_that_are_not_closed_where_the_field_ends() {
        for (text, open) in [
            ("1,\"a\"\n", None),
            ("1,5\"\n", None),
            ("1,\"a\"\"b\"\r\n", None),
            ("1,\"a\n2,3", Some(2)),
            ("1,\"a\"b\n", Some(2)),
            ("\"a\" ,\"b\"\t \n\"c\" ", None),
            ("\"a\",\"b\" c\n", Some(4)),
            ("\"a\",\"b\" \"\n", Some(4)),
            ("\"\"\"\n", Some(0)),
        ] {
            assert_eq!(fault(text.as_bytes(), b',').map(|fault| fault.open), open, "{text:?}");
        }
    }

    #[test]
    fn records_over_several_lines_are_found() {
        let text = "a,b\n1,\"x\ny\",\"z\n\"\r\n\r\n2,\"x\"\n\"p\rq\",3\n4,\"r\n\"";
        let records: Vec<&str> =
            long_records(text.as_bytes(), b',').into_iter().map(|(range, _)| &text[range]).collect();
        assert_eq!(records, ["1,\"x\ny\",\"z\n\"", "\"p\rq\",3", "4,\"r\n\""]);
        assert_eq!(long_records(b"1,2\n3,\"4\"\n", b','), []);
    }

    #[test]
    fn letters_are_counted_in_the_line() {
        assert_eq!([0, 2, 4, 6].map(|at| letter("ab\ncé\"", at)), [1, 3, 2, 3]);
    }
}
