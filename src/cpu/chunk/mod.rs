//! A run of consecutive training rows and its permutation, grouped by node.

pub(super) mod divide;

use rayon::prelude::*;
use std::ops::Range;

/// Up to 65,536 consecutive rows.
#[derive(Clone, Debug, Default)]
pub struct RowChunk {
    /// Number of the chunk's first row.
    pub first_row: usize,
    /// The chunk's rows less `first_row`: first the drawn ones, grouped by node, then the others.
    pub order: Vec<u16>,
    /// How many rows are drawn.
    pub drawn: usize,
    /// Which rows are drawn, one a row; only written where a sample chooses.
    pub kept: Vec<bool>,
    /// The part of `order` that a node of the tree covers, one a node.
    pub ranges: Vec<Range<u32>>,
    /// Room for the partition.
    pub scratch: Vec<u16>,
}

impl RowChunk {
    /// The most rows that a chunk's 16-bit permutation can name.
    pub const MOST_ROWS: usize = 1 << 16;

    /// Chunks of `chunk_rows` that cover `rows` rows.
    #[must_use]
    pub fn cover(rows: usize, chunk_rows: usize) -> Vec<Self> {
        (0..rows)
            .step_by(chunk_rows)
            .map(|first_row| {
                let length = chunk_rows.min(rows - first_row);
                Self {
                    first_row,
                    order: vec![0; length],
                    scratch: vec![0; length],
                    kept: vec![true; length],
                    ..Self::default()
                }
            })
            .collect()
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.order.len()
    }

    /// The drawn rows of a node, less `first_row`.
    #[inline]
    #[must_use]
    pub fn node_rows(&self, node: usize) -> &[u16] {
        let range = &self.ranges[node];
        &self.order[range.start as usize..range.end as usize]
    }
}

/// Drawn rows of a chunk in the order of memory are fewer steps than their gathering if at least
/// one of so many is drawn.
const MASKED_FROM: usize = 4;

/// Hands `work` rows of a chunk (less the first), their values, and a mask: all ones for drawn
/// rows, otherwise 0. Every drawn row comes once; others may come, too, where it is faster to run
/// through all. A row's value is `values[row x width]`.
#[inline(always)]
pub fn each_drawn<V: Copy>(chunk: &RowChunk, values: &[V], width: usize, mut work: impl FnMut(usize, V, i64)) {
    let values = &values[chunk.first_row * width..];
    if width == 1 && chunk.drawn == chunk.rows() {
        values[..chunk.rows()].iter().enumerate().for_each(|(row, &value)| work(row, value, -1));
    } else if width == 1 && MASKED_FROM * chunk.drawn >= chunk.rows() {
        let rows = values[..chunk.rows()].iter().zip(&chunk.kept).enumerate();
        rows.for_each(|(row, (&value, &kept))| work(row, value, -i64::from(kept)));
    } else {
        for row in chunk.order[..chunk.drawn].iter().map(|&row| usize::from(row)) {
            work(row, values[row * width], -1);
        }
    }
}

/// Runs `work` for every item, on all threads or on this one.
pub fn for_each<T: Send>(items: &mut [T], parallel: bool, work: impl Fn(usize, &mut T) + Send + Sync) {
    if parallel {
        items.par_iter_mut().enumerate().for_each(|(index, item)| work(index, item));
    } else {
        items.iter_mut().enumerate().for_each(|(index, item)| work(index, item));
    }
}

/// Maps every item and merges the results, on all threads or on this one; `merge` is associative
/// and commutative.
pub fn map_reduce<T: Sync, R: Send + Sync>(
    items: &[T],
    parallel: bool,
    neutral: impl Fn() -> R + Send + Sync,
    map: impl Fn(&T) -> R + Send + Sync,
    merge: impl Fn(R, R) -> R + Send + Sync,
) -> R {
    if parallel {
        items.par_iter().map(map).reduce(neutral, merge)
    } else {
        items.iter().map(map).fold(neutral(), merge)
    }
}

/// Cuts a row-major array (`width` values a row) at the ends of the chunks.
pub fn slices_by_chunk<'v, T>(chunks: &[RowChunk], mut values: &'v mut [T], width: usize) -> Vec<&'v mut [T]> {
    chunks
        .iter()
        .map(|chunk| {
            let (head, tail) = std::mem::take(&mut values).split_at_mut(chunk.rows() * width);
            values = tail;
            head
        })
        .collect()
}
