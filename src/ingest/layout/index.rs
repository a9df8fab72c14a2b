//! A column that numbers the rows, as pandas and R write one unless they are told not to.

use super::{First, Layout, NAMES_TOLD, Role, whole};
use crate::error::words;
use crate::error::{Error, Result};
use crate::ingest::number::shown;
use crate::ingest::{ColumnRef, ReadOptions};

/// Rows that count are no chance from here on, in a file whose columns have no names.
const LEAST_ROWS: usize = 10;

/// Refuses a column without a name that numbers the rows as the label; tells of one among the
/// features.
///
/// Training on row numbers gives a model that is good on the file and worth nothing elsewhere. A
/// label that is given by its made-up name is taken.
pub(super) fn check(first: &First<'_>, layout: &Layout, options: &ReadOptions, notes: &mut Vec<String>) -> Result<()> {
    let mut told = 0;
    for (column, &role) in layout.roles.iter().enumerate() {
        let (is_index, what) = match &layout.names {
            Some(names) => {
                let field = first.record.get(column).unwrap_or_default().trim_ascii();
                let what = match field {
                    "" => "has no name".to_owned(),
                    _ => format!("is called {}", shown(&names[column])),
                };
                // What pandas calls such a column when it reads it again.
                let is_nameless = (column == 0 && field.is_empty()) || field.starts_with("Unnamed: ");
                (is_nameless && numbers_rows(first, column), what)
            }
            None => (role == Role::Label && counts(first, column), "is the label".to_owned()),
        };
        let is_asked = role == Role::Label || (role == Role::Feature && told < NAMES_TOLD);
        if !(is_index && is_asked) {
            continue;
        }
        told += 1;
        let message = format!("column {column} {what} and numbers the rows, as an index that pandas writes");
        let path = first.origin.path();
        match (&layout.names, role, &options.label) {
            (Some(names), Role::Label, Some(ColumnRef::Index(_))) => {
                let example = names.get(column + 1).or(names.first()).map_or("NAME", String::as_str);
                let remedy = format!(
                    "give {{label}} the name of the label (say {}), and {{ignore}} {column}; or \
                     {{label}} {} if it is the label all the same",
                    shown(example),
                    names[column]
                );
                return Err(Error::data(message)
                    .at_path(path)
                    .at_line(first.line)
                    .at_column(column as u64 + 1)
                    .remedy(remedy));
            }
            (_, Role::Label, _) => {
                let path = path.display();
                let remedy = words::say("give {label} the column of the labels");
                notes.push(format!("warning: {path}: {message}; {remedy}"));
            }
            _ => {
                let (path, remedy) = (path.display(), words::say("leave it out with {ignore}"));
                notes.push(format!("warning: {path}: {message}: it is taken for a feature; {remedy} {column}"));
            }
        }
    }
    Ok(())
}

/// The numbers of a column in the sample, where all of them are whole.
fn numbers(first: &First<'_>, column: usize) -> Option<Vec<u64>> {
    first.sample.iter().map(|row| whole(row.record.get(column)?.trim_ascii())).collect()
}

/// Whether the values may be row numbers, in any order: whole and all different.
fn numbers_rows(first: &First<'_>, column: usize) -> bool {
    let Some(mut values) = numbers(first, column) else { return false };
    let rows = values.len();
    values.sort_unstable();
    values.dedup();
    match values.as_slice() {
        [] => false,
        // A single row has number 0 or 1.
        &[value] => rows == 1 && value <= 1,
        _ => values.len() == rows,
    }
}

/// Whether the values count from 0 or 1 on. Without a header the first record is the first row.
fn counts(first: &First<'_>, column: usize) -> bool {
    let begin = first.record.get(column).and_then(|field| whole(field.trim_ascii()));
    match (begin, numbers(first, column)) {
        (Some(begin @ 0..=1), Some(values)) => {
            values.len() + 1 >= LEAST_ROWS && values.iter().zip(begin + 1..).all(|(&value, wanted)| value == wanted)
        }
        _ => false,
    }
}
