//! What the caller says about the files.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::util::setters::setters;

use super::{Copies, SpillOptions};

/// Whether line 1 of a CSV file holds the column names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Header {
    /// Look at line 1; the rule is in the [module](super).
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It is data.
    No,
}

impl Header {
    /// Returns its name: `auto`, `yes` or `no`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

impl FromStr for Header {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            _ => Err(Error::parameter(format!("`{text}` is not a header mode")).remedy("use auto, yes or no")),
        }
    }
}

/// A column of the file: by its name in the header, or by its number in the file.
///
/// As text, digits alone are a number and everything else is a name; `name:7` is the column that is
/// named `7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnRef {
    /// The name in the header, blanks around it left out.
    Name(String),
    /// The number in the file, from 0; label, weight and ignored columns count.
    Index(usize),
}

/// Says that the digits after it are a name.
const NAME: &str = "name:";

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl FromStr for ColumnRef {
    type Err = Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        if let Some(name) = text.strip_prefix(NAME).filter(|name| is_digits(name)) {
            return Ok(Self::Name(name.to_owned()));
        }
        match text.parse() {
            Ok(index) if is_digits(text) => Ok(Self::Index(index)),
            _ => Ok(Self::Name(text.trim_ascii().to_owned())),
        }
    }
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) if is_digits(name) => write!(f, "{NAME}{name}"),
            Self::Name(name) => write!(f, "{name}"),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// How to read the files of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The label column, or `None` if the file has no labels.
    ///
    /// A libsvm line always begins with its label: there, column 0 is the one choice, and with
    /// `None` the label is passed over.
    pub label: Option<ColumnRef>,
    /// The weight column of a CSV file. In libsvm, weights stand beside the label: `label:weight`.
    pub weight: Option<ColumnRef>,
    /// Columns of a CSV file to leave out; they may hold text.
    pub ignore: Vec<ColumnRef>,
    /// Whether CSV files have a header.
    pub header: Header,
    /// The delimiter of CSV files, or `None` to find it in the first lines: a comma, a semicolon, a
    /// tab or `|`.
    pub delimiter: Option<u8>,
    /// The number of features of a libsvm channel at least, say that of the training data or of the
    /// model: absent trailing features become missing ones.
    pub features: Option<usize>,
    /// The objective whose labels alone are allowed, with the number of classes; `None` allows any
    /// number.
    pub domain: Option<(Objective, usize)>,
    /// The index of the first feature of a libsvm channel, 0 or 1, or `None` to find it: 0 if the
    /// files have an index 0, else 1. Give what the training data had to all other channels, and
    /// what the model has ([`Model::index_base`](crate::Model::index_base)) to data for a model: a
    /// sparse file need not have every index.
    pub index_base: Option<usize>,
    /// Whether feature values may go to disk; never with `None`, and those of libsvm files never.
    pub spill: Option<SpillOptions>,
    /// Whether files are hashed as they are read, for
    /// [`Channel::file_sha256`](super::Channel::file_sha256).
    pub sha256: bool,
    /// Bytes that a record of a file, a row without its line break, may have at most: from 1 MiB
    /// on. A CSV file may have a sixteenth of it as columns. So a small packed file cannot fill the
    /// memory with one endless line.
    pub max_record_bytes: usize,
    /// What was read from pipes before, for what is read more than once.
    pub copies: Copies,
}

impl ReadOptions {
    /// [`ReadOptions::max_record_bytes`] by default: 16 MiB, which are rows of two million values
    /// of seven characters.
    pub const MAX_RECORD_BYTES: usize = 16 << 20;
    /// The least that [`ReadOptions::max_record_bytes`] may be.
    pub const LEAST_RECORD_BYTES: usize = 1 << 20;
}

setters!(ReadOptions {
    label: Option<ColumnRef>,
    weight: Option<ColumnRef>,
    ignore: Vec<ColumnRef>,
    header: Header,
    delimiter: Option<u8>,
    features: Option<usize>,
    domain: Option<(Objective, usize)>,
    index_base: Option<usize>,
    spill: Option<SpillOptions>,
    sha256: bool,
    max_record_bytes: usize,
    copies: Copies,
});

impl Default for ReadOptions {
    /// The label in column 0, everything else found.
    fn default() -> Self {
        Self {
            label: Some(ColumnRef::Index(0)),
            weight: None,
            ignore: Vec::new(),
            header: Header::Auto,
            delimiter: None,
            features: None,
            domain: None,
            index_base: None,
            spill: None,
            sha256: false,
            max_record_bytes: Self::MAX_RECORD_BYTES,
            copies: Copies::default(),
        }
    }
}

impl ReadOptions {
    /// Refuses what no file could be read with.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(delimiter) = self.delimiter
            && (!delimiter.is_ascii() || delimiter.is_ascii_alphanumeric() || b"\"\r\n.+-".contains(&delimiter))
        {
            let shown = delimiter.escape_ascii();
            return Err(Error::parameter(format!("the delimiter `{shown}` cannot be told from the content of fields"))
                .remedy("use a comma, a semicolon, a tab or `|`"));
        }
        if self.max_record_bytes < Self::LEAST_RECORD_BYTES {
            let (given, least) = (self.max_record_bytes, Self::LEAST_RECORD_BYTES);
            return Err(Error::parameter(format!("max_record_bytes is {given}, less than {least}"))
                .remedy("give more, or leave it out"));
        }
        if let Some(base @ 2..) = self.index_base {
            return Err(Error::parameter(format!("the libsvm index base {base} is neither 0 nor 1")));
        }
        Ok(())
    }

    /// Columns that a CSV file may have at most.
    pub(super) fn max_columns(&self) -> usize {
        self.max_record_bytes / 16
    }

    /// Refuses labels outside the objective's domain; the error has no place.
    pub(super) fn check_labels(&self, labels: &[f32]) -> Result<()> {
        let Some((objective, classes)) = self.domain else { return Ok(()) };
        objective.check_labels(labels, classes).map_err(|(_, error)| error)
    }

    /// The columns asked for, with what for.
    pub(super) fn columns(&self) -> impl Iterator<Item = (Use, &ColumnRef)> {
        let label = self.label.iter().map(|column| (Use::Label, column));
        let weight = self.weight.iter().map(|column| (Use::Weight, column));
        let ignore = self.ignore.iter().map(|column| (Use::Ignore, column));
        label.chain(weight).chain(ignore)
    }
}

/// What a column is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Label,
    Weight,
    Ignore,
}

impl Use {
    /// What asks for it, in the texts of the library.
    pub(super) fn handle(self) -> &'static str {
        match self {
            Self::Label => "{label}",
            Self::Weight => "{weight}",
            Self::Ignore => "{ignore}",
        }
    }

    /// As in "the label column".
    pub(super) fn column(self) -> &'static str {
        match self {
            // Another column may be read in the place of the label.
            Self::Label => "{label-column}",
            Self::Weight => "weight column",
            Self::Ignore => "ignored column",
        }
    }
}
