//! The columns of a CSV file: whether line 1 names them, and what each is for.

use ::csv::StringRecord;

use super::number::{self, Field, shown};
use super::options::Use;
use super::quotes::QuotedFields;
use super::source::Origin;
use super::{ColumnRef, Header, ReadOptions};
use crate::error::{Error, Result};

mod index;

/// Columns without a name that a note tells of, each.
const NAMES_TOLD: usize = 10;

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
    /// The record as it stands in the file.
    pub(super) raw: &'a str,
    pub(super) line: u64,
    pub(super) delimiter: u8,
    /// The first of the records after it.
    pub(super) sample: &'a [Sample],
    /// Whether a record comes after it, in the sample or beyond.
    pub(super) has_next: bool,
}

/// A record after the first one.
pub(super) struct Sample {
    pub(super) record: StringRecord,
    /// Whether a quote stands in it.
    pub(super) has_quote: bool,
}

impl Layout {
    /// Reads the layout off the first record of the first file.
    pub(super) fn new(first: &First<'_>, options: &ReadOptions, notes: &mut Vec<String>) -> Result<Self> {
        let layout = Self::of(first, options, notes)?;
        index::check(first, &layout, options, notes)?;
        Ok(layout)
    }

    /// The layout alone: what the columns hold matters to a training, not to who reads one of them
    /// apart.
    pub(super) fn of(first: &First<'_>, options: &ReadOptions, notes: &mut Vec<String>) -> Result<Self> {
        let names = if first.is_header(options, None)? { Some(first.names(notes)?) } else { None };
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

    /// What leaves columns out.
    pub(super) fn ignore_option(&self, columns: &[usize]) -> String {
        let is_plain = |name: &&String| {
            !name.bytes().all(|byte| byte.is_ascii_digit())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        };
        let column = |&index: &usize| match self.names.as_ref().and_then(|names| names.get(index)).filter(is_plain) {
            Some(name) => name.clone(),
            None => index.to_string(),
        };
        format!("{{ignore}} {}", columns.iter().map(column).collect::<Vec<_>>().join(","))
    }

    /// The columns with a role, as messages name them.
    pub(super) fn columns(&self, wanted: Role) -> Vec<String> {
        let is_wanted = |&(_, role): &(usize, &Role)| *role == wanted;
        self.roles.iter().enumerate().filter(is_wanted).map(|(index, _)| self.column(index)).collect()
    }
}

impl First<'_> {
    /// Whether this record is a header, where the files before it have the names `before`, if any;
    /// the rule is in the [module](super).
    pub(super) fn is_header(&self, options: &ReadOptions, before: Option<&Layout>) -> Result<bool> {
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
        match before {
            None => self.refuse_numbers()?,
            Some(Layout { names: Some(names), .. }) if self.record.iter().map(str::trim_ascii).eq(names) => {
                return Ok(true);
            }
            Some(_) => {}
        }
        let mut text = Vec::new();
        let mut numbers = false;
        for (index, field) in self.record.iter().enumerate() {
            if options.ignore.contains(&ColumnRef::Index(index)) {
                continue;
            }
            match number::parse(field) {
                Field::Number(_) | Field::Infinite => numbers = true,
                Field::Missing => {}
                Field::Text => text.push(index),
            }
        }
        match text.as_slice() {
            [] => Ok(false),
            &[index, ..] if numbers => {
                let message =
                    format!("{} is not a number, but other fields of the line are", shown(&self.record[index]));
                let columns = listed(text.iter().map(usize::to_string), ",");
                let (the_column, it) = if text.len() == 1 { ("column", "it") } else { ("columns", "them") };
                Err(self.origin.error(self.line, index + 1, message).remedy(format!(
                    "use {{header}} yes if the line names the columns, else encode the {the_column} as numbers or leave \
                     {it} out with {{ignore}} {columns}"
                )))
            }
            _ => Ok(true),
        }
    }

    /// Refuses a first line that is a row or a header of numbers, and looks the same as either.
    fn refuse_numbers(&self) -> Result<()> {
        let message = if !self.has_next {
            return Ok(());
        } else if let Some((first, last)) = self.counted() {
            format!("the line counts from {first} to {last}: it may name the columns, or be a row")
        } else if self.is_quoted_numbers() {
            "the line has whole numbers in quotes, and the next one has none: it may name the columns, or be a row"
                .into()
        } else {
            return Ok(());
        };
        let remedy = "give {header} yes if it names them, or {header} no if it is a row";
        Err(self.origin.error(self.line, 1, message).remedy(remedy))
    }

    /// The first and the last of the numbers, where the fields count: from 0 or 1 on, or, four at
    /// least, from any number on. An empty first field, over an index column, does not matter.
    fn counted(&self) -> Option<(u64, u64)> {
        let mut fields = self.record.iter().map(str::trim_ascii).peekable();
        fields.next_if(|field| field.is_empty());
        let numbers: Vec<u64> = fields.map(whole).collect::<Option<_>>()?;
        let (&first, &last) = (numbers.first()?, numbers.last()?);
        let least = if first <= 1 { 2 } else { 4 };
        let counts = numbers.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]));
        (counts && numbers.len() >= least).then_some((first, last))
    }

    /// Whether all fields are whole numbers in quotes, and the next record has no quote.
    fn is_quoted_numbers(&self) -> bool {
        QuotedFields::new(self.raw.as_bytes(), self.delimiter).count() == self.record.len()
            && self.record.iter().all(|field| whole(field.trim_ascii()).is_some())
            && self.sample.first().is_some_and(|next| !next.has_quote)
    }

    /// The names that this record gives the columns; a column without one gets one made of its
    /// number.
    fn names(&self, notes: &mut Vec<String>) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::with_capacity(self.record.len());
        let mut made_up = Vec::new();
        for (index, field) in self.record.iter().enumerate() {
            let mut name = field.trim_ascii().to_owned();
            if name.is_empty() {
                name = format!("column_{index}");
                made_up.push(index);
            }
            names.push(name);
        }
        let path = self.origin.path().display();
        notes.extend(made_up.iter().take(NAMES_TOLD).map(|&index| {
            format!("{path}: column {index} has no name in the header and is called `{}`", names[index])
        }));
        if made_up.len() > NAMES_TOLD {
            let more = count(made_up.len() - NAMES_TOLD, "column");
            notes.push(format!("{path}: {more} more without a name in the header are called by their numbers, too"));
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
                    // Another handle than elsewhere: the columns left out may be the caller's own
                    // choice.
                    let what = if what == Use::Ignore { "{ignored-too}" } else { what.handle() };
                    let column = names.map_or(index.to_string(), |names| shown(&names[index]));
                    return Err(Error::parameter(format!(
                        "{} and {what} name the same column, {column}",
                        taken.handle()
                    ))
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
        let (noun, handle, width) = (what.column(), what.handle(), self.record.len());
        let (message, remedy) = match (resolve(column, names, width), column) {
            (Ok(index), _) => return Ok(index),
            (Err(Unresolved::Ambiguous(message, remedy)), _) => (message, remedy),
            (Err(Unresolved::Unknown), ColumnRef::Index(index)) => {
                let range = if width == 1 { "column 0 alone".into() } else { format!("columns 0 to {}", width - 1) };
                let message = format!("there is no {noun} {index}: the file has {range}");
                (message, format!("give {handle} one of these, or a name"))
            }
            (Err(Unresolved::Unknown), ColumnRef::Name(name)) => {
                (format!("there is no {noun} {}", shown(name)), suggest(name, names.unwrap_or_default()))
            }
            (Err(Unresolved::NoHeader), column) => {
                let name = shown(&column.to_string());
                let message = format!("the {noun} {name} is asked for by name, but there is no header");
                let header = match options.header {
                    Header::No => "drop {header} no",
                    Header::Auto | Header::Yes => "add a header to the file",
                };
                (message, format!("give {handle} the number of the column, from 0, or {header}"))
            }
        };
        Err(self.error(Error::parameter(message).remedy(remedy)))
    }

    fn error(&self, error: Error) -> Error {
        error.at_path(self.origin.path()).at_line(self.line)
    }
}

/// Why a reference names no column.
pub(super) enum Unresolved {
    /// The file has no such column.
    Unknown,
    /// A name, and the file has no header.
    NoHeader,
    /// A number that is another column's name: the message, and the remedy.
    Ambiguous(String, String),
}

/// The number of the column that a reference names in a file of `width` columns, with these names
/// if it has a header. Nothing else decides what a reference means.
pub(super) fn resolve(
    column: &ColumnRef,
    names: Option<&[String]>,
    width: usize,
) -> std::result::Result<usize, Unresolved> {
    let named = |wanted: &str| names.and_then(|names| names.iter().position(|name| name == wanted));
    match (column, names) {
        (ColumnRef::Index(index), _) => match named(&index.to_string()) {
            Some(other) if other != *index => {
                let name = names.and_then(|names| names.get(*index));
                let here = name.map_or("which is not there".into(), |name| shown(name));
                let message = format!("{index} may be column {index}, {here}, or column {other}, named `{index}`");
                let that_one = format!("{} for column {other}", ColumnRef::Name(index.to_string()));
                let remedy = match name {
                    Some(name) => format!("give {} for column {index}, or {that_one}", ColumnRef::Name(name.clone())),
                    None => format!("give {that_one}"),
                };
                Err(Unresolved::Ambiguous(message, remedy))
            }
            _ if *index < width => Ok(*index),
            _ => Err(Unresolved::Unknown),
        },
        (ColumnRef::Name(name), Some(_)) => named(name).ok_or(Unresolved::Unknown),
        (ColumnRef::Name(_), None) => Err(Unresolved::NoHeader),
    }
}

/// A whole number in its usual form.
pub(super) fn whole(text: &str) -> Option<u64> {
    let is_usual = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_usual)
}

/// A list for a message, cut where it is long.
pub(super) fn listed(items: impl Iterator<Item = String>, between: &str) -> String {
    const LISTED: usize = 20;
    let items: Vec<String> = items.collect();
    let more = items.len().saturating_sub(LISTED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", items[..items.len().min(LISTED)].join(between))
}

/// `1 column`, `2 columns`.
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The remedy for a name that is not in the header: the nearest one, or else what there is.
fn suggest(name: &str, names: &[String]) -> String {
    let wanted = name.to_lowercase();
    let nearest = names.iter().map(|known| (distance(&wanted, &known.to_lowercase()), known)).min();
    match nearest {
        Some((distance, known)) if distance <= wanted.chars().count().div_ceil(3) => {
            format!("did you mean {}?", shown(known))
        }
        _ => format!("the columns are {}", listed(names.iter().map(|known| shown(known)), ", ")),
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
