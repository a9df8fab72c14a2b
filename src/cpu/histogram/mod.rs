//! Kernel `histogram`: sums of quantised pairs by (node, feature, bin).
//!
//! IN: bins, quantised pairs, the rows of every node of an expansion. OUT: their histograms. Of two
//! siblings only the one with fewer rows is summed; the other is the parent less it, in the
//! parent's place. Deterministic: integer sums, so order and grouping do not matter.

mod exchange;
mod slots;
mod source;
mod sum;

use super::chunk::RowChunk;
use crate::backend::{NodeBatch, Shard};
use crate::binning::BinnedMatrix;
use crate::binning::joint::JointBlock;
use crate::error::Result;
use crate::fixed::quantiser::QuantisedPair;
use crate::tree::grown::GrownNode;
use rayon::prelude::*;
use slots::Slots;
use source::Source;
use std::borrow::Cow;
use std::ops::Range;
pub use sum::{BinSum, PackedSum, WideSum};

/// Sums of every feature of a row block: one for each code of a byte, so that no code can be out of
/// range, and a few more, so that features do not lie at distances of 2048 bytes: a processor
/// compares only the lowest 12 bits of an address when it looks whether a value that it is about to
/// read is still being written. Features of 16 bins took 2.3 times as long so.
const CODES: usize = 272;

/// Clearing a part's sum of its own and adding it to the family's takes as long as adding so many
/// rows to a sum; so does clearing and deriving a sum of a family.
const SUM_COST: usize = 3;

/// Waking other threads takes as long as so many.
const WAKE_COST: usize = 1 << 14;

/// The histograms of a tree's nodes, in groups of features that are summed together: the row blocks
/// of the matrix, its lists, then every feature by itself that is in neither. A node has its
/// histogram from its search to that of its children.
#[derive(Debug)]
pub struct Histograms<S> {
    groups: Vec<Group<S>>,
    /// Where each feature's sums are: the group, and the place within a node.
    places: Vec<(usize, Range<usize>)>,
    slots: Slots,
    /// The most nodes that may have one.
    most: usize,
}

/// The sums of a group of features.
#[derive(Debug)]
struct Group<S> {
    /// Sums of one node; the parts of them that a feature has a code for.
    length: usize,
    used: Vec<Range<usize>>,
    /// `slots x length`.
    sums: Vec<S>,
    /// One more set for every part of the rows that is summed on its own.
    parts: Vec<Vec<S>>,
}

impl<S> Group<S> {
    fn new(length: usize, used: Vec<Range<usize>>) -> Self {
        Self { length, used, sums: Vec::new(), parts: Vec::new() }
    }
}

impl<S: BinSum> Histograms<S> {
    /// Makes empty histograms for a matrix, with room for as many nodes as fit into `bytes`, at
    /// least one.
    #[must_use]
    pub fn new(matrix: &BinnedMatrix, bytes: usize) -> Self {
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
        let length: usize = groups.iter().map(|group| group.length).sum();
        let most = bytes / (length * size_of::<S>()).max(1);
        Self { groups, places, slots: Slots::default(), most: most.max(1) }
    }

    /// Groups the `nodes` of an expansion, the children of `parents`. Where as many again fit they
    /// are searched at once, with subtraction if the parents have their histograms; otherwise as
    /// many as fit.
    pub fn batches(&self, nodes: usize, parents: &[usize]) -> Vec<NodeBatch> {
        if nodes + nodes.max(self.slots.held()) <= self.most {
            let subtract = !parents.is_empty() && parents.iter().all(|&parent| self.slots.get(parent).is_some());
            return vec![NodeBatch { nodes: 0..nodes, subtract }];
        }
        (0..nodes)
            .step_by(self.most)
            .map(|start| NodeBatch { nodes: start..nodes.min(start + self.most), subtract: false })
            .collect()
    }

    /// Forgets the histogram of a node.
    pub fn release(&mut self, node: usize) {
        self.slots.release(node);
    }

    /// Forgets all histograms, before another tree.
    pub fn clear(&mut self) {
        self.slots.clear();
    }

    /// Returns the bins of one feature of a node that has its histogram.
    #[must_use]
    pub fn feature(&self, node: usize, feature: u32) -> &[S] {
        let slot = self.slot(node);
        let (group, place) = &self.places[feature as usize];
        let group = &self.groups[*group];
        &group.sums[slot * group.length..][place.clone()]
    }

    fn feature_mut(&mut self, node: usize, feature: u32) -> &mut [S] {
        let slot = self.slot(node);
        let (group, place) = &self.places[feature as usize];
        let group = &mut self.groups[*group];
        &mut group.sums[slot * group.length..][place.clone()]
    }

    fn slot(&self, node: usize) -> usize {
        let Some(slot) = self.slots.get(node) else {
            unreachable!("histograms are read between the search of a node and that of its children");
        };
        slot
    }

    /// Finds room for the histograms of a batch. Where larger siblings are derived, theirs take the
    /// place of their parents'.
    fn make_room(&mut self, task: &Task<'_>, jobs: &[NodeJob]) {
        let slots = &mut self.slots;
        if !task.batch.subtract {
            task.parents.iter().for_each(|&parent| slots.release(parent));
            // Nodes without one are summed by themselves.
            if slots.held() + jobs.len() > self.most {
                slots.clear();
            }
        }
        for job in jobs {
            if let Some(Sibling { node, parent }) = job.sibling {
                slots.hand_down(parent, node);
            }
            slots.take(job.node);
        }
    }
}

/// What to build.
#[derive(Debug)]
pub struct Task<'a> {
    /// The binned training rows that are here.
    pub matrix: &'a BinnedMatrix,
    /// Which of all rows are here.
    pub shard: Shard<'a>,
    /// The features of the tree, ascending.
    pub features: &'a [u32],
    /// All training rows; each chunk's sampled rows are grouped by node.
    pub chunks: &'a [RowChunk],
    /// The tree's quantised pairs, one per training row.
    pub quantised: &'a [QuantisedPair],
    /// All nodes of the tree, with their sums.
    pub nodes: &'a [GrownNode],
    /// The nodes of the expansion; siblings follow each other.
    pub expansion: Range<usize>,
    /// The parent of each pair of siblings.
    pub parents: &'a [usize],
    /// The nodes of the level whose histograms are built.
    pub batch: &'a NodeBatch,
    /// Whether to use more than one thread.
    pub parallel: bool,
}

/// A node that is summed from its rows, and the larger sibling that follows from it.
#[derive(Clone, Copy)]
struct NodeJob {
    node: usize,
    rows: usize,
    sibling: Option<Sibling>,
}

/// A node whose sums are its parent's less those of its sibling.
#[derive(Clone, Copy)]
struct Sibling {
    node: usize,
    parent: usize,
}

/// Returns the nodes of a batch that are summed. Of two siblings it is the smaller one where the
/// larger one is derived.
fn node_jobs(task: &Task<'_>) -> Vec<NodeJob> {
    let first = task.expansion.start + task.batch.nodes.start;
    let rows = |node: usize| -> usize { task.chunks.iter().map(|chunk| chunk.ranges[node].len()).sum() };
    if !task.batch.subtract {
        let nodes = first..first + task.batch.nodes.len();
        return nodes.map(|node| NodeJob { node, rows: rows(node), sibling: None }).collect();
    }
    let pairs = (first..).step_by(2).zip(task.parents);
    pairs
        .map(|(left, &parent)| {
            let right = left + 1;
            let (left_rows, right_rows) = (rows(left), rows(right));
            let is_left_summed = match task.shard.ranks.is_shared() {
                true => exchange::is_left_summed(task, left),
                false => left_rows <= right_rows,
            };
            if is_left_summed {
                NodeJob { node: left, rows: left_rows, sibling: Some(Sibling { node: right, parent }) }
            } else {
                NodeJob { node: right, rows: right_rows, sibling: Some(Sibling { node: left, parent }) }
            }
        })
        .collect()
}

/// A node that is summed from its rows.
#[derive(Clone, Copy)]
struct Summed<'a> {
    node: usize,
    rows: usize,
    /// The columns that it is summed from, if not from the features themselves: their sums stand
    /// where those of the first features will.
    joint: Option<&'a JointBlock>,
}

/// Where in a group the sums of a node are.
struct Places<'u> {
    /// Sums of each feature of the group, as ranges among its sums.
    used: &'u [Range<usize>],
    /// Sums of each feature of the group that the tree has.
    wanted: Cow<'u, [Range<usize>]>,
    /// Whether rows are added to those of all features, whatever the tree has.
    whole: bool,
}

impl<'u> Places<'u> {
    fn new(used: &'u [Range<usize>], source: &Source<'_>) -> Self {
        Self { used, wanted: source.wanted(used), whole: matches!(source, Source::Lists(..)) }
    }
}

impl Summed<'_> {
    /// Which sums its rows are added to.
    fn each(self, places: &Places<'_>, work: impl FnMut(Range<usize>)) {
        match self.joint {
            None if places.whole => places.used.iter().cloned().for_each(work),
            None => places.wanted.iter().cloned().for_each(work),
            Some(joint) => {
                let starts = (0..).step_by(CODES);
                let columns = starts.zip(&joint.columns);
                columns.map(|(start, column)| start..start + column.joint_codes()).for_each(work);
            }
        }
    }

    fn clear<S: BinSum>(self, places: &Places<'_>, sums: &mut [S]) {
        self.each(places, |place| sums[place].fill(S::default()));
    }

    /// Shares the sums of joint codes out to the features that they are made of.
    fn share_out<S: BinSum>(self, used: &[Range<usize>], sums: &mut [S]) {
        let Some(joint) = self.joint else { return };
        let joint_sums = sums[..CODES * joint.columns.len()].to_vec();
        used.iter().for_each(|used| sums[used.clone()].fill(S::default()));
        for (column, joint_sums) in joint.columns.iter().zip(joint_sums.chunks_exact(CODES)) {
            for (&member, codes) in column.members.iter().zip(&column.codes) {
                let sums = &mut sums[used[member].clone()];
                codes.iter().zip(joint_sums).for_each(|(&code, &sum)| sums[usize::from(code)].merge(sum));
            }
        }
    }

    /// Gives the frequent codes of lists their sums: the node's less those of the other codes;
    /// their own are still 0.
    fn add_frequent<S: BinSum>(self, task: &Task<'_>, source: &Source<'_>, sums: &mut [S]) {
        let Source::Lists(lists, positions) = source else { return };
        let node = S::of(task.nodes[self.node].sums);
        for &position in positions {
            let listed = &lists.features[position];
            let sums = &mut sums[listed.sums.clone()];
            let mut others = S::default();
            sums.iter().for_each(|&sum| others.merge(sum));
            sums[usize::from(listed.frequent)] = node.less(others);
        }
    }
}

/// A node that is summed from its rows, and its larger sibling that follows from it.
struct Family<'s, S> {
    summed: Summed<'s>,
    sums: &'s mut [S],
    /// The parent's sums, which become the sibling's.
    sibling: Option<&'s mut [S]>,
}

impl<S: BinSum> Family<'_, S> {
    /// Ends what was summed from the rows that are here; what follows from sums must wait for those
    /// of other ranks.
    fn complete(&mut self, task: &Task<'_>, source: &Source<'_>, places: &Places<'_>) {
        self.summed.share_out(places.used, self.sums);
        if !task.shard.ranks.is_shared() {
            self.derive(task, source, places);
        }
    }

    /// Adds what follows from the sums, and from the parent's sums less the node's the sibling's.
    fn derive(&mut self, task: &Task<'_>, source: &Source<'_>, places: &Places<'_>) {
        self.summed.add_frequent(task, source, self.sums);
        let Some(sibling) = &mut self.sibling else { return };
        for place in places.wanted.iter() {
            let parts = sibling[place.clone()].iter_mut().zip(&self.sums[place.clone()]);
            parts.for_each(|(sibling, &sum)| *sibling = sibling.less(sum));
        }
    }
}

/// Builds the histograms of the batch.
///
/// # Errors
/// If a rank is lost.
pub fn run<S: BinSum>(task: &Task<'_>, histograms: &mut Histograms<S>) -> Result<()> {
    let jobs = node_jobs(task);
    histograms.make_room(task, &jobs);
    let sources = Source::all(task);
    let Histograms { groups, slots, .. } = histograms;
    let build = |group: &mut Group<S>, source, threads| group.build(task, source, &jobs, slots, threads);
    let work: Vec<_> =
        groups.iter_mut().zip(&sources).filter_map(|(group, source)| Some((group, source.as_ref()?))).collect();
    // With many groups every thread has enough of its own; otherwise the threads share the nodes or
    // the rows of each.
    if task.parallel && work.len() >= 2 * rayon::current_num_threads() {
        work.into_par_iter().with_max_len(1).for_each(|(group, source)| build(group, source, Threads::One));
    } else {
        let threads = if task.parallel { Threads::All } else { Threads::One };
        work.into_iter().for_each(|(group, source)| build(group, source, threads));
    }
    if task.shard.ranks.is_shared() { exchange::run(task, histograms, &jobs, &sources) } else { Ok(()) }
}

/// Who works on a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Threads {
    One,
    All,
}

/// What threads that work on a group share out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    Nothing,
    /// Whole families: no sum is made twice, but they may differ much in their rows.
    Families,
    /// The rows of every family: even shares, but every thread has sums of its own, to be cleared
    /// and added up.
    Rows,
}

impl Shared {
    /// What takes the least time for these nodes, with so many additions a row and `sums` sums a
    /// node, and rows in so many chunks.
    fn fastest(nodes: &[Summed<'_>], additions: usize, sums: usize, chunks: usize) -> Self {
        let threads = rayon::current_num_threads();
        let work = |summed: &Summed<'_>| summed.rows * additions + SUM_COST * sums;
        let (all, most) = nodes.iter().map(work).fold((0, 0), |(all, most), work| (all + work, work.max(most)));
        // Families that are summed one by one fetch cache lines that their rows share with those of
        // others once each.
        let families = WAKE_COST + (all / threads).max(most) * 5 / 4;
        let rows = WAKE_COST + all / threads.min(chunks).max(1) + SUM_COST * sums * nodes.len();
        if all <= families.min(rows) {
            Self::Nothing
        } else if families <= rows {
            Self::Families
        } else {
            Self::Rows
        }
    }
}

impl<S: BinSum> Group<S> {
    fn build(&mut self, task: &Task<'_>, source: &Source<'_>, jobs: &[NodeJob], slots: &Slots, threads: Threads) {
        let Self { length, used, sums, parts } = self;
        let places = Places::new(used, source);
        // What an earlier node left is cleared here, node by node.
        let mut families = families(jobs, source, slots, *length, at_least(sums, slots.count() * *length));
        let nodes: Vec<Summed<'_>> = families.iter().map(|family| family.summed).collect();
        // Chunk by chunk, since neighbouring rows share cache lines whatever their nodes.
        let whole = |(nodes, families): (&[Summed<'_>], &mut [Family<'_, S>])| {
            families.iter_mut().for_each(|family| family.summed.clear(&places, family.sums));
            for chunk in task.chunks {
                source.warm(chunk, nodes, task.quantised);
                families.iter_mut().for_each(|family| source.sum(chunk, family.summed, task.quantised, family.sums));
            }
            families.iter_mut().for_each(|family| family.complete(task, source, &places));
        };
        let all = rayon::current_num_threads();
        let sums: usize = places.wanted.iter().map(ExactSizeIterator::len).sum();
        let shared = match threads {
            Threads::One => Shared::Nothing,
            Threads::All => Shared::fastest(&nodes, source.additions(), sums, task.chunks.len()),
        };
        if shared == Shared::Nothing {
            whole((&nodes, &mut families));
        } else if shared == Shared::Families {
            let share = (families.len() / (4 * all)).max(1);
            nodes.par_chunks(share).zip(families.par_chunks_mut(share)).for_each(whole);
        } else {
            parts.resize_with(all, Vec::new);
            let share = task.chunks.len().div_ceil(all);
            parts.par_iter_mut().zip(task.chunks.par_chunks(share)).for_each(|(part, chunks)| {
                let part = at_least(part, nodes.len() * *length);
                nodes.iter().zip(part.chunks_exact_mut(*length)).for_each(|(node, sums)| node.clear(&places, sums));
                for chunk in chunks {
                    source.warm(chunk, &nodes, task.quantised);
                    for (&node, sums) in nodes.iter().zip(part.chunks_exact_mut(*length)) {
                        source.sum(chunk, node, task.quantised, sums);
                    }
                }
            });
            let filled = &parts[..task.chunks.len().div_ceil(share)];
            families.par_iter_mut().enumerate().for_each(|(number, family)| {
                let Family { summed, sums, .. } = &mut *family;
                summed.clear(&places, sums);
                for part in filled {
                    let part = &part[number * *length..][..*length];
                    summed.each(&places, |place| {
                        sums[place.clone()].iter_mut().zip(&part[place]).for_each(|(sum, &other)| sum.merge(other));
                    });
                }
                family.complete(task, source, &places);
            });
        }
    }
}

/// The first sums of a buffer, which grows if it has fewer and never shrinks: to fill it anew for
/// every level would cost more than to clear what is used.
fn at_least<S: BinSum>(sums: &mut Vec<S>, length: usize) -> &mut [S] {
    if sums.len() < length {
        sums.resize(length, S::default());
    }
    &mut sums[..length]
}

/// The families of a batch.
fn families<'s, S>(
    jobs: &[NodeJob],
    source: &Source<'s>,
    slots: &Slots,
    length: usize,
    sums: &'s mut [S],
) -> Vec<Family<'s, S>> {
    if length == 0 {
        return Vec::new();
    }
    let mut by_slot: Vec<Option<&mut [S]>> = sums.chunks_exact_mut(length).map(Some).collect();
    let mut sums_of = |node: usize| slots.get(node).and_then(|slot| by_slot[slot].take());
    jobs.iter()
        .filter_map(|&NodeJob { node, rows, sibling }| {
            let summed = Summed { node, rows, joint: source.joint(rows) };
            let sums = sums_of(node)?;
            Some(Family { summed, sums, sibling: sibling.and_then(|sibling| sums_of(sibling.node)) })
        })
        .collect()
}

#[cfg(test)]
mod tests;
