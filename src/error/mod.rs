//! The library's error: what went wrong, where, and how to mend it.

pub mod words;

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use words::Vocabulary;

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Data that cannot be used: text in a numeric column, a ragged row, a label outside the
    /// objective's domain.
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

/// An error with its place (file, line, column), the offending value and a remedy, as far as they
/// are known.
///
/// Shown as `FILE:LINE:COLUMN: message; remedy`. Message and remedy may hold handles, such as
/// `{validation}`, which are shown in the [words](crate::error::words) of this process.
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
    source: Option<Arc<std::io::Error>>,
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
                source: None,
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

    /// A failed file operation on `path`, with its cause as the
    /// [source](std::error::Error::source); see [`ErrorKind::Io`].
    pub fn io(action: &str, path: &Path, source: std::io::Error) -> Self {
        let mut error = Self::new(ErrorKind::Io, format!("cannot {action}: {source}")).at_path(path);
        error.inner.source = Some(Arc::new(source));
        error
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

    /// Says the handles of the message and the remedy that the vocabulary has words for in these,
    /// where the caller knows better what is meant.
    #[must_use]
    pub fn in_words(mut self, vocabulary: &Vocabulary<'_>) -> Self {
        self.inner.message = vocabulary.say(&self.inner.message).into_owned();
        self.inner.remedy = self.inner.remedy.map(|remedy| vocabulary.say(&remedy).into_owned());
        self
    }

    /// Adds the path of the file concerned.
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
    pub fn message(&self) -> Cow<'_, str> {
        words::say(&self.inner.message)
    }

    /// Returns the kind of failure, by which callers decide what to do.
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
        let Inner { remedy, path, line, column, .. } = &*self.inner;
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
        write!(f, "{}", self.message())?;
        if let Some(remedy) = remedy {
            write!(f, "; {}", words::say(remedy))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;
    use std::io;

    #[test]
    fn the_cause_of_a_failed_file_operation_is_kept() {
        let error = Error::io("open", Path::new("a.csv"), io::Error::from(io::ErrorKind::PermissionDenied));
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::PermissionDenied));
        assert_eq!(error.to_string(), "a.csv: cannot open: permission denied");
        assert!(Error::data("no").source().is_none());
    }

    #[test]
    fn handles_are_shown_in_the_terms_of_the_library() {
        let error = Error::parameter("there is no {label-column} 3").remedy("give {label} a name");
        assert_eq!(error.to_string(), "there is no label column 3; give ReadOptions::label a name");
        assert_eq!(error.message(), "there is no label column 3");
        let words = Vocabulary::new(&[("label", "the facet")]);
        assert_eq!(error.in_words(&words).to_string(), "there is no label column 3; give the facet a name");
    }
}
