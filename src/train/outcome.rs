//! What comes out of a training: the model, its rounds, its times and where it ran.

use crate::metric::Metric;
use crate::model::Model;
use crate::train::contest::Record;
use std::time::Duration;

/// The metrics of one round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// The round, from 0; a continued training goes on counting.
    pub round: usize,
    /// Value by channel (train first) and metric, in the order of [`Trained::channels`] and
    /// [`Trained::metrics`].
    pub values: Vec<Vec<f64>>,
}

/// How long the parts of a training took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Learning cuts and binning.
    pub bin: Duration,
    /// Boosting rounds with their evaluation.
    pub train: Duration,
}

/// The result of a training.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trained {
    /// The model, with all rounds; [`Model::best_iteration`] is set by early stopping.
    pub model: Model,
    /// Names of the evaluated channels, `train` first.
    pub channels: Vec<String>,
    /// The metrics that were evaluated.
    pub metrics: Vec<Metric>,
    /// The metrics of every evaluated round.
    pub history: Vec<Round>,
    /// Whether early stopping ended the training before the last round.
    pub stopped_early: bool,
    /// Wall-clock time of binning and of the rounds.
    pub times: Times,
    /// What it ran on; where it changed hands, what it ended on.
    pub adapter: String,
    /// The backend that this belongs to.
    pub backend: Placement,
    /// What the kernels took, where the backend was asked to measure it.
    pub profile: Option<crate::backend::profile::Profile>,
}

impl Trained {
    /// Returns the best round, from 0, by the last metric of the last channel: the first of equal
    /// ones.
    ///
    /// `None` without a channel beside the training data, or a round whose value is a number.
    #[must_use]
    pub fn best_round(&self) -> Option<usize> {
        let metric = self.metrics.last()?;
        if self.channels.len() < 2 {
            return None;
        }
        let values = self.history.iter().filter_map(|round| Some((round.round, *round.values.last()?.last()?)));
        metric.best(values).map(|(round, _)| round)
    }
}

/// Backend that a training ended on.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Placement {
    /// `cpu` or `gpu`; where the training changed hands, the one that ended it.
    pub name: &'static str,
    /// Driver of the GPU that it ended on; `None` on the processor.
    pub driver: Option<String>,
    /// What ran where, with [`BackendChoice::Auto`](crate::BackendChoice::Auto).
    pub auto: Option<Record>,
}
