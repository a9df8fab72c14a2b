//! The folds that jobs hold out.

use crate::data::{DataOptions, Purpose, column_of};
use crate::observer::Observer;
use crate::text::count;
use gboost::ingest::keys::numbered;
use gboost::ingest::{Channel, ColumnRef};
use gboost::validation::{Folds, parse_number};
use gboost::{Error, Params, Result};
use gboost_report::manifest::{FileRecord, FoldsRecord};
use std::path::{Path, PathBuf};

/// How rows are split into folds.
#[derive(Clone, Debug, Default)]
pub struct FoldOptions {
    /// Number of folds, at least 2; 3 by default.
    pub nfold: Option<usize>,
    /// Whether every fold gets an equal share of each label.
    pub stratified: bool,
    /// The column of the training data, which is then no feature, or the file that has the folds.
    /// A file of that name comes first.
    pub folds: Option<String>,
    /// The column, then no feature, whose equal values stay in one fold.
    pub group_column: Option<String>,
    /// Seed that shuffles rows (or groups) into folds; 0 by default.
    pub shuffle_seed: u64,
    /// Whether `folds` is a column for sure, and no file of that name is opened.
    pub is_column: bool,
}

/// Source of the folds that `--folds` names: a file, or a column of the training data.
enum Given {
    File(PathBuf),
    Column(ColumnRef),
}

/// The flags of the two columns.
const FOLDS: &str = "--folds";
const GROUP_COLUMN: &str = "--group-column";

/// The number of folds where none is given.
const NFOLD: usize = 3;

impl FoldOptions {
    /// Returns whether anything is said about folds.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.nfold.is_some() || self.stratified || self.folds.is_some() || self.group_column.is_some()
    }

    /// Refuses what is said about folds where none are made.
    pub(crate) fn refuse_unused(&self) -> Result<()> {
        if self.shuffle_seed != 0 {
            return Err(Error::parameter("--shuffle-seed is given, but there are no folds")
                .remedy("leave it out, or give --nfold; --seed is that of the samples"));
        }
        Ok(())
    }

    /// Fills in what is not given, from a config file.
    #[must_use]
    pub fn or(mut self, nfold: Option<usize>, stratified: bool) -> Self {
        if self.folds.is_none() {
            self.nfold = self.nfold.or(nfold);
            self.stratified |= stratified;
        }
        self
    }

    /// Whether the folds are given, in a column or a file.
    pub(crate) fn are_given(&self) -> bool {
        self.folds.is_some()
    }

    /// Whether labels are spread over the folds.
    pub(crate) fn is_stratified(&self) -> bool {
        self.stratified
    }

    /// Whether groups of rows stay together.
    pub(crate) fn is_grouped(&self) -> bool {
        self.group_column.is_some()
    }

    fn nfold(&self) -> usize {
        self.nfold.unwrap_or(NFOLD)
    }

    /// Returns the file of fold numbers, where [`Self::folds`] names one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        self.folds.as_ref().map(PathBuf::from).filter(|path| path.is_file())
    }

    /// How the other channels are read: without the columns that make folds.
    pub(crate) fn reading(&self, reading: &DataOptions) -> Result<DataOptions> {
        let column = match self.given()? {
            Some(Given::Column(column)) => Some(column),
            _ => self.group_column.as_deref().map(column_of),
        };
        Ok(reading.leaving_out(column.iter()))
    }

    /// Reads the training data without the columns that make folds, and makes the folds.
    pub(crate) fn read(
        &self,
        reading: &DataOptions,
        paths: &[PathBuf],
        params: &Params,
        observer: &mut dyn Observer,
    ) -> Result<(Channel, Folds)> {
        let given = self.given()?;
        let fold_column = match &given {
            Some(Given::Column(column)) => Some((FOLDS, column.clone())),
            _ => None,
        };
        let group_column = self.group_column.as_deref().map(|text| (GROUP_COLUMN, column_of(text)));
        let keys: Vec<(&'static str, ColumnRef)> = fold_column.into_iter().chain(group_column).collect();
        if !keys.is_empty() {
            reading.copy_pipes(paths, observer)?;
        }
        for (flag, column) in &keys {
            reading.refuse_twice(flag, column)?;
            if let Some(first) = paths.first().filter(|path| reading.can_look_at(path)) {
                reading.key_column(column, flag).check(first)?;
            }
        }
        let without = reading.leaving_out(keys.iter().map(|(_, column)| column));
        let channel = without.read("train", paths, Purpose::training(params, None), observer)?;
        let key_column = |wanted: &str| {
            let (flag, column) = keys.iter().find(|(flag, _)| *flag == wanted)?;
            Some(reading.key_column(column, flag))
        };
        let folds = match (given, key_column(FOLDS)) {
            (Some(Given::File(path)), _) => {
                observer.note(&format!("folds: from the file {}", path.display()))?;
                read_file(&path, channel.dataset.rows)?
            }
            (_, Some(column)) => Folds::given(&column.read(&channel.files, channel.header, parse_number)?)?,
            _ => {
                let groups = key_column(GROUP_COLUMN)
                    .map(|column| column.read(&channel.files, channel.header, group))
                    .transpose()?;
                self.random(&channel, groups.as_deref().map(numbered).as_deref(), params)?
            }
        };
        Ok((channel, folds))
    }

    /// Makes the folds of data that has no further columns, such as the built-in data.
    pub(crate) fn of(&self, channel: &Channel, params: &Params) -> Result<Folds> {
        match (self.given()?, &self.group_column) {
            (Some(Given::File(path)), _) => read_file(&path, channel.dataset.rows),
            (Some(Given::Column(column)), _) => {
                Err(Error::parameter(format!("--folds {column}: there is no such file"))
                    .remedy("give a file of fold numbers; the built-in data has no column of them"))
            }
            (None, Some(column)) => {
                Err(Error::parameter(format!("--group-column {column}: the built-in data has no groups"))
                    .remedy("leave it out, or give --train"))
            }
            (None, None) => self.random(channel, None, params),
        }
    }

    fn random(&self, channel: &Channel, groups: Option<&[u32]>, params: &Params) -> Result<Folds> {
        let data = &channel.dataset;
        let labels = data.labels.as_deref().unwrap_or_default();
        if self.stratified && !params.objective.is_classification() {
            return Err(Error::parameter(format!(
                "--stratified needs classes, but {} has none",
                params.objective.name()
            ))
            .remedy("leave --stratified out, or choose a classification objective"));
        }
        match groups {
            Some(groups) => Folds::grouped(groups, self.stratified.then_some(labels), self.nfold(), self.shuffle_seed),
            None if self.stratified => Folds::stratified(labels, self.nfold(), self.shuffle_seed),
            None => Folds::random(data.rows, self.nfold(), self.shuffle_seed),
        }
    }

    fn given(&self) -> Result<Option<Given>> {
        let Some(text) = &self.folds else { return Ok(None) };
        let path = PathBuf::from(text);
        if self.is_column {
            return Ok(Some(Given::Column(column_of(text))));
        }
        if path.is_file() {
            return Ok(Some(Given::File(path)));
        }
        let looks_like_a_file =
            text.contains(['/', '\\']) || [".csv", ".txt", ".tsv"].iter().any(|end| text.ends_with(end));
        if looks_like_a_file {
            return Err(Error::parameter("--folds: there is no such file")
                .remedy("give a file of fold numbers, or the name or number of a column")
                .at_path(&path));
        }
        Ok(Some(Given::Column(column_of(text))))
    }

    /// The options for a manifest in the folder `from`.
    pub(crate) fn record(&self, from: &Path, folds: &Folds) -> Result<FoldsRecord> {
        let given = self.given()?;
        let (column, file) = match &given {
            Some(Given::File(path)) => (None, Some(FileRecord::of(path, from)?)),
            Some(Given::Column(column)) => (Some(column.to_string()), None),
            None => (None, None),
        };
        Ok(FoldsRecord {
            nfold: folds.count(),
            stratified: self.stratified,
            shuffle_seed: self.shuffle_seed,
            column,
            file,
            group_column: self.group_column.clone(),
        })
    }

    /// The options of a manifest in the folder `from`.
    pub(crate) fn from_record(record: &FoldsRecord, from: &Path) -> Self {
        let file = record.file.as_ref().map(|file| file.place(from).to_string_lossy().into_owned());
        Self {
            nfold: Some(record.nfold),
            stratified: record.stratified,
            folds: file.or_else(|| record.column.clone()),
            group_column: record.group_column.clone(),
            shuffle_seed: record.shuffle_seed,
            is_column: record.file.is_none(),
        }
    }
}

/// The folds in a file that has one number per row.
fn read_file(path: &Path, rows: usize) -> Result<Folds> {
    let folds = Folds::read(path)?;
    let found = folds.of_row().len();
    if found != rows {
        let message = format!("there {}, but the train data has {}", are(found, "fold number"), count(rows, "row"));
        return Err(Error::data(message).remedy("give one number a row").at_path(path));
    }
    Ok(folds)
}

/// A group, which must be there.
fn group(text: &str) -> Result<String> {
    match text {
        "" => Err(Error::data("the group is missing").remedy("fill it in, or remove the row")),
        text => Ok(text.to_string()),
    }
}

/// "is 1 row", "are 2 rows".
fn are(number: usize, noun: &str) -> String {
    format!("{} {}", if number == 1 { "is" } else { "are" }, count(number, noun))
}
