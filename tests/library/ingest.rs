//! Reading files: one test a rule, and one an error with all of its text.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use gboost::data::dataset::Dataset;
use gboost::error::ErrorKind;
use gboost::ingest::{Channel, ColumnRef, Format, Header, ReadOptions, check_same_features, read_bytes, read_channel};
use gboost::util::digest::sha256_of_file;

const NAN: f32 = f32::NAN;

fn options() -> ReadOptions {
    ReadOptions::default()
}

fn unlabelled() -> ReadOptions {
    options().label(None)
}

fn name(text: &str) -> ColumnRef {
    ColumnRef::Name(text.into())
}

fn read_as(file: &str, text: impl AsRef<[u8]>, options: &ReadOptions) -> gboost::error::Result<Channel> {
    read_bytes(Path::new(file), text.as_ref(), options)
}

fn csv_with(text: &str, options: &ReadOptions) -> Channel {
    read_as("a.csv", text, options).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn csv(text: &str) -> Channel {
    csv_with(text, &options())
}

fn libsvm_with(text: &str, options: &ReadOptions) -> Channel {
    read_as("a.libsvm", text, options).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn libsvm(text: &str) -> Channel {
    libsvm_with(text, &options())
}

/// The text of the error.
fn refused(file: &str, text: impl AsRef<[u8]>, options: &ReadOptions) -> String {
    read_as(file, text, options).expect_err("is refused").to_string()
}

fn csv_refused(text: &str) -> String {
    refused("a.csv", text, &options())
}

/// Rows of features as bits, so that missing values compare and zeros keep their sign.
fn bits(rows: &[&[f32]]) -> Vec<Vec<u32>> {
    rows.iter().map(|row| row.iter().map(|value| value.to_bits()).collect()).collect()
}

#[track_caller]
fn assert_rows(channel: &Channel, expected: &[&[f32]]) {
    let dataset = &channel.dataset;
    let rows: Vec<Vec<u32>> = (0..dataset.rows).map(|row| dataset.row(row).map(f32::to_bits).collect()).collect();
    assert_eq!(rows, bits(expected));
    assert!(dataset.columns.iter().all(|column| column.len() == dataset.rows));
    assert_eq!(dataset.feature_names.len(), dataset.features());
    for values in dataset.labels.iter().chain(&dataset.weights) {
        assert_eq!(values.len(), dataset.rows);
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A folder with files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (file, text) in files {
            folder.write(file, text.as_bytes());
        }
        folder
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        fs::write(self.path(file), bytes).unwrap();
    }

    fn path(&self, file: &str) -> PathBuf {
        if file.is_empty() { self.0.path().to_path_buf() } else { self.0.path().join(file) }
    }

    fn paths(&self, files: &[&str]) -> Vec<PathBuf> {
        files.iter().map(|file| self.path(file)).collect()
    }

    fn read(&self, files: &[&str]) -> Channel {
        read_channel(&self.paths(files), &options()).unwrap()
    }

    /// The text of the error, with the folder as `DIR`.
    fn refused(&self, files: &[&str], options: &ReadOptions) -> String {
        let error = read_channel(&self.paths(files), options).expect_err("is refused").to_string();
        error.replace(&self.path("").display().to_string(), "DIR")
    }

    fn notes(&self, channel: &Channel) -> Vec<String> {
        channel.notes.iter().map(|note| note.replace(&self.path("").display().to_string(), "DIR")).collect()
    }
}

// Options.

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

#[test]
fn empty_files() {
    for text in ["", "\n\n", "\u{feff}", "\u{feff}\u{feff}", " \r\n"] {
        for file in ["a.csv", "a.libsvm", "a.txt", "a.csv.gz"] {
            assert_eq!(
                refused(file, if file.ends_with("gz") { gzip(text) } else { text.into() }, &options()),
                format!("{file}: the file is empty; give a file with rows, or leave it out")
            );
        }
    }
    assert_eq!(
        csv_refused("y,x\n\n"),
        "a.csv: the file has a header but no rows; give a file with rows, or leave it out"
    );
}

#[test]
fn invalid_utf8() {
    assert_eq!(
        refused("a.csv", b"y,x\n1,2\n1,caf\xe9\n", &options()),
        "a.csv:3: the byte 0xe9 after `caf` is not UTF-8; save the file as UTF-8"
    );
    assert_eq!(
        refused("a.csv", b"y,\xff\n", &options()),
        "a.csv:1: the byte 0xff is not UTF-8; save the file as UTF-8"
    );
}

#[test]
fn other_kinds_of_files() {
    let cases: [(&[u8], &str); 4] = [
        (b"\xff\xfe1\0,\0", "this is UTF-16 text, which is not read here; save it as UTF-8"),
        (b"PAR1....", "this is a Parquet file, which is not read here; convert it to CSV"),
        (
            b"PK\x03\x04....",
            "this is a zip archive or a spreadsheet, which is not read here; unpack it or save it as CSV",
        ),
        (b"BZh9....", "this is a bzip2 file, which is not read here; unpack it or use gzip"),
    ];
    for (bytes, message) in cases {
        assert_eq!(refused("a.dat", bytes, &options()), format!("a.dat: {message}"));
    }
}

#[test]
fn gzip_is_unpacked() {
    let folder = Folder::new(&[]);
    folder.write("a.csv.gz", &gzip("1,5\n0,3\n"));
    assert_rows(&folder.read(&["a.csv.gz"]), &[&[5.0], &[3.0]]);
    // Several members, as `cat a.gz b.gz` makes them, and an ending that says nothing.
    folder.write("both", &[gzip("1,5\n"), gzip("0,3\n")].concat());
    assert_rows(&folder.read(&["both"]), &[&[5.0], &[3.0]]);
    folder.write("a.svm.GZ", &gzip("1 1:5\n"));
    assert_eq!(folder.read(&["a.svm.GZ"]).format, Format::Libsvm);
}

#[test]
fn files_are_hashed_as_they_are_read() {
    let folder = Folder::new(&[]);
    // Several chunks of text, an end without a line break, a packed file of several members.
    let long: String = (0..200_000).map(|row| format!("{},{row}\n", row % 2)).collect();
    folder.write("long.csv", long.as_bytes());
    folder.write("open.csv", b"1,2\n0,3");
    folder.write("both.csv.gz", &[gzip(&long), gzip("0,3\n")].concat());
    folder.write("a.libsvm", b"1 1:5\n0 1:2\n");
    for files in [&["long.csv", "open.csv", "both.csv.gz"][..], &["a.libsvm"]] {
        let paths = folder.paths(files);
        let read = |sha256| read_channel(&paths, &options().sha256(sha256)).unwrap().file_sha256;
        let expected: Vec<_> = paths.iter().map(|path| sha256_of_file(path).unwrap()).collect();
        assert_eq!(read(true), expected);
        assert!(read(false).is_empty());
    }
}

#[test]
fn bad_gzip() {
    assert_eq!(
        refused("a.csv.gz", "1,2\n", &options()),
        "a.csv.gz: the file ends in .gz, but its content is not gzip; rename it, or compress it"
    );
    let whole = gzip("1,2\n0,3\n");
    let error = read_as("a.csv.gz", &whole[..whole.len() - 9], &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let text = error.to_string();
    assert!(text.starts_with("a.csv.gz: cannot unpack: "), "{text}");
    assert!(text.ends_with("; check that the file is whole"), "{text}");
}

#[test]
fn a_file_that_is_not_there() {
    let error = Folder::new(&[]).refused(&["no.csv"], &options());
    assert!(error.starts_with("DIR/no.csv: cannot open: "), "{error}");
}

#[test]
fn a_channel_has_files() {
    let error = read_channel(&[], &options()).unwrap_err();
    assert_eq!(error.to_string(), "no file is given for the channel; name a file or a folder");
}

#[test]
fn the_content_of_other_endings_tells_the_format() {
    for file in ["a.txt", "a.data", "a"] {
        assert_eq!(read_as(file, "1 1:2 3:4\n", &options()).unwrap().format, Format::Libsvm);
        assert_eq!(read_as(file, "1,2\n", &options()).unwrap().format, Format::Csv);
    }
    let comma = options().delimiter(Some(b','));
    assert!(refused("a.txt", "1 1:2\n", &comma).starts_with("a.txt:1: no feature is left of 1 column;"));
}

#[test]
fn several_files_are_read_in_the_order_given() {
    let folder = Folder::new(&[("a.csv", "1,2\n"), ("b.csv", "0;3\n1;4\n")]);
    let channel = folder.read(&["b.csv", "a.csv"]);
    assert_rows(&channel, &[&[3.0], &[4.0], &[2.0]]);
    assert_eq!(channel.dataset.labels, Some(vec![0.0, 1.0, 1.0]));
    assert_eq!(channel.files, folder.paths(&["b.csv", "a.csv"]));
}

#[test]
fn a_folder_stands_for_its_data_files_by_name() {
    let folder = Folder::new(&[
        ("part-10.csv", "1,10\n"),
        ("part-02.csv", "1,2\n"),
        ("part-03.TXT", "1,3\n"),
        (".hidden.csv", "x\n"),
        ("_SUCCESS", ""),
        ("notes.md", "x"),
    ]);
    folder.write("part-01.tsv.gz", &gzip("1\t1\n"));
    fs::create_dir(folder.path("sub.csv")).unwrap();
    let channel = folder.read(&[""]);
    assert_rows(&channel, &[&[1.0], &[2.0], &[3.0], &[10.0]]);
    assert_eq!(channel.files, folder.paths(&["part-01.tsv.gz", "part-02.csv", "part-03.TXT", "part-10.csv"]));
    assert_eq!(folder.notes(&channel)[0], "DIR: passed over `_SUCCESS`, `notes.md`, `sub.csv`");
}

#[test]
fn a_folder_without_data_files() {
    let remedy = "put files into it that end in .csv, .tsv, .txt, .libsvm or .svm (or these with .gz), or name the \
                  files themselves";
    let folder = Folder::new(&[(".hidden.csv", "1,2\n")]);
    assert_eq!(folder.refused(&[""], &options()), format!("DIR: the folder has no data files; {remedy}"));
    folder.write("a.parquet", b"PAR1");
    assert_eq!(
        folder.refused(&[""], &options()),
        format!("DIR: the folder has no data files, only `a.parquet`; {remedy}")
    );
}

#[test]
fn files_of_a_channel_fit_together() {
    let folder = Folder::new(&[
        ("two.csv", "1,2\n"),
        ("three.csv", "\n1,2,3\n"),
        ("header.csv", "y,a\n1,2\n"),
        ("same.csv", "y, a\n1,3\n"),
        ("other.csv", "y,b\n1,2\n"),
        ("wide.csv", "y,a,b\n1,2,3\n"),
        ("a.libsvm", "1 1:2\n"),
        ("empty.csv", ""),
    ]);
    let remedy = "give all files of a channel the same columns, all with a header or all without";
    for (files, message) in [
        (["two.csv", "three.csv"], "three.csv:2:3: 3 columns here, but 2 in DIR/two.csv"),
        (["three.csv", "two.csv"], "two.csv:1:3: 2 columns here, but 3 in DIR/three.csv"),
        (["two.csv", "header.csv"], "header.csv:1:1: there is a header here, but none in DIR/two.csv"),
        (["header.csv", "two.csv"], "two.csv:1:1: there is no header here, but one in DIR/header.csv"),
        (["header.csv", "other.csv"], "other.csv:1:2: column 1 is `b` here, but `a` in DIR/header.csv"),
        (["header.csv", "wide.csv"], "wide.csv:1:3: 3 columns here, but 2 in DIR/header.csv"),
    ] {
        assert_eq!(folder.refused(&files, &options()), format!("DIR/{message}; {remedy}"));
    }
    assert_eq!(
        folder.refused(&["two.csv", "a.libsvm"], &options()),
        "DIR/a.libsvm: this is a libsvm file, but the files before it are CSV; give a channel files of one format"
    );
    assert_eq!(
        folder.refused(&["a.libsvm", "two.csv"], &options()),
        "DIR/two.csv: this is a CSV file, but the files before it are libsvm; give a channel files of one format"
    );
    assert_eq!(
        folder.refused(&["two.csv", "empty.csv"], &options()),
        "DIR/empty.csv: the file is empty; give a file with rows, or leave it out"
    );
    let channel = folder.read(&["header.csv", "same.csv"]);
    assert_rows(&channel, &[&[2.0], &[3.0]]);
    assert_eq!(folder.notes(&channel), ["DIR/header.csv: found a header in line 1; the label is column 0, `y`"]);
}

// libsvm.

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

fn with_features(names: &[&str], named: bool) -> Dataset {
    let mut data = Dataset::new(vec![vec![0.0]; names.len()]).with_names(names.iter().copied());
    data.named = named;
    data
}

#[test]
fn the_same_features() {
    let train = with_features(&["a", "b"], true);
    assert!(check_same_features(&train, "train", &train, "validation").is_ok());
    let unnamed = with_features(&["f0", "f1"], false);
    assert!(check_same_features(&train, "train", &unnamed, "validation").is_ok());
    assert!(check_same_features(&unnamed, "train", &train, "validation").is_ok());
}

#[test]
fn other_features() {
    let train = with_features(&["a", "b", "c"], true);
    let error = |other: Dataset| check_same_features(&train, "train", &other, "validation").unwrap_err().to_string();
    let count = "give both the same columns; label, weight and ignored columns do not count";
    assert_eq!(
        error(with_features(&["f0", "f1"], false)),
        format!("2 features in validation, but 3 features in train; {count}")
    );
    assert_eq!(
        error(with_features(&["a"], true)),
        format!("1 feature in validation, but 3 features in train: feature 1, `b`, is in train alone; {count}")
    );
    assert_eq!(
        error(with_features(&["a", "b", "c", "d"], true)),
        format!("4 features in validation, but 3 features in train: feature 3, `d`, is in validation alone; {count}")
    );
    assert_eq!(
        error(with_features(&["a", "c"], true)),
        format!(
            "2 features in validation, but 3 features in train: feature 1 is `c` in validation, but `b` in train; {count}"
        )
    );
    assert_eq!(
        error(with_features(&["a", "x", "c"], true)),
        "feature 1 is `x` in validation, but `b` in train; give both the same columns in the same order"
    );
    assert_eq!(
        error(with_features(&["c", "b", "a"], true)),
        "feature 0 is `c` in validation, but `a` in train; the names are the same in another order: put the columns \
         into one order"
    );
}
