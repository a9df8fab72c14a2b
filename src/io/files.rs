//! Files that are read whole: those whose names come out of other files, for which nothing but a
//! regular file is ever read, and those of text that the user names, which may be pipes as well,
//! but not devices without an end.

use super::location::Location;
use super::storage::{Kind, Local, Opened, Storage};
use std::io::{self, Read as _};
use std::path::Path;

/// Bytes that are read at most of what is no regular file, such as a pipe: 1 GiB.
pub const MOST_OF_A_PIPE: u64 = 1 << 30;

/// Bytes that are looked at before the rest is read.
const HEAD_BYTES: u64 = 1 << 16;

/// Opens a regular file to read it; `None` for anything else: a folder, a device, which may have no
/// end, or a pipe, whose writer may never come.
///
/// # Errors
/// If there is no such file, or if it cannot be opened.
pub fn open_regular(path: &Path) -> io::Result<Option<Opened>> {
    Local.open_regular(&path.into())
}

/// The bytes of a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open_regular`], or if it is no regular file or a longer one.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let Some(file) = open_regular(path)? else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    };
    read_at_most(file.reader, most)
}

/// The bytes of a file, or of a pipe of at most [`MOST_OF_A_PIPE`]. The first 64 KiB, or all if
/// there are fewer, are given to `check` before the rest is read, so that what is of another form
/// is refused however long it is.
///
/// # Errors
/// If it cannot be read, is a longer pipe or device, or as `check`.
pub fn read_checked<E>(
    storage: &dyn Storage,
    at: &Location,
    failed: impl Fn(io::Error) -> E,
    check: impl FnOnce(&[u8]) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let Opened { about, mut reader } = storage.open(at).map_err(&failed)?;
    let mut bytes = Vec::new();
    reader.by_ref().take(HEAD_BYTES).read_to_end(&mut bytes).map_err(&failed)?;
    check(&bytes)?;
    let read = match about.kind {
        Kind::File => reader.read_to_end(&mut bytes).map(drop),
        _ => read_at_most(reader, MOST_OF_A_PIPE - HEAD_BYTES).map(|rest| bytes.extend(rest)),
    };
    read.map_err(failed)?;
    Ok(bytes)
}

/// The text of a file, or of a pipe of at most [`MOST_OF_A_PIPE`].
///
/// # Errors
/// If it cannot be read, is a longer pipe or device, or is not text in UTF-8, which the first 64
/// KiB usually show.
pub fn read_text(path: &Path) -> io::Result<String> {
    let no_text = || io::Error::new(io::ErrorKind::InvalidData, "it is not text in UTF-8");
    let bytes = read_checked(
        &Local,
        &path.into(),
        |error| error,
        |head| {
            let is_text = match std::str::from_utf8(head) {
                Ok(_) => true,
                // The head may end within a letter.
                Err(error) => error.error_len().is_none() && head.len() as u64 == HEAD_BYTES,
            };
            if is_text && !head.contains(&0) { Ok(()) } else { Err(no_text()) }
        },
    )?;
    String::from_utf8(bytes).map_err(|_| no_text())
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

    #[test]
    fn text_is_text_to_its_end_and_a_device_without_end_is_none() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let path = folder.path().join("a");
        // The letter's second byte is behind the head.
        for length in [0, 1, HEAD_BYTES as usize - 1, 3 * HEAD_BYTES as usize] {
            let text = format!("{}\u{e9}", "a".repeat(length));
            std::fs::write(&path, &text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(read_text(&path).ok(), Some(text));
        }
        for wrong in [b"a\xc3".to_vec(), b"a\0".to_vec(), [vec![b'a'; 1 << 17], vec![0xff]].concat()] {
            std::fs::write(&path, wrong).unwrap_or_else(|error| panic!("{error}"));
            assert!(read_text(&path).is_err_and(|error| error.to_string() == "it is not text in UTF-8"));
        }
        for device in [Path::new("/dev/zero"), Path::new("/dev/urandom")].into_iter().filter(|path| path.exists()) {
            assert!(read_text(device).is_err(), "{}", device.display());
        }
    }
}
