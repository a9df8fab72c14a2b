// Of two siblings the one with fewer rows is summed, the left one if they have equally many.

fn sums_left(left_rows: u32, right_rows: u32) -> bool {
    return left_rows <= right_rows;
}

// Whether the node at this index is summed, when siblings are subtracted; level_start is the index
// of a left child or the root.
fn is_summed(index: u32, level_start: u32) -> bool {
    if index == 0u {
        return true;
    }
    let side = (index - level_start) & 1u;
    let left = index - side;
    return sums_left(nodes[left].rows, nodes[left + 1u].rows) == (side == 0u);
}
