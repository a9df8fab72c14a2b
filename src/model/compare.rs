//! Where two models part.

use super::Model;
use crate::tree::{Node, Split, Tree};

impl Model {
    /// The first place where `other` is not this model, in words; `None` if they are equal to the
    /// bit.
    ///
    /// Trees come first, in their order, each from its root on; then what stands around them.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<String> {
        let trees = self.trees.iter().zip(&other.trees).enumerate();
        let in_trees = trees.filter(|(_, (left, right))| !same_tree(left, right)).map(|(index, (left, right))| {
            let mut nodes = left.nodes.iter().zip(&right.nodes).enumerate();
            match nodes.find(|(_, (left, right))| !left.is_same(right)) {
                Some((node, (left, right))) => {
                    let (left, right) = (self.describe(left), other.describe(right));
                    let and = if left == right { " (its statistics differ)" } else { "" };
                    format!("tree {index}, node {node}: {left} here, {right} there{and}")
                }
                None => format!("tree {index}: {} nodes here, {} there", left.nodes.len(), right.nodes.len()),
            }
        });
        let around = [
            ("objective", format!("{:?}", self.objective), format!("{:?}", other.objective)),
            ("number of trees", self.trees.len().to_string(), other.trees.len().to_string()),
            ("tree weights", format!("{:?}", self.tree_weights), format!("{:?}", other.tree_weights)),
            ("number of classes", self.classes.to_string(), other.classes.to_string()),
            ("base_score", format!("{:?}", self.base_score), format!("{:?}", other.base_score)),
            ("number of features", self.features.to_string(), other.features.to_string()),
            ("feature names", self.feature_names.join(", "), other.feature_names.join(", ")),
            ("best iteration", format!("{:?}", self.best_iteration), format!("{:?}", other.best_iteration)),
            ("best score", format!("{:?}", self.best_score), format!("{:?}", other.best_score)),
            ("attributes", format!("{:?}", self.attributes), format!("{:?}", other.attributes)),
        ];
        let around = around.into_iter().filter(|(_, left, right)| left != right);
        in_trees.chain(around.map(|(what, left, right)| format!("the {what}: {left} here, {right} there"))).next()
    }

    /// Describes a node in words, for a message about a difference.
    fn describe(&self, node: &Node) -> String {
        let missing = if node.default_left { "left" } else { "right" };
        let name = || self.feature_name(node.feature as usize);
        match node.split() {
            None => format!("a leaf of {}", node.leaf_value().unwrap_or_default()),
            Some(Split::Below(threshold)) => format!("a split of {} at {threshold} (missing {missing})", name()),
            Some(Split::In(right)) => format!("a split of {} by categories {right} (missing {missing})", name()),
        }
    }
}

fn same_tree(left: &Tree, right: &Tree) -> bool {
    left.nodes.len() == right.nodes.len()
        && left.nodes.iter().zip(&right.nodes).all(|(left, right)| left.is_same(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::storage::memory::Memory;
    use crate::tree::NONE;

    fn model() -> Model {
        let leaf = |value, parent| {
            let mut leaf = Node::leaf(parent, value);
            (leaf.sum_hessian, leaf.base_weight) = (4.0, 0.5);
            leaf
        };
        let mut root = leaf(0.0, NONE).divided(1, Split::Below(2.5), [1, 2]);
        root.gain = 9.0;
        let tree = Tree { nodes: vec![root, leaf(0.1, 0), leaf(-0.1, 0)] };
        Model {
            objective: crate::Objective::SquaredError,
            classes: 1,
            base_score: vec![0.5],
            feature_names: vec!["age".into(), "hours".into()],
            features: 2,
            trees: vec![tree.clone(), tree],
            tree_weights: Vec::new(),
            best_iteration: None,
            best_score: None,
            attributes: Default::default(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_model_comes_back_from_any_storage() {
        let (storage, at) = (Memory::default(), "models/a.json".into());
        let first = model();
        assert!(first.save_to(&storage, &at).is_ok());
        let second = Model::load_from(&storage, &at).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(first.first_difference(&second), None);
        let error = Model::load_from(&storage, &"none".into()).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.starts_with("none: cannot read the model: ")));
    }

    #[test]
    fn the_first_difference_is_named() {
        let first = model();
        assert_eq!(first.first_difference(&first), None);
        let changed = |change: &dyn Fn(&mut Model)| {
            let mut other = model();
            change(&mut other);
            first.first_difference(&other).unwrap_or_default()
        };
        assert_eq!(
            changed(&|model| {
                model.trees[1].nodes[2].set_leaf_value(0.3);
                model.base_score = vec![0.4];
            }),
            "tree 1, node 2: a leaf of -0.1 here, a leaf of 0.3 there"
        );
        assert_eq!(
            changed(&|model| model.trees[0].nodes[0].feature = 0),
            "tree 0, node 0: a split of hours at 2.5 (missing right) here, a split of age at 2.5 (missing right) there"
        );
        assert!(changed(&|model| model.trees[0].nodes[0].gain = 9.5).ends_with("there (its statistics differ)"));
        assert_eq!(changed(&|model| model.trees[0].nodes.truncate(1)), "tree 0: 3 nodes here, 1 there");
        assert_eq!(changed(&|model| model.trees.truncate(1)), "the number of trees: 2 here, 1 there");
        assert_eq!(
            changed(&|model| model.tree_weights = vec![1.0, 0.5]),
            "the tree weights: [] here, [1.0, 0.5] there"
        );
        assert_eq!(changed(&|model| model.base_score = vec![0.4]), "the base_score: [0.5] here, [0.4] there");
    }
}
