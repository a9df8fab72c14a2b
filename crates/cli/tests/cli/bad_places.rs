//! Errors about models and about places to write to.

use super::support::{BINARY, Folder};

#[test]
fn a_model_that_is_no_json() {
    let folder = Folder::with_data();
    folder.write("model.json", "this is no model");
    for arguments in [
        "predict --model model.json --data valid.csv",
        "evaluate --model model.json --data valid.csv",
        "inspect model.json",
        "train --train train.csv --continue-from model.json --model other.json",
    ] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, Some(2), "gboost {arguments}");
        assert!(ran.error().starts_with("model.json:") && ran.error().contains("not JSON"), "{}", ran.stderr);
    }
}

#[test]
fn a_missing_model() {
    Folder::with_data().refuses(
        "predict --model nowhere.json --data valid.csv",
        "nowhere.json: cannot read the model: No such file or directory (os error 2)",
    );
}

#[test]
fn places_that_cannot_be_written_to_are_refused_before_training() {
    let folder = Folder::with_model(1, "");
    folder.write("folder/file", "");
    for (arguments, error) in [
        (format!("train {BINARY} --model folder"), "folder: cannot write: it is a folder; give the name of a file"),
        (
            format!("train {BINARY} --model folder/file/model.json"),
            "folder/file: cannot write to the folder: it is not a folder; choose a place that you may write to",
        ),
        (
            format!("train {BINARY} --output folder/file"),
            "folder/file: cannot write to the folder: it is not a folder; choose a place that you may write to",
        ),
        (
            "predict --model model.json --data valid.csv --output folder".to_string(),
            "folder: cannot write: it is a folder; give the name of a file",
        ),
        (
            "evaluate --model model.json --data valid.csv --json folder".to_string(),
            "folder: cannot write: it is a folder; give the name of a file",
        ),
        (
            format!("train {BINARY} --model metrics.json"),
            "metrics.json: the model (--model) and the metrics (--output) would be the same file; give another folder with \
             --output",
        ),
    ] {
        folder.refuses(&arguments, error);
    }
    // Before the data is looked at: the missing file is not the first complaint.
    let ran = folder.run("train --train nowhere.csv --model folder");
    assert!(ran.error().starts_with("folder: "), "{}", ran.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_nothing() {
    let folder = Folder::with_model(1, "");
    let ran = folder.run("predict --model model.json --data valid.csv --output /dev/full");
    assert_eq!((ran.code, ran.error().starts_with("/dev/full: cannot write")), (Some(2), true), "{}", ran.stderr);
}

#[test]
fn a_model_to_continue_from_that_does_not_fit() {
    let folder = Folder::with_model(1, "");
    let ran = folder.run("train --train train.csv --continue-from model.json --model other.json");
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("the model to continue from was trained with binary:logistic"), "{}", ran.stderr);
}
