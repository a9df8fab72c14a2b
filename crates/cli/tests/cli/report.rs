//! `gboost report` and `gboost train --report`.

use super::support::{BINARY, Folder, binary_csv};
use serde_json::Value;

#[test]
fn a_page_its_numbers_and_a_notebook() {
    let folder = Folder::with_model(6, "");
    let ran = folder.run(
        "report --model model.json --data valid.csv --train train.csv --history history.csv \
         --output out/page.html --json out/analysis.json --notebook out/report.ipynb --title Income",
    );
    assert!(ran.stderr.ends_with("written: out/page.html\nwritten: out/analysis.json\nwritten: out/report.ipynb\n"));
    assert_eq!(ran.done(), "");
    let html = folder.read("out/page.html");
    assert!(html.starts_with("<!doctype html>") && html.contains("<h1>Income</h1>"), "{}", &html[..200]);
    let outside = html.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http:") && !outside.contains("https:"), "the page names an address");

    let metrics = &folder.json("metrics.json")["validation"];
    let analysis = folder.json("out/analysis.json");
    let global = &analysis["explanations"]["kernel_shap"]["label0"]["global_shap_values"];
    assert!(global["age"].as_f64() > Some(0.0) && global["hours"].as_f64() > Some(0.0), "{global}");
    let report = &analysis["report"];
    for name in ["accuracy", "precision", "recall", "f1", "auc", "logloss", "confusion_matrix", "rows"] {
        assert_eq!(report[name], metrics[name], "{name}");
    }
    let counts = report["label_counts"].as_object().unwrap();
    assert_eq!(counts.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 120);
    assert_eq!(report["parameters"]["num_round"], 6);
    assert!(report["best_round"].is_u64() && report["importance"][0]["gain"].is_number());
    assert!(report["classification_report"]["macro avg"]["f1-score"].is_number());

    let notebook: Value = folder.json("out/report.ipynb");
    assert_eq!((&notebook["nbformat"], &notebook["nbformat_minor"]), (&Value::from(4), &Value::from(5)));
    let cells = notebook["cells"].as_array().unwrap();
    let pictures = cells.iter().filter(|cell| cell["outputs"][0]["data"]["image/svg+xml"].is_string()).count();
    assert!(pictures >= 12, "{pictures} pictures");
    // The training data's colour, and that of the file, which is the validation data by the
    // manifest.
    let drawn = |title: &str| {
        let shown = cells.iter().map(|cell| &cell["outputs"][0]["data"]["image/svg+xml"]);
        shown.filter_map(Value::as_str).find(|svg| svg.contains(title)).unwrap().to_string()
    };
    let (loss, roc) = (drawn(">logloss over the rounds<"), drawn(">ROC curve<"));
    assert!(loss.contains("#0072b2") && loss.contains("#d55e00"), "{loss}");
    assert!(roc.contains("#d55e00") && !roc.contains("#0072b2"), "{roc}");
}

#[test]
fn the_same_losses_with_and_without_history() {
    let folder = Folder::with_model(7, "");
    let learning = |more: &str| {
        folder.run(&format!("report -q --model model.json --data valid.csv --json a.json {more}")).done();
        folder.json("a.json")["report"]["learning"].clone()
    };
    let (read, computed) = (learning("--history history.csv"), learning("--train train.csv"));
    assert_eq!(read["best_round"], computed["best_round"]);
    for (channel, name) in [("validation", "valid.csv"), ("train", "train")] {
        let last = |learning: &Value, channel: &str| {
            let curves = learning["curves"].as_array().unwrap();
            let curve = curves.iter().find(|curve| curve["channel"] == channel).unwrap();
            curve["values"].as_array().unwrap().last().unwrap().as_f64().unwrap()
        };
        // The history is of exact margins, what is computed afterwards of the model's binary32.
        assert!((last(&read, channel) - last(&computed, name)).abs() < 1e-6, "{channel}");
    }
}

#[test]
fn early_stopping_is_followed() {
    let folder = Folder::with_data();
    let train = "train -q --train train.csv --validation valid.csv --objective binary:logistic --num-round 200 --eta 1 \
                 --max-depth 6 --early-stopping-rounds 3";
    folder.run(train).done();
    let report = |more: &str| {
        folder.run(&format!("report -q --model model.json --data valid.csv --json a.json {more}")).done();
        folder.json("a.json")["report"].clone()
    };
    let (best, all) = (report(""), report("--all-rounds"));
    let metrics = folder.json("metrics.json");
    assert_eq!(best["accuracy"], metrics["validation"]["accuracy"]);
    assert_eq!(best["model"]["rounds_used"], metrics["rounds_used"]);
    assert_eq!(best["best_round"], metrics["best_round"]);
    assert_eq!(all["model"]["rounds_used"], metrics["rounds"]);
    assert_ne!(best["logloss"], all["logloss"]);
}

#[test]
fn the_verdict_says_what_the_curves_tell_and_no_more() {
    let folder = Folder::with_model(12, "--max-depth 6");
    folder.write("eBay_test.csv", binary_csv(5, 80));
    let learning = |more: &str| {
        folder.run(&format!("report -q --model model.json --json a.json {more}")).done();
        let report = folder.json("a.json")["report"].clone();
        (report["data"]["role"].clone(), report["learning"].clone())
    };
    let sentence = |learning: &Value| learning["sentence"].as_str().unwrap().to_string();
    // A file's name stays as it is, and one curve says nothing of fitting.
    let (role, alone) = learning("--data eBay_test.csv");
    assert_eq!((role, &alone["verdict"]), (Value::from("test"), &Value::from("unknown")));
    let text = sentence(&alone);
    assert!(text.starts_with("On eBay_test.csv, logloss is lowest in round "), "{text}");
    assert!(!text.contains("overfits") && !text.contains("Neither") && !text.contains("apart"), "{text}");
    let (_, both) = learning("--data eBay_test.csv --train train.csv");
    assert!(matches!(both["verdict"].as_str(), Some("overfits" | "underfits" | "settled")), "{both}");
    // The training's own files, by the manifest; the training data judges nothing.
    let (role, itself) = learning("--data train.csv");
    assert_eq!(
        (role, &itself["verdict"], &itself["channel"]),
        (Value::from("train"), &Value::from("unknown"), &Value::Null)
    );
    assert!(sentence(&itself).ends_with("give validation data as well."), "{itself}");
    assert_eq!(learning("--data valid.csv").0, "validation");
}

#[test]
fn no_advice_that_was_followed() {
    let folder = Folder::with_data();
    folder.write("test.csv", binary_csv(5, 80));
    let verdict = |more: &str| {
        folder.run(&format!("train -q {BINARY} --max-depth 6 --report r.html {more}")).done();
        let html = folder.read("r.html");
        let from = html.find("<div class=\"finding").unwrap();
        html[from..from + html[from..].find("</div>").unwrap()].to_string()
    };
    let alone = verdict("--num-round 12");
    assert!(alone.contains("give validation data as well"), "{alone}");
    let judged = verdict("--num-round 12 --test test.csv");
    assert!(judged.contains("On the test data, logloss") && !judged.contains("give validation data"), "{judged}");
    let stopped = verdict("--validation valid.csv --early-stopping-rounds 3 --eta 1 --num-round 100");
    assert!(stopped.contains("On the validation data") && !stopped.contains("early_stopping_rounds"), "{stopped}");
}

#[test]
fn a_report_with_the_training() {
    let folder = Folder::with_data();
    let text = folder.run(&format!("train {BINARY} --validation valid.csv --num-round 3 --report r.html")).done();
    assert!(text.ends_with("report   r.html\n"), "{text}");
    let html = folder.read("r.html");
    assert!(html.contains("judged on <b>validation</b>, 120 rows"), "validation judges");
    // Of training data alone, too, and of a single leaf.
    folder.run(&format!("train -q {BINARY} --num-round 1 --gamma 1e9 --report alone.html")).done();
    assert!(folder.read("alone.html").contains("judged on <b>train</b>, 240 rows"));
}

#[test]
fn the_manifest_of_this_model_is_shown_and_no_other() {
    let folder = Folder::with_model(2, "");
    let html = |sha256: &str| {
        let manifest = serde_json::json!({
            "command": "train", "result": { "sha256": sha256 }, "machine": { "system": "linux <b>" }, "data": [{ "rows": 240 }],
        });
        folder.write("model.manifest.json", manifest.to_string());
        folder.run("report -q --model model.json --data valid.csv").done();
        folder.read("report.html")
    };
    let sha256 = folder.json("metrics.json")["model_sha256"].as_str().unwrap().to_string();
    let shown = html(&sha256);
    assert!(shown.contains("<h3>Manifest</h3>") && shown.contains("linux &lt;b&gt;"), "the manifest is shown");
    assert!(!html(&"0".repeat(64)).contains("<h3>Manifest</h3>"), "another model's manifest is not");
}

#[test]
fn weights_classes_and_numbers() {
    let folder = Folder::new();
    let text: String =
        (0..120).map(|row| format!("{},{},{}\n", row % 3, row % 3 * 10 + row % 7, 1 + row % 4)).collect();
    folder.write("train.csv", text);
    for (objective, key) in [("multi:softprob --num-class 3", "classes"), ("reg:squarederror", "regression")] {
        folder
            .run(&format!("train -q --train train.csv --objective {objective} --num-round 4 --weight-column 2"))
            .done();
        folder.run("report -q --model model.json --data train.csv --weight-column 2 --json a.json").done();
        let report = folder.json("a.json")["report"].clone();
        assert!(report[key].is_object(), "{key}");
        assert_eq!(report["data"]["weighted"], true);
        let metrics = folder.json("metrics.json");
        let metric = if key == "classes" { "accuracy" } else { "rmse" };
        assert_eq!(report[metric], metrics["train"][metric]);
    }
}

#[test]
fn what_is_refused() {
    let folder = Folder::with_model(2, "");
    folder.write("empty_history.csv", "round,train-logloss\n");
    folder.write("bad_history.csv", "round,train-logloss\n0,0.6\n1,low\n");
    folder.write("strange.csv", "label,a,b\n1,2,3\n");
    folder.write("labels.csv", "income,age,hours\n3,30,40\n");
    let end = "give the history.csv that gboost train wrote";
    let with = |more: &str| format!("report --model model.json --data valid.csv {more}");
    folder.refuses(&with("--history bad_history.csv"), &format!("bad_history.csv:3:2: `low` is not a number; {end}"));
    folder.refuses(&with("--history empty_history.csv"), &format!("empty_history.csv: there is no round in it; {end}"));
    folder.write("other_history.csv", "round,train-logloss\n0,0.6\n9,0.5\n");
    folder.refuses(
        &with("--history other_history.csv"),
        "other_history.csv: the history ends with round 9, the model has 2 rounds; give the history of this model's training, \
         or none",
    );
    folder.refuses(
        &with("--history valid.csv"),
        &format!("valid.csv:1:1: the first column is `income`, not `round`; {end}"),
    );
    folder.refuses(
        &with("--output page --json page"),
        "page: the report (--output) and the report's numbers (--json) would be the same file; give another name with --json",
    );
    folder.refuses(
        &with("--no-label"),
        "--no-label is given, but labels are needed here; leave --no-label out; --label names the label column if it is not the first",
    );
    let ran = folder.run("report --model model.json --data labels.csv");
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("labels.csv:2:1: "), "{}", ran.error());
    let ran = folder.run(&with("--train strange.csv"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().contains("strange.csv"), "{}", ran.error());
    folder.write("train2.csv", binary_csv(3, 20));
    folder.refuses(
        "train --train train2.csv --objective binary:logistic --model page --report page",
        "page: the model (--model) and the report (--report) would be the same file; give another name with --report",
    );
    assert_eq!(folder.run("--gpu 0 report --model model.json --data valid.csv").code, Some(2));
}

#[test]
fn hostile_names_are_text_in_page_and_notebook() {
    let folder = Folder::new();
    let rows: String = (0..80).map(|row| format!("{},{},{}\n", row % 2, row % 2 * 5 + row % 7, row % 5)).collect();
    folder.write("train.csv", format!("label,<script>alert(1)</script>,**b** | `c` <b>\n{rows}"));
    folder.run("train -q --train train.csv --objective binary:logistic --num-round 3").done();
    folder
        .run("report -q --model model.json --data train.csv --notebook r.ipynb --title <script>alert(2)</script>")
        .done();
    let html = folder.read("report.html");
    assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;alert(1)"));
    let notebook = folder.json("r.ipynb");
    let mut seen = 0;
    for cell in notebook["cells"].as_array().unwrap() {
        let shown = [&cell["source"], &cell["outputs"][0]["data"]["image/svg+xml"]];
        for text in shown.into_iter().filter_map(Value::as_str) {
            assert!(!text.contains("<script") && !text.contains("<b>"), "{text}");
            seen += text.matches("&lt;script&gt;").count();
        }
    }
    assert!(seen > 3, "the name is shown {seen} times");
    // The label's name, which regressions are in units of.
    folder.write("price.csv", format!("<script>alert(3)</script>,a,b\n{rows}"));
    folder.run("train -q --train price.csv --num-round 3 --model price.json --report price.html").done();
    folder.run("explain -q --model price.json --data price.csv --html explain.html").done();
    for page in ["price.html", "explain.html"] {
        let html = folder.read(page);
        assert!(!html.contains("<script>alert") && html.contains("in units of &lt;script&gt;alert(3)"), "{page}");
    }
}

/// A training without validation data records its last round alone: that is no curve to judge by.
#[test]
fn a_history_of_one_round_is_no_curve() {
    let folder = Folder::with_data();
    folder.run(&format!("train -q {BINARY} --num-round 12")).done();
    assert_eq!(folder.read("history.csv").lines().count(), 2);
    let learning = |arguments: &str| {
        folder.run(&format!("report -q --model model.json {arguments} --history history.csv --json a.json")).done();
        folder.json("a.json")["report"]["learning"].clone()
    };
    let alone = learning("--data valid.csv");
    assert_eq!(alone["verdict"], "unknown", "{alone}");
    assert!(!alone["sentence"].as_str().unwrap().contains("On the training data"), "{alone}");
    let both = learning("--data valid.csv --train train.csv");
    assert!(matches!(both["verdict"].as_str(), Some("overfits" | "underfits" | "settled")), "{both}");
    let rounds: Vec<usize> =
        both["curves"].as_array().unwrap().iter().map(|curve| curve["rounds"].as_array().unwrap().len()).collect();
    assert!(rounds.len() > 1 && rounds.iter().all(|&rounds| rounds > 1), "{both}");
}
