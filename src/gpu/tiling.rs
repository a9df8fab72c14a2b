//! How rows and features are cut up so that no binding passes the device's limits. Pure arithmetic:
//! changes no result.
//!
//! Rows are cut into shards: every array by row is one buffer a shard. Features are cut into tiles:
//! planes of bins (4 codes of 8 bits or 2 of 16 a row and plane), and the histograms over them, are
//! one buffer a tile. Nodes are cut into batches.

use crate::backend::problem::Problem;
use crate::binning::codes::BinColumn;
use crate::fixed::quantiser::SumWidth;
use crate::gpu::layout::{Feature, JOB_PLANES, Job, JobSlot, LOCAL_WORDS, NARROW_WORDS, WIDE_WORDS};

/// Slots of a plane in a job.
const PLANE_SLOTS: usize = 4;
/// Most copies of a feature's bins in workgroup memory.
const MOST_COPIES: u32 = 16;
/// The most workgroups of a dispatch in one direction, by WebGPU's default.
pub const MOST_GROUPS: u32 = 65_535;

/// A run of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Number of its first row, from 0.
    pub first_row: usize,
    /// Number of rows; at most the stride.
    pub rows: usize,
}

/// A run of features, in device order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tile {
    /// Its first feature, in device order.
    pub first_feature: usize,
    /// Number of features, which follow each other.
    pub features: usize,
    /// Planes of packed codes: one word per row and plane.
    pub planes: usize,
    /// Bins of all its features together: those of one node's histogram.
    pub bins: usize,
    /// Index of its first histogram job.
    pub first_job: usize,
    /// Number of histogram jobs, which follow each other.
    pub jobs: usize,
}

/// What the cutting must respect.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most bytes of a binding.
    pub binding: u64,
    /// The most bytes of one tile's planes, histograms or values, and of an array by row; at most
    /// `binding`.
    pub tile: u64,
    /// The most bytes of all histograms together.
    pub histograms: u64,
}

/// The cut.
#[derive(Clone, Debug, Default)]
pub struct Tiling {
    /// Shards of the training rows, ascending.
    pub shards: Vec<Shard>,
    /// Rows from one plane, class or feature to the next, in every shard.
    pub stride: usize,
    /// Tiles of the features, in device order.
    pub tiles: Vec<Tile>,
    /// The features in device order.
    pub features: Vec<Feature>,
    /// Device order of every feature.
    pub ordinals: Vec<u32>,
    /// Histogram jobs of all tiles, by tile.
    pub jobs: Vec<Job>,
    /// Slots of all jobs, 8 per job (`PLANE_SLOTS x JOB_PLANES`).
    pub slots: Vec<JobSlot>,
    /// The most bytes of a tile.
    pub tile_bytes: u64,
    /// Words per bin of a histogram: `NARROW_WORDS` or `WIDE_WORDS`.
    pub bin_words: u32,
    /// Nodes that the histograms hold at a time.
    pub batch_nodes: usize,
    /// Most nodes of a level, by depth.
    pub level_nodes: Vec<usize>,
    /// Most nodes of a tree, over all its levels; at least 1.
    pub nodes: usize,
}

/// Cuts rows so that `bytes_a_row` of each fit.
#[must_use]
pub fn shards(rows: usize, bytes_a_row: u64, bytes: u64) -> (Vec<Shard>, usize) {
    // Strides are multiples of 64 rows: 256 bytes of words.
    let fit = ((bytes / bytes_a_row.max(1)) as usize / 64 * 64).max(64);
    let count = rows.div_ceil(fit).max(1);
    let stride = rows.div_ceil(count).div_ceil(64) * 64;
    let shards = (0..rows).step_by(stride).map(|first_row| Shard { first_row, rows: stride.min(rows - first_row) });
    (shards.collect(), stride)
}

/// One plane before it has a tile: its features and the bits of their codes.
struct Plane {
    features: Vec<u32>,
    width: u32,
}

impl Tiling {
    /// Cuts a problem whose trees have at most `max_depth` levels below the root.
    #[must_use]
    pub fn new(problem: &Problem<'_>, max_depth: u32, bounds: Bounds) -> Self {
        let wide = problem.width == SumWidth::Wide;
        let bin_words = if wide { WIDE_WORDS } else { NARROW_WORDS };
        let classes = problem.classes as u64;
        let pair_bytes = super::widths::pair_bytes(problem);
        let (shards, stride) = shards(problem.rows(), (classes * pair_bytes).max(8), bounds.tile);
        let mut tiling = Self {
            shards,
            stride,
            tile_bytes: bounds.tile,
            bin_words,
            ordinals: vec![0; problem.matrix.features()],
            ..Self::default()
        };
        for plane in planes(problem) {
            tiling.add_plane(problem, &plane, bounds);
        }
        for tile in 0..tiling.tiles.len() {
            tiling.add_jobs(tile);
        }
        tiling.count_nodes(problem.rows(), max_depth);
        tiling.fit_batches(bounds);
        tiling
    }

    /// Puts a plane into the last tile, or into a new one.
    fn add_plane(&mut self, problem: &Problem<'_>, plane: &Plane, bounds: Bounds) {
        let bins: usize = plane.features.iter().map(|&f| problem.matrix.cuts[f as usize].bins()).sum();
        let fits = self.tiles.last().is_some_and(|tile| {
            (tile.planes + 1) as u64 * self.stride as u64 * 4 <= bounds.tile
                && (tile.bins + bins) as u64 * u64::from(self.bin_words) * 4 <= bounds.tile
                && tile.features + plane.features.len() <= MOST_GROUPS as usize
        });
        if !fits {
            self.tiles.push(Tile { first_feature: self.features.len(), ..Tile::default() });
        }
        let number = self.tiles.len() - 1;
        let tile = &mut self.tiles[number];
        for (position, &feature) in plane.features.iter().enumerate() {
            let cuts = &problem.matrix.cuts[feature as usize];
            self.ordinals[feature as usize] = self.features.len() as u32;
            self.features.push(Feature {
                feature,
                bins: cuts.bins() as u32,
                has_missing: u32::from(cuts.has_missing),
                tile: number as u32,
                plane: tile.planes as u32,
                shift: position as u32 * plane.width,
                mask: (1 << plane.width) - 1,
                first_bin: tile.bins as u32,
            });
            tile.bins += cuts.bins();
            tile.features += 1;
        }
        tile.planes += 1;
    }

    /// Makes the histogram jobs of a tile: as many planes a job as workgroup memory holds.
    fn add_jobs(&mut self, tile: usize) {
        let capacity = LOCAL_WORDS / self.bin_words;
        let most_planes = (JOB_PLANES * NARROW_WORDS / self.bin_words).max(1) as usize;
        let Tile { first_feature, features, planes, .. } = self.tiles[tile];
        let features = self.features[first_feature..first_feature + features].to_vec();
        let of_plane = |plane: usize| -> Vec<Feature> {
            features.iter().filter(|feature| feature.plane as usize == plane).copied().collect()
        };
        self.tiles[tile].first_job = self.jobs.len();
        let bins = |features: &[Feature]| features.iter().map(|feature| feature.bins).sum::<u32>();
        let mut plane = 0;
        while plane < planes {
            let first = of_plane(plane);
            if bins(&first) > capacity {
                // One job a feature; a feature that is too large by itself goes to the global
                // histogram at once.
                for feature in &first {
                    self.add_job(&[vec![*feature]], capacity);
                }
                plane += 1;
                continue;
            }
            let mut group = vec![first];
            while group.len() < most_planes && plane + group.len() < planes {
                let next = of_plane(plane + group.len());
                let same_width = next[0].mask == group[0][0].mask;
                if !same_width || group.iter().map(|plane| bins(plane)).sum::<u32>() + bins(&next) > capacity {
                    break;
                }
                group.push(next);
            }
            plane += group.len();
            self.add_job(&group, capacity);
        }
        self.tiles[tile].jobs = self.jobs.len() - self.tiles[tile].first_job;
    }

    /// Adds a job of consecutive planes.
    fn add_job(&mut self, planes: &[Vec<Feature>], capacity: u32) {
        let features = planes.iter().flatten();
        let mut taken: u32 = features.clone().map(|feature| feature.bins).sum();
        let direct = taken > capacity;
        let budget = capacity / features.count() as u32;
        let first = planes[0][0];
        let slot = self.slots.len();
        self.slots.resize(slot + PLANE_SLOTS * JOB_PLANES as usize, JobSlot::default());
        let width = if first.mask == 0xff { 8 } else { 16 };
        let mut local = 0;
        for (number, plane) in planes.iter().enumerate() {
            for feature in plane {
                let mut copies = 1;
                let more = |copies: u32| 2 * copies <= MOST_COPIES && 2 * copies * feature.bins.max(1) <= budget;
                // A feature above its share leaves less for the others.
                while !direct && more(copies) && taken + copies * feature.bins <= capacity {
                    taken += copies * feature.bins;
                    copies *= 2;
                }
                self.slots[slot + number * PLANE_SLOTS + (feature.shift / width) as usize] = JobSlot {
                    bins: feature.bins,
                    copies: copies - 1,
                    local,
                    first_bin: feature.first_bin,
                    feature: feature.feature,
                };
                local += copies * feature.bins;
            }
        }
        self.jobs.push(Job {
            plane: first.plane,
            planes: planes.len() as u32,
            width,
            slot: slot as u32,
            direct: u32::from(direct),
            local_bins: if direct { 0 } else { local },
        });
    }

    /// Bounds the nodes of levels and trees: a level has at most one node a row.
    fn count_nodes(&mut self, rows: usize, max_depth: u32) {
        self.level_nodes = (0..=max_depth).map(|depth| (1_usize << depth.min(40)).min(rows.max(1))).collect();
        self.nodes = self.level_nodes.iter().sum::<usize>().min(2 * rows.max(1) - 1).max(1);
    }

    /// Finds how many nodes the histograms can hold.
    fn fit_batches(&mut self, bounds: Bounds) {
        let bytes = |bins: usize| (bins as u64 * u64::from(self.bin_words) * 4).max(1);
        let all: usize = self.tiles.iter().map(|tile| tile.bins).sum();
        let largest = self.tiles.iter().map(|tile| tile.bins).max().unwrap_or(0);
        let levels = self.level_nodes.len();
        // The deepest level is not searched.
        let most = self.level_nodes[levels.saturating_sub(2)];
        let fit = (bounds.histograms / 2 / bytes(all))
            .min(bounds.tile / bytes(largest))
            .min(bounds.binding / (super::widths::CANDIDATE_BYTES * self.features.len().max(1) as u64))
            .min(u64::from(MOST_GROUPS - 1));
        self.batch_nodes = (fit.max(1) as usize).min(most.max(1));
    }

    /// Whether all nodes of a level fit, so that the larger siblings can be derived in the next
    /// one.
    #[must_use]
    pub fn level_fits(&self, depth: usize) -> bool {
        self.level_nodes[depth] <= self.batch_nodes
    }
}

/// The planes of all features: four of 8 bits each, then two of 16 bits each.
fn planes(problem: &Problem<'_>) -> Vec<Plane> {
    let of = |width: u32, wanted: fn(&BinColumn) -> bool| {
        let features: Vec<u32> = (0..problem.matrix.features() as u32)
            .filter(|&feature| wanted(&problem.matrix.columns[feature as usize]))
            .collect();
        features
            .chunks(32 / width as usize)
            .map(|features| Plane { features: features.to_vec(), width })
            .collect::<Vec<_>>()
    };
    let mut planes = of(8, |column| matches!(column, BinColumn::Bytes(_)));
    planes.extend(of(16, |column| matches!(column, BinColumn::Words(_))));
    planes
}
