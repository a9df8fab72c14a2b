//! The grow loop: one tree, expansion by expansion, on any backend.

use crate::backend::expansion::{Expansion, Search};
use crate::backend::{Backend, TreeTask};
use crate::error::Result;

/// The order of growth: which of the nodes that have been searched get their children next.
pub trait Policy {
    /// Chooses the next expansion, or ends the tree with `None`. `searched` are the nodes whose
    /// splits were found since the last call, if there are any.
    ///
    /// # Errors
    /// If the backend cannot say what the policy must know, or fails.
    fn next(&mut self, backend: &mut dyn Backend, searched: Option<Expansion>) -> Result<Option<Expansion>>;
}

/// Grows all nodes of a depth before any deeper one, so that a device need not be asked for
/// anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct DepthWise;

impl Policy for DepthWise {
    fn next(&mut self, _backend: &mut dyn Backend, searched: Option<Expansion>) -> Result<Option<Expansion>> {
        Ok(searched)
    }
}

/// Grows one tree of at most `max_depth` levels below the root; the backend keeps it until
/// [`Backend::read_trees`]. Returns the searches in their order.
///
/// # Errors
/// If the device fails, or if it cannot run what the policy chooses.
pub fn grow(
    backend: &mut dyn Backend,
    task: &TreeTask,
    max_depth: u32,
    policy: &mut impl Policy,
) -> Result<Vec<Search>> {
    backend.begin_tree(task)?;
    let mut searches = Vec::new();
    let mut made = Some(Expansion::root());
    loop {
        // The deepest nodes stay leaves.
        let searched = made.filter(|nodes| nodes.depth < max_depth);
        if let Some(nodes) = &searched {
            let batches = backend.batches(nodes)?;
            searches.push(Search { nodes: nodes.clone(), derived: batches.iter().any(|batch| batch.subtract) });
            for batch in batches {
                backend.histogram(nodes, &batch)?;
                backend.split(nodes, &batch)?;
            }
        }
        let Some(next) = policy.next(backend, searched)? else { break };
        made = backend.partition(&next)?;
    }
    backend.leaf_sums()?;
    Ok(searches)
}
