//! Codes of one feature: a byte or two per row.

use super::cuts::FeatureCuts;
use super::in_order::InOrder;
use crate::error::Result;

/// The bins of one feature, one code per row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BinColumn {
    /// One byte per row, for features of at most 256 codes.
    Bytes(Vec<u8>),
    /// Two bytes per row, for features of more than 256 codes.
    Words(Vec<u16>),
    /// Up to 256 codes, which are in a row block alone
    /// ([`BinnedMatrix::codes`](crate::BinnedMatrix::codes) finds them).
    ByRow,
}

impl BinColumn {
    /// Bins a column of so many rows.
    pub(super) fn new(column: &impl InOrder, rows: usize, cuts: &FeatureCuts) -> Result<Self> {
        if cuts.codes() <= 256 {
            let (ladder, mut codes, mut done) = (cuts.ladder(rows), vec![0; rows], 0);
            column.read(|values| {
                ladder.counts(values, &mut codes[done..][..values.len()]);
                done += values.len();
            })?;
            Ok(Self::Bytes(codes))
        } else {
            let mut codes = Vec::with_capacity(rows);
            column.read(|values| codes.extend(values.iter().map(|&value| cuts.code(value) as u16)))?;
            Ok(Self::Words(codes))
        }
    }

    /// The code of a row, of a column that has its codes itself ([`BinnedMatrix::add_columns`] sees
    /// to that).
    #[inline]
    #[must_use]
    pub fn code(&self, row: usize) -> usize {
        match self {
            Self::Bytes(codes) => usize::from(codes[row]),
            Self::Words(codes) => usize::from(codes[row]),
            Self::ByRow => unreachable!("codes by row are read through their matrix"),
        }
    }
}

/// The codes of one feature, wherever they are.
#[derive(Clone, Copy, Debug)]
pub enum Codes<'m> {
    /// One byte per row of the matrix, stored by column.
    Bytes(&'m [u8]),
    /// Two bytes per row of the matrix, stored by column.
    Words(&'m [u16]),
    /// `codes[row x width + position]`.
    ByRow {
        /// The codes of a row block.
        codes: &'m [u8],
        /// Features of the block: codes per row.
        width: usize,
        /// Position of the feature in the block, below `width`.
        position: usize,
    },
}

impl Codes<'_> {
    /// Returns the code of a row: its bin, or the code of missing values.
    #[inline]
    #[must_use]
    pub fn code(&self, row: usize) -> usize {
        match *self {
            Self::Bytes(codes) => usize::from(codes[row]),
            Self::Words(codes) => usize::from(codes[row]),
            Self::ByRow { codes, width, position } => usize::from(codes[row * width + position]),
        }
    }
}
