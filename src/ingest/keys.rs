//! One column of CSV files as text: what rows have in common (their fold, their group), which is no feature and need not be a number.

use super::number::shown;
use super::{ColumnRef, sniff};
use crate::error::{Error, Result};
use csv::{ByteRecord, Reader, ReaderBuilder};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How much of a file is looked at to find its delimiter.
const HEAD: u64 = 1 << 16;

/// A column to read beside the features.
#[derive(Clone, Debug)]
pub struct KeyColumn<'a> {
    /// Which one.
    pub column: &'a ColumnRef,
    /// The option of the command line that names it, for messages.
    pub flag: &'static str,
    /// The delimiter, or `None` to find it.
    pub delimiter: Option<u8>,
}

impl KeyColumn<'_> {
    /// Checks that the first file has the column, before anything else is read.
    ///
    /// # Errors
    /// If it has not, or cannot be read.
    pub fn check(&self, path: &Path) -> Result<()> {
        self.position(path, self.open(path)?.first_record()?).map(|_| ())
    }

    /// The value of each row, in the order of the files, as `parse` makes it of the text without blanks around it; `header` says
    /// whether each file begins with one.
    ///
    /// # Errors
    /// Those of `parse`, with file, line and column.
    pub fn read<T>(&self, files: &[PathBuf], header: bool, parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
        let mut values = Vec::new();
        for path in files {
            let mut records = self.open(path)?;
            let index = self.position(path, records.first_record()?)?;
            let mut is_header = header;
            while let Some(record) = records.current() {
                if !std::mem::take(&mut is_header) {
                    let field = String::from_utf8_lossy(record.get(index).unwrap_or_default());
                    let line = record.position().map_or(0, csv::Position::line);
                    let place = |error: Error| error.at_path(path).at_line(line).at_column(index as u64 + 1);
                    values.push(parse(field.trim_ascii()).map_err(place)?);
                }
                records.advance()?;
            }
        }
        Ok(values)
    }

    fn open<'p>(&self, path: &'p Path) -> Result<Records<'p>> {
        let failed = |source: io::Error| Error::io("read", path, &source);
        let file = File::open(path).map_err(|source| Error::io("open", path, &source))?;
        let mut magic = Vec::new();
        (&file).take(2).read_to_end(&mut magic).map_err(failed)?;
        let packed = magic == [0x1f, 0x8b];
        let whole = io::Cursor::new(magic).chain(file);
        let mut text: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        let mut head = Vec::new();
        text.by_ref().take(HEAD).read_to_end(&mut head).map_err(failed)?;
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let name = path.to_string_lossy().to_ascii_lowercase();
        let tabs = [".tsv", ".tsv.gz"].iter().any(|ending| name.ends_with(ending));
        let delimiter = match self.delimiter {
            Some(delimiter) => delimiter,
            None if tabs => b'\t',
            None => {
                let lines = head.iter().rposition(|&byte| byte == b'\n').map_or(head.len(), |last| last + 1);
                sniff::delimiter(&String::from_utf8_lossy(&head[..lines]))
            }
        };
        let text: Box<dyn Read> = Box::new(io::Cursor::new(head).chain(text));
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
        Ok(Records { path, reader, record: None })
    }

    /// The number of the column in a file that begins with this record.
    fn position(&self, path: &Path, first: &ByteRecord) -> Result<usize> {
        let flag = self.flag;
        let names: Vec<String> =
            first.iter().map(|name| String::from_utf8_lossy(name).trim_ascii().to_string()).collect();
        let (message, remedy) = match self.column {
            ColumnRef::Index(index) if *index < names.len() => return Ok(*index),
            ColumnRef::Index(index) => (
                format!("{flag} {index}: the file has columns 0 to {}", names.len() - 1),
                "give one of these".to_string(),
            ),
            ColumnRef::Name(wanted) => match names.iter().position(|name| name == wanted) {
                Some(index) => return Ok(index),
                None => {
                    let message = format!("{flag} {wanted}: the file has no column {}", shown(wanted));
                    let near = crate::params::nearest(wanted, names.iter().map(String::as_str));
                    let first = || names.iter().take(20).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
                    let remedy = near.map_or_else(
                        || format!("the first line has {}", first()),
                        |near| format!("did you mean {near}?"),
                    );
                    (message, remedy)
                }
            },
        };
        Err(Error::parameter(message).remedy(remedy).at_path(path).at_line(1))
    }
}

/// The records of a file that are not blank.
struct Records<'p> {
    path: &'p Path,
    reader: Reader<Box<dyn Read>>,
    record: Option<ByteRecord>,
}

impl Records<'_> {
    fn advance(&mut self) -> Result<()> {
        let mut record = self.record.take().unwrap_or_default();
        let is_blank =
            |record: &ByteRecord| record.len() <= 1 && record.iter().all(|field| field.trim_ascii().is_empty());
        while self
            .reader
            .read_byte_record(&mut record)
            .map_err(|error| Error::data(error.to_string()).at_path(self.path))?
        {
            if !is_blank(&record) {
                self.record = Some(record);
                return Ok(());
            }
        }
        Ok(())
    }

    fn current(&self) -> Option<&ByteRecord> {
        self.record.as_ref()
    }

    fn first_record(&mut self) -> Result<&ByteRecord> {
        self.advance()?;
        self.record
            .as_ref()
            .ok_or_else(|| Error::data("the file is empty").at_path(self.path).remedy("give a file with rows"))
    }
}

/// Each text's number among the different ones in the order of their bytes.
#[must_use]
pub fn numbered(texts: &[String]) -> Vec<u32> {
    let mut known: Vec<&String> = texts.iter().collect();
    known.sort_unstable();
    known.dedup();
    texts.iter().map(|text| known.partition_point(|other| *other < text) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_text_in_several_files() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let paths = ["a.csv", "b.csv"].map(|name| folder.path().join(name));
        for (path, text) in paths.iter().zip(["\u{feff}y; who\n1;\"ann; b\"\n\n0; bob \n", "y;who\n1;ann; b\n0;cid"]) {
            std::fs::write(path, text).unwrap_or_else(|error| panic!("{error}"));
        }
        let column = ColumnRef::Name("who".into());
        let key = KeyColumn { column: &column, flag: "--group-column", delimiter: None };
        let read = key.read(&paths, true, |text| Ok(text.to_string())).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read, ["ann; b", "bob", "ann", "cid"]);
        assert_eq!(numbered(&read), [1, 2, 0, 3]);
        let key = KeyColumn { column: &ColumnRef::Index(1), ..key };
        let refuse = |text: &str| if text == "cid" { Err(Error::data("no")) } else { Ok(()) };
        let error = key.read(&paths, true, refuse).err().map(|error| (error.line(), error.column()));
        assert_eq!(error, Some((Some(3), Some(2))));
        let wanted = ColumnRef::Name("whom".into());
        let error = KeyColumn { column: &wanted, ..key }.check(&paths[0]).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| {
            error.ends_with(":1: --group-column whom: the file has no column `whom`; did you mean who?")
        }));
    }
}
