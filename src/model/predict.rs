//! Prediction: base margin, then leaf by leaf in tree order, in binary32 (`docs/exactness.md` 11).
//!
//! Blocks of rows run in parallel. Within a block each tree is walked for all rows before the next one, so that the
//! tree stays in the cache; a row's additions still happen in tree order, so the block size changes no bit.

use super::Model;
use crate::ingest::dataset::Dataset;
use crate::objective::Objective;
use crate::tree::Tree;
use rayon::prelude::*;

/// Rows that are walked through a tree before the next tree's turn.
const BLOCK: usize = 64;

/// Rows that step down a tree together: independent chains of loads that the processor can overlap.
const LANES: usize = 8;

/// Marks in [`Step::feature`] that missing values go left.
const DEFAULT_LEFT: u32 = 1 << 31;

/// A node in the form that prediction reads; both children of a leaf are the leaf itself.
struct Step {
    /// Threshold, or the value of a leaf.
    threshold: f32,
    /// Column of the block's buffer, with [`DEFAULT_LEFT`].
    feature: u32,
    /// Left and right child.
    children: [u32; 2],
}

/// The trees to predict with, and the features they use.
struct Forest {
    /// Trees in order.
    trees: Vec<Vec<Step>>,
    /// The features that occur in a split, ascending; a block's buffer holds these alone.
    used: Vec<u32>,
}

impl Forest {
    fn new(trees: &[Tree]) -> Self {
        let inner = trees.iter().flat_map(|tree| &tree.nodes).filter(|node| !node.is_leaf());
        let mut used: Vec<u32> = inner.map(|node| node.feature).collect();
        used.sort_unstable();
        used.dedup();
        let trees = trees.iter().map(|tree| steps(tree, &used)).collect();
        Self { trees, used }
    }

    /// A buffer for one block: [`BLOCK`] values a used feature, and never empty since leaves read it too.
    fn buffer(&self) -> Vec<f32> {
        vec![f32::NAN; self.used.len().max(1) * BLOCK]
    }

    /// Copies the rows from `start` on into the buffer; a column that the data lacks stays missing.
    fn fill(&self, data: &Dataset, start: usize, rows: usize, buffer: &mut [f32]) {
        for (&feature, values) in self.used.iter().zip(buffer.chunks_exact_mut(BLOCK)) {
            if let Some(column) = data.columns.get(feature as usize) {
                values[..rows].copy_from_slice(&column[start..start + rows]);
            }
        }
    }
}

/// The nodes of a tree as steps; `used` translates features to columns of the buffer.
fn steps(tree: &Tree, used: &[u32]) -> Vec<Step> {
    let step = |(index, node): (usize, &crate::tree::Node)| {
        if node.is_leaf() {
            return Step { threshold: node.threshold, feature: 0, children: [index as u32; 2] };
        }
        let column = used.partition_point(|&feature| feature < node.feature) as u32;
        Step {
            threshold: node.threshold,
            feature: column | if node.default_left { DEFAULT_LEFT } else { 0 },
            children: [node.left as u32, node.right as u32],
        }
    };
    tree.nodes.iter().enumerate().map(step).collect()
}

/// The leaf of each row of a block. Rows beyond the data's end walk too, through values nobody reads.
fn leaves(tree: &[Step], buffer: &[f32], rows: usize) -> [u32; BLOCK] {
    let mut leaves = [0; BLOCK];
    for (group, lanes) in leaves.chunks_exact_mut(LANES).enumerate().take(rows.div_ceil(LANES)) {
        loop {
            let mut moved = false;
            for (lane, index) in lanes.iter_mut().enumerate() {
                let step = &tree[*index as usize];
                let column = (step.feature & !DEFAULT_LEFT) as usize;
                let value = buffer[column * BLOCK + group * LANES + lane];
                let missing_left = value.is_nan() & (step.feature & DEFAULT_LEFT != 0);
                let goes_left = (value < step.threshold) | missing_left;
                let next = step.children[usize::from(!goes_left)];
                moved |= next != *index;
                *index = next;
            }
            if !moved {
                break;
            }
        }
    }
    leaves
}

impl Model {
    /// The trees of the first `rounds` rounds; all of them for `None`.
    fn forest(&self, rounds: Option<usize>) -> Forest {
        let rounds = rounds.map_or(self.rounds(), |rounds| rounds.min(self.rounds()));
        Forest::new(&self.trees[..rounds * self.classes])
    }

    /// The margins of all rows, class after class (`[class * rows + row]`), with the first `rounds` rounds (`None`:
    /// all; see [`Model::used_rounds`]).
    ///
    /// Call [`Model::check_features`] first: a column that the data lacks counts as missing here.
    #[must_use]
    pub fn predict_margins(&self, data: &Dataset, rounds: Option<usize>) -> Vec<f32> {
        let mut stages = Stages::new(self, data);
        stages.advance(rounds.unwrap_or(usize::MAX));
        stages.margins()
    }

    /// The leaf of every row in every tree of the first `rounds` rounds (`None`: all), row after row
    /// (`[row * trees + tree]`), as node indices: XGBoost's `pred_leaf`. Trees that XGBoost pruned are renumbered
    /// without their deleted nodes when they are read, so there the numbers are lower than XGBoost's.
    #[must_use]
    pub fn predict_leaves(&self, data: &Dataset, rounds: Option<usize>) -> Vec<u32> {
        let forest = self.forest(rounds);
        let trees = forest.trees.len();
        let mut found = vec![0; data.rows * trees];
        // A chunk size of 0 would panic; without trees there is nothing to fill in.
        found.par_chunks_mut(BLOCK * trees.max(1)).enumerate().for_each_init(
            || forest.buffer(),
            |buffer, (block, found)| {
                let rows = found.len() / trees;
                forest.fill(data, block * BLOCK, rows, buffer);
                for (index, tree) in forest.trees.iter().enumerate() {
                    let leaves = leaves(tree, buffer, rows);
                    for (row, &leaf) in found.chunks_exact_mut(trees).zip(&leaves) {
                        row[index] = leaf;
                    }
                }
            },
        );
        found
    }

    /// What the objective predicts for margins in the layout of [`Model::predict_margins`], in the same layout:
    /// probabilities for classification (one a class for both multiclass objectives), the margins themselves for
    /// regression. Computed in binary64 and rounded once.
    #[must_use]
    pub fn transform(&self, margins: &[f32]) -> Vec<f32> {
        match self.objective {
            Objective::SquaredError => margins.to_vec(),
            Objective::BinaryLogistic => margins.iter().map(|&margin| sigmoid(margin)).collect(),
            Objective::Softmax | Objective::Softprob => {
                let rows = margins.len() / self.classes;
                let mut probabilities = vec![0.0; margins.len()];
                let mut exponentials = vec![0.0; self.classes];
                for row in 0..rows {
                    let of_class = |class: usize| f64::from(margins[class * rows + row]);
                    let largest = (0..self.classes).map(of_class).fold(f64::NEG_INFINITY, f64::max);
                    for (class, exponential) in exponentials.iter_mut().enumerate() {
                        *exponential = libm::exp(of_class(class) - largest);
                    }
                    let total: f64 = exponentials.iter().sum();
                    for (class, exponential) in exponentials.iter().enumerate() {
                        probabilities[class * rows + row] = (exponential / total) as f32;
                    }
                }
                probabilities
            }
        }
    }

    /// One prediction a row for margins in the layout of [`Model::predict_margins`]: the class (1 if the margin is
    /// above 0; the lowest class of the largest margin), or the value for regression.
    #[must_use]
    pub fn labels(&self, margins: &[f32]) -> Vec<f32> {
        match self.objective {
            Objective::SquaredError => margins.to_vec(),
            Objective::BinaryLogistic => margins.iter().map(|&margin| if margin > 0.0 { 1.0 } else { 0.0 }).collect(),
            Objective::Softmax | Objective::Softprob => {
                let rows = margins.len() / self.classes;
                let margin = |class: usize, row: usize| margins[class * rows + row];
                let better = |row: usize| {
                    move |best: usize, class: usize| {
                        if margin(class, row) > margin(best, row) { class } else { best }
                    }
                };
                (0..rows).map(|row| (1..self.classes).fold(0, better(row)) as f32).collect()
            }
        }
    }
}

/// The margins of all rows after more and more rounds: what [`Model::predict_margins`] gives at each of them, in one
/// walk over the trees.
pub struct Stages<'a> {
    model: &'a Model,
    data: &'a Dataset,
    /// Rounds that are in the margins.
    rounds: usize,
    /// Blocks of rows, each class after class.
    blocks: Vec<f32>,
}

impl<'a> Stages<'a> {
    /// The margins before the first round.
    #[must_use]
    pub fn new(model: &'a Model, data: &'a Dataset) -> Self {
        let classes = model.classes;
        let base: Vec<f32> = (0..classes).map(|class| model.base_margin(class)).collect();
        let mut blocks = vec![0.0; data.rows * classes];
        for block in blocks.chunks_mut(BLOCK * classes) {
            let rows = block.len() / classes;
            for (margins, &base) in block.chunks_exact_mut(rows).zip(&base) {
                margins.fill(base);
            }
        }
        Self { model, data, rounds: 0, blocks }
    }

    /// Adds the leaves of the rounds up to `rounds`; no more than the model has, and none if they are in already.
    pub fn advance(&mut self, rounds: usize) {
        let (model, data, classes) = (self.model, self.data, self.model.classes);
        let rounds = rounds.min(model.rounds()).max(self.rounds);
        let forest = Forest::new(&model.trees[self.rounds * classes..rounds * classes]);
        self.rounds = rounds;
        // Blocks are disjoint slices, class after class within each.
        self.blocks.par_chunks_mut(BLOCK * classes).enumerate().for_each_init(
            || forest.buffer(),
            |buffer, (block, margins)| {
                let rows = margins.len() / classes;
                forest.fill(data, block * BLOCK, rows, buffer);
                for (index, tree) in forest.trees.iter().enumerate() {
                    let class = index % classes;
                    let leaves = leaves(tree, buffer, rows);
                    for (margin, &leaf) in margins[class * rows..][..rows].iter_mut().zip(&leaves) {
                        *margin += tree[leaf as usize].threshold;
                    }
                }
            },
        );
    }

    /// The margins, class after class (`[class * rows + row]`).
    #[must_use]
    pub fn margins(self) -> Vec<f32> {
        if self.model.classes == 1 { self.blocks } else { self.snapshot() }
    }

    /// A copy of the margins, as [`Stages::margins`].
    #[must_use]
    pub fn snapshot(&self) -> Vec<f32> {
        match self.model.classes {
            1 => self.blocks.clone(),
            classes => join_blocks(&self.blocks, self.data.rows, classes),
        }
    }
}

/// `1 / (1 + exp(-margin))` in binary64, rounded to binary32.
fn sigmoid(margin: f32) -> f32 {
    (1.0 / (1.0 + libm::exp(-f64::from(margin)))) as f32
}

/// From blocks of rows, each class after class, to all rows class after class.
fn join_blocks(blocks: &[f32], rows: usize, classes: usize) -> Vec<f32> {
    let mut joined = vec![0.0; blocks.len()];
    for (block, margins) in blocks.chunks(BLOCK * classes).enumerate() {
        let block_rows = margins.len() / classes;
        for (class, values) in margins.chunks_exact(block_rows).enumerate() {
            joined[class * rows + block * BLOCK..][..block_rows].copy_from_slice(values);
        }
    }
    joined
}
