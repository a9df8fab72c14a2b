//! Every buffer of a training, made before the first round under an out-of-memory error scope.

use super::device::{Gpu, device_error};
use super::kernels::Slot;
use super::tiling::{Shard, Tiling, shards};
use crate::backend::problem::Problem;
use crate::error::Result;
use crate::gpu::layout::{Extent, Node, PARTITION_ROWS, Route, Setup, Step, TreeState};

/// Distance of two tasks in their buffer: the alignment of dynamic offsets.
pub const TASK_BYTES: u64 = 256;
/// The most bytes that are read back at a time, but for one tree.
const STAGING: u64 = 64 << 20;
/// Tasks of one submit.
pub const TASKS: usize = 2048;

/// A buffer with a number that names it among bind groups.
#[derive(Clone, Debug)]
pub struct Buf {
    /// Number of the buffer, unique within a training; bind groups are looked up by it.
    pub id: u32,
    /// The buffer on the device; in a dry run a stand-in of 16 bytes.
    pub buffer: wgpu::Buffer,
    /// What it is for, in messages.
    pub name: &'static str,
}

/// Which of the buffers of one kind a dispatch uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Output that the tree is grown for, from 0.
    pub class: usize,
    /// Index of the shard of rows, from 0.
    pub shard: usize,
    /// Index of the tile of features, from 0.
    pub tile: usize,
    /// Depth modulo 2: which list of rows and which histograms are the level's.
    pub parity: usize,
    /// The channel that is routed.
    pub channel: Option<usize>,
}

/// Arrays by training row of one shard.
#[derive(Debug)]
pub struct ShardBuffers {
    /// The run of training rows that the arrays cover.
    pub shard: Shard,
    ranges: Buf,
    rows: [Buf; 2],
    /// Gradient pairs, class-major.
    pub pairs: Buf,
    quantised: Buf,
    /// Margins, class-major: `outputs x stride`, 4 or 8 bytes each.
    pub margins: Buf,
    /// One per row: the class, or the label in the margin's format.
    pub targets: Buf,
    /// Quantised instance weights, a `u32` per row; unread if unweighted.
    pub weights: Buf,
    /// Which rows are drawn, a bit each.
    pub drawn_bits: Buf,
    /// Packed codes, one buffer per tile: `planes x stride` words.
    pub planes: Vec<Buf>,
    plan: Buf,
    counts: Buf,
    /// The leaf of every row, class-major.
    pub places: Buf,
}

/// Arrays by row of one shard of a channel.
#[derive(Debug)]
pub struct ChannelShard {
    /// The run of the channel's rows that the arrays cover.
    pub shard: Shard,
    /// Margins, class-major: `outputs x stride`, 4 or 8 bytes each.
    pub margins: Buf,
    positions: Buf,
    /// Ordered bits, a buffer a tile.
    pub values: Vec<Buf>,
}

/// A channel that is routed through every finished tree.
#[derive(Debug)]
pub struct ChannelBuffers {
    /// Shards of the channel's rows, ascending.
    pub shards: Vec<ChannelShard>,
    /// Rows from one class or feature to the next.
    pub stride: usize,
    /// Features of a tile of values.
    pub tile_features: usize,
}

/// What one class needs for itself.
#[derive(Debug)]
pub struct ClassBuffers {
    /// [`TreeState`]: the tree's quantiser and current level.
    pub state: Buf,
    /// [`Node`]s of the tree under construction, in breadth-first order.
    pub nodes: Buf,
    /// Unquantised gradient and hessian sums, 16 bytes per node.
    pub leaf_sums: Buf,
    /// The finished tree, for training rows.
    pub finished: Buf,
    /// The finished tree, for channels.
    pub finished_values: Buf,
    /// The steps of the grown tree's leaves.
    pub grown_steps: Buf,
}

/// All buffers of a training.
#[derive(Debug)]
pub struct Buffers {
    /// Up to `TASKS` [`Step`]s of one submit, `TASK_BYTES` apart.
    pub tasks: Buf,
    /// The training's constants.
    pub setup: Buf,
    /// [`Extent`]: sums and maxima over a tree's sampled rows.
    pub extent: Buf,
    /// Entries of the objective's table, 16 bytes each (`fixed::table`).
    pub table: Buf,
    /// Features in device order.
    pub features: Buf,
    /// Histogram jobs of all tiles, 24 bytes each.
    pub jobs: Buf,
    /// Slots of all jobs, 20 bytes each.
    pub slots: Buf,
    /// Masks of features: the tree's, then one a level.
    pub masks: Buf,
    best: Buf,
    /// Histograms by tile and parity of depth.
    pub histograms: Vec<[Buf; 2]>,
    /// Buffers of each output, by its index.
    pub classes: Vec<ClassBuffers>,
    /// Buffers of each shard of training rows, ascending.
    pub shards: Vec<ShardBuffers>,
    /// Buffers of each routed channel, in the problem's order.
    pub channels: Vec<ChannelBuffers>,
    /// What is read back goes through here.
    pub staging: Buf,
    /// Bytes of all buffers together.
    pub bytes: u64,
}

/// What is to be made, or was made.
struct Maker<'g> {
    gpu: &'g Gpu,
    /// Whether bytes are only counted, and no buffer is made.
    dry: bool,
    /// Shared by everything of a dry run.
    stand_in: wgpu::Buffer,
    next_id: u32,
    bytes: u64,
    binding: u64,
    too_large: Option<(&'static str, u64)>,
}

impl Maker<'_> {
    fn storage(&mut self, name: &'static str, bytes: u64) -> Buf {
        use wgpu::BufferUsages as U;
        let bytes = bytes.max(16).next_multiple_of(16);
        if bytes > self.binding {
            self.too_large.get_or_insert((name, bytes));
        }
        self.make(name, bytes, U::STORAGE | U::COPY_DST | U::COPY_SRC)
    }

    fn make(&mut self, name: &'static str, bytes: u64, usage: wgpu::BufferUsages) -> Buf {
        self.bytes += bytes;
        self.next_id += 1;
        let buffer = if self.dry {
            self.stand_in.clone()
        } else {
            let descriptor =
                wgpu::BufferDescriptor { label: Some(name), size: bytes, usage, mapped_at_creation: false };
            self.gpu.device.create_buffer(&descriptor)
        };
        Buf { id: self.next_id, buffer, name }
    }
}

impl Buffers {
    /// Makes all buffers.
    ///
    /// # Errors
    /// If they do not fit: the error says how much is needed, what there is where that is known,
    /// and what to do.
    pub fn new(gpu: &Gpu, problem: &Problem<'_>, tiling: &Tiling, binding: u64, memory: Option<u64>) -> Result<Self> {
        let stand_in = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 16,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        let maker =
            |dry| Maker { gpu, dry, stand_in: stand_in.clone(), next_id: 0, bytes: 0, binding, too_large: None };
        let mut planned = maker(true);
        Self::make(&mut planned, problem, tiling);
        let needed = planned.bytes;
        let refuse = |reason: String| {
            device_error(format!("the training needs {} of memory on {}, {reason}", size(needed), gpu.adapter.name))
                .remedy("train with {cpu}, or with fewer bins ({max-bin}) or a smaller {max-depth}")
        };
        if let Some((name, bytes)) = planned.too_large {
            return Err(refuse(format!(
                "of which {} for {name}, where a buffer has at most {}",
                size(bytes),
                size(binding)
            )));
        }
        if let Some(memory) = memory.filter(|&memory| needed > memory) {
            return Err(refuse(format!("which has {}", size(memory))));
        }
        let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffers = Self::make(&mut maker(false), problem, tiling);
        if let Some(error) = pollster::block_on(scope.pop()) {
            return Err(refuse(format!("which does not have it: {error}")));
        }
        gpu.check()?;
        Ok(buffers)
    }

    fn make(maker: &mut Maker<'_>, problem: &Problem<'_>, tiling: &Tiling) -> Self {
        use wgpu::BufferUsages as U;
        let nodes = tiling.nodes as u64;
        let classes = (0..problem.classes)
            .map(|_| ClassBuffers {
                state: maker.storage("the state of a tree", size_of::<TreeState>() as u64),
                nodes: maker.storage("the nodes of a tree", nodes * size_of::<Node>() as u64),
                leaf_sums: maker.storage("the leaves of a tree", nodes * 16),
                finished: maker.storage("a finished tree", nodes * size_of::<Route>() as u64),
                finished_values: maker.storage("a finished tree", nodes * size_of::<Route>() as u64),
                grown_steps: maker.storage("the steps of a tree", nodes * 8),
            })
            .collect();
        let histogram = |maker: &mut Maker<'_>, bins: usize| {
            let bytes = tiling.batch_nodes as u64 * bins as u64 * u64::from(tiling.bin_words) * 4;
            maker.storage("histograms", bytes)
        };
        let features = tiling.features.len() as u64;
        let margin_bytes = super::widths::margin_bytes(problem);
        let largest_channel = problem.channels.iter().map(|channel| channel.data.rows).max().unwrap_or(0);
        let rows = problem.rows().max(largest_channel) as u64;
        // All trees of a round, or all margins, up to a bound; a tree at least.
        let tree_bytes = super::READ_NODES.min(nodes) * (size_of::<Node>() as u64 + 16) + 512;
        let count = problem.classes as u64;
        let most = STAGING.min(tiling.tile_bytes);
        let staging = (count * tree_bytes).max(rows * count * margin_bytes).min(most).max(tree_bytes);
        let mask_words = problem.matrix.features().div_ceil(32) as u64;
        Self {
            tasks: maker.make("tasks", TASKS as u64 * TASK_BYTES, U::UNIFORM | U::COPY_DST),
            setup: maker.make("setup", (size_of::<Setup>() as u64).next_multiple_of(256), U::UNIFORM | U::COPY_DST),
            extent: maker.storage("sums", size_of::<Extent>() as u64),
            table: maker.storage("the table", 1408 * 16),
            features: maker.storage("the features", features * 32),
            jobs: maker.storage("the histogram jobs", tiling.jobs.len() as u64 * 24),
            slots: maker.storage("the histogram jobs", tiling.slots.len() as u64 * 20),
            masks: maker.storage("the masks of features", (tiling.level_nodes.len() as u64 + 1) * mask_words * 4),
            best: maker
                .storage("candidate splits", tiling.batch_nodes as u64 * features * super::widths::CANDIDATE_BYTES),
            histograms: tiling
                .tiles
                .iter()
                .map(|tile| [histogram(maker, tile.bins), histogram(maker, tile.bins)])
                .collect(),
            classes,
            shards: tiling.shards.iter().map(|&shard| shard_buffers(maker, problem, tiling, shard)).collect(),
            channels: problem
                .channels
                .iter()
                .map(|channel| channel_buffers(maker, problem, channel.data.rows, tiling))
                .collect(),
            staging: maker.make("readback", staging.next_multiple_of(256), U::MAP_READ | U::COPY_DST),
            bytes: maker.bytes,
        }
    }

    /// The buffer that a slot means at a place; `None` where the training has none.
    #[must_use]
    pub fn get(&self, slot: Slot, place: Place) -> Option<&Buf> {
        let class = &self.classes[place.class];
        if let Some(channel) = place.channel {
            let shard = &self.channels[channel].shards[place.shard];
            match slot {
                Slot::Margins => return Some(&shard.margins),
                Slot::Positions => return Some(&shard.positions),
                Slot::Values => return shard.values.get(place.tile),
                Slot::Finished => return Some(&class.finished_values),
                _ => {}
            }
        }
        let shard = &self.shards[place.shard];
        Some(match slot {
            Slot::Task => &self.tasks,
            Slot::Setup => &self.setup,
            Slot::State => &class.state,
            Slot::Nodes => &class.nodes,
            Slot::Ranges => &shard.ranges,
            Slot::Rows => &shard.rows[place.parity],
            Slot::NextRows => &shard.rows[1 - place.parity],
            Slot::Pairs => &shard.pairs,
            Slot::Quantised => &shard.quantised,
            Slot::Margins => &shard.margins,
            Slot::Targets => &shard.targets,
            Slot::Weights => &shard.weights,
            Slot::Table => &self.table,
            Slot::DrawnBits => &shard.drawn_bits,
            Slot::Planes => shard.planes.get(place.tile)?,
            Slot::Features => &self.features,
            Slot::Jobs => &self.jobs,
            Slot::Masks => &self.masks,
            Slot::Histograms => &self.histograms.get(place.tile)?[place.parity],
            Slot::Above => &self.histograms.get(place.tile)?[1 - place.parity],
            Slot::Best => &self.best,
            Slot::Plan => &shard.plan,
            Slot::Counts => &shard.counts,
            Slot::LeafSums => &class.leaf_sums,
            Slot::Places => &shard.places,
            Slot::Finished => &class.finished,
            Slot::GrownSteps => &class.grown_steps,
            Slot::Positions | Slot::Values => return None,
            Slot::Extent => &self.extent,
            Slot::JobSlots => &self.slots,
        })
    }
}

fn shard_buffers(maker: &mut Maker<'_>, problem: &Problem<'_>, tiling: &Tiling, shard: Shard) -> ShardBuffers {
    let (rows, classes) = (tiling.stride as u64, problem.classes as u64);
    let nodes = tiling.nodes as u64;
    let pair_bytes = super::widths::pair_bytes(problem);
    let margin_bytes = super::widths::margin_bytes(problem);
    let widest_level = tiling.level_nodes.iter().copied().max().unwrap_or(1) as u64;
    let items = rows.div_ceil(u64::from(PARTITION_ROWS)) + widest_level;
    ShardBuffers {
        shard,
        ranges: maker.storage("the ranges of nodes", nodes * 8),
        rows: [0, 1].map(|_| maker.storage("lists of rows", rows * 4)),
        pairs: maker.storage("gradient pairs", rows * classes * pair_bytes),
        quantised: maker.storage("quantised pairs", rows * 8),
        margins: maker.storage("margins", rows * classes * margin_bytes),
        targets: maker.storage("labels", rows * super::widths::target_bytes(problem)),
        weights: maker.storage("weights", if problem.weights.is_weighted() { rows * 4 } else { 4 }),
        drawn_bits: maker.storage("drawn rows", rows / 8),
        planes: tiling.tiles.iter().map(|tile| maker.storage("bins", tile.planes as u64 * rows * 4)).collect(),
        // A node with rows takes one entry, and a shard has no more such nodes at a time than rows.
        plan: maker.storage("plans of work", (nodes.min(rows) + 1) * 16),
        counts: maker.storage("counts of rows", items * 4),
        places: maker.storage("leaves of rows", rows * classes * 4),
    }
}

fn channel_buffers(maker: &mut Maker<'_>, problem: &Problem<'_>, rows: usize, tiling: &Tiling) -> ChannelBuffers {
    let classes = problem.classes as u64;
    let margin_bytes = super::widths::margin_bytes(problem);
    let (cut, stride) = shards(rows, (classes * margin_bytes).max(4), tiling.tile_bytes);
    let fit = (tiling.tile_bytes / (stride as u64 * 4)).max(1) as usize;
    let features = problem.matrix.features();
    let tile_features = fit.min(features).max(1);
    let make = |maker: &mut Maker<'_>, shard: Shard| ChannelShard {
        shard,
        margins: maker.storage("margins", stride as u64 * classes * margin_bytes),
        positions: maker.storage("places of rows", stride as u64 * 4),
        values: (0..features)
            .step_by(tile_features)
            .map(|first| maker.storage("values", tile_features.min(features - first) as u64 * stride as u64 * 4))
            .collect(),
    };
    ChannelBuffers { shards: cut.iter().map(|&shard| make(maker, shard)).collect(), stride, tile_features }
}

/// A number of bytes as people read it.
fn size(bytes: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let unit = (0..units.len() - 1).take_while(|&unit| bytes >> (10 * (unit + 1)) > 0).count();
    if unit == 0 {
        format!("{bytes} bytes")
    } else {
        format!("{:.1} {}", bytes as f64 / (1_u64 << (10 * unit)) as f64, units[unit])
    }
}

/// The size of a task in its binding.
pub const TASK_BINDING: u64 = size_of::<Step>() as u64;
