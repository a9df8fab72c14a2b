//! The rows of one chunk of text: a scanner for what nearly all files hold, and the csv crate for
//! everything else.
//!
//! The csv crate's way is the rule and makes every message; the scanner either comes to the same
//! rows or gives up.

use super::super::chunks::breaks_before;
use super::super::layout::{Layout, Role, listed};
use super::super::likeness;
use super::super::number::{self, Field, shown, why_infinite};
use super::super::quotes::{self, Quoted};
use super::super::source::Origin;
use super::super::{ColumnRef, Header, ReadOptions};
use super::records::Records;
use super::scan::{self, Sink};
use crate::error::{Error, Result};

/// The values of a chunk's rows, column by column; ignored columns have none.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Each column's values and room for more, `room` in all.
    values: Vec<f32>,
    room: usize,
    /// Number of rows.
    pub(super) count: usize,
}

impl Rows {
    /// Empties it and makes room.
    pub(super) fn reset(&mut self, columns: usize, room: usize) {
        if self.values.len() < columns * room {
            self.values.resize(columns * room, 0.0);
        }
        self.room = room;
        self.count = 0;
    }

    pub(super) fn column(&self, column: usize) -> &[f32] {
        &self.values[column * self.room..][..self.count]
    }
}

impl Sink for Rows {
    #[inline]
    fn put(&mut self, column: usize, value: f32) {
        self.values[column * self.room + self.count] = value;
    }

    #[inline]
    fn end_row(&mut self) {
        self.count += 1;
    }
}

/// Where a chunk begins in its file and its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// Its first line, from 1.
    pub(super) line: u64,
    /// Rows of the channel before it.
    pub(super) rows: usize,
}

/// How the rows of a file are read.
pub(super) struct Reading<'a> {
    pub(super) origin: &'a Origin,
    pub(super) layout: &'a Layout,
    pub(super) options: &'a ReadOptions,
    pub(super) delimiter: u8,
}

impl Reading<'_> {
    /// Reads whole records with `breaks` line breaks. After an error the rows are worth nothing.
    pub(super) fn read(&self, bytes: &[u8], breaks: u64, start: Start, rows: &mut Rows) -> Result<()> {
        let text = self.origin.text(bytes, start.line)?;
        // Every record but the last ends with a line break, and every one has a byte a column:
        // blank lines are none.
        let room = (breaks as usize + 1).min((bytes.len() + 1) / self.layout.roles.len() + 1);
        rows.reset(self.layout.kept(), room);
        if scan::rows(text, self.delimiter, &self.layout.roles, rows) && self.allows(rows) {
            // As many rows as lines: no field runs over several.
            let lines = breaks + u64::from(!text.ends_with(['\n', '\r']));
            return if rows.count as u64 == lines { Ok(()) } else { self.check_lines(text, || start.line) };
        }
        rows.reset(self.layout.kept(), room);
        self.read_records(text, start, rows)
    }

    /// Refuses a record that runs over several lines each of which is a row by itself: a quote
    /// opened by accident, and closed by the next one, would make one row of them, where the field
    /// is of an ignored column.
    fn check_lines(&self, text: &str, first_line: impl Fn() -> u64) -> Result<()> {
        for (record, Quoted { open, close }) in quotes::long_records(text.as_bytes(), self.delimiter) {
            // The last line first: of a text over several lines it is hardly ever a row.
            if !text[record].split(['\n', '\r']).rev().filter(|line| !line.is_empty()).all(|line| self.is_row(line)) {
                continue;
            }
            let line_at = |at| first_line() + breaks_before(text.as_bytes(), at);
            let last = line_at(close.unwrap_or(text.len()));
            let message = format!(
                "the quote that opens here is closed in line {last}, and each of the lines up to there is a row by itself"
            );
            let error = self.origin.error(line_at(open), quotes::letter(text, open), message);
            return Err(error.remedy("close the quote where the field ends, or remove it"));
        }
        Ok(())
    }

    /// Whether a line without its quotes has the fields of a row.
    fn is_row(&self, line: &str) -> bool {
        let roles = &self.layout.roles;
        let fits = |(field, role): (&str, &Role)| {
            let field = number::parse(field.trim_matches('"'));
            *role == Role::Ignored
                || matches!(field, Field::Number(_))
                || (field == Field::Missing && *role == Role::Feature)
        };
        memchr::memchr_iter(self.delimiter, line.as_bytes()).count() + 1 == roles.len()
            && line.split(char::from(self.delimiter)).zip(roles).all(fits)
    }

    /// Whether labels and weights are what they may be.
    fn allows(&self, rows: &Rows) -> bool {
        self.layout.kept_columns().enumerate().all(|(column, (_, role))| match role {
            Role::Feature | Role::Ignored => true,
            Role::Label => {
                let labels = rows.column(column);
                !labels.iter().any(|label| label.is_nan()) && self.options.check_labels(labels).is_ok()
            }
            Role::Weight => rows.column(column).iter().all(|&weight| weight >= 0.0),
        })
    }

    /// Reads with the csv crate.
    pub(super) fn read_records(&self, text: &str, start: Start, rows: &mut Rows) -> Result<()> {
        let mut records = Records::new(self.origin, text, start.line, self.delimiter);
        while records.next()? {
            self.add_record(&records, start, rows)?;
        }
        Ok(())
    }

    fn add_record(&self, records: &Records<'_>, start: Start, rows: &mut Rows) -> Result<()> {
        let width = self.layout.roles.len();
        if records.record.len() != width {
            return Err(records.ragged(width));
        }
        let mut column = 0;
        for (index, field) in records.record.iter().enumerate() {
            let role = self.layout.roles[index];
            let value = match (number::parse(field), role) {
                (_, Role::Ignored) => continue,
                (Field::Missing, Role::Feature) => f32::NAN,
                (Field::Number(value), Role::Feature | Role::Label) => value,
                (Field::Number(value), Role::Weight) if value >= 0.0 => value,
                (bad, _) => return Err(self.bad_field(records, index, bad, start.rows + rows.count)),
            };
            if role == Role::Label {
                let place = |error: Error| {
                    error.at_path(self.origin.path()).at_line(records.line()).at_column(index as u64 + 1)
                };
                self.options.check_labels(&[value]).map_err(place)?;
            }
            rows.put(column, value);
            column += 1;
        }
        rows.end_row();
        match records.raw() {
            raw if raw.contains(['\n', '\r']) => self.check_lines(raw, || records.line()),
            _ => Ok(()),
        }
    }

    /// The error for a field that does not fit its column.
    #[cold]
    fn bad_field(&self, records: &Records<'_>, index: usize, bad: Field, rows_before: usize) -> Error {
        let field = records.record[index].trim_ascii();
        let role = self.layout.roles[index];
        let value = shown(field);
        let subject = match role {
            Role::Label => "the label ",
            Role::Weight => "the weight ",
            Role::Feature | Role::Ignored => "",
        };
        let line = records.line();
        let like = likeness::of(field).filter(|_| bad == Field::Text);
        let looks_like_header = rows_before == 0
            && self.layout.names.is_none()
            && self.options.header == Header::No
            && bad == Field::Text
            && like.is_none();
        let text_columns = match (bad, role, &like) {
            (Field::Text, Role::Feature, None) if !looks_like_header => self.text_columns(records),
            _ => vec![index],
        };
        let but = likeness::but(like.as_ref());
        let message = match bad {
            Field::Number(_) => format!("{subject}{value} is negative"),
            Field::Missing => format!("{subject}is missing"),
            Field::Infinite => format!("{subject}{}", why_infinite(field)),
            Field::Text if role == Role::Feature => {
                let column = self.layout.column(index);
                match text_columns.iter().filter(|&&other| other != index).collect::<Vec<_>>().as_slice() {
                    [] => format!("{value} in column {column} is not a number{but}"),
                    others => {
                        let columns = if others.len() == 1 { "column" } else { "columns" };
                        let others = listed(others.iter().map(|&&other| self.layout.column(other)), ", ");
                        format!("{value} in column {column} is not a number, and text is in {columns} {others} too")
                    }
                }
            }
            Field::Text => format!("{subject}{value} is not a number{but}"),
        };
        let remedy = match (bad, role, like) {
            (Field::Text, _, _) if looks_like_header => {
                "the line looks like a header: use {header} auto or yes".to_owned()
            }
            (Field::Text, Role::Label, Some(like)) if like.is_missing => "fill it in, or remove the row".to_owned(),
            (Field::Text, Role::Feature, Some(like)) if !like.what.is_empty() => {
                format!("{}, or leave the column out with {}", like.remedy, self.layout.ignore_option(&[index]))
            }
            (Field::Text, Role::Feature | Role::Label, Some(like)) => like.remedy,
            (Field::Text, Role::Label, None) if self.options.label == Some(ColumnRef::Index(0)) => {
                "encode the classes as 0, 1, ..., or give {label} the column of the labels".to_owned()
            }
            (Field::Text, Role::Label, None) => "it is text: encode the classes as 0, 1, 2, ...".to_owned(),
            (Field::Text, Role::Feature, None) => {
                let option = self.layout.ignore_option(&text_columns);
                match text_columns.len() {
                    1 => format!(
                        "encode the column as numbers, leave it out with {option}, or leave the field empty if the value \
                         is missing"
                    ),
                    _ => format!(
                        "encode the columns as numbers, leave them out with {option}, or leave fields empty where values \
                         are missing"
                    ),
                }
            }
            (Field::Infinite, Role::Feature, _) => {
                "use finite numbers, or leave the field empty if the value is missing".to_owned()
            }
            (_, Role::Weight, _) => {
                "use finite numbers from 0 on, or give {weight} the column of the weights".to_owned()
            }
            (Field::Missing, ..) => "fill it in, remove the row, or give {label} the column of the labels".to_owned(),
            _ => "use finite numbers".to_owned(),
        };
        self.origin.error(line, index + 1, message).remedy(remedy)
    }

    /// The features with text in them, from this record to the end of its chunk: as many as a look
    /// at some thousand rows finds, so that a user needs not run into one after the other.
    #[cold]
    fn text_columns(&self, records: &Records<'_>) -> Vec<usize> {
        let roles = &self.layout.roles;
        let mut is_text = vec![false; roles.len()];
        let mut rest = records.again();
        while rest.next().unwrap_or(false) {
            if rest.record.len() != roles.len() {
                break;
            }
            for (index, field) in rest.record.iter().enumerate() {
                is_text[index] |= roles[index] == Role::Feature && number::parse(field) == Field::Text;
            }
        }
        (0..roles.len()).filter(|&index| is_text[index]).collect()
    }
}
