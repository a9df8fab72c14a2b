//! The columns of a CSV file: whether line 1 names them, and what each is for.

use ::csv::StringRecord;

use super::number::{self, Field, shown};
use super::options::Use;
use super::source::Origin;
use super::{ColumnRef, Header, ReadOptions};
use crate::error::{Error, Result};

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Feature,
    Label,
    Weight,
    Ignored,
}

/// The columns of a channel, as its first file has them.
pub(super) struct Layout {
    /// The names of all columns of the file, where it has a header.
    pub(super) names: Option<Vec<String>>,
    /// One role a column of the file.
    pub(super) roles: Vec<Role>,
}

/// The first record of a file, with its place.
pub(super) struct First<'a> {
    pub(super) origin: &'a Origin,
    pub(super) record: &'a StringRecord,
    pub(super) line: u64,
}

impl Layout {
    /// Reads the layout off the first record of the first file.
    pub(super) fn new(first: &First<'_>, options: &ReadOptions, notes: &mut Vec<String>) -> Result<Self> {
        let names = if first.is_header(options)? { Some(first.names(notes)?) } else { None };
        let roles = first.roles(names.as_deref(), options)?;
        Ok(Self { names, roles })
    }

    /// The number of columns that are not ignored.
    pub(super) fn kept(&self) -> usize {
        self.kept_columns().count()
    }

    /// The columns that are not ignored, by number in the file.
    pub(super) fn kept_columns(&self) -> impl Iterator<Item = (usize, Role)> + '_ {
        self.roles.iter().copied().enumerate().filter(|&(_, role)| role != Role::Ignored)
    }

    /// A column in messages: its name, or else its number from 0.
    pub(super) fn column(&self, index: usize) -> String {
        match &self.names {
            Some(names) => shown(&names[index]),
            None => format!("{index}"),
        }
    }

    /// The option that leaves a column out.
    pub(super) fn ignore_flag(&self, index: usize) -> String {
        let is_plain = |name: &&String| {
            !name.bytes().all(|byte| byte.is_ascii_digit())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        };
        match self.names.as_ref().and_then(|names| names.get(index)).filter(is_plain) {
            Some(name) => format!("--ignore-column {name}"),
            None => format!("--ignore-column {index}"),
        }
    }
}

impl First<'_> {
    /// Whether this record is a header; the rule is in the [module](super).
    pub(super) fn is_header(&self, options: &ReadOptions) -> Result<bool> {
        match options.header {
            Header::Yes => return Ok(true),
            Header::No => return Ok(false),
            Header::Auto => {}
        }
        let asked_for = |field: &str| {
            options.columns().any(|(_, column)| matches!(column, ColumnRef::Name(name) if name == field.trim_ascii()))
        };
        if self.record.iter().any(asked_for) {
            return Ok(true);
        }
        let mut text = None;
        let mut numbers = false;
        for (index, field) in self.record.iter().enumerate() {
            if options.ignore.contains(&ColumnRef::Index(index)) {
                continue;
            }
            match number::parse(field) {
                Field::Number(_) | Field::Infinite => numbers = true,
                Field::Missing => {}
                Field::Text => text = text.or(Some((index, field))),
            }
        }
        match text {
            Some((index, field)) if numbers => {
                let message = format!("{} is not a number, but other fields of the line are", shown(field));
                Err(self.origin.error(self.line, index + 1, message).remedy(format!(
                    "use --header yes if the line names the columns, else encode the column as numbers or leave it \
                     out with --ignore-column {index}"
                )))
            }
            text => Ok(text.is_some()),
        }
    }

    /// The names that this record gives the columns; a column without one gets one made of its number.
    fn names(&self, notes: &mut Vec<String>) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::with_capacity(self.record.len());
        for (index, field) in self.record.iter().enumerate() {
            let mut name = field.trim_ascii().to_owned();
            if name.is_empty() {
                name = format!("column_{index}");
                let path = self.origin.path().display();
                notes.push(format!("{path}: column {index} has no name in the header and is called `{name}`"));
            }
            names.push(name);
        }
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_key(|&index| (&names[index], index));
        let repeated = order.windows(2).filter(|pair| names[pair[0]] == names[pair[1]]).min_by_key(|pair| pair[1]);
        if let Some(&[earlier, later]) = repeated {
            let message = format!("the name {} is already that of column {earlier}", shown(&names[later]));
            return Err(self.origin.error(self.line, later + 1, message).remedy("give every column a name of its own"));
        }
        Ok(names)
    }

    /// What each column is for.
    fn roles(&self, names: Option<&[String]>, options: &ReadOptions) -> Result<Vec<Role>> {
        let mut roles = vec![Role::Feature; self.record.len()];
        for (what, column) in options.columns() {
            let index = self.find(what, column, names, options)?;
            roles[index] = match (what, roles[index]) {
                (Use::Label, _) => Role::Label,
                (Use::Weight, Role::Feature) => Role::Weight,
                (Use::Ignore, Role::Feature | Role::Ignored) => Role::Ignored,
                (_, taken) => {
                    let taken = if taken == Role::Label { Use::Label } else { Use::Weight };
                    let flags = format!("{} and {}", taken.flag(), what.flag());
                    let column = names.map_or(index.to_string(), |names| shown(&names[index]));
                    return Err(Error::parameter(format!("{flags} name the same column, {column}"))
                        .at_path(self.origin.path())
                        .remedy("give them different columns"));
                }
            };
        }
        if !roles.contains(&Role::Feature) {
            let message = format!("no feature is left of {}", count(self.record.len(), "column"));
            return Err(self.error(Error::data(message)).remedy("check the delimiter and the columns to ignore"));
        }
        Ok(roles)
    }

    /// The number of the column asked for.
    fn find(&self, what: Use, column: &ColumnRef, names: Option<&[String]>, options: &ReadOptions) -> Result<usize> {
        let (word, flag, width) = (what.word(), what.flag(), self.record.len());
        match (column, names) {
            (ColumnRef::Index(index), _) if *index < width => Ok(*index),
            (ColumnRef::Index(index), _) => {
                let range = if width == 1 { "column 0 alone".into() } else { format!("columns 0 to {}", width - 1) };
                let message = format!("there is no {word} column {index}: the file has {range}");
                Err(self.error(Error::parameter(message)).remedy(format!("give {flag} one of these, or a name")))
            }
            (ColumnRef::Name(name), Some(names)) => match names.iter().position(|known| known == name) {
                Some(index) => Ok(index),
                None => {
                    let message = format!("there is no {word} column {}", shown(name));
                    Err(self.error(Error::parameter(message)).remedy(suggest(name, names)))
                }
            },
            (ColumnRef::Name(name), None) => {
                let message = format!("the {word} column {} is asked for by name, but there is no header", shown(name));
                let header = match options.header {
                    Header::No => "drop --header no",
                    Header::Auto | Header::Yes => "add a header to the file",
                };
                let remedy = format!("give {flag} the number of the column, from 0, or {header}");
                Err(self.error(Error::parameter(message)).remedy(remedy))
            }
        }
    }

    fn error(&self, error: Error) -> Error {
        error.at_path(self.origin.path()).at_line(self.line)
    }
}

/// `1 column`, `2 columns`.
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The remedy for a name that is not in the header: the nearest one, or else what there is.
fn suggest(name: &str, names: &[String]) -> String {
    const LISTED: usize = 20;
    let wanted = name.to_lowercase();
    let nearest = names.iter().map(|known| (distance(&wanted, &known.to_lowercase()), known)).min();
    match nearest {
        Some((distance, known)) if distance <= wanted.chars().count().div_ceil(3) => {
            format!("did you mean {}?", shown(known))
        }
        _ => {
            let listed: Vec<String> = names.iter().take(LISTED).map(|known| shown(known)).collect();
            let more = names.len().saturating_sub(LISTED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("the columns are {}{more}", listed.join(", "))
        }
    }
}

/// Levenshtein's distance: the letters to insert, delete or replace.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (at, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (left, right, expected) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("label", "labels", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }
}
