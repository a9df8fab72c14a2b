//! Files of a channel: kinds, gzip, folders.

use super::*;

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
