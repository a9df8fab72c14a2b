//! The records of a text by the csv crate.

use std::io::{Chain, Read};

use csv::{Position, ReaderBuilder, StringRecord};

use super::super::chunks::breaks_before;
use super::super::layout::count;
use super::super::number::shown;
use super::super::quotes::{self, Quoted};
use super::super::source::Origin;
use crate::error::{Error, Result};

/// The records of whole lines that are not blank, one at a time.
pub(super) struct Records<'a> {
    origin: &'a Origin,
    text: &'a str,
    first_line: u64,
    delimiter: u8,
    reader: ::csv::Reader<Chain<&'static [u8], &'a [u8]>>,
    pub(super) record: StringRecord,
}

/// Put in front of the text: the csv crate would pass over a byte order mark that begins it, in a
/// chunk from the middle of a file too, where it is content.
const BEFORE: &[u8] = b"\n";

impl<'a> Records<'a> {
    /// The records of `text`, which begins in line `first_line` of the file.
    pub(super) fn new(origin: &'a Origin, text: &'a str, first_line: u64, delimiter: u8) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 16)
            .from_reader(BEFORE.chain(text.as_bytes()));
        Self { origin, text, first_line, delimiter, reader, record: StringRecord::new() }
    }

    /// Moves on to the next record; `false` at the end.
    ///
    /// # Errors
    /// When a quoted field is not closed, or closed before its end: the csv crate would take the
    /// lines up to the next quote, or to the end of the file, for its content.
    pub(super) fn next(&mut self) -> Result<bool> {
        loop {
            match self.reader.read_record(&mut self.record) {
                Ok(false) => return Ok(false),
                Ok(true) if self.is_blank() => {}
                Ok(true) => return self.check_quotes().map(|()| true),
                Err(error) => return Err(Error::data(error.to_string()).at_path(self.origin.path())),
            }
        }
    }

    /// The records from this one on.
    pub(super) fn again(&self) -> Self {
        Self::new(self.origin, &self.text[self.start()..], 1, self.delimiter)
    }

    fn check_quotes(&self) -> Result<()> {
        let start = self.start();
        match quotes::fault(&self.text.as_bytes()[start..self.end()], self.delimiter) {
            None => Ok(()),
            Some(Quoted { open, close }) => {
                let (open, close) = (start + open, close.map(|close| start + close));
                Err(self.quote_error(open, close))
            }
        }
    }

    /// The error for a field whose quotes at `open` and `close` are not at its beginning and its
    /// end.
    #[cold]
    fn quote_error(&self, open: usize, close: Option<usize>) -> Error {
        let line_at = |at: usize| self.first_line + breaks_before(self.text.as_bytes(), at);
        let error = |message: String| self.origin.error(line_at(open), quotes::letter(self.text, open), message);
        match close {
            None => {
                let last = line_at(self.text.trim_end_matches(['\n', '\r']).len());
                error(format!(
                    "the quote that opens here is not closed: the field would run on to line {last}, the last"
                ))
                .remedy("close the quote where the field ends, or remove it")
            }
            Some(close) => {
                let rest = &self.text[close + 1..];
                let rest = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
                let place = match line_at(close) {
                    line if line == line_at(open) => "in this line".to_owned(),
                    line => format!("in line {line}"),
                };
                let message = format!("the quote that opens here is closed {place}, but {} follows", shown(rest));
                error(message).remedy(
                    "close the quote where the field ends, and write two quotes for each one that belongs to it",
                )
            }
        }
    }

    /// The record as it stands in the text.
    pub(super) fn raw(&self) -> &'a str {
        self.text[self.start()..self.end()].trim_end_matches(['\n', '\r'])
    }

    /// Whether the record is a line of blanks, and not a quoted empty field.
    fn is_blank(&self) -> bool {
        self.record.len() <= 1
            && self.record.iter().all(|field| field.trim_ascii().is_empty())
            && !self.text[self.start()..].starts_with('"')
    }

    /// Where the record begins in the text. The position that the reader gives is where it began to
    /// look for it, before the rest of the last line break and empty lines.
    pub(super) fn start(&self) -> usize {
        let from = self.in_text(self.record.position());
        from + (self.text.len() - from) - self.text[from..].trim_start_matches(['\r', '\n']).len()
    }

    /// Where the record ends in the text, perhaps within its line break.
    pub(super) fn end(&self) -> usize {
        self.in_text(Some(self.reader.position()))
    }

    fn in_text(&self, position: Option<&Position>) -> usize {
        let byte = position.map_or(0, |position| position.byte() as usize);
        byte.saturating_sub(BEFORE.len()).min(self.text.len())
    }

    /// The line of the record, from 1; counted anew, so for messages only.
    pub(super) fn line(&self) -> u64 {
        self.first_line + breaks_before(self.text.as_bytes(), self.start())
    }

    /// The error for a record that has not the `expected` number of fields.
    #[cold]
    pub(super) fn ragged(&self, expected: usize) -> Error {
        let line = self.line();
        let found = self.record.len();
        let message = format!("expected {}, found {found}", count(expected, "field"));
        let breaks: usize = self.record.iter().map(|field| field.matches('\n').count()).sum();
        let remedy = if breaks > 0 {
            format!("the record runs on to line {}: check that its quotes are closed", line + breaks as u64)
        } else {
            "give every line the same number of fields, and quote fields that hold the delimiter".to_owned()
        };
        self.origin.error(line, found.min(expected) + 1, message).remedy(remedy)
    }
}
