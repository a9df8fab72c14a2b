//! A selection of the rows of a dataset.

use crate::data::dataset::Dataset;
use crate::data::labels::Labels;
use crate::error::{Error, Result};
use std::borrow::Cow;

/// Some rows of a [`Dataset`] in an order of their own, or all of them as they stand.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The table that the rows are of, with all its rows.
    pub data: &'a Dataset,
    /// Numbers of the rows, from 0; `None` for all.
    pub chosen: Option<&'a [u32]>,
}

impl<'a> Rows<'a> {
    /// Returns all rows of a table, in its order.
    #[must_use]
    pub fn all(data: &'a Dataset) -> Self {
        Self { data, chosen: None }
    }

    /// Returns the rows of these numbers, in this order.
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

    /// What these rows have of one value per row.
    #[must_use]
    pub fn of(&self, values: &'a [f32]) -> Cow<'a, [f32]> {
        match self.chosen {
            None => Cow::Borrowed(values),
            Some(rows) => rows.iter().map(|&row| values[row as usize]).collect(),
        }
    }

    /// The labels, one per row.
    ///
    /// # Errors
    /// If the table has none.
    pub fn labels(&self) -> Result<Labels<'a>> {
        let labels = self.data.labels.as_deref().filter(|labels| labels.len() == self.data.rows);
        labels
            .map(|labels| Labels::new(self.of(labels)))
            .ok_or_else(|| Error::data("the data has no labels").remedy("name the label column with {label}"))
    }

    /// The weights, one per row, where there are any.
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
