//! The GPU backend: every kernel of a tree runs on the device, through wgpu on any adapter; the
//! model is the CPU's to the byte.
//!
//! Shaders compute with integers alone (`docs/exactness.md`). The host decides nothing inside a
//! tree: it enqueues every level up to max_depth, kernels find out for themselves how many nodes
//! there are, and one readback a round brings the node tables of all classes. [`kernels`] lists the
//! kernels, [`tiling`] cuts rows, features and nodes so that default limits suffice, [`buffers`]
//! holds the memory, [`recorder`] the queue, [`upload`] brings the data.

mod backend;
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

use crate::backend::NodeBatch;
use crate::backend::problem::Problem;
use crate::error::{Error, ErrorKind, Result};
use crate::fixed::format::Bits;
use crate::gpu::layout::{Node, PARTITION_ROWS, Step, WORKGROUP};
use crate::objective::{DeviceLoss, Objective, Shader};
use crate::tree::grown::FinishedTree;
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
