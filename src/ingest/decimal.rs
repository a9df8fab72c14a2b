//! Decimal numbers to the nearest binary32, as `str::parse::<f32>` rounds, but several times as
//! fast.
//!
//! The digits become an integer of up to 18, and this and a power of ten make a binary64 number
//! that is off by less than three units in its last place: one half from rounding the integer where
//! it has more than 53 bits, and one half from the division or product (the powers up to 10^22 are
//! exact); errors are relative, so a unit may count twice. Rounding it to binary32 goes wrong only
//! if the middle between two binary32 numbers lies within that distance, which the 29 bits that are
//! rounded away tell. Such numbers, and all that are written in another way (more digits, far
//! exponents, results that are subnormal or infinite, words), are left to the standard library.

/// 10^k for the k that are exact in binary64.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// 10^k as integers, for up to eight digits.
const SHIFTS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The mantissa is below this after so many more digits only if it stays below 10^18, and so below
/// 2^63.
const LIMITS: [u64; 9] = {
    let mut limits = [1_000_000_000_000_000_000; 9];
    let mut count = 0;
    while count < 9 {
        limits[count] /= SHIFTS[count];
        count += 1;
    }
    limits
};

/// Bits that binary64 has and binary32 has not, and half of their range: the middle between two
/// binary32 numbers.
const ROUNDED: u64 = (1 << 29) - 1;
const MIDDLE: u64 = 1 << 28;
/// Units of binary64 within which the middle counts as met.
const MARGIN: u64 = 4;

/// The number at the beginning of `bytes` and its length, if it has a plain form and sixteen more
/// bytes follow each of its parts; `None` says nothing about whether there is a number.
#[inline]
pub(super) fn prefix(bytes: &[u8]) -> Option<(f32, usize)> {
    let negative = *bytes.first()? == b'-';
    let mut number = Digits::default();
    let mut at = usize::from(negative);
    at += number.read_whole(bytes.get(at..)?)?;
    let whole = number.count;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        at += number.read_fraction(&bytes[at..])?;
    }
    if number.count == 0 {
        return None;
    }
    let mut exponent = whole as i32 - number.count as i32;
    if let Some(b'e' | b'E') = bytes.get(at) {
        let (written, length) = exponent_digits(&bytes[at + 1..])?;
        exponent += written;
        at += 1 + length;
    }
    let magnitude = scale(number.mantissa, exponent)?;
    // Without a branch: the sign of the next value cannot be foreseen. -0.0 + 0.0 is 0.0: there is
    // no negative zero.
    Some((f32::from_bits(magnitude.to_bits() | u32::from(negative) << 31) + 0.0, at))
}

/// The digits of a number so far.
#[derive(Default)]
struct Digits {
    mantissa: u64,
    count: usize,
}

impl Digits {
    /// Adds the digits that begin `bytes`, and returns how many they are; `None` if the mantissa
    /// gets too large.
    #[inline]
    fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut read = 0;
        loop {
            let (value, count) = eight_digits(&bytes[read..])?;
            if self.mantissa >= LIMITS[count] {
                return None;
            }
            self.mantissa = self.mantissa * SHIFTS[count] + value;
            self.count += count;
            read += count;
            if count < 8 {
                return Some(read);
            }
        }
    }

    /// [`Digits::read`] for the part before the point, which is a single digit more often than not.
    #[inline]
    fn read_whole(&mut self, bytes: &[u8]) -> Option<usize> {
        let [first, second, ..] = *bytes else { return None };
        let (first, second) = (first.wrapping_sub(b'0'), second.wrapping_sub(b'0'));
        if first < 10 && second >= 10 {
            *self = Self { mantissa: u64::from(first), count: 1 };
            return Some(1);
        }
        self.read(bytes)
    }

    /// [`Digits::read`] for the part after the point, which has seven to nine digits more often
    /// than not: without a branch on whether there are eight.
    #[inline]
    fn read_fraction(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.mantissa >= 100 {
            return self.read(bytes);
        }
        let (first, first_count) = eight_digits(bytes)?;
        let (second, second_count) = eight_digits(&bytes[8..])?;
        // 1 if the second eight bytes are the next digits, else 0.
        let goes_on = first_count / 8;
        let (second, second_count) = (second * goes_on as u64, second_count * goes_on);
        self.mantissa = (self.mantissa * SHIFTS[first_count] + first) * SHIFTS[second_count] + second;
        let count = first_count + second_count;
        self.count += count;
        if count == 16 { Some(16 + self.read(&bytes[16..])?) } else { Some(count) }
    }
}

/// `mantissa * 10^exponent`, rounded once.
#[inline]
fn scale(mantissa: u64, exponent: i32) -> Option<f32> {
    let power = *POWERS.get(exponent.unsigned_abs() as usize)?;
    // Signed: there are instructions for it, and the mantissa is below 2^63.
    let mantissa = mantissa as i64 as f64;
    let value = if exponent < 0 { mantissa / power } else { mantissa * power };
    let rounded = value.to_bits() & ROUNDED;
    let near_middle = rounded.wrapping_sub(MIDDLE - MARGIN) <= 2 * MARGIN;
    let normal = value >= f64::from(f32::MIN_POSITIVE) && value <= f64::from(f32::MAX) || value == 0.0;
    (normal && !near_middle).then_some(value as f32)
}

/// The value and the number of the digits that begin `bytes`, at most eight of them.
///
/// All eight at once: a byte that is no digit shows in its highest bit, the first of them tells how
/// many digits there are, and shifting these to the end of the word makes zeros of what is before
/// them.
#[inline]
fn eight_digits(bytes: &[u8]) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(*bytes.first_chunk::<8>()?);
    let values = word ^ 0x3030_3030_3030_3030;
    // A sum that overflows spoils the bytes after the first that is no digit alone.
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    let count = others.trailing_zeros() / 8;
    let digits = values.checked_shl(64 - 8 * count).unwrap_or(0);
    // Pairs, then fours, then all: each step multiplies the earlier digits and adds the later ones.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let fours = 0x0000_00ff_0000_00ff;
    let low = (pairs & fours).wrapping_mul(0x000f_4240_0000_0064);
    let high = ((pairs >> 16) & fours).wrapping_mul(0x0000_2710_0000_0001);
    Some((low.wrapping_add(high) >> 32, count as usize))
}

/// The signed exponent of one or two digits that begins `bytes`, and its length.
fn exponent_digits(bytes: &[u8]) -> Option<(i32, usize)> {
    let sign = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let (value, digits) = eight_digits(&bytes[sign..])?;
    let value = value as i32;
    let value = if bytes.first() == Some(&b'-') { -value } else { value };
    matches!(digits, 1 | 2).then_some((value, sign + digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What [`prefix`] makes of a number that a comma and more follow.
    fn read(text: &str) -> Option<(f32, usize)> {
        prefix(format!("{text},123456789012345,").as_bytes())
    }

    /// Holds the number against the standard library's.
    fn check(text: &str) -> bool {
        let Some((value, length)) = read(text) else { return false };
        assert_eq!(length, text.len(), "{text}");
        let expected = text.parse::<f32>().unwrap_or(f32::NAN) + 0.0;
        assert_eq!(value.to_bits(), expected.to_bits(), "{text}");
        true
    }

    #[test]
    fn plain_numbers_are_read() {
        for text in [
            "0",
            "-0",
            "7",
            "12345678",
            "123456789",
            "1234567890123456",
            "0.1",
            "-0.0",
            ".5",
            "5.",
            "-1.25",
            "1e5",
            "1E-5",
            "1.5e+07",
            "0.123456789012345678",
            "0.00012345678901234567",
            "3.4028235e38",
            "1.17549435E-38",
            "99999999.9",
            "0.00000000000001",
        ] {
            // Far exponents go to the standard library.
            assert!(check(text) || text.contains("38"), "{text}");
        }
    }

    #[test]
    fn the_rest_is_left_to_the_standard_library() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "e5",
            "1e",
            "1e+",
            "1e123",
            "+1",
            "nan",
            "inf",
            "x",
            "1234567890123456789",
            "1e39",
            "1e-40",
            "12.34567890123456789",
            "16777217",
            "-16777217.0",
            "8388608.5",
            "1.00000005960464477539062500",
            "--1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(prefix(b"1.5"), None, "no bytes follow");
    }

    #[test]
    fn a_number_ends_where_it_ends() {
        for (text, length) in [("1.2.3", 3), ("1-2", 1), ("1 ", 1), ("12a", 2), ("1.5e3.2", 5), ("1;2", 1)] {
            assert_eq!(read(text).map(|(_, length)| length), Some(length), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn every_float_is_read_as_it_is_written(bits: u32) {
            let value = f32::from_bits(bits);
            check(&format!("{value}"));
            check(&format!("{value:e}"));
            check(&format!("{value:.9}"));
            check(&format!("{}", f64::from(value)));
        }

        #[test]
        fn floats_of_everyday_sizes_take_the_fast_way(bits in 0x3a00_0000_u32..0x4a00_0000, negative: bool) {
            let value = if negative { -f32::from_bits(bits) } else { f32::from_bits(bits) };
            // Shortest digits are hardly ever near a middle, and then they have eight digits or
            // fewer before the point.
            let read = check(&format!("{value}"));
            prop_assert!(read || value.abs() >= 8_388_608.0);
        }

        #[test]
        fn decimals_are_rounded_to_the_nearest(text in "-?[0-9]{0,19}(\\.[0-9]{0,19})?([eE][-+]?[0-9]{1,2})?") {
            check(&text);
        }

        #[test]
        fn middles_and_their_neighbours(bits in 0x0080_0000_u32..0x7f7f_ffff, digits in 6_usize..18, nudge in -2_i64..3) {
            let (low, high) = (f64::from(f32::from_bits(bits)), f64::from(f32::from_bits(bits + 1)));
            let middle = f64::from_bits((((low + high) / 2.0).to_bits() as i64 + nudge) as u64);
            check(&format!("{middle:.digits$e}"));
            check(&format!("{middle:.digits$}"));
        }
    }
}
