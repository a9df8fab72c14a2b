//! Files whose names come out of other files: nothing but a regular file is ever read for them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a regular file to read it; `None` for anything else: a folder, a device, which may have no
/// end, or a pipe, whose writer may never come.
///
/// # Errors
/// If there is no such file, or if it cannot be opened.
pub fn open_regular(path: &Path) -> io::Result<Option<File>> {
    // Asked before, since opening a device may do something already, and after, since another file may
    // have taken its place.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        // A pipe that has taken the file's place is opened without waiting for its writer.
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    Ok(file.metadata()?.is_file().then_some(file))
}

/// The bytes of a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open_regular`], or if it is no regular file or a longer one.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let Some(file) = open_regular(path)? else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    };
    read_at_most(file, most)
}

/// All bytes of a source that has at most `most` of them.
///
/// # Errors
/// If it cannot be read, or has more.
pub fn read_at_most(source: impl io::Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_only_so_far() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let path = folder.path().join("a");
        std::fs::write(&path, "12345").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read_regular(&path, 5).ok().as_deref(), Some(b"12345".as_slice()));
        assert!(read_regular(&path, 4).is_err_and(|error| error.to_string() == "it has more than 4 bytes"));
        for other in [folder.path(), Path::new("/dev/zero")].into_iter().filter(|path| path.exists()) {
            assert!(open_regular(other).is_ok_and(|file| file.is_none()), "{}", other.display());
        }
        assert!(open_regular(&folder.path().join("none")).is_err());
    }
}
