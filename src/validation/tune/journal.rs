//! The journal of a search: a line of JSON for the search, one a finished trial, one at the end.
//!
//! A line is written in one piece and has reached the disk before the search goes on, so after a crash at most the last line is
//! torn; it is dropped when the search is resumed.

use super::trial::Trial;
use crate::error::{Error, Result};
use crate::writing::{self, Locking};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The version of the journal's form.
const FORM: u32 = 1;

/// What a search is: the journal's first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the journal's form.
    #[serde(rename = "gboost_tune")]
    form: u32,
    /// What decides the outcome of the trials: data, parameters, ranges, objective, strategy, seed.
    search: Map<String, Value>,
}

impl Header {
    /// The first line of a search of this kind.
    #[must_use]
    pub fn new(search: Map<String, Value>) -> Self {
        Self { form: FORM, search }
    }

    /// A property of the search.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        self.search.get(name).unwrap_or(&Value::Null)
    }

    /// Refuses to go on with a search of another kind.
    fn check_same(&self, other: &Self) -> Result<()> {
        let names = self.search.keys().chain(other.search.keys());
        match names.into_iter().find(|name| self.get(name) != other.get(name)) {
            None => Ok(()),
            Some(name) => {
                let (name, before, now) = difference(name, self.get(name), other.get(name));
                Err(Error::parameter(format!("the journal is of another search: {name} was {before}, and is {now}"))
                    .remedy("give what was given then, or another --journal; --warm-start takes up what another search found"))
            }
        }
    }
}

/// The innermost name at which two values differ.
fn difference(name: &str, a: &Value, b: &Value) -> (String, Value, Value) {
    if let (Value::Object(a), Value::Object(b)) = (a, b) {
        let missing = Value::Null;
        for inner in a.keys().chain(b.keys()) {
            let (x, y) = (a.get(inner).unwrap_or(&missing), b.get(inner).unwrap_or(&missing));
            if x != y {
                return difference(inner, x, y);
            }
        }
    }
    (name.to_string(), a.clone(), b.clone())
}

/// The journal's last line when a search has ended by itself.
#[derive(Serialize, Deserialize)]
struct End {
    ended: String,
}

/// What a journal holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Entries {
    /// The search.
    pub header: Header,
    /// The lines of trials in the order in which they ended; one that was continued has a line for each part.
    pub trials: Vec<Trial>,
    /// Whether the search ended by itself.
    pub ended: bool,
    /// Bytes of whole lines.
    length: u64,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

const REMEDY: &str = "choose a place that you may write to with --journal";

impl Journal {
    /// Starts a journal. An older one is replaced, unless its search did not end and has trials to go on from.
    ///
    /// # Errors
    /// If there is one to go on from, if another search is writing it, or if the file cannot be written.
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        if let Some(entries) = read(path)?
            && !entries.ended
            && !entries.trials.is_empty()
        {
            let trials = entries.trials.len();
            let lines = if trials == 1 { "trial" } else { "trials" };
            return Err(Error::parameter(format!(
                "a search that did not end left a journal of {trials} finished {lines}"
            ))
            .remedy("give --resume to go on with it, or remove the file to start anew")
            .at_path(path));
        }
        let refuse = |source: &io::Error| Error::io("write the journal", path, source).remedy(REMEDY);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| refuse(&source))?;
        }
        // Its content stays until it is known to be nobody's.
        let open = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = open.map_err(|source| refuse(&source))?;
        lock(&file, path)?;
        if !writing::is_special(path) {
            file.set_len(0).map_err(|source| refuse(&source))?;
        }
        let mut journal = Self { file, path: path.to_path_buf() };
        journal.line(header)?;
        Ok(journal)
    }

    /// Opens the journal of the same search to go on with it, and tells its trials; starts one if there is none.
    ///
    /// # Errors
    /// If the journal is of another search, is being written by one, is damaged elsewhere than at its end, or cannot be
    /// read and written.
    pub fn resume(path: &Path, header: &Header) -> Result<(Self, Vec<Trial>)> {
        let length = std::fs::metadata(path).ok().map(|data| data.len());
        let Some(entries) = read(path)? else { return Ok((Self::create(path, header)?, Vec::new())) };
        entries.header.check_same(header).map_err(|error| error.at_path(path))?;
        let refuse = |source: io::Error| Error::io("write the journal", path, &source).remedy(REMEDY);
        let mut file = OpenOptions::new().write(true).open(path).map_err(refuse)?;
        lock(&file, path)?;
        // Until it was locked another search could have added to what was read.
        if file.metadata().ok().map(|data| data.len()) != length {
            return Err(held(path));
        }
        file.set_len(entries.length).map_err(refuse)?;
        file.seek(SeekFrom::End(0)).map_err(refuse)?;
        Ok((Self { file, path: path.to_path_buf() }, entries.trials))
    }

    /// Adds a finished trial.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, trial: &Trial) -> Result<()> {
        self.line(trial)
    }

    /// Marks the end of the search.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn end(&mut self, reason: &str) -> Result<()> {
        self.line(&End { ended: reason.to_string() })
    }

    fn line(&mut self, content: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(content).unwrap_or_default();
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        written.map_err(|source| Error::io("write the journal", &self.path, &source).remedy(REMEDY))
    }
}

/// Locks a journal for this search, until it is closed or the process ends.
fn lock(file: &File, path: &Path) -> Result<()> {
    match writing::lock(file) {
        // Where a file system has no locks the program warns; a library has nobody to tell.
        Locking::Done | Locking::Unavailable(_) => Ok(()),
        Locking::Held => Err(held(path)),
    }
}

fn held(path: &Path) -> Error {
    Error::parameter("another search is writing this journal")
        .remedy("wait until it has ended, or give another journal")
        .at_path(path)
}

/// Reads a journal; `None` if there is none, or not even a whole first line.
///
/// # Errors
/// If the file cannot be read, is no journal, or is damaged elsewhere than at its end.
pub fn read(path: &Path) -> Result<Option<Entries>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read the journal", path, &error).remedy("give a journal of gboost tune")),
    };
    // What follows the last line end was torn by a crash.
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let mut lines = bytes[..whole].split_inclusive(|&byte| byte == b'\n');
    let Some(first) = lines.next() else {
        return match bytes.is_empty() || bytes.starts_with(b"{\"gboost_tune") {
            true => Ok(None),
            false => Err(no_journal(path)),
        };
    };
    let header: Header = serde_json::from_slice(first).map_err(|_| no_journal(path))?;
    if header.form != FORM {
        return Err(Error::data(format!("a journal of form {}, not {FORM}", header.form))
            .remedy("read it with the gboost that wrote it")
            .at_path(path));
    }
    let mut entries = Entries { header, trials: Vec::new(), ended: false, length: whole as u64 };
    for (index, line) in lines.enumerate() {
        entries.ended = serde_json::from_slice::<End>(line).is_ok();
        if entries.ended {
            continue;
        }
        let trial = serde_json::from_slice(line).map_err(|error| {
            Error::data(format!("no line of a journal: {error}"))
                .remedy("remove the line: its trial will be run again")
                .at_path(path)
                .at_line(index as u64 + 2)
        })?;
        entries.trials.push(trial);
    }
    Ok(Some(entries))
}

fn no_journal(path: &Path) -> Error {
    Error::data("the file is no journal of gboost tune").remedy("give another name with --journal").at_path(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_journal_that_is_written_by_a_search_is_refused_to_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tune.jsonl");
        let header = Header::new(Map::new());
        let journal = Journal::create(&path, &header).unwrap();
        let before = std::fs::read(&path).unwrap();
        let errors = [Journal::create(&path, &header).err(), Journal::resume(&path, &header).err()];
        for error in errors {
            assert_eq!(error.unwrap().message(), "another search is writing this journal");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
        drop(journal);
        assert!(Journal::resume(&path, &header).is_ok());
    }
}
