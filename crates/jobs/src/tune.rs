//! A search for hyperparameters: from data files to a leaderboard and the best model.

use crate::backend::BackendOptions;
use crate::data::{Channels, DataFiles, DataOptions, Purpose};
use crate::folds::FoldOptions;
use crate::manifest;
use crate::manifest::Inputs;
use crate::memory::Plan;
use crate::observer::{Event, Observer, Phase};
use crate::output;
use crate::output::{Claim, Draft, JOURNAL_FLAG, Request};
use crate::results::{Completion, SoFar, TrainFiles, TrainOutcome};
use crate::search::Search;
use crate::training::Training;
use crate::warnings::check_search;
use gboost::internals::util::clock::Clock;
use gboost::internals::util::threads::thread_pool;
use gboost::validation::Folds;
use gboost::validation::tune::{Ended, Resume, Source, Space, Tuned, Tuner};
use gboost::{BackendChoice, Compute, Error, ErrorKind, Evaluate, Params, Result};
use gboost_report::{Manifest, Seconds};
use std::path::{Path, PathBuf};

const MODEL: &str = "model.json";
const JOURNAL: &str = "tune.jsonl";
const LEADERBOARD_CSV: &str = "leaderboard.csv";
const LEADERBOARD_JSON: &str = "leaderboard.json";
const BEST_PARAMS: &str = "best_params.toml";

/// A search for hyperparameters. Writes the journal as it goes; at the end the leaderboard, the
/// best parameters and the best model with its files: all, or none.
#[derive(Clone, Debug, Default)]
pub struct TuneJob {
    /// The parameters that are not tuned.
    pub params: Params,
    /// Whether the objective was chosen; otherwise a note names labels that look like classes.
    pub is_objective_given: bool,
    /// The data; without training files the built-in data.
    pub data: DataFiles,
    /// Delimiter, columns and index base with which the files are read.
    pub reading: DataOptions,
    /// How the rows are split into folds, where trials are cross-validated.
    pub folds: FoldOptions,
    /// Tuned parameters, strategy and limits of the search.
    pub search: Search,
    /// Whether the journal's search goes on.
    pub resume: bool,
    /// Journals of other searches, whose findings are taken up.
    pub warm_start: Vec<PathBuf>,
    /// Device on which the trials are trained; changes no result.
    pub backend: BackendOptions,
    /// Paths of the journal and of the best model's files.
    pub files: TuneFiles,
}

/// Where the results of a search go.
#[derive(Clone, Debug)]
pub struct TuneFiles {
    folder: PathBuf,
    /// Journal: one line per finished trial, from which a search resumes.
    pub journal: PathBuf,
    /// Those of the best model.
    pub model: TrainFiles,
}

impl Default for TuneFiles {
    /// Returns the files of a search in the folder `tuning`.
    fn default() -> Self {
        Self::new(Path::new("tuning"), None)
    }
}

/// What came of a search whose files are written.
#[derive(Debug)]
pub struct TuneOutcome {
    /// Trials in the order of their numbers, and the best one.
    pub tuned: Tuned,
    /// Best trial's model, with its metrics and manifest.
    pub best: TrainOutcome,
    target: Option<f64>,
}

impl TuneJob {
    /// Returns all that the job reads and writes, and the `others` that its caller reads, each with
    /// its name in errors.
    #[must_use]
    pub fn request(&self, others: &[(&'static str, Option<&Path>)]) -> Request {
        let inputs = self.data.request(Request::default());
        let inputs = others.iter().fold(inputs, |inputs, (flag, path)| inputs.input(flag, *path));
        let inputs = inputs.input("--folds", self.folds.file().as_deref());
        let inputs = self.warm_start.iter().fold(inputs, |inputs, path| inputs.input("--warm-start", Some(path)));
        self.files.request(inputs)
    }

    /// Locks the places of the results, searches, and trains the best model.
    ///
    /// # Errors
    ///
    /// If the places, the data, the parameters, the search or the backend are refused, no trial has
    /// a value, or the observer stops the job. Then no file but the journal is written, and, where
    /// no trial has a value, the leaderboard.
    pub fn run(&self, observer: &mut dyn Observer) -> Result<TuneOutcome> {
        let clock = Clock::start();
        let claim = self.request(&[]).claim(observer)?;
        claim.tell(observer)?;
        self.run_claimed(&claim, clock, observer)
    }

    /// Searches and trains, with the places of the results locked before, when the clock began.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_claimed(&self, _claim: &Claim, clock: Clock, observer: &mut dyn Observer) -> Result<TuneOutcome> {
        let Self { params, data, search, resume, files, .. } = self;
        search.check()?;
        let space = Space::new(search.dimensions.clone())?;
        self.backend.check()?;
        let pool = thread_pool(params.nthread)?;
        let fold_options = self.folds.clone().or(search.nfold, search.stratified);
        let is_cv = search.objective.is_some_and(|objective| objective.source == Source::Cv);
        let with_folds = fold_options.is_given() || is_cv || data.train.is_empty() || data.validation.is_empty();
        if !with_folds {
            fold_options.refuse_unused()?;
        }
        if *resume && !files.journal.exists() {
            let journal = files.journal.display();
            observer.note(&format!("--resume: there is no journal {journal}: the search starts anew"))?;
        }
        let source = DataSource { files: data, reading: &self.reading, folds: with_folds.then_some(&fold_options) };
        let (channels, folds) = pool.install(|| source.read(params, observer))?;
        channels.tell_of_classes(params, self.is_objective_given, observer)?;
        let begun = manifest::begin(Inputs {
            command: "tune",
            result: &files.model.model,
            params,
            reading: &source.final_reading()?,
            channels: &channels,
            start: None,
            folds: None,
        })?;
        let read = clock.seconds();
        let chosen = self.backend.choose(observer)?;
        let of_trials = match &chosen.backend {
            BackendChoice::Auto(_) => {
                observer.detail(
                    "backend of the trials: cpu (auto; they run side by side); the best model's training may try a GPU",
                )?;
                BackendChoice::Cpu
            }
            named => named.clone(),
        };

        let parallel = search.max_parallel_jobs.unwrap_or(match of_trials {
            BackendChoice::Cpu | BackendChoice::Auto(_) => pool.current_num_threads(),
            _ => 1,
        });
        let mut tuner = Tuner::new(params, &space, &channels.train.dataset)
            .parallel(parallel)
            .on(Compute { backend: of_trials, ..chosen.clone() })
            .journal(&files.journal, if *resume { Resume::Yes } else { Resume::No });
        if let Some(channel) = &channels.validation {
            tuner = tuner.validation(&channel.dataset);
        }
        if let Some(folds) = &folds {
            tuner = tuner.folds(folds);
        }
        tuner = search.configure(self.warm_start.iter().fold(tuner, |tuner, path| tuner.warm_start(path)));
        check_search(tuner.objective_metric()?, &channels, (folds.as_ref(), &fold_options), params, observer)?;
        let tuned = tune(tuner, &files.journal, observer)?;

        let best = match tuned.best_params() {
            Ok(best) => best,
            Err(error) => {
                // The leaderboard says why there is no model.
                files.write_without_model(&tuned, observer)?;
                return Err(error);
            }
        };
        let begun = Manifest { parameters: Manifest::parameters_of(&best), seed: best.seed, ..begun };
        let training = Training {
            params: &best,
            channels: &channels,
            matrix: None,
            start: None,
            compute: &chosen,
            hidden: Evaluate::LastRound,
        };
        let so_far = SoFar { begun, clock, seconds: Seconds { read, ..Seconds::default() }, spilled_bytes: 0 };
        // One set with the model: what stands in the folder is of one search.
        let more = files.tables(&tuned, Some(&best));
        let best = Completion { training, files: &files.model, so_far, more, pool: &pool }.run(observer)?;
        Ok(TuneOutcome { tuned, best, target: search.target })
    }
}

/// Where the data comes from, and how its training rows are split.
struct DataSource<'a> {
    files: &'a DataFiles,
    reading: &'a DataOptions,
    folds: Option<&'a FoldOptions>,
}

impl DataSource<'_> {
    fn read(&self, params: &Params, observer: &mut dyn Observer) -> Result<(Channels, Option<Folds>)> {
        let Self { files, reading, folds } = self;
        if files.train.is_empty() {
            reading.refuse_without_files()?;
            observer.note(
                "no --train given: the built-in census data (UCI Adult), with the ranges and options of Task 2 where none are given",
            )?;
            let channels = Channels::built_in()?;
            let folds = folds.map(|folds| folds.of(&channels.train, params)).transpose()?;
            return Ok((channels, folds));
        }
        reading.refuse_no_label()?;
        let purpose = Purpose::training(params, None);
        let Some(folds) = folds else {
            return Ok((Channels::read(reading, files, purpose, &Plan::KEEP, observer)?, None));
        };
        let (train, found) = folds.read(reading, &files.train, params, observer)?;
        let channels = Channels::read_with(train, &folds.reading(reading)?, files, purpose, observer)?;
        Ok((channels, Some(found)))
    }

    /// How all channels were read in the end.
    fn final_reading(&self) -> Result<DataOptions> {
        self.folds.map_or_else(|| Ok(self.reading.clone()), |folds| folds.reading(self.reading))
    }
}

fn tune(tuner: Tuner<'_>, journal: &Path, observer: &mut dyn Observer) -> Result<Tuned> {
    let (objective, trials) = (tuner.objective_metric()?, tuner.trial_count()?);
    observer.begin(Phase::Searching { objective, trials, journal })?;
    let tuned = tuner.on_event(|event| observer.on(&Event::Trial(event))).run();
    observer.tell(&Event::Searched(tuned.as_ref().ok()))?;
    tuned.map_err(|error| observer.or_reason(error))
}

impl TuneFiles {
    /// Names the files in a folder; the journal may lie elsewhere.
    #[must_use]
    pub fn new(folder: &Path, journal: Option<&Path>) -> Self {
        let journal = journal.map_or_else(|| folder.join(JOURNAL), Path::to_path_buf);
        Self { folder: folder.to_path_buf(), journal, model: TrainFiles::new(&folder.join(MODEL), None, None) }
    }

    /// Returns where the leaderboard is, as CSV.
    #[must_use]
    pub fn leaderboard(&self) -> PathBuf {
        self.folder.join(LEADERBOARD_CSV)
    }

    /// Returns where the parameters of the best model are.
    #[must_use]
    pub fn best_params(&self) -> PathBuf {
        self.folder.join(BEST_PARAMS)
    }

    /// Adds the files to those that are written.
    fn request(&self, request: Request) -> Request {
        let request = self.model.request(request, "--output", "--output");
        let tables = [
            ("the leaderboard as CSV", LEADERBOARD_CSV),
            ("the leaderboard as JSON", LEADERBOARD_JSON),
            ("the best parameters", BEST_PARAMS),
        ];
        let request = tables
            .iter()
            .fold(request, |request, (what, name)| request.output_in("--output", what, &self.folder.join(name)));
        request.output(JOURNAL_FLAG, "the journal", Some(&self.journal))
    }

    /// The leaderboard, and what trains the best model: where they go, and their text.
    fn tables(&self, tuned: &Tuned, best: Option<&Params>) -> Vec<(PathBuf, String)> {
        let leaderboard = tuned.leaderboard();
        let tables = [(LEADERBOARD_CSV, leaderboard.to_csv()), (LEADERBOARD_JSON, leaderboard.to_json())];
        let best = best.map(|params| (BEST_PARAMS, params_toml(tuned, params)));
        tables.into_iter().chain(best).map(|(name, text)| (self.folder.join(name), text)).collect()
    }

    /// Writes the leaderboard of a search that found no model, unless those of an earlier one would
    /// stay beside it.
    fn write_without_model(&self, tuned: &Tuned, observer: &mut dyn Observer) -> Result<()> {
        if self.model.model.exists() || self.best_params().exists() {
            return Ok(());
        }
        observer.begin(Phase::Drafting)?;
        let mut drafts = Vec::new();
        for (path, text) in self.tables(tuned, None) {
            drafts.push(Draft::with(&path, text.as_bytes(), observer)?);
        }
        observer.check()?;
        output::publish(drafts)
    }
}

/// The parameters of the best model as a file of hyperparameters; those that do not change the
/// model are left out.
fn params_toml(tuned: &Tuned, params: &Params) -> String {
    let mut shown = params.to_json();
    shown.retain(|name, value| !value.is_null() && name != "nthread" && name != "verbosity");
    let value = tuned.best().and_then(|best| best.objective_value).unwrap_or(f64::NAN);
    let table = toml::to_string(&shown).unwrap_or_default();
    format!("# gboost {} tune: {} {value}\n{table}", env!("CARGO_PKG_VERSION"), tuned.objective)
}

impl TuneOutcome {
    /// Refuses a search that missed its target.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CheckFailed`], if there was a target and no trial reached it.
    pub fn check_target(&self) -> Result<()> {
        let tuned = &self.tuned;
        match (tuned.reached_target(), self.target, tuned.best().and_then(|best| best.objective_value)) {
            (Some(false), Some(target), Some(value)) => {
                let objective = tuned.objective;
                let message = format!("the target {target} was missed: the best {objective} is {value}");
                let remedy = match tuned.ended {
                    Ended::Trials => "give more --max-jobs and --resume, or other ranges",
                    _ => "give other ranges",
                };
                Err(Error::new(ErrorKind::CheckFailed, message).remedy(remedy))
            }
            _ => Ok(()),
        }
    }
}
