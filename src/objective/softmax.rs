//! multi:softmax and multi:softprob: the cross entropy of one margin a class.

use crate::fixed::quantiser::GradientPair;
use crate::fixed::table::{EXP_ENTRIES, Entry, ONE_Q31, exp_negative};

/// Writes the gradient pairs (Q30) of one row: `margins` and `pairs` hold one value a class.
#[inline]
pub fn gradient_pairs(table: &[Entry; EXP_ENTRIES], margins: &[i32], label: u32, pairs: &mut [GradientPair]) {
    let largest = margins.iter().copied().max().unwrap_or(0);
    let exp = |margin: i32| exp_negative(table, largest.wrapping_sub(margin) as u32);
    let total: u64 = margins.iter().map(|&margin| u64::from(exp(margin))).sum();
    for (class, (pair, &margin)) in pairs.iter_mut().zip(margins).enumerate() {
        let p = (u64::from(exp(margin)) << 31) / total;
        let target = if class as u32 == label { ONE_Q31 } else { 0 };
        *pair = GradientPair {
            g: (p as i64 - i64::from(target)) >> 1,
            h: (((p * (u64::from(ONE_Q31) - p)) >> 31) as i64).max(1),
        };
    }
}
