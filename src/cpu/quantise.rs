//! Kernel `quantise`: exact sums over the drawn rows, the shifts they allow, quantised pairs and
//! the root's sums (`docs/exactness.md` 6).
//!
//! IN: pairs of one class, drawn rows. OUT: quantised pairs of those rows (others may be written,
//! too), the quantiser, the root's sums. Deterministic: integer sums and maxima.

use super::chunk::{RowChunk, each_drawn, map_reduce, slices_by_chunk};
use super::gradient::{Pairs, StoredPair};
use crate::backend::problem::Problem;
use crate::fixed::quantiser::{PairExtent, PairSum, QuantisedPair, Quantiser};
use crate::util::vector::vectorised;
use rayon::prelude::*;

/// Returns the extent of the sampled pairs of class `output`.
pub fn extent(problem: &Problem<'_>, pairs: &Pairs, output: usize, chunks: &[RowChunk], parallel: bool) -> PairExtent {
    match pairs {
        Pairs::Short(pairs) => extent_of(problem.classes, &pairs[output..], chunks, parallel),
        Pairs::Long(pairs) => extent_of(problem.classes, &pairs[output..], chunks, parallel),
    }
}

/// `pairs[row x classes]` is the pair of a row.
fn extent_of<P: StoredPair>(classes: usize, pairs: &[P], chunks: &[RowChunk], parallel: bool) -> PairExtent {
    map_reduce(
        chunks,
        parallel,
        PairExtent::default,
        |chunk| {
            vectorised(
                #[inline(always)]
                || {
                    let mut extent = PairExtent::default();
                    each_drawn(chunk, pairs, classes, |_, pair, mask| extent.add(pair.load().masked(mask)));
                    PairExtent { rows: chunk.drawn as u64, ..extent }
                },
            )
        },
        PairExtent::merge,
    )
}

/// Quantises the sampled pairs of class `output`; returns their sums.
pub fn run(
    problem: &Problem<'_>,
    quantiser: Quantiser,
    pairs: &Pairs,
    output: usize,
    chunks: &[RowChunk],
    quantised: &mut [QuantisedPair],
    parallel: bool,
) -> PairSum {
    let classes = problem.classes;
    match pairs {
        Pairs::Short(pairs) => quantise(classes, quantiser, &pairs[output..], chunks, quantised, parallel),
        Pairs::Long(pairs) => quantise(classes, quantiser, &pairs[output..], chunks, quantised, parallel),
    }
}

/// `pairs[row x classes]` is the pair of a row.
fn quantise<P: StoredPair>(
    classes: usize,
    quantiser: Quantiser,
    pairs: &[P],
    chunks: &[RowChunk],
    quantised: &mut [QuantisedPair],
    parallel: bool,
) -> PairSum {
    let work = |(chunk, quantised): (&RowChunk, &mut [QuantisedPair])| {
        vectorised(
            #[inline(always)]
            || {
                let mut sum = PairSum::default();
                each_drawn(chunk, pairs, classes, |row, pair, mask| {
                    let pair = quantiser.quantise(pair.load());
                    quantised[row] = pair;
                    sum = sum.plus(pair.widen().masked(mask));
                });
                sum
            },
        )
    };
    let slices = slices_by_chunk(chunks, quantised, 1);
    if parallel {
        chunks.par_iter().zip(slices).map(work).reduce(PairSum::default, PairSum::plus)
    } else {
        chunks.iter().zip(slices).map(work).fold(PairSum::default(), PairSum::plus)
    }
}
