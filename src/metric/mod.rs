//! The metrics: what is reported after each round and steers early stopping (`docs/exactness.md`
//! 10).
//!
//! A metric is a function of margins, labels and quantised weights. Every sum over rows is a sum of
//! integers, so neither the order of the rows nor the number of threads changes a bit of the
//! result:
//!
//! - `elementwise.rs`: means of one term a row, in fixed point (logloss, mlogloss, rmse, mae);
//! - `confusion.rs`: counts of right and wrong predictions (error, merror, accuracy, precision,
//!   recall, f1);
//! - `ranking.rs`: areas under curves over the rows sorted by margin (auc, aucpr), and what the
//!   curves are drawn from.
//!
//! `table.rs` has one row per metric, and `scored.rs` the rows of data that they judge.

mod confusion;
mod elementwise;
mod ranking;
mod scored;
mod softplus;
mod table;

pub use confusion::{ClassScore, Confusion, MOST_DENSE_CLASSES, class_scores, margin_at};
pub use ranking::{Lack, Ranking, lacking, rankings};
pub use scored::Scored;
pub use table::{Better, Metric, list};

use crate::objective::Objective;
use confusion::Totals;
use serde::Serialize;

/// Up to this many rows a metric is computed by one thread: it is done before other threads have
/// woken up.
const SERIAL_ROWS: usize = 4096;

/// Rows that are summed together.
const BLOCK: usize = 256;

/// Number of different labels of a classification with so many margins a row.
fn label_count(objective: Objective, classes: usize) -> usize {
    if objective.is_multiclass() { classes } else { 2 }
}

/// `part / whole` with one rounding a conversion and one division; 0 for an empty whole.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// How good a classifier's predictions are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Classification {
    /// [`Metric::Accuracy`].
    pub accuracy: f64,
    /// [`Metric::Precision`].
    pub precision: f64,
    /// [`Metric::Recall`].
    pub recall: f64,
    /// [`Metric::F1`].
    pub f1: f64,
    /// [`Metric::Auc`].
    pub auc: f64,
    /// How many rows of each label got which prediction.
    pub confusion: Confusion,
}

/// The figures of a classifier; `None` for a regression.
///
/// # Panics
/// As [`Metric::evaluate`].
#[must_use]
pub fn classification(scored: &Scored) -> Option<Classification> {
    if !scored.objective.is_classification() {
        return None;
    }
    let (totals, confusion) = Totals::with_confusion(scored);
    Some(Classification {
        accuracy: totals.accuracy(),
        precision: totals.precision(),
        recall: totals.recall(),
        f1: totals.f1(),
        auc: ranking::auc(scored),
        confusion,
    })
}
