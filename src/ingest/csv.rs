//! CSV files to columns.

use std::path::PathBuf;

use ::csv::{ReaderBuilder, StringRecord};

use super::layout::{First, Layout, Role, count};
use super::number::{self, Field, shown, why_infinite};
use super::source::Source;
use super::{Channel, Dataset, Format, Header, ReadOptions, sniff};
use crate::error::{Error, Result};

/// The rows of the CSV files so far.
pub(super) struct Table {
    layout: Layout,
    /// The first file, which the others must fit.
    first: PathBuf,
    /// One vector of values a column of the file; those of ignored columns stay empty.
    cells: Vec<Vec<f32>>,
    rows: usize,
    delimiter: u8,
    notes: Vec<String>,
}

impl Table {
    /// Reads the first file, which decides the layout.
    pub(super) fn begin(source: &Source, options: &ReadOptions) -> Result<Self> {
        let mut records = Records::new(source, options);
        let mut notes = Vec::new();
        records.next()?;
        let first = records.first();
        let layout = Layout::new(&first, options, &mut notes)?;
        notes.insert(0, describe(&layout, &first, options));
        let mut table = Self {
            cells: vec![Vec::new(); layout.roles.len()],
            layout,
            first: source.path().to_path_buf(),
            rows: 0,
            delimiter: b',',
            notes,
        };
        table.add_records(records, options)?;
        Ok(table)
    }

    /// Reads a further file, which must have the header and the width of the first.
    pub(super) fn add(&mut self, source: &Source, options: &ReadOptions) -> Result<()> {
        let mut records = Records::new(source, options);
        records.next()?;
        self.check_fit(&records.first(), options)?;
        self.add_records(records, options)
    }

    fn check_fit(&self, next: &First<'_>, options: &ReadOptions) -> Result<()> {
        let first = self.first.display();
        let refuse = |column: usize, message: String| {
            let error = next.source.error(next.line, column, message);
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

    /// Reads all records; the first of them has been looked at, and lies in `records`.
    fn add_records(&mut self, mut records: Records<'_>, options: &ReadOptions) -> Result<()> {
        let source = records.source;
        if options.delimiter.is_none() && records.delimiter != self.delimiter {
            let name = sniff::delimiter_name(records.delimiter);
            self.notes.push(format!("{}: the delimiter is {name}", source.path().display()));
        }
        self.delimiter = records.delimiter;
        let before = self.rows;
        if self.layout.names.is_none() {
            self.add_record(&records, options)?;
        }
        while records.next()? {
            self.add_record(&records, options)?;
        }
        if self.rows == before {
            let error = Error::data("the file has a header but no rows").at_path(source.path());
            return Err(error.remedy("give a file with rows, or leave it out"));
        }
        Ok(())
    }

    fn add_record(&mut self, records: &Records<'_>, options: &ReadOptions) -> Result<()> {
        let width = self.layout.roles.len();
        if records.record.len() != width {
            return Err(records.ragged(width));
        }
        for (index, field) in records.record.iter().enumerate() {
            let role = self.layout.roles[index];
            let value = match (number::parse(field), role) {
                (_, Role::Ignored) => continue,
                (Field::Missing, Role::Feature) => f32::NAN,
                (Field::Number(value), Role::Feature | Role::Label) => value,
                (Field::Number(value), Role::Weight) if value >= 0.0 => value,
                (bad, _) => return Err(self.bad_field(records, index, bad, options)),
            };
            if role == Role::Label {
                let place = |error: Error| {
                    error.at_path(records.source.path()).at_line(records.line()).at_column(index as u64 + 1)
                };
                options.check_label(value).map_err(place)?;
            }
            self.cells[index].push(value);
        }
        self.rows += 1;
        Ok(())
    }

    /// The error for a field that does not fit its column.
    #[cold]
    fn bad_field(&self, records: &Records<'_>, index: usize, bad: Field, options: &ReadOptions) -> Error {
        let field = records.record[index].trim_ascii();
        let role = self.layout.roles[index];
        let value = shown(field);
        let subject = match role {
            Role::Label => "the label ",
            Role::Weight => "the weight ",
            Role::Feature | Role::Ignored => "",
        };
        let message = match bad {
            Field::Number(_) => format!("{subject}{value} is negative"),
            Field::Missing => format!("{subject}is missing"),
            Field::Infinite => format!("{subject}{}", why_infinite(field)),
            Field::Text if role == Role::Feature => {
                format!("{value} in column {} is not a number", self.layout.column(index))
            }
            Field::Text => format!("{subject}{value} is not a number"),
        };
        let line = records.line();
        let looks_like_header = self.rows == 0
            && self.layout.names.is_none()
            && options.header == Header::No
            && bad == Field::Text
            && !number::has_decimal_comma(field);
        let remedy = match (bad, role) {
            (Field::Text, _) if looks_like_header => {
                "the line looks like a header: use --header auto or yes".to_owned()
            }
            (Field::Text, _) if number::has_decimal_comma(field) => {
                "write a decimal point instead of the comma".to_owned()
            }
            (Field::Text, Role::Label) => {
                "encode the classes as 0, 1, ..., or give --label the column of the labels".to_owned()
            }
            (Field::Text, Role::Feature) => format!(
                "encode the column as numbers, leave it out with {}, or leave the field empty if the value is missing",
                self.layout.ignore_flag(index)
            ),
            (Field::Infinite, Role::Feature) => {
                "use finite numbers, or leave the field empty if the value is missing".to_owned()
            }
            (_, Role::Weight) => {
                "use finite numbers from 0 on, or give --weight-column the column of the weights".to_owned()
            }
            (Field::Missing, _) => "fill it in, remove the row, or give --label the column of the labels".to_owned(),
            _ => "use finite numbers".to_owned(),
        };
        records.source.error(line, index + 1, message).remedy(remedy)
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The channel of all files.
    pub(super) fn finish(self) -> Channel {
        let columns = self.layout.roles.len();
        let mut dataset = Dataset { named: self.layout.names.is_some(), rows: self.rows, ..Dataset::default() };
        for (index, (role, values)) in self.layout.roles.iter().zip(self.cells).enumerate() {
            match role {
                Role::Label => dataset.labels = Some(values),
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
        Channel {
            header: dataset.named,
            dataset,
            files: Vec::new(),
            notes: self.notes,
            format: Format::Csv,
            file_rows: Vec::new(),
            columns,
            index_base: None,
        }
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
    format!("{}: {found}{label}", first.source.path().display())
}

/// The records of one file that are not blank, one at a time.
struct Records<'a> {
    source: &'a Source,
    reader: ::csv::Reader<&'a [u8]>,
    record: StringRecord,
    delimiter: u8,
}

impl<'a> Records<'a> {
    fn new(source: &'a Source, options: &ReadOptions) -> Self {
        let delimiter = options.delimiter.unwrap_or_else(|| source.delimiter());
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 16)
            .from_reader(source.text().as_bytes());
        Self { source, reader, record: StringRecord::new(), delimiter }
    }

    /// Moves on to the next record; `false` at the end, which the first call never meets, since no source is blank.
    fn next(&mut self) -> Result<bool> {
        loop {
            match self.reader.read_record(&mut self.record) {
                Ok(false) => return Ok(false),
                Ok(true) if self.is_blank() => {}
                Ok(true) => return Ok(true),
                Err(error) => return Err(Error::data(error.to_string()).at_path(self.source.path())),
            }
        }
    }

    /// The present record as the first of its file.
    fn first(&self) -> First<'_> {
        First { source: self.source, record: &self.record, line: self.line() }
    }

    /// Whether the record is a line of blanks, and not a quoted empty field.
    fn is_blank(&self) -> bool {
        self.record.len() <= 1
            && self.record.iter().all(|field| field.trim_ascii().is_empty())
            && !self.source.text()[self.start()..].starts_with('"')
    }

    /// Where the record begins. The position that the reader gives is where it began to look for it, before the rest
    /// of the last line break and empty lines.
    fn start(&self) -> usize {
        let text = self.source.text();
        let from = self.record.position().map_or(0, |position| position.byte() as usize).min(text.len());
        from + (text.len() - from) - text[from..].trim_start_matches(['\r', '\n']).len()
    }

    /// The line of the record, from 1; counted anew, so for messages only.
    fn line(&self) -> u64 {
        self.source.line_at(self.start())
    }

    /// The error for a record that has not the `expected` number of fields.
    #[cold]
    fn ragged(&self, expected: usize) -> Error {
        let line = self.line();
        let found = self.record.len();
        let message = format!("expected {}, found {found}", count(expected, "field"));
        let breaks: usize = self.record.iter().map(|field| field.matches('\n').count()).sum();
        let remedy = if breaks > 0 {
            format!("the record runs on to line {}: check that its quotes are closed", line + breaks as u64)
        } else {
            "give every line the same number of fields, and quote fields that hold the delimiter".to_owned()
        };
        self.source.error(line, found.min(expected) + 1, message).remedy(remedy)
    }
}
