//! The integer arithmetic that both backends share (`docs/exactness.md`).
//!
//! Floats become integers in this module only: margins and labels in [`margin`], weights in
//! [`weight`], gradient pairs in [`quantiser`]. Everything that enters the model before the leaf
//! values is a sum of those integers, so neither the order nor the grouping of additions can
//! matter.

pub mod format;
pub mod hash;
pub mod margin;
pub mod quantiser;
pub mod real_pair;
pub mod table;
pub mod weight;

/// `x / 2^shift` to the nearest integer, a half upwards. A shift of 0 returns `x`.
#[inline(always)]
#[must_use]
pub fn round_shift(x: i64, shift: u32) -> i64 {
    (x + ((1_i64 << shift) >> 1)) >> shift
}

/// [`round_shift`] for products that need more than 64 bits.
#[inline]
#[must_use]
pub fn round_shift_wide(x: i128, shift: u32) -> i128 {
    (x + ((1_i128 << shift) >> 1)) >> shift
}

/// The high 32 bits of the product.
#[inline(always)]
#[must_use]
pub fn multiply_high(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32
}

/// `2^exponent` in binary64, exact for the exponents that occur (within +-1000).
#[inline]
#[must_use]
pub fn power_of_two(exponent: i32) -> f64 {
    libm::ldexp(1.0, exponent)
}

/// Binary64 to the nearest integer, a half away from zero, saturating at the ends of i64.
#[inline]
#[must_use]
pub fn round_to_integer(x: f64) -> i64 {
    x.round() as i64
}

/// The smallest integer `E >= floor` with `value < 2^E`; `value` is finite and not negative.
#[must_use]
pub fn exponent_above(value: impl Into<f64>, floor: i32) -> i32 {
    let (value, mut exponent) = (value.into(), floor);
    while value >= power_of_two(exponent) {
        exponent += 1;
    }
    exponent
}

/// `ceil(log2 n)` for `n >= 1`.
#[must_use]
pub fn ceil_log2(n: usize) -> u32 {
    n.next_power_of_two().trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_shift_rounds_halves_up() {
        assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|x| round_shift(x, 1)), [-1, -1, 0, 0, 1, 1, 2]);
        assert_eq!(round_shift(i64::MAX, 0), i64::MAX);
    }

    #[test]
    fn exponents() {
        assert_eq!(exponent_above(1.0, -64), 1);
        assert_eq!(exponent_above(0.99, -64), 0);
        assert_eq!(exponent_above(0.0, -64), -64);
        assert_eq!(exponent_above(f32::MAX, -64), 128);
        assert_eq!([1, 2, 3, 4, 5].map(ceil_log2), [0, 1, 2, 2, 3]);
    }
}
