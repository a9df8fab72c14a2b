//! The plain types of the naive trainer.

use super::metrics::Metric;

/// One channel: columns of values (NaN is missing), labels and, if there are any, weights.
#[derive(Clone, Debug, Default)]
pub struct Data {
    pub columns: Vec<Vec<f32>>,
    pub labels: Vec<f32>,
    pub weights: Option<Vec<f32>>,
}

impl Data {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Section 1: `-0.0` becomes `0.0`; an infinity, a missing label and a missing or negative
    /// weight are errors.
    pub fn checked(&self) -> Data {
        assert!(self.rows() >= 1, "no rows");
        let value = |x: f32| {
            assert!(!x.is_infinite(), "infinite value");
            if x == 0.0 { 0.0 } else { x }
        };
        let column = |column: &Vec<f32>| -> Vec<f32> {
            assert_eq!(column.len(), self.rows(), "column length");
            column.iter().map(|&x| value(x)).collect()
        };
        let data = Data {
            columns: self.columns.iter().map(column).collect(),
            labels: column(&self.labels),
            weights: self.weights.as_ref().map(column),
        };
        assert!(!data.labels.iter().any(|y| y.is_nan()), "missing label");
        for &w in data.weights.iter().flatten() {
            assert!(w >= 0.0, "missing or negative weight");
        }
        data
    }
}

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    BinaryLogistic,
    SquaredError,
    MultiSoftmax,
    MultiSoftprob,
}

impl Objective {
    /// Whether one tree per class is grown in a round.
    pub fn is_multiclass(self) -> bool {
        matches!(self, Objective::MultiSoftmax | Objective::MultiSoftprob)
    }
}

/// A `base_score` that the user gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BaseScore {
    Auto,
    Value(f64),
}

/// How splits are searched (sections 7 and 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Hist,
    Exact,
}

/// How rows and columns are drawn (section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampler {
    Hash,
    Xgboost1,
}

/// The parameters, the real ones as the user typed them (section 0 rounds them to binary32).
#[derive(Clone, Debug)]
pub struct Params {
    pub objective: Objective,
    /// Used by the multiclass objectives alone.
    pub num_class: usize,
    pub num_round: usize,
    pub eta: f64,
    pub gamma: f64,
    pub lambda: f64,
    pub alpha: f64,
    pub min_child_weight: f64,
    pub max_delta_step: f64,
    pub max_depth: u32,
    /// Growth by leaves, at most this many; none is depth by depth.
    pub max_leaves: Option<usize>,
    pub subsample: f64,
    pub colsample_bytree: f64,
    pub colsample_bylevel: f64,
    pub colsample_bynode: f64,
    pub scale_pos_weight: f64,
    pub base_score: Option<BaseScore>,
    pub method: Method,
    pub max_bin: usize,
    pub sampler: Sampler,
    pub seed: u64,
    /// `histogram_sums`: `wide` or `narrow`; none is `auto`.
    pub wide: Option<bool>,
    /// Metrics of every channel and round, in order.
    pub metrics: Vec<Metric>,
    pub early_stopping_rounds: Option<usize>,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            objective: Objective::SquaredError,
            num_class: 1,
            num_round: 10,
            eta: 0.3,
            gamma: 0.0,
            lambda: 1.0,
            alpha: 0.0,
            min_child_weight: 1.0,
            max_delta_step: 0.0,
            max_depth: 6,
            max_leaves: None,
            subsample: 1.0,
            colsample_bytree: 1.0,
            colsample_bylevel: 1.0,
            colsample_bynode: 1.0,
            scale_pos_weight: 1.0,
            base_score: None,
            method: Method::Hist,
            max_bin: 256,
            sampler: Sampler::Hash,
            seed: 0,
            wide: None,
            metrics: Vec::new(),
            early_stopping_rounds: None,
        }
    }
}

impl Params {
    /// Margins a row, and trees a round.
    pub fn classes(&self) -> usize {
        if self.objective.is_multiclass() { self.num_class } else { 1 }
    }
}

/// One node of a finished tree, with the fields of the model file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Left child, -1 for a leaf.
    pub left: i32,
    /// Right child, -1 for a leaf.
    pub right: i32,
    /// Parent, -1 for the root.
    pub parent: i32,
    /// 0 for a leaf.
    pub feature: u32,
    /// The leaf value of a leaf.
    pub threshold: f32,
    /// False for a leaf.
    pub default_left: bool,
    /// 0 for a leaf.
    pub loss_change: f32,
    pub sum_hessian: f32,
    pub base_weight: f32,
}

/// A finished tree, nodes in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub nodes: Vec<Node>,
}

/// What training leaves behind.
#[derive(Clone, Debug)]
pub struct Trained {
    /// As in the model: for binary:logistic a probability.
    pub base_score: f32,
    /// All trees, those continued from first; round x classes + class.
    pub trees: Vec<Tree>,
    /// Final fixed-point margins of the training rows, `[row][class]`.
    pub margins: Vec<Vec<i64>>,
    /// The scale of the margins: one is `2^margin_scale`.
    pub margin_scale: i32,
    /// Final fixed-point margins of each validation channel, `[channel][row][class]`.
    pub validation_margins: Vec<Vec<Vec<i64>>>,
    /// `[round][channel][metric]`, channel 0 is the training data; new rounds only.
    pub history: Vec<Vec<Vec<f64>>>,
    /// The best new round by the last metric of the last channel, with early stopping.
    pub best_round: Option<usize>,
}
