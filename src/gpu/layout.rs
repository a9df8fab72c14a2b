//! Constants and structs that Rust and the shaders share, written once: here.
//!
//! [`wgsl`] writes them as WGSL, the shader composer puts that in front of every kernel, and a test
//! compares naga's view of each struct with Rust's.

use bytemuck::{Pod, Zeroable};

/// A field of a shared struct as Rust lays it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, the same in WGSL.
    pub name: &'static str,
    /// Its WGSL type: `u32`, `i32` or `vec2<u32>`.
    pub wgsl: &'static str,
    /// Its distance from the start of the struct, in bytes.
    pub offset: usize,
}

/// A shared struct as Rust lays it out.
#[derive(Clone, Copy, Debug)]
pub struct Struct {
    /// Its name, the same in WGSL.
    pub name: &'static str,
    /// Its size in bytes, the same in WGSL.
    pub size: usize,
    /// Its fields, in the order of their offsets.
    pub fields: &'static [Field],
}

/// The types that shared structs are made of.
trait Wgsl {
    const NAME: &'static str;
}

impl Wgsl for u32 {
    const NAME: &'static str = "u32";
}

impl Wgsl for i32 {
    const NAME: &'static str = "i32";
}

impl Wgsl for [u32; 2] {
    const NAME: &'static str = "vec2<u32>";
}

/// Declares structs of [`Wgsl`] fields and [`STRUCTS`]. A `[u32; 2]` holds a 64-bit number, low
/// word first, and stands at a multiple of 8 bytes.
macro_rules! shared {
    ($($(#[$doc:meta])* struct $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
            #[repr(C)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)+ }
        )+
        /// Every shared struct.
        pub const STRUCTS: &[Struct] = &[$(Struct {
            name: stringify!($name),
            size: size_of::<$name>(),
            fields: &[$(Field {
                name: stringify!($field),
                wgsl: <$type as Wgsl>::NAME,
                offset: std::mem::offset_of!($name, $field),
            }),+],
        }),+];
    };
}

/// Declares constants and [`CONSTANTS`].
macro_rules! constants {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)+) => {
        $($(#[$doc])* pub const $name: u32 = $value;)+
        /// Every shared constant by name.
        pub const CONSTANTS: &[(&str, u32)] = &[$((stringify!($name), $value)),+];
    };
}

constants! {
    /// Invocations a workgroup, of every kernel.
    WORKGROUP = 256;
    /// Rows of a node that one workgroup partitions.
    PARTITION_ROWS = 2048;
    /// Words of workgroup memory that hold local histograms: 16 KiB, the WebGPU default.
    LOCAL_WORDS = 4096;
    /// Words a bin of a narrow histogram: gradient, hessian.
    NARROW_WORDS = 2;
    /// Words a bin of a wide histogram: gradient and hessian of 64 bits.
    WIDE_WORDS = 4;
    /// Planes that one histogram job may read.
    JOB_PLANES = 2;
    /// `objective` of binary:logistic.
    LOGISTIC = 0;
    /// `objective` of reg:squarederror.
    SQUARED_ERROR = 1;
    /// `objective` of multi:softmax and multi:softprob.
    SOFTMAX = 2;
    /// [`Step::sampler`]: every row is drawn.
    DRAW_ALL = 0;
    /// [`Step::sampler`]: by the counter hash.
    DRAW_HASH = 1;
    /// [`Step::sampler`]: by uploaded bits.
    DRAW_BITS = 2;
    /// [`Step::flags`]: the larger sibling's histogram is its parent's less the smaller one's.
    SUBTRACT = 1;
    /// [`Step::flags`]: the first tile of a routing: rows start at the root.
    FIRST = 2;
    /// [`Step::flags`]: the last tile of a routing: margins move.
    LAST = 4;
    /// [`Step::flags`]: features are sampled by node.
    BY_NODE = 8;
    /// A place of a row that was not drawn; the low bits are its node in the finished tree.
    UNDRAWN = 0x8000_0000;
    /// [`Node::left`] of a node that is to be split, before its children are numbered.
    TO_SPLIT = 1;
    /// Log2 of the argument range of one table entry (`fixed::table`).
    ENTRY_SHIFT = 18;
    /// The largest argument of the logistic table.
    LOGISTIC_LAST = (1 << 28) - 1;
    /// From this argument on exp(-x) is 0.
    EXP_END = 22 << 24;
    /// 1 in Q31.
    ONE_Q31 = 1 << 31;
    /// 1/4 in Q30.
    QUARTER_Q30 = 1 << 28;
}

shared! {
    /// What stays the same over a training.
    struct Setup {
        /// Outputs of the model: trees per round, margins per row.
        classes: u32,
        /// Number of features in the data.
        features: u32,
        /// Bits dropped from a weighted gradient.
        weight_shift: u32,
        /// Words of one bit mask of features.
        mask_words: u32,
        /// Binary point of gradients.
        g_scale: i32,
        /// Binary point of hessians.
        h_scale: i32,
        /// lambda, as the bits of a binary64.
        lambda: [u32; 2],
        /// alpha, as the bits of a binary64.
        alpha: [u32; 2],
        /// max_delta_step, as the bits of a binary64.
        max_delta_step: [u32; 2],
        /// The gain that a split must exceed, as the bits of a binary64.
        least_gain: [u32; 2],
        /// gamma, as the bits of a binary64.
        gamma: [u32; 2],
        /// min_child_weight, as the bits of a binary64.
        min_child_weight: [u32; 2],
        /// Lowest margin, a signed 64-bit integer; sums saturate there.
        least_margin: [u32; 2],
        /// Highest margin, a signed 64-bit integer; sums saturate there.
        most_margin: [u32; 2],
    }

    /// What one dispatch is told.
    struct Step {
        /// Rows of the shard, or of the channel's shard.
        rows: u32,
        /// Distance of one class, plane or feature to the next in arrays by row.
        stride: u32,
        /// Output that the tree is grown for, from 0.
        class_index: u32,
        /// Depth of the level; the root's is 0.
        depth: u32,
        /// Position in the level of the batch's first node.
        batch_start: u32,
        /// Most nodes of the batch, or of the level.
        batch_nodes: u32,
        /// `SUBTRACT`, `FIRST`, `LAST`, `BY_NODE`.
        flags: u32,
        /// Index of the tile of features.
        tile: u32,
        /// The first histogram job of the tile.
        first_job: u32,
        /// The first feature (in device order) of the tile.
        first_feature: u32,
        /// Bins of one node in the tile's histograms.
        node_bins: u32,
        /// Rows that one workgroup sums into a histogram.
        chunk: u32,
        /// How rows are sampled: `DRAW_ALL`, `DRAW_HASH` or `DRAW_BITS`.
        sampler: u32,
        /// The tree's key for the hash of row numbers.
        key: u32,
        /// Hashes below are drawn.
        threshold: u32,
        /// The first row of the shard.
        first_row: u32,
        /// Which mask of features is the level's.
        mask: u32,
        /// Features to keep by node.
        keep: u32,
        /// Node key of the root, for sampling of features by node.
        root_key: u32,
        /// Number of features, over all tiles.
        features: u32,
    }

    /// Sums and maxima over the drawn rows of a tree; every word is atomic where it is filled.
    struct Extent {
        /// Low word of the sum of |g|.
        g_low: u32,
        /// High word of the sum of |g|.
        g_high: u32,
        /// Low word of the sum of h.
        h_low: u32,
        /// High word of the sum of h.
        h_high: u32,
        /// The least shift that every |g| asks for.
        g_shift: u32,
        /// The least shift that every h asks for.
        h_shift: u32,
        /// Number of sampled rows of all shards.
        rows: u32,
        /// Low word of the root's quantised gradient sum.
        root_g_low: u32,
        /// High word of the root's quantised gradient sum.
        root_g_high: u32,
        /// Low word of the root's quantised hessian sum.
        root_h_low: u32,
        /// High word of the root's quantised hessian sum.
        root_h_high: u32,
        /// Padding: the struct takes 48 bytes.
        unused: u32,
    }

    /// A tree under construction: its quantiser, its rules in the quantised scale, its current
    /// level.
    struct TreeState {
        /// First node of the level.
        level_start: u32,
        /// Number of nodes of the level.
        level_nodes: u32,
        /// Nodes of the tree so far.
        nodes: u32,
        /// First node of the level above; it ends where the level begins.
        above_start: u32,
        /// Low bits that rounding drops from a gradient.
        g_shift: u32,
        /// Low bits that rounding drops from a hessian.
        h_shift: u32,
        /// Least hessian sum of a child.
        min_child_hessian: [u32; 2],
        /// lambda', as the bits of a binary64.
        lambda: [u32; 2],
        /// alpha', as the bits of a binary64.
        alpha: [u32; 2],
        /// m' (max_delta_step), as the bits of a binary64.
        max_delta_step: [u32; 2],
        /// eps', which a gain must exceed, as the bits of a binary64.
        least_gain: [u32; 2],
        /// gamma', as the bits of a binary64.
        gamma: [u32; 2],
    }

    /// A node of a tree under construction.
    struct Node {
        /// Left child, the right one follows it; 0 where the node is not split.
        left: u32,
        /// Index of the split's feature in the data.
        feature: u32,
        /// Position of the winner in the feature's scan.
        rank: u32,
        /// The present bin visited before.
        last: u32,
        /// Gain, as the bits of a binary64.
        gain: [u32; 2],
        /// Quantised gradient sum.
        g: [u32; 2],
        /// Quantised hessian sum, a 64-bit integer.
        h: [u32; 2],
        /// Gradient sum of the left child to be.
        left_g: [u32; 2],
        /// Hessian sum of the left child to be.
        left_h: [u32; 2],
        /// The feature in device order.
        ordinal: u32,
        /// Codes below it go left; missing rows follow `default_left`.
        boundary: u32,
        /// Whether missing rows go left.
        default_left: u32,
        /// The parent's position in its level.
        parent: u32,
        /// Depth of the node; the root's is 0.
        depth: u32,
        /// Key of column sampling by node.
        key: u32,
        /// The largest feature hash that the node keeps.
        hash_limit: u32,
        /// Sampled rows of the node.
        rows: u32,
    }

    /// A feature, in device order: by tile, then by plane.
    struct Feature {
        /// The feature's index in the data.
        feature: u32,
        /// Number of bins, without the code of missing values.
        bins: u32,
        /// Whether training rows miss it.
        has_missing: u32,
        /// Index of the tile that holds its codes.
        tile: u32,
        /// Index of its plane within the tile.
        plane: u32,
        /// Where its code begins in the plane's word.
        shift: u32,
        /// Mask of its code after the shift: 0xff or 0xffff.
        mask: u32,
        /// Its first bin in the tile's histogram of a node.
        first_bin: u32,
    }

    /// A part of a tile that one workgroup sums.
    struct Job {
        /// First plane of the job, counted within the tile.
        plane: u32,
        /// Number of planes, 1 to `JOB_PLANES`.
        planes: u32,
        /// Bits of a code: 8 or 16.
        width: u32,
        /// The first of the job's 8 slots, 4 a plane.
        slot: u32,
        /// Whether bins are added to the global histogram at once, being too many for workgroup
        /// memory.
        direct: u32,
        /// Bins in workgroup memory.
        local_bins: u32,
    }

    /// One feature of a job.
    struct JobSlot {
        /// Bins; 0 where the slot is empty.
        bins: u32,
        /// Copies in workgroup memory less one: a power of two less one.
        copies: u32,
        /// First bin in workgroup memory.
        local: u32,
        /// First bin in the tile's histogram of a node.
        first_bin: u32,
        /// The feature's index in the data.
        feature: u32,
    }

    /// A node of a finished tree, as rows are routed through it.
    struct Route {
        /// Left child, the right one follows it; 0 for a leaf.
        left: u32,
        /// Feature in device order (training rows) or in the data (channels).
        feature: u32,
        /// Codes or ordered bits below go left.
        boundary: u32,
        /// Whether missing rows go left.
        default_left: u32,
        /// The leaf value in the margin's format.
        step: [u32; 2],
    }
}

/// The shared constants and structs as WGSL.
#[must_use]
pub fn wgsl() -> String {
    let mut text = String::new();
    for (name, value) in CONSTANTS {
        text += &format!("const {name}: u32 = {value}u;\n");
    }
    for shared in STRUCTS {
        text += &format!("struct {} {{\n", shared.name);
        for field in shared.fields {
            text += &format!("    {}: {},\n", field.name, field.wgsl);
        }
        text += "}\n";
    }
    text
}

/// A 64-bit number as the two words of a shader.
#[must_use]
pub fn words(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

/// The signed 64-bit number of two words.
#[must_use]
pub fn signed([low, high]: [u32; 2]) -> i64 {
    ((u64::from(high) << 32) | u64::from(low)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_have_no_padding() {
        for shared in STRUCTS {
            let bytes: usize =
                shared.fields.iter().map(|field| if field.wgsl.starts_with("vec2") { 8 } else { 4 }).sum();
            assert_eq!(bytes, shared.size, "{}", shared.name);
            let wide = shared.fields.iter().filter(|field| field.wgsl.starts_with("vec2"));
            assert!(wide.clone().all(|field| field.offset % 8 == 0), "{}", shared.name);
            assert!(wide.count() == 0 || shared.size % 8 == 0, "{}", shared.name);
        }
    }

    #[test]
    fn words_are_invertible() {
        assert_eq!([0, 1, -1, i64::MIN, i64::MAX].map(|x| signed(words(x as u64))), [0, 1, -1, i64::MIN, i64::MAX]);
    }
}
