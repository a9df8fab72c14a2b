//! The forms of data: one model whatever the form.

use super::support::{BINARY, Folder, binary_csv, rows};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// The model's bytes after a training with these options.
fn model(folder: &Folder, data: &str) -> String {
    folder.run(&format!("train -q --objective binary:logistic --num-round 3 {data}")).done();
    folder.read("model.json")
}

fn without_names(model: &str) -> String {
    model
        .replace("\"feature_names\":[\"age\",\"hours\"]", "\"feature_names\":[]")
        .replace("\"feature_types\":[\"float\",\"float\"]", "\"feature_types\":[]")
}

#[test]
fn header_gzip_several_files_and_a_folder() {
    let folder = Folder::with_data();
    let expected = model(&folder, "--train train.csv");
    assert!(expected.contains("[\"age\",\"hours\"]"));

    let text = binary_csv(0, 240);
    let (header, body) = text.split_once('\n').unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    folder.write("packed.csv.gz", packed.finish().unwrap());
    assert_eq!(model(&folder, "--train packed.csv.gz"), expected);

    let lines: Vec<&str> = body.lines().collect();
    let part = |lines: &[&str]| format!("{header}\n{}\n", lines.join("\n"));
    folder.write("parts/a.csv", part(&lines[..100]));
    folder.write("parts/b.csv", part(&lines[100..]));
    assert_eq!(model(&folder, "--train parts/a.csv parts/b.csv"), expected);
    assert_eq!(model(&folder, "--train parts"), expected);

    folder.write("plain.csv", body);
    assert_eq!(model(&folder, "--train plain.csv"), without_names(&expected));
    folder.write("semicolons.txt", text.replace(',', ";"));
    assert_eq!(model(&folder, "--train semicolons.txt"), expected);
    assert_eq!(model(&folder, "--train semicolons.txt --delimiter ; --header yes --label income"), expected);
}

#[test]
fn libsvm_carries_its_index_base_and_width_to_the_other_channels() {
    let folder = Folder::with_data();
    let expected = without_names(&model(&folder, "--train train.csv --validation valid.csv --early-stopping-rounds 3"));
    let libsvm = |seed, count, base: usize| -> String {
        let line = |(label, age, hours): &(u32, u32, Option<u32>)| {
            let hours = hours.map(|hours| format!(" {}:{hours}", base + 1)).unwrap_or_default();
            format!("{label} {base}:{age}{hours}\n")
        };
        rows(seed, count).iter().map(line).collect()
    };
    for base in [0, 1] {
        folder.write("train.libsvm", libsvm(0, 240, base));
        folder.write("valid.svm", libsvm(1, 120, base));
        let data = "--train train.libsvm --validation valid.svm --early-stopping-rounds 3";
        let attribute = format!(",\"gboost_index_base\":\"{base}\"");
        assert_eq!(model(&folder, data).replacen(&attribute, "", 1), expected, "base {base}");
        let ran = folder.run(&format!("train --objective binary:logistic --num-round 1 {data}"));
        assert!(ran.stderr.contains(&format!("libsvm with indices from {base} on")), "{}", ran.stderr);
    }
    // The validation rows lack the last feature, and with base 0 the first one: both are missing,
    // not shifted.
    folder.write("train.libsvm", libsvm(0, 240, 0));
    folder.write("sparse.libsvm", "1 1:40\n0 1:3\n");
    folder
        .run("train -q --train train.libsvm --validation sparse.libsvm --objective binary:logistic --num-round 2")
        .done();
    folder.write("dense.csv", "1,,40\n0,,3\n");
    let found = folder.run("evaluate --model model.json --data dense.csv --json -").done();
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found, folder.json("metrics.json")["validation"]);
}

#[test]
fn label_weight_and_ignored_columns_by_name_or_number() {
    let folder = Folder::with_data();
    let expected = model(&folder, "--train train.csv");
    let text = binary_csv(0, 240);
    let moved = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let note = if line.starts_with("income") { "note" } else { "some text" };
        format!("{note},{},{},{}\n", fields[1], fields[2], fields[0])
    };
    folder.write("moved.csv", text.lines().map(moved).collect::<String>());
    assert_eq!(model(&folder, "--train moved.csv --label income --ignore-column note"), expected);
    assert_eq!(model(&folder, "--train moved.csv --label 3 --ignore-column 0"), expected);

    // Weights of 1 change nothing, others do.
    for (weight, same) in [("1", true), ("0.5", false)] {
        let weighted = |line: &str| {
            let weight = match line.chars().next() {
                Some('i') => "w",
                Some('1') => weight,
                _ => "1",
            };
            format!("{line},{weight}\n")
        };
        folder.write("weighted.csv", text.lines().map(weighted).collect::<String>());
        assert_eq!(model(&folder, "--train weighted.csv --weight-column w") == expected, same);
    }
}

#[test]
fn what_was_found_is_said() {
    let folder = Folder::with_data();
    let ran = folder.run(&format!("train {BINARY} --validation valid.csv --num-round 1"));
    for part in ["train: 240 rows, 2 features from 1 file", "validation: 120 rows, 2 features from 1 file", "`income`"]
    {
        assert!(ran.stderr.contains(part), "{part} is not in\n{}", ran.stderr);
    }
}
