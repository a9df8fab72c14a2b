//! Rows in the order of a score: what ROC curve, precision-recall curve and lift are made of.

use rayon::prelude::*;

/// How many rows have at least a score, for every score that occurs, the highest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The scores, descending.
    pub scores: Vec<f64>,
    /// Weight of the positive rows with at least the score.
    pub positives: Vec<u64>,
    /// Weight of the negative rows with at least the score.
    pub negatives: Vec<u64>,
}

impl Ranking {
    /// Of rows with a score, a weight, and whether they are positive.
    #[must_use]
    pub fn new(mut rows: Vec<(f64, u32, bool)>) -> Self {
        // -0 and 0 are one score, and rows of one score become one sum: that the sort is not stable cannot be seen.
        rows.iter_mut().for_each(|row| row.0 += 0.0);
        rows.par_sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut this = Self { scores: Vec::new(), positives: Vec::new(), negatives: Vec::new() };
        let (mut positives, mut negatives) = (0, 0);
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            for &(_, weight, positive) in group {
                *(if positive { &mut positives } else { &mut negatives }) += u64::from(weight);
            }
            this.scores.push(group[0].0);
            this.positives.push(positives);
            this.negatives.push(negatives);
        }
        this
    }

    /// Weight of all positive and of all negative rows.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        (self.positives.last().copied().unwrap_or(0), self.negatives.last().copied().unwrap_or(0))
    }

    /// The share of pairs of a positive and a negative row in which the positive one scores higher, a tie counting half:
    /// the area under the ROC curve. 0.5 without a pair.
    #[must_use]
    pub fn auc(&self) -> f64 {
        let (positives, negatives) = self.totals();
        let pairs = 2 * u128::from(positives) * u128::from(negatives);
        if pairs == 0 {
            return 0.5;
        }
        let (mut above, mut past, mut ordered) = (0_u64, 0_u64, 0_u128);
        for (&positive, &negative) in self.positives.iter().zip(&self.negatives) {
            // Negative rows of this score lie below the positive ones of higher scores, and tie with those of their own.
            ordered += u128::from(negative - past) * u128::from(above + positive);
            (above, past) = (positive, negative);
        }
        ordered as f64 / pairs as f64
    }

    /// The mean of the precision over the positive rows, taken at their scores: scikit-learn's average precision. 0 without
    /// a positive row.
    #[must_use]
    pub fn average_precision(&self) -> f64 {
        let (all, _) = self.totals();
        let mut before = 0;
        let mut sum = 0.0;
        for (&positive, &negative) in self.positives.iter().zip(&self.negatives) {
            if positive > before {
                sum += (positive - before) as f64 / all as f64 * (positive as f64 / (positive + negative) as f64);
            }
            before = positive;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half_and_precision_is_averaged() {
        // scikit-learn 1.9: roc_auc_score 0.75, average_precision_score 0.8333333333333333.
        let found = Ranking::new(vec![(0.1, 1, false), (0.4, 1, false), (0.35, 1, true), (0.8, 1, true)]);
        assert_eq!(found.auc(), 0.75);
        assert!((found.average_precision() - 0.833_333_333_333_333_3).abs() < 1e-15);
        let tied = Ranking::new(vec![(0.0, 2, false), (-0.0, 3, true)]);
        assert_eq!((tied.scores.len(), tied.auc(), tied.average_precision()), (1, 0.5, 0.6));
        let empty = Ranking::new(Vec::new());
        assert_eq!((empty.auc(), empty.average_precision()), (0.5, 0.0));
    }
}
