//! Kernel `histogram`: sums of quantised pairs by (node, feature, bin).
//!
//! IN: bins, quantised pairs, the rows of every node of a level. OUT: the level's histograms. Of two siblings only the one with
//! fewer rows is summed; the other is the parent less it. Of a listed feature all codes but one are summed; that one's sums are the
//! node's less the others. Deterministic: integer sums, so order and grouping do not matter.

use super::chunk::RowChunk;
use super::prefetch::{prefetch, read_lines};
use crate::backend::{GrownNode, NodeBatch};
use crate::binning::BinnedMatrix;
use crate::binning::lists::{ListedFeature, Reading, RowLists, of_column};
use crate::binning::matrix::{Codes, RowBlock};
use crate::fixed::quantiser::{PairSum, QuantisedPair};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// Sums of every feature of a row block: one for each code of a byte, so that no code can be out of range, and a few more, so
/// that features do not lie at distances of 2048 bytes: a processor compares only the lowest 12 bits of an address when
/// it looks whether a value that it is about to read is still being written. Features of 16 bins took 2.3 times as long so.
const CODES: usize = 272;

/// With so many families for every thread they are shared out whole; fewer would differ too much in their rows.
const FAMILIES_A_THREAD: usize = 16;

/// So many rows before its turn a row is asked for.
const AHEAD: usize = 12;

/// A chunk is read once from end to end before so many nodes are summed: the rows of fewer lie close enough together to be fetched
/// well as they are.
const WARM_NODES: usize = 3;

/// And only if the nodes have so many of its rows on average: smaller ones have too few for what reading all costs.
const WARM_ROWS: usize = 1024;

/// Codes of a row that are loaded at once.
const WORD: usize = size_of::<u32>();

/// The sum of one bin, in the width of the training.
pub trait BinSum: Copy + Default + Send + Sync + 'static {
    /// Adds one row.
    fn add(&mut self, pair: QuantisedPair);
    /// Adds another sum.
    fn merge(&mut self, other: Self);
    /// The sum less a part of it.
    #[must_use]
    fn less(self, part: Self) -> Self;
    /// From 64-bit sums that are within the width.
    fn of(sum: PairSum) -> Self;
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
    fn of(sum: PairSum) -> Self {
        Self(QuantisedPair::new(sum.g as i32, sum.h as u32).0)
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
    fn of(sum: PairSum) -> Self {
        Self(sum)
    }
    #[inline]
    fn sum(self) -> PairSum {
        self.0
    }
}

/// The histograms of a batch of nodes, and those of the level above, in groups of features that are summed together: the row
/// blocks of the matrix, then every feature of more than 256 codes by itself.
#[derive(Debug)]
pub struct Histograms<S> {
    groups: Vec<Group<S>>,
    /// Where each feature's sums are: the group, and the place within a node.
    places: Vec<(usize, Range<usize>)>,
    above_complete: bool,
    current_complete: bool,
}

/// The sums of a group of features.
#[derive(Debug)]
struct Group<S> {
    /// Sums of one node; the parts of them that a feature has a code for.
    length: usize,
    used: Vec<Range<usize>>,
    /// The batch: `nodes x length`.
    current: Vec<S>,
    /// The level above, if it was searched as one batch.
    above: Vec<S>,
    /// One more set for every part of the rows that is summed on its own.
    parts: Vec<Vec<S>>,
}

impl<S> Group<S> {
    fn new(length: usize, used: Vec<Range<usize>>) -> Self {
        Self { length, used, current: Vec::new(), above: Vec::new(), parts: Vec::new() }
    }
}

impl<S: BinSum> Histograms<S> {
    /// Empty histograms for a matrix.
    #[must_use]
    pub fn new(matrix: &BinnedMatrix) -> Self {
        let mut places = vec![(0, 0..0); matrix.features()];
        let mut groups = Vec::new();
        for block in &matrix.blocks {
            let used = (0..)
                .step_by(CODES)
                .zip(&block.features)
                .map(|(start, &feature)| start..start + matrix.cuts[feature as usize].codes());
            let group = Group::new(CODES * block.features.len(), used.collect());
            for (&feature, used) in block.features.iter().zip(&group.used) {
                places[feature as usize] = (groups.len(), used.clone());
            }
            groups.push(group);
        }
        for lists in &matrix.lists {
            for listed in &lists.features {
                places[listed.feature as usize] = (groups.len(), listed.sums.clone());
            }
            let used = lists.features.iter().map(|listed| listed.sums.clone());
            groups.push(Group::new(lists.sums(), used.collect()));
        }
        for &feature in &matrix.by_column {
            let codes = matrix.cuts[feature as usize].codes();
            places[feature as usize] = (groups.len(), 0..codes);
            groups.push(Group::new(codes, std::iter::once(0..codes).collect()));
        }
        Self { groups, places, above_complete: false, current_complete: false }
    }

    /// Groups the nodes of a level: all at once with subtraction if two levels fit into `bytes`, otherwise as many as fit.
    pub fn batches(&self, nodes: usize, bytes: usize) -> Vec<NodeBatch> {
        let length: usize = self.groups.iter().map(|group| group.length).sum();
        let node_bytes = (length * size_of::<S>()).max(1);
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
        for group in &mut self.groups {
            std::mem::swap(&mut group.current, &mut group.above);
        }
        self.above_complete = std::mem::take(&mut self.current_complete);
    }

    /// The bins of one feature of the batch's node at `position`.
    #[must_use]
    pub fn feature(&self, position: usize, feature: u32) -> &[S] {
        let (group, place) = &self.places[feature as usize];
        let group = &self.groups[*group];
        &group.current[position * group.length..][place.clone()]
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
    /// All nodes of the tree, with their sums.
    pub nodes: &'a [GrownNode],
    /// The nodes of the level; siblings follow each other.
    pub level: Range<usize>,
    /// The position in the level above of the parent of each pair of siblings.
    pub parents: &'a [usize],
    /// Which of them.
    pub batch: &'a NodeBatch,
    /// Whether to use more than one thread.
    pub parallel: bool,
}

/// The codes that a group of features is summed from.
#[derive(Debug)]
enum Source<'a> {
    /// All features of a row block.
    Block(&'a RowBlock),
    /// Those at some positions of a row block.
    Positions(&'a RowBlock, Vec<usize>),
    /// Lists, of which the features at some positions are wanted.
    Lists(&'a RowLists, Vec<usize>),
    /// Columns, and where in the group their sums are.
    Columns(Vec<(Range<usize>, Codes<'a>)>),
}

impl<'a> Source<'a> {
    /// One a group of [`Histograms`]; none for groups that the tree has no feature of.
    fn all(task: &Task<'a>) -> Vec<Option<Self>> {
        let matrix = task.matrix;
        let drawn = |feature: u32| task.features.binary_search(&feature).is_ok();
        let blocks = matrix.blocks.iter().map(|block| {
            let positions: Vec<usize> =
                (0..block.features.len()).filter(|&position| drawn(block.features[position])).collect();
            match positions.len() {
                0 => None,
                all if all == block.features.len() => Some(Self::Block(block)),
                _ => Some(Self::Positions(block, positions)),
            }
        });
        let lists = matrix.lists.iter().map(|lists| match lists.reading(task.features) {
            Reading::Nothing => None,
            Reading::Lists(positions) => Some(Self::Lists(lists, positions)),
            Reading::Columns(positions) => {
                let column = |listed: &ListedFeature| (listed.sums.clone(), matrix.codes(listed.feature as usize));
                Some(Self::Columns(positions.iter().map(|&position| column(&lists.features[position])).collect()))
            }
        });
        let columns = matrix.by_column.iter().map(|&feature| {
            let sums = 0..matrix.cuts[feature as usize].codes();
            drawn(feature).then(|| Self::Columns(vec![(sums, matrix.codes(feature as usize))]))
        });
        blocks.chain(lists).chain(columns).collect()
    }

    /// Where in the group the sums of the wanted features are, if `used` says so of all its features.
    fn wanted<'u>(&self, used: &'u [Range<usize>]) -> Cow<'u, [Range<usize>]> {
        match self {
            Self::Block(_) => Cow::Borrowed(used),
            Self::Positions(_, positions) | Self::Lists(_, positions) => {
                Cow::Owned(positions.iter().map(|&position| used[position].clone()).collect())
            }
            Self::Columns(columns) => Cow::Owned(columns.iter().map(|(sums, _)| sums.clone()).collect()),
        }
    }

    /// Reads a chunk's codes and pairs once in the order of memory, if that pays, so that they are fetched at full speed and found in the
    /// cache when they are gathered node by node.
    fn warm(&self, chunk: &RowChunk, nodes: impl ExactSizeIterator<Item = usize>, quantised: &[QuantisedPair]) {
        let count = nodes.len();
        if count < WARM_NODES || nodes.map(|node| chunk.ranges[node].len()).sum::<usize>() < count * WARM_ROWS {
            return;
        }
        match self {
            Self::Block(block) => {
                let width = block.features.len();
                read_lines(&block.codes[chunk.first_row * width..][..chunk.rows() * width]);
            }
            Self::Lists(lists, _) => {
                let starts = &lists.starts[chunk.first_row..=chunk.first_row + chunk.rows()];
                read_lines(starts);
                read_lines(&lists.entries[starts[0] as usize..starts[chunk.rows()] as usize]);
            }
            Self::Positions(..) | Self::Columns(_) => return,
        }
        read_lines(&quantised[chunk.first_row..][..chunk.rows()]);
    }

    /// Adds a chunk's rows of a node to the node's sums.
    fn sum<S: BinSum>(&self, chunk: &RowChunk, node: usize, quantised: &[QuantisedPair], sums: &mut [S]) {
        let rows = chunk.node_rows(node);
        let quantised = &quantised[chunk.first_row..][..chunk.rows()];
        match self {
            // A code is a byte and a feature has more sums than a byte has values, so nothing is checked in the inner loop.
            Self::Block(block) => {
                let (sums, _) = sums.as_chunks_mut::<CODES>();
                let (words, rest) = sums.split_at_mut(sums.len() / WORD * WORD);
                let (words, _) = words.as_chunks_mut::<WORD>();
                each_row(rows, block, chunk, quantised, |codes, pair| {
                    // A processor that reads a code and a sum and writes the sum in every cycle has no room for more, so
                    // four codes are read as one.
                    let (code_words, code_rest) = codes.as_chunks::<WORD>();
                    for (sums, codes) in words.iter_mut().zip(code_words) {
                        let codes = u32::from_le_bytes(*codes);
                        for (place, sums) in sums.iter_mut().enumerate() {
                            sums[usize::from((codes >> (8 * place)) as u8)].add(pair);
                        }
                    }
                    rest.iter_mut().zip(code_rest).for_each(|(sums, &code)| sums[usize::from(code)].add(pair));
                });
            }
            Self::Positions(block, positions) => {
                let (sums, _) = sums.as_chunks_mut::<CODES>();
                each_row(rows, block, chunk, quantised, |codes, pair| {
                    positions.iter().for_each(|&at| sums[at][usize::from(codes[at])].add(pair));
                });
            }
            Self::Lists(lists, _) => {
                each_list(rows, lists, chunk, quantised, |entries, pair| {
                    entries.iter().for_each(|&entry| sums[usize::from(entry)].add(pair));
                });
            }
            Self::Columns(columns) => {
                for (place, codes) in columns {
                    let sums = &mut sums[place.clone()];
                    of_column!(*codes, codes => {
                        let codes = &codes[chunk.first_row..][..chunk.rows()];
                        for row in rows.iter().map(|&row| usize::from(row)) {
                            sums[usize::from(codes[row])].add(quantised[row]);
                        }
                    });
                }
            }
        }
    }
}

/// THE hot loop: hands every row's codes of the block and its pair to `add`.
#[inline]
fn each_row(
    rows: &[u16],
    block: &RowBlock,
    chunk: &RowChunk,
    quantised: &[QuantisedPair],
    mut add: impl FnMut(&[u8], QuantisedPair),
) {
    let width = block.features.len();
    let codes = &block.codes[chunk.first_row * width..][..chunk.rows() * width];
    for (index, &row) in rows.iter().enumerate() {
        if let Some(&ahead) = rows.get(index + AHEAD) {
            prefetch(codes, usize::from(ahead) * width);
            prefetch(quantised, usize::from(ahead));
        }
        let row = usize::from(row);
        add(&codes[row * width..][..width], quantised[row]);
    }
}

/// The same of lists: hands every row's entries of the block and its pair to `add`.
#[inline]
fn each_list(
    rows: &[u16],
    lists: &RowLists,
    chunk: &RowChunk,
    quantised: &[QuantisedPair],
    mut add: impl FnMut(&[u16], QuantisedPair),
) {
    /// Entries of a cache line.
    const LINE: usize = 32;
    let starts = &lists.starts[chunk.first_row..=chunk.first_row + chunk.rows()];
    for (index, &row) in rows.iter().enumerate() {
        // A list can only be asked for when its start is there, which is asked for first.
        if let Some(&ahead) = rows.get(index + 2 * AHEAD) {
            prefetch(starts, usize::from(ahead));
            prefetch(quantised, usize::from(ahead));
        }
        if let Some(&ahead) = rows.get(index + AHEAD) {
            let start = starts[usize::from(ahead)] as usize;
            prefetch(&lists.entries, start);
            prefetch(&lists.entries, start + LINE);
        }
        let row = usize::from(row);
        add(&lists.entries[starts[row] as usize..starts[row + 1] as usize], quantised[row]);
    }
}

/// A node that is summed from its rows, and its larger sibling that follows from it.
struct Family<'s, S> {
    node: usize,
    sums: &'s mut [S],
    /// The sibling's sums, and those of the parent.
    sibling: Option<(&'s mut [S], &'s [S])>,
}

impl<S: BinSum> Family<'_, S> {
    /// Adds what follows from other sums to those that were summed from rows.
    fn complete(&mut self, task: &Task<'_>, source: &Source<'_>, wanted: &[Range<usize>]) {
        if let Source::Lists(lists, positions) = source {
            let node = S::of(task.nodes[self.node].sums);
            for &position in positions {
                let listed = &lists.features[position];
                // The node's sums less those of the other codes; its own are still 0.
                let sums = &mut self.sums[listed.sums.clone()];
                let mut others = S::default();
                sums.iter().for_each(|&sum| others.merge(sum));
                sums[usize::from(listed.frequent)] = node.less(others);
            }
        }
        self.derive(wanted);
    }

    /// The parent's sums less the node's are the sibling's.
    fn derive(&mut self, wanted: &[Range<usize>]) {
        let Some((sibling, parent)) = &mut self.sibling else { return };
        for wanted in wanted {
            let parts = sibling[wanted.clone()].iter_mut().zip(&parent[wanted.clone()]).zip(&self.sums[wanted.clone()]);
            parts.for_each(|((sibling, &parent), &sum)| *sibling = parent.less(sum));
        }
    }
}

/// Builds the histograms of the batch.
pub fn run<S: BinSum>(task: &Task<'_>, histograms: &mut Histograms<S>) {
    histograms.current_complete = task.batch.nodes.len() == task.level.len();
    let sources = Source::all(task);
    let work: Vec<_> = histograms
        .groups
        .iter_mut()
        .zip(&sources)
        .filter_map(|(group, source)| Some((group, source.as_ref()?)))
        .collect();
    // With many groups every thread has enough of its own; otherwise the threads share the nodes or the rows of each.
    if task.parallel && work.len() >= 2 * rayon::current_num_threads() {
        work.into_par_iter().with_max_len(1).for_each(|(group, source)| group.build(task, source, Threads::One));
    } else {
        let threads = if task.parallel { Threads::All } else { Threads::One };
        work.into_iter().for_each(|(group, source)| group.build(task, source, threads));
    }
}

/// Who works on a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Threads {
    One,
    All,
}

impl<S: BinSum> Group<S> {
    fn build(&mut self, task: &Task<'_>, source: &Source<'_>, threads: Threads) {
        let Self { length, used, current, above, parts } = self;
        // What an earlier level left is overwritten by `derive` or cleared here, node by node.
        let mut families = families(task, *length, at_least(current, task.batch.nodes.len() * *length), above);
        let wanted = source.wanted(used);
        // Lists are summed whole.
        let summed = if matches!(source, Source::Lists(..)) { used.as_slice() } else { &wanted };
        let clear = |sums: &mut [S]| summed.iter().for_each(|summed| sums[summed.clone()].fill(S::default()));
        // Chunk by chunk, since neighbouring rows share cache lines whatever their nodes.
        let whole = |families: &mut [Family<'_, S>]| {
            families.iter_mut().for_each(|family| clear(family.sums));
            for chunk in task.chunks {
                source.warm(chunk, families.iter().map(|family| family.node), task.quantised);
                families.iter_mut().for_each(|family| source.sum(chunk, family.node, task.quantised, family.sums));
            }
            families.iter_mut().for_each(|family| family.complete(task, source, &wanted));
        };
        let all = rayon::current_num_threads();
        if threads == Threads::One {
            whole(&mut families);
        } else if families.len() >= FAMILIES_A_THREAD * all {
            let share = families.len().div_ceil(4 * all);
            families.par_chunks_mut(share).for_each(whole);
        } else {
            parts.resize_with(all, Vec::new);
            let share = task.chunks.len().div_ceil(all);
            let nodes: Vec<usize> = families.iter().map(|family| family.node).collect();
            parts.par_iter_mut().zip(task.chunks.par_chunks(share)).for_each(|(part, chunks)| {
                let part = at_least(part, nodes.len() * *length);
                part.chunks_exact_mut(*length).for_each(clear);
                for chunk in chunks {
                    source.warm(chunk, nodes.iter().copied(), task.quantised);
                    for (&node, sums) in nodes.iter().zip(part.chunks_exact_mut(*length)) {
                        source.sum(chunk, node, task.quantised, sums);
                    }
                }
            });
            let filled = &parts[..task.chunks.len().div_ceil(share)];
            families.par_iter_mut().enumerate().for_each(|(number, family)| {
                for wanted in wanted.iter() {
                    family.sums[wanted.clone()].fill(S::default());
                    for part in filled {
                        let part = &part[number * *length..][wanted.clone()];
                        family.sums[wanted.clone()].iter_mut().zip(part).for_each(|(sum, &other)| sum.merge(other));
                    }
                }
                family.complete(task, source, &wanted);
            });
        }
    }
}

/// The first sums of a buffer, which grows if it has fewer and never shrinks: to fill it anew for every level would cost more than to clear
/// what is used.
fn at_least<S: BinSum>(sums: &mut Vec<S>, length: usize) -> &mut [S] {
    if sums.len() < length {
        sums.resize(length, S::default());
    }
    &mut sums[..length]
}

/// The families of a batch: pairs of siblings where the larger one is derived, otherwise every node by itself.
fn families<'s, S>(task: &Task<'_>, length: usize, current: &'s mut [S], above: &'s [S]) -> Vec<Family<'s, S>> {
    if length == 0 {
        return Vec::new();
    }
    let first = task.level.start + task.batch.nodes.start;
    if !task.batch.subtract {
        let alone = |(position, sums)| Family { node: first + position, sums, sibling: None };
        return current.chunks_exact_mut(length).enumerate().map(alone).collect();
    }
    let rows = |node: usize| -> usize { task.chunks.iter().map(|chunk| chunk.ranges[node].len()).sum() };
    let pairs = current.chunks_exact_mut(2 * length).zip(task.parents).enumerate();
    pairs
        .map(|(pair, (siblings, &parent))| {
            let (left, right) = siblings.split_at_mut(length);
            let node = first + 2 * pair;
            let parent = &above[parent * length..][..length];
            if rows(node) <= rows(node + 1) {
                Family { node, sums: left, sibling: Some((right, parent)) }
            } else {
                Family { node: node + 1, sums: right, sibling: Some((left, parent)) }
            }
        })
        .collect()
}
