//! Kernel partition: the sums of nodes four levels deep say that every row went where it belongs.

use crate::kit::{OBJECTIVES, on_all_sizes};
use gboost::ErrorKind;
use gboost::internals::backend::expansion::Nodes;
use gboost::internals::backend::{Backend, Expansion};

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

pub fn nodes_that_are_no_level_are_refused_by_name() {
    on_all_sizes("max_depth=3", 0.0, false, |_, both| {
        let task = both.task(0);
        both.gpu.gradient().unwrap();
        both.gpu.begin_tree(&task).unwrap();
        let of = |numbers| Expansion { depth: 2, nodes: Nodes::Numbers(numbers) };
        for (nodes, name) in [(of(5..6), "not node 5"), (of(3..7), "not nodes 3 to 6")] {
            for error in [both.gpu.batches(&nodes).unwrap_err(), both.gpu.partition(&nodes).unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::Unavailable);
                assert!(error.to_string().contains(name), "{error}");
            }
        }
        let error = both.gpu.gains(&Expansion::root()).unwrap_err();
        assert!(error.to_string().contains("gains of node 0"), "{error}");
        let level = Expansion { depth: 1, nodes: Nodes::Level };
        let error = both.cpu.partition(&level).unwrap_err();
        assert!(error.to_string().contains("the level of depth 1"), "{error}");
    });
}
