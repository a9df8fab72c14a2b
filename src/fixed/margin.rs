//! Fixed-point margins (`docs/exactness.md` 3).

use super::{ceil_log2, exponent_above, power_of_two, round_to_integer};

/// How margins of a training are held: an integer `m` stands for `m / 2^scale` and saturates at
/// `least` and `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginFormat {
    /// Fractional bits; negative where labels are too large for units of 1.
    pub scale: i32,
    /// Lowest margin; sums below it saturate.
    pub least: i64,
    /// Highest margin; sums above it saturate.
    pub most: i64,
}

/// The lowest `E` of section 3, where all labels are 0.
const EXPONENT_FLOOR: i32 = -64;

impl MarginFormat {
    /// Q24 in 32 bits, for the objectives whose margins are log odds.
    pub const LOG_ODDS: Self = Self { scale: 24, least: i32::MIN as i64, most: i32::MAX as i64 };

    /// Returns the format of margins in units of the labels: it leaves room for the training labels
    /// and the base margin.
    #[must_use]
    pub fn of_labels(labels: &[f32], base_margin: f32) -> Self {
        let rows_log2 = ceil_log2(labels.len()) as i32;
        let limit = 1_i64 << (60 - rows_log2);
        Self {
            scale: 57 - rows_log2 - label_exponent(labels.iter().copied().chain([base_margin])),
            least: -limit,
            most: limit,
        }
    }

    /// A real value in this format: nearest, saturating.
    #[inline]
    #[must_use]
    pub fn to_fixed(self, value: f32) -> i64 {
        round_to_integer(f64::from(value) * power_of_two(self.scale)).clamp(self.least, self.most)
    }

    /// `margin + step`, saturating.
    #[inline(always)]
    #[must_use]
    pub fn add(self, margin: i64, step: i64) -> i64 {
        (margin + step).clamp(self.least, self.most)
    }

    /// The real value of a margin.
    #[inline]
    #[must_use]
    pub fn to_real(self, margin: i64) -> f64 {
        margin as f64 * power_of_two(-self.scale)
    }
}

/// The smallest `E >= -64` with every `|value| < 2^E`.
#[must_use]
pub fn label_exponent(values: impl Iterator<Item = f32>) -> i32 {
    exponent_above(values.map(f32::abs).fold(0.0, f32::max), EXPONENT_FLOOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_odds_saturate() {
        let format = MarginFormat::LOG_ODDS;
        assert_eq!(format.to_fixed(1.5), 3 << 23);
        assert_eq!(format.to_fixed(1e9), i64::from(i32::MAX));
        assert_eq!(format.add(format.most, 5), format.most);
        assert_eq!(format.add(format.least, -5), format.least);
    }

    #[test]
    fn a_lone_outlier_leaves_the_others_resolution() {
        let mut labels = vec![1.0; 999];
        labels.push(1e6);
        let format = MarginFormat::of_labels(&labels, 1000.0);
        assert_eq!(format.scale, 57 - 10 - 20);
        assert!((format.to_real(format.to_fixed(1e-3)) - 1e-3).abs() < 1e-8);
        assert!(format.to_fixed(1e6).checked_mul(8).is_some());
    }
}
