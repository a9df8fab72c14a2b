//! Logs: files that grow by what has reached the disk.

use super::writing::{self, Locking};
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// A file that is added to, open for one process.
#[derive(Debug)]
pub struct Log(File);

impl Log {
    /// Opens a log and makes it, and the folder that it is in, if it is not there. What it holds
    /// stays.
    ///
    /// # Errors
    /// If it cannot be opened or made.
    pub fn create(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        File::options().write(true).create(true).truncate(false).open(path).map(Self)
    }

    /// Opens a log that is there.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        File::options().write(true).open(path).map(Self)
    }

    /// Tries to lock it for this process alone; see [`writing::lock`].
    #[must_use]
    pub fn lock(&self) -> Locking {
        writing::lock(&self.0)
    }

    /// Returns its bytes.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    /// Cuts it to this many bytes; what is added comes behind them.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)?;
        self.0.seek(SeekFrom::End(0)).map(drop)
    }

    /// Adds bytes in one piece, and returns when they have reached the disk.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)?;
        match self.0.sync_data() {
            // A device or a pipe, which keeps nothing.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
            synced => synced,
        }
    }
}
