//! What is evaluated while rounds run, and when there is nothing more to gain.

use crate::backend::{Backend, Problem};
use crate::booster::Round;
use crate::error::Result;
use crate::fixed::margin::MarginFormat;
use crate::fixed::power_of_two;
use crate::fixed::weight::RowWeights;
use crate::ingest::{Dataset, Rows};
use crate::metric::{Lack, Metric, Scored, lacking};
use crate::params::Params;
use crate::training::TrainingSet;
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::ControlFlow;

/// The channels of one training, the training rows first, and what came of them.
pub(crate) struct Evaluation<'a> {
    labels: Vec<Cow<'a, [f32]>>,
    weights: Vec<RowWeights>,
    metrics: Vec<Metric>,
    format: MarginFormat,
    pub history: Vec<Round>,
}

impl<'a> Evaluation<'a> {
    pub fn new(set: &TrainingSet<'a>, metrics: Vec<Metric>, format: MarginFormat) -> Result<Self> {
        let mut evaluation = Self { labels: Vec::new(), weights: Vec::new(), metrics, format, history: Vec::new() };
        let others = set.channels.iter().map(|(name, data)| (name.as_str(), Rows::all(data)));
        for (name, rows) in std::iter::once(("train", set.rows)).chain(others) {
            evaluation.labels.push(rows.labels()?);
            evaluation.weights.push(weights_for_metrics(rows).map_err(|error| error.context(name))?);
        }
        Ok(evaluation)
    }

    /// Adds the metrics of a round to the history.
    pub fn evaluate(&mut self, backend: &mut impl Backend, problem: &Problem<'_>, round: usize) -> Result<()> {
        let margins = |channel| {
            let fixed = match channel {
                0 => backend.margins()?,
                _ => backend.channel_margins(channel - 1)?,
            };
            Ok(class_major(fixed, problem.classes, self.format))
        };
        let margins: Vec<Vec<f64>> = (0..self.labels.len()).map(margins).collect::<Result<_>>()?;
        let values = margins.par_iter().zip(&self.labels).zip(&self.weights).map(|((margins, labels), weights)| {
            let scored = Scored {
                margins,
                classes: problem.classes,
                labels,
                weights: weights.values.as_deref(),
                objective: problem.objective,
            };
            self.metrics.iter().map(|metric| metric.evaluate(&scored)).collect()
        });
        let values = values.collect();
        self.history.push(Round { round, values });
        Ok(())
    }
}

/// Row-major fixed-point margins as class-major reals.
fn class_major(fixed: Vec<i64>, classes: usize, format: MarginFormat) -> Vec<f64> {
    let unit = power_of_two(-format.scale);
    if classes == 1 {
        // In the same memory.
        return fixed.into_iter().map(|margin| margin as f64 * unit).collect();
    }
    let mut margins = Vec::with_capacity(fixed.len());
    for class in 0..classes {
        margins.extend(fixed.chunks_exact(classes).map(|row| row[class] as f64 * unit));
    }
    margins
}

/// The weights that metrics of a channel use.
///
/// # Errors
/// If all weights are 0.
pub fn metric_weights(data: &Dataset) -> Result<RowWeights> {
    weights_for_metrics(Rows::all(data))
}

/// Why metrics that rank rows have no value on these rows ([`lacking`]); `None` where they have
/// one, for a regression, and where labels or weights are missing or wrong.
#[must_use]
pub fn lack_of(rows: Rows<'_>, params: &Params) -> Option<Lack> {
    let (labels, weights) = (rows.labels().ok()?, weights_for_metrics(rows).ok()?);
    let is_judged =
        params.objective.is_classification() && params.objective.check_labels(&labels, params.classes()).is_ok();
    is_judged.then(|| lacking(params.objective, params.classes(), &labels, weights.values.as_deref())).flatten()
}

fn weights_for_metrics(rows: Rows<'_>) -> Result<RowWeights> {
    rows.weights().map_or(Ok(RowWeights::UNWEIGHTED), |weights| RowWeights::new(&weights))
}

/// Early stopping: the best round so far by one value a round, and whether it was too long ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlyStopping {
    /// The metric whose value is judged.
    metric: Option<Metric>,
    /// Rounds to wait for a better one; without, nothing stops.
    patience: Option<usize>,
    /// The first of the best rounds, and its value.
    pub best: Option<(usize, f64)>,
}

impl EarlyStopping {
    /// The rule that the parameters ask for; the last metric counts.
    pub fn new(params: &Params) -> Self {
        let patience = params.early_stopping_rounds.map(|rounds| rounds as usize);
        Self { metric: params.metrics().last().copied(), patience, best: None }
    }

    /// Takes a round's value in; `Break` if as many rounds as the patience have passed since the
    /// best one. A value that is not a number is never the best: where all are none there is no
    /// best round, and nothing stops.
    pub fn judge(&mut self, round: usize, value: Option<f64>) -> ControlFlow<()> {
        let (Some(metric), Some(value)) = (self.metric, value) else { return ControlFlow::Continue(()) };
        self.best = metric.best(self.best.into_iter().chain([(round, value)]));
        let waited = self.best.map(|(best, _)| round - best);
        if waited.zip(self.patience).is_some_and(|(waited, patience)| waited >= patience) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_as_many_rounds_after_the_best_as_it_has_patience() {
        let mut params = Params { early_stopping_rounds: Some(2), ..Params::default() };
        let run = |params: &Params, values: &[f64]| {
            let mut rule = EarlyStopping::new(params);
            let stop = values.iter().enumerate().position(|(round, &value)| rule.judge(round, Some(value)).is_break());
            (stop, rule.best)
        };
        // rmse: less is better; an equal value is no better one.
        assert_eq!(run(&params, &[3.0, 2.0, 2.0, 1.0, 1.0, 1.5, 0.0]), (Some(5), Some((3, 1.0))));
        assert_eq!(run(&params, &[3.0, 2.0, 1.0]), (None, Some((2, 1.0))));
        params.objective = crate::Objective::BinaryLogistic;
        params.eval_metric = vec![Metric::Logloss, Metric::Auc];
        assert_eq!(run(&params, &[0.5, 0.7, 0.6, 0.7]), (Some(3), Some((1, 0.7))));
        // No value is no best one, wherever it comes.
        let nan = f64::NAN;
        assert_eq!(run(&params, &[nan, nan, nan, nan]), (None, None));
        assert_eq!(run(&params, &[nan, nan, nan, 0.5, nan, nan]), (Some(5), Some((3, 0.5))));
        params.early_stopping_rounds = None;
        assert_eq!(run(&params, &[0.5, 0.4, 0.3, 0.2]), (None, Some((0, 0.5))));
    }
}
