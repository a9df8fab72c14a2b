//! The boundary between the grow loop and the kernels: what a backend is given, what it does, what
//! it hands back.
//!
//! A backend holds the margins, the gradient pairs, the rows' places in the tree under construction
//! and the node table. The grow loop ([`crate::train::grower`]) tells it which kernel comes next,
//! and for which nodes: an [`Expansion`]. Where these are whole levels it never looks inside a tree
//! before it is finished: so a device can run all levels without the host.

pub mod bytes;
pub mod counts;
pub mod expansion;
pub mod kernel;
pub mod problem;
pub mod profile;
pub mod shard;
pub mod widths;

pub use expansion::Expansion;
pub use kernel::Kernel;
pub use problem::{Problem, RoutedChannel};
pub use shard::Shard;

use crate::backend::profile::Profile;
use crate::backend::widths::Widths;
use crate::error::Result;
use crate::tree::grown::FinishedTree;
use crate::tree::grown::GrownTree;
use crate::tree::sampling::{ColumnPlan, RowSample};
use std::ops::Range;

/// The margins of a training between two rounds: all that a backend must be given to go on from
/// there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// Of the training rows, `rows x classes`, row-major.
    pub train: Vec<i64>,
    /// Of every channel, likewise.
    pub channels: Vec<Vec<i64>>,
}

impl Margins {
    /// Takes the first margins out of a problem that needs them no more, so that a backend on the
    /// host need not copy them.
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

/// A run of nodes of one expansion that is searched in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeBatch {
    /// Positions in the expansion.
    pub nodes: Range<usize>,
    /// Whether the larger sibling's histogram is the parent's less the smaller one's. The sums are
    /// the same either way.
    pub subtract: bool,
}

/// The kind of hardware that a round runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// On the processor.
    #[default]
    Cpu,
    /// On a GPU.
    Gpu,
}

impl Side {
    /// Returns the name, as `--backend` and the files have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

/// The kernels of one training, on one kind of hardware. Every method may only enqueue, but for
/// those that return data.
///
/// A call per kernel and level goes through the trait object; loops over rows are inside the
/// kernels.
pub trait Backend: std::fmt::Debug {
    /// Computes the gradient pairs of all rows and classes from the margins.
    ///
    /// # Errors
    /// As all methods here: if the device fails.
    fn gradient(&mut self) -> Result<()>;

    /// Begins a tree: draws its rows.
    ///
    /// # Errors
    /// If the device fails.
    fn sample(&mut self, task: &TreeTask) -> Result<()>;

    /// Finds the extent of the sampled pairs: what the quantiser depends on.
    ///
    /// # Errors
    /// If the device fails.
    fn extent(&mut self) -> Result<()>;

    /// Makes the quantiser, quantises the sampled pairs, and makes the root with their sums.
    ///
    /// # Errors
    /// If the device fails.
    fn quantise(&mut self) -> Result<()>;

    /// Begins a tree up to its root, in the order in which each part needs the one before.
    ///
    /// # Errors
    /// If the device fails.
    fn begin_tree(&mut self, task: &TreeTask) -> Result<()> {
        self.sample(task)?;
        self.extent()?;
        self.quantise()
    }

    /// Groups the nodes of an expansion so that their histograms fit into memory.
    ///
    /// # Errors
    /// If this backend cannot run such an expansion, as all methods that take one.
    fn batches(&self, nodes: &Expansion) -> Result<Vec<NodeBatch>>;

    /// Builds the histograms of a batch.
    ///
    /// # Errors
    /// If the device fails.
    fn histogram(&mut self, nodes: &Expansion, batch: &NodeBatch) -> Result<()>;

    /// Finds the best split of every node of a batch.
    ///
    /// # Errors
    /// If the device fails.
    fn split(&mut self, nodes: &Expansion, batch: &NodeBatch) -> Result<()>;

    /// Returns the gain of every node's best split, `None` where no split is worth it. The nodes
    /// were searched and not yet partitioned. A gain is in the scale of the tree's quantised sums,
    /// so gains of one tree can be compared.
    ///
    /// # Errors
    /// If this backend keeps the gains to itself.
    fn gains(&mut self, nodes: &Expansion) -> Result<Vec<Option<f64>>>;

    /// Makes the children of the nodes that have a split and sends the sampled rows to them.
    /// Returns the children, `None` if there are none.
    ///
    /// # Errors
    /// If the device fails.
    fn partition(&mut self, nodes: &Expansion) -> Result<Option<Expansion>>;

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

    /// Adds the finished trees, one a class, to the margins of the training rows and of all
    /// channels.
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

    /// Returns the kind of hardware.
    fn side(&self) -> Side;

    /// The name of the hardware, for reports.
    fn adapter(&self) -> String;

    /// Returns the driver of a GPU; a processor has none.
    fn driver(&self) -> Option<String>;

    /// Returns what the kernels took so far, if the options asked for it.
    fn profile(&self) -> Option<&Profile>;

    /// How wide the elements of its arrays are.
    fn widths(&self) -> Widths;
}
