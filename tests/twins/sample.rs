//! Kernel sample: the same rows are drawn, by hash, by uploaded bits, and where weights are 0.

use crate::kit::on_all_sizes;
use gboost::internals::gpu::kernels::Slot;

pub fn drawn_rows_are_equal() {
    for (text, weighted) in [
        ("objective=binary:logistic subsample=0.6", false),
        ("objective=binary:logistic subsample=0.6", true),
        ("objective=binary:logistic", true),
        ("objective=binary:logistic", false),
        ("objective=binary:logistic subsample=0.4 sampler=xgboost1", false),
        ("objective=binary:logistic subsample=0.00001", false),
    ] {
        on_all_sizes(text, 0.0, weighted, |name, both| {
            let task = both.task(0);
            both.each(|backend| {
                backend.gradient().unwrap();
                backend.begin_tree(&task).unwrap();
            });
            let (lists, ranges) = (both.words(Slot::Rows), both.words(Slot::Ranges));
            let mut found = Vec::new();
            for ((shard, list), range) in both.gpu.tiling().shards.clone().iter().zip(lists).zip(ranges) {
                let mut rows: Vec<usize> =
                    list[range[0] as usize..range[1] as usize].iter().map(|&r| shard.first_row + r as usize).collect();
                rows.sort_unstable();
                found.extend(rows);
            }
            let wanted: Vec<usize> = (0..both.problem.rows())
                .filter(|&row| task.rows.contains(row) && both.problem.weights.get(row) > 0)
                .collect();
            assert_eq!(found, wanted, "{name}");
        });
    }
}
