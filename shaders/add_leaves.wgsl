// import margins
// Kernel add_leaves: moves the training rows' margins by the values of their leaves
// (docs/exactness.md 9).
//
// IN: the finished tree, the drawn rows' leaves, bins of the others. OUT: margins. Invariant: a row
// that was not drawn waits at a node whose feature lies in another tile until that tile's turn.
// Deterministic: each row by itself.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(1) var<uniform> setup: Setup;
@group(0) @binding(14) var<storage, read> planes: array<u32>;
@group(0) @binding(15) var<storage, read> features: array<Feature>;
@group(0) @binding(24) var<storage, read_write> places: array<u32>;
@group(0) @binding(25) var<storage, read> finished: array<Route>;
@group(0) @binding(26) var<storage, read> grown_steps: array<vec2<u32>>;

// Routes a row that was not drawn as far as this tile's features take it.
fn route(start: u32, row: u32) -> u32 {
    var index = start;
    loop {
        let node = finished[index];
        if node.left == 0u {
            break;
        }
        let feature = features[node.feature];
        if feature.tile != task.tile {
            break;
        }
        let code = (planes[feature.plane * task.stride + row] >> feature.shift) & feature.mask;
        var goes_left = code < node.boundary;
        if code == feature.bins {
            goes_left = node.default_left != 0u;
        }
        index = node.left + select(1u, 0u, goes_left);
    }
    return index;
}

@compute @workgroup_size(WORKGROUP)
fn add_leaves(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < task.rows; row += groups.x * WORKGROUP) {
        let index = task.class_index * task.stride + row;
        var place = places[index];
        let undrawn = (place & UNDRAWN) != 0u;
        if undrawn {
            place = route(place & ~UNDRAWN, row);
            places[index] = place | UNDRAWN;
        }
        if (task.flags & LAST) != 0u {
            if undrawn {
                move_margin(index, finished[place].step);
            } else {
                move_margin(index, grown_steps[place]);
            }
        }
    }
}
