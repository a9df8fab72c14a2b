//! How wide the elements of the device's arrays are.

use crate::backend::problem::Problem;
use crate::backend::widths::Widths;
use crate::gpu::layout::{Node, Route};

/// Bytes of the best split of a feature of a node.
pub const CANDIDATE_BYTES: u64 = 32;

/// Bytes of a gradient pair.
pub fn pair_bytes(problem: &Problem<'_>) -> u64 {
    2 * problem.format.pair_bits.bytes()
}

/// Bytes of a margin.
pub fn margin_bytes(problem: &Problem<'_>) -> u64 {
    problem.format.margin_bits.bytes()
}

/// Bytes of a row's target.
pub fn target_bytes(problem: &Problem<'_>) -> u64 {
    problem.format.target_bits.bytes()
}

/// All widths.
pub fn of(problem: &Problem<'_>, bin_words: u32) -> Widths {
    Widths {
        margin: margin_bytes(problem),
        target: target_bytes(problem),
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
