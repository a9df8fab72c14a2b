//! The counter hash behind sampling: every draw is a function of (seed, tree, row or feature), so
//! that any backend can make any draw at any time (`docs/exactness.md` 5). Thirty-two-bit
//! operations only, so that shaders have the same.

/// Separates the draws of rows from those of columns.
const ROWS: u32 = 0x524f_5753;
const COLUMNS: u32 = 0x434f_4c53;

/// A bijection of u32 in which every input bit moves every output bit
/// (constants: C. Wellons' "lowbias32", <https://nullprogram.com/blog/2018/07/31/>).
#[inline(always)]
#[must_use]
pub fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// The hash of `value` under `key`; for a fixed key a bijection, so two rows never collide.
#[inline(always)]
#[must_use]
pub fn combine(key: u32, value: u32) -> u32 {
    mix(key ^ mix(value.wrapping_add(0x9e37_79b9)))
}

/// Returns the key of one tree, from which those of its row and column draws are made.
#[must_use]
pub fn tree_key(seed: u64, tree: u32) -> u32 {
    combine(combine(combine(0, seed as u32), (seed >> 32) as u32), tree)
}

/// The key of a tree's row draws.
#[must_use]
pub fn row_key(tree_key: u32) -> u32 {
    tree_key ^ ROWS
}

/// The key of a tree's column draws.
#[must_use]
pub fn column_key(tree_key: u32) -> u32 {
    tree_key ^ COLUMNS
}

/// The key of the columns of one level.
#[must_use]
pub fn level_key(column_key: u32, depth: u32) -> u32 {
    combine(combine(column_key, 1), depth)
}

/// The node key of the root; a child's is `combine(parent's node key, side)`, side 0 left, 1 right.
#[must_use]
pub fn root_node_key(column_key: u32) -> u32 {
    combine(column_key, 2)
}
