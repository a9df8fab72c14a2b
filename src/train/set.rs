//! The data of one training.

use crate::binning::BinnedMatrix;
use crate::data::dataset::Dataset;
use crate::data::rows::Rows;
use crate::model::Model;

/// The data of one training.
pub(crate) struct TrainingSet<'a> {
    /// Rows to train on, with their labels and weights.
    pub rows: Rows<'a>,
    /// The same rows, binned; one code per row and feature.
    pub matrix: &'a BinnedMatrix,
    /// What else is evaluated.
    pub channels: Vec<(String, &'a Dataset)>,
    /// The model to go on from.
    pub start: Option<&'a Model>,
}
