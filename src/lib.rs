//! Gradient boosted trees with XGBoost's hyperparameters; the model is the same to the last byte whichever backend,
//! thread count, chunk size or machine trained it.
//!
//! # The way of the data
//!
//! ```text
//! file -> typed columns -> cuts -> bins -> [ margin -> gradient -> histogram -> split -> partition -> leaf ] x rounds -> trees -> metrics, model file
//!         ingest           binning           fixed, objective      cpu | gpu twins of one kernel each, behind          tree     metric, report, model
//!                                            (floats become        backend; driven by grower (one tree) and
//!                                             integers here)       booster (the rounds); split and leaf hold
//!                                                                  the formulas once
//! ```
//!
//! Every sum between the gradients and the leaves is a sum of integers, so its order does not matter, and every score is a few binary64
//! operations in one written order. `docs/exactness.md` in the repository states all of it; a naive trainer written from that
//! document alone agrees bit for bit.
//!
//! # Train, evaluate, save
//!
//! ```no_run
//! use gboost::ingest::{ReadOptions, read_channel};
//! use gboost::{Params, Trainer};
//!
//! let options = ReadOptions::default(); // label in the first column, header detected
//! let train = read_channel(&["train.csv".into()], &options)?;
//! let valid = read_channel(&["valid.csv".into()], &options)?;
//! let mut params = Params::default();
//! for (name, value) in [("objective", "binary:logistic"), ("max_depth", "5"), ("early_stopping_rounds", "20")] {
//!     params.set(name, value)?;
//! }
//! let trained = Trainer::new(&params, &train.dataset).channel("validation", &valid.dataset).run()?;
//! let probabilities = trained.model.transform(&trained.model.predict_margins(&valid.dataset, None));
//! println!("best round {:?}, first row {}", trained.model.best_iteration, probabilities[0]);
//! trained.model.save("model.json")?;
//! # Ok::<(), gboost::Error>(())
//! ```
//!
//! # Cross-validate
//!
//! ```no_run
//! # let options = gboost::ingest::ReadOptions::default();
//! # let train = gboost::ingest::read_channel(&["train.csv".into()], &options)?;
//! # let params = gboost::Params::default();
//! use gboost::validation::{Folds, cross_validate};
//!
//! let folds = Folds::random(train.dataset.rows, 5, 0)?; // 5 folds, seed 0
//! let found = cross_validate(&params, &train.dataset, &folds)?;
//! for round in &found.history {
//!     println!("[{}] {} +- {}", round.round, round.test[0].mean, round.test[0].std);
//! }
//! # Ok::<(), gboost::Error>(())
//! ```

/// The README and the library's guide: their code is compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../docs/guide/library.md")]
struct Guides;

pub mod backend;
pub mod binning;
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

pub use data::Dataset;
pub use error::{Error, ErrorKind, Result};
pub use metric::Metric;
pub use model::{Model, Rounds};
pub use objective::Objective;
pub use params::Params;
pub use train::{BackendChoice, Evaluate, Progress, Round, Trained, Trainer};
pub use util::per_output::PerOutput;
