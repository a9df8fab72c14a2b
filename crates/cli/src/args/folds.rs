//! The folds that commands hold out.

use super::numbers::at_least;
use gboost_jobs::folds::FoldOptions;

/// How rows are parted.
#[derive(clap::Args)]
#[command(next_help_heading = "Folds")]
pub struct FoldArgs {
    /// Number of folds, at least 2 [default: 3]
    #[arg(long, value_name = "N", value_parser = at_least::<usize>(0), allow_negative_numbers = true, conflicts_with = "folds")]
    nfold: Option<usize>,

    /// Give every fold an equal share of each label
    #[arg(long, conflicts_with = "folds")]
    stratified: bool,

    /// Take the folds from a column of the training data, which is then no feature, or from a file:
    /// a number a line, in the order of the rows. Rows of the same number are held out together. A
    /// file of that name comes first
    #[arg(long, value_name = "COLUMN|FILE")]
    folds: Option<String>,

    /// Never part rows that have the same value in this column, which is then no feature; it may
    /// hold text (if not, 1 and 1.0 are the same)
    #[arg(long, value_name = "NAME|INDEX", conflicts_with = "folds")]
    group_column: Option<String>,

    /// Seed of the folds; that of the samples is --seed
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = at_least::<u64>(0), allow_negative_numbers = true, conflicts_with = "folds")]
    shuffle_seed: u64,
}

impl FoldArgs {
    /// The options of a job.
    pub fn options(self) -> FoldOptions {
        let Self { nfold, stratified, folds, group_column, shuffle_seed } = self;
        FoldOptions { nfold, stratified, folds, group_column, shuffle_seed, is_column: false }
    }
}
