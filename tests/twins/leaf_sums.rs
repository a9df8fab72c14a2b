//! Kernel leaf_sums: exact sums of unquantised pairs that need all 64 bits.

use crate::kit::{OBJECTIVES, on_all_sizes};
use gboost::internals::backend::Backend;

pub fn leaf_sums_are_equal() {
    for objective in OBJECTIVES {
        for depth in [1, 3] {
            let text = format!("{objective} max_depth={depth} min_child_weight=0 subsample=0.9");
            on_all_sizes(&text, 0.2, true, |name, both| {
                both.grow();
                assert_eq!(both.cpu.read_trees().unwrap(), both.gpu.read_trees().unwrap(), "{name}");
            });
        }
    }
}
