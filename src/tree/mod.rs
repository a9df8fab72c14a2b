//! A regression tree as flat arrays of nodes: the form in which trees are stored, predicted with and exchanged.

pub mod grown;
pub mod mt19937;
pub mod sampling;
pub mod split;

/// Marks the absence of a child or a parent.
pub const NONE: i32 = -1;

/// One node of a [`Tree`]; a leaf has no children and holds its value in [`Node::threshold`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Index of the left child, or [`NONE`] for a leaf.
    pub left: i32,
    /// Index of the right child, or [`NONE`] for a leaf.
    pub right: i32,
    /// Index of the parent, or [`NONE`] for the root.
    pub parent: i32,
    /// Feature of the split; 0 for a leaf.
    pub feature: u32,
    /// A row with `value < threshold` goes left. A leaf's value (after eta) stands here too, as in XGBoost's `split_conditions`.
    pub threshold: f32,
    /// Whether rows that miss the feature go left.
    pub default_left: bool,
    /// Gain of the split (XGBoost's `loss_changes`); 0 for a leaf.
    pub gain: f32,
    /// Sum of the hessians of the training rows in the node (cover).
    pub sum_hessian: f32,
    /// Weight of the node before eta.
    pub base_weight: f32,
}

impl Node {
    /// Whether the node is a leaf.
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        self.left == NONE
    }

    /// The child that a row with this value of the node's feature goes to; NaN is missing.
    #[inline]
    #[must_use]
    pub fn child(&self, value: f32) -> i32 {
        let goes_left = if value.is_nan() { self.default_left } else { value < self.threshold };
        if goes_left { self.left } else { self.right }
    }
}

/// A regression tree; node 0 is the root, nodes are in breadth-first order when gboost grew it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The nodes; never empty in a valid tree.
    pub nodes: Vec<Node>,
}

impl Tree {
    /// The index of the leaf that a row falls into; `value(feature)` gives the row's value, NaN for missing.
    #[inline]
    pub fn leaf(&self, value: impl Fn(u32) -> f32) -> usize {
        let mut index = 0;
        loop {
            let node = &self.nodes[index];
            if node.is_leaf() {
                return index;
            }
            index = node.child(value(node.feature)) as usize;
        }
    }

    /// The value of the leaf that a row falls into.
    #[inline]
    pub fn predict(&self, value: impl Fn(u32) -> f32) -> f32 {
        self.nodes[self.leaf(value)].threshold
    }

    /// Number of leaves.
    #[must_use]
    pub fn leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.is_leaf()).count()
    }

    /// Depth of the deepest leaf; 0 for a single leaf.
    #[must_use]
    pub fn depth(&self) -> usize {
        let mut depth = vec![0; self.nodes.len()];
        let mut deepest = 0;
        // Iterates from the root, so that models of other tools may number their nodes in any order.
        let mut stack = vec![0];
        while let Some(index) = stack.pop() {
            let node = &self.nodes[index];
            deepest = deepest.max(depth[index]);
            if !node.is_leaf() {
                for child in [node.left as usize, node.right as usize] {
                    depth[child] = depth[index] + 1;
                    stack.push(child);
                }
            }
        }
        deepest
    }
}
