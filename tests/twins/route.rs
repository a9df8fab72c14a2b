//! Kernel route: margins of a channel, by value.

use crate::add_leaves::two_rounds;
use crate::kit::{OBJECTIVES, on_all_sizes};
use gboost::internals::backend::Backend;

pub fn channels_are_equal() {
    for objective in OBJECTIVES {
        for text in ["", "tree_method=exact"] {
            let text = format!("{objective} max_depth=4 min_child_weight=0 {text}");
            on_all_sizes(&text, 0.3, false, |name, both| {
                two_rounds(both, |both| {
                    assert_eq!(both.cpu.channel_margins(0).unwrap(), both.gpu.channel_margins(0).unwrap(), "{name}");
                });
            });
        }
    }
}
