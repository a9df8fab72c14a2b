//! The command line program from outside: standard output, standard error, exit codes and files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "cli/support.rs"]
mod support;

#[path = "cli/backend.rs"]
mod backend;
#[path = "cli/bad_data.rs"]
mod bad_data;
#[path = "cli/bad_parameters.rs"]
mod bad_parameters;
#[path = "cli/bad_places.rs"]
mod bad_places;
#[path = "cli/bias.rs"]
mod bias;
#[path = "cli/cv.rs"]
mod cv;
#[path = "cli/evaluate.rs"]
mod evaluate;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/figures.rs"]
mod figures;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/inspect.rs"]
mod inspect;
#[path = "cli/interrupt.rs"]
mod interrupt;
#[path = "cli/kills.rs"]
mod kills;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/meaning.rs"]
mod meaning;
#[path = "cli/memory.rs"]
mod memory;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/params_files.rs"]
mod params_files;
#[path = "cli/predict.rs"]
mod predict;
#[path = "cli/proof.rs"]
mod proof;
#[path = "cli/reading.rs"]
mod reading;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/screen.rs"]
mod screen;
#[path = "cli/tables.rs"]
mod tables;
#[path = "cli/train.rs"]
mod train;
#[path = "cli/tune.rs"]
mod tune;
#[path = "cli/verify.rs"]
mod verify;
#[path = "cli/words.rs"]
mod words;
