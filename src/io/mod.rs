//! Files: where they are, what may be opened, how much is read of it, and how a file is replaced.
//! Nothing else in the library opens one.

pub mod files;
pub mod location;
pub mod log;
pub mod scratch;
pub mod storage;
pub mod writing;

pub use location::Location;
pub use storage::{Local, Storage};
