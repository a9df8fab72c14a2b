// import int64
// Kernel gradient: margins and labels to exact gradient pairs (docs/exactness.md 4).
//
// IN: margins, targets, weights, table. OUT: pairs, all classes. Invariant: every sum of |g| and of
// h over all rows fits 62 bits. Deterministic: each row by itself.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(1) var<uniform> setup: Setup;
@group(0) @binding(7) var<storage, read_write> pairs: array<vec2<u32>>;
@group(0) @binding(9) var<storage, read> margins: array<u32>;
@group(0) @binding(10) var<storage, read> targets: array<u32>;
@group(0) @binding(11) var<storage, read> weights: array<u32>;
@group(0) @binding(12) var<storage, read> table: array<vec4<u32>>;

// The table's function at a Q24 argument, in Q31.
fn evaluate(argument: u32) -> u32 {
    let entry = table[argument >> ENTRY_SHIFT];
    let u = argument << (32u - ENTRY_SHIFT);
    let slope = entry.y - (multiply_high(entry.z, u) >> 6u);
    return entry.x - ((multiply_high(slope, u) + 32u) >> 6u);
}

// The logistic function of a Q24 margin, in Q31.
fn sigmoid(margin: u32) -> u32 {
    let negative = (margin >> 31u) != 0u;
    let below = evaluate(min(select(margin, 0u - margin, negative), LOGISTIC_LAST));
    return select(ONE_Q31 - below, below, negative);
}

fn exp_negative(argument: u32) -> u32 {
    if argument >= EXP_END {
        return 0u;
    }
    return evaluate(argument);
}

// (p - target) / 2 of Q31 numbers, as a signed Q30 word.
fn half_difference(p: u32, is_target: bool) -> u32 {
    let difference = subtract64(vec2<u32>(p, 0u), vec2<u32>(select(0u, ONE_Q31, is_target), 0u));
    return shift_right_signed64(difference, 1u).x;
}

// (g wq) / 2^weight_shift of a 64-bit gradient: the product has 96 bits.
fn weigh_wide(g: vec2<u32>, weight: u32) -> vec2<u32> {
    let low = multiply32(g.x, weight);
    let high = multiply32(g.y, weight);
    let upper = add64(high, vec2<u32>(low.y, 0u));
    // Two's complement: a negative g was taken as g + 2^64.
    let top = upper.y - select(0u, weight, is_negative64(g));
    let shift = setup.weight_shift;
    let half = (1u << shift) >> 1u;
    let rounded = low.x + half;
    let carried = add64(vec2<u32>(upper.x, top), vec2<u32>(select(0u, 1u, rounded < half), 0u));
    if shift == 0u {
        return vec2<u32>(rounded, carried.x);
    }
    return vec2<u32>((rounded >> shift) | (carried.x << (32u - shift)), (carried.x >> shift) | (carried.y << (32u - shift)));
}

// Stores a pair of 32-bit numbers after weighting it.
fn store(row: u32, index: u32, g: u32, h: u32) {
    if WEIGHTED {
        let weight = weights[row];
        let size = multiply32(select(g, 0u - g, (g >> 31u) != 0u), weight);
        if (g >> 31u) != 0u {
            pairs[2u * index] = negate64(size);
        } else {
            pairs[2u * index] = size;
        }
        pairs[2u * index + 1u] = multiply32(h, weight);
    } else {
        pairs[index] = vec2<u32>(g, h);
    }
}

fn logistic(row: u32) {
    let p = sigmoid(margins[row]);
    store(row, row, half_difference(p, targets[row] == 1u), max(multiply_high(p, ONE_Q31 - p), 1u));
}

fn squared_error(row: u32) {
    let margin = vec2<u32>(margins[2u * row], margins[2u * row + 1u]);
    let target_value = vec2<u32>(targets[2u * row], targets[2u * row + 1u]);
    var g = subtract64(margin, target_value);
    var h = vec2<u32>(1u << 30u, 0u);
    if WEIGHTED {
        let weight = weights[row];
        g = weigh_wide(g, weight);
        h = multiply32(h.x, weight);
    }
    pairs[2u * row] = g;
    pairs[2u * row + 1u] = h;
}

// floor(e 2^31 / total) for e <= 2^31 <= total < 2^63.
fn share(e: u32, total: vec2<u32>) -> u32 {
    var rest = vec2<u32>(e, 0u);
    if at_least64(rest, total) {
        return ONE_Q31;
    }
    var quotient = 0u;
    for (var i = 0u; i < 31u; i++) {
        rest = shift_left64(rest, 1u);
        quotient <<= 1u;
        if at_least64(rest, total) {
            rest = subtract64(rest, total);
            quotient |= 1u;
        }
    }
    return quotient;
}

fn softmax(row: u32) {
    var largest = 0x80000000u;
    for (var class_index = 0u; class_index < setup.classes; class_index++) {
        largest = bitcast<u32>(max(bitcast<i32>(largest), bitcast<i32>(margins[class_index * task.stride + row])));
    }
    var total = vec2<u32>(0u, 0u);
    for (var class_index = 0u; class_index < setup.classes; class_index++) {
        total = add64(total, vec2<u32>(exp_negative(largest - margins[class_index * task.stride + row]), 0u));
    }
    for (var class_index = 0u; class_index < setup.classes; class_index++) {
        let index = class_index * task.stride + row;
        let p = share(exp_negative(largest - margins[index]), total);
        let product = multiply32(p, ONE_Q31 - p);
        store(row, index, half_difference(p, targets[row] == class_index), max((product.y << 1u) | (product.x >> 31u), 1u));
    }
}

@compute @workgroup_size(WORKGROUP)
fn gradient(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < task.rows; row += groups.x * WORKGROUP) {
        switch OBJECTIVE {
            case LOGISTIC: {
                logistic(row);
            }
            case SQUARED_ERROR: {
                squared_error(row);
            }
            default: {
                softmax(row);
            }
        }
    }
}
