//! Feature values on disk: a channel that is larger than memory.
//!
//! While the rows of a file are read, their feature values go into a temporary file, block of rows
//! after block of rows, column after column within each; labels and weights stay in memory. The
//! file has no name where the system allows that (on Unix), and is deleted when it is closed
//! elsewhere: whatever ends the program, nothing is left behind.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::io::scratch::Scratch;
use crate::util::setters::setters;

const REMEDY: &str = "free space there, or give another folder with {spill-folder}";

/// Bytes of feature values in a block at most; a block has a row at least.
const BLOCK: usize = 1 << 24;
/// Rows of a block at most.
const MOST_ROWS: usize = 1 << 16;

/// Whether feature values may go to disk while a channel is read, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpillOptions {
    /// The folder of the temporary file.
    pub folder: PathBuf,
    /// So many bytes of feature values may be in memory, four a value. As soon as there are more,
    /// all of them go to disk; 0 lets them go there at once.
    pub from_bytes: u64,
    /// Rows a block of the temporary file, 1 or more; by default as many as make 16 MiB, but no
    /// more than 65,536.
    pub block_rows: Option<usize>,
}

setters!(SpillOptions { folder: PathBuf, from_bytes: u64, block_rows: Option<usize> });

impl SpillOptions {
    /// All feature values to a temporary file in `folder`.
    #[must_use]
    pub fn always(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), from_bytes: 0, block_rows: None }
    }

    fn rows_a_block(&self, features: usize) -> usize {
        let fit = BLOCK / (size_of::<f32>() * features.max(1));
        self.block_rows.unwrap_or_else(|| fit.min(MOST_ROWS)).max(1)
    }
}

/// The feature values of a channel in a temporary file, which is gone when the last clone of this
/// is.
#[derive(Clone, Debug)]
pub struct Spilled {
    file: Arc<Mutex<Scratch>>,
    folder: PathBuf,
    features: usize,
    rows: usize,
    block_rows: usize,
}

impl Spilled {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (self.rows * self.features * size_of::<f32>()) as u64
    }

    /// The folder that the file is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Rows of every block but the last, which may have fewer.
    #[must_use]
    pub fn block_rows(&self) -> usize {
        self.block_rows
    }

    /// The blocks as ranges of rows, in order.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        (0..self.rows.div_ceil(self.block_rows))
            .map(|block| block * self.block_rows..self.rows.min((block + 1) * self.block_rows))
    }

    /// Reads the values of one feature in the rows of one of the [`Spilled::blocks`]; NaN is
    /// missing.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(&self, rows: Range<usize>, feature: usize, values: &mut Vec<f32>) -> Result<()> {
        values.resize(rows.len(), 0.0);
        let at = size_of::<f32>() * (rows.start * self.features + feature * rows.len());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at as u64))
            .and_then(|_| file.read_exact(bytemuck::cast_slice_mut(values)))
            .map_err(|error| Error::io("read spilled values in", &self.folder, error))
    }
}

/// A temporary file in the making.
pub(super) struct Writer(Spilled);

impl Writer {
    /// Makes the file.
    pub(super) fn new(options: &SpillOptions, features: usize) -> Result<Self> {
        let folder = options.folder.clone();
        let file = Scratch::new_in(&folder).map_err(|error| failed(&folder, error))?;
        let block_rows = options.rows_a_block(features);
        Ok(Self(Spilled { file: Arc::new(Mutex::new(file)), folder, features, rows: 0, block_rows }))
    }

    /// Rows of a block.
    pub(super) fn block_rows(&self) -> usize {
        self.0.block_rows
    }

    /// Writes what makes whole blocks of the columns (of `ended` columns everything), and returns
    /// how many rows that was.
    pub(super) fn write(&mut self, columns: &[&[f32]], ended: bool) -> Result<usize> {
        let Spilled { file, folder, rows, block_rows, .. } = &mut self.0;
        let length = columns.first().map_or(0, |column| column.len());
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written = 0;
        while length - written >= *block_rows || (ended && written < length) {
            let block = written..length.min(written + *block_rows);
            for column in columns {
                let bytes = bytemuck::cast_slice(&column[block.clone()]);
                file.write_all(bytes).map_err(|error| failed(folder, error))?;
            }
            *rows += block.len();
            written = block.end;
        }
        Ok(written)
    }

    /// The file, which has all rows.
    pub(super) fn finish(self) -> Spilled {
        self.0
    }
}

fn failed(folder: &Path, error: io::Error) -> Error {
    Error::io("spill values to the folder", folder, error).remedy(REMEDY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::fs::File;

    #[test]
    fn blocks_are_read_as_they_were_written() {
        let options = SpillOptions { block_rows: Some(3), ..SpillOptions::always(std::env::temp_dir()) };
        let columns: [Vec<f32>; 2] = [(0..8).map(|row| row as f32).collect(), (0..8).map(|row| -row as f32).collect()];
        let mut writer = Writer::new(&options, 2).unwrap_or_else(|error| panic!("{error}"));
        let mut write = |rows: Range<usize>, ended| {
            let columns: Vec<&[f32]> = columns.iter().map(|column| &column[rows.clone()]).collect();
            writer.write(&columns, ended).unwrap_or_else(|error| panic!("{error}"))
        };
        assert_eq!([write(0..2, false), write(0..7, false), write(6..8, true)], [0, 6, 2]);
        let spilled = writer.finish();
        assert_eq!((spilled.rows(), spilled.bytes()), (8, 64));
        assert_eq!(spilled.blocks().collect::<Vec<_>>(), [0..3, 3..6, 6..8]);
        let mut values = Vec::new();
        for rows in spilled.blocks() {
            for (feature, column) in columns.iter().enumerate() {
                assert!(spilled.read(rows.clone(), feature, &mut values).is_ok());
                assert_eq!(values, column[rows.clone()]);
            }
        }
    }

    #[test]
    fn rows_a_block() {
        let options = SpillOptions::always("");
        assert_eq!(
            [1, 64, 65, 1 << 20, 1 << 30].map(|features| options.rows_a_block(features)),
            [65_536, 65_536, 64_527, 4, 1]
        );
    }

    #[test]
    fn a_write_that_fails_says_where() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let path = folder.path().join("read-only");
        let file = File::create(&path).and_then(|_| File::open(&path)).unwrap_or_else(|error| panic!("{error}"));
        let file = Arc::new(Mutex::new(file.into()));
        let spilled = Spilled { file, folder: folder.path().into(), features: 1, rows: 0, block_rows: 1 };
        let error = Writer(spilled).write(&[&[1.0]], false).err().map(|error| (error.to_string(), error.kind()));
        let (text, kind) = error.unzip();
        assert_eq!(kind, Some(ErrorKind::Io));
        let text = text.unwrap_or_default();
        assert!(
            text.starts_with(&format!("{}: cannot spill values to the folder: ", folder.path().display())),
            "{text}"
        );
        assert!(text.ends_with("; free space there, or give another folder with SpillOptions::folder"), "{text}");
    }
}
