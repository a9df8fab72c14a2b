//! Mutated files: whatever a file holds, the program says what is wrong with it. It never panics,
//! aborts, hangs, or takes memory that the file does not account for.
//!
//! ```text
//!   trial (one per format)                 worker (a process of its own)
//!   spawns the worker        --------->    for each seed: mutate a sample, use it in every way
//!   watches its lines        <---------    "seed", then "passed" or "refused"
//! ```
//!
//! A worker that dies, or is silent for [`watch::LONGEST`], is a finding: the trial names the seed
//! and goes on with the next one. What a seed does never changes, so a finding is seen again with
//!
//! ```text
//! GBOOST_MUTATION_FORMAT=csv GBOOST_MUTATION_SEED=4711 cargo test --release --test mutation
//! ```
//!
//! which leaves the mutated file in the folder for temporary files. `GBOOST_MUTATION_SECONDS` (7 by
//! default) is how long each format is tried; each is tried [`subjects::Subject::floor`] times at
//! least, and a fifth of its mutants must get past the first check, so that more than the parser's
//! first lines is reached.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../../tests/common/mod.rs"]
mod common;
mod corpus;
mod mutate;
mod program;
mod subjects;
mod watch;

use libtest_mimic::{Arguments, Failed, Trial};
use std::time::Duration;

/// Seconds for each format.
const SECONDS: &str = "GBOOST_MUTATION_SECONDS";
/// The format whose worker this process is.
const FORMAT: &str = "GBOOST_MUTATION_FORMAT";
/// The seed that a worker begins with.
const FIRST: &str = "GBOOST_MUTATION_FIRST";
/// The one seed to try.
const SEED: &str = "GBOOST_MUTATION_SEED";

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn main() {
    if let Ok(name) = std::env::var(FORMAT) {
        let subject = subjects::named(&name).unwrap_or_else(|| panic!("{FORMAT}={name} is no format"));
        match number(SEED) {
            Some(seed) => watch::show(&subject, seed),
            None => watch::work(&subject, number(FIRST).unwrap_or(0)),
        }
        return;
    }
    let time = Duration::from_secs(number(SECONDS).unwrap_or(7));
    let trials = subjects::all().into_iter().map(|subject| {
        Trial::test(subject.name, move || {
            let report = watch::trial(&subject, time);
            println!("{}: {report}", subject.name);
            report.judge(&subject).map_err(Failed::from)
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
