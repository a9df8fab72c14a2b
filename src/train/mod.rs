//! The rounds: from parameters and data to a model, on any backend.
//!
//! `trainer` is the door. `set` and `start` make the problem of a training, `plan` is what
//! trainings that advance together share, `rounds` holds the only round loop, `training` one
//! training between two rounds, `grower` and `leaf` one tree. `evaluation` and `early_stopping`
//! look at the channels after a round; `contest` and `auto` choose the backend while the training
//! runs.

pub mod auto;
pub mod choice;
pub mod contest;
pub(crate) mod early_stopping;
pub mod evaluation;
pub mod grower;
pub mod leaf;
pub mod outcome;
pub mod plan;
pub mod progress;
pub(crate) mod rounds;
pub(crate) mod set;
pub(crate) mod start;
#[cfg(test)]
mod tests;
pub mod trainer;
pub(crate) mod training;

pub use choice::{AutoOptions, BackendChoice, Compute, Threads};
pub use outcome::{Placement, Round, Times, Trained};
pub use plan::Evaluate;
pub use progress::Progress;
pub use trainer::Trainer;
