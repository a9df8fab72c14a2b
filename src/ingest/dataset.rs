//! The typed table that every other module works on.

/// One channel of data in memory: features by column, labels and weights by row.
///
/// Missing feature values are NaN; there are no infinities and no negative zeros (`docs/exactness.md` 1).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// Feature names in column order, from the header or `f0`, `f1`, ...
    pub feature_names: Vec<String>,
    /// Whether the names came from a header (and so are to be checked between channels and kept in the model).
    pub named: bool,
    /// Feature values, one vector of `rows` values a feature.
    pub columns: Vec<Vec<f32>>,
    /// Labels, one a row, where the file has them.
    pub labels: Option<Vec<f32>>,
    /// Instance weights, one a row, where the file has them; finite and not negative.
    pub weights: Option<Vec<f32>>,
    /// Number of rows.
    pub rows: usize,
}

impl Dataset {
    /// Number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// The values of one row in column order.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f32> + '_ {
        self.columns.iter().map(move |column| column[row])
    }
}
