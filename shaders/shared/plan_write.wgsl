// import scan
// Writes a plan: the runs of rows that a kernel works through, one entry a node, cut into items of
// equal length. Entry 0 is (entries, items, 0, 0); entry i + 1 is (first item, first row position,
// end of rows, node), first items ascend.

@group(0) @binding(21) var<storage, read_write> new_plan: array<vec4<u32>>;

// Adds one block of nodes, one an invocation; those without items get no entry. `before` and the
// answer are (entries, items).
fn plan_block(t: u32, before: vec2<u32>, range: vec2<u32>, taken: bool, length: u32, node: u32) -> vec2<u32> {
    var items = 0u;
    if taken {
        items = (range.y - range.x + length - 1u) / length;
    }
    let mine = vec2<u32>(select(0u, 1u, items > 0u), items);
    let upto = before + scan(t, mine);
    if items > 0u {
        new_plan[upto.x] = vec4<u32>(upto.y - items, range.x, range.y, node);
    }
    return before + scan_total();
}

fn plan_end(t: u32, total: vec2<u32>) {
    if t == 0u {
        new_plan[0] = vec4<u32>(total, 0u, 0u);
    }
}
