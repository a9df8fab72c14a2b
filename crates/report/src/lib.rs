//! The results of trainings and evaluations: the figures of a channel, `metrics.json`,
//! `history.csv`, `cv.csv`, `analysis.json` and the manifest, from which a result can be made
//! again; and what is looked at rather than read: charts and pages.

pub mod analysis;
pub mod chart;
pub mod data;
pub mod figures;
pub mod history;
pub mod history_file;
pub mod html;
pub mod manifest;
pub mod metrics_file;
pub mod notebook;
pub mod page;
pub mod palette;
pub mod thin;

pub use analysis::Analysis;
pub use data::ReportData;
pub use figures::Figures;
pub use history::{cv_csv, cv_round_line, history_csv, round_line};
pub use html::Page;
pub use manifest::Manifest;
pub use metrics_file::{MetricsFile, Seconds};
