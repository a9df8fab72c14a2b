//! Kernel add_leaves: margins of drawn and undrawn rows, saturating at the ends.

use crate::kit::{Both, OBJECTIVES, on_all_sizes};
use gboost::internals::backend::Backend;
use gboost::internals::train::leaf::finish;
use gboost::internals::tree::{CategorySet, Split};

/// Grows and adds two rounds; `look` compares after each.
pub fn two_rounds(both: &mut Both<'_>, mut look: impl FnMut(&mut Both<'_>)) {
    for _ in 0..2 {
        both.grow();
        let trees = both.cpu.read_trees().unwrap();
        assert_eq!(trees, both.gpu.read_trees().unwrap());
        let finished: Vec<_> = trees.iter().map(|tree| finish(tree, both.problem, 1.0)).collect();
        both.cpu.add_trees(&finished).unwrap();
        both.gpu.add_trees(&finished).unwrap();
        look(both);
    }
}

pub fn margins_are_equal() {
    for objective in OBJECTIVES {
        for text in ["", "subsample=0.5", "tree_method=exact subsample=0.5 gamma=0.5"] {
            let text = format!("{objective} max_depth=3 min_child_weight=0 {text}");
            on_all_sizes(&text, 0.3, !text.contains("exact"), |name, both| {
                two_rounds(both, |both| {
                    assert_eq!(both.cpu.margins().unwrap(), both.gpu.margins().unwrap(), "{name}");
                });
            });
        }
    }
}

/// A split on categories is refused on the device instead of being routed wrongly.
pub fn categories_are_refused() {
    let text = "objective=binary:logistic max_depth=3 min_child_weight=0";
    on_all_sizes(text, 0.0, false, |name, both| {
        both.grow();
        let trees = both.cpu.read_trees().unwrap();
        let mut finished = finish(&trees[0], both.problem, 1.0);
        let root = &mut finished.tree.nodes[0];
        let Some(children) = root.children() else { return };
        let split = Split::In(CategorySet::new(&[1]).unwrap());
        finished.tests[0] = split.by_code(&both.problem.matrix.cuts[root.feature as usize]);
        *root = root.clone().divided(root.feature, split, children.map(|child| child as u32));
        let refusal = both.gpu.add_trees(&[finished]).unwrap_err();
        assert!(refusal.to_string().contains("splits on categories"), "{name}: {refusal}");
    });
}
