//! The objective of the library's own tests, which is not offered: counts with a Poisson loss. Its
//! pairs have an exponential, so that no binary point fits all rounds.

use super::definition::{Definition, Task, first_refused, weighted_mean};
use super::gradient::{GradientKernel, RealLoss};
use crate::fixed::format::NumberFormat;
use crate::fixed::real_pair::RealPair;
use crate::fixed::weight::RowWeights;

/// The objective, and its loss.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts;

impl RealLoss for Counts {
    fn pair(self, margin: f64, target: i64) -> RealPair {
        let expected = self.prediction(margin);
        RealPair { g: expected - target as f64, h: expected }
    }
}

impl Definition for Counts {
    fn name(self) -> &'static str {
        "test:counts"
    }

    fn task(self) -> Task {
        Task::Regression
    }

    fn metrics(self) -> &'static [&'static str] {
        &["rmse"]
    }

    fn first_refused(self, labels: &[f32], _outputs: usize) -> Option<usize> {
        first_refused(labels, |label| label.is_finite() && label >= 0.0 && label.fract() == 0.0)
    }

    fn domain(self, _outputs: usize) -> String {
        "a count".to_string()
    }

    fn default_base_score(self) -> Option<f32> {
        None
    }

    fn estimate_base_score(self, labels: &[f32], weights: &RowWeights) -> f32 {
        weighted_mean(labels, weights, |label| label as i64) as f32
    }

    fn base_margin(self, base_score: f32) -> crate::Result<f32> {
        Ok(libm::log(f64::from(base_score)) as f32)
    }

    fn number_format(self, _labels: &[f32], weights: &RowWeights, _base_margin: f32) -> NumberFormat {
        NumberFormat::log_odds(weights)
    }

    fn gradient<K: GradientKernel>(self, kernel: K) -> K::Output {
        kernel.by_real_row(self)
    }

    fn transform(self, margins: &mut [f32], _scratch: &mut [f64]) {
        margins.iter_mut().for_each(|margin| *margin = self.prediction(f64::from(*margin)) as f32);
    }

    fn prediction(self, margin: f64) -> f64 {
        libm::exp(margin)
    }

    fn decide(self, margins: &[f32], _outputs: usize) -> Vec<f32> {
        let mut counts = margins.to_vec();
        self.transform(&mut counts, &mut []);
        counts
    }

    fn prediction_names(self, _outputs: usize) -> Vec<String> {
        vec!["count".to_string()]
    }
}
