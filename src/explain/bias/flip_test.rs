//! The flip test: would the facet's rows be predicted otherwise if they belonged to the rest?

use super::{BiasMetric, RATES, USUAL_RATES};
use rayon::prelude::*;

/// Neighbours that decide.
const NEIGHBOURS: usize = 5;

/// With up to this many rows in the rest, one neighbour decides.
const FEW_ROWS: usize = 9;

/// Pairs of rows that are compared at most: some ten seconds' work. Beyond, rows of the facet that
/// are evenly spaced stand for all.
const MOST_PAIRS: usize = 5_000_000_000;

/// For each row of the facet, the nearest rows of the rest vote with their predictions (Euclidean
/// distance in the features as they are, without the facet's column). FT is the share of the
/// facet's rows that are predicted positive against the vote, less the share predicted negative
/// against it.
pub(super) fn metric(predicted: &[bool], inside: &[bool], others: &[&[f32]]) -> BiasMetric {
    let side = |wanted: bool| (0..inside.len()).filter(move |&row| inside[row] == wanted);
    let rest = Neighbours::new(others, side(false).collect());
    let facet: Vec<usize> = side(true).collect();
    let tested = facet.len().min((MOST_PAIRS / rest.rows.len().max(1)).max(1));
    let votes: Vec<(bool, bool)> = (0..tested)
        .into_par_iter()
        .map(|index| {
            let row = facet[(index as u128 * facet.len() as u128 / tested as u128) as usize];
            let values: Vec<f32> = others.iter().map(|column| column[row]).collect();
            (predicted[row], rest.vote(&values, predicted))
        })
        .collect();
    let count = |wanted: (bool, bool)| votes.iter().filter(|&&vote| vote == wanted).count();
    let (better, worse) = (count((true, false)), count((false, true)));
    let sample = if tested < facet.len() {
        format!(" (of {tested} evenly spaced rows of {} in the facet)", facet.len())
    } else {
        String::new()
    };
    BiasMetric {
        name: "FT",
        description: "Flip Test (FT)",
        value: (better as f64 - worse as f64) / tested as f64,
        range: RATES,
        usual: USUAL_RATES,
        reading: format!(
            "{better} rows of the facet are predicted positive where similar rows of the rest are not, {worse} the other way{sample}"
        ),
    }
}

/// The rows that vote.
struct Neighbours {
    /// Their numbers.
    rows: Vec<usize>,
    /// Their values, row after row.
    values: Vec<f32>,
    /// Whether any is missing.
    has_missing: bool,
}

impl Neighbours {
    fn new(columns: &[&[f32]], rows: Vec<usize>) -> Self {
        let values = rows.iter().flat_map(|&row| columns.iter().map(move |column| column[row])).collect();
        let has_missing = columns.iter().any(|column| column.iter().any(|value| value.is_nan()));
        Self { rows, values, has_missing }
    }

    /// What most of the nearest rows are predicted; of equally near ones the first count.
    fn vote(&self, row: &[f32], predicted: &[bool]) -> bool {
        let neighbours = if self.rows.len() > FEW_ROWS { NEIGHBOURS } else { 1 };
        // Ascending by distance; a later row of the same distance comes later.
        let mut nearest: Vec<(f64, usize)> = Vec::with_capacity(neighbours + 1);
        for (index, &number) in self.rows.iter().enumerate() {
            let other = &self.values[index * row.len()..][..row.len()];
            let limit = if nearest.len() < neighbours { f64::INFINITY } else { nearest[neighbours - 1].0 };
            let distance =
                if self.has_missing { distance_of_present(row, other) } else { distance_up_to(row, other, limit) };
            if distance < limit || nearest.len() < neighbours {
                let place = nearest.partition_point(|&(other, _)| other <= distance);
                nearest.insert(place, (distance, number));
                nearest.truncate(neighbours);
            }
        }
        2 * nearest.iter().filter(|&&(_, number)| predicted[number]).count() > nearest.len()
    }
}

/// The squared distance; once it is not below the limit, as far as it has come.
fn distance_up_to(a: &[f32], b: &[f32], limit: f64) -> f64 {
    let mut sum = 0.0;
    for (a, b) in a.chunks(4).zip(b.chunks(4)) {
        for (&a, &b) in a.iter().zip(b) {
            let gap = f64::from(a) - f64::from(b);
            sum += gap * gap;
        }
        if sum >= limit {
            break;
        }
    }
    sum
}

/// The squared distance in the features that both rows have, scaled to all features; infinite
/// without any.
fn distance_of_present(a: &[f32], b: &[f32]) -> f64 {
    let (mut sum, mut present) = (0.0, 0);
    for (&a, &b) in a.iter().zip(b) {
        if !a.is_nan() && !b.is_nan() {
            let gap = f64::from(a) - f64::from(b);
            sum += gap * gap;
            present += 1;
        }
    }
    if present == 0 { f64::INFINITY } else { sum * a.len() as f64 / present as f64 }
}
