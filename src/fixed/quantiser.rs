//! Quantised gradient pairs, and the parameters of the split search in their scale
//! (`docs/exactness.md` 6).

use super::{power_of_two, round_shift};

/// The gradient and hessian of one row, exact: `g / 2^sg`, `h / 2^sh` with the scales of
/// [`PairScale`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GradientPair {
    /// Gradient: an integer with the binary point [`PairScale::g`].
    pub g: i64,
    /// Hessian with the binary point [`PairScale::h`]; at least 1.
    pub h: i64,
}

/// Exact sums over rows: of gradients and hessians, quantised or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairSum {
    /// Sum of gradients, in the scale of the pairs that are summed.
    pub g: i64,
    /// Sum of hessians, in the scale of the pairs that are summed; 0 without rows.
    pub h: i64,
}

impl GradientPair {
    /// The pair where `mask` is all ones, nothing where it is 0.
    #[inline(always)]
    #[must_use]
    pub fn masked(self, mask: i64) -> Self {
        Self { g: self.g & mask, h: self.h & mask }
    }
}

impl PairSum {
    /// The sum where `mask` is all ones, nothing where it is 0.
    #[inline(always)]
    #[must_use]
    pub fn masked(self, mask: i64) -> Self {
        Self { g: self.g & mask, h: self.h & mask }
    }

    /// Returns the componentwise sum.
    #[inline(always)]
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { g: self.g + other.g, h: self.h + other.h }
    }

    /// Componentwise difference.
    #[inline(always)]
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { g: self.g - other.g, h: self.h - other.h }
    }
}

/// The binary points of unquantised pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairScale {
    /// A gradient `g` stands for `g / 2^g_scale`.
    pub g: i32,
    /// A hessian `h` stands for `h / 2^h_scale`.
    pub h: i32,
}

/// What the quantiser must know of all sampled rows of a tree; merging is associative and
/// commutative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairExtent {
    /// Number of sampled rows.
    pub rows: u64,
    /// Sum of the gradients' absolute values, unquantised.
    pub g_sum: u64,
    /// Sum of the hessians, unquantised.
    pub h_sum: u64,
    /// Largest absolute value of a gradient, unquantised.
    pub g_max: u64,
    /// Largest hessian, unquantised.
    pub h_max: u64,
}

impl PairExtent {
    /// Counts one sampled row.
    #[inline(always)]
    pub fn add(&mut self, pair: GradientPair) {
        self.rows += 1;
        self.g_sum += pair.g.unsigned_abs();
        self.h_sum += pair.h as u64;
        self.g_max = self.g_max.max(pair.g.unsigned_abs());
        self.h_max = self.h_max.max(pair.h as u64);
    }

    /// The extent of both sets of rows.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            g_sum: self.g_sum + other.g_sum,
            h_sum: self.h_sum + other.h_sum,
            g_max: self.g_max.max(other.g_max),
            h_max: self.h_max.max(other.h_max),
        }
    }
}

/// Whether histogram sums fit 32 bits or take 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumWidth {
    /// Sums below 2^31: one packed u64 per bin.
    Narrow,
    /// Sums below 2^52: two i64 per bin.
    Wide,
}

/// Up to this number of training rows histogram sums are wide: they cost so few rows little, and
/// then near ties of small gains fall as they do in XGBoost, which 31 bits for all rows together do
/// not always reach.
pub const SMALL_ROWS: usize = 1 << 16;

/// Above this number of training rows 31 bits for all of them together would leave too few for
/// each: sums are wide.
pub const NARROW_ROWS: usize = 1 << 21;

impl SumWidth {
    /// The width for a number of training rows, unless a parameter says otherwise.
    #[must_use]
    pub fn of_rows(rows: usize) -> Self {
        if rows > SMALL_ROWS && rows <= NARROW_ROWS { Self::Narrow } else { Self::Wide }
    }
}

/// Turns exact pairs into quantised ones; fixed for one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiser {
    /// Low bits that rounding drops from a gradient, 0 to 63.
    pub g_shift: u32,
    /// Low bits that rounding drops from a hessian, 0 to 63.
    pub h_shift: u32,
    /// Whether the cap at 1/4 applies: unweighted binary:logistic.
    pub capped: bool,
}

/// 1/4 in Q30: the largest hessian of the logistic loss.
const QUARTER: i64 = 1 << 28;

impl Quantiser {
    /// The smallest shifts that keep every sum of quantised pairs within `width`.
    #[must_use]
    pub fn new(extent: &PairExtent, width: SumWidth, capped: bool) -> Self {
        let shift = |sum: u64, max: u64| {
            let fits = |k: u32| match width {
                SumWidth::Narrow => (sum >> k) + extent.rows < 1 << 31,
                SumWidth::Wide => (sum >> k) + extent.rows < 1 << 52 && (max >> k) + 1 < 1 << 31,
            };
            (0..64).find(|&k| fits(k)).unwrap_or(63)
        };
        Self { g_shift: shift(extent.g_sum, extent.g_max), h_shift: shift(extent.h_sum, extent.h_max), capped }
    }

    /// The quantised pair: `|g| < 2^31` and `1 <= h < 2^31`.
    #[inline(always)]
    #[must_use]
    pub fn quantise(self, pair: GradientPair) -> QuantisedPair {
        let mut h = round_shift(pair.h, self.h_shift);
        if self.capped && pair.h < QUARTER {
            h = h.min(((QUARTER >> self.h_shift) - 1).max(1));
        }
        QuantisedPair::new(round_shift(pair.g, self.g_shift) as i32, h.max(1) as u32)
    }
}

/// A quantised gradient and hessian in one word: gradient in the high 32 bits, hessian in the low
/// ones.
///
/// Hessians are at least 1 and their sums stay below 2^31 (narrow), so adding and subtracting
/// packed words never carries or borrows between the halves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct QuantisedPair(pub u64);

impl QuantisedPair {
    /// Packs a quantised gradient and a quantised hessian, which is at least 1.
    #[inline(always)]
    #[must_use]
    pub fn new(g: i32, h: u32) -> Self {
        Self((u64::from(g as u32) << 32) | u64::from(h))
    }

    /// The pair as sums of 64 bits.
    #[inline(always)]
    #[must_use]
    pub fn widen(self) -> PairSum {
        PairSum { g: i64::from((self.0 >> 32) as i32), h: (self.0 & 0xffff_ffff) as i64 }
    }
}

/// The regularisation of the split search as the user gave it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regularisation {
    /// L2 regularisation of leaf weights.
    pub lambda: f32,
    /// L1 regularisation of leaf weights.
    pub alpha: f32,
    /// Least gain of a split (min_split_loss).
    pub gamma: f32,
    /// Least hessian sum of a child.
    pub min_child_weight: f32,
    /// Largest |leaf weight|; 0 is none.
    pub max_delta_step: f32,
}

/// [`Regularisation`] in the scale of one tree's quantised sums; only exponents change, so each is
/// exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaledRules {
    /// `lambda'`: L2 regularisation in the scale of hessian sums.
    pub lambda: f64,
    /// `alpha'`: L1 regularisation in the scale of gradient sums.
    pub alpha: f64,
    /// Least hessian sum of a child, at least 1.
    pub min_child_hessian: i64,
    /// `m'`: largest |leaf weight| in the scale of gradients over hessians; 0 is none.
    pub max_delta_step: f64,
    /// `eps'`, above which a gain counts.
    pub least_gain: f64,
    /// `gamma'`: least gain of a split in the scale of gains.
    pub gamma: f64,
    /// A gain in this scale is `gain x 2^-gain_exponent` in the user's.
    pub gain_exponent: i32,
}

/// The gain that a split must exceed (XGBoost's kRtEps).
const LEAST_GAIN: f32 = 1e-6;

impl ScaledRules {
    /// Scales the rules for pairs of the given scale, quantised by the given shifts.
    #[must_use]
    pub fn new(rules: &Regularisation, scale: PairScale, quantiser: Quantiser) -> Self {
        let g = scale.g - quantiser.g_shift as i32;
        let h = scale.h - quantiser.h_shift as i32;
        let gain_exponent = 2 * g - h;
        let scaled = |value: f32, exponent: i32| f64::from(value) * power_of_two(exponent);
        // The saturating cast turns a bound that no sum can reach into one that no sum reaches.
        let min_child_hessian = scaled(rules.min_child_weight, h).ceil() as i64;
        Self {
            lambda: scaled(rules.lambda, h),
            alpha: scaled(rules.alpha, g),
            min_child_hessian: min_child_hessian.max(1),
            max_delta_step: scaled(rules.max_delta_step, g - h),
            least_gain: scaled(LEAST_GAIN, gain_exponent),
            gamma: scaled(rules.gamma, gain_exponent),
            gain_exponent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(pairs: &[GradientPair]) -> PairExtent {
        let mut extent = PairExtent::default();
        pairs.iter().for_each(|&pair| extent.add(pair));
        extent
    }

    #[test]
    fn narrow_sums_never_leave_31_bits() {
        let pairs: Vec<_> = (0..2000).map(|i| GradientPair { g: (1 << 30) - i, h: (1 << 28) - i }).collect();
        let quantiser = Quantiser::new(&extent(&pairs), SumWidth::Narrow, true);
        let sum = pairs.iter().fold(0_u64, |sum, &pair| sum.wrapping_add(quantiser.quantise(pair).0));
        let wide = pairs.iter().fold(PairSum::default(), |sum, &pair| sum.plus(quantiser.quantise(pair).widen()));
        assert_eq!(QuantisedPair(sum).widen(), wide);
        assert!(wide.g < 1 << 31 && wide.h < 1 << 31);
        assert!(wide.g > 1 << 29, "a shift too many loses resolution");
    }

    #[test]
    fn the_cap_keeps_quarters_apart() {
        let quantiser = Quantiser { g_shift: 0, h_shift: 10, capped: true };
        let h = |h| quantiser.quantise(GradientPair { g: 0, h }).widen().h;
        assert_eq!(h(QUARTER), QUARTER >> 10);
        assert_eq!(h(QUARTER - 1), (QUARTER >> 10) - 1);
        assert_eq!(h(1), 1);
    }

    #[test]
    fn negative_gradients_round_half_up() {
        let quantiser = Quantiser { g_shift: 1, h_shift: 0, capped: false };
        assert_eq!(quantiser.quantise(GradientPair { g: -3, h: 1 }).widen(), PairSum { g: -1, h: 1 });
    }
}
