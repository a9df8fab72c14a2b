//! Input that means harm: what it must not be able to do to a terminal, to the machine, or to other
//! people's files.

use super::support::{BINARY, Folder, GBOOST};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A name that moves the cursor, sets the window's title, turns the reading direction round and
/// forges a line.
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

/// A folder with a table whose second column has the hostile name, under a hostile file name, and a
/// model of it.
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
    folder.write("tune.toml", "strategy = \"grid\\u001b[2J\"\n");
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

/// Ends a command by SIGTERM after half a second; answers its exit code, its error and how long it
/// took to end.
#[cfg(unix)]
fn terminate(folder: &Folder, arguments: &str) -> (Option<i32>, String, Duration) {
    let mut child = folder.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "gboost {arguments} has ended by itself");
    let asked = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    // Waited for longer than is allowed, so that the failure says how long it took.
    while child.try_wait().unwrap().is_none() && asked.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = asked.elapsed();
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), took)
}

#[test]
#[cfg(unix)]
fn sigterm_ends_every_long_phase_within_a_second() {
    let folder = Folder::with_model(200, "--max-depth 8 --min-child-weight 0");
    let rows: String = (0..200_000).map(|row| format!("{},{}\n", 20 + row % 50, row % 60)).collect();
    folder.write("many.csv", format!("age,hours\n{rows}"));
    let long = "income,age,hours\n".to_string()
        + &(0..40_000).map(|row| format!("{},{}.{row},{}.{row}\n", row % 2, row % 97, row % 89)).collect::<String>();
    folder.write("long.csv", long);
    let tune = format!("tune -q {BINARY} --validation valid.csv --num-round 1 --threads 2");
    for arguments in [
        format!("{tune} --range eta=0.01..0.3 --max-jobs 1000000000 --output a"),
        format!("{tune} --range seed=int:0..1000000000 --strategy grid --max-jobs 1000000000 --output b"),
        format!("{tune} --range eta=0.01..0.3 --strategy bayesian --batch-size 10000 --max-jobs 1000000 --output c"),
        // A round that takes long.
        "train -q --train long.csv --objective multi:softprob --num-class 2000 --num-round 3 --threads 1 --max-depth 12"
            .to_string(),
        "explain -q --model model.json --data many.csv --no-label --output shap.csv --threads 1".to_string(),
        "predict -q --model model.json --data many.csv --no-label --output-type interactions --output i.csv --threads 1"
            .to_string(),
    ] {
        let (code, error, took) = terminate(&folder, &arguments);
        assert_eq!(code, Some(130), "gboost {arguments}: {error}");
        // A second, and another one for a busy machine.
        assert!(took < Duration::from_secs(2), "gboost {arguments} took {took:?}");
        assert!(error.contains("error: interrupted"), "gboost {arguments}: {error}");
    }
}

#[test]
fn numbers_of_trials_that_nobody_waits_for_are_refused() {
    let folder = Folder::with_data();
    let tune = format!("tune -q {BINARY} --validation valid.csv --range eta=0.1..0.2");
    for (more, error) in [
        ("--max-jobs 18446744073709551615", "a search of 18446744073709551615 trials; give at most 1000000000"),
        ("--max-parallel-jobs 100000", "100000 trials at a time, each of which needs a thread; give at most 4096"),
        (
            "--strategy bayesian --batch-size 18446744073709551615",
            "a batch of 18446744073709551615 trials, of which none learns from another; give at most 10000, or search at random",
        ),
        (
            "--strategy hyperband --num-round 1000000000 --min-rounds 1 --max-jobs 1000000000",
            "trials that are continued; give fewer --num-round, larger --min-rounds or fewer --max-jobs",
        ),
    ] {
        let ran = folder.run(&format!("{tune} {more}"));
        assert_eq!(ran.code, Some(2), "{more}: {}", ran.stderr);
        assert!(ran.error().ends_with(error), "{more}: {}", ran.stderr);
    }
}

#[test]
fn a_thousand_threads_are_no_more_work_than_a_few() {
    let folder = Folder::with_data();
    let train = ["train", "-q", "--train", "train.csv", "--objective", "binary:logistic", "--num-round", "20"];
    folder.run_within(Duration::from_secs(30), &train).done();
    let model = folder.read("model.json");
    for threads in ["1024", "4096"] {
        let ran = folder.run_within(Duration::from_secs(10), &[&train[..], &["--threads", threads]].concat());
        assert_eq!(ran.code, Some(0), "--threads {threads}: {ran:?}");
        assert_eq!(folder.read("model.json"), model);
    }
}

#[test]
fn a_torn_journal_can_be_resumed_and_replaced() {
    let folder = Folder::with_data();
    let tune =
        format!("tune -q {BINARY} --validation valid.csv --num-round 2 --range eta=0.1..0.5 --max-jobs 2 --output t");
    folder.run(&tune).done();
    let whole = folder.read("t/tune.jsonl");
    for torn in [&whole.as_bytes()[..1], &whole.as_bytes()[..12], &whole.as_bytes()[..40], &[0; 300], b""] {
        for more in ["", "--resume"] {
            folder.write("t/tune.jsonl", torn);
            folder.run(&format!("{tune} {more}")).done();
            assert_eq!(folder.read("t/tune.jsonl").lines().count(), whole.lines().count(), "{torn:?} {more}");
        }
    }
}

#[test]
#[cfg(unix)]
fn files_without_an_end_are_refused() {
    let folder = Folder::with_model(1, "");
    let tune = "tune --train train.csv --validation valid.csv --num-round 1 --max-jobs 1";
    for device in ["/dev/zero", "/dev/urandom"] {
        for command in [
            "inspect DEVICE".to_string(),
            "predict DEVICE valid.csv".to_string(),
            "evaluate DEVICE valid.csv".to_string(),
            "explain DEVICE valid.csv".to_string(),
            "bias DEVICE valid.csv --facet age".to_string(),
            "report DEVICE valid.csv".to_string(),
            "report model.json valid.csv --history DEVICE".to_string(),
            "explain model.json valid.csv --background DEVICE".to_string(),
            "train --train train.csv --continue-from DEVICE --model new.json".to_string(),
            "train --train train.csv --params DEVICE --model new.json".to_string(),
            "train --train DEVICE --model new.json".to_string(),
            "cv --train train.csv --params DEVICE".to_string(),
            "cv --train train.csv --folds DEVICE".to_string(),
            "verify DEVICE".to_string(),
            format!("{tune} --config DEVICE"),
            format!("{tune} --range eta=0.1..0.2 --warm-start DEVICE"),
        ] {
            let command = command.replace("DEVICE", device);
            let ran = folder.run_within(Duration::from_secs(20), &command.split(' ').collect::<Vec<_>>());
            assert_eq!(ran.code, Some(2), "gboost {command}: {}", ran.stderr);
            assert!(ran.error().contains(device), "gboost {command}: {}", ran.stderr);
        }
    }
}

#[test]
#[cfg(unix)]
fn pipes_are_read_once() {
    let folder = Folder::with_model(1, "");
    folder.write("params.json", r#"{"objective": "binary:logistic", "num_round": "2"}"#);
    folder.write("config.toml", "max_jobs = 1\n[range]\neta = \"0.1..0.2\"\n");
    let shell = |line: &str, input: &str| {
        let line = line.replace("gboost", GBOOST);
        let mut command = Command::new("timeout");
        command.args(["20", "bash", "-c", &line]).current_dir(folder.path("."));
        let output = command.stdin(std::fs::File::open(folder.path(input)).unwrap()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for line in [
        "gboost inspect <(cat model.json)",
        "gboost evaluate <(cat model.json) <(cat valid.csv)",
        "gboost report <(cat model.json) valid.csv --history <(cat history.csv) --output r.html",
        "gboost train <(cat train.csv) --params <(cat params.json) --continue-from <(cat model.json) --model new.json",
        "mkfifo p; cat params.json > p & gboost train train.csv --params p --model new.json",
        "gboost tune train.csv --validation valid.csv --config <(cat config.toml) --output t --journal /dev/null",
        "gboost tune train.csv --validation valid.csv --config config.toml --output t --journal >(cat > trials)",
        "cat train.csv | gboost train --train - --validation valid.csv --model new.json",
    ] {
        let (code, error) = shell(line, "train.csv");
        assert_eq!(code, Some(0), "{line}: {error}");
    }
    for line in [
        "gboost train --train - --validation - --model no.json",
        "cat train.csv | gboost train --train - --validation - --model no.json",
        "cat train.csv | gboost train --train - --validation /dev/stdin --model no.json",
        "cat train.csv | gboost train --train /dev/stdin --validation valid.csv --test /dev/stdin --model no.json",
        "cat model.json | gboost evaluate --model /dev/stdin --data -",
        "gboost predict model.json - - --output no.csv",
    ] {
        let (code, error) = shell(line, "train.csv");
        assert_eq!(code, Some(2), "{line}: {error}");
        // Before anything is read: no line stands before the error's.
        assert!(error.contains("it can be read once") && error.lines().count() == 1, "{line}: {error}");
    }
    // Nobody reads it.
    assert!(Command::new("mkfifo").arg(folder.path("nobody")).status().unwrap().success());
    let (code, error, took) = terminate(&folder, "predict model.json valid.csv --output nobody");
    assert_eq!(code, Some(130), "{error}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}
