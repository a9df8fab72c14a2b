//! The figures of one channel, from the predictions of a finished model.

use crate::binning::BinnedMatrix;
use crate::booster::metric_weights;
use crate::error::{Error, Result};
use crate::ingest::Dataset;
use crate::metric::{Classification, Metric, Scored, classification};
use crate::model::Model;
use rayon::prelude::*;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Which rounds of a model predict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounds {
    /// Up to the best round of early stopping; all in a model without one.
    #[default]
    Best,
    /// All.
    All,
}

impl Rounds {
    /// How many rounds of the model that is.
    #[must_use]
    pub fn of(self, model: &Model) -> usize {
        model.used_rounds(self == Self::All)
    }
}

/// How good a model's predictions of a channel are.
///
/// They are computed from the model's binary32 predictions, so a training and a later evaluation of the saved model
/// give the same figures to the last bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Number of rows.
    pub rows: usize,
    /// The metrics asked for, each once.
    pub metrics: Vec<(Metric, f64)>,
    /// What every classification is told besides.
    pub classification: Option<Classification>,
}

impl Figures {
    /// The figures of `model` on `data`, which must have labels, with the given rounds; metrics that are given twice
    /// count once.
    ///
    /// # Errors
    /// If the data has no labels, or one outside the objective's domain, if all weights are 0, or if a metric does not
    /// suit the model's objective.
    pub fn new(model: &Model, data: &Dataset, metrics: &[Metric], rounds: Rounds) -> Result<Self> {
        Self::of_margins(model, data, metrics, || model.predict_margins(data, Some(rounds.of(model))))
    }

    /// The same figures of the rows that `model` was trained on, which are there as bins ([`Model::predict_binned`]): `data` needs no
    /// values.
    ///
    /// # Errors
    /// As [`Figures::new`].
    pub fn of_binned(
        model: &Model,
        (data, matrix): (&Dataset, &BinnedMatrix),
        metrics: &[Metric],
        rounds: Rounds,
    ) -> Result<Self> {
        Self::of_margins(model, data, metrics, || model.predict_binned(matrix, Some(rounds.of(model))))
    }

    fn of_margins(
        model: &Model,
        data: &Dataset,
        metrics: &[Metric],
        margins: impl FnOnce() -> Vec<f32>,
    ) -> Result<Self> {
        let Some(labels) = data.labels.as_deref() else {
            return Err(Error::data("the data has no labels").remedy("name the label column with --label"));
        };
        metrics.iter().try_for_each(|metric| metric.suits(model.objective))?;
        model
            .objective
            .check_labels(labels, model.classes)
            .map_err(|(row, error)| error.context(&format!("row {}", row + 1)))?;
        let weights = metric_weights(data)?;
        let margins: Vec<f64> = margins().into_par_iter().with_min_len(1 << 14).map(f64::from).collect();
        let scored = Scored {
            margins: &margins,
            classes: model.classes,
            labels,
            weights: weights.values.as_deref(),
            objective: model.objective,
        };
        let mut values: Vec<(Metric, f64)> = Vec::new();
        for metric in metrics {
            if values.iter().all(|(known, _)| known != metric) {
                values.push((*metric, metric.evaluate(&scored)));
            }
        }
        Ok(Self { rows: data.rows, metrics: values, classification: classification(&scored) })
    }

    /// Every number by name: the metrics asked for, then what a classification is told besides.
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
        map.end()
    }
}
