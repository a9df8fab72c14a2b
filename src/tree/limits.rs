//! What a node's place in its tree allows: bounds of the weights below it, and the features that it
//! may be split on.
//!
//! Limits are made at the root, and a split hands them on to both children. Monotone and
//! interaction constraints follow XGBoost's rules: a split on a monotone feature bounds each child
//! by the middle of both weights; a group of features stays allowed while it holds all features of
//! the path.

use crate::fixed::quantiser::{PairSum, ScaledRules};
use crate::util::bit_set::BitSet;
use std::sync::Arc;

/// `G^2 / (H + lambda)` of one side with the corrections of alpha and max_delta_step.
#[inline(always)]
#[must_use]
pub fn side_score(rules: &ScaledRules, side: PairSum) -> f64 {
    let mut a = side.g.unsigned_abs() as f64;
    if rules.alpha > 0.0 {
        a = if a > rules.alpha { a - rules.alpha } else { 0.0 };
    }
    let d = side.h as f64 + rules.lambda;
    if rules.max_delta_step > 0.0 && a / d > rules.max_delta_step {
        return rules.max_delta_step * (2.0 * a - d * rules.max_delta_step);
    }
    a * a / d
}

/// How the weights of a feature's sides must stand to one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The weights may stand in any order.
    #[default]
    Free,
    /// The left weight is at most the right one: predictions do not fall with the feature.
    Rising,
    /// The left weight is at least the right one.
    Falling,
}

/// What a training asks of all its trees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// The direction of each feature; features beyond the list are free.
    pub monotone: Vec<Direction>,
    /// The groups of features that may stand on one path; empty if all may.
    pub interactions: Vec<BitSet>,
}

/// The limits of one node; by default there are none.
#[derive(Clone, Debug, Default)]
pub struct NodeLimits(Option<Arc<Limits>>);

/// The limits of a node of a constrained tree.
#[derive(Clone, Debug)]
struct Limits {
    constraints: Arc<Constraints>,
    bounds: Bounds,
    /// The features that the nodes above are split on.
    path: BitSet,
    /// The features that the node may be split on; `None` if all.
    allowed: Option<BitSet>,
}

/// The least and the largest weight, in the scale of the tree's quantised sums.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// Returns the weight that minimises the loss of these rows within the bounds.
    #[inline]
    fn weight(self, rules: &ScaledRules, side: PairSum) -> f64 {
        let a = (side.g.unsigned_abs() as f64 - rules.alpha).max(0.0);
        let mut weight = a / (side.h as f64 + rules.lambda);
        if rules.max_delta_step > 0.0 {
            weight = weight.min(rules.max_delta_step);
        }
        // The bounds are never out of order, so this is the nearest weight within them.
        (if side.g > 0 { -weight } else { weight }).max(self.low).min(self.high)
    }

    /// Returns twice the loss that these rows lose by that weight; without bounds it is
    /// [`side_score`] but for rounding.
    #[inline]
    fn score(self, rules: &ScaledRules, side: PairSum) -> f64 {
        let weight = self.weight(rules, side);
        let d = side.h as f64 + rules.lambda;
        -(2.0 * side.g as f64 * weight + d * weight * weight + 2.0 * rules.alpha * weight.abs())
    }
}

/// What both sides of a node's split on one feature must keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SideLimits(Option<(Bounds, Direction)>);

impl SideLimits {
    /// Both sides need the least hessian alone.
    pub const NONE: Self = Self(None);

    /// Returns whether there are no bounds of weights.
    #[inline]
    #[must_use]
    pub fn is_none(self) -> bool {
        self.0.is_none()
    }

    /// Returns whether a split into these sides is valid: both are heavy enough, and their weights
    /// in order.
    #[inline(always)]
    #[must_use]
    pub fn is_valid(self, rules: &ScaledRules, left: PairSum, right: PairSum) -> bool {
        let least = rules.min_child_hessian;
        let are_heavy = (left.h >= least) & (right.h >= least);
        let Some((bounds, direction)) = self.0 else { return are_heavy };
        let (left, right) = (bounds.weight(rules, left), bounds.weight(rules, right));
        are_heavy
            && match direction {
                Direction::Free => true,
                Direction::Rising => left <= right,
                Direction::Falling => left >= right,
            }
    }

    /// Returns the score of one side.
    #[inline(always)]
    #[must_use]
    pub fn score(self, rules: &ScaledRules, side: PairSum) -> f64 {
        match self.0 {
            None => side_score(rules, side),
            Some((bounds, _)) => bounds.score(rules, side),
        }
    }
}

impl NodeLimits {
    /// Returns the limits of a root: all features are allowed there, whatever their groups, as in
    /// XGBoost.
    #[must_use]
    pub fn root(constraints: Arc<Constraints>) -> Self {
        let is_free = constraints.interactions.is_empty() && constraints.monotone.iter().all(|&d| d == Direction::Free);
        let limits = || Limits { constraints, bounds: Bounds::NONE, path: BitSet::default(), allowed: None };
        Self((!is_free).then(|| Arc::new(limits())))
    }

    /// Returns what a split on this feature must keep to; `None` if the node may not be split on
    /// it.
    #[inline]
    #[must_use]
    pub fn of_feature(&self, feature: u32) -> Option<SideLimits> {
        let Some(limits) = &self.0 else { return Some(SideLimits::NONE) };
        if limits.allowed.as_ref().is_some_and(|allowed| !allowed.contains(feature)) {
            return None;
        }
        let direction = limits.direction(feature);
        let is_bounded = limits.bounds != Bounds::NONE || direction != Direction::Free;
        Some(SideLimits(is_bounded.then_some((limits.bounds, direction))))
    }

    /// Returns the score of the node as it is, a leaf.
    #[must_use]
    pub fn score(&self, rules: &ScaledRules, sums: PairSum) -> f64 {
        match &self.0 {
            Some(limits) if limits.bounds != Bounds::NONE => limits.bounds.score(rules, sums),
            _ => side_score(rules, sums),
        }
    }

    /// Returns the limits of the left and the right child of a split on a feature, from the
    /// children's sums.
    #[must_use]
    pub fn children(&self, rules: &ScaledRules, feature: u32, sums: [PairSum; 2]) -> [Self; 2] {
        let Some(limits) = &self.0 else { return [Self(None), Self(None)] };
        let [left, right] = sums.map(|sums| limits.bounds.weight(rules, sums));
        let middle = f64::midpoint(left, right);
        let (mut bounds, path) = ([limits.bounds; 2], limits.path.iter().chain([feature]).collect::<BitSet>());
        match limits.direction(feature) {
            Direction::Free => {}
            Direction::Rising => (bounds[0].high, bounds[1].low) = (middle, middle),
            Direction::Falling => (bounds[0].low, bounds[1].high) = (middle, middle),
        }
        let groups = &limits.constraints.interactions;
        let allowed = (!groups.is_empty()).then(|| {
            let holds_path = |group: &&BitSet| path.iter().all(|feature| group.contains(feature));
            path.iter().chain(groups.iter().filter(holds_path).flat_map(BitSet::iter)).collect::<BitSet>()
        });
        let constraints = &limits.constraints;
        bounds.map(|bounds| {
            let (path, allowed) = (path.clone(), allowed.clone());
            Self(Some(Arc::new(Limits { constraints: constraints.clone(), bounds, path, allowed })))
        })
    }
}

impl Limits {
    fn direction(&self, feature: u32) -> Direction {
        self.constraints.monotone.get(feature as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::hash;
    use crate::params::TreeMethod;
    use crate::tree::split::{Candidate, Scan, best_of_feature, gain};

    const RULES: ScaledRules = ScaledRules {
        min_child_hessian: 3,
        lambda: 1.0,
        alpha: 0.0,
        max_delta_step: 0.0,
        least_gain: 0.0,
        gamma: 0.0,
        gain_exponent: 0,
    };
    const BINS: usize = 7;

    /// The sums of a feature's bins, and those of the missing rows.
    fn histogram(key: u32) -> (Vec<PairSum>, PairSum) {
        let sum = |bin: u32| PairSum {
            g: i64::from(hash::combine(key, bin) % 41) - 20,
            h: i64::from(hash::combine(key + 1000, bin) % 6),
        };
        ((0..BINS as u32).map(sum).collect(), if key.is_multiple_of(2) { sum(99) } else { PairSum::default() })
    }

    fn total(bins: &[PairSum], missing: PairSum) -> PairSum {
        bins.iter().fold(missing, |sum, &bin| sum.plus(bin))
    }

    /// Where every present value may be cut, with missing rows on the right and then on the left:
    /// the first best.
    fn obvious(node: PairSum, bins: &[PairSum], range: (f64, f64), direction: f64) -> Option<(f64, PairSum)> {
        let missing = bins.iter().fold(node, |rest, &bin| rest.minus(bin));
        let below = |cut: usize| bins[..cut].iter().fold(PairSum::default(), |sum, &bin| sum.plus(bin));
        let weight = |side: PairSum| (-side.g as f64 / (side.h as f64 + 1.0)).clamp(range.0, range.1);
        let score = |side: PairSum| {
            let weight = weight(side);
            -(2.0 * side.g as f64 * weight + (side.h as f64 + 1.0) * weight * weight)
        };
        let mut lefts: Vec<PairSum> = (1..=BINS).map(below).collect();
        if missing != PairSum::default() {
            lefts.extend((0..BINS).rev().map(|cut| below(cut).plus(missing)));
        }
        let mut best = None;
        for left in lefts {
            let right = node.minus(left);
            if left.h < 3 || right.h < 3 || direction * (weight(right) - weight(left)) < 0.0 {
                continue;
            }
            let both = score(left) + score(right);
            if best.is_none_or(|(score, _)| both > score) {
                best = Some((both, left));
            }
        }
        best
    }

    fn found(limits: &NodeLimits, node: PairSum, feature: u32, bins: &[PairSum]) -> Option<Candidate> {
        let scan = Scan { method: TreeMethod::Hist, bins: BINS, has_missing: true };
        best_of_feature(&RULES, limits, node, scan, feature, |bin| bins[bin])
    }

    #[test]
    fn a_limited_node_is_split_as_by_the_obvious_search() {
        let groups = [[0, 1], [1, 2]].map(|group| group.into_iter().collect());
        let constraints = Constraints {
            monotone: vec![Direction::Rising, Direction::Free, Direction::Falling],
            interactions: groups.to_vec(),
        };
        let root = NodeLimits::root(Arc::new(constraints));
        let (mut splits, mut unlike_free) = (0, 0);
        for key in 0..300 {
            let (bins, missing) = histogram(key);
            let node = total(&bins, missing);
            // At the root only the order of weights is limited.
            for (feature, direction) in [(0, 1.0), (1, 0.0), (2, -1.0), (3, 0.0)] {
                let expected = obvious(node, &bins, (f64::NEG_INFINITY, f64::INFINITY), direction);
                let found = found(&root, node, feature, &bins);
                assert_eq!(found.map(|found| found.left), expected.map(|(_, left)| left), "{key} {feature}");
            }
            // A split on feature 0 bounds both children by the middle, and forbids features 2 and
            // 3.
            let Some(winner) = found(&root, node, 0, &bins) else { continue };
            let sums = [winner.left, node.minus(winner.left)];
            let weights = sums.map(|sums| -sums.g as f64 / (sums.h as f64 + 1.0));
            let middle = f64::midpoint(weights[0], weights[1]);
            let ranges = [(f64::NEG_INFINITY, middle), (middle, f64::INFINITY)];
            for (child, range) in root.children(&RULES, 0, sums).into_iter().zip(ranges) {
                let (bins, missing) = histogram(key + 7);
                let node = total(&bins, missing);
                for (feature, direction) in [(0, 1.0), (1, 0.0)] {
                    let expected = obvious(node, &bins, range, direction);
                    let found = found(&child, node, feature, &bins);
                    assert_eq!(found.map(|found| found.left), expected.map(|(_, left)| left), "{key} {feature}");
                    splits += usize::from(found.is_some());
                    let free = self::found(&NodeLimits::default(), node, feature, &bins);
                    unlike_free += usize::from(found.map(|found| found.left) != free.map(|free| free.left));
                    if let Some(found) = found {
                        // The node's own score is bounded, too: no gain comes from leaving the
                        // bounds.
                        let weight = (-node.g as f64 / (node.h as f64 + 1.0)).clamp(range.0, range.1);
                        let own = -(2.0 * node.g as f64 * weight + (node.h as f64 + 1.0) * weight * weight);
                        let gained = found.score - child.score(&RULES, node);
                        assert!((gained - (found.score - own)).abs() < 1e-9);
                        assert_eq!(gain(&RULES, &child, TreeMethod::Hist, node, &found).is_some(), gained > 0.0);
                    }
                }
                assert!([2, 3].iter().all(|&feature| found(&child, node, feature, &bins).is_none()));
            }
        }
        assert!(splits > 500 && unlike_free > 100, "{splits} {unlike_free}");
    }

    #[test]
    fn without_constraints_nothing_is_limited() {
        let free = NodeLimits::root(Arc::new(Constraints { monotone: vec![Direction::Free], interactions: vec![] }));
        let sums = [PairSum { g: 3, h: 4 }, PairSum { g: -5, h: 6 }];
        for limits in free.children(&RULES, 0, sums).iter().chain([&free, &NodeLimits::default()]) {
            assert_eq!(limits.of_feature(7), Some(SideLimits::NONE));
            assert_eq!(limits.score(&RULES, sums[0]), side_score(&RULES, sums[0]));
        }
    }

    #[test]
    fn a_group_is_allowed_while_it_holds_the_path() {
        let groups = [vec![0, 1, 2], vec![1, 3], vec![4]].map(|group| group.into_iter().collect());
        let root = NodeLimits::root(Arc::new(Constraints { monotone: vec![], interactions: groups.to_vec() }));
        let below = |limits: &NodeLimits, feature| limits.children(&RULES, feature, [PairSum::default(); 2])[0].clone();
        let allowed = |limits: &NodeLimits| -> Vec<u32> {
            (0..6).filter(|&feature| limits.of_feature(feature).is_some()).collect()
        };
        assert_eq!(allowed(&root), [0, 1, 2, 3, 4, 5]);
        assert_eq!(allowed(&below(&root, 1)), [0, 1, 2, 3]);
        assert_eq!(allowed(&below(&below(&root, 1), 3)), [1, 3]);
        assert_eq!(allowed(&below(&root, 4)), [4]);
        assert_eq!(allowed(&below(&root, 5)), [5]);
    }
}
