//! libsvm files.

use super::*;

#[test]
fn libsvm_indices_from_1() {
    let channel = libsvm("1 1:0.5 3:-0.0\n-1\n+2 2:1e3 # a comment\n");
    assert_rows(&channel, &[&[0.5, NAN, 0.0], &[NAN, NAN, NAN], &[NAN, 1000.0, NAN]]);
    assert_eq!(channel.dataset.labels, Some(vec![1.0, -1.0, 2.0]));
    assert_eq!(channel.dataset.weights, None);
    assert_eq!(channel.dataset.feature_names, ["f0", "f1", "f2"]);
    assert!(!channel.dataset.named);
    assert_eq!(channel.index_base, Some(1));
    assert_eq!(channel.format, Format::Libsvm);
    assert_eq!(
        channel.notes,
        ["a.libsvm: libsvm with indices from 1 on (there is no index 0); give \
            ReadOptions::index_base 0 if they count from 0"]
    );
}

#[test]
fn libsvm_indices_from_0() {
    let channel = libsvm("1 1:5\n0 0:6\n");
    assert_rows(&channel, &[&[NAN, 5.0], &[6.0, NAN]]);
    assert_eq!(channel.index_base, Some(0));
    assert_eq!(channel.notes, ["a.libsvm: libsvm with indices from 0 on (there is an index 0)"]);
}

#[test]
fn the_libsvm_base_is_that_of_all_files() {
    let folder = Folder::new(&[("a.svm", "1 1:5\n"), ("b.svm", "0 0:6 2:7\n")]);
    let channel = folder.read(&["a.svm", "b.svm"]);
    assert_rows(&channel, &[&[NAN, 5.0, NAN], &[6.0, NAN, 7.0]]);
}

#[test]
fn a_forced_libsvm_base() {
    let channel = libsvm_with("1 1:5\n", &options().index_base(Some(0)));
    assert_rows(&channel, &[&[NAN, 5.0]]);
    assert_eq!(channel.index_base, Some(0));
    assert_eq!(channel.notes, ["a.libsvm: libsvm with indices from 0 on, as given"]);
    assert_eq!(
        refused("a.svm", "1 1:5\n1 0:5\n", &options().index_base(Some(1))),
        "a.svm:2:2: `0:5` has an index below 1, where the indices begin; number the features as in the training data, or train with \
         ReadOptions::index_base 0 if indices count from 0"
    );
}

#[test]
fn libsvm_is_padded_to_the_features_of_training() {
    let options = options().features(Some(3));
    assert_rows(&libsvm_with("1 1:5\n", &options), &[&[5.0, NAN, NAN]]);
    assert_rows(&libsvm_with("1\n", &options), &[&[NAN, NAN, NAN]]);
    assert_eq!(libsvm_with("1 4:5\n", &options).dataset.features(), 4);
}

/// An index that the file gives no reason for is refused before there is memory for its table; wide
/// data is not.
#[test]
fn a_libsvm_table_that_a_few_large_indices_make_wide() {
    assert_eq!(
        refused("a.svm", "1 1:1\n1 5:1 16777216:1\n", &options()),
        "a.svm:2:3: the index of `16777216:1` is far beyond the others; number the features without gaps: 2 rows with 3 different \
         indices would take 17536 MB of memory"
    );
    assert!(refused("a.svm", "1 1:1\n1 1000000:1\n", &options()).contains("far beyond the others"));
    assert!(refused("a.svm", "1 4294967295:1\n", &options()).contains("is larger than 16777216"));
    assert!(refused("a.svm", "1 99999999999999999999999:1\n", &options()).contains("is larger than 16777216"));
    // Rows without a value make a table large, too.
    let rows = "0\n".repeat(4000);
    assert!(
        refused("a.svm", format!("{rows}1 99999:1\n"), &options()).starts_with("a.svm:4001:2: the index of `99999:1`")
    );
    // A small table may be sparse, and so may one whose indices mostly occur, and one as wide as
    // the training data.
    assert_eq!(libsvm("1 1:1 65536:1\n0 3:1\n").dataset.features(), 65536);
    let hashed: String =
        (0..2000_u32).map(|row| format!("0 {}:1\n", 1 + row.wrapping_mul(2_654_435_761) % 100_000)).collect();
    assert!(libsvm(&hashed).dataset.features() > 90_000);
    let options = options().features(Some(100_000)).index_base(Some(0));
    assert_eq!(libsvm_with(&format!("{rows}1 99999:1\n"), &options).dataset.rows, 4001);
}

#[test]
fn libsvm_indices_stand_in_any_order_but_once() {
    assert_rows(&libsvm("1 3:3 1:1 2:2\n1 2:5\n"), &[&[1.0, 2.0, 3.0], &[NAN, 5.0, NAN]]);
    assert_eq!(
        refused("a.svm", "1 5:1 3:1 4:1 5:1\n", &options()),
        "a.svm:1:5: the index of `5:1` is there twice in the line; give every feature one value a row"
    );
}

#[test]
fn libsvm_words_for_missing() {
    let channel = libsvm("1 1:nan 2:NA 3:?\n0 1:1\n");
    assert_rows(&channel, &[&[NAN, NAN, NAN], &[1.0, NAN, NAN]]);
}

#[test]
fn libsvm_weights_stand_beside_the_label() {
    let channel = libsvm("1:0.5 1:1\n0:2 1:2\n");
    assert_rows(&channel, &[&[1.0], &[2.0]]);
    assert_eq!(channel.dataset.labels, Some(vec![1.0, 0.0]));
    assert_eq!(channel.dataset.weights, Some(vec![0.5, 2.0]));
    let remedy = "begin every line with `label:weight`, or every line with `label`";
    assert_eq!(
        refused("a.svm", "1:0.5 1:1\n0 1:1\n", &options()),
        format!("a.svm:2:1: `0` has no weight, but the rows before it have one; {remedy}")
    );
    assert_eq!(
        refused("a.svm", "1 1:1\n0:2 1:1\n", &options()),
        format!("a.svm:2:1: `0:2` has a weight, but the rows before it have none; {remedy}")
    );
    for (word, message) in [
        ("1:-1", "the weight `-1` is negative; use finite numbers from 0 on"),
        ("1:", "the weight is missing; fill it in, or remove the row"),
        ("1:inf", "the weight `inf` is infinite; use finite numbers"),
        ("1:x", "the weight `x` is not a number; encode it as a number"),
    ] {
        assert_eq!(refused("a.svm", format!("{word} 1:1\n"), &options()), format!("a.svm:1:1: {message}"));
    }
}

#[test]
fn libsvm_blank_and_comment_lines() {
    assert_rows(&libsvm("\r\n# a comment\r\n1 1:1\r\n\r\n0\t1:2\r\n"), &[&[1.0], &[2.0]]);
    assert_eq!(
        refused("a.svm", "# nothing\n", &options()),
        "a.svm: the file has comments but no rows; give a file with rows, or leave it out"
    );
}

#[test]
fn libsvm_without_labels_passes_the_first_word_over() {
    let channel = libsvm_with("0 1:5\nnan 2:6\n", &unlabelled());
    assert_rows(&channel, &[&[5.0, NAN], &[NAN, 6.0]]);
    assert_eq!(channel.dataset.labels, None);
    assert_eq!(
        refused("a.svm", "1:5 2:6\n", &unlabelled()),
        "a.svm:1:1: `1:5` stands where the label belongs; begin every line with a label, 0 if it is not known"
    );
}

#[test]
fn bad_libsvm_words() {
    let pair = "write every feature as its index, a colon and its value";
    for (line, column, message) in [
        ("a 1:1", 1, "the label `a` is not a number; encode the classes as 0, 1, ...".to_owned()),
        ("nan 1:1", 1, "the label is missing; fill it in, or remove the row".to_owned()),
        ("inf 1:1", 1, "the label `inf` is infinite; use finite numbers".to_owned()),
        ("1 5", 2, format!("`5` is not an index:value pair; {pair}")),
        ("1 1:1 5:", 3, format!("`5:` is not an index:value pair; {pair}")),
        ("1 qid:3 1:1", 2, "`qid:3`: query groups are not supported yet; remove the qid words".to_owned()),
        ("1 x:3", 2, "`x` in `x:3` is not an index; use whole numbers from 0 on".to_owned()),
        ("1 -1:3", 2, "`-1` in `-1:3` is not an index; use whole numbers from 0 on".to_owned()),
        ("1 1:3,5", 2, "`3,5` is not a number; write a decimal point instead of the comma".to_owned()),
        ("1 1:1e99", 2, "`1e99` is too large for a 32-bit float; use finite numbers".to_owned()),
        (
            "1 99999999999999999999:1",
            2,
            "the index of `99999999999999999999:1` is larger than 16777216; number the features without gaps"
                .to_owned(),
        ),
    ] {
        let text = format!("0 1:1\n\n{line}\n");
        assert_eq!(refused("a.svm", text, &options()), format!("a.svm:3:{column}: {message}"));
    }
}

#[test]
fn libsvm_needs_a_feature() {
    assert_eq!(
        refused("a.svm", "1\n0\n", &options()),
        "a.svm: no row has a feature; write features as index:value pairs after the label"
    );
}

#[test]
fn libsvm_refuses_the_options_of_csv() {
    let cases = [
        (
            options().label(Some(name("y"))),
            "ReadOptions::label y: a libsvm file has no label column; drop the option: a line begins with its label",
        ),
        (
            options().weight(Some(ColumnRef::Index(1))),
            "ReadOptions::weight 1: a libsvm file has no weight column; write `label:weight` at the \
             beginning of each line",
        ),
        (
            options().ignore(vec![ColumnRef::Index(1)]),
            "ReadOptions::ignore 1: a libsvm file has no columns; drop the option, or convert the file to CSV",
        ),
        (options().header(Header::Yes), "ReadOptions::header yes: a libsvm file has no header; drop the option"),
        (options().delimiter(Some(b',')), "ReadOptions::delimiter ,: a libsvm file has no delimiter; drop the option"),
    ];
    for (options, message) in cases {
        assert_eq!(refused("a.svm", "1 1:1\n", &options), format!("a.svm: {message}"));
    }
}

// Between channels.
