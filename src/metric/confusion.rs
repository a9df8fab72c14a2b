//! Metrics that count right and wrong predictions: error, merror, accuracy, precision, recall, f1,
//! and the confusion matrix.

use super::{SERIAL_ROWS, Scored, ratio};
use libm::log;
use rayon::prelude::*;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Weighted share of rows on the wrong side of a threshold on the probability.
pub(super) fn error(scored: &Scored, threshold: f32) -> f64 {
    let cut = margin_at(f64::from(threshold));
    let wrong = scored.sum(|row| {
        let wrong = (scored.margin(0, row) > cut) != (scored.labels[row] == 1.0);
        if wrong { u64::from(scored.weight(row)) } else { 0 }
    });
    ratio(wrong, scored.total_weight())
}

/// The margin of a probability, so that `p > t` is a comparison of margins: -inf for 0 (every row
/// is above it), inf for 1 (none is).
#[must_use]
pub fn margin_at(probability: f64) -> f64 {
    if probability == 0.5 { 0.0 } else { log(probability / (1.0 - probability)) }
}

/// The predicted class: of one margin the probability above 0.5, of several the lowest class of the
/// largest margin.
pub(super) fn predicted_class(scored: &Scored, row: usize) -> usize {
    if !scored.objective.is_multiclass() {
        return usize::from(scored.margin(0, row) > 0.0);
    }
    let mut best = 0;
    for class in 1..scored.outputs() {
        if scored.margin(class, row) > scored.margin(best, row) {
            best = class;
        }
    }
    best
}

/// Weights of the rows by class: of which all shares of right predictions are made.
pub(super) struct Totals {
    /// Whether precision, recall and f1 are those of class 1, not means over the classes.
    binary: bool,
    classes: Vec<ClassTotals>,
}

/// Weight of the rows with a class as label, as prediction, and as both; and how many rows there
/// are.
#[derive(Clone, Copy, Default)]
struct ClassTotals {
    label: u64,
    predicted: u64,
    both: u64,
    label_rows: u64,
    predicted_rows: u64,
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

    /// Whether any row, whatever its weight, has the class as label or as prediction.
    fn occurs(&self) -> bool {
        self.label_rows + self.predicted_rows > 0
    }

    fn add(&mut self, other: &Self) {
        self.label += other.label;
        self.predicted += other.predicted;
        self.both += other.both;
        self.label_rows += other.label_rows;
        self.predicted_rows += other.predicted_rows;
    }
}

impl Totals {
    pub(super) fn new(scored: &Scored) -> Self {
        Self::of(scored, |row| predicted_class(scored, row))
    }

    /// From the predicted class of each row.
    fn of(scored: &Scored, predicted: impl Fn(usize) -> usize + Sync + Send) -> Self {
        let add = |mut classes: Vec<ClassTotals>, row| {
            let (label, predicted, weight) = (scored.class(row), predicted(row), u64::from(scored.weight(row)));
            let of_label = &mut classes[label];
            of_label.label += weight;
            of_label.label_rows += 1;
            of_label.both += if label == predicted { weight } else { 0 };
            let of_predicted = &mut classes[predicted];
            of_predicted.predicted += weight;
            of_predicted.predicted_rows += 1;
            classes
        };
        let none = || vec![ClassTotals::default(); scored.label_count()];
        let both = |mut a: Vec<ClassTotals>, b: Vec<ClassTotals>| {
            a.iter_mut().zip(&b).for_each(|(a, b)| a.add(b));
            a
        };
        Self { binary: !scored.objective.is_multiclass(), classes: fold_rows(scored, none, add, both) }
    }

    /// The totals and the confusion matrix, each row predicted once.
    pub(super) fn with_confusion(scored: &Scored) -> (Self, Confusion) {
        let predicted = scored.map(|row| predicted_class(scored, row));
        let confusion = Confusion::of(&Sums::new(scored, &predicted, |_| 1), scored, |rows| rows);
        (Self::of(scored, |row| predicted[row]), confusion)
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

    /// The score of class 1 of two; of several classes the mean over those that occur as label or
    /// as prediction, summed in their order: scikit-learn's macro average.
    fn score(&self, of_class: impl Fn(&ClassTotals) -> f64) -> f64 {
        if self.binary {
            return of_class(&self.classes[1]);
        }
        let occurring = || self.classes.iter().filter(|class| class.occurs());
        match occurring().count() {
            0 => 0.0,
            count => occurring().map(of_class).sum::<f64>() / count as f64,
        }
    }
}

/// Folds the rows, by several threads if there are many; the sums are of integers, so their order
/// cannot be seen.
fn fold_rows<T: Send>(
    scored: &Scored,
    none: impl Fn() -> T + Sync + Send,
    add: impl Fn(T, usize) -> T + Sync + Send,
    both: impl Fn(T, T) -> T + Sync + Send,
) -> T {
    let rows = 0..scored.rows();
    if scored.rows() > SERIAL_ROWS {
        rows.into_par_iter().with_min_len(SERIAL_ROWS).fold(&none, add).reduce(&none, both)
    } else {
        rows.fold(none(), add)
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
    /// Number of rows with the class, whatever their weight.
    pub rows: u64,
    /// Whether any row, whatever its weight, has the class as label or as prediction.
    pub occurs: bool,
}

/// The scores of every class, in their order: labels 0 and 1, or the num_class labels.
///
/// # Panics
/// As [`Metric::evaluate`](super::Metric::evaluate); and for a regression, which has no classes.
#[must_use]
pub fn class_scores(scored: &Scored) -> Vec<ClassScore> {
    assert!(scored.objective.is_classification(), "classes");
    let score = |class: &ClassTotals| ClassScore {
        precision: class.precision(),
        recall: class.recall(),
        f1: class.f1(),
        support: class.label,
        rows: class.label_rows,
        occurs: class.occurs(),
    };
    Totals::new(scored).classes.iter().map(score).collect()
}

/// Up to this many classes a confusion matrix is kept and written with all its cells; of more, the
/// cells that are not empty.
pub const MOST_DENSE_CLASSES: usize = 256;

/// How many rows of each label got which prediction, whatever their weight; or, with numbers of
/// another type, their weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Confusion<T = u64> {
    /// Of binary labels; label 1 is the positive one. In JSON `{"tn":..,"fp":..,"fn":..,"tp":..}`.
    Binary {
        /// Rows with label 0, predicted 0.
        #[serde(rename = "tn")]
        true_negatives: T,
        /// Rows with label 0, predicted 1.
        #[serde(rename = "fp")]
        false_positives: T,
        /// Rows with label 1, predicted 0.
        #[serde(rename = "fn")]
        false_negatives: T,
        /// Rows with label 1, predicted 1.
        #[serde(rename = "tp")]
        true_positives: T,
    },
    /// Of up to [`MOST_DENSE_CLASSES`] classes: `[label][predicted]`.
    Multiclass(Vec<Vec<T>>),
    /// Of more classes. In JSON `{"classes":..,"cells":[[label,predicted,rows],..]}`.
    Sparse {
        /// Number of classes.
        classes: usize,
        /// Label, prediction and rows where there are rows, in the order of label and prediction.
        cells: Vec<(usize, usize, T)>,
    },
}

/// The sum of an integer over the rows of each label and prediction.
enum Sums {
    /// `[label * classes + predicted]`.
    Dense(Vec<u64>),
    /// The pairs that occur: never more than rows.
    Sparse(BTreeMap<(usize, usize), u64>),
}

impl Sums {
    fn new(scored: &Scored, predicted: &[usize], of_row: impl Fn(usize) -> u64 + Sync + Send) -> Self {
        let classes = scored.label_count();
        if classes <= MOST_DENSE_CLASSES {
            let add = |mut sums: Vec<u64>, row: usize| {
                sums[scored.class(row) * classes + predicted[row]] += of_row(row);
                sums
            };
            let both = |a: Vec<u64>, b: Vec<u64>| a.iter().zip(b).map(|(a, b)| a + b).collect();
            return Self::Dense(fold_rows(scored, || vec![0; classes * classes], add, both));
        }
        let add = |mut sums: BTreeMap<(usize, usize), u64>, row: usize| {
            *sums.entry((scored.class(row), predicted[row])).or_default() += of_row(row);
            sums
        };
        let both = |mut a: BTreeMap<(usize, usize), u64>, b: BTreeMap<(usize, usize), u64>| {
            b.into_iter().for_each(|(cell, sum)| *a.entry(cell).or_default() += sum);
            a
        };
        Self::Sparse(fold_rows(scored, BTreeMap::new, add, both))
    }
}

impl Confusion {
    /// Counts rows.
    ///
    /// # Panics
    /// As [`Metric::evaluate`](super::Metric::evaluate); and for a regression, which has no
    /// classes.
    #[must_use]
    pub fn new(scored: &Scored) -> Self {
        Self::summed(scored, |_| 1, |rows| rows)
    }
}

impl Confusion<f64> {
    /// Adds weights up, of which `unit` is that of the quantised ones; `None` where rows have no
    /// weights.
    ///
    /// # Panics
    /// As [`Confusion::new`].
    #[must_use]
    pub fn weighted(scored: &Scored, unit: f64) -> Option<Self> {
        scored.weights.map(|weights| Self::summed(scored, |row| u64::from(weights[row]), |weight| weight as f64 * unit))
    }
}

impl<T: Copy + Default + PartialEq> Confusion<T> {
    fn summed(scored: &Scored, of_row: impl Fn(usize) -> u64 + Sync + Send, value: impl Fn(u64) -> T) -> Self {
        assert!(scored.objective.is_classification(), "classes");
        let predicted = scored.map(|row| predicted_class(scored, row));
        Self::of(&Sums::new(scored, &predicted, of_row), scored, value)
    }

    fn of(sums: &Sums, scored: &Scored, value: impl Fn(u64) -> T) -> Self {
        let classes = scored.label_count();
        match sums {
            Sums::Dense(sums) if !scored.objective.is_multiclass() => Self::Binary {
                true_negatives: value(sums[0]),
                false_positives: value(sums[1]),
                false_negatives: value(sums[2]),
                true_positives: value(sums[3]),
            },
            Sums::Dense(sums) => Self::Multiclass(
                sums.chunks(classes).map(|sums| sums.iter().map(|&sum| value(sum)).collect()).collect(),
            ),
            Sums::Sparse(sums) => Self::Sparse {
                classes,
                cells: sums.iter().map(|(&(label, predicted), &sum)| (label, predicted, value(sum))).collect(),
            },
        }
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        match self {
            Self::Binary { .. } => 2,
            Self::Multiclass(rows) => rows.len(),
            Self::Sparse { classes, .. } => *classes,
        }
    }

    /// All cells as a matrix, `[label][predicted]`; `None` of more than [`MOST_DENSE_CLASSES`]
    /// classes.
    #[must_use]
    pub fn matrix(&self) -> Option<Vec<Vec<T>>> {
        match self {
            Self::Binary { true_negatives, false_positives, false_negatives, true_positives } => {
                Some(vec![vec![*true_negatives, *false_positives], vec![*false_negatives, *true_positives]])
            }
            Self::Multiclass(rows) => Some(rows.clone()),
            Self::Sparse { .. } => None,
        }
    }

    /// The same by class, of two classes too.
    #[must_use]
    pub fn by_class(self) -> Self {
        match self.matrix() {
            Some(rows) => Self::Multiclass(rows),
            None => self,
        }
    }

    /// Label, prediction and value of the cells that are not empty, in the order of label and
    /// prediction.
    #[must_use]
    pub fn cells(&self) -> Vec<(usize, usize, T)> {
        if let Self::Sparse { cells, .. } = self {
            return cells.clone();
        }
        let rows = self.matrix().unwrap_or_default();
        let of_label = |(label, row): (usize, Vec<T>)| {
            row.into_iter().enumerate().map(move |(predicted, value)| (label, predicted, value))
        };
        let all = rows.into_iter().enumerate().flat_map(of_label);
        all.filter(|(.., value)| *value != T::default()).collect()
    }

    /// Label, prediction and value of the cells of wrong predictions that are not empty, the
    /// largest first.
    #[must_use]
    pub fn mistakes(&self) -> Vec<(usize, usize, T)>
    where
        T: PartialOrd,
    {
        let mut found = self.cells();
        found.retain(|(label, predicted, _)| label != predicted);
        // The sort is stable: equal ones stay in the order of label and prediction.
        found.sort_by(|a, b| b.2.partial_cmp(&a.2).unwrap_or(Ordering::Equal));
        found
    }
}
