//! From columns of floats to bins: [`cuts`] learns where bins begin, [`matrix`] stores each value's bin.

pub mod cuts;
pub mod matrix;

pub use cuts::FeatureCuts;
pub use matrix::BinnedMatrix;
