//! `gboost train`: the built-in data, files, early stopping, continuation, identity.

use super::support::{BINARY, Folder};
use gboost::Model;
use serde_json::Value;

const RESULTS: [&str; 4] = ["history.csv", "metrics.json", "model.json", "model.manifest.json"];

#[test]
fn without_data_the_built_in_census() {
    let folder = Folder::new();
    let ran = folder.run("train --num-round 5");
    assert!(
        ran.stderr.contains("the built-in census data (UCI Adult) with hyperparameters that suit it")
            && ran.stderr.contains("num_round 5, eta 0.2, gamma 4, max_depth 5, min_child_weight 6, subsample 0.7"),
        "{}",
        ran.stderr
    );
    let text = ran.done();
    assert_eq!(text.matches("\tvalidation-logloss:").count(), 5);
    assert_eq!(folder.names(), RESULTS);
    let metrics = folder.json("metrics.json");
    let rows: Vec<u64> =
        ["train", "validation", "test"].iter().map(|name| metrics[name]["rows"].as_u64().unwrap()).collect();
    assert_eq!(rows, [34_189, 9_768, 4_885]);
    let parameters = &metrics["parameters"];
    for (name, value) in [
        ("objective", Value::from("binary:logistic")),
        ("num_round", 5.into()),
        ("eta", 0.2.into()),
        ("gamma", 4.0.into()),
        ("max_depth", 5.into()),
        ("min_child_weight", 6.0.into()),
        ("subsample", 0.7.into()),
        ("verbosity", 1.into()),
    ] {
        assert_eq!(parameters[name], value, "{name}");
    }
    let model = Model::load(folder.path("model.json")).unwrap();
    assert_eq!((model.rounds(), model.feature_names[0].as_str()), (5, "age"));
}

#[test]
fn with_data_the_defaults_are_xgboosts() {
    let folder = Folder::with_data();
    folder.run("train -q --train train.csv --num-round 1").done();
    let parameters = folder.json("metrics.json")["parameters"].clone();
    for (name, value) in [
        ("objective", Value::from("reg:squarederror")),
        ("eta", 0.3.into()),
        ("max_depth", 6.into()),
        ("gamma", 0.0.into()),
        ("eval_metric", serde_json::json!(["rmse"])),
    ] {
        assert_eq!(parameters[name], value, "{name}");
    }
    let labels: Vec<f64> = folder.read("train.csv").lines().skip(1).map(|line| line[..1].parse().unwrap()).collect();
    let mean = labels.iter().sum::<f64>() / labels.len() as f64;
    assert!((parameters["base_score"].as_f64().unwrap() - mean).abs() < 1e-6);
}

#[test]
fn what_metrics_json_holds() {
    let folder = Folder::with_model(4, "");
    let metrics = folder.json("metrics.json");
    let keys: Vec<&str> = metrics.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "gboost",
        "backend",
        "adapter",
        "auto",
        "rounds",
        "best_round",
        "stopped_early",
        "rounds_used",
        "model_sha256",
        "spilled_bytes",
        "seconds",
        "parameters",
        "train",
        "validation",
    ];
    assert_eq!(keys, expected);
    for part in ["read", "bin", "train", "total"] {
        assert!(metrics["seconds"][part].as_f64().is_some_and(|seconds| seconds >= 0.0), "{part}");
    }
    assert_eq!((&metrics["rounds"], &metrics["rounds_used"]), (&4.into(), &4.into()));
    let history = folder.read("history.csv");
    assert!(history.starts_with("round,train-logloss,validation-logloss\n0,"), "{history}");
    assert_eq!(history.lines().count(), 5);
}

#[test]
fn underscores_aliases_and_several_metrics() {
    let folder = Folder::with_data();
    folder
        .run(&format!(
            "train -q {BINARY} --max_depth 3 --learning_rate 0.1 --n-estimators 2 --reg_alpha=0.5 --eval_metric auc \
             --eval-metric error,logloss"
        ))
        .done();
    let parameters = folder.json("metrics.json")["parameters"].clone();
    for (name, value) in [
        ("max_depth", Value::from(3)),
        ("eta", 0.1.into()),
        ("num_round", 2.into()),
        ("alpha", 0.5.into()),
        ("eval_metric", serde_json::json!(["auc", "error", "logloss"])),
    ] {
        assert_eq!(parameters[name], value, "{name}");
    }
    assert!(folder.read("history.csv").starts_with("round,train-auc,train-error,train-logloss\n"));
}

#[test]
fn early_stopping_keeps_all_trees_and_reports_the_best_round() {
    let folder = Folder::with_data();
    let train = format!(
        "train {BINARY} --validation valid.csv --num-round 60 --early-stopping-rounds 3 --eta 1 --max-depth 8 \
         --min-child-weight 0"
    );
    let text = folder.run(&train).done();
    let metrics = folder.json("metrics.json");
    let best = metrics["best_round"].as_u64().unwrap();
    assert_eq!((&metrics["stopped_early"], &metrics["rounds_used"]), (&true.into(), &(best + 1).into()));
    assert_eq!(metrics["rounds"], best + 4);
    assert!(text.contains(&format!("figures of the best, [{best}]")), "{text}");
    let model = Model::load(folder.path("model.json")).unwrap();
    assert_eq!((model.best_iteration, model.rounds()), (Some(best as usize), best as usize + 4));
    // The history's best line is the best round.
    let losses: Vec<f64> = folder
        .read("history.csv")
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap().parse().unwrap())
        .collect();
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses.iter().position(|&loss| loss == least), Some(best as usize));
}

#[test]
fn continuing_gives_the_bytes_of_an_uninterrupted_run() {
    let folder = Folder::with_data();
    let train = format!("train -q {BINARY} --subsample 0.7 --colsample-bytree 0.5 --seed 3");
    folder.run(&format!("{train} --num-round 10 --model ten.json")).done();
    folder.run(&format!("{train} --num-round 5 --model five.json")).done();
    folder.run(&format!("{train} --num-round 5 --continue-from five.json --model again.json")).done();
    assert_eq!(folder.read("again.json"), folder.read("ten.json"));
    assert!(folder.read("history.csv").contains("\n9,"));
    // A model may be continued in its own place.
    folder.run(&format!("{train} --num-round 5 --continue-from five.json --model five.json")).done();
    assert_eq!(folder.read("five.json"), folder.read("ten.json"));
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let folder = Folder::with_data();
    let mut first = None;
    for threads in [1, 2, 3, 8] {
        folder
            .run(&format!("train -q {BINARY} --subsample 0.8 --num-round 5 --threads {threads} --validation valid.csv"))
            .done();
        let results = (folder.read("model.json"), folder.read("history.csv"));
        assert_eq!(first.get_or_insert_with(|| results.clone()), &results, "{threads} threads");
    }
}

#[test]
#[cfg(unix)]
fn folders_are_made_and_results_lie_beside_the_model() {
    let folder = Folder::with_data();
    folder.run(&format!("train -q {BINARY} --num-round 1 --model a/b/m.json")).done();
    assert_eq!(
        super::support::names(&folder.path("a/b")),
        ["history.csv", "m.json", "m.manifest.json", "metrics.json"]
    );
    folder.run(&format!("train -q {BINARY} --num-round 1 --model m.json --output c/d")).done();
    assert_eq!(super::support::names(&folder.path("c/d")), ["history.csv", "metrics.json"]);
    assert_eq!(folder.names(), ["a", "c", "m.json", "m.manifest.json", "train.csv", "valid.csv"]);
    folder.run(&format!("train -q {BINARY} --num-round 1 --model /dev/null")).done();
    let both = ["a", "c", "history.csv", "m.json", "m.manifest.json", "metrics.json", "train.csv", "valid.csv"];
    assert_eq!(folder.names(), both);
}

#[test]
#[cfg(unix)]
fn results_have_the_permissions_of_new_files_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = Folder::with_data();
    folder.write("usual", "");
    folder.write("old.json", "");
    symlink("old.json", folder.path("link.json")).unwrap();
    folder.run(&format!("train -q {BINARY} --num-round 1 --model link.json")).done();
    let mode = |name: &str| folder.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("old.json"), mode("usual"));
    assert!(folder.path("link.json").symlink_metadata().unwrap().is_symlink());
    assert!(Model::load(folder.path("old.json")).is_ok());
}
