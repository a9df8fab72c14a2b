//! The round loop: sampling, growing, evaluation, early stopping, on any backend.

use crate::backend::{Backend, Problem, RoutedChannel, TreeTask};
use crate::binning::BinnedMatrix;
use crate::cpu::{CpuBackend, CpuOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::fixed::margin::{MarginFormat, label_exponent};
use crate::fixed::quantiser::{NARROW_ROWS, PairScale, Regularisation, SumWidth};
use crate::fixed::weight::RowWeights;
use crate::fixed::{ceil_log2, power_of_two, round_to_integer};
use crate::grower::grow;
use crate::ingest::Dataset;
use crate::leaf::finish;
use crate::metric::{Metric, Scored};
use crate::model::Model;
use crate::objective::{Objective, logistic};
use crate::params::{BaseScore, HistogramSums, Params};
use crate::sampling::SampleSource;
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
            channels: Vec::new(),
            start: None,
            evaluate: Evaluate::default(),
            observer: None,
            cpu: CpuOptions::default(),
            backend: BackendChoice::default(),
        }
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
    /// Parameters in conflict, labels outside the objective's domain, a start model that does not fit, an observer's stop.
    pub fn run(self) -> Result<Trained> {
        self.params.check()?;
        thread_pool(self.params.nthread)?.install(|| self.run_here())
    }

    fn run_here(mut self) -> Result<Trained> {
        let params = self.params;
        let started = Instant::now();
        self.check_data()?;
        let names = names_of(self.train);
        let matrix =
            BinnedMatrix::new(&self.train.columns, &names, self.train.rows, params.tree_method, params.max_bin)?;
        let binned = Instant::now();

        let labels = labels_of(self.train)?;
        let weights = RowWeights::new(&training_weights(params, self.train, labels))?;
        let base_score = match self.start {
            Some(model) => model.base_score.clone(),
            None => vec![base_score(params, labels, &weights)],
        };
        let mut model = Model {
            objective: params.objective,
            classes: params.classes(),
            base_score,
            feature_names: if self.train.named { names } else { Vec::new() },
            features: self.train.features(),
            trees: self.start.map_or_else(Vec::new, |start| start.trees.clone()),
            best_iteration: None,
            best_score: None,
            attributes: self.start.map_or_else(Default::default, |start| start.attributes.clone()),
        };
        let format = MarginFormat::new(params.objective, labels, model.base_margin(0));
        let channels: Vec<RoutedChannel<'_>> = self
            .channels
            .iter()
            .map(|&(_, data)| RoutedChannel { data, margins: replay(&model, data, format) })
            .collect();
        let margins = replay(&model, self.train, format);
        let problem = problem(params, &matrix, labels, weights, format, margins, channels);

        let metrics = params.metrics();
        let mut evaluation = Evaluation::new(&self, metrics.clone(), format)?;
        evaluation.observer = self.observer.take();
        let (stopped_early, adapter, profile) = match &self.backend {
            BackendChoice::Cpu => {
                let mut backend = CpuBackend::new(&problem, self.cpu);
                let stopped = boost(&mut backend, &problem, params, &mut model, &mut evaluation)?;
                (stopped, backend.adapter(), backend.profile().cloned())
            }
            #[cfg(feature = "gpu")]
            BackendChoice::Gpu(options) => {
                let mut backend = crate::gpu::GpuBackend::new(&problem, params.max_depth, options)?;
                let stopped = boost(&mut backend, &problem, params, &mut model, &mut evaluation)?;
                (stopped, backend.adapter(), backend.profile().cloned())
            }
        };
        Ok(Trained {
            channels: evaluation.names,
            history: evaluation.history,
            metrics,
            stopped_early,
            times: Times { bin: binned - started, train: binned.elapsed() },
            adapter,
            profile,
            model,
        })
    }

    /// Checks what the data and the start model must have.
    fn check_data(&self) -> Result<()> {
        let params = self.params;
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
            let labels = labels_of(data).map_err(|error| error.context(name))?;
            params
                .objective
                .check_labels(labels, params.classes())
                .map_err(|(row, error)| error.context(&format!("{name} row {}", row + 1)))?;
        }
        if params.histogram_sums == HistogramSums::Narrow && self.train.rows > NARROW_ROWS {
            return Err(Error::parameter(format!(
                "histogram_sums narrow holds at most {NARROW_ROWS} training rows, there are {}",
                self.train.rows
            ))
            .remedy("leave it out, or give wide"));
        }
        if params.early_stopping_rounds.is_some() && self.channels.is_empty() {
            return Err(Error::parameter("early_stopping_rounds needs a validation channel")
                .remedy("give --validation, or leave it out"));
        }
        if let Some(model) = self.start {
            model.check_features(self.train)?;
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
        }
        Ok(())
    }
}

/// THE round loop. Answers whether early stopping ended it.
fn boost(
    backend: &mut impl Backend,
    problem: &Problem<'_>,
    params: &Params,
    model: &mut Model,
    evaluation: &mut Evaluation<'_>,
) -> Result<bool> {
    let first_round = model.rounds();
    let mut samples = SampleSource::new(params, problem.rows(), problem.matrix.features());
    samples.skip(model.trees.len());
    for done in 1..=params.num_round as usize {
        backend.gradient()?;
        for output in 0..problem.classes {
            let (rows, columns) = samples.next_tree();
            grow(backend, &TreeTask { output, rows, columns }, params.max_depth)?;
        }
        let trees: Vec<_> = backend.read_trees()?.iter().map(|grown| finish(grown, problem, params.eta)).collect();
        backend.add_trees(&trees)?;
        model.trees.extend(trees.into_iter().map(|finished| finished.tree));

        let round = first_round + done - 1;
        if evaluation.is_due(done, params) {
            evaluation.evaluate(backend, problem, round)?;
        }
        evaluation.report(done, params)?;
        if let Some(patience) = params.early_stopping_rounds
            && evaluation.track_best(model, round) >= patience as usize
        {
            return Ok(done < params.num_round as usize);
        }
    }
    Ok(false)
}

/// The channels that are evaluated, and what came of it.
struct Evaluation<'a> {
    names: Vec<String>,
    labels: Vec<&'a [f32]>,
    weights: Vec<RowWeights>,
    metrics: Vec<Metric>,
    format: MarginFormat,
    when: Evaluate,
    observer: Option<Observer<'a>>,
    history: Vec<Round>,
}

impl<'a> Evaluation<'a> {
    fn new(trainer: &Trainer<'a>, metrics: Vec<Metric>, format: MarginFormat) -> Result<Self> {
        let mut evaluation = Self {
            names: Vec::new(),
            labels: Vec::new(),
            weights: Vec::new(),
            metrics,
            format,
            when: trainer.evaluate,
            observer: None,
            history: Vec::new(),
        };
        let channels = trainer.channels.iter().map(|(name, data)| (name.as_str(), *data));
        for (name, data) in std::iter::once(("train", trainer.train)).chain(channels) {
            evaluation.names.push(name.to_string());
            evaluation.labels.push(labels_of(data)?);
            evaluation.weights.push(metric_weights(data).map_err(|error| error.context(name))?);
        }
        Ok(evaluation)
    }

    fn is_due(&self, done: usize, params: &Params) -> bool {
        self.when == Evaluate::EveryRound || done == params.num_round as usize || params.early_stopping_rounds.is_some()
    }

    fn evaluate(&mut self, backend: &mut impl Backend, problem: &Problem<'_>, round: usize) -> Result<()> {
        let mut values = Vec::with_capacity(self.names.len());
        for channel in 0..self.names.len() {
            let fixed = match channel {
                0 => backend.margins()?,
                _ => backend.channel_margins(channel - 1)?,
            };
            let margins = class_major(&fixed, problem.classes, self.format);
            let scored = Scored {
                margins: &margins,
                classes: problem.classes,
                labels: self.labels[channel],
                weights: self.weights[channel].values.as_deref(),
                objective: problem.objective,
            };
            values.push(self.metrics.iter().map(|metric| metric.evaluate(&scored)).collect());
        }
        self.history.push(Round { round, values });
        Ok(())
    }

    fn report(&mut self, done: usize, params: &Params) -> Result<()> {
        let due = self.is_due(done, params);
        let Some(observer) = &mut self.observer else { return Ok(()) };
        let progress = Progress {
            done,
            rounds: params.num_round as usize,
            metrics: if due { self.history.last() } else { None },
            channels: &self.names,
            names: &self.metrics,
        };
        match observer(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::new(ErrorKind::Interrupted, "interrupted")),
        }
    }

    /// Notes in the model whether this round is the best so far by the last metric of the last channel; answers how many rounds ago the best one was.
    fn track_best(&self, model: &mut Model, round: usize) -> usize {
        let value = self.history.last().and_then(|round| round.values.last()).and_then(|values| values.last()).copied();
        if let (Some(value), Some(metric)) = (value, self.metrics.last()) {
            let better =
                model.best_score.is_none_or(|best| if metric.maximise() { value > best } else { value < best });
            if better {
                model.best_score = Some(value);
                model.best_iteration = Some(round);
            }
        }
        round - model.best_iteration.unwrap_or(round)
    }
}

/// Row-major fixed-point margins as class-major reals.
fn class_major(fixed: &[i64], classes: usize, format: MarginFormat) -> Vec<f64> {
    let rows = fixed.len() / classes;
    let unit = power_of_two(-format.scale);
    (0..classes).flat_map(|class| (0..rows).map(move |row| fixed[row * classes + class] as f64 * unit)).collect()
}

/// The margins of a model in fixed point: the base margin and every tree's leaf, `rows x classes`, row-major.
fn replay(model: &Model, data: &Dataset, format: MarginFormat) -> Vec<i64> {
    let classes = model.classes;
    let base: Vec<i64> = (0..classes).map(|class| format.to_fixed(model.base_margin(class))).collect();
    (0..data.rows)
        .into_par_iter()
        .flat_map_iter(|row| {
            let mut margins = base.clone();
            for (index, tree) in model.trees.iter().enumerate() {
                let step = format.to_fixed(tree.predict(|feature| data.columns[feature as usize][row]));
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
fn training_weights(params: &Params, data: &Dataset, labels: &[f32]) -> Vec<f32> {
    let positive = if params.objective == Objective::BinaryLogistic { params.scale_pos_weight } else { 1.0 };
    labels
        .iter()
        .enumerate()
        .map(|(row, &label)| {
            let weight = data.weights.as_ref().map_or(1.0, |weights| weights[row]);
            if label == 1.0 { weight * positive } else { weight }
        })
        .collect()
}

/// The weights that metrics of a channel use.
///
/// # Errors
/// If all weights are 0.
pub fn metric_weights(data: &Dataset) -> Result<RowWeights> {
    data.weights.as_ref().map_or(Ok(RowWeights::UNWEIGHTED), |weights| RowWeights::new(weights))
}

fn labels_of(data: &Dataset) -> Result<&[f32]> {
    data.labels
        .as_deref()
        .filter(|labels| labels.len() == data.rows)
        .ok_or_else(|| Error::data("the data has no labels").remedy("name the label column with --label"))
}

/// The feature names, or `f0`, `f1`, ... where there are none.
fn names_of(data: &Dataset) -> Vec<String> {
    if data.feature_names.len() == data.features() {
        return data.feature_names.clone();
    }
    (0..data.features()).map(|feature| format!("f{feature}")).collect()
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
