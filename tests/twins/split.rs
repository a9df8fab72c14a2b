//! Kernel split: the winners of the root under every rule, to the bit of the gain.

use crate::kit::on_all_sizes;
use gboost::internals::backend::Backend;

pub fn winners_are_equal() {
    for text in [
        "lambda=1 histogram_sums=narrow",
        "lambda=0 min_child_weight=0",
        "alpha=0.7 max_delta_step=0.4 histogram_sums=narrow",
        "gamma=3 histogram_sums=wide",
        "tree_method=exact histogram_sums=narrow",
        "tree_method=exact histogram_sums=wide alpha=0.2",
        "max_bin=600 colsample_bynode=0.6 colsample_bylevel=0.8 seed=5",
    ] {
        for missing in [0.0, 0.5, 1.0] {
            let text = format!("objective=binary:logistic max_depth=1 {text}");
            on_all_sizes(&text, missing, false, |name, both| {
                both.grow();
                assert_eq!(both.cpu.read_trees().unwrap(), both.gpu.read_trees().unwrap(), "{name}");
            });
        }
    }
}
