//! What must be known of an objective. Each one states all of it in a file beside this one.

use super::gradient::GradientKernel;
use crate::error::{Error, Result};
use crate::fixed::format::NumberFormat;
use crate::fixed::table::Entry;
use crate::fixed::weight::RowWeights;

/// What an objective predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Task {
    /// A number.
    Regression,
    /// Which of two classes, 0 and 1; one margin per row.
    Binary,
    /// Which of several classes; one margin per row and class.
    Multiclass,
}

/// The parameter that an objective has in XGBoost's model file.
#[derive(Clone, Copy, Debug)]
pub struct ModelEntry {
    /// The object that holds the parameter.
    pub name: &'static str,
    /// The parameter.
    pub parameter: &'static str,
    /// Its value in a model of a number of outputs.
    pub value: fn(usize) -> String,
}

/// A loss that the shaders know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shader {
    /// Of log odds.
    Logistic,
    /// Of the distance.
    SquaredError,
    /// Of one score per class.
    Softmax,
}

/// What a device needs to compute gradient pairs.
#[derive(Clone, Copy, Debug)]
pub struct DeviceLoss {
    /// The arm of the gradient shader.
    pub shader: Shader,
    /// The table that the arm looks values up in; may be empty.
    pub table: &'static [Entry],
}

/// The definition of an objective. Every method states a fact; none depends on the backend.
pub(super) trait Definition: Copy {
    /// XGBoost's name.
    fn name(self) -> &'static str;

    /// What is predicted.
    fn task(self) -> Task;

    /// Names of the metrics that tell how good a model is; the first is reported where none is
    /// chosen.
    fn metrics(self) -> &'static [&'static str];

    /// The index of the first label outside the objective's domain, in a training of `outputs`.
    fn first_refused(self, labels: &[f32], outputs: usize) -> Option<usize>;

    /// The labels that are allowed, in words.
    fn domain(self, outputs: usize) -> String;

    /// Whether `scale_pos_weight` multiplies the weights of rows with label 1.
    fn weighs_positives(self) -> bool {
        false
    }

    /// The base score where none is given; `None` where it is estimated from the labels.
    fn default_base_score(self) -> Option<f32> {
        Some(0.5)
    }

    /// The base score that the labels suggest.
    fn estimate_base_score(self, _labels: &[f32], _weights: &RowWeights) -> f32 {
        0.5
    }

    /// The base score that XGBoost takes for one that a model file has.
    fn read_base_score(self, value: f32) -> f32 {
        value
    }

    /// The margin (binary32) of a base score: the link.
    fn base_margin(self, base_score: f32) -> Result<f32> {
        match base_score.is_finite() {
            true => Ok(base_score),
            false => Err(Error::parameter(format!("base_score {base_score} is not a finite number"))
                .remedy("give a number, or auto")),
        }
    }

    /// The number format of a training.
    fn number_format(self, labels: &[f32], weights: &RowWeights, base_margin: f32) -> NumberFormat;

    /// What the loss compares a margin with, as an integer.
    fn target(self, label: f32, _format: &NumberFormat) -> i64 {
        label as i64
    }

    /// Runs a gradient kernel with the loss, in the method of its shape.
    fn gradient<K: GradientKernel>(self, kernel: K) -> K::Output;

    /// What a device needs to compute the loss; `None` where the processor alone can.
    fn device_loss(self) -> Option<DeviceLoss> {
        None
    }

    /// Turns margins into predictions, in place: the inverse link in binary64, rounded once.
    ///
    /// Margins stand output after output, as many rows of each. `scratch` has room for one value
    /// per output.
    fn transform(self, margins: &mut [f32], scratch: &mut [f64]);

    /// The prediction of the one margin of a row, in binary64.
    fn prediction(self, margin: f64) -> f64 {
        margin
    }

    /// The one prediction per row that a label is compared with: a class, or a number.
    fn decide(self, margins: &[f32], outputs: usize) -> Vec<f32>;

    /// The names of the columns of predictions.
    fn prediction_names(self, outputs: usize) -> Vec<String>;

    /// The parameter in XGBoost's model file.
    fn model_entry(self) -> ModelEntry {
        ModelEntry { name: "reg_loss_param", parameter: "scale_pos_weight", value: |_| 1.to_string() }
    }
}

/// The first row whose label is not allowed. Rows are looked at in blocks without a branch per row.
pub(super) fn first_refused(labels: &[f32], allowed: impl Fn(f32) -> bool) -> Option<usize> {
    const BLOCK: usize = 1024;
    let is_good = |labels: &[f32]| labels.iter().fold(true, |good, &label| good & allowed(label));
    let block = labels.chunks(BLOCK).position(|labels| !is_good(labels))?;
    labels[block * BLOCK..].iter().position(|&label| !allowed(label)).map(|at| block * BLOCK + at)
}

/// The weighted mean of an integer per label, as its sum and that of the weights.
pub(super) fn weighted_mean(labels: &[f32], weights: &RowWeights, value: impl Fn(f32) -> i64) -> f64 {
    let rows = labels.iter().enumerate().map(|(row, &label)| (label, i128::from(weights.get(row))));
    let (sum, weight) =
        rows.fold((0, 0), |(sum, total), (label, weight)| (sum + i128::from(value(label)) * weight, total + weight));
    sum as f64 / weight as f64
}
