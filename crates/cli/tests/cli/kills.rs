//! Runs that are killed or whose disk fails: a set of results is that of the run before or of the
//! new one, never of both, and the next command leaves no litter.
#![cfg(target_os = "linux")]

use super::support::{BINARY, Folder, files};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A command that is run over the results of an earlier one.
struct Case {
    first: String,
    second: String,
    /// What is run after a kill.
    next: &'static str,
    outputs: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let of = |command: &str, rounds: usize, more: &str| {
        format!("{command} -q {BINARY} --threads 1 --num-round {rounds} {more}")
    };
    let pair = |command: &str, more: &str| (of(command, 4, more), of(command, 7, more));
    let (train, again) = pair("train", "--model out/model.json --report pages/report.html");
    let (cv, cv_again) = pair("cv", "--output out --oof held/out.csv");
    let (tune, tune_again) = pair("tune", "--range eta=0.1..0.5 --max-jobs 2");
    let subject = "-q --threads 1 --model model.json --data";
    let both = |command: &str| (format!("{command} {subject} train.csv"), format!("{command} {subject} valid.csv"));
    let (report, report_again) = both("report --json numbers.json --notebook pages/report.ipynb");
    let (predict, predict_again) = both("predict --output predictions.csv");
    let case = |(first, second), next, outputs| Case { first, second, next, outputs };
    vec![
        case(
            (train, again),
            "verify -q out/model.manifest.json",
            &["out/model.json", "out/model.manifest.json", "out/metrics.json", "out/history.csv", "pages/report.html"],
        ),
        case(
            (tune, tune_again),
            "verify -q tuning/model.manifest.json",
            &[
                "tuning/leaderboard.csv",
                "tuning/leaderboard.json",
                "tuning/best_params.toml",
                "tuning/model.json",
                "tuning/model.manifest.json",
                "tuning/metrics.json",
                "tuning/history.csv",
            ],
        ),
        case((cv, cv_again), "verify -q out/cv.manifest.json", &["out/cv.csv", "out/cv.manifest.json", "held/out.csv"]),
        case((report, report_again), "inspect model.json", &["report.html", "numbers.json", "pages/report.ipynb"]),
        case((predict, predict_again), "inspect model.json", &["predictions.csv"]),
    ]
}

type Files = BTreeMap<String, Vec<u8>>;

fn restore(folder: &Folder, files: &Files) {
    let root = folder.path(".");
    for entry in fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { fs::remove_dir_all(entry).unwrap() } else { fs::remove_file(entry).unwrap() }
    }
    files.iter().for_each(|(name, bytes)| folder.write(name, bytes));
}

/// Whether the outputs are those before; all are, or none is.
fn is_old(case: &Case, before: &Files, after: &Files, about: &str) -> bool {
    let olds: Vec<bool> = case.outputs.iter().map(|name| after.get(*name) == before.get(*name)).collect();
    let all: Vec<_> = case.outputs.iter().zip(&olds).collect();
    assert!(olds.iter().all(|&old| old == olds[0]), "{about}: a set of two runs: {all:?}");
    assert!(case.outputs.iter().all(|name| after.contains_key(*name)), "{about}: a file is missing");
    let litter: Vec<_> = after.keys().filter(|name| name.contains(".gboost-")).collect();
    assert!(litter.is_empty(), "{about}: {litter:?}");
    olds[0]
}

/// A folder with the results of the first command, and what is in it.
fn prepared(case: &Case) -> (Folder, Files) {
    let folder = Folder::with_model(2, "");
    folder.run(&case.first).done();
    let before = files(&folder.path("."));
    (folder, before)
}

#[test]
fn killed_at_any_moment_a_set_is_of_one_run() {
    // The default is for every test run; `GBOOST_KILLS=200 cargo test --test cli kills` tries more,
    // and every call below.
    let kills: usize = std::env::var("GBOOST_KILLS").map_or(10, |text| text.parse().unwrap());
    let cases = cases();
    let mut state = 42_u64;
    let mut old = 0;
    for (index, case) in cases.iter().enumerate() {
        let (folder, before) = prepared(case);
        let begun = Instant::now();
        folder.run(&case.second).done();
        let time = begun.elapsed();
        for _ in (index..kills).step_by(cases.len()) {
            restore(&folder, &before);
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Half of the kills fall into the last part, where files are written.
            let share = (state >> 33) as f64 / (1_u64 << 31) as f64;
            let share = if state & (1 << 32) == 0 { share } else { 0.6 + 0.5 * share };
            let mut child = folder.command(&case.second).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_secs_f64(time.as_secs_f64() * share));
            child.kill().unwrap();
            child.wait().unwrap();
            let about = format!("gboost {} killed after {share:.3} of its time", case.second);
            let next = folder.run(case.next);
            assert_eq!(next.code, Some(0), "{about}: {}", next.stderr);
            old += usize::from(is_old(case, &before, &files(&folder.path(".")), &about));
        }
    }
    println!("{kills} kills: {old} sets are those before, {} new", kills - old);
}

/// The library that fails at a call, made by the C compiler that Rust links with.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/crash.c");
        let made = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&path).args([source, "-ldl"]).status();
        assert!(made.unwrap().success(), "cc does not make {source}");
        path
    })
}

#[test]
fn at_every_call_that_changes_the_disk_a_set_is_of_one_run() {
    let shim = shim();
    let all = std::env::var_os("GBOOST_KILLS").is_some();
    for (index, case) in cases().into_iter().enumerate() {
        let (folder, before) = prepared(&case);
        for variable in ["KILL_AT", "FAIL_AT"] {
            let (mut olds, mut news) = (0, 0);
            restore(&folder, &before);
            let count = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("calls-{}", std::process::id()));
            let mut command = folder.command(&case.second);
            command.env("LD_PRELOAD", shim).env(variable, "0").env("COUNT_TO", &count).output().unwrap();
            let calls: usize = fs::read_to_string(&count).unwrap().parse().unwrap();
            assert!(calls > 5, "{calls} calls");
            // All of a training's; of the others', which are written in the same way, some in every
            // test run.
            let step = if index == 0 || all { 1 } else { 5 };
            for call in (1..=calls).rev().step_by(step) {
                restore(&folder, &before);
                let mut command = folder.command(&case.second);
                let ran = command.env("LD_PRELOAD", shim).env(variable, call.to_string()).output().unwrap();
                let about = format!("gboost {} with {variable}={call}", case.second);
                if variable == "KILL_AT" {
                    let next = folder.run(case.next);
                    assert_eq!(next.code, Some(0), "{about}: {}", next.stderr);
                }
                let is_old = is_old(&case, &before, &files(&folder.path(".")), &about);
                *(if is_old { &mut olds } else { &mut news }) += 1;
                match (variable, ran.status.code()) {
                    (_, Some(0)) => assert!(!is_old, "{about}: exit code 0 and the old files"),
                    ("FAIL_AT", code) => assert_eq!((code, is_old), (Some(2), true), "{about}"),
                    _ => assert_eq!(ran.status.code(), None, "{about}"),
                }
            }
            println!("gboost {}: {variable} 1 to {calls}: {olds} sets are those before, {news} new", case.second);
            assert!(olds >= 1 && news >= 1);
        }
    }
}

#[test]
fn without_locks_a_warning_is_enough() {
    let shim = shim();
    let folder = Folder::with_data();
    let mut command = folder.command(&format!("train {BINARY} --num-round 1"));
    let ran = command.env("LD_PRELOAD", shim).env("NO_LOCKS", "1").output().unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{stderr}");
    assert_eq!(stderr.matches("warning: .: the file system has no locks").count(), 1, "{stderr}");
    assert_eq!(
        folder.names(),
        ["history.csv", "metrics.json", "model.json", "model.manifest.json", "train.csv", "valid.csv"]
    );
}

#[test]
fn what_killed_runs_left_is_removed_and_what_is_in_use_stays() {
    let folder = Folder::with_model(1, "");
    folder.write(".gboost-AbC123.tmp", "half");
    folder.write(".gboost-model-XyZ.tmp", "half");
    folder.write(".gboost-gone.json.lock", "{}");
    folder.write(".gboost-used.tmp", "half");
    let used = fs::File::open(folder.path(".gboost-used.tmp")).unwrap();
    used.try_lock().unwrap();
    folder.run("verify -q model.manifest.json").done();
    let left: Vec<String> = folder.names().into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(left, [".gboost-used.tmp"]);
}

/// A record of the commit of a file, as it may be made by hand.
fn record(name: &str, old: &str, more: &str) -> String {
    format!(
        r#"{{"gboost_commit":1,"set":"x","main":null,"others":[],"files":[{{"name":"{name}","draft":".gboost-d.tmp","old":{old},"length":3,"written":[1,0]{more}}}]}}"#
    )
}

#[test]
fn a_record_that_is_none_of_ours_is_left_alone() {
    let folder = Folder::with_model(1, "");
    folder.write("out/model.json", folder.read("model.json"));
    folder.write("victim", "abc");
    folder.write("out/.gboost-x-0.old", "evil");
    for content in [
        "no JSON".to_string(),
        record("../victim", "\".gboost-x-0.old\"", ""),
        record("victim", "\"../victim\"", ""),
        record("/tmp/victim", "null", ""),
        record("..", "null", ""),
        record(".gboost-used.tmp", "null", ""),
        record("model.json", "\"model.json\"", ""),
        record("model.json", "\".gboost-y-0.old\"", ""),
        record("model.json", "null", ",\"more\":1"),
        record("model.json", "null", "").replace("\"gboost_commit\":1", "\"gboost_commit\":2"),
        record("model.json", "null", "").replace("\"x\"", "\"../x\""),
    ] {
        folder.write("out/.gboost-x.commit", &content);
        let ran = folder.run("inspect out/model.json");
        let warning = "warning: out/.gboost-x.commit: left alone, no record of gboost: ";
        assert!(ran.code == Some(0) && ran.stderr.contains(warning), "{content}: {}", ran.stderr);
        assert_eq!(folder.read("victim"), "abc");
        assert!(folder.path("out/model.json").exists() && folder.path("out/.gboost-x.commit").exists());
    }
    // Of our form, but the file is not the one that such a set would have put there.
    folder.write("out/.gboost-x.commit", record("model.json", "null", ""));
    folder.run("inspect out/model.json").done();
    assert_eq!(super::support::names(&folder.path("out")), [".gboost-x-0.old", "model.json"]);
    // A pipe of that name does not hold up anybody.
    assert!(Command::new("mkfifo").arg(folder.path("out/.gboost-y.commit")).status().unwrap().success());
    folder.run("inspect out/model.json").done();
}
