//! Metrics that are a weighted mean of one term a row: logloss, mlogloss, rmse, mae.
//!
//! Each term becomes an integer before it is added, so the mean does not depend on the order of the
//! rows. Bounds: a term is clamped to `+-2^94` and the weights add up to less than 2^32, so the sum
//! stays below 2^126.

use super::softplus::softplus;
use super::{BLOCK, Scored};
use libm::{exp, ldexp, log};
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Fraction bits of a term of logloss and mlogloss. The terms are below 37.
const LOSS_BITS: i32 = 40;

/// No probability counts as less than this, as in XGBoost.
const LOWEST_PROBABILITY: f64 = 1e-16;

/// The largest magnitude of a term in fixed point.
const CLAMP: i128 = 1 << 94;

/// Integers of less magnitude have exact neighbours in binary64, and in 64 bits.
const EXACT: f64 = (1_u64 << 53) as f64;

/// Weighted mean of the terms, each rounded to `bits` fraction bits; `fill` computes those of rows
/// next to one another.
fn mean(scored: &Scored, bits: i32, fill: impl Fn(Range<usize>, &mut [f64]) + Sync + Send) -> f64 {
    // `2^bits` as a factor is exact: `bits` is from -196 to 188.
    let scale = ldexp(1.0, bits);
    let arch = Arch::new();
    let sum: i128 = scored.sum_blocks(|rows| {
        let mut terms = [0.0; BLOCK];
        let terms = &mut terms[..rows.len()];
        fill(rows.clone(), terms);
        arch.dispatch(Round { terms, scale });
        rows.zip(terms).map(|(row, term)| to_fixed(*term) * i128::from(scored.weight(row))).sum::<i128>()
    });
    match scored.total_weight() {
        0 => 0.0,
        total => sum as f64 / total as f64 * ldexp(1.0, -bits),
    }
}

/// Fills in one term a row.
fn each(term: impl Fn(usize) -> f64 + Sync + Send) -> impl Fn(Range<usize>, &mut [f64]) + Sync + Send {
    move |rows, terms| rows.zip(terms).for_each(|(row, result)| *result = term(row))
}

/// Scales terms and rounds them to integers, half away from zero.
struct Round<'a> {
    terms: &'a mut [f64],
    scale: f64,
}

impl WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.terms.iter_mut().for_each(|term| *term = (*term * self.scale).round());
    }
}

/// An integer as such, clamped.
fn to_fixed(rounded: f64) -> i128 {
    // The conversion to 128 bits is slow, and saturates, so that an infinite term ends at the clamp
    // too.
    if rounded.abs() < EXACT { i128::from(rounded as i64) } else { (rounded as i128).clamp(-CLAMP, CLAMP) }
}

/// Mean of `-log p(label)` for binary labels.
pub(super) fn logloss(scored: &Scored) -> f64 {
    let arch = Arch::new();
    let highest = -log(LOWEST_PROBABILITY);
    mean(scored, LOSS_BITS, |rows, terms| {
        let (margins, labels) = (&scored.margins.output(0)[rows.clone()], &scored.labels[rows]);
        arch.dispatch(Logloss { margins, labels, highest, terms });
    })
}

/// The terms of logloss, several rows at once.
struct Logloss<'a> {
    margins: &'a [f64],
    labels: &'a [f32],
    highest: f64,
    terms: &'a mut [f64],
}

impl WithSimd for Logloss<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((term, &margin), &label) in self.terms.iter_mut().zip(self.margins).zip(self.labels) {
            let z = if label == 1.0 { margin } else { -margin };
            // log(1 + exp(-z)), with the exponent never positive: exp cannot overflow, and nothing
            // is cancelled.
            let loss = if z < 0.0 { -z } else { 0.0 } + softplus(-z.abs());
            *term = loss.min(self.highest);
        }
    }
}

/// Mean of `-log p(label)` for class labels, p being the softmax of the margins.
pub(super) fn mlogloss(scored: &Scored) -> f64 {
    let highest = -log(LOWEST_PROBABILITY);
    let term = |row| {
        let (max, sum) = softmax_denominator(scored, row);
        (log(sum) + max - scored.margin(scored.class(row), row)).min(highest)
    };
    mean(scored, LOSS_BITS, each(term))
}

/// The largest margin of a row, and the sum of `exp(margin - largest)` in the order of the classes.
pub(super) fn softmax_denominator(scored: &Scored, row: usize) -> (f64, f64) {
    let mut max = f64::NEG_INFINITY;
    for class in 0..scored.outputs() {
        max = max.max(scored.margin(class, row));
    }
    let mut sum = 0.0;
    for class in 0..scored.outputs() {
        sum += exp(scored.margin(class, row) - max);
    }
    (max, sum)
}

/// Root of the mean squared error.
pub(super) fn rmse(scored: &Scored) -> f64 {
    let square = |row| {
        let error = residual(scored, row);
        error * error
    };
    mean(scored, 60 - 2 * residual_exponent(scored), each(square)).sqrt()
}

/// Mean absolute error.
pub(super) fn mae(scored: &Scored) -> f64 {
    mean(scored, 60 - residual_exponent(scored), each(|row| residual(scored, row).abs()))
}

/// Prediction less label; the prediction of a binary classifier is a probability.
fn residual(scored: &Scored, row: usize) -> f64 {
    let margin = scored.margin(0, row);
    scored.objective.prediction(margin) - f64::from(scored.labels[row])
}

/// The smallest integer `E >= -64` with every `|residual| < 2^E`: it scales the fixed point, so
/// that no term is clamped.
fn residual_exponent(scored: &Scored) -> i32 {
    let largest = (0..scored.rows()).fold(0.0, |largest: f64, row| largest.max(residual(scored, row).abs()));
    // The exponent field of a binary64 is its floored logarithm; zero's is far below the floor.
    let floor_log2 = ((largest.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    (floor_log2 + 1).max(-64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logloss_of_several_rows_at_once_has_the_bits_of_libm() {
        let special = [0.0, -0.0, 1e-300, 36.8, 36.9, 63.9, 64.1, 700.0, 1e300, f64::INFINITY, f64::NAN];
        let fixed = (0..40_000_u32).map(|row| f64::from(row.wrapping_mul(2_654_435_769)) / f64::from(1 << 26) - 32.0);
        let margins: Vec<f64> = special.into_iter().flat_map(|z| [z, -z, z]).chain(fixed).collect();
        let labels: Vec<f32> = (0..margins.len()).map(|row| f32::from(row % 3 == 0)).collect();
        let highest = -log(LOWEST_PROBABILITY);
        let expected = |(&margin, &label): (&f64, &f32)| {
            let z = if label == 1.0 { margin } else { -margin };
            let loss = if z < 0.0 { -z + libm::log1p(exp(z)) } else { libm::log1p(exp(-z)) };
            (loss.min(highest) * ldexp(1.0, LOSS_BITS)).round()
        };
        let expected: Vec<f64> = margins.iter().zip(&labels).map(expected).collect();
        for arch in [Arch::Scalar, Arch::new()] {
            let mut terms = vec![f64::NAN; margins.len()];
            arch.dispatch(Logloss { margins: &margins, labels: &labels, highest, terms: &mut terms });
            arch.dispatch(Round { terms: &mut terms, scale: ldexp(1.0, LOSS_BITS) });
            assert_eq!(terms, expected, "{arch:?}");
        }
    }

    #[test]
    fn terms_of_any_size_become_integers() {
        let wide = ldexp(1.0, 80);
        let cases = [(-3.0, -3), (EXACT - 1.0, (1 << 53) - 1), (-EXACT, -(1 << 53)), (wide, 1 << 80)];
        for (rounded, integer) in
            cases.into_iter().chain([(f64::INFINITY, CLAMP), (-f64::INFINITY, -CLAMP), (f64::NAN, 0)])
        {
            assert_eq!(to_fixed(rounded), integer, "{rounded}");
        }
    }
}
