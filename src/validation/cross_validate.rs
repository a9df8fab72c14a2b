//! K-fold cross-validation: one training a fold, all of them a round at a time, judged by the mean
//! over the folds.

use super::folds::Folds;
use crate::binning::BinnedMatrix;
use crate::collective::Alone;
use crate::data::dataset::Dataset;
use crate::data::rows::Rows;
use crate::error::{Error, ErrorKind, Result};
use crate::metric::{Lack, Metric, Scored};
use crate::model::{Model, Rounds};
use crate::params::Params;
use crate::train::choice::{Compute, Threads};
use crate::train::contest::News;
use crate::train::early_stopping::EarlyStopping;
use crate::train::evaluation::{lack_of, metric_weights};
use crate::train::outcome::{Placement, Round, Times};
use crate::train::plan::{Evaluate, Plan};
use crate::train::rounds::train_together;
use crate::train::set::TrainingSet;
use crate::train::start::check_start;
use crate::train::training::Finished;
use crate::util::clock::Stopwatch;
use crate::util::per_output::PerOutput;
use crate::util::threads::thread_pool;
use rayon::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};
use std::ops::ControlFlow;

/// A mean over the folds and the standard deviation about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeanStd {
    /// The mean; not a number where a fold has no value.
    #[serde(deserialize_with = "number_or_none")]
    pub mean: f64,
    /// The standard deviation of the folds themselves (divided by their number, as `numpy.std` and
    /// xgboost.cv do it).
    #[serde(deserialize_with = "number_or_none")]
    pub std: f64,
}

/// What is not a number is null in JSON.
fn number_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl MeanStd {
    /// Of the values of the folds, added in their order; not a number without any.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Self { mean, std: (squares / count).sqrt() }
    }
}

/// One round of a cross-validation.
#[derive(Clone, Debug, PartialEq)]
pub struct CvRound {
    /// The round, from 0; a continued cross-validation goes on counting.
    pub round: usize,
    /// On the rows trained on, by metric.
    pub train: Vec<MeanStd>,
    /// On the rows held out, by metric.
    pub test: Vec<MeanStd>,
}

impl CvRound {
    fn of(folds: &[&Round]) -> Option<Self> {
        let channel = |channel: usize| -> Option<Vec<MeanStd>> {
            let metrics = folds.first()?.values.get(channel)?.len();
            let values = |metric: usize| folds.iter().map(|round| round.values[channel][metric]).collect::<Vec<_>>();
            Some((0..metrics).map(|metric| MeanStd::of(&values(metric))).collect())
        };
        Some(Self { round: folds.first()?.round, train: channel(0)?, test: channel(1)? })
    }
}

/// The rows of a table in folds, binned: what several cross-validations on the same folds can
/// share.
#[derive(Clone, Debug)]
pub struct FoldedData<'a> {
    data: &'a Dataset,
    folds: &'a Folds,
    parts: Vec<Part>,
}

/// What belongs to one fold.
#[derive(Clone, Debug)]
struct Part {
    train_rows: Vec<u32>,
    /// The rows that are trained on; their cuts know nothing of the others.
    matrix: BinnedMatrix,
    /// The rows that are held out.
    test: Dataset,
}

impl<'a> FoldedData<'a> {
    /// Parts and bins the data as `tree_method` and `max_bin` of the parameters ask, on rayon's
    /// current pool.
    ///
    /// # Errors
    /// Another number of rows than the folds have, no feature, or as [`BinnedMatrix::new`].
    pub fn new(data: &'a Dataset, folds: &'a Folds, params: &Params) -> Result<Self> {
        if folds.of_row().len() != data.rows {
            let message = format!("there are folds for {} rows, but the data has {}", folds.of_row().len(), data.rows);
            return Err(Error::data(message).remedy("give one fold number a row"));
        }
        if data.features() == 0 {
            return Err(Error::data("the data has no features").remedy("give at least one"));
        }
        let part = |fold: usize| {
            let train_rows = folds.train_rows(fold);
            let matrix = BinnedMatrix::of(Rows::chosen(data, &train_rows), params)?;
            let test = Rows::chosen(data, &folds.test_rows(fold)).to_dataset();
            Ok(Part { train_rows, matrix, test })
        };
        let parts: Vec<Result<Part>> = (0..folds.count()).into_par_iter().map(part).collect();
        Ok(Self { data, folds, parts: parts.into_iter().collect::<Result<_>>()? })
    }

    /// The folds.
    #[must_use]
    pub fn folds(&self) -> &Folds {
        self.folds
    }

    /// The table that was parted.
    #[must_use]
    pub fn data(&self) -> &Dataset {
        self.data
    }

    /// The folds on whose held-out rows metrics that rank rows, such as auc, have no value, and
    /// why.
    #[must_use]
    pub fn lacking(&self, params: &Params) -> Vec<(usize, Lack)> {
        let lack = |(fold, part): (usize, &Part)| Some((fold, lack_of(Rows::all(&part.test), params)?));
        self.parts.iter().enumerate().filter_map(lack).collect()
    }
}

/// What an observer is told after each round.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CvProgress<'a> {
    /// Rounds done in this cross-validation.
    pub done: usize,
    /// Rounds asked for.
    pub total: usize,
    /// The round's values.
    pub values: &'a CvRound,
    /// The metrics.
    pub metrics: &'a [Metric],
    /// What [`crate::BackendChoice::Auto`] did before this round.
    pub events: &'a [News],
}

type Observer<'a> = Box<dyn FnMut(&CvProgress<'_>) -> ControlFlow<()> + Send + 'a>;

/// A cross-validation to be run.
///
/// ```
/// use gboost::validation::{CrossValidation, FoldedData, Folds};
/// use gboost::{Dataset, Objective, Params};
///
/// let labels: Vec<f32> = (0..60).map(|row| f32::from(u8::from(row >= 30))).collect();
/// let folds = Folds::stratified(&labels, 3, 0)?;
/// let data = Dataset::new(vec![(0..60).map(|row| row as f32).collect()]).with_labels(labels);
/// let params =
///     Params::builder().objective(Objective::BinaryLogistic).num_round(50).early_stopping_rounds(3).build()?;
/// let parted = FoldedData::new(&data, &folds, &params)?; // for as many cross-validations as are wanted
/// let found = CrossValidation::new(&params, &parted).run()?;
/// let last = found.history.last().map(|round| round.test[0]);
/// assert!(last.is_some_and(|logloss| logloss.mean < 0.2));
/// # Ok::<(), gboost::Error>(())
/// ```
pub struct CrossValidation<'a> {
    params: &'a Params,
    data: &'a FoldedData<'a>,
    start: Option<&'a [Model]>,
    observer: Option<Observer<'a>>,
    compute: Compute,
}

/// The result of a cross-validation.
#[derive(Clone, Debug)]
pub struct CrossValidated {
    /// The metrics that were evaluated.
    pub metrics: Vec<Metric>,
    /// Every round; if early stopping ended it, the rounds up to the best one, as xgboost.cv has
    /// it.
    pub history: Vec<CvRound>,
    /// The best round by the last metric's mean on the rows held out; the first of equal ones, none
    /// where no mean is a number.
    pub best_round: Option<usize>,
    /// Whether early stopping ended it before the last round.
    pub stopped_early: bool,
    /// The model of each fold with all rounds that were trained; with early stopping, their best
    /// iteration is the best round.
    pub models: Vec<Model>,
    /// How long it took; binning only where this run did it.
    pub times: Times,
    /// What it ran on; where it changed hands, what it ended on.
    pub adapter: String,
    /// The backend that this belongs to.
    pub backend: Placement,
}

impl CrossValidated {
    /// Returns the round whose figures count: the best one with early stopping, otherwise the last;
    /// `None` without a round.
    #[must_use]
    pub fn counting_round(&self) -> Option<&CvRound> {
        let best = self.models.first().and_then(|model| model.best_iteration);
        self.history.iter().find(|round| Some(round.round) == best).or(self.history.last())
    }

    /// Returns the margins of each row by the model that was not trained on it; of the rounds up to
    /// the best one with early stopping, otherwise of all.
    #[must_use]
    pub fn out_of_fold_margins(&self, data: &FoldedData<'_>) -> PerOutput<f32> {
        let outputs = self.models.first().map_or(0, |model| model.classes);
        let mut margins = PerOutput::new(vec![0.0; data.data.rows * outputs], outputs);
        for (fold, (model, part)) in self.models.iter().zip(&data.parts).enumerate() {
            let found = model.predict_margins(&part.test, Rounds::Best);
            let rows = data.folds.test_rows(fold);
            for output in 0..outputs {
                let held_out = margins.output_mut(output);
                rows.iter().zip(found.output(output)).for_each(|(&row, &margin)| held_out[row as usize] = margin);
            }
        }
        margins
    }

    /// The metrics on the rows held out as the models have them once they are saved, with leaves
    /// and margins in binary32; of the rounds that [`CrossValidated::out_of_fold_margins`] takes.
    /// The table has those of the training, whose margins are exact.
    ///
    /// # Errors
    /// If the rows held out of a fold have no labels, or all their weights are 0.
    pub fn saved_test(&self, data: &FoldedData<'_>) -> Result<Vec<MeanStd>> {
        let of_fold = |(model, part): (&Model, &Part)| -> Result<Vec<f64>> {
            let weights = metric_weights(&part.test)?;
            let margins = model.predict_margins(&part.test, Rounds::Best).map(f64::from);
            let labels = Rows::all(&part.test).labels()?;
            let scored = Scored::new(&margins, &labels, weights.values.as_deref(), model.objective);
            Ok(self.metrics.iter().map(|metric| metric.evaluate(&scored)).collect())
        };
        let folds = self.models.iter().zip(&data.parts).map(of_fold).collect::<Result<Vec<_>>>()?;
        let values = |metric: usize| folds.iter().map(|fold| fold[metric]).collect::<Vec<_>>();
        Ok((0..self.metrics.len()).map(|metric| MeanStd::of(&values(metric))).collect())
    }
}

impl<'a> CrossValidation<'a> {
    /// A cross-validation of `params` on data in folds.
    #[must_use]
    pub fn new(params: &'a Params, data: &'a FoldedData<'a>) -> Self {
        Self { params, data, start: None, observer: None, compute: Compute::default() }
    }

    /// Adds `num_round` rounds to the models of an earlier cross-validation on the same folds, one
    /// a fold.
    #[must_use]
    pub fn continue_from(mut self, models: &'a [Model]) -> Self {
        self.start = Some(models);
        self
    }

    /// Calls `observer` after every round; its `Break` ends the cross-validation with an error of
    /// kind `Interrupted`.
    #[must_use]
    pub fn on_round(mut self, observer: impl FnMut(&CvProgress<'_>) -> ControlFlow<()> + Send + 'a) -> Self {
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

    /// Trains all folds, which share the threads.
    ///
    /// # Errors
    /// Parameters in conflict, labels outside the objective's domain, data that was binned for
    /// other parameters, start models that do not fit, an observer's stop.
    pub fn run(self) -> Result<CrossValidated> {
        self.compute.threads.install(self.params, || self.train())
    }

    fn train(mut self) -> Result<CrossValidated> {
        let params = self.params;
        self.check()?;
        let started = Stopwatch::start();
        let mut observer = self.observer.take();
        let plan = Plan { params, evaluate: Evaluate::EveryRound, compute: &self.compute, ranks: &Alone };
        let set = |(fold, part): (usize, &'a Part)| TrainingSet {
            rows: Rows::chosen(self.data.data, &part.train_rows),
            matrix: &part.matrix,
            channels: vec![("test".to_string(), &part.test)],
            start: self.start.map(|models| &models[fold]),
        };
        let sets: Vec<TrainingSet<'_>> = self.data.parts.iter().enumerate().map(set).collect();
        let metrics = params.metrics();
        let mut history: Vec<CvRound> = Vec::new();
        let mut stopping = EarlyStopping::new(params);
        let (finished, stopped_early) = train_together(&plan, &sets, &mut |done, folds, events| {
            let folds: Vec<&Round> = folds.iter().copied().flatten().collect();
            let Some(round) = CvRound::of(&folds) else { return Ok(ControlFlow::Continue(())) };
            if let Some(observer) = &mut observer {
                let (total, metrics) = (params.num_round as usize, metrics.as_slice());
                if observer(&CvProgress { done, total, values: &round, metrics, events }).is_break() {
                    return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
                }
            }
            let judgement = stopping.judge(round.round, round.test.last().map(|last| last.mean));
            history.push(round);
            Ok(judgement)
        })?;

        let best_round = stopping.best.map(|(round, _)| round);
        if let Some(best) = best_round.filter(|_| stopped_early) {
            history.retain(|round| round.round <= best);
        }
        let times = Times { train: started.elapsed(), ..Times::default() };
        let ran = finished.first().map(|first| (first.adapter.clone(), first.backend.clone()));
        let (adapter, backend) = ran.unwrap_or_default();
        let best = stopping.best.filter(|_| params.early_stopping_rounds.is_some());
        let (best_iteration, best_score) = best.unzip();
        let models =
            finished.into_iter().map(|Finished { model, .. }| Model { best_iteration, best_score, ..model }).collect();
        Ok(CrossValidated { metrics, history, best_round, stopped_early, models, times, adapter, backend })
    }

    fn check(&self) -> Result<()> {
        let (params, data) = (self.params, self.data.data);
        params.check()?;
        let labels = Rows::all(data).labels()?;
        params
            .objective
            .check_labels(&labels, params.classes())
            .map_err(|(row, error)| error.context(&format!("row {}", row + 1)))?;
        for part in &self.data.parts {
            part.matrix.check(part.train_rows.len(), data.features(), params)?;
        }
        let Some(models) = self.start else { return Ok(()) };
        if models.len() != self.data.parts.len() {
            let message =
                format!("there are {} models to continue from, but {} folds", models.len(), self.data.parts.len());
            return Err(Error::model(message).remedy("give the models of a cross-validation on the same folds"));
        }
        models.iter().try_for_each(|model| check_start(model, params, data))
    }
}

/// Cross-validates `params` on `data` in `folds`, on as many threads as `nthread` says.
///
/// # Errors
/// As [`FoldedData::new`] and [`CrossValidation::run`].
pub fn cross_validate(params: &Params, data: &Dataset, folds: &Folds) -> Result<CrossValidated> {
    thread_pool(params.nthread)?.install(|| {
        let started = Stopwatch::start();
        let parted = FoldedData::new(data, folds, params)?;
        let binned = started.elapsed();
        let mut found = CrossValidation::new(params, &parted).on(Threads::Current).run()?;
        found.times.bin = binned;
        Ok(found)
    })
}
