//! The data that commands read.

use super::memory::Plan;
use super::numbers::whole;
use crate::args::params::HyperArgs;
use crate::terminal::progress::spinner;
use crate::terminal::screen::{Screen, count};
use gboost::binning::BinnedMatrix;
use gboost::data::datasets::CENSUS as BUILT_IN;
use gboost::ingest::keys::{KeyColumn, KeyOf, Keys, check_files, read_keys};
use gboost::ingest::{
    Channel, ColumnRef, Copies, Format, Header, ReadOptions, check_same_features, read_bytes, read_channel,
};
use gboost::train::choice::BackendChoice;
use gboost::util::digest::sha256;
use gboost::{Dataset, Error, Model, Objective, Params, Result};
use gboost_report::manifest::{ChannelRecord, Data, FileRecord, Reading};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// How data files are read.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// Column of the label, by name or by number in the file, from 0; name:7 is the one named 7 [default: 0]
    #[arg(long, value_name = "NAME|INDEX", value_parser = column)]
    label: Option<ColumnRef>,

    /// The data has no label column
    #[arg(long, conflicts_with = "label")]
    no_label: bool,

    /// Column of the row weights
    #[arg(long, value_name = "NAME|INDEX", value_parser = column)]
    weight_column: Option<ColumnRef>,

    /// Columns to leave out; they may hold text
    #[arg(long, value_name = "NAME|INDEX", num_args = 1.., value_delimiter = ',', value_parser = column)]
    ignore_column: Vec<ColumnRef>,

    /// Whether line 1 of a CSV file names the columns [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "yes", "no"])]
    header: Option<String>,

    /// Delimiter of CSV files: auto, tab, or a character [default: auto]
    #[arg(long, value_name = "C", value_parser = delimiter)]
    delimiter: Option<Delimiter>,

    /// Index of the first feature of libsvm files [default: that of the model; for a model of
    /// XGBoost 0; for a new model 0 if the training data has an index 0, else 1]
    #[arg(long, value_name = "BASE", value_parser = ["0", "1"])]
    index_base: Option<String>,

    /// Longest row of a file in bytes; a longer one, such as a quote that is never closed makes, is an error, and so
    /// are more columns than a sixteenth of it
    #[arg(long, value_name = "N", value_parser = whole::<u64>(RECORD_BYTES), allow_negative_numbers = true,
        default_value_t = ReadOptions::MAX_RECORD_BYTES as u64)]
    max_record_bytes: u64,

    /// What [`DataArgs::copy_pipes`] read from pipes; clones share it.
    #[arg(skip)]
    copies: Copies,
}

/// What `--max-record-bytes` may be.
const RECORD_BYTES: std::ops::RangeInclusive<u64> = ReadOptions::LEAST_RECORD_BYTES as u64..=1 << 40;

/// A delimiter; `None` is found in the file.
#[derive(Clone, Copy, Debug)]
struct Delimiter(Option<u8>);

fn column(text: &str) -> std::result::Result<ColumnRef, Infallible> {
    text.parse()
}

/// A column as it is named on the command line.
pub fn column_of(text: &str) -> ColumnRef {
    let Ok(column) = column(text);
    column
}

fn delimiter(text: &str) -> std::result::Result<Delimiter, String> {
    match text.as_bytes() {
        b"auto" => Ok(Delimiter(None)),
        b"tab" | b"\\t" => Ok(Delimiter(Some(b'\t'))),
        &[byte] => Ok(Delimiter(Some(byte))),
        _ => Err("give auto, tab, or one character".to_string()),
    }
}

/// What the data is read for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Purpose {
    /// The objective whose labels are allowed, and the number of classes.
    domain: Option<(Objective, usize)>,
    /// The number of features that a libsvm file has at least.
    features: Option<usize>,
    /// The index base of libsvm files, where it is known.
    index_base: Option<IndexBase>,
    /// Whether a manifest will name the files.
    hashed: bool,
}

/// How the index base of libsvm files is known before they are read.
#[derive(Clone, Copy, Debug)]
enum IndexBase {
    /// From the training data.
    Train(usize),
    /// From the model.
    Model(usize),
    /// The model does not say it, so it is XGBoost's.
    Unsaid,
}

impl IndexBase {
    fn of(model: &Model) -> Self {
        model.index_base().map_or(Self::Unsaid, Self::Model)
    }

    fn value(self) -> usize {
        match self {
            Self::Train(base) | Self::Model(base) => base,
            Self::Unsaid => 0,
        }
    }
}

impl Purpose {
    /// To train, perhaps from a model on.
    pub fn training(params: &Params, start: Option<&Model>) -> Self {
        Self {
            domain: Some((params.objective, params.classes())),
            features: start.map(|model| model.features),
            index_base: start.map(IndexBase::of),
            hashed: true,
        }
    }

    /// To evaluate a model.
    pub fn evaluation(model: &Model) -> Self {
        Self { domain: Some((model.objective, model.classes)), ..Self::prediction(model) }
    }

    /// To predict with a model: labels do not matter.
    pub fn prediction(model: &Model) -> Self {
        Self { features: Some(model.features), index_base: Some(IndexBase::of(model)), ..Self::default() }
    }
}

impl DataArgs {
    /// The options for a manifest.
    pub fn record(&self) -> Reading {
        let text = |column: &Option<ColumnRef>| column.as_ref().map(ColumnRef::to_string);
        Reading {
            label: text(&self.label),
            weight_column: text(&self.weight_column),
            ignore_column: self.ignore_column.iter().map(ColumnRef::to_string).collect(),
            header: self.header.clone(),
            delimiter: self.delimiter.map(|Delimiter(byte)| match byte {
                None => "auto".to_string(),
                Some(b'\t') => "tab".to_string(),
                Some(byte) => char::from(byte).to_string(),
            }),
            index_base: self.index_base.clone(),
        }
    }

    /// The options of a manifest.
    pub fn from_record(record: &Reading) -> Result<Self> {
        let known = |name: &str, given: &Option<String>, known: &[&str]| match given {
            Some(value) if !known.contains(&value.as_str()) => {
                Err(Error::parameter(format!("{name} of the manifest is {value:?}"))
                    .remedy(format!("it can be {}", known.join(", "))))
            }
            _ => Ok(()),
        };
        known("header", &record.header, &["auto", "yes", "no"])?;
        known("index_base", &record.index_base, &["0", "1"])?;
        let delimiter = record.delimiter.as_deref().map(delimiter).transpose();
        Ok(Self {
            label: record.label.as_deref().map(column_of),
            no_label: false,
            weight_column: record.weight_column.as_deref().map(column_of),
            ignore_column: record.ignore_column.iter().map(|text| column_of(text)).collect(),
            header: record.header.clone(),
            delimiter: delimiter
                .map_err(|remedy| Error::parameter("the delimiter of the manifest is none").remedy(remedy))?,
            index_base: record.index_base.clone(),
            // It can only refuse: what was read once is read again.
            max_record_bytes: u64::MAX >> 1,
            copies: Copies::default(),
        })
    }

    /// A column to read apart.
    pub fn key_column<'a>(&self, column: &'a ColumnRef, flag: &'static str) -> KeyColumn<'a> {
        let delimiter = self.delimiter.and_then(|Delimiter(byte)| byte);
        KeyColumn {
            column,
            flag,
            delimiter,
            max_record_bytes: self.max_record_bytes as usize,
            copies: self.copies.clone(),
        }
    }

    /// Makes the files ones that can be read twice: for a column that is read apart.
    pub fn copy_pipes(&self, paths: &[PathBuf]) -> Result<()> {
        crate::output::interrupt::doing("while the data was read");
        let copied = self.copies.add(paths);
        crate::output::interrupt::doing("");
        copied?;
        check_files(paths, &self.copies)
    }

    /// Whether a file's first line can be looked at before the file is read.
    pub fn can_look_at(&self, path: &Path) -> bool {
        path.is_file() || self.copies.holds(path)
    }

    /// Refuses a column to be left out that is the label or the weight.
    pub fn refuse_twice(&self, flag: &str, column: &ColumnRef) -> Result<()> {
        let label = self.label.clone().unwrap_or(ColumnRef::Index(0));
        let taken = [("--label", Some(&label)), ("--weight-column", self.weight_column.as_ref())];
        match taken.iter().find(|(_, other)| *other == Some(column)) {
            Some((other, _)) => Err(Error::parameter(format!("{other} and {flag} name the same column, {column}"))
                .remedy("give them different columns")),
            None => Ok(()),
        }
    }

    /// Refuses options about files where no file is given.
    pub fn refuse_without_files(&self) -> Result<()> {
        let given = [
            ("--label", self.label.is_some()),
            ("--no-label", self.no_label),
            ("--weight-column", self.weight_column.is_some()),
            ("--ignore-column", !self.ignore_column.is_empty()),
            ("--header", self.header.is_some()),
            ("--delimiter", self.delimiter.is_some()),
            ("--index-base", self.index_base.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(Error::parameter(format!("{flag} is given, but no data to read"))
                .remedy("give --train, or leave it out to train on the built-in census data")),
            None => Ok(()),
        }
    }

    /// Refuses `--no-label` where labels are needed.
    pub fn refuse_no_label(&self) -> Result<()> {
        if self.no_label {
            return Err(Error::parameter("--no-label is given, but labels are needed here")
                .remedy("leave --no-label out; --label names the label column if it is not the first"));
        }
        Ok(())
    }

    /// The same, with further columns left out; the label stays the label.
    pub fn leaving_out<'a>(&self, columns: impl Iterator<Item = &'a ColumnRef>) -> Self {
        let mut reading = self.clone();
        reading.ignore_column.extend(columns.filter(|column| self.label.as_ref() != Some(column)).cloned());
        reading
    }

    /// Reads the values of one column, as they are written; of libsvm files with that index base.
    pub fn read_keys(&self, which: KeyOf<'_>, paths: &[PathBuf], index_base: Option<usize>) -> Result<Keys> {
        let options = self.options(Purpose::default()).index_base(index_base);
        read_keys(paths, &options, which)
    }

    fn options(&self, purpose: Purpose) -> ReadOptions {
        let header = match self.header.as_deref() {
            Some("yes") => Header::Yes,
            Some("no") => Header::No,
            _ => Header::Auto,
        };
        let label = || self.label.clone().unwrap_or(ColumnRef::Index(0));
        ReadOptions::default()
            .label((!self.no_label).then(label))
            .weight(self.weight_column.clone())
            .ignore(self.ignore_column.clone())
            .header(header)
            .delimiter(self.delimiter.and_then(|delimiter| delimiter.0))
            .features(purpose.features)
            .domain(purpose.domain)
            .index_base(self.given_index_base().or(purpose.index_base.map(IndexBase::value)))
            .spill(None)
            .sha256(purpose.hashed)
            .max_record_bytes(self.max_record_bytes as usize)
            .copies(self.copies.clone())
    }

    fn given_index_base(&self) -> Option<usize> {
        self.index_base.as_ref().and_then(|base| base.parse().ok())
    }

    /// Reads a channel, and says what it found.
    pub fn read(&self, name: &str, paths: &[PathBuf], purpose: Purpose, screen: &Screen) -> Result<Channel> {
        let channel = Self::read_with(&self.options(purpose), name, paths, screen)?;
        self.refuse_unused(&channel)?;
        self.tell_index_base(&channel, purpose, screen);
        Ok(channel)
    }

    /// Says where the index base of a libsvm channel comes from if that is no matter of course;
    /// once, however many channels are read.
    fn tell_index_base(&self, channel: &Channel, purpose: Purpose, screen: &Screen) {
        static TOLD: Once = Once::new();
        let Some(known) = purpose.index_base.filter(|_| channel.format == Format::Libsvm) else { return };
        let text = match (known, self.given_index_base()) {
            (IndexBase::Unsaid, None) => {
                "the model does not say from where libsvm indices count: they count from 0, as in XGBoost; \
                 give --index-base 1 if they count from 1"
                    .to_string()
            }
            (IndexBase::Model(base), Some(given)) if given != base => {
                format!(
                    "warning: --index-base {given} is given, but the model was trained on indices that count from {base}"
                )
            }
            _ => return,
        };
        TOLD.call_once(|| screen.note(&text));
    }

    /// Refuses what was given and is of no use for CSV, as reading refuses for libsvm files what is for CSV.
    fn refuse_unused(&self, channel: &Channel) -> Result<()> {
        match (&self.index_base, channel.format, channel.files.first()) {
            (Some(base), Format::Csv, Some(file)) => {
                Err(Error::parameter(format!("--index-base {base}: a CSV file has no indices"))
                    .remedy("drop the option")
                    .at_path(file))
            }
            _ => Ok(()),
        }
    }

    fn read_with(options: &ReadOptions, name: &str, paths: &[PathBuf], screen: &Screen) -> Result<Channel> {
        crate::output::interrupt::doing("while the data was read");
        let spinner = spinner(screen, "reading");
        let channel = read_channel(paths, options);
        spinner.finish_and_clear();
        crate::output::interrupt::doing("");
        let channel = channel?;
        channel.notes.iter().for_each(|note| screen.note(note));
        let data = &channel.dataset;
        let files = count(channel.files.len(), "file");
        screen.note(&format!("{name}: {}, {} from {files}", count(data.rows, "row"), features(data)));
        Ok(channel)
    }

    /// Reads a channel that must have the features of the training channel.
    pub fn read_like(
        &self,
        train: &Channel,
        (name, paths): (&str, &[PathBuf]),
        purpose: Purpose,
        screen: &Screen,
    ) -> Result<Channel> {
        let features = Some(train.dataset.features());
        let index_base = train.index_base.map(IndexBase::Train);
        let channel = self.read(name, paths, Purpose { features, index_base, ..purpose }, screen)?;
        check_same_features(&train.dataset, "the train data", &channel.dataset, &format!("the {name} data")).map_err(
            |error| match channel.files.first() {
                Some(file) => self.place_in_first_line(error, file, train, &channel),
                None => error,
            },
        )?;
        // Labels are no features: whatever column is named, or stands first, would be taken.
        if let (Some(known), Some(found)) = (&train.dataset.label_name, &channel.dataset.label_name)
            && known != found
        {
            screen
                .note(&format!("warning: the label is `{found}` in the {name} data, but `{known}` in the train data"));
        }
        Ok(channel)
    }

    /// Adds the first line, and its first column that one of the two channels lacks.
    fn place_in_first_line(&self, error: Error, file: &Path, train: &Channel, other: &Channel) -> Error {
        let error = error.at_path(file).at_line(1);
        let widths = [train, other].map(|channel| {
            let data = &channel.dataset;
            data.features() + usize::from(data.labels.is_some()) + usize::from(data.weights.is_some())
        });
        let is_csv = [train, other].iter().all(|channel| channel.format == Format::Csv);
        if widths[0] == widths[1] || !is_csv {
            return error;
        }
        error.at_column((widths[0].min(widths[1]) + self.ignore_column.len() + 1) as u64)
    }

    /// Reads data for a model, which must have the model's features.
    pub fn read_for(&self, model: &Model, paths: &[PathBuf], purpose: Purpose, screen: &Screen) -> Result<Channel> {
        let mut channel = self.read("data", paths, purpose, screen)?;
        // It is the model's, or what --index-base says in its stead.
        channel.dataset.index_base = None;
        let data = &channel.dataset;
        let in_file = |error: Error| match channel.files.first() {
            Some(file) => error.at_path(file),
            None => error,
        };
        let csv = channel.format == Format::Csv;
        // A label with a name of its own is the label: a feature is missing.
        let may_be_feature = data
            .label_name
            .as_ref()
            .is_none_or(|name| model.feature_names.is_empty() || model.feature_names.contains(name));
        if csv && !self.no_label && self.label.is_none() && may_be_feature && data.features() + 1 == model.features {
            return Err(in_file(
                Error::model(format!(
                    "the data has {}, as the model, but the first was taken for the label",
                    count(model.features, "column")
                ))
                .remedy("give --no-label if the data has no label, or name its column with --label"),
            ));
        }
        if csv && self.no_label && data.features() == model.features + 1 {
            return Err(in_file(
                Error::model(format!(
                    "the data has {}, the model was trained with {}",
                    features(data),
                    model.features
                ))
                .remedy("name the label column with --label in place of --no-label, or leave a column out with --ignore-column"),
            ));
        }
        model.check_features(data).map_err(in_file)?;
        Ok(channel)
    }
}

fn features(data: &Dataset) -> String {
    count(data.features(), "feature")
}

/// The files of the channels, as they are given.
#[derive(Clone, Copy, Debug)]
pub struct Paths<'a> {
    /// To train on.
    pub train: &'a [PathBuf],
    /// To evaluate on each round; empty for none.
    pub validation: &'a [PathBuf],
    /// To evaluate on at the end; empty for none.
    pub test: &'a [PathBuf],
}

/// The channels of a training.
pub struct Channels {
    /// Whether they are the built-in data.
    pub built_in: bool,
    /// To train on.
    pub train: Channel,
    /// To evaluate on each round.
    pub validation: Option<Channel>,
    /// To evaluate on at the end.
    pub test: Option<Channel>,
}

impl Channels {
    /// Reads the channels that are given; only the training rows may be spilled.
    pub fn read(reading: &DataArgs, paths: Paths<'_>, purpose: Purpose, plan: &Plan, screen: &Screen) -> Result<Self> {
        let options = reading.options(purpose).spill(plan.spill.clone());
        let train = DataArgs::read_with(&options, "train", paths.train, screen)?;
        reading.refuse_unused(&train)?;
        reading.tell_index_base(&train, purpose, screen);
        plan.tell(&train, screen);
        Self::read_with(train, reading, paths, purpose, screen)
    }

    /// Bins the training rows as the parameters ask, for that backend, and gives their values up.
    pub fn take_train(&mut self, params: &Params, backend: &BackendChoice) -> Result<BinnedMatrix> {
        let data = &mut self.train.dataset;
        let Some(spilled) = self.train.spilled.take() else { return BinnedMatrix::take(data, params) };
        let mut matrix = BinnedMatrix::of_spilled(&spilled, &data.names(), params)?;
        // By row alone the processor trains in half of the memory, and `auto` stays there.
        if backend.is_gpu() {
            matrix.add_columns();
        }
        Ok(matrix)
    }

    /// Reads the other channels.
    pub fn read_with(
        train: Channel,
        reading: &DataArgs,
        paths: Paths<'_>,
        purpose: Purpose,
        screen: &Screen,
    ) -> Result<Self> {
        let read = |name: &str, paths: &[PathBuf]| match paths {
            [] => Ok(None),
            paths => reading.read_like(&train, (name, paths), purpose, screen).map(Some),
        };
        let validation = read("validation", paths.validation)?;
        let test = read("test", paths.test)?;
        Ok(Self { built_in: false, train, validation, test })
    }

    /// The census data that every gboost has with it; `data/README.md` tells its origin.
    pub fn built_in() -> Result<Self> {
        let read = |name: &str| read_bytes(Path::new(name), embedded(name), &ReadOptions::default());
        let train = read(BUILT_IN[0].0)?;
        let (validation, test) = (Some(read(BUILT_IN[1].0)?), Some(read(BUILT_IN[2].0)?));
        Ok(Self { built_in: true, train, validation, test })
    }

    /// Says that labels of 0 and 1 are trained as numbers where no objective is given.
    pub fn tell_of_classes(&self, hyper: &HyperArgs, params: &Params, screen: &Screen) {
        let labels = self.train.dataset.labels.as_deref().unwrap_or_default();
        let are_classes = labels.iter().all(|&label| label == 0.0 || label == 1.0)
            && [0.0, 1.0].iter().all(|class| labels.contains(class));
        if !self.built_in && are_classes && !params.objective.is_classification() && !hyper.names("objective") {
            screen.note(
                "note: the labels are 0 and 1 and no objective is given: this is a regression (reg:squarederror); give \
                 --objective binary:logistic for probabilities",
            );
        }
    }

    /// What a manifest in the folder `from` says of them.
    pub fn record(&self, from: &Path) -> Result<Data> {
        let record = |channel: &Channel| match self.built_in {
            false => ChannelRecord::new(channel, from),
            true => {
                let name = |path: &PathBuf| path.to_string_lossy().into_owned();
                let file = |path: String| FileRecord { sha256: Some(sha256(embedded(&path))), path };
                Ok(ChannelRecord::with_files(channel, channel.files.iter().map(name).map(file).collect()))
            }
        };
        Ok(Data {
            built_in: self.built_in,
            train: record(&self.train)?,
            validation: self.validation.as_ref().map(record).transpose()?,
            test: self.test.as_ref().map(record).transpose()?,
        })
    }
}

/// The content of a built-in file; nothing for another name.
pub fn embedded(name: &str) -> &'static [u8] {
    BUILT_IN.iter().find(|(known, _)| *known == name).map_or(&[], |(_, bytes)| bytes)
}
