//! Which rounds of a model predict.

use super::Model;

/// Which rounds of a model predict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rounds {
    /// Up to the best round of early stopping; all in a model without one.
    #[default]
    Best,
    /// All rounds of the model, even those after the best one.
    All,
    /// As many from the first one on: all in a model that has no more, and the base margin alone
    /// for 0.
    First(usize),
}

impl Model {
    /// Returns the number of rounds that predict.
    #[must_use]
    pub fn used_rounds(&self, rounds: Rounds) -> usize {
        match (rounds, self.best_iteration) {
            (Rounds::Best, Some(best)) => best.saturating_add(1).min(self.rounds()),
            (Rounds::Best, None) | (Rounds::All, _) => self.rounds(),
            (Rounds::First(rounds), _) => rounds.min(self.rounds()),
        }
    }

    /// The number of trees of those rounds.
    pub(crate) fn tree_count(&self, rounds: Rounds) -> usize {
        self.used_rounds(rounds) * self.classes
    }
}
