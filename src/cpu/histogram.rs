//! Kernel `histogram`: sums of quantised pairs by (node, feature, bin).
//!
//! IN: bins, quantised pairs, the rows of every node of a level. OUT: the level's histograms. Of two siblings only the one with
//! fewer rows is summed; the other is the parent less it. Deterministic: integer sums, so order and grouping do not matter.

use super::chunk::RowChunk;
use crate::backend::NodeBatch;
use crate::binning::BinnedMatrix;
use crate::binning::matrix::{BinBlock, BinCode, Place};
use crate::fixed::quantiser::{PairSum, QuantisedPair};
use rayon::prelude::*;
use std::ops::Range;

/// Features summed in one pass over a node's rows: as many histograms of 256 bins as the second-level cache holds beside the rows.
const BLOCK: usize = 32;

/// The sum of one bin, in the width of the training.
pub trait BinSum: Copy + Default + Send + Sync + 'static {
    /// Adds one row.
    fn add(&mut self, pair: QuantisedPair);
    /// Adds another sum.
    fn merge(&mut self, other: Self);
    /// The sum less a part of it.
    #[must_use]
    fn less(self, part: Self) -> Self;
    /// As 64-bit sums.
    fn sum(self) -> PairSum;
}

/// Narrow: gradient and hessian packed as in [`QuantisedPair`].
#[derive(Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct PackedSum(u64);

impl BinSum for PackedSum {
    #[inline]
    fn add(&mut self, pair: QuantisedPair) {
        self.0 = self.0.wrapping_add(pair.0);
    }
    #[inline]
    fn merge(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
    #[inline]
    fn less(self, part: Self) -> Self {
        Self(self.0.wrapping_sub(part.0))
    }
    #[inline]
    fn sum(self) -> PairSum {
        QuantisedPair(self.0).widen()
    }
}

/// Wide: 64 bits each.
#[derive(Clone, Copy, Debug, Default)]
pub struct WideSum(PairSum);

impl BinSum for WideSum {
    #[inline]
    fn add(&mut self, pair: QuantisedPair) {
        self.0 = self.0.plus(pair.widen());
    }
    #[inline]
    fn merge(&mut self, other: Self) {
        self.0 = self.0.plus(other.0);
    }
    #[inline]
    fn less(self, part: Self) -> Self {
        Self(self.0.minus(part.0))
    }
    #[inline]
    fn sum(self) -> PairSum {
        self.0
    }
}

/// The histograms of a batch of nodes, and those of the level above.
#[derive(Debug)]
pub struct Histograms<S> {
    /// Where each feature's bins begin within a node's histogram; the last entry is the length of a node.
    pub offsets: Vec<usize>,
    /// The batch: `nodes x offsets.last()`.
    current: Vec<S>,
    /// The level above, if it was searched as one batch.
    above: Vec<S>,
    above_complete: bool,
    current_complete: bool,
    /// One more set for every part of the rows that is summed on its own.
    parts: Vec<Vec<S>>,
}

impl<S: BinSum> Histograms<S> {
    /// Empty histograms for a matrix.
    #[must_use]
    pub fn new(matrix: &BinnedMatrix) -> Self {
        let mut offsets = vec![0];
        let mut end = 0;
        for cuts in &matrix.cuts {
            end += cuts.codes();
            offsets.push(end);
        }
        Self {
            offsets,
            current: Vec::new(),
            above: Vec::new(),
            above_complete: false,
            current_complete: false,
            parts: Vec::new(),
        }
    }

    fn node_length(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Groups the nodes of a level: all at once with subtraction if two levels fit into `bytes`, otherwise as many as fit.
    pub fn batches(&self, nodes: usize, bytes: usize) -> Vec<NodeBatch> {
        let node_bytes = (self.node_length() * size_of::<S>()).max(1);
        if 2 * nodes * node_bytes <= bytes {
            return vec![NodeBatch { nodes: 0..nodes, subtract: nodes > 1 && self.above_complete }];
        }
        let fit = (bytes / node_bytes).max(1);
        (0..nodes)
            .step_by(fit)
            .map(|start| NodeBatch { nodes: start..nodes.min(start + fit), subtract: false })
            .collect()
    }

    /// Makes the current level the one above.
    pub fn next_level(&mut self) {
        std::mem::swap(&mut self.current, &mut self.above);
        self.above_complete = std::mem::take(&mut self.current_complete);
    }

    /// The bins of one feature of the batch's node at `position`.
    #[must_use]
    pub fn feature(&self, position: usize, feature: u32) -> &[S] {
        let start = position * self.node_length();
        &self.current[start + self.offsets[feature as usize]..start + self.offsets[feature as usize + 1]]
    }
}

/// What to build.
#[derive(Debug)]
pub struct Task<'a> {
    /// The bins.
    pub matrix: &'a BinnedMatrix,
    /// The features of the tree, ascending.
    pub features: &'a [u32],
    /// The rows.
    pub chunks: &'a [RowChunk],
    /// The pairs.
    pub quantised: &'a [QuantisedPair],
    /// The nodes of the level; siblings follow each other.
    pub level: Range<usize>,
    /// The position in the level above of the parent of each pair of siblings.
    pub parents: &'a [usize],
    /// Which of them.
    pub batch: &'a NodeBatch,
    /// Whether to use more than one thread.
    pub parallel: bool,
}

/// A node to be summed from its rows: its position in the batch and its index in the tree.
type Built = (usize, usize);

/// A feature's position in its block of bins, and where its sums begin in a node's histogram.
type Slot = (usize, usize);

/// The features of a tree in groups of [`BLOCK`].
#[derive(Debug)]
struct Blocks<'a> {
    bytes: (&'a BinBlock<u8>, Vec<Slot>),
    words: (&'a BinBlock<u16>, Vec<Slot>),
}

impl<'a> Blocks<'a> {
    fn new(task: &Task<'a>, offsets: &[usize]) -> Self {
        let (mut bytes, mut words) = (Vec::new(), Vec::new());
        for &feature in task.features {
            let offset = offsets[feature as usize];
            match task.matrix.places[feature as usize] {
                Place::Byte(position) => bytes.push((position, offset)),
                Place::Word(position) => words.push((position, offset)),
            }
        }
        Self { bytes: (&task.matrix.bytes, bytes), words: (&task.matrix.words, words) }
    }
}

/// Adds the rows of every node to its histogram, which begins at `start(node)` in `sums`.
fn sum_rows<S: BinSum>(
    task: &Task<'_>,
    blocks: &Blocks<'_>,
    chunks: &[RowChunk],
    built: &[Built],
    sums: &mut [S],
    start: impl Fn(&Built) -> usize,
) {
    for chunk in chunks {
        for built in built {
            let rows = chunk.node_rows(built.1);
            let sums = &mut sums[start(built)..];
            sum_block(&blocks.bytes, chunk, rows, task.quantised, sums);
            sum_block(&blocks.words, chunk, rows, task.quantised, sums);
        }
    }
}

fn sum_block<T: BinCode, S: BinSum>(
    (block, slots): &(&BinBlock<T>, Vec<Slot>),
    chunk: &RowChunk,
    rows: &[u16],
    quantised: &[QuantisedPair],
    sums: &mut [S],
) {
    for slots in slots.chunks(BLOCK) {
        for &row in rows {
            let row = chunk.first_row + usize::from(row);
            let pair = quantised[row];
            let codes = block.row(row);
            for &(position, offset) in slots {
                sums[offset + codes[position].index()].add(pair);
            }
        }
    }
}

/// Builds the histograms of the batch.
pub fn run<S: BinSum>(task: &Task<'_>, histograms: &mut Histograms<S>) {
    let length = histograms.node_length();
    let node = |position: usize| task.level.start + position;
    let rows = |position: usize| -> usize { task.chunks.iter().map(|chunk| chunk.ranges[node(position)].len()).sum() };
    let mut built: Vec<Built> = Vec::new();
    let mut derived: Vec<(usize, usize)> = Vec::new();
    if task.batch.subtract {
        for left in task.batch.nodes.clone().step_by(2) {
            let (small, large) = if rows(left) <= rows(left + 1) { (left, left + 1) } else { (left + 1, left) };
            built.push((small, node(small)));
            derived.push((large, small));
        }
    } else {
        built.extend(task.batch.nodes.clone().map(|position| (position - task.batch.nodes.start, node(position))));
    }
    histograms.current.clear();
    histograms.current.resize(task.batch.nodes.len() * length, S::default());
    histograms.current_complete = task.batch.nodes.len() == task.level.len();
    if length == 0 {
        return;
    }

    let blocks = Blocks::new(task, &histograms.offsets);
    let parts = if task.parallel { task.chunks.len().min(rayon::current_num_threads()) } else { 1 };
    if parts == 1 {
        sum_rows(task, &blocks, task.chunks, &built, &mut histograms.current, |(position, _)| position * length);
    } else {
        sum_parts(task, &blocks, &built, histograms, parts);
    }
    subtract(task, histograms, &derived);
}

/// Sums the parts of the rows side by side, each into histograms of its own, and merges them.
fn sum_parts<S: BinSum>(
    task: &Task<'_>,
    blocks: &Blocks<'_>,
    built: &[Built],
    histograms: &mut Histograms<S>,
    parts: usize,
) {
    let length = histograms.node_length();
    let numbered: Vec<Built> = built.iter().enumerate().map(|(number, &(_, node))| (number, node)).collect();
    histograms.parts.resize_with(parts, Vec::new);
    let per_part = task.chunks.len().div_ceil(parts);
    histograms.parts.par_iter_mut().zip(task.chunks.par_chunks(per_part)).for_each(|(sums, chunks)| {
        sums.clear();
        sums.resize(built.len() * length, S::default());
        sum_rows(task, blocks, chunks, &numbered, sums, |(number, _)| number * length);
    });
    let filled = task.chunks.len().div_ceil(per_part);
    let (parts, current) = (&histograms.parts[..filled], &mut histograms.current);
    let mut targets: Vec<Option<&mut [S]>> = current.chunks_mut(length).map(Some).collect();
    let targets: Vec<(usize, &mut [S])> = built
        .iter()
        .enumerate()
        .filter_map(|(number, &(position, _))| Some((number, targets[position].take()?)))
        .collect();
    targets.into_par_iter().for_each(|(number, target)| {
        for part in parts {
            target.iter_mut().zip(&part[number * length..]).for_each(|(sum, &other)| sum.merge(other));
        }
    });
}

/// Derives the larger siblings: parent less the smaller one.
fn subtract<S: BinSum>(task: &Task<'_>, histograms: &mut Histograms<S>, derived: &[(usize, usize)]) {
    let length = histograms.node_length();
    let (current, above) = (&mut histograms.current, &histograms.above);
    let pairs = derived.len();
    let work = |(pair, (siblings, parent)): (usize, (&mut [S], &[S]))| {
        let (left, right) = siblings.split_at_mut(length);
        let (large, small) = if derived[pair].0.is_multiple_of(2) { (left, right) } else { (right, left) };
        large.iter_mut().zip(parent).zip(small).for_each(|((large, &parent), &mut small)| *large = parent.less(small));
    };
    if pairs == 0 {
        return;
    }
    let parents: Vec<&[S]> = task.parents.iter().map(|&parent| &above[parent * length..][..length]).collect();
    if task.parallel {
        current.par_chunks_mut(2 * length).zip(parents).enumerate().for_each(work);
    } else {
        current.chunks_mut(2 * length).zip(parents).enumerate().for_each(work);
    }
}
