//! Storages: what lists, opens and writes the files of a [`Location`]. The file system is the one
//! that is always there.

use super::location::Location;
use super::writing;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};

/// What stands at a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, which has an end and can be read again.
    File,
    /// A folder, which holds files and has no bytes of its own.
    Folder,
    /// A device, which may have no end.
    Device,
    /// A pipe or a socket, which can be read once.
    Pipe,
}

/// What is known of a location before anything is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Kind of what stands at the location.
    pub kind: Kind,
    /// Bytes of a file; of no meaning elsewhere.
    pub bytes: u64,
}

/// What was opened to be read from its beginning.
pub struct Opened {
    /// What it is; [`Storage::about`] may have said something else before.
    pub about: About,
    /// Reader of its bytes, from the first one on.
    pub reader: Box<dyn Read + Send>,
}

impl Opened {
    /// Returns the bytes of a file; `None` for what has no known length.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        (self.about.kind == Kind::File).then_some(self.about.bytes)
    }
}

/// Files by their location.
pub trait Storage: Sync {
    /// Returns what stands at a location; links are followed.
    ///
    /// # Errors
    /// If nothing stands there, or the storage fails.
    fn about(&self, at: &Location) -> io::Result<About>;

    /// Returns the names of all that stands in a folder, in any order.
    ///
    /// # Errors
    /// If it is no folder, or the storage fails.
    fn list(&self, folder: &Location) -> io::Result<Vec<OsString>>;

    /// Opens a file to read it; a pipe or a device, too, where the storage has such.
    ///
    /// # Errors
    /// If there is none, or the storage fails.
    fn open(&self, at: &Location) -> io::Result<Opened>;

    /// Writes a file so that its location never holds half of it; an older one is replaced.
    ///
    /// # Errors
    /// If it cannot be written; an older one is then as it was.
    fn write_whole(&self, at: &Location, bytes: &[u8]) -> io::Result<()>;

    /// Returns the bytes of a file; `None` for what has no known length.
    ///
    /// # Errors
    /// As [`Storage::about`].
    fn size(&self, at: &Location) -> io::Result<Option<u64>> {
        let about = self.about(at)?;
        Ok((about.kind == Kind::File).then_some(about.bytes))
    }

    /// Opens a file to read it; `None` for anything else: a folder, a device, which may have no
    /// end, or a pipe, whose writer may never come.
    ///
    /// # Errors
    /// As [`Storage::open`].
    fn open_regular(&self, at: &Location) -> io::Result<Option<Opened>> {
        // Asked before, since opening a device may do something already, and after, since another
        // file may have taken its place.
        if self.about(at)?.kind != Kind::File {
            return Ok(None);
        }
        let opened = self.open(at)?;
        Ok((opened.about.kind == Kind::File).then_some(opened))
    }
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl Storage for Local {
    fn about(&self, at: &Location) -> io::Result<About> {
        fs::metadata(at.path()).map(|data| about(&data))
    }

    fn list(&self, folder: &Location) -> io::Result<Vec<OsString>> {
        fs::read_dir(folder.path())?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn open(&self, at: &Location) -> io::Result<Opened> {
        opened(File::open(at.path())?)
    }

    fn write_whole(&self, at: &Location, bytes: &[u8]) -> io::Result<()> {
        writing::replace(at.path(), bytes)
    }

    fn open_regular(&self, at: &Location) -> io::Result<Option<Opened>> {
        if self.about(at)?.kind != Kind::File {
            return Ok(None);
        }
        let mut options = File::options();
        options.read(true);
        #[cfg(unix)]
        {
            // A pipe that has taken the file's place is opened without waiting for its writer.
            use std::os::unix::fs::OpenOptionsExt as _;
            options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        }
        let opened = opened(options.open(at.path())?)?;
        Ok((opened.about.kind == Kind::File).then_some(opened))
    }
}

fn opened(file: File) -> io::Result<Opened> {
    Ok(Opened { about: about(&file.metadata()?), reader: Box::new(file) })
}

fn about(data: &Metadata) -> About {
    let kind = match data {
        _ if data.is_file() => Kind::File,
        _ if data.is_dir() => Kind::Folder,
        _ if is_device(data) => Kind::Device,
        _ => Kind::Pipe,
    };
    About { kind, bytes: data.len() }
}

#[cfg(unix)]
fn is_device(data: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    data.file_type().is_char_device() || data.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &Metadata) -> bool {
    false
}

/// A storage in memory: files alone make the folders that they are in.
#[cfg(test)]
pub(crate) mod memory {
    use super::{About, Kind, Location, Opened, Storage};
    use std::collections::{BTreeMap, BTreeSet};
    use std::ffi::OsString;
    use std::io;
    use std::path::PathBuf;
    use std::sync::{Mutex, PoisonError};

    #[derive(Default)]
    pub(crate) struct Memory(Mutex<BTreeMap<PathBuf, Vec<u8>>>);

    impl Memory {
        /// Makes a storage of these files.
        pub(crate) fn of(files: &[(&str, &str)]) -> Self {
            let files = files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec()));
            Self(Mutex::new(files.collect()))
        }

        fn bytes(&self, at: &Location) -> Option<Vec<u8>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get(at.path()).cloned()
        }

        fn names(&self, folder: &Location) -> BTreeSet<OsString> {
            let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let below = files.keys().filter_map(|path| path.strip_prefix(folder.path()).ok()?.iter().next());
            below.map(OsString::from).collect()
        }
    }

    impl Storage for Memory {
        fn about(&self, at: &Location) -> io::Result<About> {
            match self.bytes(at) {
                Some(bytes) => Ok(About { kind: Kind::File, bytes: bytes.len() as u64 }),
                None if !self.names(at).is_empty() => Ok(About { kind: Kind::Folder, bytes: 0 }),
                None => Err(io::ErrorKind::NotFound.into()),
            }
        }

        fn list(&self, folder: &Location) -> io::Result<Vec<OsString>> {
            Ok(self.names(folder).into_iter().rev().collect())
        }

        fn open(&self, at: &Location) -> io::Result<Opened> {
            let bytes = self.bytes(at).ok_or(io::ErrorKind::NotFound)?;
            Ok(Opened { about: self.about(at)?, reader: Box::new(io::Cursor::new(bytes)) })
        }

        fn write_whole(&self, at: &Location, bytes: &[u8]) -> io::Result<()> {
            let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            files.insert(at.path().to_path_buf(), bytes.to_vec());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::memory::Memory;
    use super::*;

    /// What every storage does, in the folder `root`, which is there.
    fn keeps_files(storage: &dyn Storage, root: &Location) {
        let at = root.join("a.csv".as_ref());
        assert_eq!(storage.about(&at).map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
        assert!(storage.open(&at).is_err() && storage.open_regular(&at).is_err());
        for text in ["1,2\n", "3\n"] {
            assert!(storage.write_whole(&at, text.as_bytes()).is_ok());
            let mut read = String::new();
            let opened = storage.open_regular(&at).ok().flatten();
            let size = opened.map(|mut opened| (opened.size(), opened.reader.read_to_string(&mut read).ok()));
            let bytes = text.len();
            assert_eq!((size, read.as_str()), (Some((Some(bytes as u64), Some(bytes))), text));
            assert_eq!(storage.size(&at).ok().flatten(), Some(bytes as u64));
        }
        assert_eq!(storage.list(root).ok(), Some(vec![OsString::from("a.csv")]));
        assert_eq!(storage.about(root).ok().map(|about| about.kind), Some(Kind::Folder));
        assert!(storage.open_regular(root).is_ok_and(|opened| opened.is_none()));
    }

    #[test]
    fn the_file_system_keeps_files() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        keeps_files(&Local, &folder.path().into());
    }

    #[test]
    fn memory_keeps_files() {
        keeps_files(&Memory::default(), &"root".into());
    }
}
