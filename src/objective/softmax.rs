//! multi:softmax and multi:softprob: the cross entropy of one margin per class. They differ in name
//! alone: both predict probabilities, and the class where one prediction per row is asked for.

use super::definition::{Definition, DeviceLoss, ModelEntry, Shader, Task, first_refused};
use super::gradient::{GradientKernel, OutputsLoss};
use crate::fixed::format::NumberFormat;
use crate::fixed::quantiser::GradientPair;
use crate::fixed::table::{EXP, EXP_ENTRIES, Entry, ONE_Q31, exp_negative};
use crate::fixed::weight::RowWeights;

/// A multiclass objective.
#[derive(Clone, Copy, Debug)]
pub(super) struct Multiclass {
    name: &'static str,
}

impl Multiclass {
    pub const SOFTMAX: Self = Self { name: "multi:softmax" };
    pub const SOFTPROB: Self = Self { name: "multi:softprob" };
}

/// The loss with its table.
#[derive(Clone, Copy)]
struct Loss {
    table: &'static [Entry; EXP_ENTRIES],
}

impl OutputsLoss for Loss {
    /// Pairs in Q30 from margins in Q24.
    #[inline]
    fn pairs(self, margins: &[i32], target: u32, pairs: &mut [GradientPair]) {
        let largest = margins.iter().copied().max().unwrap_or(0);
        let exp = |margin: i32| exp_negative(self.table, largest.wrapping_sub(margin) as u32);
        let total: u64 = margins.iter().map(|&margin| u64::from(exp(margin))).sum();
        for (class, (pair, &margin)) in pairs.iter_mut().zip(margins).enumerate() {
            let p = (u64::from(exp(margin)) << 31) / total;
            let y = if class as u32 == target { ONE_Q31 } else { 0 };
            *pair = GradientPair {
                g: (p as i64 - i64::from(y)) >> 1,
                h: (((p * (u64::from(ONE_Q31) - p)) >> 31) as i64).max(1),
            };
        }
    }
}

impl Definition for Multiclass {
    fn name(self) -> &'static str {
        self.name
    }

    fn task(self) -> Task {
        Task::Multiclass
    }

    fn metrics(self) -> &'static [&'static str] {
        &["mlogloss"]
    }

    fn first_refused(self, labels: &[f32], outputs: usize) -> Option<usize> {
        first_refused(labels, |label| label >= 0.0 && label.fract() == 0.0 && (label as usize) < outputs)
    }

    fn domain(self, outputs: usize) -> String {
        format!("a class from 0 to {}", outputs.saturating_sub(1))
    }

    fn number_format(self, _labels: &[f32], weights: &RowWeights, _base_margin: f32) -> NumberFormat {
        NumberFormat::log_odds(weights)
    }

    fn gradient<K: GradientKernel>(self, kernel: K) -> K::Output {
        kernel.by_outputs(Loss { table: &EXP })
    }

    fn device_loss(self) -> Option<DeviceLoss> {
        Some(DeviceLoss { shader: Shader::Softmax, table: EXP.as_slice() })
    }

    fn transform(self, margins: &mut [f32], scratch: &mut [f64]) {
        let rows = margins.len() / scratch.len();
        (0..rows).for_each(|row| softmax(&mut margins[row..], rows, scratch));
    }

    /// The lowest class of the largest margin.
    fn decide(self, margins: &[f32], outputs: usize) -> Vec<f32> {
        let rows = margins.len() / outputs;
        let margin = |class: usize, row: usize| margins[class * rows + row];
        let better = |row: usize| {
            move |best: usize, class: usize| {
                if margin(class, row) > margin(best, row) { class } else { best }
            }
        };
        (0..rows).map(|row| (1..outputs).fold(0, better(row)) as f32).collect()
    }

    fn prediction_names(self, outputs: usize) -> Vec<String> {
        (0..outputs).map(|class| format!("probability_{class}")).collect()
    }

    fn model_entry(self) -> ModelEntry {
        ModelEntry { name: "softmax_multiclass_param", parameter: "num_class", value: |outputs| outputs.to_string() }
    }
}

/// Turns the margins of one row into probabilities in place; they stand `step` apart, and
/// `exponentials` has room for one per class.
fn softmax(margins: &mut [f32], step: usize, exponentials: &mut [f64]) {
    let largest = margins.iter().step_by(step).fold(f64::NEG_INFINITY, |most, &margin| most.max(f64::from(margin)));
    for (exponential, &margin) in exponentials.iter_mut().zip(margins.iter().step_by(step)) {
        *exponential = libm::exp(f64::from(margin) - largest);
    }
    let total: f64 = exponentials.iter().sum();
    for (margin, exponential) in margins.iter_mut().step_by(step).zip(exponentials) {
        *margin = (*exponential / total) as f32;
    }
}
