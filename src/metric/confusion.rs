//! Metrics that count right and wrong predictions: error, merror, accuracy, precision, recall, f1, and the confusion
//! matrix.

use super::{SERIAL_ROWS, Scored, ratio};
use libm::log;
use rayon::prelude::*;
use serde::Serialize;

/// Weighted share of rows on the wrong side of a threshold on the probability.
pub(super) fn error(scored: &Scored, threshold: f32) -> f64 {
    let cut = margin_at(f64::from(threshold));
    let wrong = scored.sum(|row| {
        let wrong = (scored.margin(0, row) > cut) != (scored.labels[row] == 1.0);
        if wrong { u64::from(scored.weight(row)) } else { 0 }
    });
    ratio(wrong, scored.total_weight())
}

/// The margin of a probability, so that `p > t` is a comparison of margins: -inf for 0 (every row is above it), inf for
/// 1 (none is).
#[must_use]
pub fn margin_at(probability: f64) -> f64 {
    if probability == 0.5 { 0.0 } else { log(probability / (1.0 - probability)) }
}

/// The predicted class: of one margin the probability above 0.5, of several the lowest class of the largest margin.
pub(super) fn predicted_class(scored: &Scored, row: usize) -> usize {
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

/// The sum of an integer over the rows of each label and prediction.
struct Table {
    classes: usize,
    /// `[label * classes + predicted]`.
    sums: Vec<u64>,
}

impl Table {
    fn new(scored: &Scored, of_row: impl Fn(usize) -> u64 + Sync + Send) -> Self {
        let classes = label_count(scored);
        let add = |mut sums: Vec<u64>, row| {
            sums[scored.class(row) * classes + predicted_class(scored, row)] += of_row(row);
            sums
        };
        let none = || vec![0; classes * classes];
        let rows = 0..scored.rows();
        let sums = if scored.rows() > SERIAL_ROWS {
            let parts = rows.into_par_iter().with_min_len(SERIAL_ROWS).fold(none, add);
            parts.reduce(none, |a, b| a.iter().zip(b).map(|(a, b)| a + b).collect())
        } else {
            rows.fold(none(), add)
        };
        Self { classes, sums }
    }

    /// Label, prediction and sum.
    fn cells(&self) -> impl Iterator<Item = (usize, usize, u64)> {
        self.sums.iter().enumerate().map(|(cell, &sum)| (cell / self.classes, cell % self.classes, sum))
    }
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

impl ClassTotals {
    fn precision(&self) -> f64 {
        ratio(self.both, self.predicted)
    }

    fn recall(&self) -> f64 {
        ratio(self.both, self.label)
    }

    fn f1(&self) -> f64 {
        ratio(2 * self.both, self.label + self.predicted)
    }
}

impl Totals {
    pub(super) fn new(scored: &Scored) -> Self {
        Self::of(scored, &Table::new(scored, |row| u64::from(scored.weight(row))))
    }

    /// From the rows' weights.
    fn of(scored: &Scored, weights: &Table) -> Self {
        let mut classes = vec![ClassTotals::default(); weights.classes];
        for (label, predicted, weight) in weights.cells() {
            classes[label].label += weight;
            classes[predicted].predicted += weight;
            if label == predicted {
                classes[label].both += weight;
            }
        }
        Self { binary: !scored.objective.is_multiclass(), classes }
    }

    /// The totals and the confusion matrix, the rows counted once where both are the same.
    pub(super) fn with_confusion(scored: &Scored) -> (Self, Confusion) {
        let rows = Table::new(scored, |_| 1);
        let totals = if scored.weights.is_some() { Self::new(scored) } else { Self::of(scored, &rows) };
        (totals, Confusion::of(scored, &rows))
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
        self.score(ClassTotals::precision)
    }

    pub(super) fn recall(&self) -> f64 {
        self.score(ClassTotals::recall)
    }

    pub(super) fn f1(&self) -> f64 {
        self.score(ClassTotals::f1)
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

/// How good the predictions of one class are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScore {
    /// Share of the rows predicted as the class that have it; 0 without such a row.
    pub precision: f64,
    /// Share of the rows with the class that are predicted so; 0 without such a row.
    pub recall: f64,
    /// Harmonic mean of both; 0 where no row has the class as label or prediction.
    pub f1: f64,
    /// Quantised weight of the rows with the class: their number where there are no weights.
    pub support: u64,
    /// Whether any row has the class as label or as prediction.
    pub occurs: bool,
}

/// The scores of every class, in their order: labels 0 and 1, or the num_class labels.
///
/// # Panics
/// As [`Metric::evaluate`](super::Metric::evaluate); and for a regression, which has no classes.
#[must_use]
pub fn class_scores(scored: &Scored) -> Vec<ClassScore> {
    scored.check();
    assert!(scored.objective.is_classification(), "classes");
    let score = |class: &ClassTotals| ClassScore {
        precision: class.precision(),
        recall: class.recall(),
        f1: class.f1(),
        support: class.label,
        occurs: class.label + class.predicted > 0,
    };
    Totals::new(scored).classes.iter().map(score).collect()
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
    /// Counts rows.
    ///
    /// # Panics
    /// As [`Metric::evaluate`](super::Metric::evaluate); and for a regression, which has no classes.
    #[must_use]
    pub fn new(scored: &Scored) -> Self {
        scored.check();
        assert!(scored.objective.is_classification(), "classes");
        Self::of(scored, &Table::new(scored, |_| 1))
    }

    fn of(scored: &Scored, rows: &Table) -> Self {
        let counts: Vec<Vec<u64>> = rows.sums.chunks(rows.classes).map(<[u64]>::to_vec).collect();
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

    /// The counts as a matrix: `[label][predicted]`.
    #[must_use]
    pub fn matrix(&self) -> Vec<Vec<u64>> {
        match self {
            Self::Binary { true_negatives, false_positives, false_negatives, true_positives } => {
                vec![vec![*true_negatives, *false_positives], vec![*false_negatives, *true_positives]]
            }
            Self::Multiclass(counts) => counts.clone(),
        }
    }
}
