//! The rows of one chunk of text: a scanner for what nearly all files hold, and the csv crate for everything else.
//!
//! The csv crate's way is the rule and makes every message; the scanner either comes to the same rows or gives up.

use super::super::layout::{Layout, Role};
use super::super::number::{self, Field, shown, why_infinite};
use super::super::source::Origin;
use super::super::{Header, ReadOptions};
use super::records::Records;
use super::scan;
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

    /// Sets a value of the row that [`Rows::end_row`] ends.
    #[inline]
    pub(super) fn put(&mut self, column: usize, value: f32) {
        self.values[column * self.room + self.count] = value;
    }

    #[inline]
    pub(super) fn end_row(&mut self) {
        self.count += 1;
    }

    pub(super) fn column(&self, column: usize) -> &[f32] {
        &self.values[column * self.room..][..self.count]
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
        // Every record but the last ends with a line break.
        let room = breaks as usize + 1;
        rows.reset(self.layout.kept(), room);
        if scan::rows(text, self.delimiter, &self.layout.roles, rows) && self.allows(rows) {
            return Ok(());
        }
        rows.reset(self.layout.kept(), room);
        self.read_records(text, start, rows)
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
        Ok(())
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
        let looks_like_header = rows_before == 0
            && self.layout.names.is_none()
            && self.options.header == Header::No
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
        self.origin.error(line, index + 1, message).remedy(remedy)
    }
}
