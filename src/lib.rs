//! Gradient boosted trees with XGBoost's hyperparameters; the model is the same to the last byte whichever backend,
//! thread count, chunk size or machine trained it.

pub mod backend;
pub mod binning;
pub mod booster;
pub mod cpu;
pub mod error;
pub mod explain;
pub mod fixed;
pub mod grower;
pub mod ingest;
pub mod leaf;
pub mod metric;
pub mod model;
pub mod objective;
pub mod params;
pub mod profile;
pub mod report;
pub mod sampling;
pub mod split;
pub mod tree;

pub use booster::{BackendChoice, Evaluate, Progress, Round, Trained, Trainer};
pub use error::{Error, ErrorKind, Result};
pub use ingest::Dataset;
pub use metric::Metric;
pub use model::Model;
pub use objective::Objective;
pub use params::Params;
