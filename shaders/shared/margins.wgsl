// import int64
// Margins: a word each for log odds, two words each for regression.

@group(0) @binding(9) var<storage, read_write> margins: array<u32>;

// Adds a step, saturating.
fn move_margin(index: u32, step_value: vec2<u32>) {
    if WIDE_MARGINS {
        let old = vec2<u32>(margins[2u * index], margins[2u * index + 1u]);
        let moved = saturate_margin(add64(old, step_value));
        margins[2u * index] = moved.x;
        margins[2u * index + 1u] = moved.y;
    } else {
        margins[index] = saturate_margin(add64(widen64(margins[index]), step_value)).x;
    }
}

fn saturate_margin(margin: vec2<u32>) -> vec2<u32> {
    if less_signed64(margin, setup.least_margin) {
        return setup.least_margin;
    }
    if less_signed64(setup.most_margin, margin) {
        return setup.most_margin;
    }
    return margin;
}
