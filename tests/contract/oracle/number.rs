//! Section 0: notation.

/// Nearest integer of `x / 2^k`, a half goes up.
pub fn rsh(x: i128, k: i32) -> i128 {
    (x + ((1i128 << k) >> 1)) >> k
}

/// `2^k`, exactly.
pub fn pow2(k: i32) -> f64 {
    assert!((-1022..=1023).contains(&k), "2^{k} is not a normal number");
    libm::ldexp(1.0, k)
}

/// A real parameter: rounded to binary32, used as binary64.
pub fn real(parameter: f64) -> f64 {
    f64::from(parameter as f32)
}

/// The smallest integer `e >= lowest` with `value < 2^e`.
pub fn exponent_above(value: f64, lowest: i32) -> i32 {
    assert!(value.is_finite(), "{value} has no exponent");
    let mut e = lowest;
    while value >= pow2(e) {
        e += 1;
    }
    e
}

/// `L = ceil(log2 n)`.
pub fn ceil_log2(n: usize) -> i32 {
    assert!((1..1 << 31).contains(&n), "number of rows");
    let mut l = 0;
    while (1usize << l) < n {
        l += 1;
    }
    l
}

/// Section 7: a sentinel or midpoint that overflows becomes the largest finite value.
pub fn finite(x: f32) -> f32 {
    x.clamp(f32::MIN, f32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsh_sends_halves_up() {
        let quarters: Vec<i128> = (-6..=6).map(|x| rsh(x, 2)).collect();
        assert_eq!(quarters, [-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2]);
        assert_eq!(rsh(-7, 0), -7);
    }

    #[test]
    fn exponents() {
        assert_eq!(exponent_above(1.0, -64), 1);
        assert_eq!(exponent_above(0.75, -64), 0);
        assert_eq!(exponent_above(0.0, -64), -64);
        assert_eq!(exponent_above(f64::from(f32::MAX), -64), 128);
        assert_eq!(exponent_above(f64::from(f32::from_bits(1)), -150), -148);
        let logs: Vec<i32> = [1, 2, 3, 4, 5, 1024, 1025].map(ceil_log2).to_vec();
        assert_eq!(logs, [0, 1, 2, 2, 3, 10, 11]);
    }

    #[test]
    fn overflow_becomes_the_largest_value() {
        assert_eq!(finite(f32::INFINITY), f32::MAX);
        assert_eq!(finite(f32::NEG_INFINITY), -f32::MAX);
        assert_eq!(finite(1.5), 1.5);
    }
}
