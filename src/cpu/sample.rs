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
        let (mut drawn, mut undrawn) = (0, 0);
        for row in 0..chunk.rows() {
            let global = chunk.first_row + row;
            if sample.contains(global) && weights.get(global) > 0 {
                chunk.order[drawn] = row as u16;
                drawn += 1;
            } else {
                chunk.scratch[undrawn] = row as u16;
                undrawn += 1;
            }
        }
        chunk.order[drawn..].copy_from_slice(&chunk.scratch[..undrawn]);
        chunk.drawn = drawn;
        chunk.ranges.clear();
        chunk.ranges.push(0..drawn as u32);
    });
}
