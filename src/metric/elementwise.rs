//! Metrics that are a weighted mean of one term a row: logloss, mlogloss, rmse, mae.
//!
//! Each term becomes an integer before it is added, so the mean does not depend on the order of the rows. Bounds:
//! a term is clamped to `+-2^94` and the weights add up to less than 2^32, so the sum stays below 2^126.

use super::Scored;
use libm::{exp, ldexp, log, log1p};

/// Fraction bits of a term of logloss and mlogloss. The terms are below 37.
const LOSS_BITS: i32 = 40;

/// No probability counts as less than this, as in XGBoost.
const LOWEST_PROBABILITY: f64 = 1e-16;

/// The largest magnitude of a term in fixed point.
const CLAMP: i128 = 1 << 94;

/// Weighted mean of the terms, each rounded to `bits` fraction bits.
fn mean(scored: &Scored, bits: i32, term: impl Fn(usize) -> f64 + Sync + Send) -> f64 {
    // `2^bits` as a factor is exact: `bits` is from -196 to 188.
    let scale = ldexp(1.0, bits);
    let sum: i128 = scored.sum(|row| {
        // The cast saturates, so an infinite term ends at the clamp too.
        let fixed = (term(row) * scale).round() as i128;
        fixed.clamp(-CLAMP, CLAMP) * i128::from(scored.weight(row))
    });
    match scored.total_weight() {
        0 => 0.0,
        total => sum as f64 / total as f64 * ldexp(1.0, -bits),
    }
}

/// Mean of `-log p(label)` for binary labels.
pub(super) fn logloss(scored: &Scored) -> f64 {
    let highest = -log(LOWEST_PROBABILITY);
    mean(scored, LOSS_BITS, |row| {
        let margin = scored.margin(0, row);
        let z = if scored.labels[row] == 1.0 { margin } else { -margin };
        // log(1 + exp(-z)), with the exponent never positive: exp cannot overflow, and nothing is cancelled.
        let loss = if z < 0.0 { -z + log1p(exp(z)) } else { log1p(exp(-z)) };
        loss.min(highest)
    })
}

/// Mean of `-log p(label)` for class labels, p being the softmax of the margins.
pub(super) fn mlogloss(scored: &Scored) -> f64 {
    let highest = -log(LOWEST_PROBABILITY);
    mean(scored, LOSS_BITS, |row| {
        let (max, sum) = softmax_denominator(scored, row);
        (log(sum) + max - scored.margin(scored.class(row), row)).min(highest)
    })
}

/// The largest margin of a row, and the sum of `exp(margin - largest)` in the order of the classes.
pub(super) fn softmax_denominator(scored: &Scored, row: usize) -> (f64, f64) {
    let mut max = f64::NEG_INFINITY;
    for class in 0..scored.classes {
        max = max.max(scored.margin(class, row));
    }
    let mut sum = 0.0;
    for class in 0..scored.classes {
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
    mean(scored, 60 - 2 * residual_exponent(scored), square).sqrt()
}

/// Mean absolute error.
pub(super) fn mae(scored: &Scored) -> f64 {
    mean(scored, 60 - residual_exponent(scored), |row| residual(scored, row).abs())
}

/// Prediction less label; the prediction of a binary classifier is a probability.
fn residual(scored: &Scored, row: usize) -> f64 {
    let margin = scored.margin(0, row);
    let prediction = if scored.objective.is_classification() { 1.0 / (1.0 + exp(-margin)) } else { margin };
    prediction - f64::from(scored.labels[row])
}

/// The smallest integer `E >= -64` with every `|residual| < 2^E`: it scales the fixed point, so that no term is clamped.
fn residual_exponent(scored: &Scored) -> i32 {
    let largest = (0..scored.rows()).fold(0.0, |largest: f64, row| largest.max(residual(scored, row).abs()));
    // The exponent field of a binary64 is its floored logarithm; zero's is far below the floor.
    let floor_log2 = ((largest.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    (floor_log2 + 1).max(-64)
}
