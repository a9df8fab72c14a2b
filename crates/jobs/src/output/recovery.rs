//! What killed runs left in a folder: sets that took only some of their names, and hidden files.

use super::record::{COMMIT, DONE, Record, gone};
use super::{lock, place};
use crate::observer::Observer;
use gboost::internals::io::writing;
use gboost::internals::io::writing::Locking;
use gboost::{Error, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a command waits for another one that is just renaming its files.
const PUBLISH_TIME: Duration = Duration::from_secs(10);
const POLL_TIME: Duration = Duration::from_millis(10);

/// Folders that are tidied for one at most: a run writes to a few.
const MOST_FOLDERS: usize = 16;

/// Tidies a folder before files in it are read or written, and those that killed runs wrote to
/// together with it. Returns what there is to say.
pub fn tidy(folder: &Path, observer: &mut dyn Observer) -> Result<Vec<String>> {
    let mut left = Vec::new();
    let mut notes = tidy_one(folder, &mut left, observer)?;
    let mut seen = vec![place::id(folder)];
    while let Some(other) = left.pop() {
        let id = place::id(&other);
        if seen.len() < MOST_FOLDERS && !seen.contains(&id) {
            seen.push(id);
            // Nothing there was asked for: what cannot be mended is reported to the run that asks.
            notes.extend(tidy_one(&other, &mut left, observer).unwrap_or_default());
        }
    }
    Ok(notes)
}

/// Undoes or completes sets that were begun, and removes files that no process uses any more. Adds
/// the folders that those who left them wrote to.
fn tidy_one(folder: &Path, left: &mut Vec<PathBuf>, observer: &mut dyn Observer) -> Result<Vec<String>> {
    // A folder that cannot be listed is reported by those who read it.
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut hidden: Vec<(PathBuf, String)> = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(writing::PREFIX) {
            hidden.push((entry.path(), name));
        }
    }
    let mut notes = Vec::new();
    for (path, name) in &hidden {
        if name.ends_with(COMMIT) || name.ends_with(DONE) {
            notes.extend(settle(folder, path, observer)?);
        }
    }
    for (path, name) in &hidden {
        if name.ends_with(writing::DRAFT) || name.ends_with(lock::LOCK) {
            left.extend(lock::remove_unused(path));
        }
    }
    Ok(notes)
}

/// A record as it lies in a folder, locked by this process.
struct Owned {
    record: Record,
    file: File,
}

/// What became of an attempt to own a record.
enum Attempt {
    Owned(Owned),
    /// A living process owns the record, or may own it where there are no locks.
    Busy,
    /// The record was removed meanwhile.
    Gone,
    /// It is none of ours: why.
    Foreign(String),
}

/// Tries to own the record of a path. Where there are no locks, only if `may_take`.
fn own(path: &Path, may_take: bool) -> Attempt {
    let file = match lock::open_hidden(path, File::options().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Attempt::Gone,
        Err(error) => return Attempt::Foreign(error.to_string()),
    };
    match writing::lock(&file) {
        Locking::Held => return Attempt::Busy,
        Locking::Unavailable(_) if !may_take => return Attempt::Busy,
        Locking::Done | Locking::Unavailable(_) => {}
    }
    if !writing::leads_to(path, &file) {
        return Attempt::Gone;
    }
    match Record::read(&file) {
        Ok(record) => Attempt::Owned(Owned { record, file }),
        Err(why) => Attempt::Foreign(why),
    }
}

/// Settles what the record in `path` is about, when its owner is gone.
fn settle(folder: &Path, path: &Path, observer: &mut dyn Observer) -> Result<Option<String>> {
    let begun = Instant::now();
    loop {
        observer.check()?;
        let late = begun.elapsed() > PUBLISH_TIME;
        match own(path, late) {
            Attempt::Gone => return Ok(None),
            Attempt::Foreign(why) => {
                return Ok(Some(format!("warning: {}: left alone, no record of gboost: {why}", path.display())));
            }
            Attempt::Owned(owned) => {
                let Some(main) = owned.record.main.as_ref().map(|main| folder.join(main.as_path())) else {
                    return settle_main(folder, path, &owned);
                };
                let deciding = owned.record.path(&main, COMMIT);
                match own(&deciding, late) {
                    Attempt::Busy => {}
                    Attempt::Owned(decides) if owned.record.belongs_to(&decides.record, folder, &main) => {
                        // It reads this record as well, which a lock may bar (Windows).
                        drop(owned);
                        return settle_main(&main, &deciding, &decides);
                    }
                    // The set was not begun, or has all its names.
                    _ => return settle_part(folder, path, &owned),
                }
            }
            Attempt::Busy => {}
        }
        if late {
            return Err(Error::parameter("another gboost is just writing files here")
                .remedy("wait until that has ended")
                .at_path(folder));
        }
        std::thread::sleep(POLL_TIME);
    }
}

/// Settles a set by the record that decides.
fn settle_main(folder: &Path, path: &Path, owned: &Owned) -> Result<Option<String>> {
    let Owned { record, file } = owned;
    let is_done = path.to_string_lossy().ends_with(DONE);
    let settle = |folder: &Path, record: &Record, file: &File| match is_done {
        true => record.finish(folder),
        false => record.undo(folder, &file.metadata()?),
    };
    let failed = |folder: &Path, source: io::Error| {
        Error::io("bring back the files from before a run that was killed", folder, source)
            .remedy("run a gboost command on them as who may write there, such as gboost verify; until then they are of two runs")
    };
    for other in &record.others {
        let other = folder.join(other.as_path());
        let path = record.path(&other, COMMIT);
        // Not by its lock: this one decides for both.
        let Ok(found) = lock::open_hidden(&path, File::options().read(true)) else { continue };
        let Ok(part) = Record::read(&found) else { continue };
        if part.belongs_to(record, &other, folder) {
            let settled = settle(&other, &part, &found).and_then(|()| gone(fs::remove_file(&path)));
            // What a finished set left does no harm where it cannot be removed.
            if let Err(source) = settled
                && !is_done
            {
                return Err(failed(&other, source));
            }
        }
    }
    match settle(folder, record, file).and_then(|()| gone(fs::remove_file(path))) {
        Err(_) if is_done => Ok(None),
        Err(source) => Err(failed(folder, source)),
        Ok(()) if is_done => Ok(None),
        Ok(()) => {
            let names: Vec<String> =
                record.files.iter().map(|entry| entry.name.as_path().display().to_string()).collect();
            Ok(Some(format!(
                "{}: a run was killed while it wrote {}: they are as before it",
                folder.display(),
                names.join(", ")
            )))
        }
    }
}

/// Settles the files of one folder when the record that decides is gone: the set has all its names,
/// unless a file is still in the making.
fn settle_part(folder: &Path, path: &Path, owned: &Owned) -> Result<Option<String>> {
    let Owned { record, file } = owned;
    let is_done = !record.has_drafts(folder);
    let settled = match is_done {
        true => record.finish(folder),
        false => file.metadata().and_then(|owner| record.undo(folder, &owner)),
    };
    match settled.and_then(|()| gone(fs::remove_file(path))) {
        Ok(()) => Ok(None),
        // What a finished set left does no harm where it cannot be removed.
        Err(_) if is_done => Ok(None),
        Err(source) => Err(Error::io("tidy up after a run that was killed", folder, source)
            .remedy("remove the hidden files of gboost there, or let who may write there run gboost verify")),
    }
}
