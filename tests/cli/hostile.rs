//! Input that means harm: what it must not be able to do to a terminal, to the machine, or to other people's files.

use super::support::{Folder, GBOOST};
use std::process::{Command, Output};

/// A name that moves the cursor, sets the window's title, turns the reading direction round and forges a line.
const NAME: &str = "a\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2028}\u{200b}\u{7f}\nerror: forged";

/// Runs the program with these arguments as they are.
fn run(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(GBOOST).current_dir(folder.path("")).args(arguments).output().unwrap()
}

/// Nothing in the text is obeyed by a terminal, and no line of it is forged.
fn is_harmless(text: &[u8], arguments: &[&str]) {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let bad = |c: char| (c.is_control() && c != '\n' && c != '\t') || "\u{202e}\u{2028}\u{200b}".contains(c);
    assert!(!text.contains(bad), "gboost {arguments:?} prints {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("error: forged")), "gboost {arguments:?} prints\n{text}");
}

/// A folder with a table whose second column has the hostile name, under a hostile file name, and a model of it.
fn hostile() -> (Folder, String) {
    let folder = Folder::new();
    let file = format!("{NAME}.csv").replace(['/', '\u{7f}'], "");
    let rows: String = (0..40).map(|row| format!("{},{},{}\n", row % 2, row % 2 * 3 + row % 3, row % 5)).collect();
    folder.write(&file, format!("y,\"{NAME}\",\"{NAME}2\"\n{rows}"));
    let ran = run(&folder, &["train", "--train", &file, "--objective", "binary:logistic", "--num-round", "3"]);
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    (folder, file)
}

#[test]
fn no_command_hands_control_characters_to_the_terminal() {
    let (folder, file) = hostile();
    let name = NAME;
    let model = format!("{NAME}/m.json");
    let facet = format!("{NAME}>2");
    folder.write("folds.txt", format!("1\n2\n{}\n", NAME.replace('\n', "")));
    folder.write("broken.csv", format!("y,\"{NAME}\"\n1,2\n0,\"{NAME}\"\n"));
    folder.write("params.json", serde_json::json!({ NAME: NAME }).to_string());
    folder.write("values.json", serde_json::json!({ "objective": NAME }).to_string());
    folder.write("own.json", serde_json::json!({ format!("_{NAME}"): 1 }).to_string());
    folder.write("tune.toml", format!("strategy = {:?}\n", "grid\\u001b[2J").replace("\\\\", "\\"));
    folder.write("history.txt", format!("round,{NAME}\n"));
    let mut manifest = folder.json("model.manifest.json");
    manifest[NAME] = 1.into();
    folder.write("unknown.manifest.json", manifest.to_string());
    let mut manifest = folder.json("model.manifest.json");
    manifest["data"]["train"]["files"][0]["path"] = NAME.into();
    folder.write("path.manifest.json", manifest.to_string());
    let mut manifest = folder.json("model.manifest.json");
    manifest["gboost"] = NAME.into();
    folder.write("version.manifest.json", manifest.to_string());
    let train = ["--train", &file, "--objective", "binary:logistic", "--num-round", "2"];
    let with = |first: &[&'static str], more: &[&str]| -> Vec<String> {
        first.iter().map(|word| word.to_string()).chain(more.iter().map(|word| word.to_string())).collect()
    };
    for arguments in [
        with(&["train", "-vvv", "--model", "again.json"], &train),
        with(
            &["train", "--report", "r.html", "--model", "b.json", "--validation"],
            &[&[file.as_str()], &train[..]].concat(),
        ),
        with(&["train", "--train"], &["broken.csv"]),
        with(&["train", "--params", "params.json"], &train),
        with(&["train", "--params", "values.json"], &[]),
        with(&["train", "--params", "own.json", "--model", "c.json"], &train),
        with(&["train", "--label"], &[&[name], &train[..]].concat()),
        with(&["train", "--eval-metric"], &[&[name], &train[..]].concat()),
        with(&["train", "--model"], &[&[model.as_str()], &train[..]].concat()),
        with(&["cv", "--nfold", "2", "--output", "cv"], &train),
        with(&["cv", "--folds", "folds.txt"], &train),
        with(&["cv", "--folds"], &[&[name], &train[..]].concat()),
        with(&["tune", "--max-jobs", "2", "--output", "tu", "--range", "eta=0.1..0.2", "--nfold", "2"], &train),
        with(&["tune", "--range"], &[&[name], &train[..]].concat()),
        with(&["tune", "--config", "tune.toml"], &train),
        with(&["evaluate", "--model", "model.json", "--data"], &[&file]),
        with(&["evaluate", "--model"], &[name, "--data", &file]),
        with(&["predict", "--model", "model.json", "--output", "p.csv", "--data"], &[&file]),
        with(&["predict", "--model", "model.json", "--output-type"], &[name, "--data", &file]),
        with(&["explain", "--model", "model.json", "--interactions", "--row", "0,1", "--data"], &[&file]),
        with(&["bias", "--model", "model.json", "--facet"], &[&facet, "--data", &file]),
        with(&["bias", "--model", "model.json", "--facet"], &[name, "--data", &file]),
        with(&["report", "--model", "model.json", "--data"], &[&file]),
        with(&["report", "--model", "model.json", "--history", "history.txt", "--data"], &[&file]),
        with(&["inspect", "model.json"], &[]),
        with(&["inspect", "model.json", "--trees", "3", "--importance", "gain"], &[]),
        with(&["inspect", "model.json", "--dot", "0"], &[]),
        with(&["inspect"], &[name]),
        with(&["verify", "-v", "model.manifest.json"], &[]),
        with(&["verify", "unknown.manifest.json"], &[]),
        with(&["verify", "path.manifest.json"], &[]),
        with(&["verify", "version.manifest.json"], &[]),
        with(&["--gpu"], &[&[name, "train"], &train[..]].concat()),
        with(&["--backend"], &[name, "train"]),
        with(&["completions"], &[name]),
        with(&[], &[name]),
        with(&["train"], &[&format!("--{NAME}")]),
        with(&["train"], &[&format!("--{NAME}={NAME}")]),
        with(&["train", "--threads"], &[name]),
        with(&["devices"], &[name]),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = run(&folder, &arguments);
        is_harmless(&ran.stdout, &arguments);
        is_harmless(&ran.stderr, &arguments);
        assert!(!ran.stdout.is_empty() || !ran.stderr.is_empty(), "gboost {arguments:?} said nothing");
    }
}

#[test]
fn data_in_a_pipe_keeps_its_bytes() {
    let (folder, file) = hostile();
    let ran = run(&folder, &["predict", "--model", "model.json", "--output-type", "contribs", "--data", &file]);
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.starts_with(&format!("\"{NAME}\",\"{NAME}2\",bias\n")), "{text:?}");
}
