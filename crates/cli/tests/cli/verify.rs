//! Manifests, and `gboost verify`.

use super::support::{BINARY, Folder, Ran, binary_csv};
use gboost::internals::tree::Split;
use serde_json::{Value, json};
use std::fs;

const TRAIN: &str = "train -q --train train.csv --validation valid.csv --test test.csv --objective binary:logistic \
                     --eval-metric auc,logloss --num-round 6 --subsample 0.7 --seed 5";

fn trained() -> Folder {
    let folder = Folder::with_data();
    folder.write("test.csv", binary_csv(3, 80));
    folder.run(TRAIN).done();
    folder
}

/// Changes the manifest at a JSON pointer.
fn edit(folder: &Folder, pointer: &str, value: Value) {
    let mut manifest = folder.json("model.manifest.json");
    *manifest.pointer_mut(pointer).unwrap() = value;
    folder.write("model.manifest.json", serde_json::to_string_pretty(&manifest).unwrap());
}

/// Verifies; the exit code is 1 and the error has these parts.
fn says_no(folder: &Folder, parts: &[&str]) -> Ran {
    let ran = folder.run("verify model.manifest.json");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    for part in parts {
        assert!(ran.error().contains(part), "{part} is not in\n{}", ran.stderr);
    }
    ran
}

#[test]
fn what_a_manifest_holds() {
    let folder = trained();
    let manifest = folder.json("model.manifest.json");
    let keys: Vec<&str> = manifest.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "manifest",
            "command",
            "gboost",
            "commit",
            "parameters",
            "seed",
            "reading",
            "data",
            "rounds",
            "result",
            "metrics",
            "sha256",
            "machine",
            "times"
        ]
    );
    assert_eq!(manifest["gboost"], env!("CARGO_PKG_VERSION"));
    let sha256 = |name: &str| gboost::internals::util::digest::sha256(&fs::read(folder.path(name)).unwrap());
    assert_eq!(manifest["result"], json!({"path": "model.json", "sha256": sha256("model.json")}));
    assert_eq!(manifest["result"]["sha256"], folder.json("metrics.json")["model_sha256"]);
    for (channel, file, rows) in
        [("train", "train.csv", 240), ("validation", "valid.csv", 120), ("test", "test.csv", 80)]
    {
        let ones = folder.read(file).lines().filter(|line| line.starts_with("1,")).count();
        let expected = json!({"rows": rows, "features": 2, "files": [{
            "path": file, "sha256": sha256(file), "rows": rows, "columns": 3, "labels": {"0": rows - ones, "1": ones},
        }]});
        assert_eq!(manifest["data"][channel], expected);
        assert_eq!(manifest["metrics"][channel], folder.json("metrics.json")[channel]);
    }
    assert_eq!((&manifest["seed"], &manifest["rounds"]), (&5.into(), &6.into()));
    assert_eq!(manifest["parameters"]["eval_metric"], json!(["auc", "logloss"]));
    let machine = &manifest["machine"];
    assert!(machine["threads"].as_u64().is_some_and(|threads| threads > 0));
    for name in ["cpu", "adapter", "os", "arch", "backend"] {
        assert!(machine[name].is_string(), "{name}");
    }
    let times = &manifest["times"];
    assert!(times["start"].as_str() <= times["end"].as_str() && times["seconds"].as_f64().is_some());
    assert!(times["start"].as_str().is_some_and(|start| start.ends_with('Z') && start.len() == 24), "{times}");
}

#[test]
fn a_model_can_be_trained_again_with_any_number_of_threads() {
    let folder = trained();
    let before = folder.names();
    for threads in ["", "--threads 1", "--threads 8"] {
        let text = folder.run(&format!("verify model.manifest.json {threads}")).done();
        assert!(text.starts_with("the same model: model.json, sha256 "), "{text}");
    }
    assert_eq!(folder.names(), before);
    // From elsewhere, and after the whole folder was moved.
    folder.run(&format!("{TRAIN} --model deep/m.json")).done();
    let moved = Folder::new();
    for name in ["train.csv", "valid.csv", "test.csv", "deep/m.json", "deep/m.manifest.json"] {
        moved.write(name, fs::read(folder.path(name)).unwrap());
    }
    moved.run("verify deep/m.manifest.json").done();
}

#[test]
fn every_way_of_reading_is_remembered() {
    let folder = Folder::new();
    let text = binary_csv(0, 150).replace("income", "note;w;income").replace(',', ";");
    let body: String = text.lines().skip(1).map(|line| format!("text;2;{line}\n")).collect();
    folder.write("data/a.csv", format!("{}\n{body}", text.lines().next().unwrap()));
    folder.write("data/b.csv", folder.read("data/a.csv"));
    folder
        .run(
            "train -q --train data --label income --weight-column w --ignore-column note --header yes --delimiter ; \
             --objective binary:logistic --num-round 3 --tree-method exact --sampler xgboost1 --subsample 0.5 \
             --base-score auto --scale-pos-weight 1.5",
        )
        .done();
    let manifest = folder.json("model.manifest.json");
    let files = manifest["data"]["train"]["files"].as_array().unwrap();
    let about: Vec<_> = files.iter().map(|file| (&file["path"], &file["rows"], &file["columns"])).collect();
    assert_eq!(
        about,
        [(&json!("data/a.csv"), &json!(150), &json!(5)), (&json!("data/b.csv"), &json!(150), &json!(5)),]
    );
    folder.run("verify model.manifest.json").done();
    folder.write("data.libsvm", "1 0:2 1:3\n0 0:1 1:7\n1 0:4\n0 1:2\n".repeat(20));
    folder.run("train -q --train data.libsvm --objective binary:logistic --num-round 2 --model s.json").done();
    folder.run("verify s.manifest.json").done();
    folder.run("train -q --num-round 2 --model census.json").done();
    folder.run("verify census.manifest.json").done();
}

#[test]
fn continued_training_and_early_stopping() {
    let folder = trained();
    folder.run(&format!("{TRAIN} --continue-from model.json --model longer.json")).done();
    folder.run("verify longer.manifest.json").done();
    assert_eq!(folder.json("longer.manifest.json")["continue_from"]["path"], "model.json");
    let long = TRAIN.replace("--num-round 6", "--num-round 40");
    folder.run(&format!("{long} --eta 1 --early-stopping-rounds 2 --model early.json")).done();
    folder.run("verify early.manifest.json").done();
    // The model that was continued is data like any other.
    let other = folder.read("model.json").replace("\"version\"", " \"version\"");
    folder.write("model.json", other);
    let ran = folder.run("verify longer.manifest.json");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.error().starts_with("model.json: the model to continue from was changed"), "{}", ran.stderr);
}

#[test]
fn a_changed_data_byte() {
    for name in ["train.csv", "valid.csv", "test.csv"] {
        let folder = trained();
        let text = folder.read(name);
        let at = text.find("\n1,").unwrap() + 1;
        folder.write(name, format!("{}0{}", &text[..at], &text[at + 1..]));
        says_no(&folder, &[&format!("{name}: the "), "data was changed: its sha256 is ", "the manifest says "]);
        fs::remove_file(folder.path(name)).unwrap();
        let ran = folder.run("verify model.manifest.json");
        assert_eq!((ran.code, ran.error().contains("cannot open")), (Some(2), true), "{}", ran.stderr);
    }
}

#[test]
fn a_changed_parameter() {
    for (name, value, reason) in [
        ("eta", json!(0.31), "first difference: tree 0, node "),
        ("subsample", json!(0.71), "first difference: tree 0, node "),
        ("num_round", json!(7), "first difference: the number of trees: 6 here, 7 there"),
        ("max_depth", json!(2), "first difference: tree 0, node "),
    ] {
        let folder = trained();
        edit(&folder, &format!("/parameters/{name}"), value);
        let parts = ["model.json: training again on CPU", "a parameter in the manifest was changed", reason];
        says_no(&folder, &parts);
    }
    let folder = trained();
    edit(&folder, "/parameters/eval_metric", json!(["error"]));
    says_no(&folder, &["model.manifest.json: the manifest says train logloss 0.", "training again gives null"]);
    edit(&folder, "/parameters/eval_metric", json!(["logloss", "auc"]));
    says_no(&folder, &["training again gives the manifest's metrics in another order: eval_metric was changed"]);
    let folder = trained();
    edit(&folder, "/parameters/eta", json!("fast"));
    folder.refuses(
        "verify model.manifest.json",
        "model.manifest.json: key \"eta\": eta \"fast\" is not accepted; give a number in [0, 1]",
    );
}

#[test]
fn a_changed_figure() {
    for (pointer, value, reason) in [
        ("/metrics/validation/auc", json!(0.99), "the manifest says validation auc 0.99, training again gives 0."),
        ("/rounds", json!(5), "the manifest says 5 rounds, the result has 6"),
        ("/seed", json!(6), "the manifest says seed 6 and, among the parameters, 5"),
        (
            "/data/train/rows",
            json!(241),
            "the train data has 240 rows of 2 features, the manifest says 241 rows of 2 features",
        ),
        (
            "/data/test/files/0/labels/1",
            json!(1),
            "the rows, columns or label counts of the test files are not those of the manifest",
        ),
    ] {
        let folder = trained();
        edit(&folder, pointer, value);
        says_no(&folder, &[&format!("model.manifest.json: {reason}")]);
    }
}

#[test]
fn a_changed_model() {
    let folder = trained();
    let text = folder.read("model.json");
    folder.write("model.json", &text[..text.len() / 2]);
    says_no(&folder, &["model.json: the file was changed", "which training again on CPU", "it is no whole model"]);

    let mut model = gboost::Model::load({
        folder.write("model.json", &text);
        folder.path("model.json")
    })
    .unwrap();
    let root = &mut model.trees[2].nodes[0];
    let (Some(&Split::Below(threshold)), Some(children)) = (root.split(), root.children()) else { panic!("{root:?}") };
    *root = root.clone().divided(root.feature, Split::Below(threshold + 1.0), children.map(|child| child as u32));
    model.save(folder.path("model.json")).unwrap();
    says_no(&folder, &["model.json: the file was changed", "first difference: tree 2, node 0"]);

    folder.write("model.json", format!("{text}\n"));
    says_no(&folder, &["model.json: the file was changed", "only the text of the file differs"]);
    fs::remove_file(folder.path("model.json")).unwrap();
    let ran = folder.run("verify model.manifest.json");
    assert_eq!((ran.code, ran.error().contains("cannot read the result")), (Some(2), true), "{}", ran.stderr);
}

#[test]
fn a_cross_validation_is_verified_by_its_table() {
    let folder = Folder::with_data();
    let cv = format!("cv -q {BINARY} --num-round 4 --subsample 0.8 --output out");
    folder.write("folds.txt", (0..240).map(|row| format!("{}\n", row % 4)).collect::<String>());
    for more in ["--stratified --nfold 4 --shuffle-seed 7", "--folds folds.txt", "--group-column age"] {
        folder.run(&format!("{cv} {more}")).done();
        let text = folder.run("verify out/cv.manifest.json --threads 3").done();
        assert!(text.starts_with("the same table: out/cv.csv, sha256 "), "{text}");
    }
    folder.run(&format!("{cv} --folds folds.txt")).done();
    let table = folder.read("out/cv.csv");
    let line = table.lines().nth(2).unwrap();
    folder.write("out/cv.csv", table.replace(line, &format!("0{line}")));
    let ran = folder.run("verify out/cv.manifest.json");
    assert_eq!(ran.code, Some(1));
    assert!(ran.error().contains(&format!("first difference: line 3, which is {line} there")), "{}", ran.stderr);
    folder.write("out/cv.csv", &table);
    folder.write("folds.txt", (0..240).map(|row| format!("{}\n", row % 3)).collect::<String>());
    let ran = folder.run("verify out/cv.manifest.json");
    assert_eq!(ran.code, Some(1));
    assert!(ran.error().contains("folds.txt: the file of folds was changed"), "{}", ran.stderr);
}

#[test]
fn what_is_no_manifest() {
    let folder = trained();
    for (name, error) in [("nowhere.json", "cannot read the manifest"), ("model.json", "no manifest of gboost: ")] {
        let ran = folder.run(&format!("verify {name}"));
        assert_eq!((ran.code, ran.error().contains(error)), (Some(2), true), "{}", ran.stderr);
    }
    edit(&folder, "/manifest", json!(2));
    folder.refuses(
        "verify model.manifest.json",
        "model.manifest.json: the manifest has form 2, this gboost reads form 1; verify it with the gboost that wrote it",
    );
}

#[test]
#[cfg(unix)]
fn data_from_a_pipe_cannot_be_verified_and_a_device_has_no_manifest() {
    let folder = Folder::with_data();
    folder.run(&format!("train -q {BINARY} --num-round 1 --model /dev/null")).done();
    assert!(!folder.names().iter().any(|name| name.contains("manifest")));
    assert!(std::process::Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    let text = folder.read("train.csv");
    let pipe = folder.path("pipe");
    let writer = std::thread::spawn(move || fs::write(pipe, text));
    folder.run("train -q --train pipe --objective binary:logistic --num-round 1").done();
    writer.join().unwrap().unwrap();
    assert_eq!(folder.json("model.manifest.json")["data"]["train"]["files"][0]["sha256"], Value::Null);
    folder.refuses(
        "verify model.manifest.json",
        "pipe: the train data came from a pipe, which cannot be read again; train from a file to be able to verify",
    );
}
