//! reg:squarederror: half the squared distance of margin and label.

use crate::fixed::quantiser::GradientPair;

/// 1 in Q30: the hessian of every row.
pub const HESSIAN: i64 = 1 << 30;

/// The gradient pair of a margin: the gradient in the margin's format, the hessian in Q30.
#[inline(always)]
#[must_use]
pub fn gradient_pair(margin: i64, label: i64) -> GradientPair {
    GradientPair { g: margin - label, h: HESSIAN }
}
