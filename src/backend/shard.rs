//! Which of all training rows a backend holds, and sums over all of them.

use crate::collective::{Alone, Collective, gather_words};
use crate::error::{Error, Result};
use crate::fixed::quantiser::{PairExtent, PairSum};

/// The rows of a training that this rank holds: a run of the rows of all ranks.
#[derive(Clone, Copy, Debug)]
pub struct Shard<'a> {
    /// All ranks of the training; [`Alone`] on one machine.
    pub ranks: &'a dyn Collective,
    /// Number of the first row, from 0: the rows of all lower ranks.
    pub first_row: usize,
    /// Number of rows of all ranks.
    pub rows: usize,
}

impl<'a> Shard<'a> {
    /// Returns the shard of a training on one machine: all `rows`.
    #[must_use]
    pub fn whole(rows: usize) -> Self {
        Self { ranks: &Alone, first_row: 0, rows }
    }

    /// Returns the shard of a rank that holds `rows` rows.
    ///
    /// # Errors
    /// If all ranks together have 2^31 rows or more; if a rank is lost.
    pub fn of(ranks: &'a dyn Collective, rows: usize) -> Result<Self> {
        let counts = gather_words(ranks, &[rows as u64])?.concat();
        let sum = |counts: &[u64]| counts.iter().sum::<u64>() as usize;
        if sum(&counts) >= 1 << 31 {
            let message = format!("the train data of all ranks has {} rows", sum(&counts));
            return Err(Error::data(message).remedy("give fewer than 2^31"));
        }
        Ok(Self { ranks, first_row: sum(&counts[..ranks.rank()]), rows: sum(&counts) })
    }

    /// Adds up the extents of all ranks' sampled pairs.
    ///
    /// # Errors
    /// If a rank is lost.
    pub fn merge_extent(&self, extent: PairExtent) -> Result<PairExtent> {
        if !self.ranks.is_shared() {
            return Ok(extent);
        }
        let PairExtent { rows, g_sum, h_sum, g_max, h_max } = extent;
        let gathered = gather_words(self.ranks, &[rows, g_sum, h_sum, g_max, h_max])?.concat();
        let of_rank = |&[rows, g_sum, h_sum, g_max, h_max]: &[u64; 5]| PairExtent { rows, g_sum, h_sum, g_max, h_max };
        Ok(gathered.as_chunks().0.iter().map(of_rank).fold(PairExtent::default(), PairExtent::merge))
    }

    /// Replaces sums over the rows of this rank by those over the rows of all.
    ///
    /// # Errors
    /// If a rank is lost.
    pub fn sum_pairs(&self, sums: &mut [PairSum]) -> Result<()> {
        if !self.ranks.is_shared() {
            return Ok(());
        }
        let mut words: Vec<u64> = sums.iter().flat_map(|sum| [sum.g as u64, sum.h as u64]).collect();
        self.ranks.sum(&mut words)?;
        for (sum, [g, h]) in sums.iter_mut().zip(words.as_chunks().0) {
            *sum = PairSum { g: *g as i64, h: *h as i64 };
        }
        Ok(())
    }
}
