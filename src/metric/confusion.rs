//! Metrics that count right and wrong predictions: error, merror, accuracy, precision, recall, f1, and the confusion
//! matrix.

use super::{Scored, ratio};
use libm::log;
use serde::Serialize;

/// Weighted share of rows on the wrong side of a threshold on the probability.
pub(super) fn error(scored: &Scored, threshold: f32) -> f64 {
    // p > t as a comparison of margins; -inf for t = 0 (every row is positive), inf for t = 1 (none is).
    let threshold = f64::from(threshold);
    let cut = if threshold == 0.5 { 0.0 } else { log(threshold / (1.0 - threshold)) };
    let wrong = scored.sum(|row| {
        let wrong = (scored.margin(0, row) > cut) != (scored.labels[row] == 1.0);
        if wrong { u64::from(scored.weight(row)) } else { 0 }
    });
    ratio(wrong, scored.total_weight())
}

/// The predicted class: of one margin the probability above 0.5, of several the lowest class of the largest margin.
fn predicted_class(scored: &Scored, row: usize) -> usize {
    if !scored.objective.is_multiclass() {
        return usize::from(scored.margin(0, row) > 0.0);
    }
    let mut best = 0;
    for class in 1..scored.classes {
        if scored.margin(class, row) > scored.margin(best, row) {
            best = class;
        }
    }
    best
}

/// Number of different labels.
fn label_count(scored: &Scored) -> usize {
    if scored.objective.is_multiclass() { scored.classes } else { 2 }
}

/// Weights of the rows by class: of which all shares of right predictions are made.
pub(super) struct Totals {
    /// Whether precision, recall and f1 are those of class 1, not means over the classes.
    binary: bool,
    classes: Vec<ClassTotals>,
}

/// Weight of the rows with a class as label, as prediction, and as both.
#[derive(Clone, Copy, Default)]
struct ClassTotals {
    label: u64,
    predicted: u64,
    both: u64,
}

impl Totals {
    pub(super) fn new(scored: &Scored) -> Self {
        let predicted = scored.map(|row| predicted_class(scored, row));
        let mut classes = vec![ClassTotals::default(); label_count(scored)];
        for (row, &predicted) in predicted.iter().enumerate() {
            let label = scored.class(row);
            let weight = u64::from(scored.weight(row));
            classes[label].label += weight;
            classes[predicted].predicted += weight;
            if label == predicted {
                classes[label].both += weight;
            }
        }
        Self { binary: !scored.objective.is_multiclass(), classes }
    }

    fn rows_and_right(&self) -> (u64, u64) {
        self.classes.iter().fold((0, 0), |(rows, right), class| (rows + class.label, right + class.both))
    }

    pub(super) fn accuracy(&self) -> f64 {
        let (rows, right) = self.rows_and_right();
        ratio(right, rows)
    }

    /// From the integers, so that it is not `1 - accuracy` with a rounding more.
    pub(super) fn error(&self) -> f64 {
        let (rows, right) = self.rows_and_right();
        ratio(rows - right, rows)
    }

    pub(super) fn precision(&self) -> f64 {
        self.score(|class| ratio(class.both, class.predicted))
    }

    pub(super) fn recall(&self) -> f64 {
        self.score(|class| ratio(class.both, class.label))
    }

    pub(super) fn f1(&self) -> f64 {
        self.score(|class| ratio(2 * class.both, class.label + class.predicted))
    }

    /// The score of class 1 of two; of several classes the mean, summed in their order. A class that no row has as
    /// label or prediction scores 0 and counts, so that folds of the same data stay comparable.
    fn score(&self, of_class: impl Fn(&ClassTotals) -> f64) -> f64 {
        if self.binary {
            of_class(&self.classes[1])
        } else {
            self.classes.iter().map(of_class).sum::<f64>() / self.classes.len() as f64
        }
    }
}

/// How many rows, whatever their weight, of each label got which prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Confusion {
    /// Of binary labels; label 1 is the positive one. In JSON `{"tn":..,"fp":..,"fn":..,"tp":..}`.
    Binary {
        /// Rows with label 0, predicted 0.
        #[serde(rename = "tn")]
        true_negatives: u64,
        /// Rows with label 0, predicted 1.
        #[serde(rename = "fp")]
        false_positives: u64,
        /// Rows with label 1, predicted 0.
        #[serde(rename = "fn")]
        false_negatives: u64,
        /// Rows with label 1, predicted 1.
        #[serde(rename = "tp")]
        true_positives: u64,
    },
    /// Of class labels: `[label][predicted]`.
    Multiclass(Vec<Vec<u64>>),
}

impl Confusion {
    pub(super) fn new(scored: &Scored) -> Self {
        let predicted = scored.map(|row| predicted_class(scored, row));
        let labels = label_count(scored);
        let mut counts = vec![vec![0; labels]; labels];
        for (row, &predicted) in predicted.iter().enumerate() {
            counts[scored.class(row)][predicted] += 1;
        }
        if scored.objective.is_multiclass() {
            return Self::Multiclass(counts);
        }
        Self::Binary {
            true_negatives: counts[0][0],
            false_positives: counts[0][1],
            false_negatives: counts[1][0],
            true_positives: counts[1][1],
        }
    }
}
