//! Threshold lookup: counts the ascending steps at or below a value. The count is a value's bin, or
//! decides all tests of a forest on its feature.

use super::order::{bucket_shift, key};
use crate::util::vector::vectorised;
use std::hint::select_unpredictable;

/// Up to [`Ladder::MOST`] ascending steps.
///
/// The highest bits of a value find in a table how many steps lie below all values that share them;
/// a search among the steps that share them does the rest, most often a single comparison.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    /// The steps, and NaN behind them, which is above no value.
    steps: [f32; 2 * (Ladder::MOST + 1)],
    /// The keys of the first and of the last step.
    range: (u32, u32),
    /// A value's place in the table is `(key - first step's key) >> shift`.
    shift: u32,
    /// How many steps lie below all values of a place; the last is that of missing values.
    below: Vec<u16>,
    /// Half of the range of the search.
    half: usize,
}

impl Ladder {
    /// Most steps of a ladder: one less than the 256 results of a byte.
    pub const MOST: usize = 255;

    /// The most bits of a place in the table.
    const BITS: u32 = 15;

    /// A ladder of ascending steps; `missing` is the result for NaN. The table has up to
    /// `2^bits` places: fewer are made sooner, more make searches shorter.
    ///
    /// # Panics
    /// With more than [`Ladder::MOST`] steps.
    pub fn new(steps: &[f32], missing: u8, bits: u32) -> Self {
        let range = match steps {
            [first, .., last] => (key(*first), key(*last)),
            [only] => (key(*only), key(*only)),
            [] => (0, 0),
        };
        let shift = bucket_shift(range.1 - range.0, bits.min(Self::BITS));
        let places = ((range.1 - range.0) >> shift) as usize + 1;
        let mut ladder = Self { steps: [f32::NAN; _], range, shift, below: Vec::new(), half: 0 };
        let mut below = Vec::with_capacity(places + 1);
        let mut most = 0;
        let mut count = 0;
        for same in steps.chunk_by(|&a, &b| ladder.place(a) == ladder.place(b)) {
            below.resize(ladder.place(same[0]) as usize + 1, count);
            count += same.len() as u16;
            most = most.max(same.len());
        }
        // There is one place where there is no step.
        below.resize(places, 0);
        below.push(u16::from(missing));
        ladder.below = below;
        ladder.half = (most + 1).next_power_of_two() / 2;
        ladder.steps[..steps.len()].copy_from_slice(steps);
        ladder
    }

    /// Where a value that is not missing is looked up.
    #[inline(always)]
    fn place(&self, value: f32) -> u32 {
        (key(value).clamp(self.range.0, self.range.1) - self.range.0) >> self.shift
    }

    /// The number of steps up to each value.
    pub fn counts(&self, values: &[f32], counts: &mut [u8]) {
        /// Values that are looked at twice while they are in the cache.
        const BLOCK: usize = 1024;
        let missing = (self.below.len() - 1) as u16;
        let mut places = [0_u16; BLOCK];
        for (counts, values) in counts.chunks_mut(BLOCK).zip(values.chunks(BLOCK)) {
            vectorised(
                #[inline(always)]
                || {
                    for (place, &value) in places.iter_mut().zip(values) {
                        *place = if value.is_nan() { missing } else { self.place(value) as u16 };
                    }
                },
            );
            for ((count, &value), &place) in counts.iter_mut().zip(values).zip(&places) {
                let mut found = usize::from(self.below[usize::from(place)]);
                let mut step = self.half;
                while step > 0 {
                    // Halves the range without a branch: where the value lies cannot be foreseen.
                    let is_above = self.steps[(found + step - 1) % self.steps.len()] <= value;
                    found = select_unpredictable(is_above, found + step, found);
                    step /= 2;
                }
                *count = found as u8;
            }
        }
    }
}
