//! Where data is.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where data is in a [storage](super::storage::Storage).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Location {
    /// A path, whose root the storage decides.
    Path(PathBuf),
}

impl Location {
    /// Returns the path, which names the location in messages and whose ending tells the format of
    /// a file.
    #[must_use]
    pub fn path(&self) -> &Path {
        let Self::Path(path) = self;
        path
    }

    /// Returns the location of what has this name in the folder.
    #[must_use]
    pub fn join(&self, name: &OsStr) -> Self {
        Self::Path(self.path().join(name))
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_path_buf())
    }
}

impl From<&str> for Location {
    fn from(path: &str) -> Self {
        Self::Path(path.into())
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().display().fmt(f)
    }
}
