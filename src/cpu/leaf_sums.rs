//! Kernel `leaf_sums`: exact sums of the unquantised pairs of every deepest node
//! (`docs/exactness.md` 9).
//!
//! IN: pairs of one class, the rows of every node. OUT: the nodes' leaf sums. Deterministic:
//! integer sums.

use super::chunk::{RowChunk, each_drawn, map_reduce};
use super::gradient::{Pairs, StoredPair};
use super::prefetch::read_lines;
use crate::backend::problem::Problem;
use crate::error::Result;
use crate::fixed::quantiser::PairSum;
use crate::tree::grown::GrownNode;
use crate::util::vector::vectorised;

/// Sums the pairs of class `output`.
///
/// # Errors
/// If a rank is lost.
pub fn run(
    problem: &Problem<'_>,
    pairs: &Pairs,
    output: usize,
    chunks: &[RowChunk],
    nodes: &mut [GrownNode],
    parallel: bool,
) -> Result<()> {
    let leaves: Vec<usize> = (0..nodes.len()).filter(|&node| nodes[node].left == 0).collect();
    let mut sums = match pairs {
        Pairs::Short(pairs) => sum(problem.classes, &pairs[output..], chunks, &leaves, parallel),
        Pairs::Long(pairs) => sum(problem.classes, &pairs[output..], chunks, &leaves, parallel),
    };
    problem.shard.sum_pairs(&mut sums)?;
    leaves.iter().zip(sums).for_each(|(&leaf, sum)| nodes[leaf].leaf_sums = sum);
    Ok(())
}

/// `pairs[row x classes]` is the pair of a row.
fn sum<P: StoredPair>(
    classes: usize,
    pairs: &[P],
    chunks: &[RowChunk],
    leaves: &[usize],
    parallel: bool,
) -> Vec<PairSum> {
    map_reduce(
        chunks,
        parallel,
        || vec![PairSum::default(); leaves.len()],
        |chunk| {
            if let [0] = leaves {
                // The drawn rows of a tree of one leaf need not be gathered by node.
                let mut sum = PairSum::default();
                vectorised(
                    #[inline(always)]
                    || {
                        each_drawn(chunk, pairs, classes, |_, pair, mask| {
                            let pair = pair.load().masked(mask);
                            sum = sum.plus(PairSum { g: pair.g, h: pair.h });
                        });
                    },
                );
                return vec![sum];
            }
            let end = (chunk.first_row + chunk.rows()) * classes;
            read_lines(&pairs[chunk.first_row * classes..end.min(pairs.len())]);
            let sum_node = |&node: &usize| {
                chunk.node_rows(node).iter().fold(PairSum::default(), |sum, &row| {
                    let pair = pairs[(chunk.first_row + usize::from(row)) * classes].load();
                    sum.plus(PairSum { g: pair.g, h: pair.h })
                })
            };
            leaves.iter().map(sum_node).collect()
        },
        |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a = a.plus(b));
            a
        },
    )
}
