//! The scanner, chunk by chunk, against the csv crate, whole.

use super::super::chunks::{Chunk, Chunks, Cut, breaks_before};
use super::super::layout::{Layout, Role};
use super::super::source::Origin;
use super::rows::{Reading, Rows, Start};
use super::scan;
use crate::Objective;
use crate::error::Result;
use crate::ingest::ReadOptions;
use proptest::prelude::*;

const BEGIN: Start = Start { line: 1, rows: 0 };

/// A text, and how it is read.
struct Case {
    origin: Origin,
    layout: Layout,
    options: ReadOptions,
}

impl Case {
    fn new(roles: Vec<Role>) -> Self {
        let options = ReadOptions { domain: Some((Objective::BinaryLogistic, 1)), ..ReadOptions::default() };
        Self { origin: Origin::new("a.csv"), layout: Layout { names: None, roles }, options }
    }

    fn reading(&self) -> Reading<'_> {
        Reading { origin: &self.origin, layout: &self.layout, options: &self.options, delimiter: b',' }
    }

    /// The columns as bits.
    fn columns(&self, rows: &Rows) -> Vec<Vec<u32>> {
        let bits = |column| rows.column(column).iter().map(|value| value.to_bits()).collect();
        (0..self.layout.kept()).map(bits).collect()
    }

    /// By the csv crate, the whole text at once.
    fn plain(&self, text: &str) -> Result<Vec<Vec<u32>>> {
        let mut rows = Rows::default();
        rows.reset(self.layout.kept(), text.len() + 1);
        self.reading().read_records(text, BEGIN, &mut rows)?;
        Ok(self.columns(&rows))
    }

    /// As files are read, in chunks of about `block` bytes.
    fn chunked(&self, text: &str, block: usize) -> Result<Vec<Vec<u32>>> {
        let mut chunks = Chunks::new(text.as_bytes(), block, usize::MAX - 1);
        let mut chunk = Chunk::default();
        let mut start = BEGIN;
        let mut rows = Rows::default();
        let mut all = vec![Vec::new(); self.layout.kept()];
        while chunks.next(Cut::Record(b','), &mut chunk).unwrap_or_default() {
            let breaks = breaks_before(&chunk.bytes, chunk.bytes.len());
            self.reading().read(&chunk.bytes, breaks, start, &mut rows)?;
            for (all, column) in all.iter_mut().zip(self.columns(&rows)) {
                all.extend(column);
            }
            start.rows += rows.count;
            start.line += breaks;
        }
        Ok(all)
    }

    fn check(&self, text: &str, block: usize) -> std::result::Result<(), TestCaseError> {
        match (self.plain(text), self.chunked(text, block)) {
            (Ok(plain), Ok(chunked)) => prop_assert_eq!(plain, chunked),
            (Err(plain), Err(chunked)) => prop_assert_eq!(told(&plain), told(&chunked)),
            (plain, chunked) => prop_assert!(false, "{:?} but {:?}", plain, chunked),
        }
        Ok(())
    }
}

/// An error without the other columns of text, which are looked for in its chunk alone.
fn told(error: &crate::Error) -> String {
    let text = error.to_string();
    match text.split_once(" is not a number") {
        Some((value, rest)) if rest.contains("encode the column") => value.to_owned(),
        _ => text,
    }
}

fn roles() -> impl Strategy<Value = Vec<Role>> {
    let role = prop_oneof![6 => Just(Role::Feature), 2 => Just(Role::Ignored), 1 => Just(Role::Label), 1 => Just(Role::Weight)];
    prop::collection::vec(role, 1..5)
}

/// Fields that are well formed nearly always.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "-?[0-9]{1,3}(\\.[0-9]{1,9})?",
        2 => Just("1".to_owned()),
        1 => "(|NA| |\"\"|\" 5\"|\"6\" |\"7\"\t|\t2 |\"1.5\"|\"1\n\"|1e3|1e-50|\\+4)",
        1 => "\"([a-z ,\n\r]|\"\")*\"",
    ]
}

/// Anything that the letters that matter can make.
fn soup() -> impl Strategy<Value = String> {
    "[01\",\n\r\\. \u{feff}é]{0,40}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn rows_are_those_of_the_csv_crate(
        roles in roles(),
        fields in prop::collection::vec(field(), 1..60),
        breaks in prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", "\r\n \r\n", "\n\u{feff}"]),
        open in prop::sample::select(vec!["", "\n", "\r\n"]),
        block in 1_usize..60,
    ) {
        let lines: Vec<String> = fields.chunks(roles.len()).map(|line| line.join(",")).collect();
        Case::new(roles).check(&(lines.join(breaks) + open), block)?;
    }

    #[test]
    fn rows_of_anything_are_those_of_the_csv_crate(roles in roles(), text in soup(), block in 1_usize..20) {
        Case::new(roles).check(&text, block)?;
    }
}

#[test]
fn the_scanner_reads_what_files_hold() {
    use Role::{Feature, Ignored};
    for (roles, text, expected) in [
        (vec![Feature, Feature], "1,2\n3,4\n", vec![vec![1.0, 3.0], vec![2.0, 4.0]]),
        (vec![Feature, Feature], "\r\n1,2\r\n\r\n3,4", vec![vec![1.0, 3.0], vec![2.0, 4.0]]),
        (vec![Feature, Feature], " 1 , 2\r\"3\",\" 4\"\r", vec![vec![1.0, 3.0], vec![2.0, 4.0]]),
        (vec![Ignored, Feature], "é,2\n\"a\nb, c\",4\n", vec![vec![2.0, 4.0]]),
        (vec![Feature], "1\n-0.0\n", vec![vec![1.0, 0.0]]),
    ] {
        let mut rows = Rows::default();
        rows.reset(2, 10);
        assert!(scan::rows(text, b',', &roles, &mut rows), "{text:?}");
        let columns: Vec<&[f32]> = (0..expected.len()).map(|column| rows.column(column)).collect();
        assert_eq!(columns, expected, "{text:?}");
    }
}

/// Rows enough for many chunks, with their line breaks.
fn long_text(rows: usize) -> String {
    let row = |row: usize| format!("{},{}.{:03},\"note\n{row}\",{}\n", row % 2, row, row % 1000, row % 7);
    (0..rows).map(row).collect()
}

fn read(text: &str) -> Result<crate::ingest::Channel> {
    let options = ReadOptions { ignore: vec![crate::ingest::ColumnRef::Index(2)], ..ReadOptions::default() };
    crate::ingest::read_bytes(std::path::Path::new("a.csv"), text.as_bytes(), &options)
}

#[test]
fn many_chunks_and_threads_keep_the_order() -> Result<()> {
    let text = long_text(200_000);
    let case = Case::new(vec![Role::Label, Role::Feature, Role::Ignored, Role::Feature]);
    let plain = case.plain(&text)?;
    for threads in [1, 3] {
        let data = crate::util::threads::thread_pool(Some(threads))?.install(|| read(&text))?.dataset;
        let columns = data.labels.iter().chain(&data.columns);
        let bits: Vec<Vec<u32>> = columns.map(|column| column.iter().map(|value| value.to_bits()).collect()).collect();
        assert!(bits == plain);
    }
    Ok(())
}

#[test]
fn the_first_error_is_reported_with_its_line() {
    // Rows take two lines.
    let mut lines: Vec<String> = long_text(200_000).lines().map(str::to_owned).collect();
    lines[399_998] = "1,first,\"note".into();
    lines[300_000] = "1,\"a\"\"b\",\"note".into();
    let error = |lines: &[String]| read(&lines.join("\n")).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error(&lines).starts_with("a.csv:300001:2: `a\"b` in column 1 is not a number;"));
    lines[100_000] = "1".into();
    assert!(error(&lines).starts_with("a.csv:100001:2: expected 4 fields, found 1;"));
}
