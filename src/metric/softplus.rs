//! `log(1 + exp(-|z|))` without a branch, so that the compiler computes several rows at once: what
//! logloss is made of.
//!
//! The operations are those of `exp` and `log1p` in the `libm` crate as far as these arguments need
//! them, in the same order, so that the result has the same bits; the tests hold it against `libm`.
//! They come from FreeBSD's msun: Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights
//! reserved. Permission to use, copy, modify, and distribute this software is freely granted,
//! provided that this notice is preserved.

/// Where the exponential is so small that it no longer shows in any term: arguments below count as
/// this one.
const LOWEST: f64 = -64.0;

const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
const INVERSE_LN2: f64 = f64::from_bits(0x3ff7_1547_652b_82fe);

/// The coefficients of `exp`, of x^2 to x^10.
const P: [u64; 5] =
    [0x3fc5_5555_5555_553e, 0xbf66_c16c_16be_bd93, 0x3f11_566a_af25_de2c, 0xbebb_bd41_c5d2_6bf1, 0x3e66_3769_72be_a4d0];

/// The coefficients of `log1p`, of s^2 to s^14.
const LG: [u64; 7] = [
    0x3fe5_5555_5555_5593,
    0x3fd9_9999_9997_fa04,
    0x3fd2_4924_9422_9359,
    0x3fcc_71c5_1d8e_78af,
    0x3fc7_4664_96cb_03de,
    0x3fc3_9a09_d078_c69f,
    0x3fc2_f112_df3e_5244,
];

/// Added and taken away again, it rounds to an integer, which stands in the lowest bits of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// `log1p(exp(t))` for `t <= 0`; of numbers below -64 that of -64.
#[inline(always)]
pub(super) fn softplus(t: f64) -> f64 {
    // Not `max`, which would make a number of what is none.
    log1p(exp(if t < LOWEST { LOWEST } else { t }))
}

/// `exp` from -64 to 0.
#[inline(always)]
fn exp(t: f64) -> f64 {
    // exp(t) = 2^k exp(r). The thresholds are those of the upper halves of the bits in `libm`.
    let within = -t < f64::from_bits(0x3fd6_2e43_0000_0000);
    let quotient = INVERSE_LN2 * t - 0.5;
    let nearest = (quotient + ROUND) - ROUND;
    let towards_zero = if nearest < quotient { nearest + 1.0 } else { nearest };
    let k = if within { 0.0 } else { towards_zero };
    let high = t - k * LN2_HIGH;
    let low = k * LN2_LOW;
    let r = high - low;
    let square = r * r;
    let [p1, p2, p3, p4, p5] = P.map(f64::from_bits);
    let c = r - square * (p1 + square * (p2 + square * (p3 + square * (p4 + square * p5))));
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    let power = f64::from_bits((k + ROUND).to_bits().wrapping_add(1023) << 52);
    let tiny = -t < f64::from_bits(0x3e30_0001_0000_0000);
    if tiny { 1.0 + t } else { y * power }
}

/// `log1p` from exp(-64) to 1.
#[inline(always)]
fn log1p(x: f64) -> f64 {
    // 1 + x = 2^k (1 + f) with k 0 or 1; c makes good what 1 + x lost to rounding.
    let halved = x >= f64::from_bits(0x3fda_827a_0000_0000);
    let u = 1.0 + x;
    let (k, f) = if halved { (1.0, 0.5 * u - 1.0) } else { (0.0, x) };
    let lost = (x - (u - 1.0)) / u;
    let c = if halved { lost } else { 0.0 };
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let [lg1, lg2, lg3, lg4, lg5, lg6, lg7] = LG.map(f64::from_bits);
    let even = w * (lg2 + w * (lg4 + w * lg6));
    let odd = z * (lg1 + w * (lg3 + w * (lg5 + w * lg7)));
    let r = odd + even;
    s * (half_square + r) + (k * LN2_LOW + c) - half_square + f + k * LN2_HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(t: f64) {
        let bounded = t.max(LOWEST);
        assert_eq!(exp(bounded).to_bits(), libm::exp(bounded).to_bits(), "exp({bounded:e})");
        let expected = libm::log1p(libm::exp(bounded));
        assert_eq!(softplus(t).to_bits(), expected.to_bits(), "softplus({t:e})");
    }

    #[test]
    fn bits_of_libm_at_every_edge() {
        let thresholds = [
            0x3fd6_2e42_0000_0000, // half of ln 2 in the upper half of the bits
            0x3fd6_2e42_fefa_39ef, // and to the last of them
            0x3fd6_2e43_0000_0000,
            0x3ff0_a2b2_0000_0000, // 3/2 of ln 2, likewise
            0x3ff0_a2b2_3f3b_ab73,
            0x3ff0_a2b3_0000_0000,
            0x3e30_0000_0000_0000, // 2^-28
            0x3e30_0001_0000_0000,
            0x3fec_3436_6179_d426, // -log(sqrt 2 - 1), where log1p changes its reduction
            0x4042_5e4f_7b27_37fa, // 53 ln 2
        ];
        for bits in thresholds {
            (0..20_000).for_each(|step| check(-f64::from_bits(bits - 10_000 + step)));
        }
        // Around every half of ln 2, where the multiple of ln 2 that is taken away changes.
        for halves in 1..185 {
            let middle = (f64::from(halves) * std::f64::consts::LN_2 / 2.0).to_bits();
            (0..2_000).for_each(|step| check(-f64::from_bits(middle - 1_000 + step)));
        }
        for t in [0.0, -0.0, -f64::MIN_POSITIVE, -5e-324, -1e-300, LOWEST, -65.0, -800.0, f64::MIN, f64::NEG_INFINITY] {
            check(t);
        }
        assert!(softplus(f64::NAN).is_nan());
    }

    #[test]
    fn bits_of_libm_of_fixed_point_margins() {
        // Every 509th of the Q24 margins up to 64; a prime, so that all residues of powers of two
        // come up.
        (0..1_u32 << 30).step_by(509).for_each(|fixed| check(-f64::from(fixed) / f64::from(1 << 24)));
    }

    #[test]
    fn bits_of_libm_of_any_number() {
        let mut state = 1_u64;
        for _ in 0..2_000_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Any bits of -2^6 to -2^-32, a range of the exponents that matter.
            let exponent = 991 + (state >> 33) % 39;
            check(-f64::from_bits(exponent << 52 | state >> 12));
        }
    }

    #[test]
    #[ignore = "takes minutes"]
    fn bits_of_libm_of_every_fixed_point_margin() {
        use rayon::prelude::*;
        (0..1_u32 << 30).into_par_iter().for_each(|fixed| check(-f64::from(fixed) / f64::from(1 << 24)));
    }
}
