//! Paths to files, and a file to chunks of its text: folders, gzip, UTF-8, endings, line numbers.
//!
//! No file is held whole. One thread at a time reads (or unpacks) a chunk of records into a buffer
//! of its own, and parses it while another thread reads on: memory stays at a chunk a thread, for
//! pipes and gzip too. A block read into a buffer that stays in the cache costs no more than a
//! mapped file's page faults (`benches/RESULTS.md`).

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use flate2::read::MultiGzDecoder;

use super::chunks::{BLOCK, Chunk, Chunks, Cut, breaks_before};
use super::hash::{Hash, Hashing};
use super::quotes::{self, Quoted, QuotedFields};
use super::{Copies, Format, kinds, number, sniff};
use crate::error::{Error, Result};
use crate::io::Storage;
use crate::io::location::Location;
use crate::io::storage::Kind;

/// What the ending of a file name says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Csv,
    Tsv,
    Libsvm,
    Txt,
}

impl Ending {
    /// The ending without `.gz`, in any case, or `None` for one that says nothing.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "libsvm" | "svm" => Some(Self::Libsvm),
            "txt" => Some(Self::Txt),
            _ => None,
        }
    }
}

const ENDINGS: &str = ".csv, .tsv, .txt, .libsvm or .svm (or these with .gz)";

/// Returns whether a file of this name is read as data where a folder is given.
#[must_use]
pub fn is_data_name(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !is_hidden && Ending::of(path).is_some()
}

/// The error for a channel without files.
pub(super) fn no_files() -> Error {
    Error::parameter("no file is given for the channel").remedy("name a file or a folder")
}

/// The files that the locations stand for, in order, and notes on what was passed over.
pub(super) fn list(storage: &dyn Storage, places: &[Location]) -> Result<(Vec<Location>, Vec<String>)> {
    let mut files = Vec::new();
    let mut notes = Vec::new();
    for at in places {
        let path = at.path();
        if is_standard_input(path) {
            files.push(at.clone());
            continue;
        }
        let about = storage.about(at).map_err(|error| not_there(path, error))?;
        if about.kind == Kind::Folder {
            let (mut found, passed) = list_folder(storage, at)?;
            let passed = passed.join(", ");
            if found.is_empty() {
                let but = if passed.is_empty() { String::new() } else { format!(", only {passed}") };
                return Err(Error::data(format!("the folder has no data files{but}"))
                    .at_path(path)
                    .remedy(format!("put files into it that end in {ENDINGS}, or name the files themselves")));
            }
            if !passed.is_empty() {
                notes.push(format!("{}: passed over {passed}", path.display()));
            }
            files.append(&mut found);
        } else {
            files.push(at.clone());
        }
    }
    if files.is_empty() { Err(no_files()) } else { Ok((files, notes)) }
}

/// The path that stands for standard input.
pub(super) fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// Why a file cannot be opened, where its path tells.
fn not_there(path: &Path, error: io::Error) -> Error {
    let shown = path.to_string_lossy();
    let refuse = |message: &str, remedy: String| Error::parameter(message).at_path(path).remedy(remedy);
    if let Some((scheme, _)) = shown.split_once(":/").filter(|(scheme, _)| {
        scheme.len() > 1 && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && !scheme.contains(['/', '\\', '.'])
    }) {
        let fetch = match scheme {
            "s3" => "aws s3 cp ADDRESS -",
            "gs" => "gcloud storage cat ADDRESS",
            "file" => return refuse("this is an address, not a path", "leave out `file://`".to_owned()),
            _ => "curl -fsSL ADDRESS",
        };
        return refuse(
            "this is an address in a network, and gboost reads local files alone",
            format!("download the file first, or pipe it in with `{fetch} | gboost ...` and - as the file's name"),
        );
    }
    if error.kind() == io::ErrorKind::NotFound && shown.contains(['*', '?', '[']) {
        return refuse(
            "this is a pattern that the shell has left as it is: it stands in quotes, or no file matches it",
            "give it without quotes, or name the files or their folder".to_owned(),
        );
    }
    Error::io("open", path, error)
}

/// Refuses files that a manifest, which is UTF-8, could not name.
pub(super) fn check_names(files: &[Location]) -> Result<()> {
    match files.iter().map(Location::path).find(|path| path.to_str().is_none()) {
        None => Ok(()),
        Some(path) => Err(Error::parameter("the path is not UTF-8, so that no manifest can name the file")
            .at_path(path)
            .remedy("rename the file or its folder")),
    }
}

/// Standard input, which can be read once in a process.
pub(super) fn standard_input(path: &Path) -> Result<io::Stdin> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        let message = "standard input is asked for twice, and can be read once";
        return Err(Error::parameter(message).at_path(path).remedy("save the data in a file, and give its name"));
    }
    Ok(io::stdin())
}

/// Moves the error about a chunk's bytes, where it has a line in them, to the line that the chunk
/// begins in.
pub(super) fn from_line(error: Error, first_line: u64) -> Error {
    match error.line() {
        Some(line) => error.at_line(line + first_line - 1),
        None => error,
    }
}

/// The data files of a folder sorted by name, and the names of what else is in it, hidden files
/// left out.
fn list_folder(storage: &dyn Storage, folder: &Location) -> Result<(Vec<Location>, Vec<String>)> {
    let failed = |error| Error::io("list the folder", folder.path(), error);
    let mut names = storage.list(folder).map_err(failed)?;
    names.sort();
    let mut files = Vec::new();
    let mut passed = Vec::new();
    for name in names {
        let file = folder.join(&name);
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        // Follows links: the folders of job runners are often made of them.
        let about = storage.about(&file).map_err(|error| Error::io("open", file.path(), error))?;
        if about.kind == Kind::File && Ending::of(file.path()).is_some() {
            files.push(file);
        } else {
            passed.push(format!("`{}`", name.to_string_lossy()));
        }
    }
    Ok((files, passed))
}

/// The file that a text comes from, as messages name it.
pub(super) struct Origin {
    path: PathBuf,
}

impl Origin {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of a chunk that begins in line `first_line` as text.
    pub(super) fn text<'a>(&self, bytes: &'a [u8], first_line: u64) -> Result<&'a str> {
        std::str::from_utf8(bytes).map_err(|error| not_utf8(&self.path, bytes, error.valid_up_to(), first_line))
    }

    #[cfg(test)]
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.into() }
    }

    /// An error about the data in one field, both counted from 1.
    pub(super) fn error(&self, line: u64, column: usize, message: impl Into<String>) -> Error {
        Error::data(message).at_path(&self.path).at_line(line).at_column(column as u64)
    }
}

/// One file.
pub(super) struct Source<'a> {
    origin: Origin,
    ending: Option<Ending>,
    /// Bytes of the whole text, where they are known: not for gzip and pipes.
    length: Option<u64>,
    /// What was found in the first lines.
    beginning: Beginning,
    packed: bool,
    limit: usize,
    /// The sha256 of the stored bytes so far, where it is asked for.
    hash: Option<Hash>,
    chunks: Mutex<Chunks<Box<dyn Read + Send + 'a>>>,
}

impl<'a> Source<'a> {
    /// Opens a file whose records have at most `limit` bytes; with `hashed` its bytes are hashed as
    /// they are read, if they could be read again. A pipe is read from its copy where there is one.
    pub(super) fn open(
        storage: &dyn Storage,
        at: &Location,
        hashed: bool,
        limit: usize,
        copies: &Copies,
    ) -> Result<Source<'static>> {
        let path = at.path();
        if let Some(copy) = copies.open(path) {
            return Source::from_reader(path, copy, None, limit);
        }
        if is_standard_input(path) {
            return Source::from_reader(path, standard_input(path)?, None, limit);
        }
        let file = storage.open(at).map_err(|error| Error::io("open", path, error))?;
        let length = file.size();
        if !hashed || length.is_none() {
            return Source::from_reader(path, file.reader, length, limit);
        }
        let (reader, hash) = Hashing::new(file.reader);
        Ok(Source { hash: Some(hash), ..Source::from_reader(path, reader, length, limit)? })
    }

    /// Looks at the beginning of what `reader` gives, unpacked if it is gzip; `length` is its bytes
    /// if they are known.
    pub(super) fn from_reader(
        path: &Path,
        mut reader: impl Read + Send + 'a,
        length: Option<u64>,
        limit: usize,
    ) -> Result<Self> {
        const GZIP: &[u8] = &[0x1f, 0x8b];
        let mut magic = Vec::new();
        let read = reader.by_ref().take(GZIP.len() as u64).read_to_end(&mut magic);
        read.map_err(|error| failed_read(path, false, error))?;
        let packed = magic == GZIP;
        let named_gzip = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
        if named_gzip && !packed && !magic.is_empty() {
            let error = Error::data("the file ends in .gz, but its content is not gzip").at_path(path);
            return Err(error.remedy("rename it, or compress it"));
        }
        let stored = io::Cursor::new(magic).chain(reader);
        let text: Box<dyn Read + Send> = match packed {
            true => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BLOCK, stored))),
            false => Box::new(stored),
        };
        let mut chunks = Chunks::new(text, BLOCK, limit);
        let ending = Ending::of(path);
        let origin = Origin { path: path.to_path_buf() };
        let beginning = look(&mut chunks, &origin, packed, ending, limit)?;
        let length = length.filter(|_| !packed);
        let chunks = Mutex::new(chunks);
        Ok(Self { origin, ending, length, beginning, packed, limit, hash: None, chunks })
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn path(&self) -> &Path {
        &self.origin.path
    }

    /// The format by the ending, or else by the content; a file with a given delimiter is CSV.
    pub(super) fn format(&self, has_delimiter: bool) -> Format {
        match self.ending {
            Some(Ending::Csv | Ending::Tsv) => Format::Csv,
            Some(Ending::Libsvm) => Format::Libsvm,
            Some(Ending::Txt) | None if !has_delimiter && self.beginning.libsvm => Format::Libsvm,
            Some(Ending::Txt) | None => Format::Csv,
        }
    }

    /// The delimiter of a CSV file by Excel's `sep=;`, its ending or its content.
    pub(super) fn delimiter(&self) -> u8 {
        self.beginning.delimiter
    }

    /// Bytes that a record has at most.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The line that the first chunk begins in: 2 after Excel's `sep=;`.
    pub(super) fn first_line(&self) -> u64 {
        self.beginning.first_line
    }

    /// Bytes of the whole text, where they are known.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The sha256 of the file, once its last chunk was read; `None` where it is not asked for, and
    /// for a pipe.
    pub(super) fn sha256(&self) -> Option<String> {
        self.hash.as_ref().map(Hash::digits)
    }

    /// Moves `chunk` on to the next chunk of the file; `false` at the end. Threads take turns.
    ///
    /// # Errors
    /// About the content with a line that is counted from the chunk's first on; see [`from_line`].
    pub(super) fn next(&self, cut: Cut, chunk: &mut Chunk) -> Result<bool> {
        let mut chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        let is_there = chunks.next(cut, chunk).map_err(|error| failed_read(self.path(), self.packed, error))?;
        if chunk.is_too_long {
            return Err(too_long(&self.origin, &chunk.bytes, cut, self.limit));
        }
        Ok(is_there)
    }
}

/// The error for a record that begins with `bytes` and has more of them than it may.
fn too_long(origin: &Origin, bytes: &[u8], cut: Cut, limit: usize) -> Error {
    let option = "{record-bytes}";
    let text = String::from_utf8_lossy(bytes);
    let open = match cut {
        Cut::Record(delimiter) => QuotedFields::new(text.as_bytes(), delimiter).find(|field| field.close.is_none()),
        Cut::Line => None,
    };
    match open {
        Some(Quoted { open, .. }) => {
            let line = 1 + breaks_before(text.as_bytes(), open);
            let message = format!("the quote that opens here is not closed within {limit} bytes");
            let error = origin.error(line, quotes::letter(&text, open), message);
            error.remedy(format!("close the quote where the field ends, remove it, or allow longer rows with {option}"))
        }
        None => origin
            .error(1, 1, format!("the line has more than {limit} bytes"))
            .remedy(format!("check that this is a table of text, or allow longer rows with {option}")),
    }
}

/// What the first lines of a text tell.
struct Beginning {
    /// Whether they look like libsvm.
    libsvm: bool,
    /// Their delimiter as CSV.
    delimiter: u8,
    /// The line that the first chunk begins in.
    first_line: u64,
}

fn failed_read(path: &Path, packed: bool, error: io::Error) -> Error {
    if packed {
        Error::io("unpack", path, error).remedy("check that the file is whole")
    } else {
        Error::io("read", path, error)
    }
}

/// Looks at the beginning of a text: passes over byte order marks and Excel's `sep=;`, refuses what
/// is no text, and tells whether it looks like libsvm and which delimiter it has as CSV. Looks
/// further than a block only if that does not tell, and no further than a record may reach.
fn look<R: Read>(
    chunks: &mut Chunks<R>,
    origin: &Origin,
    packed: bool,
    ending: Option<Ending>,
    limit: usize,
) -> Result<Beginning> {
    let path = origin.path();
    let mut size = BLOCK;
    let mut begun = false;
    let mut given = None;
    let found = |text: &str| if ending == Some(Ending::Tsv) { b'\t' } else { sniff::delimiter(text) };
    loop {
        let (head, ended) = chunks.head(size).map_err(|error| failed_read(path, packed, error))?;
        if !begun {
            kinds::refuse(head, path)?;
            // All of them, since the CSV parser would pass over a further one without counting its
            // bytes.
            let marks = head.chunks_exact(3).take_while(|chunk| chunk == b"\xef\xbb\xbf").count();
            head.drain(..3 * marks);
            if ending != Some(Ending::Libsvm)
                && let Some((delimiter, length)) = sniff::excel_delimiter(head)
            {
                given = Some(delimiter);
                head.drain(..length);
            }
            begun = true;
        }
        let first_line = 1 + u64::from(given.is_some());
        let text = match std::str::from_utf8(head) {
            Ok(text) => text,
            // A letter may be cut in two at the end.
            Err(error) if error.error_len().is_none() && !ended => {
                std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(error) => {
                let error = || not_utf8(path, head, error.valid_up_to(), first_line);
                return Err(kinds::by_ending(path).unwrap_or_else(error));
            }
        };
        if ended && text.trim_ascii().is_empty() {
            return Err(Error::data("the file is empty")
                .at_path(path)
                .remedy("give a file with rows, or leave it out"));
        }
        let lines = if ended { text } else { &text[..text.rfind(['\n', '\r']).map_or(0, |at| at + 1)] };
        let is_blank = lines.trim_ascii().is_empty();
        let libsvm = match ending {
            _ if given.is_some() => Some(false),
            Some(Ending::Txt) | None => sniff::is_libsvm(lines),
            Some(_) => Some(false),
        };
        let is_all = size > limit;
        if ended || !is_blank && (libsvm.is_some() || is_all) {
            return Ok(Beginning {
                libsvm: libsvm.unwrap_or(false),
                delimiter: given.unwrap_or_else(|| found(lines)),
                first_line,
            });
        }
        if is_all && text.trim_ascii().is_empty() {
            let error = Error::data(format!("the first {limit} bytes are blank")).at_path(path);
            return Err(error.remedy("give a file with rows"));
        }
        if is_all {
            let delimiter = given.unwrap_or_else(|| found(text));
            let record = text.trim_ascii_start();
            let line = first_line + breaks_before(text.as_bytes(), text.len() - record.len());
            return Err(from_line(too_long(origin, record.as_bytes(), Cut::Record(delimiter), limit), line));
        }
        size = size.saturating_mul(2);
    }
}

/// The error for bytes from line `first_line` on that are text up to the byte `at`.
fn not_utf8(path: &Path, bytes: &[u8], at: usize, first_line: u64) -> Error {
    let before = String::from_utf8_lossy(&bytes[..at]);
    let start = before.rfind(['\n', '\r', ',', ';', '\t', '|', ' ']).map_or(0, |found| found + 1);
    let byte = bytes.get(at).copied().unwrap_or_default();
    let after =
        if start == before.len() { String::new() } else { format!(" after {}", number::shown(&before[start..])) };
    Error::data(format!("the byte 0x{byte:02x}{after} is not UTF-8"))
        .at_path(path)
        .at_line(first_line + breaks_before(bytes, at))
        .remedy("save the file as UTF-8")
}
