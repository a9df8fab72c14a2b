//! Kernel `sample`: which rows a tree sees (`docs/exactness.md` 5).
//!
//! IN: the sampler, weights. OUT: every chunk's `order`: drawn rows first, both parts in row order. Deterministic: a row's
//! draw depends on the row alone.

use super::chunk::{RUN, RowChunk, for_each};
use super::vector::vectorised;
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
            RowSample::All => draw(
                chunk,
                weights,
                #[inline(always)]
                |_| true,
            ),
            RowSample::Hash { key, threshold } => {
                draw(
                    chunk,
                    weights,
                    #[inline(always)]
                    |row| RowSample::hashed(*key, *threshold, first + row),
                );
            }
            RowSample::Drawn(rows) => draw(
                chunk,
                weights,
                #[inline(always)]
                |row| rows[first + row],
            ),
        }
        chunk.ranges.clear();
        chunk.ranges.push(0..chunk.drawn as u32);
    });
}

/// Orders a chunk's rows: those that `keep` holds of and that have a weight, then the others.
fn draw(chunk: &mut RowChunk, weights: &RowWeights, keep: impl Fn(usize) -> bool) {
    let (mut drawn, mut undrawn) = (0, 0);
    let mut kept = [false; RUN];
    for start in (0..chunk.rows()).step_by(RUN) {
        let length = RUN.min(chunk.rows() - start);
        vectorised(
            #[inline(always)]
            || kept[..length].iter_mut().zip(start..).for_each(|(kept, row)| *kept = keep(row)),
        );
        if weights.is_weighted() {
            let rows = chunk.first_row + start..;
            kept[..length].iter_mut().zip(rows).for_each(|(kept, row)| *kept &= weights.get(row) > 0);
        }
        for (&kept, row) in kept[..length].iter().zip(start..) {
            // Both are written and one advances: a branch here would be mispredicted for many rows.
            chunk.order[drawn] = row as u16;
            chunk.scratch[undrawn] = row as u16;
            drawn += usize::from(kept);
            undrawn += usize::from(!kept);
        }
    }
    chunk.order[drawn..].copy_from_slice(&chunk.scratch[..undrawn]);
    chunk.drawn = drawn;
}
