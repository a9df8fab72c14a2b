//! Copies of pipes, for what is read more than once.

use super::source::{is_standard_input, standard_input};
use crate::error::{Error, Result};
use crate::io::scratch::Scratch;
use crate::io::storage::Kind;
use crate::io::{Local, Storage as _};
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What pipes gave, in temporary files that are gone with the last clone of this; by default none.
///
/// Facets, groups and folds are read from the files once more, which a pipe does not allow by
/// itself.
#[derive(Clone, Debug, Default)]
pub struct Copies(Arc<Mutex<HashMap<PathBuf, Arc<Mutex<Scratch>>>>>);

impl Copies {
    /// Reads the pipes among the paths, `-` for standard input too, to their ends. Every clone has
    /// them then.
    ///
    /// # Errors
    /// If a pipe cannot be read, or the folder for temporary files has no room.
    pub fn add(&self, paths: &[PathBuf]) -> Result<()> {
        for path in paths.iter().filter(|path| is_pipe(path)) {
            if self.holds(path) {
                continue;
            }
            let copied = |error: io::Error| {
                let remedy = "save the data to a file first, or free space in the folder for temporary files";
                Error::io("copy the pipe", path, error).remedy(remedy)
            };
            let mut file = Scratch::new().map_err(copied)?;
            if is_standard_input(path) {
                io::copy(&mut standard_input(path)?, &mut file).map_err(copied)?;
            } else {
                let mut pipe = Local.open(&path.as_path().into()).map_err(|error| Error::io("open", path, error))?;
                io::copy(&mut pipe.reader, &mut file).map_err(copied)?;
            }
            self.lock().insert(path.clone(), Arc::new(Mutex::new(file)));
        }
        Ok(())
    }

    /// Whether what this path stands for was copied.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        self.lock().contains_key(path)
    }

    /// Reads the copy from its beginning on, if there is one.
    pub(super) fn open(&self, path: &Path) -> Option<impl Read + Send + use<>> {
        self.lock().get(path).map(|file| Copy { file: file.clone(), at: 0 })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<Mutex<Scratch>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Equal are those that share their copies.
impl PartialEq for Copies {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.lock().is_empty() && other.lock().is_empty())
    }
}

impl Eq for Copies {}

/// A reader of a copy with a place of its own.
struct Copy {
    file: Arc<Mutex<Scratch>>,
    at: u64,
}

impl Read for Copy {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let length = file.read(to)?;
        self.at += length as u64;
        Ok(length)
    }
}

/// Whether a path stands for a pipe or a socket, and not a device, which may have no end.
fn is_pipe(path: &Path) -> bool {
    is_standard_input(path) || Local.about(&path.into()).is_ok_and(|about| about.kind == Kind::Pipe)
}
