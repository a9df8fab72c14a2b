//! Data means the same in every command: libsvm indices are those of the training, and values of
//! facets, groups and folds are what the file says, to the last digit.

use super::support::{Folder, piped};
use serde_json::Value;

/// Two features that decide the label, and one that is there in some rows alone.
const ZERO_BASED: &str = "1 0:5 1:9\n0 0:5 1:1\n1 1:9 2:1\n0 1:1 2:9\n";
/// Rows without index 0.
const SPARSE: &str = "1 1:9 2:1\n0 1:1 2:9\n";
/// The same data counted from 1.
const ONE_BASED: &str = "1 1:5 2:9\n0 1:5 2:1\n1 2:9 3:1\n0 2:1 3:9\n";
const TRAIN: &str = "--objective binary:logistic --num-round 5 --min-child-weight 0 --eval-metric error";

fn libsvm_folder() -> Folder {
    let folder = Folder::new();
    folder.write("zero.libsvm", ZERO_BASED);
    folder.write("sparse.libsvm", SPARSE);
    folder.write("one.libsvm", ONE_BASED);
    folder.run(&format!("train -q --train zero.libsvm {TRAIN} --model zero.json")).done();
    folder.run(&format!("train -q --train one.libsvm {TRAIN} --model one.json")).done();
    folder
}

fn accuracy(folder: &Folder, arguments: &str) -> f64 {
    let text = folder.run(&format!("evaluate {arguments} --json -")).done();
    serde_json::from_str::<Value>(&text).unwrap()["accuracy"].as_f64().unwrap()
}

fn without_attributes(folder: &Folder, from: &str, to: &str) {
    let mut model = folder.json(from);
    model["learner"]["attributes"] = serde_json::json!({});
    folder.write(to, model.to_string());
}

#[test]
fn a_model_keeps_the_index_base_of_its_libsvm_data() {
    let folder = libsvm_folder();
    let base = |name: &str| folder.json(name)["learner"]["attributes"]["gboost_index_base"].clone();
    assert_eq!((base("zero.json"), base("one.json")), ("0".into(), "1".into()));
    assert_eq!(accuracy(&folder, "--model zero.json --data sparse.libsvm"), 1.0);
    assert_eq!(accuracy(&folder, "--model one.json --data one.libsvm"), 1.0);
    // Every command that applies a model: the same figures as of dense rows.
    folder.write("sparse.csv", "1,,9,1\n0,,1,9\n");
    let predict = |data: &str| folder.run(&format!("predict -q --model zero.json --data {data}")).done();
    assert_eq!(predict("sparse.libsvm"), predict("sparse.csv"));
    let explain = |data: &str| {
        folder.run(&format!("explain -q --model zero.json --data {data} --output shap.csv")).done();
        folder.read("shap.csv")
    };
    assert_eq!(explain("sparse.libsvm"), explain("sparse.csv"));
    folder.run("report -q --model zero.json --data sparse.libsvm --output r.html --json r.json").done();
    folder.run("report -q --model zero.json --data sparse.csv --output s.html --json s.json").done();
    assert_eq!(folder.json("r.json")["figures"], folder.json("s.json")["figures"]);
    let bias = |data: &str| folder.run(&format!("bias --model zero.json --data {data} --facet f1>5")).done();
    assert_eq!(bias("sparse.libsvm"), bias("sparse.csv"));
    // One base for all files of a channel, and for all channels, wherever the index 0 is.
    folder
        .run(&format!("train -q --train sparse.libsvm zero.libsvm {TRAIN} --validation sparse.libsvm --model m.json"))
        .done();
    assert_eq!(base("m.json"), "0");
    assert_eq!(folder.json("metrics.json")["validation"]["accuracy"], 1.0);
    // A model of other data has none.
    folder.run(&format!("train -q --train sparse.csv {TRAIN} --model csv.json")).done();
    assert_eq!(base("csv.json"), Value::Null);
    // Cross-validation writes no model; tune's best one has it.
    let tune = "tune -q --train zero.libsvm --nfold 2 --max-jobs 2 --range eta=0.1..0.5 --objective binary:logistic --num-round 2 --output t";
    folder.run(tune).done();
    assert_eq!(base("t/model.json"), "0");
}

#[test]
fn what_goes_against_the_index_base_is_told() {
    let folder = libsvm_folder();
    let ran = folder.run("evaluate --model zero.json --data sparse.libsvm --index-base 1");
    let warning = "warning: --index-base 1 is given, but the model was trained on indices that count from 0";
    assert_eq!((ran.code, ran.stderr.matches(warning).count()), (Some(0), 1), "{}", ran.stderr);
    let ran = folder.run("evaluate --model zero.json --data sparse.libsvm --index-base 0");
    assert!(ran.code == Some(0) && !ran.stderr.contains("warning"), "{}", ran.stderr);
    folder.refuses(
        &format!("train -q --train sparse.libsvm {TRAIN} --continue-from zero.json --model m.json --index-base 1"),
        "the libsvm indices of the data count from 1, those of the model from 0; read the data with --index-base 0",
    );
    folder.refuses(
        "evaluate --model one.json --data zero.libsvm",
        "zero.libsvm:1:2: `0:5` has an index below 1, where the indices begin; number the features as in the training data, or train \
         with --index-base 0 if indices count from 0",
    );
    let ran = folder.run(&format!("train --train one.libsvm {TRAIN} --model m.json"));
    assert!(ran.stderr.contains("(there is no index 0); give --index-base 0 if they count from 0"), "{}", ran.stderr);

    // Continued and verified with the model's base, though the data alone would say another.
    let more = format!("train -q --train sparse.libsvm {TRAIN} --continue-from zero.json --model more.json");
    folder.run(&more).done();
    assert_eq!(accuracy(&folder, "--model more.json --data sparse.libsvm"), 1.0);
    assert_eq!(folder.json("more.json")["learner"]["attributes"]["gboost_index_base"], "0");
    folder.run("verify more.manifest.json").done();
}

/// XGBoost counts from 0, and its models say nothing.
#[test]
fn models_without_an_index_base_count_from_0() {
    let folder = libsvm_folder();
    without_attributes(&folder, "zero.json", "zero-x.json");
    without_attributes(&folder, "one.json", "one-x.json");
    assert_eq!(accuracy(&folder, "--model zero-x.json --data sparse.libsvm"), 1.0);
    assert_eq!(accuracy(&folder, "--model one-x.json --data one.libsvm --index-base 1"), 1.0);
    let ran = folder.run("explain --model zero-x.json --data sparse.libsvm --background sparse.libsvm");
    let note = "the model does not say from where libsvm indices count: they count from 0, as in XGBoost; give --index-base 1 if they \
                count from 1";
    assert_eq!((ran.code, ran.stderr.matches(note).count()), (Some(0), 1), "{}", ran.stderr);
    let ran = folder.run("evaluate --model zero-x.json --data sparse.libsvm --index-base 0");
    assert!(ran.code == Some(0) && !ran.stderr.contains(note), "{}", ran.stderr);
    // What is trained on from such a model says it again.
    for (model, data, base) in [("zero-x.json", "sparse.libsvm", "0"), ("one-x.json", "one.libsvm --index-base 1", "1")]
    {
        folder.run(&format!("train -q --train {data} {TRAIN} --continue-from {model} --model m.json")).done();
        assert_eq!(folder.json("m.json")["learner"]["attributes"]["gboost_index_base"], base);
    }
    let mut damaged = folder.json("zero.json");
    damaged["learner"]["attributes"]["gboost_index_base"] = "7".into();
    folder.write("damaged.json", damaged.to_string());
    let error = folder.run("predict --model damaged.json --data sparse.libsvm");
    assert_eq!(error.code, Some(2));
    assert!(
        error.stderr.contains("holds \"7\" under \"gboost_index_base\", neither \"0\" nor \"1\""),
        "{}",
        error.stderr
    );
}

/// Dates that binary32 takes for one another.
const DATES: &str = "y,date,x\n1,20240114,1\n0,20240115,2\n1,20240116,3\n0,20240117,4\n";
const TRAIN_ONE: &str = "--objective binary:logistic --num-round 1 --min-child-weight 0";

/// The lines about facets: `date=20240115: 1 row`.
fn facets(folder: &Folder, arguments: &str) -> Vec<String> {
    let text = folder.run(&format!("bias {arguments}")).done();
    let lines = text.lines().filter_map(|line| line.strip_prefix("facet "));
    lines.map(|line| line.split(", ").next().unwrap().to_string()).collect()
}

#[test]
fn facets_are_compared_to_the_last_digit() {
    let folder = Folder::new();
    folder.write("dates.csv", DATES);
    folder.run(&format!("train -q --train dates.csv --ignore-column date {TRAIN_ONE}")).done();
    let bias = |more: &str| facets(&folder, &format!("--model model.json {more}"));
    assert_eq!(bias("--data dates.csv --facet date=20240115"), ["date=20240115: 1 row"]);
    // However the column is named, and whether it is left out anyway.
    let dates = "--data dates.csv --ignore-column date";
    assert_eq!(
        bias(&format!("{dates} --facet date 1=20240117 date>20240115 date<=20240115.0 date!=2.0240115e7 --group date")),
        [
            "date=20240114: 1 row",
            "date=20240115: 1 row",
            "date=20240116: 1 row",
            "date=20240117: 1 row",
            "column 1=20240117: 1 row",
            "date>20240115: 2 rows",
            "date<=20240115.0: 2 rows",
            "date!=2.0240115e7: 3 rows",
        ]
    );
    folder
        .run(&format!("bias -q --model model.json {dates} --facet date=20240115 --json a.json --output a.html"))
        .done();
    let facet = folder.json("a.json")["pre_training_bias_metrics"]["facets"]["date"][0]["value_or_threshold"].clone();
    assert_eq!(facet, "20240115");
    assert!(folder.read("a.html").contains("date = 20240115"));
    let values = "the values are 20240114, 20240115, 20240116, 20240117";
    for (facet, reason) in [("20240118", "has no rows"), ("20240115,7", "asks for 7, which no row has")] {
        folder.refuses(
            &format!("bias -q --model model.json {dates} --facet date={facet}"),
            &format!(
                "--facet date={facet}: the facet `date` {facet} {reason}; choose another value or bound: {values}"
            ),
        );
    }

    // Several files and spellings, packed or in a folder.
    folder.write("dir/a.csv", DATES);
    folder.write("dir/b.csv", "y,date,x\n1,20240114.0,1\n0,020240115,2\n1,,3\n");
    let both = "dir/a.csv dir/b.csv";
    for data in [both, "dir"] {
        assert_eq!(
            bias(&format!("--data {data} --facet date=20240115 date!=20240115")),
            ["date=20240115: 2 rows", "date!=20240115: 4 rows"]
        );
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, DATES.as_bytes()).unwrap();
    folder.write("dates.csv.gz", packed.finish().unwrap());
    assert_eq!(bias("--data dates.csv.gz --facet date=20240115"), ["date=20240115: 1 row"]);

    // A single text makes texts of all values: 1 and 1.0 are two.
    folder.write("texts.csv", "y,sex,x\n1,Male,1\n0,1,2\n1, Male ,3\n0,,4\n1,1.0,4\n");
    assert_eq!(
        bias("--data texts.csv --facet sex=Male sex sex!=Male,1"),
        ["sex=Male: 2 rows", "sex=1: 1 row", "sex=1.0: 1 row", "sex=Male: 2 rows", "sex!=Male,1: 1 row"]
    );
    folder.refuses(
        "bias -q --model model.json --data texts.csv --facet sex>0",
        "--facet sex>0: the facet `sex` >0 asks for larger or smaller numbers, but \"Male\" is none; choose another value or bound: the \
         values are 1, 1.0, Male",
    );
}

/// Columns of text have numbers, too, and may be in a file without a header.
#[test]
fn facets_of_text_by_number() {
    let folder = Folder::new();
    folder.write("plain.csv", "1,Male,1\n0,Female,2\n1,Male,3\n0,,4\n");
    folder.write("named.csv", "y,sex,x\n1,Male,1\n0,Female,2\n1,Male,3\n0,,4\n");
    folder.write("x.csv", "1,1\n0,2\n1,3\n0,4\n");
    folder.run(&format!("train -q --train x.csv {TRAIN_ONE}")).done();
    for data in ["plain.csv --ignore-column 1", "named.csv --ignore-column 1", "named.csv --ignore-column sex"] {
        let found = facets(&folder, &format!("--model model.json --data {data} --facet 1=Male 1!=Male --group 1"));
        assert_eq!(found, ["column 1=Male: 2 rows", "column 1!=Male: 1 row"], "{data}");
    }
}

/// A column that numbers the rows is no label, but rows may be told apart by it.
#[test]
fn facets_of_an_index_column() {
    let folder = Folder::new();
    folder.write("t.csv", ",y,a\n0,1,5\n1,0,6\n2,1,2\n3,0,2\n");
    folder.run(&format!("train -q --train t.csv --label y --ignore-column 0 {TRAIN_ONE}")).done();
    for column in ["0", "column_0"] {
        let found = facets(
            &folder,
            &format!("--model model.json --data t.csv --label y --ignore-column 0 --facet {column}<2 --group {column}"),
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("<2: 2 rows"), "{found:?}");
    }
}

/// Values with signs of operators and lists, as the census data has them, stand in double quotes,
/// in what is asked and in what is told.
#[test]
fn facets_whose_values_look_like_conditions() {
    let folder = Folder::new();
    folder.write("d.csv", "y,pay,x\n1,<=50K,1\n0,>50K,2\n1,\"a, b\",3\n0,\"5\"\" disk\",4\n1,=,5\n0,<=50K,6\n");
    folder.run(&format!("train -q --train d.csv --ignore-column pay {TRAIN_ONE}")).done();
    let ask = |facet: &str| {
        let mut command = folder.command("bias --model model.json --data d.csv --facet");
        let output = command.arg(facet).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let rows: Vec<String> =
            told.lines().filter_map(|line| line.strip_prefix("facet ")).map(str::to_owned).collect();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        rows
    };
    for (facet, told) in [
        ("pay=\"<=50K\"", "pay=\"<=50K\": 2 rows"),
        ("pay == \"<=50K\" , \">50K\"", "pay=\"<=50K\",\">50K\": 3 rows"),
        ("pay!=\"<=50K\"", "pay!=\"<=50K\": 4 rows"),
        ("pay=\"a, b\"", "pay=\"a, b\": 1 row"),
        ("pay=\"5\"\" disk\"", "pay=\"5\"\" disk\": 1 row"),
        ("pay=\"=\"", "pay=\"=\": 1 row"),
    ] {
        let found = ask(facet);
        assert!(found.len() == 1 && found[0].starts_with(told), "{facet}: {found:?}");
    }
    let each: Vec<String> = ask("pay").iter().map(|line| line.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(each, ["pay=\"5\"\" disk\"", "pay=\"<=50K\"", "pay=\"=\"", "pay=\">50K\"", "pay=\"a, b\""]);
}

/// A facet that is a feature: the model sees it in binary32, the facet does not.
#[test]
fn facets_of_features_are_exact_too() {
    let folder = Folder::new();
    folder.write("named.csv", DATES);
    folder.write("plain.csv", DATES.split_once('\n').unwrap().1);
    folder.write("middle.csv", "20240114,1,1\n20240115,0,2\n20240116,1,3\n20240117,0,4\n");
    folder.write("data.libsvm", "1 0:20240114 1:1\n0 0:20240115 1:2\n1 1:3 0:20240116\n0 0:20240117 # 0:20240115\n");
    for (train, data, facet, group) in [
        ("named.csv", "named.csv --label y", "date", "x"),
        ("plain.csv", "plain.csv", "f0", "f1"),
        ("plain.csv", "middle.csv --label 1", "f0", "0"),
        ("data.libsvm", "data.libsvm", "f0", "f1"),
    ] {
        folder.run(&format!("train -q --train {train} {TRAIN_ONE}")).done();
        let found = facets(
            &folder,
            &format!("--model model.json --data {data} --facet {facet}=20240115 {facet}>20240115 --group {group}"),
        );
        assert_eq!(found, [format!("{facet}=20240115: 1 row"), format!("{facet}>20240115: 2 rows")], "{data}");
    }
}

/// What comes from a pipe is compared as exactly as what is in a file; a device, which may have no
/// end, is refused.
#[test]
fn facets_groups_and_folds_of_pipes_are_exact() {
    let folder = Folder::new();
    folder.write("dates.csv", DATES);
    folder.run(&format!("train -q --train dates.csv --ignore-column date {TRAIN_ONE}")).done();
    let text = folder.read("dates.csv");
    for more in ["--ignore-column date --facet date=20240115 --group x", "--facet x=2 date x"] {
        let bias = |data: &str| format!("bias --model model.json --data {data} {more}");
        let expected = folder.run(&bias("dates.csv")).done();
        assert!(expected.contains(": 1 row, 25.0 % of 4 rows"), "{expected}");
        for pipe in if cfg!(unix) { &["-", "/dev/stdin"][..] } else { &["-"] } {
            assert_eq!(piped(&folder, &bias(pipe), &text).done(), expected, "{pipe}");
        }
    }
    let mut rows = "y,date,part,x\n".to_string();
    rows.extend((0..12).map(|row| format!("{},{},{}.0,{row}\n", row % 2, 20_240_110 + row / 2, row % 3)));
    folder.write("rows.csv", &rows);
    for more in ["--group-column date --ignore-column part --nfold 2", "--folds part --ignore-column date"] {
        let cv = |data: &str| format!("cv -q --train {data} {TRAIN_ONE} {more} --oof oof.csv");
        folder.run(&cv("rows.csv")).done();
        let expected = folder.read("oof.csv");
        piped(&folder, &cv("-"), &rows).done();
        assert_eq!(folder.read("oof.csv"), expected, "{more}");
    }
    let ran = piped(&folder, &format!("cv --train - {TRAIN_ONE} --group-column none"), &rows);
    assert!(ran.error().starts_with("-:1: --group-column none: the file has no column `none`"), "{}", ran.stderr);
    if cfg!(target_os = "linux") {
        let ran = folder.run("bias --model model.json --data /dev/zero --facet x=1");
        let error = "/dev/zero: facets, groups and folds are read from the file once more, which a pipe or a device does not allow; ";
        assert!(ran.code == Some(2) && ran.error().starts_with(error), "{}", ran.stderr);
    }
}

/// The fold of each row.
fn folds(folder: &Folder, arguments: &str) -> Vec<String> {
    folder.run(&format!("cv -q {TRAIN_ONE} {arguments} --oof oof.csv")).done();
    let text = folder.read("oof.csv");
    let at = text.lines().next().unwrap().split(',').position(|name| name == "fold").unwrap();
    text.lines().skip(1).map(|line| line.split(',').nth(at).unwrap().to_string()).collect()
}

#[test]
fn groups_and_folds_are_numbers_in_any_spelling() {
    let folder = Folder::new();
    let table = |spellings: &[&[&str]]| {
        let mut text = "y,who,x\n".to_string();
        for row in 0..24 {
            let spellings = spellings[row % spellings.len()];
            text += &format!("{},{},{row}\n", row % 2, spellings[row / 6 % spellings.len()]);
        }
        text
    };
    folder.write("plain.csv", table(&[&["0"], &["1"], &["10"], &["20240115"], &["20240116"]]));
    let spelled: [&[&str]; 5] = [
        &["0", "-0", "0e7"],
        &["1", "1.0", "01", "1e0"],
        &["10", "1e1", "+10"],
        &["20240115", "20240115.0"],
        &["20240116", "020240116"],
    ];
    folder.write("spelled.csv", table(&spelled));
    let groups = |file: &str| folds(&folder, &format!("--train {file} --group-column who --nfold 3"));
    assert_eq!(groups("plain.csv"), groups("spelled.csv"));
    let of_folds = |file: &str| folds(&folder, &format!("--train {file} --folds who"));
    assert_eq!(of_folds("plain.csv"), of_folds("spelled.csv"));
    assert_eq!(of_folds("spelled.csv")[..5], ["0", "1", "10", "20240115", "20240116"]);
    // Where one value is a text, all are: four groups, of which 1 and 1.0 are two.
    folder.write("texts.csv", "y,who,x\n0,1,1\n1,1.0,2\n0,ann,3\n1,bob,4\n");
    let mut found = folds(&folder, "--train texts.csv --group-column who --nfold 4");
    found.sort();
    assert_eq!(found, ["0", "1", "2", "3"]);
    folder.write("numbers.csv", "y,who,x\n0,1,1\n1,1.0,2\n0,2,3\n1,3,4\n");
    folder.refuses(
        &format!("cv -q {TRAIN_ONE} --train numbers.csv --group-column who --nfold 4"),
        "nfold 4 is out of range: there are only 3 groups; give at most as many folds as there are groups",
    );
}
