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

pub mod backend;
pub mod binning;
pub mod collective;
pub mod cpu;
pub mod data;
pub mod error;
pub mod explain;
pub mod fixed;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod ingest;
pub mod io;
pub mod metric;
pub mod model;
pub mod objective;
pub mod params;
pub mod train;
pub mod tree;
pub mod util;
pub mod validation;

pub use binning::BinnedMatrix;
pub use data::Dataset;
pub use error::{Error, ErrorKind, Result};
pub use metric::Metric;
pub use model::{Model, Rounds};
pub use objective::Objective;
pub use params::Params;
pub use train::{BackendChoice, Compute, Evaluate, Progress, Round, Trained, Trainer};
pub use util::per_output::PerOutput;
