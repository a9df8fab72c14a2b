// import plan_write
// import plan_read
// Kernel partition: sends the drawn rows of a split node to its children (docs/exactness.md 8).
//
// IN: node records, planes of bins, the rows of the old level. OUT: the rows of the new level in
// the other list; its ranges. Invariants: the children's ranges tile their parent's, so rows of
// finished nodes stay where they are; the state already has the children as its level.
// Deterministic: a row's position follows from its position before and the counts of its node.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(2) var<storage, read> state: TreeState;
@group(0) @binding(3) var<storage, read> nodes: array<Node>;
@group(0) @binding(3) var<storage, read_write> new_nodes: array<Node>;
@group(0) @binding(4) var<storage, read_write> ranges: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(6) var<storage, read_write> next_rows: array<u32>;
@group(0) @binding(14) var<storage, read> planes: array<u32>;
@group(0) @binding(15) var<storage, read> features: array<Feature>;
@group(0) @binding(22) var<storage, read_write> counts: array<u32>;

// Whether a row of the node goes left.
fn goes_left(node: Node, row: u32) -> bool {
    let feature = features[node.ordinal];
    let code = (planes[feature.plane * task.stride + row] >> feature.shift) & feature.mask;
    if code == feature.bins {
        return node.default_left != 0u;
    }
    return code < node.boundary;
}

// Lists the nodes that were split. One workgroup.
@compute @workgroup_size(WORKGROUP)
fn partition_plan(@builtin(local_invocation_index) t: u32) {
    var total = vec2<u32>(0u, 0u);
    for (var first = 0u; first < task.batch_nodes; first += WORKGROUP) {
        let index = state.above_start + first + t;
        var range = vec2<u32>(0u, 0u);
        if index < state.level_start {
            let left = nodes[index].left;
            if left != 0u {
                range = ranges[index];
                if range.x == range.y {
                    // No rows of this shard, so no entry: the children have none either.
                    ranges[left] = range;
                    ranges[left + 1u] = range;
                }
            }
        }
        total = plan_block(t, total, range, range.x < range.y, PARTITION_ROWS, index);
    }
    plan_end(t, total);
}

// Counts the rows of every item that go left. x: items. Items of nodes whose feature lies in
// another tile are not for this dispatch.
@compute @workgroup_size(WORKGROUP)
fn partition_count(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let items = plan[0].y;
    for (var item = group.x; item < items; item += groups.x) {
        let entry = plan_entry(item);
        let node = nodes[entry.w];
        let begin = entry.y + (item - entry.x) * PARTITION_ROWS;
        let end = min(begin + PARTITION_ROWS, entry.z);
        let mine_to_do = features[node.ordinal].tile == task.tile;
        var mine = 0u;
        if mine_to_do {
            for (var i = begin + t; i < end; i += WORKGROUP) {
                mine += select(0u, 1u, goes_left(node, rows[i]));
            }
        }
        let sum = scan(t, vec2<u32>(mine, 0u)).x;
        if mine_to_do && t == WORKGROUP - 1u {
            counts[item] = sum;
        }
    }
}

// Turns the counts of a node's items into where each begins on the left side; makes the children's
// ranges. x: entries.
@compute @workgroup_size(WORKGROUP)
fn partition_scan(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let entries = plan[0].x;
    for (var number = group.x; number < entries; number += groups.x) {
        let entry = plan[number + 1u];
        let items = (entry.z - entry.y + PARTITION_ROWS - 1u) / PARTITION_ROWS;
        var before = 0u;
        for (var first = 0u; first < items; first += WORKGROUP) {
            var mine = 0u;
            if first + t < items {
                mine = counts[entry.x + first + t];
            }
            let upto = before + scan(t, vec2<u32>(mine, 0u)).x;
            if first + t < items {
                counts[entry.x + first + t] = upto - mine;
            }
            before += scan_total().x;
        }
        if t == 0u {
            let left = new_nodes[entry.w].left;
            let middle = entry.y + before;
            ranges[left] = vec2<u32>(entry.y, middle);
            ranges[left + 1u] = vec2<u32>(middle, entry.z);
            new_nodes[left].rows += before;
            new_nodes[left + 1u].rows += entry.z - middle;
        }
    }
}

// Moves the rows of every item. x: items.
@compute @workgroup_size(WORKGROUP)
fn partition_scatter(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let items = plan[0].y;
    for (var item = group.x; item < items; item += groups.x) {
        let entry = plan_entry(item);
        let node = nodes[entry.w];
        let begin = entry.y + (item - entry.x) * PARTITION_ROWS;
        let end = min(begin + PARTITION_ROWS, entry.z);
        let mine_to_do = features[node.ordinal].tile == task.tile;
        var lefts = 0u;
        var all_mine = 0u;
        if mine_to_do {
            for (var i = begin + t; i < end; i += WORKGROUP) {
                lefts += select(0u, 1u, goes_left(node, rows[i]));
                all_mine += 1u;
            }
        }
        // Sums of the invocations before this one, on either side.
        let mine = vec2<u32>(lefts, all_mine - lefts);
        let before = scan(t, mine) - mine;
        if mine_to_do {
            let left_before = counts[item];
            let middle = ranges[node.left].y;
            var left = entry.y + left_before + before.x;
            var right = middle + (begin - entry.y - left_before) + before.y;
            for (var i = begin + t; i < end; i += WORKGROUP) {
                let row = rows[i];
                if goes_left(node, row) {
                    next_rows[left] = row;
                    left += 1u;
                } else {
                    next_rows[right] = row;
                    right += 1u;
                }
            }
        }
    }
}
