//! The learning objectives: what is optimised, which labels are allowed, and how a margin becomes a
//! prediction.
//!
//! Each objective has one file that states every fact of `definition.rs`, and one row in `with!`
//! below, the only place that tells objectives apart. All else asks for facts.

mod binary_logistic;
#[cfg(test)]
mod counts;
mod definition;
pub mod gradient;
mod logarithm;
mod softmax;
mod squared_error;

pub use definition::{DeviceLoss, ModelEntry, Shader, Task};

use crate::error::{Error, Result};
use crate::fixed::format::NumberFormat;
use crate::fixed::weight::RowWeights;
use binary_logistic::BinaryLogistic;
use definition::Definition;
use gradient::GradientKernel;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use softmax::Multiclass;
use squared_error::SquaredError;

/// A learning objective, by XGBoost's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Objective {
    /// `binary:logistic`: labels 0 and 1, logistic loss, predicts the probability of label 1.
    BinaryLogistic,
    /// `reg:squarederror`: any finite label, squared error, predicts the label.
    #[default]
    SquaredError,
    /// `multi:softmax`: labels 0 to num_class - 1, predicts the class.
    Softmax,
    /// `multi:softprob`: labels 0 to num_class - 1, predicts one probability per class.
    Softprob,
    /// `test:counts`: whole labels from 0, Poisson loss; for the library's own tests.
    #[cfg(test)]
    Counts,
}

/// Evaluates an expression with the definition of an objective.
macro_rules! with {
    ($objective:expr, $definition:ident => $answer:expr) => {
        match $objective {
            Objective::BinaryLogistic => {
                let $definition = BinaryLogistic;
                $answer
            }
            Objective::SquaredError => {
                let $definition = SquaredError;
                $answer
            }
            Objective::Softmax => {
                let $definition = Multiclass::SOFTMAX;
                $answer
            }
            Objective::Softprob => {
                let $definition = Multiclass::SOFTPROB;
                $answer
            }
            #[cfg(test)]
            Objective::Counts => {
                let $definition = counts::Counts;
                $answer
            }
        }
    };
}

impl Objective {
    /// Every objective that can be trained.
    pub const ALL: [Self; 4] = [Self::BinaryLogistic, Self::SquaredError, Self::Softmax, Self::Softprob];

    /// Objectives that are known by name, but not offered.
    const HIDDEN: &[Self] = &[
        #[cfg(test)]
        Self::Counts,
    ];

    /// Returns XGBoost's name of the objective.
    #[must_use]
    pub fn name(self) -> &'static str {
        with!(self, definition => definition.name())
    }

    /// Returns the objective of that name, if it can be trained.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().chain(Self::HIDDEN).copied().find(|objective| objective.name() == name)
    }

    /// Returns what is predicted.
    #[must_use]
    pub fn task(self) -> Task {
        with!(self, definition => definition.task())
    }

    /// Returns whether margins are one per class and labels are class numbers.
    #[must_use]
    pub fn is_multiclass(self) -> bool {
        self.task() == Task::Multiclass
    }

    /// Returns whether labels are classes.
    #[must_use]
    pub fn is_classification(self) -> bool {
        matches!(self.task(), Task::Binary | Task::Multiclass)
    }

    /// Returns the names of the metrics that tell how good a model is. The first one is reported
    /// where none is chosen.
    #[must_use]
    pub fn metrics(self) -> &'static [&'static str] {
        with!(self, definition => definition.metrics())
    }

    /// Returns whether `scale_pos_weight` multiplies the weights of rows with label 1.
    #[must_use]
    pub fn weighs_positives(self) -> bool {
        with!(self, definition => definition.weighs_positives())
    }

    /// Checks that every label belongs to the objective's domain; `classes` is num_class for
    /// multiclass.
    ///
    /// # Errors
    /// Returns the index of the first bad row and an error without a place.
    pub fn check_labels(self, labels: &[f32], classes: usize) -> std::result::Result<(), (usize, Error)> {
        let Some(row) = with!(self, definition => definition.first_refused(labels, classes)) else {
            return Ok(());
        };
        let domain = with!(self, definition => definition.domain(classes));
        let error = Error::data(format!("label {} is not allowed: {} needs {domain}", labels[row], self.name()))
            .remedy("check the label column ({label}); other labels need another objective");
        Err((row, error))
    }

    /// Returns the base score where none is given; `None` where it is estimated.
    #[must_use]
    pub fn default_base_score(self) -> Option<f32> {
        with!(self, definition => definition.default_base_score())
    }

    /// Returns the base score that the labels suggest (`docs/exactness.md` 3).
    #[must_use]
    pub fn estimate_base_score(self, labels: &[f32], weights: &RowWeights) -> f32 {
        with!(self, definition => definition.estimate_base_score(labels, weights))
    }

    /// Returns the base score that XGBoost takes for one that a model file has.
    #[must_use]
    pub fn read_base_score(self, value: f32) -> f32 {
        with!(self, definition => definition.read_base_score(value))
    }

    /// Returns the margin (binary32) that `base_score` stands for (`docs/exactness.md` 3).
    ///
    /// # Errors
    /// If `base_score` is outside (0, 1) for binary:logistic, or not finite.
    pub fn base_margin(self, base_score: f32) -> Result<f32> {
        with!(self, definition => definition.base_margin(base_score))
    }

    /// Returns the number format of a training (`docs/exactness.md` 3 and 4).
    #[must_use]
    pub fn number_format(self, labels: &[f32], weights: &RowWeights, base_margin: f32) -> NumberFormat {
        with!(self, definition => definition.number_format(labels, weights, base_margin))
    }

    /// Returns what the loss compares a row's margin with: the class, or the label in a fixed
    /// point.
    #[must_use]
    pub fn target(self, label: f32, format: &NumberFormat) -> i64 {
        with!(self, definition => definition.target(label, format))
    }

    /// Runs a gradient kernel with the objective's loss, in the method of its shape.
    pub fn gradient<K: GradientKernel>(self, kernel: K) -> K::Output {
        with!(self, definition => definition.gradient(kernel))
    }

    /// Returns what a device needs to compute the loss; `None` where the processor alone can.
    #[must_use]
    pub fn device_loss(self) -> Option<DeviceLoss> {
        with!(self, definition => definition.device_loss())
    }

    /// Turns margins into predictions, in place: the inverse link in binary64, rounded once.
    ///
    /// Margins stand output after output (`[output * rows + row]`). `scratch` has room for one
    /// value per output.
    pub fn transform(self, margins: &mut [f32], scratch: &mut [f64]) {
        with!(self, definition => definition.transform(margins, scratch));
    }

    /// Returns the prediction, in binary64, of a row's only margin.
    #[inline]
    #[must_use]
    pub fn prediction(self, margin: f64) -> f64 {
        with!(self, definition => definition.prediction(margin))
    }

    /// Returns the one prediction per row that a label is compared with: a class, or a number.
    ///
    /// Margins stand output after output (`[output * rows + row]`).
    #[must_use]
    pub fn decide(self, margins: &[f32], outputs: usize) -> Vec<f32> {
        with!(self, definition => definition.decide(margins, outputs))
    }

    /// Returns the names of the columns of predictions, one per output.
    #[must_use]
    pub fn prediction_names(self, outputs: usize) -> Vec<String> {
        with!(self, definition => definition.prediction_names(outputs))
    }

    /// Returns the parameter in XGBoost's model file.
    #[must_use]
    pub fn model_entry(self) -> ModelEntry {
        with!(self, definition => definition.model_entry())
    }
}

impl Serialize for Objective {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Objective {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown objective {name:?}")))
    }
}
