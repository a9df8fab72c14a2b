//! Bytes that each kernel moves, from the counts of a training.

use crate::backend::counts::Counts;
use crate::backend::kernel::Kernel;
use crate::backend::widths::Widths;

/// An instance weight, on any backend.
const WEIGHT: u64 = 4;

/// A raw value of a channel.
const VALUE: u64 = 4;

/// The unquantised sums of a leaf.
const LEAF: u64 = 16;

/// Returns the bytes that a kernel, or a pass of one, has read and written.
#[must_use]
pub fn bytes(kernel: Kernel, c: &Counts, w: &Widths) -> u64 {
    let asked = (c.predrawn_rows * w.draw_bits).div_ceil(8) + c.asked_weights * WEIGHT;
    let move_margins = |rows: u64| rows * 2 * w.margin;
    match kernel {
        Kernel::Gradient => c.rows * w.target + c.weighted_rows * WEIGHT + c.pairs * (w.margin + w.pair),

        // The processor lists the rows that were not drawn behind the others.
        Kernel::Sample => asked + (c.unasked_rows + c.asked_rows) * w.row,
        Kernel::SampleAll => c.unasked_rows * w.row,
        Kernel::SampleCount => asked,
        Kernel::SampleScan => c.trees * w.range,
        Kernel::SampleScatter => {
            asked + c.asked_and_drawn_rows * w.row + (c.asked_rows - c.asked_and_drawn_rows) * w.place
        }

        Kernel::Quantise => {
            bytes(Kernel::QuantiseExtent, c, w) + bytes(Kernel::QuantisePairs, c, w) + bytes(Kernel::QuantiseRoot, c, w)
        }
        Kernel::QuantiseExtent => c.drawn_rows * (w.row + w.pair),
        Kernel::QuantiseShifts | Kernel::QuantiseRoot => c.trees * w.node,
        Kernel::QuantisePairs => c.drawn_rows * (w.row + w.pair + w.quantised),

        // On the processor, what is summed is at hand when the sibling is derived from it and the
        // parent.
        Kernel::Histogram => {
            bytes(Kernel::HistogramBuild, c, w) - c.listed_codes
                + c.lists * w.start
                + c.list_entries * w.entry
                + 2 * c.derived_bins * w.bin
        }
        Kernel::HistogramPlan => c.searched_nodes * w.range,
        Kernel::HistogramClear => c.held_bins * w.bin,
        Kernel::HistogramBuild => c.summed_rows * (w.row + w.quantised) + c.summed_codes + c.summed_bins * w.bin,

        Kernel::Split => c.searched_bins * w.bin + c.searched_nodes * w.node,
        Kernel::SplitColumns => c.searched_nodes * w.node,
        // On a device siblings are derived here: the parent is read, the larger one written, and
        // then searched as all are.
        Kernel::SplitScan => {
            (c.searched_bins + 2 * c.derived_bins) * w.bin + c.candidates * w.candidate + c.searched_nodes * w.node
        }
        Kernel::SplitChoose => c.candidates * w.candidate + c.searched_nodes * w.node,
        Kernel::SplitChildren => (c.searched_nodes + 2 * c.split_nodes) * w.node,

        Kernel::Partition => {
            bytes(Kernel::SplitChildren, c, w)
                + bytes(Kernel::PartitionScatter, c, w)
                + bytes(Kernel::PartitionScan, c, w)
        }
        Kernel::PartitionPlan => c.split_nodes * w.range,
        Kernel::PartitionCount => c.split_rows * w.row + c.split_codes,
        Kernel::PartitionScan => 2 * c.split_nodes * w.range,
        Kernel::PartitionScatter => c.split_rows * 2 * w.row + c.split_codes,

        Kernel::LeafSums => c.drawn_rows * (w.row + w.pair) + c.leaves * (w.range + LEAF),
        Kernel::LeafPlan => c.leaves * w.range,
        Kernel::LeafBuild => c.drawn_rows * (w.row + w.pair + w.place) + c.leaves * LEAF,

        Kernel::AddLeaves => {
            move_margins(c.moved_rows) + c.moved_rows * w.place + c.moved_codes + c.finished_nodes * w.finished
        }
        Kernel::Route => move_margins(c.routed_rows) + c.routed_values * VALUE + c.routed_nodes * w.finished,
    }
}
