//! Kernel `add_leaves`: moves the training rows' margins by the values of their leaves (`docs/exactness.md` 9).
//!
//! IN: the finished tree, the drawn rows' nodes, bins of the others. OUT: margins; the others' order in their chunks. Deterministic: each
//! row by itself.

use super::chunk::{RowChunk, slices_by_chunk};
use super::partition::divide;
use super::prefetch::read_lines;
use crate::binning::BinnedMatrix;
use crate::binning::rule::Rule;
use crate::fixed::margin::MarginFormat;
use crate::tree::grown::FinishedTree;
use crate::util::vector::vectorised;
use rayon::prelude::*;

/// Which of a row's margins a tree moves.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// The format of margins.
    pub format: MarginFormat,
    /// Margins a row.
    pub classes: usize,
    /// The class of the tree.
    pub output: usize,
}

impl Slots {
    /// Moves one row's margin; `row` counts from the start of `margins`.
    #[inline]
    pub fn add(self, margins: &mut [i64], row: usize, step: i64) {
        let margin = &mut margins[row * self.classes + self.output];
        *margin = self.format.add(*margin, step);
    }
}

/// Adds the tree to the margins of all training rows.
pub fn run(
    matrix: &BinnedMatrix,
    finished: &FinishedTree,
    chunks: &mut [RowChunk],
    slots: Slots,
    margins: &mut [i64],
    parallel: bool,
) {
    let nodes = finished.tree.nodes.iter().enumerate();
    let splits: Vec<Option<(Rule<'_>, [usize; 2])>> = nodes
        .map(|(index, node)| {
            let children = [node.left, node.right].map(|child| child as usize);
            (!node.is_leaf()).then(|| (finished.rule(matrix, index), children))
        })
        .collect();
    let work = |(chunk, margins): (&mut RowChunk, &mut [i64])| {
        if let [step] = finished.steps[..]
            && slots.classes == 1
        {
            // A tree of one leaf moves all rows alike, drawn or not.
            let format = slots.format;
            vectorised(
                #[inline(always)]
                || margins.iter_mut().for_each(|margin| *margin = format.add(*margin, step)),
            );
            return;
        }
        read_lines(margins);
        for (node, &step) in finished.grown_steps.iter().enumerate() {
            if step != 0 {
                chunk.node_rows(node).iter().for_each(|&row| slots.add(margins, usize::from(row), step));
            }
        }
        // Those that were not drawn are divided as the others were.
        let mut ranges = vec![0..0; splits.len()];
        ranges[0] = chunk.drawn as u32..chunk.rows() as u32;
        for (node, split) in splits.iter().enumerate() {
            let range = ranges[node].clone();
            if let Some((rule, [left, right])) = split {
                let middle = divide(chunk, range.clone(), rule);
                (ranges[*left], ranges[*right]) = (range.start..middle, middle..range.end);
            } else {
                let rows = &chunk.order[range.start as usize..range.end as usize];
                rows.iter().for_each(|&row| slots.add(margins, usize::from(row), finished.steps[node]));
            }
        }
    };
    let slices = slices_by_chunk(chunks, margins, slots.classes);
    if parallel {
        chunks.par_iter_mut().zip(slices).for_each(work);
    } else {
        chunks.iter_mut().zip(slices).for_each(work);
    }
}
