// import int64
// Reads gradient pairs as kernel gradient stores them: a word each where they fit, two words each
// otherwise.

@group(0) @binding(7) var<storage, read> pairs: array<vec2<u32>>;

struct Pair {
    g: vec2<u32>,
    h: vec2<u32>,
}

fn load_pair(index: u32) -> Pair {
    if LONG_PAIRS {
        return Pair(pairs[2u * index], pairs[2u * index + 1u]);
    }
    let pair = pairs[index];
    return Pair(widen64(pair.x), vec2<u32>(pair.y, 0u));
}
