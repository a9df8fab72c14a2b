//! Tests that need what a machine may lack: a browser, the lab's files, a GPU adapter.
//!
//! What is missing makes its tests show as ignored. `GBOOST_REQUIRE_CHROMIUM=1` and
//! `GBOOST_REQUIRE_GPU=1` make them run, and fail.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(feature = "gpu")]
mod backends;
#[cfg(feature = "gpu")]
#[path = "../../../../tests/common/mod.rs"]
mod common;
mod lab;
mod page;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(lab::trials());
    trials.extend(page::trials());
    #[cfg(feature = "gpu")]
    trials.extend(backends::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
