//! An allocation that fails ends the program as bad input does: with exit code 2 and advice, not by an abort.
//!
//! Rust says "memory allocation of N bytes failed" and aborts, which raises SIGABRT. Where that is handled nothing may be
//! run but a write to a pipe and an exit. A thread that has waited for the write since the program began, and needs no
//! memory, says what helps and exits:
//!
//! ```text
//!   SIGABRT: write to `alarm` ------> thread: advice to standard error, exit with 2
//!            write to `wait`, which is full: the write takes until the exit
//! ```
//!
//! What is half written then lies in temporary files, as after a kill. A panic switches the handling off, so that an
//! abort out of one (a fault of this program) stays an abort.

use gboost::Result;

/// From now on an abort exits with code 2, and says what helps against lack of memory.
#[cfg(unix)]
pub fn install(advice: &'static str) -> Result<()> {
    use gboost::{Error, ErrorKind};
    use std::sync::atomic::Ordering;

    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |information| {
        unix::SOUND.store(false, Ordering::SeqCst);
        tell(information);
    }));
    // Where there is no memory for as much as this, Rust's line is all that can be said.
    let _ = unix::advise(advice);
    unix::exit().map_err(|error| Error::new(ErrorKind::Io, format!("cannot handle aborts: {error}")))
}

/// Elsewhere an abort raises no signal.
#[cfg(not(unix))]
pub fn install(_: &'static str) -> Result<()> {
    Ok(())
}

#[cfg(unix)]
mod unix {
    use gboost::ErrorKind;
    use rustix::fs::{OFlags, fcntl_setfl};
    use signal_hook::consts::SIGABRT;
    use signal_hook::{flag, low_level};
    use std::fs::File;
    use std::io::{PipeReader, Read as _, Result, Write as _};
    use std::os::fd::AsFd as _;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    /// Whether nothing has panicked so far.
    pub static SOUND: AtomicBool = AtomicBool::new(true);
    /// Bytes of the thread's stack.
    const STACK: usize = 64 << 10;

    fn code() -> i32 {
        i32::from(ErrorKind::Data.exit_code())
    }

    /// An abort exits, unless something has panicked.
    pub fn exit() -> Result<()> {
        flag::register_conditional_shutdown(SIGABRT, code(), &SOUND).map(|_| ())
    }

    /// Before that, the advice is given.
    pub fn advise(advice: &'static str) -> Result<()> {
        let (called, alarm) = std::io::pipe()?;
        let (full, mut wait) = std::io::pipe()?;
        // Standard error by itself: whoever has locked it may be who ran out of memory.
        let screen = File::from(std::io::stderr().as_fd().try_clone_to_owned()?);
        let held = wait.try_clone()?;
        fcntl_setfl(&held, OFlags::NONBLOCK)?;
        while wait.write(&[0; 4096]).is_ok() {}
        while wait.write(&[0]).is_ok() {}
        let answer = move || answer(called, full, screen, advice);
        thread::Builder::new().name("out of memory".into()).stack_size(STACK).spawn(answer)?;
        low_level::pipe::register(SIGABRT, alarm)?;
        low_level::pipe::register(SIGABRT, wait)?;
        // The registration leaves it such that a write to the full pipe fails rather than waits.
        fcntl_setfl(&held, OFlags::empty())?;
        Ok(())
    }

    fn answer(mut called: PipeReader, full: PipeReader, mut screen: File, advice: &str) {
        let mut byte = [0];
        if called.read_exact(&mut byte).is_ok() && SOUND.load(Ordering::SeqCst) {
            for text in ["error: there is not enough memory; ", advice, "\n"] {
                let _ = screen.write_all(text.as_bytes());
            }
            low_level::exit(code());
        }
        // A pipe without a reader lets the write end, and the abort go on.
        drop(full);
    }
}
