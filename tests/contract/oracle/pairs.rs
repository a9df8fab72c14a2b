//! Section 4: gradient pairs, and their weighting.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use super::margins::MarginScale;
use super::number::{ceil_log2, rsh};
use super::tables::{Tables, mulhi};
use super::types::Objective;
use super::weights::RowWeights;

/// A gradient and a hessian, or sums of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    pub g: i128,
    pub h: i128,
}

impl Pair {
    /// The empty sum.
    pub const ZERO: Pair = Pair { g: 0, h: 0 };
}

impl Add for Pair {
    type Output = Pair;
    fn add(self, other: Pair) -> Pair {
        Pair { g: self.g + other.g, h: self.h + other.h }
    }
}

impl Sub for Pair {
    type Output = Pair;
    fn sub(self, other: Pair) -> Pair {
        Pair { g: self.g - other.g, h: self.h - other.h }
    }
}

impl AddAssign for Pair {
    fn add_assign(&mut self, other: Pair) {
        *self = *self + other;
    }
}

impl Sum for Pair {
    fn sum<I: Iterator<Item = Pair>>(pairs: I) -> Pair {
        pairs.fold(Pair::ZERO, Add::add)
    }
}

/// What the integers stand for: `g / 2^sg` and `h / 2^sh`, after weighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairScale {
    pub sg: i32,
    pub sh: i32,
}

/// The table of scales.
pub fn pair_scale(objective: Objective, margin: &MarginScale, weights: &RowWeights, rows: usize) -> PairScale {
    let sh = 30 + weights.sw;
    let sg = match (objective, weights.weighted) {
        (Objective::SquaredError, false) => margin.sm,
        (Objective::SquaredError, true) => margin.sm + weights.sw - (31 - ceil_log2(rows)),
        _ => 30 + weights.sw,
    };
    PairScale { sg, sh }
}

/// Logistic.
pub fn logistic(tables: &Tables, margin: i64, y: i64) -> Pair {
    let p = tables.sigmoid(margin);
    let h = mulhi(p as u32, ((1 << 31) - p) as u32);
    Pair { g: i128::from((p - (y << 31)) >> 1), h: i128::from(h.max(1)) }
}

/// Softmax: one pair a class.
pub fn softmax(tables: &Tables, margins: &[i64], label: usize) -> Vec<Pair> {
    let max = *margins.iter().max().expect("at least one class");
    let e: Vec<u64> = margins.iter().map(|m| tables.exp_neg((max - m) as u32) as u64).collect();
    let t: u64 = e.iter().sum();
    let pair = |(k, e): (usize, &u64)| {
        let p = ((e << 31) / t) as i64;
        let y = i64::from(k == label);
        Pair { g: i128::from((p - (y << 31)) >> 1), h: i128::from(((p * ((1 << 31) - p)) >> 31).max(1)) }
    };
    e.iter().enumerate().map(pair).collect()
}

/// Squared error.
pub fn squared_error(margin: i64, y: i64) -> Pair {
    Pair { g: i128::from(margin - y), h: 1 << 30 }
}

/// Weighting, of a channel with `rows` rows.
pub fn weighted(objective: Objective, pair: Pair, weights: &RowWeights, row: usize) -> Pair {
    if !weights.weighted {
        return pair;
    }
    let rows = weights.wq.len();
    let wq = weights.wq[row];
    let g = match objective {
        Objective::SquaredError => rsh(pair.g * wq, 31 - ceil_log2(rows)),
        _ => pair.g * wq,
    };
    Pair { g, h: pair.h * wq }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logistic_at_zero() {
        let tables = Tables::new();
        let negative = logistic(&tables, 0, 0);
        assert_eq!((negative.g, negative.h), (1 << 29, 1 << 28));
        let positive = logistic(&tables, 0, 1);
        assert_eq!((positive.g, positive.h), (-(1 << 29), 1 << 28));
    }

    #[test]
    fn logistic_far_out() {
        let tables = Tables::new();
        let pair = logistic(&tables, i64::from(i32::MAX), 1);
        assert!(pair.g < 0 && pair.g > -(1 << 8) && pair.h >= 1);
    }

    #[test]
    fn softmax_of_equal_margins() {
        let tables = Tables::new();
        let pairs = softmax(&tables, &[5, 5, 5, 5], 2);
        // p = 1/4: g = 1/4 or -3/4, h = 2 x 3/16, all in Q30.
        assert_eq!(pairs[0].g, 1 << 28);
        assert_eq!(pairs[2].g, -3 * (1 << 28));
        assert!(pairs.iter().all(|p| p.h == 3 << 27));
    }

    #[test]
    fn softmax_of_the_ends() {
        let tables = Tables::new();
        let ends = [i64::from(i32::MIN), i64::from(i32::MAX)];
        let pairs = softmax(&tables, &ends, 0);
        assert_eq!((pairs[0].g, pairs[0].h), (-(1 << 30), 1));
        assert_eq!((pairs[1].g, pairs[1].h), (1 << 30, 1));
    }

    #[test]
    fn squared_error_is_weighted_with_a_shift() {
        let weights = RowWeights { weighted: true, wq: vec![3, 1], sw: 29 };
        // Two rows: L = 1, the shift is 30, and 3 x 2^29 is half of it.
        let pair = squared_error(1 << 29, 0);
        let result = weighted(Objective::SquaredError, pair, &weights, 0);
        assert_eq!((result.g, result.h), (2, 3 << 30));
    }
}
