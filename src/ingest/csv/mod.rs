//! CSV files to columns.
//!
//! The first record tells the layout. `parallel` then has every thread take chunks of whole records
//! and put their values behind each other in the order of the file; `rows` reads one chunk, by the
//! `scan`ner or else by the csv crate's `records`.

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
use super::chunks::{BLOCK, Chunk, Cut, breaks_before};
use super::layout::{First, Layout, Role, Sample, count, listed};
use super::number::shown;
use super::source::{Source, from_line};
use super::table::TableReader;
use super::{Channel, Format, Header, ReadOptions, sniff};
use crate::data::dataset::Dataset;
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

    fn check_fit(&self, next: &First<'_>, options: &ReadOptions) -> Result<()> {
        let first = self.first.display();
        let refuse = |column: usize, message: String| {
            let error = next.origin.error(next.line, column, message);
            Err(error.remedy("give all files of a channel the same columns, all with a header or all without"))
        };
        match (next.is_header(options, Some(&self.layout))?, &self.layout.names) {
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
            // As many rows a byte as in the first chunk, and a little more; what is not used is
            // never touched.
            let breaks = breaks_before(&chunk.bytes, chunk.bytes.len()) as f64;
            let rows = breaks * length as f64 / chunk.bytes.len().max(1) as f64 * 1.05;
            // Blank lines are no rows: each of these has a byte a column.
            self.cells.expect((rows as usize).min(length as usize / self.layout.roles.len() + 1))?;
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
}

impl TableReader for Table {
    /// Reads a further file, which must have the header and the width of the first.
    fn add(&mut self, source: &Source<'_>, options: &ReadOptions) -> Result<()> {
        let beginning = Beginning::read(source, options)?;
        self.check_fit(&beginning.first(source), options)?;
        self.add_rows(source, beginning, options)
    }

    fn rows(&self) -> usize {
        self.cells.rows()
    }

    fn finish(self: Box<Self>, _: &ReadOptions) -> Result<Channel> {
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
    let mut note = format!("{}: {found}", first.origin.path().display());
    if let Some(index) = layout.roles.iter().position(|&role| role == Role::Label) {
        note += &format!("; the label is column {index}");
        if let Some(names) = &layout.names {
            note += &format!(", {}", shown(&names[index]));
        }
    }
    if let [weight] = layout.columns(Role::Weight).as_slice() {
        note += &format!("; the weight is column {weight}");
    }
    let ignored = layout.columns(Role::Ignored);
    if !ignored.is_empty() {
        let columns = if layout.names.is_some() {
            ""
        } else if ignored.len() == 1 {
            "column "
        } else {
            "columns "
        };
        note += &format!("; left out: {columns}{}", listed(ignored.into_iter(), ", "));
    }
    note
}

/// Records after the first that are looked at to tell what columns hold.
const SAMPLE: usize = 100;

/// The first chunk of a file with a record in it, and this record.
struct Beginning {
    chunk: Chunk,
    /// The first line of the chunk.
    first_line: u64,
    record: StringRecord,
    /// Records after it.
    sample: Vec<Sample>,
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
        let mut first_line = source.first_line();
        // No source is blank, so that there is a record.
        loop {
            source.next(Cut::Record(delimiter), &mut chunk).map_err(|error| from_line(error, first_line))?;
            let text = chunk.bytes.trim_ascii_start();
            let line = &text[..memchr::memchr2(b'\n', b'\r', text).unwrap_or(text.len())];
            if memchr::memchr_iter(delimiter, line).count() >= options.max_columns() {
                let message = format!("the line has more than {} columns", options.max_columns());
                let number = first_line + breaks_before(&chunk.bytes, chunk.bytes.len() - text.len());
                let error = Error::data(message).at_path(source.path()).at_line(number);
                return Err(error.remedy("check the delimiter, or allow longer rows with {record-bytes}"));
            }
            let text = source.origin().text(&chunk.bytes, first_line)?;
            let mut records = Records::new(source.origin(), text, first_line, delimiter);
            if records.next()? {
                let (start, end, line) = (records.start(), records.end(), records.line());
                let record = records.record.clone();
                let mut sample = Vec::new();
                // An error here is one of the rows, which are read again.
                while sample.len() < SAMPLE && records.next().unwrap_or(false) {
                    let has_quote = records.raw().contains('"');
                    sample.push(Sample { record: records.record.clone(), has_quote });
                }
                return Ok(Self { chunk, first_line, record, sample, start, end, line, delimiter });
            }
            first_line += breaks_before(&chunk.bytes, chunk.bytes.len());
        }
    }

    fn first<'a>(&'a self, source: &'a Source<'_>) -> First<'a> {
        let raw = std::str::from_utf8(&self.chunk.bytes[self.start..self.end]).unwrap_or_default();
        First {
            origin: source.origin(),
            record: &self.record,
            raw: raw.trim_end_matches(['\n', '\r']),
            line: self.line,
            delimiter: self.delimiter,
            sample: &self.sample,
            // A chunk is that long unless the file ends.
            has_next: !self.sample.is_empty() || self.chunk.bytes.len() >= BLOCK,
        }
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
