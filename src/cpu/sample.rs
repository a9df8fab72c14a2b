//! Kernel `sample`: which rows a tree sees (`docs/exactness.md` 5).
//!
//! IN: the sampler, weights. OUT: every chunk's `order`: drawn rows first, both parts in row order; its `kept`: which ones they
//! are. Deterministic: a row's draw depends on the row alone.

use super::chunk::{RowChunk, for_each};
use crate::fixed::weight::RowWeights;
use crate::sampling::RowSample;
use crate::vector::vectorised;

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
    let places = vectorised(
        #[inline(always)]
        || number_rows(kept, order, scratch),
    );
    order[places.0..].copy_from_slice(&scratch[..places.1]);
    *drawn = places.0;
}

/// Rows that are numbered at a time.
const GROUP: usize = 8;

/// The places of the bits that are set, by their byte; zeros after them.
static SET: [[u16; GROUP]; 1 << GROUP] = {
    let mut set = [[0; GROUP]; 1 << GROUP];
    let mut byte = 0;
    while byte < set.len() {
        let (mut count, mut bit) = (0, 0);
        while bit < GROUP {
            if byte >> bit & 1 == 1 {
                set[byte][count] = bit as u16;
                count += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    set
};

/// Numbers the rows that are kept and the others, each in their order; answers how many there are of both.
#[inline(always)]
fn number_rows(kept: &[bool], taken: &mut [u16], others: &mut [u16]) -> (usize, usize) {
    let (mut taken_end, mut others_end) = (0, 0);
    let (groups, rest) = kept.as_chunks::<GROUP>();
    for (first, kept) in (0..).step_by(GROUP).zip(groups) {
        let kept = kept.iter().enumerate().fold(0, |byte, (bit, &kept)| byte | usize::from(kept) << bit);
        let others_kept = kept ^ (SET.len() - 1);
        // All places are written and as many as were found advance: a branch would be mispredicted for many rows. What is behind
        // them is written over.
        let ends = [(&mut *taken, &mut taken_end, kept), (&mut *others, &mut others_end, others_kept)];
        for (rows, end, byte) in ends {
            let places = SET[byte];
            rows[*end..][..GROUP].iter_mut().zip(places).for_each(|(row, place)| *row = first as u16 + place);
            *end += byte.count_ones() as usize;
        }
    }
    for (&kept, row) in rest.iter().zip(kept.len() - rest.len()..) {
        let (rows, end) = if kept { (&mut *taken, &mut taken_end) } else { (&mut *others, &mut others_end) };
        rows[*end] = row as u16;
        *end += 1;
    }
    (taken_end, others_end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::hash;

    #[test]
    fn rows_are_numbered_in_their_order() {
        for length in (0..40).chain([255, 256, 257, RowChunk::MOST_ROWS]) {
            for (key, share) in [(1, 0), (2, 1), (3, 5), (4, 9), (5, 10)] {
                let kept: Vec<bool> = (0..length as u32).map(|row| hash::combine(key, row) % 10 < share).collect();
                let rows = |wanted| (0..length).filter(|&row| kept[row] == wanted).map(|row| row as u16).collect();
                let (naive_taken, naive_others): (Vec<u16>, Vec<u16>) = (rows(true), rows(false));
                let (mut taken, mut others) = (vec![0; length], vec![0; length]);
                let (taken_end, others_end) = number_rows(&kept, &mut taken, &mut others);
                assert_eq!(
                    (&taken[..taken_end], &others[..others_end]),
                    (naive_taken.as_slice(), naive_others.as_slice())
                );
            }
        }
    }
}
