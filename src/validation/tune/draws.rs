//! Random numbers of the search: the counter hash of the sampler, keyed by seed and trial, so that
//! a trial's numbers do not depend on which trials ran before or beside it.

use crate::fixed::hash::combine;

/// Separates the draws of the search from the sampler's, which start from the same seed.
const SEARCH: u32 = 0x7475_6e65;

/// The random numbers of one trial.
#[derive(Clone, Debug)]
pub struct Draws {
    key: u32,
    next: u32,
}

impl Draws {
    /// The numbers of trial `trial` under `seed`.
    #[must_use]
    pub fn new(seed: u64, trial: usize) -> Self {
        let key = combine(combine(combine(SEARCH, seed as u32), (seed >> 32) as u32), trial as u32);
        Self { key, next: 0 }
    }

    /// The next 32 bits.
    fn bits(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        combine(self.key, self.next)
    }

    /// Uniform in (0, 1): 52 bits and a half, so that neither end is drawn.
    pub fn unit(&mut self) -> f64 {
        let bits = (u64::from(self.bits()) << 20) | u64::from(self.bits() >> 12);
        (bits as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Uniform in `0 .. count`, `count > 0`.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count - 1)
    }

    /// An index drawn in proportion to the weights, which are positive.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_uniform_and_differ_by_seed_and_trial() {
        let mut draws = Draws::new(7, 3);
        let units: Vec<f64> = (0..20_000).map(|_| draws.unit()).collect();
        assert!(units.iter().all(|unit| 0.0 < *unit && *unit < 1.0));
        let mean = units.iter().sum::<f64>() / units.len() as f64;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        for other in [Draws::new(7, 4), Draws::new(8, 3), Draws::new(7 + (1 << 32), 3)] {
            assert_ne!(other.clone().unit(), units[0]);
        }
    }

    #[test]
    fn weights_are_shares() {
        let mut draws = Draws::new(1, 1);
        let hits = (0..10_000).filter(|_| draws.weighted(&[1.0, 3.0]) == 1).count();
        assert!((7_300..7_700).contains(&hits), "{hits}");
        let counts = (0..9_000).fold([0; 3], |mut counts, _| {
            counts[draws.below(3)] += 1;
            counts
        });
        assert!(counts.iter().all(|count| (2_800..3_200).contains(count)), "{counts:?}");
    }
}
