//! A single row: trees in groups step down together, through nodes whose places follow from the
//! path.
//!
//! A tree of depth `d` is padded to a complete one: node `n` has the children `2n` and `2n + 1`,
//! the root is 1, so that no child has to be looked up and every tree of a group takes the same
//! steps. Nothing is allocated after the forest.

use super::{Slots, threshold};
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

/// [`GROUP`] trees, padded to one depth: each has `2^depth` steps (the first is not used) and as
/// many leaves.
#[derive(Clone, Debug)]
struct Group {
    depth: usize,
    steps: Vec<Step>,
    leaves: Vec<f32>,
    /// The trees' numbers in the forest.
    trees: [usize; GROUP],
}

/// Trees to predict single rows with.
#[derive(Clone, Debug)]
pub(in super::super) struct RowForest {
    slots: Slots,
    /// Trees of about the same depth, so that little is padded: boosted trees are often full and
    /// single leaves in turn.
    groups: Vec<Group>,
    /// Trees that are too deep, with their numbers.
    deep: Vec<(usize, Tree)>,
    /// Values of the last row, one per slot.
    values: Vec<f32>,
    /// The value of the last row's leaf in each tree; of a tree that is a single leaf always the
    /// same one.
    found: Vec<f32>,
}

impl RowForest {
    pub(in super::super) fn new(trees: &[Tree]) -> Self {
        let slots = Slots::new(trees);
        let mut by_depth: Vec<(usize, usize)> = trees.iter().map(Tree::depth).zip(0..).collect();
        by_depth.sort_unstable();
        let [first, end] = [1, MOST_DEPTH + 1].map(|least| by_depth.partition_point(|&(depth, _)| depth < least));
        let groups = by_depth[first..end].chunks(GROUP).map(|numbers| Group::new(trees, numbers, &slots)).collect();
        let deep = by_depth[end..].iter().map(|&(_, number)| (number, trees[number].clone())).collect();
        let values = vec![0.0; slots.0.len()];
        let found = trees.iter().map(|tree| tree.predict(|_| f32::NAN)).collect();
        Self { slots, groups, deep, values, found }
    }

    /// Returns the values of the row's leaves, one per tree. Values that the row lacks are missing.
    pub(in super::super) fn leaves(&mut self, row: &[f32]) -> &[f32] {
        let of = |feature: u32| row.get(feature as usize).copied().unwrap_or(f32::NAN);
        for (value, slot) in self.values.iter_mut().zip(&self.slots.0) {
            *value = slot.value(of(slot.feature));
        }
        for Group { depth, steps, leaves, trees } in &self.groups {
            for (&tree, leaf) in trees.iter().zip(complete(*depth, steps, leaves, &self.values)) {
                self.found[tree] = leaf;
            }
        }
        for (number, tree) in &self.deep {
            self.found[*number] = tree.predict(of);
        }
        &self.found
    }
}

impl Group {
    /// Up to [`GROUP`] of the trees, by depth and number, the deepest one last.
    fn new(trees: &[Tree], numbers: &[(usize, usize)], slots: &Slots) -> Self {
        let (depth, last) = numbers.last().copied().unwrap_or_default();
        // Where there are too few, the last one fills the group up.
        let numbers: [usize; GROUP] =
            std::array::from_fn(|index| numbers.get(index).map_or(last, |&(_, number)| number));
        let size = 1 << depth;
        let mut steps = vec![Step::default(); GROUP * size];
        let mut leaves = vec![0.0; GROUP * size];
        let of_trees = steps.chunks_exact_mut(size).zip(leaves.chunks_exact_mut(size));
        for (&number, (steps, leaves)) in numbers.iter().zip(of_trees) {
            // Places 1 to size - 1 are steps, size to 2 size - 1 leaves. A leaf above the lowest
            // level is carried down.
            let mut stack = vec![(1, 0)];
            while let Some((place, index)) = stack.pop() {
                let node = &trees[number].nodes[index];
                if place >= size {
                    leaves[place - size] = node.leaf_value().unwrap_or_default();
                } else if let Some([left, right]) = node.children() {
                    steps[place] = Step { threshold: threshold(node), column: slots.column(node) };
                    stack.extend([(2 * place, left), (2 * place + 1, right)]);
                } else {
                    stack.extend([(2 * place, index), (2 * place + 1, index)]);
                }
            }
        }
        Self { depth, steps, leaves, trees: numbers }
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
                *node = 2 * *node + usize::from(values[step.column as usize] >= step.threshold);
            }
        }
        for ((found, node), leaves) in found.iter_mut().zip(nodes).zip(leaves) {
            *found = leaves[node % SIZE];
        }
        found
    }
    match depth {
        ..2 => sized::<2>(steps, leaves, values),
        2 => sized::<4>(steps, leaves, values),
        3 => sized::<8>(steps, leaves, values),
        4 => sized::<16>(steps, leaves, values),
        5 => sized::<32>(steps, leaves, values),
        6 => sized::<64>(steps, leaves, values),
        7 => sized::<128>(steps, leaves, values),
        _ => sized::<256>(steps, leaves, values),
    }
}
