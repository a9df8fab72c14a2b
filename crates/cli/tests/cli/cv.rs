//! `gboost cv`: folds, table, files, and what it refuses.

use super::support::{BINARY, Folder, rows};

const CV: &str = "cv --train train.csv --objective binary:logistic --num-round 4";

/// The cells of a table by column.
fn column(table: &str, name: &str) -> Vec<f64> {
    let at = table.lines().next().unwrap().split(',').position(|column| column == name).unwrap();
    table.lines().skip(1).map(|line| line.split(',').nth(at).unwrap().parse().unwrap()).collect()
}

/// `train.csv` with a fold, a group of text and a feature that gives the label away, all beside the
/// features.
fn with_columns() -> Folder {
    let folder = Folder::new();
    let mut text = "income,age,fold,hours,who\n".to_string();
    for (row, (label, age, hours)) in rows(0, 240).into_iter().enumerate() {
        let hours = hours.map(|hours| hours.to_string()).unwrap_or_default();
        text += &format!("{label},{age},{},{hours},person {}\n", row % 3 + 5, row % 17);
    }
    folder.write("train.csv", text);
    let plain: String = folder
        .read("train.csv")
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{}\n", cells[0], cells[1], cells[3])
        })
        .collect();
    folder.write("plain.csv", plain);
    folder
}

#[test]
fn lines_table_and_files_in_xgboosts_form() {
    let folder = Folder::with_data();
    let text = folder.run(&format!("{CV} --eval-metric auc,logloss --output out --oof held.csv")).done();
    let lines: Vec<&str> = text.lines().take_while(|line| line.starts_with('[')).collect();
    assert_eq!(lines.len(), 4);
    let parts: Vec<&str> = lines[3].split('\t').collect();
    assert_eq!(parts[0], "[3]");
    for (part, name) in parts[1..].iter().zip(["train-auc:", "train-logloss:", "test-auc:", "test-logloss:"]) {
        let (mean, sd) = part.strip_prefix(name).unwrap().split_once('+').unwrap();
        assert_eq!((mean.len(), sd.len()), (7, 7), "{part}");
    }
    for part in ["train mean", "test mean", "folds    3 of 80 rows", "rounds   4 rounds", "table    out/cv.csv"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_eq!(super::support::names(&folder.path("out")), ["cv.csv", "cv.manifest.json"]);
    let table = folder.read("out/cv.csv");
    assert!(
        table.starts_with(
            "train-auc-mean,train-auc-std,train-logloss-mean,train-logloss-std,test-auc-mean,test-auc-std,test-logloss-mean,\
             test-logloss-std\n"
        ),
        "{table}"
    );
    assert_eq!(table.lines().count(), 5);
    let shown: f64 = parts[3].strip_prefix("test-auc:").unwrap().split_once('+').unwrap().0.parse().unwrap();
    assert!((shown - column(&table, "test-auc-mean")[3]).abs() <= 5.1e-6);

    let held = folder.read("held.csv");
    assert!(held.starts_with("fold,probability\n"), "{held}");
    assert_eq!(held.lines().count(), 241);
    assert!(column(&held, "probability").iter().all(|&p| p > 0.0 && p < 1.0));
    let manifest = folder.json("out/cv.manifest.json");
    assert_eq!((&manifest["command"], &manifest["rounds"]), (&"cv".into(), &4.into()));
    assert_eq!(manifest["metrics"]["test"]["auc"]["mean"], column(&table, "test-auc-mean")[3]);
    assert_eq!(manifest["data"]["train"]["files"][0]["path"], "../train.csv");
}

#[test]
fn without_data_the_built_in_census() {
    let folder = Folder::new();
    let ran = folder.run("cv --num-round 2 -q");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert_eq!(folder.names(), ["cv.csv", "cv.manifest.json"]);
    let manifest = folder.json("cv.manifest.json");
    assert_eq!((&manifest["data"]["built_in"], &manifest["data"]["train"]["rows"]), (&true.into(), &34_189.into()));
    assert_eq!(manifest["parameters"]["gamma"], 4.0);
    folder.refuses(
        "cv --folds fold",
        "--folds fold: there is no such file; give a file of fold numbers; the built-in data has no column of them",
    );
    folder.refuses(
        "cv --group-column who",
        "--group-column who: the built-in data has no groups; leave it out, or give --train",
    );
}

#[test]
fn the_same_table_for_any_number_of_threads_and_another_for_another_seed() {
    let folder = Folder::with_data();
    let mut first = None;
    for threads in [1, 2, 5] {
        folder.run(&format!("{CV} --subsample 0.7 --threads {threads} --oof held.csv -q")).done();
        let results = (folder.read("cv.csv"), folder.read("held.csv"));
        assert_eq!(first.get_or_insert_with(|| results.clone()), &results, "{threads} threads");
    }
    for other in ["--shuffle-seed 1", "--nfold 4", "--stratified", "--seed 1"] {
        folder.run(&format!("{CV} --subsample 0.7 -q {other}")).done();
        assert_ne!(folder.read("cv.csv"), first.as_ref().unwrap().0, "{other}");
    }
}

#[test]
fn folds_from_a_column_or_a_file_are_no_feature() {
    let folder = with_columns();
    folder.run(&format!("{CV} --folds fold --ignore-column who --oof a.csv -q")).done();
    let by_column = (folder.read("cv.csv"), folder.read("a.csv"));
    // Columns by number.
    folder.run(&format!("{CV} --header yes --folds 2 --ignore-column 4 --oof a.csv -q")).done();
    assert_eq!((folder.read("cv.csv"), folder.read("a.csv")), by_column);
    // The file has the same folds for the data without the columns.
    let numbers: String = (0..240).map(|row| format!("{}\n", row % 3 + 5)).collect();
    folder.write("folds.txt", format!("fold\n{numbers}"));
    let plain = CV.replace("train.csv", "plain.csv");
    let ran = folder.run(&format!("{plain} --folds folds.txt --oof a.csv"));
    assert!(ran.stderr.contains("folds: from the file folds.txt"), "{}", ran.stderr);
    assert!(ran.done().contains("folds    3 of 80 rows"));
    assert_eq!((folder.read("cv.csv"), folder.read("a.csv")), by_column);
    assert_eq!(column(&by_column.1, "fold")[..4], [5.0, 6.0, 7.0, 5.0]);
    assert_eq!(folder.json("cv.manifest.json")["folds"]["file"]["path"], "folds.txt");
}

#[test]
fn held_out_predictions_are_those_of_a_model_without_the_rows() {
    let folder = with_columns();
    folder.run(&format!("{CV} --folds fold --ignore-column who --oof held.csv -q")).done();
    let all: Vec<String> = folder.read("plain.csv").lines().map(str::to_string).collect();
    let part = |held: bool| -> String {
        let rows = all.iter().skip(1).enumerate().filter(|(row, _)| (row % 3 == 1) == held).map(|(_, line)| line);
        std::iter::once(&all[0]).chain(rows).map(|line| format!("{line}\n")).collect()
    };
    folder.write("others.csv", part(false));
    folder.write("fold.csv", part(true));
    folder.run("train -q --train others.csv --objective binary:logistic --num-round 4").done();
    folder.run("predict -q --model model.json --data fold.csv --output alone.csv").done();
    let held = column(&folder.read("held.csv"), "probability");
    let of_fold: Vec<f64> = held.iter().enumerate().filter(|(row, _)| row % 3 == 1).map(|(_, &p)| p).collect();
    assert_eq!(of_fold, column(&folder.read("alone.csv"), "probability"));
}

#[test]
fn groups_of_text_stay_together() {
    let folder = with_columns();
    for more in ["", "--stratified"] {
        folder.run(&format!("{CV} --group-column who --ignore-column fold --oof held.csv -q {more}")).done();
        let folds = column(&folder.read("held.csv"), "fold");
        for person in 0..17 {
            let mut of_person: Vec<f64> = folds.iter().skip(person).step_by(17).copied().collect();
            of_person.dedup();
            assert_eq!(of_person.len(), 1, "person {person} {more}");
        }
        let mut sizes = [0; 3];
        folds.iter().for_each(|&fold| sizes[fold as usize] += 1);
        assert!(sizes.iter().all(|size| (65..=95).contains(size)), "{sizes:?} {more}");
    }
}

#[test]
fn early_stopping_cuts_the_table_at_the_best_round() {
    let folder = Folder::with_data();
    let cv = format!("cv {BINARY} --eta 1 --max-depth 8 --min-child-weight 0 --num-round 60");
    folder.run(&format!("{cv} -q")).done();
    let all = folder.read("cv.csv");
    let text = folder.run(&format!("{cv} --early-stopping-rounds 3")).done();
    let cut = folder.read("cv.csv");
    assert!(all.starts_with(&cut) && all.len() > cut.len(), "{cut}");
    let losses = column(&all, "test-logloss-mean");
    let best = cut.lines().count() - 2;
    assert!(losses[..best].iter().chain(&losses[best + 1..best + 4]).all(|&loss| loss > losses[best]));
    assert!(text.contains("up to the best; stopped early"), "{text}");
    // The rounds after the best one were shown, as xgboost.cv shows them.
    assert_eq!(text.lines().filter(|line| line.starts_with('[')).count(), best + 4);
}

#[test]
fn one_class_in_a_fold_is_told() {
    let folder = Folder::new();
    let text: String = (0..60).map(|row| format!("{},{}\n", row % 3 % 2, (row * 7) % 11)).collect();
    folder.write("train.csv", format!("label,age\n{text}"));
    folder.write("folds.txt", (0..60).map(|row| format!("{}\n", u32::from(row % 3 == 0))).collect::<String>());
    let ran = folder.run(&format!("{CV} --folds folds.txt --eval-metric auc"));
    // --stratified is refused beside --folds.
    let warning = "warning: held-out rows of fold 1: all rows have label 0: auc is not a number (NaN) there, and so is the mean over \
                   the folds; give folds that all have rows of every label";
    assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    ran.done();
    assert!(column(&folder.read("cv.csv"), "test-auc-mean").iter().all(|mean| mean.is_nan()));
}

#[test]
fn what_is_refused() {
    let folder = with_columns();
    folder.write("short.txt", "0\n1\n0\n");
    folder.write("bad.txt", "0\n1\nx\n");
    folder.write("one.txt", "1\n".repeat(240));
    let cv = "cv --train plain.csv --objective binary:logistic";
    for (arguments, error) in [
        (
            format!("{cv} --nfold 241"),
            "nfold 241 is out of range: there are only 240 rows; give at most as many folds as there are rows",
        ),
        (format!("{cv} --nfold 1"), "nfold 1 is out of range; give at least 2"),
        (
            format!("{CV} --ignore-column fold --group-column who --nfold 18"),
            "nfold 18 is out of range: there are only 17 groups; give at most as many folds as there are groups",
        ),
        (
            format!("{cv} --folds short.txt"),
            "short.txt: there are 3 fold numbers, but the train data has 240 rows; give one number a row",
        ),
        (
            format!("{cv} --folds bad.txt"),
            "bad.txt:3: the fold number `x` is not a whole number from 0 on; number the folds 0, 1, 2, ...",
        ),
        (
            format!("{cv} --folds one.txt"),
            "one.txt: all rows have the fold number 1; give at least two different numbers",
        ),
        (
            format!("{cv} --folds nowhere.txt"),
            "nowhere.txt: --folds: there is no such file; give a file of fold numbers, or the name or number of a column",
        ),
        (
            format!("{CV} --ignore-column fold --folds who"),
            "train.csv:2:5: the fold number `person 0` is not a whole number from 0 on; number the folds 0, 1, 2, ...",
        ),
        (
            format!("{CV} --ignore-column who --folds folt"),
            "train.csv:1: --folds folt: the file has no column `folt`; did you mean fold?",
        ),
        (
            format!("{CV} --ignore-column who --group-column 9"),
            "train.csv:1: --group-column 9: the file has columns 0 to 4; give one of these",
        ),
        (
            format!("{CV} --label income --folds income"),
            "--label and --folds name the same column, income; give them different columns",
        ),
        (
            "cv --train plain.csv --stratified".to_string(),
            "--stratified needs classes, but reg:squarederror has none; leave --stratified out, or choose a classification \
             objective",
        ),
        (
            format!("{cv} --oof cv.csv"),
            "cv.csv: the table (--output) and the out-of-fold predictions (--oof) would be the same file; give another name \
             with --oof",
        ),
    ] {
        folder.refuses(&arguments, error);
    }
    // Usage: clap refuses what does not go together.
    for arguments in ["--folds fold --nfold 3", "--folds fold --stratified", "--folds fold --group-column who"] {
        let ran = folder.run(&format!("{CV} {arguments}"));
        assert_eq!((ran.code, ran.stderr.contains("cannot be used with")), (Some(2), true), "{}", ran.stderr);
    }
    folder.write("gap.csv", "label,age,who\n1,3,ann\n0,2,\n1,4,bob\n");
    folder.refuses(
        "cv --train gap.csv --objective binary:logistic --group-column who --nfold 2",
        "gap.csv:3:3: the group is missing; fill it in, or remove the row",
    );
    folder.write("data.libsvm", "1 0:2 1:3\n0 0:1\n1 0:4\n");
    let ran = folder.run("cv --train data.libsvm --folds fold");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

#[test]
#[cfg(unix)]
fn ctrl_c_leaves_no_file() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    let folder = Folder::with_data();
    let mut child = folder
        .command(&format!("cv {BINARY} --num-round 100000000 --oof held.csv"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    std::io::copy(&mut lines, &mut std::io::sink()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(folder.names(), ["train.csv", "valid.csv"]);
}

#[test]
fn several_classes_and_several_files() {
    let folder = Folder::new();
    let text: String = (0..120).map(|row| format!("{},{},{}\n", row % 3, row % 3 * 2 + row % 2, row % 7)).collect();
    let (first, second) = text.split_at(text.match_indices('\n').nth(49).unwrap().0 + 1);
    folder.write("parts/a.csv", first);
    folder.write("parts/b.csv", second);
    folder.write("whole.csv", &text);
    let cv = "--objective multi:softprob --num-class 3 --num-round 3 --stratified --oof held.csv -q";
    folder.run(&format!("cv --train parts {cv}")).done();
    let parts = (folder.read("cv.csv"), folder.read("held.csv"));
    folder.run(&format!("cv --train whole.csv {cv}")).done();
    assert_eq!((folder.read("cv.csv"), folder.read("held.csv")), parts);
    assert!(parts.1.starts_with("fold,probability_0,probability_1,probability_2\n"));
    assert!(parts.0.starts_with("train-mlogloss-mean,train-mlogloss-std,test-mlogloss-mean,test-mlogloss-std\n"));
}
