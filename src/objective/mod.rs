//! The learning objectives: what is optimised, which labels are allowed, and how a margin becomes a prediction.
//!
//! The gradient pairs of each objective are integers and live beside it: `logistic.rs`, `softmax.rs`,
//! `squared_error.rs` (`docs/exactness.md` 4).

pub mod logarithm;
pub mod logistic;
pub mod softmax;
pub mod squared_error;

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// A learning objective, by XGBoost's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Objective {
    /// `binary:logistic`: labels 0 and 1, logistic loss, predicts the probability of label 1.
    #[serde(rename = "binary:logistic")]
    BinaryLogistic,
    /// `reg:squarederror`: any finite label, squared error, predicts the label.
    #[default]
    #[serde(rename = "reg:squarederror")]
    SquaredError,
    /// `multi:softmax`: labels 0 .. num_class-1, predicts the class.
    #[serde(rename = "multi:softmax")]
    Softmax,
    /// `multi:softprob`: labels 0 .. num_class-1, predicts one probability a class.
    #[serde(rename = "multi:softprob")]
    Softprob,
}

impl Objective {
    /// Every objective that can be trained.
    pub const ALL: [Self; 4] = [Self::BinaryLogistic, Self::SquaredError, Self::Softmax, Self::Softprob];

    /// XGBoost's name of the objective.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BinaryLogistic => "binary:logistic",
            Self::SquaredError => "reg:squarederror",
            Self::Softmax => "multi:softmax",
            Self::Softprob => "multi:softprob",
        }
    }

    /// The objective of that name, if it can be trained.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|objective| objective.name() == name)
    }

    /// Whether margins are one a class and labels are class numbers.
    #[must_use]
    pub fn is_multiclass(self) -> bool {
        matches!(self, Self::Softmax | Self::Softprob)
    }

    /// Whether labels are classes.
    #[must_use]
    pub fn is_classification(self) -> bool {
        self != Self::SquaredError
    }

    /// Checks that every label belongs to the objective's domain; `classes` is num_class for multiclass.
    ///
    /// # Errors
    /// Returns the index of the first bad row and an error without a place.
    pub fn check_labels(self, labels: &[f32], classes: usize) -> std::result::Result<(), (usize, Error)> {
        let refused = match self {
            Self::BinaryLogistic => first_refused(labels, |label| label == 0.0 || label == 1.0),
            Self::SquaredError => first_refused(labels, f32::is_finite),
            Self::Softmax | Self::Softprob => {
                first_refused(labels, |label| label >= 0.0 && label.fract() == 0.0 && (label as usize) < classes)
            }
        };
        match refused {
            None => Ok(()),
            Some(row) => {
                let domain = match self {
                    Self::BinaryLogistic => "0 or 1".to_string(),
                    Self::SquaredError => "a finite number".to_string(),
                    Self::Softmax | Self::Softprob => format!("a class from 0 to {}", classes.saturating_sub(1)),
                };
                let error =
                    Error::data(format!("label {} is not allowed: {} needs {domain}", labels[row], self.name()))
                        .remedy("check the label column (--label); other labels need another objective");
                Err((row, error))
            }
        }
    }

    /// The margin (binary32) that `base_score` stands for (`docs/exactness.md` 3).
    ///
    /// # Errors
    /// If `base_score` is outside (0, 1) for binary:logistic, or not finite.
    pub fn base_margin(self, base_score: f32) -> Result<f32> {
        match self {
            Self::BinaryLogistic => logistic::base_margin(base_score),
            _ if base_score.is_finite() => Ok(base_score),
            _ => Err(Error::parameter(format!("base_score {base_score} is not a finite number"))
                .remedy("give a number, or auto")),
        }
    }
}

/// The first row whose label is not allowed. Rows are looked at in blocks without a branch a row.
fn first_refused(labels: &[f32], allowed: impl Fn(f32) -> bool) -> Option<usize> {
    const BLOCK: usize = 1024;
    let is_good = |labels: &[f32]| labels.iter().fold(true, |good, &label| good & allowed(label));
    let block = labels.chunks(BLOCK).position(|labels| !is_good(labels))?;
    labels[block * BLOCK..].iter().position(|&label| !allowed(label)).map(|at| block * BLOCK + at)
}
