//! The library's error: what went wrong, where, and how to mend it.

use std::fmt;
use std::path::{Path, PathBuf};

/// What kind of failure an [`Error`] is. The command line program maps it to an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Data that cannot be used: text in a numeric column, a ragged row, a label outside the objective's domain.
    Data,
    /// A hyperparameter or option that is unknown, out of range, or in conflict with another one.
    Parameter,
    /// A model file that cannot be read, or that does not fit the data.
    Model,
    /// A file or folder that cannot be opened, read or written.
    Io,
    /// A backend or an adapter that does not exist on this machine.
    Unavailable,
    /// A device that failed: lost, out of memory, or a shader that its driver refused.
    Device,
    /// A check that was asked for said no.
    CheckFailed,
    /// The caller asked for a stop.
    Interrupted,
}

impl ErrorKind {
    /// The exit code of the command line program for this kind: 1 a check said no, 2 bad input, 3 device, 130 interrupted.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Data | Self::Parameter | Self::Model | Self::Io | Self::Unavailable => 2,
            Self::CheckFailed => 1,
            Self::Device => 3,
            Self::Interrupted => 130,
        }
    }
}

/// An error with its place (file, line, column), the offending value and a remedy, as far as they are known.
///
/// Shown as `FILE:LINE:COLUMN: message; remedy`.
#[derive(Clone, Debug)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    remedy: Option<String>,
    path: Option<PathBuf>,
    line: Option<u64>,
    column: Option<u64>,
}

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A new error of the given kind. The message names the offending value.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                remedy: None,
                path: None,
                line: None,
                column: None,
            }),
        }
    }

    /// Bad data; see [`ErrorKind::Data`].
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Data, message)
    }

    /// A bad parameter; see [`ErrorKind::Parameter`].
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Parameter, message)
    }

    /// A bad model; see [`ErrorKind::Model`].
    pub fn model(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Model, message)
    }

    /// A failed file operation on `path`; see [`ErrorKind::Io`].
    pub fn io(action: &str, path: &Path, source: &std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("cannot {action}: {source}")).at_path(path)
    }

    /// Adds how to mend it: an imperative sentence without a full stop.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.inner.remedy = Some(remedy.into());
        self
    }

    /// Puts what it was about in front of the message: `about: message`.
    #[must_use]
    pub fn context(mut self, about: &str) -> Self {
        self.inner.message = format!("{about}: {}", self.inner.message);
        self
    }

    /// Replaces words of the message and the remedy, where the caller knows better what is meant.
    #[must_use]
    pub fn reword(mut self, from: &str, to: &str) -> Self {
        self.inner.message = self.inner.message.replace(from, to);
        self.inner.remedy = self.inner.remedy.map(|remedy| remedy.replace(from, to));
        self
    }

    /// Adds the file.
    #[must_use]
    pub fn at_path(mut self, path: &Path) -> Self {
        self.inner.path = Some(path.to_path_buf());
        self
    }

    /// Adds the line in the file, from 1.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.inner.line = Some(line);
        self
    }

    /// Adds the column (field number) in the line, from 1.
    #[must_use]
    pub fn at_column(mut self, column: u64) -> Self {
        self.inner.column = Some(column);
        self
    }

    /// What went wrong, without its place and how to mend it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The file concerned, where known.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.inner.path.as_deref()
    }

    /// The line in the file, from 1, where known.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.inner.line
    }

    /// The field number in the line, from 1, where known.
    #[must_use]
    pub fn column(&self) -> Option<u64> {
        self.inner.column
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, remedy, path, line, column, .. } = &*self.inner;
        if let Some(path) = path {
            write!(f, "{}", path.display())?;
            if let Some(line) = line {
                write!(f, ":{line}")?;
                if let Some(column) = column {
                    write!(f, ":{column}")?;
                }
            }
            write!(f, ": ")?;
        }
        write!(f, "{message}")?;
        if let Some(remedy) = remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_tell_bad_input_from_a_failed_device() {
        use ErrorKind as K;
        for kind in [K::Data, K::Parameter, K::Model, K::Io, K::Unavailable] {
            assert_eq!(kind.exit_code(), 2, "{kind:?}");
        }
        assert_eq!(K::CheckFailed.exit_code(), 1);
        assert_eq!(K::Device.exit_code(), 3);
        assert_eq!(K::Interrupted.exit_code(), 130);
    }
}
