// import margins
// Kernel route: moves a channel's margins by the values of the leaves its rows fall into, by value
// (docs/exactness.md 8, 9).
//
// IN: the finished tree, raw values as ordered bits, 0 for missing. OUT: margins. Invariant: a row
// waits at a node whose feature lies in another tile until that tile's turn. Deterministic: each
// row by itself.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(1) var<uniform> setup: Setup;
@group(0) @binding(25) var<storage, read> finished: array<Route>;
@group(0) @binding(27) var<storage, read_write> positions: array<u32>;
@group(0) @binding(28) var<storage, read> values: array<u32>;

// Routes a row as far as this tile's features take it; the tile holds features first_feature ..
// first_feature + features.
fn route_row(start: u32, row: u32) -> u32 {
    var index = start;
    loop {
        let node = finished[index];
        if node.left == 0u || node.feature < task.first_feature || node.feature >= task.first_feature + task.features {
            break;
        }
        let value = values[(node.feature - task.first_feature) * task.stride + row];
        var goes_left = value < node.boundary;
        if value == 0u {
            goes_left = node.default_left != 0u;
        }
        index = node.left + select(1u, 0u, goes_left);
    }
    return index;
}

@compute @workgroup_size(WORKGROUP)
fn route(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < task.rows; row += groups.x * WORKGROUP) {
        var start = 0u;
        if (task.flags & FIRST) == 0u {
            start = positions[row];
        }
        let index = route_row(start, row);
        if (task.flags & LAST) != 0u {
            move_margin(task.class_index * task.stride + row, finished[index].step);
        } else {
            positions[row] = index;
        }
    }
}
