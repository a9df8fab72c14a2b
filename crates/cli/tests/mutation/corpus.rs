//! What is mutated: small files of every form that is read.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// CSV files: with and without header, quotes, missing values, CRLF, other delimiters, weights.
pub const CSV: &[&str] = &[
    "y,a,b\n1,2,3\n0,1,\n1,3,NA\n0,0,7.5\n1,2.5,-1e3\n0,.5,0\n",
    "1,2,3\n0,1,2\n1,3,1\n0,0,0\n",
    "label;w;x y;z\n0;1;0.1;3\n1;2;1e-3;4\n2;0.5;?;5\n1;1;null;6\n",
    "y,name,a\r\n1,\"x, \"\"y\"\"\",2\r\n0,\"two\r\nlines\",1\r\n1,z,3\r\n",
    "\u{feff}y\ta\tb\n1\t2\t3\n0\t1\t2\n",
    "y|a\n1|16777217\n0|-0.0\n1|0.1000000000000000055511151231257827\n",
    "y,a,b,c,d,e,f,g\n1,0,0,0,1,0,0,0\n0,0,1,0,0,0,0,0\n1,0,0,0,0,0,0,1\n0,0,0,0,0,0,0,0\n",
];

/// Rows of three classes, with weights.
pub const CLASSES: &str = "y,w,a,b\n0,1,2,3\n1,2,1,\n2,0.5,3,1\n0,0,0,2\n1,1,2,2\n2,3,5,0\n0,1,1,3\n1,1,4,4\n";

/// libsvm files: bases 0 and 1, weights, comments, empty rows.
pub const LIBSVM: &[&str] = &[
    "1 0:5 1:9\n0 0:5 1:1\n1 1:9 2:1\n0 1:1 2:9\n",
    "1:0.5 1:5 3:9 # a comment\n0:2 2:1\n1:1\n0:1 1:1 2:2 3:3\n",
    "2 1:1e-3\n0 7:NA 9:-4\n1 100:3\n",
];

/// Hyperparameters in JSON.
pub const PARAMETERS_JSON: &[&str] = &[
    r#"{"objective": "binary:logistic", "max_depth": 3, "eta": 0.3, "gamma": "0.5", "lambda": 2}"#,
    r#"{"objective": "multi:softprob", "num_class": 3, "subsample": 0.5, "eval_metric": ["mlogloss", "merror"]}"#,
    r#"{"tree_method": "exact", "min_child_weight": 0, "colsample_bytree": 0.7, "seed": 7, "base_score": null}"#,
    r#"{"num_round": "2", "max_bin": 16, "scale_pos_weight": 3, "verbosity": 1, "nthread": 2, "_tuning_x": "y"}"#,
];

/// Hyperparameters in TOML.
pub const PARAMETERS_TOML: &[&str] = &[
    "objective = \"binary:logistic\"\nmax_depth = 3\neta = 0.3\neval_metric = [\"auc\", \"logloss\"]\n",
    "tree_method = \"exact\"\nmin_child_weight = 0\nlambda = 1e-3\nseed = 7\nsubsample = 0.5\n",
];

/// A config file of a search.
pub const CONFIG: &str = "strategy = \"random\"\nmax_jobs = 2\nobjective_metric = \"cv:logloss\"\nnfold = 2\n[params]\n\
    objective = \"binary:logistic\"\nnum_round = 2\n[range]\neta = \"0.01..0.3:log\"\nmax_depth = \"int:2..3\"\n\
    tree_method = [\"hist\", \"exact\"]\n";

/// The history of a training.
pub const HISTORY: &str = "round,train-logloss,validation-logloss\n0,0.6,0.61\n1,0.5,0.52\n2,0.4,0.47\n";

/// Folds.
pub const FOLDS: &str = "0\n1\n2\n0\n1\n2\n";

/// The models of tests/fixtures that are small enough to be mutated often.
pub fn models() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/models");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let is_model = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let models: Vec<Vec<u8>> = paths.iter().filter(|path| is_model(path)).map(|path| fs::read(path).unwrap()).collect();
    assert!(models.len() >= 8, "the fixtures have models");
    models.into_iter().chain(extremes().into_iter().map(|model| model.to_string().into_bytes())).collect()
}

/// Models that ask for much in a small file: features, classes with and without trees, levels.
fn extremes() -> Vec<Value> {
    vec![
        model(1 << 31, 0, &[(0, chain(2))]),
        model(3, 200, &[]),
        model(3, 4_000, &[(0, chain(1)), (3_999, chain(1))]),
        model(3, 0, &[(0, chain(3_000))]),
        weighted(model(3, 0, &[(0, chain(2)), (0, chain(1))])),
    ]
}

/// A model of these trees, each with its class.
fn model(features: u64, classes: usize, trees: &[(usize, Value)]) -> Value {
    let objective = if classes == 0 { "reg:squarederror" } else { "multi:softprob" };
    let (infos, trees): (Vec<usize>, Vec<Value>) = if classes == 0 {
        trees.iter().cloned().unzip()
    } else {
        // Every class has its tree in a round; those that are not given are a leaf.
        let named =
            |class| trees.iter().find(|(of, _)| *of == class).map_or_else(|| chain(0), |(_, tree)| tree.clone());
        if trees.is_empty() { (vec![], vec![]) } else { (0..classes).map(|class| (class, named(class))).unzip() }
    };
    json!({"learner": {
        "gradient_booster": {"name": "gbtree", "model": {"tree_info": infos, "trees": trees}},
        "learner_model_param": {
            "base_score": "0.5", "num_class": classes.to_string(), "num_feature": features.to_string()
        },
        "objective": {"name": objective}
    }})
}

/// A tree of so many levels: one leaf on each, and two on the last.
fn chain(levels: usize) -> Value {
    let nodes = 2 * levels + 1;
    let splits = |node: usize| node.is_multiple_of(2) && node + 1 < nodes;
    let all = |value: &dyn Fn(usize) -> Value| (0..nodes).map(value).collect::<Value>();
    let child = |offset: usize| all(&|node| if splits(node) { json!(node + offset) } else { json!(-1) });
    json!({
        "left_children": child(1),
        "right_children": child(2),
        "parents": all(&|node| if node == 0 { json!(i32::MAX) } else { json!((node - 1) / 2 * 2) }),
        "split_indices": all(&|node| json!(if splits(node) { node / 2 % 3 } else { 0 })),
        "split_conditions": all(&|node| json!((node % 977) as f64 / 10.0)),
        "default_left": all(&|_| json!(0)),
        "sum_hessian": all(&|node| json!(nodes - node)),
        "loss_changes": all(&|_| json!(1)),
        "base_weights": all(&|_| json!(1)),
    })
}

/// With a weight for every tree, as dropout leaves them.
fn weighted(mut model: Value) -> Value {
    let booster = &mut model["learner"]["gradient_booster"];
    let trees = booster["model"]["trees"].as_array().map_or(0, Vec::len);
    booster["weight_drop"] = vec![0.5; trees].into();
    model
}
