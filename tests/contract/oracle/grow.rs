//! Section 8: the growth of one tree, node by node, breadth first or by leaves.

use super::cuts::FeatureBins;
use super::number::real;
use super::pairs::{Pair, PairScale};
use super::quantise::{Quantised, Scaled, quantise, scaled};
use super::sampling::{TreeSample, combine};
use super::split::{Split, best_split, score};
use super::types::{Method, Params};

/// The split that a node got.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub split: Split,
    pub gain: f64,
    pub left: usize,
    pub right: usize,
}

/// A node while the tree grows.
#[derive(Clone, Debug)]
pub struct GrownNode {
    pub parent: Option<usize>,
    pub depth: u32,
    /// The sampled rows of the node.
    pub rows: Vec<usize>,
    pub taken: Option<Taken>,
    key: u32,
}

/// A tree before its leaves have values.
#[derive(Clone, Debug)]
pub struct GrownTree {
    /// In the order of their numbers.
    pub nodes: Vec<GrownNode>,
    pub scaled: Scaled,
    /// The quantised sums of the root.
    pub root: Pair,
}

/// The inputs of one tree.
pub struct Inputs<'a> {
    pub params: &'a Params,
    pub bins: &'a [FeatureBins],
    /// Weighted pairs of section 4, `None` for rows that are not sampled.
    pub pairs: &'a [Option<Pair>],
    pub scale: PairScale,
    pub sample: &'a TreeSample,
    pub wide: bool,
    pub capped: bool,
}

/// Grows the tree.
pub fn grow(inputs: &Inputs) -> GrownTree {
    let quantised = quantise(inputs.pairs, inputs.wide, inputs.capped);
    let scaled = scaled(inputs.params, inputs.scale, quantised.kg, quantised.kh);
    let rows: Vec<usize> = (0..inputs.pairs.len()).filter(|&row| inputs.pairs[row].is_some()).collect();
    let mut tree = GrownTree {
        root: sums(&rows, &quantised),
        nodes: vec![GrownNode { parent: None, depth: 0, rows, taken: None, key: inputs.sample.root_key() }],
        scaled,
    };
    match inputs.params.max_leaves {
        None => {
            let mut next = 0;
            while next < tree.nodes.len() {
                if let Some((split, gain)) = decide(inputs, &quantised, &tree, next) {
                    split_node(inputs, &mut tree, next, split, gain);
                }
                next += 1;
            }
        }
        Some(most) => {
            for _ in 1..most {
                let Some((id, split, gain)) = best_leaf(inputs, &quantised, &tree) else { break };
                split_node(inputs, &mut tree, id, split, gain);
            }
        }
    }
    tree
}

/// Growth by leaves: the leaf of the largest gain, every leaf decided anew.
fn best_leaf(inputs: &Inputs, quantised: &Quantised, tree: &GrownTree) -> Option<(usize, Split, f64)> {
    let mut best: Option<(usize, Split, f64)> = None;
    for id in 0..tree.nodes.len() {
        if tree.nodes[id].taken.is_some() {
            continue;
        }
        if let Some((split, gain)) = decide(inputs, quantised, tree, id)
            && best.as_ref().is_none_or(|&(_, _, most)| gain > most)
        {
            best = Some((id, split, gain));
        }
    }
    best
}

fn sums(rows: &[usize], quantised: &Quantised) -> Pair {
    rows.iter().map(|&row| quantised.pairs[row].expect("a sampled row")).sum()
}

/// The split of a node and its gain, if it is to be split.
fn decide(inputs: &Inputs, quantised: &Quantised, tree: &GrownTree, id: usize) -> Option<(Split, f64)> {
    let params = inputs.params;
    let s = &tree.scaled;
    let node = &tree.nodes[id];
    if node.depth >= params.max_depth {
        return None;
    }
    let features = inputs.sample.node_features(params, node.depth, node.key);
    let split = best_split(&node.rows, &features, inputs.bins, quantised, params.method, s)?;
    let root = score(sums(&node.rows, quantised), s);
    if split.score <= root {
        return None;
    }
    let gain = split.score - root;
    if gain <= s.eps || (params.method == Method::Hist && gain < s.gamma) {
        return None;
    }
    Some((split, gain))
}

/// Splits a node and appends its children.
fn split_node(inputs: &Inputs, tree: &mut GrownTree, id: usize, split: Split, gain: f64) {
    let node = &tree.nodes[id];
    let f = &inputs.bins[split.feature];
    let goes_left = |&row: &usize| {
        let code = f.codes[row];
        if code == f.bins { split.candidate.default_left } else { code < split.candidate.boundary }
    };
    let (left_rows, right_rows): (Vec<usize>, Vec<usize>) = node.rows.iter().partition(|row| goes_left(row));
    let child = |rows: Vec<usize>, side: u32| GrownNode {
        parent: Some(id),
        depth: node.depth + 1,
        rows,
        taken: None,
        key: combine(node.key, side),
    };
    let children = [child(left_rows, 0), child(right_rows, 1)];
    let left = tree.nodes.len();
    tree.nodes.extend(children);
    tree.nodes[id].taken = Some(Taken { split, gain, left, right: left + 1 });
}

/// Section 9: exact prunes bottom up; the nodes are numbered anew.
pub fn prune(tree: &mut GrownTree, params: &Params) {
    if params.method != Method::Exact {
        return;
    }
    for id in (0..tree.nodes.len()).rev() {
        let Some(taken) = tree.nodes[id].taken else {
            continue;
        };
        let is_leaf = |child: usize| tree.nodes[child].taken.is_none();
        if is_leaf(taken.left) && is_leaf(taken.right) && taken.gain < tree.scaled.gamma {
            tree.nodes[id].taken = None;
        }
    }
    // Breadth first from the root, over the nodes that are left.
    let mut kept = vec![tree.nodes[0].clone()];
    let mut next = 0;
    while next < kept.len() {
        if let Some(taken) = kept[next].taken {
            let left = kept.len();
            for child in [taken.left, taken.right] {
                let mut node = tree.nodes[child].clone();
                node.parent = Some(next);
                kept.push(node);
            }
            kept[next].taken = Some(Taken { left, right: left + 1, ..taken });
        }
        next += 1;
    }
    tree.nodes = kept;
}

/// Section 8: hist without a bound on the depth is refused.
pub fn check_depth(params: &Params) {
    let refused = params.method == Method::Hist && params.max_depth == 0;
    assert!(!refused, "hist needs max_depth above 0");
    assert!(real(params.eta).is_finite(), "eta");
}
