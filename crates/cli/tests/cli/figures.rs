//! Figures that have no value, that the saved model does not have, or that would ask for more
//! memory than the data.

use super::support::{BINARY, Folder};
use serde_json::Value;

/// A label in 1e10 and three small ones: what binary32 cannot hold together.
fn wide() -> Folder {
    let folder = Folder::new();
    folder.write("s.csv", "y,a\n1e10,1\n1,2\n2,3\n3,4\n");
    // Times: seconds since 1970 within an hour.
    let times: String = (0..200)
        .map(|row| {
            let (a, b) = ((row * 37) % 100, (row * 53) % 71);
            format!("{},{a},{b}\n", 1_700_000_000_u64 + 30 * a + 7 * b)
        })
        .collect();
    folder.write("times.csv", format!("t,a,b\n{times}"));
    folder
}

const WIDE: &str = "--num-round 200 --max-depth 3 --lambda 0 --min-child-weight 0";

#[test]
fn a_figure_that_the_saved_model_does_not_have_is_told() {
    let folder = wide();
    let ran = folder.run(&format!("train --train s.csv --validation s.csv {WIDE}"));
    let warning =
        "warning: validation rmse is 5.80320e-4 in the training, but 1536.303390 by the model as it is saved\n";
    assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    assert!(ran.stderr.contains("warning: train rmse is 5.80320e-4 in the training"), "{}", ran.stderr);
    assert!(ran.stderr.contains("subtract an offset from the labels"), "{}", ran.stderr);
    assert_eq!(ran.code, Some(0));
    let metrics = folder.json("metrics.json");
    assert_eq!(metrics["drifts"][1]["channel"], "validation");
    assert_eq!(metrics["drifts"][1]["model"], metrics["validation"]["rmse"]);
    folder.run("verify model.manifest.json").done();

    // The best round of early stopping is compared with as many rounds of the model.
    let ran = folder.run(&format!("train --train s.csv --validation s.csv {WIDE} --early-stopping-rounds 5"));
    assert!(ran.stderr.contains("warning: validation rmse is"), "{}", ran.stderr);

    let ran = folder.run("cv --train times.csv --num-round 60");
    assert!(ran.stderr.contains("warning: mean test rmse is "), "{}", ran.stderr);
    assert!(ran.stderr.contains("by the model as it is saved"), "{}", ran.stderr);
    ran.done();

    let ran =
        folder.run("tune --train times.csv --validation times.csv --range eta=0.3..0.4 --max-jobs 1 --num-round 60");
    assert!(ran.stderr.contains("warning: validation rmse is "), "{}", ran.stderr);
    ran.done();

    folder.run("train -q --train times.csv --num-round 60 --model t.json").done();
    let ran = folder.run("report --model t.json --data times.csv --train times.csv --history history.csv");
    assert!(ran.stderr.contains("warning: train rmse is "), "{}", ran.stderr);
    // The judged file is known by the manifest.
    let ran = folder.run("report --model t.json --data times.csv --history history.csv");
    assert!(ran.stderr.contains("warning: train rmse is "), "{}", ran.stderr);
    // Nothing is compared where the report computes the loss over the rounds itself.
    let ran = folder.run("report --model t.json --data times.csv --train times.csv");
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn ordinary_trainings_are_not_warned_of() {
    let folder = Folder::with_data();
    let years: String = (0..300)
        .map(|row| format!("{},{},{}\n", 1990 + (row * 37) % 30 + (row * row) % 7, (row * 37) % 30, (row * 11) % 17))
        .collect();
    folder.write("years.csv", format!("year,a,b\n{years}"));
    let prices: String = (0..300)
        .map(|row| {
            format!(
                "{}.{},{},{}\n",
                200_000 + 977 * ((row * 37) % 97) + (row * 7919) % 30_000,
                row % 10,
                (row * 37) % 97,
                row % 5
            )
        })
        .collect();
    folder.write("prices.csv", format!("price,a,b\n{prices}"));
    folder.write("small.csv", "y,a\n1,1\n2,2\n3,3\n4,4\n");
    let classes: String = (0..300).map(|row| format!("{},{},{}\n", (row * 7) % 4, (row * 7) % 5, row % 13)).collect();
    folder.write("classes.csv", format!("y,a,b\n{classes}"));
    let weighted: String = (0..300)
        .map(|row| format!("{},{},{},{}\n", (row * 37) % 7 % 2, (row * 37) % 7, row % 11, 1 + row % 5))
        .collect();
    folder.write("weighted.csv", format!("y,a,b,w\n{weighted}"));
    for arguments in [
        format!("train {BINARY} --validation valid.csv --num-round 100 --eval-metric auc,aucpr,logloss,error,rmse,f1"),
        format!("cv {BINARY} --num-round 60 --eval-metric auc,logloss --stratified"),
        "train --num-round 20".to_string(),
        "cv --num-round 5".to_string(),
        "train --train years.csv --num-round 80 --eval-metric rmse,mae".to_string(),
        "train --train prices.csv --num-round 80 --eval-metric rmse,mae".to_string(),
        "cv --train prices.csv --num-round 80".to_string(),
        "train --train small.csv --num-round 200 --lambda 0 --min-child-weight 0".to_string(),
        "train --train classes.csv --objective multi:softprob --num-class 4 --num-round 30 --eval-metric auc,merror,mlogloss,f1"
            .to_string(),
        "train --train weighted.csv --weight-column w --objective binary:logistic --num-round 50 --eval-metric auc,logloss".to_string(),
    ] {
        let ran = folder.run(&arguments);
        assert!(!ran.stderr.contains("warning"), "gboost {arguments}: {}", ran.stderr);
        assert_eq!(ran.code, Some(0), "gboost {arguments}: {}", ran.stderr);
    }
    assert!(folder.json("metrics.json").get("drifts").is_none());
}

/// `d.csv` has both labels, `v1.csv` label 1 alone.
fn one_class() -> Folder {
    let folder = Folder::new();
    folder.write("v1.csv", "y,a\n1,2\n1,3\n");
    folder.write("d.csv", "y,a\n1,2\n0,1\n1,3\n0,0\n");
    folder
}

const ONE: &str = "--train d.csv --objective binary:logistic --min-child-weight 0";

#[test]
fn one_class_has_no_auc_and_no_best_round() {
    let folder = one_class();
    let train = format!("train {ONE} --validation v1.csv --eval-metric auc --early-stopping-rounds 3 --num-round 20");
    let ran = folder.run(&train);
    for warning in [
        "warning: validation data: all rows have label 1, so auc is not a number (NaN) there",
        "warning: early stopping goes by validation auc, which has no value: no round is the best, and all rounds are trained",
    ] {
        assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    }
    // XGBoost prints nan.
    let text = ran.done();
    assert!(text.contains("[19]\ttrain-auc:1.00000\tvalidation-auc:nan\n"), "{text}");
    let (metrics, model) = (folder.json("metrics.json"), folder.json("model.json"));
    assert_eq!((&metrics["validation"]["auc"], &metrics["best_round"]), (&Value::Null, &Value::Null));
    assert_eq!((metrics["rounds"].as_u64(), metrics["stopped_early"].as_bool()), (Some(20), Some(false)));
    assert!(model["learner"]["attributes"].get("best_iteration").is_none());
    assert!(folder.read("history.csv").ends_with("19,1,NaN\n"));
    folder.run("verify model.manifest.json").done();

    let ran = folder.run("evaluate --model model.json --data v1.csv --eval-metric logloss,aucpr --json e.json");
    assert!(ran.stderr.contains("all rows have label 1, so aucpr and auc are not a number"), "{}", ran.stderr);
    assert!(ran.done().contains("NaN"));
    assert_eq!(folder.json("e.json")["aucpr"], Value::Null);

    let report = "report --model model.json --data v1.csv --history history.csv --json a.json --notebook n.ipynb";
    let ran = folder.run(report);
    assert!(ran.stderr.contains("warning: v1.csv data: all rows have label 1"), "{}", ran.stderr);
    ran.done();
    let report = folder.json("a.json")["report"].clone();
    assert_eq!((&report["auc"], &report["best_round"]), (&Value::Null, &Value::Null));
    assert_eq!(report["classes"]["curves"], serde_json::json!([]));
    assert!(folder.read("report.html").contains("AUC is not a number here: all rows have label 1."));
}

#[test]
fn early_stopping_goes_by_the_last_metric_though_auc_has_no_value() {
    let folder = one_class();
    let ran = folder.run(&format!(
        "train {ONE} --validation v1.csv --eval-metric auc,logloss --early-stopping-rounds 3 --num-round 20 --eta 1"
    ));
    assert!(!ran.stderr.contains("early stopping"), "{}", ran.stderr);
    ran.done();
    assert!(folder.json("metrics.json")["best_round"].is_u64());
}

#[test]
fn folds_that_lack_a_label_are_told_with_what_was_not_tried() {
    let folder = one_class();
    folder.write("g.csv", "y,a,g\n1,2,1\n0,1,2\n1,3,3\n0,0,4\n");
    let cv = "--objective binary:logistic --eval-metric auc --num-round 2 --nfold 4 --min-child-weight 0";
    let few = "fewer folds (--nfold) hold more rows each";
    for (arguments, advice, never) in [
        ("--train d.csv", "--stratified spreads the labels over the folds", few),
        ("--train d.csv --stratified", few, "--stratified"),
        ("--train g.csv --group-column g", "--stratified spreads the labels over the folds", few),
        ("--train g.csv --group-column g --stratified", few, "--stratified"),
    ] {
        let ran = folder.run(&format!("cv {arguments} {cv}"));
        assert!(ran.stderr.contains("warning: held-out rows of fold "), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(advice) && !ran.stderr.contains(never), "{arguments}: {}", ran.stderr);
        assert!(ran.done().contains("NaN"));
        folder.run("verify cv.manifest.json").done();
    }
    let ran = folder.run(&format!("cv --train d.csv {cv} --early-stopping-rounds 1"));
    assert!(ran.stderr.contains("early stopping goes by the mean test auc, which has no value"), "{}", ran.stderr);
    assert!(ran.done().contains("2 rounds; no test mean is a number, so none is the best"));
    // Of three classes one that a fold lacks is enough.
    folder.write("c.csv", "y,a\n0,1\n1,2\n2,3\n0,4\n1,5\n0,6\n");
    let ran = folder
        .run("cv --train c.csv --objective multi:softprob --num-class 3 --eval-metric auc --num-round 1 --nfold 2");
    assert!(ran.stderr.contains("no rows with label 2"), "{}", ran.stderr);
    ran.done();
}

#[test]
fn a_search_by_a_metric_without_a_value_is_refused() {
    let folder = one_class();
    let tune = "tune --train d.csv --objective binary:logistic --range eta=0.1..0.3 --max-jobs 2";
    folder.refuses(
        &format!("{tune} --validation v1.csv --objective-metric validation:auc"),
        "no trial would have a value of validation:auc: in the validation data all rows have label 1; give validation data with \
         rows of every label, or another objective metric",
    );
    folder.refuses(
        &format!("{tune} --nfold 4 --stratified --objective-metric cv:auc"),
        "no trial would have a value of cv:auc: of the held-out rows of fold 0 all rows have label 0; fewer folds (--nfold) hold \
         more rows each: a label needs as many rows as there are folds",
    );
    let ran = folder.run(&format!("{tune} --validation v1.csv --objective-metric validation:logloss"));
    assert!(ran.stderr.contains("warning: validation data: all rows have label 1"), "{}", ran.stderr);
    ran.done();

    // A mean over folds without a value stands beside the objective, and in the journal, which can
    // be gone on with.
    let beside = format!("{tune} --validation d.csv --nfold 4 --objective-metric validation:auc --output beside");
    let ran = folder.run(&beside);
    assert!(ran.stderr.contains("warning: cv:auc has no value (NaN): of the held-out rows of fold"), "{}", ran.stderr);
    ran.done();
    let board = folder.read("beside/leaderboard.csv");
    folder.run(&format!("{beside} --resume -q")).done();
    assert_eq!(folder.read("beside/leaderboard.csv"), board);
}

#[test]
fn macro_averages_leave_out_classes_that_do_not_occur() {
    let folder = Folder::new();
    folder.write("c3.csv", "y,a\n0,0\n1,1\n2,2\n0,0\n1,1\n2,2\n");
    folder.write("c3t.csv", "y,a\n0,0\n1,1\n0,0\n");
    folder
        .run("train -q --train c3.csv --test c3t.csv --objective multi:softprob --num-class 3 --num-round 5 --min-child-weight 0")
        .done();
    folder.run("evaluate --model model.json --data c3t.csv --json e.json").done();
    folder.run("report -q --model model.json --data c3t.csv --json a.json").done();
    let (evaluated, report) = (folder.json("e.json"), folder.json("a.json")["report"].clone());
    for name in ["precision", "recall", "f1"] {
        assert_eq!(evaluated[name], 1.0, "{name}");
        assert_eq!((&folder.json("metrics.json")["test"][name], &report[name]), (&evaluated[name], &evaluated[name]));
    }
    assert_eq!(report["classification_report"]["macro avg"]["f1-score"], 1.0);
}

#[test]
fn weighted_scores_stand_beside_a_weighted_matrix() {
    let folder = Folder::new();
    folder.write("w.csv", "y,a,w\n1,2,4\n0,2,1\n1,0,2\n0,0,1\n1,3,0.5\n0,1,3\n");
    let options = "--weight-column w --objective binary:logistic --num-round 2 --min-child-weight 0";
    folder.run(&format!("train -q --train w.csv {options}")).done();
    let text = folder.run("evaluate --model model.json --data w.csv --weight-column w --json e.json").done();
    let shown = folder.json("e.json");
    let of = |matrix: &str, cell: &str| shown[matrix][cell].as_f64().unwrap();
    let (tp, fp) = (of("weighted_confusion_matrix", "tp"), of("weighted_confusion_matrix", "fp"));
    assert_eq!(tp / (tp + fp), shown["precision"].as_f64().unwrap());
    assert_eq!(["tn", "fp", "fn", "tp"].map(|cell| of("weighted_confusion_matrix", cell)).iter().sum::<f64>(), 11.5);
    assert_eq!(["tn", "fp", "fn", "tp"].map(|cell| of("confusion_matrix", cell)).iter().sum::<f64>(), 6.0);
    assert!(text.contains("unweighted: numbers of rows\n"), "{text}");
    assert!(text.contains("weighted: weights of the rows, of which the metrics above are made\n"), "{text}");
    assert_eq!(folder.json("metrics.json")["train"], shown);
    folder.run("verify model.manifest.json").done();

    folder.run("report -q --model model.json --data w.csv --weight-column w --json a.json --notebook n.ipynb").done();
    let report = folder.json("a.json")["report"].clone();
    assert_eq!(report["weighted_confusion_matrix"], shown["weighted_confusion_matrix"]);
    assert!(folder.read("report.html").contains("of weight"));
    let averages = &report["classification_report"]["weighted avg"];
    assert_eq!((averages["support"].as_u64(), averages["weight"].as_f64()), (Some(6), Some(11.5)));
    assert!(folder.read("n.ipynb").contains("## Weighted confusion matrix"));
    // Without weights there is one matrix, as before.
    folder.run("evaluate --model model.json --data w.csv --ignore-column w --json e.json").done();
    assert!(folder.json("e.json").get("weighted_confusion_matrix").is_none());
}

/// A model of so many classes with these trees, as small as one can be written.
#[cfg(target_os = "linux")]
fn many_classes(classes: usize, trees: usize) -> String {
    let tree = |id: usize| {
        format!(
            r#"{{"base_weights":[0],"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[0],"id":{id},"left_children":[-1],"loss_changes":[0],"parents":[2147483647],"right_children":[-1],"split_conditions":[0],"split_indices":[0],"split_type":[0],"sum_hessian":[1],"tree_param":{{"num_deleted":"0","num_feature":"1","num_nodes":"1","size_leaf_vector":"1"}}}}"#
        )
    };
    let all: Vec<String> = (0..trees).map(tree).collect();
    let classes_of: Vec<String> = (0..trees).map(|tree| tree.to_string()).collect();
    let (all, classes_of) = (all.join(","), classes_of.join(","));
    let starts = if trees == 0 { "0".to_string() } else { format!("0,{trees}") };
    format!(
        r#"{{"learner":{{"attributes":{{}},"feature_names":[],"feature_types":[],"gradient_booster":{{"model":{{"gbtree_model_param":{{"num_parallel_tree":"1","num_trees":"{trees}"}},"iteration_indptr":[{starts}],"tree_info":[{classes_of}],"trees":[{all}]}},"name":"gbtree"}},"learner_model_param":{{"base_score":"5E-1","boost_from_average":"1","num_class":"{classes}","num_feature":"1","num_target":"1"}},"objective":{{"name":"multi:softprob","softmax_multiclass_param":{{"num_class":"{classes}"}}}}}},"version":[3,2,0]}}"#
    )
}

#[test]
#[cfg(target_os = "linux")]
fn many_classes_take_memory_by_rows_and_classes() {
    let folder = Folder::new();
    folder.write("data.csv", "y,a\n0,1\n1,2\n7,3\n7,4\n65535,5\n");
    folder.write("model.json", many_classes(65_536, 0));
    let ran = folder.run("evaluate --model model.json --data data.csv");
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().contains("65536 classes and not one tree"), "{}", ran.stderr);
    folder.write("model.json", many_classes(65_536, 65_536));
    let limited = |arguments: &str| folder.run_in_memory(2_000_000, &format!("{arguments} --threads 2")).done();
    let text = limited("evaluate --model model.json --data data.csv --json e.json");
    assert!(text.contains("label 7") && text.lines().count() < 50, "{text}");
    let found = folder.json("e.json");
    assert_eq!(found["confusion_matrix"]["classes"], 65_536);
    assert_eq!(found["confusion_matrix"]["cells"], serde_json::json!([[0, 0, 1], [1, 0, 1], [7, 0, 2], [65535, 0, 1]]));
    assert_eq!(found["f1"].as_f64(), Some((2.0 / 6.0) / 4.0));
    limited("report --model model.json --data data.csv --json a.json --notebook n.ipynb");
    let report = folder.read("report.html");
    assert!(report.contains("There are too many classes for a table"));
    assert!(report.len() < 500_000, "{}", report.len());
    assert!(folder.read("n.ipynb").contains("that are mistaken most"));
}

#[test]
fn predictions_that_are_no_numbers_have_no_figures() {
    let folder = Folder::with_model(1, "");
    let mut model = folder.json("model.json");
    let leaves = &mut model["learner"]["gradient_booster"]["model"]["trees"][0];
    let (left, count) = (leaves["left_children"].clone(), leaves["left_children"].as_array().unwrap().len());
    for node in 0..count {
        if left[node] == -1 {
            leaves["split_conditions"][node] = serde_json::json!(3e38);
        }
    }
    let tree = leaves.clone();
    let trees = &mut model["learner"]["gradient_booster"]["model"];
    let mut second = tree;
    second["id"] = serde_json::json!(1);
    trees["trees"].as_array_mut().unwrap().push(second);
    trees["tree_info"] = serde_json::json!([0, 0]);
    trees["iteration_indptr"] = serde_json::json!([0, 1, 2]);
    trees["gbtree_model_param"]["num_trees"] = serde_json::json!("2");
    folder.write("huge.json", model.to_string());
    let ran = folder.run("evaluate --model huge.json --data valid.csv");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.error().contains("row 1: the model's trees add up to inf"), "{}", ran.stderr);
    let ran = folder.run("report --model huge.json --data valid.csv");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

#[test]
fn help_says_what_each_level_of_verbosity_prints() {
    let folder = Folder::new();
    let help = folder.run("train --help").done().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("0 neither round lines nor warnings"), "{help}");
}
