//! The CPU backend: the kernels as plain loops over row chunks, in parallel on rayon's current pool.
//!
//! Rows are cut into fixed chunks. Each chunk keeps a permutation of its own rows, grouped by node, so that a partition moves
//! two bytes a row and chunks never wait for one another. All sums are of integers, so neither the size of the chunks nor the
//! number of threads can change a result.
//!
//! Files mirror the shaders: [`gradient`], [`sample`], [`quantise`], [`histogram`], [`split`], [`partition`], [`leaf_sums`],
//! [`add_leaves`], [`route`].

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

use crate::backend::kernel::Kernel;
use crate::backend::problem::Problem;
use crate::backend::profile::{Activity, Profile};
use crate::backend::widths::Widths;
use crate::backend::{Backend, Frontier, Margins, NodeBatch, Side, TreeTask};
use crate::error::Result;
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

/// Sizes that steer how the work is cut up. None of them changes a result; tests set them to odd values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CpuOptions {
    /// Rows a chunk, 1 to 65,536; by default chosen from the number of rows and threads.
    pub chunk_rows: Option<usize>,
    /// Bytes that the histograms of one level may take before the level is searched in batches.
    pub histogram_bytes: usize,
    /// Below this many rows x features everything runs on one thread: waking others would cost more than they save.
    pub parallel_from: usize,
    /// Whether to time the kernels.
    pub profile: bool,
}

/// Bytes of a node of a finished tree: the nine numbers that a model file has of it.
const FINISHED_BYTES: u64 = 9 * size_of::<f32>() as u64;

/// Rows of a chunk where the options leave it open: fewer are not worth what a chunk costs, and of more the codes do not stay
/// in the second-level cache until its last node is summed.
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
    histograms: LevelHistograms,
    /// The tree whose root is not made yet.
    begun: Option<BegunTree>,
    /// The trees of the current round: the last one may be under construction.
    trees: Vec<TreeState>,
    /// Row chunks of earlier rounds, to be used again.
    spare_chunks: Vec<Vec<RowChunk>>,
    profile: Option<Profile>,
}

/// Histograms of the current level and of the one above, in the width of the training.
#[derive(Debug)]
enum LevelHistograms {
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
    /// The nodes of the current level.
    level: Range<usize>,
    /// The position in the level above of the parent of each pair of siblings.
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
                SumWidth::Narrow => LevelHistograms::Narrow(Histograms::new(problem.matrix)),
                SumWidth::Wide => LevelHistograms::Wide(Histograms::new(problem.matrix)),
            },
            begun: None,
            trees: Vec::new(),
            spare_chunks: Vec::new(),
            profile: options.profile.then(Profile::default),
        }
    }

    /// As many rows for every chunk, and as many chunks for every thread, so that none waits for another.
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
            unreachable!("the grow loop begins a tree before it runs a level");
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

struct Current<'s> {
    problem: &'s Problem<'s>,
    parallel: bool,
    quantised: &'s [QuantisedPair],
    histograms: &'s mut LevelHistograms,
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
            level: 0..1,
            parents: Vec::new(),
            columns,
            chunks,
        });
        Ok(())
    }

    fn batches(&self, _depth: u32) -> Vec<NodeBatch> {
        let Some(tree) = self.trees.last() else { return Vec::new() };
        match &self.histograms {
            LevelHistograms::Narrow(histograms) => histograms.batches(tree.level.len(), self.options.histogram_bytes),
            LevelHistograms::Wide(histograms) => histograms.batches(tree.level.len(), self.options.histogram_bytes),
        }
    }

    fn histogram(&mut self, _depth: u32, batch: &NodeBatch) -> Result<()> {
        let started = Stopwatch::start();
        let Current { problem, parallel, quantised, histograms, tree } = self.current();
        let task = histogram::Task {
            matrix: problem.matrix,
            shard: problem.shard,
            features: &tree.columns.tree,
            chunks: &tree.chunks,
            quantised,
            nodes: &tree.nodes,
            level: tree.level.clone(),
            parents: &tree.parents,
            batch,
            parallel,
        };
        match histograms {
            LevelHistograms::Narrow(histograms) => histogram::run(&task, histograms)?,
            LevelHistograms::Wide(histograms) => histogram::run(&task, histograms)?,
        }
        self.count(Kernel::Histogram, started);
        Ok(())
    }

    fn split(&mut self, depth: u32, batch: &NodeBatch) -> Result<()> {
        let started = Stopwatch::start();
        let Current { problem, parallel, histograms, tree, .. } = self.current();
        let task = split::Task {
            matrix: problem.matrix,
            method: problem.method,
            rules: &tree.rules,
            columns: &tree.columns,
            depth,
            node_keys: &tree.node_keys,
            limits: &tree.limits,
            level: tree.level.clone(),
            batch,
            parallel,
        };
        match histograms {
            LevelHistograms::Narrow(histograms) => split::run(&task, histograms, &mut tree.nodes),
            LevelHistograms::Wide(histograms) => split::run(&task, histograms, &mut tree.nodes),
        }
        self.count(Kernel::Split, started);
        Ok(())
    }

    fn partition(&mut self, _depth: u32) -> Result<Frontier> {
        let started = Stopwatch::start();
        let Current { problem, parallel, histograms, tree, .. } = self.current();
        match histograms {
            LevelHistograms::Narrow(histograms) => histograms.next_level(),
            LevelHistograms::Wide(histograms) => histograms.next_level(),
        }
        let (keys, limits) = (&mut tree.node_keys, &mut tree.limits);
        (tree.level, tree.parents) =
            split::make_children(&tree.rules, &mut tree.nodes, keys, limits, tree.level.clone());
        if tree.level.is_empty() {
            return Ok(Frontier::Empty);
        }
        partition::run(problem.matrix, problem.method, &tree.nodes, tree.level.clone(), &mut tree.chunks, parallel);
        self.count(Kernel::Partition, started);
        Ok(Frontier::Open)
    }

    fn leaf_sums(&mut self) -> Result<()> {
        let started = Stopwatch::start();
        let Some(tree) = self.trees.last_mut() else { return Ok(()) };
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
