//! Kernel `sample`: which rows a tree sees (`docs/exactness.md` 5).
//!
//! IN: the sampler, weights. OUT: every chunk's `order`: drawn rows first, both parts in row order. Deterministic: a row's
//! draw depends on the row alone.

use super::chunk::{RowChunk, for_each};
use crate::fixed::weight::RowWeights;
use crate::sampling::RowSample;

/// Draws the rows of a tree; every drawn row belongs to node 0.
pub fn run(sample: &RowSample, weights: &RowWeights, chunks: &mut [RowChunk], parallel: bool) {
    for_each(chunks, parallel, |_, chunk| {
        let first = chunk.first_row;
        match sample {
            RowSample::All if !weights.is_weighted() => {
                chunk.order.iter_mut().zip(0..).for_each(|(place, row)| *place = row);
                chunk.drawn = chunk.rows();
            }
            _ if !weights.is_weighted() => draw(chunk, |row| sample.contains(first + row)),
            _ => draw(chunk, |row| sample.contains(first + row) && weights.get(first + row) > 0),
        }
        chunk.ranges.clear();
        chunk.ranges.push(0..chunk.drawn as u32);
    });
}

/// Orders a chunk's rows: those that `keep` holds of, then the others.
fn draw(chunk: &mut RowChunk, keep: impl Fn(usize) -> bool) {
    let (mut drawn, mut undrawn) = (0, 0);
    for row in 0..chunk.rows() {
        // Both are written and one advances: a branch here would be mispredicted for many rows.
        chunk.order[drawn] = row as u16;
        chunk.scratch[undrawn] = row as u16;
        let kept = keep(row);
        drawn += usize::from(kept);
        undrawn += usize::from(!kept);
    }
    chunk.order[drawn..].copy_from_slice(&chunk.scratch[..undrawn]);
    chunk.drawn = drawn;
}
