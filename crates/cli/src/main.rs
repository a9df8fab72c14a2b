//! The command line program `gboost`: parse, run, exit code.

mod args;
mod commands;
mod program;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    program::run()
}
