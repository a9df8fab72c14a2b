//! What a manifest proves: every member of it, and that nothing else is read or shown on its word.

use super::support::{BINARY, Folder, Ran};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const MANIFEST: &str = "model.manifest.json";

/// Far longer than a verification takes, far shorter than a wait for ever.
const LIMIT: Duration = Duration::from_secs(30);

fn trained() -> Folder {
    Folder::with_model(3, "--gamma 0.1 --subsample 0.8")
}

/// Changes a manifest, and verifies it.
fn verify_changed(folder: &Folder, name: &str, change: impl FnOnce(&mut Value)) -> Ran {
    let mut manifest = folder.json(name);
    change(&mut manifest);
    let text = serde_json::to_string_pretty(&manifest).unwrap();
    folder.write(&name.replace("manifest", "changed.manifest"), text);
    folder.run_within(LIMIT, &["verify", &name.replace("manifest", "changed.manifest")])
}

#[test]
fn every_member_of_a_manifest_counts_but_times_and_machine() {
    let folder = trained();
    for (pointer, value, reason) in [
        // What has no effect on the result is shown by the manifest's own sha256.
        ("/command", json!("tune"), "the manifest was changed: the sha256 of what it says is "),
        ("/parameters/gamma", json!(0.100001), "the manifest was changed: the sha256 of what it says is "),
        // Keeps its best round in the model.
        ("/parameters/early_stopping_rounds", json!(9), "a parameter in the manifest was changed"),
        ("/reading/header", json!("yes"), "the manifest was changed: the sha256 of what it says is "),
        ("/reading/index_base", json!("1"), "train.csv: --index-base 1: a CSV file has no indices; drop the option"),
        ("/commit", json!("0123456789abcdef"), "the manifest was changed: the sha256 of what it says is "),
        ("/gboost", json!("0.0.1"), "the manifest was changed: the sha256 of what it says is "),
        ("/sha256", json!("00"), "the manifest was changed: the sha256 of what it says is "),
        // What this run would write otherwise is named.
        ("/parameters/eta", json!("0.3"), "the manifest says parameters eta \"0.3\", this run would write 0.3"),
        ("/parameters/max_depth", json!(6.0), "the manifest says parameters max_depth 6.0, this run would write 6"),
        ("/parameters/verbosity", json!(1), "the manifest says parameters verbosity 1, this run would write null"),
        ("/parameters/_note", json!("x"), "the manifest says parameters _note \"x\", this run would write null"),
        ("/data/train/files/0/note", json!("x"), "no manifest of gboost: unknown field `note`"),
        ("/result/note", json!("x"), "the manifest says result note \"x\", this run would write null"),
        ("/machine/note", json!("x"), "no manifest of gboost: unknown field `note`"),
        ("/times/note", json!("x"), "no manifest of gboost: unknown field `note`"),
        ("/note", json!("x"), "no manifest of gboost: unknown field `note`"),
        ("/command", json!("predict"), "the manifest is of the command \"predict\"; give a manifest of gboost train"),
        ("/reading/header", json!("maybe"), "header of the manifest is \"maybe\"; it can be auto, yes, no"),
        ("/reading/index_base", json!("7"), "index_base of the manifest is \"7\"; it can be 0, 1"),
    ] {
        let ran = verify_changed(&folder, MANIFEST, |manifest| {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            manifest.pointer_mut(parent).unwrap()[name] = value.clone();
        });
        assert!(matches!(ran.code, Some(1 | 2)), "{pointer}: {ran:?}");
        assert!(ran.error().contains(reason), "{pointer}: {}", ran.stderr);
    }
    for (pointer, value) in [("/machine/cpu", json!("another")), ("/times/seconds", json!(1e9))] {
        verify_changed(&folder, MANIFEST, |manifest| *manifest.pointer_mut(pointer).unwrap() = value).done();
    }
    // White space is no content.
    folder.write(MANIFEST, folder.json(MANIFEST).to_string());
    folder.run("verify model.manifest.json").done();
}

#[test]
fn every_member_of_a_cross_validations_manifest_counts() {
    let folder = Folder::with_data();
    folder.write("folds.txt", "1\n2\n3\n".repeat(80));
    folder.run(&format!("cv -q {BINARY} --num-round 2 --folds folds.txt")).done();
    for (pointer, value) in [
        ("/folds/shuffle_seed", json!(7)),
        ("/folds/stratified", json!(true)),
        ("/folds/nfold", json!(4)),
        ("/folds/group_column", json!("age")),
        ("/folds/column", json!("age")),
        ("/command", json!("train")),
        ("/folds", Value::Null),
    ] {
        let ran = verify_changed(&folder, "cv.manifest.json", |manifest| {
            *manifest.pointer_mut(pointer).unwrap() = value.clone();
        });
        assert!(matches!(ran.code, Some(1 | 2)), "{pointer}: {ran:?}");
    }
}

#[test]
fn manifests_of_older_programs_are_verified_as_far_as_they_go() {
    let folder = trained();
    let without_digest = |manifest: &mut Value| drop(manifest.as_object_mut().unwrap().shift_remove("sha256"));
    let ran = verify_changed(&folder, MANIFEST, |manifest| {
        without_digest(manifest);
        manifest["commit"] = json!("0123456789abcdef");
        manifest["parameters"].as_object_mut().unwrap().shift_remove("histogram_sums");
    });
    assert!(ran.stderr.contains("the manifest has no sha256 of its own, as older ones"), "{}", ran.stderr);
    ran.done();
    if gboost_report::manifest::commit().is_some() {
        let ran = verify_changed(&folder, MANIFEST, without_digest);
        assert_eq!(ran.code, Some(1));
        assert!(ran.error().contains("the manifest lacks its own sha256"), "{}", ran.stderr);
    }
}

#[test]
fn a_name_stands_once_in_a_manifest() {
    let folder = trained();
    let text = folder.read(MANIFEST).replacen("\"seed\": 0", "\"seed\": 7,\n  \"seed\": 0", 1);
    folder.write(MANIFEST, text);
    let ran = folder.run("verify model.manifest.json");
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().contains("key \"seed\" stands there twice at line "), "{}", ran.stderr);
}

/// The places in which manifests name files.
fn naming(folder: &Folder) -> Vec<(&'static str, &'static str)> {
    folder.run(&format!("train -q {BINARY} --num-round 1 --continue-from model.json --model longer.json")).done();
    folder.write("folds.txt", "1\n2\n3\n".repeat(80));
    folder.run(&format!("cv -q {BINARY} --num-round 2 --folds folds.txt")).done();
    vec![
        (MANIFEST, "/data/train/files/0"),
        (MANIFEST, "/data/validation/files/0"),
        (MANIFEST, "/result"),
        ("longer.manifest.json", "/continue_from"),
        ("cv.manifest.json", "/folds/file"),
        ("cv.manifest.json", "/result"),
    ]
}

#[test]
#[cfg(unix)]
fn devices_pipes_and_folders_are_not_opened_for_a_manifest() {
    let folder = trained();
    let places = naming(&folder);
    assert!(std::process::Command::new("mkfifo").arg(folder.path("fifo")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", folder.path("link.csv")).unwrap();
    for (name, pointer) in places {
        for path in ["/dev/zero", "fifo", "link.csv", ".", "/dev/tty"] {
            let ran = verify_changed(&folder, name, |manifest| {
                manifest.pointer_mut(pointer).unwrap()["path"] = json!(path);
            });
            assert_eq!(ran.code, Some(2), "{name} {pointer} {path}: {ran:?}");
            assert!(ran.error().contains(" is no regular file; "), "{name} {pointer} {path}: {}", ran.stderr);
        }
    }
    let ran = folder.run_within(LIMIT, &["verify", "/dev/zero"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

#[test]
fn nothing_is_shown_of_a_file_that_is_not_the_manifests() {
    let folder = trained();
    let mut places = naming(&folder);
    places.push(("cv.manifest.json", "/folds/column"));
    let model = folder.read("model.json").replace("\"age\"", "\"swordfish\"");
    for secret in ["swordfish\n1,swordfish\n", "{\"learner\": \"swordfish\"}", "y,swordfish\n1,2\n", &model] {
        folder.write("secret", secret);
        for (name, pointer) in &places {
            let ran = verify_changed(&folder, name, |manifest| match *pointer {
                "/folds/column" => {
                    manifest["folds"]["column"] = json!("secret");
                    manifest["folds"]["file"] = Value::Null;
                }
                pointer => manifest.pointer_mut(pointer).unwrap()["path"] = json!("secret"),
            });
            assert!(matches!(ran.code, Some(1 | 2)), "{name} {pointer}: {ran:?}");
            assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("swordfish"), "{name} {pointer}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_result_that_is_far_too_long_is_not_read_into_memory() {
    let folder = trained();
    let file = fs::File::create(folder.path("model.json")).unwrap();
    // Takes no room on the disk.
    file.set_len(1 << 26).unwrap();
    let ran = folder.run_within(LIMIT, &["verify", MANIFEST]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.error().contains("it cannot be compared: it has more than "), "{}", ran.stderr);
}

#[test]
fn what_is_given_is_never_ignored_without_a_word() {
    let folder = Folder::with_model(2, "");
    let continued = format!("train {BINARY} --continue-from model.json --num-round 1 --model longer.json");
    folder.refuses(
        &format!("{continued} --base-score 0.1"),
        "base_score 0.1 is given, but the model to continue from has 0.5; leave base_score out: that of the model stands",
    );
    let ran = folder.run(&format!("{continued} --base-score auto"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.error().starts_with("base_score auto, here 0."), "{}", ran.stderr);
    // What is the model's may be said again, in any way.
    folder.run(&format!("{continued} --base-score 0.50")).done();
    folder.run(&continued).done();
    folder.run(&format!("train -q {BINARY} --num-round 1 --base-score auto --model auto.json")).done();
    folder.run(&format!("train -q {BINARY} --num-round 1 --base-score auto --continue-from auto.json")).done();

    folder.write("eta.json", r#"{"learning_rate": 0.3, "max_depth": 3}"#);
    folder.write("p.toml", "[params]\neta = 0.1\n[range]\nlearning_rate = [0.1, 0.2]\n");
    let tune = format!("tune {BINARY} --validation valid.csv --num-round 1 --range eta=0.1,0.2");
    for (arguments, told) in [
        (
            format!("train {BINARY} --num-round 1 --tree-method exact --max-bin 64"),
            "note: --max-bin has no effect with tree_method exact, which has no bins",
        ),
        (format!("{tune} --params eta.json --output t"), "eta.json: eta is tuned: its value here is not used"),
        (format!("{tune} --resume --output u"), "--resume: there is no journal u/tune.jsonl: the search starts anew"),
    ] {
        let ran = folder.run(&arguments);
        assert!(ran.stderr.lines().any(|line| line == told), "gboost {arguments}: {}", ran.stderr);
        ran.done();
    }
    let ran = folder.run(&format!("train {BINARY} --num-round 1 --index-base 1"));
    assert_eq!(
        (ran.code, ran.error()),
        (Some(2), "train.csv: --index-base 1: a CSV file has no indices; drop the option")
    );
    folder.refuses(
        &format!("{tune} --output t --shuffle-seed 3"),
        "--shuffle-seed is given, but there are no folds; leave it out, or give --nfold; --seed is that of the samples",
    );
    folder.refuses(
        &format!("tune {BINARY} --validation valid.csv --config p.toml"),
        "p.toml: eta has a value in [params] and a range in [range]; give one of the two",
    );
}
