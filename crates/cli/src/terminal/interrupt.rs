//! Ctrl-C (and SIGTERM): nothing half-written is ever left, and what is lost and what is kept is
//! told.
//!
//! While nothing is on disk yet, the program may end at any moment; while rounds run, the first
//! Ctrl-C ends it after the round, or within a second if the round takes longer, a second one at
//! once; while files are written, it waits until they stand.

use gboost::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

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

/// How long the end of a round is waited for.
const PATIENCE: Duration = Duration::from_millis(600);

static PHASE: AtomicU8 = AtomicU8::new(Phase::Reading as u8);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static JOURNAL: OnceLock<PathBuf> = OnceLock::new();
static OUTPUTS: OnceLock<Outputs> = OnceLock::new();
static DOING: Mutex<&str> = Mutex::new("");
/// Rounds done, and those there will be; 0 before the first.
static ROUNDS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

/// Outputs of an earlier run, which an interrupt leaves unchanged.
struct Outputs {
    /// The first file that there is from an earlier run.
    earlier: Option<String>,
    /// Whether there are more of them.
    more: bool,
}

/// Installs the handler: from now on Ctrl-C has the effect that the phase defines.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        let again = INTERRUPTED.swap(true, Ordering::SeqCst);
        let phase = PHASE.load(Ordering::SeqCst);
        if phase == Phase::Reading as u8 || (phase == Phase::Rounds as u8 && again) {
            leave();
        }
        // A round of very many rows, or the choice of the next trials, may take minutes: nobody
        // waits for them. Nothing is lost that a round's end would have kept.
        if phase == Phase::Rounds as u8 {
            std::thread::sleep(PATIENCE);
            if PHASE.load(Ordering::SeqCst) != Phase::Writing as u8 {
                leave();
            }
        }
    })
    .map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot handle Ctrl-C: {error}"))
            .remedy("give more memory and processes (ulimit)")
    })
}

/// Ends the program at once.
fn leave() -> ! {
    gboost_jobs::output::release_all();
    super::screen::print_error(&interrupted());
    std::process::exit(EXIT_CODE)
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

/// What is done from now on, such as "while reading the data".
pub fn doing(what: &'static str) {
    *DOING.lock().unwrap_or_else(PoisonError::into_inner) = what;
    ROUNDS[1].store(0, Ordering::Relaxed);
}

/// A round ended: `done` of `total`.
pub fn round(done: usize, total: usize) {
    ROUNDS[0].store(done, Ordering::Relaxed);
    ROUNDS[1].store(total, Ordering::Relaxed);
}

/// What the command will write, the main result first.
pub fn writes<'a>(paths: impl Iterator<Item = &'a Path>) {
    let mut earlier = paths.filter(|path| path.is_file()).map(|path| path.display().to_string());
    // Set once a run: a command claims its outputs once.
    let _ = OUTPUTS.set(Outputs { earlier: earlier.next(), more: earlier.next().is_some() });
}

/// From now on an interruption leaves this file, which the work can be resumed from.
pub fn keeps(journal: &Path) {
    // Set once a run: a command has one journal.
    let _ = JOURNAL.set(journal.to_path_buf());
}

/// The error of an interruption: when it came, what is lost and what is kept.
pub fn interrupted() -> Error {
    let [done, total] = [&ROUNDS[0], &ROUNDS[1]].map(|rounds| rounds.load(Ordering::Relaxed));
    let doing = *DOING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut message = match (total, doing) {
        (0, "") => "interrupted".to_string(),
        (0, doing) => format!("interrupted {doing}"),
        _ => format!("interrupted in round {} of {total}", (done + 1).min(total)),
    };
    message += if JOURNAL.get().is_some() { ": no results were written" } else { ": nothing was written" };
    match OUTPUTS.get() {
        Some(Outputs { earlier: Some(path), more: false }) => {
            message += &format!("; {path} of an earlier run is unchanged");
        }
        Some(Outputs { earlier: Some(path), more: true }) => {
            message += &format!("; {path} and the other files of an earlier run are unchanged");
        }
        _ => {}
    }
    match JOURNAL.get() {
        None => Error::new(ErrorKind::Interrupted, message),
        Some(journal) => {
            message += &format!("; the finished trials are kept in {}", journal.display());
            Error::new(ErrorKind::Interrupted, message).remedy("give --resume to go on")
        }
    }
}
