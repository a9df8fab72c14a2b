//! A set of outputs takes its names as a whole, or not at all.
//!
//! 1. All drafts are brought to the disk.
//! 2. Each folder gets a record (see [`super::record`]), the one that decides last.
//! 3. The old files are kept under hidden names, the drafts take theirs, the folders are brought
//!    to the disk.
//! 4. The deciding record is renamed from `.commit` to `.done`: from here on the set is the new
//!    one.
//! 5. Records and old files are removed.
//!
//! An error before 4 is undone here, a kill by the next command (see [`super::recovery`]).

use super::folder_of;
use super::record::{COMMIT, DONE, Entry, Name, OLD, Record, gone, written};
use gboost::internals::io::writing;
use gboost::internals::io::writing::Draft;
use gboost_report::manifest::relative;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// An error about one of the files.
pub struct Failure {
    /// Path of the output or folder at which the work failed.
    pub path: PathBuf,
    /// Error of the file system.
    pub source: io::Error,
    /// Whether the old files could not be brought back.
    pub stuck: bool,
}

/// Gives all drafts their names, or none.
pub fn publish(drafts: Vec<Draft>) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Failure { path, source, stuck: false }
    };
    drafts.iter().try_for_each(|draft| draft.seal().map_err(failed(draft.target())))?;
    let mut drafts = drafts;
    let is_one_new = drafts.len() == 1 && drafts.iter().all(|draft| !draft.target().exists());
    if !is_one_new {
        return Set::new(&drafts)?.publish(drafts);
    }
    // A rename alone is whole, and easily taken back.
    let Some(draft) = drafts.pop() else { return Ok(()) };
    let target = draft.target().to_path_buf();
    draft.rename().map_err(failed(&target))?;
    writing::sync_folder(folder_of(&target)).map_err(|source| {
        let stuck = fs::remove_file(&target).is_err();
        Failure { path: target, source, stuck }
    })
}

/// The files of a set in one folder.
struct Part {
    folder: PathBuf,
    record: Record,
    /// The record's file, open and locked.
    file: Option<File>,
}

/// A set that takes its names. The first part's record decides.
struct Set {
    parts: Vec<Part>,
}

impl Set {
    /// The set of sealed drafts.
    fn new(drafts: &[Draft]) -> Result<Self, Failure> {
        let id = format!("{:016x}", RandomState::new().build_hasher().finish());
        let mut parts: Vec<Part> = Vec::new();
        // The last draft is the main result, whose folder decides.
        for (index, draft) in drafts.iter().enumerate().rev() {
            let failed = |source| Failure { path: draft.target().to_path_buf(), source, stuck: false };
            // One folder may be reached in several ways.
            let folder = fs::canonicalize(folder_of(draft.target())).map_err(failed)?;
            let data = fs::metadata(draft.hidden()).map_err(failed)?;
            let old = format!("{}{id}-{index}{OLD}", writing::PREFIX);
            let entry = Entry {
                name: Name::new(draft.target().file_name().unwrap_or_default()),
                draft: Name::new(draft.hidden().file_name().unwrap_or_default()),
                old: draft.target().exists().then_some(Name::Text(old)),
                length: data.len(),
                written: written(&data),
            };
            match parts.iter_mut().find(|part| part.folder == folder) {
                Some(part) => part.record.files.push(entry),
                None => {
                    let record = Record { files: vec![entry], ..Record::new(&id) };
                    parts.push(Part { folder, record, file: None });
                }
            }
        }
        if let Some((main, others)) = parts.split_first_mut() {
            for other in others {
                main.record.others.push(way(&other.folder, &main.folder));
                other.record.main = Some(way(&main.folder, &other.folder));
            }
        }
        Ok(Self { parts })
    }

    fn publish(mut self, drafts: Vec<Draft>) -> Result<(), Failure> {
        match self.take_names(drafts) {
            Ok(()) => {
                self.tidy();
                Ok(())
            }
            Err((path, source)) => {
                let stuck = self.undo().is_err();
                Err(Failure { path, source, stuck })
            }
        }
    }

    /// Performs steps 2 to 4: writes records, renames drafts, and commits.
    fn take_names(&mut self, drafts: Vec<Draft>) -> Result<(), (PathBuf, io::Error)> {
        for part in self.parts.iter_mut().rev() {
            part.write_record().map_err(|source| (part.folder.clone(), source))?;
        }
        for Part { folder, record, .. } in &self.parts {
            for entry in &record.files {
                let path = folder.join(entry.name.as_path());
                if let Some(old) = &entry.old {
                    keep(&path, &folder.join(old.as_path())).map_err(|source| (path, source))?;
                }
            }
            writing::sync_folder(folder).map_err(|source| (folder.clone(), source))?;
        }
        for draft in drafts {
            let path = draft.target().to_path_buf();
            draft.rename().map_err(|source| (path, source))?;
        }
        for Part { folder, .. } in &self.parts {
            writing::sync_folder(folder).map_err(|source| (folder.clone(), source))?;
        }
        let Some(Part { folder, record, .. }) = self.parts.first() else { return Ok(()) };
        let (commit, done) = (record.path(folder, COMMIT), record.path(folder, DONE));
        fs::rename(&commit, &done).map_err(|source| (folder.clone(), source))?;
        match writing::sync_folder(folder) {
            // The decision is taken back, unless not even that can be done.
            Err(source) if fs::rename(&done, &commit).is_ok() => Err((folder.clone(), source)),
            _ => Ok(()),
        }
    }

    /// Step 5. What fails here is left to the next command: the set stands.
    fn tidy(&mut self) {
        for Part { folder, record, .. } in self.parts.iter().rev() {
            if record.finish(folder).is_ok() {
                let end = if record.main.is_none() { DONE } else { COMMIT };
                let _ = fs::remove_file(record.path(folder, end));
            }
        }
    }

    /// Brings the old files back, the part that decides last.
    fn undo(&mut self) -> io::Result<()> {
        for Part { folder, record, file } in self.parts.iter().rev() {
            let Some(file) = file else { continue };
            record.undo(folder, &file.metadata()?)?;
            gone(fs::remove_file(record.path(folder, COMMIT)))?;
        }
        Ok(())
    }
}

impl Part {
    /// Writes the folder's record, which from then on is locked.
    fn write_record(&mut self) -> io::Result<()> {
        let path = self.record.path(&self.folder, COMMIT);
        let mut draft = Draft::new(&path)?;
        draft.write_all(&serde_json::to_vec(&self.record).unwrap_or_default())?;
        draft.seal()?;
        self.file = Some(draft.rename()?);
        writing::sync_folder(&self.folder)
    }
}

/// The way from one folder to another, so that both can be moved together; absolute where it is no
/// text.
fn way(to: &Path, from: &Path) -> Name {
    let text = relative(to, from);
    if text.contains(char::REPLACEMENT_CHARACTER) { Name::new(to.as_os_str()) } else { Name::Text(text) }
}

/// Keeps a file under another name: as a further name of it, or, where there are no such links, by
/// renaming it.
fn keep(path: &Path, old: &Path) -> io::Result<()> {
    match fs::hard_link(path, old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => fs::rename(path, old),
        linked => linked,
    }
}
