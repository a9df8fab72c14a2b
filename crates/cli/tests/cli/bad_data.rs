//! Every error about data: the place, the value, the remedy, exit code 2.

use super::support::{BINARY, Folder};

/// Training on this text is refused with this error.
fn refuses(text: &str, error: &str) {
    let folder = Folder::new();
    folder.write("train.csv", text);
    folder.refuses(&format!("train {BINARY}"), error);
}

#[test]
fn a_ragged_row() {
    let folder = Folder::new();
    folder.write("train.csv", "1,3,2\n0,5,6,7\n");
    let ran = folder.run(&format!("train {BINARY}"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("train.csv:2:4: "), "{}", ran.stderr);
}

#[test]
fn an_infinity() {
    let folder = Folder::new();
    folder.write("train.csv", "1,3,2\n0,inf,6\n");
    let ran = folder.run(&format!("train {BINARY}"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("train.csv:2:2: ") && ran.error().contains("`inf`"), "{}", ran.stderr);
}

#[test]
fn text_in_a_numeric_column() {
    refuses(
        "income,age\n1,30\n0,old\n",
        "train.csv:3:2: `old` in column `age` is not a number; encode the column as numbers, leave it out with \
         --ignore-column age, or leave the field empty if the value is missing",
    );
}

#[test]
fn a_header_that_would_become_a_row() {
    let folder = Folder::new();
    folder.write("train.csv", "income,age\n1,30\n0,31\n");
    let ran = folder.run(&format!("train {BINARY} --header no"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("train.csv:1:1: "), "{}", ran.stderr);
    assert!(ran.error().ends_with("the line looks like a header: use --header auto or yes"), "{}", ran.stderr);
}

#[test]
fn a_first_line_that_may_be_a_header_or_not() {
    let folder = Folder::new();
    folder.write("train.csv", "1,34,Private\n0,31,Public\n");
    let ran = folder.run(&format!("train {BINARY}"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("train.csv:1:3: `Private` is not a number"), "{}", ran.stderr);
}

#[test]
fn a_label_outside_the_domain() {
    let remedy = "check the label column (--label); other labels need another objective";
    let error = format!("train.csv:3:1: label 2 is not allowed: binary:logistic needs 0 or 1; {remedy}");
    refuses("income,age\n1,30\n2,31\n", &error);

    let folder = Folder::new();
    folder.write("train.csv", "30,0\n31,1\n32,3\n");
    folder.refuses(
        "train --train train.csv --label 1 --objective multi:softmax --num-class 3",
        &format!("train.csv:3:2: label 3 is not allowed: multi:softmax needs a class from 0 to 2; {remedy}"),
    );
    folder.write("train.libsvm", "0 1:3\n# a comment\n7 1:4\n");
    folder.refuses(
        "train --train train.libsvm --objective binary:logistic",
        &format!("train.libsvm:3:1: label 7 is not allowed: binary:logistic needs 0 or 1; {remedy}"),
    );
}

#[test]
fn a_label_outside_the_domain_in_another_file_and_in_validation() {
    let folder = Folder::with_data();
    folder.write("more.csv", "income,age,hours\n0,1,1\n\n5,2,2\n");
    for data in ["--train train.csv more.csv", "--train train.csv --validation valid.csv more.csv"] {
        let ran = folder.run(&format!("train --objective binary:logistic {data}"));
        assert_eq!(ran.code, Some(2));
        assert!(ran.error().starts_with("more.csv:4:1: label 5 is not allowed"), "{}", ran.stderr);
    }
}

#[test]
fn a_missing_label() {
    let folder = Folder::new();
    folder.write("train.csv", "income,age\n1,30\n?,31\n");
    let ran = folder.run(&format!("train {BINARY}"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("train.csv:3:1: the label is missing"), "{}", ran.stderr);
}

#[test]
fn no_rows() {
    refuses("", "train.csv: the file is empty; give a file with rows, or leave it out");
    refuses("income,age\n", "train.csv: the file has a header but no rows; give a file with rows, or leave it out");
}

#[test]
fn another_column_count_in_another_channel() {
    let folder = Folder::with_data();
    folder.write("narrow.csv", "1,30\n0,40\n");
    for channel in ["validation", "test"] {
        folder.refuses(
            &format!("train {BINARY} --{channel} narrow.csv"),
            &format!(
                "narrow.csv:1:3: 1 feature in the {channel} data, but 2 features in the train data; give both the same \
                 columns; label, weight and ignored columns do not count"
            ),
        );
    }
}

#[test]
fn other_names_in_another_channel() {
    let folder = Folder::with_data();
    folder.write("other.csv", "income,hours,age\n1,30,4\n0,40,4\n");
    let ran = folder.run(&format!("train {BINARY} --validation other.csv"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("other.csv:1: feature 0 is `hours` in the validation data"), "{}", ran.stderr);
}

#[test]
fn a_missing_file() {
    Folder::new()
        .refuses("train --train nowhere.csv", "nowhere.csv: cannot open: No such file or directory (os error 2)");
}

#[test]
fn a_column_that_does_not_exist() {
    let folder = Folder::with_data();
    folder.refuses(
        &format!("train {BINARY} --label incom"),
        "train.csv:1: there is no label column `incom`; did you mean `income`?",
    );
    let ran = folder.run(&format!("train {BINARY} --weight-column 9"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().contains("there is no weight column 9"), "{}", ran.stderr);
}

#[test]
fn a_negative_weight() {
    let folder = Folder::new();
    folder.write("train.csv", "income,w,age\n1,1,30\n0,-1,31\n");
    let ran = folder.run(&format!("train {BINARY} --weight-column w"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().starts_with("train.csv:3:2: the weight `-1` is negative"), "{}", ran.stderr);
    assert!(ran.error().ends_with("give --weight-column the column of the weights"), "{}", ran.stderr);
}

#[test]
fn data_that_does_not_fit_the_model() {
    let folder = Folder::with_model(2, "");
    folder.write("features.csv", "age,hours\n30,1\n");
    folder.write("wide.csv", "income,age,hours,pay\n1,30,1,3\n");
    folder.refuses(
        "predict --model model.json --data features.csv",
        "features.csv: the data has 2 columns, as the model, but the first was taken for the label; give --no-label if the \
         data has no label, or name its column with --label",
    );
    let ran = folder.run("predict --model model.json --data valid.csv --no-label");
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().contains("3 features, the model was trained with 2; name the label column"), "{}", ran.stderr);
    let ran = folder.run("evaluate --model model.json --data wide.csv");
    assert_eq!(ran.code, Some(2));
    assert!(ran.error().contains("column `pay` of the data"), "{}", ran.stderr);
    let ran = folder.run("evaluate --model model.json --data features.csv --no-label");
    assert_eq!((ran.code, ran.error().contains("labels are needed")), (Some(2), true), "{}", ran.stderr);
}

#[test]
fn all_weights_zero() {
    let folder = Folder::new();
    folder.write("train.csv", "income,w,age\n1,0,30\n0,0,31\n");
    folder.refuses(
        &format!("train {BINARY} --weight-column w"),
        "all weights are 0; give at least one row a positive weight",
    );
}
