//! Tables that would be taken for others: quotes left open, headers of numbers, index columns,
//! endless lines, files of other kinds. Each is refused with its place, or told of.

use super::support::{Folder, piped};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

const TRAIN: &str = "--num-round 1 --min-child-weight 0";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The error of a training on this text.
#[track_caller]
fn refused(name: &str, content: impl AsRef<[u8]>, options: &str) -> String {
    let folder = Folder::new();
    folder.write(name, content);
    let ran = folder.run(&format!("train --train {name} {TRAIN} {options}"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(folder.names(), [name], "nothing is written");
    ran.error().to_owned()
}

/// Standard error of a training on this text, which goes well.
#[track_caller]
fn told(content: &str, options: &str) -> String {
    let folder = Folder::new();
    folder.write("t.csv", content);
    let ran = folder.run(&format!("train --train t.csv {TRAIN} {options}"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn a_quote_that_is_not_closed_is_an_error_in_every_reader() {
    const OPEN: &str = "the quote that opens here is not closed: the field would run on to line ";
    let text = "y,a,note\n1,2,\"x\n0,1,b\n1,3,c\n0,0,d\n";
    let error = refused("q.csv", text, "--ignore-column note");
    assert!(error.starts_with(&format!("q.csv:2:5: {OPEN}5, the last; ")), "{error}");
    assert!(refused("q.csv.gz", gzip(text.as_bytes()), "--ignore-column note").starts_with("q.csv.gz:2:5: "));
    assert!(refused("q.csv", text, "--ignore-column note --spill always").starts_with("q.csv:2:5: "));
    assert!(refused("q.csv", "y,a,\"note\n1,2,x\n0,1,b\n", "--ignore-column 2").starts_with("q.csv:1:5: "));
    assert!(refused("q.csv", "sep=;\ny;a;note\n1;2;\"x\n0;1;b\n", "--ignore-column note").starts_with("q.csv:3:5: "));
    // Beyond the first chunk, where several threads read.
    let rows: String = (0..200_000).map(|row| format!("{},{row},\"a \"\"b\"\" é\"\n", row % 2)).collect();
    let long = format!("y,a,note\n{rows}1,2,é,\n").replace("é,\n", "\"open\n") + &rows.replace('"', "");
    let error = refused("q.csv", &long, "--ignore-column note");
    assert!(error.starts_with(&format!("q.csv:200002:5: {OPEN}400002, the last; ")), "{error}");

    let folder = Folder::new();
    folder.write("a.csv", "y,a,note\n1,2,x\n0,1,b\n");
    folder.write("b.csv", text);
    for command in [
        "train --train a.csv b.csv --num-round 1 --ignore-column note",
        "train --train a.csv --validation b.csv --num-round 1 --ignore-column note",
        "cv --train a.csv b.csv --num-round 1 --group-column note",
        "cv --train b.csv --num-round 1 --folds note",
    ] {
        let ran = folder.run(command);
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.stderr);
        assert!(ran.error().starts_with(&format!("b.csv:2:5: {OPEN}")), "{command}: {}", ran.stderr);
    }
    folder.run(&format!("train --train a.csv {TRAIN} --ignore-column note --objective binary:logistic")).done();
    let ran = folder.run("bias --model model.json --data b.csv --ignore-column note --facet note=1");
    assert!(ran.error().contains(OPEN), "{}", ran.stderr);
}

#[test]
fn a_quote_that_is_closed_elsewhere_is_an_error() {
    let error = refused("q.csv", "y,a,note\n1,2,\"x\n0,1,b\n1,3,\"c\n0,0,d\n", "--ignore-column note");
    assert!(
        error.starts_with("q.csv:2:5: the quote that opens here is closed in line 4, but `c` follows; "),
        "{error}"
    );
    let error = refused("q.csv", "y,a,note\n1,2,\"5\" disk\"\n", "--ignore-column note");
    assert!(
        error.starts_with("q.csv:2:5: the quote that opens here is closed in this line, but `disk\"` follows;"),
        "{error}"
    );
    let rows = "q.csv:2:5: the quote that opens here is closed in line 4, and each of the lines up to there is a row by itself";
    for end in ["c\"", "\"", "5\"\""] {
        let error = refused("q.csv", format!("y,a,note\n1,2,\"x\n0,1,b\n1,3,{end}\n0,0,d\n"), "--ignore-column note");
        // `5""` is two quotes for one: the field is not closed there.
        let expected = if end == "5\"\"" { "q.csv:2:5: the quote that opens here is not closed" } else { rows };
        assert!(error.starts_with(expected), "{end}: {error}");
    }
    let middle = "y,note,a\n1,\"x,2\n0,b,1\n1,c\",3\n0,d,0\n";
    assert!(refused("q.csv", middle, "--ignore-column note").starts_with("q.csv:2:3: "));
}

#[test]
fn quotes_that_rfc_4180_allows_are_read() {
    for text in [
        "y,a,note\n1,2,\"two\nlines\"\n0,1,\"a \"\"b\"\", c\"\n1,3,5\" disk\n",
        "y,a,note\r\n1,2,\"two\r\nlines, with commas\r\n\r\n\"\r\n0,1,\"\"\r\n1,3, \"x\r\n",
        "y,note,a\n1,\"1,2,3\n4,5,6\n7,8,9\",2\n0,b,1\n1,c,3",
        "y,note,a\n1,\"two\nlines\" ,\"2\" \n0 , \"b ,1\n\"1\"\t,\"c\",\"3\"\t \n",
    ] {
        assert!(told(text, "--ignore-column note").contains("train: 3 rows, 1 feature from 1 file"), "{text}");
    }
}

#[test]
fn a_first_line_of_whole_numbers_is_asked_about() {
    let remedy =
        "it may name the columns, or be a row; give --header yes if it names them, or --header no if it is a row";
    for (text, from, to) in [
        ("0,1\n1,2\n0,1\n1,3\n0,0\n", 0, 1),
        ("1,2,3\n1,5,6\n0,7,8\n", 1, 3),
        (",0,1\n0,5,6\n1,7,8\n", 0, 1),
        ("\"0\",\"1\"\n1,2\n0,3\n", 0, 1),
        ("2019,2020,2021,2022\n1,2,3,4\n", 2019, 2022),
    ] {
        assert_eq!(refused("t.csv", text, ""), format!("t.csv:1:1: the line counts from {from} to {to}: {remedy}"));
    }
    assert!(told("0,1\n1,2\n0,1\n1,3\n0,0\n", "--header no").contains("train: 5 rows"));
    assert!(told("0,1\n1,2\n0,1\n1,3\n0,0\n", "--header yes").contains("train: 4 rows"));
    assert_eq!(
        refused("t.csv", "\"7\",\"3\"\n1,2\n0,3\n", ""),
        format!("t.csv:1:1: the line has whole numbers in quotes, and the next one has none: {remedy}")
    );
    // Data, clearly.
    for text in ["1,3\n0,2\n", "\"7\",\"3\"\n\"1\",\"2\"\n", "5,6,7\n1,2,3\n", "0.0,1.0\n1,2\n", "01,2\n1,2\n"] {
        assert!(told(text, "").contains("found no header"), "{text}");
    }
    // A further file is as the first.
    let folder = Folder::new();
    folder.write("a.csv", "1,3\n0,2\n");
    folder.write("b.csv", "0,1\n1,2\n");
    assert!(folder.run(&format!("train --train a.csv b.csv {TRAIN}")).stderr.contains("train: 4 rows"));
}

#[test]
fn an_index_column_is_no_label() {
    let index = "column 0 has no name and numbers the rows, as an index that pandas writes";
    for rows in ["0,1,5\n1,0,6\n2,1,2\n", "1,1,5\n2,0,6\n", "17,1,5\n4,0,6\n9,1,1\n"] {
        assert_eq!(
            refused("ix.csv", format!(",y,a\n{rows}"), ""),
            format!(
                "ix.csv:1:1: {index}; give --label the name of the label (say `y`), and --ignore-column 0; or --label \
                 column_0 if it is the label all the same"
            )
        );
    }
    assert!(
        refused("r.csv", "\"\",\"y\",\"a\"\n\"1\",1,5\n\"2\",0,6\n", "").starts_with("r.csv:1:1: column 0 has no name")
    );
    let error = refused("u.csv", "Unnamed: 0,y,a\n0,1,5\n1,0,6\n", "");
    assert!(error.starts_with("u.csv:1:1: column 0 is called `Unnamed: 0` and numbers the rows"), "{error}");
    let text = ",y,a\n0,1,5\n1,0,6\n2,1,2\n";
    assert!(
        told(text, "--label y").contains(&format!("warning: t.csv: {index}: it is taken for a feature; leave it out"))
    );
    let quiet = told(text, "--label y --ignore-column 0");
    assert!(!quiet.contains("warning") && quiet.contains("; left out: `column_0`\n"), "{quiet}");
    assert!(told(text, "--label column_0").contains("warning"));
    // A label without a name that repeats is none.
    assert!(!told(",a\n0,1\n1,0\n0,2\n", "").contains("warning"));
    let rows: String = (0..20).map(|row| format!("{row},{}\n", row % 3)).collect();
    assert!(told(&rows, "--header no").contains("warning: t.csv: column 0 is the label and numbers the rows"));
}

#[test]
fn a_number_that_is_another_columns_name_is_asked_about() {
    let text = "2,0,1\n9,1,5\n8,0,6\n7,1,7\n";
    let both = "1 may be column 1, `0`, or column 2, named `1`; give name:0 for column 1, or name:1 for column 2";
    for options in ["--label 1", "--label name:2 --weight-column 1", "--label name:2 --ignore-column 1"] {
        let error = refused("o.csv", text, &format!("--header yes {options}"));
        assert_eq!(error, format!("o.csv:1: {both}"), "{options}");
    }
    let folder = Folder::new();
    folder.write("o.csv", text);
    for option in ["--folds 1", "--group-column 1"] {
        let ran = folder.run(&format!("cv --train o.csv --header yes --label name:2 --num-round 1 {option}"));
        assert!(ran.error().ends_with(both), "{}", ran.stderr);
    }
    let told = told(text, "--header yes --label name:1 --ignore-column name:0");
    assert!(told.contains("the label is column 2, `1`; left out: `0`\n"), "{told}");
    let manifest = folder.run(&format!("train --train o.csv --header yes --label name:1 {TRAIN}"));
    manifest.done();
    folder.run("verify model.manifest.json").done();
}

#[test]
fn the_columns_that_are_no_features_are_told() {
    let text = "id,y,w,a,note\n7,1,1,2,x\n8,0,2,3,y\n";
    let stderr = told(text, "--label y --weight-column w --ignore-column id note");
    let note = "t.csv: found a header in line 1; the label is column 1, `y`; the weight is column `w`; left out: `id`, `note`\n";
    assert!(stderr.contains(note), "{stderr}");
    let stderr = told("1,5,x\n0,6,y\n", "--ignore-column 2");
    assert!(stderr.contains("the label is column 0; left out: column 2\n"), "{stderr}");
}

#[test]
fn an_endless_line_is_refused() {
    const BYTES: usize = 20_000_000;
    let limit = "the line has more than 16777216 bytes; check that this is a table of text, or allow longer rows with \
                 --max-record-bytes";
    let commas = ",".repeat(BYTES);
    for (text, error) in [
        (format!("y,a\n{commas}"), format!("b.csv.gz:2:1: {limit}")),
        (commas.clone(), format!("b.csv.gz:1:1: {limit}")),
        (
            format!("y,a\n\n1,2\n0,\"{}", "x\n".repeat(BYTES / 2)),
            "b.csv.gz:4:3: the quote that opens here is not closed within".into(),
        ),
        ("\n".repeat(BYTES), "b.csv.gz: the first 16777216 bytes are blank; ".into()),
        (format!("y{}\n1\n", &commas[..1 << 20]), "b.csv.gz:1: the line has more than 1048576 columns; ".into()),
    ] {
        let error_found = refused("b.csv.gz", gzip(text.as_bytes()), "");
        assert!(error_found.starts_with(&error), "{error_found}");
    }
    let libsvm = format!("1 1:2\n0 1:1\n1{}", " 1:1".repeat(BYTES / 4));
    assert_eq!(refused("b.libsvm.gz", gzip(libsvm.as_bytes()), ""), format!("b.libsvm.gz:3:1: {limit}"));
    // As long as it may be, and longer where that is allowed.
    let note = "x".repeat(2 << 20);
    let text = format!("y,a,note\n1,2,{note}\n0,3,\"{}\"\n", "x\n".repeat(1 << 19));
    assert!(told(&text, "--ignore-column note").contains("train: 2 rows"));
    let error = refused("t.csv", &text, "--ignore-column note --max-record-bytes 1048576");
    assert!(error.starts_with("t.csv:2:1: the line has more than 1048576 bytes; "), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn blank_lines_take_no_room() {
    // Room for a row a line would be 4 GB and more.
    let names: Vec<String> = (0..2000).map(|index| format!("c{index}")).collect();
    let row = vec!["1"; 2000].join(",");
    let folder = Folder::new();
    let text = format!("{}\n{row}\n{}{row}\n", names.join(","), "\n".repeat(2 << 20));
    folder.write("t.csv", text);
    let ran = folder.run_in_memory(2 << 20, &format!("train --train t.csv {TRAIN}"));
    assert!(ran.code == Some(0) && ran.stderr.contains("train: 2 rows"), "{}", ran.stderr);
}

#[test]
fn excels_first_line_is_skipped() {
    for text in ["sep=;\ny;a\n1;2\n0;3\n", "\u{feff}\"sep=;\"\r\ny;a\r\n1;2\r\n0;3\r\n", "SEP=|\ny|a\n1|2\n0|3"] {
        let stderr = told(text, "");
        assert!(stderr.contains("t.csv: found a header in line 2; the label is column 0, `y`"), "{stderr}");
        assert!(stderr.contains("train: 2 rows, 1 feature"), "{stderr}");
    }
    assert!(refused("t.csv", "sep=;\ny;a\n1;2\n0;x\n", "").starts_with("t.csv:4:2: `x` in column `a`"));
    // It stands above the ending, and counts as a line wherever one is told.
    let folder = Folder::new();
    folder.write("t.tsv", "sep=;\ny;a\n1;2\n0;3\n");
    let ran = folder.run(&format!("train --train t.tsv {TRAIN}"));
    assert!(ran.code == Some(0) && ran.stderr.contains("train: 2 rows, 1 feature"), "{}", ran.stderr);
    assert!(refused("t.csv", b"sep=;\ny;a\n1;2\n0;\xff3\n", "").starts_with("t.csv:4: the byte 0xff"));
}

#[test]
fn text_columns_are_told_at_once() {
    assert_eq!(
        refused("t.csv", "y,sex,age,race\n1,M,3,w\n0,F,4,b\n", ""),
        "t.csv:2:2: `M` in column `sex` is not a number, and text is in column `race` too; encode the columns as numbers, leave \
         them out with --ignore-column sex,race, or leave fields empty where values are missing"
    );
    assert!(told("y,sex,age,race\n1,M,3,w\n0,F,4,b\n", "--ignore-column sex,race").contains("1 feature"));
    let error = refused("t.csv", "1,M,3,w\n0,F,4,b\n", "");
    assert!(error.ends_with("or leave them out with --ignore-column 1,3"), "{error}");
}

#[test]
fn values_are_called_what_they_are() {
    for (value, what) in [
        ("$15697", "is not a number but an amount with a currency sign; write the number alone: 15697"),
        ("12%", "is not a number but a percentage; write the number alone, in all rows: 12"),
        ("True", "is not a number but a truth value; write 1 for true and 0 for false"),
        ("2024-01-15", "is not a number but a date or a time; "),
        ("3,5", "is not a number; write a decimal point instead of the comma"),
        ("setosa", "is not a number; it is text: encode the classes as 0, 1, 2, ..."),
        ("None", "is not a number; fill it in, or remove the row"),
    ] {
        let error = refused("t.csv", format!("a;p\n1;{value}\n"), "--label p");
        assert!(error.starts_with(&format!("t.csv:2:2: the label `{value}` {what}")), "{error}");
    }
    for (text, what) in [
        (
            "$15697 1:2\n",
            "1:1: the label `$15697` is not a number but an amount with a currency sign; write the number alone: 15697",
        ),
        ("setosa 1:2\n", "1:1: the label `setosa` is not a number; encode the classes as 0, 1, ..."),
        ("none 1:2\n", "1:1: the label `none` is not a number; fill it in, or remove the row"),
        ("1 1:2 2:3,5\n", "1:3: `3,5` is not a number; write a decimal point instead of the comma"),
        ("1 1:2 2:None\n", "1:3: `None` is not a number; leave the pair out if the value is missing"),
        ("1 1:2 2:red\n", "1:3: `red` is not a number; encode it as a number"),
        (
            "1:50% 1:2\n",
            "1:1: the weight `50%` is not a number but a percentage; write the number alone, in all rows: 50",
        ),
    ] {
        assert_eq!(refused("t.libsvm", text, ""), format!("t.libsvm:{what}"));
    }
    let error = refused("t.csv", "y,p\n1,$5\n", "");
    assert!(error.ends_with("; write the number alone: 5, or leave the column out with --ignore-column p"), "{error}");
}

#[test]
fn files_of_other_kinds_are_named() {
    let utf16: Vec<u8> = "y,a\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, content, what) in [
        ("d.csv.xz", &b"\xfd7zXZ\0\0\x04"[..], "an xz file, which is not read here; unpack it or use gzip"),
        ("d.csv.zst", b"\x28\xb5\x2f\xfd\x04", "a zstd file, which is not read here; unpack it or use gzip"),
        ("d.feather", b"ARROW1\0\0\xff\xff", "an Arrow or Feather file, which is not read here; convert it to CSV"),
        ("d.pkl", b"\x80\x04\x95\x12", "a Python pickle, which is not read here; "),
        ("d.jsonl", b"{\"y\": 1, \"a\": 2}\n", "JSON, which is not read here; convert it to CSV"),
        ("d.csv", b"<!DOCTYPE html>\n<html>", "an HTML page, not a table; open it: it may be a login"),
        (
            "d.csv",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
            "a Git LFS pointer, not the data itself; ",
        ),
        ("d.csv", &utf16, "UTF-16 text, which is not read here; save it as UTF-8"),
    ] {
        let error = refused(name, content, "");
        assert!(error.starts_with(&format!("{name}: this is {what}")), "{error}");
        let error = refused("packed.csv.gz", gzip(content), "");
        assert!(error.starts_with(&format!("packed.csv.gz: this is {what}")), "{error}");
    }
}

#[test]
fn a_hyphen_is_standard_input() {
    let folder = Folder::with_data();
    folder.run(&format!("train -q --train train.csv {TRAIN}")).done();
    let expected = folder.read("model.json");
    piped(&folder, &format!("train -q --train - {TRAIN}"), &folder.read("train.csv")).done();
    assert_eq!(folder.read("model.json"), expected);
    let ran = folder.run("verify model.manifest.json");
    assert!(
        ran.error().starts_with("-: the train data came from a pipe, which cannot be read again"),
        "{}",
        ran.stderr
    );
    let predicted = piped(&folder, "predict --model model.json --data -", &folder.read("valid.csv")).done();
    assert_eq!(predicted, folder.run("predict --model model.json --data valid.csv").done());
    let ran = piped(&folder, &format!("train --train - --validation - {TRAIN}"), "income,age,hours\n1,2,3\n0,3,4\n");
    assert_eq!(ran.code, Some(2));
    let twice = "-: --train and --validation would both read it, and it can be read once; ";
    assert!(ran.error().starts_with(twice), "{}", ran.stderr);
}

#[test]
fn addresses_and_patterns_are_no_files() {
    let folder = Folder::with_data();
    for (path, what) in [
        ("https://a.b/c.csv", "this is an address in a network, and gboost reads local files alone; "),
        ("s3://bucket/c.csv", "this is an address in a network, and gboost reads local files alone; "),
        ("gs://bucket/c.csv", "this is an address in a network, and gboost reads local files alone; "),
        (
            "part-*.csv",
            "this is a pattern that the shell has left as it is: it stands in quotes, or no file matches it; ",
        ),
    ] {
        let ran = folder.run(&format!("train --train {path} {TRAIN}"));
        assert_eq!(ran.code, Some(2));
        assert!(ran.error().starts_with(&format!("{path}: {what}")), "{}", ran.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_no_manifest_can_name_is_refused_before_the_training() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new();
    let path = folder.path("").join(std::ffi::OsStr::from_bytes(b"d\xff.csv"));
    std::fs::write(&path, "1,3\n0,2\n").unwrap();
    let output = folder.command("train --num-round 1 --train").arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("the path is not UTF-8, so that no manifest can name the file; rename"), "{stderr}");
}

#[test]
fn missing_and_unknown_columns_are_named() {
    let folder = Folder::with_model(1, "");
    for (name, text, error) in [
        ("a.csv", "income,hours\n1,2\n", "column `age`, which the model needs, is missing; give the columns"),
        (
            "b.csv",
            "income,agee,hours\n1,2,3\n",
            "column `age`, which the model needs, is missing; the model does not know column `agee` of the data; ",
        ),
        (
            "c.csv",
            "income,age,hours,id\n1,2,3,4\n",
            "the model does not know column `id` of the data; leave out with --ignore-column",
        ),
        (
            "d.csv",
            "income,hours,age\n1,2,3\n",
            "the columns are in another order than in the model: feature 1 is `hours` in the data and `age` in the model; ",
        ),
    ] {
        folder.write(name, text);
        for command in ["predict", "evaluate"] {
            let ran = folder.run(&format!("{command} --model model.json --data {name}"));
            assert_eq!(ran.code, Some(2));
            assert!(ran.error().starts_with(&format!("{name}: {error}")), "{}", ran.stderr);
        }
    }
}

#[test]
fn labels_of_0_and_1_without_an_objective_are_told() {
    let note = "note: the labels are 0 and 1 and no objective is given: this is a regression (reg:squarederror)";
    let text = "y,a\n1,2\n0,1\n";
    assert!(told(text, "").contains(note));
    for (text, options) in [
        (text, "--objective binary:logistic"),
        (text, "--objective reg:squarederror"),
        ("y,a\n1,2\n2,1\n", ""),
        ("y,a\n1,2\n1,1\n", ""),
    ] {
        assert!(!told(text, options).contains(note), "{text} {options}");
    }
    let folder = Folder::with_data();
    assert!(folder.run("cv --train train.csv --num-round 1").stderr.contains(note));
}

/// The label of a further channel is another column, or has another name: it is read, and told.
#[test]
fn labels_of_other_names_are_told() {
    let folder = Folder::with_data();
    folder.write("other.csv", "id,age,hours\n7,2,3\n8,3,4\n");
    let warning = "warning: the label is `id` in the validation data, but `income` in the train data";
    let ran = folder.run("train --train train.csv --validation other.csv --num-round 1");
    assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    let ran = folder.run("train --train train.csv --validation valid.csv --num-round 1");
    assert!(!ran.stderr.contains("the label is `id`") && ran.code == Some(0), "{}", ran.stderr);
}

/// One line of a megabyte is not what a terminal should show.
#[test]
fn long_values_are_shown_cut() {
    let folder = Folder::with_model(1, "");
    let long = "7".repeat(1 << 20);
    folder.write("folds.txt", &long);
    folder.write("values.csv", format!("income,age,hours\n{long},1,2\n"));
    folder.write("history.csv", &long);
    folder.write("rounds.csv", format!("round,train-logloss\n0,x{long}\n"));
    for arguments in [
        "cv --train train.csv --num-round 1 --folds folds.txt",
        "train --train values.csv --num-round 1",
        "report --model model.json --data valid.csv --history history.csv --output page.html",
        "report --model model.json --data valid.csv --history rounds.csv --output page.html",
    ] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}");
        assert!(ran.error().contains("777...`") && ran.stderr.len() < 1000, "{arguments}: {}", ran.stderr.len());
    }
}
