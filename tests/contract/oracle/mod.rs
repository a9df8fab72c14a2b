//! The naive trainer: the obvious, single-threaded reading of `docs/exactness.md`.
//!
//! It shares no code and no type with the engine. Every node loops over its rows and sums per bin,
//! nothing is subtracted or reused, and sums are `i128`. The numbers in the comments are the
//! sections of the contract. What the contract calls an error is a panic here.

// Every integration test includes this module and uses only a part of it.
#![allow(dead_code, unused_imports)]

pub mod cuts;
pub mod grow;
pub mod leaves;
pub mod margins;
pub mod metrics;
pub mod mt19937;
pub mod number;
pub mod pairs;
pub mod predict;
pub mod quantise;
pub mod sampling;
pub mod split;
pub mod tables;
pub mod train;
pub mod types;
pub mod weights;

pub use metrics::Metric;
pub use predict::{predict_margin, predict_probability};
pub use train::train;
pub use types::{BaseScore, Data, Method, Node, Objective, Params, Sampler, Trained, Tree};
