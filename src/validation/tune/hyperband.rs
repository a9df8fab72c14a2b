//! Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, JMLR 18, 2018) over boosting
//! rounds.
//!
//! A bracket starts many trials with few rounds, keeps the best third, gives these three times the
//! rounds, and so on up to a full training. Brackets differ in how many they start with how few, in
//! case few rounds say little. A trial that is kept goes on from the model it has: boosting rounds
//! are never trained twice.
//!
//! The trials of a bracket are drawn, two in three, from where the brackets before it did well, as
//! in BOHB (Falkner, Klein and Hutter, ICML 2018): by the estimator of Bayesian search from the
//! trials with the most rounds that are enough for one. Boosting needs this: with few rounds a
//! large eta is ahead, so that the early rounds alone promote trials that end badly.

use super::bayesian::{Bayesian, Observed};
use super::draws::Draws;
use super::space::{Settings, Space};
use super::strategy::{Proposal, Search, Strategy};
use super::trial::{Status, Trial};
use crate::error::{Error, Result};
use serde_json::{Map, Value};

/// Hyperband; its brackets are repeated until all trials have been started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hyperband {
    /// Rounds that a trial is given at least before it is judged.
    pub min_rounds: u32,
    /// One of so many is kept, and trained so many times longer; at least 2.
    pub reduction: u32,
    /// Where the trials of a bracket come from.
    pub start: Start,
}

/// Where the trials of a bracket come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Drawn evenly from the ranges, as in Hyperband's paper.
    Random,
    /// Two in three from where earlier brackets did well.
    Guided(Bayesian),
}

/// One in so many trials is drawn evenly although more is known: the early rounds may have misled.
const RANDOM_EVERY: usize = 3;

impl Default for Hyperband {
    fn default() -> Self {
        Self { min_rounds: 5, reduction: 3, start: Start::Guided(Bayesian::default()) }
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

impl Hyperband {
    /// The settings of a new bracket's trials, from all brackets before it.
    fn settings(&self, search: &Search<'_>, bracket: std::ops::Range<usize>, most: u32) -> Vec<Settings> {
        let random = |number: usize| search.space.draw(&mut Draws::new(search.seed, number));
        let Start::Guided(bayesian) = self.start else { return bracket.map(random).collect() };
        let mut observed = self.observed(search, bracket.start, most, bayesian.startup);
        let settings = |number: usize| {
            let guided = match number % RANDOM_EVERY {
                0 => None,
                _ => bayesian.next(search.space, &observed, &mut Draws::new(search.seed, number)),
            };
            let settings = guided.unwrap_or_else(|| random(number));
            observed.add_pending(search.space, &settings);
            settings
        };
        bracket.map(settings).collect()
    }

    /// The trials before `first` after the most rounds that enough of them were trained for.
    fn observed(&self, search: &Search<'_>, first: usize, most: u32, enough: usize) -> Observed {
        let mut observed = Observed::default();
        for left in 0..=most {
            let rounds = self.rounds(search.rounds, left);
            // Earlier searches tell of full trainings.
            observed = if left == 0 { Observed::earlier(search) } else { Observed::default() };
            for trial in &search.finished[..first - 1] {
                if trial.status == Status::Failed || trial.history.iter().any(|(after, _)| *after == rounds as usize) {
                    observed.add_known(search.space, &trial.settings, loss_after(search, trial, rounds));
                }
            }
            if observed.count() >= enough.max(2) {
                break;
            }
        }
        observed
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
        let mut options = Map::from_iter([
            ("min_rounds".to_string(), self.min_rounds.into()),
            ("reduction".to_string(), self.reduction.into()),
        ]);
        if let Start::Guided(bayesian) = self.start {
            options.insert("guided".to_string(), bayesian.options().into());
        }
        options
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
            return Err(Error::parameter(format!("a reduction of {} keeps everything", self.reduction))
                .remedy("give at least 2"));
        }
        match space.names().find(|name| ["num_round", "early_stopping_rounds"].contains(name)) {
            Some(name) => {
                Err(Error::parameter(format!("hyperband decides on the rounds itself: {name} cannot be tuned with it"))
                    .remedy("leave its range out; num_round is what the best trials get"))
            }
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
                    search
                        .trial(*number)
                        .is_some_and(|trial| trial.asked >= Some(rounds) || trial.status == Status::Failed)
                };
                if !alive.iter().all(is_done) {
                    alive.retain(|number| !is_done(number));
                    let settings: Vec<Settings> = match search.trial(alive[0]) {
                        None => self.settings(search, first..end, most),
                        Some(_) => {
                            let known = alive.iter().filter_map(|number| search.trial(*number));
                            known.map(|trial| trial.settings.clone()).collect()
                        }
                    };
                    return alive
                        .into_iter()
                        .zip(settings)
                        .map(|(number, settings)| Proposal { number, settings, rounds: Some(rounds) })
                        .collect();
                }
                let loss = |number: &usize| {
                    search.trial(*number).map_or(f64::INFINITY, |trial| loss_after(search, trial, rounds))
                };
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
