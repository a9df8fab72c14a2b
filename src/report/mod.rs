//! What a training or an evaluation says about a model: the figures of a channel, `metrics.json`, `history.csv` and
//! `analysis.json`.

pub mod analysis;
pub mod figures;
pub mod history;
pub mod metrics_file;

pub use analysis::Analysis;
pub use figures::Figures;
pub use history::{history_csv, round_line};
pub use metrics_file::{MetricsFile, Seconds};
