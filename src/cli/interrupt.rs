//! Ctrl-C (and SIGTERM): nothing half-written is ever left.
//!
//! While nothing is on disk yet, the program may end at any moment; while rounds run, the first Ctrl-C ends it after the
//! round, a second one at once; while files are written, it waits until they stand.

use gboost::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// What the program is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Reading, computing: an interruption ends the program at once.
    Reading,
    /// Rounds: the first interruption is noticed by the next [`check`].
    Rounds,
    /// Temporary files exist: every interruption waits for a [`check`], or for the end.
    Writing,
}

/// The exit code of an interrupted program: 128 + SIGINT.
const EXIT_CODE: i32 = 130;

static PHASE: AtomicU8 = AtomicU8::new(Phase::Reading as u8);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static JOURNAL: OnceLock<PathBuf> = OnceLock::new();

/// From now on Ctrl-C does what the phase says.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        let again = INTERRUPTED.swap(true, Ordering::SeqCst);
        let phase = PHASE.load(Ordering::SeqCst);
        if phase == Phase::Reading as u8 || (phase == Phase::Rounds as u8 && again) {
            super::screen::print_error(&interrupted());
            std::process::exit(EXIT_CODE);
        }
    })
    .map_err(|error| Error::new(ErrorKind::Io, format!("cannot handle Ctrl-C: {error}")))
}

/// Enters a phase; an error if Ctrl-C was pressed before.
pub fn enter(phase: Phase) -> Result<()> {
    PHASE.store(phase as u8, Ordering::SeqCst);
    check()
}

/// Whether Ctrl-C was pressed.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// An error if Ctrl-C was pressed.
pub fn check() -> Result<()> {
    if is_interrupted() { Err(interrupted()) } else { Ok(()) }
}

/// From now on an interruption leaves this file, which the work can be resumed from.
pub fn keeps(journal: &Path) {
    // Set once a run: a command has one journal.
    let _ = JOURNAL.set(journal.to_path_buf());
}

/// The error of an interruption.
pub fn interrupted() -> Error {
    match JOURNAL.get() {
        None => Error::new(ErrorKind::Interrupted, "interrupted: no file was written"),
        Some(journal) => {
            let message = format!("interrupted: what was finished is in {}", journal.display());
            Error::new(ErrorKind::Interrupted, message).remedy("give --resume to go on")
        }
    }
}
