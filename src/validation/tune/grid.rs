//! Grid search: every combination, the last parameter changing fastest.

use super::space::{Dimension, Settings, Space};
use super::strategy::{Proposal, Search, Strategy, key};
use crate::error::{Error, Result};
use serde_json::{Map, Value};

/// Grid search over all whole numbers and list items, and over evenly spread points of real ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Points of a real range in its scale, both ends among them; at least 2.
    pub points: u32,
}

impl Default for Grid {
    fn default() -> Self {
        Self { points: 3 }
    }
}

impl Grid {
    fn levels(self, dimension: &Dimension) -> u64 {
        dimension.count().unwrap_or_else(|| u64::from(self.points))
    }

    fn at(self, dimension: &Dimension, level: u64) -> Value {
        let unit = match dimension.count() {
            Some(count) => (level as f64 + 0.5) / count as f64,
            None => level as f64 / f64::from(self.points.saturating_sub(1).max(1)),
        };
        // Whole numbers in a log scale do not have parts of equal width: they are counted, not
        // stretched.
        match *dimension.values() {
            super::space::Values::Integer { low, .. } => Value::from(low.saturating_add_unsigned(level)),
            _ => dimension.at(unit),
        }
    }

    /// The number of combinations.
    #[must_use]
    pub fn size(self, space: &Space) -> u64 {
        space.dimensions().iter().fold(1, |size: u64, dimension| size.saturating_mul(self.levels(dimension)))
    }

    fn settings(self, space: &Space, mut index: u64) -> Settings {
        let mut reversed = Vec::new();
        for dimension in space.dimensions().iter().rev() {
            let levels = self.levels(dimension);
            reversed.push((dimension.name().to_string(), self.at(dimension, index % levels)));
            index /= levels;
        }
        reversed.into_iter().rev().collect()
    }
}

impl Strategy for Grid {
    fn name(&self) -> &'static str {
        "grid"
    }

    fn options(&self) -> Map<String, Value> {
        Map::from_iter([("points".to_string(), self.points.into())])
    }

    fn default_trials(&self, space: &Space, _rounds: u32) -> usize {
        usize::try_from(self.size(space)).unwrap_or(usize::MAX)
    }

    fn check(&self, _space: &Space) -> Result<()> {
        if self.points < 2 {
            return Err(Error::parameter(format!("a grid of {} points a range is empty", self.points))
                .remedy("give at least 2 points"));
        }
        Ok(())
    }

    fn propose(&self, search: &Search<'_>) -> Vec<Proposal> {
        let known = search.known();
        let next = search.finished.len() + 1;
        (0..self.size(search.space))
            .map(|index| self.settings(search.space, index))
            .filter(|settings| !known.contains(&key(settings)))
            .zip(next..=search.last_of_block())
            .map(|(settings, number)| Proposal { number, settings, rounds: None })
            .collect()
    }
}
