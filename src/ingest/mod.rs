//! Text files to a [`Dataset`]: CSV and libsvm, plain or gzipped, one or several files a channel.
//!
//! The way of a file: `source` lists, opens, unpacks and decodes it; `sniff` finds its format and
//! delimiter; `chunks` cuts its text where records end; `layout` finds the header and the role of
//! each column; `csv` or `libsvm` turns the fields of a chunk into columns through `number`, the
//! one place where text becomes a value. `assembler` has the one list of formats: a further one is
//! a [`Format`] and a reader there.
//!
//! # Values
//! A number is what `str::parse::<f32>` makes of it, blanks around it left out; `-0.0` becomes
//! `0.0`. An empty field, `NA`, `N/A`, `nan`, `null` (in any case) and `?` are missing. An
//! infinity, and a number that overflows to one, is an error. Labels and weights may not be
//! missing, and weights not be negative.
//!
//! # Format
//! Files that end in `.csv` and `.tsv` are CSV, `.libsvm` and `.svm` are libsvm; `.txt` and other
//! endings are looked into: a line like `label index:value ...` makes libsvm. Gzip is known by its
//! content, whatever the ending.
//!
//! # Header of a CSV file
//! With [`Header::Auto`], line 1 is looked at without the columns that are ignored by their number:
//! - it names a column that [`ReadOptions`] asks for: a header;
//! - its fields count (0, 1, 2, ...; 1, 2, 3, ...; or four at least from any number on), or all are
//!   whole numbers in quotes where the next line has none, and there is a next line: an error,
//!   since it may be either;
//! - no field is text (numbers and missing fields alone): data;
//! - fields are text and none is a number: a header;
//! - some are text, some are numbers: an error, since a header such as `label,1,2` and a row with
//!   text such as `1,34,Private` cannot be told apart, and taking one for the other loses a row or
//!   invents one.
//!
//! A further file of a channel is taken as the first was.
//!
//! # Quotes and records
//! RFC 4180's: a quoted field may hold delimiters, line breaks and doubled quotes. A quote that is
//! not closed, or after whose closing anything but blanks comes before the delimiter or the line
//! break, is an error. So is a record of several lines each of which is a row by itself: the quote
//! was opened by accident, and closed by the next one. A quote within an unquoted field belongs to
//! it. A record has at most [`ReadOptions::max_record_bytes`].
//!
//! # Errors
//! Every error about the content of a file names the file, the line in it (the first one of a
//! quoted record that runs over several) and the field, both from 1, the value and a remedy. Of a
//! quote, the column is the letter in the line.

mod assembler;
mod cells;
mod check;
mod chunks;
mod copies;
mod csv;
mod decimal;
mod exact;
mod hash;
pub mod keys;
mod kinds;
mod layout;
mod libsvm;
mod likeness;
mod number;
mod options;
mod quotes;
mod sniff;
mod source;
pub mod spill;
mod table;

use std::io::Read;
use std::path::{Path, PathBuf};

pub use crate::data::dataset::Dataset;
pub use crate::data::rows::Rows;
pub use check::check_same_features;
pub use copies::Copies;
pub use number::shown;
pub use options::{ColumnRef, Header, ReadOptions};
pub use source::is_data_name;
pub use spill::{SpillOptions, Spilled};

use crate::error::{Error, Result};
use crate::io::{Local, Location, Storage};
use assembler::Assembler;
use source::Source;

/// The text formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Fields with a delimiter between them, one record a line.
    Csv,
    /// `label index:value index:value ...`.
    Libsvm,
}

/// What the files of one channel (training, validation, test) hold, and how they were read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Channel {
    /// The table, without feature values where these are spilled.
    pub dataset: Dataset,
    /// The feature values, where they went to disk as [`ReadOptions::spill`] allows.
    pub spilled: Option<Spilled>,
    /// The files in the order of their rows.
    pub files: Vec<PathBuf>,
    /// What was found rather than asked for, and is worth saying: header, delimiter, index base,
    /// skipped files.
    pub notes: Vec<String>,
    /// The format of all files.
    pub format: Format,
    /// Whether the files begin with a header.
    pub header: bool,
    /// Rows of each file.
    pub file_rows: Vec<usize>,
    /// The sha256 of the bytes that were read from each file, in lower case hexadecimal digits,
    /// where [`ReadOptions::sha256`] asks for it: `None` for a pipe, whose bytes cannot be read
    /// again. Empty where it does not.
    pub file_sha256: Vec<Option<String>>,
    /// Columns of the files, whatever they are for; of libsvm files, features.
    pub columns: usize,
    /// The index base of a libsvm channel, to be forced on the other channels through
    /// [`ReadOptions::index_base`].
    pub index_base: Option<usize>,
}

impl Dataset {
    /// Reads a CSV file, plain or gzipped: the label in the first column, the header detected.
    ///
    /// ```no_run
    /// let data = gboost::Dataset::from_csv("train.csv")?;
    /// println!("{} rows of {} features", data.rows, data.features());
    /// # Ok::<(), gboost::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read_channel`].
    pub fn from_csv(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_csv_with(path, &ReadOptions::default())
    }

    /// Reads a file as the options say. [`read_channel`] also tells what was found, and keeps
    /// values on disk.
    ///
    /// # Errors
    /// As [`read_channel`], and if the options let values go to disk.
    pub fn from_csv_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        if options.spill.is_some() {
            return Err(Error::parameter("a table in memory cannot have its values on disk")
                .remedy("read it with read_channel, or leave spill out"));
        }
        Ok(read_channel(&[path.as_ref().to_path_buf()], options)?.dataset)
    }
}

/// Reads the files of one channel, in the order given; `-` is standard input, and a folder stands
/// for the regular files in it that end in `.csv`, `.tsv`, `.txt`, `.libsvm` or `.svm` (or these
/// with `.gz`) and are not hidden, sorted by name.
///
/// # Errors
/// When a file cannot be read, breaks a rule of the [module](self), or does not fit the files
/// before it.
pub fn read_channel(paths: &[PathBuf], options: &ReadOptions) -> Result<Channel> {
    read_channel_from(&Local, &locations(paths), options)
}

/// Reads the files of one channel from any storage; see [`read_channel`].
///
/// # Errors
/// As [`read_channel`].
pub fn read_channel_from(storage: &dyn Storage, places: &[Location], options: &ReadOptions) -> Result<Channel> {
    options.check()?;
    let (files, mut notes) = source::list(storage, places)?;
    if options.sha256 {
        source::check_names(&files)?;
    }
    let mut assembler = Assembler::new(Format::reader);
    let (mut file_rows, mut file_sha256) = (Vec::new(), Vec::new());
    for file in &files {
        let before = assembler.rows();
        let source = Source::open(storage, file, options.sha256, options.max_record_bytes, &options.copies)?;
        assembler.add(&source, options)?;
        file_rows.push(assembler.rows() - before);
        if options.sha256 {
            file_sha256.push(source.sha256());
        }
    }
    let mut channel = assembler.finish(options)?;
    notes.append(&mut channel.notes);
    let files = files.iter().map(|file| file.path().to_path_buf()).collect();
    Ok(Channel { files, notes, file_rows, file_sha256, ..channel })
}

fn locations(paths: &[PathBuf]) -> Vec<Location> {
    paths.iter().map(|path| path.as_path().into()).collect()
}

/// Reads a channel from bytes in memory or from any other reader; `name` stands for the file in
/// messages, and its ending tells the format.
///
/// # Errors
/// As [`read_channel`].
pub fn read_bytes(name: &Path, bytes: impl Read + Send, options: &ReadOptions) -> Result<Channel> {
    options.check()?;
    let mut assembler = Assembler::new(Format::reader);
    assembler.add(&Source::from_reader(name, bytes, None, options.max_record_bytes)?, options)?;
    let channel = assembler.finish(options)?;
    Ok(Channel { files: vec![name.to_path_buf()], file_rows: vec![channel.dataset.rows], ..channel })
}
