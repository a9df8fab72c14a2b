//! Gradient pairs of losses that no fixed binary point suits, such as those with an exponential:
//! they become integers in a scale of their own in every round.

use super::quantiser::{GradientPair, PairScale};
use super::{exponent_above, power_of_two, round_to_integer};

/// The gradient and hessian of one row as real numbers, unweighted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RealPair {
    /// Gradient of the row's loss in its margin.
    pub g: f64,
    /// Hessian of the row's loss in its margin; at least 0.
    pub h: f64,
}

impl RealPair {
    /// Returns the larger |g| and the larger h of two pairs. Over all rows this is the extent of a
    /// round, whatever the order.
    #[must_use]
    pub fn extent(self, other: Self) -> Self {
        Self { g: self.g.abs().max(other.g.abs()), h: self.h.max(other.h) }
    }
}

/// The lowest exponent of an extent, where all pairs are 0.
const EXPONENT_FLOOR: i32 = -64;

/// Turns the real pairs of one round into integers.
#[derive(Clone, Copy, Debug)]
pub struct PairRounding {
    g: f64,
    h: f64,
}

impl PairRounding {
    /// Returns the rounding of a round's unweighted pairs, and the binary points of its weighted
    /// ones.
    ///
    /// `points` are the binary points of weighted pairs below 1, `weight_scale` those of the
    /// weights.
    #[must_use]
    pub fn new(extent: RealPair, points: PairScale, weight_scale: i32) -> (Self, PairScale) {
        let g = points.g - exponent_above(extent.g, EXPONENT_FLOOR);
        let h = points.h - exponent_above(extent.h, EXPONENT_FLOOR);
        let rounding = Self { g: power_of_two(g - weight_scale), h: power_of_two(h - weight_scale) };
        (rounding, PairScale { g, h })
    }

    /// Returns the nearest integers; the hessian is at least 1.
    #[inline(always)]
    #[must_use]
    pub fn round(self, pair: RealPair) -> GradientPair {
        GradientPair { g: round_to_integer(pair.g * self.g), h: round_to_integer(pair.h * self.h).max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_pair_of_a_round_takes_all_bits_and_no_more() {
        let pairs = [RealPair { g: -3e9, h: 1e-5 }, RealPair { g: 2.0, h: 0.0 }];
        let extent = pairs.into_iter().fold(RealPair::default(), RealPair::extent);
        let (rounding, scale) = PairRounding::new(extent, PairScale { g: 30, h: 30 }, 0);
        let [largest, small] = pairs.map(|pair| rounding.round(pair));
        assert!((1 << 29..=1 << 30).contains(&-largest.g) && (1 << 29..=1 << 30).contains(&largest.h));
        assert_eq!(scale, PairScale { g: 30 - 32, h: 30 + 16 });
        assert_eq!(small, GradientPair { g: 1, h: 1 });
    }
}
