//! binary:logistic: the log loss of one margin, labels 0 and 1.

use crate::error::{Error, Result};
use crate::fixed::multiply_high;
use crate::fixed::quantiser::GradientPair;
use crate::fixed::table::{Entry, LOGISTIC_ENTRIES, ONE_Q31, sigmoid};
use crate::objective::logarithm::logarithm;

/// The gradient pair (Q30) of a Q24 margin; `label` is 0 or 1.
#[inline(always)]
#[must_use]
pub fn gradient_pair(table: &[Entry; LOGISTIC_ENTRIES], margin: i32, label: u32) -> GradientPair {
    let p = sigmoid(table, margin);
    GradientPair {
        // p is above 0 and below 1, so that the difference fits into 32 bits, of which vectors hold twice as many as of 64.
        g: i64::from(p.wrapping_sub(label << 31).cast_signed() >> 1),
        h: i64::from(multiply_high(p, ONE_Q31 - p).max(1)),
    }
}

/// A base_score stays this far from 0 and 1, as in XGBoost 3.
pub const LEAST_PROBABILITY: f32 = 1e-6;

/// The margin of a probability: `-log(1/b - 1)`, each operation in binary32.
///
/// # Errors
/// If `base_score` is outside [1e-6, 1 - 1e-6], the range that XGBoost 3 clamps it to.
pub fn base_margin(base_score: f32) -> Result<f32> {
    if !(LEAST_PROBABILITY..=1.0 - LEAST_PROBABILITY).contains(&base_score) {
        return Err(Error::parameter(format!(
            "base_score {base_score} is out of range: binary:logistic needs a probability"
        ))
        .remedy("give a value between 0.000001 and 0.999999"));
    }
    Ok(-logarithm(1.0 / base_score - 1.0) + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::table::LOGISTIC;

    #[test]
    fn gradients_of_all_margins_fit_into_32_bits() {
        let margins = (i32::MIN..=i32::MAX).step_by(9973).chain([i32::MIN, -1, 0, 1, i32::MAX]);
        for (margin, label) in margins.flat_map(|margin| [(margin, 0), (margin, 1)]) {
            let wide = (i64::from(sigmoid(&LOGISTIC, margin)) - (i64::from(label) << 31)) >> 1;
            assert_eq!(gradient_pair(&LOGISTIC, margin, label).g, wide, "margin {margin}, label {label}");
        }
    }
}
