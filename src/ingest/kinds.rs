//! Files that are no table of text: by what they begin with, what they are and how to come to one.

use crate::error::Error;
use std::path::Path;

/// What a file is, and the remedy.
type Kind = (&'static str, &'static str);

const UNPACK: &str = "unpack it or use gzip";
const CONVERT: &str = "convert it to CSV";
const UTF8: &str = "save it as UTF-8";
const PICKLED: &str = "read it in Python and save it with to_csv(FILE, index=False)";

/// First bytes that no text has, or only text of one kind.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (b"\xff\xfe\0\0", "UTF-32 text", UTF8),
    (b"\0\0\xfe\xff", "UTF-32 text", UTF8),
    (b"\xff\xfe", "UTF-16 text", UTF8),
    (b"\xfe\xff", "UTF-16 text", UTF8),
    (b"PAR1", "a Parquet file", CONVERT),
    (b"ARROW1\0\0", "an Arrow or Feather file", CONVERT),
    (b"FEA1\0", "a Feather file", CONVERT),
    (b"\xff\xff\xff\xff", "an Arrow stream", CONVERT),
    (b"ORC\x0a", "an ORC file", CONVERT),
    (b"Obj\x01", "an Avro file", CONVERT),
    (b"\x93NUMPY", "a NumPy array", "read it in Python and save it with numpy.savetxt(FILE, array, delimiter=\",\")"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", CONVERT),
    (b"\x80\x02", "a Python pickle", PICKLED),
    (b"\x80\x03", "a Python pickle", PICKLED),
    (b"\x80\x04", "a Python pickle", PICKLED),
    (b"\x80\x05", "a Python pickle", PICKLED),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it or save it as CSV"),
    (b"PK\x05\x06", "an empty zip archive", "give a file with rows"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Office file", "save it as CSV"),
    (b"BZh", "a bzip2 file", UNPACK),
    (b"\xfd7zXZ\0", "an xz file", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd file", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 file", UNPACK),
    (b"\xff\x06\0\0sNaPpY", "a snappy file", UNPACK),
    (b"\x1f\x9d", "a file packed by compress", UNPACK),
    (b"\x1f\x8b", "gzip within gzip", "unpack it once"),
    (b"LZIP\x01", "an lzip file", UNPACK),
    (b"\x5d\0\0\x80\0", "an lzma file", UNPACK),
    (b"Rar!\x1a\x07", "a rar archive", UNPACK),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV"),
    (b"%PDF-", "a PDF document", "save the table as CSV"),
    (b"\x89PNG\r\n\x1a\n", "a picture", "give a table"),
    (b"RDX2\n", "an R data file", "save it with write.csv(DATA, FILE, row.names = FALSE)"),
    (b"RDX3\n", "an R data file", "save it with write.csv(DATA, FILE, row.names = FALSE)"),
    (b"X\n\0\0\0", "an R data file", "save it with write.csv(DATA, FILE, row.names = FALSE)"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", "save it with writematrix"),
    (b"<stata_dta>", "a Stata file", CONVERT),
    (b"$FL2@(#)", "an SPSS file", CONVERT),
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer, not the data itself",
        "fetch the data with `git lfs pull`",
    ),
];

/// Endings of files that have no certain first bytes.
const ENDINGS: &[(&str, &str, &str)] = &[
    ("pkl", "a Python pickle", PICKLED),
    ("pickle", "a Python pickle", PICKLED),
    ("xls", "an Excel file", "save it as CSV"),
    ("xlsb", "an Excel file", "save it as CSV"),
    ("sas7bdat", "a SAS file", CONVERT),
    ("dta", "a Stata file", CONVERT),
    ("mat", "a MATLAB file", "save it with writematrix"),
    ("feather", "a Feather file", CONVERT),
    ("arrow", "an Arrow file", CONVERT),
    ("parquet", "a Parquet file", CONVERT),
    ("dmatrix", "a binary DMatrix of XGBoost", "give the CSV or libsvm file that it was made of"),
    ("buffer", "a binary DMatrix of XGBoost", "give the CSV or libsvm file that it was made of"),
    ("lzma", "an lzma file", UNPACK),
    ("br", "a brotli file", UNPACK),
];

/// The error for a file that begins like one of another kind, if it does.
pub(super) fn refuse(head: &[u8], path: &Path) -> Result<(), Error> {
    let magic = MAGIC.iter().find(|(magic, ..)| head.starts_with(magic)).map(|&(_, what, remedy)| (what, remedy));
    match magic.or_else(|| archive(head)).or_else(|| wide_text(head)).or_else(|| markup(head)) {
        None => Ok(()),
        Some(kind) => Err(error(kind, path)),
    }
}

/// The error for bytes that are not UTF-8, where the ending of the file's name says why.
pub(super) fn by_ending(path: &Path) -> Option<Error> {
    let ending = path.extension()?.to_string_lossy().to_ascii_lowercase();
    let &(_, what, remedy) = ENDINGS.iter().find(|(known, ..)| *known == ending)?;
    Some(error((what, remedy), path))
}

fn error((what, remedy): Kind, path: &Path) -> Error {
    let but = if what.contains(", not ") { "" } else { ", which is not read here" };
    Error::data(format!("this is {what}{but}")).at_path(path).remedy(remedy)
}

fn archive(head: &[u8]) -> Option<Kind> {
    const AT: usize = 257;
    let is_tar = head.get(AT..AT + 5) == Some(b"ustar");
    is_tar.then_some(("a tar archive", "unpack it, and give the files in it or their folder"))
}

/// UTF-16 or UTF-32 without a byte order mark: ASCII letters with zeros between them.
fn wide_text(head: &[u8]) -> Option<Kind> {
    const LOOKED_AT: usize = 64;
    let head = &head[..head.len().min(LOOKED_AT)];
    // Which places of every four are zero in all of them.
    let mut zero = [true; 4];
    let mut ascii = [true; 4];
    for four in head.chunks_exact(4) {
        for (place, &byte) in four.iter().enumerate() {
            zero[place] &= byte == 0;
            ascii[place] &= byte != 0 && byte.is_ascii();
        }
    }
    let like = |pattern: [bool; 4]| head.len() >= 4 && zero == pattern && ascii == pattern.map(|zero| !zero);
    if like([false, true, false, true]) || like([true, false, true, false]) {
        Some(("UTF-16 text", UTF8))
    } else if like([false, true, true, true]) || like([true, true, true, false]) {
        Some(("UTF-32 text", UTF8))
    } else {
        None
    }
}

/// JSON, HTML and XML.
fn markup(head: &[u8]) -> Option<Kind> {
    let text = head.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let begins = |start: &str| text.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start.as_bytes()));
    let within = text.get(1..).unwrap_or_default().trim_ascii_start().first();
    let is_json = match text.first() {
        Some(b'{') => matches!(within, Some(b'"' | b'}')),
        Some(b'[') => within.is_some_and(|byte| b"{[\"-]".contains(byte) || byte.is_ascii_digit()),
        _ => false,
    };
    if is_json {
        return Some(("JSON", "convert it to CSV (in Python: pandas.read_json(FILE).to_csv(FILE, index=False))"));
    }
    if ["<!doctype html", "<html", "<head", "<body", "<!--"].iter().any(|start| begins(start)) {
        return Some(("an HTML page, not a table", "open it: it may be a login or an error page in place of the data"));
    }
    if begins("<?xml") {
        return Some(("XML", CONVERT));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(head: &[u8]) -> String {
        let Err(error) = refuse(head, Path::new("a")) else { return String::new() };
        let error = error.to_string();
        let end = error.find([',', ';']).unwrap_or(error.len());
        error["a: this is ".len()..end].to_string()
    }

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        let mut tar = vec![0; 300];
        tar[257..262].copy_from_slice(b"ustar");
        let utf16: Vec<u8> = "y,a\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf32: Vec<u8> = "y,a\n1,2\n".chars().flat_map(|letter| (letter as u32).to_be_bytes()).collect();
        let cases: [(&[u8], &str); 20] = [
            (b"\xfd7zXZ\0\0\x04", "an xz file"),
            (b"\x28\xb5\x2f\xfd\x04", "a zstd file"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive"),
            (b"\x04\x22\x4d\x18\x64", "an lz4 file"),
            (b"ARROW1\0\0\xff", "an Arrow or Feather file"),
            (b"\x80\x05\x95", "a Python pickle"),
            (b"\x93NUMPY\x01\0", "a NumPy array"),
            (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
            (b"\xff\xfe\0\0y\0\0\0", "UTF-32 text"),
            (b"\xfe\xff\0y", "UTF-16 text"),
            (&utf16, "UTF-16 text"),
            (&utf32, "UTF-32 text"),
            (&tar, "a tar archive"),
            (b"{\"y\": 1}\n", "JSON"),
            (b"\xef\xbb\xbf[\n  {\"y\": 1}]", "JSON"),
            (b"[[1,2],[3,4]]", "JSON"),
            (b"\n<!DOCTYPE HTML><html>", "an HTML page"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (b"%PDF-1.7", "a PDF document"),
            (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        ];
        for (head, expected) in cases {
            assert_eq!(kind(head), expected, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn tables_are_none_of_them() {
        for head in [
            "1,2\n",
            "y,a\n",
            "\"{\",2\n",
            "[a],b\n1,2",
            "{a},b",
            "<1,2",
            "version,https\n",
            "LZIP,a\n",
            "FEA1,y\n",
            "",
            "1",
            "-1 1:2",
        ] {
            assert_eq!(kind(head.as_bytes()), "", "{head}");
        }
    }
}
