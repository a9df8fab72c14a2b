//! The metrics: what is reported after each round and steers early stopping (`docs/exactness.md` 10).
//!
//! A metric is a function of margins, labels and quantised weights. Every sum over rows is a sum of integers, so
//! neither the order of the rows nor the number of threads changes a bit of the result:
//!
//! - `elementwise.rs`: means of one term a row, in fixed point (logloss, mlogloss, rmse, mae);
//! - `confusion.rs`: counts of right and wrong predictions (error, merror, accuracy, precision, recall, f1);
//! - `ranking.rs`: areas under curves over the rows sorted by margin (auc, aucpr), and what the curves are drawn from.

mod confusion;
mod elementwise;
mod ranking;
mod softplus;

pub use confusion::{ClassScore, Confusion, MOST_DENSE_CLASSES, class_scores, margin_at};
pub use ranking::{Lack, Ranking, lacking, rankings};

use crate::error::{Error, Result};
use crate::objective::{Objective, Task};
use confusion::Totals;
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// Up to this many rows a metric is computed by one thread: it is done before other threads have woken up.
const SERIAL_ROWS: usize = 4096;

/// Rows that are summed together.
const BLOCK: usize = 256;

/// A metric, by the name that XGBoost or SageMaker's container gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// `logloss`: mean negative log-likelihood of binary labels.
    Logloss,
    /// `error`, `error@0.7`: share of rows on the wrong side of the threshold, a probability (0.5 in `error`).
    Error {
        /// Rows of a probability strictly above it count as predicted positive; from 0 to 1.
        threshold: f32,
    },
    /// `auc`: area under the receiver operating characteristic curve.
    ///
    /// Multiclass: one class against the rest by softmax probability, weighted by the class's share
    /// of the rows, as XGBoost defines it. Not a number, as in XGBoost, where a class has no row of
    /// a weight above 0 ([`lacking`]).
    Auc,
    /// `aucpr`: area under the precision-recall curve by XGBoost's interpolation, which is not scikit-learn's average
    /// precision. Not a number where one of the labels has no row of a weight above 0.
    Aucpr,
    /// `rmse`: root of the mean squared error. For binary labels, of the probability.
    Rmse,
    /// `mae`: mean absolute error. For binary labels, of the probability.
    Mae,
    /// `merror`: share of rows whose predicted class is wrong.
    Merror,
    /// `mlogloss`: mean negative log-likelihood of class labels.
    Mlogloss,
    /// `accuracy`: share of rows whose predicted class is right.
    Accuracy,
    /// `f1`: harmonic mean of precision and recall of label 1; for several classes the mean over those that
    /// occur as label or prediction (scikit-learn's macro average).
    F1,
    /// `precision`: share of rows predicted as label 1 that have it; for several classes the mean over those
    /// that occur as label or prediction.
    Precision,
    /// `recall`: share of rows with label 1 that are predicted so; for several classes the mean over those
    /// that occur as label or prediction.
    Recall,
}

/// What a metric may be applied to.
#[derive(Clone, Copy)]
enum Domain {
    Binary,
    Multiclass,
    Classification,
    /// Numbers; also probabilities of binary labels.
    Numbers,
}

/// Which value of a metric is better.
#[derive(Clone, Copy)]
enum Better {
    Lower,
    Higher,
}

/// Metrics of XGBoost and of SageMaker's container that are known but do not work yet.
const NOT_YET: [&str; 25] = [
    "rmsle",
    "mape",
    "mphe",
    "ndcg",
    "map",
    "pre",
    "ams",
    "quantile",
    "expectile",
    "poisson-nloglik",
    "gamma-nloglik",
    "gamma-deviance",
    "tweedie-nloglik",
    "aft-nloglik",
    "interval-regression-accuracy",
    "cox-nloglik",
    "balanced_accuracy",
    "f1_binary",
    "f1_macro",
    "precision_macro",
    "precision_micro",
    "recall_macro",
    "recall_micro",
    "mse",
    "r2",
];

impl Metric {
    /// Every metric, `error` with its default threshold.
    pub const ALL: [Self; 12] = [
        Self::Logloss,
        Self::Error { threshold: 0.5 },
        Self::Auc,
        Self::Aucpr,
        Self::Rmse,
        Self::Mae,
        Self::Merror,
        Self::Mlogloss,
        Self::Accuracy,
        Self::F1,
        Self::Precision,
        Self::Recall,
    ];

    /// The table of the metrics.
    fn row(&self) -> (&'static str, Domain, Better) {
        match self {
            Self::Logloss => ("logloss", Domain::Binary, Better::Lower),
            Self::Error { .. } => ("error", Domain::Binary, Better::Lower),
            Self::Auc => ("auc", Domain::Classification, Better::Higher),
            Self::Aucpr => ("aucpr", Domain::Binary, Better::Higher),
            Self::Rmse => ("rmse", Domain::Numbers, Better::Lower),
            Self::Mae => ("mae", Domain::Numbers, Better::Lower),
            Self::Merror => ("merror", Domain::Multiclass, Better::Lower),
            Self::Mlogloss => ("mlogloss", Domain::Multiclass, Better::Lower),
            Self::Accuracy => ("accuracy", Domain::Classification, Better::Higher),
            Self::F1 => ("f1", Domain::Classification, Better::Higher),
            Self::Precision => ("precision", Domain::Classification, Better::Higher),
            Self::Recall => ("recall", Domain::Classification, Better::Higher),
        }
    }

    /// The metric of that name; `error@0.7` sets the threshold.
    ///
    /// # Errors
    /// If the name is unknown, known but not supported yet, or its threshold is not a number from 0 to 1.
    pub fn from_name(name: &str) -> Result<Self> {
        let (stem, parameter) = match name.split_once('@') {
            Some((stem, parameter)) => (stem, Some(parameter)),
            None => (name, None),
        };
        let known = Self::ALL.into_iter().find(|metric| metric.row().0 == stem);
        match (known, parameter) {
            (Some(metric), None) => Ok(metric),
            (Some(Self::Error { .. }), Some(text)) => match text.parse::<f32>() {
                Ok(threshold) if (0.0..=1.0).contains(&threshold) => Ok(Self::Error { threshold }),
                _ => Err(Error::parameter(format!("threshold {text:?} of metric {name} is not a number from 0 to 1"))
                    .remedy("write it like error@0.7")),
            },
            (Some(_), Some(_)) => Err(Error::parameter(format!("metric {name} is unknown: {stem} has no parameter"))
                .remedy(format!("write {stem}"))),
            // XGBoost also writes tweedie-nloglik@1.5, ndcg@5, ndcg@5- and ndcg-.
            (None, _) if NOT_YET.contains(&stem.trim_end_matches('-')) => {
                Err(Error::parameter(format!("metric {name} is not supported yet"))
                    .remedy(format!("use one of {}", list())))
            }
            (None, _) => {
                let remedy = match nearest(stem) {
                    Some(near) => format!("did you mean {near}? The metrics are {}", list()),
                    None => format!("use one of {}", list()),
                };
                Err(Error::parameter(format!("unknown metric {name:?}")).remedy(remedy))
            }
        }
    }

    /// The name, as [`Metric::from_name`] reads it: `error@0.7` for a threshold other than 0.5.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Error { threshold } if *threshold != 0.5 => format!("error@{threshold}"),
            _ => self.row().0.to_string(),
        }
    }

    /// Whether a higher value is better.
    #[must_use]
    pub fn maximise(&self) -> bool {
        matches!(self.row().2, Better::Higher)
    }

    /// Whether `value` is better than `than`; never if either is not a number.
    #[must_use]
    pub fn is_better(&self, value: f64, than: f64) -> bool {
        if self.maximise() { value > than } else { value < than }
    }

    /// Whether the metric ranks rows of different labels, so that it needs such rows ([`lacking`]).
    #[must_use]
    pub fn ranks(&self) -> bool {
        matches!(self, Self::Auc | Self::Aucpr)
    }

    /// The first of the best values, with what it belongs to; a value that is not a number is never the best.
    #[must_use]
    pub fn best<K>(&self, values: impl IntoIterator<Item = (K, f64)>) -> Option<(K, f64)> {
        let numbers = values.into_iter().filter(|(_, value)| !value.is_nan());
        numbers.reduce(|best, next| if self.is_better(next.1, best.1) { next } else { best })
    }

    /// The metric that is reported for an objective when none is chosen.
    #[must_use]
    pub fn default_for(objective: Objective) -> Self {
        let Some(&metric) = Self::reported_for(objective).first() else {
            unreachable!("every objective has a metric");
        };
        metric
    }

    /// Returns the metrics that tell how good a model of an objective is, the default one first.
    #[must_use]
    pub fn reported_for(objective: Objective) -> Vec<Self> {
        let named = |name: &&str| Self::ALL.into_iter().find(|metric| metric.row().0 == *name);
        objective.metrics().iter().filter_map(named).collect()
    }

    /// Checks that the metric can be computed from the objective's margins and labels.
    ///
    /// # Errors
    /// If it cannot; the error lists the metrics that can.
    pub fn suits(&self, objective: Objective) -> Result<()> {
        let domain = self.row().1;
        if domain.allows(objective) {
            return Ok(());
        }
        let message = if *self == Self::Aucpr && objective.is_multiclass() {
            format!("metric aucpr is not supported yet for {}", objective.name())
        } else {
            format!("metric {} does not suit {}", self.name(), objective.name())
        };
        let suitable: Vec<_> =
            Self::ALL.iter().map(Self::row).filter(|row| row.1.allows(objective)).map(|row| row.0).collect();
        Err(Error::parameter(message).remedy(format!("use one of {}", suitable.join(", "))))
    }

    /// The metric's value. It has to suit the objective, and the labels to belong to it
    /// ([`Metric::suits`], [`Objective::check_labels`]).
    ///
    /// # Panics
    /// If a slice has the wrong length, or a label is not a class.
    #[must_use]
    pub fn evaluate(&self, scored: &Scored) -> f64 {
        scored.check();
        match *self {
            Self::Logloss => elementwise::logloss(scored),
            Self::Mlogloss => elementwise::mlogloss(scored),
            Self::Rmse => elementwise::rmse(scored),
            Self::Mae => elementwise::mae(scored),
            Self::Error { threshold } => confusion::error(scored, threshold),
            Self::Merror => Totals::new(scored).error(),
            Self::Accuracy => Totals::new(scored).accuracy(),
            Self::Precision => Totals::new(scored).precision(),
            Self::Recall => Totals::new(scored).recall(),
            Self::F1 => Totals::new(scored).f1(),
            Self::Auc => ranking::auc(scored),
            Self::Aucpr => ranking::aucpr(scored),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl Domain {
    fn allows(self, objective: Objective) -> bool {
        match self {
            Self::Binary => objective.task() == Task::Binary,
            Self::Multiclass => objective.is_multiclass(),
            Self::Classification => objective.is_classification(),
            Self::Numbers => !objective.is_multiclass(),
        }
    }
}

/// The metrics' names as a user types them, in a list.
#[must_use]
pub fn list() -> String {
    let spellings = Metric::ALL.map(|metric| match metric {
        Metric::Error { .. } => "error, error@THRESHOLD",
        _ => metric.row().0,
    });
    spellings.join(", ")
}

/// The metric that another program's name means, or the one that a slip is near to.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let known: [(&str, &[&str]); 9] = [
        ("logloss", &["log_loss", "binary_logloss", "cross_entropy"]),
        ("mlogloss", &["multi_logloss", "multiclass"]),
        ("error", &["binary_error"]),
        ("merror", &["multi_error"]),
        ("auc", &["roc_auc", "roc_auc_score"]),
        ("aucpr", &["average_precision"]),
        ("rmse", &["root_mean_squared_error", "l2_root"]),
        ("mae", &["mean_absolute_error", "l1"]),
        ("f1", &["f1_score"]),
    ];
    let meant = known.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(metric, _)| *metric);
    meant.or_else(|| crate::util::names::nearest(&name, Metric::ALL.iter().map(|metric| metric.row().0)))
}

/// The rows of a channel with the margins that a model gives them.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// Margins, class after class: `margins[class * rows + row]`.
    pub margins: &'a [f64],
    /// Margins a row: num_class for multiclass, otherwise 1.
    pub classes: usize,
    /// Labels, one a row.
    pub labels: &'a [f32],
    /// Quantised weights, one a row, their sum below 2^32 (`docs/exactness.md` 2); `None`: each row weighs 1.
    pub weights: Option<&'a [u32]>,
    /// The objective whose margins these are.
    pub objective: Objective,
}

impl Scored<'_> {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// The predicted class: of one margin the probability above 0.5, of several the lowest class of the largest margin.
    #[must_use]
    pub fn predicted_class(&self, row: usize) -> usize {
        confusion::predicted_class(self, row)
    }

    /// Number of different labels of a classification.
    fn label_count(&self) -> usize {
        label_count(self.objective, self.classes)
    }

    fn check(&self) {
        assert_eq!(self.margins.len(), self.classes * self.rows(), "one margin a row and class");
        assert!(self.weights.is_none_or(|weights| weights.len() == self.rows()), "one weight a row");
    }

    fn margin(&self, class: usize, row: usize) -> f64 {
        self.margins[class * self.rows() + row]
    }

    /// The label of a row as a class number.
    fn class(&self, row: usize) -> usize {
        self.labels[row] as usize
    }

    fn weight(&self, row: usize) -> u32 {
        self.weights.map_or(1, |weights| weights[row])
    }

    fn total_weight(&self) -> u64 {
        match self.weights {
            Some(weights) => weights.iter().map(|&weight| u64::from(weight)).sum(),
            None => self.rows() as u64,
        }
    }

    /// The sum of an integer over the rows.
    fn sum<T>(&self, term: impl Fn(usize) -> T + Sync + Send) -> T
    where
        T: Send + std::iter::Sum<T>,
    {
        self.sum_blocks(|rows| rows.map(&term).sum())
    }

    /// The sum of an integer over blocks of up to [`BLOCK`] rows, by several threads if there are many: integers add up
    /// the same in any order.
    fn sum_blocks<T>(&self, term: impl Fn(Range<usize>) -> T + Sync + Send) -> T
    where
        T: Send + std::iter::Sum<T>,
    {
        let blocks = self.rows().div_ceil(BLOCK);
        let of_block = |block| term(block * BLOCK..self.rows().min((block + 1) * BLOCK));
        if self.rows() > SERIAL_ROWS {
            (0..blocks).into_par_iter().with_min_len(SERIAL_ROWS / 4 / BLOCK).map(of_block).sum()
        } else {
            (0..blocks).map(of_block).sum()
        }
    }

    /// One value a row, by several threads if there are many rows.
    fn map<T: Send>(&self, value: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        if self.rows() > SERIAL_ROWS {
            (0..self.rows()).into_par_iter().with_min_len(SERIAL_ROWS / 4).map(value).collect()
        } else {
            (0..self.rows()).map(value).collect()
        }
    }
}

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
    scored.check();
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
