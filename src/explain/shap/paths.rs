//! Trees in the form that both kinds of SHAP values read: the paths from the root, with the
//! conditions that each puts on a feature put together.

use crate::tree::{Node, Split, Tree};

/// Which values of one feature a path lets through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    /// The least value; minus infinity without a bound.
    low: f32,
    /// The first value that is too large; NaN without a bound.
    high: f32,
    /// Whether a missing value passes.
    missing: bool,
}

impl Interval {
    /// Everything.
    const ALL: Self = Self { low: f32::NEG_INFINITY, high: f32::NAN, missing: true };

    /// What passes here and goes to that child of the node with this threshold.
    fn narrowed(self, node: &Node, threshold: f32, left: bool) -> Self {
        let missing = self.missing && node.default_left == left;
        if left {
            // The minimum with NaN is the other number.
            Self { high: self.high.min(threshold), missing, ..self }
        } else {
            Self { low: self.low.max(threshold), missing, ..self }
        }
    }

    /// Whether the value passes; NaN is missing.
    #[inline]
    pub(super) fn holds(self, value: f32) -> bool {
        (value.is_nan() & self.missing) | ((value >= self.low) & (self.high.is_nan() | (value < self.high)))
    }
}

/// A step from a node to a child, with what the path up to that child says about the node's
/// feature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The feature, by its place among those that the trees use.
    pub(super) slot: usize,
    /// Number of edges from the root up to and with this one.
    pub(super) depth: usize,
    /// The index of the edge above; of itself at the root.
    pub(super) parent: usize,
    /// The depth of the next edge above on the same feature; 0 if there is none.
    pub(super) previous: usize,
    /// Which values of the feature come here, all edges on it down to this one together.
    pub(super) interval: Interval,
    /// The share of the training rows that pass all edges on the feature down to this one, edge by
    /// edge from those at the node above (by cover).
    pub(super) share: f64,
    /// The child's value, if it is a leaf.
    pub(super) leaf: Option<f64>,
    /// How many edges end with this one: it and those above it of which this leaf is the last. 0
    /// before a split.
    pub(super) closes: usize,
    /// The share of the training rows in the child.
    pub(super) reached: f64,
}

/// The edges of a tree, a node's left one with all below it before its right one.
#[derive(Clone, Debug)]
pub(super) struct PathTree {
    pub(super) edges: Vec<Edge>,
    /// The value of a tree that is a single leaf.
    pub(super) stump: Option<f64>,
    /// The largest number of edges on a path.
    pub(super) depth: usize,
    /// The largest number of different features on a path.
    pub(super) features: usize,
}

impl PathTree {
    /// The paths of a tree; `slot(feature)` numbers the features. `None` if it splits on
    /// categories, whose sets are no intervals.
    pub(super) fn new(tree: &Tree, slot: impl Fn(u32) -> usize) -> Option<Self> {
        let root = &tree.nodes[0];
        let mut paths = Self { edges: Vec::new(), stump: None, depth: 0, features: 0 };
        if let Some(value) = root.leaf_value() {
            paths.stump = Some(f64::from(value));
            return Some(paths);
        }
        // The edges from the root to the node in hand, by depth; nodes may come in any order and be
        // deep, so no recursion.
        let mut path: Vec<Edge> = Vec::new();
        let mut indices: Vec<usize> = Vec::new();
        let mut open = vec![(0_usize, false, 0_usize), (0, true, 0)];
        while let Some((parent, left, depth)) = open.pop() {
            path.truncate(depth);
            indices.truncate(depth);
            let index = paths.edges.len();
            let node = &tree.nodes[parent];
            let below = node.children()?[usize::from(!left)];
            let Some(&Split::Below(threshold)) = node.split() else { return None };
            let child = &tree.nodes[below];
            let slot = slot(node.feature);
            let previous = path.iter().rposition(|edge| edge.slot == slot);
            let (interval, share) =
                previous.map_or((Interval::ALL, 1.0), |index| (path[index].interval, path[index].share));
            let ratio = cover_ratio(child, node);
            path.push(Edge {
                slot,
                depth: depth + 1,
                parent: indices.last().copied().unwrap_or(index),
                previous: previous.map_or(0, |index| index + 1),
                interval: interval.narrowed(node, threshold, left),
                share: share * ratio,
                leaf: child.leaf_value().map(f64::from),
                closes: 0,
                reached: path.last().map_or(1.0, |edge| edge.reached) * ratio,
            });
            if child.is_leaf() {
                // The edges above whose right side this leaf ends: all down from the next open
                // node's.
                let above = open.last().map_or(0, |&(_, _, depth)| depth);
                path[depth].closes = depth + 1 - above;
                paths.depth = paths.depth.max(path.len());
                paths.features = paths.features.max(path.iter().filter(|edge| edge.previous == 0).count());
            } else {
                open.extend([(below, false, depth + 1), (below, true, depth + 1)]);
            }
            indices.push(index);
            paths.edges.push(path[depth]);
        }
        Some(paths)
    }

    /// Calls `visit` with the path to every leaf, as indices of [`PathTree::edges`].
    pub(super) fn leaves(&self, mut visit: impl FnMut(&[usize], f64)) {
        let mut path = Vec::new();
        for (index, edge) in self.edges.iter().enumerate() {
            path.truncate(edge.depth - 1);
            path.push(index);
            if let Some(value) = edge.leaf {
                visit(&path, value);
            }
        }
    }

    /// The mean of the leaves, weighted with the share of the training rows that reach them.
    pub(super) fn mean(&self) -> f64 {
        let leaves = self.edges.iter().filter_map(|edge| edge.leaf.map(|value| value * edge.reached));
        self.stump.unwrap_or(0.0) + leaves.sum::<f64>()
    }
}

/// The share of a node's training rows that are in its child, by cover as XGBoost takes it. Where
/// that is no number (a node without cover, since all weights or hessians are 0), each child has
/// half.
fn cover_ratio(child: &Node, node: &Node) -> f64 {
    let ratio = f64::from(child.sum_hessian) / f64::from(node.sum_hessian);
    if ratio >= 0.0 && ratio.is_finite() { ratio } else { 0.5 }
}
