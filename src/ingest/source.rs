//! Paths to files, and a file to its text: folders, gzip, UTF-8, endings, line numbers.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{Format, number, sniff};
use crate::error::{Error, Result};

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

/// The error for a channel without files.
pub(super) fn no_files() -> Error {
    Error::parameter("no file is given for the channel").remedy("name a file or a folder")
}

/// The files that the paths stand for, in order, and notes on what was passed over.
pub(super) fn list(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let mut files = Vec::new();
    let mut notes = Vec::new();
    for path in paths {
        let about = fs::metadata(path).map_err(|error| Error::io("open", path, &error))?;
        if about.is_dir() {
            let (mut found, passed) = list_folder(path)?;
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
            files.push(path.clone());
        }
    }
    if files.is_empty() { Err(no_files()) } else { Ok((files, notes)) }
}

/// The data files of a folder sorted by name, and the names of what else is in it, hidden files left out.
fn list_folder(folder: &Path) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let failed = |error| Error::io("list the folder", folder, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.sort();
    let mut files = Vec::new();
    let mut passed = Vec::new();
    for name in names {
        let path = folder.join(&name);
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        // Follows links: the folders of job runners are often made of them.
        let about = fs::metadata(&path).map_err(|error| Error::io("open", &path, &error))?;
        if about.is_file() && Ending::of(&path).is_some() {
            files.push(path);
        } else {
            passed.push(format!("`{}`", name.to_string_lossy()));
        }
    }
    Ok((files, passed))
}

/// The text of one file.
pub(super) struct Source {
    path: PathBuf,
    text: String,
    ending: Option<Ending>,
}

impl Source {
    /// Reads a file.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io("open", path, &error))?;
        Self::from_reader(path, file)
    }

    /// Reads all of `reader`, unpacks it if it is gzip, and decodes it.
    pub(super) fn from_reader(path: &Path, mut reader: impl Read) -> Result<Self> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| Error::io("read", path, &error))?;
        let named_gzip = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            MultiGzDecoder::new(&bytes[..])
                .read_to_end(&mut plain)
                .map_err(|error| Error::io("unpack", path, &error).remedy("check that the file is whole"))?;
            bytes = plain;
        } else if named_gzip && !bytes.is_empty() {
            let error = Error::data("the file ends in .gz, but its content is not gzip").at_path(path);
            return Err(error.remedy("rename it, or compress it"));
        }
        let source = Self { path: path.to_path_buf(), text: decode(bytes, path)?, ending: Ending::of(path) };
        if source.text.trim_ascii().is_empty() {
            return Err(Error::data("the file is empty")
                .at_path(path)
                .remedy("give a file with rows, or leave it out"));
        }
        Ok(source)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The decoded text without a byte order mark.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The format by the ending, or else by the content; a file with a given delimiter is CSV.
    pub(super) fn format(&self, has_delimiter: bool) -> Format {
        match self.ending {
            Some(Ending::Csv | Ending::Tsv) => Format::Csv,
            Some(Ending::Libsvm) => Format::Libsvm,
            Some(Ending::Txt) | None if !has_delimiter && sniff::is_libsvm(&self.text) => Format::Libsvm,
            Some(Ending::Txt) | None => Format::Csv,
        }
    }

    /// The delimiter of a CSV file by its ending or its content.
    pub(super) fn delimiter(&self) -> u8 {
        if self.ending == Some(Ending::Tsv) { b'\t' } else { sniff::delimiter(&self.text) }
    }

    /// The line, from 1, of the byte at `offset`.
    pub(super) fn line_at(&self, offset: usize) -> u64 {
        line_at(self.text.as_bytes(), offset)
    }

    /// An error about the data in one field, both counted from 1.
    pub(super) fn error(&self, line: u64, column: usize, message: impl Into<String>) -> Error {
        Error::data(message).at_path(&self.path).at_line(line).at_column(column as u64)
    }
}

/// Line breaks are `\n`, `\r\n` and a lone `\r`.
fn line_at(bytes: &[u8], offset: usize) -> u64 {
    let before = &bytes[..offset.min(bytes.len())];
    let breaks = before
        .iter()
        .enumerate()
        .filter(|&(at, &byte)| byte == b'\n' || byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    1 + breaks.count() as u64
}

/// Bytes to text without a byte order mark.
fn decode(mut bytes: Vec<u8>, path: &Path) -> Result<String> {
    let known: [(&[u8], &str, &str); 5] = [
        (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
        (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
        (b"PAR1", "a Parquet file", "convert it to CSV"),
        (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it or save it as CSV"),
        (b"BZh", "a bzip2 file", "unpack it or use gzip"),
    ];
    for (magic, what, remedy) in known {
        if bytes.starts_with(magic) {
            let error = Error::data(format!("this is {what}, which is not read here")).at_path(path);
            return Err(error.remedy(remedy));
        }
    }
    // All of them, since the CSV parser would pass over a further one without counting its bytes.
    let marks = bytes.chunks_exact(3).take_while(|chunk| chunk == b"\xef\xbb\xbf").count();
    bytes.drain(..3 * marks);
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = String::from_utf8_lossy(&bytes[..at]);
        let start = before.rfind(['\n', '\r', ',', ';', '\t', '|', ' ']).map_or(0, |found| found + 1);
        let byte = bytes.get(at).copied().unwrap_or_default();
        let after =
            if start == before.len() { String::new() } else { format!(" after {}", number::shown(&before[start..])) };
        Error::data(format!("the byte 0x{byte:02x}{after} is not UTF-8"))
            .at_path(path)
            .at_line(line_at(bytes, at))
            .remedy("save the file as UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_over_all_kinds_of_breaks() {
        let text = b"a\nb\r\nc\rd\n\n\"e\nf\"";
        let lines: Vec<u64> = b"abcdef"
            .iter()
            .filter_map(|letter| text.iter().position(|byte| byte == letter))
            .map(|offset| line_at(text, offset))
            .collect();
        assert_eq!(lines, [1, 2, 3, 4, 6, 7]);
    }
}
