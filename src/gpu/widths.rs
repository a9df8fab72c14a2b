//! How wide the elements of the device's arrays are.

use crate::backend::problem::Problem;
use crate::backend::widths::Widths;
use crate::gpu::layout::{Node, Route};

/// Bytes of the best split of a feature of a node.
pub const CANDIDATE_BYTES: u64 = 32;

/// Whether gradient pairs take 64 bits each.
pub fn long_pairs(problem: &Problem<'_>) -> bool {
    problem.weights.is_weighted() || !problem.objective.is_classification()
}

/// Whether margins take 64 bits.
pub fn wide_margins(problem: &Problem<'_>) -> bool {
    !problem.objective.is_classification()
}

/// Bytes of a gradient pair.
pub fn pair_bytes(problem: &Problem<'_>) -> u64 {
    if long_pairs(problem) { 16 } else { 8 }
}

/// Bytes of a margin, and of a label.
pub fn margin_bytes(problem: &Problem<'_>) -> u64 {
    if wide_margins(problem) { 8 } else { 4 }
}

/// All widths.
pub fn of(problem: &Problem<'_>, bin_words: u32) -> Widths {
    let margin = margin_bytes(problem);
    Widths {
        margin,
        target: margin,
        pair: pair_bytes(problem),
        quantised: 8,
        row: 4,
        // Lists of codes are the processor's.
        entry: 0,
        start: 0,
        place: 4,
        bin: 4 * u64::from(bin_words),
        node: size_of::<Node>() as u64,
        range: 8,
        finished: size_of::<Route>() as u64,
        draw_bits: 1,
        candidate: CANDIDATE_BYTES,
    }
}
