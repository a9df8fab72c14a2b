//! Feature importance from the splits of the trees, by XGBoost's definitions.

use crate::model::Model;
use std::collections::BTreeMap;

/// What counts as important.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// Number of splits on the feature.
    Weight,
    /// Mean gain of its splits.
    Gain,
    /// Mean cover (sum of hessians) of its splits.
    Cover,
    /// Sum of the gains of its splits.
    TotalGain,
    /// Sum of the covers of its splits.
    TotalCover,
}

impl Importance {
    /// Every kind of importance.
    pub const ALL: [Self; 5] = [Self::Weight, Self::Gain, Self::Cover, Self::TotalGain, Self::TotalCover];

    /// XGBoost's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Gain => "gain",
            Self::Cover => "cover",
            Self::TotalGain => "total_gain",
            Self::TotalCover => "total_cover",
        }
    }
}

/// The importance of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureImportance {
    /// Index of the feature.
    pub feature: usize,
    /// Its name, or `f0`, `f1`, ... in a model without names.
    pub name: String,
    /// The importance.
    pub score: f64,
    /// The score's share of the sum of all scores.
    pub share: f64,
}

/// The importance of every feature that any tree splits on, highest first; equal ones in the order
/// of the features.
///
/// All trees count, as in XGBoost, whatever the best round is.
#[must_use]
pub fn importance(model: &Model, kind: Importance) -> Vec<FeatureImportance> {
    // Splits and sum of each feature: no more memory than the trees take, however many features the
    // model declares.
    let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for node in model.trees.iter().flat_map(|tree| &tree.nodes).filter(|node| !node.is_leaf()) {
        let (splits, sum) = sums.entry(node.feature).or_default();
        *splits += 1.0;
        *sum += f64::from(match kind {
            Importance::Weight => 1.0,
            Importance::Gain | Importance::TotalGain => node.gain,
            Importance::Cover | Importance::TotalCover => node.sum_hessian,
        });
    }
    let is_mean = matches!(kind, Importance::Gain | Importance::Cover);
    let mut found: Vec<FeatureImportance> = sums
        .into_iter()
        .map(|(feature, (splits, sum))| FeatureImportance {
            feature: feature as usize,
            name: model.feature_name(feature as usize),
            score: if is_mean { sum / splits } else { sum },
            share: 0.0,
        })
        .collect();
    let total: f64 = found.iter().map(|feature| feature.score).sum();
    for feature in &mut found {
        feature.share = if total > 0.0 { feature.score / total } else { 0.0 };
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.feature.cmp(&b.feature)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Objective;
    use crate::tree::{NONE, Node, Split, Tree};

    fn node(left: i32, feature: u32, gain: f32, cover: f32) -> Node {
        let mut node = Node::leaf(NONE, 0.5);
        (node.default_left, node.gain, node.sum_hessian) = (true, gain, cover);
        match u32::try_from(left) {
            Ok(left) => node.divided(feature, Split::Below(0.5), [left, left + 1]),
            Err(_) => node,
        }
    }

    #[test]
    fn each_kind_by_hand() {
        let leaf = node(NONE, 0, 0.0, 1.0);
        let first =
            Tree { nodes: vec![node(1, 2, 6.0, 9.0), node(3, 0, 3.0, 4.0), leaf.clone(), leaf.clone(), leaf.clone()] };
        let second = Tree { nodes: vec![node(1, 2, 2.0, 5.0), leaf.clone(), leaf] };
        let model = Model {
            objective: Objective::SquaredError,
            classes: 1,
            base_score: vec![0.5],
            feature_names: Vec::new(),
            features: 3,
            trees: vec![first, second],
            tree_weights: Vec::new(),
            best_iteration: None,
            best_score: None,
            attributes: Default::default(),
            notes: Vec::new(),
        };
        let scores = |kind| -> Vec<(String, f64)> {
            importance(&model, kind).into_iter().map(|feature| (feature.name, feature.score)).collect()
        };
        let expected = |f2: f64, f0: f64| vec![("f2".to_string(), f2), ("f0".to_string(), f0)];
        assert_eq!(scores(Importance::Weight), expected(2.0, 1.0));
        assert_eq!(scores(Importance::Gain), expected(4.0, 3.0));
        assert_eq!(scores(Importance::TotalGain), expected(8.0, 3.0));
        assert_eq!(scores(Importance::Cover), expected(7.0, 4.0));
        assert_eq!(scores(Importance::TotalCover), expected(14.0, 4.0));
        let shares: f64 = importance(&model, Importance::Gain).iter().map(|feature| feature.share).sum();
        assert!((shares - 1.0).abs() < 1e-12);
    }
}
