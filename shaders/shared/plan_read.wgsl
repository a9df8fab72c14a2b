// Reads a plan that plan_write wrote.

@group(0) @binding(21) var<storage, read> plan: array<vec4<u32>>;

// The entry that an item belongs to: the last one whose first item is not above it.
fn plan_entry(item: u32) -> vec4<u32> {
    var low = 1u;
    var high = plan[0].x;
    while low < high {
        let middle = (low + high + 1u) / 2u;
        if plan[middle].x <= item {
            low = middle;
        } else {
            high = middle - 1u;
        }
    }
    return plan[low];
}
