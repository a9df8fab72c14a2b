//! What the rows of a training are to be predicted as.

use std::borrow::Cow;
use std::ops::Deref;

/// The labels of the rows of a [`Rows`](crate::data::Rows), one per row.
///
/// They are what objectives and metrics read; [`Dataset::labels`](crate::Dataset) is where they are
/// kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels<'a> {
    values: Cow<'a, [f32]>,
}

impl<'a> Labels<'a> {
    /// Makes labels of one value per row: a class from 0 on, or a number.
    pub fn new(values: impl Into<Cow<'a, [f32]>>) -> Self {
        Self { values: values.into() }
    }

    /// Returns the values, one per row.
    #[must_use]
    pub fn into_values(self) -> Cow<'a, [f32]> {
        self.values
    }
}

/// The values, one per row.
impl Deref for Labels<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values
    }
}
