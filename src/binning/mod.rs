//! From columns of floats to bins: [`cuts`] learns where bins begin, [`matrix`] stores each value's bin; `spilled` does so for
//! values on disk.

pub mod cuts;
pub mod joint;
pub(crate) mod ladder;
pub mod matrix;
mod order;
pub mod rule;
mod spilled;

pub use cuts::FeatureCuts;
pub use matrix::BinnedMatrix;
