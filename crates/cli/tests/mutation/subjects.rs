//! The formats: their samples, their mutations, and all that is done with a file of theirs.

use crate::common::Random;
use crate::corpus;
use crate::mutate;
use crate::program;
use flate2::Compression;
use flate2::write::GzEncoder;
use gboost::explain::importance::{Importance, importance};
use gboost::explain::shap::Explainer;
use gboost::ingest::{ColumnRef, Header, ReadOptions, read_bytes};
use gboost::validation::Folds;
use gboost::{Dataset, Model, Params, Rounds, Trainer};
use gboost_report::history_file::History;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// How far a mutant came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was used, or refused for what it says rather than for its form.
    Passed,
    /// The first check, that of its form, refused it.
    Refused,
}

impl Outcome {
    fn passed(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Refused }
    }
}

/// One format.
#[derive(Clone, Copy)]
pub struct Subject {
    pub name: &'static str,
    /// Mutants that are tried at least.
    pub floor: u64,
    /// What it needs, made in a folder for temporary files.
    pub start: fn(&Path) -> Box<dyn Attempts>,
}

/// Makes mutants and uses them.
pub trait Attempts {
    /// A mutant.
    fn mutant(&self, random: &mut Random) -> Vec<u8>;
    /// Uses it in every way there is; panics where it should not.
    fn attempt(&mut self, mutant: &[u8], random: &mut Random) -> Outcome;
}

pub fn all() -> Vec<Subject> {
    let subject = |name, floor, start| Subject { name, floor, start };
    vec![
        subject("csv", 1000, Table::csv),
        subject("gzip", 1000, Table::gzip),
        subject("libsvm", 1000, Table::libsvm),
        subject("model", 500, Models::start),
        subject("history", 1000, Histories::start),
        subject("folds", 1000, FoldFiles::start),
        subject("manifest", 50, Manifests::start),
        subject("journal", 50, Journals::start),
        subject("parameters", 50, Parameters::start),
        subject("config", 50, Configs::start),
    ]
}

pub fn named(name: &str) -> Option<Subject> {
    all().into_iter().find(|subject| subject.name == name)
}

fn one_of<'a, T>(random: &mut Random, items: &'a [T]) -> &'a T {
    &items[random.below(items.len() as u64) as usize]
}

/// Tables: read with options drawn anew, and trained on for a round.
struct Table {
    samples: &'static [&'static str],
    name: &'static str,
    delimiters: &'static [u8],
    is_gzip: bool,
}

impl Table {
    fn csv(_: &Path) -> Box<dyn Attempts> {
        Box::new(Self { samples: corpus::CSV, name: "data.csv", delimiters: b",;\t|", is_gzip: false })
    }

    fn gzip(_: &Path) -> Box<dyn Attempts> {
        Box::new(Self { samples: corpus::CSV, name: "data.csv.gz", delimiters: b",;\t|", is_gzip: true })
    }

    fn libsvm(_: &Path) -> Box<dyn Attempts> {
        Box::new(Self { samples: corpus::LIBSVM, name: "data.libsvm", delimiters: b" :", is_gzip: false })
    }

    fn options(&self, random: &mut Random) -> ReadOptions {
        let mut options = ReadOptions::default().index_base(*one_of(random, &[None, None, Some(0), Some(1)]));
        if self.name.ends_with("libsvm") {
            return options;
        }
        let column = |random: &mut Random| match random.below(3) {
            0 => ColumnRef::Index(random.below(9) as usize),
            _ => ColumnRef::Name((*one_of(random, &["a", "y", "w", "name", "z", "1"])).to_string()),
        };
        match random.below(8) {
            0 => options.label = None,
            1 => options.label = Some(column(random)),
            _ => {}
        }
        if random.below(8) == 0 {
            options.weight = Some(column(random));
        }
        if random.below(4) == 0 {
            options.ignore = vec![column(random)];
        }
        options.header = *one_of(random, &[Header::Auto, Header::Auto, Header::Yes, Header::No]);
        options.delimiter = *one_of(random, &[None, None, None, Some(b','), Some(b';')]);
        options
    }
}

impl Attempts for Table {
    fn mutant(&self, random: &mut Random) -> Vec<u8> {
        let mut text = one_of(random, self.samples).as_bytes().to_vec();
        match random.below(4) {
            0 => mutate::bytes(random, &mut text),
            _ => mutate::lines(random, &mut text, self.delimiters),
        }
        if self.is_gzip {
            // A small file of this kind may hold much, in one line or in many.
            if random.below(400) == 0 {
                mutate::swell(random, &mut text, 1 << 26);
            } else if random.below(400) == 0 {
                let commas = 1 << random.below(27);
                let at = random.below(text.len() as u64 + 1) as usize;
                text.splice(at..at, std::iter::repeat_n(b',', commas));
            }
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&text).unwrap();
            text = encoder.finish().unwrap();
            // Damage under the compression's own checks, too.
            if random.below(3) == 0 {
                mutate::bytes(random, &mut text);
            }
        }
        text
    }

    fn attempt(&mut self, mutant: &[u8], random: &mut Random) -> Outcome {
        let options = self.options(random);
        match read_bytes(Path::new(self.name), mutant, &options) {
            Err(error) => Outcome::passed(error.line().is_some_and(|line| line > 1)),
            Ok(channel) => {
                train(&channel.dataset);
                Outcome::Passed
            }
        }
    }
}

/// A round of training on whatever could be read, and predictions by it.
fn train(data: &Dataset) {
    let mut params = Params::default();
    for (name, value) in [("num_round", "1"), ("max_depth", "2"), ("min_child_weight", "0")] {
        params.set(name, value).unwrap();
    }
    // Labels beyond the objective's range, too few rows and the like are refused.
    if let Ok(trained) = Trainer::new(&params, data).run() {
        assert_eq!(trained.model.predict_margins(data, Rounds::All).rows(), data.rows);
    }
}

/// Models: predicted with, explained, dumped and written again.
struct Models {
    samples: Vec<Vec<u8>>,
}

impl Models {
    fn start(_: &Path) -> Box<dyn Attempts> {
        Box::new(Self { samples: corpus::models() })
    }
}

impl Attempts for Models {
    fn mutant(&self, random: &mut Random) -> Vec<u8> {
        let mut text = one_of(random, &self.samples).clone();
        match random.below(8) {
            0 => mutate::bytes(random, &mut text),
            _ => mutate::json(random, &mut text),
        }
        text
    }

    fn attempt(&mut self, mutant: &[u8], _: &mut Random) -> Outcome {
        match Model::from_json_bytes(mutant) {
            Err(_) => Outcome::passed(is_json(mutant)),
            Ok(model) => {
                use_model(&model);
                Outcome::Passed
            }
        }
    }
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<Value>(text).is_ok()
}

/// Features that rows are made for; models of more are used without rows.
const MOST_FEATURES: usize = 1 << 12;

fn use_model(model: &Model) {
    let text = model.to_json();
    let again = Model::from_json_bytes(&text).unwrap_or_else(|error| panic!("what was written is not read: {error}"));
    assert_eq!(again.to_json(), text, "a model that is written, read and written is the same");
    for kind in [Importance::Weight, Importance::Gain, Importance::Cover, Importance::TotalGain, Importance::TotalCover]
    {
        assert!(importance(model, kind).len() <= model.features);
    }
    for tree in 0..3 {
        assert_eq!(model.dump(tree).is_some(), model.dot(tree).is_some());
    }
    if model.features > MOST_FEATURES {
        return;
    }
    let rows: Vec<Vec<f32>> = [0.0, f32::NAN, 1.5, -1e30].map(|value| vec![value; model.features]).to_vec();
    let columns = (0..model.features).map(|feature| rows.iter().map(|row| row[feature]).collect()).collect();
    let data = Dataset::new(columns);
    let margins = model.predict_margins(&data, Rounds::All);
    assert_eq!(margins.values().len(), rows.len() * model.classes);
    let mut predictor = model.row_predictor(Rounds::All);
    for (number, row) in rows.iter().enumerate() {
        for (class, margin) in predictor.margins(row).iter().enumerate() {
            let batch = margins.get(class, number);
            assert_eq!(margin.to_bits(), batch.to_bits(), "row {number}, class {class}: {margin} and {batch}");
        }
    }
    assert_eq!(model.transform(&margins).values().len(), margins.values().len());
    assert_eq!(model.labels(&margins).len(), rows.len());
    assert_eq!(model.predict_leaves(&data, Rounds::All).len() % rows.len(), 0);
    if model.classes * model.features < 1000 {
        // Trees that are too deep for it are refused.
        if let Ok(explainer) = Explainer::path_dependent(model, Rounds::All) {
            assert_eq!(explainer.contributions(&data, 0..2).row(0, 0).len(), model.features + 1);
        }
    }
}

/// Texts that are read from a file by the library.
struct Text<T> {
    path: PathBuf,
    sample: &'static str,
    delimiters: &'static [u8],
    read: fn(&Path) -> gboost::Result<T>,
}

impl<T> Attempts for Text<T> {
    fn mutant(&self, random: &mut Random) -> Vec<u8> {
        let mut text = self.sample.as_bytes().to_vec();
        match random.below(4) {
            0 => mutate::bytes(random, &mut text),
            _ => mutate::lines(random, &mut text, self.delimiters),
        }
        text
    }

    fn attempt(&mut self, mutant: &[u8], _: &mut Random) -> Outcome {
        fs::write(&self.path, mutant).unwrap();
        match (self.read)(&self.path) {
            Ok(_) => Outcome::Passed,
            Err(error) => Outcome::passed(error.line().is_some_and(|line| line > 1)),
        }
    }
}

struct Histories;

impl Histories {
    fn start(folder: &Path) -> Box<dyn Attempts> {
        let path = folder.join("history.csv");
        Box::new(Text { path, sample: corpus::HISTORY, delimiters: b",-", read: |path| History::read(path) })
    }
}

struct FoldFiles;

impl FoldFiles {
    fn start(folder: &Path) -> Box<dyn Attempts> {
        let path = folder.join("folds.txt");
        Box::new(Text { path, sample: corpus::FOLDS, delimiters: b",", read: |path| Folds::read(path) })
    }
}

/// The program's options wherever it runs on a mutant: little work, and a folder of its own.
const LITTLE: [&str; 4] = ["-q", "--threads", "1", "--num-round"];

/// What trains on the rows of classes with weights.
const CLASSES: &[&str] =
    &["--weight-column", "w", "--objective", "multi:softprob", "--num-class", "3", "--min-child-weight", "0"];

/// Manifests: verified.
struct Manifests {
    folder: PathBuf,
    samples: Vec<Vec<u8>>,
}

impl Manifests {
    fn start(folder: &Path) -> Box<dyn Attempts> {
        fs::write(folder.join("t.csv"), corpus::CSV[0]).unwrap();
        fs::write(folder.join("c.csv"), corpus::CLASSES).unwrap();
        let sample = |command: &str, rows: &[&str]| {
            let more = ["--num-round", "2", "-q", "--threads", "1", "--output", "."];
            assert_eq!(program::run(folder, &[&[command, "--train"], rows, &more].concat()), 0);
            let name = if command == "train" { "model.manifest.json" } else { "cv.manifest.json" };
            fs::read(folder.join(name)).unwrap()
        };
        let classes = [&["c.csv"], CLASSES].concat();
        let samples = vec![
            sample("train", &["t.csv"]),
            sample("cv", &["t.csv", "--nfold", "2"]),
            sample("train", &classes),
            sample("train", &[&classes[..], &["--validation", "c.csv", "--early-stopping-rounds", "1"]].concat()),
            sample("cv", &[&classes[..], &["--nfold", "2"]].concat()),
        ];
        Box::new(Self { folder: folder.to_path_buf(), samples })
    }
}

impl Attempts for Manifests {
    fn mutant(&self, random: &mut Random) -> Vec<u8> {
        let mut text = one_of(random, &self.samples).clone();
        match random.below(6) {
            0 => mutate::bytes(random, &mut text),
            _ => mutate::json(random, &mut text),
        }
        // A training of a billion rounds is asked for rightly, and takes its time.
        if let Ok(mut value) = serde_json::from_slice::<Value>(&text) {
            if let Some(rounds) =
                value.pointer_mut("/parameters/num_round").filter(|rounds| rounds.as_f64() > Some(1e3))
            {
                *rounds = 3.into();
            }
            text = serde_json::to_vec(&value).unwrap_or_default();
        }
        text
    }

    fn attempt(&mut self, mutant: &[u8], _: &mut Random) -> Outcome {
        fs::write(self.folder.join("mutant.json"), mutant).unwrap();
        program::run(&self.folder, &["verify", "mutant.json", "-q", "--threads", "1"]);
        Outcome::passed(is_json(mutant))
    }
}

/// Journals of searches: resumed, and taken up by another search.
struct Journals {
    folder: PathBuf,
    /// The searches, and the journals that they left.
    samples: Vec<(Vec<&'static str>, Vec<u8>)>,
}

const SEARCH: &[&str] = &["tune", "--nfold", "2", "--range", "eta=0.1..0.5", "--output", "d"];

impl Journals {
    fn run(folder: &Path, search: &[&'static str], jobs: &'static str, more: &[&str]) -> i32 {
        let little = ["2", "--max-jobs", jobs, "--max-parallel-jobs", "1"];
        program::run(folder, &[SEARCH, search, &LITTLE, &little, more].concat())
    }

    fn start(folder: &Path) -> Box<dyn Attempts> {
        fs::write(folder.join("t.csv"), corpus::CSV[0]).unwrap();
        fs::write(folder.join("c.csv"), corpus::CLASSES).unwrap();
        let searches = [
            vec!["--train", "t.csv", "--objective-metric", "cv:rmse"],
            [&["--train", "c.csv", "--objective-metric", "cv:mlogloss"], CLASSES].concat(),
        ];
        let samples = searches.map(|search| {
            let _ = fs::remove_file(folder.join("d/tune.jsonl"));
            assert_eq!(Self::run(folder, &search, "3", &[]), 0);
            (search, fs::read(folder.join("d/tune.jsonl")).unwrap())
        });
        Box::new(Self { folder: folder.to_path_buf(), samples: samples.to_vec() })
    }
}

impl Attempts for Journals {
    fn mutant(&self, random: &mut Random) -> Vec<u8> {
        let mut text = one_of(random, &self.samples).1.clone();
        match random.below(4) {
            0 => mutate::bytes(random, &mut text),
            1 => mutate::lines(random, &mut text, b","),
            _ => {
                let mut lines: Vec<Vec<u8>> = text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
                let at = random.below(lines.len() as u64) as usize;
                mutate::json(random, &mut lines[at]);
                text = lines.join(&b'\n');
            }
        }
        text
    }

    fn attempt(&mut self, mutant: &[u8], random: &mut Random) -> Outcome {
        // Of the search that it was made from, or of another one.
        let search = &one_of(random, &self.samples).0;
        if random.below(2) == 0 {
            fs::write(self.folder.join("d/tune.jsonl"), mutant).unwrap();
            Self::run(&self.folder, search, "3", &["--resume"]);
        } else {
            fs::write(self.folder.join("other.jsonl"), mutant).unwrap();
            let _ = fs::remove_file(self.folder.join("d/tune.jsonl"));
            Self::run(&self.folder, search, "1", &["--warm-start", "other.jsonl"]);
        }
        Outcome::passed(mutant.split(|&byte| byte == b'\n').next().is_some_and(is_json))
    }
}

/// Hyperparameters: trained with.
struct Parameters {
    folder: PathBuf,
}

impl Parameters {
    fn start(folder: &Path) -> Box<dyn Attempts> {
        fs::write(folder.join("t.csv"), corpus::CSV[0]).unwrap();
        Box::new(Self { folder: folder.to_path_buf() })
    }
}

impl Attempts for Parameters {
    fn mutant(&self, random: &mut Random) -> Vec<u8> {
        if random.below(3) > 0 {
            let mut text = one_of(random, corpus::PARAMETERS_JSON).as_bytes().to_vec();
            mutate::json(random, &mut text);
            return text;
        }
        let mut text = one_of(random, corpus::PARAMETERS_TOML).as_bytes().to_vec();
        toml_text(random, &mut text);
        text
    }

    fn attempt(&mut self, mutant: &[u8], _: &mut Random) -> Outcome {
        fs::write(self.folder.join("p"), mutant).unwrap();
        let train = ["train", "--train", "t.csv", "--params", "p"];
        program::run(&self.folder, &[&train[..], &LITTLE, &["2"]].concat());
        Outcome::passed(is_json(mutant) || is_toml(mutant))
    }
}

fn toml_text(random: &mut Random, text: &mut Vec<u8>) {
    match random.below(6) {
        0 => mutate::bytes(random, text),
        1 => mutate::lines(random, text, b"= \"."),
        _ => mutate::toml(random, text),
    }
}

fn is_toml(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| toml::from_str::<Value>(text).is_ok())
}

/// Config files of searches.
struct Configs {
    folder: PathBuf,
}

impl Configs {
    fn start(folder: &Path) -> Box<dyn Attempts> {
        fs::write(folder.join("t.csv"), corpus::CSV[0]).unwrap();
        Box::new(Self { folder: folder.to_path_buf() })
    }
}

impl Attempts for Configs {
    fn mutant(&self, random: &mut Random) -> Vec<u8> {
        let mut text = corpus::CONFIG.as_bytes().to_vec();
        toml_text(random, &mut text);
        text
    }

    fn attempt(&mut self, mutant: &[u8], _: &mut Random) -> Outcome {
        fs::write(self.folder.join("c.toml"), mutant).unwrap();
        let _ = fs::remove_file(self.folder.join("d/tune.jsonl"));
        let tune = ["tune", "--train", "t.csv", "--config", "c.toml", "--output", "d", "--max-jobs", "1"];
        program::run(&self.folder, &[&tune[..], &LITTLE, &["2"]].concat());
        Outcome::passed(is_toml(mutant))
    }
}
