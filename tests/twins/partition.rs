//! Kernel partition: the sums of nodes four levels deep say that every row went where it belongs.

use crate::kit::{OBJECTIVES, on_all_sizes};
use gboost::backend::Backend;

pub fn deeper_nodes_are_equal() {
    for objective in OBJECTIVES {
        for (text, missing) in [("", 0.0), ("subsample=0.7 max_bin=400", 0.5), ("tree_method=exact", 0.3)] {
            let text = format!("{objective} max_depth=4 min_child_weight=0 {text}");
            on_all_sizes(&text, missing, false, |name, both| {
                both.grow();
                let (cpu, gpu) = (both.cpu.read_trees().unwrap(), both.gpu.read_trees().unwrap());
                for (cpu, gpu) in cpu.iter().zip(&gpu) {
                    assert_eq!(cpu.nodes.len(), gpu.nodes.len(), "{name}");
                    for (number, (a, b)) in cpu.nodes.iter().zip(&gpu.nodes).enumerate() {
                        assert_eq!((a.left, a.sums), (b.left, b.sums), "{name}: node {number}");
                    }
                }
            });
        }
    }
}
