//! Trees as kernels grow them: nodes with exact sums, then leaf values in fixed point.

use crate::binning::BinnedMatrix;
use crate::binning::rule::{Rule, SplitTest};
use crate::fixed::quantiser::{PairScale, PairSum, Quantiser};
use crate::params::TreeMethod;
use crate::tree::Tree;
use crate::tree::split::Scan;

/// A node as the kernels leave it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GrownNode {
    /// Index of the left child, the right one follows it; 0 where the node was not split.
    pub left: u32,
    /// Index of the split's feature in the data.
    pub feature: u32,
    /// Position of the winner in the feature's scan.
    pub rank: u32,
    /// The present bin visited before the winner (exact).
    pub last: u32,
    /// Gain in the scale of the tree's quantised sums.
    pub gain: f64,
    /// Quantised sums of the node.
    pub sums: PairSum,
    /// Unquantised sums of a deepest node; zero for inner nodes.
    pub leaf_sums: PairSum,
    /// Drawn rows of the node.
    pub rows: u32,
}

impl GrownNode {
    /// Which training rows go left at a node that was split.
    #[must_use]
    pub fn rule<'m>(&self, matrix: &'m BinnedMatrix, method: TreeMethod) -> Rule<'m> {
        let scan = Scan::new(method, &matrix.cuts[self.feature as usize]);
        let place = scan.place(self.rank);
        let test = SplitTest::Below(scan.boundary(place) as u32);
        Rule::new(matrix, self.feature, &test, place.default_left())
    }
}

/// A tree as it is read back: unpruned, without leaf values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GrownTree {
    /// The nodes in the order in which they were made, so children after their parents, the left
    /// one first.
    pub nodes: Vec<GrownNode>,
    /// The binary points of the unquantised pairs that the tree was grown on.
    pub scale: PairScale,
    /// The tree's quantiser; `None` only by default, in a tree that no backend has grown.
    pub quantiser: Option<Quantiser>,
}

/// A finished tree, as the backend needs it to move margins.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedTree {
    /// The pruned tree with its leaf values.
    pub tree: Tree,
    /// A node each: where the bins of training rows go (none is below 0 at a leaf).
    pub tests: Vec<SplitTest>,
    /// A node each: the leaf value in the margin's format (0 for inner nodes).
    pub steps: Vec<i64>,
    /// The same for each deepest node of the grown tree, where a collapsed node's descendants have
    /// its value.
    pub grown_steps: Vec<i64>,
}

impl FinishedTree {
    /// Which training rows go left at an inner node.
    #[must_use]
    pub fn rule<'m>(&self, matrix: &'m BinnedMatrix, index: usize) -> Rule<'m> {
        let node = &self.tree.nodes[index];
        Rule::new(matrix, node.feature, &self.tests[index], node.default_left)
    }

    /// The child of a node that a training row goes to, by its bin; `None` for a leaf.
    #[inline]
    #[must_use]
    pub fn child_by_bin(&self, matrix: &BinnedMatrix, index: usize, row: usize) -> Option<usize> {
        let children = self.tree.nodes[index].children()?;
        Some(children[usize::from(!self.rule(matrix, index).goes_left(row))])
    }

    /// The leaf of a training row, by its bins.
    #[inline]
    #[must_use]
    pub fn leaf_by_bin(&self, matrix: &BinnedMatrix, row: usize) -> usize {
        let mut index = 0;
        while let Some(child) = self.child_by_bin(matrix, index, row) {
            index = child;
        }
        index
    }
}
