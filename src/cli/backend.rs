//! The choice of the backend, made once for every command.

use super::screen::Screen;
use clap::ValueEnum;
use gboost::{Error, ErrorKind, Result};

/// What `--backend` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// The best one that works here
    Auto,
    /// All cores of the processor
    Cpu,
    /// A graphics processor; an error where there is none
    Gpu,
}

/// The backend that computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendChoice {
    /// The processor.
    Cpu,
}

impl BackendChoice {
    /// The backend's name, as in `metrics.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
        }
    }
}

/// Decides which backend computes. Only `auto` may decide, and says what it decided; what was asked for by name is
/// taken or refused, never replaced.
pub fn choose(requested: BackendName, screen: &Screen) -> Result<BackendChoice> {
    match requested {
        BackendName::Cpu => Ok(BackendChoice::Cpu),
        BackendName::Auto => {
            screen.detail("backend: cpu (auto; this build has no GPU backend)");
            Ok(BackendChoice::Cpu)
        }
        BackendName::Gpu => Err(Error::new(ErrorKind::Unavailable, "this build of gboost has no GPU backend")
            .remedy("use --backend cpu or auto: the model is the same to the last byte")),
    }
}
