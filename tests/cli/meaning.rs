//! Data means the same in every command: libsvm indices are those of the training, and values of facets, groups and folds are what
//! the file says, to the last digit.

use super::support::Folder;
use serde_json::Value;

/// Two features that decide the label, and one that is there in some rows alone.
const ZERO_BASED: &str = "1 0:5 1:9\n0 0:5 1:1\n1 1:9 2:1\n0 1:1 2:9\n";
/// Rows without index 0.
const SPARSE: &str = "1 1:9 2:1\n0 1:1 2:9\n";
/// The same data counted from 1.
const ONE_BASED: &str = "1 1:5 2:9\n0 1:5 2:1\n1 2:9 3:1\n0 2:1 3:9\n";
const TRAIN: &str = "--objective binary:logistic --num-round 5 --min-child-weight 0 --eval-metric error";

fn libsvm_folder() -> Folder {
    let folder = Folder::new();
    folder.write("zero.libsvm", ZERO_BASED);
    folder.write("sparse.libsvm", SPARSE);
    folder.write("one.libsvm", ONE_BASED);
    folder.run(&format!("train -q --train zero.libsvm {TRAIN} --model zero.json")).done();
    folder.run(&format!("train -q --train one.libsvm {TRAIN} --model one.json")).done();
    folder
}

fn accuracy(folder: &Folder, arguments: &str) -> f64 {
    let text = folder.run(&format!("evaluate {arguments} --json -")).done();
    serde_json::from_str::<Value>(&text).unwrap()["accuracy"].as_f64().unwrap()
}

fn without_attributes(folder: &Folder, from: &str, to: &str) {
    let mut model = folder.json(from);
    model["learner"]["attributes"] = serde_json::json!({});
    folder.write(to, model.to_string());
}

#[test]
fn a_model_keeps_the_index_base_of_its_libsvm_data() {
    let folder = libsvm_folder();
    let base = |name: &str| folder.json(name)["learner"]["attributes"]["gboost_index_base"].clone();
    assert_eq!((base("zero.json"), base("one.json")), ("0".into(), "1".into()));
    assert_eq!(accuracy(&folder, "--model zero.json --data sparse.libsvm"), 1.0);
    assert_eq!(accuracy(&folder, "--model one.json --data one.libsvm"), 1.0);
    // Every command that applies a model: the same figures as of dense rows.
    folder.write("sparse.csv", "1,,9,1\n0,,1,9\n");
    let predict = |data: &str| folder.run(&format!("predict -q --model zero.json --data {data}")).done();
    assert_eq!(predict("sparse.libsvm"), predict("sparse.csv"));
    let explain = |data: &str| {
        folder.run(&format!("explain -q --model zero.json --data {data} --output shap.csv")).done();
        folder.read("shap.csv")
    };
    assert_eq!(explain("sparse.libsvm"), explain("sparse.csv"));
    folder.run("report -q --model zero.json --data sparse.libsvm --output r.html --json r.json").done();
    folder.run("report -q --model zero.json --data sparse.csv --output s.html --json s.json").done();
    assert_eq!(folder.json("r.json")["figures"], folder.json("s.json")["figures"]);
    let bias = |data: &str| folder.run(&format!("bias --model zero.json --data {data} --facet f1>5")).done();
    assert_eq!(bias("sparse.libsvm"), bias("sparse.csv"));
    // One base for all files of a channel, and for all channels, wherever the index 0 is.
    folder
        .run(&format!("train -q --train sparse.libsvm zero.libsvm {TRAIN} --validation sparse.libsvm --model m.json"))
        .done();
    assert_eq!(base("m.json"), "0");
    assert_eq!(folder.json("metrics.json")["validation"]["accuracy"], 1.0);
    // A model of other data has none.
    folder.run(&format!("train -q --train sparse.csv {TRAIN} --model csv.json")).done();
    assert_eq!(base("csv.json"), Value::Null);
    // Cross-validation writes no model; tune's best one has it.
    let tune = "tune -q --train zero.libsvm --nfold 2 --max-jobs 2 --range eta=0.1..0.5 --objective binary:logistic --num-round 2 --output t";
    folder.run(tune).done();
    assert_eq!(base("t/model.json"), "0");
}

#[test]
fn what_goes_against_the_index_base_is_told() {
    let folder = libsvm_folder();
    let ran = folder.run("evaluate --model zero.json --data sparse.libsvm --index-base 1");
    let warning = "warning: --index-base 1 is given, but the model was trained on indices that count from 0";
    assert_eq!((ran.code, ran.stderr.matches(warning).count()), (Some(0), 1), "{}", ran.stderr);
    assert!(!folder.run("evaluate --model zero.json --data sparse.libsvm --index-base 0").stderr.contains("warning"));
    folder.refuses(
        &format!("train -q --train sparse.libsvm {TRAIN} --continue-from zero.json --model m.json --index-base 1"),
        "the libsvm indices of the data count from 1, those of the model from 0; read the data with --index-base 0",
    );
    folder.refuses(
        "evaluate --model one.json --data zero.libsvm",
        "zero.libsvm:1:2: `0:5` has an index below 1, where the indices begin; number the features as in the training data, or train \
         with --index-base 0 if indices count from 0",
    );
    let ran = folder.run(&format!("train --train one.libsvm {TRAIN} --model m.json"));
    assert!(ran.stderr.contains("(there is no index 0); give --index-base 0 if they count from 0"), "{}", ran.stderr);

    // Continued and verified with the model's base, though the data alone would say another.
    let more = format!("train -q --train sparse.libsvm {TRAIN} --continue-from zero.json --model more.json");
    folder.run(&more).done();
    assert_eq!(accuracy(&folder, "--model more.json --data sparse.libsvm"), 1.0);
    assert_eq!(folder.json("more.json")["learner"]["attributes"]["gboost_index_base"], "0");
    folder.run("verify more.manifest.json").done();
}

/// XGBoost counts from 0, and its models say nothing.
#[test]
fn models_without_an_index_base_count_from_0() {
    let folder = libsvm_folder();
    without_attributes(&folder, "zero.json", "zero-x.json");
    without_attributes(&folder, "one.json", "one-x.json");
    assert_eq!(accuracy(&folder, "--model zero-x.json --data sparse.libsvm"), 1.0);
    assert_eq!(accuracy(&folder, "--model one-x.json --data one.libsvm --index-base 1"), 1.0);
    let ran = folder.run("explain --model zero-x.json --data sparse.libsvm --background sparse.libsvm");
    let note = "the model does not say from where libsvm indices count: they count from 0, as in XGBoost; give --index-base 1 if they \
                count from 1";
    assert_eq!((ran.code, ran.stderr.matches(note).count()), (Some(0), 1), "{}", ran.stderr);
    assert!(!folder.run("evaluate --model zero-x.json --data sparse.libsvm --index-base 0").stderr.contains(note));
    // What is trained on from such a model says it again.
    for (model, data, base) in [("zero-x.json", "sparse.libsvm", "0"), ("one-x.json", "one.libsvm --index-base 1", "1")]
    {
        folder.run(&format!("train -q --train {data} {TRAIN} --continue-from {model} --model m.json")).done();
        assert_eq!(folder.json("m.json")["learner"]["attributes"]["gboost_index_base"], base);
    }
    let mut damaged = folder.json("zero.json");
    damaged["learner"]["attributes"]["gboost_index_base"] = "7".into();
    folder.write("damaged.json", damaged.to_string());
    let error = folder.run("predict --model damaged.json --data sparse.libsvm");
    assert_eq!(error.code, Some(2));
    assert!(
        error.stderr.contains("holds \"7\" under \"gboost_index_base\", neither \"0\" nor \"1\""),
        "{}",
        error.stderr
    );
}
