//! Blocks of rows through small trees without following any path: every node's test is made for all rows at once.
//!
//! The leaves of a tree are bits, from left to right. All are alive at first; each test that sends a row right kills
//! the leaves to its left below that node. The leftmost leaf that stays alive is the row's (QuickScorer, Lucchese et
//! al. 2015). 32 leaves make a word; larger trees have several, each with the tests that kill leaves in it.
//!
//! A test is one comparison and one masked `and` for as many rows as a vector has lanes, reads its values one after
//! the other, and has no branch. `pulp` chooses the instruction set when the program runs. Nothing here rounds, so that
//! all of them find the same leaves.

use super::{BLOCK, Buffer, Leaves, Slots};
use crate::tree::Tree;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Leaves of a word.
const WORD: usize = u32::BITS as usize;

/// Vectors that are worked on together: independent chains for the processor to overlap.
const VECTORS: usize = 4;

/// A node of a tree as a word sees it.
#[derive(Clone, Copy, Debug)]
struct Test {
    threshold: f32,
    /// The column of the buffer.
    column: u32,
    /// The leaves that a row keeps that is not below the threshold.
    keep: u32,
}

/// Up to 32 leaves of a tree.
#[derive(Clone, Debug)]
struct Word {
    tests: Range<usize>,
    /// The number of its first leaf.
    first_leaf: u32,
}

/// The words of a tree, from left to right.
pub(super) type Words = Range<usize>;

/// The tests of all trees.
pub(super) struct Tests {
    tests: Vec<Test>,
    words: Vec<Word>,
    /// A step down a tree takes as long as about so many tests.
    tests_a_step: usize,
}

impl Tests {
    pub(super) fn new(arch: Arch) -> Self {
        let tests_a_step = if matches!(arch, Arch::Scalar) { 5 } else { 20 };
        Self { tests: Vec::new(), words: Vec::new(), tests_a_step }
    }

    /// Adds a tree and its leaves; `None` if it is so large that walking it is faster.
    pub(super) fn add(&mut self, tree: &Tree, slots: &Slots, leaves: &mut Leaves) -> Option<Words> {
        let order = preorder(tree);
        let below = leaves_below(tree, &order);
        let inner = tree.nodes.len() - tree.leaves();
        let count = below.first().map_or(0, |&count| count as usize);
        // A test stands in more words than one only if leaves on both sides of an edge are below it.
        if count == 0 || inner + count / WORD * tree.depth() > self.tests_a_step * tree.depth().max(1) {
            return None;
        }
        let first_word = self.words.len();
        let first_leaf = leaves.values.len() as u32;
        let from_left = first_leaves(tree, &order, &below);
        order.iter().filter(|&&node| tree.nodes[node].is_leaf()).for_each(|&node| leaves.push(tree, node));
        for word in 0..count.div_ceil(WORD) {
            let begin = self.tests.len();
            for &node in order.iter().filter(|&&node| !tree.nodes[node].is_leaf()) {
                let left = tree.nodes[node].left as usize;
                let killed = from_left[left]..from_left[left] + below[left];
                let keep = !bits_within(killed, (word * WORD) as u32);
                if keep != u32::MAX {
                    let inner = &tree.nodes[node];
                    self.tests.push(Test { threshold: inner.threshold, column: slots.column(inner), keep });
                }
            }
            let first_leaf = first_leaf + (word * WORD) as u32;
            self.words.push(Word { tests: begin..self.tests.len(), first_leaf });
        }
        Some(first_word..self.words.len())
    }

    /// The leaf of each row of a block.
    pub(super) fn leaves(&self, words: &Words, buffer: &Buffer, arch: Arch, leaves: &mut [u32; BLOCK]) {
        // From right to left, so that the leftmost word with a leaf alive has the last say.
        for word in self.words[words.clone()].iter().rev() {
            let tests = &self.tests[word.tests.clone()];
            arch.dispatch(Kernel { tests, first_leaf: word.first_leaf, buffer, leaves });
        }
    }
}

/// The tests of a word for a block of rows.
struct Kernel<'a> {
    tests: &'a [Test],
    first_leaf: u32,
    buffer: &'a Buffer,
    leaves: &'a mut [u32; BLOCK],
}

impl WithSimd for Kernel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut alive = [0; BLOCK];
        let (vectors, _) = S::as_mut_simd_u32s(&mut alive);
        let (groups, _) = vectors.as_chunks_mut::<VECTORS>();
        for (group, result) in groups.iter_mut().enumerate() {
            let mut alive = [simd.splat_u32s(u32::MAX); VECTORS];
            for test in self.tests {
                let threshold = simd.splat_f32s(test.threshold);
                let keep = simd.splat_u32s(test.keep);
                let (values, _) = S::as_simd_f32s(&self.buffer[test.column as usize]);
                for (alive, &value) in alive.iter_mut().zip(&values[group * VECTORS..]) {
                    let left = simd.less_than_f32s(value, threshold);
                    *alive = simd.select_u32s(left, *alive, simd.and_u32s(*alive, keep));
                }
            }
            *result = alive;
        }
        for (leaf, alive) in self.leaves.iter_mut().zip(alive) {
            let found = self.first_leaf + alive.trailing_zeros();
            *leaf = if alive == 0 { *leaf } else { found };
        }
    }
}

/// The nodes with every node before its children, and everything on the left before everything on the right.
fn preorder(tree: &Tree) -> Vec<usize> {
    let mut order = Vec::with_capacity(tree.nodes.len());
    let mut stack = if tree.nodes.is_empty() { vec![] } else { vec![0] };
    while let Some(index) = stack.pop() {
        order.push(index);
        let node = &tree.nodes[index];
        if !node.is_leaf() {
            stack.extend([node.right as usize, node.left as usize]);
        }
    }
    order
}

/// The number of leaves below each node, itself if it is one.
fn leaves_below(tree: &Tree, preorder: &[usize]) -> Vec<u32> {
    let mut below = vec![0; tree.nodes.len()];
    for &index in preorder.iter().rev() {
        let node = &tree.nodes[index];
        below[index] = if node.is_leaf() { 1 } else { below[node.left as usize] + below[node.right as usize] };
    }
    below
}

/// The leaves to the left of those below each node.
fn first_leaves(tree: &Tree, preorder: &[usize], below: &[u32]) -> Vec<u32> {
    let mut first = vec![0; tree.nodes.len()];
    for &index in preorder {
        let node = &tree.nodes[index];
        if !node.is_leaf() {
            let (left, right) = (node.left as usize, node.right as usize);
            first[left] = first[index];
            first[right] = first[index] + below[left];
        }
    }
    first
}

/// The bits of a word that begins with leaf `begin` which stand for `leaves`.
fn bits_within(leaves: Range<u32>, begin: u32) -> u32 {
    let below = |leaf: u32| match leaf.saturating_sub(begin) {
        count @ 0..32 => (1_u32 << count) - 1,
        _ => u32::MAX,
    };
    below(leaves.end) & !below(leaves.start)
}
