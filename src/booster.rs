//! The round loop: sampling, growing, evaluation, early stopping, on any backend.
//!
//! Trainings advance together, a round at a time: one in a [`Trainer`], one a fold in a cross-validation.

use crate::backend::{Backend, FirstMargins, Problem, RoutedChannel, TreeTask};
use crate::binning::BinnedMatrix;
use crate::cpu::{CpuBackend, CpuOptions};
use crate::error::{Error, ErrorKind, Result};
pub use crate::evaluation::metric_weights;
use crate::evaluation::{EarlyStopping, Evaluation};
use crate::fixed::margin::{MarginFormat, label_exponent};
use crate::fixed::quantiser::{NARROW_ROWS, PairScale, Regularisation, SumWidth};
use crate::fixed::weight::RowWeights;
use crate::fixed::{ceil_log2, power_of_two, round_to_integer};
use crate::grower::grow;
use crate::ingest::{Dataset, Rows};
use crate::leaf::finish;
use crate::metric::Metric;
use crate::model::Model;
use crate::objective::{Objective, logistic};
use crate::params::{BaseScore, HistogramSums, Params};
use crate::sampling::{SampleSource, SampleSources, TreeSample};
use rayon::prelude::*;
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
    /// What it ran on.
    pub adapter: String,
    /// What the kernels took, where the backend was asked to measure it.
    pub profile: Option<crate::profile::Profile>,
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
        let (mut finished, stopped_early) = train_together(&plan, &[set], &mut |done, rounds| {
            let round = rounds.first().copied().flatten();
            if let Some(observer) = &mut observer {
                let (channels, names) = (channels.as_slice(), metrics.as_slice());
                let progress = Progress { done, rounds: params.num_round as usize, metrics: round, channels, names };
                if observer(&progress).is_break() {
                    return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
                }
            }
            let last = |round: &Round| round.values.last().and_then(|values| values.last()).copied();
            Ok(round.map_or(ControlFlow::Continue(()), |at| stopping.judge(at.round, last(at))))
        })?;
        let Some(Finished { mut model, history, adapter, profile }) = finished.pop() else {
            unreachable!("one training was begun, so one has finished");
        };
        if params.early_stopping_rounds.is_some() {
            (model.best_iteration, model.best_score) = stopping.best.unzip();
        }
        let times = Times { bin: binned - started, train: binned.elapsed() };
        Ok(Trained { model, channels, metrics, history, stopped_early, times, adapter, profile })
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
}

/// The data of one training.
pub(crate) struct TrainingSet<'a> {
    /// The rows to train on.
    pub rows: Rows<'a>,
    /// The same, binned.
    pub matrix: &'a BinnedMatrix,
    /// What else is evaluated.
    pub channels: Vec<(String, &'a Dataset)>,
    /// The model to go on from.
    pub start: Option<&'a Model>,
}

/// What has become of a training.
pub(crate) struct Finished {
    pub model: Model,
    pub history: Vec<Round>,
    pub adapter: String,
    pub profile: Option<crate::profile::Profile>,
}

/// Hears of every round: how many are done, and the metrics of every training where they were due. Its `Break` ends the trainings.
pub(crate) type Watch<'w> = dyn FnMut(usize, &[Option<&Round>]) -> Result<ControlFlow<()>> + Send + 'w;

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
    match plan.backend {
        BackendChoice::Cpu => {
            let margins: Vec<FirstMargins> = problems.iter_mut().map(FirstMargins::take).collect();
            let make = |(problem, margins)| CpuBackend::with_margins(problem, margins, plan.cpu);
            let backends = problems.iter().zip(margins).map(make).collect();
            let mut trainings = trainings(&problems, backends, beginnings);
            let stopped = boost(plan, &mut trainings, watch)?;
            Ok((trainings.into_iter().map(|done| done.finish(CpuBackend::profile)).collect(), stopped))
        }
        #[cfg(feature = "gpu")]
        BackendChoice::Gpu(options) => {
            use crate::gpu::GpuBackend;
            if problems.iter().any(|problem| problem.matrix.is_by_row()) {
                return Err(Error::parameter("the binned matrix has its codes by row alone, which GPUs do not read")
                    .remedy("call BinnedMatrix::add_columns"));
            }
            let open = |problem| GpuBackend::new(problem, plan.params.max_depth, options);
            let backends = problems.iter().map(open).collect::<Result<_>>()?;
            let mut trainings = trainings(&problems, backends, beginnings);
            let stopped = boost(plan, &mut trainings, watch)?;
            Ok((trainings.into_iter().map(|done| done.finish(GpuBackend::profile)).collect(), stopped))
        }
    }
}

/// A training before its first round, but for its problem.
struct Beginning<'a> {
    model: Model,
    evaluation: Evaluation<'a>,
}

fn begin<'a>(params: &Params, set: &TrainingSet<'a>) -> Result<(Problem<'a>, Beginning<'a>)> {
    let data = set.rows.data;
    if params.histogram_sums == HistogramSums::Narrow && set.rows.len() > NARROW_ROWS {
        return Err(Error::parameter(format!(
            "histogram_sums narrow holds at most {NARROW_ROWS} training rows, there are {}",
            set.rows.len()
        ))
        .remedy("leave it out, or give wide"));
    }
    let labels = set.rows.labels()?;
    let weights = RowWeights::new(&training_weights(params, set.rows, &labels))?;
    let base_score = match set.start {
        Some(model) => model.base_score.clone(),
        None => vec![base_score(params, &labels, &weights)],
    };
    let model = Model {
        objective: params.objective,
        classes: params.classes(),
        base_score,
        feature_names: if data.named { data.names() } else { Vec::new() },
        features: data.features(),
        trees: set.start.map_or_else(Vec::new, |start| start.trees.clone()),
        best_iteration: None,
        best_score: None,
        attributes: set.start.map_or_else(Default::default, |start| start.attributes.clone()),
    };
    let format = MarginFormat::new(params.objective, &labels, model.base_margin(0));
    let routed =
        |&(_, data): &(String, &'a Dataset)| RoutedChannel { data, margins: replay(&model, Rows::all(data), format) };
    let channels = set.channels.iter().map(routed).collect();
    let margins = replay(&model, set.rows, format);
    let evaluation = Evaluation::new(set, params.metrics(), format)?;
    let problem = problem(params, set.matrix, &labels, weights, format, margins, channels);
    Ok((problem, Beginning { model, evaluation }))
}

/// A training under way.
struct Training<'a, B> {
    backend: B,
    problem: &'a Problem<'a>,
    model: Model,
    evaluation: Evaluation<'a>,
}

fn trainings<'a, B: Backend>(
    problems: &'a [Problem<'a>],
    backends: Vec<B>,
    beginnings: Vec<Beginning<'a>>,
) -> Vec<Training<'a, B>> {
    let parts = problems.iter().zip(backends).zip(beginnings);
    parts
        .map(|((problem, backend), Beginning { model, evaluation })| Training { backend, problem, model, evaluation })
        .collect()
}

impl<B: Backend> Training<'_, B> {
    /// One round: a tree a class on its sample, the margins, and the metrics where they are due.
    fn advance(&mut self, params: &Params, samples: Vec<TreeSample>, due: bool) -> Result<()> {
        let Self { backend, problem, model, evaluation } = self;
        let round = model.rounds();
        backend.gradient()?;
        for (output, (rows, columns)) in samples.into_iter().enumerate() {
            grow(backend, &TreeTask { output, rows, columns }, params.max_depth)?;
        }
        let trees: Vec<_> = backend.read_trees()?.iter().map(|grown| finish(grown, problem, params.eta)).collect();
        backend.add_trees(&trees)?;
        model.trees.extend(trees.into_iter().map(|finished| finished.tree));
        if due { evaluation.evaluate(backend, problem, round) } else { Ok(()) }
    }

    fn finish(self, profile: impl Fn(&B) -> Option<&crate::profile::Profile>) -> Finished {
        let (adapter, profile) = (self.backend.adapter(), profile(&self.backend).cloned());
        Finished { model: self.model, history: self.evaluation.history, adapter, profile }
    }
}

/// THE round loop. Answers whether `watch` ended it before the last round.
fn boost<B: Backend + Send>(plan: &Plan<'_>, trainings: &mut [Training<'_, B>], watch: &mut Watch<'_>) -> Result<bool> {
    let (params, rounds) = (plan.params, plan.params.num_round as usize);
    let source = |training: &Training<'_, B>| {
        SampleSource::new(params, training.problem.rows(), training.problem.matrix.features())
    };
    let mut samples = SampleSources::new(trainings.iter().map(source).collect());
    samples.skip(trainings.first().map_or(0, |training| training.model.rounds()), params.classes());
    for done in 1..=rounds {
        let due = plan.is_due(done);
        let drawn = samples.next_round(params.classes());
        let together = trainings.par_iter_mut().zip(drawn).with_max_len(1);
        let advanced: Vec<Result<()>> =
            together.map(|(training, samples)| training.advance(params, samples, due)).collect();
        advanced.into_iter().collect::<Result<()>>()?;
        let metrics: Vec<Option<&Round>> =
            trainings.iter().map(|training| training.evaluation.history.last().filter(|_| due)).collect();
        if watch(done, &metrics)?.is_break() {
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
            "the model to continue from was trained with {} and {} classes, not {} and {}",
            model.objective.name(),
            model.classes,
            params.objective.name(),
            params.classes()
        ))
        .remedy("give the model's objective and num_class"));
    }
    Ok(())
}

/// The margins of a model in fixed point: the base margin and every tree's leaf, `rows x classes`, row-major.
fn replay(model: &Model, rows: Rows<'_>, format: MarginFormat) -> Vec<i64> {
    let classes = model.classes;
    let base: Vec<i64> = (0..classes).map(|class| format.to_fixed(model.base_margin(class))).collect();
    (0..rows.len())
        .into_par_iter()
        .flat_map_iter(|position| {
            let row = rows.row(position);
            let mut margins = base.clone();
            for (index, tree) in model.trees.iter().enumerate() {
                let step = format.to_fixed(tree.predict(|feature| rows.data.columns[feature as usize][row]));
                margins[index % classes] = format.add(margins[index % classes], step);
            }
            margins
        })
        .collect()
}

/// Gathers what stays the same over the training.
fn problem<'a>(
    params: &Params,
    matrix: &'a BinnedMatrix,
    labels: &[f32],
    weights: RowWeights,
    margin_format: MarginFormat,
    margins: Vec<i64>,
    channels: Vec<RoutedChannel<'a>>,
) -> Problem<'a> {
    let objective = params.objective;
    let regression = objective == Objective::SquaredError;
    let weight_shift = if regression { 31 - ceil_log2(labels.len()) } else { 0 };
    let g_scale = if regression { margin_format.scale } else { 30 };
    let dropped = if weights.is_weighted() { weight_shift as i32 } else { 0 };
    Problem {
        objective,
        classes: params.classes(),
        matrix,
        targets: labels
            .iter()
            .map(|&label| if regression { label_to_fixed(label, margin_format.scale) } else { label as i64 })
            .collect(),
        weight_shift,
        margin_format,
        pair_scale: PairScale { g: g_scale + weights.scale - dropped, h: 30 + weights.scale },
        width: match params.histogram_sums {
            HistogramSums::Auto => SumWidth::of_rows(labels.len()),
            HistogramSums::Narrow => SumWidth::Narrow,
            HistogramSums::Wide => SumWidth::Wide,
        },
        rules: Regularisation {
            lambda: params.lambda,
            alpha: params.alpha,
            gamma: params.gamma,
            min_child_weight: params.min_child_weight,
            max_delta_step: params.max_delta_step,
        },
        method: params.tree_method,
        weights,
        margins,
        channels,
    }
}

/// A label in Q`scale`.
fn label_to_fixed(label: f32, scale: i32) -> i64 {
    round_to_integer(f64::from(label) * power_of_two(scale))
}

/// The prediction before the first tree (`docs/exactness.md` 3).
fn base_score(params: &Params, labels: &[f32], weights: &RowWeights) -> f32 {
    let estimate = match (params.base_score, params.objective) {
        (BaseScore::Value(value), _) => return value,
        (BaseScore::Unset | BaseScore::Auto, Objective::SquaredError) => true,
        (BaseScore::Auto, Objective::BinaryLogistic) => true,
        _ => false,
    };
    if !estimate {
        return 0.5;
    }
    let weight_sum: i128 = (0..labels.len()).map(|row| i128::from(weights.get(row))).sum();
    let weighted_sum = |value: &dyn Fn(f32) -> i64| -> i128 {
        labels.iter().enumerate().map(|(row, &label)| i128::from(value(label)) * i128::from(weights.get(row))).sum()
    };
    match params.objective {
        Objective::SquaredError => {
            let scale = 57 - ceil_log2(labels.len()) as i32 - label_exponent(labels.iter().copied());
            let sum = weighted_sum(&|label| label_to_fixed(label, scale));
            (sum as f64 / weight_sum as f64 * power_of_two(-scale)) as f32
        }
        _ => {
            let share = (weighted_sum(&|label| label as i64) as f64 / weight_sum as f64) as f32;
            share.clamp(logistic::LEAST_PROBABILITY, 1.0 - logistic::LEAST_PROBABILITY)
        }
    }
}

/// The weights that training uses, `scale_pos_weight` included.
fn training_weights(params: &Params, rows: Rows<'_>, labels: &[f32]) -> Vec<f32> {
    let weights = rows.weights();
    let positive = if params.objective == Objective::BinaryLogistic { params.scale_pos_weight } else { 1.0 };
    labels
        .iter()
        .enumerate()
        .map(|(row, &label)| {
            let weight = weights.as_ref().map_or(1.0, |weights| weights[row]);
            if label == 1.0 { weight * positive } else { weight }
        })
        .collect()
}

/// A pool of `threads` threads; all cores without a number, or with 0.
///
/// # Errors
/// If the threads cannot be made.
pub fn thread_pool(threads: Option<usize>) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|error| Error::parameter(format!("cannot start threads: {error}")).remedy("give fewer --threads"))
}
