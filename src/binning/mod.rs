//! From columns of floats to bins: [`cuts`] learns where bins begin, [`matrix`] stores each value's
//! bin, those of features of which one bin dominates as [`lists`], those of few bins once more in
//! [`joint`] columns; `spilled` does so for values on disk.

pub mod blocks;
pub mod codes;
pub mod cuts;
mod in_order;
pub mod joint;
pub(crate) mod ladder;
pub mod lists;
pub mod matrix;
mod order;
pub mod rule;
mod spilled;

pub use cuts::FeatureCuts;
pub use matrix::BinnedMatrix;
