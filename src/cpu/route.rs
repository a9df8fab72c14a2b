//! Kernel `route`: moves a channel's margins by the values of the leaves its rows fall into, by
//! value (`docs/exactness.md` 8, 9).
//!
//! IN: the finished tree, raw values. OUT: margins. Deterministic: each row by itself.

use super::add_leaves::Slots;
use crate::data::dataset::Dataset;
use crate::tree::grown::FinishedTree;
use rayon::prelude::*;

/// Rows a task.
const RUN: usize = 4096;

/// Adds the tree to the margins of all rows of the channel.
pub fn run(data: &Dataset, finished: &FinishedTree, slots: Slots, margins: &mut [i64], parallel: bool) {
    let work = |(run, margins): (usize, &mut [i64])| {
        for row in 0..margins.len() / slots.classes {
            let leaf = finished.tree.leaf(|feature| data.columns[feature as usize][run * RUN + row]);
            slots.add(margins, row, finished.steps[leaf]);
        }
    };
    if parallel {
        margins.par_chunks_mut(RUN * slots.classes).enumerate().for_each(work);
    } else {
        margins.chunks_mut(RUN * slots.classes).enumerate().for_each(work);
    }
}
