//! A scanner that reads rows of numbers in one pass over the text.
//!
//! It knows what the csv crate makes of a text: fields end at the delimiter or a line break (`\n`,
//! `\r`, `\r\n`), lines without a byte are passed over, and a field that begins with a quote ends
//! at the next one. It gives up where the text holds more than that: two quotes for one, text after
//! a closing quote, a line of blanks, a row of another width, a field that is no number. `tests`
//! hold it against the csv crate.

use super::super::decimal;
use super::super::layout::Role;
use super::super::number::{self, Field};
use super::super::quotes::is_break;

/// What takes the rows that are read.
pub(super) trait Sink {
    /// Takes the value of a column of the row, counted without ignored ones; NaN is a missing one.
    fn put(&mut self, column: usize, value: f32);

    /// Ends the row.
    fn end_row(&mut self);
}

/// Reads all rows of `text` into `rows`; `false` if it gives up.
pub(super) fn rows(text: &str, delimiter: u8, roles: &[Role], rows: &mut impl Sink) -> bool {
    let scanner = Scanner { text, bytes: text.as_bytes(), delimiter };
    let mut at = 0;
    while let Some(&byte) = scanner.bytes.get(at) {
        if is_break(byte) {
            at += 1;
            continue;
        }
        match scanner.row(at, roles, rows) {
            Some(end) => at = end,
            None => return false,
        }
    }
    true
}

#[derive(Clone, Copy)]
struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    delimiter: u8,
}

impl<'a> Scanner<'a> {
    /// Reads the row that begins at `at`, and returns where it ends: before its line break.
    #[inline]
    fn row(self, mut at: usize, roles: &[Role], rows: &mut impl Sink) -> Option<usize> {
        let mut column = 0;
        let last = roles.len().checked_sub(1)?;
        for (index, &role) in roles.iter().enumerate() {
            if role == Role::Ignored {
                at = self.field(at)?.1;
            } else {
                let (value, end) = self.number(at)?;
                // A line of blanks is no row, but looks like a missing value if there is one
                // column.
                if last == 0 && value.is_nan() {
                    return None;
                }
                rows.put(column, value);
                column += 1;
                at = end;
            }
            match self.bytes.get(at) {
                Some(&byte) if index < last && byte == self.delimiter => at += 1,
                Some(&byte) if index == last && is_break(byte) => {}
                None if index == last => {}
                _ => return None,
            }
        }
        rows.end_row();
        Some(at)
    }

    /// The value of the field at `at`, NaN if it is missing, and where the field ends.
    #[inline]
    fn number(self, at: usize) -> Option<(f32, usize)> {
        if let Some((value, length)) = decimal::prefix(&self.bytes[at..])
            && self.bytes.get(at + length).is_some_and(|&byte| self.ends_field(byte))
        {
            return Some((value, at + length));
        }
        let (field, end) = self.field(at)?;
        match number::parse(field) {
            Field::Number(value) => Some((value, end)),
            Field::Missing => Some((f32::NAN, end)),
            Field::Infinite | Field::Text => None,
        }
    }

    /// The field at `at` without its quotes, and where it ends.
    #[inline]
    fn field(self, at: usize) -> Option<(&'a str, usize)> {
        let bytes = &self.bytes[at..];
        if bytes.first() != Some(&b'"') {
            let length = bytes.iter().position(|&byte| self.ends_field(byte)).unwrap_or(bytes.len());
            return Some((&self.text[at..at + length], at + length));
        }
        let length = memchr::memchr(b'"', &bytes[1..])?;
        let end = at + length + 2;
        match self.bytes.get(end) {
            Some(&byte) if !self.ends_field(byte) => None,
            _ => Some((&self.text[at + 1..at + 1 + length], end)),
        }
    }

    #[inline]
    fn ends_field(self, byte: u8) -> bool {
        byte == self.delimiter || is_break(byte)
    }
}
