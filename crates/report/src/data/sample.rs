//! Rows to look at one by one, where all would be too many: evenly spread, so that no draw decides.

use gboost::Dataset;

/// The numbers of at most `most` of the rows, evenly spread.
#[must_use]
pub fn even(rows: usize, most: usize) -> Vec<usize> {
    let count = rows.min(most);
    (0..count).map(|place| place * rows / count).collect()
}

/// The features of those rows.
#[must_use]
pub fn of_rows(data: &Dataset, rows: &[usize]) -> Dataset {
    Dataset::new(data.columns.iter().map(|column| rows.iter().map(|&row| column[row]).collect()).collect())
}
