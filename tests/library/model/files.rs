//! Which files are taken for models, and what is said of the others.

use super::*;

#[test]
fn dropout_weights_are_read_from_every_place_and_kept() {
    let data = data();
    for name in ["dropout_v176", "dropout_v320", "dropout_v341", "dropout_classes_v341"] {
        let model = load(&format!("{name}.json"));
        assert_eq!(model.tree_weights.len(), model.trees.len(), "{name}");
        assert!(model.tree_weights.iter().any(|&weight| weight < 1.0), "{name}");
        let mut plain = model.clone();
        plain.tree_weights.clear();
        let margins = |model: &Model| bits(model.predict_margins(&data, Rounds::All).values());
        assert_ne!(margins(&plain), margins(&model), "{name}");
        assert!(model.first_difference(&plain).unwrap().starts_with("the tree weights: ["), "{name}");
    }
    // `tests/xgboost/run dropout` shows that XGBoost predicts the same with these files.
    for name in ["dropout_v341", "dropout_classes_v341"] {
        let saved = load(&format!("{name}.json")).to_json();
        assert_eq!(String::from_utf8(saved).unwrap(), read(&format!("saved_{name}.json")), "{name}");
    }
    let text = read("dropout_v341.json");
    let of = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut file["learner"]["gradient_booster"]);
        Model::from_json_bytes(file.to_string().as_bytes())
    };
    let model = load("dropout_v341.json");
    let beside = |booster: &mut serde_json::Value| {
        booster["weight_drop"] = booster["model"].as_object_mut().unwrap().remove("weight_drop").unwrap();
    };
    assert_eq!(of(&beside).unwrap(), model);
    assert_eq!(of(&|booster| booster["weight_drop"] = booster["model"]["weight_drop"].clone()).unwrap(), model);
    for (what, change) in [
        (
            "differs from learner.gradient_booster.model.weight_drop",
            (|booster| {
                booster["weight_drop"] = serde_json::json!([0.5]);
            }) as fn(&mut serde_json::Value),
        ),
        ("model.weight_drop holds 19 weights for 20 trees", |booster| {
            booster["model"]["weight_drop"].as_array_mut().unwrap().pop();
        }),
        ("weight_drop[3] is inf, not a finite number", |booster| {
            booster["model"]["weight_drop"][3] = serde_json::json!(1e300);
        }),
        ("weight_drop[3] is 3", |booster| {
            booster["model"]["trees"][3]["split_conditions"][2] = serde_json::json!(1000.5);
            booster["model"]["weight_drop"][3] = serde_json::json!(3e38);
        }),
        ("gradient_booster has no `weight_drop`", |booster| {
            booster["model"].as_object_mut().unwrap().remove("weight_drop");
            *booster = serde_json::json!({"name": "dart", "gbtree": booster.clone()});
        }),
        ("gradient_booster.gbtree has \"weight_drop\", which is not known", |booster| {
            let mut inner = booster.clone();
            inner["weight_drop"] = inner["model"].as_object_mut().unwrap().remove("weight_drop").unwrap();
            *booster = serde_json::json!({"name": "dart", "gbtree": inner});
        }),
    ] {
        let message = of(&change).unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    }
    // The dump has what the leaves add, and the weight to get back to what the file holds.
    let dump = model.dump(3).unwrap();
    let (first, weight) = (dump.lines().next().unwrap(), model.tree_weights[3]);
    assert!(first.starts_with("booster[3]: leaves times weight_drop 0."), "{first}");
    let leaf = model.trees[3].nodes.iter().find_map(gboost::Node::leaf_value).unwrap() * weight;
    let shown: Vec<f32> =
        dump.split("leaf=").skip(1).map(|rest| rest.split(',').next().unwrap().parse().unwrap()).collect();
    assert!(shown.contains(&leaf), "{shown:?} {leaf}");
}

#[test]
fn unknown_members_are_refused_wherever_they_stand() {
    let text = read("dropout_classes_v341.json");
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut places = vec![String::new()];
    let mut tried = 0;
    while let Some(place) = places.pop() {
        let object = file.pointer(&place).unwrap();
        match object {
            serde_json::Value::Object(members) => {
                places.extend(members.keys().map(|key| format!("{place}/{key}")));
            }
            serde_json::Value::Array(items) => {
                places.extend((0..items.len()).map(|index| format!("{place}/{index}")));
                continue;
            }
            _ => continue,
        }
        let mut changed = file.clone();
        changed.pointer_mut(&place).unwrap()["zz_new"] = "1".into();
        let found = Model::from_json_bytes(changed.to_string().as_bytes());
        if place.ends_with("/attributes") {
            assert_eq!(found.unwrap().attributes["zz_new"], "1");
            continue;
        }
        tried += 1;
        let message = found.unwrap_err().to_string();
        let last = place.rsplit('/').next().unwrap();
        assert!(message.contains("has \"zz_new\", which is not known here"), "{place}: {message}");
        assert!(
            message.contains(last) || last.parse::<usize>().is_ok_and(|n| message.contains(&format!("[{n}]"))),
            "{message}"
        );
    }
    // The document, learner, booster, model, its parameters, categories, 18 trees with theirs, both
    // others, the objective.
    assert!(tried > 40, "{tried}");
}

#[test]
fn a_best_round_of_an_old_forest_is_doubtful() {
    let old = |attributes: &[(&str, &str)], parameters: serde_json::Value, starts: bool| {
        let mut file: serde_json::Value = serde_json::from_str(&read("regression_early_v320.json")).unwrap();
        let learner = &mut file["learner"];
        let model = learner["gradient_booster"]["model"].as_object_mut().unwrap();
        model.insert("gbtree_model_param".into(), parameters);
        if !starts {
            model.remove("iteration_indptr");
        }
        learner["attributes"] =
            attributes.iter().map(|&(key, value)| (key.to_string(), serde_json::json!(value))).collect();
        Model::from_json_bytes(file.to_string().as_bytes())
    };
    let none = || serde_json::json!({"size_leaf_vector": "0"});
    let best = [("best_iteration", "3")];
    let model = old(&best, none(), false).unwrap();
    assert_eq!(model.notes.len(), 1);
    let trees = model.trees.len();
    let expected = format!("the best round 3 stands for the first 4 of {trees} trees");
    assert!(model.notes[0].contains(&expected) && model.notes[0].contains("Model::rounds"), "{:?}", model.notes);
    // Known otherwise, or of no consequence.
    assert!(old(&best, serde_json::json!({"num_parallel_tree": "1"}), false).unwrap().notes.is_empty());
    assert!(old(&best, none(), true).unwrap().notes.is_empty());
    assert!(old(&[], none(), false).unwrap().notes.is_empty());
    assert!(old(&[("best_iteration", &(trees - 1).to_string())], none(), false).unwrap().notes.is_empty());
    assert!(old(&[best[0], ("best_ntree_limit", "4")], none(), false).unwrap().notes.is_empty());
    let counted = old(&[best[0], ("best_ntree_limit", "8")], none(), false).unwrap();
    assert_eq!((counted.used_rounds(Rounds::Best), counted.notes.len()), (8, 0), "two trees a round");
    for nonsense in ["3", "9", "x", "-8", "4000"] {
        assert_eq!(old(&[best[0], ("best_ntree_limit", nonsense)], none(), false).unwrap().notes.len(), 1);
    }
}

#[test]
fn unsupported_models_are_refused_by_name() {
    let expected = [
        ("refused_gblinear_v176.json", "the booster \"gblinear\" is not supported yet"),
        ("refused_gblinear_v320.json", "the booster \"gblinear\" is not supported yet"),
        ("refused_forest_v176.json", "num_parallel_tree=1"),
        ("refused_forest_v320.json", "num_parallel_tree=1"),
        ("refused_objective_v176.json", "the objective \"count:poisson\" is not supported yet"),
        ("refused_objective_v320.json", "the objective \"count:poisson\" is not supported yet"),
        ("refused_vector_v320.json", "several outputs"),
        ("refused_categories_v320.json", "splits on categories"),
        ("refused_ubjson_v176.ubj", "saved in UBJSON"),
        ("refused_ubjson_v320.ubj", "saved in UBJSON"),
        ("refused_binary_v176.deprecated", "old binary format"),
        ("data.csv", "models/data.csv:1:1: not JSON: expected a value; save the model as JSON"),
    ];
    for (name, part) in expected {
        let error = Model::load(fixture(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Model, "{name}");
        assert!(error.path().is_some_and(|path| path.ends_with(name)));
        let message = error.to_string();
        assert!(message.contains(part), "{name}: {message}");
    }
    let error = Model::load(fixture("no such file")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    for (bytes, part) in [
        (&b""[..], "the file is empty"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b"\x00\x00\x00\x3f\x01", "a binary format"),
        (b"{\"a\":\"\xff\"}", "not text in UTF-8"),
        (b"[]", "dump_model"),
        (b"{}", "the document has no `learner`"),
        (b"{\"learner\":{\"learner_train_param\":{}}}", "the output of save_config"),
        (b"{\"learner\":[]}", "learner is a list, not an object"),
        (b"3", "the document is a number, not an object"),
    ] {
        let message = Model::from_json_bytes(bytes).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn damaged_models_are_refused() {
    let text = read("binary_base_v320.json");
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Model::from_json_bytes(text.replacen(from, to, 1).as_bytes())
    };
    for (from, to, part) in [
        ("\"left_children\":[1,", "\"left_children\":[99,", "trees[0] node 0: child 99 is out of range, the tree has"),
        ("\"left_children\":[1,", "\"left_children\":[0,", "is the child of two nodes or of itself"),
        ("\"left_children\":[1,", "\"left_children\":[2,", "is the child of two nodes or of itself"),
        ("\"left_children\":[1,", "\"left_children\":[-1,", "node 0: child -1 is out of range"),
        ("\"left_children\":[1,", "\"left_children\":[1.5,", "left_children[0] is 1.5, not an integer"),
        ("\"left_children\":[1,", "\"left_children\":[", "has 10 left_children but 11 right_children"),
        ("\"right_children\":[", "\"right_children\":[3,", "right_children"),
        ("\"split_indices\":[", "\"split_indices\":[7,", "split_indices"),
        ("\"split_conditions\":[", "\"split_conditions\":[NaN,", "split_conditions"),
        ("\"split_conditions\":[", "\"split_conditions\":[\"1\",", "split_conditions[0] is a string, not a number"),
        ("\"base_score\":\"[2E-1]\"", "\"base_score\":\"2E0\"", "does not allow"),
        ("\"base_score\":\"[2E-1]\"", "\"base_score\":\"[2E-1,3E-1]\"", "holds 2 values for 1 classes"),
        ("\"base_score\":\"[2E-1]\"", "\"base_score\":\"NaN\"", "does not allow"),
        ("\"base_score\":\"[2E-1]\"", "\"base_score\":\"x\"", "neither a number nor a list of numbers"),
        ("\"num_feature\":\"4\",\"num_target", "\"num_feature\":\"2\",\"num_target", "holds 4 names for 2 features"),
        ("\"num_class\":\"0\"", "\"num_class\":\"3\"", "but binary:logistic has no classes"),
        ("\"num_target\":\"1\"", "\"num_target\":\"2\"", "several targets"),
        ("\"tree_info\":[0,", "\"tree_info\":[", "tree_info holds 2 entries for 3 trees"),
        ("\"iteration_indptr\":[0,1,", "\"iteration_indptr\":[0,", "one tree a round"),
        ("\"feature_names\":[\"width\"", "\"feature_names\":[1", "feature_names[0] is a number, not a string"),
        ("\"num_trees\":\"3\"", "\"num_trees\":\"2\"", "holds 3 trees, but num_trees is 2"),
        ("\"id\":1", "\"id\":0", "trees[1] has the id 0, and not its place in the list"),
        ("\"tree_info\":[0,", "\"tree_info\":[7,", "tree_info[0] is 7, but the classes are 0 to 0"),
        ("\"tree_info\":[0,", "\"tree_info\":[-1,", "tree_info[0] is -1, but the classes are 0 to 0"),
        ("\"iteration_indptr\":[0,1,", "\"iteration_indptr\":[0,9,", "does not go from 0 up to the 3 trees"),
        ("\"categories\":[]", "\"categories\":[1]", "no split on categories"),
        ("\"default_left\":[", "\"default_left\":[7,", "default_left"),
        (
            "\"num_class\":\"0\"",
            "\"num_class\":\"0\",\"num_class\":\"0\"",
            "the key \"num_class\" stands twice in an object",
        ),
    ] {
        let error = replaced(from, to).expect_err(to);
        let message = error.to_string();
        assert!(message.contains(part), "{from} -> {to}: {message}");
        assert!(message.contains("; "), "{message} has a remedy");
    }
    // Classes that ask for more memory than the file has.
    let mut model = load("softprob_v320.json");
    (model.trees, model.classes, model.base_score) = (Vec::new(), 65_536, vec![0.5]);
    let message = Model::from_json_bytes(&model.to_json()).unwrap_err().to_string();
    assert!(message.contains("the model has 65536 classes and not one tree"), "{message}");
    // The first tree's root, with the threshold or the feature alone changed.
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    file["learner"]["gradient_booster"]["model"]["trees"][1]["split_indices"][0] = 4.into();
    let message = Model::from_json_bytes(file.to_string().as_bytes()).unwrap_err().to_string();
    assert!(message.contains("trees[1] node 0: splits on feature 4, the model has 4"), "{message}");
    file["learner"]["gradient_booster"]["model"]["trees"][1]["split_indices"][0] = 0.into();
    file["learner"]["gradient_booster"]["model"]["trees"][1]["split_conditions"][0] = "?".into();
    for (number, shown) in [("NaN", "NaN"), ("1e39", "inf"), ("-Infinity", "-inf")] {
        let text = file.to_string().replace("\"?\"", number);
        let message = Model::from_json_bytes(text.as_bytes()).unwrap_err().to_string();
        assert!(
            message.contains(&format!("trees[1] node 0: split_conditions is {shown}, not a finite number")),
            "{message}"
        );
    }
}

#[test]
fn no_input_causes_a_panic() {
    let data = data();
    let use_it = |bytes: &[u8]| match Model::from_json_bytes(bytes) {
        Ok(model) => {
            let margins = model.predict_margins(&data, Rounds::All);
            let _ = (model.labels(&margins), model.transform(&margins));
            let _ = model.predict_leaves(&data, Rounds::First(1));
            let _ = model.check_features(&data);
            let again = Model::from_json_bytes(&model.to_json()).unwrap();
            assert_eq!(again.to_json(), model.to_json());
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Model);
            false
        }
    };
    for name in ["binary_base_v320.json", "softmax_v176.json", "binary_pruned_v176.json"] {
        let bytes = fs::read(fixture(name)).unwrap();
        let step = 1 + bytes.len() / 1500;
        for length in (0..bytes.len()).step_by(step) {
            assert!(!use_it(&bytes[..length]), "{name} cut to {length} bytes");
        }
        let alphabet = b"0123456789-+.eE,:[]{}\"\\ tfnNIu\0\n\xff\xc3L#";
        let (mut state, mut loaded) = (7, 0);
        for _ in 0..2000 {
            let mut damaged = bytes.clone();
            for _ in 0..1 + next(&mut state) % 3 {
                let at = next(&mut state) as usize % damaged.len();
                let byte = alphabet[next(&mut state) as usize % alphabet.len()];
                match next(&mut state) % 4 {
                    0 => damaged.insert(at, byte),
                    1 => drop(damaged.remove(at)),
                    2 => {
                        let length = 1 + next(&mut state) as usize % 40;
                        let end = (at + length).min(damaged.len());
                        drop(damaged.drain(at..end));
                    }
                    _ => damaged[at] = byte,
                }
            }
            loaded += u32::from(use_it(&damaged));
        }
        assert!(loaded > 30, "some damage leaves a valid model: {loaded}");
    }
}
