//! The four jobs through the library alone: what they tell, that their results are those of the
//! plain library, and that a stop leaves nothing half written.

#![allow(clippy::unwrap_used)]

use gboost::ingest::{ReadOptions, read_channel};
use gboost::validation::tune::{Dimension, ObjectiveMetric};
use gboost::validation::{FoldedData, Folds};
use gboost::{Error, ErrorKind, Params, Trainer};
use gboost_jobs::cv::CvFiles;
use gboost_jobs::results::TrainFiles;
use gboost_jobs::search::Search;
use gboost_jobs::tune::TuneFiles;
use gboost_jobs::{
    BackendOptions, CvJob, DataFiles, Device, Event, FoldOptions, Observer, Phase, Silent, TrainJob, TuneJob, VerifyJob,
};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const ROWS: usize = 240;
const ROUNDS: u32 = 4;

/// Writes a table of a label and three features, the label depending on two of them.
fn table(folder: &Path, name: &str, seed: u64) -> PathBuf {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let mut text = "label,a,b,c\n".to_string();
    for _ in 0..ROWS {
        let (a, b, c) = (next(), next(), next());
        let label = u8::from(a + 0.5 * b + 0.2 * next() > 0.85);
        text += &format!("{label},{a:.4},{b:.4},{c:.4}\n");
    }
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn params() -> Params {
    let mut params = Params::default();
    for (name, value) in [
        ("objective", "binary:logistic"),
        ("num_round", &ROUNDS.to_string()),
        ("max_depth", "3"),
        ("eval_metric", "logloss"),
        ("nthread", "2"),
    ] {
        params.set(name, value).unwrap();
    }
    params
}

fn cpu() -> BackendOptions {
    BackendOptions { device: Device::Cpu, ..BackendOptions::default() }
}

fn training(folder: &Path) -> TrainJob {
    TrainJob {
        params: params(),
        is_objective_given: true,
        data: DataFiles {
            train: vec![table(folder, "train.csv", 1)],
            validation: vec![table(folder, "validation.csv", 2)],
            test: Vec::new(),
        },
        backend: cpu(),
        files: TrainFiles::new(&folder.join("out/model.json"), None, None),
        ..TrainJob::default()
    }
}

/// Records events as words, and stops at the event of that number.
#[derive(Default)]
struct Recorder {
    events: Vec<String>,
    stop_at: Option<usize>,
}

impl Recorder {
    fn count(&self, word: &str) -> usize {
        self.events.iter().filter(|event| *event == word).count()
    }

    fn position(&self, word: &str) -> usize {
        self.events.iter().position(|event| event == word).unwrap_or_else(|| panic!("no {word}: {:?}", self.events))
    }

    /// Asserts that the events come in this order.
    fn assert_order(&self, words: &[&str]) {
        let places: Vec<usize> = words.iter().map(|word| self.position(word)).collect();
        assert!(places.is_sorted(), "{words:?} at {places:?} in {:?}", self.events);
    }
}

impl Observer for Recorder {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.events.push(match event {
            Event::Begins(Phase::Searching { trials, .. }) => format!("begins {trials} trials"),
            Event::Begins(phase) => format!("begins {phase:?}"),
            Event::Ends(phase) => format!("ends {phase:?}"),
            Event::Claimed(paths) => format!("claimed {}", paths.len()),
            Event::Note(text) => format!("note {text}"),
            Event::Warning(text) => format!("warning {text}"),
            Event::Round(progress) => format!("round {} of {}", progress.done, progress.total),
            Event::FoldRound(progress) => format!("folds {} of {}", progress.done, progress.total),
            Event::Trained(trained) => format!("trained {}", trained.is_some()),
            Event::CrossValidated(found) => format!("cross-validated {}", found.is_some()),
            Event::Searched(tuned) => format!("searched {}", tuned.is_some()),
            Event::Trial(_) => "trial".to_string(),
            _ => "other".to_string(),
        });
        match self.stop_at == Some(self.events.len()) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn reason(&mut self) -> Error {
        Error::new(ErrorKind::Interrupted, format!("stopped at event {}", self.events.len()))
    }
}

#[test]
fn a_training_tells_its_way_and_writes_the_trainers_model() {
    let folder = tempfile::tempdir().unwrap();
    let job = training(folder.path());
    let mut recorder = Recorder::default();
    let outcome = job.run(&mut recorder).unwrap();

    let [train, validation] = [&job.data.train, &job.data.validation]
        .map(|paths| read_channel(paths, &ReadOptions::default()).unwrap().dataset);
    let plain = Trainer::new(&job.params, &train).channel("validation", &validation).run().unwrap();
    let written = fs::read(&job.files.model).unwrap();
    assert_eq!(written, plain.model.to_json());
    assert_eq!(written, outcome.trained.model.to_json());
    for path in [&job.files.metrics, &job.files.history, job.files.manifest.as_ref().unwrap()] {
        assert!(path.is_file(), "{}", path.display());
    }
    recorder.assert_order(&[
        "begins Claiming",
        "claimed 4",
        "begins Reading",
        "ends Reading",
        "note train: 240 rows, 3 features from 1 file",
        "note validation: 240 rows, 3 features from 1 file",
        "begins Binning",
        "ends Binning",
        "begins Training { rounds: 4 }",
        "round 1 of 4",
        "round 4 of 4",
        "trained true",
        "begins Evaluating",
        "begins Writing",
    ]);
    assert_eq!(recorder.count("begins Reading"), 2);

    // Verified by the library, too, and not once the model is another.
    let verify = VerifyJob { manifest: job.files.manifest.clone().unwrap(), backend: cpu(), ..VerifyJob::default() };
    let mut recorder = Recorder::default();
    let verified = verify.run(&mut recorder).unwrap();
    assert_eq!((verified.what, verified.path.as_path()), ("model", job.files.model.as_path()));
    assert_eq!(verified.sha256, outcome.trained.model.sha256());
    recorder.assert_order(&["note data: 2 files with the sha256 of the manifest", "round 4 of 4", "trained true"]);
    fs::write(&job.files.model, [written.as_slice(), b" "].concat()).unwrap();
    let error = verify.run(&mut Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CheckFailed);
    assert!(error.to_string().contains("the file was changed"), "{error}");
}

#[test]
fn a_cross_validation_writes_the_librarys_table() {
    let folder = tempfile::tempdir().unwrap();
    let job = CvJob {
        params: params(),
        is_objective_given: true,
        train: vec![table(folder.path(), "train.csv", 1)],
        folds: FoldOptions { nfold: Some(4), ..FoldOptions::default() },
        backend: cpu(),
        files: CvFiles::new(&folder.path().join("out"), Some(&folder.path().join("oof.csv"))),
        ..CvJob::default()
    };
    let mut recorder = Recorder::default();
    let outcome = job.run(&mut recorder).unwrap();
    recorder.assert_order(&[
        "claimed 3",
        "begins Reading",
        "begins CrossValidating { rounds: 4 }",
        "folds 1 of 4",
        "folds 4 of 4",
        "cross-validated true",
        "begins Writing",
    ]);

    let data = read_channel(&job.train, &ReadOptions::default()).unwrap().dataset;
    let folds = Folds::random(ROWS, 4, 0).unwrap();
    let folded = FoldedData::new(&data, &folds, &job.params).unwrap();
    let plain = gboost::validation::CrossValidation::new(&job.params, &folded).run().unwrap();
    assert_eq!(fs::read_to_string(&job.files.table).unwrap(), gboost_report::cv_csv(&plain));
    assert_eq!(outcome.folds.of_row(), folds.of_row());
    assert_eq!(fs::read_to_string(folder.path().join("oof.csv")).unwrap().lines().count(), ROWS + 1);

    let verify = VerifyJob { manifest: job.files.manifest, backend: cpu(), ..VerifyJob::default() };
    assert_eq!(verify.run(&mut Silent).unwrap().what, "table");
}

#[test]
fn a_search_writes_the_best_model_as_the_trainer_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let job = TuneJob {
        params: params(),
        is_objective_given: true,
        data: DataFiles {
            train: vec![table(folder.path(), "train.csv", 1)],
            validation: vec![table(folder.path(), "validation.csv", 2)],
            test: Vec::new(),
        },
        search: Search {
            dimensions: vec![Dimension::parse("max_depth=1,2,4").unwrap()],
            max_jobs: Some(3),
            max_parallel_jobs: Some(2),
            objective: Some("validation:logloss".parse::<ObjectiveMetric>().unwrap()),
            target: Some(1e-9),
            ..Search::default()
        },
        backend: cpu(),
        files: TuneFiles::new(&folder.path().join("out"), None),
        ..TuneJob::default()
    };
    let mut recorder = Recorder::default();
    let outcome = job.run(&mut recorder).unwrap();
    recorder.assert_order(&[
        "claimed 7",
        "begins 3 trials",
        "trial",
        "searched true",
        "begins Training { rounds: 4 }",
        "trained true",
        "begins Writing",
    ]);
    assert_eq!(outcome.check_target().unwrap_err().kind(), ErrorKind::CheckFailed);

    let [train, validation] = [&job.data.train, &job.data.validation]
        .map(|paths| read_channel(paths, &ReadOptions::default()).unwrap().dataset);
    let best = outcome.tuned.best_params().unwrap();
    let plain = Trainer::new(&best, &train).channel("validation", &validation).run().unwrap();
    assert_eq!(fs::read(&job.files.model.model).unwrap(), plain.model.to_json());
    assert_eq!(fs::read_to_string(job.files.leaderboard()).unwrap(), outcome.tuned.leaderboard().to_csv());
    assert!(job.files.best_params().is_file() && job.files.journal.is_file());

    let verify = VerifyJob { manifest: job.files.model.manifest.unwrap(), backend: cpu(), ..VerifyJob::default() };
    assert_eq!(verify.run(&mut Silent).unwrap().what, "model");
}

#[test]
fn a_training_that_is_stopped_at_any_event_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let job = training(folder.path());
    let out = folder.path().join("out");
    let mut whole = Recorder::default();
    job.run(&mut whole).unwrap();
    fs::remove_dir_all(&out).unwrap();
    assert!(whole.events.len() > 20, "{:?}", whole.events);

    for stop_at in 1..=whole.events.len() {
        let mut recorder = Recorder { stop_at: Some(stop_at), ..Recorder::default() };
        let error = job.run(&mut recorder).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert!(error.to_string().starts_with("stopped at event "), "{error}");
        assert!(!out.exists(), "stopped at {:?}", whole.events[stop_at - 1]);
    }

    // Files of an earlier run stay as they are.
    job.run(&mut Silent).unwrap();
    let content = |folder: &Path| {
        let mut files: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = content(&out);
    let third_round = whole.position("round 3 of 4") + 1;
    let mut recorder = Recorder { stop_at: Some(third_round), ..Recorder::default() };
    job.run(&mut recorder).unwrap_err();
    assert_eq!(recorder.count("trained false"), 1);
    assert_eq!(content(&out), before);
}

#[test]
fn jobs_of_one_process_hold_their_places_apart() {
    let folder = tempfile::tempdir().unwrap();
    let first = training(folder.path());
    let held = first.request(&[]).claim(&mut Silent).unwrap();

    let second =
        TrainJob { files: TrainFiles::new(&folder.path().join("other/model.json"), None, None), ..first.clone() };
    second.run(&mut |_: &Event<'_>| ControlFlow::Continue(())).unwrap();
    assert!(second.files.model.is_file());

    let error = first.run(&mut Silent).unwrap_err();
    assert!(error.to_string().contains("it is being written by process"), "{error}");
    drop(held);
    first.run(&mut Silent).unwrap();
    assert!(first.files.model.is_file());
}
