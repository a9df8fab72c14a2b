//! Every error about parameters and usage.

use super::support::{BINARY, Folder};

fn refuses(flags: &str, error: &str) {
    Folder::with_data().refuses(&format!("train {BINARY} {flags}"), error);
}

#[test]
fn out_of_range() {
    refuses("--eta 1.5", "eta 1.5 is out of range; give a value in [0, 1]");
    refuses("--gamma -1", "gamma -1 is out of range; give a value >= 0");
    refuses("--max_depth five", "max_depth \"five\" is not accepted; give a number in [0, 64]");
    refuses(
        "--base-score 2",
        "base_score 2 is out of range: binary:logistic needs a probability; give a value between 0.000001 and 0.999999",
    );
}

#[test]
fn not_supported_yet() {
    refuses("--booster dart", "booster \"dart\" is not supported yet; leave the parameter out, or give gbtree");
    refuses(
        "--grow_policy lossguide",
        "grow_policy \"lossguide\" is not supported yet; leave the parameter out, or give depthwise",
    );
    let folder = Folder::with_data();
    for flags in ["--objective rank:ndcg", "--tree-method approx", "--eval-metric ndcg@5"] {
        let ran = folder.run(&format!("train --train train.csv {flags}"));
        assert_eq!((ran.code, ran.error().contains("is not supported yet")), (Some(2), true), "{}", ran.stderr);
    }
    // A value that asks for nothing new is taken.
    folder.run(&format!("train -q {BINARY} --num-round 1 --booster gbtree")).done();
}

#[test]
fn misspelt_and_unknown() {
    let folder = Folder::with_data();
    let ran = folder.run("train --train train.csv --max-dept 5");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("a similar argument exists: '--max-depth'"), "{}", ran.stderr);
    let ran = folder.run("train --train train.csv --max_dept 5");
    assert!(ran.stderr.contains("a similar argument exists: '--max_depth'"), "{}", ran.stderr);
    let ran = folder.run("train --train train.csv --wizardry 5");
    assert_eq!((ran.code, ran.stderr.contains("--wizardry")), (Some(2), true));
    let ran = folder.run("train --train train.csv --eval-metric loglos");
    assert_eq!((ran.code, ran.stderr.contains("did you mean logloss?")), (Some(2), true), "{}", ran.stderr);
    assert_eq!(folder.names(), ["train.csv", "valid.csv"]);
}

#[test]
fn in_conflict() {
    Folder::with_data().refuses(
        "train --train train.csv --objective multi:softprob",
        "num_class 0 is out of range: multi:softprob needs the number of classes; give --num-class, at least 2",
    );
    refuses(
        "--max-depth 0",
        "max_depth 0 is out of range: with tree_method hist it means no limit, which is not supported yet; give max_depth \
         from 1 to 64, or tree_method exact for single leaves",
    );
    refuses(
        "--early-stopping-rounds 3",
        "early_stopping_rounds needs a validation channel; give --validation, or leave it out",
    );
    let folder = Folder::with_data();
    let ran = folder.run(&format!("train {BINARY} --eval-metric mlogloss"));
    assert_eq!((ran.code, ran.error().starts_with("metric mlogloss does not suit")), (Some(2), true), "{}", ran.stderr);
}

#[test]
fn usage() {
    let folder = Folder::with_data();
    for arguments in [
        "",
        "fly",
        "train --validation valid.csv",
        "train -q -v --train train.csv",
        "predict --data valid.csv",
        "train --train train.csv --log-every 0",
        "train --train train.csv --eta 0.1 --learning-rate 0.1",
        "predict --model m --data d --label 1 --no-label",
    ] {
        let ran = folder.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "gboost {arguments}");
    }
    folder.refuses(
        "train --label income --num-round 1",
        "--label is given, but no data to read; give --train, or leave it out to train on the built-in census data",
    );
    folder.refuses(
        "train --train train.csv --no-label",
        "--no-label is given, but labels are needed here; leave --no-label out; --label names the label column if it is not the first",
    );
}

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = Folder::new();
    assert_eq!(folder.run("--version").done(), format!("gboost {}\n", env!("CARGO_PKG_VERSION")));
    let help = folder.run("train --help").done();
    for text in
        ["Hyperparameters: trees:", "--max-depth <N>", "[default: 0.3]", "in (0, 1]", "Examples:", "--learning-rate"]
    {
        assert!(help.contains(text), "{text} is not in the help:\n{help}");
    }
    assert!(!help.contains("--booster") && !help.contains("--max_depth <N>"));
}
