//! The formats, one reader each, and the files of a channel given to the reader of theirs.

use super::source::{self, Source};
use super::table::TableReader;
use super::{Channel, Format, ReadOptions, csv, libsvm};
use crate::error::{Error, Result};

/// How the files of a format are read.
pub(super) struct Reader {
    /// The format in messages.
    pub(super) name: &'static str,
    /// Reads the first file of a channel.
    pub(super) begin: fn(&Source<'_>, &ReadOptions) -> Result<Box<dyn TableReader>>,
}

impl Format {
    /// Returns the reader of the format.
    pub(super) fn reader(self) -> &'static Reader {
        match self {
            Self::Csv => &Reader { name: "CSV", begin: |source, options| boxed(csv::Table::begin(source, options)) },
            Self::Libsvm => {
                &Reader { name: "libsvm", begin: |source, options| boxed(libsvm::Table::begin(source, options)) }
            }
        }
    }
}

fn boxed(table: Result<impl TableReader + 'static>) -> Result<Box<dyn TableReader>> {
    Ok(Box::new(table?))
}

/// The files of a channel so far. The first one decides the format.
pub(super) struct Assembler {
    reader_of: fn(Format) -> &'static Reader,
    table: Option<(Format, Box<dyn TableReader>)>,
}

impl Assembler {
    /// Begins a channel whose files are read by these readers.
    pub(super) fn new(reader_of: fn(Format) -> &'static Reader) -> Self {
        Self { reader_of, table: None }
    }

    /// Reads a file.
    pub(super) fn add(&mut self, source: &Source<'_>, options: &ReadOptions) -> Result<()> {
        let format = source.format(options.delimiter.is_some());
        match &mut self.table {
            None => {
                self.table = Some((format, ((self.reader_of)(format).begin)(source, options)?));
                Ok(())
            }
            Some((before, table)) if *before == format => table.add(source, options),
            Some((before, _)) => {
                let (this, others) = ((self.reader_of)(format).name, (self.reader_of)(*before).name);
                Err(Error::data(format!("this is a {this} file, but the files before it are {others}"))
                    .at_path(source.path())
                    .remedy("give a channel files of one format"))
            }
        }
    }

    /// Returns the number of rows so far.
    pub(super) fn rows(&self) -> usize {
        self.table.as_ref().map_or(0, |(_, table)| table.rows())
    }

    /// Makes the channel.
    pub(super) fn finish(self, options: &ReadOptions) -> Result<Channel> {
        match self.table {
            Some((_, table)) => table.finish(options),
            None => Err(source::no_files()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::ingest::chunks::{Chunk, Cut};
    use crate::ingest::read_channel_from;
    use crate::io::storage::memory::Memory;
    use std::path::Path;

    /// A format in memory: a number a line, which is the row's one feature.
    struct Numbers(Vec<f32>);

    impl TableReader for Numbers {
        fn add(&mut self, source: &Source<'_>, _: &ReadOptions) -> Result<()> {
            let mut chunk = Chunk::default();
            while source.next(Cut::Line, &mut chunk)? {
                let text = source.origin().text(&chunk.bytes, 1)?;
                self.0.extend(text.lines().map(|line| line.parse().unwrap_or(f32::NAN)));
            }
            Ok(())
        }

        fn rows(&self) -> usize {
            self.0.len()
        }

        fn finish(self: Box<Self>, _: &ReadOptions) -> Result<Channel> {
            let rows = self.0.len();
            let dataset = Dataset { columns: vec![self.0], rows, ..Dataset::default() };
            Ok(Channel {
                dataset,
                spilled: None,
                files: Vec::new(),
                notes: Vec::new(),
                format: Format::Csv,
                header: false,
                file_rows: Vec::new(),
                file_sha256: Vec::new(),
                columns: 1,
                index_base: None,
            })
        }
    }

    fn numbers(_: Format) -> &'static Reader {
        &Reader {
            name: "numbers",
            begin: |source, options| {
                let mut table = Box::new(Numbers(Vec::new()));
                table.add(source, options)?;
                Ok(table)
            },
        }
    }

    #[test]
    fn a_channel_is_made_by_the_reader_of_its_format() {
        let options = ReadOptions::default();
        let mut assembler = Assembler::new(numbers);
        for (text, rows) in [("1\n2\n", 2), ("3\n", 3)] {
            let source = Source::from_reader(Path::new("a.csv"), text.as_bytes(), None, options.max_record_bytes);
            assert!(source.and_then(|source| assembler.add(&source, &options)).is_ok());
            assert_eq!(assembler.rows(), rows);
        }
        let other = Source::from_reader(Path::new("a.svm"), "1 1:2\n".as_bytes(), None, options.max_record_bytes);
        let error = other.and_then(|source| assembler.add(&source, &options)).err().map(|error| error.to_string());
        let mixed =
            "a.svm: this is a numbers file, but the files before it are numbers; give a channel files of one format";
        assert_eq!(error.as_deref(), Some(mixed));
        let channel = assembler.finish(&options).ok();
        assert_eq!(channel.map(|channel| channel.dataset.columns), Some(vec![vec![1.0, 2.0, 3.0]]));
    }

    #[test]
    fn a_channel_is_read_from_any_storage() {
        let storage = Memory::of(&[
            ("data/b.csv", "0,3\n"),
            ("data/a.csv", "1,2\n"),
            ("data/.hidden.csv", "x"),
            ("data/README", "x"),
            ("c.svm", "1 1:5\n"),
        ]);
        let channel = read_channel_from(&storage, &["data".into()], &ReadOptions::default()).ok();
        let Some(channel) = channel else { panic!("a channel") };
        assert_eq!(channel.files, [Path::new("data/a.csv"), Path::new("data/b.csv")]);
        assert_eq!(channel.dataset.columns, [[2.0, 3.0]]);
        assert_eq!(channel.notes[0], "data: passed over `README`");
        let refused = |places: &[&str]| {
            let places: Vec<_> = places.iter().map(|&place| place.into()).collect();
            read_channel_from(&storage, &places, &ReadOptions::default()).err().map(|error| error.to_string())
        };
        assert_eq!(
            refused(&["data", "c.svm"]).as_deref(),
            Some("c.svm: this is a libsvm file, but the files before it are CSV; give a channel files of one format")
        );
        assert!(refused(&["none"]).is_some_and(|error| error.starts_with("none: cannot open: ")));
    }
}
