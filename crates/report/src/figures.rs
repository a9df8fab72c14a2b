//! The figures of one channel, from the predictions of a finished model.

use crate::history_file::History;
use gboost::internals::train::evaluation::metric_weights;
use gboost::metric::{Classification, Confusion, Lack, Metric, Scored, classification, lacking};
use gboost::model::{Model, Rounds};
use gboost::{BinnedMatrix, Dataset, Error, PerOutput, Result};
use rayon::prelude::*;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// How good a model's predictions of a channel are.
///
/// They are computed from the model's binary32 predictions, so a training and a later evaluation of
/// the saved model give the same figures to the last bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Number of rows in the channel; rows of weight 0 count, too.
    pub rows: usize,
    /// The metrics asked for, each once.
    pub metrics: Vec<(Metric, f64)>,
    /// Confusion matrix and scores that a classification has besides; `None` for a regression.
    pub classification: Option<Classification>,
    /// The weight of the rows of each label that got which prediction, of a classification whose
    /// rows have weights: the confusion matrix that the metrics are made of, where the other counts
    /// rows.
    pub weighted_confusion: Option<Confusion<f64>>,
    /// Why auc and aucpr, where they are among the numbers, are not one.
    pub lack: Option<Lack>,
}

impl Figures {
    /// The figures of `model` on `data`, which must have labels, with the given rounds; metrics
    /// that are given twice count once.
    ///
    /// # Errors
    /// If the data has no labels, or one outside the objective's domain, if all weights are 0, or
    /// if a metric does not suit the model's objective.
    pub fn new(model: &Model, data: &Dataset, metrics: &[Metric], rounds: Rounds) -> Result<Self> {
        Self::of_margins(model, data, metrics, || model.predict_margins(data, rounds))
    }

    /// The same figures of the rows that `model` was trained on, which are there as bins
    /// ([`Model::predict_binned`]): `data` needs no values.
    ///
    /// # Errors
    /// As [`Figures::new`].
    pub fn of_binned(
        model: &Model,
        (data, matrix): (&Dataset, &BinnedMatrix),
        metrics: &[Metric],
        rounds: Rounds,
    ) -> Result<Self> {
        Self::of_margins(model, data, metrics, || model.predict_binned(matrix, rounds))
    }

    fn of_margins(
        model: &Model,
        data: &Dataset,
        metrics: &[Metric],
        margins: impl FnOnce() -> PerOutput<f32>,
    ) -> Result<Self> {
        let Some(labels) = data.labels.as_deref() else {
            return Err(Error::data("the data has no labels").remedy("name the label column with {label}"));
        };
        metrics.iter().try_for_each(|metric| metric.suits(model.objective))?;
        model
            .objective
            .check_labels(labels, model.classes)
            .map_err(|(row, error)| error.context(&format!("row {}", row + 1)))?;
        let weights = metric_weights(data)?;
        let margins = margins().map(f64::from);
        if let Some(place) =
            margins.values().par_iter().with_min_len(1 << 14).position_first(|margin| !margin.is_finite())
        {
            let message = format!(
                "row {}: the model's trees add up to {}, which has no figures",
                place % data.rows + 1,
                margins.values()[place]
            );
            return Err(Error::model(message).remedy(
                "check the leaves of the model with gboost inspect; a model whose margins leave the range of a binary32 cannot be judged",
            ));
        }
        let scored = Scored::new(&margins, labels, weights.values.as_deref(), model.objective);
        let mut values: Vec<(Metric, f64)> = Vec::new();
        for metric in metrics {
            if values.iter().all(|(known, _)| known != metric) {
                values.push((*metric, metric.evaluate(&scored)));
            }
        }
        let classification = classification(&scored);
        let is_classification = classification.is_some();
        Ok(Self {
            rows: data.rows,
            metrics: values,
            classification,
            weighted_confusion: is_classification.then(|| Confusion::weighted(&scored, weights.unit())).flatten(),
            lack: is_classification
                .then(|| lacking(model.objective, model.classes, labels, weights.values.as_deref()))
                .flatten(),
        })
    }

    /// Returns every number by name: the metrics asked for, then the scores that a classification
    /// has besides.
    #[must_use]
    pub fn numbers(&self) -> Vec<(String, f64)> {
        let mut numbers: Vec<(String, f64)> =
            self.metrics.iter().map(|(metric, value)| (metric.name(), *value)).collect();
        if let Some(found) = &self.classification {
            for (name, value) in [
                ("accuracy", found.accuracy),
                ("precision", found.precision),
                ("recall", found.recall),
                ("f1", found.f1),
                ("auc", found.auc),
            ] {
                if numbers.iter().all(|(known, _)| known != name) {
                    numbers.push((name.to_string(), value));
                }
            }
        }
        numbers
    }
}

/// A figure of the training that the model, as it is saved, does not have.
///
/// While rounds run, margins are sums of exact fixed-point numbers; a saved model has leaves in
/// binary32 and adds them up in binary32, as XGBoost does. Usually both agree to four digits or
/// more. They part where a leaf is small next to the margin that it is added to: binary32 holds
/// seven digits of the sum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// The channel, such as `validation`.
    pub channel: String,
    /// Name of the metric, such as `logloss`.
    pub metric: String,
    /// Its value in the training.
    pub training: f64,
    /// Its value by the saved model's predictions.
    pub model: f64,
}

/// Two figures are the same if they differ by no more than this share of the larger one. Rounding
/// margins changes a metric's fifth to eighth digit; the fourth where labels are far from 0 next to
/// their errors, as years are. Three digits are what models are chosen by.
const SAME_SHARE: f64 = 1e-3;
/// Or by no more than the last decimal that tables show: an error of 1e-9 that becomes one of 1e-7
/// is as good as none.
const SAME_DIFFERENCE: f64 = 1e-6;

impl Drift {
    /// Compares two figures; `None` if they differ by rounding alone, or are not numbers.
    #[must_use]
    pub fn between(channel: &str, metric: &str, training: f64, model: f64) -> Option<Self> {
        let apart = (training - model).abs();
        (apart > SAME_DIFFERENCE && apart > SAME_SHARE * training.abs().max(model.abs())).then(|| Self {
            channel: channel.to_string(),
            metric: metric.to_string(),
            training,
            model,
        })
    }

    /// Compares what a training recorded after `rounds` rounds with the figures of its model with
    /// as many, by channel and metric.
    #[must_use]
    pub fn find<'n, 'f>(
        history: &History,
        rounds: usize,
        figures: impl IntoIterator<Item = (&'n str, &'f Figures)>,
    ) -> Vec<Self> {
        let recorded = |channel: &str, metric: &str| {
            let curve = history.curves.iter().find(|curve| curve.channel == channel && curve.metric == metric)?;
            let place = curve.rounds.iter().rposition(|round| round + 1 == rounds)?;
            Some(curve.values[place])
        };
        let of_channel = |(channel, figures): (&str, &Figures)| -> Vec<Self> {
            let numbers = figures.numbers().into_iter();
            let drift =
                |(metric, model): (String, f64)| Self::between(channel, &metric, recorded(channel, &metric)?, model);
            numbers.filter_map(drift).collect()
        };
        figures.into_iter().flat_map(of_channel).collect()
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rows", &self.rows)?;
        for (name, value) in self.numbers() {
            map.serialize_entry(&name, &value)?;
        }
        if let Some(found) = &self.classification {
            map.serialize_entry("confusion_matrix", &found.confusion)?;
        }
        if let Some(found) = &self.weighted_confusion {
            map.serialize_entry("weighted_confusion_matrix", found)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_part_by_more_than_rounding() {
        let drift = |training, model| Drift::between("train", "rmse", training, model).is_some();
        for (training, model) in
            [(0.3, 0.300_02), (1e-9, 2e-7), (0.0, 1e-6), (512.0, 512.4), (-1.0, -1.000_9), (f64::NAN, f64::NAN)]
        {
            assert!(!drift(training, model) && !drift(model, training), "{training} {model}");
        }
        for (training, model) in [(0.000_58, 1536.3), (17.5, 70.1), (0.3, 0.300_4), (0.0, 2e-6)] {
            assert!(drift(training, model) && drift(model, training), "{training} {model}");
        }
    }
}
