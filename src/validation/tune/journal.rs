//! The journal of a search: a line of JSON for the search, one a finished trial, one at the end.
//!
//! A line is written in one piece and has reached the disk before the search goes on, so after a
//! crash at most the last line is torn; it is dropped when the search is resumed.

use super::trial::Trial;
use crate::error::{Error, Result};
use crate::io::files::open_regular;
use crate::io::log::Log;
use crate::io::writing;
use crate::io::writing::Locking;
use crate::io::{Local, Storage as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::{self, BufRead as _, BufReader, Read};
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
                    .remedy("give what was given then, or another {journal}; {warm-start} takes up what another search found"))
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
    /// The lines of trials in the order in which they ended; one that was continued has a line for
    /// each part.
    pub trials: Vec<Trial>,
    /// Whether the search ended by itself.
    pub ended: bool,
    /// Bytes of whole lines.
    length: u64,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    log: Log,
    path: PathBuf,
}

/// How every journal begins.
const HEAD: &[u8] = b"{\"gboost_tune";

const REMEDY: &str = "choose a place that you may write to with {journal}";

impl Journal {
    /// Starts a journal. An older one is replaced, unless its search did not end and has trials to
    /// go on from.
    ///
    /// # Errors
    /// If there is one to go on from, if another search is writing it, or if the file cannot be
    /// written.
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        let length = length(path);
        if let Some(entries) = read(path)?
            && !entries.ended
            && !entries.trials.is_empty()
        {
            let trials = entries.trials.len();
            let lines = if trials == 1 { "trial" } else { "trials" };
            return Err(Error::parameter(format!(
                "a search that did not end left a journal of {trials} finished {lines}"
            ))
            .remedy("give {resume} to go on with it, or remove the file to start anew")
            .at_path(path));
        }
        let refuse = |source: io::Error| Error::io("write the journal", path, source).remedy(REMEDY);
        // Its content stays until it is known to be nobody's.
        let mut log = Log::create(path).map_err(refuse)?;
        // A device or a pipe is nobody's, and has no length.
        if !writing::is_special(path) {
            lock(&log, path, length)?;
            log.cut(0).map_err(refuse)?;
        }
        let mut journal = Self { log, path: path.to_path_buf() };
        journal.line(header)?;
        Ok(journal)
    }

    /// Opens the journal of the same search to go on with it, and tells its trials; starts one if
    /// there is none.
    ///
    /// # Errors
    /// If the journal is of another search, is being written by one, is damaged elsewhere than at
    /// its end, or cannot be read and written.
    pub fn resume(path: &Path, header: &Header) -> Result<(Self, Vec<Trial>)> {
        let length = length(path);
        let Some(entries) = read(path)? else { return Ok((Self::create(path, header)?, Vec::new())) };
        entries.header.check_same(header).map_err(|error| error.at_path(path))?;
        let refuse = |source: io::Error| Error::io("write the journal", path, source).remedy(REMEDY);
        let mut log = Log::open(path).map_err(refuse)?;
        lock(&log, path, length)?;
        log.cut(entries.length).map_err(refuse)?;
        Ok((Self { log, path: path.to_path_buf() }, entries.trials))
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
        self.log.add(&line).map_err(|source| Error::io("write the journal", &self.path, source).remedy(REMEDY))
    }
}

/// Locks a journal, which had so many bytes before it was read, for this search, until it is closed
/// or the process ends.
fn lock(log: &Log, path: &Path, length: u64) -> Result<()> {
    // Where a file system has no locks the program warns; a library has nobody to tell.
    let is_held = matches!(log.lock(), Locking::Held);
    // Until it was locked another search could have added to what was read.
    if is_held || !log.size().is_ok_and(|size| size == length) {
        return Err(Error::parameter("another search is writing this journal")
            .remedy("wait until it has ended, or give another journal")
            .at_path(path));
    }
    Ok(())
}

/// Bytes of a journal; 0 if there is none.
fn length(path: &Path) -> u64 {
    Local.about(&path.into()).map_or(0, |about| about.bytes)
}

/// Reads a journal; `None` if there is none, or not even a whole first line. A device or a pipe
/// holds none.
///
/// # Errors
/// If the file cannot be read, is no journal, or is damaged elsewhere than at its end.
pub fn read(path: &Path) -> Result<Option<Entries>> {
    let refuse = |error: io::Error| Error::io("read the journal", path, error).remedy("give a journal of gboost tune");
    let file = match open_regular(path) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refuse(error)),
    };
    let mut lines = Lines { reader: BufReader::new(file.reader), line: Vec::new(), number: 0, length: 0 };
    let begins_like_one = lines.begins_like_a_journal().map_err(refuse)?;
    if !begins_like_one {
        return Err(no_journal(path));
    }
    if !lines.next().map_err(refuse)? {
        return Ok(None);
    }
    let header: Header = serde_json::from_slice(&lines.line).map_err(|_| no_journal(path))?;
    if header.form != FORM {
        return Err(Error::data(format!("a journal of form {}, not {FORM}", header.form))
            .remedy("read it with the gboost that wrote it")
            .at_path(path));
    }
    let mut entries = Entries { header, trials: Vec::new(), ended: false, length: lines.length };
    while lines.next().map_err(refuse)? {
        entries.length = lines.length;
        entries.ended = serde_json::from_slice::<End>(&lines.line).is_ok();
        if !entries.ended {
            entries.trials.push(lines.trial().map_err(|error| error.at_path(path).at_line(lines.number))?);
        }
    }
    Ok(Some(entries))
}

/// The whole lines of a journal, one after the other.
struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    /// The line that was read last, its end included.
    line: Vec<u8>,
    /// Its number, from 1.
    number: u64,
    /// Bytes of the lines so far.
    length: u64,
}

impl Lines {
    /// Whether the file begins as a journal does, as far as its first line has reached the disk:
    /// after a power cut a file may be as long as it should be, and hold zeros.
    fn begins_like_a_journal(&mut self) -> io::Result<bool> {
        let start = self.reader.fill_buf()?;
        let written = start.split(|&byte| byte == 0).next().unwrap_or_default();
        // Zeros alone are a torn line; zeros before other things are another file.
        let holds_other_things = written.is_empty() && start.iter().any(|&byte| byte != 0);
        let is_journal = written.starts_with(HEAD) || HEAD.starts_with(written);
        Ok(is_journal && !holds_other_things)
    }

    /// Reads the next line; answers whether there was a whole one. What follows the last line end
    /// was torn by a crash, and so was a last line with zeros in it, of which a part has not
    /// reached the disk.
    fn next(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.number += 1;
        let read = self.reader.read_until(b'\n', &mut self.line)?;
        let is_torn = !self.line.ends_with(b"\n") || (self.line.contains(&0) && self.reader.fill_buf()?.is_empty());
        if !is_torn {
            self.length += read as u64;
        }
        Ok(!is_torn)
    }

    /// The trial in the line.
    fn trial(&self) -> Result<Trial> {
        serde_json::from_slice(&self.line).map_err(|error| match serde_json::from_slice::<Header>(&self.line) {
            Ok(_) => Error::data("a second search begins here: two have written this journal")
                .remedy("keep the lines of one of them, from its first line on, or give another {journal}"),
            Err(_) => Error::data(format!("no line of a journal: {error}"))
                .remedy("remove the line: its trial will be run again"),
        })
    }
}

fn no_journal(path: &Path) -> Error {
    Error::data("the file is no journal of gboost tune").remedy("give another name with {journal}").at_path(path)
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

    fn entries(bytes: &[u8]) -> Result<Option<Entries>> {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let path = folder.path().join("j");
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{error}"));
        read(&path)
    }

    const HEADER: &str = "{\"gboost_tune\":1,\"search\":{\"seed\":0,\"name\":\"é\"}}\n";

    #[test]
    fn a_journal_torn_within_its_first_line_holds_nothing() {
        for length in 0..HEADER.len() {
            let torn = &HEADER.as_bytes()[..length];
            assert_eq!(entries(torn).ok(), Some(None), "{length}");
            // As long as it should be, and the rest has not reached the disk.
            let zeros = [torn, &vec![0; HEADER.len() - length]].concat();
            assert_eq!(entries(&zeros).ok(), Some(None), "{length} and zeros");
        }
        assert_eq!(entries(&[0; 5000]).ok(), Some(None));
        let whole = entries(HEADER.as_bytes()).ok().flatten();
        assert_eq!(whole.map(|entries| (entries.trials.len(), entries.length)), Some((0, HEADER.len() as u64)));
    }

    #[test]
    fn a_torn_last_line_is_left_out() {
        for tail in ["{\"number\":1,\"err", "é", "\0\0\0", "\0\0\0}\n", "{\"nu\0\0\0\0}\n"] {
            for tail in [tail.as_bytes(), &tail.as_bytes()[..1]] {
                let found = entries(&[HEADER.as_bytes(), tail].concat()).ok().flatten();
                assert_eq!(found.map(|entries| entries.length), Some(HEADER.len() as u64), "{tail:?}");
            }
        }
    }

    #[test]
    fn what_is_no_journal_is_not_taken_for_a_torn_one() {
        for bytes in [b"a,b\n".as_slice(), b"{}", b"[", b"{\"gboost\"", b"\0\0abc", b" ", b"\n"] {
            let error = entries(bytes).err().map(|error| error.message().to_string()).unwrap_or_default();
            assert_eq!(error, "the file is no journal of gboost tune", "{bytes:?}");
        }
    }

    #[test]
    fn damage_before_the_end_is_an_error() {
        for (line, message) in [
            (HEADER, "a second search begins here: two have written this journal"),
            ("\0\0\n", "no line of a journal: "),
            ("{}\n", "no line of a journal: "),
        ] {
            let error = entries(format!("{HEADER}{line}{HEADER}").as_bytes()).err();
            let error = error.map(|error| (error.line(), error.message().to_string())).unwrap_or_default();
            assert_eq!(error.0, Some(2), "{line:?}");
            assert!(error.1.starts_with(message), "{line:?}: {}", error.1);
        }
    }
}
