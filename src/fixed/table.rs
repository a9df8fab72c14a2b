//! Quadratic tables of exp(-x) and of the logistic function, built and read with integers alone.

use super::multiply_high;
use std::sync::LazyLock;

/// Fractional bits of a margin that index within one table entry: entries are 2^-6 wide, margins
/// are Q24.
const ENTRY_SHIFT: u32 = 18;
/// Entries of the logistic table: |x| < 16.
pub const LOGISTIC_ENTRIES: usize = 1024;
/// Entries of the exponential table: x < 22.
pub const EXP_ENTRIES: usize = 1408;
/// From this Q24 argument on `exp(-x)` counts as 0.
pub const EXP_END: u32 = 22 << 24;
/// The number 1 in Q31: a probability of 1, `exp(0)`.
pub const ONE_Q31: u32 = 1 << 31;

/// Coefficients of one entry: `c0` in Q31, `c1` in Q37, `c2` in Q43, and a zero that pads to 16
/// bytes for the GPU.
pub type Entry = [u32; 4];

/// The table of `sigmoid(-x)` for x in [0, 16).
pub static LOGISTIC: LazyLock<[Entry; LOGISTIC_ENTRIES]> = LazyLock::new(|| build(|exp| (exp << Q) / (ONE + exp)));

/// The table of `exp(-x)` for x in [0, 22).
pub static EXP: LazyLock<[Entry; EXP_ENTRIES]> = LazyLock::new(|| build(|exp| exp));

const Q: u32 = 60;
const ONE: u128 = 1 << Q;

/// exp(-1/128) in Q60 by its Taylor series.
fn exp_step() -> u128 {
    let (mut sum, mut term, mut k) = (ONE as i128, ONE as i128, 1);
    loop {
        term = -term / (128 * k);
        if term == 0 {
            return sum as u128;
        }
        sum += term;
        k += 1;
    }
}

/// Interpolates `f(exp(-x))` at the ends and the middle of every entry.
fn build<const ENTRIES: usize>(f: impl Fn(u128) -> u128) -> [Entry; ENTRIES] {
    let step = exp_step();
    let mut exp = ONE;
    let samples: Vec<i128> = (0..=2 * ENTRIES)
        .map(|_| {
            let sample = f(exp) as i128;
            exp = (exp * step) >> Q;
            sample
        })
        .collect();
    std::array::from_fn(|k| {
        let (start, middle, end) = (samples[2 * k], samples[2 * k + 1], samples[2 * k + 2]);
        let c2 = 2 * (start - 2 * middle + end);
        let c1 = end - start - c2;
        [
            ((start + (1 << 28)) >> 29) as u32,
            ((-c1 + (1 << 22)) >> 23) as u32,
            ((c2.max(0) + (1 << 16)) >> 17) as u32,
            0,
        ]
    })
}

/// The function of a table at a Q24 argument of this entry, in Q31.
#[inline(always)]
fn evaluate([c0, c1, c2, _]: Entry, argument: u32) -> u32 {
    let u = argument << (32 - ENTRY_SHIFT);
    let slope = c1 - (multiply_high(c2, u) >> 6);
    c0 - ((multiply_high(slope, u) + 32) >> 6)
}

/// The logistic function of a Q24 margin, in Q31.
#[inline(always)]
#[must_use]
pub fn sigmoid(table: &[Entry; LOGISTIC_ENTRIES], margin: i32) -> u32 {
    let argument = margin.unsigned_abs().min((LOGISTIC_ENTRIES as u32 * (1 << ENTRY_SHIFT)) - 1);
    // The remainder changes nothing: it shows that no entry is outside, so that several rows can be
    // looked up at once.
    let below = evaluate(table[(argument >> ENTRY_SHIFT) as usize % LOGISTIC_ENTRIES], argument);
    if margin < 0 { below } else { ONE_Q31 - below }
}

/// `exp(-x)` of a Q24 argument, in Q31; 0 from [`EXP_END`] on.
#[inline]
#[must_use]
pub fn exp_negative(table: &[Entry; EXP_ENTRIES], argument: u32) -> u32 {
    if argument >= EXP_END { 0 } else { evaluate(table[(argument >> ENTRY_SHIFT) as usize], argument) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn sha256(table: &[Entry]) -> String {
        let bytes: Vec<u8> = table.iter().flatten().flat_map(|word| word.to_le_bytes()).collect();
        Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn tables_are_pinned() {
        assert_eq!(sha256(LOGISTIC.as_slice()), "38f9f60fa0acc3183a689fc5ae3d3eada4c46b9996823dcfe82b6bc8055d4ae6");
        assert_eq!(sha256(EXP.as_slice()), "3873d22ef6ec88d7c1e11b452281719f6bce151b34f375e1f370508f9bcea1da");
    }

    #[test]
    fn tables_are_accurate() {
        let q31 = f64::from(ONE_Q31);
        let mut worst = (0.0_f64, 0.0_f64);
        for margin in (-(17_i64 << 24)..(17 << 24)).step_by(997) {
            let exact = 1.0 / (1.0 + libm::exp(-(margin as f64) / 16_777_216.0));
            let found = f64::from(sigmoid(&LOGISTIC, margin as i32)) / q31;
            // Beyond 16 the table saturates at sigmoid(16); that is an error of 1.1e-7 that no tree
            // can feel.
            if margin.abs() < 16 << 24 {
                worst.0 = worst.0.max((exact - found).abs());
            }
        }
        for argument in (0..(23_u32 << 24)).step_by(997) {
            let exact = libm::exp(-f64::from(argument) / 16_777_216.0);
            worst.1 = worst.1.max((exact - f64::from(exp_negative(&EXP, argument)) / q31).abs());
        }
        assert!(worst.0 < 5e-9, "logistic {}", worst.0);
        assert!(worst.1 < 4e-8, "exp {}", worst.1);
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(sigmoid(&LOGISTIC, 0), ONE_Q31 / 2);
        assert_eq!(sigmoid(&LOGISTIC, i32::MIN), sigmoid(&LOGISTIC, -(16 << 24)));
        assert_eq!(sigmoid(&LOGISTIC, i32::MAX), ONE_Q31 - sigmoid(&LOGISTIC, i32::MIN));
        assert_eq!(exp_negative(&EXP, 0), ONE_Q31);
        assert_eq!(exp_negative(&EXP, EXP_END), 0);
        assert_eq!(exp_negative(&EXP, u32::MAX), 0);
    }
}
