//! Random search (Bergstra and Bengio 2012): settings drawn evenly from the stretched ranges.

use super::draws::Draws;
use super::strategy::{Proposal, Search, Strategy, key};

/// Random search; no settings are tried twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Random;

/// Draws of a trial before a space counts as exhausted; only spaces of few values ever need more
/// than one.
const ATTEMPTS: usize = 1000;

impl Strategy for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn propose(&self, search: &Search<'_>) -> Vec<Proposal> {
        let mut known = search.known();
        let mut proposals = Vec::new();
        for number in search.finished.len() + 1..=search.last_of_block() {
            let mut draws = Draws::new(search.seed, number);
            let drawn =
                (0..ATTEMPTS).map(|_| search.space.draw(&mut draws)).find(|settings| known.insert(key(settings)));
            let Some(settings) = drawn else { break };
            proposals.push(Proposal { number, settings, rounds: None });
        }
        proposals
    }
}
