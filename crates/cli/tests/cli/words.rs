//! What the program says to a new user: errors, tips, help, completions, manual pages, colours.

use super::support::{BINARY, Folder, Ran};
use std::process::Command;

/// Parameters of XGBoost that are refused but for a value that changes nothing, or altogether.
const REFUSED: [&str; 39] = [
    "booster",
    "grow-policy",
    "max-leaves",
    "num-parallel-tree",
    "sampling-method",
    "csv-weights",
    "monotone-constraints",
    "interaction-constraints",
    "process-type",
    "multi-strategy",
    "refresh-leaf",
    "device",
    "updater",
    "sample-type",
    "normalize-type",
    "rate-drop",
    "skip-drop",
    "one-drop",
    "tweedie-variance-power",
    "huber-slope",
    "quantile-alpha",
    "aft-loss-distribution",
    "aft-loss-distribution-scale",
    "lambdarank-pair-method",
    "lambdarank-num-pair-per-sample",
    "lambda-bias",
    "feature-selector",
    "top-k",
    "feature-weights",
    "sketch-eps",
    "max-cat-to-onehot",
    "max-cat-threshold",
    "max-cached-hist-node",
    "extmem-single-page",
    "predictor",
    "deterministic-histogram",
    "single-precision-histogram",
    "disable-default-eval-metric",
    "validate-parameters",
];

/// The commands, from the program's own help.
fn commands(folder: &Folder) -> Vec<String> {
    let help = folder.run("--help").done();
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<String> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .map(str::to_string)
        .collect();
    assert!(names.len() >= 13 && names.contains(&"man".to_string()), "{names:?}");
    names
}

/// The words of a text that are flags.
fn flags(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let mut flags: Vec<String> =
        words.filter(|word| word.len() > 2 && word.starts_with("--")).map(str::to_string).collect();
    flags.sort();
    flags.dedup();
    flags
}

fn tip(ran: &Ran) -> Option<&str> {
    ran.stderr.lines().find_map(|line| line.trim_start().strip_prefix("tip: "))
}

#[test]
fn refusals_list_what_is_taken() {
    let folder = Folder::with_data();
    let metrics = "use one of logloss, error, error@THRESHOLD, auc, aucpr, rmse, mae, merror, mlogloss, accuracy, f1, \
                   precision, recall";
    let objectives = "give one of reg:squarederror, binary:logistic, multi:softmax, multi:softprob";
    for (flags, error) in [
        (
            "--monotone-constraints (1,0)",
            "monotone_constraints \"(1,0)\" is not supported yet; leave the parameter out".to_string(),
        ),
        ("--objective count:poisson", format!("objective \"count:poisson\" is not supported yet; {objectives}")),
        ("--objective logistic", format!("objective \"logistic\" is not accepted; {objectives}")),
        ("--tree-method approx", "tree_method \"approx\" is not supported yet; give hist or exact".to_string()),
        ("--sampler goss", "sampler \"goss\" is not accepted; give hash or xgboost1".to_string()),
        ("--eval-metric auc,map", format!("metric map is not supported yet; {metrics}")),
        ("--metric auc,f3", format!("unknown metric \"f3\"; did you mean f1? The metrics are {}", &metrics[11..])),
        ("--metric wizardry", format!("unknown metric \"wizardry\"; {metrics}")),
        (
            "--metric roc_auc",
            format!("unknown metric \"roc_auc\"; did you mean auc? The metrics are {}", &metrics[11..]),
        ),
    ] {
        folder.refuses(&format!("train --train train.csv {flags}"), &error);
    }
    folder.write("p.json", r#"{"num_leaves": 31}"#);
    folder.refuses(
        &format!("train {BINARY} --params p.json"),
        "p.json: key \"num_leaves\": unknown parameter \"num_leaves\"; trees are bounded by their depth here; give max_depth",
    );
}

#[test]
fn tips_help() {
    let folder = Folder::with_data();
    for (arguments, expected) in [
        ("train train.csv --cat-features sex", "categorical features are not supported yet; write them as numbers"),
        ("train train.csv --enable-categorical", "categorical features are not supported yet"),
        ("train train.csv --num-leaves 31", "trees are bounded by their depth here; give max_depth"),
        ("train train.csv --num_leaves 31", "trees are bounded by their depth here; give max_depth"),
        ("tune train.csv --min-data-in-leaf 9", "give min_child_weight, the least sum of hessians in a leaf"),
        ("train train.csv --updater prune", "updater is not supported yet; leave the parameter out"),
        ("train train.csv --feature-weights 1", "feature_weights is not supported yet; leave the parameter out"),
        ("train train.csv --one-drop", "one_drop is not supported yet; leave the parameter out"),
        ("train train.csv --threshold 0.3", "--eval-metric error@0.7 evaluates at a threshold of 0.7"),
        ("train train.csv --test-size 0.3", "no rows are split off; --validation takes a file of its own"),
        ("train train.csv --nfold 3", "gboost cv cross-validates"),
        ("train train.csv valid.csv", "--train takes several files of training data"),
        ("train train.csv max_depth=5", "hyperparameters are flags: --max-depth 5"),
        ("train train.csv --loss Logloss", "give objective: reg:squarederror, binary:logistic, "),
        ("cv train.csv --validation valid.csv", "folds of the training data are held out"),
        ("predict m.json d.csv --nfold 3", "--nfold is an option of gboost tune and gboost cv"),
        ("predict m.json d.csv --threshold 0.3", "--output-type probability (the default)"),
        ("evaluate m.json d.csv --facet sex=1", "--facet is an option of gboost bias"),
        ("evaluate m.json --test d.csv", "--data names the files"),
        ("predict m.json d.csv --outputt x.csv", "a similar argument exists: '--output'"),
        ("--train train.csv", "--train is an option of gboost train, "),
        ("train train.csv --max-dept 5", "a similar argument exists: '--max-depth'"),
        ("train train.csv --max_dept 5", "a similar argument exists: '--max_depth'"),
        ("inspect --model m.json", "the model's file needs no flag: gboost inspect model.json"),
        ("train train.csv --wizardry 5", ""),
    ] {
        let ran = folder.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "gboost {arguments}");
        let tip = tip(&ran).unwrap_or_default();
        assert!(
            tip.starts_with(expected) && tip.is_empty() == expected.is_empty(),
            "gboost {arguments}\n{}",
            ran.stderr
        );
        // The usage is the command's, not that with a flag that was guessed.
        let usage = ran.stderr.lines().find(|line| line.starts_with("Usage:")).unwrap();
        assert_eq!(flags(usage), Vec::<String>::new(), "gboost {arguments}");
    }
    assert_eq!(folder.names(), ["train.csv", "valid.csv"]);
}

#[test]
fn other_programs_names_are_taken() {
    let folder = Folder::with_data();
    let train = "--objective binary:logistic -q";
    folder
        .run(&format!(
            "train train.csv {train} --num-round 3 --eta 0.2 --lambda 2 --alpha 0.5 --seed 7 --colsample-bytree 0.5 \
             --eval-metric auc --max-depth 3"
        ))
        .done();
    let expected = folder.read("model.json");
    for flags in [
        "--iterations 3 --learning-rate 0.2 --lambda-l2 2 --lambda-l1 0.5 --random-seed 7 --feature-fraction 0.5 --metric auc \
         --depth 3",
        "--num-iterations 3 --shrinkage_rate 0.2 --reg-lambda 2 --reg-alpha 0.5 --random-state 7 --feature_fraction 0.5 \
         --metrics auc --max-depth 3",
        "--n-estimators 3 --learning_rate 0.2 --l2-regularization 2 --reg_alpha 0.5 --random_seed 7 --colsample_bytree 0.5 \
         --eval_metric auc --depth 3",
    ] {
        folder.run(&format!("train --data train.csv {train} {flags}")).done();
        assert_eq!(folder.read("model.json"), expected, "{flags}");
    }
    folder.run("evaluate model.json valid.csv --metric auc -q").done();
}

#[test]
fn files_stand_where_they_stand_or_behind_their_flag() {
    let folder = Folder::with_data();
    let flags = "--objective binary:logistic --num-round 2 -q";
    folder.run(&format!("train train.csv --validation valid.csv {flags}")).done();
    let model = folder.read("model.json");
    folder.run(&format!("train --train train.csv --validation valid.csv {flags}")).done();
    assert_eq!(folder.read("model.json"), model);
    folder.run(&format!("cv train.csv {flags} --output held")).done();
    folder.run(&format!("tune train.csv --validation valid.csv {flags} --range eta=0.1..0.2 --max-jobs 2")).done();

    let predicted = folder.run("predict --model model.json --data valid.csv -q").done();
    for arguments in [
        "model.json valid.csv",
        "--model model.json valid.csv",
        "valid.csv --model model.json",
        "model.json --data valid.csv",
        "--threads 1 model.json valid.csv",
        "--output-type probability model.json -- valid.csv",
    ] {
        assert_eq!(folder.run(&format!("predict -q {arguments}")).done(), predicted, "predict {arguments}");
    }
    let twice = folder.run("predict model.json valid.csv valid.csv -q").done();
    assert_eq!(twice.lines().count(), 2 * predicted.lines().count() - 1);
    for command in ["evaluate", "report", "explain", "bias --facet age=30 --"] {
        folder.run(&format!("-q {command} model.json valid.csv")).done();
    }

    for (arguments, error) in [
        ("train train.csv --train train.csv", "the argument '[TRAIN]' cannot be used with '--train <FILE>...'"),
        ("train --validation valid.csv", "<--train <FILE>...|TRAIN>"),
        (
            "predict --model model.json model.json valid.csv",
            "the argument '[MODEL]' cannot be used with '--model <FILE>'",
        ),
        (
            "predict model.json valid.csv --data valid.csv",
            "the argument '[DATA]...' cannot be used with '--data <FILE>...'",
        ),
        ("predict model.json", "  <DATA>..., or --data <FILE>..."),
        ("predict --data valid.csv", "  <MODEL>, or --model <FILE>"),
        ("evaluate", "  <MODEL>, or --model <FILE>\n  <DATA>..., or --data <FILE>..."),
        (
            "predict --ignore-column id model.json valid.csv",
            "tip: a flag that takes several values takes all that follow it",
        ),
    ] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, Some(2), "gboost {arguments}");
        assert!(ran.stderr.contains(error), "gboost {arguments}\n{}", ran.stderr);
        let usage = format!("Usage: gboost {}", arguments.split(' ').next().unwrap());
        assert!(ran.stderr.contains(&usage), "gboost {arguments}\n{}", ran.stderr);
    }
}

#[test]
fn a_file_is_not_written_under_the_name_of_another_format() {
    let folder = Folder::with_model(2, "");
    let applied = "model.json valid.csv";
    let outputs = [
        (format!("predict {applied} --output"), "csv"),
        (format!("explain {applied} --output"), "csv"),
        (format!("explain {applied} --json"), "json"),
        (format!("explain {applied} --html"), "html"),
        (format!("evaluate {applied} --json"), "json"),
        (format!("bias {applied} --facet age=30 --output"), "html"),
        (format!("bias {applied} --facet age=30 --json"), "json"),
        (format!("report {applied} --output"), "html"),
        (format!("report {applied} --json"), "json"),
        (format!("report {applied} --notebook"), "ipynb"),
        (format!("train {BINARY} --num-round 1 --model"), "json"),
        (format!("train {BINARY} --num-round 1 --report"), "html"),
        (format!("cv {BINARY} --num-round 1 --oof"), "csv"),
        (format!("tune {BINARY} --num-round 1 --range eta=0.1..0.2 --max-jobs 1 --journal"), "jsonl"),
    ];
    let endings = ["parquet", "PARQUET", "xlsx", "feather", "gz", "csv.xz", "zst", "zip", "ubj", "pkl", "bin", "tsv"];
    for (arguments, own) in outputs {
        for ending in endings {
            let before = folder.names();
            let ran = folder.run(&format!("{arguments} new.{ending}"));
            assert_eq!(ran.code, Some(2), "gboost {arguments} new.{ending}");
            let error = format!("give a name that ends in .{own}");
            assert!(ran.stderr.contains(&error), "gboost {arguments} new.{ending}\n{}", ran.stderr);
            assert_eq!(folder.names(), before);
        }
        // Other tables, figures and pages are other formats, too.
        for ending in ["csv", "json", "html", "ipynb"].iter().filter(|ending| **ending != own) {
            if !(own == "jsonl" && *ending == "json") {
                assert_eq!(folder.run(&format!("{arguments} new.{ending}")).code, Some(2), "{arguments} {ending}");
            }
        }
    }
    for arguments in
        ["train --num-round 1 --output out.json", "cv --output cv.csv", "tune --output t.csv", "man --output m.tar"]
    {
        let ran = folder.run(arguments);
        assert_eq!((ran.code, ran.stderr.contains("give a folder")), (Some(2), true), "{}", ran.stderr);
    }
    folder.run(&format!("predict {applied} --output new.txt -q")).done();
    folder.run(&format!("predict {applied} --output new -q")).done();
}

#[test]
fn refused_flags_are_shown_nowhere() {
    let folder = Folder::new();
    let commands = commands(&folder);
    let mut texts: Vec<(String, String)> = Vec::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        texts.push((shell.to_string(), folder.run(&format!("completions {shell}")).done()));
    }
    folder.run("man --output man -q").done();
    for page in super::support::names(&folder.path("man")) {
        // Hyphens are escaped in manual pages.
        texts.push((page.clone(), folder.read(&format!("man/{page}")).replace("\\-", "-")));
    }
    for command in &commands {
        let help = folder.run(&format!("{command} --help")).done();
        // What the help says can be done: one letter less or more of each flag leads to none that
        // is refused.
        for flag in flags(&help).iter().filter(|flag| flag.len() > 5) {
            for wrong in [format!("{flag}x"), flag[..flag.len() - 1].to_string()] {
                let ran = folder.run(&format!("{command} {wrong} x"));
                texts.push((format!("gboost {command} {wrong}"), tip(&ran).unwrap_or_default().to_string()));
            }
        }
        texts.push((format!("gboost {command} --help"), help));
    }
    for (what, text) in &texts {
        let shown = flags(text);
        for refused in REFUSED {
            // fish has no dashes before the names.
            let is_fish = what == "fish" && text.contains(&format!("-l {refused} "));
            assert!(!is_fish && !shown.contains(&format!("--{refused}")), "{what} shows --{refused}");
        }
    }
    // A refused flag itself, as a slip and as it is, leads to nothing that is refused.
    for refused in REFUSED {
        for wrong in [refused.to_string(), format!("{refused}x"), refused[1..].to_string()] {
            let ran = folder.run(&format!("train --{wrong} nothing --num-round 0"));
            assert_eq!(ran.code, Some(2));
            let tip = tip(&ran).unwrap_or_default();
            assert!(REFUSED.iter().all(|refused| !flags(tip).contains(&format!("--{refused}"))), "--{wrong}: {tip}");
        }
    }
}

#[test]
fn help_names_every_metric_and_objective() {
    let folder = Folder::new();
    let help = folder.run("train --help").done();
    let words: Vec<&str> = help.split(|c: char| c.is_whitespace() || c == ',').collect();
    for name in ["logloss", "error@THRESHOLD", "aucpr", "mlogloss", "recall", "reg:squarederror", "multi:softprob"] {
        assert!(words.contains(&name), "{name} is not in\n{help}");
    }
    let help = folder.run("evaluate --help").done();
    assert!(help.contains("aucpr") && help.contains("error@THRESHOLD"), "{help}");
    // What the examples of all commands show is parsed: no flag of theirs is unknown.
    for command in commands(&folder) {
        let help = folder.run(&format!("{command} --help")).done();
        let Some(examples) = help.split("Examples:\n").nth(1) else { continue };
        for line in examples.replace(" \\\n", " ").lines() {
            let Some(line) = line.trim().strip_prefix("gboost ") else { continue };
            let line = line.split("   ").next().unwrap().split(['|', '>', '&']).next().unwrap();
            let line = line.replace('\'', "");
            let own = line.split(' ').next().unwrap();
            let known = flags(&folder.run(&format!("{own} --help")).done());
            for flag in flags(&line) {
                assert!(known.contains(&flag), "{flag} of `gboost {line}`");
            }
        }
    }
}

/// What bash offers for the last word.
#[cfg(unix)]
fn completed(folder: &Folder, words: &[&str]) -> Vec<String> {
    let script = format!(
        "source ./gboost.bash; COMP_LINE='{}'; COMP_POINT=${{#COMP_LINE}}; _gboost_whole_words gboost; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
    );
    let output = Command::new("bash").args(["--norc", "-c", &script]).current_dir(folder.path(".")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.is_empty()).map(str::to_string).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_values_and_files() {
    let folder = Folder::with_data();
    folder.write("gboost.bash", folder.run("completions bash").done());
    let completed = |words: &[&str]| completed(&folder, words);
    let all = |command: &str, flag: &str| completed(&["gboost", command, flag, ""]);
    for command in ["train", "tune", "cv"] {
        let objectives = ["reg:squarederror", "binary:logistic", "multi:softmax", "multi:softprob"];
        assert_eq!(all(command, "--objective"), objectives);
        assert_eq!(all(command, "--tree-method"), ["hist", "exact"]);
        assert_eq!(all(command, "--sampler"), ["hash", "xgboost1"]);
        assert_eq!(all(command, "--histogram-sums"), ["auto", "narrow", "wide"]);
        let metrics = all(command, "--eval-metric");
        assert!(metrics.contains(&"auc".to_string()) && metrics.len() == 12, "{metrics:?}");
        // Not files.
        assert_eq!(all(command, "--max-depth"), Vec::<String>::new());
        assert_eq!(all(command, "--label"), Vec::<String>::new());
    }
    assert_eq!(completed(&["gboost", "train", "--objective", "b"]), ["binary:logistic"]);
    // Readline keeps what stands before the last colon.
    assert_eq!(completed(&["gboost", "train", "--objective", "multi:softp"]), ["softprob"]);
    assert_eq!(completed(&["gboost", "train", "--objective=multi:"]), ["softmax", "softprob"]);
    assert_eq!(completed(&["gboost", "train", "--tree-method=e"]), ["exact"]);
    assert_eq!(completed(&["gboost", "tune", "--objective-metric", "cv:au"]), ["auc", "aucpr"]);
    assert_eq!(all("evaluate", "--eval-metric"), all("train", "--eval-metric"));
    assert_eq!(all("tune", "--strategy"), ["random", "grid", "bayesian", "hyperband"]);
    assert_eq!(all("tune", "--early-stopping"), ["median", "off"]);
    assert!(all("tune", "--objective-metric").contains(&"cv:auc".to_string()));
    assert_eq!(all("train", "--header"), ["auto", "yes", "no"]);
    assert_eq!(all("train", "--backend"), ["auto", "cpu", "gpu"]);
    assert_eq!(all("train", "--spill"), ["auto", "always", "never"]);
    assert_eq!(all("predict", "--output-type").len(), 6);
    assert_eq!(all("inspect", "--importance").len(), 5);
    assert_eq!(completed(&["gboost", "train", "--train", "tr"]), ["train.csv"]);
    assert_eq!(completed(&["gboost", "predict", "--data", "va"]), ["valid.csv"]);
    assert!(completed(&["gboost", "tr"]).contains(&"train".to_string()));
    assert_eq!(completed(&["gboost", "train", "--boo"]), Vec::<String>::new());
    assert_eq!(completed(&["gboost", "train", "--max-dep"]), ["--max-depth"]);
    // Other programs' words are parted as before.
    let breaks = "before=$COMP_WORDBREAKS; source ./gboost.bash; [[ $COMP_WORDBREAKS == \"$before\" ]]";
    let bash = Command::new("bash").args(["--norc", "-c", breaks]).current_dir(folder.path(".")).status().unwrap();
    assert!(bash.success());
}

#[test]
fn numbers_are_refused_in_words() {
    let folder = Folder::with_data();
    for (line, wanted) in [
        ("train train.csv --threads x", "'--threads <N>': give a whole number from 0 to 4096"),
        ("train train.csv --threads -1", "'--threads <N>': give a whole number from 0 to 4096"),
        ("train train.csv --log-every 0", "'--log-every <N>': give a whole number, at least 1"),
        ("train train.csv --max-record-bytes 5", "give a whole number from 1048576 to 1099511627776"),
        ("cv train.csv --nfold -1", "'--nfold <N>': give a whole number, at least 0"),
        ("cv train.csv --shuffle-seed -1", "'--shuffle-seed <N>': give a whole number, at least 0"),
        ("tune train.csv --max-jobs 1.5", "'--max-jobs <N>': give a whole number, at least 1"),
        ("tune train.csv --grid-points 1", "'--grid-points <N>': give a whole number, at least 2"),
        ("tune train.csv --target income", "at which the search may end, like 0.9; --label names the label column"),
        ("tune train.csv --target nan", "at which the search may end, like 0.9; --label names the label column"),
        ("explain model.json train.csv --row -1", "'--row <ROW>...': give a whole number, at least 0"),
        ("inspect model.json --trees 0", "'--trees <N>': give a whole number, at least 1"),
        ("inspect model.json --dot x", "'--dot <TREE>': give a whole number, at least 0"),
        ("bias model.json train.csv --facet age --threshold x", "'--threshold <P>': give a number from 0 to 1"),
    ] {
        let ran = folder.run(line);
        assert_eq!(ran.code, Some(2), "{line}");
        assert!(ran.stderr.contains(wanted), "{line}: {}", ran.stderr);
    }
}

#[test]
fn slips_are_named() {
    let folder = Folder::with_data();
    folder.run("train train.csv --num-round 1 -q").done();
    for (line, wanted) in [
        ("fit train.csv", "tip: that is gboost train here"),
        ("score model.json train.csv", "tip: that is gboost evaluate here"),
        ("plot model.json", "tip: that is gboost report here"),
        ("train.csv", "tip: a command comes first: gboost train train.csv"),
        ("train train.csv --objective binary:logistic -label income", "a similar argument exists: '--label'"),
        ("train train.csv -o out", "flags are whole words behind two dashes"),
        ("train train.csv --verbose 1", "tip: --verbose takes no value"),
        ("train train.csv --early-stopping 5", "tip: --early-stopping-rounds stops"),
        ("predict train.csv model.json", "give the model first, then the data"),
        ("verify model.json", "give the file that gboost train wrote beside it, model.manifest.json"),
        ("train train.csv --eval-metric ,", "give one or several of logloss"),
        ("train train.csv --eval-metric rmse,rmse", "eval_metric names rmse twice; name it once"),
        ("bias model.json train.csv --facet income=1", "--label and --facet or --group name the same column"),
    ] {
        let ran = folder.run(line);
        assert_eq!(ran.code, Some(2), "{line}");
        assert!(ran.stderr.contains(wanted), "{line}: {}", ran.stderr);
    }
}

#[test]
fn flags_without_effect_are_told() {
    let folder = Folder::with_data();
    let train = "train train.csv --num-round 1";
    folder.run(&format!("{train} -q")).done();
    for (flags, told) in [
        ("--tree-method exact --histogram-sums wide", "note: --histogram-sums has no effect with tree_method exact"),
        ("--tree-method exact --max-bin 9", "note: --max-bin has no effect with tree_method exact"),
        ("--seed 3", "note: --seed has no effect"),
        ("--sampler xgboost1", "note: --sampler has no effect"),
        ("--nthread 1 --threads 1", "note: --nthread has no effect beside --threads"),
    ] {
        let ran = folder.run(&format!("{train} {flags}"));
        assert!(ran.stderr.contains(told), "{flags}: {}", ran.stderr);
        ran.done();
    }
    let ran = folder.run(&format!("{train} --seed 3 --colsample-bynode 0.5"));
    assert!(!ran.stderr.contains("no effect"), "{}", ran.stderr);
    for (line, wanted) in [
        ("inspect model.json --backend gpu", "--backend has no effect on gboost inspect"),
        ("inspect model.json --threads 2", "--threads has no effect on gboost inspect"),
        ("completions bash --gpu 0", "--gpu has no effect on gboost completions"),
        ("man --threads 1", "--threads has no effect on gboost man"),
        ("train train.csv --verbosity 2 -q", "--verbosity 2 does not go with --quiet; leave one of them out"),
    ] {
        let ran = folder.run(line);
        assert_eq!(ran.code, Some(2), "{line}");
        assert!(ran.stderr.contains(wanted), "{line}: {}", ran.stderr);
    }
}

#[test]
fn a_manual_page_for_every_command() {
    let folder = Folder::new();
    let ran = folder.run("man --output share/man1");
    let mut expected: Vec<String> = commands(&folder).iter().map(|name| format!("gboost-{name}.1")).collect();
    expected.push("gboost.1".to_string());
    expected.sort();
    let told = format!("created the folder share\n{} manual pages written to share/man1\n", expected.len());
    assert_eq!(ran.stderr, told);
    ran.done();
    assert_eq!(super::support::names(&folder.path("share/man1")), expected);
    let page = folder.read("share/man1/gboost-train.1");
    for text in [
        ".TH gboost-train 1",
        ".SH NAME",
        ".SH SYNOPSIS\ngboost train [OPTIONS] [TRAIN]\n.SH DESCRIPTION",
        "max\\-depth",
        ".SH EXAMPLES",
        "  gboost train",
    ] {
        assert!(page.contains(text), "{text} is not in\n{page}");
    }
    // The same pages again.
    folder.run("man --output share/man1 -q").done();
    assert_eq!(folder.read("share/man1/gboost-train.1"), page);
}

#[test]
fn colours_are_for_terminals() {
    let folder = Folder::with_model(2, "");
    let run = |arguments: &str, variables: &[(&str, &str)]| {
        let mut command = folder.command(arguments);
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM"] {
            command.env_remove(name);
        }
        let output = command.envs(variables.iter().copied()).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let forced = [("CLICOLOR_FORCE", "1")];
    for arguments in
        ["evaluate model.json valid.csv -q", "evaluate model.json none.csv", "train --wizardry", "cv --help"]
    {
        let plain = run(arguments, &[]);
        assert!(!plain.0.contains('\u{1b}') && !plain.1.contains('\u{1b}'), "gboost {arguments}");
        assert_eq!(run(arguments, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain, "gboost {arguments}");
        let coloured = run(arguments, &forced);
        assert_ne!(coloured, plain, "gboost {arguments}");
        assert_eq!((uncoloured(&coloured.0), uncoloured(&coloured.1)), plain, "gboost {arguments}");
    }
    let error = run("evaluate model.json none.csv", &forced).1;
    assert!(error.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m none.csv"), "{error:?}");
    let table = run("evaluate model.json valid.csv -q", &forced).0;
    assert_eq!(table.lines().filter(|line| line.contains('\u{1b}')).count(), 2, "{table:?}");
}

/// The text without SGR sequences.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_string();
    parts.for_each(|part| plain.push_str(part.split_once('m').unwrap().1));
    plain
}
