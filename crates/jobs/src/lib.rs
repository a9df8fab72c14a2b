//! The jobs of gboost as functions: from data files to files of results.
//!
//! A job is a value that says what is read, computed and written: [`TrainJob`], [`CvJob`],
//! [`TuneJob`], [`VerifyJob`]. Its `run` tells an [`Observer`] of phases, rounds, notes and
//! warnings, and stops where the observer says so. The program `gboost`, a server and a package for
//! another language are callers of the same functions. A job's results take their names all
//! together or not at all, and are the same to the last byte whoever runs it.
//!
//! ```no_run
//! use gboost_jobs::results::TrainFiles;
//! use gboost_jobs::{DataFiles, Event, TrainJob};
//! use std::ops::ControlFlow;
//! use std::path::Path;
//!
//! let job = TrainJob {
//!     data: DataFiles { train: vec!["train.csv".into()], ..DataFiles::default() },
//!     files: TrainFiles::new(Path::new("out/model.json"), None, None),
//!     ..TrainJob::default()
//! };
//! let outcome = job.run(&mut |event: &Event<'_>| {
//!     if let Event::Note(text) | Event::Warning(text) = event {
//!         eprintln!("{text}");
//!     }
//!     ControlFlow::Continue(())
//! })?;
//! println!("{} rounds", outcome.trained.model.rounds());
//! # Ok::<(), gboost::Error>(())
//! ```
//!
//! The way of a job: [`output`] locks the places of the results and mends what a killed run left;
//! [`data`] and [`folds`] read the rows, [`memory`] plans where they are kept; [`backend`] chooses
//! where to compute; [`results`] makes the files, which [`output`] then publishes.

pub mod backend;
pub mod built_in;
mod cross_validation;
pub mod cv;
pub mod data;
pub mod folds;
mod manifest;
pub mod memory;
pub mod model_file;
pub mod observer;
pub mod output;
pub mod params_file;
pub mod report_files;
pub mod results;
pub mod search;
pub mod shap_csv;
pub mod text;
pub mod train;
mod training;
pub mod tune;
pub mod verify;
pub mod warnings;

pub use backend::{BackendOptions, Device};
pub use cv::CvJob;
pub use data::{DataFiles, DataOptions};
pub use folds::FoldOptions;
pub use memory::{MemoryOptions, Spill};
pub use observer::{Event, Observer, Phase, Silent};
pub use train::TrainJob;
pub use tune::TuneJob;
pub use verify::VerifyJob;
