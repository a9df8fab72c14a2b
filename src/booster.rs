//! The round loop: sampling, growing, evaluation, early stopping, on any backend.
//!
//! Trainings advance together, a round at a time: one in a [`Trainer`], one a fold in a cross-validation.

use crate::auto::{Auto, Turn};
use crate::backend::{Margins, Problem};
use crate::binning::BinnedMatrix;
use crate::contest::{News, Record};
use crate::cpu::{CpuBackend, CpuOptions};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::EarlyStopping;
pub use crate::evaluation::{lack_of, metric_weights};
use crate::ingest::{Dataset, Rows};
use crate::metric::Metric;
use crate::model::Model;
use crate::params::Params;
use crate::sampling::{SampleSource, SampleSources};
use crate::traffic::Counts;
use crate::training::{Beginning, Finished, Training, TrainingSet, advance, begin};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The metrics of one round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// The round, from 0; a continued training goes on counting.
    pub round: usize,
    /// Value by channel (train first) and metric, in the order of [`Trained::channels`] and [`Trained::metrics`].
    pub values: Vec<Vec<f64>>,
}

/// How long the parts of a training took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Learning cuts and binning.
    pub bin: Duration,
    /// Boosting rounds with their evaluation.
    pub train: Duration,
}

/// The result of a training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model, with all rounds; [`Model::best_iteration`] is set by early stopping.
    pub model: Model,
    /// Names of the evaluated channels, `train` first.
    pub channels: Vec<String>,
    /// The metrics that were evaluated.
    pub metrics: Vec<Metric>,
    /// The metrics of every evaluated round.
    pub history: Vec<Round>,
    /// Whether early stopping ended the training before the last round.
    pub stopped_early: bool,
    /// How long it took.
    pub times: Times,
    /// What it ran on; where it changed hands, what it ended on.
    pub adapter: String,
    /// The backend that this belongs to.
    pub backend: Placement,
    /// What the kernels took, where the backend was asked to measure it.
    pub profile: Option<crate::profile::Profile>,
}

/// Which backend trained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// `cpu` or `gpu`; where the training changed hands, the one that ended it.
    pub name: &'static str,
    /// The driver of a GPU.
    pub driver: Option<String>,
    /// What ran where, with [`BackendChoice::Auto`].
    pub auto: Option<Record>,
}

/// When metrics are evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evaluate {
    /// After every round.
    #[default]
    EveryRound,
    /// After the last round; every round all the same if early stopping needs it.
    LastRound,
}

type Observer<'a> = Box<dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send + 'a>;

/// What an observer is told after each round.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Rounds done in this training.
    pub done: usize,
    /// Rounds asked for.
    pub rounds: usize,
    /// The round's metrics, where they were evaluated.
    pub metrics: Option<&'a Round>,
    /// Names of the channels.
    pub channels: &'a [String],
    /// The metrics.
    pub names: &'a [Metric],
    /// What [`BackendChoice::Auto`] did before this round.
    pub news: &'a [News],
}

/// A training to be run: data, parameters, and what to do on the way.
///
/// ```
/// use gboost::{Dataset, Params, Trainer};
///
/// let data = Dataset {
///     columns: vec![vec![1.0, 2.0, 3.0, 4.0], vec![0.0, 1.0, f32::NAN, 1.0]],
///     labels: Some(vec![1.0, 2.0, 3.0, 4.0]),
///     rows: 4,
///     ..Dataset::default()
/// };
/// let mut params = Params::default();
/// params.set("num_round", "20")?;
/// params.set("min_child_weight", "0")?;
/// let trained = Trainer::new(&params, &data).run()?;
/// let margins = trained.model.predict_margins(&data, None);
/// assert!((margins[3] - 4.0).abs() < 0.1);
/// # Ok::<(), gboost::Error>(())
/// ```
pub struct Trainer<'a> {
    params: &'a Params,
    train: &'a Dataset,
    binned: Option<&'a BinnedMatrix>,
    channels: Vec<(String, &'a Dataset)>,
    start: Option<&'a Model>,
    evaluate: Evaluate,
    observer: Option<Observer<'a>>,
    cpu: CpuOptions,
    backend: BackendChoice,
}

/// Where the kernels run; changes no result.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum BackendChoice {
    /// On the processor.
    #[default]
    Cpu,
    /// On a GPU.
    #[cfg(feature = "gpu")]
    Gpu(crate::gpu::GpuOptions),
    /// Begins on the processor and tries a GPU where enough work is left to gain by it; the faster of both keeps the rest. Without a GPU, or
    /// if it refuses the data or fails, the processor does it all. Kernels are not profiled.
    Auto(crate::auto::AutoOptions),
}

impl BackendChoice {
    /// Whether a GPU must do it.
    #[must_use]
    pub fn is_gpu(&self) -> bool {
        !matches!(self, Self::Cpu | Self::Auto(_))
    }
}

impl<'a> Trainer<'a> {
    /// A training of `params` on `train`.
    #[must_use]
    pub fn new(params: &'a Params, train: &'a Dataset) -> Self {
        Self {
            params,
            train,
            binned: None,
            channels: Vec::new(),
            start: None,
            evaluate: Evaluate::default(),
            observer: None,
            cpu: CpuOptions::default(),
            backend: BackendChoice::default(),
        }
    }

    /// Takes the training rows as they were binned before, with the same `tree_method` and `max_bin`: by [`BinnedMatrix::of`], so that
    /// several trainings on the same rows share them, or by [`BinnedMatrix::take`] or [`BinnedMatrix::of_spilled`], so that their values
    /// need not be in memory. The model is the same either way.
    ///
    /// ```
    /// use gboost::binning::BinnedMatrix;
    /// use gboost::{Dataset, Params, Trainer};
    ///
    /// # let columns = vec![vec![1.0, 2.0, 3.0, 4.0]];
    /// let mut data = Dataset { columns, labels: Some(vec![1.0, 2.0, 3.0, 4.0]), rows: 4, ..Dataset::default() };
    /// let params = Params::default();
    /// let matrix = BinnedMatrix::take(&mut data, &params)?; // a byte a value from here on, instead of four
    /// let trained = Trainer::new(&params, &data).binned(&matrix).run()?;
    /// # assert_eq!(trained.model.features, 1);
    /// # Ok::<(), gboost::Error>(())
    /// ```
    #[must_use]
    pub fn binned(mut self, matrix: &'a BinnedMatrix) -> Self {
        self.binned = Some(matrix);
        self
    }

    /// Evaluates another channel each round; the last one steers early stopping.
    #[must_use]
    pub fn channel(mut self, name: &str, data: &'a Dataset) -> Self {
        self.channels.push((name.to_string(), data));
        self
    }

    /// Adds `num_round` rounds to a model instead of starting a new one.
    #[must_use]
    pub fn continue_from(mut self, model: &'a Model) -> Self {
        self.start = Some(model);
        self
    }

    /// When to evaluate metrics.
    #[must_use]
    pub fn evaluate(mut self, evaluate: Evaluate) -> Self {
        self.evaluate = evaluate;
        self
    }

    /// Calls `observer` after every round; its `Break` ends the training with an error of kind `Interrupted`.
    #[must_use]
    pub fn on_round(mut self, observer: impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// How the CPU backend cuts up its work; changes no result.
    #[must_use]
    pub fn cpu_options(mut self, options: CpuOptions) -> Self {
        self.cpu = options;
        self
    }

    /// Where the kernels run; on the processor by default.
    #[must_use]
    pub fn backend(mut self, choice: BackendChoice) -> Self {
        self.backend = choice;
        self
    }

    /// Trains, on as many threads as `nthread` says (all by default).
    ///
    /// # Errors
    /// Parameters in conflict, labels outside the objective's domain, a start model that does not fit, a binned matrix of other
    /// rows or parameters, an observer's stop.
    pub fn run(self) -> Result<Trained> {
        thread_pool(self.params.nthread)?.install(|| self.run_in_pool())
    }

    /// Trains on rayon's current pool, whatever `nthread` says: for callers that share their threads among several trainings.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn run_in_pool(mut self) -> Result<Trained> {
        let params = self.params;
        let started = Instant::now();
        self.check()?;
        if self.binned.is_none() || self.start.is_some() {
            self.check_values(("train", self.train))?;
        }
        let made = if self.binned.is_none() { Some(BinnedMatrix::of(Rows::all(self.train), params)?) } else { None };
        let Some(matrix) = self.binned.or(made.as_ref()) else {
            unreachable!("a matrix that was not given was made");
        };
        matrix.check(self.train.rows, self.train.features(), params)?;
        let binned = Instant::now();

        let mut observer = self.observer.take();
        let plan = Plan { params, evaluate: self.evaluate, cpu: self.cpu, backend: &self.backend };
        let set = TrainingSet {
            rows: Rows::all(self.train),
            matrix,
            channels: std::mem::take(&mut self.channels),
            start: self.start,
        };
        let channels: Vec<String> = std::iter::once("train")
            .chain(set.channels.iter().map(|(name, _)| name.as_str()))
            .map(str::to_string)
            .collect();
        let metrics = params.metrics();
        let mut stopping = EarlyStopping::new(params);
        let (mut finished, stopped_early) = train_together(&plan, &[set], &mut |done, rounds, news| {
            let round = rounds.first().copied().flatten();
            if let Some(observer) = &mut observer {
                let (channels, names) = (channels.as_slice(), metrics.as_slice());
                let rounds = params.num_round as usize;
                let progress = Progress { done, rounds, metrics: round, channels, names, news };
                if observer(&progress).is_break() {
                    return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
                }
            }
            let last = |round: &Round| round.values.last().and_then(|values| values.last()).copied();
            Ok(round.map_or(ControlFlow::Continue(()), |at| stopping.judge(at.round, last(at))))
        })?;
        let Some(Finished { mut model, history, adapter, backend, profile }) = finished.pop() else {
            unreachable!("one training was begun, so one has finished");
        };
        if params.early_stopping_rounds.is_some() {
            (model.best_iteration, model.best_score) = stopping.best.unzip();
        }
        let times = Times { bin: binned - started, train: binned.elapsed() };
        Ok(Trained { model, channels, metrics, history, stopped_early, times, adapter, backend, profile })
    }

    /// Refuses a table that has given its values up.
    fn check_values(&self, (name, data): (&str, &Dataset)) -> Result<()> {
        if data.has_values() {
            return Ok(());
        }
        Err(Error::data(format!("the {name} data has given its feature values up")).remedy(
            "give Trainer::binned the matrix of the training rows; to continue a model, and for other channels, keep the values",
        ))
    }

    /// Checks the parameters, the data and the start model as [`Trainer::run`] does before it begins, but for the binned matrix.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn check(&self) -> Result<()> {
        let params = self.params;
        params.check()?;
        self.channels.iter().try_for_each(|(name, data)| self.check_values((name, data)))?;
        let datasets = std::iter::once(("train", self.train))
            .chain(self.channels.iter().map(|(name, data)| (name.as_str(), *data)));
        for (name, data) in datasets {
            if data.rows == 0 || data.features() == 0 {
                return Err(Error::data(format!(
                    "the {name} data has {} rows and {} features",
                    data.rows,
                    data.features()
                ))
                .remedy("give at least one row and one feature"));
            }
            if data.rows >= 1 << 31 {
                return Err(
                    Error::data(format!("the {name} data has {} rows", data.rows)).remedy("give fewer than 2^31")
                );
            }
            if data.features() != self.train.features() {
                return Err(Error::data(format!(
                    "the {name} data has {} features, the train data {}",
                    data.features(),
                    self.train.features()
                ))
                .remedy("give the same columns in every channel"));
            }
            let labels = Rows::all(data).labels().map_err(|error| error.context(name))?;
            params
                .objective
                .check_labels(&labels, params.classes())
                .map_err(|(row, error)| error.context(&format!("{name} row {}", row + 1)))?;
        }
        if params.early_stopping_rounds.is_some() && self.channels.is_empty() {
            return Err(Error::parameter("early_stopping_rounds needs a validation channel")
                .remedy("give --validation, or leave it out"));
        }
        self.start.map_or(Ok(()), |model| check_start(model, params, self.train))
    }
}

/// What trainings that advance together have in common.
pub(crate) struct Plan<'a> {
    pub params: &'a Params,
    pub evaluate: Evaluate,
    pub cpu: CpuOptions,
    pub backend: &'a BackendChoice,
}

impl Plan<'_> {
    /// Whether metrics are evaluated after that many rounds.
    fn is_due(&self, done: usize) -> bool {
        let Params { num_round, early_stopping_rounds, .. } = self.params;
        self.evaluate == Evaluate::EveryRound || done == *num_round as usize || early_stopping_rounds.is_some()
    }

    /// The backend that a training begins on; `margins` are its first ones if they were taken out of the problem.
    fn open<'a>(&self, problem: &'a Problem<'a>, margins: Option<Margins>) -> Result<Engine<'a>> {
        Ok(match self.backend {
            BackendChoice::Cpu => {
                let margins = margins.unwrap_or_else(|| Margins::of(problem));
                Engine::Cpu(Box::new(CpuBackend::with_margins(problem, margins, self.cpu)))
            }
            #[cfg(feature = "gpu")]
            BackendChoice::Gpu(options) => {
                if problem.matrix.is_by_row() {
                    return Err(Error::parameter(BY_ROW).remedy("call BinnedMatrix::add_columns"));
                }
                Engine::Gpu(Box::new(crate::gpu::GpuBackend::new(problem, self.params.max_depth, options)?))
            }
            BackendChoice::Auto(_) => {
                Engine::Cpu(Box::new(CpuBackend::new(problem, CpuOptions { profile: false, ..self.cpu })))
            }
        })
    }
}

/// Why a GPU does not take a matrix.
#[cfg(feature = "gpu")]
pub(crate) const BY_ROW: &str = "the binned matrix has its codes by row alone, which GPUs do not read";

/// Hears of every round: how many are done, the metrics of every training where they were due, and what `auto` did. Its `Break` ends
/// the trainings.
pub(crate) type Watch<'w> = dyn FnMut(usize, &[Option<&Round>], &[News]) -> Result<ControlFlow<()>> + Send + 'w;

/// Trains on rayon's current pool; answers every training's outcome in the order of the sets, and whether `watch` ended them before
/// the last round.
pub(crate) fn train_together(
    plan: &Plan<'_>,
    sets: &[TrainingSet<'_>],
    watch: &mut Watch<'_>,
) -> Result<(Vec<Finished>, bool)> {
    let beginnings: Vec<(Problem<'_>, Beginning<'_>)> =
        sets.iter().map(|set| begin(plan.params, set)).collect::<Result<_>>()?;
    let (mut problems, beginnings): (Vec<_>, Vec<_>) = beginnings.into_iter().unzip();
    // The processor may have the first margins for itself where nobody else can come to need them.
    let margins: Vec<Option<Margins>> = problems
        .iter_mut()
        .map(|problem| matches!(plan.backend, BackendChoice::Cpu).then(|| Margins::take(problem)))
        .collect();
    let profiled = match plan.backend {
        BackendChoice::Cpu => plan.cpu.profile,
        #[cfg(feature = "gpu")]
        BackendChoice::Gpu(options) => options.profile,
        BackendChoice::Auto(_) => false,
    };
    let training = |((problem, margins), beginning)| {
        Ok(Training::new(plan.open(problem, margins)?, problem, beginning, profiled.then(Counts::default)))
    };
    let mut trainings: Vec<Training<'_>> =
        problems.iter().zip(margins).zip(beginnings).map(training).collect::<Result<_>>()?;
    let mut auto = match plan.backend {
        BackendChoice::Auto(options) => Some(Auto::new(options)),
        _ => None,
    };
    let stopped = boost(plan, &mut trainings, auto.as_mut(), watch)?;
    let record = auto.as_ref().map(Auto::record);
    Ok((trainings.into_iter().map(|training| training.finish(record.clone())).collect(), stopped))
}

/// THE round loop. Answers whether `watch` ended it before the last round.
fn boost(
    plan: &Plan<'_>,
    trainings: &mut [Training<'_>],
    mut auto: Option<&mut Auto<'_>>,
    watch: &mut Watch<'_>,
) -> Result<bool> {
    let (params, rounds) = (plan.params, plan.params.num_round as usize);
    let source = |training: &Training<'_>| {
        SampleSource::new(params, training.problem.rows(), training.problem.matrix.features())
    };
    let mut samples = SampleSources::new(trainings.iter().map(source).collect());
    samples.skip(trainings.first().map_or(0, Training::rounds), params.classes());
    for done in 1..=rounds {
        let due = plan.is_due(done);
        let drawn = samples.next_round(params.classes());
        let news = match &mut auto {
            Some(auto) => auto.round(plan, trainings, drawn, Turn { due, left: rounds - done })?,
            None => advance(params, trainings, drawn, due).map(|()| &[] as &[News])?,
        };
        let metrics: Vec<Option<&Round>> =
            trainings.iter().map(|training| training.last_evaluated().filter(|_| due)).collect();
        if watch(done, &metrics, news)?.is_break() {
            return Ok(done < rounds);
        }
    }
    Ok(false)
}

/// Refuses a model that a training of `params` on `data` cannot go on from.
pub(crate) fn check_start(model: &Model, params: &Params, data: &Dataset) -> Result<()> {
    model.check_features(data)?;
    if model.objective != params.objective || model.classes != params.classes() {
        return Err(Error::model(format!(
            "the model to continue from was trained with {}, not with {}",
            task(model.objective, model.classes),
            task(params.objective, params.classes())
        ))
        .remedy("give the model's objective and num_class"));
    }
    if !model.tree_weights.is_empty() {
        return Err(Error::model(
            "the model to continue from was trained with dropout: it has tree weights, which a later round would change",
        )
        .remedy("continue it in XGBoost, or train a new model"));
    }
    Ok(())
}

/// What is learnt, as it is called in errors.
fn task(objective: crate::Objective, classes: usize) -> String {
    match objective.is_multiclass() {
        true => format!("{} of {classes} classes", objective.name()),
        false => objective.name().to_string(),
    }
}

/// Threads that a pool has at most, however many are asked for: one a core, or 64 on a machine of
/// fewer. All work here is computing, so that more of them gain nothing, and idle ones look for work at
/// all others: a thousand on two cores take half a minute for 200 rows.
#[must_use]
pub fn most_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).max(64)
}

/// A pool of `threads` threads, [`most_threads`] at most; all cores without a number, or with 0.
///
/// # Errors
/// If the threads cannot be made.
pub fn thread_pool(threads: Option<usize>) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0).min(most_threads()))
        .build()
        .map_err(|error| Error::parameter(format!("cannot start threads: {error}")).remedy("give fewer --threads"))
}
