//! Widths, in bytes, of the numbers that kernels move.

/// Bytes of one element of each array, as a backend stores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    /// A margin: one per row and output.
    pub margin: u64,
    /// A target: a row's class, or its label in the margin's format.
    pub target: u64,
    /// A gradient pair before it is quantised: one per row and output.
    pub pair: u64,
    /// A quantised pair: one per row, made anew for each tree.
    pub quantised: u64,
    /// An entry of a list of rows.
    pub row: u64,
    /// An entry of a list of codes.
    pub entry: u64,
    /// Where a list of codes begins.
    pub start: u64,
    /// What says in which leaf a training row lies when margins move.
    pub place: u64,
    /// A bin of a histogram: sums of gradients and of hessians.
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
