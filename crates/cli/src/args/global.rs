//! Options that every command takes.

use crate::args::numbers;
use crate::terminal::screen::Screen;
use clap::{ArgAction, ValueEnum};

/// What `--backend` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// Begins on the processor; where a real GPU can save more than it takes to start one, both are
    /// timed and the faster one goes on
    Auto,
    /// All cores of the processor
    Cpu,
    /// A graphics processor; an error where there is none
    Gpu,
}

/// Options that every command takes, before or after its name.
#[derive(clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Where to train; the model is the same to the last byte
    #[arg(long, global = true, value_name = "BACKEND", default_value = "auto")]
    pub backend: BackendName,

    /// The GPU to train on, by its number in `gboost devices` or a part of its name; asks for
    /// --backend gpu
    #[arg(long, global = true, value_name = "INDEX|NAME")]
    pub gpu: Option<String>,

    /// Threads to use (0: one a core), at most one a core or 64, whichever is more; wins over
    /// nthread [default: all cores]
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true,
        value_parser = numbers::whole::<u16>(0..=4096))]
    pub threads: Option<u16>,

    /// Print nothing but errors and what was asked for: no round lines, notes, warnings and
    /// summaries (as --verbosity 0)
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print details of backends and files as well (as --verbosity 2; twice: 3, which prints no
    /// more yet)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

impl Global {
    /// The verbosity that the flags ask for, if they ask.
    pub fn verbosity(&self) -> Option<u8> {
        match (self.quiet, self.verbose) {
            (true, _) => Some(0),
            (false, 0) => None,
            (false, times) => Some(times.saturating_add(1).min(3)),
        }
    }

    /// The number of threads that the flag asks for.
    pub fn threads(&self) -> Option<usize> {
        self.threads.map(usize::from)
    }

    /// The screen of the commands that have no parameter `verbosity`.
    pub fn screen(&self) -> Screen {
        Screen::new(self.verbosity().unwrap_or(1))
    }
}
