//! The typed table that every other module works on.

use crate::error::{Error, Result};
use std::borrow::Cow;

/// One channel of data in memory: features by column, labels and weights by row.
///
/// Missing feature values are NaN; there are no infinities and no negative zeros (`docs/exactness.md` 1).
///
/// A table may have given its feature values up ([`Dataset::has_values`]): it has labels, weights and names, and stands for its
/// rows beside a [`BinnedMatrix`](crate::binning::BinnedMatrix) of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// Feature names in column order, from the header or `f0`, `f1`, ...
    pub feature_names: Vec<String>,
    /// Whether the names came from a header (and so are to be checked between channels and kept in the model).
    pub named: bool,
    /// Feature values, one vector of `rows` values a feature; without values, an empty vector a feature.
    pub columns: Vec<Vec<f32>>,
    /// Labels, one a row, where the file has them.
    pub labels: Option<Vec<f32>>,
    /// Name of the label column, where a header names it.
    pub label_name: Option<String>,
    /// Instance weights, one a row, where the file has them; finite and not negative.
    pub weights: Option<Vec<f32>>,
    /// Number of rows.
    pub rows: usize,
    /// The index that feature 0 had in the libsvm files, 0 or 1; `None` for all other data. A model
    /// that is trained on these rows keeps it ([`Model::index_base`](crate::Model::index_base)),
    /// and goes with data of the same base alone.
    pub index_base: Option<usize>,
}

impl Dataset {
    /// Number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// Whether the feature values are here, rather than given up ([`BinnedMatrix::take`](crate::binning::BinnedMatrix::take)) or
    /// on disk ([`Channel::spilled`](super::Channel::spilled)).
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

/// Some rows of a [`Dataset`] in an order of their own, or all of them as they stand.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The table.
    pub data: &'a Dataset,
    /// Numbers of the rows, from 0; `None` for all.
    pub chosen: Option<&'a [u32]>,
}

impl<'a> Rows<'a> {
    /// All rows.
    #[must_use]
    pub fn all(data: &'a Dataset) -> Self {
        Self { data, chosen: None }
    }

    /// These rows.
    #[must_use]
    pub fn chosen(data: &'a Dataset, rows: &'a [u32]) -> Self {
        Self { data, chosen: Some(rows) }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chosen.map_or(self.data.rows, <[u32]>::len)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number in the table of the row at a position.
    #[inline]
    #[must_use]
    pub fn row(&self, position: usize) -> usize {
        self.chosen.map_or(position, |rows| rows[position] as usize)
    }

    /// What these rows have of one value a row.
    #[must_use]
    pub fn of(&self, values: &'a [f32]) -> Cow<'a, [f32]> {
        match self.chosen {
            None => Cow::Borrowed(values),
            Some(rows) => rows.iter().map(|&row| values[row as usize]).collect(),
        }
    }

    /// The labels, one a row.
    ///
    /// # Errors
    /// If the table has none.
    pub fn labels(&self) -> Result<Cow<'a, [f32]>> {
        let labels = self.data.labels.as_deref().filter(|labels| labels.len() == self.data.rows);
        labels
            .map(|labels| self.of(labels))
            .ok_or_else(|| Error::data("the data has no labels").remedy("name the label column with --label"))
    }

    /// The weights, one a row, where there are any.
    #[must_use]
    pub fn weights(&self) -> Option<Cow<'a, [f32]>> {
        self.data.weights.as_deref().map(|weights| self.of(weights))
    }

    /// The rows as a table of their own.
    #[must_use]
    pub fn to_dataset(&self) -> Dataset {
        let Dataset { feature_names, named, columns, labels, label_name, weights, index_base, .. } = self.data;
        let taken = |values: &Vec<f32>| self.of(values).into_owned();
        Dataset {
            feature_names: feature_names.clone(),
            named: *named,
            columns: columns.iter().map(taken).collect(),
            labels: labels.as_ref().map(taken),
            label_name: label_name.clone(),
            weights: weights.as_ref().map(taken),
            rows: self.len(),
            index_base: *index_base,
        }
    }
}
