//! Files out: written beside their place under another name, then renamed, so that a name never stands for half a file.

use gboost::{Error, Result};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

const REMEDY: &str = "choose a place that you may write to";

/// The folder that a file is in, as a path that can be opened.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The title of a page about a file, such as `model.json explained`.
pub fn title(path: &Path, what: &str) -> String {
    format!("{} {what}", path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

/// Checks that `path` can be written: it is no folder, and the folder it is in, or would be made in, takes files.
/// Nothing stays behind.
pub fn check(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::io("write", path, &io::Error::other("it is a folder")).remedy("give the name of a file"));
    }
    if is_special(path) {
        return Ok(());
    }
    check_folder(folder_of(path))
}

/// Checks that files can be made in `folder`, or in the nearest folder above it that exists.
pub fn check_folder(folder: &Path) -> Result<()> {
    let mut existing = folder;
    while fs::symlink_metadata(existing).is_err() {
        existing = folder_of_folder(existing);
    }
    let refuse = |source: io::Error| Error::io("write to the folder", existing, &source).remedy(REMEDY);
    if !existing.is_dir() {
        return Err(refuse(io::Error::other("it is not a folder")));
    }
    Builder::new().prefix(".gboost-").tempfile_in(existing).map(drop).map_err(refuse)
}

/// The folder above, `.` at the end.
fn folder_of_folder(folder: &Path) -> &Path {
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether the path is a device or a pipe, such as /dev/null: written to as it is, since a rename would replace it.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir())
}

/// A file in the making; dropped, it leaves nothing.
pub enum Draft {
    /// A temporary file and the name it will take.
    File(NamedTempFile, PathBuf),
    /// A device or a pipe.
    Special(File, PathBuf),
}

impl Draft {
    /// Starts a file that will be called `path`; folders that lack are made.
    pub fn new(path: &Path) -> Result<Self> {
        let refuse = |source: io::Error| Error::io("write", path, &source).remedy(REMEDY);
        if is_special(path) {
            return Ok(Self::Special(File::options().write(true).open(path).map_err(refuse)?, path.to_path_buf()));
        }
        // A rename would replace a link, not what it points to.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = folder_of(&target);
        fs::create_dir_all(folder).map_err(refuse)?;
        let mut builder = Builder::new();
        builder.prefix(".gboost-").suffix(".tmp");
        #[cfg(unix)]
        {
            // Temporary files are private by default; these get the permissions of any new file (the umask applies).
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        Ok(Self::File(builder.tempfile_in(folder).map_err(refuse)?, target))
    }

    /// A file with this content.
    pub fn with(path: &Path, bytes: &[u8]) -> Result<Self> {
        let mut draft = Self::new(path)?;
        draft.write_all(bytes).map_err(|source| draft.error(&source))?;
        Ok(draft)
    }

    /// The error of a failed write to it.
    pub fn error(&self, source: &io::Error) -> Error {
        let (Self::File(_, path) | Self::Special(_, path)) = self;
        Error::io("write", path, source).remedy(REMEDY)
    }

    /// Gives the file its name, after its content has reached the disk.
    pub fn publish(self) -> Result<()> {
        match self {
            Self::Special(..) => Ok(()),
            Self::File(file, path) => {
                let refuse = |source: &io::Error| Error::io("write", &path, source).remedy(REMEDY);
                file.as_file().sync_all().map_err(|source| refuse(&source))?;
                file.persist(&path).map_err(|failed| refuse(&failed.error))?;
                Ok(())
            }
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file, _) => file.write(bytes),
            Self::Special(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file, _) => file.flush(),
            Self::Special(file, _) => file.flush(),
        }
    }
}
