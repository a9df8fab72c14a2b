//! Rows with the margins that a model gives them: what every metric is a function of.

use super::{BLOCK, SERIAL_ROWS, confusion, label_count};
use crate::objective::Objective;
use crate::util::per_output::PerOutput;
use rayon::prelude::*;
use std::ops::Range;

/// The rows of a channel with the margins that a model gives them.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// Margins of all rows and outputs.
    pub(super) margins: &'a PerOutput<f64>,
    /// Labels, one per row.
    pub(super) labels: &'a [f32],
    /// Quantised weights, one per row.
    pub(super) weights: Option<&'a [u32]>,
    /// The objective whose margins these are.
    pub(super) objective: Objective,
}

impl<'a> Scored<'a> {
    /// Puts the rows together.
    ///
    /// Weights are quantised, their sum is below 2^32 (`docs/exactness.md` 2); without them, each
    /// row weighs 1.
    ///
    /// # Panics
    /// If there is not one label, or not one weight, per row.
    #[must_use]
    pub fn new(
        margins: &'a PerOutput<f64>,
        labels: &'a [f32],
        weights: Option<&'a [u32]>,
        objective: Objective,
    ) -> Self {
        assert_eq!(margins.values().len(), margins.outputs() * labels.len(), "one margin per row and output");
        assert!(weights.is_none_or(|weights| weights.len() == labels.len()), "one weight per row");
        Self { margins, labels, weights, objective }
    }

    /// Returns the margin of an output of a row.
    ///
    /// # Panics
    /// If there is no such margin.
    #[must_use]
    pub fn margin(&self, output: usize, row: usize) -> f64 {
        self.margins.get(output, row)
    }

    /// The margins per row.
    pub(super) fn outputs(&self) -> usize {
        self.margins.outputs()
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// The predicted class: of one margin the probability above 0.5, of several the lowest class of
    /// the largest margin.
    #[must_use]
    pub fn predicted_class(&self, row: usize) -> usize {
        confusion::predicted_class(self, row)
    }

    /// Number of different labels of a classification.
    pub(super) fn label_count(&self) -> usize {
        label_count(self.objective, self.outputs())
    }

    /// The label of a row as a class number.
    pub(super) fn class(&self, row: usize) -> usize {
        self.labels[row] as usize
    }

    pub(super) fn weight(&self, row: usize) -> u32 {
        self.weights.map_or(1, |weights| weights[row])
    }

    pub(super) fn total_weight(&self) -> u64 {
        match self.weights {
            Some(weights) => weights.iter().map(|&weight| u64::from(weight)).sum(),
            None => self.rows() as u64,
        }
    }

    /// The sum of an integer over the rows.
    pub(super) fn sum<T>(&self, term: impl Fn(usize) -> T + Sync + Send) -> T
    where
        T: Send + std::iter::Sum<T>,
    {
        self.sum_blocks(|rows| rows.map(&term).sum())
    }

    /// The sum of an integer over blocks of up to [`BLOCK`] rows, by several threads if there are
    /// many: integers add up the same in any order.
    pub(super) fn sum_blocks<T>(&self, term: impl Fn(Range<usize>) -> T + Sync + Send) -> T
    where
        T: Send + std::iter::Sum<T>,
    {
        let blocks = self.rows().div_ceil(BLOCK);
        let of_block = |block| term(block * BLOCK..self.rows().min((block + 1) * BLOCK));
        if self.rows() > SERIAL_ROWS {
            (0..blocks).into_par_iter().with_min_len(SERIAL_ROWS / 4 / BLOCK).map(of_block).sum()
        } else {
            (0..blocks).map(of_block).sum()
        }
    }

    /// One value a row, by several threads if there are many rows.
    pub(super) fn map<T: Send>(&self, value: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        if self.rows() > SERIAL_ROWS {
            (0..self.rows()).into_par_iter().with_min_len(SERIAL_ROWS / 4).map(value).collect()
        } else {
            (0..self.rows()).map(value).collect()
        }
    }
}
