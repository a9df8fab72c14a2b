//! Values of CSV files, and records that are none.

use super::*;

#[test]
fn text_in_a_column_of_numbers() {
    assert_eq!(
        csv_refused("y,work class,job\n\n1,2,3\n1,2,Private\n"),
        "a.csv:4:3: `Private` in column `job` is not a number; encode the column as numbers, leave it out with \
         ReadOptions::ignore job, or leave the field empty if the value is missing"
    );
    assert_eq!(
        csv_refused("y,work class,job\r\n1,Private,3\r\n"),
        "a.csv:2:2: `Private` in column `work class` is not a number; encode the column as numbers, leave it out with \
         ReadOptions::ignore 1, or leave the field empty if the value is missing"
    );
}

#[test]
fn long_and_strange_values_are_shown_on_one_line() {
    assert_eq!(
        csv_refused(&format!("1,3\n1,\"\t{}\nb\"\n", "a".repeat(50))),
        format!(
            "a.csv:2:2: `{}...` in column 1 is not a number; encode the column as numbers, leave it out with \
             ReadOptions::ignore 1, or leave the field empty if the value is missing",
            "a".repeat(40)
        )
    );
}

#[test]
fn a_decimal_comma() {
    assert_eq!(
        csv_refused("y;x\n1;2\n1;3,5\n"),
        "a.csv:3:2: `3,5` in column `x` is not a number; write a decimal point instead of the comma"
    );
}

#[test]
fn infinities() {
    assert_eq!(
        csv_refused("1,3\n1,-inf\n"),
        "a.csv:2:2: `-inf` is infinite; use finite numbers, or leave the field empty if the value is missing"
    );
    assert_eq!(
        csv_refused("1,1e999\n"),
        "a.csv:1:2: `1e999` is too large for a 32-bit float; use finite numbers, or leave the field empty if the \
         value is missing"
    );
    assert_eq!(csv_refused("1,3\ninf,2\n"), "a.csv:2:1: the label `inf` is infinite; use finite numbers");
}

#[test]
fn bad_labels() {
    assert_eq!(
        csv_refused("1,3\n ,2\n"),
        "a.csv:2:1: the label is missing; fill it in, remove the row, or give \
         ReadOptions::label the column of the labels"
    );
    assert_eq!(
        csv_refused("y,x\nyes,2\n"),
        "a.csv:2:1: the label `yes` is not a number but a truth value; write 1 for yes and 0 for no"
    );
    assert_eq!(
        csv_refused("y,x\ngood,2\n"),
        "a.csv:2:1: the label `good` is not a number; encode the classes as 0, 1, ..., or give \
         ReadOptions::label the column of \
         the labels"
    );
}

#[test]
fn bad_weights() {
    let options = options().weight(Some(ColumnRef::Index(1)));
    let remedy = "use finite numbers from 0 on, or give ReadOptions::weight the column of the weights";
    for (weight, message) in [
        ("-1", "the weight `-1` is negative"),
        ("", "the weight is missing"),
        ("inf", "the weight `inf` is infinite"),
        ("x", "the weight `x` is not a number"),
    ] {
        let text = format!("1,1,5\n0,{weight},6\n");
        assert_eq!(refused("a.csv", text, &options), format!("a.csv:2:2: {message}; {remedy}"));
    }
}

#[test]
fn ragged_rows() {
    let remedy = "give every line the same number of fields, and quote fields that hold the delimiter";
    assert_eq!(csv_refused("1,3,2\n1,2\n"), format!("a.csv:2:3: expected 3 fields, found 2; {remedy}"));
    assert_eq!(csv_refused("1,3\r\n\r\n \r\n1,2,3\r\n"), format!("a.csv:4:3: expected 2 fields, found 3; {remedy}"));
    assert_eq!(csv_refused("\r\r1,3\r1\r"), format!("a.csv:4:2: expected 2 fields, found 1; {remedy}"));
}

#[test]
fn a_quote_that_is_not_closed() {
    assert_eq!(
        csv_refused("1,2,3\n1,\"2,3\n1,2,3\n"),
        "a.csv:2:3: the quote that opens here is not closed: the field would run on to line 3, the last; close the quote \
         where the field ends, or remove it"
    );
}

#[test]
fn the_line_of_a_record_over_several_lines_is_its_first() {
    let options = options().ignore(vec![name("note")]);
    let text = "y,note,x\r\n1,\"two\r\nlines\",3\r\n1,\"two\r\nlines\",a\r\n";
    assert!(refused("a.csv", text, &options).starts_with("a.csv:4:3: `a` in column `x` is not a number;"));
}

// Files.
