//! Headers, delimiters and the roles of columns.

use super::*;

#[test]
fn column_references_are_numbers_or_names() {
    for (text, expected) in [
        ("0", ColumnRef::Index(0)),
        ("12", ColumnRef::Index(12)),
        ("f0", name("f0")),
        ("-1", name("-1")),
        ("", name("")),
    ] {
        assert_eq!(text.parse::<ColumnRef>().unwrap(), expected);
        assert_eq!(expected.to_string(), text);
    }
    assert_eq!(" age ".parse::<ColumnRef>().unwrap(), name("age"));
}

#[test]
fn header_modes_have_names() {
    assert_eq!("auto".parse::<Header>().unwrap(), Header::Auto);
    assert_eq!("yes".parse::<Header>().unwrap(), Header::Yes);
    assert_eq!("no".parse::<Header>().unwrap(), Header::No);
    let error = "maybe".parse::<Header>().unwrap_err();
    assert_eq!(error.to_string(), "`maybe` is not a header mode; use auto, yes or no");
}

#[test]
fn a_delimiter_may_not_be_content() {
    for delimiter in [b'"', b'\n', b'.', b'7', b'e', 0xe9] {
        let error = read_as("a.csv", "1,2", &options().delimiter(Some(delimiter))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter);
    }
    assert_eq!(
        refused("a.csv", "1,2", &options().delimiter(Some(b'.'))),
        "the delimiter `.` cannot be told from the content of fields; use a comma, a semicolon, a tab or `|`"
    );
}

#[test]
fn an_index_base_is_0_or_1() {
    assert_eq!(refused("a.svm", "1 1:1", &options().index_base(Some(2))), "the libsvm index base 2 is neither 0 nor 1");
}

// CSV: values and records.

#[test]
fn the_label_is_taken_out_of_the_features() {
    let channel = csv("1,5,6\n0,7,8\n");
    assert_rows(&channel, &[&[5.0, 6.0], &[7.0, 8.0]]);
    assert_eq!(channel.dataset.labels, Some(vec![1.0, 0.0]));
    assert_eq!(channel.dataset.weights, None);
    assert_eq!(channel.dataset.feature_names, ["f0", "f1"]);
    assert!(!channel.dataset.named);
    assert_eq!((channel.format, channel.header, channel.index_base), (Format::Csv, false, None));
    assert_eq!(channel.files, [PathBuf::from("a.csv")]);
}

#[test]
fn without_a_label_every_column_is_a_feature() {
    let channel = csv_with("1,5\n0,7\n", &unlabelled());
    assert_rows(&channel, &[&[1.0, 5.0], &[0.0, 7.0]]);
    assert_eq!(channel.dataset.labels, None);
}

#[test]
fn missing_values_are_nan() {
    let channel = csv("1,,NA,n/a,NaN\n0,null,?, ,\"\"\n");
    assert_rows(&channel, &[&[NAN; 4], &[NAN; 4]]);
}

#[test]
fn blanks_quotes_signs_and_negative_zeros() {
    let channel = csv("1, 2.5 ,\"3\",+4,-0.0\n0,\t-1e-3,\" 7 \",.5,-1e-60\n");
    assert_rows(&channel, &[&[2.5, 3.0, 4.0, 0.0], &[-1e-3, 7.0, 0.5, 0.0]]);
}

#[test]
fn numbers_are_the_nearest_32_bit_floats() {
    let channel = csv("0,0.1,16777217,3.4028235e38,1e-45,9007199254740993\n");
    assert_rows(&channel, &[&[0.1, 16_777_216.0, f32::MAX, f32::from_bits(1), 9_007_199_254_740_992.0]]);
}

#[test]
fn line_breaks_of_all_kinds_and_blank_lines() {
    for text in
        ["1,5\n0,3", "1,5\r\n0,3\r\n", "1,5\r0,3\r", "\n\n1,5\n\n  \n0,3\n\n\n", "\r\n1,5\r\n \t\r\n0,3\r\n\r\n"]
    {
        assert_rows(&csv(text), &[&[5.0], &[3.0]]);
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_rows(&csv("\u{feff}1,2\n"), &[&[2.0]]);
    assert_rows(&csv("\u{feff}\u{feff}1,2\n"), &[&[2.0]]);
    let channel = csv("\u{feff}y,x\n1,2\n");
    assert_eq!(channel.dataset.feature_names, ["x"]);
    assert_eq!(
        csv_refused("\u{feff}1,3\n1,a\n"),
        "a.csv:2:2: `a` in column 1 is not a number; encode the column as numbers, leave it out with \
         ReadOptions::ignore 1, \
         or leave the field empty if the value is missing"
    );
}

#[test]
fn a_quoted_empty_field_alone_on_its_line_is_a_missing_value() {
    assert_rows(&csv_with("1\n\"\"\n\n3\n", &unlabelled()), &[&[1.0], &[NAN], &[3.0]]);
}

#[test]
fn comments_are_not_skipped() {
    assert_eq!(
        csv_refused("1,3\n# end\n"),
        "a.csv:2:2: expected 2 fields, found 1; give every line the same number of fields, and quote fields that hold \
         the delimiter"
    );
}

#[test]
fn delimiters_are_found() {
    for (delimiter, word) in [(';', "a semicolon"), ('\t', "a tab"), ('|', "a vertical bar")] {
        let channel = csv(&"1,2,4\n0,4,5\n".replace(',', &delimiter.to_string()));
        assert_rows(&channel, &[&[2.0, 4.0], &[4.0, 5.0]]);
        assert_eq!(channel.notes[1], format!("a.csv: the delimiter is {word}"));
    }
    assert_eq!(csv("1,2,3\n").notes.len(), 1);
}

#[test]
fn a_given_delimiter_is_used() {
    let channel = csv_with("1 2 4\n0 4 5\n", &options().delimiter(Some(b' ')));
    assert_rows(&channel, &[&[2.0, 4.0], &[4.0, 5.0]]);
    assert_eq!(channel.notes.len(), 1);
}

#[test]
fn a_tsv_file_has_tabs() {
    let channel = read_as("a.tsv", "1\t3\n0\t\n", &options()).unwrap();
    assert_rows(&channel, &[&[3.0], &[NAN]]);
}

// CSV: header.

#[test]
fn a_first_line_of_text_is_a_header() {
    let channel = csv("label, age ,\"hours, a week\"\n1,30,40\n");
    assert_rows(&channel, &[&[30.0, 40.0]]);
    assert_eq!(channel.dataset.feature_names, ["age", "hours, a week"]);
    assert!(channel.dataset.named && channel.header);
    assert_eq!(channel.notes, ["a.csv: found a header in line 1; the label is column 0, `label`"]);
}

#[test]
fn a_first_line_of_numbers_and_missing_values_is_data() {
    let channel = csv("1,NA,,3\n0,1,2,3\n");
    assert_eq!(channel.dataset.rows, 2);
    assert_eq!(channel.notes, ["a.csv: found no header: line 1 is read as data; the label is column 0"]);
}

#[test]
fn a_first_line_of_both_is_refused() {
    assert_eq!(
        csv_refused("\n1,34,Private,2\n0,25,State,3\n"),
        "a.csv:2:3: `Private` is not a number, but other fields of the line are; use \
         ReadOptions::header yes if the line names \
         the columns, else encode the column as numbers or leave it out with ReadOptions::ignore 2"
    );
}

#[test]
fn a_name_that_is_asked_for_makes_a_header() {
    let channel = csv_with("label,1,2\n1,5,6\n", &options().label(Some(name("label"))));
    assert_rows(&channel, &[&[5.0, 6.0]]);
    assert_eq!(channel.dataset.feature_names, ["1", "2"]);
}

#[test]
fn columns_ignored_by_number_do_not_make_a_header() {
    let channel = csv_with("1,a17,2\n0,a18,3\n", &options().ignore(vec![ColumnRef::Index(1)]));
    assert_rows(&channel, &[&[2.0], &[3.0]]);
}

#[test]
fn header_yes_takes_any_names() {
    let channel = csv_with("0,1,2\n1,5,6\n", &options().header(Header::Yes));
    assert_rows(&channel, &[&[5.0, 6.0]]);
    assert_eq!(channel.dataset.feature_names, ["1", "2"]);
    assert_eq!(channel.notes, ["a.csv: line 1 is read as the header; the label is column 0, `0`"]);
}

#[test]
fn header_no_with_text_in_line_1() {
    let options = options().header(Header::No);
    assert_eq!(
        refused("a.csv", "y,age\n1,30\n", &options),
        "a.csv:1:1: the label `y` is not a number; the line looks like a header: use ReadOptions::header auto or yes"
    );
    assert_eq!(
        refused("a.csv", "1,age\n1,30\n", &options),
        "a.csv:1:2: `age` in column 1 is not a number; the line looks like a header: use \
         ReadOptions::header auto or yes"
    );
    assert_rows(&csv_with("1,2\n", &options), &[&[2.0]]);
}

#[test]
fn empty_names_are_made_up() {
    let channel = csv("y,,x\n1,2,3\n");
    assert_eq!(channel.dataset.feature_names, ["column_1", "x"]);
    assert_eq!(channel.notes[1], "a.csv: column 1 has no name in the header and is called `column_1`");
}

#[test]
fn a_name_is_there_once() {
    assert_eq!(
        csv_refused("y,a,b,a\n1,2,3,4\n"),
        "a.csv:1:4: the name `a` is already that of column 1; give every column a name of its own"
    );
}

// CSV: roles.

#[test]
fn columns_are_asked_for_by_name() {
    let options = options().label(Some(name("y"))).weight(Some(name("w"))).ignore(vec![name("id")]);
    let channel = csv_with("id,a,w,b,y\nx1,1,0.5,2,0\nx2,3,-0,4,1\n", &options);
    assert_rows(&channel, &[&[1.0, 2.0], &[3.0, 4.0]]);
    assert_eq!(channel.dataset.labels, Some(vec![0.0, 1.0]));
    assert_eq!(bits(&[channel.dataset.weights.as_ref().unwrap()]), bits(&[&[0.5, 0.0]]));
    assert_eq!(channel.dataset.feature_names, ["a", "b"]);
    assert_eq!(
        channel.notes,
        ["a.csv: found a header in line 1; the label is column 4, `y`; the weight is column `w`; left out: `id`"]
    );
}

#[test]
fn columns_are_asked_for_by_number_in_the_file() {
    let options = options()
        .label(Some(ColumnRef::Index(4)))
        .weight(Some(ColumnRef::Index(2)))
        .ignore(vec![ColumnRef::Index(0), ColumnRef::Index(0)]);
    let channel = csv_with("x1,1,0.5,2,0\nx2,3,2,4,1\n", &options);
    assert_rows(&channel, &[&[1.0, 2.0], &[3.0, 4.0]]);
    assert_eq!(channel.dataset.weights, Some(vec![0.5, 2.0]));
    assert_eq!(channel.dataset.feature_names, ["f0", "f1"]);
}

#[test]
fn a_label_that_is_not_there() {
    let with = |label| options().label(Some(label));
    let header = "income,age,hours\n1,2,3\n";
    assert_eq!(
        refused("a.csv", header, &with(name("Incme"))),
        "a.csv:1: there is no label column `Incme`; did you mean `income`?"
    );
    assert_eq!(
        refused("a.csv", header, &with(name("target"))),
        "a.csv:1: there is no label column `target`; the columns are `income`, `age`, `hours`"
    );
    assert_eq!(
        refused("a.csv", header, &with(ColumnRef::Index(3))),
        "a.csv:1: there is no label column 3: the file has columns 0 to 2; give \
         ReadOptions::label one of these, or a name"
    );
    assert_eq!(
        refused("a.csv", "1,2,3\n", &with(name("income"))),
        "a.csv:1: the label column `income` is asked for by name, but there is no header; give \
         ReadOptions::label the number of \
         the column, from 0, or add a header to the file"
    );
    assert_eq!(
        refused("a.csv", header, &with(name("income")).header(Header::No)),
        "a.csv:1: the label column `income` is asked for by name, but there is no header; give \
         ReadOptions::label the number of \
         the column, from 0, or drop ReadOptions::header no"
    );
    assert_eq!(read_as("a.csv", header, &with(name("target"))).unwrap_err().kind(), ErrorKind::Parameter);
}

#[test]
fn a_long_list_of_columns_is_cut() {
    let names: Vec<String> = (0..23).map(|index| format!("c{index}")).collect();
    let error = refused("a.csv", names.join(","), &options().label(Some(name("target"))));
    assert!(error.ends_with("`c18`, `c19` and 3 more"), "{error}");
}

#[test]
fn one_column_has_one_role() {
    let index = ColumnRef::Index;
    let cases = [
        (Some(index(1)), vec![], "ReadOptions::label and ReadOptions::weight name the same column, `b`"),
        (Some(name("b")), vec![], "ReadOptions::label and ReadOptions::weight name the same column, `b`"),
        (None, vec![name("b")], "ReadOptions::label and ReadOptions::ignore name the same column, `b`"),
        (Some(index(0)), vec![name("a")], "ReadOptions::weight and ReadOptions::ignore name the same column, `a`"),
    ];
    for (weight, ignore, message) in cases {
        let options = options().label(Some(name("b"))).weight(weight).ignore(ignore);
        assert_eq!(
            refused("a.csv", "a,b,c\n1,2,3\n", &options),
            format!("a.csv: {message}; give them different columns")
        );
    }
}

#[test]
fn a_feature_must_be_left() {
    assert_eq!(
        csv_refused("1 2\n3 4\n"),
        "a.csv:1: no feature is left of 1 column; check the delimiter and the columns to ignore"
    );
}

// CSV: bad fields.
