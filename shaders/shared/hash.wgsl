// The counter hash of src/fixed/hash.rs.

fn mix32(value: u32) -> u32 {
    var x = value;
    x ^= x >> 16u;
    x *= 0x7feb352du;
    x ^= x >> 15u;
    x *= 0x846ca68bu;
    return x ^ (x >> 16u);
}

fn combine(key: u32, value: u32) -> u32 {
    return mix32(key ^ mix32(value + 0x9e3779b9u));
}
