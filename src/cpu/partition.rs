//! Kernel `partition`: sends the drawn rows of a split node to its children (`docs/exactness.md` 8).
//!
//! IN: node records, bins. OUT: every chunk's permutation, grouped by the nodes of the new level, stable; the nodes' ranges.
//! Deterministic: each chunk by itself.

use super::chunk::{RUN, RowChunk, for_each};
use crate::backend::GrownNode;
use crate::binning::BinnedMatrix;
use crate::binning::matrix::Codes;
use crate::binning::rule::Rule;
use crate::params::TreeMethod;
use std::ops::Range;

/// Partitions the rows of all parents of the new `level`.
pub fn run(
    matrix: &BinnedMatrix,
    method: TreeMethod,
    nodes: &[GrownNode],
    level: Range<usize>,
    chunks: &mut [RowChunk],
    parallel: bool,
) {
    let rules: Vec<(usize, Rule<'_>)> = nodes[..level.start]
        .iter()
        .enumerate()
        .filter(|(_, node)| level.contains(&(node.left as usize)))
        .map(|(index, node)| (index, node.rule(matrix, method)))
        .collect();
    for_each(chunks, parallel, |_, chunk| {
        chunk.ranges.resize(level.end, 0..0);
        for (node, rule) in &rules {
            let range = chunk.ranges[*node].clone();
            let middle = divide(chunk, range.clone(), rule);
            let left = nodes[*node].left as usize;
            chunk.ranges[left] = range.start..middle;
            chunk.ranges[left + 1] = middle..range.end;
        }
    });
}

/// Divides a range of the chunk's order by a rule; answers where the right side begins.
pub(super) fn divide(chunk: &mut RowChunk, range: Range<u32>, rule: &Rule<'_>) -> u32 {
    let (first, rows) = (chunk.first_row, chunk.rows());
    match rule.codes {
        Codes::Bytes(codes) => {
            let codes = &codes[first..][..rows];
            split_rows(chunk, range, rule, |row| codes[row].into())
        }
        Codes::Words(codes) => {
            let codes = &codes[first..][..rows];
            split_rows(chunk, range, rule, |row| codes[row].into())
        }
        Codes::ByRow { codes, width, position } => {
            let codes = &codes[first * width..][..rows * width];
            split_rows(chunk, range, rule, |row| codes[row * width + position].into())
        }
    }
}

/// Moves the rows that go left to the front of the range, both sides in their old order; answers where the right side begins. `code` is
/// that of a row of the chunk.
fn split_rows(chunk: &mut RowChunk, range: Range<u32>, rule: &Rule<'_>, code: impl Fn(usize) -> u32) -> u32 {
    let rows = &mut chunk.order[range.start as usize..range.end as usize];
    let (mut left, mut right) = (0, 0);
    let mut sides = [[0; RUN]; 2];
    for start in (0..rows.len()).step_by(RUN) {
        let run = &rows[start..rows.len().min(start + RUN)];
        let [others, taken] = &mut sides;
        let mut count = 0;
        for (i, &row) in run.iter().enumerate() {
            // Both are written and one advances: a branch here would be mispredicted for half of the rows. The remainders
            // change nothing; they show that no place is outside.
            taken[count % RUN] = row;
            others[(i - count) % RUN] = row;
            count += usize::from(rule.takes(code(usize::from(row))));
        }
        let (taken, others) = (&taken[..count], &others[..run.len() - count]);
        let (to_left, to_right) = if rule.default_left { (others, taken) } else { (taken, others) };
        rows[left..left + to_left.len()].copy_from_slice(to_left);
        chunk.scratch[right..right + to_right.len()].copy_from_slice(to_right);
        left += to_left.len();
        right += to_right.len();
    }
    rows[left..].copy_from_slice(&chunk.scratch[..right]);
    range.start + left as u32
}
