//! libsvm files to columns.
//!
//! A line is `label index:value index:value ...` or `label:weight index:value ...`, with blanks
//! between the words and a comment after `#`; lines with nothing but blanks and a comment are
//! skipped. Indices stand in any order, none twice. What is absent is missing, and so are the words
//! for missing of the [module](super). Where the caller says that there are no labels, the first
//! word is passed over and may hold no weight: `1:0.5` could be a feature as well.

use std::path::PathBuf;

use super::chunks::{Chunk, Cut};
use super::layout::count;
use super::likeness;
use super::number::{self, Field, shown, why_infinite};
use super::options::Use;
use super::source::{Origin, Source, from_line};
use super::table::TableReader;
use super::{Channel, ColumnRef, Format, Header, ReadOptions, SpillOptions};
use crate::data::dataset::Dataset;
use crate::error::words;
use crate::error::{Error, Result};

/// Columns are dense in memory, so an index far beyond all others is an error in the file rather
/// than a wide table.
const LARGEST_INDEX: usize = 1 << 24;

/// Indices up to the largest one per index that occurs, at most. Hashed features (2^20 of them in a
/// few thousand rows, say) stay far below; a row number or a date in the place of an index does
/// not.
const WIDTH_PER_INDEX: usize = 1 << 10;

/// A table of at most this many bytes may be wider than [`WIDTH_PER_INDEX`] allows.
const SMALL_TABLE_BYTES: usize = 640 << 20;

/// Bytes that a feature takes in a training beside its values, roughly: column, name, cuts, codes,
/// sums. A million features of two rows took 1,090 MB at their peak.
const FEATURE_BYTES: usize = 1088;

/// No backend takes more rows (`docs/exactness.md` 0), and entries keep theirs in 32 bits.
const MOST_ROWS: usize = i32::MAX as usize;

/// The rows of the libsvm files so far.
pub(super) struct Table {
    /// The first file, for the notes.
    first: PathBuf,
    entries: Vec<Entry>,
    labels: Vec<f32>,
    weights: Vec<f32>,
    rows: usize,
    /// For each index up to the largest one, the row (from 1) that had it last, 0 for none: finds
    /// repeated indices.
    last_row: Vec<u32>,
    /// Where the largest index stands first, said as an error; only of those that make a table
    /// wide.
    widest: Option<Error>,
}

/// A value that is there.
struct Entry {
    row: u32,
    index: u32,
    value: f32,
}

/// Where a word stands, from 1.
struct Place<'a> {
    origin: &'a Origin,
    line: u64,
    word: usize,
}

impl Place<'_> {
    fn error(&self, message: impl Into<String>) -> Error {
        self.origin.error(self.line, self.word, message)
    }

    /// The number in `text`, `NaN` where it is missing.
    fn number(&self, text: &str, subject: &str) -> Result<f32> {
        match number::parse(text) {
            Field::Number(value) => Ok(value),
            Field::Missing => Ok(f32::NAN),
            Field::Infinite => Err(self.error(format!("{subject}{}", why_infinite(text))).remedy("use finite numbers")),
            Field::Text => {
                let like = likeness::of(text);
                let message = format!("{subject}{} is not a number{}", shown(text), likeness::but(like.as_ref()));
                let remedy = match (like, subject) {
                    (Some(like), LABEL) if like.is_missing => "fill it in, or remove the row".to_owned(),
                    (Some(like), "") if like.is_missing => "leave the pair out if the value is missing".to_owned(),
                    (Some(like), _) if !like.is_missing => like.remedy,
                    (_, LABEL) => "encode the classes as 0, 1, ...".to_owned(),
                    _ => "encode it as a number".to_owned(),
                };
                Err(self.error(message).remedy(remedy))
            }
        }
    }
}

const LABEL: &str = "the label ";
const WEIGHT: &str = "the weight ";

impl Table {
    /// Reads the first file.
    pub(super) fn begin(source: &Source<'_>, options: &ReadOptions) -> Result<Self> {
        refuse_csv_options(source, options)?;
        let mut table = Self {
            first: source.path().to_path_buf(),
            entries: Vec::new(),
            labels: Vec::new(),
            weights: Vec::new(),
            rows: 0,
            last_row: Vec::new(),
            widest: None,
        };
        table.read(source, options)?;
        Ok(table)
    }

    /// Reads the rows of a file.
    fn read(&mut self, source: &Source<'_>, options: &ReadOptions) -> Result<()> {
        let before = self.rows;
        let mut chunk = Chunk::default();
        let mut line = 1;
        while source.next(Cut::Line, &mut chunk).map_err(|error| from_line(error, line))? {
            line = self.add_lines(&chunk, source.origin(), line, options)?;
        }
        if self.rows == before {
            let error = Error::data("the file has comments but no rows").at_path(source.path());
            return Err(error.remedy("give a file with rows, or leave it out"));
        }
        Ok(())
    }

    /// Reads whole lines, the first of which is `line`, and returns the one after them.
    fn add_lines(&mut self, chunk: &Chunk, origin: &Origin, mut line: u64, options: &ReadOptions) -> Result<u64> {
        for text in origin.text(&chunk.bytes, line)?.split_inclusive('\n') {
            let text = text.split('#').next().unwrap_or_default();
            let mut words = text.split_ascii_whitespace();
            let mut place = Place { origin, line, word: 1 };
            line += 1;
            let Some(first) = words.next() else { continue };
            if self.rows >= MOST_ROWS {
                let error = place.error(format!("there are more than {MOST_ROWS} rows"));
                return Err(error.remedy("take fewer rows"));
            }
            self.add_label(first, &place, options)?;
            for word in words {
                place.word += 1;
                self.add_pair(word, &place, options)?;
            }
            self.rows += 1;
        }
        Ok(line)
    }

    /// The first word of a line: `label` or `label:weight`.
    fn add_label(&mut self, word: &str, place: &Place<'_>, options: &ReadOptions) -> Result<()> {
        let (label, weight) = word.split_once(':').map_or((word, None), |(label, weight)| (label, Some(weight)));
        if options.label.is_none() {
            if weight.is_some() {
                let message = format!("{} stands where the label belongs", shown(word));
                return Err(place.error(message).remedy("begin every line with a label, 0 if it is not known"));
            }
            return place.number(label, LABEL).map(|_| ());
        }
        let label = place.number(label, LABEL)?;
        if label.is_nan() {
            return Err(place.error("the label is missing").remedy("fill it in, or remove the row"));
        }
        options
            .check_labels(&[label])
            .map_err(|error| error.at_path(place.origin.path()).at_line(place.line).at_column(place.word as u64))?;
        self.labels.push(label);
        if let Some(weight) = weight {
            let value = place.number(weight, WEIGHT)?;
            if value.is_nan() {
                return Err(place.error("the weight is missing").remedy("fill it in, or remove the row"));
            }
            if value < 0.0 {
                let message = format!("{WEIGHT}{} is negative", shown(weight));
                return Err(place.error(message).remedy("use finite numbers from 0 on"));
            }
            self.weights.push(value);
        }
        if self.weights.len() != if weight.is_some() { self.rows + 1 } else { 0 } {
            let message = match weight {
                Some(_) => format!("{} has a weight, but the rows before it have none", shown(word)),
                None => format!("{} has no weight, but the rows before it have one", shown(word)),
            };
            return Err(place
                .error(message)
                .remedy("begin every line with `label:weight`, or every line with `label`"));
        }
        Ok(())
    }

    /// A further word of a line: `index:value`.
    fn add_pair(&mut self, word: &str, place: &Place<'_>, options: &ReadOptions) -> Result<()> {
        let Some((index, value)) = word.split_once(':').filter(|(_, value)| !value.is_empty()) else {
            let error = place.error(format!("{} is not an index:value pair", shown(word)));
            return Err(error.remedy("write every feature as its index, a colon and its value"));
        };
        if index == "qid" {
            let error = place.error(format!("{}: query groups are not supported yet", shown(word)));
            return Err(error.remedy("remove the qid words"));
        }
        let digits = index.bytes().all(|byte| byte.is_ascii_digit()) && !index.is_empty();
        if !digits {
            let error = place.error(format!("{} in {} is not an index", shown(index), shown(word)));
            return Err(error.remedy("use whole numbers from 0 on"));
        }
        // Digits that overflow are beyond the largest index too.
        let index: usize = index.parse().unwrap_or(usize::MAX);
        if index > LARGEST_INDEX {
            let error = place.error(format!("the index of {} is larger than {LARGEST_INDEX}", shown(word)));
            return Err(error.remedy("number the features without gaps"));
        }
        if let Some(base) = options.index_base.filter(|&base| index < base) {
            let error = place.error(format!("{} has an index below {base}, where the indices begin", shown(word)));
            return Err(error.remedy(
                "number the features as in the training data, or train with {index-base} 0 if indices count from 0",
            ));
        }
        if index >= self.last_row.len() {
            self.last_row.resize(index + 1, 0);
            if index >= WIDTH_PER_INDEX {
                self.widest = Some(place.error(format!("the index of {} is far beyond the others", shown(word))));
            }
        }
        let row = self.rows as u32 + 1;
        if std::mem::replace(&mut self.last_row[index], row) == row {
            let error = place.error(format!("the index of {} is there twice in the line", shown(word)));
            return Err(error.remedy("give every feature one value a row"));
        }
        let value = place.number(value, "")?;
        if !value.is_nan() {
            self.entries.push(Entry { row: row - 1, index: index as u32, value });
        }
        Ok(())
    }

    /// Refuses a table that is wide by a few large indices, before there is memory for it. What the
    /// model or the training data has is not in question.
    fn check_width(&mut self, options: &ReadOptions) -> Result<()> {
        let width = self.last_row.len();
        let occurring = self.last_row.iter().filter(|&&row| row > 0).count();
        let bytes = (FEATURE_BYTES + size_of::<f32>() * self.rows).saturating_mul(width);
        if bytes <= SMALL_TABLE_BYTES
            || width <= WIDTH_PER_INDEX.saturating_mul(occurring)
            || width <= options.features.unwrap_or(0)
        {
            return Ok(());
        }
        let Some(error) = self.widest.take() else { return Ok(()) };
        let (rows, indices) = (count(self.rows, "row"), if occurring == 1 { "index" } else { "indices" });
        let reason = format!("{rows} with {occurring} different {indices} would take {} MB of memory", bytes >> 20);
        Err(error.remedy(format!("number the features without gaps: {reason}")))
    }

    /// The channel of all files.
    fn channel(mut self, options: &ReadOptions) -> Result<Channel> {
        self.check_width(options)?;
        let first = self.first.display();
        let base = options.index_base.unwrap_or(usize::from(self.last_row.first().is_none_or(|&row| row == 0)));
        let note = match options.index_base {
            Some(base) => format!("{first}: libsvm with indices from {base} on, as given"),
            None if base == 0 => format!("{first}: libsvm with indices from 0 on (there is an index 0)"),
            None => {
                let remedy = words::say("give {index-base} 0 if they count from 0");
                format!("{first}: libsvm with indices from 1 on (there is no index 0); {remedy}")
            }
        };
        let found = self.last_row.len().saturating_sub(base);
        let width = found.max(options.features.unwrap_or(0));
        if width == 0 {
            let error = Error::data("no row has a feature").at_path(&self.first);
            return Err(error.remedy("write features as index:value pairs after the label"));
        }
        // A model may declare any number of features; what no row has is padded.
        if width > found && width > LARGEST_INDEX {
            let message = format!("the rows have {}, the model {width}: too many to pad", count(found, "feature"));
            return Err(Error::data(message).at_path(&self.first).remedy("give a model with fewer features"));
        }
        let too_large = || {
            let (rows, features) = (count(self.rows, "row"), count(width, "feature"));
            Err(Error::data(format!("{rows} of {features} do not fit into memory"))
                .at_path(&self.first)
                .remedy("number the features without gaps, or take fewer rows"))
        };
        // All at once and let go again: whether there is room at all is known before the first
        // column takes any.
        let bytes = (size_of::<f32>() * self.rows + size_of::<Vec<f32>>()).saturating_mul(width);
        if Vec::<u8>::new().try_reserve_exact(bytes).is_err() {
            return too_large();
        }
        let mut columns = Vec::new();
        for _ in 0..width {
            let mut column = Vec::new();
            if column.try_reserve_exact(self.rows).is_err() {
                return too_large();
            }
            column.resize(self.rows, f32::NAN);
            columns.push(column);
        }
        for Entry { row, index, value } in self.entries {
            columns[index as usize - base][row as usize] = value;
        }
        let dataset = Dataset {
            feature_names: (0..width).map(|index| format!("f{index}")).collect(),
            named: false,
            columns,
            labels: options.label.is_some().then_some(self.labels),
            label_name: None,
            weights: (!self.weights.is_empty()).then_some(self.weights),
            rows: self.rows,
            index_base: Some(base),
        };
        Ok(Channel {
            dataset,
            spilled: None,
            files: Vec::new(),
            notes: vec![note],
            format: Format::Libsvm,
            header: false,
            file_rows: Vec::new(),
            file_sha256: Vec::new(),
            columns: width,
            index_base: Some(base),
        })
    }
}

impl TableReader for Table {
    fn add(&mut self, source: &Source<'_>, options: &ReadOptions) -> Result<()> {
        self.read(source, options)
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn finish(self: Box<Self>, options: &ReadOptions) -> Result<Channel> {
        self.channel(options)
    }
}

/// Gives `take` the text of one index in each row, nothing where it is absent; `None` for the
/// label.
///
/// # Errors
/// Those of `take`, with file and line.
pub(super) fn read_index(
    source: &Source<'_>,
    index: Option<usize>,
    take: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<()> {
    let (origin, mut chunk, mut line) = (source.origin(), Chunk::default(), 0);
    while source.next(Cut::Line, &mut chunk).map_err(|error| from_line(error, line + 1))? {
        for text in origin.text(&chunk.bytes, line + 1)?.split_inclusive('\n') {
            line += 1;
            let mut words = text.split('#').next().unwrap_or_default().split_ascii_whitespace();
            let Some(first) = words.next() else { continue };
            let found = match index {
                None => first.split(':').next(),
                Some(wanted) => words
                    .filter_map(|word| word.split_once(':'))
                    .find(|(index, _)| index.parse() == Ok(wanted))
                    .map(|(_, value)| value),
            };
            take(found.unwrap_or_default()).map_err(|error| error.at_path(origin.path()).at_line(line))?;
        }
    }
    Ok(())
}

/// Refuses options that CSV files alone have, rather than passing over them.
pub(super) fn refuse_csv_options(source: &Source<'_>, options: &ReadOptions) -> Result<()> {
    let refuse = |option: String, lacks: &str, remedy: &str| {
        let message = format!("{option}: a libsvm file has no {lacks}");
        Err(Error::parameter(message).at_path(source.path()).remedy(remedy))
    };
    for (what, column) in options.columns() {
        let option = format!("{} {column}", what.handle());
        match what {
            Use::Label if *column == ColumnRef::Index(0) => {}
            Use::Label => return refuse(option, what.column(), "drop the option: a line begins with its label"),
            Use::Weight => {
                return refuse(option, "weight column", "write `label:weight` at the beginning of each line");
            }
            Use::Ignore => return refuse(option, "columns", "drop the option, or convert the file to CSV"),
        }
    }
    if let Some(SpillOptions { from_bytes: 0, .. }) = options.spill {
        return refuse("{spill}".into(), "values that can be spilled", "convert the file to CSV, or drop the option");
    }
    if options.header == Header::Yes {
        return refuse("{header} yes".into(), "header", "drop the option");
    }
    if let Some(delimiter) = options.delimiter {
        return refuse(format!("{{delimiter}} {}", delimiter.escape_ascii()), "delimiter", "drop the option");
    }
    Ok(())
}
