//! Reading files: one test a rule, and one an error with all of its text.

mod columns;
mod files;
mod libsvm;
mod values;

use gboost::{Dataset, ErrorKind};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use gboost::ingest::{Channel, ColumnRef, Format, Header, ReadOptions, check_same_features, read_bytes, read_channel};
use gboost::internals::util::digest::sha256_of_file;

const NAN: f32 = f32::NAN;

fn options() -> ReadOptions {
    ReadOptions::default()
}

fn unlabelled() -> ReadOptions {
    options().label(None)
}

fn name(text: &str) -> ColumnRef {
    ColumnRef::Name(text.into())
}

fn read_as(file: &str, text: impl AsRef<[u8]>, options: &ReadOptions) -> gboost::Result<Channel> {
    read_bytes(Path::new(file), text.as_ref(), options)
}

fn csv_with(text: &str, options: &ReadOptions) -> Channel {
    read_as("a.csv", text, options).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn csv(text: &str) -> Channel {
    csv_with(text, &options())
}

fn libsvm_with(text: &str, options: &ReadOptions) -> Channel {
    read_as("a.libsvm", text, options).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn libsvm(text: &str) -> Channel {
    libsvm_with(text, &options())
}

/// The text of the error.
fn refused(file: &str, text: impl AsRef<[u8]>, options: &ReadOptions) -> String {
    read_as(file, text, options).expect_err("is refused").to_string()
}

fn csv_refused(text: &str) -> String {
    refused("a.csv", text, &options())
}

/// Rows of features as bits, so that missing values compare and zeros keep their sign.
fn bits(rows: &[&[f32]]) -> Vec<Vec<u32>> {
    rows.iter().map(|row| row.iter().map(|value| value.to_bits()).collect()).collect()
}

#[track_caller]
fn assert_rows(channel: &Channel, expected: &[&[f32]]) {
    let dataset = &channel.dataset;
    let rows: Vec<Vec<u32>> = (0..dataset.rows).map(|row| dataset.row(row).map(f32::to_bits).collect()).collect();
    assert_eq!(rows, bits(expected));
    assert!(dataset.columns.iter().all(|column| column.len() == dataset.rows));
    assert_eq!(dataset.feature_names.len(), dataset.features());
    for values in dataset.labels.iter().chain(&dataset.weights) {
        assert_eq!(values.len(), dataset.rows);
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A folder with files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (file, text) in files {
            folder.write(file, text.as_bytes());
        }
        folder
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        fs::write(self.path(file), bytes).unwrap();
    }

    fn path(&self, file: &str) -> PathBuf {
        if file.is_empty() { self.0.path().to_path_buf() } else { self.0.path().join(file) }
    }

    fn paths(&self, files: &[&str]) -> Vec<PathBuf> {
        files.iter().map(|file| self.path(file)).collect()
    }

    fn read(&self, files: &[&str]) -> Channel {
        read_channel(&self.paths(files), &options()).unwrap()
    }

    /// The text of the error, with the folder as `DIR`.
    fn refused(&self, files: &[&str], options: &ReadOptions) -> String {
        let error = read_channel(&self.paths(files), options).expect_err("is refused").to_string();
        error.replace(&self.path("").display().to_string(), "DIR")
    }

    fn notes(&self, channel: &Channel) -> Vec<String> {
        channel.notes.iter().map(|note| note.replace(&self.path("").display().to_string(), "DIR")).collect()
    }
}

// Options.

fn with_features(names: &[&str], named: bool) -> Dataset {
    let mut data = Dataset::new(vec![vec![0.0]; names.len()]).with_names(names.iter().copied());
    data.named = named;
    data
}

#[test]
fn the_same_features() {
    let train = with_features(&["a", "b"], true);
    assert!(check_same_features(&train, "train", &train, "validation").is_ok());
    let unnamed = with_features(&["f0", "f1"], false);
    assert!(check_same_features(&train, "train", &unnamed, "validation").is_ok());
    assert!(check_same_features(&unnamed, "train", &train, "validation").is_ok());
}

#[test]
fn other_features() {
    let train = with_features(&["a", "b", "c"], true);
    let error = |other: Dataset| check_same_features(&train, "train", &other, "validation").unwrap_err().to_string();
    let count = "give both the same columns; label, weight and ignored columns do not count";
    assert_eq!(
        error(with_features(&["f0", "f1"], false)),
        format!("2 features in validation, but 3 features in train; {count}")
    );
    assert_eq!(
        error(with_features(&["a"], true)),
        format!("1 feature in validation, but 3 features in train: feature 1, `b`, is in train alone; {count}")
    );
    assert_eq!(
        error(with_features(&["a", "b", "c", "d"], true)),
        format!("4 features in validation, but 3 features in train: feature 3, `d`, is in validation alone; {count}")
    );
    assert_eq!(
        error(with_features(&["a", "c"], true)),
        format!(
            "2 features in validation, but 3 features in train: feature 1 is `c` in validation, but `b` in train; {count}"
        )
    );
    assert_eq!(
        error(with_features(&["a", "x", "c"], true)),
        "feature 1 is `x` in validation, but `b` in train; give both the same columns in the same order"
    );
    assert_eq!(
        error(with_features(&["c", "b", "a"], true)),
        "feature 0 is `c` in validation, but `a` in train; the names are the same in another order: put the columns \
         into one order"
    );
}
