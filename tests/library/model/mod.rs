//! Models in XGBoost's JSON: XGBoost's own files predict the same bits here, damaged files are
//! refused, and what is written reads back as the same model. `tests/fixtures/models.py` made the
//! files.

mod files;

use gboost::internals::tree::{NONE, Split};
use gboost::model::Model;
use gboost::objective::Objective;
use gboost::{Dataset, ErrorKind, Node, PerOutput, Rounds, Tree};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(fixture(name)).unwrap()
}

fn load(name: &str) -> Model {
    Model::load(fixture(name)).unwrap()
}

fn data() -> Dataset {
    let text = read("data.csv");
    let mut lines = text.lines();
    let feature_names: Vec<String> = lines.next().unwrap().split(',').map(String::from).collect();
    let mut columns = vec![Vec::new(); feature_names.len()];
    for line in lines {
        for (column, field) in columns.iter_mut().zip(line.split(',')) {
            let value = if field.is_empty() { f32::NAN } else { field.parse::<f32>().unwrap() };
            column.push(value + 0.0);
        }
    }
    let mut data = Dataset::new(columns);
    data.feature_names = feature_names;
    data
}

/// A fixture of words in lines, transposed to column after column.
fn columns_of<T: Copy>(name: &str, parse: impl Fn(&str) -> T) -> Vec<T> {
    let text = read(name);
    let lines: Vec<Vec<T>> = text.lines().map(|line| line.split(' ').map(&parse).collect()).collect();
    (0..lines[0].len()).flat_map(|column| lines.iter().map(move |line| line[column]).collect::<Vec<T>>()).collect()
}

fn word(text: &str) -> u32 {
    u32::from_str_radix(text, 16).unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Every model fixture that must load, without its extension.
fn supported() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(fixture(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json") && !name.starts_with("refused_") && !name.starts_with("saved_"))
        .map(|name| name.trim_end_matches(".json").to_string())
        .collect();
    names.sort();
    assert_eq!(names.len(), 18);
    names
}

#[test]
fn margins_are_xgboosts_bits() {
    let data = data();
    for name in supported() {
        let model = load(&format!("{name}.json"));
        assert_eq!(
            bits(model.predict_margins(&data, Rounds::All).values()),
            columns_of(&format!("{name}.margins"), word),
            "{name}"
        );
        if name.contains("early") {
            let best = model.predict_margins(&data, Rounds::Best);
            assert_eq!(bits(best.values()), columns_of(&format!("{name}.best.margins"), word), "{name}");
            assert!(model.used_rounds(Rounds::Best) < model.rounds());
            assert_eq!(model.used_rounds(Rounds::All), model.rounds());
        }
    }
}

#[test]
fn leaves_are_xgboosts_less_the_deleted_nodes() {
    let data = data();
    for name in supported() {
        let model = load(&format!("{name}.json"));
        let text = read(&format!("{name}.json"));
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let booster = &file["learner"]["gradient_booster"];
        let booster = booster.get("gbtree").unwrap_or(booster);
        let trees = booster["model"]["trees"].as_array().unwrap();
        let expected: Vec<Vec<usize>> = read(&format!("{name}.leaves"))
            .lines()
            .map(|line| line.split(' ').map(|id| id.parse().unwrap()).collect())
            .collect();
        let found = model.predict_leaves(&data, Rounds::All);
        for (row, expected) in expected.iter().enumerate() {
            for (index, &id) in expected.iter().enumerate() {
                let marks = trees[index]["split_indices"].as_array().unwrap();
                let deleted = marks[..id].iter().filter(|mark| mark.as_i64() == Some(2_147_483_647)).count();
                assert_eq!(found[row * trees.len() + index] as usize, id - deleted, "{name} row {row} tree {index}");
            }
        }
    }
}

#[test]
fn pruned_trees_lose_their_deleted_nodes() {
    for name in ["binary_pruned_v176.json", "binary_pruned_v320.json"] {
        assert!(read(name).contains("2147483647,2147483647"), "{name} has deleted nodes");
        for tree in load(name).trees {
            assert_eq!(tree.nodes.len(), 2 * tree.leaves() - 1, "{name}");
            for (index, node) in tree.nodes.iter().enumerate() {
                for child in node.children().into_iter().flatten() {
                    assert_eq!(tree.nodes[child].parent, index as i32);
                }
            }
        }
    }
}

#[test]
fn what_is_written_reads_back_as_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    for name in supported() {
        let model = load(&format!("{name}.json"));
        let path = folder.path().join(&name);
        fs::write(&path, "an older file").unwrap();
        model.save(&path).unwrap();
        let again = Model::load(&path).unwrap();
        assert_eq!(again, model, "{name}");
        assert_eq!(fs::read(&path).unwrap(), again.to_json(), "{name}");
        assert_eq!(again.sha256(), model.sha256());
        assert_eq!(model.sha256().len(), 64);
        serde_json::from_slice::<serde_json::Value>(&model.to_json()).unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), supported().len(), "no temporary file is left");
    let error = load("softmax_v320.json").save(folder.path().join("no/such/folder")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(load("softmax_v320.json").save(folder.path()).is_err(), "a folder is not replaced");
}

#[cfg(unix)]
#[test]
fn links_and_devices_are_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let model = load("softmax_v320.json");
    model.save(&link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(Model::load(&file).unwrap(), model);
    model.save("/dev/null").unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn fields_of_the_files_arrive() {
    let model = load("binary_v320.json");
    assert_eq!((model.objective, model.classes, model.features), (Objective::BinaryLogistic, 1, 4));
    assert_eq!(model.feature_names, ["width", "height of", "größe", "quo\"te"]);
    assert_eq!((model.rounds(), model.best_iteration, model.best_score), (40, None, None));
    let model = load("softprob_v320.json");
    assert_eq!((model.objective, model.classes, model.base_score.len()), (Objective::Softprob, 3, 3));
    assert_eq!(model.trees.len(), 30);
    let model = load("softmax_v176.json");
    assert_eq!((model.objective, model.base_score.as_slice()), (Objective::Softmax, &[0.5][..]));
    let model = load("regression_early_v176.json");
    assert!(model.best_iteration.is_some() && model.best_score.is_some());
    assert_eq!(model.attributes.keys().collect::<Vec<_>>(), ["best_ntree_limit"]);
    assert_eq!(load("binary_ones_v320.json").base_score, [0.999_999]);
}

#[test]
fn base_margin_is_xgboosts() {
    for line in read("base_margins").lines() {
        let (score, margin) = line.split_once(' ').unwrap();
        let found = Objective::BinaryLogistic.base_margin(f32::from_bits(word(score))).unwrap();
        assert_eq!(found.to_bits(), word(margin), "{score}");
    }
}

/// The threshold of a split or the value of a leaf.
fn condition(node: &Node) -> f32 {
    match node.split() {
        Some(Split::Below(threshold)) => *threshold,
        Some(Split::In(_)) => panic!("no split is on categories"),
        None => node.leaf_value().unwrap(),
    }
}

/// A chain of splits and leaves with the given leaf values and thresholds in turn.
fn model_of(values: &[f32]) -> Model {
    let leaf = |parent: i32, value: f32| {
        let mut leaf = Node::leaf(parent, value);
        (leaf.sum_hessian, leaf.base_weight) = (value, value);
        leaf
    };
    let tree = |pair: &[f32]| {
        let mut root = leaf(NONE, pair[0]).divided(0, Split::Below(pair[0]), [1, 2]);
        (root.gain, root.default_left) = (pair[1], true);
        Tree { nodes: vec![root, leaf(0, pair[1]), leaf(0, -pair[1])] }
    };
    let mut model = Model::new(Objective::SquaredError, 1, 1);
    model.base_score = vec![values[0]];
    model.feature_names = vec!["a \"b\"\\\u{1}\n\t\r\u{7f}é😀".to_string()];
    model.trees = values.chunks_exact(2).map(tree).collect();
    model.best_iteration = Some(2);
    model.best_score = Some(1e-7);
    model.attributes = BTreeMap::from([("a \"key\"".to_string(), "a\\value\n".to_string())]);
    model
}

/// The next number of a plain generator (the tests need variety, not quality).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn every_float_survives_the_text() {
    // 7.038531E-26 comes back as another number if it is read as binary64 first.
    let edges = [
        7.038_531e-26,
        f32::MAX,
        f32::MIN_POSITIVE,
        1e-45,
        -0.0,
        1.0,
        16_777_216.0,
        1e10,
        1e-10,
        -3.0,
        0.1,
        8.589_973e9,
    ];
    let mut values = edges.to_vec();
    let mut state = 1;
    while values.len() < 4000 {
        let value = f32::from_bits((next(&mut state) as u32) << 1 | (next(&mut state) & 1) as u32);
        if value.is_finite() {
            values.push(value);
        }
    }
    let model = model_of(&values);
    let text = String::from_utf8(model.to_json()).unwrap();
    let again = Model::from_json_bytes(text.as_bytes()).unwrap();
    assert_eq!(again, model);
    for (ours, theirs) in model.trees.iter().zip(&again.trees) {
        for (a, b) in ours.nodes.iter().zip(&theirs.nodes) {
            let numbers = |node: &Node| bits(&[condition(node), node.sum_hessian, node.gain]);
            assert_eq!(numbers(a), numbers(b));
        }
    }
    for list in ["split_conditions\":[", "base_weights\":[", "sum_hessian\":[", "loss_changes\":["] {
        for (start, _) in text.match_indices(list) {
            let inside = text[start + list.len()..].split(']').next().unwrap();
            assert!(inside.split(',').all(|float| float.contains('E')), "no integer literals: {inside}");
        }
    }
    let mut infinite = model_of(&[1.0, 2.0]);
    infinite.trees[0].nodes[0].gain = f32::INFINITY;
    infinite.trees[0].nodes[0].base_weight = f32::NAN;
    let nodes = &Model::from_json_bytes(&infinite.to_json()).unwrap().trees[0].nodes;
    assert_eq!((nodes[0].gain, nodes[0].base_weight), (f32::MAX, 0.0));
}

#[test]
fn a_model_without_trees_predicts_the_base_margin() {
    let mut model = load("softprob_v320.json");
    model.trees.clear();
    let model = Model::from_json_bytes(&model.to_json()).unwrap();
    let data = data();
    let margins = model.predict_margins(&data, Rounds::All);
    assert_eq!(margins.get(1, 0), model.base_score[1]);
    assert!(model.predict_leaves(&data, Rounds::All).is_empty());
    let empty = Dataset::new(vec![Vec::new(); 4]);
    assert!(model.predict_margins(&empty, Rounds::All).values().is_empty());
    assert!(load("softprob_v320.json").predict_leaves(&empty, Rounds::All).is_empty());
    let none = PerOutput::new(Vec::new(), 3);
    assert!(model.transform(&none).values().is_empty() && model.labels(&none).is_empty());
}

#[test]
fn blocks_change_no_bit() {
    let all = data();
    let model = load("softprob_v320.json");
    let whole = model.predict_margins(&all, Rounds::All);
    for rows in [1, 7, 8, 9, 63, 64, 65, 128, 149] {
        let columns = all.columns.iter().map(|column| column[..rows].to_vec()).collect();
        let some = Dataset::new(columns);
        let margins = model.predict_margins(&some, Rounds::All);
        for class in 0..3 {
            assert_eq!(bits(margins.output(class)), bits(&whole.output(class)[..rows]), "{rows} rows");
        }
    }
    // The plain definition: base margin, then leaf by leaf.
    for row in 0..all.rows {
        for class in 0..3 {
            let trees = model.trees.iter().skip(class).step_by(3);
            let sum = trees.fold(model.base_margin(class), |sum, tree| {
                sum + tree.predict(|feature| all.columns[feature as usize][row])
            });
            assert_eq!(sum.to_bits(), whole.get(class, row).to_bits());
        }
    }
}

#[test]
fn single_rows_are_predicted_as_in_a_batch() {
    let data = data();
    for name in supported() {
        let model = load(&format!("{name}.json"));
        for rounds in [Rounds::All, Rounds::First(1)] {
            let margins = model.predict_margins(&data, rounds);
            let predictions = model.transform(&margins);
            let mut predictor = model.row_predictor(rounds);
            for row in 0..data.rows {
                let values: Vec<f32> = data.row(row).collect();
                let of_row = |all: &PerOutput<f32>| {
                    bits(&(0..model.classes).map(|class| all.get(class, row)).collect::<Vec<_>>())
                };
                assert_eq!(bits(predictor.margins(&values)), of_row(&margins), "{name}, row {row}");
                assert_eq!(bits(predictor.predict(&values)), of_row(&predictions), "{name}, row {row}");
            }
        }
    }
}

#[test]
fn margins_become_predictions() {
    let binary = load("binary_v320.json");
    let single = |margins: &[f32]| PerOutput::new(margins.to_vec(), 1);
    let probabilities = binary.transform(&single(&[0.0, f32::INFINITY, -1000.0, 2.0]));
    assert_eq!(probabilities.values(), [0.5, 1.0, 0.0, 0.880_797_1]);
    assert_eq!(binary.labels(&single(&[0.0, 1e-9, -1.0])), [0.0, 1.0, 0.0]);
    let regression = load("regression_early_v320.json");
    assert_eq!(regression.transform(&single(&[1.5, -2.0])).values(), [1.5, -2.0]);
    assert_eq!(regression.labels(&single(&[1.5])), [1.5]);
    let softmax = load("softmax_v320.json");
    // Two rows, three classes: (1, 1, 0) and (-2, 0, 5000).
    let margins = PerOutput::new(vec![1.0, -2.0, 1.0, 0.0, 0.0, 5000.0], 3);
    assert_eq!(softmax.labels(&margins), [0.0, 2.0]);
    let probabilities = softmax.transform(&margins);
    assert_eq!(probabilities.values(), [0.422_318_8, 0.0, 0.422_318_8, 0.0, 0.155_362_4, 1.0]);
}

/// XGBoost wrote weights beside the booster up to 3.2, and writes them into the model since. Every
/// object of the file, with a member more: refused with its place. XGBoost 1.0 to 1.5 leave out how
/// many trees a round has; 1.4 and 1.5 say how many come up to the best round.
#[test]
fn features_are_checked() {
    let mut data = data();
    let model = load("binary_v320.json");
    assert!(model.check_features(&data).is_ok(), "unnamed data needs the right number alone");
    data.named = true;
    let message = model.check_features(&data).unwrap_err().to_string();
    assert!(message.starts_with("columns `width`, "), "{message}");
    assert!(
        message.contains(", which the model needs, are missing; the model does not know columns `a`, "),
        "{message}"
    );
    // In another order.
    data.feature_names.clone_from(&model.feature_names);
    data.feature_names.swap(0, 1);
    let message = model.check_features(&data).unwrap_err().to_string();
    assert!(message.starts_with("the columns are in another order than in the model: feature 1 is `"), "{message}");
    assert!(message.ends_with("; put the columns into the model's order"), "{message}");
    data.feature_names.clone_from(&model.feature_names);
    assert!(model.check_features(&data).is_ok());
    data.columns.pop();
    data.feature_names.pop();
    let error = model.check_features(&data).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Model);
    let message = error.to_string();
    assert!(message.starts_with("column `quo\\\"te`, which the model needs, is missing; "), "{message}");
    // Predicting nevertheless takes the column as missing.
    assert_eq!(model.predict_margins(&data, Rounds::All).rows(), data.rows);
    data.columns.resize(5, data.columns[0].clone());
    data.feature_names.extend(["quo\"te".to_string(), "id".to_string()]);
    let message = model.check_features(&data).unwrap_err().to_string();
    assert!(message.starts_with("the model does not know column `id` of the data; "), "{message}");
}
