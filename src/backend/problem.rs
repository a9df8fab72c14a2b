//! What a backend is given: the problem of one training, and the channels that it routes.

use crate::binning::BinnedMatrix;
use crate::data::dataset::Dataset;
use crate::fixed::margin::MarginFormat;
use crate::fixed::quantiser::{PairScale, Regularisation, SumWidth};
use crate::fixed::weight::RowWeights;
use crate::objective::Objective;
use crate::params::TreeMethod;

/// Everything that stays the same over a training.
#[derive(Clone, Debug)]
pub struct Problem<'a> {
    /// The objective.
    pub objective: Objective,
    /// Trees a round, margins a row.
    pub classes: usize,
    /// The binned training rows.
    pub matrix: &'a BinnedMatrix,
    /// One a row: the class for classification, the label in the margin's format for regression.
    pub targets: Vec<i64>,
    /// The quantised instance weights.
    pub weights: RowWeights,
    /// Bits dropped from a weighted gradient (regression only; 31 - L).
    pub weight_shift: u32,
    /// The format of margins.
    pub margin_format: MarginFormat,
    /// The binary points of gradient pairs.
    pub pair_scale: PairScale,
    /// The width of histogram sums.
    pub width: SumWidth,
    /// Regularisation, unscaled.
    pub rules: Regularisation,
    /// How candidates are enumerated.
    pub method: TreeMethod,
    /// Margins of the training rows before the first new tree: `rows x classes`, row-major.
    pub margins: Vec<i64>,
    /// The channels that are routed through every finished tree.
    pub channels: Vec<RoutedChannel<'a>>,
}

impl Problem<'_> {
    /// Number of training rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.matrix.rows
    }

    /// Whether the hessian's cap at 1/4 applies (`docs/exactness.md` 6).
    #[must_use]
    pub fn capped(&self) -> bool {
        self.objective == Objective::BinaryLogistic && !self.weights.is_weighted()
    }
}

/// A channel whose margins follow the training (validation, test): it is routed by value.
#[derive(Clone, Debug)]
pub struct RoutedChannel<'a> {
    /// The rows.
    pub data: &'a Dataset,
    /// Margins before the first new tree: `rows x classes`, row-major.
    pub margins: Vec<i64>,
}
