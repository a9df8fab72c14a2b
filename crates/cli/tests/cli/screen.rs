//! What is printed, and when nothing is.

use super::support::{BINARY, Folder};
use std::process::Stdio;

#[test]
fn a_line_a_round_in_xgboosts_form() {
    let folder = Folder::with_data();
    let text = folder.run(&format!("train {BINARY} --validation valid.csv --num-round 12")).done();
    let lines: Vec<&str> = text.lines().take_while(|line| line.starts_with('[')).collect();
    assert_eq!(lines.len(), 12);
    for (round, line) in lines.iter().enumerate() {
        let parts: Vec<&str> = line.split('\t').collect();
        assert_eq!((parts.len(), parts[0]), (3, format!("[{round}]").as_str()));
        for (part, name) in parts[1..].iter().zip(["train-logloss:", "validation-logloss:"]) {
            let digits = part.strip_prefix(name).unwrap();
            assert_eq!((digits.len(), digits.parse::<f64>().is_ok()), (7, true), "{line}");
        }
    }
    for part in
        ["train  validation", "accuracy", "rounds   12 rounds", "model    model.json (sha256 ", "history  history.csv"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn every_few_rounds_and_the_last() {
    let folder = Folder::with_data();
    let text = folder.run(&format!("train {BINARY} --num-round 12 --log-every 5")).done();
    let rounds: Vec<&str> = text.lines().filter_map(|line| line.split_once('\t')).map(|(round, _)| round).collect();
    assert_eq!(rounds, ["[0]", "[5]", "[10]", "[11]"]);
}

#[test]
fn quiet_prints_nothing() {
    let folder = Folder::with_data();
    for arguments in [
        format!("train {BINARY} --validation valid.csv --num-round 2 -q"),
        format!("--quiet train {BINARY} --num-round 2"),
        format!("train {BINARY} --num-round 2 --verbosity 0"),
        format!("train {BINARY} --num-round 2 --log-every 1 -q"),
        "train --num-round 1 -q".to_string(),
    ] {
        let ran = folder.run(&arguments);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "gboost {arguments}");
        ran.done();
    }
    // Errors are printed all the same.
    assert!(folder.run("train -q --train nowhere.csv").stderr.starts_with("error: nowhere.csv"));
}

#[test]
fn global_flags_stand_on_either_side() {
    let folder = Folder::with_data();
    folder.run(&format!("--threads 2 -q --backend cpu train {BINARY} --num-round 2")).done();
    let before = folder.read("model.json");
    let threads = folder.json("metrics.json")["parameters"]["nthread"].clone();
    folder.run(&format!("train {BINARY} --num-round 2 --threads 2 -q --backend cpu")).done();
    assert_eq!(folder.read("model.json"), before);
    assert_eq!((&threads, &folder.json("metrics.json")["parameters"]["nthread"]), (&2.into(), &2.into()));
}

#[test]
fn without_validation_and_quietly_the_metric_is_computed_once() {
    let folder = Folder::with_data();
    folder.run(&format!("train {BINARY} --num-round 8 -q")).done();
    let history = folder.read("history.csv");
    assert_eq!(history.lines().count(), 2);
    assert!(history.starts_with("round,train-logloss\n7,"), "{history}");
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_training() {
    let folder = Folder::with_data();
    let mut child = folder
        .command(&format!("train {BINARY} --num-round 300"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(folder.json("metrics.json")["rounds"], 300);
}
