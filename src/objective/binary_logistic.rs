//! binary:logistic: the log loss of one margin, labels 0 and 1.

use super::definition::{Definition, DeviceLoss, Shader, Task, first_refused, weighted_mean};
use super::gradient::{GradientKernel, RowLoss};
use super::logarithm::logarithm;
use crate::error::{Error, Result};
use crate::fixed::format::NumberFormat;
use crate::fixed::multiply_high;
use crate::fixed::quantiser::GradientPair;
use crate::fixed::table::{Entry, LOGISTIC, LOGISTIC_ENTRIES, ONE_Q31, sigmoid};
use crate::fixed::weight::RowWeights;

/// The objective.
#[derive(Clone, Copy, Debug)]
pub(super) struct BinaryLogistic;

/// The loss with its table.
#[derive(Clone, Copy)]
struct Loss {
    table: &'static [Entry; LOGISTIC_ENTRIES],
}

impl RowLoss for Loss {
    type Word = i32;

    #[inline(always)]
    fn narrow(value: i64) -> i32 {
        value as i32
    }

    /// The pair in Q30 of a Q24 margin; `label` is 0 or 1.
    #[inline(always)]
    fn pair(self, margin: i32, label: i32) -> GradientPair {
        let p = sigmoid(self.table, margin);
        GradientPair {
            // p is above 0 and below 1, so that the difference fits into 32 bits, of which vectors
            // hold twice as many as of 64.
            g: i64::from(p.wrapping_sub(label.cast_unsigned() << 31).cast_signed() >> 1),
            h: i64::from(multiply_high(p, ONE_Q31 - p).max(1)),
        }
    }
}

/// A base_score stays this far from 0 and 1, as in XGBoost 3.
const LEAST_PROBABILITY: f32 = 1e-6;

impl Definition for BinaryLogistic {
    fn name(self) -> &'static str {
        "binary:logistic"
    }

    fn task(self) -> Task {
        Task::Binary
    }

    fn metrics(self) -> &'static [&'static str] {
        &["logloss"]
    }

    fn first_refused(self, labels: &[f32], _outputs: usize) -> Option<usize> {
        first_refused(labels, |label| label == 0.0 || label == 1.0)
    }

    fn domain(self, _outputs: usize) -> String {
        "0 or 1".to_string()
    }

    fn weighs_positives(self) -> bool {
        true
    }

    /// The weighted share of rows with label 1.
    fn estimate_base_score(self, labels: &[f32], weights: &RowWeights) -> f32 {
        let share = weighted_mean(labels, weights, |label| label as i64) as f32;
        share.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    }

    fn read_base_score(self, value: f32) -> f32 {
        let is_probability = (0.0..=1.0).contains(&value);
        if is_probability { value.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY) } else { value }
    }

    /// The margin of a probability: `-log(1/b - 1)`, each operation in binary32. It is an error if
    /// `base_score` is outside [1e-6, 1 - 1e-6], the range that XGBoost 3 clamps it to.
    fn base_margin(self, base_score: f32) -> Result<f32> {
        if !(LEAST_PROBABILITY..=1.0 - LEAST_PROBABILITY).contains(&base_score) {
            return Err(Error::parameter(format!(
                "base_score {base_score} is out of range: binary:logistic needs a probability"
            ))
            .remedy("give a value between 0.000001 and 0.999999"));
        }
        Ok(-logarithm(1.0 / base_score - 1.0) + 0.0)
    }

    /// Hessians are at most 1/4, which unweighted ones keep when they are quantised.
    fn number_format(self, _labels: &[f32], weights: &RowWeights, _base_margin: f32) -> NumberFormat {
        NumberFormat { caps_hessian: !weights.is_weighted(), ..NumberFormat::log_odds(weights) }
    }

    fn gradient<K: GradientKernel>(self, kernel: K) -> K::Output {
        kernel.by_row(Loss { table: &LOGISTIC })
    }

    fn device_loss(self) -> Option<DeviceLoss> {
        Some(DeviceLoss { shader: Shader::Logistic, table: LOGISTIC.as_slice() })
    }

    fn transform(self, margins: &mut [f32], _scratch: &mut [f64]) {
        margins.iter_mut().for_each(|margin| *margin = self.prediction(f64::from(*margin)) as f32);
    }

    /// The probability of label 1.
    #[inline]
    fn prediction(self, margin: f64) -> f64 {
        1.0 / (1.0 + libm::exp(-margin))
    }

    /// The more probable class.
    fn decide(self, margins: &[f32], _outputs: usize) -> Vec<f32> {
        margins.iter().map(|&margin| if margin > 0.0 { 1.0 } else { 0.0 }).collect()
    }

    fn prediction_names(self, _outputs: usize) -> Vec<String> {
        vec!["probability".to_string()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_of_all_margins_fit_into_32_bits() {
        let margins = (i32::MIN..=i32::MAX).step_by(9973).chain([i32::MIN, -1, 0, 1, i32::MAX]);
        for (margin, label) in margins.flat_map(|margin| [(margin, 0), (margin, 1)]) {
            let wide = (i64::from(sigmoid(&LOGISTIC, margin)) - (i64::from(label) << 31)) >> 1;
            assert_eq!(Loss { table: &LOGISTIC }.pair(margin, label).g, wide, "margin {margin}, label {label}");
        }
    }
}
