//! Blocks of rows through small trees without following any path: every node's test is made for all
//! rows at once.
//!
//! The leaves of a tree are bits, from left to right. All are alive at first; each test that sends
//! a row right kills the leaves to its left below that node. The leftmost leaf that stays alive is
//! the row's (QuickScorer, Lucchese et al. 2015). Eight leaves make a word; larger trees have
//! several, each with the tests that kill leaves in it.
//!
//! A test is one comparison and one masked `and` for as many rows as a vector has lanes, reads its
//! values one after the other, and has no branch. `pulp` chooses the instruction set when the
//! program runs. Nothing here rounds, so that all of them find the same leaves.

use super::{BLOCK, Columns, Lane, Leaves};
use crate::tree::Tree;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Leaves per word of a mask: 8, one bit each.
const WORD: usize = u8::BITS as usize;

/// The most words of a tree: their numbers are bytes.
const MOST_WORDS: usize = 1 << u8::BITS;

/// A node of a tree as a word sees it.
#[derive(Clone, Copy, Debug)]
struct Test<T> {
    threshold: T,
    /// The leaves that a row keeps that is not below the threshold.
    keep: u8,
    /// The column of the buffer.
    column: u32,
}

/// The words of a tree, from left to right.
#[derive(Clone, Debug)]
pub(super) struct Words {
    words: Range<usize>,
    /// The number of the tree's first leaf.
    first_leaf: u32,
}

/// The tests of all trees.
pub(super) struct Tests<T> {
    tests: Vec<Test<T>>,
    /// The tests of each word.
    words: Vec<Range<usize>>,
    /// Tests that take about as long as one step down a tree.
    tests_a_step: usize,
}

impl<T: Lane> Tests<T> {
    pub(super) fn new(arch: Arch) -> Self {
        let tests_a_step = if matches!(arch, Arch::Scalar) { T::TESTS_A_STEP / 4 } else { T::TESTS_A_STEP };
        Self { tests: Vec::new(), words: Vec::new(), tests_a_step }
    }

    /// Adds a tree and its leaves; `None` if it is so large that walking it is faster.
    pub(super) fn add(&mut self, tree: &Tree, columns: &Columns, leaves: &mut Leaves) -> Option<Words> {
        let order = preorder(tree);
        let below = leaves_below(tree, &order);
        let inner = tree.nodes.len() - tree.leaves();
        let count = below.first().map_or(0, |&count| count as usize);
        let words = count.div_ceil(WORD);
        // A test stands in more words than one only if leaves on both sides of an edge are below
        // it; it kills half of those below it.
        let tests = inner + count / (2 * WORD) * tree.depth();
        if count == 0 || words > MOST_WORDS || tests > self.tests_a_step * tree.depth().max(1) {
            return None;
        }
        let first_word = self.words.len();
        let first_leaf = leaves.values.len() as u32;
        let from_left = first_leaves(tree, &order, &below);
        order.iter().filter(|&&node| tree.nodes[node].is_leaf()).for_each(|&node| leaves.push(tree, node));
        for word in 0..words {
            let begin = self.tests.len();
            for &node in &order {
                let Some([left, _]) = tree.nodes[node].children() else { continue };
                let killed = from_left[left]..from_left[left] + below[left];
                let keep = !bits_within(killed, (word * WORD) as u32);
                if keep != u8::MAX {
                    let (column, threshold) = columns.test(&tree.nodes[node]);
                    self.tests.push(Test { threshold, keep, column });
                }
            }
            self.words.push(begin..self.tests.len());
        }
        Some(Words { words: first_word..self.words.len(), first_leaf })
    }

    /// The leaf of each row of a block.
    pub(super) fn leaves(&self, words: &Words, buffer: &[[T; BLOCK]], arch: Arch, leaves: &mut [u32; BLOCK]) {
        let Words { words, first_leaf } = words;
        arch.dispatch(Kernel {
            tests: &self.tests,
            words: &self.words[words.clone()],
            first_leaf: *first_leaf,
            buffer,
            leaves,
        });
    }
}

/// The tests of a tree for a block of rows.
struct Kernel<'a, T> {
    tests: &'a [Test<T>],
    words: &'a [Range<usize>],
    first_leaf: u32,
    buffer: &'a [[T; BLOCK]],
    leaves: &'a mut [u32; BLOCK],
}

impl<T: Lane> WithSimd for Kernel<'_, T> {
    type Output = ();

    /// Plain loops over arrays of a known length, which the compiler turns into vectors.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { tests, words, first_leaf, buffer, leaves } = self;
        // The leftmost word with a leaf alive, and its leaves.
        let mut found = [0_u8; BLOCK];
        let mut bits = [0_u8; BLOCK];
        // From right to left, so that the leftmost has the last say.
        for (word, range) in words.iter().enumerate().rev() {
            let mut alive = [u8::MAX; BLOCK];
            for test in &tests[range.clone()] {
                let values = &buffer[test.column as usize];
                for (alive, &value) in alive.iter_mut().zip(values) {
                    let left = if value < test.threshold { u8::MAX } else { 0 };
                    *alive &= left | test.keep;
                }
            }
            for ((found, bits), alive) in found.iter_mut().zip(&mut bits).zip(alive) {
                // Without a choice whether to write: there is no masked store of bytes before
                // AVX-512.
                let dead = if alive == 0 { u8::MAX } else { 0 };
                *found = word as u8 & !dead | *found & dead;
                *bits = alive | *bits & dead;
            }
        }
        for ((leaf, found), bits) in leaves.iter_mut().zip(found).zip(bits) {
            // The number of the lowest bit, digit by digit.
            let lowest = bits & bits.wrapping_neg();
            let digit = |ones: u8, value: u8| if lowest & ones != 0 { value } else { 0 };
            let bit = digit(0b1010_1010, 1) | digit(0b1100_1100, 2) | digit(0b1111_0000, 4);
            *leaf = first_leaf + u32::from(found) * WORD as u32 + u32::from(bit);
        }
    }
}

/// The nodes with every node before its children, and everything on the left before everything on
/// the right.
fn preorder(tree: &Tree) -> Vec<usize> {
    let mut order = Vec::with_capacity(tree.nodes.len());
    let mut stack = if tree.nodes.is_empty() { vec![] } else { vec![0] };
    while let Some(index) = stack.pop() {
        order.push(index);
        if let Some([left, right]) = tree.nodes[index].children() {
            stack.extend([right, left]);
        }
    }
    order
}

/// The number of leaves below each node, itself if it is one.
fn leaves_below(tree: &Tree, preorder: &[usize]) -> Vec<u32> {
    let mut below = vec![0; tree.nodes.len()];
    for &index in preorder.iter().rev() {
        below[index] = tree.nodes[index].children().map_or(1, |[left, right]| below[left] + below[right]);
    }
    below
}

/// The leaves to the left of those below each node.
fn first_leaves(tree: &Tree, preorder: &[usize], below: &[u32]) -> Vec<u32> {
    let mut first = vec![0; tree.nodes.len()];
    for &index in preorder {
        if let Some([left, right]) = tree.nodes[index].children() {
            first[left] = first[index];
            first[right] = first[index] + below[left];
        }
    }
    first
}

/// The bits of a word that begins with leaf `begin` which stand for `leaves`.
fn bits_within(leaves: Range<u32>, begin: u32) -> u8 {
    let below = |leaf: u32| match leaf.saturating_sub(begin) {
        count @ 0..8 => (1_u8 << count) - 1,
        _ => u8::MAX,
    };
    below(leaves.end) & !below(leaves.start)
}
