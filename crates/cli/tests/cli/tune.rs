//! `gboost tune`.

use super::support::{Folder, names};

/// Options of a small search on `train.csv`.
const SEARCH: &str = "tune --train train.csv --validation valid.csv --objective binary:logistic --num-round 6 --eval-metric auc \
                      --range eta=0.01..0.5:log max_depth=int:1..5 subsample=0.3..1";

/// The leaderboard without the columns that depend on the clock.
fn leaderboard(folder: &Folder, output: &str) -> Vec<String> {
    let text = folder.read(&format!("{output}/leaderboard.csv"));
    let without = |line: &str| line.rsplitn(4, ',').nth(3).unwrap().to_string();
    text.lines().map(without).collect()
}

#[test]
fn alone_it_runs_the_second_task_of_the_lab() {
    let folder = Folder::new();
    let shown = folder.run("tune").done();
    assert!(shown.contains("\nbest     trial 6, validation:auc 0.905738, 5 rounds\n"), "{shown}");
    assert_eq!(
        names(&folder.path("tuning")),
        [
            "best_params.toml",
            "history.csv",
            "leaderboard.csv",
            "leaderboard.json",
            "metrics.json",
            "model.json",
            "model.manifest.json",
            "tune.jsonl"
        ]
    );
    let board = leaderboard(&folder, "tuning");
    assert_eq!(
        board[0],
        "trial,status,objective_value,max_depth,eta,gamma,min_child_weight,subsample,cv_mean,cv_std,rounds"
    );
    assert_eq!(board.len(), 7);
    let rows = folder.json("tuning/leaderboard.json");
    let value = |row: usize| rows[row]["objective_value"].as_f64().unwrap();
    assert!((0..5).all(|row| value(row) >= value(row + 1)));
    let metrics = folder.json("tuning/metrics.json");
    assert!((metrics["validation"]["auc"].as_f64().unwrap() - value(0)).abs() < 1e-6);
    assert!(metrics["test"]["auc"].as_f64().unwrap() > 0.88);
    assert_eq!(folder.json("tuning/model.manifest.json")["command"], "tune");
    folder.run("verify tuning/model.manifest.json").done();
    // What it did is what there is to resume: nothing is run again.
    let again = folder.run("tune --resume").done();
    assert_eq!(again.matches("from the journal").count(), 6);
    assert_eq!(leaderboard(&folder, "tuning"), board);
}

#[test]
fn the_leaderboard_is_the_same_however_many_run_at_a_time() {
    let folder = Folder::with_data();
    for strategy in ["random", "bayesian --batch-size 3", "hyperband --min-rounds 1"] {
        let run = |parallel: usize| {
            let output = format!("p{parallel}");
            let more = format!("--max-jobs 12 --max-parallel-jobs {parallel} --output {output}");
            folder.run(&format!("{SEARCH} -q --strategy {strategy} {more}")).done();
            (leaderboard(&folder, &output), folder.read(&format!("{output}/model.json")))
        };
        let alone = run(1);
        assert!([2, 6].map(run).iter().all(|beside| *beside == alone), "{strategy}");
    }
}

#[test]
fn the_best_parameters_train_the_best_model() {
    let folder = Folder::with_data();
    folder.run(&format!("{SEARCH} -q --max-jobs 4 --early-stopping-rounds 2 --output out")).done();
    folder
        .run("train -q --train train.csv --validation valid.csv --params out/best_params.toml --model again.json")
        .done();
    assert_eq!(folder.read("again.json"), folder.read("out/model.json"));
    folder.run("verify out/model.manifest.json").done();
}

#[cfg(unix)]
#[test]
fn killed_and_resumed_it_finds_the_same() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    let folder = Folder::with_data();
    for strategy in ["random", "bayesian --batch-size 2", "hyperband --min-rounds 20"] {
        let search = SEARCH.replace("--num-round 6", "--num-round 200");
        let search = format!("{search} --strategy {strategy} --max-jobs 12");
        folder.run(&format!("{search} -q --output whole")).done();
        let mut child = folder
            .command(&format!("{search} --max-parallel-jobs 2 --output killed"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.take(5).filter(|line| line.as_ref().unwrap().starts_with("trial ")).count(), 5);
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        let journal = || folder.read("killed/tune.jsonl");
        let finished = journal().lines().count() - 1;
        assert!(finished >= 5 && !folder.path("killed/leaderboard.csv").exists());
        let refused = folder.run(&format!("{search} --output killed"));
        assert_eq!(refused.code, Some(2));
        assert!(refused.error().contains("give --resume to go on with it"), "{}", refused.stderr);

        let resumed = folder.run(&format!("{search} --resume --output killed")).done();
        let recalled = resumed.matches("from the journal").count();
        assert!(recalled == finished || recalled + 1 == finished, "{recalled} of {finished}");
        assert_eq!(leaderboard(&folder, "killed"), leaderboard(&folder, "whole"), "{strategy}");
        // No part of a trial was run twice.
        let part = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} {}", line["trial"], line["asked"])
        };
        let mut parts: Vec<String> = journal().lines().filter(|line| line.contains("\"trial\"")).map(part).collect();
        let count = parts.len();
        parts.sort();
        parts.dedup();
        assert_eq!(parts.len(), count);
        std::fs::remove_dir_all(folder.path("killed")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_how_to_go_on() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};

    let folder = Folder::with_data();
    let mut child = folder
        .command(&format!("{} --max-jobs 1000", SEARCH.replace("--num-round 6", "--num-round 3000")))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    std::io::copy(&mut lines, &mut std::io::sink()).unwrap();
    let code = child.wait().unwrap().code();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let error = "error: interrupted in the search: no results were written; the finished trials are kept in tuning/tune.jsonl; \
                 give --resume to go on";
    assert_eq!((code, stderr.lines().last()), (Some(130), Some(error)));
    assert_eq!(names(&folder.path("tuning")), ["tune.jsonl"]);
}

#[test]
fn a_missed_target_is_exit_code_1() {
    let folder = Folder::with_data();
    let ran = folder.run(&format!("{SEARCH} --max-jobs 3 --target 0.9999"));
    assert_eq!(ran.code, Some(1));
    let error = ran.error();
    assert!(error.starts_with("the target 0.9999 was missed: the best validation:auc is 0."), "{error}");
    assert!(error.ends_with("; give more --max-jobs and --resume, or other ranges"), "{error}");
    // The results are there all the same.
    assert!(folder.path("tuning/model.json").exists());
    let shown = folder.run(&format!("{SEARCH} --max-jobs 30 --target 0.6")).done();
    assert!(shown.contains("\nended    the target was reached: 1 trial\n"), "{shown}");
}

#[test]
fn a_failed_trial_is_told_and_the_others_go_on() {
    let folder = Folder::with_data();
    let fixed =
        "--train train.csv --validation valid.csv --objective binary:logistic --num-round 2 --colsample-bynode 0.5";
    let grid = "--strategy grid --range sampler=xgboost1,hash";
    let shown = folder.run(&format!("tune {fixed} {grid}")).done();
    assert!(shown.contains("trial 1  failed  sampler xgboost1 is not supported together with"), "{shown}");
    let board = leaderboard(&folder, "tuning");
    assert!(board[1].starts_with("2,completed,") && board[2] == "1,failed,,xgboost1,0", "{board:?}");
    let error = folder.json("tuning/leaderboard.json")[1]["error"].clone();
    assert!(error.as_str().unwrap().starts_with("sampler xgboost1 is not supported"));
    let ran = folder.run(&format!("tune {fixed} --strategy grid --range sampler=xgboost1 --output all"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("every trial failed, the first with: sampler xgboost1"), "{}", ran.stderr);
    assert_eq!(names(&folder.path("all")), ["leaderboard.csv", "leaderboard.json", "tune.jsonl"]);
}

#[test]
fn a_config_file_says_all_and_flags_win() {
    let folder = Folder::with_data();
    folder.write(
        "tune.toml",
        "strategy = \"grid\"\nobjective_metric = \"cv:logloss\"\nnfold = 4\nstratified = true\n\
         [params]\nobjective = \"binary:logistic\"\nnum_round = 3\n\
         [range]\nmax_depth = \"int:2..4\"\ntree_method = [\"hist\", \"exact\"]\n",
    );
    folder.run("tune -q --train train.csv --config tune.toml").done();
    let board = leaderboard(&folder, "tuning");
    assert_eq!(board[0], "trial,status,objective_value,max_depth,tree_method,cv_mean,cv_std,rounds");
    assert_eq!(board.len(), 7);
    let more = "--range max_depth=1,2 eta=0.1,0.2 --num-round 2 --nfold 2 --output out";
    folder.run(&format!("tune -q --train train.csv --config tune.toml {more}")).done();
    let board = leaderboard(&folder, "out");
    assert_eq!((board[0].contains("tree_method,max_depth,eta"), board.len()), (true, 9), "{board:?}");
    assert!(board[1].ends_with(",2"), "{board:?}");

    for (text, error) in [
        ("strategy = \"best\"\n", "bad.toml:1:12: not TOML: unknown variant `best`, expected one of"),
        ("\nmax_job = 3\n", "bad.toml:2:1: not TOML: unknown field `max_job`, expected one of"),
        ("max_jobs = 0\n", "bad.toml: max_jobs 0 is out of range; give at least 1"),
        ("[range]\nmax_dept = \"int:1..2\"\n", "bad.toml: unknown parameter \"max_dept\"; did you mean max_depth?"),
        ("[params]\neta = 2\n", "bad.toml: key \"eta\": eta 2 is out of range; give a value in [0, 1]"),
        ("minimize = true\nmaximize = true\n", "bad.toml: both minimize and maximize are asked for; give one"),
    ] {
        folder.write("bad.toml", text);
        let ran = folder.run("tune --train train.csv --config bad.toml");
        assert_eq!(ran.code, Some(2));
        assert!(ran.error().starts_with(error), "{}", ran.stderr);
    }
}

#[test]
fn folds_come_from_a_column_as_for_cv() {
    let folder = Folder::with_data();
    for name in ["train.csv", "valid.csv"] {
        let with_fold = |(row, line): (usize, &str)| match row {
            0 => format!("{line},part\n"),
            row => format!("{line},{}\n", row % 3),
        };
        let text: String = folder.read(name).lines().enumerate().map(with_fold).collect();
        folder.write(name, text);
    }
    let search = SEARCH.replace("--eval-metric auc", "--objective-metric cv:auc --folds part");
    folder.run(&format!("{search} -q --max-jobs 3")).done();
    let best = folder.json("tuning/leaderboard.json")[0].clone();
    assert_eq!(best["objective_value"], best["cv_mean"]);
    folder.run("cv -q --train train.csv --folds part --params tuning/best_params.toml").done();
    let table = folder.read("cv.csv");
    let mean: f64 = table.lines().last().unwrap().split(',').nth(2).unwrap().parse().unwrap();
    assert_eq!(Some(mean), best["cv_mean"].as_f64());
    folder.run("verify tuning/model.manifest.json").done();
}

#[test]
fn refusals() {
    let folder = Folder::with_data();
    let data = "tune --train train.csv --objective binary:logistic";
    let form = "write it like eta=0.01..0.3, eta=0.01..0.3:log, max_depth=int:6..9 or tree_method=hist,exact";
    for (arguments, error) in [
        (
            data.to_string(),
            "there is nothing to tune; give --range at least once, like --range eta=0.01..0.3:log".to_string(),
        ),
        (format!("{data} --range eta="), format!("range eta=: it has no values; {form}")),
        (
            format!("{data} --range eta=0.5..0.1"),
            "range eta=0.5..0.1: the low end is not below the high end; give the lower end first; a single value goes \
             without a range"
                .to_string(),
        ),
        (format!("{data} --range etta=0.1..0.2"), "unknown parameter \"etta\"; did you mean eta?".to_string()),
        (
            format!("{data} --range eta=0.1..0.2 --eta 0.1"),
            "eta has a fixed value and a range; give one of the two".to_string(),
        ),
        (
            format!("{data} --range eta=0.1..0.2 --nfold 500"),
            "nfold 500 is out of range: there are only 240 rows; give at most as many folds as there are rows"
                .to_string(),
        ),
        (
            format!("{data} --range eta=0.1..0.2 --objective-metric validation:auc"),
            "objective metric validation:auc needs a validation channel; give --validation, or cv:auc with --nfold"
                .to_string(),
        ),
        (
            format!("{data} --range eta=0.1..0.2 --objective-metric auc"),
            "objective metric \"auc\" does not say where it is measured; write it like validation:auc or cv:auc"
                .to_string(),
        ),
        (
            format!("{data} --range eta=0.1..0.2 --grid-points 4"),
            "--grid-points is given, but nothing uses it; leave it out, or give --strategy grid".to_string(),
        ),
        (
            format!("{data} --range eta=0.1..0.2 --journal tuning/model.json"),
            "tuning/model.json: the model (--output) and the journal (--journal) would be the same file; give another name with \
             --journal"
                .to_string(),
        ),
        (
            format!("{data} --range eta=0.1..0.2 --warm-start none.jsonl"),
            "none.jsonl: there is no journal; give a journal of gboost tune".to_string(),
        ),
        (
            format!("{data} --range eta=0.1..0.2 --config none.toml"),
            "none.toml: cannot read the config: No such file or directory (os error 2); give a TOML file".to_string(),
        ),
    ] {
        folder.refuses(&arguments, &error);
    }
    let ran = folder.run(&format!("{data} --range eta=0.1..0.2 --max-jobs 0"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("give a whole number, at least 1"), "{}", ran.stderr);
}
