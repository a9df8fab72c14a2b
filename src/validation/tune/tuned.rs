//! How a search ends, and what it found.

use super::leaderboard::Leaderboard;
use super::objective::{Direction, ObjectiveMetric};
use super::space::Space;
use super::trial::Trial;
use crate::error::{Error, ErrorKind, Result};
use crate::params::Params;

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All trials were run.
    Trials,
    /// The strategy had nothing more to try.
    Exhausted,
    /// A trial reached the target.
    Target,
    /// Too many trials did no better than the best one before them.
    Patience,
}

impl Ended {
    /// The reason in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Trials => "all trials were run",
            Self::Exhausted => "all settings were tried",
            Self::Target => "the target was reached",
            Self::Patience => "no better trial for as many as patience allows",
        }
    }
}

/// How many completed trials of earlier searches there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WarmStart {
    /// Within the ranges of this search: they take part.
    pub within: usize,
    /// Outside: they do not.
    pub outside: usize,
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// The trials by number.
    pub trials: Vec<Trial>,
    /// Why the search ended.
    pub ended: Ended,
    /// The metric that was optimised.
    pub objective: ObjectiveMetric,
    /// Which values are better.
    pub direction: Direction,
    /// What was taken up of earlier searches.
    pub warm_start: WarmStart,
    pub(super) space: Space,
    pub(super) params: Params,
    pub(super) target: Option<f64>,
    pub(super) with_folds: bool,
}

impl Tuned {
    /// The best trial; the first of equal ones, none if all failed.
    #[must_use]
    pub fn best(&self) -> Option<&Trial> {
        best_of(&self.trials, self.direction)
    }

    /// The parameters that train the best model: the fixed ones, the tuned ones, and as many rounds
    /// as count.
    ///
    /// # Errors
    /// If all trials failed: the first one's error.
    pub fn best_params(&self) -> Result<Params> {
        let Some(best) = self.best() else {
            let error = self.trials.iter().find_map(|trial| trial.error.as_ref());
            let message = error.map_or("no trial was run", |error| error.message.as_str());
            let error = match error.is_some_and(|error| error.device) {
                true => Error::new(ErrorKind::Device, message),
                false => Error::parameter(message),
            };
            return Err(error.context("every trial failed, the first with"));
        };
        let mut params = Space::apply(&best.settings, &self.params)?;
        params.num_round = u32::try_from(best.rounds).unwrap_or(u32::MAX);
        params.early_stopping_rounds = None;
        Ok(params)
    }

    /// The trials sorted by objective value, best first.
    #[must_use]
    pub fn leaderboard(&self) -> Leaderboard {
        Leaderboard::new(&self.trials, &self.space, self.direction, self.with_folds)
    }

    /// Whether the target was reached; `None` without one.
    #[must_use]
    pub fn reached_target(&self) -> Option<bool> {
        let value = self.best().and_then(|best| best.objective_value);
        self.target.map(|_| reached(self.target, value, self.direction))
    }
}

/// The best trial; the first of equal ones.
pub(super) fn best_of<'t>(trials: impl IntoIterator<Item = &'t Trial>, direction: Direction) -> Option<&'t Trial> {
    let valued = trials.into_iter().filter_map(|trial| Some((direction.loss(trial.objective_value?), trial)));
    valued.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.number.cmp(&b.1.number))).map(|(_, trial)| trial)
}

/// Follows the trials in their order, and says when the search is over.
pub(super) struct Tracker {
    direction: Direction,
    target: Option<f64>,
    patience: Option<usize>,
    best: Option<f64>,
    since: usize,
}

impl Tracker {
    pub fn new(direction: Direction, target: Option<f64>, patience: Option<usize>) -> Self {
        Self { direction, target, patience, best: None, since: 0 }
    }

    /// The next trial by number.
    pub fn accept(&mut self, trial: &Trial) -> Option<Ended> {
        match trial.objective_value {
            Some(value) if self.best.is_none_or(|best| self.direction.better(value, best)) => {
                (self.best, self.since) = (Some(value), 0);
            }
            _ => self.since += 1,
        }
        if reached(self.target, self.best, self.direction) {
            return Some(Ended::Target);
        }
        self.patience.filter(|patience| self.since >= *patience).map(|_| Ended::Patience)
    }
}

/// Whether there is a target, and the value is as good.
fn reached(target: Option<f64>, value: Option<f64>, direction: Direction) -> bool {
    target.zip(value).is_some_and(|(target, value)| !direction.better(target, value))
}
