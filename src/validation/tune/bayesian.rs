//! Bayesian search by a tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl,
//! NeurIPS 2011).
//!
//! The trials so far are split into a few good ones and the rest. A density is estimated for each
//! group, a mixture of one kernel a trial over all parameters together (as in Falkner, Klein and
//! Hutter's BOHB, ICML 2018). Candidates are drawn from the density of the good ones; the one that
//! is likeliest there and unlikeliest among the rest is tried next.
//!
//! Proposals are made in batches of a fixed size, each from the trials of the batches before it. A
//! proposal within a batch counts the ones before it as bad ("constant liar"), so that a batch is
//! spread out.
//!
//! The crates that do this (`tpe`, `optimizer`) take logarithms from the platform and random
//! numbers from generators that change between versions; here the same search gives the same trials
//! on every machine.

use super::draws::Draws;
use super::space::{Dimension, Settings, Values};
use super::strategy::{Proposal, Search, Strategy, key};
use crate::error::{Error, Result};
use crate::validation::tune::space::Space;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Bayesian search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bayesian {
    /// Trials proposed together; at least 1. More of them can run side by side, fewer learn more
    /// from one another.
    pub batch: usize,
    /// Random trials before the first estimate; those of a warm start count.
    pub startup: usize,
    /// Draws from the density of the good trials for each proposal.
    pub candidates: usize,
}

/// Trials of a batch at most; each takes its time in proportion to those before it.
const MOST_BATCH: usize = 10_000;

impl Default for Bayesian {
    fn default() -> Self {
        Self { batch: 4, startup: 8, candidates: 48 }
    }
}

impl Strategy for Bayesian {
    fn name(&self) -> &'static str {
        "bayesian"
    }

    fn options(&self) -> Map<String, Value> {
        Map::from_iter([
            ("batch".to_string(), self.batch.into()),
            ("startup".to_string(), self.startup.into()),
            ("candidates".to_string(), self.candidates.into()),
        ])
    }

    fn check(&self, _space: &Space) -> Result<()> {
        if self.batch == 0 || self.candidates == 0 {
            return Err(Error::parameter("a batch of 0 trials").remedy("give at least 1"));
        }
        if self.batch > MOST_BATCH {
            return Err(Error::parameter(format!(
                "a batch of {} trials, of which none learns from another",
                self.batch
            ))
            .remedy(format!("give at most {MOST_BATCH}, or search at random")));
        }
        Ok(())
    }

    fn propose(&self, search: &Search<'_>) -> Vec<Proposal> {
        // A batch of which a part has ended, where a search is given more trials, is completed from
        // what it began with.
        let begun = search.finished.len() / self.batch * self.batch;
        let mut observed = Observed::new(search, begun);
        let mut proposals = Vec::new();
        for number in begun + 1..=(begun + self.batch).min(search.trials) {
            let settings = match search.trial(number) {
                Some(trial) => trial.settings.clone(),
                None => match self.next(search.space, &observed, &mut Draws::new(search.seed, number)) {
                    Some(settings) => settings,
                    // Nothing new was drawn: a space of few values is exhausted.
                    None => break,
                },
            };
            observed.add_pending(search.space, &settings);
            if number > search.finished.len() {
                proposals.push(Proposal { number, settings, rounds: None });
            }
        }
        proposals
    }
}

impl Bayesian {
    /// The best new candidate: the first one drawn as long as too little is known.
    pub(super) fn next(&self, space: &Space, observed: &Observed, draws: &mut Draws) -> Option<Settings> {
        if observed.count < self.startup.max(2) {
            let drawn = (0..self.candidates).map(|_| space.draw(draws));
            return drawn.into_iter().find(|settings| !observed.tried.contains(&key(settings)));
        }
        let (good, rest) = observed.densities(space);
        let mut best: Option<(f64, Settings)> = None;
        for _ in 0..self.candidates {
            let settings = space.at(&good.draw(draws));
            // The score of the value itself, not of the draw that was rounded to it.
            let Some(position) = space.position(&settings) else { continue };
            let score = libm::log(good.at(&position)) - libm::log(rest.at(&position));
            if !observed.tried.contains(&key(&settings)) && best.as_ref().is_none_or(|(highest, _)| score > *highest) {
                best = Some((score, settings));
            }
        }
        best.map(|(_, settings)| settings)
    }
}

/// What is known when a proposal is made.
#[derive(Default)]
pub(super) struct Observed {
    /// Positions in the space and losses; infinite for failed trials and those whose outcome is not
    /// known yet.
    points: Vec<(Vec<f64>, f64)>,
    /// Trials whose outcome is known.
    count: usize,
    /// All settings, as text.
    tried: BTreeSet<String>,
}

impl Observed {
    /// The warm start and the first `begun` trials.
    fn new(search: &Search<'_>, begun: usize) -> Self {
        let mut observed = Self::earlier(search);
        for trial in &search.finished[..begun] {
            observed.add_known(search.space, &trial.settings, search.loss(trial));
        }
        observed
    }

    /// The warm start.
    pub fn earlier(search: &Search<'_>) -> Self {
        let mut observed = Self::default();
        for observation in search.earlier {
            observed.add_known(search.space, &observation.settings, search.direction.loss(observation.value));
        }
        observed
    }

    /// A trial whose outcome is known.
    pub fn add_known(&mut self, space: &Space, settings: &Settings, loss: f64) {
        self.add(space, settings, loss);
        self.count = self.points.len();
    }

    /// A trial whose outcome is not known yet: it counts as bad, so that the next ones keep away
    /// from it.
    pub fn add_pending(&mut self, space: &Space, settings: &Settings) {
        self.add(space, settings, f64::INFINITY);
    }

    /// Trials whose outcome is known.
    pub fn count(&self) -> usize {
        self.count
    }

    fn add(&mut self, space: &Space, settings: &Settings, loss: f64) {
        self.tried.insert(key(settings));
        self.points.extend(space.position(settings).map(|position| (position, loss)));
    }

    /// The densities of the good trials and of the rest; ties go to the earlier trial.
    fn densities<'a>(&self, space: &'a Space) -> (Density<'a>, Density<'a>) {
        let mut order: Vec<usize> = (0..self.points.len()).collect();
        order.sort_by(|&a, &b| self.points[a].1.total_cmp(&self.points[b].1).then(a.cmp(&b)));
        let (good, rest) = order.split_at(good_count(self.count).min(order.len()));
        let of = |part: &[usize]| Density::new(space, part.iter().map(|&index| self.points[index].0.clone()).collect());
        (of(good), of(rest))
    }
}

/// How many of `count` trials are good: a sixth, at least two.
fn good_count(count: usize) -> usize {
    count.div_ceil(6).max(2)
}

/// A mixture of one kernel an observation and one as wide as the space.
struct Density<'a> {
    dimensions: &'a [Dimension],
    /// Positions of the observations; the wide kernel stands behind them.
    centres: Vec<Vec<f64>>,
    /// Standard deviation of the observations' kernels, in units of a range.
    width: f64,
}

/// Standard deviation of a kernel for a single observation, in units of a range.
const WIDEST: f64 = 0.2;

impl<'a> Density<'a> {
    fn new(space: &'a Space, centres: Vec<Vec<f64>>) -> Self {
        let dimensions = space.dimensions();
        // Scott's rule: the kernels of many observations in few dimensions are narrow.
        let exponent = -1.0 / (dimensions.len() as f64 + 4.0);
        let width = WIDEST * libm::pow(centres.len().max(1) as f64, exponent);
        Self { dimensions, centres, width }
    }

    /// The density at a position.
    fn at(&self, position: &[f64]) -> f64 {
        let observations = self.centres.iter().map(|centre| {
            let factors = self.dimensions.iter().zip(centre).zip(position);
            factors.map(|((dimension, centre), at)| self.factor(dimension, *centre, *at)).product::<f64>()
        });
        let wide = self.dimensions.iter().zip(position).map(|(dimension, at)| match dimension.values() {
            Values::Choice(items) => 1.0 / items.len() as f64,
            _ => bell(0.5, 1.0, *at),
        });
        (observations.sum::<f64>() + wide.product::<f64>()) / (self.centres.len() + 1) as f64
    }

    /// One parameter's part of an observation's kernel.
    fn factor(&self, dimension: &Dimension, centre: f64, at: f64) -> f64 {
        match dimension.values() {
            Values::Choice(items) => self.share(items.len(), item(centre, items.len()) == item(at, items.len())),
            _ => bell(centre, self.width, at),
        }
    }

    /// The probability of the observed item, or of each other one: the fewer observations, the
    /// evener.
    fn share(&self, items: usize, observed: bool) -> f64 {
        let even = 1.0 / (self.centres.len() + 1) as f64;
        (f64::from(u8::from(observed)) + even) / (1.0 + even * items as f64)
    }

    /// A position drawn from the density.
    fn draw(&self, draws: &mut Draws) -> Vec<f64> {
        let kernel = draws.below(self.centres.len() + 1);
        let position = |(index, dimension): (usize, &Dimension)| {
            let centre = self.centres.get(kernel).map(|centre| centre[index]);
            match (dimension.values(), centre) {
                (Values::Choice(items), Some(centre)) => {
                    let observed = item(centre, items.len());
                    let weights: Vec<f64> =
                        (0..items.len()).map(|other| self.share(items.len(), other == observed)).collect();
                    (draws.weighted(&weights) as f64 + 0.5) / items.len() as f64
                }
                (Values::Choice(_), None) => draws.unit(),
                (_, Some(centre)) => bell_draw(centre, self.width, draws),
                (_, None) => bell_draw(0.5, 1.0, draws),
            }
        };
        self.dimensions.iter().enumerate().map(position).collect()
    }
}

/// The list item at a position.
fn item(position: f64, items: usize) -> usize {
    ((position * items as f64) as usize).min(items - 1)
}

/// The density of a normal distribution truncated to [0, 1].
fn bell(mean: f64, deviation: f64, at: f64) -> f64 {
    let z = (at - mean) / deviation;
    let below = |end: f64| 0.5 * (1.0 + libm::erf((end - mean) / (deviation * std::f64::consts::SQRT_2)));
    libm::exp(-0.5 * z * z) / (deviation * libm::sqrt(2.0 * std::f64::consts::PI) * (below(1.0) - below(0.0)))
}

/// A draw from it: Box and Muller's method, repeated until it falls into [0, 1] (at least a third
/// of the draws do).
fn bell_draw(mean: f64, deviation: f64, draws: &mut Draws) -> f64 {
    loop {
        let radius = libm::sqrt(-2.0 * libm::log(draws.unit()));
        let drawn = mean + deviation * radius * libm::cos(2.0 * std::f64::consts::PI * draws.unit());
        if (0.0..=1.0).contains(&drawn) {
            return drawn;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_is_a_density_and_draws_follow_it() {
        for (mean, deviation) in [(0.5, 1.0), (0.0, 0.2), (0.9, 0.05)] {
            let steps = 20_000;
            let points = (0..steps).map(|step| (f64::from(step) + 0.5) / f64::from(steps));
            let area: f64 = points.clone().map(|at| bell(mean, deviation, at)).sum::<f64>() / f64::from(steps);
            assert!((area - 1.0).abs() < 1e-6, "{area}");
            let expected: f64 = points.map(|at| at * bell(mean, deviation, at)).sum::<f64>() / f64::from(steps);
            let mut draws = Draws::new(1, 1);
            let drawn = (0..20_000).map(|_| bell_draw(mean, deviation, &mut draws)).sum::<f64>() / 20_000.0;
            assert!((drawn - expected).abs() < 0.01, "{drawn} {expected}");
        }
    }
}
