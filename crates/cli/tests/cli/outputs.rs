//! Where results go: no output replaces an input or another output, one run at a time writes a
//! file, and modes, links and folders are kept.

use super::support::{BINARY, Folder, GBOOST, files};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A folder with data, a model with what belongs to it, and files of every kind that a command
/// reads.
fn full() -> Folder {
    let folder = Folder::with_model(2, "");
    for name in ["history.csv", "leaderboard.csv", "cv.csv"] {
        folder.write(&format!("data/{name}"), folder.read("train.csv"));
    }
    folder.write("params.toml", "num_round = 1\n");
    folder.write("metrics.toml", "num_round = 1\n");
    folder.write("tune.toml", "max_jobs = 1\n[range]\neta = \"0.1..0.2\"\n");
    let folds: String = (0..240).map(|row| format!("{}\n", row % 2)).collect();
    folder.write("folds.txt", folds);
    folder
}

/// The command is refused with exit code 2 before anything is read, with these words, and changes
/// no file.
fn refused(folder: &Folder, arguments: &str, words: &[&str]) {
    let before = files(&folder.path("."));
    let ran = folder.run(arguments);
    assert_eq!(ran.code, Some(2), "gboost {arguments}\n{}", ran.stderr);
    for word in words {
        assert!(ran.error().contains(word), "gboost {arguments}: {word} is not in: {}", ran.stderr);
    }
    assert!(files(&folder.path(".")) == before, "gboost {arguments} changed files");
}

#[test]
fn no_output_overwrites_an_input() {
    let folder = full();
    // A name that says another format is refused before; these say none.
    for (name, twin) in
        [("train.csv", "t"), ("valid.csv", "v"), ("folds.txt", "f"), ("params.toml", "p"), ("tune.toml", "c")]
    {
        fs::copy(folder.path(name), folder.path(twin)).unwrap();
    }
    for (name, twin) in [("history.csv", "h"), ("model.json", "m0")] {
        fs::copy(folder.path(name), folder.path(twin)).unwrap();
    }
    let t = "--train t --objective binary:logistic";
    let to_read = "--model model.json --data valid.csv";
    for (arguments, words) in [
        // Default names alone.
        ("train --train data/history.csv --output data".to_string(), ["(--output)", "--train data/history.csv"]),
        ("cv --train data/cv.csv --output data".to_string(), ["(--output)", "--train data/cv.csv"]),
        ("tune --train data/leaderboard.csv --output data".to_string(), ["(--output)", "--train data/leaderboard.csv"]),
        // train
        (format!("train {t} --model t"), ["(--model)", "--train t"]),
        (format!("train {t} --report ./t"), ["(--report)", "--train t"]),
        (format!("train {BINARY} --validation v --model v"), ["(--model)", "--validation v"]),
        (format!("train {BINARY} --test v --report data/../v"), ["(--report)", "--test v"]),
        (format!("train {BINARY} --validation train.csv v --model v"), ["(--model)", "--validation v"]),
        (format!("train {BINARY} --params p --model p"), ["(--model)", "--params p"]),
        (format!("train {BINARY} --continue-from m0 --report m0 --model m"), ["(--report)", "--continue-from m0"]),
        (
            format!("train {BINARY} --params metrics.json --model m.json"),
            ["the metrics (--output)", "--params metrics.json"],
        ),
        // cv
        (format!("cv {BINARY} --oof train.csv"), ["(--oof)", "--train train.csv"]),
        (format!("cv {BINARY} --folds folds.txt --oof folds.txt"), ["(--oof)", "--folds folds.txt"]),
        (format!("cv {BINARY} --params p --oof p"), ["(--oof)", "--params p"]),
        // tune
        (format!("tune {t} --journal t"), ["(--journal)", "--train t"]),
        (format!("tune {BINARY} --config c --journal c"), ["(--journal)", "--config c"]),
        (format!("tune {BINARY} --warm-start f --journal f"), ["(--journal)", "--warm-start f"]),
        (format!("tune {BINARY} --params model.json --output ."), ["the model (--output)", "--params model.json"]),
        // What reads a model.
        ("predict --model m0 --data valid.csv --output m0".to_string(), ["(--output)", "--model m0"]),
        (format!("predict {to_read} --output valid.csv"), ["(--output)", "--data valid.csv"]),
        (format!("predict {to_read} --output-type contribs --output valid.csv"), ["(--output)", "--data valid.csv"]),
        (format!("evaluate {to_read} --json model.manifest.json"), ["(--json)", "model.manifest.json"]),
        (format!("evaluate {to_read} --json model.json"), ["(--json)", "--model model.json"]),
        ("evaluate --model model.json --data v --json v".to_string(), ["(--json)", "--data v"]),
        ("report --model model.json --data v --output v".to_string(), ["(--output)", "--data v"]),
        (format!("report {to_read} --train t --json t"), ["(--json)", "--train t"]),
        (format!("report {to_read} --history h --notebook h"), ["(--notebook)", "--history h"]),
        (format!("report {to_read} --json metrics.json"), ["(--json)", "metrics.json"]),
        (format!("report {to_read} --json model.manifest.json"), ["(--json)", "model.manifest.json"]),
        ("explain --model m0 --data valid.csv --output m0".to_string(), ["(--output)", "--model m0"]),
        (format!("explain {to_read} --background t --html t"), ["(--html)", "--background t"]),
        ("explain --model model.json --data v --json v".to_string(), ["(--json)", "--data v"]),
        ("bias --model model.json --data v --facet age --output v".to_string(), ["(--output)", "--data v"]),
        (format!("bias {to_read} --facet age --json model.json"), ["(--json)", "--model model.json"]),
    ] {
        refused(&folder, &arguments, &[&words[..], &["would overwrite", "; give another"]].concat());
    }
}

#[test]
fn no_two_outputs_are_one_file() {
    let folder = full();
    let to_read = "--model model.json --data valid.csv";
    for (arguments, flags) in [
        (format!("train {BINARY} --model y --report y"), ["(--model)", "(--report)"]),
        (format!("train {BINARY} --model new/a --report new/../new/./a"), ["(--model)", "(--report)"]),
        (format!("train {BINARY} --model metrics.json"), ["(--model)", "(--output)"]),
        (format!("cv {BINARY} --oof cv.csv"), ["(--output)", "(--oof)"]),
        (format!("tune {BINARY} --journal tuning/leaderboard.json"), ["(--output)", "(--journal)"]),
        (format!("tune {BINARY} --journal tuning/model.json"), ["(--output)", "(--journal)"]),
        (format!("report {to_read} --output y --notebook y"), ["(--output)", "(--notebook)"]),
        (format!("explain {to_read} --html y --json ./y"), ["(--html)", "(--json)"]),
        (format!("explain {to_read} --output y --html y"), ["(--html)", "(--output)"]),
        (format!("bias {to_read} --facet age --output y --json y"), ["(--output)", "(--json)"]),
    ] {
        refused(&folder, &arguments, &[&flags[..], &["would be the same file; give another"]].concat());
    }
    // A device keeps nothing that could be lost.
    folder.run(&format!("explain {to_read} -q --html /dev/null --json /dev/null")).done();
}

#[test]
#[cfg(unix)]
fn a_file_is_known_by_all_its_names() {
    let folder = full();
    fs::hard_link(folder.path("train.csv"), folder.path("hard")).unwrap();
    std::os::unix::fs::symlink("train.csv", folder.path("soft")).unwrap();
    std::os::unix::fs::symlink("new", folder.path("dangling")).unwrap();
    std::os::unix::fs::symlink("data", folder.path("other")).unwrap();
    for name in ["hard", "soft"] {
        refused(&folder, &format!("train {BINARY} --model {name}"), &["(--model)", "--train train.csv"]);
    }
    for name in ["train.csv", "soft", "./hard", "data/../hard", "other/../hard"] {
        refused(&folder, &format!("train --train {name} --model hard"), &["(--model)", "--train"]);
    }
    refused(&folder, &format!("train {BINARY} --model new --report dangling"), &["would be the same file"]);
    refused(&folder, &format!("train {BINARY} --model other/m --report data/m"), &["would be the same file"]);
}

#[test]
fn a_folder_of_data_takes_no_file_that_would_be_read_as_data() {
    let folder = full();
    let error = "data/history.csv: the metrics' history (--output) would overwrite --train data/history.csv; give another folder";
    refused(&folder, "train --train data/history.csv --model data/model.json", &[error]);
    for arguments in [
        "train --train data --model data/model.json",
        "train --train data --model m.json --output data/",
        "train --train train.csv --validation data --output data/../data",
        "predict --model model.json --data data --output data/predictions.csv",
        "cv --train data --oof data/oof.csv",
        "explain --model model.json --data data --output ./data/shap.csv",
    ] {
        refused(
            &folder,
            arguments,
            &["would lie among the data of --", "and be read as data the next time; give another"],
        );
    }
    // What is not read as data may lie there.
    folder.run("train -q --train data --num-round 1 --model data/model.json --output out").done();
}

#[test]
fn a_model_may_be_continued_in_its_place() {
    let folder = Folder::with_model(2, "");
    let ran = folder.run(&format!("train {BINARY} --continue-from model.json --model model.json --num-round 3"));
    assert!(!ran.stderr.contains("replaces"), "{}", ran.stderr);
    ran.done();
    assert_eq!(folder.json("metrics.json")["rounds"], 5);
}

#[test]
fn names_that_the_file_system_does_not_take_are_refused_before_training() {
    let folder = Folder::with_data();
    // The model's name is short enough, the manifest's is not.
    let name = "m".repeat(245);
    for model in [format!("{name}.json"), format!("new/{name}.json"), format!("new/{}/m.json", "n".repeat(300))] {
        refused(
            &folder,
            &format!("train --train nowhere.csv --model {model}"),
            &["cannot write", "; give it a shorter name"],
        );
    }
    refused(
        &folder,
        &format!("train {BINARY} --model .gboost-x.json"),
        &["names that begin with .gboost- are gboost's own"],
    );
    // The longest that it does take.
    let report = format!("{}.html", "r".repeat(250));
    folder.run(&format!("train -q {BINARY} --num-round 1 --report {report}")).done();
    assert_eq!(
        folder.names(),
        ["history.csv", "metrics.json", "model.json", "model.manifest.json", &report, "train.csv", "valid.csv",]
    );
}

#[test]
fn what_is_made_and_what_is_replaced_is_told() {
    let folder = Folder::with_data();
    let ran = folder.run(&format!("train {BINARY} --num-round 1 --model a/b/model.json"));
    assert!(ran.stderr.contains("created the folder a\n") && !ran.stderr.contains("replaces"), "{}", ran.stderr);
    let sha256 = folder.json("a/b/metrics.json")["model_sha256"].as_str().unwrap().to_string();
    // The same model again is no news.
    let ran = folder.run(&format!("train {BINARY} --num-round 1 --model a/b/model.json"));
    assert!(!ran.stderr.contains("created") && !ran.stderr.contains("replaces"), "{}", ran.stderr);
    let ran = folder.run(&format!("train {BINARY} --num-round 2 --model a/b/model.json"));
    let told = format!("a/b/model.json replaces the model of an earlier run, whose sha256 was {sha256}\n");
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    // Folders of a run that fails are not left.
    let before = folder.names();
    assert_eq!(folder.run("train --train nowhere.csv --model new/er/model.json").code, Some(2));
    assert_eq!(folder.names(), before);
}

/// A training without end that holds its locks: it has shown a round.
fn endless(folder: &Folder, arguments: &str) -> Child {
    let mut child = folder
        .command(&format!("train {BINARY} --num-round 100000000 --log-every 1 {arguments}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    // Read on, so that it is not held up.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    child
}

#[test]
fn of_two_runs_that_write_one_file_the_second_is_refused() {
    let folder = Folder::with_model(1, "");
    folder.write("out/report.html", "an older report");
    let mut first = endless(&folder, "--model out/a.json --report out/report.html");
    let holder = format!("it is being written by process {}, `gboost train --train train.csv", first.id());
    for arguments in [
        format!("train {BINARY} --model out/a.json --output elsewhere"),
        format!("train {BINARY} --model b.json --output out"),
        "report --model model.json --data valid.csv --output out/report.html".to_string(),
        "predict --model model.json --data valid.csv --output out/history.csv".to_string(),
    ] {
        let ran = folder.run(&arguments);
        assert_eq!(ran.code, Some(2), "gboost {arguments}\n{}", ran.stderr);
        assert!(ran.error().contains(&holder) && ran.error().contains(", since 20"), "{}", ran.stderr);
    }
    assert!(!folder.path("elsewhere").exists());
    // Others write into the same folder meanwhile.
    folder.run("predict -q --model model.json --data valid.csv --output out/p.csv").done();
    // The lock goes with the process, whatever ends it, and the next run leaves nothing of it.
    first.kill().unwrap();
    first.wait().unwrap();
    folder.run(&format!("train -q {BINARY} --num-round 1 --model out/a.json")).done();
    assert_eq!(
        super::support::names(&folder.path("out")),
        ["a.json", "a.manifest.json", "history.csv", "metrics.json", "p.csv", "report.html",]
    );
}

#[test]
fn of_two_searches_on_one_journal_the_second_is_refused() {
    let folder = Folder::with_data();
    let search = format!("tune {BINARY} --num-round 2 --range eta=0.1..0.5 --max-jobs 1000000 --journal j.jsonl");
    let mut first =
        folder.command(&format!("{search} --output a")).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(first.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    let ran = folder.run(&format!("{search} --output b --resume"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.error().starts_with(&format!("j.jsonl: it is being written by process {}", first.id())),
        "{}",
        ran.stderr
    );
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
#[cfg(unix)]
fn modes_and_links_stay() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    let folder = Folder::with_model(1, "");
    fs::set_permissions(folder.path("model.json"), fs::Permissions::from_mode(0o640)).unwrap();
    folder.write("store/metrics.json", "old");
    fs::remove_file(folder.path("metrics.json")).unwrap();
    symlink("store/metrics.json", folder.path("metrics.json")).unwrap();
    fs::remove_file(folder.path("history.csv")).unwrap();
    symlink("store/new.csv", folder.path("history.csv")).unwrap();
    folder.run(&format!("train -q {BINARY} --num-round 2")).done();
    assert_eq!(fs::metadata(folder.path("model.json")).unwrap().mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(folder.path("model.json")).unwrap().nlink(), 1);
    for (link, file) in [("metrics.json", "store/metrics.json"), ("history.csv", "store/new.csv")] {
        assert!(fs::symlink_metadata(folder.path(link)).unwrap().is_symlink(), "{link}");
        assert!(folder.read(file).len() > 10, "{file}");
    }
    assert_eq!(super::support::names(&folder.path("store")), ["metrics.json", "new.csv"]);
}

#[test]
#[cfg(unix)]
fn a_pipe_or_a_file_as_standard_output_is_written_to() {
    let folder = Folder::with_model(1, "");
    let out = fs::File::create(folder.path("out.csv")).unwrap();
    let mut command = Command::new(GBOOST);
    let arguments = "predict -q --model model.json --data valid.csv --output /dev/stdout";
    let status = command.current_dir(folder.path(".")).args(arguments.split(' ')).stdout(out).status().unwrap();
    assert!(status.success());
    assert_eq!(folder.read("out.csv").lines().count(), 121);
}

#[test]
#[cfg(unix)]
fn what_only_bears_the_name_of_a_lock_is_neither_written_nor_waited_for() {
    use std::os::unix::fs::symlink;
    let folder = Folder::with_model(1, "");
    folder.write("precious", "precious");
    let lock = folder.path(".gboost-model.json.lock");
    let make_pipe = |path: &std::path::Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let plants: [(&str, &dyn Fn()); 6] = [
        ("a pipe", &|| make_pipe(&lock)),
        ("a link", &|| symlink("precious", &lock).unwrap()),
        ("a link to nothing", &|| symlink("nothing", &lock).unwrap()),
        ("a link to a device", &|| symlink("/dev/zero", &lock).unwrap()),
        ("a further name", &|| fs::hard_link(folder.path("precious"), &lock).unwrap()),
        ("a folder", &|| fs::create_dir(&lock).unwrap()),
    ];
    let limit = Duration::from_secs(20);
    let train: Vec<&str> = "train -q --train train.csv --num-round 1".split(' ').collect();
    for (what, plant) in plants {
        plant();
        let ran = folder.run_within(limit, &train);
        assert_eq!(ran.code, Some(2), "{what}: {}", ran.stderr);
        assert!(ran.error().contains(".gboost-model.json.lock: it is none of gboost's own files"), "{what}: {ran:?}");
        assert_eq!(folder.read("precious"), "precious", "{what}");
        assert!(fs::symlink_metadata(folder.path("nothing")).is_err(), "{what}");
        let _ = fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock));
    }
    // A record leads to a pipe in another folder, and a hidden file is another name of somebody's
    // file.
    fs::create_dir(folder.path("other")).unwrap();
    make_pipe(&folder.path("other/.gboost-abc.commit"));
    fs::hard_link(folder.path("precious"), folder.path(".gboost-abc.tmp")).unwrap();
    for (main, others) in [("null", r#"["other"]"#), (r#""other""#, "[]")] {
        let record = format!(r#"{{"gboost_commit":1,"set":"abc","main":{main},"others":{others},"files":[]}}"#);
        folder.write(".gboost-abc.commit", record);
        assert_eq!(folder.run_within(limit, &["verify", "model.manifest.json"]).code, Some(0), "{main} {others}");
        assert!(!folder.path(".gboost-abc.commit").exists(), "{main} {others}");
    }
    assert_eq!(folder.read(".gboost-abc.tmp"), "precious");
}
