//! A single row: trees in groups step down together, through nodes whose places follow from the path.
//!
//! A tree of depth `d` is padded to a complete one: node `n` has the children `2n` and `2n + 1`, the root is 1, so that
//! no child has to be looked up and every tree of a group takes the same steps. Nothing is allocated after the forest.

use super::{Slot, Slots};
use crate::tree::Tree;

/// Trees that step down together: independent chains of loads that the processor can overlap.
const GROUP: usize = 8;

/// Trees deeper than this are followed node by node: padding doubles with each level.
const MOST_DEPTH: usize = 8;

/// A node of a complete tree.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    threshold: f32,
    column: u32,
}

/// Trees that follow each other.
#[derive(Clone, Debug)]
enum Group {
    /// [`GROUP`] trees, padded to one depth: each has `2^depth` steps (the first is not used) and as many leaves.
    Complete { depth: usize, steps: Vec<Step>, leaves: Vec<f32> },
    /// Trees that are too deep, or too few.
    Single(Tree),
}

/// Trees to predict single rows with.
#[derive(Clone, Debug)]
pub(in super::super) struct RowForest {
    slots: Slots,
    groups: Vec<Group>,
    /// One value a slot.
    values: Vec<f32>,
}

impl RowForest {
    pub(in super::super) fn new(trees: &[Tree]) -> Self {
        let slots = Slots::new(trees);
        let (groups, rest) = trees.as_chunks::<GROUP>();
        let whole = groups.iter().flat_map(|trees| group(trees, &slots));
        let groups = whole.chain(rest.iter().cloned().map(Group::Single)).collect();
        let values = vec![0.0; slots.0.len().max(1)];
        Self { slots, groups, values }
    }

    /// Calls `add` with the value of the row's leaf in each tree, in the order of the trees. Values that the row lacks
    /// are missing.
    pub(in super::super) fn visit(&mut self, row: &[f32], mut add: impl FnMut(f32)) {
        let of = |slot: Slot| slot.value(row.get(slot.feature as usize).copied().unwrap_or(f32::NAN));
        for (value, &slot) in self.values.iter_mut().zip(&self.slots.0) {
            *value = of(slot);
        }
        for group in &self.groups {
            match group {
                Group::Complete { depth, steps, leaves } => {
                    complete(*depth, steps, leaves, &self.values).into_iter().for_each(&mut add);
                }
                Group::Single(tree) => {
                    add(tree.predict(|feature| row.get(feature as usize).copied().unwrap_or(f32::NAN)));
                }
            }
        }
    }
}

/// The values of the row's leaves in the trees of a group.
#[inline]
fn complete(depth: usize, steps: &[Step], leaves: &[f32], values: &[f32]) -> [f32; GROUP] {
    /// With the size known beforehand, the compiler sees that no index is out of range.
    fn sized<const SIZE: usize>(steps: &[Step], leaves: &[f32], values: &[f32]) -> [f32; GROUP] {
        let mut found = [0.0; GROUP];
        let (trees, leaves) = (steps.as_chunks::<SIZE>().0, leaves.as_chunks::<SIZE>().0);
        let (Some(trees), Some(leaves)) = (trees.first_chunk::<GROUP>(), leaves.first_chunk::<GROUP>()) else {
            return found;
        };
        let mut nodes = [1; GROUP];
        for _ in 0..SIZE.trailing_zeros() {
            for (node, steps) in nodes.iter_mut().zip(trees) {
                let step = steps[*node % SIZE];
                *node = 2 * *node + usize::from(!(values[step.column as usize] < step.threshold));
            }
        }
        for ((found, node), leaves) in found.iter_mut().zip(nodes).zip(leaves) {
            *found = leaves[node % SIZE];
        }
        found
    }
    match depth {
        0 => sized::<1>(steps, leaves, values),
        1 => sized::<2>(steps, leaves, values),
        2 => sized::<4>(steps, leaves, values),
        3 => sized::<8>(steps, leaves, values),
        4 => sized::<16>(steps, leaves, values),
        5 => sized::<32>(steps, leaves, values),
        6 => sized::<64>(steps, leaves, values),
        7 => sized::<128>(steps, leaves, values),
        _ => sized::<256>(steps, leaves, values),
    }
}

/// The trees of a group, together if they are not too deep.
fn group(trees: &[Tree; GROUP], slots: &Slots) -> Vec<Group> {
    let depth = trees.iter().map(Tree::depth).max().unwrap_or(0);
    if depth > MOST_DEPTH || trees.iter().any(|tree| tree.nodes.is_empty()) {
        return trees.iter().cloned().map(Group::Single).collect();
    }
    let size = 1 << depth;
    let mut steps = vec![Step::default(); GROUP * size];
    let mut leaves = vec![0.0; GROUP * size];
    for (tree, (steps, leaves)) in trees.iter().zip(steps.chunks_exact_mut(size).zip(leaves.chunks_exact_mut(size))) {
        // Places 1 to size - 1 are steps, size to 2 size - 1 leaves. A leaf above the lowest level is carried down.
        let mut stack = vec![(1, 0)];
        while let Some((place, index)) = stack.pop() {
            let node = &tree.nodes[index];
            if place >= size {
                leaves[place - size] = node.threshold;
            } else if node.is_leaf() {
                stack.extend([(2 * place, index), (2 * place + 1, index)]);
            } else {
                steps[place] = Step { threshold: node.threshold, column: slots.column(node) };
                stack.extend([(2 * place, node.left as usize), (2 * place + 1, node.right as usize)]);
            }
        }
    }
    vec![Group::Complete { depth, steps, leaves }]
}
