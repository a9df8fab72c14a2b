//! What an observer receives after a round.

use crate::metric::Metric;
use crate::train::contest::News;
use crate::train::outcome::Round;
use std::ops::ControlFlow;

pub(crate) type Observer<'a> = Box<dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send + 'a>;

/// What an observer receives after each round.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// Rounds done in this training.
    pub done: usize,
    /// Number of rounds requested; early stopping may end the training before.
    pub total: usize,
    /// The round's values, where metrics were evaluated.
    pub values: Option<&'a Round>,
    /// Names of the evaluated channels, in the order of the values.
    pub channels: &'a [String],
    /// Evaluated metrics, in the order of each channel's values.
    pub metrics: &'a [Metric],
    /// What [`crate::BackendChoice::Auto`] did before this round.
    pub events: &'a [News],
}
