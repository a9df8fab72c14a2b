//! The commit record: how far a set of outputs got, so that the next command can undo what a killed
//! one began.
//!
//! ```text
//! .gboost-ID.commit    the set is being renamed: who finds it without an owner undoes it
//! .gboost-ID.done      all names are taken: what is left of the old files is removed
//! .gboost-ID-N.old     an old file, kept until then
//! ```
//!
//! Each folder of a set has a record of its own files alone, so that a record can name no file
//! elsewhere. The record of the first folder decides for all: while it says `.commit` the set is
//! the old one, once it is gone or `.done` the new one. Its owner holds a lock on each record.

use super::place;
use gboost::internals::io::writing;
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

/// How the names of records end.
pub const COMMIT: &str = ".commit";
pub const DONE: &str = ".done";

/// How the names of old files end.
pub const OLD: &str = ".old";

/// The version of the form.
const FORM: u32 = 1;

/// Bytes of a record at most; a set has a dozen files.
const MOST_BYTES: u64 = 1 << 20;

/// A name in a folder, or a path from one folder to another; as text where it is text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Name {
    Text(String),
    Raw(OsString),
}

impl Name {
    pub fn new(name: &OsStr) -> Self {
        name.to_str().map_or_else(|| Self::Raw(name.to_os_string()), |text| Self::Text(text.to_string()))
    }

    pub fn as_path(&self) -> &Path {
        match self {
            Self::Text(text) => Path::new(text),
            Self::Raw(raw) => Path::new(raw),
        }
    }

    /// Whether it is a name in the folder, and no way out of it.
    fn is_plain(&self) -> bool {
        let mut parts = self.as_path().components();
        matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
    }

    fn is_ours(&self, middle: &str, end: &str) -> bool {
        let text = self.as_path().to_string_lossy();
        self.is_plain() && text.starts_with(&format!("{}{middle}", writing::PREFIX)) && text.ends_with(end)
    }
}

/// One file of a set: its name, its draft, and the old file that it replaces.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Final name of the file, within the record's folder.
    pub name: Name,
    /// What it is called until it is renamed.
    pub draft: Name,
    /// What the old file is called meanwhile, where there is one.
    pub old: Option<Name>,
    /// What the new file is known by: its length, and when its content was written (seconds and
    /// nanoseconds).
    pub length: u64,
    pub written: (u64, u32),
}

/// What a folder's record holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The version of the form.
    pub gboost_commit: u32,
    /// The set's name, which all its hidden files have.
    pub set: String,
    /// The folder whose record decides, from this one; none if this is it.
    pub main: Option<Name>,
    /// The other folders, in the record that decides.
    pub others: Vec<Name>,
    /// The files in this folder.
    pub files: Vec<Entry>,
}

impl Record {
    pub fn new(set: &str) -> Self {
        Self { gboost_commit: FORM, set: set.to_string(), main: None, others: Vec::new(), files: Vec::new() }
    }

    /// The record's file in a folder.
    pub fn path(&self, folder: &Path, end: &str) -> PathBuf {
        folder.join(format!("{}{}{end}", writing::PREFIX, self.set))
    }

    /// Reads an open record; the error is the reason why it is not one of gboost's.
    pub fn read(file: &File) -> Result<Self, String> {
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let record: Self = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let is_id = !record.set.is_empty() && record.set.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let of_set = format!("{}-", record.set);
        let is_safe = |entry: &Entry| {
            entry.name.is_plain()
                && !entry.name.is_ours("", "")
                && entry.draft.is_ours("", writing::DRAFT)
                && entry.old.as_ref().is_none_or(|old| old.is_ours(&of_set, OLD))
        };
        match record.gboost_commit == FORM && is_id && record.files.iter().all(is_safe) {
            true => Ok(record),
            false => Err("it names files that no set has".to_string()),
        }
    }

    /// Whether a file is still in the making: the set did not take all its names.
    pub fn has_drafts(&self, folder: &Path) -> bool {
        self.files.iter().any(|entry| fs::symlink_metadata(folder.join(entry.draft.as_path())).is_ok())
    }

    /// Brings the old files of the folder back. May be repeated after it was interrupted.
    pub fn undo(&self, folder: &Path, owner: &Metadata) -> io::Result<()> {
        for entry in &self.files {
            let at = |name: &Name| folder.join(name.as_path());
            let (path, draft) = (at(&entry.name), at(&entry.draft));
            let found = fs::symlink_metadata(&path).ok();
            let is_new = found.as_ref().is_some_and(|found| entry.is_new(found, owner));
            match entry.old.as_ref().map(at).filter(|old| fs::symlink_metadata(old).is_ok()) {
                Some(old) if is_new || found.is_none() => fs::rename(old, &path)?,
                // The old file itself still has its name, or somebody put another one there since.
                Some(old) => fs::remove_file(old)?,
                None if is_new && entry.old.is_none() => fs::remove_file(&path)?,
                None => {}
            }
            gone(fs::remove_file(draft))?;
        }
        writing::sync_folder(folder)
    }

    /// Removes what is left of the old files of the folder.
    pub fn finish(&self, folder: &Path) -> io::Result<()> {
        for old in self.files.iter().filter_map(|entry| entry.old.as_ref()) {
            gone(fs::remove_file(folder.join(old.as_path())))?;
        }
        Ok(())
    }

    /// Whether this record, in `folder`, is of the same set as that of `main`, and names it.
    pub fn belongs_to(&self, main: &Self, folder: &Path, main_folder: &Path) -> bool {
        let named = self.main.as_ref().map(|main| folder.join(main.as_path()));
        self.set == main.set && named.and_then(|named| place::id(&named)) == place::id(main_folder)
    }
}

impl Entry {
    /// Whether a file is the new one of the set, put there by who wrote the record.
    fn is_new(&self, found: &Metadata, owner: &Metadata) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            if found.uid() != owner.uid() {
                return false;
            }
        }
        #[cfg(not(unix))]
        let _ = owner;
        found.is_file() && found.len() == self.length && written(found) == self.written
    }
}

/// When a file's content was written.
pub fn written(data: &Metadata) -> (u64, u32) {
    let since = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    (since.as_secs(), since.subsec_nanos())
}

/// What is gone already need not be removed.
pub fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
