//! The typed table that every other module works on.

use super::column::Column;
use crate::error::Result;

/// One channel of data in memory: features by column, labels and weights by row.
///
/// Missing feature values are NaN; there are no infinities and no negative zeros
/// (`docs/exactness.md` 1).
///
/// A table may have given its feature values up ([`Dataset::has_values`]): it has labels, weights
/// and names, and stands for its rows beside a [`BinnedMatrix`](crate::binning::BinnedMatrix) of
/// them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Dataset {
    /// Feature names in column order, from the header or `f0`, `f1`, ...
    pub feature_names: Vec<String>,
    /// Whether the names came from a header (and so are to be checked between channels and kept in
    /// the model).
    pub named: bool,
    /// Feature values, one vector of `rows` values per feature; without values, an empty vector
    /// per feature.
    pub columns: Vec<Vec<f32>>,
    /// Labels, one per row, where the file has them.
    pub labels: Option<Vec<f32>>,
    /// Name of the label column, where a header names it.
    pub label_name: Option<String>,
    /// Instance weights, one per row, where the file has them; finite and not negative.
    pub weights: Option<Vec<f32>>,
    /// Number of rows; fewer than 2^31 for a training.
    pub rows: usize,
    /// The index that feature 0 had in the libsvm files, 0 or 1; `None` for all other data. A model
    /// that is trained on these rows keeps it ([`Model::index_base`](crate::Model::index_base)),
    /// and goes with data of the same base alone.
    pub index_base: Option<usize>,
}

impl Dataset {
    /// Makes a table of features by column, without names, labels and weights.
    ///
    /// ```
    /// use gboost::Dataset;
    ///
    /// let data = Dataset::new(vec![vec![39.0, 50.0], vec![7.0, f32::NAN]]).with_labels(vec![0.0, 1.0]);
    /// assert_eq!((data.rows, data.features()), (2, 2));
    /// ```
    ///
    /// # Panics
    /// If columns have different lengths.
    #[must_use]
    pub fn new(columns: Vec<Vec<f32>>) -> Self {
        let rows = columns.first().map_or(0, Vec::len);
        assert!(columns.iter().all(|column| column.len() == rows), "columns of one length");
        Self { columns, rows, ..Self::default() }
    }

    /// Sets the labels, one per row.
    #[must_use]
    pub fn with_labels(mut self, labels: impl Into<Option<Vec<f32>>>) -> Self {
        self.labels = labels.into();
        self
    }

    /// Sets the instance weights, one per row, finite and not negative.
    #[must_use]
    pub fn with_weights(mut self, weights: impl Into<Option<Vec<f32>>>) -> Self {
        self.weights = weights.into();
        self
    }

    /// Sets the feature names, in column order; they are checked between channels and kept in the
    /// model.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.feature_names = names.into_iter().map(Into::into).collect();
        self.named = true;
        self
    }

    /// Copies columns of any number type to a table of 32-bit floats, as evaluations and
    /// predictions read them; without names, labels and weights.
    ///
    /// # Errors
    /// If columns have different lengths, or a value is infinite or beyond the range of 32-bit
    /// floats.
    pub fn from_columns(columns: &[Column<'_>]) -> Result<Self> {
        let copy = |(feature, column): (usize, &Column<'_>)| {
            column.to_vec().map_err(|error| error.context(&format!("feature f{feature}")))
        };
        let rows = Column::common_rows(columns)?;
        Ok(Self { columns: columns.iter().enumerate().map(copy).collect::<Result<_>>()?, rows, ..Self::default() })
    }

    /// Makes a table that leaves the values of columns where they are and stands for their rows,
    /// beside the [matrix](crate::binning::BinnedMatrix::of_columns) that bins them; without names,
    /// labels and weights.
    ///
    /// # Errors
    /// If columns have different lengths.
    pub fn beside(columns: &[Column<'_>]) -> Result<Self> {
        let rows = Column::common_rows(columns)?;
        Ok(Self { columns: vec![Vec::new(); columns.len()], rows, ..Self::default() })
    }

    /// Returns the number of features, also where their values were dropped.
    #[must_use]
    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// Whether the feature values are here, rather than given up
    /// ([`BinnedMatrix::take`](crate::binning::BinnedMatrix::take)), with the caller
    /// ([`Dataset::beside`]) or on disk ([`Channel::spilled`](crate::ingest::Channel::spilled)).
    #[must_use]
    pub fn has_values(&self) -> bool {
        self.columns.iter().all(|column| column.len() == self.rows)
    }

    /// The values of one row in column order.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f32> + '_ {
        self.columns.iter().map(move |column| column[row])
    }

    /// The feature names, or `f0`, `f1`, ... where there are none.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        if self.feature_names.len() == self.features() {
            return self.feature_names.clone();
        }
        (0..self.features()).map(|feature| format!("f{feature}")).collect()
    }
}
