//! Values that are spilled to a temporary file.

use super::support::{BINARY, Folder, binary_csv, names};
use serde_json::Value;

const SPILL: &str = "--spill always --spill-dir spill";

/// A folder with data and a folder to spill to.
fn folder() -> Folder {
    let folder = Folder::with_data();
    folder.write("spill/.keep", "");
    folder
}

fn nothing_is_left(folder: &Folder) {
    assert_eq!(names(&folder.path("spill")), [".keep"]);
}

/// The part of metrics.json that does not depend on time.
fn figures(folder: &Folder, name: &str) -> Value {
    let mut metrics = folder.json(name);
    let object = metrics.as_object_mut().unwrap();
    for changing in ["auto", "seconds", "spilled_bytes"] {
        object.remove(changing).unwrap();
    }
    metrics
}

#[test]
fn spilled_values_give_the_same_files() {
    let folder = folder();
    let long = binary_csv(3, 20_000);
    folder.write("long.csv", &long);
    let options = "--num-round 20 --threads 2";
    let binary = "--objective binary:logistic --eval-metric logloss,auc";
    for (train, more) in [
        ("train.csv", format!("{binary} --validation valid.csv --test valid.csv --early-stopping-rounds 3")),
        ("train.csv valid.csv", "--label age --eval-metric rmse".to_string()),
        ("train.csv", format!("{binary} --weight-column hours --tree-method exact --header yes")),
        ("long.csv", format!("{binary} --subsample 0.5 --max-bin 300")),
    ] {
        if more.contains("weight") {
            folder.write("train.csv", binary_csv(0, 240).replace(",\n", ",7\n"));
        }
        for (spill, out) in [("--spill never", "memory"), (SPILL, "spilled")] {
            let command = format!("train --train {train} {options} {more} {spill} --model {out}/model.json");
            let ran = folder.run(&command);
            let note = "of values were spilled to spill";
            assert_eq!(ran.stderr.contains(note), out == "spilled", "{}", ran.stderr);
            ran.done();
        }
        nothing_is_left(&folder);
        for name in ["model.json", "history.csv"] {
            assert_eq!(folder.read(&format!("spilled/{name}")), folder.read(&format!("memory/{name}")), "{more}");
        }
        assert_eq!(figures(&folder, "spilled/metrics.json"), figures(&folder, "memory/metrics.json"), "{more}");
        assert_eq!(folder.json("memory/metrics.json")["spilled_bytes"], 0);
        assert!(folder.json("spilled/metrics.json")["spilled_bytes"].as_u64() >= Some(4 * 240));
    }
}

#[test]
fn gzip_and_pipes_are_spilled_too() {
    let folder = folder();
    folder.run(&format!("train -q {BINARY} --num-round 3")).done();
    let expected = folder.read("model.json");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, folder.read("train.csv").as_bytes()).unwrap();
    folder.write("train.csv.gz", packed.finish().unwrap());
    folder.run(&format!("train -q --train train.csv.gz --objective binary:logistic --num-round 3 {SPILL}")).done();
    assert_eq!(folder.read("model.json"), expected);
    #[cfg(unix)]
    {
        let fifo = folder.path("fifo.csv");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let command = format!("train -q --train fifo.csv --objective binary:logistic --num-round 3 {SPILL}");
        let mut child = folder.command(&command).spawn().unwrap();
        std::fs::write(&fifo, folder.read("train.csv")).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(folder.read("model.json"), expected);
    }
    nothing_is_left(&folder);
}

#[test]
fn what_was_decided_is_told() {
    let folder = Folder::with_data();
    let told = |more: &str| folder.run(&format!("train -v {BINARY} --num-round 1 {more}")).stderr;
    let line = |text: String| text.lines().find(|line| line.starts_with("memory: ")).unwrap_or_default().to_string();
    let auto = line(told(""));
    assert!(auto.starts_with("memory: 1.9 kB of values in memory, not more than half of the "), "{auto}");
    assert!(auto.ends_with(" available; given up once binned"), "{auto}");
    assert_eq!(line(told("--spill never")), "memory: 1.9 kB of values in memory; given up once binned");
    assert_eq!(line(told("--report report.html")), "memory: 1.9 kB of values in memory, kept");
}

#[test]
fn a_spilled_training_can_be_verified_either_way() {
    let folder = folder();
    folder.run(&format!("train -q {BINARY} --validation valid.csv --num-round 3 {SPILL}")).done();
    folder.run("verify -q model.manifest.json --spill never").done();
    folder.run(&format!("verify -q model.manifest.json {SPILL}")).done();
    folder.run(&format!("cv -q {BINARY} --num-round 3 --nfold 3")).done();
    folder.refuses(
        &format!("verify cv.manifest.json {SPILL}"),
        "--spill always is given, but the data of a cross-validation is never spilled; leave it out",
    );
    nothing_is_left(&folder);
}

#[test]
fn what_needs_the_values_is_refused_before_anything_is_read() {
    let folder = folder();
    folder.run(&format!("train -q {BINARY} --num-round 2 --model first.json")).done();
    let train = "train --train missing.csv --objective binary:logistic";
    folder.refuses(
        &format!("{train} {SPILL} --report report.html"),
        "--spill always does not go with --report, which follows the loss on the values of the training rows; \
         train without it, and make the report with gboost report on other data",
    );
    folder.refuses(
        &format!("{train} {SPILL} --continue-from first.json"),
        "--spill always does not go with --continue-from, which needs the values of the training rows for the trees \
         that there are; train the model from its first round on",
    );
    folder.refuses(
        &format!("{train} --spill-dir spill --report report.html"),
        "--spill-dir does not go with --report, which follows the loss on the values of the training rows; train \
         without it, and make the report with gboost report on other data",
    );
    folder.refuses(
        &format!("{train} --spill never --spill-dir spill"),
        "--spill-dir does not go with --spill never; leave one of them out",
    );
    let built_in = "give --train, or leave it out to train on the built-in census data";
    folder.refuses("train --spill always", &format!("--spill always is given, but no data to read; {built_in}"));
    folder.refuses("train --spill-dir spill", &format!("--spill-dir is given, but no data to read; {built_in}"));
    folder.write("train.svm", "1 1:2\n0 1:3\n");
    folder.refuses(
        &format!("train --train train.svm {SPILL}"),
        "train.svm: --spill always: a libsvm file has no values that can be spilled; convert the file to CSV, or drop \
         the option",
    );
}

#[test]
fn a_folder_that_takes_no_file_is_an_error() {
    let folder = folder();
    for (place, reason) in [("nowhere", "No such file or directory"), ("train.csv", "Not a directory")] {
        let before = folder.names();
        let ran = folder.run(&format!("train {BINARY} --spill always --spill-dir {place}"));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        let error = ran.error();
        assert!(error.starts_with(&format!("{place}: cannot spill values to the folder: {reason}")), "{error}");
        assert!(error.ends_with("; free space there, or give another folder with --spill-dir"), "{error}");
        assert_eq!(folder.names(), before);
    }
}

#[test]
fn nothing_is_left_after_bad_data() {
    let folder = folder();
    folder.write("bad.csv", binary_csv(0, 30_000) + "1,2,x\n");
    let ran = folder.run(&format!("train --train bad.csv --objective binary:logistic {SPILL}"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("bad.csv:30002:3: `x` in column `hours` is not a number"), "{}", ran.stderr);
    nothing_is_left(&folder);
}

#[cfg(unix)]
#[test]
fn nothing_is_left_after_any_signal() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let folder = folder();
    let fifo = folder.path("slow.csv");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for (signal, code) in [("-INT", Some(130)), ("-TERM", Some(130)), ("-KILL", None)] {
        let command = format!("train --train slow.csv --objective binary:logistic {SPILL}");
        let mut child = folder.command(&command).stderr(Stdio::null()).spawn().unwrap();
        // More than a few chunks and a pipe's buffer hold, so that rows are spilled when all of it
        // is written.
        let mut writer = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
        writer.write_all(binary_csv(0, 500_000).as_bytes()).unwrap();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), code, "{signal}");
        drop(writer);
        nothing_is_left(&folder);
    }
}
