//! `gboost completions`.

use crate::args::global::Global;
use crate::args::words::shown;
use clap::Command;
use clap_complete::Shell;
use gboost::Result;

/// Write a completion script for a shell to standard output
///
/// It completes commands, flags, the values of flags such as --objective, and files where files are
/// meant.
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

/// Bash parts words at `:` and `=`, and would complete nothing in `multi:soft`. They are put
/// together again, and an answer leaves out what stands before the last colon, which stays on the
/// line.
const WHOLE_WORDS: &[u8] = br#"
_gboost_whole_words() {
    local line=${COMP_LINE:0:COMP_POINT} COMP_WORDS COMP_CWORD word
    read -ra COMP_WORDS <<< "$line"
    [[ $line == *[[:space:]] ]] && COMP_WORDS+=("")
    word=${COMP_WORDS[${#COMP_WORDS[@]} - 1]}
    if [[ $word == --*=* ]]; then
        COMP_WORDS[${#COMP_WORDS[@]} - 1]=${word%%=*}
        word=${word#*=}
        COMP_WORDS+=("$word")
    fi
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _gboost "$1" "$word" "${COMP_WORDS[COMP_CWORD - 1]}"
    if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${word%:*}:"}")
    fi
}
complete -F _gboost_whole_words -o bashdefault -o default gboost
"#;

pub fn run(global: &Global, args: &Args, program: &Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut shown(program), "gboost", &mut script);
    if args.shell == Shell::Bash {
        script.extend_from_slice(WHOLE_WORDS);
    }
    global.screen().bytes(&script)
}
