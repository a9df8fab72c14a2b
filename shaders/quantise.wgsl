// import binary64
// import pairs
// Kernel quantise: exact sums over the drawn rows, the shifts they allow, quantised pairs and the
// root (docs/exactness.md 6).
//
// IN: pairs of one class, the list of drawn rows. OUT: quantised pairs of those rows, the
// quantiser, the scaled rules, the root. Invariant: every later sum of quantised pairs stays within
// the width. Deterministic: integer sums and maxima.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(1) var<uniform> setup: Setup;
@group(0) @binding(2) var<storage, read_write> state: TreeState;
@group(0) @binding(3) var<storage, read_write> nodes: array<Node>;
@group(0) @binding(4) var<storage, read> ranges: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(8) var<storage, read_write> quantised: array<vec2<u32>>;
@group(0) @binding(29) var<storage, read_write> extent: array<atomic<u32>>;

// Words of Extent.
const G_SUM: u32 = 0u;
const H_SUM: u32 = 2u;
const G_SHIFT: u32 = 4u;
const H_SHIFT: u32 = 5u;
const DRAWN: u32 = 6u;
const ROOT_G: u32 = 7u;
const ROOT_H: u32 = 9u;

var<workgroup> parts: array<vec4<u32>, WORKGROUP>;
var<workgroup> shifts: array<atomic<u32>, 2>;

// Adds to a 64-bit sum; each wrap of the low word is seen by exactly one adder.
fn add_to_extent(word: u32, value: vec2<u32>) {
    let old = atomicAdd(&extent[word], value.x);
    let high = value.y + select(0u, 1u, old + value.x < old);
    if high != 0u {
        atomicAdd(&extent[word + 1u], high);
    }
}

// The sums over the workgroup of two 64-bit numbers each; valid in invocation 0.
fn reduce(t: u32, value: vec4<u32>) -> vec4<u32> {
    parts[t] = value;
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
        if t < half {
            let a = parts[t];
            let b = parts[t + half];
            parts[t] = vec4<u32>(add64(a.xy, b.xy), add64(a.zw, b.zw));
        }
        workgroupBarrier();
    }
    return parts[0];
}

// The smallest shift that takes x below 2^31 - 1.
fn least_shift(x: vec2<u32>) -> u32 {
    let bits = 64u - leading_zeros64(x);
    let shift = max(bits, 31u) - 31u;
    return shift + select(0u, 1u, shift_right64(x, shift).x == 0x7fffffffu);
}

@compute @workgroup_size(WORKGROUP)
fn quantise_extent(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    if t < 2u {
        atomicStore(&shifts[t], 0u);
    }
    workgroupBarrier();
    let drawn = ranges[0].y;
    var sums = vec4<u32>(0u, 0u, 0u, 0u);
    var g_shift = 0u;
    var h_shift = 0u;
    for (var i = id.x; i < drawn; i += groups.x * WORKGROUP) {
        let pair = load_pair(task.class_index * task.stride + rows[i]);
        let g = absolute64(pair.g);
        sums = vec4<u32>(add64(sums.xy, g), add64(sums.zw, pair.h));
        if WIDE {
            g_shift = max(g_shift, least_shift(g));
            h_shift = max(h_shift, least_shift(pair.h));
        }
    }
    atomicMax(&shifts[0], g_shift);
    atomicMax(&shifts[1], h_shift);
    let total = reduce(t, sums);
    if t == 0u {
        add_to_extent(G_SUM, total.xy);
        add_to_extent(H_SUM, total.zw);
        atomicMax(&extent[G_SHIFT], atomicLoad(&shifts[0]));
        atomicMax(&extent[H_SHIFT], atomicLoad(&shifts[1]));
        if id.x == 0u {
            atomicAdd(&extent[DRAWN], drawn);
        }
    }
}

// The smallest shift from `least` on that keeps the sum of all quantised numbers within the width.
fn fitting_shift(sum: vec2<u32>, least: u32, drawn: u32) -> u32 {
    var limit = vec2<u32>(0x80000000u, 0u);
    if WIDE {
        limit = vec2<u32>(0u, 1u << 20u);
    }
    for (var shift = least; shift < 63u; shift++) {
        if !at_least64(add64(shift_right64(sum, shift), vec2<u32>(drawn, 0u)), limit) {
            return shift;
        }
    }
    return 63u;
}

// The least integer not below a, at least 1; the largest i64 for what no sum can reach.
fn ceiling(a: Real) -> vec2<u32> {
    if real_is_zero(a) || a.e < -53 {
        return vec2<u32>(1u, 0u);
    }
    if a.e > 10 {
        return vec2<u32>(0xffffffffu, 0x7fffffffu);
    }
    if a.e >= 0 {
        return shift_left64(a.m, u32(a.e));
    }
    let shift = u32(-a.e);
    let whole = shift_right64(a.m, shift);
    if any(shift_left64(whole, shift) != a.m) {
        return add64(whole, vec2<u32>(1u, 0u));
    }
    return whole;
}

fn scaled(bits: vec2<u32>, exponent: i32) -> vec2<u32> {
    return real_bits(real_scale(real_from_bits(bits), exponent));
}

// The quantiser and the rules in its scale. One invocation.
@compute @workgroup_size(WORKGROUP)
fn quantise_shifts(@builtin(local_invocation_index) t: u32) {
    if t != 0u {
        return;
    }
    let drawn = atomicLoad(&extent[DRAWN]);
    let g_sum = vec2<u32>(atomicLoad(&extent[G_SUM]), atomicLoad(&extent[G_SUM + 1u]));
    let h_sum = vec2<u32>(atomicLoad(&extent[H_SUM]), atomicLoad(&extent[H_SUM + 1u]));
    let g_shift = fitting_shift(g_sum, atomicLoad(&extent[G_SHIFT]), drawn);
    let h_shift = fitting_shift(h_sum, atomicLoad(&extent[H_SHIFT]), drawn);
    let g = setup.g_scale - i32(g_shift);
    let h = setup.h_scale - i32(h_shift);
    let gain = 2 * g - h;
    state.level_start = 0u;
    state.level_nodes = 1u;
    state.nodes = 1u;
    state.g_shift = g_shift;
    state.h_shift = h_shift;
    state.min_child_hessian = ceiling(real_scale(real_from_bits(setup.min_child_weight), h));
    state.lambda = scaled(setup.lambda, h);
    state.alpha = scaled(setup.alpha, g);
    state.max_delta_step = scaled(setup.max_delta_step, g - h);
    state.least_gain = scaled(setup.least_gain, gain);
    state.gamma = scaled(setup.gamma, gain);
}

// A hessian below 1/4 never counts as 1/4; every hessian counts.
fn quantise_hessian(h: vec2<u32>) -> u32 {
    var q = round_shift64(h, state.h_shift).x;
    if CAPPED && h.y == 0u && h.x < QUARTER_Q30 {
        let quarter = shift_right64(vec2<u32>(QUARTER_Q30, 0u), state.h_shift).x;
        q = min(q, max(quarter, 2u) - 1u);
    }
    return max(q, 1u);
}

@compute @workgroup_size(WORKGROUP)
fn quantise_pairs(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let drawn = ranges[0].y;
    var sums = vec4<u32>(0u, 0u, 0u, 0u);
    for (var i = id.x; i < drawn; i += groups.x * WORKGROUP) {
        let row = rows[i];
        let pair = load_pair(task.class_index * task.stride + row);
        let q = vec2<u32>(round_shift64(pair.g, state.g_shift).x, quantise_hessian(pair.h));
        quantised[row] = q;
        sums = vec4<u32>(add64(sums.xy, widen64(q.x)), add64(sums.zw, vec2<u32>(q.y, 0u)));
    }
    let total = reduce(t, sums);
    if t == 0u {
        add_to_extent(ROOT_G, total.xy);
        add_to_extent(ROOT_H, total.zw);
    }
}

// The root. One invocation.
@compute @workgroup_size(WORKGROUP)
fn quantise_root(@builtin(local_invocation_index) t: u32) {
    if t != 0u {
        return;
    }
    var root = Node();
    root.g = vec2<u32>(atomicLoad(&extent[ROOT_G]), atomicLoad(&extent[ROOT_G + 1u]));
    root.h = vec2<u32>(atomicLoad(&extent[ROOT_H]), atomicLoad(&extent[ROOT_H + 1u]));
    root.key = task.root_key;
    root.rows = atomicLoad(&extent[DRAWN]);
    nodes[0] = root;
}
