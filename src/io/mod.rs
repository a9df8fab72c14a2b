//! Files: what may be opened, how much is read of it, and how a file is replaced.

pub mod files;
pub mod writing;
