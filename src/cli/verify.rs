//! `gboost verify`.

use super::backend;
use super::cv;
use super::data::{Channels, DataArgs, Paths, Purpose, embedded};
use super::folds::FoldArgs;
use super::interrupt::{self, Phase};
use super::memory::MemoryArgs;
use super::params_file;
use super::screen::{Screen, count};
use super::train::{self, Training};
use super::{Global, output};
use gboost::report::manifest::{ChannelRecord, Data, FileRecord, commit, sha256, sha256_of_file};
use gboost::report::{Manifest, cv_csv};
use gboost::validation::FoldedData;
use gboost::{Error, ErrorKind, Evaluate, Model, Params, Result};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Train again what a manifest describes, and compare with the result byte for byte
///
/// Checks that the data files and the result have the sha256 of the manifest, trains again, on any backend and any number of
/// threads, and says whether the model (or the table of a cross-validation) has the same bytes and the same metrics. Writes nothing.
///
/// Exit code 0 if all is the same; 1 if not, with the reason: a data file or the model was changed, or training gives another
/// model, with the first tree and node that differ. 2 if a file is missing or cannot be read.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The manifest that lies beside the result: model.manifest.json, cv.manifest.json
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,

    #[command(flatten)]
    memory: MemoryArgs,
}

const AFTER_HELP: &str = "\
Examples:
  gboost verify model.manifest.json
  gboost verify model.manifest.json --backend gpu
  gboost verify out/cv.manifest.json --threads 1";

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let screen = global.screen();
    backend::check(global)?;
    let manifest = Manifest::load(&args.manifest)?;
    let mut params = Params::default();
    params_file::set_all(&args.manifest, &manifest.parameters, &mut params)?;
    params.nthread = global.threads();
    params.check().map_err(|error| error.at_path(&args.manifest))?;
    let case = Case {
        global,
        path: &args.manifest,
        folder: output::folder_of(&args.manifest),
        manifest: &manifest,
        params: &params,
        memory: &args.memory,
        screen: &screen,
    };
    case.tell_version();
    case.check_data()?;
    let stored = case.stored()?;
    match manifest.command.as_str() {
        "cv" => case.cross_validate_again(&stored),
        _ => case.train_again(&stored),
    }
}

/// A manifest under examination.
struct Case<'a> {
    global: &'a Global,
    path: &'a Path,
    folder: &'a Path,
    manifest: &'a Manifest,
    params: &'a Params,
    memory: &'a MemoryArgs,
    screen: &'a Screen,
}

/// The result as it is on disk.
struct Stored {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Case<'_> {
    /// Another program may train another model: the reader of a failure should know.
    fn tell_version(&self) {
        let (theirs, ours) = self.programs();
        self.screen.detail(&format!("written by {theirs}, this is {ours}"));
        if self.manifest.gboost != env!("CARGO_PKG_VERSION") {
            self.screen.note(&format!("the manifest was written by {theirs}, this is {ours}"));
        }
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

    /// Compares a file's content with what the manifest says.
    fn check_file(&self, record: &FileRecord, what: &str) -> Result<()> {
        let path = record.place(self.folder);
        let Some(expected) = &record.sha256 else {
            return Err(Error::data(format!("the {what} came from a pipe, which cannot be read again"))
                .remedy("train from a file to be able to verify")
                .at_path(&path));
        };
        match sha256_of_file(&path)? {
            Some(found) if found == *expected => Ok(()),
            found => Err(self
                .no(format!(
                    "the {what} was changed: its sha256 is {}, the manifest says {expected}",
                    found.unwrap_or_default()
                ))
                .at_path(&path)),
        }
    }

    /// All data, and the model to continue from.
    fn check_data(&self) -> Result<()> {
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
        self.screen.note(&format!("data: {} with the sha256 of the manifest", count(checked, "file")));
        Ok(())
    }

    fn stored(&self) -> Result<Stored> {
        let path = self.manifest.result.place(self.folder);
        let bytes = fs::read(&path).map_err(|source| Error::io("read the result", &path, &source))?;
        Ok(Stored { path, bytes })
    }

    /// Compares what the data holds with what the manifest says of it.
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

    /// The files of a channel; none for built-in data.
    fn files(&self, channel: Option<&ChannelRecord>) -> Vec<PathBuf> {
        let files = channel.into_iter().flat_map(|channel| &channel.files);
        files.filter(|_| !self.manifest.data.built_in).map(|file| file.file.place(self.folder)).collect()
    }

    fn train_again(&self, stored: &Stored) -> Result<()> {
        let Manifest { data, reading, continue_from, .. } = self.manifest;
        let start = continue_from.as_ref().map(|record| Model::load(record.place(self.folder))).transpose()?;
        let plan = self.memory.plan(start.as_ref().map(|_| train::CONTINUES))?;
        let reading = DataArgs::from_record(reading)?;
        let [train, validation, test] =
            [Some(&data.train), data.validation.as_ref(), data.test.as_ref()].map(|channel| self.files(channel));
        let paths = Paths { train: &train, validation: &validation, test: &test };
        let purpose = Purpose::training(self.params, start.as_ref());
        if data.built_in {
            self.memory.refuse_for("the built-in data")?;
        }
        let pool = gboost::booster::thread_pool(self.params.nthread)?;
        let mut channels = pool.install(|| match data.built_in {
            true => Channels::built_in(),
            false => Channels::read(&reading, paths, purpose, &plan, self.screen),
        })?;
        self.check_counts(&channels.record(self.folder)?)?;
        let backend = backend::choose(self.global, false, self.screen)?;
        let matrix = match plan.gives_up {
            true => Some(pool.install(|| train::give_up_values(&mut channels, self.params, &backend.backend))?),
            false => None,
        };
        let training = Training {
            params: self.params,
            channels: &channels,
            matrix: matrix.as_ref(),
            start: start.as_ref(),
            backend: &backend,
            log_every: None,
            hidden: Evaluate::LastRound,
        };
        let trained = training.run(&Screen::new(0))?;
        backend::tell(&trained.backend, &trained.adapter, self.screen);
        let again = trained.model.to_json();
        self.compare(stored, &again, &trained.adapter, |stored| match Model::from_json_bytes(stored) {
            Ok(model) => model.first_difference(&trained.model),
            Err(error) => Some(format!("it is no whole model: {error}")),
        })?;
        let figures = pool.install(|| train::figures(&trained, &channels, matrix.as_ref()))?;
        self.compare_metrics(&serde_json::to_value(figures).unwrap_or_default(), trained.model.rounds())?;
        self.say_same("model", stored, &trained.adapter)
    }

    fn cross_validate_again(&self, stored: &Stored) -> Result<()> {
        let Manifest { data, reading, folds, .. } = self.manifest;
        self.memory.refuse_for("the data of a cross-validation")?;
        let Some(folds) = folds else {
            return Err(Error::data("the manifest of a cross-validation lacks its folds").at_path(self.path));
        };
        let (reading, fold_args) = (DataArgs::from_record(reading)?, FoldArgs::from_record(folds, self.folder));
        let paths = self.files(Some(&data.train));
        let source = cv::Source { paths: &paths, reading: &reading, folds: &fold_args };
        let quiet = Screen::new(0);
        let pool = gboost::booster::thread_pool(self.params.nthread)?;
        let found = pool.install(|| {
            let (channels, folds) = cv::read(&source, self.params, self.screen)?;
            self.check_counts(&channels.record(self.folder)?)?;
            let backend = backend::choose(self.global, false, self.screen)?;
            let parted = FoldedData::new(&channels.train.dataset, &folds, self.params)?;
            cv::Run { params: self.params, backend: &backend, screen: &quiet, log_every: None }.all(&parted)
        })?;
        backend::tell(&found.backend, &found.adapter, self.screen);
        let again = cv_csv(&found);
        self.compare(stored, again.as_bytes(), &found.adapter, |stored| {
            let stored = String::from_utf8_lossy(stored);
            let (rows, new_rows) = (stored.lines().count(), again.lines().count());
            let mut lines = stored.lines().zip(again.lines()).zip(1..);
            let differing = lines.find(|((stored, again), _)| stored != again);
            let line = differing.map(|((stored, again), line)| format!("line {line}: {stored} here, {again} there"));
            line.or_else(|| (rows != new_rows).then(|| format!("{rows} lines here, {new_rows} there")))
        })?;
        self.compare_metrics(&cv::metrics(&found), found.history.len())?;
        self.say_same("table", stored, &found.adapter)
    }

    /// Compares the result on disk, the manifest's and the one made again. `difference` tells where the first of them parts from
    /// the last.
    fn compare(
        &self,
        stored: &Stored,
        again: &[u8],
        adapter: &str,
        difference: impl Fn(&[u8]) -> Option<String>,
    ) -> Result<()> {
        let expected = self.manifest.result.sha256.clone().unwrap_or_default();
        let [found, new] = [sha256(&stored.bytes), sha256(again)];
        let is_intact = found == expected;
        if is_intact && new == expected {
            return Ok(());
        }
        let place = difference(&stored.bytes).map_or_else(
            || "only the text of the file differs".to_string(),
            |place| format!("first difference: {place}"),
        );
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

    fn say_same(&self, what: &str, stored: &Stored, adapter: &str) -> Result<()> {
        interrupt::enter(Phase::Reading)?;
        let sha256 = self.manifest.result.sha256.as_deref().unwrap_or_default();
        let path = stored.path.display();
        self.screen.line(&format!("the same {what}: {path}, sha256 {sha256}, trained again on {adapter}"))
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
    (left != right).then(|| (path.to_string(), left.to_string(), right.to_string()))
}
