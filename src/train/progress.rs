//! What an observer is told after a round.

use crate::metric::Metric;
use crate::train::contest::News;
use crate::train::outcome::Round;
use std::ops::ControlFlow;

pub(crate) type Observer<'a> = Box<dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send + 'a>;

/// What an observer is told after each round.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// Rounds done in this training.
    pub done: usize,
    /// Rounds asked for.
    pub total: usize,
    /// The round's values, where metrics were evaluated.
    pub values: Option<&'a Round>,
    /// Names of the channels.
    pub channels: &'a [String],
    /// The metrics.
    pub metrics: &'a [Metric],
    /// What [`crate::BackendChoice::Auto`] did before this round.
    pub events: &'a [News],
}
