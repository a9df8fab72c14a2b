//! What the grow loop hands to a backend: nodes that are grown together.

use std::fmt;
use std::ops::Range;

/// Nodes of one depth that are grown together: searched for their best splits, or sent on to their
/// children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Splits between the root and the nodes.
    pub depth: u32,
    /// Which nodes.
    pub nodes: Nodes,
}

/// Nodes of one depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// Every one that there is: a device that runs without the host does not say how many.
    Level,
    /// Those with these numbers, in the order in which the tree's nodes were made; siblings follow
    /// each other.
    Numbers(Range<usize>),
}

impl Expansion {
    /// Returns the root, which begins every tree.
    #[must_use]
    pub fn root() -> Self {
        Self { depth: 0, nodes: Nodes::Numbers(0..1) }
    }

    /// Whether a node of that depth and number is one of them.
    #[must_use]
    pub fn contains(&self, depth: u32, node: usize) -> bool {
        self.depth == depth
            && match &self.nodes {
                Nodes::Level => true,
                Nodes::Numbers(numbers) => numbers.contains(&node),
            }
    }
}

impl fmt::Display for Expansion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nodes {
            Nodes::Level => write!(f, "the level of depth {}", self.depth),
            Nodes::Numbers(numbers) if numbers.len() == 1 => write!(f, "node {}", numbers.start),
            Nodes::Numbers(numbers) => write!(f, "nodes {} to {}", numbers.start, numbers.end.saturating_sub(1)),
        }
    }
}

/// A search that the grow loop asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The nodes that were searched.
    pub nodes: Expansion,
    /// Whether of two siblings the larger one's histogram was derived.
    pub derived: bool,
}
