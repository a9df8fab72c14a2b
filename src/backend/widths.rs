//! Widths, in bytes, of the numbers that kernels move.

/// Bytes of one element of each array, as a backend stores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    /// A margin.
    pub margin: u64,
    /// A label.
    pub target: u64,
    /// A gradient pair.
    pub pair: u64,
    /// A quantised pair.
    pub quantised: u64,
    /// An entry of a list of rows.
    pub row: u64,
    /// An entry of a list of codes.
    pub entry: u64,
    /// Where a list of codes begins.
    pub start: u64,
    /// What says in which leaf a training row lies when margins move.
    pub place: u64,
    /// The sums of a bin.
    pub bin: u64,
    /// A node of a tree under construction.
    pub node: u64,
    /// Where the rows of a node lie.
    pub range: u64,
    /// A node of a finished tree.
    pub finished: u64,
    /// A draw of a row that was made beforehand, in bits.
    pub draw_bits: u64,
    /// The best split of one feature of one node, where it is stored.
    pub candidate: u64,
}
