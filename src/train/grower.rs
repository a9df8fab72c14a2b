//! The grow loop: one tree, level by level, on any backend.

use crate::backend::{Backend, Frontier, TreeTask};
use crate::error::Result;

/// Grows one tree depth by depth; the backend keeps it until [`Backend::read_trees`]. Answers, by depth, whether of two siblings the
/// larger one's histogram was derived.
///
/// # Errors
/// If the device fails.
pub fn grow(backend: &mut dyn Backend, task: &TreeTask, max_depth: u32) -> Result<Vec<bool>> {
    backend.begin_tree(task)?;
    let mut derived = Vec::new();
    for depth in 0..max_depth {
        let batches = backend.batches(depth);
        derived.push(batches.iter().any(|batch| batch.subtract));
        for batch in batches {
            backend.histogram(depth, &batch)?;
            backend.split(depth, &batch)?;
        }
        if backend.partition(depth)? == Frontier::Empty {
            break;
        }
    }
    backend.leaf_sums()?;
    Ok(derived)
}
