//! What depends on the order of the margins only: auc, aucpr, and the rankings that curves are
//! drawn from.
//!
//! Rows of equal margin form one group. A group is a pair of integers, so the order of its rows,
//! and with it whether the sort is stable, cannot be seen in the result.

use super::elementwise::softmax_denominator;
use super::{SERIAL_ROWS, Scored, label_count, ratio};
use crate::objective::Objective;
use crate::util::radix;
use libm::{exp, log};
use rayon::prelude::*;
use std::fmt;

/// Up to so many rows are sorted by radix.
const RADIX_ROWS: usize = 1 << 18;

/// Weights of the positive and of the negative rows with one and the same score.
#[derive(Clone, Copy)]
struct Tied {
    positive: u64,
    negative: u64,
}

/// A row as one class against the rest sees it.
#[derive(Clone, Copy)]
struct Ranked {
    score: f64,
    weight: u32,
    positive: bool,
}

impl Ranked {
    fn key(&self) -> u64 {
        key(self.score)
    }
}

/// A score as an integer in the order of `total_cmp`: of negative numbers all bits turned, of
/// others the sign.
fn key(score: f64) -> u64 {
    let bits = score.to_bits();
    bits ^ ((bits as i64 >> 63) as u64 | 1 << 63)
}

/// The rows, lowest score first.
fn sorted(mut rows: Vec<Ranked>) -> Vec<Ranked> {
    // One thread by radix is as fast as several that compare.
    if rows.len() > RADIX_ROWS {
        rows.par_sort_unstable_by_key(Ranked::key);
    } else {
        radix::sort(&mut rows, &mut Vec::new(), |row| row.key().to_be_bytes());
    }
    rows
}

/// The groups of equal score of sorted rows, in their order.
fn tied_groups(rows: &[Ranked]) -> Vec<Tied> {
    let tied = rows.chunk_by(|a, b| a.score == b.score).map(|group| {
        let (mut positive, mut all) = (0, 0);
        for row in group {
            all += u64::from(row.weight);
            positive += if row.positive { u64::from(row.weight) } else { 0 };
        }
        Tied { positive, negative: all - positive }
    });
    tied.collect()
}

/// Weights of all positive and of all negative rows.
fn totals(groups: &[Tied]) -> (u64, u64) {
    groups.iter().fold((0, 0), |(positive, negative), group| (positive + group.positive, negative + group.negative))
}

/// Rows of binary labels, ranked by margin.
fn ranked_by_margin(scored: &Scored) -> Vec<Ranked> {
    scored.map(|row| Ranked {
        // + 0.0 turns -0.0 into 0.0, which the total order would keep apart.
        score: scored.margin(0, row) + 0.0,
        weight: scored.weight(row),
        positive: scored.labels[row] == 1.0,
    })
}

/// Rows of class labels, ranked by the probability of one class after the other. Margins of
/// different rows do not compare, since each row's softmax has its own denominator: probabilities
/// do.
fn ranked_by_probability<'a>(scored: &'a Scored) -> impl Iterator<Item = Vec<Ranked>> + 'a {
    let denominators = scored.map(|row| softmax_denominator(scored, row));
    (0..scored.outputs()).map(move |class| {
        scored.map(|row| {
            let (max, sum) = denominators[row];
            Ranked {
                score: exp(scored.margin(class, row) - max) / sum,
                weight: scored.weight(row),
                positive: scored.class(row) == class,
            }
        })
    })
}

/// How much weight has at least a score, for every score that occurs, the highest first: what ROC
/// curve, precision-recall curve and lift are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// Quantised weight of the positive rows with at least the score: their number where there are
    /// no weights.
    pub positives: Vec<u64>,
    /// Quantised weight of the negative rows with at least the score.
    pub negatives: Vec<u64>,
    /// Area under the ROC curve, as [`Metric::Auc`](super::Metric::Auc); not a number where all
    /// weight is on one side.
    pub auc: f64,
}

/// The ranking of binary labels by margin; of several classes one ranking after the other, of the
/// class against the rest by probability.
///
/// # Panics
/// As [`Metric::evaluate`](super::Metric::evaluate); and for a regression, which has no classes.
pub fn rankings<'a>(scored: &'a Scored) -> impl Iterator<Item = Ranking> + 'a {
    assert!(scored.objective.is_classification(), "classes");
    let several = scored.objective.is_multiclass();
    let binary = (!several).then(|| ranked_by_margin(scored));
    binary.into_iter().chain(several.then(|| ranked_by_probability(scored)).into_iter().flatten()).map(Ranking::new)
}

impl Ranking {
    fn new(rows: Vec<Ranked>) -> Self {
        let groups = tied_groups(&sorted(rows));
        let mut this = Self { positives: Vec::new(), negatives: Vec::new(), auc: binary_auc(&groups) };
        let (mut positives, mut negatives) = (0, 0);
        for group in groups.iter().rev() {
            positives += group.positive;
            negatives += group.negative;
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

    /// The mean of the precision over the positive rows, taken at their scores: scikit-learn's
    /// average precision. 0 without a positive row.
    #[must_use]
    pub fn average_precision(&self) -> f64 {
        let (all, _) = self.totals();
        let mut before = 0;
        let mut sum = 0.0;
        for (&positive, &negative) in self.positives.iter().zip(&self.negatives) {
            if positive > before {
                sum += ratio(positive - before, all) * ratio(positive, positive + negative);
            }
            before = positive;
        }
        sum
    }
}

/// Area under the receiver operating characteristic curve.
pub(super) fn auc(scored: &Scored) -> f64 {
    match (scored.objective.is_multiclass(), scored.weights) {
        (false, None) => return unweighted_auc(scored),
        (false, Some(_)) => return binary_auc(&tied_groups(&sorted(ranked_by_margin(scored)))),
        (true, _) => {}
    }
    // One class that lacks rows, or has all, leaves no value: what need not be ranked for many
    // classes.
    if lacking(scored.objective, scored.outputs(), scored.labels, scored.weights).is_some() {
        return f64::NAN;
    }
    let mut weighted = 0.0;
    for rows in ranked_by_probability(scored) {
        let groups = tied_groups(&sorted(rows));
        weighted += binary_auc(&groups) * totals(&groups).0 as f64;
    }
    weighted / scored.total_weight() as f64
}

/// What keeps rows from being ranked: auc and aucpr compare rows of different labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The label that all rows that count have, or that none has; `None` where no row counts.
    pub label: Option<usize>,
    /// Whether all have it.
    pub all: bool,
    /// Whether there are rows of weight 0, which do not count.
    pub weightless: bool,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.weightless { "rows of a weight above 0" } else { "rows" };
        match (self.label, self.all) {
            (None, _) => write!(f, "there are no {rows}"),
            (Some(label), true) => write!(f, "all {rows} have label {label}"),
            (Some(label), false) => write!(f, "there are no {rows} with label {label}"),
        }
    }
}

/// Why [`Metric::Auc`](super::Metric::Auc) and [`Metric::Aucpr`](super::Metric::Aucpr) are not a
/// number on these rows; `None` where they have a value. It depends on labels and weights, not on
/// the model.
///
/// # Panics
/// If a label is not one of the objective's, or there are fewer weights than labels.
#[must_use]
pub fn lacking(objective: Objective, classes: usize, labels: &[f32], weights: Option<&[u32]>) -> Option<Lack> {
    let mut occurs = vec![false; label_count(objective, classes)];
    let mut weightless = false;
    for (row, &label) in labels.iter().enumerate() {
        match weights.is_some_and(|weights| weights[row] == 0) {
            true => weightless = true,
            false => occurs[label as usize] = true,
        }
    }
    let lack = |label, all| Some(Lack { label, all, weightless });
    let mut occurring = (0..occurs.len()).filter(|&class| occurs[class]);
    match (occurring.next(), occurring.next()) {
        (only, None) => lack(only, true),
        _ => occurs.iter().position(|occurs| !occurs).and_then(|class| lack(Some(class), false)),
    }
}

/// The share of pairs of a positive and a negative row in which the positive one scores higher; a
/// tie counts half. Twice the number of pairs is an integer below 2^65, so there is one division of
/// integers. Not a number without a pair.
fn binary_auc(groups: &[Tied]) -> f64 {
    let (positive, negative) = totals(groups);
    let pairs = 2 * u128::from(positive) * u128::from(negative);
    if pairs == 0 {
        return f64::NAN;
    }
    let mut below = 0_u64;
    let mut ordered = 0_u128;
    for group in groups {
        ordered += u128::from(group.positive) * u128::from(2 * below + group.negative);
        below += group.negative;
    }
    ordered as f64 / pairs as f64
}

/// [`binary_auc`] of rows that weigh 1: positive and negative ones are sorted on their own, as keys
/// alone.
fn unweighted_auc(scored: &Scored) -> f64 {
    let keys = |positive: bool| {
        let is_meant = |label: f32| (label == 1.0) == positive;
        let count = scored.labels.iter().filter(|&&label| is_meant(label)).count();
        let mut keys = vec![0; count + 1];
        let mut place = 0;
        for (row, &label) in scored.labels.iter().enumerate() {
            // Without a branch: labels cannot be foreseen.
            keys[place] = key(scored.margin(0, row) + 0.0);
            place += usize::from(is_meant(label));
        }
        keys.truncate(count);
        radix::sort(&mut keys, &mut Vec::new(), |key| key.to_be_bytes());
        keys
    };
    let (positive, negative) = if scored.rows() > SERIAL_ROWS {
        rayon::join(|| keys(true), || keys(false))
    } else {
        (keys(true), keys(false))
    };
    // Twice the negative rows below each positive one, and once those that tie.
    let ordered = |positive: &[u64]| {
        let mut below = positive.first().map_or(0, |first| negative.partition_point(|key| key < first));
        let mut up_to = below;
        let pairs = positive.iter().map(|key| {
            below += negative[below..].iter().take_while(|&other| other < key).count();
            up_to = up_to.max(below);
            up_to += negative[up_to..].iter().take_while(|&other| other <= key).count();
            (below + up_to) as u64
        });
        pairs.map(u128::from).sum::<u128>()
    };
    match 2 * positive.len() as u128 * negative.len() as u128 {
        0 => f64::NAN,
        pairs => positive.par_chunks(SERIAL_ROWS).map(ordered).sum::<u128>() as f64 / pairs as f64,
    }
}

/// Area under the precision-recall curve: between two groups true and false positives are taken to
/// grow in proportion, and precision is integrated over recall in closed form (XGBoost's reading of
/// Davis and Goadrich 2006).
///
/// The areas of the groups are added from the highest score down, which fixes the result. Not a
/// number without a positive or without a negative row.
pub(super) fn aucpr(scored: &Scored) -> f64 {
    let groups = tied_groups(&sorted(ranked_by_margin(scored)));
    let (positive, negative) = totals(&groups);
    if positive == 0 || negative == 0 {
        return f64::NAN;
    }
    let mut area = 0.0;
    let mut before = Tied { positive: 0, negative: 0 };
    for group in groups.iter().rev() {
        let after = Tied { positive: before.positive + group.positive, negative: before.negative + group.negative };
        // A group without a positive row has no width.
        if group.positive > 0 {
            area += area_between(before, after, positive);
        }
        before = after;
    }
    area
}

/// The integral of precision between two points of the curve, given as the weights of the rows
/// above them.
///
/// With recall x, false positives are `h x + b` (in units of the positives) and precision is
/// `x / (a x + b)`.
fn area_between(before: Tied, after: Tied, positives: u64) -> f64 {
    let recall_before = ratio(before.positive, positives);
    let recall = ratio(after.positive, positives);
    let h = ratio(after.negative - before.negative, after.positive - before.positive);
    let a = h + 1.0;
    let b = (before.negative as f64 - h * before.positive as f64) / positives as f64;
    if b == 0.0 {
        return (recall - recall_before) / a;
    }
    let logarithms = log(a * recall + b) - log(a * recall_before + b);
    (recall - recall_before - b / a * logarithms) / a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::per_output::PerOutput;

    #[test]
    fn rows_that_weigh_one_have_the_area_of_their_groups() {
        for rows in [0, 1, 2, 100, 2 * SERIAL_ROWS + 1] {
            for spread in [1, 7, 100_000] {
                let hash = |row: usize, by: usize| (row * by) % 1_000_003;
                // Ties, both signs, both zeros.
                let margin = |row| (hash(row, 7919) % spread) as f64 - (spread / 2) as f64;
                let margins = (0..rows).map(|row| if row % 5 == 0 { -0.0 } else { margin(row) / 3.0 }).collect();
                let margins = PerOutput::new(margins, 1);
                for share in [0, 3, 10] {
                    let labels: Vec<f32> = (0..rows).map(|row| f32::from(hash(row, 104_729) % 10 < share)).collect();
                    let scored = Scored::new(&margins, &labels, None, Objective::BinaryLogistic);
                    let expected = binary_auc(&tied_groups(&sorted(ranked_by_margin(&scored))));
                    let lack = lacking(scored.objective, 1, &labels, None);
                    assert_eq!(expected.is_nan(), lack.is_some(), "{rows} rows, {spread}, {share}");
                    assert_eq!(auc(&scored).to_bits(), expected.to_bits(), "{rows} rows, {spread}, {share}");
                }
            }
        }
    }

    #[test]
    fn ties_count_half_and_precision_is_averaged() {
        let rows = |rows: &[(f64, u32, bool)]| {
            rows.iter().map(|&(score, weight, positive)| Ranked { score, weight, positive }).collect::<Vec<_>>()
        };
        // scikit-learn 1.9: roc_auc_score 0.75, average_precision_score 0.8333333333333333.
        let found = Ranking::new(rows(&[(0.1, 1, false), (0.4, 1, false), (0.35, 1, true), (0.8, 1, true)]));
        assert_eq!((found.auc, found.totals()), (0.75, (2, 2)));
        assert_eq!((&found.positives[..], &found.negatives[..]), (&[1, 1, 2, 2][..], &[0, 1, 1, 2][..]));
        assert!((found.average_precision() - 0.833_333_333_333_333_3).abs() < 1e-15);
        let tied = Ranking::new(rows(&[(0.0, 2, false), (0.0, 3, true)]));
        assert_eq!((tied.positives.len(), tied.auc, tied.average_precision()), (1, 0.5, 0.6));
        let empty = Ranking::new(Vec::new());
        assert!(empty.auc.is_nan());
        assert_eq!(empty.average_precision(), 0.0);
    }
}
