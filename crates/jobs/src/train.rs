//! A training: from data files to a model and the files beside it.

use crate::backend::BackendOptions;
use crate::built_in::tell_built_in;
use crate::data::{Channels, DataFiles, DataOptions, Purpose};
use crate::manifest;
use crate::manifest::Inputs;
use crate::memory::{MemoryOptions, Need, Plan};
use crate::model_file;
use crate::observer::{Observer, Phase};
use crate::output::{Claim, Request};
use crate::results::{Completion, SoFar, TrainFiles, TrainOutcome};
use crate::training::{CONTINUES, Training, give_up_values};
use crate::warnings::warn_of_lacking_channels;
use gboost::ingest::Spilled;
use gboost::internals::util::clock::Clock;
use gboost::internals::util::threads::thread_pool;
use gboost::{Evaluate, Params, Result};
use gboost_report::Seconds;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A training. Writes the model, its manifest, its metrics and their history: all, or none.
#[derive(Clone, Debug, Default)]
pub struct TrainJob {
    /// The parameters; those of [`crate::built_in::params`] suit the built-in data.
    pub params: Params,
    /// Whether the objective was chosen; otherwise a note names labels that look like classes.
    pub is_objective_given: bool,
    /// The data; without training files the built-in data.
    pub data: DataFiles,
    /// Delimiter, columns and index base with which the files are read.
    pub reading: DataOptions,
    /// Where the training rows are kept.
    pub memory: MemoryOptions,
    /// Device on which the model is trained; changes no result.
    pub backend: BackendOptions,
    /// The model whose training goes on, where there is one.
    pub continue_from: Option<PathBuf>,
    /// Paths of the model, its manifest, metrics, history and report.
    pub files: TrainFiles,
}

impl TrainJob {
    /// Returns all that the job reads and writes, and the `others` that its caller reads, each with
    /// its name in errors.
    #[must_use]
    pub fn request(&self, others: &[(&'static str, Option<&Path>)]) -> Request {
        let inputs = self.data.request(Request::default());
        let inputs = others.iter().fold(inputs, |inputs, (flag, path)| inputs.input(flag, *path));
        let inputs = inputs.continued("--continue-from", self.continue_from.as_deref(), "--model");
        self.files.request(inputs, "--model", "--output")
    }

    /// Locks the places of the results, and trains.
    ///
    /// # Errors
    ///
    /// If the places, the data, the parameters or the backend are refused, or the observer stops
    /// the job. Then no file is written.
    pub fn run(&self, observer: &mut dyn Observer) -> Result<TrainOutcome> {
        let clock = Clock::start();
        let claim = self.request(&[]).claim(observer)?;
        claim.tell(observer)?;
        self.run_claimed(&claim, clock, observer)
    }

    /// Trains, with the places of the results locked before, when the clock began.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_claimed(&self, _claim: &Claim, clock: Clock, observer: &mut dyn Observer) -> Result<TrainOutcome> {
        let Self { params, data, reading, .. } = self;
        self.backend.check()?;
        let start = self.continue_from.as_ref().map(|path| model_file::load(path, observer)).transpose()?;

        let plan = self.plan()?;
        let pool = thread_pool(params.nthread)?;
        let purpose = Purpose::training(params, start.as_ref());
        let mut channels = pool.install(|| match data.train.is_empty() {
            true => self.built_in(observer),
            false => {
                reading.refuse_no_label()?;
                Channels::read(reading, data, purpose, &plan, observer)
            }
        })?;
        channels.tell_of_classes(params, self.is_objective_given, observer)?;
        let begun = manifest::begin(Inputs {
            command: "train",
            result: &self.files.model,
            params,
            reading,
            channels: &channels,
            start: self.continue_from.as_ref(),
            folds: None,
        })?;
        let read = clock.seconds();
        warn_of_lacking_channels(&channels, params, observer)?;

        let compute = self.backend.choose(observer)?;
        let binning = Instant::now();
        let spilled_bytes = channels.train.spilled.as_ref().map_or(0, Spilled::bytes);
        let matrix = match plan.gives_up {
            true => Some(observer.during(Phase::Binning, |_| {
                pool.install(|| give_up_values(&mut channels, params, &compute.backend))
            })?),
            false => None,
        };
        let bin = binning.elapsed().as_secs_f64();
        let training = Training {
            params,
            channels: &channels,
            matrix: matrix.as_ref(),
            start: start.as_ref(),
            compute: &compute,
            hidden: if self.files.report.is_some() { Evaluate::EveryRound } else { Evaluate::LastRound },
        };
        let so_far = SoFar { begun, clock, seconds: Seconds { read, bin, ..Seconds::default() }, spilled_bytes };
        Completion { training, files: &self.files, so_far, more: Vec::new(), pool: &pool }.run(observer)
    }

    /// Decides whether the values of the training rows are needed to the end, or may be spilled and
    /// given up.
    fn plan(&self) -> Result<Plan> {
        let need = if self.files.report.is_some() {
            Some(Need {
                flag: "--report",
                why: "follows the loss on the values of the training rows",
                remedy: "train without it, and make the report with gboost report on other data",
            })
        } else {
            self.continue_from.as_ref().map(|_| CONTINUES)
        };
        self.memory.plan(need)
    }

    fn built_in(&self, observer: &mut dyn Observer) -> Result<Channels> {
        self.reading.refuse_without_files()?;
        self.memory.refuse_without_files()?;
        tell_built_in(&self.params, observer)?;
        Channels::built_in()
    }
}
