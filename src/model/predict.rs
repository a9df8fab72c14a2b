//! Prediction: base margin, then leaf by leaf in tree order, in binary32 (`docs/exactness.md` 11).
//!
//! Blocks of rows run in parallel. Within a block each tree is applied to all rows before the next
//! one, so that the tree stays in the cache; a row's additions still happen in tree order, so the
//! block size changes no bit.

use super::forest::row::RowForest;
use super::forest::{BLOCK, Forest};
use super::values::Values;
use super::{Model, Rounds};
use crate::binning::BinnedMatrix;
use crate::data::dataset::Dataset;
use crate::error::Result;
use crate::objective::Objective;
use crate::util::per_output::PerOutput;
use rayon::prelude::*;

impl Model {
    /// Predicts all rows with the rounds up to the best one: probabilities for classification, one
    /// per class for several classes, or values for regression.
    ///
    /// ```no_run
    /// use gboost::{Dataset, Model};
    ///
    /// let predictions = Model::load("model.json")?.predict(&Dataset::from_csv("valid.csv")?)?;
    /// println!("first row {}", predictions.get(0, 0));
    /// # Ok::<(), gboost::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the data has not the model's columns ([`Model::check_features`]).
    pub fn predict(&self, data: &Dataset) -> Result<PerOutput<f32>> {
        self.check_features(data)?;
        Ok(self.transform(&self.predict_margins(data, Rounds::Best)))
    }

    /// Prepares the prediction of single rows.
    #[must_use]
    pub fn row_predictor(&self, rounds: Rounds) -> RowPredictor {
        let base: Vec<f32> = (0..self.classes).map(|class| self.base_margin(class)).collect();
        let forest = RowForest::new(&self.weighted_trees(0..self.tree_count(rounds)));
        let (margins, scratch) = (base.clone(), vec![0.0; self.classes]);
        RowPredictor { objective: self.objective, forest, base, margins, scratch }
    }

    /// Returns the margins of all rows.
    ///
    /// Call [`Model::check_features`] first: a column that the data lacks counts as missing here.
    #[must_use]
    pub fn predict_margins(&self, data: &Dataset, rounds: Rounds) -> PerOutput<f32> {
        let mut stages = Stages::new(self, data);
        stages.advance(self.used_rounds(rounds));
        stages.margins()
    }

    /// [`Model::predict_margins`] of the rows that the model was trained on, from their bins: to
    /// the last bit what their values give (but for a value of `f32::MAX`, which no threshold is
    /// above).
    ///
    /// All trees must have been grown on this matrix. Those of a model that was continued were not,
    /// and may have thresholds within bins.
    #[must_use]
    pub fn predict_binned(&self, matrix: &BinnedMatrix, rounds: Rounds) -> PerOutput<f32> {
        let mut stages = Stages::over(self, matrix);
        stages.advance(self.used_rounds(rounds));
        stages.margins()
    }

    /// Returns the leaf of every row in every tree of those rounds, row after row
    /// (`[row * trees + tree]`), as node indices: XGBoost's `pred_leaf`. Trees that XGBoost pruned
    /// are renumbered without their deleted nodes when they are read, so there the numbers are
    /// lower than XGBoost's.
    #[must_use]
    pub fn predict_leaves(&self, data: &Dataset, rounds: Rounds) -> Vec<u32> {
        let trees = &self.trees[..self.tree_count(rounds)];
        let forest = Forest::new(trees, data);
        let trees = trees.len();
        let mut found = vec![0; data.rows * trees];
        // A chunk size of 0 would panic; without trees there is nothing to fill in.
        found.par_chunks_mut(BLOCK * trees.max(1)).enumerate().for_each_init(
            || forest.buffer(),
            |buffer, (block, found)| {
                let rows = found.len() / trees;
                forest.visit(block * BLOCK, rows, buffer, |tree, leaves| {
                    for (row, &leaf) in found.chunks_exact_mut(trees).zip(leaves) {
                        row[tree] = forest.node(leaf);
                    }
                });
            },
        );
        found
    }

    /// Returns what the objective predicts for the margins: probabilities for classification (one
    /// per class for both multiclass objectives), the margins themselves for regression. Computed
    /// in binary64 and rounded once.
    #[must_use]
    pub fn transform(&self, margins: &PerOutput<f32>) -> PerOutput<f32> {
        let mut predictions = margins.values().to_vec();
        self.objective.transform(&mut predictions, &mut vec![0.0; self.classes]);
        PerOutput::new(predictions, margins.outputs())
    }

    /// Returns one prediction per row: the class (1 if the margin is above 0; the lowest class of
    /// the largest margin), or the value for regression.
    #[must_use]
    pub fn labels(&self, margins: &PerOutput<f32>) -> Vec<f32> {
        self.objective.decide(margins.values(), self.classes)
    }
}

/// The margins of all rows after more and more rounds: what [`Model::predict_margins`] gives at
/// each of them, in one walk over the trees.
pub struct Stages<'a> {
    model: &'a Model,
    data: &'a dyn Values,
    /// Rounds that are in the margins.
    rounds: usize,
    /// Blocks of rows, each class after class.
    blocks: Vec<f32>,
}

impl<'a> Stages<'a> {
    /// The margins before the first round.
    #[must_use]
    pub fn new(model: &'a Model, data: &'a Dataset) -> Self {
        Self::over(model, data)
    }

    fn over(model: &'a Model, data: &'a dyn Values) -> Self {
        let classes = model.classes;
        let base: Vec<f32> = (0..classes).map(|class| model.base_margin(class)).collect();
        let mut blocks = vec![0.0; data.rows() * classes];
        for block in blocks.chunks_mut(BLOCK * classes) {
            let rows = block.len() / classes;
            for (margins, &base) in block.chunks_exact_mut(rows).zip(&base) {
                margins.fill(base);
            }
        }
        Self { model, data, rounds: 0, blocks }
    }

    /// Adds the leaves of the rounds up to `rounds`; no more than the model has, and none if they
    /// are in already.
    pub fn advance(&mut self, rounds: usize) {
        let (model, data, classes) = (self.model, self.data, self.model.classes);
        let rounds = rounds.min(model.rounds()).max(self.rounds);
        let forest = Forest::new(&model.weighted_trees(self.rounds * classes..rounds * classes), data);
        self.rounds = rounds;
        // Blocks are disjoint slices, class after class within each.
        self.blocks.par_chunks_mut(BLOCK * classes).enumerate().for_each_init(
            || forest.buffer(),
            |buffer, (block, margins)| {
                let rows = margins.len() / classes;
                forest.visit(block * BLOCK, rows, buffer, |tree, leaves| {
                    let class = tree % classes;
                    for (margin, &leaf) in margins[class * rows..][..rows].iter_mut().zip(leaves) {
                        *margin += forest.value(leaf);
                    }
                });
            },
        );
    }

    /// Returns the margins, one per row and output.
    #[must_use]
    pub fn margins(self) -> PerOutput<f32> {
        PerOutput::from_blocks(self.blocks, BLOCK, self.model.classes)
    }

    /// Returns a copy of the margins.
    #[must_use]
    pub fn snapshot(&self) -> PerOutput<f32> {
        PerOutput::from_blocks(self.blocks.clone(), BLOCK, self.model.classes)
    }
}

/// Predicts single rows, without allocating: made by [`Model::row_predictor`]. Every thread takes a
/// clone.
///
/// The bits are those of [`Model::predict_margins`] and [`Model::transform`].
///
/// ```no_run
/// let model = gboost::Model::load("model.json")?;
/// let mut predictor = model.row_predictor(gboost::Rounds::Best);
/// let row = [39.0, 7.0, 77_516.0, f32::NAN];
/// println!("probability {}", predictor.predict(&row)[0]);
/// # Ok::<(), gboost::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RowPredictor {
    objective: Objective,
    forest: RowForest,
    base: Vec<f32>,
    margins: Vec<f32>,
    scratch: Vec<f64>,
}

impl RowPredictor {
    /// Returns a row's margins, one per class. `row` has the features in the order of the training
    /// data; NaN is missing, and so are features beyond its end.
    pub fn margins(&mut self, row: &[f32]) -> &[f32] {
        let Self { forest, base, margins, .. } = self;
        margins.copy_from_slice(base);
        let leaves = forest.leaves(row);
        if let [margin] = &mut margins[..] {
            // By itself, so that the sum stays in a register.
            leaves.iter().for_each(|leaf| *margin += leaf);
        } else {
            // Trees are class after class in each round.
            for leaves in leaves.chunks_exact(margins.len()) {
                margins.iter_mut().zip(leaves).for_each(|(margin, leaf)| *margin += leaf);
            }
        }
        &self.margins
    }

    /// What the objective predicts for a row, as in [`Model::transform`]: the probability, one
    /// probability a class, or the value.
    pub fn predict(&mut self, row: &[f32]) -> &[f32] {
        self.margins(row);
        self.objective.transform(&mut self.margins, &mut self.scratch);
        &self.margins
    }
}
