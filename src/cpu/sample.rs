//! Kernel `sample`: which rows a tree sees (`docs/exactness.md` 5).
//!
//! IN: the sampler, weights. OUT: every chunk's `order`: drawn rows first, both parts in row order;
//! its `kept`: which ones they are. Deterministic: a row's draw depends on the row alone.

use super::chunk::divide::divide_rows;
use super::chunk::{RowChunk, for_each};
use crate::fixed::weight::RowWeights;
use crate::tree::sampling::RowSample;
use crate::util::vector::vectorised;

/// Draws the rows of a tree; every drawn row belongs to node 0. `first_row` is the number of the
/// first row of the chunks among all training rows: a row is drawn by its number.
pub fn run(sample: &RowSample, first_row: usize, weights: &RowWeights, chunks: &mut [RowChunk], parallel: bool) {
    for_each(chunks, parallel, |_, chunk| {
        let first = first_row + chunk.first_row;
        match sample {
            RowSample::All if !weights.is_weighted() => {
                number(&mut chunk.order);
                chunk.drawn = chunk.rows();
            }
            RowSample::All => draw(
                chunk,
                weights,
                #[inline(always)]
                |_| true,
            ),
            &RowSample::Hash { key, threshold } => draw(
                chunk,
                weights,
                #[inline(always)]
                move |row| RowSample::hashed(key, threshold, first + row),
            ),
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

/// All rows of a chunk, in order.
fn number(order: &mut [u16]) {
    order.iter_mut().zip(0..).for_each(|(place, row)| *place = row);
}

/// Orders a chunk's rows: those that `keep` holds of and that have a weight, then the others.
fn draw(chunk: &mut RowChunk, weights: &RowWeights, keep: impl Fn(usize) -> bool) {
    let RowChunk { first_row, order, kept, scratch, drawn, .. } = chunk;
    vectorised(
        #[inline(always)]
        || kept.iter_mut().zip(0..).for_each(|(kept, row)| *kept = keep(row)),
    );
    if weights.is_weighted() {
        kept.iter_mut().zip(*first_row..).for_each(|(kept, row)| *kept &= weights.get(row) > 0);
    }
    number(order);
    let (count, others) = divide_rows(
        order,
        scratch,
        #[inline(always)]
        |start, run, keeps| keeps.copy_from_slice(&kept[start..start + run.len()]),
    );
    order[count..].copy_from_slice(&scratch[..others]);
    *drawn = count;
}
