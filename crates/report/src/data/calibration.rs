//! How far predicted probabilities are true.

use serde::Serialize;

/// Number of bins, each 0.1 wide, over probabilities from 0 to 1.
const BINS: usize = 10;

/// Predicted probabilities and what came of them, by bins of 0.1: scikit-learn's
/// `calibration_curve`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Mean predicted probability of each bin that has rows.
    pub predicted: Vec<f64>,
    /// Share of its rows that are positive.
    pub observed: Vec<f64>,
    /// Number of rows per such bin, whatever their weights.
    pub rows: Vec<u64>,
    /// Expected calibration error: the mean distance of both, weighted by the rows.
    pub error: f64,
}

impl Calibration {
    /// Bins rows with a predicted probability, a weight, and whether they are positive; added in
    /// their order.
    #[must_use]
    pub fn new(rows: impl Iterator<Item = (f64, u32, bool)>) -> Self {
        let mut bins = [(0.0_f64, 0_u64, 0_u64, 0_u64); BINS];
        for (probability, weight, positive) in rows {
            // A probability on an edge belongs below it, as numpy's searchsorted has it.
            let bin = (1..BINS).filter(|&edge| edge as f64 * 0.1 < probability).count();
            let (sum, total, hits, count) = &mut bins[bin];
            *sum += probability * f64::from(weight);
            *total += u64::from(weight);
            *hits += if positive { u64::from(weight) } else { 0 };
            *count += 1;
        }
        let mut this = Self::default();
        let all: u64 = bins.iter().map(|bin| bin.1).sum();
        for (sum, total, hits, count) in bins {
            if total == 0 {
                continue;
            }
            let (predicted, observed) = (sum / total as f64, hits as f64 / total as f64);
            this.predicted.push(predicted);
            this.observed.push(observed);
            this.rows.push(count);
            this.error += total as f64 / all as f64 * (predicted - observed).abs();
        }
        this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_below_and_empty_bins_are_left_out() {
        let rows = [(0.5, 1, true), (0.5, 1, false), (0.05, 1, false), (1.0, 2, true)];
        let found = Calibration::new(rows.into_iter());
        assert_eq!(found.predicted, [0.05, 0.5, 1.0]);
        assert_eq!(found.observed, [0.0, 0.5, 1.0]);
        assert_eq!(found.rows, [1, 2, 1]);
        assert!((found.error - 0.01).abs() < 1e-15);
    }
}
