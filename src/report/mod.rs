//! What a training or an evaluation says about a model: the figures of a channel, `metrics.json`, `history.csv`, `cv.csv`, and the
//! manifest that tells how to make it again.

pub mod figures;
pub mod history;
pub mod manifest;
pub mod metrics_file;

pub use figures::Figures;
pub use history::{cv_csv, cv_round_line, history_csv, round_line};
pub use manifest::Manifest;
pub use metrics_file::{MetricsFile, Seconds};
