//! Kernel `partition`: sends the drawn rows of a split node to its children (`docs/exactness.md`
//! 8).
//!
//! IN: node records, bins. OUT: every chunk's permutation, grouped by the children too, stable; the
//! children's ranges.
//! Deterministic: each chunk by itself.

use super::chunk::divide::{RUN, divide_rows};
use super::chunk::{RowChunk, for_each};
use crate::binning::BinnedMatrix;
use crate::binning::codes::Codes;
use crate::binning::rule::Rule;
use crate::params::TreeMethod;
use crate::tree::grown::GrownNode;
use std::ops::Range;

/// Partitions the rows of `parents`, whose children are in `nodes`.
pub fn run(
    matrix: &BinnedMatrix,
    method: TreeMethod,
    nodes: &[GrownNode],
    parents: &[usize],
    chunks: &mut [RowChunk],
    parallel: bool,
) {
    let rules: Vec<(usize, Rule<'_>)> =
        parents.iter().map(|&parent| (parent, nodes[parent].rule(matrix, method))).collect();
    for_each(chunks, parallel, |_, chunk| {
        chunk.ranges.resize(nodes.len(), 0..0);
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
        Codes::Bytes(codes) => by_column(chunk, range, rule, &codes[first..][..rows]),
        Codes::Words(codes) => by_column(chunk, range, rule, &codes[first..][..rows]),
        Codes::ByRow { codes, width, position } => {
            let codes = &codes[first * width..][..rows * width];
            by_code(
                chunk,
                range,
                rule,
                #[inline(always)]
                |_, run, found| gather(run, found, |row| codes[row * width + position]),
            )
        }
    }
}

/// [`divide`] by the codes of the chunk's rows.
fn by_column<C: Copy + Default + Into<u32>>(
    chunk: &mut RowChunk,
    range: Range<u32>,
    rule: &Rule<'_>,
    codes: &[C],
) -> u32 {
    if range.len() == codes.len() {
        // Each of them, in order, since partitions keep it: as they lie in memory.
        by_code(
            chunk,
            range,
            rule,
            #[inline(always)]
            |start, run, found: &mut [C]| found.copy_from_slice(&codes[start..start + run.len()]),
        )
    } else {
        by_code(
            chunk,
            range,
            rule,
            #[inline(always)]
            |_, run, found: &mut [C]| gather(run, found, |row| codes[row]),
        )
    }
}

/// The codes of some rows.
#[inline(always)]
fn gather<C>(rows: &[u16], found: &mut [C], code: impl Fn(usize) -> C) {
    rows.iter().zip(found).for_each(|(&row, found)| *found = code(usize::from(row)));
}

/// [`divide`] by codes that `find` finds for a run of rows.
#[inline(always)]
fn by_code<C: Copy + Default + Into<u32>>(
    chunk: &mut RowChunk,
    range: Range<u32>,
    rule: &Rule<'_>,
    find: impl Fn(usize, &[u16], &mut [C]),
) -> u32 {
    let rows = &mut chunk.order[range.start as usize..range.end as usize];
    let mut codes = [C::default(); RUN];
    let (left, right) = divide_rows(
        rows,
        &mut chunk.scratch,
        #[inline(always)]
        |start, run, goes_left| {
            let codes = &mut codes[..run.len()];
            find(start, run, codes);
            // Apart from the reading, since this is a loop for vectors.
            rule.mark(codes, goes_left);
        },
    );
    rows[left..].copy_from_slice(&chunk.scratch[..right]);
    range.start + left as u32
}
