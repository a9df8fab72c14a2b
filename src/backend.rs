//! The boundary between the grow loop and the kernels: what a backend is given, what it does, what it hands back.
//!
//! A backend holds the margins, the gradient pairs, the rows' places in the tree under construction and the node table. The
//! grow loop ([`crate::grower`]) tells it which kernel comes next, a whole level at a time, and never looks inside a tree
//! before it is finished: so a device can run all levels without the host.

use crate::binning::BinnedMatrix;
use crate::binning::rule::Rule;
use crate::error::Result;
use crate::fixed::margin::MarginFormat;
use crate::fixed::quantiser::{PairScale, PairSum, Quantiser, Regularisation, SumWidth};
use crate::fixed::weight::RowWeights;
use crate::ingest::Dataset;
use crate::objective::Objective;
use crate::params::TreeMethod;
use crate::sampling::{ColumnPlan, RowSample};
use crate::split::Scan;
use crate::traffic::Widths;
use crate::tree::Tree;
use std::ops::Range;

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

/// The margins of a training between two rounds: all that a backend must be given to go on from there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// Of the training rows, `rows x classes`, row-major.
    pub train: Vec<i64>,
    /// Of every channel, likewise.
    pub channels: Vec<Vec<i64>>,
}

impl Margins {
    /// Takes the first margins out of a problem that needs them no more, so that a backend on the host need not copy them.
    pub fn take(problem: &mut Problem<'_>) -> Self {
        let channels = problem.channels.iter_mut();
        Self {
            train: std::mem::take(&mut problem.margins),
            channels: channels.map(|channel| std::mem::take(&mut channel.margins)).collect(),
        }
    }

    /// A copy of a problem's first margins.
    #[must_use]
    pub fn of(problem: &Problem<'_>) -> Self {
        let channels = problem.channels.iter().map(|channel| channel.margins.clone()).collect();
        Self { train: problem.margins.clone(), channels }
    }
}

/// What makes one tree different from the next.
#[derive(Clone, Debug)]
pub struct TreeTask {
    /// The class the tree belongs to.
    pub output: usize,
    /// Which rows are drawn.
    pub rows: RowSample,
    /// Which features are drawn.
    pub columns: ColumnPlan,
}

/// A run of nodes of one level that is searched in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeBatch {
    /// Positions in the level.
    pub nodes: Range<usize>,
    /// Whether the larger sibling's histogram is the parent's less the smaller one's. The sums are the same either way.
    pub subtract: bool,
}

/// Whether a level has nodes to split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frontier {
    /// The next level is known to be empty.
    Empty,
    /// It may have nodes; a device that is not asked does not say.
    Open,
}

/// A node as the kernels leave it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GrownNode {
    /// Index of the left child, the right one follows it; 0 where the node was not split.
    pub left: u32,
    /// Feature of the split.
    pub feature: u32,
    /// Position of the winner in the feature's scan.
    pub rank: u32,
    /// The present bin visited before the winner (exact).
    pub last: u32,
    /// Gain in the scale of the tree's quantised sums.
    pub gain: f64,
    /// Quantised sums of the node.
    pub sums: PairSum,
    /// Unquantised sums of a deepest node; zero for inner nodes.
    pub leaf_sums: PairSum,
    /// Drawn rows of the node.
    pub rows: u32,
}

impl GrownNode {
    /// Which training rows go left at a node that was split.
    #[must_use]
    pub fn rule<'m>(&self, matrix: &'m BinnedMatrix, method: TreeMethod) -> Rule<'m> {
        let scan = Scan::new(method, &matrix.cuts[self.feature as usize]);
        let place = scan.place(self.rank);
        Rule::new(matrix, self.feature, scan.boundary(place) as u32, place.default_left())
    }
}

/// A tree as it is read back: nodes in breadth-first order, unpruned, without leaf values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GrownTree {
    /// The nodes; children after their parents.
    pub nodes: Vec<GrownNode>,
    /// The tree's quantiser.
    pub quantiser: Option<Quantiser>,
}

/// A finished tree, as the backend needs it to move margins.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedTree {
    /// The pruned tree with its leaf values.
    pub tree: Tree,
    /// A node each: training rows whose bin is below it go left (0 for leaves).
    pub boundaries: Vec<u32>,
    /// A node each: the leaf value in the margin's format (0 for inner nodes).
    pub steps: Vec<i64>,
    /// The same for each deepest node of the grown tree, where a collapsed node's descendants have its value.
    pub grown_steps: Vec<i64>,
}

impl FinishedTree {
    /// Which training rows go left at an inner node.
    #[must_use]
    pub fn rule<'m>(&self, matrix: &'m BinnedMatrix, index: usize) -> Rule<'m> {
        let node = &self.tree.nodes[index];
        Rule::new(matrix, node.feature, self.boundaries[index], node.default_left)
    }

    /// The child of an inner node that a training row goes to, by its bin.
    #[inline]
    #[must_use]
    pub fn child_by_bin(&self, matrix: &BinnedMatrix, index: usize, row: usize) -> usize {
        let node = &self.tree.nodes[index];
        (if self.rule(matrix, index).goes_left(row) { node.left } else { node.right }) as usize
    }

    /// The leaf of a training row, by its bins.
    #[inline]
    #[must_use]
    pub fn leaf_by_bin(&self, matrix: &BinnedMatrix, row: usize) -> usize {
        let mut index = 0;
        while !self.tree.nodes[index].is_leaf() {
            index = self.child_by_bin(matrix, index, row);
        }
        index
    }
}

/// The kernels of one training, on one kind of hardware. Every method may only enqueue, but for those that return data.
pub trait Backend {
    /// Computes the gradient pairs of all rows and classes from the margins.
    ///
    /// # Errors
    /// As all methods here: if the device fails.
    fn gradient(&mut self) -> Result<()>;

    /// Begins a tree: draws the rows, finds the quantiser, quantises, makes the root.
    ///
    /// # Errors
    /// If the device fails.
    fn begin_tree(&mut self, task: &TreeTask) -> Result<()>;

    /// How the nodes of a level are grouped so that their histograms fit into memory.
    fn batches(&self, depth: u32) -> Vec<NodeBatch>;

    /// Builds the histograms of a batch.
    ///
    /// # Errors
    /// If the device fails.
    fn histogram(&mut self, depth: u32, batch: &NodeBatch) -> Result<()>;

    /// Finds the best split of every node of a batch.
    ///
    /// # Errors
    /// If the device fails.
    fn split(&mut self, depth: u32, batch: &NodeBatch) -> Result<()>;

    /// Makes the children of a level and sends the sampled rows to them.
    ///
    /// # Errors
    /// If the device fails.
    fn partition(&mut self, depth: u32) -> Result<Frontier>;

    /// Sums the unquantised pairs of every deepest node; ends the tree.
    ///
    /// # Errors
    /// If the device fails.
    fn leaf_sums(&mut self) -> Result<()>;

    /// Hands over the trees grown since the last [`Backend::gradient`], one a class.
    ///
    /// # Errors
    /// If the device fails.
    fn read_trees(&mut self) -> Result<Vec<GrownTree>>;

    /// Adds the finished trees, one a class, to the margins of the training rows and of all channels.
    ///
    /// # Errors
    /// If the device fails.
    fn add_trees(&mut self, trees: &[FinishedTree]) -> Result<()>;

    /// The margins of the training rows, `rows x classes`, row-major.
    ///
    /// # Errors
    /// If the device fails.
    fn margins(&mut self) -> Result<Vec<i64>>;

    /// The margins of a channel, `rows x classes`, row-major.
    ///
    /// # Errors
    /// If the device fails.
    fn channel_margins(&mut self, channel: usize) -> Result<Vec<i64>>;

    /// All margins, to go on from with another backend.
    ///
    /// # Errors
    /// If the device fails.
    fn all_margins(&mut self, problem: &Problem<'_>) -> Result<Margins> {
        let channels = 0..problem.channels.len();
        Ok(Margins {
            train: self.margins()?,
            channels: channels.map(|channel| self.channel_margins(channel)).collect::<Result<_>>()?,
        })
    }

    /// Goes on from these margins instead of the problem's.
    ///
    /// # Errors
    /// If the device fails.
    fn set_margins(&mut self, margins: &Margins) -> Result<()>;

    /// The name of the hardware, for reports.
    fn adapter(&self) -> String;

    /// How wide the elements of its arrays are.
    fn widths(&self) -> Widths;
}
