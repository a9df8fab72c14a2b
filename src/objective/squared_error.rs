//! reg:squarederror: half the squared distance of margin and label.

use super::definition::{Definition, DeviceLoss, Shader, Task, first_refused, weighted_mean};
use super::gradient::{GradientKernel, RowLoss};
use crate::fixed::format::{Bits, NumberFormat};
use crate::fixed::margin::{MarginFormat, label_exponent};
use crate::fixed::quantiser::{GradientPair, PairScale};
use crate::fixed::weight::RowWeights;
use crate::fixed::{ceil_log2, power_of_two, round_to_integer};

/// 1 in Q30: the hessian of every row.
pub const HESSIAN: i64 = 1 << 30;

/// The objective, and its loss: neither needs data of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct SquaredError;

impl RowLoss for SquaredError {
    type Word = i64;

    #[inline(always)]
    fn narrow(value: i64) -> i64 {
        value
    }

    /// The gradient in the margin's format, the hessian in Q30.
    #[inline(always)]
    fn pair(self, margin: i64, label: i64) -> GradientPair {
        GradientPair { g: margin - label, h: HESSIAN }
    }
}

impl Definition for SquaredError {
    fn name(self) -> &'static str {
        "reg:squarederror"
    }

    fn task(self) -> Task {
        Task::Regression
    }

    fn metrics(self) -> &'static [&'static str] {
        &["rmse", "mae"]
    }

    fn first_refused(self, labels: &[f32], _outputs: usize) -> Option<usize> {
        first_refused(labels, f32::is_finite)
    }

    fn domain(self, _outputs: usize) -> String {
        "a finite number".to_string()
    }

    fn default_base_score(self) -> Option<f32> {
        None
    }

    /// The weighted mean of the labels.
    fn estimate_base_score(self, labels: &[f32], weights: &RowWeights) -> f32 {
        let scale = 57 - ceil_log2(labels.len()) as i32 - label_exponent(labels.iter().copied());
        (weighted_mean(labels, weights, |label| label_to_fixed(label, scale)) * power_of_two(-scale)) as f32
    }

    /// Margins and gradients are in units of the labels, so all of them take 64 bits.
    fn number_format(self, labels: &[f32], weights: &RowWeights, base_margin: f32) -> NumberFormat {
        let margin = MarginFormat::of_labels(labels, base_margin);
        let weight_shift = 31 - ceil_log2(labels.len());
        let dropped = if weights.is_weighted() { weight_shift as i32 } else { 0 };
        NumberFormat {
            margin,
            margin_bits: Bits::Wide,
            target_bits: Bits::Wide,
            pairs: PairScale { g: margin.scale + weights.scale - dropped, h: 30 + weights.scale },
            pair_bits: Bits::Wide,
            weight_shift,
            caps_hessian: false,
            outputs_per_tree: 1,
        }
    }

    /// The label in the margin's format.
    fn target(self, label: f32, format: &NumberFormat) -> i64 {
        label_to_fixed(label, format.margin.scale)
    }

    fn gradient<K: GradientKernel>(self, kernel: K) -> K::Output {
        kernel.by_row(self)
    }

    fn device_loss(self) -> Option<DeviceLoss> {
        Some(DeviceLoss { shader: Shader::SquaredError, table: &[] })
    }

    fn transform(self, _margins: &mut [f32], _scratch: &mut [f64]) {}

    fn decide(self, margins: &[f32], _outputs: usize) -> Vec<f32> {
        margins.to_vec()
    }

    fn prediction_names(self, _outputs: usize) -> Vec<String> {
        vec!["prediction".to_string()]
    }
}

/// A label in Q`scale`.
fn label_to_fixed(label: f32, scale: i32) -> i64 {
    round_to_integer(f64::from(label) * power_of_two(scale))
}
