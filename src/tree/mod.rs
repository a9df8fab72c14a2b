//! A regression tree as flat arrays of nodes: the form in which trees are stored, predicted with
//! and exchanged.

pub mod grown;
pub mod limits;
pub mod mt19937;
mod node;
pub mod sampling;
pub mod split;

pub use node::{CATEGORIES, CategorySet, Node, Split};

/// Marks the absence of a child or a parent.
pub const NONE: i32 = -1;

/// A regression tree; node 0 is the root, nodes are in breadth-first order when gboost grew it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The nodes; never empty in a valid tree.
    pub nodes: Vec<Node>,
}

impl Tree {
    /// The index of the leaf that a row falls into; `value(feature)` gives the row's value, NaN for
    /// missing.
    #[inline]
    pub fn leaf(&self, value: impl Fn(u32) -> f32) -> usize {
        let mut index = 0;
        loop {
            let node = &self.nodes[index];
            let Some([left, right]) = node.children() else { return index };
            index = if node.goes_left(value(node.feature)) { left } else { right };
        }
    }

    /// The value of the leaf that a row falls into.
    #[inline]
    pub fn predict(&self, value: impl Fn(u32) -> f32) -> f32 {
        self.nodes[self.leaf(value)].leaf_value().unwrap_or_default()
    }

    /// Returns the number of leaves; 1 for a tree without splits.
    #[must_use]
    pub fn leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.is_leaf()).count()
    }

    /// Depth of the deepest leaf; 0 for a single leaf.
    #[must_use]
    pub fn depth(&self) -> usize {
        let mut depth = vec![0; self.nodes.len()];
        let mut deepest = 0;
        // Iterates from the root, so that models of other tools may number their nodes in any
        // order.
        let mut stack = vec![0];
        while let Some(index) = stack.pop() {
            deepest = deepest.max(depth[index]);
            for child in self.nodes[index].children().into_iter().flatten() {
                depth[child] = depth[index] + 1;
                stack.push(child);
            }
        }
        deepest
    }
}
