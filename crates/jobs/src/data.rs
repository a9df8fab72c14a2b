//! The data that jobs and commands read.

use crate::memory::Plan;
use crate::observer::{Observer, Phase};
use crate::output::Request;
use crate::text::count;
use gboost::ingest::keys::{KeyColumn, KeyOf, Keys, check_files, read_keys};
use gboost::ingest::{
    Channel, ColumnRef, Copies, Format, Header, ReadOptions, check_same_features, read_bytes, read_channel,
};
use gboost::internals::data::datasets::CENSUS as BUILT_IN;
use gboost::internals::util::digest::sha256;
use gboost::{BackendChoice, BinnedMatrix, Dataset, Error, Model, Objective, Params, Result};
use gboost_report::manifest::{ChannelRecord, Data, FileRecord, Reading};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How data files are read.
#[derive(Clone, Debug)]
pub struct DataOptions {
    /// Column of the label; by default the first.
    pub label: Option<ColumnRef>,
    /// Whether the data has no label column.
    pub no_label: bool,
    /// Column of the row weights.
    pub weight_column: Option<ColumnRef>,
    /// Columns to leave out; they may hold text.
    pub ignore_column: Vec<ColumnRef>,
    /// Whether line 1 of a CSV file names the columns; found out by default.
    pub header: Option<Header>,
    /// Delimiter of CSV files; found out by default.
    pub delimiter: Option<Delimiter>,
    /// Index of the first feature of libsvm files, 0 or 1; found out by default.
    pub index_base: Option<usize>,
    /// Longest row of a file in bytes.
    pub max_record_bytes: u64,
    /// What clones of the options share while they read.
    pub shared: Shared,
}

/// What clones of [`DataOptions`] share while they read.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// What [`DataOptions::copy_pipes`] read from pipes.
    copies: Copies,
    /// Whether it was told where the index base comes from.
    is_base_told: Arc<AtomicBool>,
}

impl Default for DataOptions {
    fn default() -> Self {
        Self {
            label: None,
            no_label: false,
            weight_column: None,
            ignore_column: Vec::new(),
            header: None,
            delimiter: None,
            index_base: None,
            max_record_bytes: ReadOptions::MAX_RECORD_BYTES as u64,
            shared: Shared::default(),
        }
    }
}

/// A delimiter; `None` is found in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(pub Option<u8>);

impl FromStr for Delimiter {
    type Err = String;

    /// Reads `auto`, `tab`, or a character; the error lists what can be given.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.as_bytes() {
            b"auto" => Ok(Self(None)),
            b"tab" | b"\\t" => Ok(Self(Some(b'\t'))),
            &[byte] => Ok(Self(Some(byte))),
            _ => Err("give auto, tab, or one character".to_string()),
        }
    }
}

/// Returns a column as it is named in text: by name, or by number from 0.
#[must_use]
pub fn column_of(text: &str) -> ColumnRef {
    let Ok(column) = text.parse();
    column
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
    /// Stored in the model (0 or 1).
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
    #[must_use]
    pub fn training(params: &Params, start: Option<&Model>) -> Self {
        Self {
            domain: Some((params.objective, params.classes())),
            features: start.map(|model| model.features),
            index_base: start.map(IndexBase::of),
            hashed: true,
        }
    }

    /// Reads data to evaluate a model: labels have to fit its objective.
    #[must_use]
    pub fn evaluation(model: &Model) -> Self {
        Self { domain: Some((model.objective, model.classes)), ..Self::prediction(model) }
    }

    /// To predict with a model: labels do not matter.
    #[must_use]
    pub fn prediction(model: &Model) -> Self {
        Self { features: Some(model.features), index_base: Some(IndexBase::of(model)), ..Self::default() }
    }
}

impl DataOptions {
    /// The options for a manifest.
    pub(crate) fn record(&self) -> Reading {
        let text = |column: &Option<ColumnRef>| column.as_ref().map(ColumnRef::to_string);
        Reading {
            label: text(&self.label),
            weight_column: text(&self.weight_column),
            ignore_column: self.ignore_column.iter().map(ColumnRef::to_string).collect(),
            header: self.header.map(|header| header.name().to_string()),
            delimiter: self.delimiter.map(|Delimiter(byte)| match byte {
                None => "auto".to_string(),
                Some(b'\t') => "tab".to_string(),
                Some(byte) => char::from(byte).to_string(),
            }),
            index_base: self.index_base.map(|base| base.to_string()),
        }
    }

    /// The options of a manifest.
    pub(crate) fn from_record(record: &Reading) -> Result<Self> {
        let known = |name: &str, given: &Option<String>, known: &[&str]| match given {
            Some(value) if !known.contains(&value.as_str()) => {
                Err(Error::parameter(format!("{name} of the manifest is {value:?}"))
                    .remedy(format!("it can be {}", known.join(", "))))
            }
            _ => Ok(()),
        };
        known("header", &record.header, &HEADERS.map(Header::name))?;
        known("index_base", &record.index_base, &["0", "1"])?;
        let delimiter = record.delimiter.as_deref().map(Delimiter::from_str).transpose();
        Ok(Self {
            label: record.label.as_deref().map(column_of),
            no_label: false,
            weight_column: record.weight_column.as_deref().map(column_of),
            ignore_column: record.ignore_column.iter().map(|text| column_of(text)).collect(),
            header: record.header.as_deref().and_then(|name| HEADERS.into_iter().find(|it| it.name() == name)),
            delimiter: delimiter
                .map_err(|remedy| Error::parameter("the delimiter of the manifest is none").remedy(remedy))?,
            index_base: record.index_base.as_ref().and_then(|base| base.parse().ok()),
            // It can only refuse: what was read once is read again.
            max_record_bytes: u64::MAX >> 1,
            ..Self::default()
        })
    }

    /// A column to read apart.
    pub(crate) fn key_column<'a>(&self, column: &'a ColumnRef, name: &'static str) -> KeyColumn<'a> {
        let delimiter = self.delimiter.and_then(|Delimiter(byte)| byte);
        KeyColumn {
            column,
            name,
            delimiter,
            max_record_bytes: self.max_record_bytes as usize,
            copies: self.shared.copies.clone(),
        }
    }

    /// Makes the files ones that can be read twice: for a column that is read apart.
    ///
    /// # Errors
    ///
    /// If a pipe cannot be read, or the files are not alike.
    pub fn copy_pipes(&self, paths: &[PathBuf], observer: &mut dyn Observer) -> Result<()> {
        observer.during(Phase::Copying, |_| self.shared.copies.add(paths))?;
        check_files(paths, &self.shared.copies)
    }

    /// Whether a file's first line can be looked at before the file is read.
    pub(crate) fn can_look_at(&self, path: &Path) -> bool {
        path.is_file() || self.shared.copies.holds(path)
    }

    /// Refuses a column to be left out that is the label or the weight.
    pub(crate) fn refuse_twice(&self, flag: &str, column: &ColumnRef) -> Result<()> {
        let label = self.label.clone().unwrap_or(ColumnRef::Index(0));
        let taken = [("--label", Some(&label)), ("--weight-column", self.weight_column.as_ref())];
        match taken.iter().find(|(_, other)| *other == Some(column)) {
            Some((other, _)) => Err(Error::parameter(format!("{other} and {flag} name the same column, {column}"))
                .remedy("give them different columns")),
            None => Ok(()),
        }
    }

    /// Refuses options about files where no file is given.
    pub(crate) fn refuse_without_files(&self) -> Result<()> {
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

    /// Refuses data without labels where labels are needed.
    ///
    /// # Errors
    ///
    /// If [`Self::no_label`] is set.
    pub fn refuse_no_label(&self) -> Result<()> {
        if self.no_label {
            return Err(Error::parameter("--no-label is given, but labels are needed here")
                .remedy("leave --no-label out; --label names the label column if it is not the first"));
        }
        Ok(())
    }

    /// Returns the same options, with further columns left out; the label stays the label.
    #[must_use]
    pub fn leaving_out<'a>(&self, columns: impl Iterator<Item = &'a ColumnRef>) -> Self {
        let mut reading = self.clone();
        reading.ignore_column.extend(columns.filter(|column| self.label.as_ref() != Some(column)).cloned());
        reading
    }

    /// Reads the values of one column, as they are written; of libsvm files with that index base.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or lacks the column.
    pub fn read_keys(&self, which: KeyOf<'_>, paths: &[PathBuf], index_base: Option<usize>) -> Result<Keys> {
        let options = self.options(Purpose::default()).index_base(index_base);
        read_keys(paths, &options, which)
    }

    fn options(&self, purpose: Purpose) -> ReadOptions {
        let label = || self.label.clone().unwrap_or(ColumnRef::Index(0));
        ReadOptions::default()
            .label((!self.no_label).then(label))
            .weight(self.weight_column.clone())
            .ignore(self.ignore_column.clone())
            .header(self.header.unwrap_or(Header::Auto))
            .delimiter(self.delimiter.and_then(|delimiter| delimiter.0))
            .features(purpose.features)
            .domain(purpose.domain)
            .index_base(self.index_base.or(purpose.index_base.map(IndexBase::value)))
            .spill(None)
            .sha256(purpose.hashed)
            .max_record_bytes(self.max_record_bytes as usize)
            .copies(self.shared.copies.clone())
    }

    /// Reads a channel, and reports what was found.
    pub(crate) fn read(
        &self,
        name: &str,
        paths: &[PathBuf],
        purpose: Purpose,
        observer: &mut dyn Observer,
    ) -> Result<Channel> {
        let channel = Self::read_with(&self.options(purpose), name, paths, observer)?;
        self.refuse_unused(&channel)?;
        self.tell_index_base(&channel, purpose, observer)?;
        Ok(channel)
    }

    /// Tells where the index base of a libsvm channel comes from if that is no matter of course;
    /// once, however many channels are read.
    fn tell_index_base(&self, channel: &Channel, purpose: Purpose, observer: &mut dyn Observer) -> Result<()> {
        let Some(known) = purpose.index_base.filter(|_| channel.format == Format::Libsvm) else { return Ok(()) };
        let text = match (known, self.index_base) {
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
            _ => return Ok(()),
        };
        match self.shared.is_base_told.swap(true, Ordering::Relaxed) {
            true => Ok(()),
            false => observer.note(&text),
        }
    }

    /// Refuses what was given and is of no use for CSV, as reading refuses for libsvm files what is
    /// for CSV.
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

    fn read_with(options: &ReadOptions, name: &str, paths: &[PathBuf], observer: &mut dyn Observer) -> Result<Channel> {
        let channel = observer.during(Phase::Reading, |_| read_channel(paths, options))?;
        channel.notes.iter().try_for_each(|note| observer.note(note))?;
        let data = &channel.dataset;
        let files = count(channel.files.len(), "file");
        observer.note(&format!("{name}: {}, {} from {files}", count(data.rows, "row"), features(data)))?;
        Ok(channel)
    }

    /// Reads a channel that must have the features of the training channel.
    fn read_like(
        &self,
        train: &Channel,
        (name, paths): (&str, &[PathBuf]),
        purpose: Purpose,
        observer: &mut dyn Observer,
    ) -> Result<Channel> {
        let features = Some(train.dataset.features());
        let index_base = train.index_base.map(IndexBase::Train);
        let channel = self.read(name, paths, Purpose { features, index_base, ..purpose }, observer)?;
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
            observer.note(&format!(
                "warning: the label is `{found}` in the {name} data, but `{known}` in the train data"
            ))?;
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
    ///
    /// # Errors
    ///
    /// If the data cannot be read or has other features, or the observer stops the job.
    pub fn read_for(
        &self,
        model: &Model,
        paths: &[PathBuf],
        purpose: Purpose,
        observer: &mut dyn Observer,
    ) -> Result<Channel> {
        let mut channel = self.read("data", paths, purpose, observer)?;
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

/// The data files of a training.
#[derive(Clone, Debug, Default)]
pub struct DataFiles {
    /// To train on: files, or folders of them; none for the built-in data.
    pub train: Vec<PathBuf>,
    /// To evaluate on each round; empty for none.
    pub validation: Vec<PathBuf>,
    /// To evaluate on at the end; empty for none.
    pub test: Vec<PathBuf>,
}

impl DataFiles {
    /// Adds the files to those that are read.
    pub(crate) fn request(&self, request: Request) -> Request {
        request.data("--train", &self.train).data("--validation", &self.validation).data("--test", &self.test)
    }
}

/// The channels of a training.
pub(crate) struct Channels {
    /// Whether they are the built-in data.
    pub built_in: bool,
    /// Rows that the model is trained on.
    pub train: Channel,
    /// To evaluate on each round.
    pub validation: Option<Channel>,
    /// To evaluate on at the end.
    pub test: Option<Channel>,
}

impl Channels {
    /// Reads the channels that are given; only the training rows may be spilled.
    pub fn read(
        reading: &DataOptions,
        files: &DataFiles,
        purpose: Purpose,
        plan: &Plan,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let options = reading.options(purpose).spill(plan.spill.clone());
        let train = DataOptions::read_with(&options, "train", &files.train, observer)?;
        reading.refuse_unused(&train)?;
        reading.tell_index_base(&train, purpose, observer)?;
        plan.tell(&train, observer)?;
        Self::read_with(train, reading, files, purpose, observer)
    }

    /// Bins the training rows for the parameters and the backend, and drops their values.
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
        reading: &DataOptions,
        files: &DataFiles,
        purpose: Purpose,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let mut read = |name: &str, paths: &[PathBuf]| match paths {
            [] => Ok(None),
            paths => reading.read_like(&train, (name, paths), purpose, observer).map(Some),
        };
        let validation = read("validation", &files.validation)?;
        let test = read("test", &files.test)?;
        Ok(Self { built_in: false, train, validation, test })
    }

    /// Reads the census data built into every gboost; `data/README.md` has its origin.
    pub fn built_in() -> Result<Self> {
        let read = |name: &str| read_bytes(Path::new(name), embedded(name), &ReadOptions::default());
        let train = read(BUILT_IN[0].0)?;
        let (validation, test) = (Some(read(BUILT_IN[1].0)?), Some(read(BUILT_IN[2].0)?));
        Ok(Self { built_in: true, train, validation, test })
    }

    /// Reports that labels of 0 and 1 are trained as numbers where no objective is given.
    pub fn tell_of_classes(
        &self,
        params: &Params,
        is_objective_given: bool,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let labels = self.train.dataset.labels.as_deref().unwrap_or_default();
        let are_classes = labels.iter().all(|&label| label == 0.0 || label == 1.0)
            && [0.0, 1.0].iter().all(|class| labels.contains(class));
        if !self.built_in && are_classes && !params.objective.is_classification() && !is_objective_given {
            observer.note(
                "note: the labels are 0 and 1 and no objective is given: this is a regression (reg:squarederror); give \
                 --objective binary:logistic for probabilities",
            )?;
        }
        Ok(())
    }

    /// Returns the record of the channels for a manifest in the folder `from`.
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
pub(crate) fn embedded(name: &str) -> &'static [u8] {
    BUILT_IN.iter().find(|(known, _)| *known == name).map_or(&[], |(_, bytes)| bytes)
}

/// The headers by which a manifest knows them.
const HEADERS: [Header; 3] = [Header::Auto, Header::Yes, Header::No];
