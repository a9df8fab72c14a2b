//! Trees in the forms that prediction reads: flat arrays, and values instead of decisions about
//! missing ones.
//!
//! # Missing values
//! A missing value becomes an infinity before any tree sees it: `-inf` where missing rows go left,
//! `inf` where they go right, so that `value < threshold` alone decides. A feature whose nodes send
//! missing rows both ways takes two columns of the buffer, its [`Slot`]s. This needs finite
//! thresholds, which training makes and reading a file asks for.
//!
//! # Categories
//! A set of categories has a column of its own, in which an infinity stands for the side as it does
//! for missing values.
//!
//! # Codes
//! All that a tree asks of a value is which thresholds it lies below. Where many nodes test a
//! feature, its values are first turned into the number of thresholds up to them, a byte, so that a
//! vector holds four times as many rows.
//!
//! # Kernels
//! `masks` for batches of rows and small trees, `walk` for batches and large ones, `row` for a
//! single row. Each finds the same leaves as [`Tree::leaf`](crate::tree::Tree::leaf), and `tests`
//! hold them against it.

mod masks;
pub(super) mod row;
#[cfg(test)]
mod tests;
mod walk;

use super::values::{Coder, Values};
use crate::binning::ladder::Ladder;
use crate::tree::{CategorySet, Node, Split, Tree};
use pulp::Arch;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Rows that are sent through a tree before the next tree's turn, so that the tree stays in the
/// cache.
pub(super) const BLOCK: usize = 256;

/// A column of a block's buffer: a feature, where its missing values go, and the categories that go
/// right, if it is split on them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    feature: u32,
    missing_left: bool,
    right: Option<CategorySet>,
}

impl Slot {
    /// Returns the column that a node reads: its feature, default direction and categories.
    fn of(node: &Node) -> Self {
        let right = match node.split() {
            Some(Split::In(right)) => Some(right.clone()),
            _ => None,
        };
        Self { feature: node.feature, missing_left: node.default_left, right }
    }

    /// What stands for a value; NaN is missing.
    #[inline]
    fn value(&self, value: f32) -> f32 {
        let side = |left: bool| if left { f32::NEG_INFINITY } else { f32::INFINITY };
        match (value.is_nan(), &self.right) {
            (true, _) => side(self.missing_left),
            (false, None) => value,
            (false, Some(right)) => side(!right.contains(value)),
        }
    }
}

/// What the column of a split has to be below for a row to go left: any finite number for sides.
fn threshold(node: &Node) -> f32 {
    match node.split() {
        Some(Split::Below(threshold)) => *threshold,
        _ => 0.0,
    }
}

/// The slots that occur in a split, ascending.
#[derive(Clone, Debug)]
struct Slots(Vec<Slot>);

impl Slots {
    fn new(trees: &[Tree]) -> Self {
        let mut slots: Vec<Slot> = inner_nodes(trees).map(Slot::of).collect();
        slots.sort_unstable();
        slots.dedup();
        Self(slots)
    }

    /// The column of the buffer that a node reads.
    fn column(&self, node: &Node) -> u32 {
        let slot = Slot::of(node);
        self.0.partition_point(|other| *other < slot) as u32
    }
}

fn inner_nodes(trees: &[Tree]) -> impl Iterator<Item = &Node> {
    trees.iter().flat_map(|tree| &tree.nodes).filter(|node| !node.is_leaf())
}

/// The columns of a block's buffer.
struct Columns {
    slots: Slots,
    /// The thresholds of each slot, ascending, where values are codes: how many of them they reach.
    steps: Vec<Vec<f32>>,
}

impl Columns {
    /// Makes columns that hold codes, from the thresholds of each slot.
    fn of(steps: Steps) -> Self {
        let (slots, steps) = steps.0.into_iter().unzip();
        Self { slots: Slots(slots), steps }
    }

    /// The column that a node reads, and its threshold there.
    fn test<T: Lane>(&self, node: &Node) -> (u32, T) {
        let column = self.slots.column(node);
        (column, T::threshold(threshold(node), self.steps.get(column as usize).map_or(&[], Vec::as_slice)))
    }
}

/// What stands for a value in a block's buffer: the value itself, or its code.
trait Lane: Copy + Debug + Default + PartialOrd + Send + Sync {
    /// Tests in vectors that take about as long as one step down a tree.
    const TESTS_A_STEP: usize;

    /// What a value has to be below to be below the threshold, one of `steps`.
    fn threshold(threshold: f32, steps: &[f32]) -> Self;
}

impl Lane for f32 {
    const TESTS_A_STEP: usize = 24;

    fn threshold(threshold: f32, _: &[f32]) -> Self {
        threshold
    }
}

impl Lane for u8 {
    const TESTS_A_STEP: usize = 80;

    fn threshold(threshold: f32, steps: &[f32]) -> Self {
        // No more than 255 steps.
        steps.partition_point(|&step| step <= threshold) as u8
    }
}

/// A tree in the form that suits its size.
#[derive(Clone, Debug)]
enum Shape<T> {
    Masks(masks::Words),
    Walk(walk::Steps<T>),
}

/// Trees that read the same columns.
struct Part<T> {
    slots: Slots,
    masks: masks::Tests<T>,
    shapes: Vec<Shape<T>>,
}

impl<T: Lane> Part<T> {
    fn new(trees: &[Tree], columns: Columns, leaves: &mut Leaves, arch: Arch) -> Self {
        let mut masks = masks::Tests::new(arch);
        let shape = |tree| match masks.add(tree, &columns, leaves) {
            Some(words) => Shape::Masks(words),
            None => Shape::Walk(walk::Steps::new(tree, &columns, leaves)),
        };
        let shapes = trees.iter().map(shape).collect();
        Self { slots: columns.slots, masks, shapes }
    }

    /// Room for a block; never none, since leaves of `walk` read a value too.
    fn buffer(&self) -> Vec<[T; BLOCK]> {
        vec![[T::default(); BLOCK]; self.slots.0.len().max(1)]
    }

    /// Calls `visit` with the leaf of each row of the block in each tree.
    fn visit(&self, buffer: &[[T; BLOCK]], arch: Arch, mut visit: impl FnMut(&[u32; BLOCK])) {
        let mut found = [0; BLOCK];
        for shape in &self.shapes {
            match shape {
                Shape::Masks(words) => self.masks.leaves(words, buffer, arch, &mut found),
                Shape::Walk(steps) => steps.leaves(buffer, &mut found),
            }
            visit(&found);
        }
    }
}

/// All trees as they read values, or trees after trees as they read codes, each with how its
/// columns are coded.
enum Parts {
    Values(Part<f32>),
    Codes(Vec<(Part<u8>, Vec<Coder>)>),
}

/// Trees to predict blocks of the rows of a table with.
pub(super) struct Forest<'a> {
    data: &'a dyn Values,
    parts: Parts,
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
        self.values.push(tree.nodes[node].leaf_value().unwrap_or_default());
        self.nodes.push(node as u32);
    }
}

/// The values of a block, or the codes of each part: one array a slot.
#[derive(Default)]
pub(super) struct Buffer {
    values: Vec<[f32; BLOCK]>,
    codes: Vec<Vec<[u8; BLOCK]>>,
}

impl<'a> Forest<'a> {
    pub(super) fn new(trees: &[Tree], data: &'a dyn Values) -> Self {
        /// Rows whose time is saved by codes in the time that it takes to find all thresholds.
        const ROWS: usize = 4096;
        let coded = if data.rows() > ROWS { coded(trees) } else { None };
        Self::with(trees, coded, data, Arch::new())
    }

    fn with(trees: &[Tree], coded: Option<Vec<(&[Tree], Columns)>>, data: &'a dyn Values, arch: Arch) -> Self {
        let mut leaves = Leaves::default();
        let parts = match coded {
            Some(coded) => {
                let part = |(trees, columns): (&[Tree], Columns)| {
                    let coder = |(slot, steps): (&Slot, &Vec<f32>)| {
                        let missing = if slot.missing_left { u8::MIN } else { u8::MAX };
                        data.coder(slot.feature as usize, steps, missing)
                    };
                    let coders = columns.slots.0.iter().zip(&columns.steps).map(coder).collect();
                    (Part::new(trees, columns, &mut leaves, arch), coders)
                };
                Parts::Codes(coded.into_iter().map(part).collect())
            }
            None => {
                let columns = Columns { slots: Slots::new(trees), steps: Vec::new() };
                Parts::Values(Part::new(trees, columns, &mut leaves, arch))
            }
        };
        Self { data, parts, leaves, arch }
    }

    pub(super) fn buffer(&self) -> Buffer {
        match &self.parts {
            Parts::Values(part) => Buffer { values: part.buffer(), codes: Vec::new() },
            Parts::Codes(parts) => {
                Buffer { values: Vec::new(), codes: parts.iter().map(|(part, _)| part.buffer()).collect() }
            }
        }
    }

    /// Calls `visit` with each tree's number and the leaf in it of each of the rows from `start`
    /// on, no more than a block, in the order of the trees. A column that the data lacks is
    /// missing. What is beyond the rows are leaves that nobody reads.
    pub(super) fn visit(
        &self,
        start: usize,
        rows: usize,
        buffer: &mut Buffer,
        mut visit: impl FnMut(usize, &[u32; BLOCK]),
    ) {
        let mut trees = 0..;
        let mut numbered = |leaves: &[u32; BLOCK]| visit(trees.next().unwrap_or_default(), leaves);
        match &self.parts {
            Parts::Values(part) => {
                for (slot, values) in part.slots.0.iter().zip(&mut buffer.values) {
                    self.data.copy(slot.feature as usize, start, &mut values[..rows]);
                    values[..rows].iter_mut().for_each(|value| *value = slot.value(*value));
                }
                part.visit(&buffer.values, self.arch, numbered);
            }
            Parts::Codes(parts) => {
                for ((part, coders), codes) in parts.iter().zip(&mut buffer.codes) {
                    for ((slot, coder), codes) in part.slots.0.iter().zip(coders).zip(&mut *codes) {
                        self.data.code(slot.feature as usize, coder, start, &mut codes[..rows]);
                    }
                    part.visit(codes, self.arch, &mut numbered);
                }
            }
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

/// The trees in parts that read codes; `None` where coding the values would take longer than it
/// saves.
fn coded(trees: &[Tree]) -> Option<Vec<(&[Tree], Columns)>> {
    /// Tests of a row whose time is saved by codes in the time that it takes to make one.
    const TESTS_A_CODE: usize = 70;
    // The coders of values know thresholds alone.
    if inner_nodes(trees).any(|node| matches!(node.split(), Some(Split::In(_)))) {
        return None;
    }
    let nodes = inner_nodes(trees).count();
    let is_worth = |slots: usize| nodes > TESTS_A_CODE * slots;
    if !is_worth(Slots::new(trees).0.len()) {
        return None;
    }
    split(trees, Ladder::MOST).filter(|parts| is_worth(parts.iter().map(|(_, columns)| columns.slots.0.len()).sum()))
}

/// Splits trees into runs of at most `most` thresholds per column; `None` if a tree has more
/// on its own.
fn split(trees: &[Tree], most: usize) -> Option<Vec<(&[Tree], Columns)>> {
    let mut parts = Vec::new();
    let (mut begin, mut steps) = (0, Steps::default());
    for (index, tree) in trees.iter().enumerate() {
        if steps.add(tree, most) <= most {
            continue;
        }
        if index > begin {
            // Without those of this tree.
            steps = Steps::default();
            trees[begin..index].iter().for_each(|tree| _ = steps.add(tree, most));
            parts.push((&trees[begin..index], Columns::of(steps)));
        }
        (begin, steps) = (index, Steps::default());
        if steps.add(tree, most) > most {
            return None;
        }
    }
    parts.push((&trees[begin..], Columns::of(steps)));
    Some(parts)
}

/// The thresholds of each slot, ascending.
#[derive(Default)]
struct Steps(BTreeMap<Slot, Vec<f32>>);

impl Steps {
    /// Adds those of a tree, and returns how many there are of a slot at most, among those that it
    /// tests. Stops where these are more than `limit`, since every one more costs as many steps.
    fn add(&mut self, tree: &Tree, limit: usize) -> usize {
        let mut most = 0;
        for node in inner_nodes(std::slice::from_ref(tree)) {
            let steps = self.0.entry(Slot::of(node)).or_default();
            let threshold = threshold(node);
            let at = steps.partition_point(|&step| step < threshold);
            if steps.get(at) != Some(&threshold) {
                steps.insert(at, threshold);
            }
            most = most.max(steps.len());
            if most > limit {
                break;
            }
        }
        most
    }
}
