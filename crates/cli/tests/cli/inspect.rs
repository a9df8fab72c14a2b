//! `gboost inspect`.

use super::support::Folder;
use gboost::Model;

#[test]
fn the_summary() {
    let folder = Folder::with_model(3, "--max-depth 2");
    let text = folder.run("inspect model.json").done();
    let sha256 = Model::load(folder.path("model.json")).unwrap().sha256();
    for part in [
        "objective   binary:logistic",
        "base score  0.5",
        "features    2 (age, hours)",
        "rounds      3",
        "best round  not recorded",
        "trees       3",
        "depth       ",
        "leaves      ",
        &format!("sha256      {sha256}"),
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_eq!(folder.json("metrics.json")["model_sha256"], sha256);
}

#[test]
fn a_tree_as_text_and_as_a_graph() {
    let folder = Folder::with_model(2, "--max-depth 1");
    let text = folder.run("inspect model.json --trees 1").done();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (4, "booster[0]:"));
    assert!(lines[1].starts_with("0:[") && lines[1].contains("] yes=1,no=2,missing="), "{text}");
    assert!(lines[2].starts_with("\t1:leaf=") && lines[3].starts_with("\t2:leaf="), "{text}");
    let text = folder.run("inspect model.json --trees 9").done();
    assert_eq!(text.matches("booster[").count(), 2);

    let graph = folder.run("inspect model.json --dot 1").done();
    assert!(graph.starts_with("digraph {") && graph.contains("0 -> 1") && graph.ends_with("}\n"), "{graph}");
    folder.refuses(
        "inspect model.json --dot 2",
        "tree 2 is not in the model, which has 2 trees; give a number from 0 to 1",
    );
}

#[test]
fn importance_by_name() {
    let folder = Folder::with_model(3, "");
    for kind in ["weight", "gain", "cover", "total_gain", "total_cover"] {
        let text = folder.run(&format!("inspect model.json --importance {kind}")).done();
        let mut lines = text.lines();
        assert_eq!(lines.next().unwrap().split_whitespace().collect::<Vec<_>>(), ["feature", kind, "percent"]);
        let shares: Vec<f64> = lines.map(|line| line.split_whitespace().last().unwrap().parse().unwrap()).collect();
        assert_eq!(shares.len(), 2);
        assert!(shares[0] >= shares[1] && (shares.iter().sum::<f64>() - 100.0).abs() < 0.01, "{text}");
    }
}

#[test]
fn completions_for_a_shell() {
    let script = Folder::new().run("completions bash").done();
    assert!(script.contains("_gboost()") && script.contains("--max-depth"));
}
