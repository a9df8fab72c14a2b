//! Gradient boosted trees with XGBoost's hyperparameters; the model is the same to the last byte
//! whichever backend, thread count, chunk size or machine trained it.
//!
//! # The way of the data
//!
//! ```text
//! files ─ ingest ─> Dataset ─ binning ─> bins ─┐
//!                                              v
//!    ┌──────────── one round, on cpu or gpu ──────────────┐
//!    │ margin -> gradient -> histogram -> split           │
//!    │    ^      (floats become integers here)  │         │   x rounds ─> Model ─> predictions
//!    │    └────── leaf <── partition <──────────┘         │                 │      metric, explain
//!    └────────────────────────────────────────────────────┘                 └────> model file
//! ```
//!
//! Every sum between the gradients and the leaves is a sum of integers, so its order does not
//! matter. Every score is a few binary64 operations in one written order. `docs/exactness.md` in
//! the repository states all of it; a naive trainer written from that document alone agrees bit for
//! bit.
//!
//! # Train, predict, save
//!
//! ```no_run
//! use gboost::{Dataset, Objective, Params, Trainer};
//!
//! let train = Dataset::from_csv("train.csv")?; // label in the first column, header detected
//! let valid = Dataset::from_csv("valid.csv")?;
//! let params = Params::builder()
//!     .objective(Objective::BinaryLogistic)
//!     .max_depth(5)
//!     .early_stopping_rounds(20)
//!     .build()?;
//! let trained = Trainer::new(&params, &train).channel("validation", &valid).run()?;
//! let probabilities = trained.model.predict(&valid)?;
//! println!("best round {:?}, first row {}", trained.best_round(), probabilities.get(0, 0));
//! trained.model.save("model.json")?;
//! # Ok::<(), gboost::Error>(())
//! ```
//!
//! # Cross-validate
//!
//! ```no_run
//! # let (train, params) = (gboost::Dataset::from_csv("train.csv")?, gboost::Params::default());
//! use gboost::validation::{Folds, cross_validate};
//!
//! let folds = Folds::random(train.rows, 5, 0)?; // 5 folds, seed 0
//! let found = cross_validate(&params, &train, &folds)?;
//! for round in &found.history {
//!     println!("[{}] {} +- {}", round.round, round.test[0].mean, round.test[0].std);
//! }
//! # Ok::<(), gboost::Error>(())
//! ```
//!
//! # Modules
//!
//! - [`ingest`]: files to tables; [`params`]: the table of hyperparameters; [`objective`] and
//!   [`metric`]: what is optimised and what is measured;
//! - [`model`]: trees, prediction, and the model file that XGBoost reads, too;
//! - [`validation`]: folds, cross-validation and tuning; [`explain`]: importance, SHAP values and
//!   bias.

/// The README and the library's guide: their code is compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../docs/guide/library.md")]
struct Guides;

mod backend;
mod binning;
mod collective;
mod cpu;
mod data;
mod error;
pub mod explain;
mod fixed;
#[cfg(feature = "gpu")]
mod gpu;
pub mod ingest;
mod io;
pub mod metric;
pub mod model;
pub mod objective;
pub mod params;
mod train;
mod tree;
mod util;
pub mod validation;

pub use binning::BinnedMatrix;
pub use cpu::CpuOptions;
#[cfg(feature = "datasets")]
pub use data::datasets;
pub use data::{Column, Dataset, Rows};
pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "gpu")]
pub use gpu::GpuOptions;
pub use metric::Metric;
pub use model::{Model, Rounds};
pub use objective::Objective;
pub use params::{Params, ParamsBuilder};
pub use train::{AutoOptions, BackendChoice, Compute, Evaluate, Placement, Progress, Round, Times, Trained, Trainer};
pub use tree::{Node, Tree};
pub use util::per_output::PerOutput;

/// Everything that our own crates, tests and benchmarks use besides: no promise is made about it.
#[doc(hidden)]
pub mod internals {
    pub mod backend {
        pub use crate::backend::*;
    }
    pub mod binning {
        pub use crate::binning::*;
    }
    pub mod collective {
        pub use crate::collective::*;
    }
    pub mod cpu {
        pub use crate::cpu::*;
    }
    pub mod data {
        pub use crate::data::*;
    }
    pub mod error {
        pub use crate::error::*;
    }
    pub mod fixed {
        pub use crate::fixed::*;
    }
    #[cfg(feature = "gpu")]
    pub mod gpu {
        pub use crate::gpu::*;
    }
    pub mod io {
        pub use crate::io::*;
    }
    pub mod train {
        pub use crate::train::*;
    }
    pub mod tree {
        pub use crate::tree::*;
    }
    pub mod util {
        pub use crate::util::*;
    }
}
