//! Kernel `quantise`: exact sums over the drawn rows, the shifts they allow, quantised pairs and the root's sums
//! (`docs/exactness.md` 6).
//!
//! IN: pairs of one class, drawn rows. OUT: quantised pairs of those rows (others may be written, too), the quantiser, the root's sums.
//! Deterministic: integer sums and maxima.

use super::chunk::{RowChunk, each_drawn, map_reduce, slices_by_chunk};
use super::gradient::{Pairs, StoredPair};
use crate::backend::problem::Problem;
use crate::fixed::quantiser::{PairExtent, PairSum, QuantisedPair, Quantiser};
use crate::util::vector::vectorised;
use rayon::prelude::*;

/// Quantises the pairs of class `output`.
pub fn run(
    problem: &Problem<'_>,
    pairs: &Pairs,
    output: usize,
    chunks: &[RowChunk],
    quantised: &mut [QuantisedPair],
    parallel: bool,
) -> (Quantiser, PairSum) {
    match pairs {
        Pairs::Short(pairs) => quantise(problem, &pairs[output..], chunks, quantised, parallel),
        Pairs::Long(pairs) => quantise(problem, &pairs[output..], chunks, quantised, parallel),
    }
}

/// `pairs[row x classes]` is the pair of a row.
fn quantise<P: StoredPair>(
    problem: &Problem<'_>,
    pairs: &[P],
    chunks: &[RowChunk],
    quantised: &mut [QuantisedPair],
    parallel: bool,
) -> (Quantiser, PairSum) {
    let extent = map_reduce(
        chunks,
        parallel,
        PairExtent::default,
        |chunk| {
            vectorised(
                #[inline(always)]
                || {
                    let mut extent = PairExtent::default();
                    each_drawn(chunk, pairs, problem.classes, |_, pair, mask| extent.add(pair.load().masked(mask)));
                    PairExtent { rows: chunk.drawn as u64, ..extent }
                },
            )
        },
        PairExtent::merge,
    );
    let quantiser = Quantiser::new(&extent, problem.width, problem.format.caps_hessian);
    let work = |(chunk, quantised): (&RowChunk, &mut [QuantisedPair])| {
        vectorised(
            #[inline(always)]
            || {
                let mut sum = PairSum::default();
                each_drawn(chunk, pairs, problem.classes, |row, pair, mask| {
                    let pair = quantiser.quantise(pair.load());
                    quantised[row] = pair;
                    sum = sum.plus(pair.widen().masked(mask));
                });
                sum
            },
        )
    };
    let slices = slices_by_chunk(chunks, quantised, 1);
    let sums = if parallel {
        chunks.par_iter().zip(slices).map(work).reduce(PairSum::default, PairSum::plus)
    } else {
        chunks.iter().zip(slices).map(work).fold(PairSum::default(), PairSum::plus)
    };
    (quantiser, sums)
}
