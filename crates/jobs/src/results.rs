//! The files of a trained model, from its evaluation to their names: what train and tune have in
//! common.

use crate::backend;
use crate::data::Channels;
use crate::manifest;
use crate::manifest::Outcome;
use crate::observer::{Observer, Phase};
use crate::output;
use crate::output::{Draft, Request};
use crate::report_files::ReportFiles;
use crate::training::{Training, figures};
use crate::warnings::warn_of_drifts;
use gboost::internals::util::clock::Clock;
use gboost::{Params, Result, Rounds, Trained};
use gboost_report::data;
use gboost_report::data::NamedData;
use gboost_report::history_file::History;
use gboost_report::palette::DataRole;
use gboost_report::{Manifest, MetricsFile, ReportData, Seconds, history_csv};
use std::path::{Path, PathBuf};

/// The name of the metrics beside the model.
pub const METRICS: &str = "metrics.json";
const HISTORY: &str = "history.csv";

/// Where the results of a training go.
#[derive(Clone, Debug)]
pub struct TrainFiles {
    /// Path of the model file (XGBoost's JSON).
    pub model: PathBuf,
    /// Its manifest; none where the model goes to a device.
    pub manifest: Option<PathBuf>,
    /// The metrics of the model.
    pub metrics: PathBuf,
    /// The metrics of every round.
    pub history: PathBuf,
    /// The report, where one is asked for.
    pub report: Option<ReportFiles>,
}

impl Default for TrainFiles {
    /// `model.json` and the files beside it, in the current folder.
    fn default() -> Self {
        Self::new(Path::new("model.json"), None, None)
    }
}

impl TrainFiles {
    /// Names the files: the metrics and their history in `folder`, or else beside the model.
    #[must_use]
    pub fn new(model: &Path, folder: Option<&Path>, report: Option<&Path>) -> Self {
        let beside = match output::is_special(model) {
            // Beside /dev/null is no place for results.
            true => Path::new("."),
            false => output::folder_of(model),
        };
        let folder = folder.unwrap_or(beside);
        let in_folder = |name: &str| if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) };
        Self {
            model: model.to_path_buf(),
            manifest: manifest::place(model),
            metrics: in_folder(METRICS),
            history: in_folder(HISTORY),
            report: report.map(|path| ReportFiles::new(path, None, None)),
        }
    }

    /// Adds the files to those that are written; the flags name the model and the folder of the
    /// others.
    pub(crate) fn request(&self, request: Request, model: &'static str, folder: &'static str) -> Request {
        let request = match model == folder {
            true => request.output_in(folder, "the model", &self.model),
            false => request.output(model, "the model", Some(&self.model)),
        };
        request
            .output(model, "the model's manifest", self.manifest.as_deref())
            .output_in(folder, "the metrics", &self.metrics)
            .output_in(folder, "the metrics' history", &self.history)
            .output("--report", "the report", self.report.as_ref().map(|files| files.html.as_path()))
    }

    /// Writes all files, and only then gives them their names.
    fn write(&self, contents: Contents<'_>, observer: &mut dyn Observer) -> Result<()> {
        observer.begin(Phase::Writing)?;
        let mut drafts = contents.report;
        for (path, text) in contents.more {
            drafts.push(Draft::with(path, text.as_bytes(), observer)?);
        }
        drafts.push(Draft::with(&self.history, contents.history.as_bytes(), observer)?);
        drafts.push(Draft::with(&self.metrics, contents.metrics.to_text().as_bytes(), observer)?);
        if let Some(manifest) = &self.manifest {
            drafts.push(Draft::with(manifest, contents.manifest.to_text().as_bytes(), observer)?);
        }
        drafts.push(Draft::with(&self.model, contents.model, observer)?);
        observer.check()?;
        output::publish(drafts)
    }
}

/// What goes into the files.
struct Contents<'a> {
    model: &'a [u8],
    manifest: &'a Manifest,
    metrics: &'a MetricsFile,
    history: &'a str,
    /// Other files of the set: where they go, and their content.
    more: &'a [(PathBuf, String)],
    /// The report's files, where one is asked for.
    report: Vec<Draft>,
}

/// What came of a training whose files are written.
#[derive(Debug)]
pub struct TrainOutcome {
    /// Parameters that the model was trained with.
    pub params: Params,
    /// The model, its history and where it was trained.
    pub trained: Trained,
    /// Content of the metrics file that was written.
    pub metrics: MetricsFile,
    /// Content of the manifest that was written.
    pub manifest: Manifest,
}

/// All that is left to do for a model when the data has been read.
pub(crate) struct Completion<'a> {
    /// Training to run: parameters, data and backend.
    pub training: Training<'a>,
    /// Paths of the model, its manifest, metrics, history and report.
    pub files: &'a TrainFiles,
    /// Manifest, times and spilled bytes of the steps before the training.
    pub so_far: SoFar,
    /// Files that are of one set with the model's: where they go, and their content.
    pub more: Vec<(PathBuf, String)>,
    /// Threads for the evaluation.
    pub pool: &'a rayon::ThreadPool,
}

/// What is known before the training.
pub(crate) struct SoFar {
    /// The manifest as far as it is known.
    pub begun: Manifest,
    /// Clock that was started with the job.
    pub clock: Clock,
    /// How long the parts took.
    pub seconds: Seconds,
    /// Bytes of values that were spilled.
    pub spilled_bytes: u64,
}

impl Completion<'_> {
    /// Trains, evaluates and writes the files.
    pub fn run(self, observer: &mut dyn Observer) -> Result<TrainOutcome> {
        let Self { training, files, so_far: SoFar { begun, clock, seconds, spilled_bytes }, more, pool } = self;
        let Training { params, channels, .. } = training;
        let trained = training.run(observer)?;
        observer.begin(Phase::Evaluating)?;
        backend::tell(&trained.backend, &trained.adapter, observer)?;
        let trained_at = clock.seconds();
        let figures = pool.install(|| figures(&trained, channels, training.matrix))?;
        observer.check()?;
        let model = trained.model.to_json();
        let manifest = manifest::complete(
            begun,
            &Outcome {
                bytes: &model,
                rounds: trained.model.rounds(),
                metrics: serde_json::to_value(&figures).unwrap_or_default(),
                backend: &trained.backend,
                adapter: &trained.adapter,
                threads: pool.current_num_threads(),
                clock,
            },
        );
        let mut metrics = MetricsFile::new(&trained, params, figures, seconds);
        metrics.spilled_bytes = spilled_bytes;
        warn_of_drifts(&metrics.drifts, params.objective, observer)?;
        let report = match &files.report {
            Some(places) => observer.during(Phase::Reporting, |observer| {
                pool.install(|| {
                    let report = report(&trained, &metrics, &manifest, channels)?;
                    places.draft(&files.model.file_name().unwrap_or_default().to_string_lossy(), &report, observer)
                })
            })?,
            None => Vec::new(),
        };
        metrics.seconds.total = clock.seconds();
        metrics.seconds.evaluate = metrics.seconds.total - trained_at;
        let replaced = output::replaces(&files.model, &model);
        let contents = Contents {
            model: &model,
            manifest: &manifest,
            metrics: &metrics,
            history: &history_csv(&trained),
            more: &more,
            report,
        };
        files.write(contents, observer)?;
        if let Some(sha256) = replaced.filter(|_| training.start.is_none()) {
            observer.note(&format!(
                "{} replaces the model of an earlier run, whose sha256 was {sha256}",
                files.model.display()
            ))?;
        }
        Ok(TrainOutcome { params: params.clone(), trained, metrics, manifest })
    }
}

/// The report on a trained model.
fn report(trained: &Trained, metrics: &MetricsFile, manifest: &Manifest, channels: &Channels) -> Result<ReportData> {
    let named = [
        Some(("train", &channels.train)),
        channels.validation.as_ref().map(|channel| ("validation", channel)),
        channels.test.as_ref().map(|channel| ("test", channel)),
    ];
    let mut named: Vec<NamedData<'_>> = named
        .into_iter()
        .flatten()
        .map(|(name, channel)| NamedData { name, role: DataRole::of_channel(name), data: &channel.dataset })
        .collect();
    // Validation where there is some, otherwise test, otherwise train.
    let data = named.remove(usize::from(named.len() > 1));
    ReportData::new(data::Inputs {
        model: &trained.model,
        rounds: Rounds::Best,
        data,
        others: named,
        history: Some(History::of(trained)),
        parameters: Some(metrics.parameters.clone()),
        manifest: serde_json::to_value(manifest).ok(),
    })
}
