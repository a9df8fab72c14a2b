//! Tuning: a search for the hyperparameters that do best.
//!
//! A [`Space`] says which parameters are tuned over which values, a [`Strategy`] which settings to
//! try, a [`Tuner`] tries them and keeps a journal, and the [`Leaderboard`] sorts what was found. A
//! trial depends on the data, the fixed parameters, its own settings and the seed, never on what
//! runs beside it: the leaderboard is the same for any number of parallel trials, on any backend,
//! and after any interruption.

mod bayesian;
mod crew;
mod draws;
mod event;
mod grid;
mod hyperband;
pub mod journal;
mod leaderboard;
mod median;
mod objective;
mod random;
mod run;
mod space;
mod strategy;
mod trial;
mod tuned;
mod tuner;

pub use crate::validation::tune::event::Event;
pub use bayesian::Bayesian;
pub use draws::Draws;
pub use grid::Grid;
pub use hyperband::{Hyperband, Start};
pub use leaderboard::Leaderboard;
pub use median::MedianRule;
pub use objective::{Direction, ObjectiveMetric, Source};
pub use random::Random;
pub use space::{Dimension, Scale, Settings, Space, Values, text_of};
pub use strategy::{Observation, Proposal, Search, Strategy};
pub use trial::{Failure, Status, Trial};
pub use tuned::{Ended, Tuned, WarmStart};
pub use tuner::{Resume, Tuner};
