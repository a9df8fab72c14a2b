//! A cross-validation: from data files to a table of means and deviations per round.

use crate::backend;
use crate::backend::BackendOptions;
use crate::built_in::tell_built_in;
use crate::cross_validation::{Source, metrics, run};
use crate::data::DataOptions;
use crate::folds::FoldOptions;
use crate::manifest;
use crate::manifest::{Inputs, Outcome};
use crate::observer::{Observer, Phase};
use crate::output;
use crate::output::{Claim, Draft, Request};
use crate::warnings::{warn_of_fold_drifts, warn_of_lacking_folds};
use gboost::internals::util::clock::Clock;
use gboost::internals::util::threads::thread_pool;
use gboost::validation::{CrossValidated, FoldedData, Folds};
use gboost::{Params, Result};
use gboost_report::{Manifest, cv_csv};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// File name of the table, unless the caller gives another.
const TABLE: &str = "cv.csv";

/// A cross-validation. Writes the table and its manifest: both, or none.
#[derive(Clone, Debug, Default)]
pub struct CvJob {
    /// The parameters; those of [`crate::built_in::params`] suit the built-in data.
    pub params: Params,
    /// Whether the objective was chosen; otherwise a note names labels that look like classes.
    pub is_objective_given: bool,
    /// The data: files, or folders of them; none for the built-in data.
    pub train: Vec<PathBuf>,
    /// Delimiter, columns and index base with which the files are read.
    pub reading: DataOptions,
    /// How the rows are split into folds.
    pub folds: FoldOptions,
    /// Device on which the folds' models are trained; changes no result.
    pub backend: BackendOptions,
    /// Paths of the table, its manifest and the out-of-fold predictions.
    pub files: CvFiles,
}

/// Where the results of a cross-validation go.
#[derive(Clone, Debug)]
pub struct CvFiles {
    /// Table of the metrics, one line per round (CSV).
    pub table: PathBuf,
    /// Manifest of the table, from which `gboost verify` makes it again.
    pub manifest: PathBuf,
    /// The predictions of the rows held out, where they are asked for.
    pub oof: Option<PathBuf>,
}

impl Default for CvFiles {
    /// `cv.csv` and its manifest, in the current folder.
    fn default() -> Self {
        Self::new(Path::new("."), None)
    }
}

/// What came of a cross-validation whose files are written.
#[derive(Debug)]
pub struct CvOutcome {
    /// Metrics per round over all folds, and the best round.
    pub found: CrossValidated,
    /// Fold of every row, by its number.
    pub folds: Folds,
    /// Content of the manifest that was written.
    pub manifest: Manifest,
}

impl CvJob {
    /// Returns all that the job reads and writes, and the `others` that its caller reads, each with
    /// its name in errors.
    #[must_use]
    pub fn request(&self, others: &[(&'static str, Option<&Path>)]) -> Request {
        let inputs = Request::default().data("--train", &self.train);
        let inputs = others.iter().fold(inputs, |inputs, (flag, path)| inputs.input(flag, *path));
        self.files.request(inputs.input("--folds", self.folds.file().as_deref()))
    }

    /// Locks the places of the results, and cross-validates.
    ///
    /// # Errors
    ///
    /// If the places, the data, the folds, the parameters or the backend are refused, or the
    /// observer stops the job. Then no file is written.
    pub fn run(&self, observer: &mut dyn Observer) -> Result<CvOutcome> {
        let clock = Clock::start();
        let claim = self.request(&[]).claim(observer)?;
        claim.tell(observer)?;
        self.run_claimed(&claim, clock, observer)
    }

    /// Cross-validates, with the places of the results locked before, when the clock began.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_claimed(&self, _claim: &Claim, clock: Clock, observer: &mut dyn Observer) -> Result<CvOutcome> {
        let Self { params, train, reading, folds: fold_options, files, .. } = self;
        self.backend.check()?;
        let pool = thread_pool(params.nthread)?;
        if train.is_empty() {
            tell_built_in(params, observer)?;
        }
        let source = Source { paths: train, reading, folds: fold_options };
        let (channels, folds) = pool.install(|| source.read(params, observer))?;
        channels.tell_of_classes(params, self.is_objective_given, observer)?;
        let begun = manifest::begin(Inputs {
            command: "cv",
            result: &files.table,
            params,
            reading,
            channels: &channels,
            start: None,
            folds: Some(fold_options.record(output::folder_of(&files.table), &folds)?),
        })?;
        let compute = self.backend.choose(observer)?;
        let (found, folded) = pool.install(|| {
            let folded = FoldedData::new(&channels.train.dataset, &folds, params)?;
            warn_of_lacking_folds(&folded, fold_options, params, observer)?;
            let found = run(&folded, params, &compute, observer)?;
            warn_of_fold_drifts(&found, &folded, observer)?;
            Ok::<_, gboost::Error>((found, folded))
        })?;
        backend::tell(&found.backend, &found.adapter, observer)?;
        let text = cv_csv(&found);
        let outcome = Outcome {
            bytes: text.as_bytes(),
            rounds: found.history.len(),
            metrics: metrics(&found),
            backend: &found.backend,
            adapter: &found.adapter,
            threads: pool.current_num_threads(),
            clock,
        };
        let manifest = manifest::complete(begun, &outcome);
        let oof = files.oof.as_ref().map(|_| pool.install(|| out_of_fold(&found, &folded)));
        files.write(&text, &manifest, oof.as_deref(), observer)?;
        Ok(CvOutcome { found, folds, manifest })
    }
}

/// The held-out predictions as CSV: the fold, and the columns of predictions.
fn out_of_fold(found: &CrossValidated, data: &FoldedData<'_>) -> String {
    let Some(model) = found.models.first() else { return String::new() };
    let predictions = model.transform(&found.out_of_fold_margins(data));
    let names = model.objective.prediction_names(model.classes);
    let mut text = format!("fold,{}\n", names.join(","));
    for (row, &fold) in data.folds().of_row().iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", data.folds().name(fold as usize));
        for column in 0..names.len() {
            let _ = write!(text, ",{}", predictions.get(column, row));
        }
        text.push('\n');
    }
    text
}

impl CvFiles {
    /// Names the files: the table and its manifest in `folder`.
    #[must_use]
    pub fn new(folder: &Path, oof: Option<&Path>) -> Self {
        let table = if folder == Path::new(".") { PathBuf::from(TABLE) } else { folder.join(TABLE) };
        Self { manifest: gboost_report::manifest::beside(&table), table, oof: oof.map(Path::to_path_buf) }
    }

    /// Adds the files to those that are written.
    fn request(&self, request: Request) -> Request {
        request
            .output_in("--output", "the table", &self.table)
            .output_in("--output", "its manifest", &self.manifest)
            .output("--oof", "the out-of-fold predictions", self.oof.as_deref())
    }

    fn write(&self, table: &str, manifest: &Manifest, oof: Option<&str>, observer: &mut dyn Observer) -> Result<()> {
        observer.begin(Phase::Writing)?;
        let mut drafts = Vec::new();
        if let (Some(path), Some(text)) = (&self.oof, oof) {
            drafts.push(Draft::with(path, text.as_bytes(), observer)?);
        }
        drafts.push(Draft::with(&self.manifest, manifest.to_text().as_bytes(), observer)?);
        drafts.push(Draft::with(&self.table, table.as_bytes(), observer)?);
        observer.check()?;
        output::publish(drafts)
    }
}
