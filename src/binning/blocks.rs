//! Row blocks: up to 32 one-byte features, row-major.

use crate::util::buffer::Buffer;
use rayon::prelude::*;

/// Some of the features of up to 256 codes, row-major: their histograms are summed in one pass over
/// the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowBlock {
    /// The features, ascending; a row's codes stand in this order.
    pub features: Vec<u32>,
    /// `rows x features.len()` codes.
    pub codes: Buffer<u8>,
}

impl RowBlock {
    /// The most features of a block: half a cache line, so that a row of a full block never lies in
    /// two lines; the histograms stay in the second-level cache.
    const FEATURES: usize = 32;

    /// Shares the byte columns out to blocks.
    pub(super) fn groups<T>(columns: &[T]) -> std::slice::Chunks<'_, T> {
        columns.chunks(Self::FEATURES)
    }

    pub(super) fn transpose(columns: &[(u32, &[u8])], rows: usize) -> Self {
        /// Rows a task: columns are read in runs of this length, so that the written part stays in
        /// cache.
        const RUN: usize = 1024;
        let width = columns.len();
        let mut codes = Buffer::zeroed(rows * width);
        codes.par_chunks_mut(RUN * width).enumerate().for_each(|(run, codes)| {
            for (position, (_, column)) in columns.iter().enumerate() {
                for (row, &code) in codes.chunks_exact_mut(width).zip(&column[run * RUN..]) {
                    row[position] = code;
                }
            }
        });
        Self { features: columns.iter().map(|&(feature, _)| feature).collect(), codes }
    }
}
