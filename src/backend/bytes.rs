//! Bytes that each kernel moves, from the counts of a training.

use crate::backend::counts::Counts;
use crate::backend::widths::Widths;

/// An instance weight, on any backend.
const WEIGHT: u64 = 4;

/// A raw value of a channel.
const VALUE: u64 = 4;

/// The unquantised sums of a leaf.
const LEAF: u64 = 16;

/// What a kernel, or a pass of one, has read and written; `None` for what is no kernel.
#[must_use]
pub fn bytes(kernel: &str, c: &Counts, w: &Widths) -> Option<u64> {
    let asked = (c.predrawn_rows * w.draw_bits).div_ceil(8) + c.asked_weights * WEIGHT;
    let move_margins = |rows: u64| rows * 2 * w.margin;
    Some(match kernel {
        "gradient" => c.rows * w.target + c.weighted_rows * WEIGHT + c.pairs * (w.margin + w.pair),

        // The processor lists the rows that were not drawn behind the others.
        "sample" => asked + (c.unasked_rows + c.asked_rows) * w.row,
        "sample_all" => c.unasked_rows * w.row,
        "sample_count" => asked,
        "sample_scan" => c.trees * w.range,
        "sample_scatter" => asked + c.asked_and_drawn_rows * w.row + (c.asked_rows - c.asked_and_drawn_rows) * w.place,

        "quantise" => bytes("quantise_extent", c, w)? + bytes("quantise_pairs", c, w)? + bytes("quantise_root", c, w)?,
        "quantise_extent" => c.drawn_rows * (w.row + w.pair),
        "quantise_shifts" | "quantise_root" => c.trees * w.node,
        "quantise_pairs" => c.drawn_rows * (w.row + w.pair + w.quantised),

        // On the processor, what is summed is at hand when the sibling is derived from it and the parent.
        "histogram" => {
            bytes("histogram_build", c, w)? - c.listed_codes
                + c.lists * w.start
                + c.list_entries * w.entry
                + 2 * c.derived_bins * w.bin
        }
        "histogram_plan" => c.searched_nodes * w.range,
        "histogram_clear" => c.held_bins * w.bin,
        "histogram_build" => c.summed_rows * (w.row + w.quantised) + c.summed_codes + c.summed_bins * w.bin,

        "split" => c.searched_bins * w.bin + c.searched_nodes * w.node,
        "split_columns" => c.searched_nodes * w.node,
        // On a device siblings are derived here: the parent is read, the larger one written, and then searched as all are.
        "split_scan" => {
            (c.searched_bins + 2 * c.derived_bins) * w.bin + c.candidates * w.candidate + c.searched_nodes * w.node
        }
        "split_choose" => c.candidates * w.candidate + c.searched_nodes * w.node,
        "split_children" => (c.searched_nodes + 2 * c.split_nodes) * w.node,

        "partition" => {
            bytes("split_children", c, w)? + bytes("partition_scatter", c, w)? + bytes("partition_scan", c, w)?
        }
        "partition_plan" => c.split_nodes * w.range,
        "partition_count" => c.split_rows * w.row + c.split_codes,
        "partition_scan" => 2 * c.split_nodes * w.range,
        "partition_scatter" => c.split_rows * 2 * w.row + c.split_codes,

        "leaf_sums" => c.drawn_rows * (w.row + w.pair) + c.leaves * (w.range + LEAF),
        "leaf_plan" => c.leaves * w.range,
        "leaf_build" => c.drawn_rows * (w.row + w.pair + w.place) + c.leaves * LEAF,

        "add_leaves" => {
            move_margins(c.moved_rows) + c.moved_rows * w.place + c.moved_codes + c.finished_nodes * w.finished
        }
        "route" => move_margins(c.routed_rows) + c.routed_values * VALUE + c.routed_nodes * w.finished,
        _ => return None,
    })
}
