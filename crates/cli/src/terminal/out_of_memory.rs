//! An allocation that fails ends the program as bad input does: with exit code 2 and advice, not by
//! an abort.
//!
//! Rust says "memory allocation of N bytes failed" and aborts, which raises SIGABRT. Where that is
//! handled nothing may be run but a write to a pipe and an exit. A thread that has waited for the
//! write since the program began, and needs no memory, says what helps and exits:
//!
//! ```text
//!   SIGABRT: write to `alarm` ------> thread: advice to standard error, exit with 2
//!            write to `wait`, which is full: the write takes until the exit
//! ```
//!
//! What is half written then lies in temporary files, as after a kill. A panic switches the
//! handling off, so that an abort out of one (a fault of this program) stays an abort.

use gboost::Result;
use std::sync::OnceLock;

/// What helps, once the command is known.
static ADVICE: OnceLock<&str> = OnceLock::new();

/// What helps with this command.
pub fn advise(advice: &'static str) {
    ADVICE.get_or_init(|| advice);
}

/// From now on an abort exits with code 2, and says what helps against lack of memory.
#[cfg(unix)]
pub fn install() -> Result<()> {
    use gboost::{Error, ErrorKind};
    use std::sync::atomic::Ordering;

    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |information| {
        unix::EARLY.store(false, Ordering::SeqCst);
        unix::SOUND.store(false, Ordering::SeqCst);
        tell(information);
    }));
    unix::install().map_err(|error| Error::new(ErrorKind::Io, format!("cannot handle aborts: {error}")))
}

/// Elsewhere an abort raises no signal.
#[cfg(not(unix))]
pub fn install() -> Result<()> {
    Ok(())
}

#[cfg(unix)]
mod unix {
    use crate::terminal::exit_code;
    use gboost::ErrorKind;
    use rustix::fs::{OFlags, fcntl_setfl};
    use signal_hook::consts::SIGABRT;
    use signal_hook::{flag, low_level};
    use std::fs::File;
    use std::io::{PipeReader, PipeWriter, Read as _, Result, Write as _};
    use std::os::fd::AsFd as _;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    /// Whether nobody waits for the write yet, and nothing has panicked.
    pub static EARLY: AtomicBool = AtomicBool::new(true);
    /// Whether nothing has panicked so far.
    pub static SOUND: AtomicBool = AtomicBool::new(true);
    /// Bytes of the thread's stack.
    const STACK: usize = 64 << 10;

    fn code() -> i32 {
        i32::from(exit_code::of(ErrorKind::Data))
    }

    /// What an abort does, in this order: it exits, early; it has the advice given; it exits,
    /// unless something panicked.
    pub fn install() -> Result<()> {
        flag::register_conditional_shutdown(SIGABRT, code(), &EARLY)?;
        // Where there is no memory for as much as this, Rust's line is all that can be said.
        let _ = watch();
        flag::register_conditional_shutdown(SIGABRT, code(), &SOUND)?;
        Ok(())
    }

    fn watch() -> Result<()> {
        let (called, alarm) = std::io::pipe()?;
        let (full, mut wait) = std::io::pipe()?;
        // Standard error by itself: whoever has locked it may be who ran out of memory.
        let screen = File::from(std::io::stderr().as_fd().try_clone_to_owned()?);
        let (mut waits, ready) = std::io::pipe()?;
        let answer = move || answer(ready, called, full, screen);
        thread::Builder::new().name("out of memory".into()).stack_size(STACK).spawn(answer)?;
        // A thread takes memory to start. Were that lacking, it would be the one to be waited for.
        waits.read_exact(&mut [0])?;
        let held = wait.try_clone()?;
        fcntl_setfl(&held, OFlags::NONBLOCK)?;
        while wait.write(&[0; 4096]).is_ok() {}
        while wait.write(&[0]).is_ok() {}
        low_level::pipe::register(SIGABRT, alarm)?;
        low_level::pipe::register(SIGABRT, wait)?;
        // The registration leaves it such that a write to the full pipe fails rather than waits.
        fcntl_setfl(&held, OFlags::empty())?;
        EARLY.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn answer(mut ready: PipeWriter, mut called: PipeReader, full: PipeReader, mut screen: File) {
        // From here on nothing takes memory.
        let is_ready = ready.write_all(&[0]).is_ok();
        if is_ready && called.read_exact(&mut [0]).is_ok() && SOUND.load(Ordering::SeqCst) {
            let advice = super::ADVICE.get().copied().unwrap_or("give more (ulimit -v)");
            for text in ["error: there is not enough memory; ", advice, "\n"] {
                let _ = screen.write_all(text.as_bytes());
            }
            low_level::exit(code());
        }
        // A pipe without a reader lets the write end, and the abort go on.
        drop(full);
    }
}
