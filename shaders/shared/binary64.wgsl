// import int64
// IEEE binary64 by integers, round to nearest even, for numbers that are not negative: m x 2^e with
// 2^52 <= m < 2^53, or 0. Exponents have 32 bits here; no operation of the split search leaves
// binary64's range, so none can differ from it.

struct Real {
    e: i32,
    m: vec2<u32>,
}

// Below every exponent that occurs, so that comparisons by exponent put 0 first.
const ZERO_EXPONENT: i32 = -4000;

fn real_zero() -> Real {
    return Real(ZERO_EXPONENT, vec2<u32>(0u, 0u));
}

fn real_is_zero(a: Real) -> bool {
    return a.m.y == 0u;
}

fn real_from_bits(bits: vec2<u32>) -> Real {
    if is_zero64(bits) {
        return real_zero();
    }
    return Real(i32(bits.y >> 20u) - 1075, vec2<u32>(bits.x, (bits.y & 0xfffffu) | 0x100000u));
}

fn real_bits(a: Real) -> vec2<u32> {
    if real_is_zero(a) {
        return vec2<u32>(0u, 0u);
    }
    return vec2<u32>(a.m.x, (a.m.y & 0xfffffu) | (u32(a.e + 1075) << 20u));
}

// a x 2^exponent.
fn real_scale(a: Real, exponent: i32) -> Real {
    if real_is_zero(a) {
        return a;
    }
    return Real(a.e + exponent, a.m);
}

// Exact for a < 2^53; sums of quantised pairs are below 2^52.
fn real_from_integer(a: vec2<u32>) -> Real {
    if is_zero64(a) {
        return real_zero();
    }
    let shift = leading_zeros64(a) - 11u;
    return Real(-i32(shift), shift_left64(a, shift));
}

fn real_above(a: Real, b: Real) -> bool {
    return a.e > b.e || (a.e == b.e && !at_least64(b.m, a.m));
}

// Rounds m + (half ? 1/2 : 0) + (rest ? less than 1/2 : 0) to even.
fn real_round(e: i32, m: vec2<u32>, half: bool, rest: bool) -> Real {
    if !half || (!rest && (m.x & 1u) == 0u) {
        return Real(e, m);
    }
    let up = add64(m, vec2<u32>(1u, 0u));
    if up.y == 0x200000u {
        return Real(e + 1, vec2<u32>(0u, 0x100000u));
    }
    return Real(e, up);
}

fn real_multiply(a: Real, b: Real) -> Real {
    if real_is_zero(a) || real_is_zero(b) {
        return real_zero();
    }
    let low = multiply32(a.m.x, b.m.x);
    let cross = multiply32(a.m.x, b.m.y);
    let other = multiply32(a.m.y, b.m.x);
    let high = multiply32(a.m.y, b.m.y);
    // The product's words p3 p2 p1 p0; the cross products are below 2^53, so their high words add
    // without a carry.
    let p0 = low.x;
    let middle = add64(vec2<u32>(low.y, 0u), vec2<u32>(cross.x, 0u));
    let sum = add64(middle, vec2<u32>(other.x, 0u));
    let p1 = sum.x;
    let top = add64(high, vec2<u32>(sum.y + cross.y + other.y, 0u));
    // 2^104 <= product < 2^106: drop 52 bits or 53.
    let drop = select(20u, 21u, top.y >= 0x200u);
    let m = vec2<u32>((p1 >> drop) | (top.x << (32u - drop)), (top.x >> drop) | (top.y << (32u - drop)));
    let half = ((p1 >> (drop - 1u)) & 1u) == 1u;
    let rest = ((p1 & ((1u << (drop - 1u)) - 1u)) | p0) != 0u;
    return real_round(a.e + b.e + i32(drop) + 32, m, half, rest);
}

// b > 0. Long division by digits of 11 bits: a digit is estimated from the divisor's high word plus
// one, which is at most two too low, and put right.
fn real_divide(a: Real, b: Real) -> Real {
    if real_is_zero(a) {
        return real_zero();
    }
    var e = a.e - b.e - 55;
    var rest = a.m;
    if !at_least64(rest, b.m) {
        rest = shift_left64(rest, 1u);
        e -= 1;
    }
    rest = subtract64(rest, b.m);
    var quotient = vec2<u32>(1u, 0u);
    let divisor = b.m.y + 1u;
    let b0 = b.m.x & 0xffffu;
    let b1 = b.m.x >> 16u;
    for (var i = 0u; i < 5u; i++) {
        rest = shift_left64(rest, 11u);
        var digit = rest.y / divisor;
        // digit < 2^12, so its product with half a word fits a word.
        let product0 = digit * b0;
        let product1 = digit * b1 + (product0 >> 16u);
        rest = subtract64(rest, vec2<u32>((product1 << 16u) | (product0 & 0xffffu), digit * b.m.y + (product1 >> 16u)));
        for (var j = 0u; j < 2u; j++) {
            if at_least64(rest, b.m) {
                rest = subtract64(rest, b.m);
                digit += 1u;
            }
        }
        quotient = shift_left64(quotient, 11u);
        quotient.x += digit;
    }
    let sticky = (quotient.x & 3u) != 0u || !is_zero64(rest);
    return real_round(e + 3, shift_right64(quotient, 3u), (quotient.x & 4u) != 0u, sticky);
}

fn real_add(a: Real, b: Real) -> Real {
    var x = a;
    var y = b;
    if b.e > a.e {
        x = b;
        y = a;
    }
    if real_is_zero(y) || x.e - y.e > 55 {
        return x;
    }
    let distance = u32(x.e - y.e);
    let whole = shift_left64(y.m, 3u);
    let shifted = shift_right64(whole, distance);
    let lost = any(shift_left64(shifted, distance) != whole);
    let sum = add64(shift_left64(x.m, 3u), shifted);
    let drop = select(3u, 4u, sum.y >= 0x1000000u);
    let half = ((sum.x >> (drop - 1u)) & 1u) == 1u;
    let rest = lost || (sum.x & ((1u << (drop - 1u)) - 1u)) != 0u;
    return real_round(x.e + i32(drop) - 3, shift_right64(sum, drop), half, rest);
}

// x - y for x >= y.
fn real_subtract(x: Real, y: Real) -> Real {
    if real_is_zero(y) || x.e - y.e > 55 {
        return x;
    }
    let distance = u32(x.e - y.e);
    let whole = shift_left64(y.m, 3u);
    let shifted = shift_right64(whole, distance);
    let lost = any(shift_left64(shifted, distance) != whole);
    // Bits can be lost from a distance of 4 on only; then the difference loses one leading bit at
    // most, and the guard bits do.
    var difference = subtract64(shift_left64(x.m, 3u), add64(shifted, vec2<u32>(select(0u, 1u, lost), 0u)));
    if is_zero64(difference) {
        return real_zero();
    }
    let up = leading_zeros64(difference) - 8u;
    difference = shift_left64(difference, up);
    let half = (difference.x & 4u) != 0u;
    let rest = lost || (difference.x & 3u) != 0u;
    return real_round(x.e - i32(up), shift_right64(difference, 3u), half, rest);
}
