//! Kernel histogram: every bin of the root, narrow and wide, of 8 and 16 bits, in workgroup memory
//! and in global memory.

use crate::kit::{Both, on_all_sizes};
use gboost::internals::backend::{Backend, Expansion, NodeBatch};
use gboost::internals::fixed::quantiser::QuantisedPair;
use gboost::internals::gpu::buffers::Place;
use gboost::internals::gpu::kernels::Slot;
use gboost::internals::gpu::layout::signed;

pub fn sums_of_the_root_are_equal() {
    for text in [
        "objective=binary:logistic histogram_sums=narrow",
        "objective=binary:logistic histogram_sums=wide subsample=0.7",
        "objective=reg:squarederror max_bin=2 histogram_sums=narrow",
        "objective=reg:squarederror max_bin=5000 histogram_sums=narrow",
        "objective=reg:squarederror max_bin=700 histogram_sums=wide",
        "objective=binary:logistic max_bin=5000 colsample_bytree=0.5 histogram_sums=narrow",
    ] {
        for missing in [0.0, 0.4, 1.0] {
            on_all_sizes(text, missing, false, check);
        }
    }
}

fn check(name: &str, both: &mut Both<'_>) {
    let (task, problem) = (both.task(0), both.problem);
    both.gpu.gradient().unwrap();
    both.gpu.begin_tree(&task).unwrap();
    both.gpu.histogram(&Expansion::root(), &NodeBatch { nodes: 0..1, subtract: false }).unwrap();
    let mut quantised = vec![QuantisedPair::default(); problem.rows()];
    for (shard, words) in both.gpu.tiling().shards.clone().iter().zip(both.words(Slot::Quantised)) {
        for row in 0..shard.rows {
            quantised[shard.first_row + row] = QuantisedPair::new(words[2 * row] as i32, words[2 * row + 1]);
        }
    }
    let tiling = both.gpu.tiling().clone();
    for feature in &tiling.features {
        if !task.columns.tree.contains(&feature.feature) {
            continue;
        }
        let mut wanted = vec![(0_i64, 0_i64); feature.bins as usize];
        for (row, pair) in quantised.iter().enumerate() {
            let code = problem.matrix.code(row, feature.feature as usize);
            if code < wanted.len() && task.rows.contains(row) {
                let pair = pair.widen();
                wanted[code] = (wanted[code].0 + pair.g, wanted[code].1 + pair.h);
            }
        }
        let place = Place { tile: feature.tile as usize, ..Place::default() };
        let words = both.gpu.inspect(Slot::Histograms, place).unwrap();
        for (bin, &wanted) in wanted.iter().enumerate() {
            let at = (feature.first_bin as usize + bin) * tiling.bin_words as usize;
            let found = if tiling.bin_words == 4 {
                (signed([words[at], words[at + 1]]), signed([words[at + 2], words[at + 3]]))
            } else {
                (i64::from(words[at] as i32), i64::from(words[at + 1]))
            };
            assert_eq!(found, wanted, "{name}: feature {} bin {bin}", feature.feature);
        }
    }
}
