//! `gboost completions`.

use super::words::shown;
use super::{Cli, Global};
use clap::CommandFactory;
use clap_complete::Shell;
use gboost::Result;

/// Write a completion script for a shell to standard output
///
/// It completes commands, flags, the values of flags such as --objective, and files where files are meant.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The shell
    shell: Shell,
}

const AFTER_HELP: &str = "\
Examples:
  gboost completions bash > ~/.local/share/bash-completion/completions/gboost
  gboost completions zsh > ~/.zfunc/_gboost           with ~/.zfunc in $fpath
  gboost completions fish > ~/.config/fish/completions/gboost.fish";

/// Bash takes a colon for the end of a word, and would complete nothing in `multi:soft`.
const WHOLE_WORDS: &[u8] = b"\nCOMP_WORDBREAKS=${COMP_WORDBREAKS//:}\n";

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut shown(&Cli::command()), "gboost", &mut script);
    if args.shell == Shell::Bash {
        script.extend_from_slice(WHOLE_WORDS);
    }
    global.screen().bytes(&script)
}
