//! `--params FILE`.

use super::support::{BINARY, Folder};

/// The parameters in metrics.json after a training with this file and these flags.
fn resolved(name: &str, text: &str, flags: &str) -> serde_json::Value {
    let folder = Folder::with_data();
    folder.write(name, text);
    folder.run(&format!("train -q --train train.csv --params {name} {flags}")).done();
    folder.json("metrics.json")["parameters"].clone()
}

#[test]
fn json() {
    let text = r#"{"objective": "binary:logistic", "num_round": 3, "learning_rate": 0.25, "max-depth": 2,
                   "eval_metric": ["auc", "logloss"], "early_stopping_rounds": null}"#;
    let parameters = resolved("p.json", text, "");
    assert_eq!(parameters["eta"], 0.25);
    assert_eq!(parameters["max_depth"], 2);
    assert_eq!(parameters["num_round"], 3);
    assert_eq!(parameters["eval_metric"], serde_json::json!(["auc", "logloss"]));
}

#[test]
fn toml() {
    let text =
        "objective = \"binary:logistic\"\nnum_round = 3\neta = 0.25\neval_metric = [\"auc\"]\nseed = 7 # lucky\n";
    let parameters = resolved("p.toml", text, "");
    assert_eq!((&parameters["eta"], &parameters["seed"]), (&0.25.into(), &7.into()));
    assert_eq!(parameters["eval_metric"], serde_json::json!(["auc"]));
}

#[test]
fn sagemakers_hyperparameters_work_as_they_are() {
    let text = r#"{"max_depth": "5", "eta": "0.2", "gamma": "4", "min_child_weight": "6", "subsample": "0.7",
                   "verbosity": "0", "objective": "binary:logistic", "num_round": "3", "nthread": "2",
                   "eval_metric": "logloss", "booster": "gbtree", "tree_method": "\"hist\"",
                   "_tuning_objective_metric": "validation:auc", "sagemaker_region": "\"eu-west-1\""}"#;
    let folder = Folder::with_data();
    folder.write("hyperparameters.json", text);
    let ran = folder.run("train --train train.csv --params hyperparameters.json --verbosity 1");
    for key in ["_tuning_objective_metric", "sagemaker_region"] {
        let note = format!("hyperparameters.json: key {key:?} is SageMaker's own and was left out");
        assert!(ran.stderr.contains(&note), "{}", ran.stderr);
    }
    ran.done();
    let parameters = &folder.json("metrics.json")["parameters"];
    assert_eq!((&parameters["gamma"], &parameters["nthread"]), (&4.0.into(), &2.into()));
    assert_eq!(parameters["verbosity"], 1);

    // verbosity 0 of the file holds.
    let ran = folder.run("train --train train.csv --params hyperparameters.json");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    ran.done();
}

#[test]
fn flags_win_over_the_file() {
    let text = r#"{"objective": "binary:logistic", "num_round": 3, "eta": 0.25, "nthread": 3}"#;
    let parameters = resolved("p.json", text, "--learning_rate 0.5 --threads 2");
    assert_eq!((&parameters["eta"], &parameters["num_round"]), (&0.5.into(), &3.into()));
    assert_eq!(parameters["nthread"], 2);
}

#[test]
fn errors_name_the_file_and_the_key() {
    let folder = Folder::with_data();
    for (name, text, error) in [
        (
            "p.json",
            r#"{"max_dept": 5}"#,
            "p.json: key \"max_dept\": unknown parameter \"max_dept\"; did you mean max_depth?",
        ),
        ("p.json", r#"{"eta": "1.5"}"#, "p.json: key \"eta\": eta 1.5 is out of range; give a value in [0, 1]"),
        (
            "p.toml",
            "booster = 'dart'",
            "p.toml: key \"booster\": booster \"dart\" is not supported yet; leave the parameter out, or give gbtree",
        ),
        (
            "p.json",
            r#"{"eta": 0.1, "learning_rate": 0.2}"#,
            "p.json: key \"learning_rate\": the same parameter as \"eta\"; give one of the two",
        ),
        (
            "p.json",
            "{\"eta\": 0.1,\n \"max_depth\": 3, \"\\u0065ta\": 0.2}",
            "p.json:2:27: key \"eta\" stands there twice; give one of the two",
        ),
        (
            "p.json",
            r#"{"max_depth": 5, "max-depth": 5}"#,
            "p.json: key \"max-depth\": the same parameter as \"max_depth\"; give one of the two",
        ),
        (
            "p.json",
            r#"{"objective": "binary:logistic", "_kfold": "5"}"#,
            "p.json: key \"_kfold\": it asks SageMaker for a cross-validation, which is a command here; give gboost cv --nfold \
             N, and leave the key out",
        ),
        (
            "p.toml",
            "_num_cv_round = 3",
            "p.toml: key \"_num_cv_round\": it asks SageMaker for a cross-validation, which is a command here; give gboost cv \
             --nfold N, and leave the key out",
        ),
        (
            "p.toml",
            "[tree]\nmax_depth = 5",
            "p.toml: key \"tree\": a table within the table of hyperparameters; write all hyperparameters on the top level",
        ),
        (
            "p.json",
            "[1]",
            "p.json: the file is no table of hyperparameters; write it like {\"max_depth\": 5, \"eta\": 0.2}",
        ),
        (
            "none.json",
            "",
            "none.json: cannot read the hyperparameters: No such file or directory (os error 2); give a text file in JSON or TOML",
        ),
    ] {
        if !text.is_empty() {
            folder.write(name, text);
        }
        folder.refuses(&format!("train {BINARY} --params {name}"), error);
    }
    folder.write("p.json", "{\"eta\": 0.1,\n  eta}");
    let ran = folder.run(&format!("train {BINARY} --params p.json"));
    assert_eq!((ran.code, ran.error().starts_with("p.json:2:3: not JSON")), (Some(2), true), "{}", ran.stderr);
    folder.write("p.toml", "eta = 0.1\nmax depth = 5");
    let ran = folder.run(&format!("train {BINARY} --params p.toml"));
    assert_eq!((ran.code, ran.error().starts_with("p.toml:2:")), (Some(2), true), "{}", ran.stderr);
}
