//! How the data of commands is read.

use super::numbers::whole;
use gboost::ingest::{ColumnRef, Header, ReadOptions};
use gboost_jobs::data::{DataOptions, Delimiter};
use std::convert::Infallible;

/// How data files are read.
#[derive(clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// Column of the label, by name or by number in the file, from 0; name:7 is the one named 7
    /// [default: 0]
    #[arg(long, value_name = "NAME|INDEX", value_parser = column)]
    label: Option<ColumnRef>,

    /// The data has no label column
    #[arg(long, conflicts_with = "label")]
    no_label: bool,

    /// Column of the row weights
    #[arg(long, value_name = "NAME|INDEX", value_parser = column)]
    weight_column: Option<ColumnRef>,

    /// Columns to leave out; they may hold text
    #[arg(long, value_name = "NAME|INDEX", num_args = 1.., value_delimiter = ',', value_parser = column)]
    ignore_column: Vec<ColumnRef>,

    /// Whether line 1 of a CSV file names the columns [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "yes", "no"])]
    header: Option<String>,

    /// Delimiter of CSV files: auto, tab, or a character [default: auto]
    #[arg(long, value_name = "C", value_parser = delimiter)]
    delimiter: Option<Delimiter>,

    /// Index of the first feature of libsvm files [default: that of the model; for a model of
    /// XGBoost 0; for a new model 0 if the training data has an index 0, else 1]
    #[arg(long, value_name = "BASE", value_parser = ["0", "1"])]
    index_base: Option<String>,

    /// Longest row of a file in bytes; a longer one, such as a quote that is never closed makes, is
    /// an error, and so are more columns than a sixteenth of it
    #[arg(long, value_name = "N", value_parser = whole::<u64>(RECORD_BYTES), allow_negative_numbers = true,
        default_value_t = ReadOptions::MAX_RECORD_BYTES as u64)]
    max_record_bytes: u64,
}

/// What `--max-record-bytes` may be.
const RECORD_BYTES: std::ops::RangeInclusive<u64> = ReadOptions::LEAST_RECORD_BYTES as u64..=1 << 40;

fn column(text: &str) -> std::result::Result<ColumnRef, Infallible> {
    text.parse()
}

fn delimiter(text: &str) -> std::result::Result<Delimiter, String> {
    text.parse()
}

impl DataArgs {
    /// The options of a job.
    pub fn options(self) -> DataOptions {
        let header = self.header.as_deref().map(|header| match header {
            "yes" => Header::Yes,
            "no" => Header::No,
            _ => Header::Auto,
        });
        DataOptions {
            label: self.label,
            no_label: self.no_label,
            weight_column: self.weight_column,
            ignore_column: self.ignore_column,
            header,
            delimiter: self.delimiter,
            index_base: self.index_base.and_then(|base| base.parse().ok()),
            max_record_bytes: self.max_record_bytes,
            ..DataOptions::default()
        }
    }
}
