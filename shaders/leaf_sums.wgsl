// import pairs
// import plan_write
// import plan_read
// Kernel leaf_sums: exact sums of the unquantised pairs of every deepest node (docs/exactness.md
// 9).
//
// IN: pairs of one class, both lists of rows, node records. OUT: the nodes' leaf sums; the leaf of
// every drawn row. Invariants: the rows of a node of depth d stand in list d mod 2; leaf sums are
// zero before. Deterministic: integer sums.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(2) var<storage, read> state: TreeState;
@group(0) @binding(3) var<storage, read> nodes: array<Node>;
@group(0) @binding(4) var<storage, read> ranges: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(6) var<storage, read> next_rows: array<u32>;
@group(0) @binding(23) var<storage, read_write> leaf_sums: array<atomic<u32>>;
@group(0) @binding(24) var<storage, read_write> places: array<u32>;

// Lists the leaves. One workgroup.
@compute @workgroup_size(WORKGROUP)
fn leaf_plan(@builtin(local_invocation_index) t: u32) {
    var total = vec2<u32>(0u, 0u);
    let count = state.nodes;
    for (var first = 0u; first < count; first += WORKGROUP) {
        let index = first + t;
        var range = vec2<u32>(0u, 0u);
        if index < count && nodes[index].left == 0u {
            range = ranges[index];
        }
        total = plan_block(t, total, range, range.x < range.y, PARTITION_ROWS, index);
    }
    plan_end(t, total);
}

var<workgroup> parts: array<vec4<u32>, WORKGROUP>;

// Each wrap of the low word is seen by exactly one adder.
fn add_to_leaf(word: u32, value: vec2<u32>) {
    let old = atomicAdd(&leaf_sums[word], value.x);
    let high = value.y + select(0u, 1u, old + value.x < old);
    if high != 0u {
        atomicAdd(&leaf_sums[word + 1u], high);
    }
}

// Sums one run of rows of one leaf. x: items.
@compute @workgroup_size(WORKGROUP)
fn leaf_build(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let items = plan[0].y;
    for (var item = group.x; item < items; item += groups.x) {
        let entry = plan_entry(item);
        let begin = entry.y + (item - entry.x) * PARTITION_ROWS;
        let end = min(begin + PARTITION_ROWS, entry.z);
        let in_next = (nodes[entry.w].depth & 1u) == 1u;
        var sums = vec4<u32>(0u, 0u, 0u, 0u);
        for (var i = begin + t; i < end; i += WORKGROUP) {
            var row = 0u;
            if in_next {
                row = next_rows[i];
            } else {
                row = rows[i];
            }
            let index = task.class_index * task.stride + row;
            let pair = load_pair(index);
            sums = vec4<u32>(add64(sums.xy, pair.g), add64(sums.zw, pair.h));
            places[index] = entry.w;
        }
        parts[t] = sums;
        workgroupBarrier();
        for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
            if t < half {
                let a = parts[t];
                let b = parts[t + half];
                parts[t] = vec4<u32>(add64(a.xy, b.xy), add64(a.zw, b.zw));
            }
            workgroupBarrier();
        }
        if t == 0u {
            add_to_leaf(4u * entry.w, parts[0].xy);
            add_to_leaf(4u * entry.w + 2u, parts[0].zw);
        }
        workgroupBarrier();
    }
}
