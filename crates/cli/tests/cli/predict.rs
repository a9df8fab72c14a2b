//! `gboost predict`.

use super::support::{Folder, binary_csv, rows};
use gboost::ingest::{ReadOptions, read_channel};
use gboost::{Dataset, Model, Rounds};

fn data(folder: &Folder, name: &str) -> Dataset {
    read_channel(&[folder.path(name)], &ReadOptions::default()).unwrap().dataset
}

/// Header and rows.
fn parse(text: &str) -> (Vec<&str>, Vec<Vec<f32>>) {
    let mut lines = text.lines();
    let header = lines.next().unwrap().split(',').collect();
    (header, lines.map(|line| line.split(',').map(|field| field.parse().unwrap()).collect()).collect())
}

#[test]
fn every_form_of_a_binary_model() {
    let folder = Folder::with_model(4, "");
    let model = Model::load(folder.path("model.json")).unwrap();
    let valid = data(&folder, "valid.csv");
    let margins = model.predict_margins(&valid, Rounds::All);
    let probabilities = model.transform(&margins);
    for (kind, header, expected) in [
        ("", "probability", probabilities.values()),
        ("--output-type probability", "probability", probabilities.values()),
        ("--output-type margin", "margin", margins.values()),
        ("--output-type label", "label", &model.labels(&margins)[..]),
    ] {
        let text = folder.run(&format!("predict --model model.json --data valid.csv {kind}")).done();
        let (names, rows) = parse(&text);
        assert_eq!(names, [header]);
        let values: Vec<f32> = rows.into_iter().flatten().collect();
        // The text reads back to the same bits.
        assert!(values.iter().map(|x| x.to_bits()).eq(expected.iter().map(|x| x.to_bits())), "{kind}");
    }
    let text = folder.run("predict --model model.json --data valid.csv --output-type leaf").done();
    let (names, rows) = parse(&text);
    assert_eq!(names, ["tree_0", "tree_1", "tree_2", "tree_3"]);
    let leaves: Vec<u32> = rows.into_iter().flatten().map(|leaf| leaf as u32).collect();
    assert_eq!(leaves, model.predict_leaves(&valid, Rounds::All));
}

#[test]
fn without_a_label_with_other_threads_and_to_a_file() {
    let folder = Folder::with_model(4, "");
    let text = folder.run("predict --model model.json --data valid.csv").done();
    let unlabelled: String =
        folder.read("valid.csv").lines().map(|line| format!("{}\n", line.split_once(',').unwrap().1)).collect();
    folder.write("new.csv", unlabelled);
    let command = "--threads 3 predict --model model.json --data new.csv --no-label";
    assert_eq!(folder.run(command).done(), text);
    let before = folder.names();
    let ran = folder.run(&format!("{command} --output out.csv"));
    assert_eq!(ran.done(), "");
    assert_eq!(folder.read("out.csv"), text);
    assert_eq!(folder.names().len(), before.len() + 1);
}

#[test]
fn several_files_are_one_after_the_other() {
    let folder = Folder::with_model(2, "");
    let all = folder.run("predict --model model.json --data train.csv valid.csv").done();
    let (train, valid) = (
        folder.run("predict --model model.json --data train.csv").done(),
        folder.run("predict --model model.json --data valid.csv").done(),
    );
    assert_eq!(all, train + valid.split_once('\n').unwrap().1);
}

#[test]
fn multiclass_has_a_column_a_class() {
    let folder = Folder::new();
    let text: String = rows(3, 90).iter().map(|(label, age, _)| format!("{},{age}\n", label + age % 2)).collect();
    folder.write("train.csv", text);
    folder.run("train -q --train train.csv --objective multi:softprob --num-class 3 --num-round 2").done();
    let predict =
        |kind: &str| folder.run(&format!("predict --model model.json --data train.csv --output-type {kind}")).done();
    let text = predict("probability");
    let (names, rows) = parse(&text);
    assert_eq!(names, ["probability_0", "probability_1", "probability_2"]);
    assert_eq!(rows.len(), 90);
    assert!(rows.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    assert_eq!(parse(&predict("margin")).0, ["margin_0", "margin_1", "margin_2"]);
    assert_eq!(parse(&predict("leaf")).0.len(), 6);
    let text = predict("label");
    let (names, labels) = parse(&text);
    assert_eq!(names, ["label"]);
    let largest = |row: &Vec<f32>| (1..3).fold(0, |best, class| if row[class] > row[best] { class } else { best });
    assert!(rows.iter().zip(&labels).all(|(row, label)| largest(row) as f32 == label[0]));
}

#[test]
fn regression_predicts_numbers() {
    let folder = Folder::with_data();
    folder.run("train -q --train train.csv --label age --num-round 2").done();
    let text = folder.run("predict --model model.json --data valid.csv --label age").done();
    assert_eq!(text.lines().next(), Some("prediction"));
    assert_eq!(text.lines().count(), 121);
}

#[test]
fn the_best_round_predicts_unless_all_are_asked_for() {
    let folder = Folder::with_model(60, "--early-stopping-rounds 3 --eta 1 --max-depth 8 --min-child-weight 0");
    let best = folder.json("metrics.json")["best_round"].as_u64().unwrap() as usize;
    let trees = |more: &str| {
        let text = folder.run(&format!("predict --model model.json --data valid.csv --output-type leaf {more}")).done();
        parse(&text).0.len()
    };
    assert_eq!(trees(""), best + 1);
    assert_eq!(trees("--all-rounds"), best + 4);
    assert_eq!(Model::load(folder.path("model.json")).unwrap().rounds(), best + 4);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::Stdio;
    let folder = Folder::with_model(1, "");
    folder.write("big.csv", binary_csv(5, 60_000));
    let mut child = folder
        .command("predict --model model.json --data big.csv")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("error"), "{stderr}");
}
