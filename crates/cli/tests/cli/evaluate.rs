//! `gboost evaluate`, and that it agrees with `metrics.json`.

use super::support::Folder;
use serde_json::Value;

fn evaluate(folder: &Folder, arguments: &str) -> Value {
    let text = folder.run(&format!("evaluate --model model.json --json - {arguments}")).done();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_figures_of_training_again() {
    for more in ["", "--early-stopping-rounds 3 --eta 1 --max-depth 8 --min-child-weight 0 --num-round 60"] {
        let folder = Folder::with_data();
        folder.write("test.csv", super::support::binary_csv(9, 70));
        let train = format!(
            "train -q --train train.csv --validation valid.csv --test test.csv --objective binary:logistic \
             --eval-metric aucpr --eval-metric error@0.3,logloss {}",
            if more.is_empty() { "--num-round 5" } else { more }
        );
        folder.run(&train).done();
        let metrics = folder.json("metrics.json");
        for (channel, file) in [("train", "train.csv"), ("validation", "valid.csv"), ("test", "test.csv")] {
            let found =
                evaluate(&folder, &format!("--data {file} --eval-metric aucpr,error@0.3 --eval-metric logloss"));
            assert_eq!(found, metrics[channel], "{channel} {more}");
        }
        let keys: Vec<&str> = metrics["test"].as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "rows",
            "aucpr",
            "error@0.3",
            "logloss",
            "accuracy",
            "precision",
            "recall",
            "f1",
            "auc",
            "confusion_matrix",
        ];
        assert_eq!(keys, expected);
        let confusion = &metrics["test"]["confusion_matrix"];
        let total: u64 = ["tn", "fp", "fn", "tp"].iter().map(|cell| confusion[cell].as_u64().unwrap()).sum();
        assert_eq!(total, 70);
        if !more.is_empty() {
            assert_ne!(evaluate(&folder, "--data valid.csv --all-rounds")["logloss"], metrics["validation"]["logloss"]);
        }
    }
}

#[test]
fn the_table_on_the_screen() {
    let folder = Folder::with_model(2, "");
    let text = folder.run("evaluate --model model.json --data valid.csv").done();
    for line in ["metric", "rows", "logloss", "accuracy", "auc", "label 0", "predicted 1"] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line == line.trim_end()));
}

#[test]
fn json_to_a_file() {
    let folder = Folder::with_model(2, "");
    let text = folder.run("evaluate --model model.json --data valid.csv --json out.json -q").done();
    assert_eq!(text, "");
    assert_eq!(folder.json("out.json"), folder.json("metrics.json")["validation"]);
}

#[test]
fn multiclass_has_a_matrix_and_regression_none() {
    let folder = Folder::new();
    let text: String = (0..60).map(|row| format!("{},{}\n", row % 3, row % 3 * 10 + row % 5)).collect();
    folder.write("train.csv", text);
    folder.run("train -q --train train.csv --objective multi:softmax --num-class 3 --num-round 3").done();
    let found = evaluate(&folder, "--data train.csv");
    assert_eq!(found, folder.json("metrics.json")["train"]);
    assert_eq!(found["confusion_matrix"], serde_json::json!([[20, 0, 0], [0, 20, 0], [0, 0, 20]]));

    folder.run("train -q --train train.csv --num-round 3 --eval-metric rmse,mae").done();
    let found = evaluate(&folder, "--data train.csv --eval-metric rmse,mae");
    assert_eq!(found, folder.json("metrics.json")["train"]);
    assert_eq!(found.as_object().unwrap().keys().collect::<Vec<_>>(), ["rows", "rmse", "mae"]);
}

#[test]
fn weights_count() {
    let folder = Folder::new();
    let text: String = (0..80).map(|row| format!("{},{},{}\n", row % 2, row % 7, 1 + row % 4)).collect();
    folder.write("train.csv", text);
    folder.run("train -q --train train.csv --objective binary:logistic --num-round 3 --weight-column 2").done();
    let metrics = folder.json("metrics.json");
    assert_eq!(evaluate(&folder, "--data train.csv --weight-column 2"), metrics["train"]);
    assert_ne!(evaluate(&folder, "--data train.csv --ignore-column 2"), metrics["train"]);
}
