//! Models and machines at their limits: weights, doubtful files, small files that ask for much,
//! memory that runs out.

use super::support::{Folder, binary_csv};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/models");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// A folder with a fixture as `model.json`, changed, and its rows as `data.csv`.
fn with_fixture(name: &str, change: impl FnOnce(&mut Value)) -> Folder {
    let folder = Folder::new();
    let mut file: Value = serde_json::from_str(&fixture(name)).unwrap();
    change(&mut file);
    folder.write("model.json", file.to_string());
    folder.write("data.csv", fixture("data.csv"));
    folder
}

const PREDICT: &str = "predict --model model.json --data data.csv --no-label --output-type margin";

#[test]
fn weights_of_dropout_are_applied() {
    let folder = with_fixture("dropout_v341.json", |_| ());
    let text = folder.run(PREDICT).done();
    let margins: Vec<u32> = text.lines().skip(1).map(|line| line.parse::<f32>().unwrap().to_bits()).collect();
    let expected: Vec<u32> =
        fixture("dropout_v341.margins").lines().map(|word| u32::from_str_radix(word, 16).unwrap()).collect();
    assert_eq!(margins, expected);
    // SHAP values add up to them.
    let text = folder.run(&PREDICT.replace("margin", "contribs")).done();
    for (line, &margin) in text.lines().skip(1).zip(&expected) {
        let sum: f64 = line.split(',').map(|value| value.parse::<f64>().unwrap()).sum();
        assert!((sum - f64::from(f32::from_bits(margin))).abs() < 1e-6, "{line}");
    }
    let text = folder.run("inspect model.json").done();
    assert!(text.contains("weights     0.15") && text.contains("from training with dropout"), "{text}");
    let rows: String = (0..40).map(|row| format!("{},{row},1,2,3\n", row % 2)).collect();
    folder.write("train.csv", format!("y,a,b,c,d\n{rows}"));
    folder.refuses(
        "train --train train.csv --objective binary:logistic --continue-from model.json --num-round 1 --model new.json",
        "the model to continue from was trained with dropout: it has tree weights, which a later round would change; \
         continue it in XGBoost, or train a new model",
    );
}

#[test]
fn a_best_round_that_the_file_leaves_open_is_told() {
    let folder = with_fixture("regression_early_v320.json", |file| {
        let model = file["learner"]["gradient_booster"]["model"].as_object_mut().unwrap();
        model.insert("gbtree_model_param".into(), json!({"size_leaf_vector": "0"}));
        model.remove("iteration_indptr");
    });
    for command in [PREDICT, "inspect model.json"] {
        let ran = folder.run(command);
        let told = "warning: model.json: the file does not say how many trees a round has";
        assert!(ran.stderr.contains(told) && ran.stderr.contains("use all rounds (--all-rounds)"), "{}", ran.stderr);
        ran.done();
        assert_eq!(folder.run(&format!("{command} -q")).stderr, "");
    }
}

/// A tree that is one chain of that many splits, on three features in turn.
fn chain(levels: usize) -> String {
    let nodes = 2 * levels + 1;
    // Node 2k + 1 is the leaf of level k, node 2k + 2 the split of the next.
    let list = |value: &dyn Fn(usize) -> String| (0..nodes).map(value).collect::<Vec<_>>().join(",");
    let split = |node: usize| node.is_multiple_of(2) && node < nodes - 1;
    let child = |offset: usize| list(&|node| if split(node) { (node + offset).to_string() } else { "-1".into() });
    let parent = |node: usize| if node == 0 { i32::MAX as usize } else { (node - 1) / 2 * 2 };
    let mut tree = String::new();
    for (name, values) in [
        ("left_children", child(1)),
        ("right_children", child(2)),
        ("parents", list(&|node| parent(node).to_string())),
        ("split_indices", list(&|node| if split(node) { (node / 2 % 3).to_string() } else { "0".into() })),
        ("split_conditions", list(&|node| format!("{}E-1", node % 977))),
        ("default_left", list(&|_| "0".into())),
        ("sum_hessian", list(&|node| format!("{}E0", nodes - node))),
        ("loss_changes", list(&|_| "1E0".into())),
        ("base_weights", list(&|_| "1E0".into())),
    ] {
        write!(tree, "{}\"{name}\":[{values}]", if tree.is_empty() { "" } else { "," }).unwrap();
    }
    format!(
        "{{\"learner\":{{\"gradient_booster\":{{\"name\":\"gbtree\",\"model\":{{\"tree_info\":[0],\"trees\":[{{{tree}}}]}}}},\
         \"learner_model_param\":{{\"base_score\":\"0.5\",\"num_class\":\"0\",\"num_feature\":\"3\"}},\
         \"objective\":{{\"name\":\"reg:squarederror\"}}}}}}"
    )
}

#[test]
fn trees_of_a_hundred_thousand_levels_predict_and_are_refused_by_shap() {
    let folder = Folder::new();
    folder.write("model.json", chain(100_000));
    let rows: String = (0..20).map(|row| format!("{},{row},{},30\n", row % 2, row % 5)).collect();
    folder.write("data.csv", format!("y,a,b,c\n{rows}"));
    folder.run("evaluate --model model.json --data data.csv").done();
    assert!(folder.run("inspect model.json").done().contains("100000 to 100000 a tree"));
    folder.run("inspect model.json --importance gain").done();
    assert!(folder.run("inspect model.json --trees 1").done().len() < 100 << 20);
    let refusal = "tree 0 has 100000 levels; SHAP values are computed for 1024 at most; train with a smaller max_depth or \
                   max_leaves";
    for command in [
        "predict --model model.json --data data.csv --output-type contribs --output shap.csv",
        "predict --model model.json --data data.csv --output-type interactions --output shap.csv",
        "explain --model model.json --data data.csv --output shap.csv",
        "explain --model model.json --data data.csv --background data.csv --output shap.csv",
    ] {
        folder.refuses(command, refusal);
    }
    // All else is reported.
    let command = "report --model model.json --data data.csv --output page.html --json page.json --notebook page.ipynb";
    let ran = folder.run(command);
    let told = format!("warning: the report is without SHAP values: {refusal}");
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    ran.done();
    let (page, notebook) = (folder.read("page.html"), folder.read("page.ipynb"));
    assert!(page.contains("<h3>No SHAP values</h3>") && page.contains(refusal), "{page}");
    assert!(notebook.contains(&format!("No SHAP values: {refusal}")), "{notebook}");
    assert_eq!(folder.json("page.json")["report"]["no_shap"], refusal);
    // Trees that are grown leaf by leaf get this deep.
    folder.write("model.json", chain(600));
    folder.run("explain --model model.json --data data.csv --output shap.csv").done();
}

#[cfg(target_os = "linux")]
mod little_memory {
    use super::*;

    #[test]
    fn importances_take_no_memory_by_the_number_of_features() {
        let folder = with_fixture("regression_early_v320.json", |file| {
            file["learner"]["learner_model_param"]["num_feature"] = json!("2147483648");
        });
        let ran = folder.run_in_memory(500_000, "inspect model.json --importance gain");
        assert!(ran.stdout.lines().count() > 2, "{}", ran.stdout);
        ran.done();
        folder.write("rows.libsvm", "1 0:2 3:1\n");
        let ran = folder.run_in_memory(2_000_000, "predict --model model.json --data rows.libsvm");
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.error().contains("the model 2147483648: too many to pad"), "{}", ran.stderr);
    }

    #[test]
    fn running_out_of_memory_is_no_abort() {
        let folder = Folder::new();
        folder.write("train.csv", binary_csv(0, 60_000));
        folder.write("deep.json", chain(100_000));
        let data = "train --train train.csv --objective binary:logistic --num-round 2 --threads 1 -q";
        let tune = "tune --train train.csv --objective binary:logistic --num-round 2 --range eta=0.1..0.5 --max-jobs 2 \
                    --max-parallel-jobs 4 --threads 4 -q --output tune";
        let (mut failed, mut advised) = (0, 0);
        for (command, most) in
            [(format!("{data} --spill never"), 90_000), ("inspect deep.json".into(), 130_000), (tune.into(), 90_000)]
        {
            for kib in (25_000..most).step_by(9_000) {
                let ran = folder.run_in_memory(kib, &command);
                assert!(matches!(ran.code, Some(0 | 2)), "{kib} KiB, {command}: {:?} {}", ran.code, ran.stderr);
                if ran.code == Some(2) {
                    // Rust's own line is followed by what helps, wherever there was room to prepare
                    // that.
                    if ran.stderr.contains("memory allocation of") {
                        failed += 1;
                        advised += u32::from(ran.stderr.contains("\nerror: there is not enough memory; give "));
                    }
                    assert!(!ran.stderr.is_empty() && !ran.stderr.contains("panicked"), "{kib} KiB: {}", ran.stderr);
                    assert!(!folder.path("model.json").exists(), "{kib} KiB");
                }
                let _ = fs::remove_file(folder.path("model.json"));
                let _ = fs::remove_dir_all(folder.path("tune"));
            }
        }
        assert!(advised > 0, "{advised} of {failed} failed allocations were followed by advice");
    }
}
