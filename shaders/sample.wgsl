// import hash
// import scan
// Kernel sample: which rows a tree sees (docs/exactness.md 5).
//
// IN: the sampler, weights, drawn bits. OUT: the list of drawn rows and the root's range in it; the
// places of the others. Invariant: the list is ascending up to the order within a block of
// PARTITION_ROWS. Deterministic: a row's draw depends on the row alone, and its position on the
// draws before it.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(4) var<storage, read_write> ranges: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> rows: array<u32>;
@group(0) @binding(11) var<storage, read> weights: array<u32>;
@group(0) @binding(13) var<storage, read> drawn_bits: array<u32>;
@group(0) @binding(22) var<storage, read_write> counts: array<u32>;
@group(0) @binding(24) var<storage, read_write> places: array<u32>;

fn is_drawn(row: u32) -> bool {
    if row >= task.rows || (WEIGHTED && weights[row] == 0u) {
        return false;
    }
    switch task.sampler {
        case DRAW_HASH: {
            return combine(task.key, task.first_row + row) < task.threshold;
        }
        case DRAW_BITS: {
            return ((drawn_bits[row >> 5u] >> (row & 31u)) & 1u) == 1u;
        }
        default: {
            return true;
        }
    }
}

// All rows are drawn.
@compute @workgroup_size(WORKGROUP)
fn sample_all(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < task.rows; row += groups.x * WORKGROUP) {
        rows[row] = row;
    }
    if id.x == 0u {
        ranges[0] = vec2<u32>(0u, task.rows);
    }
}

// Counts the drawn rows of every block.
@compute @workgroup_size(WORKGROUP)
fn sample_count(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    for (var first = group.x * PARTITION_ROWS; first < task.rows; first += groups.x * PARTITION_ROWS) {
        var mine = 0u;
        for (var row = first + t; row < first + PARTITION_ROWS; row += WORKGROUP) {
            mine += select(0u, 1u, is_drawn(row));
        }
        let sum = scan(t, vec2<u32>(mine, 0u));
        if t == WORKGROUP - 1u {
            counts[first / PARTITION_ROWS] = sum.x;
        }
    }
}

// Turns the counts of the blocks into where each begins. One workgroup.
@compute @workgroup_size(WORKGROUP)
fn sample_scan(@builtin(local_invocation_index) t: u32) {
    let blocks = (task.rows + PARTITION_ROWS - 1u) / PARTITION_ROWS;
    var before = 0u;
    for (var first = 0u; first < blocks; first += WORKGROUP) {
        let block = first + t;
        var mine = 0u;
        if block < blocks {
            mine = counts[block];
        }
        let sum = scan(t, vec2<u32>(mine, 0u));
        if block < blocks {
            counts[block] = before + sum.x - mine;
        }
        before += scan_total().x;
    }
    if t == 0u {
        ranges[0] = vec2<u32>(0u, before);
    }
}

// Writes the drawn rows of every block to the list.
@compute @workgroup_size(WORKGROUP)
fn sample_scatter(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    for (var first = group.x * PARTITION_ROWS; first < task.rows; first += groups.x * PARTITION_ROWS) {
        var mine = 0u;
        for (var row = first + t; row < first + PARTITION_ROWS; row += WORKGROUP) {
            mine += select(0u, 1u, is_drawn(row));
        }
        var position = counts[first / PARTITION_ROWS] + scan(t, vec2<u32>(mine, 0u)).x - mine;
        for (var row = first + t; row < min(first + PARTITION_ROWS, task.rows); row += WORKGROUP) {
            if is_drawn(row) {
                rows[position] = row;
                position += 1u;
            } else {
                places[task.class_index * task.stride + row] = UNDRAWN;
            }
        }
    }
}
