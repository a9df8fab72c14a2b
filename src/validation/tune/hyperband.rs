//! Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, JMLR 18, 2018) over boosting rounds.
//!
//! A bracket starts many trials with few rounds, keeps the best third, gives these three times the rounds, and so on up to a full
//! training. Brackets differ in how many they start with how few, in case few rounds say little. A trial that is kept goes on
//! from the model it has: boosting rounds are never trained twice.

use super::draws::Draws;
use super::strategy::{Proposal, Search, Strategy};
use super::trial::{Status, Trial};
use crate::error::{Error, Result};
use crate::validation::tune::space::Space;
use serde_json::{Map, Value};

/// Hyperband; its brackets are repeated until all trials have been started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hyperband {
    /// Rounds that a trial is given at least before it is judged.
    pub min_rounds: u32,
    /// One of so many is kept, and trained so many times longer; at least 2.
    pub reduction: u32,
}

impl Default for Hyperband {
    fn default() -> Self {
        Self { min_rounds: 5, reduction: 3 }
    }
}

impl Hyperband {
    /// Halvings of the bracket with the most.
    fn most_halvings(self, rounds: u32) -> u32 {
        let mut halvings = 0;
        let mut least = rounds / self.reduction;
        while least >= self.min_rounds.max(1) {
            halvings += 1;
            least /= self.reduction;
        }
        halvings
    }

    /// Trials that a bracket with so many halvings starts.
    fn starts(self, halvings: u32, most: u32) -> usize {
        let widest = u64::from(most + 1) * u64::from(self.reduction).saturating_pow(halvings);
        usize::try_from(widest.div_ceil(u64::from(halvings + 1))).unwrap_or(usize::MAX)
    }

    /// Rounds, in all, of the rung after which so many halvings are left.
    fn rounds(self, full: u32, halvings_left: u32) -> u32 {
        (full / self.reduction.saturating_pow(halvings_left)).max(1)
    }
}

/// The loss of a trial after so many rounds; infinite if it failed.
fn loss_after(search: &Search<'_>, trial: &Trial, rounds: u32) -> f64 {
    let value = match trial.status {
        Status::Failed => None,
        _ => trial.history.iter().find(|(after, _)| *after == rounds as usize),
    };
    value.map_or(f64::INFINITY, |(_, value)| search.direction.loss(*value))
}

impl Strategy for Hyperband {
    fn name(&self) -> &'static str {
        "hyperband"
    }

    fn options(&self) -> Map<String, Value> {
        Map::from_iter([
            ("min_rounds".to_string(), self.min_rounds.into()),
            ("reduction".to_string(), self.reduction.into()),
        ])
    }

    fn continues(&self) -> bool {
        true
    }

    fn default_trials(&self, _space: &Space, rounds: u32) -> usize {
        let most = self.most_halvings(rounds);
        (0..=most).map(|halvings| self.starts(halvings, most)).sum()
    }

    fn check(&self, space: &Space) -> Result<()> {
        if self.reduction < 2 {
            return Err(Error::parameter(format!("a reduction of {} keeps everything", self.reduction)).remedy("give at least 2"));
        }
        match space.names().find(|name| ["num_round", "early_stopping_rounds"].contains(name)) {
            Some(name) => Err(Error::parameter(format!("hyperband decides on the rounds itself: {name} cannot be tuned with it"))
                .remedy("leave its range out; num_round is what the best trials get")),
            None => Ok(()),
        }
    }

    fn propose(&self, search: &Search<'_>) -> Vec<Proposal> {
        let most = self.most_halvings(search.rounds);
        let mut first = 1;
        let mut halvings = most;
        while first <= search.trials {
            let end = first.saturating_add(self.starts(halvings, most)).min(search.trials + 1);
            let mut alive: Vec<usize> = (first..end).collect();
            for left in (0..=halvings).rev() {
                let rounds = self.rounds(search.rounds, left);
                let is_done = |number: &usize| {
                    search.trial(*number).is_some_and(|trial| trial.asked >= Some(rounds) || trial.status == Status::Failed)
                };
                if !alive.iter().all(is_done) {
                    let settings = |number: usize| match search.trial(number) {
                        Some(trial) => trial.settings.clone(),
                        None => search.space.draw(&mut Draws::new(search.seed, number)),
                    };
                    alive.retain(|number| !is_done(number));
                    return alive
                        .into_iter()
                        .map(|number| Proposal { number, settings: settings(number), rounds: Some(rounds) })
                        .collect();
                }
                let loss = |number: &usize| search.trial(*number).map_or(f64::INFINITY, |trial| loss_after(search, trial, rounds));
                alive.sort_by(|a, b| loss(a).total_cmp(&loss(b)).then(a.cmp(b)));
                alive.truncate((alive.len() / self.reduction as usize).max(1));
                alive.retain(|number| loss(number).is_finite());
                alive.sort_unstable();
            }
            first = end;
            halvings = halvings.checked_sub(1).unwrap_or(most);
        }
        Vec::new()
    }
}
