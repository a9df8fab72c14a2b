//! Blocks of rows down large trees: a few rows at a time step from node to node until all of them
//! stand still.

use super::{BLOCK, Columns, Lane, Leaves};
use crate::tree::Tree;

/// Rows that step down a tree together: independent chains of loads that the processor can overlap.
const LANES: usize = 8;

/// A node; both children of a leaf are the leaf itself.
#[derive(Clone, Copy, Debug)]
struct Step<T> {
    threshold: T,
    /// The column of the buffer.
    column: u32,
    /// Numbers of the left and right child among the tree's nodes.
    children: [u32; 2],
}

/// Nodes of a tree in its own order; its leaves are numbered over all trees.
#[derive(Clone, Debug)]
pub(super) struct Steps<T> {
    steps: Vec<Step<T>>,
    /// The number of the first node among the leaves of all trees.
    first_leaf: u32,
}

impl<T: Lane> Steps<T> {
    /// Takes a tree over, and all its nodes into `leaves`.
    pub(super) fn new(tree: &Tree, columns: &Columns, leaves: &mut Leaves) -> Self {
        let first_leaf = leaves.values.len() as u32;
        let step = |(index, node): (usize, &crate::tree::Node)| {
            leaves.push(tree, index);
            let Some(children) = node.children() else {
                return Step { threshold: T::default(), column: 0, children: [index as u32; 2] };
            };
            let (column, threshold) = columns.test(node);
            Step { threshold, column, children: children.map(|child| child as u32) }
        };
        let steps = tree.nodes.iter().enumerate().map(step).collect();
        Self { steps, first_leaf }
    }

    /// The leaf of each row of a block.
    pub(super) fn leaves(&self, buffer: &[[T; BLOCK]], leaves: &mut [u32; BLOCK]) {
        for (group, leaves) in leaves.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let mut nodes = [0; LANES];
            loop {
                let mut moved = false;
                for (lane, node) in nodes.iter_mut().enumerate() {
                    let step = &self.steps[*node as usize];
                    let value = buffer[step.column as usize][group * LANES + lane];
                    let next = step.children[usize::from(value >= step.threshold)];
                    moved |= next != *node;
                    *node = next;
                }
                if !moved {
                    break;
                }
            }
            *leaves = nodes.map(|node| self.first_leaf + node);
        }
    }
}
