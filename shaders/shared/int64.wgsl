// 64-bit integers as two words, low word first: WGSL has none. Signed numbers are two's complement.
// A shift by 32 or more is masked in WGSL, so every shift here branches on the word.

fn add64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn subtract64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

fn negate64(a: vec2<u32>) -> vec2<u32> {
    return subtract64(vec2<u32>(0u, 0u), a);
}

fn is_negative64(a: vec2<u32>) -> bool {
    return (a.y >> 31u) != 0u;
}

fn absolute64(a: vec2<u32>) -> vec2<u32> {
    if is_negative64(a) {
        return negate64(a);
    }
    return a;
}

fn is_zero64(a: vec2<u32>) -> bool {
    return (a.x | a.y) == 0u;
}

// Unsigned a >= b.
fn at_least64(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.y > b.y || (a.y == b.y && a.x >= b.x);
}

// Signed a < b: flipping the sign bits orders two's complement as unsigned.
fn less_signed64(a: vec2<u32>, b: vec2<u32>) -> bool {
    let flip = vec2<u32>(0u, 0x80000000u);
    return !at_least64(a ^ flip, b ^ flip);
}

// A signed word as 64 bits.
fn widen64(a: u32) -> vec2<u32> {
    return vec2<u32>(a, select(0u, 0xffffffffu, (a >> 31u) != 0u));
}

fn shift_left64(a: vec2<u32>, shift: u32) -> vec2<u32> {
    if shift == 0u {
        return a;
    }
    if shift < 32u {
        return vec2<u32>(a.x << shift, (a.y << shift) | (a.x >> (32u - shift)));
    }
    return vec2<u32>(0u, a.x << (shift - 32u));
}

fn shift_right64(a: vec2<u32>, shift: u32) -> vec2<u32> {
    if shift == 0u {
        return a;
    }
    if shift < 32u {
        return vec2<u32>((a.x >> shift) | (a.y << (32u - shift)), a.y >> shift);
    }
    return vec2<u32>(a.y >> (shift - 32u), 0u);
}

// Keeps the sign.
fn shift_right_signed64(a: vec2<u32>, shift: u32) -> vec2<u32> {
    if is_negative64(a) {
        return ~shift_right64(~a, shift);
    }
    return shift_right64(a, shift);
}

// a / 2^shift to the nearest integer, a half upwards.
fn round_shift64(a: vec2<u32>, shift: u32) -> vec2<u32> {
    if shift == 0u {
        return a;
    }
    return shift_right_signed64(add64(a, shift_left64(vec2<u32>(1u, 0u), shift - 1u)), shift);
}

fn leading_zeros64(a: vec2<u32>) -> u32 {
    return select(32u + countLeadingZeros(a.x), countLeadingZeros(a.y), a.y != 0u);
}

// The whole product of two words.
fn multiply32(a: u32, b: u32) -> vec2<u32> {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let p01 = a0 * b1;
    let p10 = a1 * b0;
    let middle = ((a0 * b0) >> 16u) + (p01 & 0xffffu) + (p10 & 0xffffu);
    return vec2<u32>(a * b, a1 * b1 + (p01 >> 16u) + (p10 >> 16u) + (middle >> 16u));
}

fn multiply_high(a: u32, b: u32) -> u32 {
    return multiply32(a, b).y;
}
