//! An allocation that fails ends the program as bad input does: with exit code 2, not by an abort.
//!
//! Rust says "memory allocation of N bytes failed" and aborts, which raises SIGABRT. A handler turns that into an orderly
//! exit, without running anything else. What is half written then lies in temporary files, as after a kill. A panic
//! switches the handler off, so that an abort out of one (a fault of this program) stays an abort.

use gboost::Result;

/// From now on an abort exits with code 2.
#[cfg(unix)]
pub fn install() -> Result<()> {
    use gboost::{Error, ErrorKind};
    use signal_hook::{consts::SIGABRT, flag::register_conditional_shutdown};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Whether nothing has panicked so far.
    static SOUND: AtomicBool = AtomicBool::new(true);
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |information| {
        SOUND.store(false, Ordering::SeqCst);
        tell(information);
    }));
    register_conditional_shutdown(SIGABRT, i32::from(ErrorKind::Data.exit_code()), &SOUND)
        .map(|_| ())
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot handle aborts: {error}")))
}

/// Elsewhere an abort raises no signal.
#[cfg(not(unix))]
pub fn install() -> Result<()> {
    Ok(())
}
