//! CSV files to columns.
//!
//! The first record tells the layout. `parallel` then has every thread take chunks of whole records and put their
//! values behind each other in the order of the file; `rows` reads one chunk, by the `scan`ner or else by the csv
//! crate's `records`.

pub(super) mod column;
mod parallel;
mod records;
mod rows;
mod scan;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use ::csv::StringRecord;

use super::cells::Cells;
use super::chunks::{Chunk, Cut, breaks_before};
use super::layout::{First, Layout, Role, count};
use super::number::shown;
use super::source::Source;
use super::{Channel, Dataset, Format, Header, ReadOptions, sniff};
use crate::error::{Error, Result};
use records::Records;
use rows::{Reading, Start};

/// The rows of the CSV files so far.
pub(super) struct Table {
    layout: Layout,
    /// The first file, which the others must fit.
    first: PathBuf,
    /// The values of the columns that are kept.
    cells: Cells,
    delimiter: u8,
    notes: Vec<String>,
}

impl Table {
    /// Reads the first file, which decides the layout.
    pub(super) fn begin(source: &Source<'_>, options: &ReadOptions) -> Result<Self> {
        let beginning = Beginning::read(source, options)?;
        let mut notes = Vec::new();
        let first = beginning.first(source);
        let layout = Layout::new(&first, options, &mut notes)?;
        notes.insert(0, describe(&layout, &first, options));
        let mut table = Self {
            cells: Cells::new(layout.kept_columns().map(|(_, role)| role == Role::Feature).collect(), options),
            layout,
            first: source.path().to_path_buf(),
            delimiter: b',',
            notes,
        };
        table.add_rows(source, beginning, options)?;
        Ok(table)
    }

    /// Reads a further file, which must have the header and the width of the first.
    pub(super) fn add(&mut self, source: &Source<'_>, options: &ReadOptions) -> Result<()> {
        let beginning = Beginning::read(source, options)?;
        self.check_fit(&beginning.first(source), options)?;
        self.add_rows(source, beginning, options)
    }

    fn check_fit(&self, next: &First<'_>, options: &ReadOptions) -> Result<()> {
        let first = self.first.display();
        let refuse = |column: usize, message: String| {
            let error = next.origin.error(next.line, column, message);
            Err(error.remedy("give all files of a channel the same columns, all with a header or all without"))
        };
        match (next.is_header(options)?, &self.layout.names) {
            (true, None) => return refuse(1, format!("there is a header here, but none in {first}")),
            (false, Some(_)) => return refuse(1, format!("there is no header here, but one in {first}")),
            _ => {}
        }
        let (width, expected) = (next.record.len(), self.layout.roles.len());
        if width != expected {
            let message = format!("{} here, but {expected} in {first}", count(width, "column"));
            return refuse(width.min(expected) + 1, message);
        }
        for (index, (name, field)) in self.layout.names.iter().flatten().zip(next.record).enumerate() {
            let field = field.trim_ascii();
            if field != name && !(field.is_empty() && *name == format!("column_{index}")) {
                let message = format!("column {index} is {} here, but {} in {first}", shown(field), shown(name));
                return refuse(index + 1, message);
            }
        }
        Ok(())
    }

    /// Reads all rows of a file of which the beginning has been looked at.
    fn add_rows(&mut self, source: &Source<'_>, beginning: Beginning, options: &ReadOptions) -> Result<()> {
        let delimiter = beginning.delimiter;
        if options.delimiter.is_none() && delimiter != self.delimiter {
            let name = sniff::delimiter_name(delimiter);
            self.notes.push(format!("{}: the delimiter is {name}", source.path().display()));
        }
        self.delimiter = delimiter;
        let (chunk, line) = beginning.rows(self.layout.names.is_some());
        if let Some(length) = source.length() {
            // As many rows a byte as in the first chunk, and a little more; what is not used is never touched.
            let breaks = breaks_before(&chunk.bytes, chunk.bytes.len()) as f64;
            let rows = breaks * length as f64 / chunk.bytes.len().max(1) as f64 * 1.05;
            self.cells.expect(rows as usize)?;
        }
        let reading = Reading { origin: source.origin(), layout: &self.layout, options, delimiter };
        let before = self.cells.rows();
        parallel::read(source, &reading, chunk, Start { line, rows: before }, &mut self.cells)?;
        if self.cells.rows() == before {
            let error = Error::data("the file has a header but no rows").at_path(source.path());
            return Err(error.remedy("give a file with rows, or leave it out"));
        }
        Ok(())
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.cells.rows()
    }

    /// The channel of all files.
    pub(super) fn finish(self) -> Result<Channel> {
        let columns = self.layout.roles.len();
        let mut dataset = Dataset { named: self.layout.names.is_some(), rows: self.cells.rows(), ..Dataset::default() };
        let (cells, spilled) = self.cells.finish()?;
        for ((index, role), values) in self.layout.kept_columns().zip(cells) {
            match role {
                Role::Label => {
                    dataset.labels = Some(values);
                    dataset.label_name = self.layout.names.as_ref().map(|names| names[index].clone());
                }
                Role::Weight => dataset.weights = Some(values),
                Role::Ignored => {}
                Role::Feature => {
                    let name = match &self.layout.names {
                        Some(names) => names[index].clone(),
                        None => format!("f{}", dataset.columns.len()),
                    };
                    dataset.feature_names.push(name);
                    dataset.columns.push(values);
                }
            }
        }
        Ok(Channel {
            header: dataset.named,
            dataset,
            spilled,
            files: Vec::new(),
            notes: self.notes,
            format: Format::Csv,
            file_rows: Vec::new(),
            file_sha256: Vec::new(),
            columns,
            index_base: None,
        })
    }
}

/// The note about header and label.
fn describe(layout: &Layout, first: &First<'_>, options: &ReadOptions) -> String {
    let line = first.line;
    let found = match (options.header, &layout.names) {
        (Header::Auto, Some(_)) => format!("found a header in line {line}"),
        (Header::Auto, None) => format!("found no header: line {line} is read as data"),
        (Header::Yes | Header::No, Some(_)) => format!("line {line} is read as the header"),
        (Header::Yes | Header::No, None) => format!("line {line} is read as data"),
    };
    let label = match (layout.roles.iter().position(|&role| role == Role::Label), &layout.names) {
        (Some(index), Some(names)) => format!("; the label is column {index}, {}", shown(&names[index])),
        (Some(index), None) => format!("; the label is column {index}"),
        (None, _) => String::new(),
    };
    format!("{}: {found}{label}", first.origin.path().display())
}

/// The first chunk of a file with a record in it, and this record.
struct Beginning {
    chunk: Chunk,
    /// The first line of the chunk.
    first_line: u64,
    record: StringRecord,
    /// The bytes of the chunk that are before the record, and before its end.
    start: usize,
    end: usize,
    /// The line of the record.
    line: u64,
    delimiter: u8,
}

impl Beginning {
    fn read(source: &Source<'_>, options: &ReadOptions) -> Result<Self> {
        let delimiter = options.delimiter.unwrap_or_else(|| source.delimiter());
        let mut chunk = Chunk::default();
        let mut first_line = 1;
        // No source is blank, so that there is a record.
        loop {
            source.next(Cut::Record(delimiter), &mut chunk)?;
            let text = source.origin().text(&chunk.bytes, first_line)?;
            let mut records = Records::new(source.origin(), text, first_line, delimiter);
            if records.next()? {
                let (start, end, line) = (records.start(), records.end(), records.line());
                let record = records.record;
                return Ok(Self { chunk, first_line, record, start, end, line, delimiter });
            }
            first_line += breaks_before(&chunk.bytes, chunk.bytes.len());
        }
    }

    fn first<'a>(&'a self, source: &'a Source<'_>) -> First<'a> {
        First { origin: source.origin(), record: &self.record, line: self.line }
    }

    /// The chunk without what is before its rows, and its first line then.
    fn rows(self, is_header: bool) -> (Chunk, u64) {
        let Self { mut chunk, first_line, start, end, .. } = self;
        let from = if is_header { end } else { start };
        let line = first_line + breaks_before(&chunk.bytes, from);
        chunk.bytes.drain(..from);
        (chunk, line)
    }
}
