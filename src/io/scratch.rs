//! Temporary files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A temporary file. It has no name where the system allows that (on Unix), and is deleted when it
/// is closed elsewhere: whatever ends the program, nothing is left behind.
#[derive(Debug)]
pub struct Scratch(File);

impl Scratch {
    /// Makes one in the folder for temporary files.
    ///
    /// # Errors
    /// If no file can be made there.
    pub fn new() -> io::Result<Self> {
        tempfile::tempfile().map(Self)
    }

    /// Makes one in this folder.
    ///
    /// # Errors
    /// If no file can be made there.
    pub fn new_in(folder: &Path) -> io::Result<Self> {
        tempfile::tempfile_in(folder).map(Self)
    }
}

#[cfg(test)]
impl From<File> for Scratch {
    fn from(file: File) -> Self {
        Self(file)
    }
}

impl Read for Scratch {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.0.read(to)
    }
}

impl Write for Scratch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Seek for Scratch {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
