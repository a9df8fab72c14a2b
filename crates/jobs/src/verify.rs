//! The proof of a manifest: training again, and comparing byte for byte.

use crate::backend;
use crate::backend::BackendOptions;
use crate::cross_validation::{self, Source};
use crate::data::{Channels, DataFiles, DataOptions, Purpose, embedded};
use crate::folds::FoldOptions;
use crate::manifest;
use crate::manifest::{Inputs, Outcome};
use crate::memory::MemoryOptions;
use crate::observer::Observer;
use crate::output;
use crate::params_file;
use crate::text::count;
use crate::training::{CONTINUES, Training, figures, give_up_values};
use gboost::internals::io::files::{open_regular, read_regular};
use gboost::internals::util::clock::Clock;
use gboost::internals::util::digest::{sha256, sha256_of_file, sha256_of_reader};
use gboost::internals::util::threads::thread_pool;
use gboost::validation::FoldedData;
use gboost::{Error, ErrorKind, Evaluate, Model, Params, Placement, Result};
use gboost_report::manifest::{ChannelRecord, Data, FileRecord, FoldsRecord, commit};
use gboost_report::{Manifest, cv_csv};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Trains again what a manifest describes, and compares with the result byte for byte. Writes
/// nothing.
#[derive(Clone, Debug, Default)]
pub struct VerifyJob {
    /// The manifest that lies beside the result.
    pub manifest: PathBuf,
    /// Where the training rows are kept.
    pub memory: MemoryOptions,
    /// Device on which the result is made again; by default the processor, then a GPU if faster.
    pub backend: BackendOptions,
    /// Threads to use; all cores by default.
    pub threads: Option<usize>,
}

/// A result that is the same when it is made again.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What it is: "model" or "table".
    pub what: &'static str,
    /// Location of the result that was verified.
    pub path: PathBuf,
    /// SHA-256 of the result's bytes, in hexadecimal.
    pub sha256: String,
    /// What it was made again on.
    pub adapter: String,
}

/// The commands that write manifests.
const COMMANDS: [&str; 3] = ["train", "cv", "tune"];

impl VerifyJob {
    /// Checks the data, trains again and compares the result and the whole manifest.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CheckFailed`] with the reason, if not all is the same. Otherwise if a file
    /// cannot be read or is no manifest, or the observer stops the job.
    pub fn run(&self, observer: &mut dyn Observer) -> Result<Verified> {
        self.backend.check()?;
        let claim = output::Request::default().input("MANIFEST", Some(&self.manifest)).claim(observer)?;
        claim.tell(observer)?;
        let (manifest, told) = Manifest::load(&self.manifest)?;
        let Some(command) = COMMANDS.into_iter().find(|command| *command == manifest.command) else {
            return Err(Error::data(format!("the manifest is of the command {:?}", manifest.command))
                .remedy(format!("give a manifest of gboost {}", COMMANDS.join(", ")))
                .at_path(&self.manifest));
        };
        let mut params = Params::default();
        params_file::set_all(&self.manifest, &manifest.parameters, &mut params)?;
        params.nthread = self.threads;
        params.check().map_err(|error| error.at_path(&self.manifest))?;
        let case = Case {
            backend: &self.backend,
            path: &self.manifest,
            folder: output::folder_of(&self.manifest),
            manifest: &manifest,
            told: &told,
            command,
            params: &params,
            memory: &self.memory,
        };
        case.tell_version(observer)?;
        case.check_data(observer)?;
        let stored = case.stored()?;
        match command {
            "cv" => case.cross_validate_again(stored, observer),
            _ => case.train_again(stored, observer),
        }
    }
}

/// A manifest under examination.
struct Case<'a> {
    backend: &'a BackendOptions,
    path: &'a Path,
    folder: &'a Path,
    manifest: &'a Manifest,
    /// The manifest's JSON as it stands in the file.
    told: &'a Value,
    command: &'static str,
    params: &'a Params,
    memory: &'a MemoryOptions,
}

/// The result as it is on disk.
struct Stored {
    path: PathBuf,
    sha256: String,
}

/// What training again has given.
struct Again<'a> {
    bytes: &'a [u8],
    rounds: usize,
    metrics: Value,
    backend: &'a Placement,
    adapter: &'a str,
}

impl Case<'_> {
    /// Another program may train another model: the reader of a failure should know.
    fn tell_version(&self, observer: &mut dyn Observer) -> Result<()> {
        let (theirs, ours) = self.programs();
        observer.detail(&format!("written by {theirs}, this is {ours}"))?;
        if self.manifest.gboost != env!("CARGO_PKG_VERSION") {
            observer.note(&format!("the manifest was written by {theirs}, this is {ours}"))?;
        }
        Ok(())
    }

    /// The program that wrote the manifest, and this one.
    fn programs(&self) -> (String, String) {
        let say = |version: &str, commit: Option<&str>| match commit {
            Some(commit) => format!("gboost {version} of commit {commit}"),
            None => format!("gboost {version}"),
        };
        (say(&self.manifest.gboost, self.manifest.commit.as_deref()), say(env!("CARGO_PKG_VERSION"), commit()))
    }

    /// The other reason why training again may give another result.
    fn or_the_program(&self) -> String {
        let (theirs, ours) = self.programs();
        if theirs == ours {
            String::new()
        } else {
            format!(", or {ours} trains otherwise than {theirs}, which wrote it")
        }
    }

    fn no(&self, message: String) -> Error {
        Error::new(ErrorKind::CheckFailed, message)
    }

    /// Compares a file's content with its record in the manifest.
    fn check_file(&self, record: &FileRecord, what: &str) -> Result<()> {
        let path = record.place(self.folder);
        let Some(expected) = &record.sha256 else {
            return Err(Error::data(format!("the {what} came from a pipe, which cannot be read again"))
                .remedy("train from a file to be able to verify")
                .at_path(&path));
        };
        match sha256_of_file(&path)? {
            Some(found) if found == *expected => Ok(()),
            Some(found) => Err(self
                .no(format!("the {what} was changed: its sha256 is {found}, the manifest says {expected}"))
                .at_path(&path)),
            None => Err(no_regular_file(&path, what)),
        }
    }

    /// All data, and the model to continue from.
    fn check_data(&self, observer: &mut dyn Observer) -> Result<()> {
        let mut checked = 0;
        for (name, channel) in self.manifest.data.channels() {
            for file in &channel.files {
                let what = format!("{name} data");
                match self.manifest.data.built_in {
                    false => self.check_file(&file.file, &what)?,
                    true if file.file.sha256.as_deref() == Some(&sha256(embedded(&file.file.path))) => {}
                    true => {
                        return Err(self.no(format!(
                            "the built-in {what} of this gboost is not what the manifest was made with ({})",
                            file.file.path
                        )));
                    }
                }
                checked += 1;
            }
        }
        if let Some(record) = &self.manifest.continue_from {
            self.check_file(record, "model to continue from")?;
        }
        if let Some(record) = self.manifest.folds.as_ref().and_then(|folds| folds.file.as_ref()) {
            self.check_file(record, "file of folds")?;
        }
        observer.note(&format!("data: {} with the sha256 of the manifest", count(checked, "file")))
    }

    fn stored(&self) -> Result<Stored> {
        let path = self.manifest.result.place(self.folder);
        let file = open_regular(&path).map_err(|source| Error::io("read the result", &path, source))?;
        let file = file.ok_or_else(|| no_regular_file(&path, "result"))?;
        let sha256 = sha256_of_reader(file.reader).map_err(|source| Error::io("read", &path, source))?;
        Ok(Stored { path, sha256 })
    }

    /// Compares the sizes of the data with those in the manifest.
    fn check_counts(&self, found: &Data) -> Result<()> {
        for ((name, expected), (_, found)) in self.manifest.data.channels().zip(found.channels()) {
            let about = |channel: &ChannelRecord| {
                let files = channel.files.iter().map(|file| (file.rows, file.columns, file.labels.clone()));
                (channel.rows, channel.features, files.collect::<Vec<_>>())
            };
            if about(expected) != about(found) {
                let say = |channel: &ChannelRecord| {
                    format!("{} of {}", count(channel.rows, "row"), count(channel.features, "feature"))
                };
                let (expected, found) = (say(expected), say(found));
                let message = match expected == found {
                    true => {
                        format!("the rows, columns or label counts of the {name} files are not those of the manifest")
                    }
                    false => format!("the {name} data has {found}, the manifest says {expected}"),
                };
                return Err(self.no(message).at_path(self.path));
            }
        }
        Ok(())
    }

    /// The manifest that this run begins, of data whose counts are those of the manifest on disk.
    fn begin(
        &self,
        stored: &Stored,
        reading: &DataOptions,
        channels: &Channels,
        (start, folds): (Option<&PathBuf>, Option<FoldsRecord>),
    ) -> Result<Manifest> {
        self.check_counts(&channels.record(self.folder)?)?;
        let (command, params) = (self.command, self.params);
        manifest::begin(Inputs { command, result: &stored.path, params, reading, channels, start, folds })
    }

    /// The files of a channel; none for built-in data.
    fn files(&self, channel: Option<&ChannelRecord>) -> Vec<PathBuf> {
        let files = channel.into_iter().flat_map(|channel| &channel.files);
        files.filter(|_| !self.manifest.data.built_in).map(|file| file.file.place(self.folder)).collect()
    }

    fn train_again(&self, stored: Stored, observer: &mut dyn Observer) -> Result<Verified> {
        let Manifest { data, reading, continue_from, .. } = self.manifest;
        let from = continue_from.as_ref().map(|record| record.place(self.folder));
        let start = from.as_ref().map(Model::load).transpose()?;
        let plan = self.memory.plan(start.as_ref().map(|_| CONTINUES))?;
        let reading = DataOptions::from_record(reading)?;
        let [train, validation, test] =
            [Some(&data.train), data.validation.as_ref(), data.test.as_ref()].map(|channel| self.files(channel));
        let files = DataFiles { train, validation, test };
        let purpose = Purpose::training(self.params, start.as_ref());
        if data.built_in {
            self.memory.refuse_for("the built-in data")?;
        }
        let pool = thread_pool(self.params.nthread)?;
        let mut channels = pool.install(|| match data.built_in {
            true => Channels::built_in(),
            false => Channels::read(&reading, &files, purpose, &plan, observer),
        })?;
        let begun = self.begin(&stored, &reading, &channels, (from.as_ref(), None))?;
        let compute = self.backend.choose(observer)?;
        let matrix = match plan.gives_up {
            true => Some(pool.install(|| give_up_values(&mut channels, self.params, &compute.backend))?),
            false => None,
        };
        let training = Training {
            params: self.params,
            channels: &channels,
            matrix: matrix.as_ref(),
            start: start.as_ref(),
            compute: &compute,
            hidden: Evaluate::LastRound,
        };
        let trained = training.run(observer)?;
        backend::tell(&trained.backend, &trained.adapter, observer)?;
        let bytes = trained.model.to_json();
        self.compare(&stored, &bytes, &trained.adapter, |stored, is_intact| {
            match (Model::from_json_bytes(stored), is_intact) {
                (Ok(model), true) => model.first_difference(&trained.model),
                // The place, not what stands there.
                (Ok(model), false) => model
                    .first_difference(&trained.model)
                    .map(|difference| difference.split(": ").next().unwrap_or_default().to_string()),
                (Err(error), true) => Some(format!("it is no whole model: {error}")),
                (Err(_), false) => Some("it is no whole model".to_string()),
            }
        })?;
        let figures = pool.install(|| figures(&trained, &channels, matrix.as_ref()))?;
        let again = Again {
            bytes: &bytes,
            rounds: trained.model.rounds(),
            metrics: serde_json::to_value(figures).unwrap_or_default(),
            backend: &trained.backend,
            adapter: &trained.adapter,
        };
        self.compare_manifests(begun, &again, observer)?;
        Ok(self.same("model", stored, &trained.adapter))
    }

    fn cross_validate_again(&self, stored: Stored, observer: &mut dyn Observer) -> Result<Verified> {
        let Manifest { data, reading, folds, .. } = self.manifest;
        self.memory.refuse_for("the data of a cross-validation")?;
        let Some(folds) = folds else {
            return Err(Error::data("the manifest of a cross-validation lacks its folds").at_path(self.path));
        };
        let (reading, fold_options) =
            (DataOptions::from_record(reading)?, FoldOptions::from_record(folds, self.folder));
        let paths = self.files(Some(&data.train));
        let source = Source { paths: &paths, reading: &reading, folds: &fold_options };
        let pool = thread_pool(self.params.nthread)?;
        let (found, begun) = pool.install(|| {
            let (channels, folds) = source.read(self.params, observer)?;
            let record = fold_options.record(self.folder, &folds)?;
            let begun = self.begin(&stored, &reading, &channels, (None, Some(record)))?;
            let compute = self.backend.choose(observer)?;
            let folded = FoldedData::new(&channels.train.dataset, &folds, self.params)?;
            cross_validation::run(&folded, self.params, &compute, observer).map(|found| (found, begun))
        })?;
        backend::tell(&found.backend, &found.adapter, observer)?;
        let table = cv_csv(&found);
        self.compare(&stored, table.as_bytes(), &found.adapter, |stored, is_intact| {
            let stored = String::from_utf8_lossy(stored);
            let (rows, new_rows) = (stored.lines().count(), table.lines().count());
            let mut lines = stored.lines().zip(table.lines()).zip(1..);
            let differing = lines.find(|((stored, again), _)| stored != again);
            let line = differing.map(|((stored, again), line)| match is_intact {
                true => format!("line {line}: {stored} here, {again} there"),
                false => format!("line {line}, which is {again} there"),
            });
            line.or_else(|| (rows != new_rows).then(|| format!("{rows} lines here, {new_rows} there")))
        })?;
        let again = Again {
            bytes: table.as_bytes(),
            rounds: found.history.len(),
            metrics: cross_validation::metrics(&found),
            backend: &found.backend,
            adapter: &found.adapter,
        };
        self.compare_manifests(begun, &again, observer)?;
        Ok(self.same("table", stored, &found.adapter))
    }

    /// Compares the result on disk, the manifest's and the one made again. `difference` tells where
    /// the first of them parts from the last; it quotes the first only if that is the file that the
    /// manifest means, since any file may be named there.
    fn compare(
        &self,
        stored: &Stored,
        again: &[u8],
        adapter: &str,
        difference: impl Fn(&[u8], bool) -> Option<String>,
    ) -> Result<()> {
        let expected = self.manifest.result.sha256.clone().unwrap_or_default();
        let (found, new) = (&stored.sha256, sha256(again));
        let is_intact = *found == expected;
        if is_intact && new == expected {
            return Ok(());
        }
        // A file that is many times longer than what it should hold is not worth its memory.
        let place = match read_regular(&stored.path, (again.len() as u64).saturating_mul(4).max(1 << 20)) {
            Err(error) => format!("it cannot be compared: {error}"),
            Ok(bytes) if sha256(&bytes) != *found => "it is being changed".to_string(),
            Ok(bytes) => difference(&bytes, is_intact).map_or_else(
                || "only the text of the file differs".to_string(),
                |place| format!("first difference: {place}"),
            ),
        };
        let message = match (is_intact, new == expected) {
            (false, true) => format!(
                "the file was changed: its sha256 is {found}, the manifest says {expected}, which training again on {adapter} gives; {place}"
            ),
            (false, false) => format!(
                "the file was changed: its sha256 is {found}, the manifest says {expected}; training again on {adapter} gives {new}; {place}"
            ),
            (true, _) => format!(
                "training again on {adapter} does not give this file but sha256 {new}: a parameter in the manifest was changed{}; {place}",
                self.or_the_program()
            ),
        };
        Err(self.no(message).at_path(&stored.path))
    }

    fn compare_metrics(&self, again: &Value, rounds: usize) -> Result<()> {
        if rounds != self.manifest.rounds {
            return Err(self
                .no(format!("the manifest says {}, the result has {rounds}", count(self.manifest.rounds, "round")))
                .at_path(self.path));
        }
        if self.manifest.seed != self.params.seed {
            let Manifest { seed, .. } = self.manifest;
            return Err(self
                .no(format!("the manifest says seed {seed} and, among the parameters, {}", self.params.seed))
                .at_path(self.path));
        }
        let texts = [&self.manifest.metrics, again].map(Value::to_string);
        match first_unequal("", &self.manifest.metrics, again) {
            None if texts[0] == texts[1] => Ok(()),
            None => Err(self
                .no("training again gives the manifest's metrics in another order: eval_metric was changed".to_string())
                .at_path(self.path)),
            Some((name, expected, found)) => Err(self
                .no(format!("the manifest says {name} {expected}, training again gives {found}"))
                .at_path(self.path)),
        }
    }

    /// Compares the whole manifest with the one that this run would write.
    fn compare_manifests(&self, begun: Manifest, again: &Again<'_>, observer: &mut dyn Observer) -> Result<()> {
        self.compare_metrics(&again.metrics, again.rounds)?;
        let outcome = Outcome {
            bytes: again.bytes,
            rounds: again.rounds,
            metrics: again.metrics.clone(),
            backend: again.backend,
            adapter: again.adapter,
            threads: 0,
            clock: Clock::start(),
        };
        let again = serde_json::to_value(manifest::complete(begun, &outcome)).unwrap_or_default();
        let is_ours = self.manifest.gboost == env!("CARGO_PKG_VERSION") && self.manifest.commit.as_deref() == commit();
        let (told, mut again) = (comparable(self.told), comparable(&again));
        if !is_ours {
            // Another gboost may not know of everything that this one writes down.
            leave_out_unknown(&mut again, &told);
        }
        if let Some((name, told, found)) = first_unequal("", &told, &again) {
            let message = format!("the manifest says {name} {told}, this run would write {found}");
            return Err(self.no(message).at_path(self.path));
        }
        match &self.manifest.sha256 {
            Some(digest) if *digest == Manifest::digest_of(self.told) => Ok(()),
            Some(digest) => Err(self
                .no(format!(
                    "the manifest was changed: the sha256 of what it says is {}, not {digest}; the change has no effect on the result",
                    Manifest::digest_of(self.told)
                ))
                .at_path(self.path)),
            None if is_ours && commit().is_some() => {
                Err(self.no("the manifest lacks its own sha256: it was changed".to_string()).at_path(self.path))
            }
            None => observer.note(
                "the manifest has no sha256 of its own, as older ones: a change without effect on the result would not be seen",
            ),
        }
    }

    fn same(&self, what: &'static str, stored: Stored, adapter: &str) -> Verified {
        let sha256 = self.manifest.result.sha256.clone().unwrap_or_default();
        Verified { what, path: stored.path, sha256, adapter: adapter.to_string() }
    }
}

/// Nothing but regular files is read for a manifest: a device may have no end, and a pipe no
/// writer.
fn no_regular_file(path: &Path, what: &str) -> Error {
    Error::data(format!("the {what} is no regular file"))
        .remedy("give a manifest of files that can be read again")
        .at_path(path)
}

/// What two manifests of the same run have in common: not where and when, which program, and where
/// files lie; they may be moved.
fn comparable(manifest: &Value) -> Value {
    let mut told = manifest.clone();
    if let Value::Object(members) = &mut told {
        members.retain(|name, _| !["machine", "times", "sha256", "gboost", "commit"].contains(&name.as_str()));
    }
    leave_out_paths(&mut told);
    told
}

fn leave_out_paths(value: &mut Value) {
    match value {
        Value::Object(members) => {
            // The path of a file, whose sha256 stands beside it.
            if members.contains_key("sha256") {
                members.shift_remove("path");
            }
            members.values_mut().for_each(leave_out_paths);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_paths),
        _ => {}
    }
}

/// Leaves out what `known` has no member for.
fn leave_out_unknown(value: &mut Value, known: &Value) {
    if let (Value::Object(members), Value::Object(known)) = (value, known) {
        members.retain(|name, _| known.contains_key(name));
        for (name, value) in members {
            leave_out_unknown(value, &known[name]);
        }
    }
}

/// The first figure by its path that two values have not in common.
fn first_unequal(path: &str, left: &Value, right: &Value) -> Option<(String, String, String)> {
    if let (Value::Object(left), Value::Object(right)) = (left, right) {
        let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
        let name = |key: &String| if path.is_empty() { key.clone() } else { format!("{path} {key}") };
        let of = |side: &serde_json::Map<String, Value>, key: &String| side.get(key).cloned().unwrap_or_default();
        return keys.map(|key| first_unequal(&name(key), &of(left, key), &of(right, key))).find_map(|found| found);
    }
    if let (Value::Array(left), Value::Array(right)) = (left, right)
        && left.len() == right.len()
        && left.iter().chain(right).any(Value::is_object)
    {
        let items = left.iter().zip(right).enumerate();
        return items
            .map(|(index, (left, right))| first_unequal(&format!("{path} {index}"), left, right))
            .find_map(|found| found);
    }
    (left != right).then(|| (path.to_string(), left.to_string(), right.to_string()))
}
