//! The commands, one file each.

pub mod bias;
pub mod completions;
pub mod cv;
pub mod devices;
pub mod evaluate;
pub mod explain;
pub mod inspect;
pub mod man;
pub mod predict;
pub mod report;
pub mod train;
pub mod tune;
pub mod verify;
