//! What is learned from: columns of values with labels and weights, and selections of their rows.

pub mod column;
pub mod dataset;
#[cfg(feature = "datasets")]
pub mod datasets;
pub mod groups;
pub mod labels;
pub mod rows;

pub use column::{Column, Element};
pub use dataset::Dataset;
pub use groups::Groups;
pub use labels::Labels;
pub use rows::Rows;
