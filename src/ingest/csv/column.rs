//! One column of a CSV file as text.

use super::super::ReadOptions;
use super::super::chunks::{Cut, breaks_before};
use super::super::layout::First;
use super::super::source::{Source, from_line};
use super::Beginning;
use super::records::Records;
use crate::error::Result;

/// What `look` makes of the first record.
///
/// # Errors
/// Those of `look`, and of the file's beginning.
pub(in super::super) fn first<T>(
    source: &Source<'_>,
    delimiter: Option<u8>,
    look: impl FnOnce(&First<'_>) -> Result<T>,
) -> Result<T> {
    look(&begin(source, delimiter)?.first(source))
}

fn begin(source: &Source<'_>, delimiter: Option<u8>) -> Result<Beginning> {
    let max_record_bytes = source.limit();
    Beginning::read(source, &ReadOptions { delimiter, max_record_bytes, ..ReadOptions::default() })
}

/// Gives `take` the field of each row, without blanks around it. `find` tells from the first record
/// which column it is, from 0, and whether the record is a header.
///
/// # Errors
/// Those of `find`, and those of `take` with file, line and column.
pub(in super::super) fn read(
    source: &Source<'_>,
    delimiter: Option<u8>,
    find: impl FnOnce(&First<'_>) -> Result<(usize, bool)>,
    take: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<()> {
    let beginning = begin(source, delimiter)?;
    let (index, is_header) = find(&beginning.first(source))?;
    let (delimiter, origin) = (beginning.delimiter, source.origin());
    let (mut chunk, mut line) = beginning.rows(is_header);
    loop {
        let mut records = Records::new(origin, origin.text(&chunk.bytes, line)?, line, delimiter);
        while records.next()? {
            let field = records.record.get(index).unwrap_or_default().trim_ascii();
            take(field)
                .map_err(|error| error.at_path(origin.path()).at_line(records.line()).at_column(index as u64 + 1))?;
        }
        line += breaks_before(&chunk.bytes, chunk.bytes.len());
        if !source.next(Cut::Record(delimiter), &mut chunk).map_err(|error| from_line(error, line))? {
            return Ok(());
        }
    }
}
