//! What a backend is given: the problem of one training, and the channels that it routes.

use crate::backend::shard::Shard;
use crate::binning::BinnedMatrix;
use crate::data::dataset::Dataset;
use crate::fixed::format::NumberFormat;
use crate::fixed::quantiser::{Regularisation, SumWidth};
use crate::fixed::weight::RowWeights;
use crate::objective::Objective;
use crate::params::{HistogramSums, Params, TreeMethod};
use rayon::prelude::*;

/// Rows that make a task of work that takes little time for each.
const TASK_ROWS: usize = 1 << 14;

/// Everything that stays the same over a training.
#[derive(Clone, Debug)]
pub struct Problem<'a> {
    /// The loss to be minimised, its labels and its link function.
    pub objective: Objective,
    /// Outputs of the model: margins per row.
    pub classes: usize,
    /// The binned training rows.
    pub matrix: &'a BinnedMatrix,
    /// Which of all training rows they are.
    pub shard: Shard<'a>,
    /// One per row: the class for classification, the label in the margin's format for regression.
    pub targets: Vec<i64>,
    /// The quantised instance weights.
    pub weights: RowWeights,
    /// What the integers of the training stand for.
    pub format: NumberFormat,
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

impl<'a> Problem<'a> {
    /// Makes the problem of a training on labelled rows, which start at the base margins (one per
    /// output). Labels and weights are those of all ranks, since they decide the number format; the
    /// matrix holds the shard's rows. It has no channels yet.
    #[must_use]
    pub fn new(
        params: &Params,
        (matrix, shard): (&'a BinnedMatrix, Shard<'a>),
        labels: &[f32],
        weights: RowWeights,
        base_margins: &[f32],
    ) -> Self {
        let objective = params.objective;
        let format = objective.number_format(labels, &weights, base_margins.first().copied().unwrap_or(0.0));
        let here = shard.first_row..shard.first_row + matrix.rows;
        let mut problem = Self {
            objective,
            classes: params.classes(),
            matrix,
            shard,
            targets: labels[here.clone()]
                .par_iter()
                .with_min_len(TASK_ROWS)
                .map(|&label| objective.target(label, &format))
                .collect(),
            weights: weights.part(here),
            format,
            width: match params.histogram_sums {
                HistogramSums::Auto => SumWidth::of_rows(shard.rows),
                HistogramSums::Narrow => SumWidth::Narrow,
                HistogramSums::Wide => SumWidth::Wide,
            },
            rules: Regularisation {
                lambda: params.lambda,
                alpha: params.alpha,
                gamma: params.gamma,
                min_child_weight: params.min_child_weight,
                max_delta_step: params.max_delta_step,
            },
            method: params.tree_method,
            margins: Vec::new(),
            channels: Vec::new(),
        };
        problem.margins = problem.first_margins(base_margins, matrix.rows);
        problem
    }

    /// Returns the margins of `rows` rows before the first tree: `rows x classes`, row-major.
    #[must_use]
    pub fn first_margins(&self, base_margins: &[f32], rows: usize) -> Vec<i64> {
        let base: Vec<i64> = base_margins.iter().map(|&margin| self.format.margin.to_fixed(margin)).collect();
        base.repeat(rows)
    }

    /// Number of training rows that are here.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.matrix.rows
    }

    /// Returns the trees of a round.
    #[must_use]
    pub fn trees_per_round(&self) -> usize {
        self.classes / self.format.outputs_per_tree
    }
}

/// A channel whose margins follow the training (validation, test): it is routed by value.
#[derive(Clone, Debug)]
pub struct RoutedChannel<'a> {
    /// Its rows with raw feature values, unbinned.
    pub data: &'a Dataset,
    /// Margins before the first new tree: `rows x classes`, row-major.
    pub margins: Vec<i64>,
}
