//! Files that appear whole: written beside their place under a hidden name, brought to the disk,
//! then renamed.
//!
//! A hidden file of ours is called `.gboost-….tmp` and is locked by the process that writes it, so
//! that one without a lock is known to be left over and may be removed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempPath};

/// How the names of our hidden files begin.
pub const PREFIX: &str = ".gboost-";

/// How the name of a file in the making ends.
pub const DRAFT: &str = ".tmp";

/// Links that are followed from one to the next at most, as in Linux.
const MOST_LINKS: usize = 40;

/// The folder that a file is in, as a path that can be opened.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns the place that a path leads to: symbolic links at its end are followed, also one to a
/// file that is not there yet. Renaming onto this place leaves the links as they are.
#[must_use]
pub fn resolve(path: &Path) -> PathBuf {
    let mut place = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&place) {
            Ok(target) => place = folder_of(&place).join(target),
            Err(_) => break,
        }
    }
    place
}

/// Returns whether the path is no file that a rename could replace: a device or a pipe, such as
/// `/dev/null`, or a file that is open but has no name any more.
#[must_use]
pub fn is_special(path: &Path) -> bool {
    let Ok(data) = fs::metadata(path) else { return false };
    !data.is_dir() && (!data.is_file() || !fs::metadata(resolve(path)).is_ok_and(|found| is_same(&data, &found)))
}

/// Returns whether both are one file; without inodes (not Unix) `true`.
fn is_same(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (a.dev(), a.ino()) == (b.dev(), b.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = (a, b);
        true
    }
}

/// Returns whether `path` still leads to the open `file`: neither removed nor replaced meanwhile.
#[must_use]
pub fn leads_to(path: &Path, file: &File) -> bool {
    let found = fs::symlink_metadata(path).and_then(|at| Ok((at, file.metadata()?)));
    found.is_ok_and(|(at, open)| is_same(&at, &open))
}

/// What came of an attempt to lock a file.
#[derive(Debug)]
pub enum Locking {
    /// Locked, until the file is closed.
    Done,
    /// Another process, or another handle of this one, holds the lock.
    Held,
    /// The file system has no locks.
    Unavailable(io::Error),
}

/// Tries to lock a file for this process alone. The operating system ends the lock with the
/// process, however that ends.
#[must_use]
pub fn lock(file: &File) -> Locking {
    match file.try_lock() {
        Ok(()) => Locking::Done,
        Err(TryLockError::WouldBlock) => Locking::Held,
        Err(TryLockError::Error(error)) => Locking::Unavailable(error),
    }
}

/// Brings the names in a folder to the disk, after files in it were made, renamed or removed.
///
/// # Errors
/// If the disk fails. A file system that cannot do this for folders is no error.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        match File::open(folder)?.sync_all() {
            Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}

/// A file in the making: a hidden file beside the place that it will take. Dropped, it leaves
/// nothing.
#[derive(Debug)]
pub struct Draft {
    file: File,
    hidden: TempPath,
    target: PathBuf,
}

impl Draft {
    /// Starts a file that will be called `path`, or what `path` links to.
    ///
    /// # Errors
    /// If no file can be made in that folder.
    pub fn new(path: &Path) -> io::Result<Self> {
        let target = resolve(path);
        loop {
            // Not private, as temporary files are by default: the umask applies as to any new file.
            let open = |path: &Path| File::options().read(true).write(true).create_new(true).open(path);
            let made = Builder::new().prefix(PREFIX).suffix(DRAFT).make_in(folder_of(&target), open)?;
            let (file, hidden) = made.into_parts();
            // Another process that tidies up may have taken it for a leftover before it was locked.
            if !matches!(lock(&file), Locking::Held) && leads_to(&hidden, &file) {
                return Ok(Self { file, hidden, target });
            }
        }
    }

    /// The place that it will take.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Returns the path of the hidden file, which holds the content until it is renamed.
    #[must_use]
    pub fn hidden(&self) -> &Path {
        &self.hidden
    }

    /// Brings the content to the disk, and gives it the mode of the file that it will replace.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn seal(&self) -> io::Result<()> {
        if let Ok(old) = fs::metadata(&self.target) {
            self.file.set_permissions(old.permissions())?;
        }
        self.file.sync_all()
    }

    /// Gives a sealed file its name. An existing file of that name is replaced. Returns the open
    /// file, which is locked until it is closed.
    ///
    /// # Errors
    /// If the file system refuses; then the draft is gone and the file of that name as it was.
    pub fn rename(self) -> io::Result<File> {
        fs::rename(&self.hidden, &self.target)?;
        // It no longer has the hidden name that would be removed.
        let _ = self.hidden.keep();
        Ok(self.file)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file so that its name never stands for half of it, even after a crash. The mode of an
/// existing file and symbolic links to it stay; a device or a pipe is written to.
///
/// # Errors
/// If the file cannot be written; an existing one is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_special(path) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let mut draft = Draft::new(path)?;
    draft.write_all(bytes)?;
    draft.seal()?;
    let folder = folder_of(draft.target()).to_path_buf();
    draft.rename()?;
    sync_folder(&folder)
}
