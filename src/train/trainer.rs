//! The round loop: sampling, growing, evaluation, early stopping, on any backend.
//!
//! Trainings advance together, a round at a time: one in a [`Trainer`], one per fold in a
//! cross-validation.

use crate::binning::BinnedMatrix;
use crate::collective::{Alone, Collective, agree, compare};
use crate::data::dataset::Dataset;
use crate::data::rows::Rows;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Model;
use crate::params::Params;
use crate::train::choice::{BackendChoice, Compute};
use crate::train::early_stopping::EarlyStopping;
pub use crate::train::evaluation::{lack_of, metric_weights};
use crate::train::outcome::Round;
use crate::train::outcome::Times;
use crate::train::outcome::Trained;
use crate::train::plan::Evaluate;
use crate::train::plan::Plan;
use crate::train::progress::Observer;
use crate::train::progress::Progress;
use crate::train::rounds::train_together;
use crate::train::set::TrainingSet;
use crate::train::start::check_start;
use crate::train::training::Finished;
use crate::util::clock::Stopwatch;
use std::ops::ControlFlow;

/// A training to be run: data, parameters, and what to do on the way.
///
/// ```
/// use gboost::{Dataset, Params, Trainer};
///
/// let columns = vec![vec![1.0, 2.0, 3.0, 4.0], vec![0.0, 1.0, f32::NAN, 1.0]];
/// let data = Dataset::new(columns).with_labels(vec![1.0, 2.0, 3.0, 4.0]);
/// let params = Params::builder().num_round(20).min_child_weight(0.0).build()?;
/// let trained = Trainer::new(&params, &data).run()?;
/// let predictions = trained.model.predict(&data)?;
/// assert!((predictions.get(0, 3) - 4.0).abs() < 0.1);
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
    compute: Compute,
    ranks: &'a dyn Collective,
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
            compute: Compute::default(),
            ranks: &Alone,
        }
    }

    /// Takes the training rows as they were binned before, with the same `tree_method` and
    /// `max_bin`: by [`BinnedMatrix::of`], so that several trainings on the same rows share them,
    /// or by [`BinnedMatrix::take`] or [`BinnedMatrix::of_spilled`], so that their values need not
    /// be in memory. The model is the same either way.
    ///
    /// ```
    /// use gboost::{BinnedMatrix, Dataset, Params, Trainer};
    ///
    /// # let columns = vec![vec![1.0, 2.0, 3.0, 4.0]];
    /// let mut data = Dataset::new(columns).with_labels(vec![1.0, 2.0, 3.0, 4.0]);
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

    /// Calls `observer` after every round; its `Break` ends the training with an error of kind
    /// `Interrupted`.
    #[must_use]
    pub fn on_round(mut self, observer: impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets where and how to compute; changes no result. By default on the processor, on as many
    /// threads as `nthread` says.
    #[must_use]
    pub fn on(mut self, compute: impl Into<Compute>) -> Self {
        self.compute = compute.into();
        self
    }

    /// Trains one model over several ranks. Each is given its own rows, of the training data and of
    /// every channel: rank r has the r-th run of the rows that one machine would read.
    ///
    /// All ranks get the same model, history and bytes as one machine that has all rows. They train
    /// on the processor, and bin the rows themselves.
    #[must_use]
    pub fn across(mut self, ranks: &'a dyn Collective) -> Self {
        self.ranks = ranks;
        self
    }

    /// Trains.
    ///
    /// # Errors
    /// Parameters in conflict, labels outside the objective's domain, a start model that does not
    /// fit, a binned matrix of other rows or parameters, an observer's stop. Over several ranks all
    /// fail if one does, if they differ in parameters, columns or channels, or if one is lost.
    pub fn run(self) -> Result<Trained> {
        self.compute.threads.install(self.params, || self.train())
    }

    fn train(mut self) -> Result<Trained> {
        let (params, ranks) = (self.params, self.ranks);
        let binning = Stopwatch::start();
        agree(ranks, self.check_all())?;
        if ranks.is_shared() {
            compare(ranks, &self.facts())?;
        }
        let made = match self.binned {
            None => Some(BinnedMatrix::across(Rows::all(self.train), params, ranks)?),
            Some(_) => None,
        };
        let Some(matrix) = self.binned.or(made.as_ref()) else {
            unreachable!("a matrix that was not given was made");
        };
        matrix.check(self.train.rows, self.train.features(), params)?;
        let bin = binning.elapsed();
        let training = Stopwatch::start();

        let mut observer = self.observer.take();
        let plan = Plan { params, evaluate: self.evaluate, compute: &self.compute, ranks };
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
        let (mut finished, stopped_early) = train_together(&plan, &[set], &mut |done, rounds, events| {
            let round = rounds.first().copied().flatten();
            if let Some(observer) = &mut observer {
                let (channels, metrics) = (channels.as_slice(), metrics.as_slice());
                let total = params.num_round as usize;
                let progress = Progress { done, total, values: round, channels, metrics, events };
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
        let times = Times { bin, train: training.elapsed() };
        Ok(Trained { model, channels, metrics, history, stopped_early, times, adapter, backend, profile })
    }

    /// Checks all that can be checked before binning.
    fn check_all(&self) -> Result<()> {
        self.check()?;
        if self.binned.is_none() || self.start.is_some() {
            self.check_values(("train", self.train))?;
        }
        if self.ranks.is_shared() { self.check_ranks() } else { Ok(()) }
    }

    /// Refuses what a training over several ranks cannot do yet.
    fn check_ranks(&self) -> Result<()> {
        let refuse = |what: &str, remedy: &str| {
            Err(Error::parameter(format!("a training over several ranks {what}")).remedy(remedy))
        };
        if self.compute.backend != BackendChoice::Cpu {
            return refuse("runs on the processor alone", "choose BackendChoice::Cpu");
        }
        if self.compute.cpu.profile {
            return refuse("has no profile", "leave CpuOptions::profile out");
        }
        if self.binned.is_some() {
            return refuse("bins the rows itself", "leave Trainer::binned out, and keep the values");
        }
        Ok(())
    }

    /// Returns what must be the same on all ranks: else they would train different models, or wait
    /// for each other.
    fn facts(&self) -> Vec<(String, String)> {
        let fact = |name: &str, value: String| (name.to_string(), value);
        let weighted = |data: &Dataset| if data.weights.is_some() { "with weights" } else { "without weights" };
        let params = self.params.to_json().into_iter();
        let mut facts: Vec<_> = params
            .filter(|(name, _)| name != "nthread" && name != "verbosity")
            .map(|(name, value)| (name, value.to_string()))
            .collect();
        let channels: Vec<String> =
            self.channels.iter().map(|(name, data)| format!("{name} {}", weighted(data))).collect();
        facts.extend([
            fact("the version of gboost", env!("CARGO_PKG_VERSION").to_string()),
            fact("the list of features", format!("{:?}, {:?}", self.train.names(), self.train.index_base)),
            fact("the train data", weighted(self.train).to_string()),
            fact("the list of channels", format!("{channels:?}")),
            fact("the model to continue from", self.start.map_or_else(|| "none".to_string(), Model::sha256)),
            fact("the time of evaluation", format!("{:?}", self.evaluate)),
            fact("CpuOptions::histogram_bytes", self.compute.cpu.histogram_bytes.to_string()),
        ]);
        facts
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

    /// Checks the parameters, the data and the start model as [`Trainer::run`] does before it
    /// begins, but for the binned matrix.
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
                .remedy("give {validation}, or leave it out"));
        }
        self.start.map_or(Ok(()), |model| check_start(model, params, self.train))
    }
}
