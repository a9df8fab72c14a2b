//! Names of output files: a name that ends as another format would be believed, so it is refused.

use clap::builder::{PathBufValueParser, TypedValueParser};
use std::path::{Path, PathBuf};

/// What an output file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table.
    Csv,
    /// Figures.
    Json,
    /// A model, which is JSON.
    Model,
    /// A page.
    Html,
    /// A Jupyter notebook.
    Notebook,
    /// A journal: a line of JSON each.
    Journal,
}

impl Form {
    /// What it is called, and the endings of its files, the usual one first.
    fn endings(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Csv => ("CSV", &["csv"]),
            Self::Json => ("JSON", &["json"]),
            Self::Model => ("JSON (XGBoost's)", &["json"]),
            Self::Html => ("HTML", &["html", "htm", "xhtml"]),
            Self::Notebook => ("a Jupyter notebook", &["ipynb"]),
            Self::Journal => ("a line of JSON for each trial", &["jsonl", "ndjson", "json"]),
        }
    }
}

/// Endings that stand for a format. Others, such as .txt, .dat or none, say nothing.
const FORMATS: &[(&str, &[&str])] = &[
    ("CSV", &["csv"]),
    ("tab-separated text", &["tsv", "tab"]),
    ("JSON", &["json"]),
    ("JSON lines", &["jsonl", "ndjson"]),
    ("HTML", &["html", "htm", "xhtml"]),
    ("a Jupyter notebook", &["ipynb"]),
    ("Parquet", &["parquet", "pq"]),
    ("Feather or Arrow", &["feather", "arrow", "ipc"]),
    ("ORC", &["orc"]),
    ("Avro", &["avro"]),
    ("a spreadsheet", &["xlsx", "xls", "xlsm", "xlsb", "ods", "numbers"]),
    ("compressed", &["gz", "gzip", "bz2", "xz", "lzma", "zst", "zstd", "lz4", "br", "z", "snappy"]),
    ("an archive", &["zip", "tar", "tgz", "7z", "rar"]),
    ("UBJSON", &["ubj", "ubjson"]),
    ("a binary file", &["bin", "deprecated"]),
    ("a pickle", &["pkl", "pickle", "joblib"]),
    ("ONNX", &["onnx"]),
    ("PMML", &["pmml"]),
    ("CatBoost's", &["cbm"]),
    ("NumPy's", &["npy", "npz"]),
    ("HDF5", &["h5", "hdf5", "hdf"]),
    ("R's", &["rds", "rdata"]),
    ("libsvm", &["libsvm", "svm", "svmlight"]),
    ("a database", &["sqlite", "sqlite3", "db", "duckdb"]),
    ("TOML", &["toml"]),
    ("YAML", &["yaml", "yml"]),
    ("XML", &["xml"]),
    ("Markdown", &["md"]),
    ("PDF", &["pdf"]),
    ("a picture", &["png", "svg", "jpg", "jpeg", "gif", "webp"]),
    ("a document", &["doc", "docx", "odt", "ps"]),
];

/// The format that a name's ending stands for, and the ending as it is written.
fn format_of(path: &Path) -> Option<(&'static str, String)> {
    let written = path.extension()?.to_str()?;
    let ending = written.to_ascii_lowercase();
    let (format, _) = FORMATS.iter().find(|(_, endings)| endings.contains(&ending.as_str()))?;
    Some((format, written.to_string()))
}

/// Takes the name of an output file of that form.
pub fn output(form: Form) -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(move |path| check(form, path))
}

fn check(form: Form, path: PathBuf) -> Result<PathBuf, String> {
    let (name, endings) = form.endings();
    match format_of(&path) {
        Some((format, ending)) if !endings.contains(&ending.to_ascii_lowercase().as_str()) => Err(format!(
            "the file will be {name}, but .{ending} means {format}; give a name that ends in .{}",
            endings[0]
        )),
        _ => Ok(path),
    }
}

/// Takes the name of a folder of outputs: not one that is meant for a file, unless it is there.
pub fn folder() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match format_of(&path) {
        Some((_, ending)) if !path.is_dir() => {
            Err(format!("it is the name of a folder, but .{ending} is that of a file; give a folder"))
        }
        _ => Ok(path),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_as_their_form_or_say_nothing() {
        let every = [Form::Csv, Form::Json, Form::Model, Form::Html, Form::Notebook, Form::Journal];
        for form in every {
            let (_, own) = form.endings();
            for (_, endings) in FORMATS {
                for ending in *endings {
                    for written in [(*ending).to_string(), ending.to_uppercase()] {
                        let found = check(form, PathBuf::from(format!("a/b.{written}")));
                        assert_eq!(found.is_ok(), own.contains(ending), "{form:?} {written}");
                    }
                }
            }
            for name in ["/dev/null", "-", "out", "out.txt", "v1.2", ".csv", ".json"] {
                assert!(check(form, PathBuf::from(name)).is_ok(), "{form:?} {name}");
            }
        }
    }
}
