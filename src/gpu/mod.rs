//! The GPU backend: every kernel of a tree runs on the device, through wgpu on any adapter; the
//! model is the CPU's to the byte.
//!
//! Shaders compute with integers alone (`docs/exactness.md`). The host decides nothing inside a
//! tree: it enqueues every level up to max_depth, kernels find out for themselves how many nodes
//! there are, and one readback a round brings the node tables of all classes. [`kernels`] lists the
//! kernels, [`tiling`] cuts rows, features and nodes so that default limits suffice, [`buffers`]
//! holds the memory, [`recorder`] the queue, [`upload`] brings the data.

pub mod buffers;
pub mod compose;
pub mod device;
pub mod kernels;
pub mod layout;
pub mod recorder;
pub mod tiling;
pub mod upload;
mod widths;

pub use device::{AdapterDescription, LimitChoice, adapters};

use crate::backend::expansion::Nodes;
use crate::backend::problem::Problem;
use crate::backend::profile::Profile;
use crate::backend::widths::Widths;
use crate::backend::{Backend, Expansion, Margins, NodeBatch, Side, TreeTask};
use crate::error::{Error, ErrorKind, Result};
use crate::fixed::format::Bits;
use crate::fixed::quantiser::{PairSum, Quantiser};
use crate::gpu::layout::{Node, PARTITION_ROWS, Step, TreeState, WORKGROUP};
use crate::objective::{DeviceLoss, Objective, Shader};
use crate::tree::grown::{FinishedTree, GrownNode, GrownTree};
use crate::tree::sampling::{ColumnPlan, RowSample, sample_size};
use crate::util::setters::setters;
use buffers::{Buf, Buffers, Place};
use compose::Variant;
use device::Gpu;
use kernels::Kernel;
use recorder::Recorder;
use tiling::{Bounds, MOST_GROUPS, Tiling};
use widths::margin_bytes;

/// How a GPU is chosen and used. Nothing here changes a result.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GpuOptions {
    /// The adapter, by index or by a part of its name; the fastest kind by default.
    pub adapter: Option<String>,
    /// The limits to open it with.
    pub limits: LimitChoice,
    /// Whether features that not every adapter has may be used.
    pub optional_features: bool,
    /// The most bytes of a tile; tests set it low so that every tiling path runs.
    pub tile_bytes: Option<u64>,
    /// The most bytes of all histograms; where a level needs more it is searched in batches.
    pub histogram_bytes: u64,
    /// The work, in additions of a row to a histogram or as much of another kind, after which what
    /// was recorded is sent off, so that no submit runs for seconds and is killed by a driver's
    /// watchdog; a dispatch of more than this is cut up as far as it can be.
    pub submit_updates: u64,
    /// Refuses trainings that need more memory than this; tests set it.
    pub memory_bytes: Option<u64>,
    /// Whether to time the kernels, which makes the training slower.
    pub profile: bool,
}

setters!(GpuOptions {
    adapter: Option<String>,
    limits: LimitChoice,
    optional_features: bool,
    tile_bytes: Option<u64>,
    histogram_bytes: u64,
    submit_updates: u64,
    memory_bytes: Option<u64>,
    profile: bool,
});

impl Default for GpuOptions {
    fn default() -> Self {
        Self {
            adapter: None,
            limits: LimitChoice::Adapter,
            optional_features: true,
            tile_bytes: None,
            histogram_bytes: 1 << 30,
            submit_updates: 1 << 29,
            memory_bytes: None,
            profile: false,
        }
    }
}

/// The largest binding that is used, whatever the adapter allows: indices of words fit 32 bits with
/// room to spare.
const MOST_BINDING: u64 = (1 << 31) - 256;
/// Nodes of a tree that the first readback of a round brings; larger trees take a second one.
pub(crate) const READ_NODES: u64 = 2048;
/// Workgroups of a reduction over all rows.
const REDUCTION_GROUPS: u32 = 2048;

/// Workgroups in the direction of nodes: they step over the nodes that there are, which the host
/// does not know.
const NODE_GROUPS: usize = 512;
/// Features of a histogram job, at most.
const JOB_FEATURES: u64 = 4 * layout::JOB_PLANES as u64;
/// What a row costs in a kernel that passes once over the rows, in updates of a histogram: no less
/// than it moves, in words.
const ROW_UPDATES: u64 = 8;
/// What a bin costs in the search, likewise: two scores of emulated binary64.
const BIN_UPDATES: u64 = 32;
/// Workgroups that zero histograms.
const CLEAR_GROUPS: usize = 4096;

/// One training on a device.
#[derive(Debug)]
pub struct GpuBackend<'a> {
    problem: &'a Problem<'a>,
    tiling: Tiling,
    buffers: Buffers,
    recorder: Recorder,
    mask_words: usize,
    /// What the device has as masks of features.
    masks: Vec<u32>,
    /// The tree under construction.
    tree: Tree,
    /// Trees begun since the last gradient.
    trees: usize,
    /// Whether any row was left out of a tree of this round.
    undrawn: bool,
}

/// What the host must know of the tree under construction.
#[derive(Debug, Default)]
struct Tree {
    class: usize,
    columns: Option<ColumnPlan>,
}

impl<'a> GpuBackend<'a> {
    /// Opens the device, compiles the kernels, makes all buffers and uploads the data of a training
    /// whose trees have at most `max_depth` levels below the root.
    ///
    /// # Errors
    /// `Unavailable` if the shaders do not know the objective, or if there is no adapter that fits,
    /// `Device` if it fails or lacks memory.
    pub fn new(problem: &'a Problem<'a>, max_depth: u32, options: &GpuOptions) -> Result<Self> {
        let loss = device_loss(problem.objective)?;
        let gpu = Gpu::open(options)?;
        let pipelines = gpu.compile(&variant(problem, loss.shader))?;
        let binding = gpu.limits.max_storage_buffer_binding_size.min(gpu.limits.max_buffer_size).min(MOST_BINDING);
        let bounds = Bounds {
            binding,
            tile: options.tile_bytes.unwrap_or(binding).min(binding),
            histograms: options.histogram_bytes,
        };
        let tiling = Tiling::new(problem, max_depth, bounds);
        let buffers = Buffers::new(&gpu, problem, &tiling, binding, options.memory_bytes)?;
        let mut recorder = Recorder::new(gpu, pipelines, options);
        upload::training(&mut recorder, &buffers, problem, &tiling, loss)?;
        Ok(Self {
            problem,
            mask_words: problem.matrix.features().div_ceil(32),
            tiling,
            buffers,
            recorder,
            masks: Vec::new(),
            tree: Tree::default(),
            trees: 0,
            undrawn: false,
        })
    }

    /// The adapter.
    #[must_use]
    pub fn description(&self) -> &AdapterDescription {
        &self.recorder.gpu.adapter
    }

    /// How the problem was cut up.
    #[must_use]
    pub fn tiling(&self) -> &Tiling {
        &self.tiling
    }

    /// The words of a buffer, for tests of single kernels; everything enqueued so far runs before.
    ///
    /// # Errors
    /// If the device fails.
    pub fn inspect(&mut self, slot: kernels::Slot, place: Place) -> Result<Vec<u32>> {
        let Some(buffer) = self.buffers.get(slot, place).cloned() else { return Ok(Vec::new()) };
        let (size, piece) = (buffer.buffer.size(), self.buffers.staging.buffer.size());
        let mut words = Vec::new();
        for start in (0..size).step_by(piece as usize) {
            let bytes = self.recorder.read(&self.buffers, &[(&buffer, start, piece.min(size - start))])?;
            words.extend(bytemuck::pod_collect_to_vec::<u8, u32>(&bytes));
        }
        Ok(words)
    }

    fn run(&mut self, kernel: Kernel, place: Place, task: &Step, x: usize) -> Result<()> {
        self.run_grid(kernel, place, task, x, 1)
    }

    /// Kernels step over what a grid of `x` workgroups cannot reach; `y` always fits.
    fn run_grid(&mut self, kernel: Kernel, place: Place, task: &Step, x: usize, y: usize) -> Result<()> {
        let x = (x as u32).clamp(1, MOST_GROUPS);
        self.recorder.dispatch(&self.buffers, kernel, place, task, [x, y as u32, 1])
    }

    /// The task of one shard for the tree under construction.
    fn task(&self, shard: usize) -> Step {
        let shard = self.tiling.shards[shard];
        Step {
            rows: shard.rows as u32,
            first_row: shard.first_row as u32,
            stride: self.tiling.stride as u32,
            class_index: self.tree.class as u32,
            chunk: (shard.rows / 256 / 256 * 256).clamp(1024, 8192) as u32,
            features: self.tiling.features.len() as u32,
            ..Step::default()
        }
    }

    fn place(&self, shard: usize, tile: usize, depth: u32) -> Place {
        Place { class: self.tree.class, shard, tile, parity: depth as usize % 2, channel: None }
    }

    fn shards(&self) -> std::ops::Range<usize> {
        0..self.tiling.shards.len()
    }

    fn tiles(&self) -> std::ops::Range<usize> {
        0..self.tiling.tiles.len()
    }

    /// Draws the rows of a tree in every shard.
    fn draw(&mut self, rows: &RowSample) -> Result<()> {
        let all = *rows == RowSample::All && !self.problem.weights.is_weighted();
        self.undrawn |= !all;
        for shard in self.shards() {
            let (mut task, place) = (self.task(shard), self.place(shard, 0, 0));
            match rows {
                RowSample::All => task.sampler = layout::DRAW_ALL,
                RowSample::Hash { key, threshold } => {
                    task.sampler = layout::DRAW_HASH;
                    task.key = *key;
                    // Below 2^32: a share of 1 draws all.
                    task.threshold = u32::try_from(*threshold).unwrap_or(u32::MAX);
                }
                RowSample::Drawn(drawn) => {
                    task.sampler = layout::DRAW_BITS;
                    let first = task.first_row as usize;
                    let bits = upload::bits(&drawn[first..first + task.rows as usize]);
                    let buffer = self.buffers.shards[shard].drawn_bits.clone();
                    self.recorder.write(&self.buffers, &buffer, 0, bytemuck::cast_slice(&bits))?;
                }
            }
            if all {
                self.run(Kernel::SampleAll, place, &task, groups(task.rows))?;
                continue;
            }
            let blocks = task.rows.div_ceil(PARTITION_ROWS) as usize;
            self.run(Kernel::SampleCount, place, &task, blocks)?;
            self.run(Kernel::SampleScan, place, &task, 1)?;
            self.run(Kernel::SampleScatter, place, &task, blocks)?;
        }
        Ok(())
    }

    /// Uploads the masks of a tree's features, if they changed.
    fn write_masks(&mut self, columns: &ColumnPlan) -> Result<()> {
        let levels = self.tiling.level_nodes.len() - 1;
        let mut masks = vec![0; (levels + 1) * self.mask_words];
        for (number, mask) in masks.chunks_mut(self.mask_words).enumerate() {
            let features = if number == 0 { &columns.tree } else { columns.level(number as u32 - 1) };
            features.iter().for_each(|&feature| mask[feature as usize / 32] |= 1 << (feature % 32));
        }
        if masks != self.masks {
            let buffer = self.buffers.masks.clone();
            self.recorder.write(&self.buffers, &buffer, 0, bytemuck::cast_slice(&masks))?;
            self.masks = masks;
        }
        Ok(())
    }

    /// The task of a batch.
    fn batch_task(&self, shard: usize, depth: u32, batch: &NodeBatch) -> Step {
        let mut task = self.task(shard);
        task.depth = depth;
        task.batch_start = batch.nodes.start as u32;
        task.batch_nodes = batch.nodes.len() as u32;
        task.mask = depth + 1;
        if batch.subtract {
            task.flags |= layout::SUBTRACT;
        }
        if let Some((columns, sample)) = self.tree.columns.as_ref().and_then(|c| c.by_node.map(|sample| (c, sample))) {
            task.keep = sample_size(sample.share, columns.level(depth).len()) as u32;
            task.flags |= layout::BY_NODE;
        }
        task
    }

    fn tile_task(&self, mut task: Step, tile: usize) -> Step {
        let found = &self.tiling.tiles[tile];
        task.tile = tile as u32;
        task.first_job = found.first_job as u32;
        task.first_feature = found.first_feature as u32;
        task.node_bins = found.bins as u32;
        task
    }

    /// Reads back what the trees of a round need: their states, and the first nodes of each.
    fn read_nodes(&mut self, class: usize, from: usize, to: usize) -> Result<(Vec<Node>, Vec<[u32; 4]>)> {
        let buffers = &self.buffers.classes[class];
        let parts = [(buffers.nodes.clone(), size_of::<Node>()), (buffers.leaf_sums.clone(), 16)];
        let step = READ_NODES as usize;
        let (mut nodes, mut sums) = (Vec::new(), Vec::new());
        for start in (from..to).step_by(step) {
            let count = step.min(to - start);
            let part =
                |(buffer, bytes): &(Buf, usize)| (buffer.clone(), (start * bytes) as u64, (count * bytes) as u64);
            let parts: Vec<_> = parts.iter().map(part).collect();
            let parts: Vec<_> = parts.iter().map(|(buffer, offset, bytes)| (buffer, *offset, *bytes)).collect();
            let bytes = self.recorder.read(&self.buffers, &parts)?;
            let (node_bytes, sum_bytes) = bytes.split_at(count * size_of::<Node>());
            nodes.extend(bytemuck::pod_collect_to_vec::<u8, Node>(node_bytes));
            sums.extend(bytemuck::pod_collect_to_vec::<u8, [u32; 4]>(sum_bytes));
        }
        Ok((nodes, sums))
    }

    /// Moves the training rows' margins.
    fn add_leaves(&mut self, class: usize, finished: &FinishedTree) -> Result<()> {
        // With several tiles a row that was not drawn goes at least one node further in every round
        // of tiles.
        let tiles = self.tiles().len();
        let rounds = match (self.undrawn, tiles) {
            (false, _) | (true, 1) => 1,
            _ => finished.tree.depth().max(1),
        };
        let turns: Vec<usize> = if self.undrawn { (0..rounds).flat_map(|_| 0..tiles).collect() } else { vec![0] };
        for shard in self.shards() {
            for (turn, &tile) in turns.iter().enumerate() {
                let mut task = self.tile_task(self.task(shard), tile);
                task.class_index = class as u32;
                task.flags = if turn + 1 == turns.len() { layout::LAST } else { 0 };
                let place = Place { class, ..self.place(shard, tile, 0) };
                self.run(Kernel::AddLeaves, place, &task, groups(task.rows))?;
                self.recorder.worked(&self.buffers, u64::from(task.rows) * ROW_UPDATES)?;
            }
        }
        Ok(())
    }

    /// Routes the rows of all channels.
    fn route(&mut self, class: usize, finished: &FinishedTree) -> Result<()> {
        for channel in 0..self.buffers.channels.len() {
            let (stride, tile_features) = {
                let channel = &self.buffers.channels[channel];
                (channel.stride, channel.tile_features)
            };
            let tiles = self.problem.matrix.features().div_ceil(tile_features);
            let rounds = if tiles == 1 { 1 } else { finished.tree.depth().max(1) };
            for shard in 0..self.buffers.channels[channel].shards.len() {
                let rows = self.buffers.channels[channel].shards[shard].shard.rows as u32;
                for turn in 0..rounds * tiles {
                    let tile = turn % tiles;
                    let mut task = Step {
                        rows,
                        stride: stride as u32,
                        class_index: class as u32,
                        first_feature: (tile * tile_features) as u32,
                        features: tile_features as u32,
                        ..Step::default()
                    };
                    task.flags |= if turn == 0 { layout::FIRST } else { 0 };
                    task.flags |= if turn + 1 == rounds * tiles { layout::LAST } else { 0 };
                    let place = Place { class, shard, tile, parity: 0, channel: Some(channel) };
                    self.run(Kernel::Route, place, &task, groups(rows))?;
                    self.recorder.worked(&self.buffers, u64::from(rows) * ROW_UPDATES)?;
                }
            }
        }
        Ok(())
    }

    /// Reads margins: buffers by shard with their rows, class-major with a stride, into row-major.
    fn read_margins(&mut self, shards: &[(Buf, usize, usize)], stride: usize, rows: usize) -> Result<Vec<i64>> {
        let classes = self.problem.classes;
        let bytes = margin_bytes(self.problem) as usize;
        let piece = (self.buffers.staging.buffer.size() as usize / bytes).max(1);
        let mut margins = vec![0; rows * classes];
        for (buffer, first_row, shard_rows) in shards {
            for class in 0..classes {
                for start in (0..*shard_rows).step_by(piece) {
                    let count = piece.min(shard_rows - start);
                    let part = (buffer, ((class * stride + start) * bytes) as u64, (count * bytes) as u64);
                    let read = self.recorder.read(&self.buffers, &[part])?;
                    for (row, margin) in read.chunks_exact(bytes).enumerate() {
                        let low = u32::from_le_bytes([margin[0], margin[1], margin[2], margin[3]]);
                        margins[(first_row + start + row) * classes + class] = if bytes == 8 {
                            layout::signed([low, u32::from_le_bytes([margin[4], margin[5], margin[6], margin[7]])])
                        } else {
                            i64::from(low as i32)
                        };
                    }
                }
            }
        }
        Ok(margins)
    }
}

/// Workgroups for a kernel that gives every row an invocation.
fn groups(rows: u32) -> usize {
    rows.div_ceil(WORKGROUP) as usize
}

/// What the shaders need for an objective's loss.
fn device_loss(objective: Objective) -> Result<DeviceLoss> {
    objective.device_loss().ok_or_else(|| {
        let message = format!("{} trains on the processor only", objective.name());
        Error::new(ErrorKind::Unavailable, message).remedy("train with {cpu}")
    })
}

/// What the kernels of a training are compiled for.
fn variant(problem: &Problem<'_>, shader: Shader) -> Variant {
    Variant {
        objective: match shader {
            Shader::Logistic => layout::LOGISTIC,
            Shader::SquaredError => layout::SQUARED_ERROR,
            Shader::Softmax => layout::SOFTMAX,
        },
        weighted: problem.weights.is_weighted(),
        long_pairs: problem.format.pair_bits == Bits::Wide,
        wide_margins: problem.format.margin_bits == Bits::Wide,
        wide: problem.width == crate::fixed::quantiser::SumWidth::Wide,
        capped: problem.format.caps_hessian,
        exact: problem.method == crate::params::TreeMethod::Exact,
        alpha: problem.rules.alpha > 0.0,
        delta: problem.rules.max_delta_step > 0.0,
    }
}

impl Backend for GpuBackend<'_> {
    fn gradient(&mut self) -> Result<()> {
        self.trees = 0;
        self.undrawn = false;
        for shard in self.shards() {
            let (task, place) = (self.task(shard), Place { shard, ..Place::default() });
            self.run(Kernel::Gradient, place, &task, groups(task.rows))?;
            let updates = u64::from(task.rows) * self.problem.classes as u64 * ROW_UPDATES;
            self.recorder.worked(&self.buffers, updates)?;
        }
        Ok(())
    }

    fn sample(&mut self, task: &TreeTask) -> Result<()> {
        self.trees += 1;
        self.tree = Tree { class: task.output, columns: Some(task.columns.clone()) };
        self.write_masks(&task.columns)?;
        let class = &self.buffers.classes[task.output];
        self.recorder.clear(&self.buffers.extent, u64::MAX);
        self.recorder.clear(&class.leaf_sums, u64::MAX);
        self.draw(&task.rows)
    }

    fn extent(&mut self) -> Result<()> {
        for shard in self.shards() {
            let (task, place) = (self.task(shard), self.place(shard, 0, 0));
            let x = groups(task.rows).min(REDUCTION_GROUPS as usize);
            self.run(Kernel::QuantiseExtent, place, &task, x)?;
        }
        Ok(())
    }

    fn quantise(&mut self) -> Result<()> {
        let (mut first, place) = (self.task(0), self.place(0, 0, 0));
        let by_node = self.tree.columns.as_ref().and_then(|columns| columns.by_node);
        first.root_key = by_node.map_or(0, |sample| sample.root_key);
        self.run(Kernel::QuantiseShifts, place, &first, 1)?;
        for shard in self.shards() {
            let (task, place) = (self.task(shard), self.place(shard, 0, 0));
            let x = groups(task.rows).min(REDUCTION_GROUPS as usize);
            self.run(Kernel::QuantisePairs, place, &task, x)?;
            self.recorder.worked(&self.buffers, u64::from(task.rows) * ROW_UPDATES)?;
        }
        self.run(Kernel::QuantiseRoot, place, &first, 1)
    }

    fn batches(&self, nodes: &Expansion) -> Result<Vec<NodeBatch>> {
        let depth = level(nodes)? as usize;
        let nodes = self.tiling.level_nodes[depth];
        if self.tiling.level_fits(depth) {
            return Ok(vec![NodeBatch { nodes: 0..nodes, subtract: depth > 0 }]);
        }
        let fit = self.tiling.batch_nodes;
        let batch = |start| NodeBatch { nodes: start..nodes.min(start + fit), subtract: false };
        Ok((0..nodes).step_by(fit).map(batch).collect())
    }

    fn histogram(&mut self, nodes: &Expansion, batch: &NodeBatch) -> Result<()> {
        let depth = level(nodes)?;
        for tile in self.tiles() {
            let task = self.tile_task(self.batch_task(0, depth, batch), tile);
            let words = batch.nodes.len() * self.tiling.tiles[tile].bins * self.tiling.bin_words as usize;
            let x = words.div_ceil(WORKGROUP as usize).min(CLEAR_GROUPS);
            self.run(Kernel::HistogramClear, self.place(0, tile, depth), &task, x)?;
        }
        for shard in self.shards() {
            let task = self.batch_task(shard, depth, batch);
            self.run(Kernel::HistogramPlan, self.place(shard, 0, depth), &task, 1)?;
            for tile in self.tiles() {
                let jobs = self.tiling.tiles[tile].jobs;
                let task = self.tile_task(task, tile);
                let items = task.rows.div_ceil(task.chunk) as usize + batch.nodes.len().min(NODE_GROUPS);
                let job_updates = u64::from(task.rows) * JOB_FEATURES;
                let fit = (self.recorder.submit_updates / job_updates.max(1)).clamp(1, u64::from(MOST_GROUPS)) as usize;
                for first in (0..jobs).step_by(fit) {
                    let mut task = task;
                    task.first_job += first as u32;
                    let y = (jobs - first).min(fit);
                    self.run_grid(Kernel::HistogramBuild, self.place(shard, tile, depth), &task, items, y)?;
                    self.recorder.worked(&self.buffers, y as u64 * job_updates)?;
                }
            }
        }
        Ok(())
    }

    fn split(&mut self, nodes: &Expansion, batch: &NodeBatch) -> Result<()> {
        let depth = level(nodes)?;
        let task = self.batch_task(0, depth, batch);
        let nodes = batch.nodes.len().min(NODE_GROUPS);
        if task.flags & layout::BY_NODE != 0 {
            self.run(Kernel::SplitColumns, self.place(0, 0, depth), &task, nodes)?;
        }
        for tile in self.tiles() {
            let (task, features) = (self.tile_task(task, tile), self.tiling.tiles[tile].features);
            self.run_grid(Kernel::SplitScan, self.place(0, tile, depth), &task, features, nodes)?;
            let bins = (batch.nodes.len() * self.tiling.tiles[tile].bins) as u64;
            self.recorder.worked(&self.buffers, bins * BIN_UPDATES)?;
        }
        self.run(Kernel::SplitChoose, self.place(0, 0, depth), &task, nodes)
    }

    fn gains(&mut self, nodes: &Expansion) -> Result<Vec<Option<f64>>> {
        Err(refusal(format!("a GPU keeps the gains of {nodes} to itself until the tree is finished")))
    }

    fn partition(&mut self, nodes: &Expansion) -> Result<Option<Expansion>> {
        let depth = level(nodes)?;
        let mut task = self.task(0);
        let nodes = self.tiling.level_nodes[depth as usize];
        task.batch_nodes = nodes as u32;
        self.run(Kernel::SplitChildren, self.place(0, 0, depth), &task, 1)?;
        for shard in self.shards() {
            let mut task = self.task(shard);
            task.batch_nodes = nodes as u32;
            let items = task.rows.div_ceil(PARTITION_ROWS) as usize + nodes.min(NODE_GROUPS);
            self.run(Kernel::PartitionPlan, self.place(shard, 0, depth), &task, 1)?;
            for tile in self.tiles() {
                let task = self.tile_task(task, tile);
                self.run(Kernel::PartitionCount, self.place(shard, tile, depth), &task, items)?;
            }
            self.run(Kernel::PartitionScan, self.place(shard, 0, depth), &task, nodes.min(NODE_GROUPS))?;
            for tile in self.tiles() {
                let task = self.tile_task(task, tile);
                self.run(Kernel::PartitionScatter, self.place(shard, tile, depth), &task, items)?;
            }
            self.recorder.worked(&self.buffers, u64::from(task.rows) * ROW_UPDATES)?;
        }
        Ok(Some(Expansion { depth: depth + 1, nodes: Nodes::Level }))
    }

    fn leaf_sums(&mut self) -> Result<()> {
        for shard in self.shards() {
            let (task, place) = (self.task(shard), self.place(shard, 0, 0));
            self.run(Kernel::LeafPlan, place, &task, 1)?;
            let leaves = self.tiling.nodes.min(NODE_GROUPS);
            self.run(Kernel::LeafBuild, place, &task, task.rows.div_ceil(PARTITION_ROWS) as usize + leaves)?;
        }
        self.recorder.submit(&self.buffers)
    }

    fn read_trees(&mut self) -> Result<Vec<GrownTree>> {
        let first = self.tiling.nodes.min(READ_NODES as usize);
        let (state_bytes, node_bytes) = (size_of::<TreeState>(), first * size_of::<Node>());
        let tree_bytes = state_bytes + node_bytes + first * 16;
        // As many trees at a time as the staging buffer holds: all, but for very many classes.
        let fit = (self.buffers.staging.buffer.size() as usize / tree_bytes).max(1);
        let mut bytes = Vec::with_capacity(self.trees * tree_bytes);
        for classes in self.buffers.classes[..self.trees].chunks(fit) {
            let parts: Vec<(&Buf, u64, u64)> = classes
                .iter()
                .flat_map(|class| {
                    [
                        (&class.state, 0, state_bytes as u64),
                        (&class.nodes, 0, node_bytes as u64),
                        (&class.leaf_sums, 0, first as u64 * 16),
                    ]
                })
                .collect();
            bytes.extend(self.recorder.read(&self.buffers, &parts)?);
        }
        let mut trees = Vec::with_capacity(self.trees);
        for (class, bytes) in bytes.chunks_exact(tree_bytes).enumerate() {
            let state: TreeState = bytemuck::pod_read_unaligned(&bytes[..state_bytes]);
            let (node_part, sum_part) = bytes[state_bytes..].split_at(node_bytes);
            let mut nodes: Vec<Node> = bytemuck::pod_collect_to_vec(node_part);
            let mut sums: Vec<[u32; 4]> = bytemuck::pod_collect_to_vec(sum_part);
            let count = state.nodes as usize;
            if count > first {
                let (more_nodes, more_sums) = self.read_nodes(class, first, count)?;
                nodes.extend(more_nodes);
                sums.extend(more_sums);
            }
            let quantiser =
                Quantiser { g_shift: state.g_shift, h_shift: state.h_shift, capped: self.problem.format.caps_hessian };
            trees.push(GrownTree {
                nodes: nodes.iter().zip(&sums).take(count).map(|(node, sums)| grown_node(node, *sums)).collect(),
                scale: self.problem.format.pairs,
                quantiser: Some(quantiser),
            });
        }
        Ok(trees)
    }

    fn add_trees(&mut self, trees: &[FinishedTree]) -> Result<()> {
        for (class, finished) in trees.iter().enumerate() {
            upload::tree(&mut self.recorder, &self.buffers, &self.tiling, class, finished)?;
        }
        for (class, finished) in trees.iter().enumerate() {
            self.add_leaves(class, finished)?;
            self.route(class, finished)?;
        }
        self.recorder.submit(&self.buffers)
    }

    fn margins(&mut self) -> Result<Vec<i64>> {
        let shards: Vec<_> = self
            .buffers
            .shards
            .iter()
            .map(|shard| (shard.margins.clone(), shard.shard.first_row, shard.shard.rows))
            .collect();
        self.read_margins(&shards, self.tiling.stride, self.problem.rows())
    }

    fn channel_margins(&mut self, channel: usize) -> Result<Vec<i64>> {
        let found = &self.buffers.channels[channel];
        let shards: Vec<_> =
            found.shards.iter().map(|shard| (shard.margins.clone(), shard.shard.first_row, shard.shard.rows)).collect();
        self.read_margins(&shards, found.stride, self.problem.channels[channel].data.rows)
    }

    fn set_margins(&mut self, margins: &Margins) -> Result<()> {
        upload::all_margins(&mut self.recorder, &self.buffers, self.problem, &self.tiling, margins)
    }

    fn side(&self) -> Side {
        Side::Gpu
    }

    fn adapter(&self) -> String {
        let AdapterDescription { name, kind, backend, driver, .. } = self.description();
        format!("{name} ({kind}, {backend}, {driver})")
    }

    fn driver(&self) -> Option<String> {
        Some(self.description().driver.clone())
    }

    fn profile(&self) -> Option<&Profile> {
        self.recorder.profile.as_ref()
    }

    fn widths(&self) -> Widths {
        widths::of(self.problem, self.tiling.bin_words)
    }
}

/// Returns the depth of an expansion that is a whole level; no other can be run without the host.
fn level(nodes: &Expansion) -> Result<u32> {
    if nodes.nodes == Nodes::Level || *nodes == Expansion::root() {
        Ok(nodes.depth)
    } else {
        Err(refusal(format!("a GPU grows whole levels of a tree, not {nodes}")))
    }
}

/// What a GPU cannot do.
fn refusal(message: String) -> Error {
    Error::new(ErrorKind::Unavailable, message).remedy("train on the CPU")
}

/// A node as the grow loop's other half expects it.
fn grown_node(node: &Node, [g_low, g_high, h_low, h_high]: [u32; 4]) -> GrownNode {
    let sum = |g, h| PairSum { g: layout::signed(g), h: layout::signed(h) };
    GrownNode {
        left: node.left,
        feature: node.feature,
        rank: node.rank,
        last: node.last,
        gain: f64::from_bits(layout::signed(node.gain) as u64),
        sums: sum(node.g, node.h),
        leaf_sums: sum([g_low, g_high], [h_low, h_high]),
        rows: node.rows,
    }
}
