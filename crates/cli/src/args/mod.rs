//! Arguments: flags, their values and what they mean, shared by the commands.

pub mod backend;
pub mod data;
pub mod file_names;
pub mod folds;
pub mod global;
pub mod memory;
pub mod model;
pub mod numbers;
pub mod params;
pub mod tune;
pub mod words;
