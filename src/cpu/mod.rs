//! The CPU backend: the kernels as plain loops over row chunks, in parallel on rayon's current
//! pool.
//!
//! Rows are cut into fixed chunks. Each chunk keeps a permutation of its own rows, grouped by node,
//! so that a partition moves two bytes a row and chunks never wait for one another. All sums are of
//! integers, so neither the size of the chunks nor the number of threads can change a result.
//!
//! Files mirror the shaders: [`gradient`], [`sample`], [`quantise`], [`histogram`], [`split`],
//! [`partition`], [`leaf_sums`], [`add_leaves`], [`route`].

pub mod add_leaves;
pub mod chunk;
pub mod gradient;
pub mod histogram;
pub mod leaf_sums;
pub mod partition;
mod prefetch;
pub mod quantise;
pub mod route;
pub mod sample;
pub mod split;

use crate::backend::expansion::Nodes;
use crate::backend::kernel::Kernel;
use crate::backend::problem::Problem;
use crate::backend::profile::{Activity, Profile};
use crate::backend::widths::Widths;
use crate::backend::{Backend, Expansion, Margins, NodeBatch, Side, TreeTask};
use crate::error::{Error, ErrorKind, Result};
use crate::fixed::quantiser::{PairExtent, PairScale, QuantisedPair, Quantiser, ScaledRules, SumWidth};
use crate::tree::grown::{FinishedTree, GrownNode, GrownTree};
use crate::tree::limits::NodeLimits;
use crate::tree::sampling::ColumnPlan;
use crate::util::buffer::Buffer;
use crate::util::clock::Stopwatch;
use crate::util::setters::setters;
use chunk::RowChunk;
use gradient::Pairs;
use histogram::{Histograms, PackedSum, WideSum};
use std::ops::Range;
use std::time::Duration;

/// Sizes that steer how the work is cut up. None of them changes a result; tests set them to odd
/// values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CpuOptions {
    /// Rows a chunk, 1 to 65,536; by default chosen from the number of rows and threads.
    pub chunk_rows: Option<usize>,
    /// Bytes that the histograms of a tree's nodes may take before they are searched in batches.
    pub histogram_bytes: usize,
    /// Below this many rows x features everything runs on one thread: waking others would cost more
    /// than they save.
    pub parallel_from: usize,
    /// Whether to time the kernels.
    pub profile: bool,
}

/// Bytes of a node of a finished tree: the nine numbers that a model file has of it.
const FINISHED_BYTES: u64 = 9 * size_of::<f32>() as u64;

/// Rows of a chunk where the options leave it open: fewer are not worth what a chunk costs, and of
/// more the codes do not stay in the second-level cache until its last node is summed.
const CHUNK_ROWS: Range<usize> = 1 << 12..1 << 15;

setters!(CpuOptions {
    chunk_rows: Option<usize>,
    histogram_bytes: usize,
    parallel_from: usize,
    profile: bool,
});

impl Default for CpuOptions {
    fn default() -> Self {
        Self { chunk_rows: None, histogram_bytes: 1 << 30, parallel_from: 160_000, profile: false }
    }
}

/// The state of one training on the CPU.
#[derive(Debug)]
pub struct CpuBackend<'a> {
    problem: &'a Problem<'a>,
    options: CpuOptions,
    parallel: bool,
    margins: Vec<i64>,
    channel_margins: Vec<Vec<i64>>,
    pairs: Pairs,
    /// The binary points of the round's pairs.
    scale: PairScale,
    /// One a row; meaningful for the rows drawn for the current tree.
    quantised: Buffer<QuantisedPair>,
    histograms: TreeHistograms,
    /// The tree whose root is not made yet.
    begun: Option<BegunTree>,
    /// The trees of the current round: the last one may be under construction.
    trees: Vec<TreeState>,
    /// Row chunks of earlier rounds, to be used again.
    spare_chunks: Vec<Vec<RowChunk>>,
    profile: Option<Profile>,
}

/// Histograms of the tree under construction, in the width of the training.
#[derive(Debug)]
enum TreeHistograms {
    Narrow(Histograms<PackedSum>),
    Wide(Histograms<WideSum>),
}

/// A tree before its root is made.
#[derive(Debug)]
struct BegunTree {
    output: usize,
    columns: ColumnPlan,
    /// Rows with the sample of the tree.
    chunks: Vec<RowChunk>,
    extent: PairExtent,
    /// Time that finding the extent took: it is the first part of a kernel.
    extent_time: Duration,
}

/// Works on histograms of whatever width.
macro_rules! of_width {
    ($any:expr, $histograms:ident => $work:expr) => {
        match $any {
            TreeHistograms::Narrow($histograms) => $work,
            TreeHistograms::Wide($histograms) => $work,
        }
    };
}

/// One tree of the round.
#[derive(Debug)]
struct TreeState {
    output: usize,
    columns: ColumnPlan,
    quantiser: Quantiser,
    rules: ScaledRules,
    nodes: Vec<GrownNode>,
    /// Node keys of column sampling, one a node, where it is asked for.
    node_keys: Vec<u32>,
    /// What limits the splits of each node.
    limits: Vec<NodeLimits>,
    /// The parent of each pair of siblings, which follow each other from node 1 on.
    parents: Vec<usize>,
    chunks: Vec<RowChunk>,
}

impl<'a> CpuBackend<'a> {
    /// Makes the backend for a training; call it on the thread pool that shall run it.
    #[must_use]
    pub fn new(problem: &'a Problem<'a>, options: CpuOptions) -> Self {
        Self::with_margins(problem, Margins::of(problem), options)
    }

    /// The same with the first margins taken out of the problem.
    #[must_use]
    pub fn with_margins(problem: &'a Problem<'a>, margins: Margins, options: CpuOptions) -> Self {
        let threads = rayon::current_num_threads();
        let parallel = threads > 1 && problem.rows() * problem.matrix.features() >= options.parallel_from;
        Self {
            problem,
            options,
            parallel,
            margins: margins.train,
            channel_margins: margins.channels,
            pairs: Pairs::new(problem),
            scale: problem.format.pairs,
            quantised: Buffer::zeroed(problem.rows()),
            histograms: match problem.width {
                SumWidth::Narrow => TreeHistograms::Narrow(Histograms::new(problem.matrix, options.histogram_bytes)),
                SumWidth::Wide => TreeHistograms::Wide(Histograms::new(problem.matrix, options.histogram_bytes)),
            },
            begun: None,
            trees: Vec::new(),
            spare_chunks: Vec::new(),
            profile: options.profile.then(Profile::default),
        }
    }

    /// As many rows for every chunk, and as many chunks for every thread, so that none waits for
    /// another.
    fn chunk_rows(&self) -> usize {
        let (rows, threads) = (self.problem.rows(), rayon::current_num_threads());
        let chunks = rows.div_ceil(CHUNK_ROWS.end).max(4 * threads).next_multiple_of(threads);
        let share = rows.div_ceil(chunks).max(CHUNK_ROWS.start);
        self.options.chunk_rows.unwrap_or(share).clamp(1, RowChunk::MOST_ROWS)
    }

    /// Counts a run of a kernel that began at `started`.
    fn count(&mut self, kernel: Kernel, started: Stopwatch) {
        self.count_time(kernel, started.elapsed());
    }

    fn count_time(&mut self, kernel: Kernel, time: Duration) {
        if let Some(profile) = &mut self.profile {
            profile.add(Activity::Kernel(kernel), time, 0);
        }
    }

    /// The tree under construction and the state around it.
    fn current(&mut self) -> Current<'_> {
        let Some(tree) = self.trees.last_mut() else {
            unreachable!("the grow loop begins a tree before it runs an expansion");
        };
        Current {
            problem: self.problem,
            parallel: self.parallel,
            quantised: &self.quantised,
            histograms: &mut self.histograms,
            tree,
        }
    }
}

/// Returns the numbers of an expansion's nodes.
fn numbers(expansion: &Expansion) -> Result<Range<usize>> {
    match &expansion.nodes {
        Nodes::Numbers(numbers) => Ok(numbers.clone()),
        Nodes::Level => {
            let message = format!("the processor grows nodes by their numbers, not {expansion}");
            Err(Error::new(ErrorKind::Unavailable, message))
        }
    }
}

/// Returns the parents of an expansion's nodes, one per pair of siblings; the root has none.
fn parents_of<'t>(parents: &'t [usize], nodes: &Range<usize>) -> &'t [usize] {
    &parents[nodes.start / 2..nodes.end / 2]
}

struct Current<'s> {
    problem: &'s Problem<'s>,
    parallel: bool,
    quantised: &'s [QuantisedPair],
    histograms: &'s mut TreeHistograms,
    tree: &'s mut TreeState,
}

impl Backend for CpuBackend<'_> {
    fn gradient(&mut self) -> Result<()> {
        let started = Stopwatch::start();
        self.scale = gradient::run(self.problem, &self.margins, &mut self.pairs, self.parallel);
        self.count(Kernel::Gradient, started);
        Ok(())
    }

    fn sample(&mut self, task: &TreeTask) -> Result<()> {
        let problem = self.problem;
        let mut chunks = self.spare_chunks.pop().unwrap_or_else(|| RowChunk::cover(problem.rows(), self.chunk_rows()));
        let started = Stopwatch::start();
        sample::run(&task.rows, problem.shard.first_row, &problem.weights, &mut chunks, self.parallel);
        self.count(Kernel::Sample, started);
        self.begun = Some(BegunTree {
            output: task.output,
            columns: task.columns.clone(),
            chunks,
            extent: PairExtent::default(),
            extent_time: Duration::ZERO,
        });
        Ok(())
    }

    fn extent(&mut self) -> Result<()> {
        let Some(tree) = &mut self.begun else { return Ok(()) };
        let started = Stopwatch::start();
        let extent = quantise::extent(self.problem, &self.pairs, tree.output, &tree.chunks, self.parallel);
        tree.extent = self.problem.shard.merge_extent(extent)?;
        tree.extent_time = started.elapsed();
        Ok(())
    }

    fn quantise(&mut self) -> Result<()> {
        let Some(BegunTree { output, columns, chunks, extent, extent_time }) = self.begun.take() else {
            return Ok(());
        };
        let started = Stopwatch::start();
        let problem = self.problem;
        of_width!(&mut self.histograms, histograms => histograms.clear());
        let quantiser = Quantiser::new(&extent, problem.width, problem.format.caps_hessian);
        let mut sums =
            [quantise::run(problem, quantiser, &self.pairs, output, &chunks, &mut self.quantised, self.parallel)];
        problem.shard.sum_pairs(&mut sums)?;
        let [sums] = sums;
        self.count_time(Kernel::Quantise, extent_time + started.elapsed());
        self.trees.push(TreeState {
            output,
            quantiser,
            rules: ScaledRules::new(&problem.rules, self.scale, quantiser),
            nodes: vec![GrownNode { sums, ..GrownNode::default() }],
            node_keys: columns.by_node.map(|sample| sample.root_key).into_iter().collect(),
            limits: vec![NodeLimits::default()],
            parents: Vec::new(),
            columns,
            chunks,
        });
        Ok(())
    }

    fn batches(&self, nodes: &Expansion) -> Result<Vec<NodeBatch>> {
        let numbers = numbers(nodes)?;
        let Some(tree) = self.trees.last() else { return Ok(Vec::new()) };
        let parents = parents_of(&tree.parents, &numbers);
        Ok(of_width!(&self.histograms, histograms => histograms.batches(numbers.len(), parents)))
    }

    fn histogram(&mut self, nodes: &Expansion, batch: &NodeBatch) -> Result<()> {
        let started = Stopwatch::start();
        let expansion = numbers(nodes)?;
        let Current { problem, parallel, quantised, histograms, tree } = self.current();
        let task = histogram::Task {
            matrix: problem.matrix,
            shard: problem.shard,
            features: &tree.columns.tree,
            chunks: &tree.chunks,
            quantised,
            nodes: &tree.nodes,
            parents: parents_of(&tree.parents, &expansion),
            expansion,
            batch,
            parallel,
        };
        of_width!(histograms, histograms => histogram::run(&task, histograms)?);
        self.count(Kernel::Histogram, started);
        Ok(())
    }

    fn split(&mut self, nodes: &Expansion, batch: &NodeBatch) -> Result<()> {
        let started = Stopwatch::start();
        let all = numbers(nodes)?;
        let Current { problem, parallel, histograms, tree, .. } = self.current();
        let searched = all.start + batch.nodes.start..all.start + batch.nodes.end;
        let task = split::Task {
            matrix: problem.matrix,
            method: problem.method,
            rules: &tree.rules,
            columns: &tree.columns,
            depth: nodes.depth,
            node_keys: &tree.node_keys,
            limits: &tree.limits,
            nodes: searched.clone(),
            parallel,
        };
        of_width!(histograms, histograms => {
            split::run(&task, histograms, &mut tree.nodes);
            // Of a part of the nodes nothing is derived: the other parts take its room.
            let part = searched.len() < all.len();
            for node in searched.filter(|&node| part || split::waiting_gain(&tree.nodes[node]).is_none()) {
                histograms.release(node);
            }
        });
        self.count(Kernel::Split, started);
        Ok(())
    }

    fn gains(&mut self, nodes: &Expansion) -> Result<Vec<Option<f64>>> {
        let numbers = numbers(nodes)?;
        Ok(self.current().tree.nodes[numbers].iter().map(split::waiting_gain).collect())
    }

    fn partition(&mut self, nodes: &Expansion) -> Result<Option<Expansion>> {
        let started = Stopwatch::start();
        let expansion = numbers(nodes)?;
        let Current { problem, parallel, tree, .. } = self.current();
        let TreeState { rules, nodes: made, node_keys, limits, parents, .. } = &mut *tree;
        let children = split::make_children(rules, made, node_keys, limits, parents, expansion);
        if children.is_empty() {
            return Ok(None);
        }
        let parents = parents_of(&tree.parents, &children);
        partition::run(problem.matrix, problem.method, &tree.nodes, parents, &mut tree.chunks, parallel);
        self.count(Kernel::Partition, started);
        Ok(Some(Expansion { depth: nodes.depth + 1, nodes: Nodes::Numbers(children) }))
    }

    fn leaf_sums(&mut self) -> Result<()> {
        let started = Stopwatch::start();
        let Some(tree) = self.trees.last_mut() else { return Ok(()) };
        split::drop_waiting(&mut tree.nodes);
        leaf_sums::run(self.problem, &self.pairs, tree.output, &tree.chunks, &mut tree.nodes, self.parallel)?;
        self.count(Kernel::LeafSums, started);
        Ok(())
    }

    fn read_trees(&mut self) -> Result<Vec<GrownTree>> {
        Ok(self
            .trees
            .iter_mut()
            .map(|tree| {
                let mut nodes = std::mem::take(&mut tree.nodes);
                for chunk in &tree.chunks {
                    nodes.iter_mut().zip(&chunk.ranges).for_each(|(node, range)| node.rows += range.len() as u32);
                }
                GrownTree { nodes, quantiser: Some(tree.quantiser), scale: self.scale }
            })
            .collect())
    }

    fn add_trees(&mut self, trees: &[FinishedTree]) -> Result<()> {
        let problem = self.problem;
        for (mut state, finished) in std::mem::take(&mut self.trees).into_iter().zip(trees) {
            let started = Stopwatch::start();
            let classes = problem.classes;
            let slots = add_leaves::Slots { format: problem.format.margin, classes, output: state.output };
            add_leaves::run(problem.matrix, finished, &mut state.chunks, slots, &mut self.margins, self.parallel);
            self.count(Kernel::AddLeaves, started);
            let started = Stopwatch::start();
            for (channel, margins) in problem.channels.iter().zip(&mut self.channel_margins) {
                route::run(channel.data, finished, slots, margins, self.parallel);
            }
            if !problem.channels.is_empty() {
                self.count(Kernel::Route, started);
            }
            self.spare_chunks.push(state.chunks);
        }
        Ok(())
    }

    fn margins(&mut self) -> Result<Vec<i64>> {
        Ok(self.margins.clone())
    }

    fn channel_margins(&mut self, channel: usize) -> Result<Vec<i64>> {
        Ok(self.channel_margins[channel].clone())
    }

    fn set_margins(&mut self, margins: &Margins) -> Result<()> {
        self.margins.clone_from(&margins.train);
        self.channel_margins.clone_from(&margins.channels);
        Ok(())
    }

    fn side(&self) -> Side {
        Side::Cpu
    }

    fn adapter(&self) -> String {
        format!("CPU, {} threads", rayon::current_num_threads())
    }

    fn driver(&self) -> Option<String> {
        None
    }

    fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    fn widths(&self) -> Widths {
        Widths {
            margin: size_of::<i64>() as u64,
            target: size_of::<i64>() as u64,
            pair: self.pairs.pair_bytes(),
            quantised: size_of::<QuantisedPair>() as u64,
            row: size_of::<u16>() as u64,
            entry: size_of::<u16>() as u64,
            start: size_of::<u32>() as u64,
            place: size_of::<u16>() as u64,
            bin: match self.problem.width {
                SumWidth::Narrow => size_of::<PackedSum>() as u64,
                SumWidth::Wide => size_of::<WideSum>() as u64,
            },
            node: size_of::<GrownNode>() as u64,
            range: size_of::<Range<u32>>() as u64,
            finished: FINISHED_BYTES,
            draw_bits: 8,
            candidate: 0,
        }
    }
}
