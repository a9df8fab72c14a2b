//! The median rule: ends a trial that does worse than the trials before it did on the way.
//!
//! As SageMaker's automatic tuning (and Golovin et al., Google Vizier, KDD 2017) has it: a trial is
//! stopped after a round if its objective value is worse than the median, over earlier trials, of
//! their running averages up to the same round. Earlier means here: in an earlier batch of a fixed
//! size. So what is stopped does not depend on how many trials run at a time.

use super::objective::Direction;
use super::trial::Trial;
use crate::error::{Error, Result};

/// The median rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MedianRule {
    /// Trials that are judged together, and not against one another; at least 1. More of them can
    /// run side by side.
    pub batch: usize,
}

impl MedianRule {
    /// Checks the size of a batch.
    ///
    /// # Errors
    /// If it is 0.
    pub fn check(self) -> Result<()> {
        match self.batch {
            0 => Err(Error::parameter("a batch of 0 trials").remedy("give at least 1")),
            _ => Ok(()),
        }
    }

    /// The batch of a trial, from 0.
    #[must_use]
    pub fn batch_of(self, number: usize) -> usize {
        (number - 1) / self.batch
    }
}

/// The medians that a batch of trials is judged by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Medians {
    /// By round, from 0; ends where no trial has gone further.
    medians: Vec<f64>,
}

impl Medians {
    /// The medians of trials that were evaluated after every round. A trial takes part in the
    /// rounds that it reached.
    #[must_use]
    pub fn of(trials: &[&Trial]) -> Self {
        let averages: Vec<Vec<f64>> = trials.iter().map(|trial| running_averages(trial)).collect();
        let longest = averages.iter().map(Vec::len).max().unwrap_or(0);
        let median_at = |round: usize| median(averages.iter().filter_map(|of| of.get(round).copied()).collect());
        Self { medians: (0..longest).map(median_at).collect() }
    }

    /// Whether a trial with this value after `rounds` rounds is to be stopped.
    #[must_use]
    pub fn stop(&self, rounds: usize, value: f64, direction: Direction) -> bool {
        let median = rounds.checked_sub(1).and_then(|round| self.medians.get(round));
        median.is_some_and(|median| direction.better(*median, value))
    }
}

fn running_averages(trial: &Trial) -> Vec<f64> {
    let mut sum = 0.0;
    let average = |(index, (_, value)): (usize, &(usize, f64))| {
        sum += value;
        sum / (index + 1) as f64
    };
    trial.history.iter().enumerate().map(average).collect()
}

/// The middle value, the mean of the two middle ones of an even number.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
