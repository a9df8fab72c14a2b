//! Histograms of bins of equal width with round edges.

use serde::Serialize;

/// About how many bins a histogram has.
const BINS: f64 = 40.0;

/// Counts of values per bin of equal width, and their mean and deviation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Edges, ascending, one more than bins; a bin has its lower edge, the last both.
    pub edges: Vec<f64>,
    /// Number of values per bin; one count fewer than edges.
    pub counts: Vec<u64>,
    /// Least of the values, in their own unit; 0 without values.
    pub least: f64,
    /// Largest of the values, in their own unit; 0 without values.
    pub largest: f64,
    /// Arithmetic mean of the values; 0 without values.
    pub mean: f64,
    /// The standard deviation of the values as a whole population.
    pub deviation: f64,
}

impl Histogram {
    /// Counts finite values between round edges around them.
    #[must_use]
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (count, sum, least, largest) = values
            .clone()
            .fold((0_usize, 0.0, f64::INFINITY, f64::NEG_INFINITY), |(count, sum, least, largest), value| {
                (count + 1, sum + value, value.min(least), value.max(largest))
            });
        if count == 0 {
            return Self::default();
        }
        let mean = sum / count as f64;
        let squares: f64 = values.clone().map(|value| (value - mean) * (value - mean)).sum();
        let edges = round_edges(least, largest);
        let counts = count_in(&edges, values);
        Self { edges, counts, least, largest, mean, deviation: (squares / count as f64).sqrt() }
    }
}

/// Returns the number of values per bin between the edges (of equal width, ascending); values
/// outside count in the first or last bin.
#[must_use]
pub fn count_in(edges: &[f64], values: impl Iterator<Item = f64>) -> Vec<u64> {
    let bins = edges.len().saturating_sub(1);
    let mut counts = vec![0; bins];
    for value in values {
        counts[bin_of(edges, value)] += 1;
    }
    counts
}

/// Returns the index of a value's bin; values outside the edges get the first or last bin.
#[must_use]
pub fn bin_of(edges: &[f64], value: f64) -> usize {
    let inner = edges.get(1..edges.len().saturating_sub(1)).unwrap_or_default();
    inner.partition_point(|&edge| edge <= value)
}

/// Edges at multiples of 1, 2, 2.5 or 5 times a power of ten.
fn round_edges(least: f64, largest: f64) -> Vec<f64> {
    if least == largest {
        return vec![least - 0.5, least + 0.5];
    }
    let raw = (largest - least) / BINS;
    let power = libm::pow(10.0, libm::log10(raw).floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= raw);
    let step = step.unwrap_or(raw);
    let first = (least / step).floor();
    let bins = (((largest / step) - first).floor() as usize + 1).min(10 * BINS as usize);
    (0..=bins).map(|place| (first + place as f64) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_round_and_all_values_are_counted() {
        let values: Vec<f64> = (0..=1000).map(|i| f64::from(i) * 0.37 - 20.0).collect();
        let found = Histogram::of(values.iter().copied());
        assert_eq!(found.edges.len(), found.counts.len() + 1);
        assert_eq!(found.counts.iter().sum::<u64>(), 1001);
        assert_eq!(found.edges[0], -20.0);
        assert_eq!(found.edges[1] - found.edges[0], 10.0);
        assert_eq!((found.least, found.largest), (-20.0, 350.0));
        assert!((found.mean - 165.0).abs() < 1e-9);
        let same = Histogram::of([3.0, 3.0].into_iter());
        assert_eq!((same.edges, same.counts), (vec![2.5, 3.5], vec![2]));
        assert_eq!(Histogram::of(std::iter::empty()).counts.len(), 0);
    }

    #[test]
    fn a_bin_has_its_lower_edge() {
        let edges = [0.0, 1.0, 2.0];
        assert_eq!([0.0, 0.5, 1.0, 2.0, 9.0, -1.0].map(|value| bin_of(&edges, value)), [0, 0, 1, 1, 1, 0]);
    }
}
