//! The natural logarithm in binary32 as the GNU C library computes it, so that the base margin of a
//! probability has XGBoost's bits (`docs/exactness.md` 3). The nearest binary32 would differ in
//! about one of 300 base scores.
//!
//! Method and constants are those of `logf` in Arm's Optimized Routines, which the GNU C library
//! took over: copyright Arm Limited, MIT licence,
//! <https://github.com/ARM-software/optimized-routines>. Its result is within 0.82 units in the
//! last place of the logarithm.

/// `(1/c, log c)` as bits of binary64, for a `c` near the middle of each sixteenth of [0x3f330000,
/// 0x3fb30000), binary32 bits of about 0.7 and 1.4. One of them is 1, so that the logarithm of 1 is
/// 0.
const CENTRES: [(u64, u64); 16] = [
    (0x3ff6_61ec_79f8_f3be, 0xbfd5_7bf7_808c_aade),
    (0x3ff5_71ed_4aaf_883d, 0xbfd2_bef0_a7c0_6ddb),
    (0x3ff4_9539_f0f0_10b0, 0xbfd0_1eae_7f51_3a67),
    (0x3ff3_c995_b0b8_0385, 0xbfcb_31d8_a682_24e9),
    (0x3ff3_0d19_0c88_64a5, 0xbfc6_574f_0ac0_7758),
    (0x3ff2_5e22_7b0b_8ea0, 0xbfc1_aa2b_c79c_8100),
    (0x3ff1_bb4a_4a1a_343f, 0xbfba_4e76_ce8c_0e5e),
    (0x3ff1_2358_f08a_e5ba, 0xbfb1_973c_5a61_1ccc),
    (0x3ff0_953f_4199_00a7, 0xbfa2_52f4_38e1_0c1e),
    (0x3ff0_0000_0000_0000, 0x0000_0000_0000_0000),
    (0x3fee_608c_fd9a_47ac, 0x3faa_a5aa_5df2_5984),
    (0x3fec_a4b3_1f02_6aa0, 0x3fbc_5e53_aa36_2eb4),
    (0x3feb_2036_576a_fce6, 0x3fc5_26e5_7720_db08),
    (0x3fe9_c2d1_63a1_aa2d, 0x3fcb_c286_0d22_4770),
    (0x3fe8_86e6_0378_41ed, 0x3fd1_058b_c8a0_7ee1),
    (0x3fe7_67dc_f553_4862, 0x3fd4_0430_57b6_ee09),
];

/// Coefficients of r^4, r^3 and r^2 of log(1 + r), bits of binary64.
const POLYNOMIAL: [u64; 3] = [0xbfd0_0ea3_48b8_8334, 0x3fd5_575b_0be0_0b6a, 0xbfdf_fffe_f20a_4123];

/// Where the sixteenths begin, and every power of two further.
const LOWEST: u32 = 0x3f33_0000;

/// The logarithm of a positive normal number.
#[must_use]
pub fn logarithm(x: f32) -> f32 {
    debug_assert!(x.is_normal() && x > 0.0);
    // x = 2^exponent z with z in the interval of CENTRES.
    let offset = x.to_bits().wrapping_sub(LOWEST);
    let exponent = (offset as i32) >> 23;
    let z = f64::from(f32::from_bits(x.to_bits().wrapping_sub(offset & 0xff80_0000)));
    let (inverse, logarithm) = CENTRES[(offset >> 19) as usize % CENTRES.len()];
    let [fourth, third, second] = POLYNOMIAL.map(f64::from_bits);
    // log x = exponent log 2 + log c + log(z / c), every operation in binary64.
    let r = z * f64::from_bits(inverse) - 1.0;
    let base = f64::from_bits(logarithm) + f64::from(exponent) * std::f64::consts::LN_2;
    let square = r * r;
    let tail = fourth * square + (third * r + second);
    (tail * square + (base + r)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_logarithm_everywhere() {
        for bits in (0x0080_0000..0x7f80_0000_u32).step_by(10_007) {
            let x = f32::from_bits(bits);
            let exact = libm::log(f64::from(x));
            let unit = f64::from(f32::from_bits((exact.abs() as f32).to_bits() + 1) - exact.abs() as f32);
            assert!((f64::from(logarithm(x)) - exact).abs() <= 0.82 * unit, "{x}");
        }
        assert_eq!(logarithm(1.0).to_bits(), 0);
    }

    /// The C library's own function, where it is known to have this method. On other systems the
    /// fixtures of `tests/library/model/` hold the bits.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn bits_of_the_c_library() {
        for bits in (0x0080_0000..0x7f80_0000_u32).step_by(997) {
            let x = f32::from_bits(bits);
            assert_eq!(logarithm(x).to_bits(), x.ln().to_bits(), "{x}");
        }
    }
}
