//! Kernel `split`: the best split of every node of a batch, and the children that follow from it
//! (`docs/exactness.md` 8).
//!
//! IN: histograms, node sums, the features of each node. OUT: node records; the children's sums.
//! Deterministic: candidates are ordered by score, feature and rank, whatever order they are found
//! in.

use super::histogram::{BinSum, Histograms};
use crate::binning::BinnedMatrix;
use crate::fixed::hash;
use crate::fixed::quantiser::{PairSum, ScaledRules};
use crate::params::TreeMethod;
use crate::tree::grown::GrownNode;
use crate::tree::limits::NodeLimits;
use crate::tree::sampling::ColumnPlan;
use crate::tree::split::{Candidate, Scan, best_of_feature, gain};
use crate::util::vector::vectorised;
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// What to search.
#[derive(Debug)]
pub struct Task<'a> {
    /// The binned training rows, for the cuts of each feature.
    pub matrix: &'a BinnedMatrix,
    /// How candidates are enumerated.
    pub method: TreeMethod,
    /// Regularisation in the tree's scale.
    pub rules: &'a ScaledRules,
    /// The features of the tree.
    pub columns: &'a ColumnPlan,
    /// Splits between the root and the nodes.
    pub depth: u32,
    /// Node keys of column sampling; empty without sampling by node.
    pub node_keys: &'a [u32],
    /// What limits the splits of each node.
    pub limits: &'a [NodeLimits],
    /// The nodes.
    pub nodes: Range<usize>,
    /// Whether to use more than one thread.
    pub parallel: bool,
}

/// A task looks at so many features of a node, or at so many nodes that it comes to as many
/// features.
const FEATURES_A_TASK: usize = 16;

/// The `left` of a node that has its split, until [`make_children`] numbers the children.
const WAITING: u32 = u32::MAX;

/// Finds the winners; a node that is worth a split has it from now on, but no children yet.
pub fn run<S: BinSum>(task: &Task<'_>, histograms: &Histograms<S>, nodes: &mut [GrownNode]) {
    let numbers = task.nodes.clone();
    let nodes = &mut nodes[numbers.clone()];
    // Nodes are shared out if there are enough of them, otherwise the features of each.
    let enough = nodes.len() >= rayon::current_num_threads();
    let (by_node, by_feature) = (task.parallel && enough, task.parallel && !enough);
    let search = |(node, number): (&mut GrownNode, usize)| {
        if let Some((winner, gain)) = winner(task, histograms, node.sums, number, by_feature) {
            let Candidate { feature, rank, last, left, .. } = winner;
            *node = GrownNode { left: WAITING, feature, rank, last, gain, leaf_sums: left, ..*node };
        }
    };
    if by_node {
        let least = FEATURES_A_TASK.div_ceil(task.columns.tree.len().max(1));
        nodes.par_iter_mut().zip(numbers).with_min_len(least).for_each(search);
    } else {
        nodes.iter_mut().zip(numbers).for_each(search);
    }
}

/// The best split of a node, and its gain, if it is worth one.
fn winner<S: BinSum>(
    task: &Task<'_>,
    histograms: &Histograms<S>,
    sums: PairSum,
    number: usize,
    parallel: bool,
) -> Option<(Candidate, f64)> {
    let features: Cow<'_, [u32]> = match task.node_keys.get(number) {
        Some(&key) => Cow::Owned(task.columns.node(task.depth, key)),
        None => Cow::Borrowed(task.columns.level(task.depth)),
    };
    let limits = &task.limits[number];
    let best_of = |features: &[u32]| {
        features.iter().fold(None, |best, &feature| {
            let scan = Scan::new(task.method, &task.matrix.cuts[feature as usize]);
            let bins = histograms.feature(number, feature);
            let candidate = vectorised(
                #[inline(always)]
                || best_of_feature(task.rules, limits, sums, scan, feature, |bin| bins[bin].sum()),
            );
            Candidate::better(best, candidate)
        })
    };
    let winner = if parallel && features.len() > FEATURES_A_TASK {
        features.par_chunks(FEATURES_A_TASK).map(best_of).reduce(|| None, Candidate::better)
    } else {
        best_of(&features)
    }?;
    Some((winner, gain(task.rules, limits, task.method, sums, &winner)?))
}

/// Returns the gain of a node's split if it waits for its children.
#[must_use]
pub fn waiting_gain(node: &GrownNode) -> Option<f64> {
    (node.left == WAITING).then_some(node.gain)
}

/// Makes leaves of the nodes that never got children for their splits.
pub fn drop_waiting(nodes: &mut [GrownNode]) {
    for node in nodes.iter_mut().filter(|node| node.left == WAITING) {
        *node = GrownNode { sums: node.sums, ..GrownNode::default() };
    }
}

/// Appends the children of an expansion in the order of their parents, with their keys and limits,
/// and each pair's parent to `parents`. Returns the children.
pub fn make_children(
    rules: &ScaledRules,
    nodes: &mut Vec<GrownNode>,
    node_keys: &mut Vec<u32>,
    limits: &mut Vec<NodeLimits>,
    parents: &mut Vec<usize>,
    expansion: Range<usize>,
) -> Range<usize> {
    let start = nodes.len();
    for node in expansion {
        if nodes[node].left != WAITING {
            continue;
        }
        nodes[node].left = nodes.len() as u32;
        // The winner's left sums were parked in the parent's leaf sums, which an inner node does
        // not have.
        let left = std::mem::take(&mut nodes[node].leaf_sums);
        let right = nodes[node].sums.minus(left);
        limits.extend(limits[node].children(rules, nodes[node].feature, [left, right]));
        nodes.extend([left, right].map(|sums: PairSum| GrownNode { sums, ..GrownNode::default() }));
        if let Some(&key) = node_keys.get(node) {
            node_keys.extend([0, 1].map(|side| hash::combine(key, side)));
        }
        parents.push(node);
    }
    start..nodes.len()
}
