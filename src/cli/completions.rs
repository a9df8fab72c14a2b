//! `gboost completions`.

use super::{Cli, Global};
use clap::CommandFactory;
use clap_complete::Shell;
use gboost::Result;

/// Write a completion script for a shell to standard output
#[derive(clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gboost", &mut script);
    global.screen().bytes(&script)
}
