//! Columns of the files as text: what rows have in common (their fold, their group, their facet),
//! compared exactly.
//!
//! Features are binary32, in which `20240115` and `20240116` are one number. What identifies rows
//! is read from the files again, as it is written there.

pub use super::exact::Decimal;
use super::layout::{First, Layout, Role, Unresolved, listed, resolve};
use super::number::{self, Field, shown};
use super::source::{Source, is_standard_input, list};
use super::{ColumnRef, Copies, Format, Header, ReadOptions, csv, libsvm, locations};
use crate::error::{Error, Result};
use crate::io::storage::Kind;
use crate::io::{Local, Location, Storage};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// As it is written: of several spellings of a number the shortest.
    pub text: String,
    /// The number that it is.
    pub number: Option<Decimal>,
}

impl Key {
    /// The value that a text is.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_string(), number: Decimal::parse(text) }
    }
}

/// The values of a column, row by row. They are equal if the exact decimal numbers are equal, where
/// all that are not missing are numbers; otherwise if their texts are.
#[derive(Clone, Debug)]
pub struct Keys {
    /// What stands in the file, each text once.
    spellings: Vec<Box<str>>,
    /// The number of each row's spelling.
    of_row: Vec<u32>,
    /// The number of each spelling's value; [`MISSING`] for a word for missing.
    value_of: Vec<u32>,
    /// The different values, ascending: as numbers if they are, or else as texts.
    values: Vec<Key>,
    numeric: bool,
}

const MISSING: u32 = u32::MAX;

impl Keys {
    /// The values that texts are, one a row; blanks around them do not count. Missing values are
    /// those of the [ingest module](super).
    pub fn new(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut known = Spellings::default();
        texts.into_iter().for_each(|text| known.add(text.as_ref().trim_ascii()));
        known.finish()
    }

    /// The values that binary32 numbers are, one a row, by their shortest decimal form; NaN is
    /// missing and -0.0 is 0.0.
    #[must_use]
    pub fn of_values(values: &[f32]) -> Self {
        Self::new(values.iter().map(|&value| (value + 0.0).to_string()))
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.of_row.len()
    }

    /// The different values that are not missing, ascending: as numbers if all are, or else in the
    /// order of their bytes.
    #[must_use]
    pub fn values(&self) -> &[Key] {
        &self.values
    }

    /// Whether all values are numbers, and so compared as such.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        self.numeric
    }

    /// The place of each row's value in [`Keys::values`]; `None` where it is missing.
    pub fn places(&self) -> impl ExactSizeIterator<Item = Option<usize>> + '_ {
        self.of_row.iter().map(|&spelling| {
            let value = self.value_of[spelling as usize];
            (value != MISSING).then_some(value as usize)
        })
    }

    /// The nearest binary32 number to each row's value, NaN for a missing one; `None` for a column
    /// of text.
    #[must_use]
    pub fn nearest(&self) -> Option<Vec<f32>> {
        let nearest = |text: &str| match number::parse(text) {
            Field::Number(value) => value,
            Field::Infinite if text.starts_with('-') => f32::NEG_INFINITY,
            Field::Infinite => f32::INFINITY,
            Field::Missing | Field::Text => f32::NAN,
        };
        let of: Vec<f32> = self.spellings.iter().map(|text| nearest(text)).collect();
        self.numeric.then(|| self.of_row.iter().map(|&spelling| of[spelling as usize]).collect())
    }

    /// Each row's number among the different values, in the order of the bytes of their
    /// [texts](Key::text). A word for missing is a value of its own.
    #[must_use]
    pub fn numbered(&self) -> Vec<u32> {
        let name = |text: &str, value: u32| match value {
            MISSING => text.to_string(),
            value => self.values[value as usize].text.clone(),
        };
        let spelled = self.spellings.iter().zip(&self.value_of);
        let names: Vec<String> = spelled.map(|(text, &value)| name(text, value)).collect();
        let mut order: Vec<&String> = names.iter().collect();
        order.sort_unstable();
        order.dedup();
        let places: Vec<u32> = names.iter().map(|name| order.partition_point(|other| *other < name) as u32).collect();
        self.of_row.iter().map(|&spelling| places[spelling as usize]).collect()
    }
}

/// The texts of a column so far.
#[derive(Default)]
struct Spellings {
    known: HashMap<Box<str>, u32>,
    of_row: Vec<u32>,
}

impl Spellings {
    fn add(&mut self, text: &str) {
        let next = self.known.len() as u32;
        let spelling = match self.known.get(text) {
            Some(&spelling) => spelling,
            None => *self.known.entry(text.into()).or_insert(next),
        };
        self.of_row.push(spelling);
    }

    fn finish(self) -> Keys {
        let mut spellings: Vec<(Box<str>, u32)> = self.known.into_iter().collect();
        spellings.sort_unstable_by_key(|&(_, number)| number);
        let spellings: Vec<Box<str>> = spellings.into_iter().map(|(text, _)| text).collect();
        let present = |text: &str| number::parse(text) != Field::Missing;
        let mut keys: Vec<(usize, Key)> = spellings
            .iter()
            .enumerate()
            .filter(|(_, text)| present(text))
            .map(|(at, text)| (at, Key::new(text)))
            .collect();
        let numeric = keys.iter().all(|(_, key)| key.number.is_some());
        // Of the spellings of a number the shortest comes first.
        keys.sort_unstable_by(|(_, a), (_, b)| {
            let by_number = if numeric { a.number.cmp(&b.number) } else { std::cmp::Ordering::Equal };
            let by_text = || if numeric { a.text.len().cmp(&b.text.len()) } else { std::cmp::Ordering::Equal };
            by_number.then_with(by_text).then_with(|| a.text.cmp(&b.text))
        });
        let mut value_of = vec![MISSING; spellings.len()];
        let mut values: Vec<Key> = Vec::new();
        for (spelling, key) in keys {
            if !(numeric && values.last().is_some_and(|last| last.number == key.number)) {
                values.push(key);
            }
            value_of[spelling] = values.len() as u32 - 1;
        }
        Keys { spellings, of_row: self.of_row, value_of, values, numeric }
    }
}

/// Each text's number among the different values of [`Keys`], in the order of their bytes.
#[must_use]
pub fn numbered(texts: &[String]) -> Vec<u32> {
    Keys::new(texts).numbered()
}

/// What is read as [`Keys`].
#[derive(Clone, Copy, Debug)]
pub enum KeyOf<'a> {
    /// A column of CSV files, whatever it is for otherwise; of libsvm files, column 0 is the label.
    Column(&'a ColumnRef),
    /// A feature of the table that the files make with these options, from 0.
    Feature(usize),
}

/// Reads the values of one column of the files of a channel, to the last digit; libsvm files need
/// [`ReadOptions::index_base`] for a feature.
///
/// # Errors
/// As [`read_channel`](super::read_channel), and for a pipe without a copy in
/// [`ReadOptions::copies`], which cannot be read once more.
pub fn read_keys(paths: &[PathBuf], options: &ReadOptions, which: KeyOf<'_>) -> Result<Keys> {
    read_keys_from(&Local, &locations(paths), options, which)
}

/// Reads the values of one column of the files of a channel in any storage; see [`read_keys`].
///
/// # Errors
/// As [`read_keys`].
pub fn read_keys_from(
    storage: &dyn Storage,
    places: &[Location],
    options: &ReadOptions,
    which: KeyOf<'_>,
) -> Result<Keys> {
    // The label is the one column that is read apart from the features.
    let as_label = |column: &ColumnRef| ReadOptions { label: Some(column.clone()), ..options.clone() };
    // The layout of the file before, which tells whether the next one repeats its header.
    let mut before: Option<Layout> = None;
    let mut find = |first: &First<'_>| {
        let mut known = options.clone();
        if let KeyOf::Column(column) = which {
            known.ignore.push(column.clone());
        }
        known.header = if first.is_header(&known, before.as_ref())? { Header::Yes } else { Header::No };
        let role = match which {
            KeyOf::Feature(_) => Role::Feature,
            KeyOf::Column(column) => {
                // Now that it is known whether there is a header, the column may also be a weight,
                // or one that is left out under another name.
                known = match (column, known.header) {
                    (ColumnRef::Name(_), Header::No) => as_label(column),
                    (_, header) => ReadOptions { header, weight: None, ignore: Vec::new(), ..as_label(column) },
                };
                Role::Label
            }
        };
        let layout = Layout::of(first, &known, &mut Vec::new())?;
        let place = if let KeyOf::Feature(feature) = which { feature } else { 0 };
        let (index, _) = layout.kept_columns().filter(|&(_, of)| of == role).nth(place).ok_or_else(changed)?;
        let has_header = layout.names.is_some();
        before = Some(layout);
        Ok((index, has_header))
    };
    let mut spellings = Spellings::default();
    let mut take = |text: &str| {
        spellings.add(text.trim_ascii());
        Ok(())
    };
    for at in &list(storage, places)?.0 {
        check_file(storage, at, &options.copies)?;
        let source = Source::open(storage, at, false, options.max_record_bytes, &options.copies)?;
        match (source.format(options.delimiter.is_some()), which) {
            (Format::Csv, _) => csv::column::read(&source, options.delimiter, &mut find, &mut take)?,
            (Format::Libsvm, KeyOf::Column(column)) => {
                libsvm::refuse_csv_options(&source, &as_label(column))?;
                libsvm::read_index(&source, None, &mut take)?;
            }
            (Format::Libsvm, KeyOf::Feature(feature)) => {
                libsvm::read_index(&source, Some(feature + options.index_base.unwrap_or(0)), &mut take)?;
            }
        }
    }
    Ok(spellings.finish())
}

/// The error for files that are not what they were a moment ago.
#[must_use]
pub fn changed() -> Error {
    Error::data("the data has changed while it was read").remedy("run the command again when nobody writes to it")
}

/// Refuses what cannot be read twice.
fn check_file(storage: &dyn Storage, at: &Location, copies: &Copies) -> Result<()> {
    let path = at.path();
    if copies.holds(path) {
        return Ok(());
    }
    if is_standard_input(path) || storage.about(at).is_ok_and(|about| matches!(about.kind, Kind::Pipe | Kind::Device)) {
        let error = Error::data(
            "facets, groups and folds are read from the file once more, which a pipe or a device does not allow",
        );
        return Err(error.at_path(path).remedy("save the data to a file first"));
    }
    Ok(())
}

/// Refuses paths to what cannot be read twice, before anything is read.
///
/// # Errors
/// Names the first pipe without a copy, or device.
pub fn check_files(paths: &[PathBuf], copies: &Copies) -> Result<()> {
    locations(paths).iter().try_for_each(|at| check_file(&Local, at, copies))
}

/// A column to read beside the features.
#[derive(Clone, Debug)]
pub struct KeyColumn<'a> {
    /// Which one.
    pub column: &'a ColumnRef,
    /// What the caller calls it, for messages.
    pub name: &'static str,
    /// The delimiter, or `None` to find it.
    pub delimiter: Option<u8>,
    /// As in [`ReadOptions`](super::ReadOptions::max_record_bytes).
    pub max_record_bytes: usize,
    /// As in [`ReadOptions`](super::ReadOptions::copies).
    pub copies: Copies,
}

impl KeyColumn<'_> {
    /// Checks that the first file has the column, before anything else is read.
    ///
    /// # Errors
    /// If it has not, or cannot be read.
    pub fn check(&self, path: &Path) -> Result<()> {
        csv::column::first(&self.open(&path.into())?, self.delimiter, |first| self.position(first, false)).map(drop)
    }

    fn open(&self, at: &Location) -> Result<Source<'static>> {
        Source::open(&Local, at, false, self.max_record_bytes, &self.copies)
    }

    /// The value of each row, in the order of the files, as `parse` makes it of the text without
    /// blanks around it; `header` says whether each file begins with one.
    ///
    /// # Errors
    /// Those of `parse`, with file, line and column.
    pub fn read<T>(&self, files: &[PathBuf], header: bool, parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
        let mut values = Vec::new();
        for at in &locations(files) {
            check_file(&Local, at, &self.copies)?;
            let mut take = |text: &str| {
                values.push(parse(text)?);
                Ok(())
            };
            let find = |first: &First<'_>| Ok((self.position(first, header)?, header));
            csv::column::read(&self.open(at)?, self.delimiter, find, &mut take)?;
        }
        Ok(values)
    }

    /// The number of the column in a file that begins with this record.
    fn position(&self, first: &First<'_>, header: bool) -> Result<usize> {
        let name = self.name;
        let names: Vec<String> = first.record.iter().map(|name| name.trim_ascii().to_string()).collect();
        // A name is always looked for in the first line; there, a number is another column's name
        // in a header alone.
        let by_name = header || matches!(self.column, ColumnRef::Name(_));
        let unresolved = match resolve(self.column, by_name.then_some(names.as_slice()), names.len()) {
            Ok(index) => return Ok(index),
            Err(unresolved) => unresolved,
        };
        let (message, remedy) = match (unresolved, self.column) {
            (Unresolved::Ambiguous(message, remedy), _) => (format!("{name}: {message}"), remedy),
            (_, ColumnRef::Index(index)) => (
                format!("{name} {index}: the file has columns 0 to {}", names.len() - 1),
                "give one of these".to_string(),
            ),
            (_, ColumnRef::Name(wanted)) => {
                let message = format!("{name} {wanted}: the file has no column {}", shown(wanted));
                let near = crate::util::names::nearest(wanted, names.iter().map(String::as_str));
                let all = || listed(names.iter().map(|name| shown(name)), ", ");
                let remedy = near
                    .map_or_else(|| format!("the first line has {}", all()), |near| format!("did you mean {near}?"));
                (message, remedy)
            }
        };
        Err(Error::parameter(message).remedy(remedy).at_path(first.origin.path()).at_line(first.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::ReadOptions;

    #[test]
    fn a_column_of_text_in_several_files() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let paths = ["a.csv", "b.csv"].map(|name| folder.path().join(name));
        for (path, text) in paths.iter().zip(["\u{feff}y; who\n1;\"ann; b\"\n\n0; bob \n", "y;who\n1;ann; b\n0;cid"]) {
            std::fs::write(path, text).unwrap_or_else(|error| panic!("{error}"));
        }
        let column = ColumnRef::Name("who".into());
        let key = KeyColumn {
            column: &column,
            name: "the group",
            delimiter: None,
            max_record_bytes: ReadOptions::MAX_RECORD_BYTES,
            copies: Copies::default(),
        };
        let read = key.read(&paths, true, |text| Ok(text.to_string())).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read, ["ann; b", "bob", "ann", "cid"]);
        assert_eq!(numbered(&read), [1, 2, 0, 3]);
        let key = KeyColumn { column: &ColumnRef::Index(1), ..key };
        let refuse = |text: &str| if text == "cid" { Err(Error::data("no")) } else { Ok(()) };
        let error = key.read(&paths, true, refuse).err().map(|error| (error.line(), error.column()));
        assert_eq!(error, Some((Some(3), Some(2))));
        let wanted = ColumnRef::Name("whom".into());
        let error = KeyColumn { column: &wanted, ..key }.check(&paths[0]).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| {
            error.ends_with(":1: the group whom: the file has no column `whom`; did you mean who?")
        }));
    }

    fn places(texts: &[&str]) -> (Vec<String>, Vec<Option<usize>>) {
        let keys = Keys::new(texts);
        (keys.values().iter().map(|key| key.text.clone()).collect(), keys.places().collect())
    }

    #[test]
    fn numbers_are_equal_as_numbers_where_all_are() {
        let (values, rows) = places(&["10", "1.0", "", "1", "NA", "01", "1e1", "9"]);
        assert_eq!(values, ["1", "9", "10"]);
        assert_eq!(rows, [Some(2), Some(0), None, Some(0), None, Some(0), Some(2), Some(1)]);
        let (values, rows) = places(&["20240115", "20240116", "20240115.0"]);
        assert_eq!((values, rows), (vec!["20240115".into(), "20240116".into()], vec![Some(0), Some(1), Some(0)]));
        // A single text makes texts of all.
        let (values, rows) = places(&["10", "1.0", "?", "1", "x"]);
        assert_eq!(values, ["1", "1.0", "10", "x"]);
        assert_eq!(rows, [Some(2), Some(1), None, Some(0), Some(3)]);
        assert_eq!(places(&["", "nan"]), (vec![], vec![None, None]));
        let keys = Keys::of_values(&[0.1, f32::NAN, -0.0, 16_777_216.0]);
        assert_eq!(keys.values().iter().map(|key| key.text.as_str()).collect::<Vec<_>>(), ["0", "0.1", "16777216"]);
        assert_eq!(keys.nearest().map(|values| values[3]), Some(16_777_216.0));
    }

    /// Folds depend on these numbers: those of columns with one spelling a value are the order of
    /// their bytes.
    #[test]
    fn groups_are_numbered_by_their_bytes() {
        let numbered = |texts: &[&str]| numbered(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(numbered(&["10", "9", "1", "NA"]), [1, 2, 0, 3]);
        assert_eq!(numbered(&["10", "9", "1", "1e1", "9.0", "null", "NA"]), [1, 2, 0, 1, 2, 4, 3]);
        assert_eq!(numbered(&["b", "a", "1", "1.0"]), [3, 2, 0, 1]);
    }
}
