//! Kernel `partition`: sends the drawn rows of a split node to its children (`docs/exactness.md` 8).
//!
//! IN: node records, bins. OUT: every chunk's permutation, grouped by the nodes of the new level, stable; the nodes' ranges.
//! Deterministic: each chunk by itself.

use super::chunk::{RowChunk, for_each};
use crate::backend::GrownNode;
use crate::binning::BinnedMatrix;
use crate::binning::matrix::BinColumn;
use crate::params::TreeMethod;
use crate::split::Scan;
use std::ops::Range;

/// One split as the rows see it.
struct Rule<'m> {
    node: usize,
    column: &'m BinColumn,
    /// Bins below go left.
    boundary: usize,
    /// The code of missing rows and whether they go left; codes above all present ones never occur without missing values.
    missing: usize,
    default_left: bool,
}

/// Partitions the rows of all parents of the new `level`.
pub fn run(
    matrix: &BinnedMatrix,
    method: TreeMethod,
    nodes: &[GrownNode],
    level: Range<usize>,
    chunks: &mut [RowChunk],
    parallel: bool,
) {
    let rules: Vec<Rule<'_>> = nodes[..level.start]
        .iter()
        .enumerate()
        .filter(|(_, node)| level.contains(&(node.left as usize)))
        .map(|(index, node)| {
            let cuts = &matrix.cuts[node.feature as usize];
            let scan = Scan::new(method, cuts);
            let place = scan.place(node.rank);
            Rule {
                node: index,
                column: &matrix.columns[node.feature as usize],
                boundary: scan.boundary(place),
                missing: cuts.missing_code(),
                default_left: place.default_left(),
            }
        })
        .collect();
    for_each(chunks, parallel, |_, chunk| {
        chunk.ranges.resize(level.end, 0..0);
        for rule in &rules {
            let range = chunk.ranges[rule.node].clone();
            let middle = match rule.column {
                BinColumn::Bytes(codes) => split_rows(chunk, range.clone(), rule, codes),
                BinColumn::Words(codes) => split_rows(chunk, range.clone(), rule, codes),
            };
            let left = nodes[rule.node].left as usize;
            chunk.ranges[left] = range.start..middle;
            chunk.ranges[left + 1] = middle..range.end;
        }
    });
}

/// Moves the rows that go left to the front of the range, both sides in their old order; answers where the right side begins.
fn split_rows<T: Copy + Into<usize>>(chunk: &mut RowChunk, range: Range<u32>, rule: &Rule<'_>, codes: &[T]) -> u32 {
    let codes = &codes[chunk.first_row..][..chunk.order.len()];
    let rows = &mut chunk.order[range.start as usize..range.end as usize];
    let (mut left, mut right) = (0, 0);
    for i in 0..rows.len() {
        let row = rows[i];
        let code: usize = codes[usize::from(row)].into();
        let goes_left = if code == rule.missing { rule.default_left } else { code < rule.boundary };
        // Both are written and one advances: a branch here would be mispredicted for half of the rows.
        rows[left] = row;
        chunk.scratch[right] = row;
        left += usize::from(goes_left);
        right += usize::from(!goes_left);
    }
    rows[left..].copy_from_slice(&chunk.scratch[..right]);
    range.start + left as u32
}
