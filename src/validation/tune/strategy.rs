//! The trait of strategies: which settings to try next.

use super::objective::Direction;
use super::space::{Settings, Space};
use super::trial::Trial;
use crate::error::Result;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What a strategy decides upon: the search so far.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The tuned parameters.
    pub space: &'a Space,
    /// The seed of the search.
    pub seed: u64,
    /// The number of trials at most.
    pub trials: usize,
    /// Rounds of a full training.
    pub rounds: u32,
    /// Which objective values are better.
    pub direction: Direction,
    /// The trials that ended, by number, without a gap. All that were ever proposed are among them.
    pub finished: &'a [Trial],
    /// What earlier searches found within this space (a warm start).
    pub earlier: &'a [Observation],
}

/// What an earlier search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The parameters of this space.
    pub settings: Settings,
    /// The objective value.
    pub value: f64,
}

impl Search<'_> {
    /// The trial's value turned so that lower is better; infinite for a failed trial.
    #[must_use]
    pub fn loss(&self, trial: &Trial) -> f64 {
        trial.objective_value.map_or(f64::INFINITY, |value| self.direction.loss(value))
    }

    /// The trial of that number, if it ended.
    #[must_use]
    pub fn trial(&self, number: usize) -> Option<&Trial> {
        self.finished.get(number.checked_sub(1)?)
    }

    /// The number of the last trial to propose now, where any number of them could run side by
    /// side: as many as are known already, and 1,024 at least, so that a search of a billion trials
    /// begins at once.
    pub(super) fn last_of_block(&self) -> usize {
        let known = self.finished.len();
        known.saturating_add(known.clamp(1 << 10, 1 << 16)).min(self.trials)
    }

    /// The settings that need not be tried again, as text.
    #[must_use]
    pub fn known(&self) -> BTreeSet<String> {
        let earlier = self.earlier.iter().map(|observation| &observation.settings);
        earlier.chain(self.finished.iter().map(|trial| &trial.settings)).map(key).collect()
    }
}

/// Settings as text, to compare them.
pub(super) fn key(settings: &Settings) -> String {
    Value::Object(settings.clone()).to_string()
}

/// A trial to be run, or to be continued.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The trial's number: the next one, or that of a finished trial to continue.
    pub number: usize,
    /// The tuned parameters.
    pub settings: Settings,
    /// Rounds in all, those of a continued trial included; `None`: a full training.
    pub rounds: Option<u32>,
}

/// A way to search.
///
/// A strategy keeps no state: what it proposes depends on the [`Search`] alone. So the same search
/// gives the same trials however many run at a time, and a resumed search goes on as if nothing had
/// happened.
pub trait Strategy {
    /// The name, as in the journal.
    fn name(&self) -> &'static str;

    /// The options that change what is proposed, as in the journal.
    fn options(&self) -> Map<String, Value> {
        Map::new()
    }

    /// Whether trials are continued with more rounds, so that their models are kept.
    fn continues(&self) -> bool {
        false
    }

    /// The number of trials, where the search is not given one; `rounds` are those of a full
    /// training.
    fn default_trials(&self, _space: &Space, _rounds: u32) -> usize {
        30
    }

    /// Checks that the space can be searched this way.
    ///
    /// # Errors
    /// If it cannot.
    fn check(&self, _space: &Space) -> Result<()> {
        Ok(())
    }

    /// The next trials; they run side by side, and all end before the next call. None ends the
    /// search.
    fn propose(&self, search: &Search<'_>) -> Vec<Proposal>;
}
