//! The grow loop: one tree, level by level, on any backend.

use crate::backend::{Backend, Frontier, TreeTask};
use crate::error::Result;

/// Grows one tree depth by depth; the backend keeps it until [`Backend::read_trees`].
///
/// # Errors
/// If the device fails.
pub fn grow(backend: &mut impl Backend, task: &TreeTask, max_depth: u32) -> Result<()> {
    backend.begin_tree(task)?;
    for depth in 0..max_depth {
        for batch in backend.batches(depth) {
            backend.histogram(depth, &batch)?;
            backend.split(depth, &batch)?;
        }
        if backend.partition(depth)? == Frontier::Empty {
            break;
        }
    }
    backend.leaf_sums()
}
