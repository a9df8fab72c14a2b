//! The command line program from outside: standard output, standard error, exit codes and files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

mod backend;
mod bad_data;
mod bad_parameters;
mod bad_places;
mod bias;
mod cv;
mod evaluate;
mod explain;
mod figures;
mod hostile;
mod inspect;
mod interrupt;
mod kills;
mod limits;
mod meaning;
mod memory;
mod outputs;
mod params_files;
mod predict;
mod proof;
mod reading;
mod report;
mod screen;
mod tables;
mod train;
mod tune;
mod verify;
mod words;
