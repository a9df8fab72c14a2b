//! Trees in the forms that prediction reads: flat arrays, and values instead of decisions about missing ones.
//!
//! # Missing values
//! A missing value becomes an infinity before any tree sees it: `-inf` where missing rows go left, `inf` where they go
//! right, so that `value < threshold` alone decides. A feature whose nodes send missing rows both ways takes two
//! columns of the buffer, its [`Slot`]s. This needs finite thresholds, which training makes and reading a file asks for.
//!
//! # Kernels
//! `masks` for batches of rows and small trees, `walk` for batches and large ones, `row` for a single row. Each finds
//! the same leaves as [`Tree::leaf`](crate::tree::Tree::leaf), and `tests` hold them against it.

mod masks;
pub(super) mod row;
#[cfg(test)]
mod tests;
mod walk;

use super::values::Values;
use crate::tree::Tree;
use pulp::Arch;

/// Rows that are sent through a tree before the next tree's turn, so that the tree stays in the cache.
pub(super) const BLOCK: usize = 64;

/// A column of a block's buffer: a feature, and where its missing values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    feature: u32,
    missing_left: bool,
}

impl Slot {
    /// What stands for a value; NaN is missing.
    #[inline]
    fn value(self, value: f32) -> f32 {
        match (value.is_nan(), self.missing_left) {
            (false, _) => value,
            (true, true) => f32::NEG_INFINITY,
            (true, false) => f32::INFINITY,
        }
    }
}

/// The slots that occur in a split, ascending.
#[derive(Clone, Debug)]
struct Slots(Vec<Slot>);

impl Slots {
    fn new(trees: &[Tree]) -> Self {
        let inner = trees.iter().flat_map(|tree| &tree.nodes).filter(|node| !node.is_leaf());
        let mut slots: Vec<Slot> =
            inner.map(|node| Slot { feature: node.feature, missing_left: node.default_left }).collect();
        slots.sort_unstable();
        slots.dedup();
        Self(slots)
    }

    /// The column of the buffer that a node reads.
    fn column(&self, node: &crate::tree::Node) -> u32 {
        let slot = Slot { feature: node.feature, missing_left: node.default_left };
        self.0.partition_point(|&other| other < slot) as u32
    }
}

/// A tree in the form that suits its size.
#[derive(Clone, Debug)]
enum Shape {
    Masks(masks::Words),
    Walk(walk::Steps),
}

/// Trees to predict blocks of rows with.
pub(super) struct Forest {
    slots: Slots,
    masks: masks::Tests,
    shapes: Vec<Shape>,
    /// The leaves of all trees, of those that are walked all nodes.
    leaves: Leaves,
    arch: Arch,
}

/// What is known of leaves, by a number that counts through all trees.
#[derive(Clone, Debug, Default)]
struct Leaves {
    values: Vec<f32>,
    /// The index of the leaf in its tree.
    nodes: Vec<u32>,
}

impl Leaves {
    fn push(&mut self, tree: &Tree, node: usize) {
        self.values.push(tree.nodes[node].threshold);
        self.nodes.push(node as u32);
    }
}

/// The values of a block: one array a slot, and never empty since leaves of `walk` read a value too.
pub(super) type Buffer = Vec<[f32; BLOCK]>;

impl Forest {
    pub(super) fn new(trees: &[Tree]) -> Self {
        let arch = Arch::new();
        let slots = Slots::new(trees);
        let mut leaves = Leaves::default();
        let mut masks = masks::Tests::new(arch);
        let shape = |tree| match masks.add(tree, &slots, &mut leaves) {
            Some(words) => Shape::Masks(words),
            None => Shape::Walk(walk::Steps::new(tree, &slots, &mut leaves)),
        };
        let shapes = trees.iter().map(shape).collect();
        Self { slots, masks, shapes, leaves, arch }
    }

    /// The number of trees.
    pub(super) fn trees(&self) -> usize {
        self.shapes.len()
    }

    pub(super) fn buffer(&self) -> Buffer {
        vec![[0.0; BLOCK]; self.slots.0.len().max(1)]
    }

    /// Copies the rows from `start` on into the buffer; a column that the data lacks is missing. What is beyond the
    /// rows keeps values that lead to leaves nobody reads.
    pub(super) fn fill(&self, data: &dyn Values, start: usize, rows: usize, buffer: &mut Buffer) {
        for (&slot, values) in self.slots.0.iter().zip(buffer) {
            data.copy(slot.feature as usize, start, &mut values[..rows]);
            values[..rows].iter_mut().for_each(|value| *value = slot.value(*value));
        }
    }

    /// Calls `visit` with each tree's number and the leaf of each row of the block in it, in the order of the trees.
    pub(super) fn visit(&self, buffer: &Buffer, mut visit: impl FnMut(usize, &[u32; BLOCK])) {
        let mut found = [0; BLOCK];
        for (index, shape) in self.shapes.iter().enumerate() {
            match shape {
                Shape::Masks(words) => self.masks.leaves(words, buffer, self.arch, &mut found),
                Shape::Walk(steps) => steps.leaves(buffer, &mut found),
            }
            visit(index, &found);
        }
    }

    /// The value of a leaf that [`Forest::visit`] gives.
    #[inline]
    pub(super) fn value(&self, leaf: u32) -> f32 {
        self.leaves.values[leaf as usize]
    }

    /// The index in its tree of a leaf that [`Forest::visit`] gives.
    #[inline]
    pub(super) fn node(&self, leaf: u32) -> u32 {
        self.leaves.nodes[leaf as usize]
    }
}
