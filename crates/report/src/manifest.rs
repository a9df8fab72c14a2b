//! The manifest: what a result was made from, so that it can be made again and compared, byte for
//! byte.
//!
//! `model.json` has `model.manifest.json` beside it. Paths in it are relative to its own folder
//! where they can be, so that a folder of data and models can be moved as a whole.

use gboost::ingest::Channel;
use gboost::internals::io::files::read_at_most;
use gboost::internals::io::{Local, Storage as _};
use gboost::internals::util::clock::RunTimes;
use gboost::internals::util::digest::sha256;
use gboost::internals::util::digest::sha256_of_file;
use gboost::internals::util::strict_json;
use gboost::metric::Metric;
use gboost::params::Params;
use gboost::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The version of the manifest's form; another one is refused.
const FORM: u32 = 1;

/// Bytes of a manifest at most: some 3,000 files with a thousand labels each.
const MOST_BYTES: u64 = 64 << 20;

/// Members with place and time of the training, and the digest itself: the digest is taken of all
/// others.
const NOT_SEALED: [&str; 3] = ["sha256", "machine", "times"];

/// Labels of a regression are counted up to this many different ones.
const MOST_LABELS: usize = 1000;

/// The content of a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this form.
    pub manifest: u32,
    /// The command that made the result: `train`, `cv`, `tune`.
    pub command: String,
    /// Version of gboost that made the result, such as `0.1.0`.
    pub gboost: String,
    /// The commit it was built from, where that is known; it ends in `-modified` if the source
    /// differed.
    pub commit: Option<String>,
    /// All parameters; `null` where one was left to the training to decide.
    pub parameters: Map<String, Value>,
    /// The seed of the samples, once more.
    pub seed: u64,
    /// How the files were read.
    pub reading: Reading,
    /// Channels of data with the digests of their files.
    pub data: Data,
    /// The folds of a cross-validation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<FoldsRecord>,
    /// The model that was continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continue_from: Option<FileRecord>,
    /// Number of boosting rounds in the result.
    pub rounds: usize,
    /// The file that this is about: the model, or the table of a cross-validation.
    pub result: FileRecord,
    /// Figures of the result as JSON, which `gboost verify` compares.
    pub metrics: Value,
    /// The digest of all members but `machine` and `times`; see [`Manifest::digest_of`]. Older
    /// manifests have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where it was made; changes no byte of the result.
    pub machine: Machine,
    /// When it was made; changes no byte of the result.
    pub times: RunTimes,
}

/// How files are read: the options of the command line, `null` where not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Label column, by name or index (`--label`).
    pub label: Option<String>,
    /// Column of the row weights, by name or index (`--weight-column`).
    pub weight_column: Option<String>,
    /// Columns that are left out, by name or index (`--ignore-column`).
    pub ignore_column: Vec<String>,
    /// Whether line 1 of a CSV file names the columns: `auto`, `yes` or `no` (`--header`).
    pub header: Option<String>,
    /// Delimiter of CSV files: `auto`, `tab` or a character (`--delimiter`).
    pub delimiter: Option<String>,
    /// Index of the first feature of libsvm files: `0` or `1` (`--index-base`).
    pub index_base: Option<String>,
}

/// Channels of a training: training data, and validation and test data if given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Whether it is the data that gboost has with it.
    pub built_in: bool,
    /// The rows that were trained on.
    pub train: ChannelRecord,
    /// The rows that steered early stopping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ChannelRecord>,
    /// The rows evaluated at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<ChannelRecord>,
}

impl Data {
    /// The channels that there are, by name.
    pub fn channels(&self) -> impl Iterator<Item = (&'static str, &ChannelRecord)> {
        let others = [("validation", &self.validation), ("test", &self.test)];
        std::iter::once(("train", &self.train))
            .chain(others.into_iter().filter_map(|(name, channel)| Some((name, channel.as_ref()?))))
    }
}

/// Size and files of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelRecord {
    /// Number of rows, summed over all files.
    pub rows: usize,
    /// Number of features per row, label and weight not counted.
    pub features: usize,
    /// The files in the order of their rows.
    pub files: Vec<DataFile>,
}

/// One data file: its digest, its size and its labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Where it is, and what it holds.
    #[serde(flatten)]
    pub file: FileRecord,
    /// Number of rows in the file, without its header.
    pub rows: usize,
    /// Its columns, label and weight among them; of libsvm files its features.
    pub columns: usize,
    /// Rows by label, lowest first; `null` for a regression with more than a thousand different
    /// labels.
    pub labels: Option<Map<String, Value>>,
}

/// A file and its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its path, from the manifest's folder; a name for built-in data.
    pub path: String,
    /// The sha256 of its bytes, in lower case hexadecimal digits; `null` for a pipe, which cannot
    /// be read again.
    pub sha256: Option<String>,
}

/// Options that divided the rows into folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldsRecord {
    /// Number of folds, each of which is held out once.
    pub nfold: usize,
    /// Whether they share labels equally.
    pub stratified: bool,
    /// The seed of random folds.
    pub shuffle_seed: u64,
    /// The column of fold numbers.
    pub column: Option<String>,
    /// The file of fold numbers.
    pub file: Option<FileRecord>,
    /// Column of groups, whose rows stay in one fold; by name or index.
    pub group_column: Option<String>,
}

/// Where a result was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Brand name of the processor; empty where the system has none.
    pub cpu: String,
    /// Threads that were used.
    pub threads: usize,
    /// Kind of hardware that trained: `cpu` or `gpu`.
    pub backend: String,
    /// Hardware that trained, in words: the processor with its threads, or the GPU.
    pub adapter: String,
    /// The adapter's driver, of a GPU.
    pub driver: Option<String>,
    /// Name and version of the operating system.
    pub os: String,
    /// Architecture of the processor.
    pub arch: String,
}

impl Machine {
    /// Describes the machine that this process runs on, and what trained there.
    #[must_use]
    pub fn here(threads: usize, backend: &str, adapter: &str, driver: Option<String>) -> Self {
        use sysinfo::{CpuRefreshKind, RefreshKind, System};
        let kind = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
        let cpu = System::new_with_specifics(kind)
            .ok()
            .and_then(|system| system.cpus().first().map(|cpu| cpu.brand().trim().to_string()))
            .unwrap_or_default();
        Self {
            cpu,
            threads,
            backend: backend.to_string(),
            adapter: adapter.to_string(),
            driver,
            os: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_string()),
            arch: std::env::consts::ARCH.to_string(),
        }
    }
}

/// The commit that gboost was built from, where that is known.
#[must_use]
pub fn commit() -> Option<&'static str> {
    option_env!("GBOOST_COMMIT")
}

/// Where the manifest of a result lies: `a/m.json` has `a/m.manifest.json`.
#[must_use]
pub fn beside(result: &Path) -> PathBuf {
    result.with_extension("manifest.json")
}

impl Manifest {
    /// The current form, for [`Manifest::manifest`].
    pub const FORM: u32 = FORM;

    /// The parameters as a manifest has them: those given or the defaults, the metrics by name.
    #[must_use]
    pub fn parameters_of(params: &Params) -> Map<String, Value> {
        let mut shown = params.to_json();
        shown.insert("eval_metric".to_string(), params.metrics().iter().map(Metric::name).map(Value::from).collect());
        // Neither changes the result; the machine has the threads that were used.
        shown.shift_remove("nthread");
        shown.shift_remove("verbosity");
        shown
    }

    /// Reads a manifest. Returns beside it the JSON of the file as it is, with members that
    /// [`Manifest`] has no place for, too.
    ///
    /// # Errors
    /// If the file cannot be read, is longer than 64 MiB, is no manifest, or one of another form.
    pub fn load(path: &Path) -> Result<(Self, Value)> {
        let unreadable = |source: io::Error| Error::io("read the manifest", path, source);
        let bytes = Local.open(&path.into()).and_then(|file| read_at_most(file.reader, MOST_BYTES));
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
        let text = text.map_err(unreadable)?;
        let bad = |error: serde_json::Error| {
            let reason =
                if text.trim_start().starts_with('{') { error.to_string() } else { "it is no JSON".to_string() };
            Error::data(format!("no manifest of gboost: {reason}"))
                .remedy("give the file that gboost train wrote beside the model")
                .at_path(path)
        };
        let value = strict_json::parse(&text).map_err(bad)?;
        if value.get("learner").is_some() {
            return Err(Error::data("no manifest of gboost: this is a model")
                .remedy(format!("give the file that gboost train wrote beside it, {}", beside(path).display()))
                .at_path(path));
        }
        match value.get("manifest").and_then(Value::as_u64) {
            Some(form) if form != u64::from(FORM) => {
                Err(Error::data(format!("the manifest has form {form}, this gboost reads form {FORM}"))
                    .remedy("verify it with the gboost that wrote it")
                    .at_path(path))
            }
            _ => Ok((Self::deserialize(&value).map_err(bad)?, value)),
        }
    }

    /// Returns the sha256 of a manifest without `machine`, `times` and the digest itself: of its
    /// text without white space, names in ascending order.
    ///
    /// It shows a change by hand or by accident, such as of a parameter that had no effect on the
    /// model. It is no signature: whoever wants to deceive computes it anew.
    #[must_use]
    pub fn digest_of(manifest: &Value) -> String {
        let mut told = manifest.clone();
        if let Value::Object(members) = &mut told {
            members.retain(|name, _| !NOT_SEALED.contains(&name.as_str()));
        }
        told.sort_all_objects();
        sha256(told.to_string().as_bytes())
    }

    /// The manifest with its digest.
    #[must_use]
    pub fn sealed(self) -> Self {
        let digest = serde_json::to_value(&self).map(|value| Self::digest_of(&value)).ok();
        Self { sha256: digest, ..self }
    }

    /// Returns the text of the file: indented JSON with a line feed at its end.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Only a map with keys that are no strings could fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl ChannelRecord {
    /// The record of a channel; its files are hashed anew where they were not as they were read.
    ///
    /// # Errors
    /// If a file cannot be read any more.
    pub fn new(channel: &Channel, from: &Path) -> Result<Self> {
        let record = |(index, path): (usize, &PathBuf)| match channel.file_sha256.get(index) {
            Some(sha256) => Ok(FileRecord { path: relative(path, from), sha256: sha256.clone() }),
            None => FileRecord::of(path, from),
        };
        let files = channel.files.iter().enumerate().map(record).collect::<Result<Vec<_>>>()?;
        Ok(Self::with_files(channel, files))
    }

    /// The record of a channel of known files.
    #[must_use]
    pub fn with_files(channel: &Channel, files: Vec<FileRecord>) -> Self {
        let data = &channel.dataset;
        let labels = data.labels.as_deref().unwrap_or_default();
        let mut first = 0;
        let mut of_file = |(file, &rows): (FileRecord, &usize)| {
            let range = first..first + rows;
            first += rows;
            DataFile { file, rows, columns: channel.columns, labels: labels.get(range).and_then(label_counts) }
        };
        let files = files.into_iter().zip(&channel.file_rows).map(&mut of_file).collect();
        Self { rows: data.rows, features: data.features(), files }
    }
}

/// Rows by label, lowest first; `None` if there are too many different ones.
fn label_counts(labels: &[f32]) -> Option<Map<String, Value>> {
    let mut counts: Vec<(f32, usize)> = Vec::new();
    for label in labels {
        match counts.binary_search_by(|(known, _)| known.total_cmp(label)) {
            Ok(at) => counts[at].1 += 1,
            Err(_) if counts.len() == MOST_LABELS => return None,
            Err(at) => counts.insert(at, (*label, 1)),
        }
    }
    Some(counts.into_iter().map(|(label, rows)| (label.to_string(), Value::from(rows))).collect())
}

impl FileRecord {
    /// A file as it is now, its path from the folder `from`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(path: &Path, from: &Path) -> Result<Self> {
        let sha256 = sha256_of_file(path)?;
        Ok(Self { path: relative(path, from), sha256 })
    }

    /// A file with this content that stands, or will stand, beside the manifest.
    #[must_use]
    pub fn beside(path: &Path, bytes: &[u8]) -> Self {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self { path: name, sha256: Some(sha256(bytes)) }
    }

    /// Where the file of a manifest in the folder `from` is.
    #[must_use]
    pub fn place(&self, from: &Path) -> PathBuf {
        let path = Path::new(&self.path);
        if path.is_absolute() || from.as_os_str().is_empty() || from == Path::new(".") {
            return path.to_path_buf();
        }
        from.join(path)
    }
}

/// The path from one folder to a file, with `/` between its parts; an absolute path where there is
/// no way between them (two drives), or to what is no file on a disk.
#[must_use]
pub fn relative(path: &Path, from: &Path) -> String {
    let (path, from) = (resolve(path), resolve(from));
    let shared = path.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    if shared == 0 || !path.is_absolute() || !from.is_absolute() {
        return path.to_string_lossy().into_owned();
    }
    let up = from.components().skip(shared).map(|_| "..".to_string());
    let down = path.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The absolute path without links; of what does not exist yet, that of its folder and its name.
fn resolve(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => resolve(parent).join(name),
        (_, Some(name)) => resolve(Path::new(".")).join(name),
        _ => path.components().filter(|part| !matches!(part, Component::CurDir)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_lies_beside_the_result() {
        for (result, manifest) in [
            ("m.json", "m.manifest.json"),
            ("a/b.c/model", "a/b.c/model.manifest.json"),
            ("cv.csv", "cv.manifest.json"),
        ] {
            assert_eq!(beside(Path::new(result)), Path::new(manifest));
        }
    }

    #[test]
    fn paths_lead_from_the_manifest_to_the_file() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("data/deep")).unwrap_or_else(|error| panic!("{error}"));
        std::fs::write(at("data/deep/a.csv"), "1").unwrap_or_else(|error| panic!("{error}"));
        for (from, expected) in [
            ("data/deep", "a.csv"),
            ("data", "deep/a.csv"),
            ("out/run 1", "../../data/deep/a.csv"),
            ("data/../data/deep", "a.csv"),
        ] {
            let record = FileRecord::of(&at("data/deep/a.csv"), &at(from)).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(record.path, expected);
            std::fs::create_dir_all(at(from)).unwrap_or_else(|error| panic!("{error}"));
            assert!(record.place(&at(from)).is_file(), "{from}");
            let one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
            assert_eq!(record.sha256.as_deref(), Some(one));
        }
    }

    #[test]
    fn labels_are_counted_lowest_first() {
        let counts = label_counts(&[2.0, 10.0, 2.0, 1.5]).map(|counts| Value::from(counts).to_string());
        assert_eq!(counts.as_deref(), Some(r#"{"1.5":1,"2":2,"10":1}"#));
        let many: Vec<f32> = (0..1001).map(|label| label as f32).collect();
        assert!(label_counts(&many).is_none() && label_counts(&many[1..]).is_some());
    }

    #[test]
    fn the_digest_is_of_what_is_told_not_of_its_form() {
        let digest = |text: &str| Manifest::digest_of(&strict_json::parse(text).unwrap_or_default());
        let told = digest(r#"{"a":{"x":1,"y":[2.5]},"b":"c"}"#);
        assert_eq!(told, digest(r#" {"b":"c","times":1,"machine":{},"sha256":"z","a":{"y":[2.50],"x":1}}"#));
        for other in [r#"{"a":{"x":1,"y":[2.6]},"b":"c"}"#, r#"{"a":{"x":1,"y":[2.5]},"b":"c","times ":1}"#] {
            assert_ne!(told, digest(other));
        }
    }
}
