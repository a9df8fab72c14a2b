//! `gboost explain`, and SHAP values of `gboost predict`.

use super::support::{Folder, rows};
use gboost::explain::shap::Explainer;
use gboost::ingest::{ReadOptions, read_channel};
use gboost::{Dataset, Model, Rounds};

fn data(folder: &Folder, name: &str) -> Dataset {
    read_channel(&[folder.path(name)], &ReadOptions::default()).unwrap().dataset
}

/// Header and numbers.
fn parse(text: &str) -> (&str, Vec<f64>) {
    let (header, body) = text.split_once('\n').unwrap();
    (header, body.lines().flat_map(|line| line.split(',')).map(|field| field.parse().unwrap()).collect())
}

/// A model of three classes in `model.json`, on `train.csv`.
fn multiclass() -> Folder {
    let folder = Folder::new();
    let text: String =
        rows(3, 90).iter().map(|(label, age, _)| format!("{},{age},{}\n", label + age % 2, age % 3)).collect();
    folder.write("train.csv", format!("y,\"a,b\",c\n{text}"));
    folder.run("train -q --train train.csv --objective multi:softprob --num-class 3 --num-round 2").done();
    folder
}

#[test]
fn predict_writes_contributions_and_interactions() {
    let folder = Folder::with_model(4, "");
    let model = Model::load(folder.path("model.json")).unwrap();
    let valid = data(&folder, "valid.csv");
    let explainer = Explainer::path_dependent(&model, Rounds::All).unwrap();
    let text = folder.run("predict --model model.json --data valid.csv --output-type contribs").done();
    let (header, values) = parse(&text);
    assert_eq!(header, "age,hours,bias");
    // The text reads back to the same bits.
    assert_eq!(values, explainer.contributions(&valid, 0..valid.rows).values);
    let text = folder.run("predict --model model.json --data valid.csv --output-type interactions").done();
    let (header, values) = parse(&text);
    assert_eq!(header, "age:age,age:hours,age:bias,hours:age,hours:hours,hours:bias,bias:age,bias:hours,bias:bias");
    assert_eq!(values, explainer.interactions(&valid, 0..valid.rows).values);
    let ran = folder
        .run("--threads 3 predict --model model.json --data valid.csv --output-type interactions --output si.csv");
    assert_eq!(ran.done(), "");
    assert_eq!(folder.read("si.csv"), text);
}

#[test]
fn multiclass_has_a_line_a_class() {
    let folder = multiclass();
    let text = folder.run("predict --model model.json --data train.csv --output-type contribs").done();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines.len()), ("class,\"a,b\",c,bias", 1 + 3 * 90));
    assert!(lines[1..].chunks(3).all(|row| (0..3).all(|class| row[class].starts_with(&format!("{class},")))));
    folder.run("explain -q --model model.json --data train.csv --output shap.csv --json analysis.json").done();
    assert_eq!(folder.read("shap.csv"), text);
    let explanations = &folder.json("analysis.json")["explanations"];
    let names: Vec<&String> = explanations["kernel_shap"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["label0", "label1", "label2"]);
    assert_eq!(explanations["method"]["rows"], 90);
}

#[test]
fn explain_writes_all_that_is_asked_for() {
    let folder = Folder::with_model(4, "");
    let files = "--output out/shap.csv --json out/analysis.json --html out/explain.html";
    let text = folder.run(&format!("explain --model model.json --data valid.csv {files} --row 3,0")).done();
    assert!(text.starts_with("SHAP values (tree_path_dependent) of 120 rows; expected margin "), "{text}");
    assert!(text.contains("\nrow 3: margin ") && text.contains("\nrow 0: margin "), "{text}");
    let text = folder.read("out/shap.csv");
    let (_, values) = parse(&text);
    let analysis = folder.json("out/analysis.json");
    assert_eq!((analysis["version"].as_str(), analysis["pre_training_bias_metrics"].as_object()), (Some("1.0"), None));
    let found = &analysis["explanations"]["kernel_shap"]["label0"];
    for (place, name) in ["age", "hours"].into_iter().enumerate() {
        let mean = values.iter().skip(place).step_by(3).map(|value| value.abs()).sum::<f64>() / 120.0;
        assert!((found["global_shap_values"][name].as_f64().unwrap() - mean).abs() < 1e-12, "{name}");
    }
    assert!((found["expected_value"].as_f64().unwrap() - values[2]).abs() < 1e-12);
    let html = folder.read("out/explain.html");
    for id in ["shap", "swarm-0", "depends-0", "depends-1", "row-3", "row-0"] {
        assert!(html.contains(&format!("data-chart=\"{id}\"")), "{id}");
    }
    assert!(
        !html.contains("http://")
            || html.matches("http://").count() == html.matches("http://www.w3.org/2000/svg").count()
    );
}

#[test]
fn a_background_and_interactions() {
    let folder = Folder::with_model(4, "");
    let model = Model::load(folder.path("model.json")).unwrap();
    let (valid, train) = (data(&folder, "valid.csv"), data(&folder, "train.csv"));
    let explainer = Explainer::interventional(&model, &train, Rounds::All).unwrap();
    folder.run("explain -q --model model.json --data valid.csv --background train.csv --output shap.csv").done();
    let text = folder.read("shap.csv");
    assert_eq!(parse(&text).1, explainer.contributions(&valid, 0..valid.rows).values);
    let command = "explain --model model.json --data valid.csv --background train.csv --interactions --output si.csv --html e.html --json a.json";
    let shown = folder.run(command).done();
    assert!(shown.contains("(interventional)") && shown.contains("age and hours"), "{shown}");
    let text = folder.read("si.csv");
    assert_eq!(parse(&text).1, explainer.interactions(&valid, 0..valid.rows).values);
    assert!(folder.read("e.html").contains("data-chart=\"interactions\""));
    let (_, values) = parse(&text);
    let mean = values.iter().skip(1).step_by(9).map(|value| 2.0 * value.abs()).sum::<f64>() / 120.0;
    let pair = &folder.json("a.json")["explanations"]["global_shap_interactions"][0];
    assert_eq!(pair["features"], serde_json::json!(["age", "hours"]));
    assert!((pair["value"].as_f64().unwrap() - mean).abs() < 1e-12);
}

#[test]
fn the_best_round_is_explained_unless_all_are_asked_for() {
    let folder = Folder::with_model(60, "--early-stopping-rounds 3 --eta 1 --max-depth 8 --min-child-weight 0");
    let model = Model::load(folder.path("model.json")).unwrap();
    let valid = data(&folder, "valid.csv");
    for (flag, rounds) in [("", Rounds::Best), ("--all-rounds", Rounds::All)] {
        let text =
            folder.run(&format!("predict --model model.json --data valid.csv --output-type contribs {flag}")).done();
        let expected = Explainer::path_dependent(&model, rounds).unwrap().contributions(&valid, 0..valid.rows);
        assert_eq!(parse(&text).1, expected.values);
        folder.run(&format!("explain -q --model model.json --data valid.csv --output shap.csv {flag}")).done();
        assert_eq!(folder.read("shap.csv"), text);
    }
    assert!(model.used_rounds(Rounds::Best) < model.rounds());
}

/// Names are shown, not run, and pages load nothing.
#[test]
fn names_of_features_are_escaped() {
    let folder = Folder::new();
    let evil = "<script>alert(1)</script>";
    let text: String = rows(3, 90).iter().map(|(label, age, _)| format!("{label},{age}\n")).collect();
    folder.write("train.csv", format!("y,{evil}\n{text}"));
    folder.run("train -q --train train.csv --objective binary:logistic --num-round 2").done();
    folder.run("explain -q --model model.json --data train.csv --html explain.html").done();
    folder.run(&format!("bias -q --model model.json --data train.csv --facet {evil}>40 --output bias.html")).done();
    for page in ["explain.html", "bias.html"] {
        let html = folder.read(page);
        assert!(!html.contains("<script>alert") && html.contains("script\\u003ealert(1)"), "{page}");
        assert_eq!(html.matches("<script").count(), 3, "{page}");
    }
}

#[test]
fn what_cannot_be_explained_is_refused() {
    let folder = Folder::with_model(1, "");
    folder.write("other.csv", "income,age,hours,more\n1,20,3,4\n");
    for (arguments, error) in [
        (
            "explain --model model.json --data valid.csv --row 120",
            "--row 120 is not in the data, which has 120 rows; give a number from 0 to 119",
        ),
        (
            "explain --model model.json --data valid.csv --output train.csv/shap.csv",
            "train.csv: cannot write to the folder: it is not a folder; choose a place that you may write to",
        ),
        (
            "explain --backend gpu --model model.json --data valid.csv",
            "gboost explain computes on the processor; there is no GPU backend for it; leave --backend and --gpu out: \
             predictions are the same to the last bit",
        ),
    ] {
        folder.refuses(arguments, error);
    }
    let ran = folder.run("explain --model model.json --data valid.csv --background other.csv --html e.html");
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.error().starts_with("other.csv: the model does not know column `more` of the data; leave out with"),
        "{}",
        ran.stderr
    );
    assert!(!folder.path("e.html").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let folder = Folder::with_model(1, "");
    for arguments in [
        "predict --model model.json --data valid.csv --output-type contribs --output /dev/full",
        "explain --model model.json --data valid.csv --output /dev/full",
        "bias --model model.json --data valid.csv --facet age>40 --json /dev/full",
    ] {
        let ran = folder.run(arguments);
        assert_eq!((ran.code, ran.error().starts_with("/dev/full: cannot write")), (Some(2), true), "{}", ran.stderr);
    }
}
