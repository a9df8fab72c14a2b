//! The confusion matrix of a binary classifier at every threshold of a slider.

use super::Predicted;
use gboost::metric::margin_at;
use serde::Serialize;

/// Steps from threshold 0 to 1.
pub const STEPS: usize = 1000;

/// Rows above each threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    /// Numbers of rows above each threshold, whatever their weights.
    pub counts: Above,
    /// Weights of rows, where rows have weights: what the scores are made of.
    pub weighted: Option<Above>,
}

/// How much lies above the thresholds 0, 1/1000, ... 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Above {
    /// Of label 1: true positives.
    pub tp: Vec<u64>,
    /// Of label 0: false positives.
    pub fp: Vec<u64>,
    /// Total count, or weight, of the rows of label 1.
    pub positives: u64,
    /// Total count, or weight, of the rows of label 0.
    pub negatives: u64,
}

impl Thresholds {
    /// Counts rows with a probability strictly above each threshold, told by the margin as all
    /// metrics do: at 0.5 it is the confusion matrix.
    #[must_use]
    pub fn new(predicted: &Predicted<'_>) -> Self {
        let cuts: Vec<f64> = (0..=STEPS).map(|step| margin_at(step as f64 / STEPS as f64)).collect();
        // How many thresholds a row lies above.
        let reached: Vec<usize> =
            predicted.margins.values().iter().map(|&margin| cuts.partition_point(|&cut| margin > cut)).collect();
        let above = |weight: &dyn Fn(usize) -> u64| {
            let (mut tp, mut fp) = (vec![0_u64; STEPS + 2], vec![0_u64; STEPS + 2]);
            for (row, &reached) in reached.iter().enumerate() {
                (if predicted.labels[row] == 1.0 { &mut tp } else { &mut fp })[reached] += weight(row);
            }
            let cumulate = |at: &mut Vec<u64>| {
                for step in (0..=STEPS).rev() {
                    at[step] += at[step + 1];
                }
                at.remove(0)
            };
            let (positives, negatives) = (cumulate(&mut tp), cumulate(&mut fp));
            Above { tp, fp, positives, negatives }
        };
        Self {
            counts: above(&|_| 1),
            weighted: predicted.weights.as_ref().map(|weights| above(&|row| u64::from(weights[row]))),
        }
    }
}
