//! `gboost man`.

use crate::args::file_names::folder;
use crate::args::global::Global;
use crate::terminal::interrupt;
use crate::terminal::interrupt::Phase;
use crate::terminal::teller::Teller;
use clap::Command;
use clap_mangen::Man;
use gboost::{Error, ErrorKind, Result};
use gboost_jobs::output::{self, Draft, Request};
use gboost_jobs::text::count;
use std::path::PathBuf;

/// Write the manual pages: gboost.1, and one for each command
///
/// `man -l DIR/gboost-train.1` shows one; in a folder `man1` of the manual's path, such as
/// ~/.local/share/man/man1, `man gboost-train` finds it.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folder of the pages; it is made if there is none
    #[arg(long, value_name = "DIR", default_value = "man", value_parser = folder())]
    output: PathBuf,
}

const AFTER_HELP: &str = "\
Examples:
  gboost man --output ~/.local/share/man/man1
  gboost man --output man && man -l man/gboost-train.1";

pub fn run(global: &Global, args: &Args, program: Command) -> Result<()> {
    let screen = global.screen();
    let pages = pages(program)?;
    let places: Vec<PathBuf> = pages.iter().map(|(name, _)| args.output.join(name)).collect();
    let request =
        places.iter().fold(Request::default(), |request, path| request.output_in("--output", "the manual page", path));
    let mut teller = Teller::new(&screen);
    let claim = request.claim(&mut teller)?;
    claim.tell(&mut teller)?;
    interrupt::enter(Phase::Writing)?;
    let drafts = places.iter().zip(&pages).map(|(path, (_, page))| Draft::with(path, page, &mut teller));
    output::publish(drafts.collect::<Result<Vec<_>>>()?)?;
    screen.note(&format!("{} written to {}", count(pages.len(), "manual page"), args.output.display()));
    Ok(())
}

/// Names and contents.
fn pages(program: Command) -> Result<Vec<(String, Vec<u8>)>> {
    let mut root = program.disable_help_subcommand(true);
    root.build();
    std::iter::once(&root).chain(root.get_subcommands()).map(page).collect()
}

fn page(command: &Command) -> Result<(String, Vec<u8>)> {
    let program = concat!("gboost ", env!("CARGO_PKG_VERSION"));
    let notes = command.get_after_help().map(|text| end(&text.to_string())).unwrap_or_default();
    let man = Man::new(command.clone().after_help(None)).source(program).manual("gboost manual");
    let mut page = Vec::new();
    man.render(&mut page).map_err(|error| Error::new(ErrorKind::Io, format!("cannot make a manual page: {error}")))?;
    let page = with_usage(&String::from_utf8_lossy(&page), &command.clone().render_usage().to_string());
    Ok((man.get_filename(), (page + &notes).into_bytes()))
}

/// The page with the help's usage line in its synopsis, where clap_mangen lists all flags in no
/// order.
fn with_usage(page: &str, usage: &str) -> String {
    const SYNOPSIS: &str = ".SH SYNOPSIS\n";
    let usage = line(usage.trim_start_matches("Usage: "));
    match page.split_once(SYNOPSIS).and_then(|(before, rest)| Some((before, rest.split_once(".SH ")?.1))) {
        Some((before, after)) => format!("{before}{SYNOPSIS}{usage}.SH {after}"),
        None => page.to_string(),
    }
}

/// What stands below the options in the help: notes and examples, whose lines stay as they are.
fn end(text: &str) -> String {
    let (notes, examples) = text.split_once("Examples:\n").unwrap_or((text, ""));
    let section = |title: &str, text: &str| match text.trim_end() {
        "" => String::new(),
        text => format!(".SH {title}\n.nf\n{}.fi\n", text.lines().map(line).collect::<String>()),
    };
    section("NOTES", notes) + &section("EXAMPLES", examples)
}

/// A line of text in roff, where a backslash, a hyphen and a dot at the start have a meaning.
fn line(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let guard = if text.starts_with(['.', '\'']) { "\\&" } else { "" };
    format!("{guard}{text}\n")
}
