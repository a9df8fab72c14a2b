//! Instance weights as integers (`docs/exactness.md` 2).

use super::{exponent_above, power_of_two, round_to_integer};
use crate::error::{Error, Result};
use std::ops::Range;

/// The quantised weights of a channel: `w` is about `values[row] / 2^scale`, and all of them sum to
/// less than 2^32.
#[derive(Clone, Debug, PartialEq)]
pub struct RowWeights {
    /// One integer per row; `None` where every weight is exactly 1.
    pub values: Option<Vec<u32>>,
    /// The power of two that the values are scaled by; 0 where unweighted.
    pub scale: i32,
}

impl RowWeights {
    /// Weights of exactly 1 for every row; they take no memory.
    pub const UNWEIGHTED: Self = Self { values: None, scale: 0 };

    /// Quantises the weights; an iterator of 1s gives [`RowWeights::UNWEIGHTED`].
    ///
    /// # Errors
    /// If all weights are 0, or one is not finite.
    pub fn new(weights: &[f32]) -> Result<Self> {
        if weights.iter().all(|&w| w == 1.0) {
            return Ok(Self::UNWEIGHTED);
        }
        let largest = weights.iter().copied().fold(0.0, f32::max);
        if largest == 0.0 {
            return Err(Error::data("all weights are 0").remedy("give at least one row a positive weight"));
        }
        if !largest.is_finite() {
            return Err(Error::data("a weight, times scale_pos_weight, is too large for a binary32")
                .remedy("divide all weights by the same number"));
        }
        // -200 is below every binary32 exponent, so the loop starts under any weight.
        let exponent = exponent_above(largest, -200);
        let unit = power_of_two(31 - exponent);
        let integers: Vec<u64> = weights.iter().map(|&w| round_to_integer(f64::from(w) * unit) as u64).collect();
        let sum: u64 = integers.iter().sum();
        let mut shift = 0;
        while (sum >> shift) + weights.len() as u64 >= 1 << 32 {
            shift += 1;
        }
        let half = (1_u64 << shift) >> 1;
        let values = integers.iter().map(|&w| ((w + half) >> shift) as u32).collect();
        Ok(Self { values: Some(values), scale: 31 - exponent - shift })
    }

    /// Returns the weights of some of the rows, in the same scale.
    #[must_use]
    pub fn part(self, rows: Range<usize>) -> Self {
        let part = |values: Vec<u32>| if rows.len() < values.len() { values[rows].to_vec() } else { values };
        Self { values: self.values.map(part), scale: self.scale }
    }

    /// The weight of a row as an integer.
    #[inline]
    #[must_use]
    pub fn get(&self, row: usize) -> u32 {
        self.values.as_ref().map_or(1, |values| values[row])
    }

    /// The weight that the integer 1 stands for.
    #[must_use]
    pub fn unit(&self) -> f64 {
        power_of_two(-self.scale)
    }

    /// Whether any weight differs from 1.
    #[must_use]
    pub fn is_weighted(&self) -> bool {
        self.values.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_are_unweighted() {
        assert_eq!(RowWeights::new(&[1.0; 3]).ok(), Some(RowWeights::UNWEIGHTED));
    }

    #[test]
    fn powers_of_two_only_change_the_scale() {
        let a = RowWeights::new(&[1.0, 3.0, 0.0]).ok();
        let b = RowWeights::new(&[4.0, 12.0, 0.0]).ok();
        assert_eq!(a.as_ref().map(|w| w.values.clone()), b.as_ref().map(|w| w.values.clone()));
        assert_eq!(a.map(|w| w.scale - 2), b.map(|w| w.scale));
    }

    #[test]
    fn sums_stay_below_two_to_the_32() {
        let weights: Vec<f32> = (0..1000).map(|i| 1e30 / (i as f32 + 1.0)).collect();
        let values = RowWeights::new(&weights).ok().and_then(|w| w.values).unwrap_or_default();
        assert!(values.iter().map(|&w| u64::from(w)).sum::<u64>() < 1 << 32);
        assert!(values[0] > 1 << 28);
    }

    #[test]
    fn all_zero_is_an_error() {
        assert!(RowWeights::new(&[0.0, 0.0]).is_err());
    }
}
