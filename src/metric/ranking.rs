//! Metrics that depend on the order of the margins only: auc, aucpr.
//!
//! Rows of equal margin form one group. A group is a pair of integers, so the order of its rows, and with it whether
//! the sort is stable, cannot be seen in the result.

use super::{SERIAL_ROWS, Scored, elementwise::softmax_denominator, ratio};
use libm::{exp, log};
use rayon::prelude::*;

/// Weights of the positive and of the negative rows with one and the same score.
#[derive(Clone, Copy)]
struct Tied {
    positive: u64,
    negative: u64,
}

/// A row as one class against the rest sees it.
struct Ranked {
    score: f64,
    weight: u32,
    positive: bool,
}

/// The groups of equal score, lowest first.
fn tied_groups(mut rows: Vec<Ranked>) -> Vec<Tied> {
    let order = |a: &Ranked, b: &Ranked| a.score.total_cmp(&b.score);
    if rows.len() > SERIAL_ROWS {
        rows.par_sort_unstable_by(order);
    } else {
        rows.sort_unstable_by(order);
    }
    let tied = rows.chunk_by(|a, b| a.score == b.score).map(|group| {
        let weight_of = |positive| {
            let members = group.iter().filter(|row| row.positive == positive);
            members.map(|row| u64::from(row.weight)).sum()
        };
        Tied { positive: weight_of(true), negative: weight_of(false) }
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

/// Area under the receiver operating characteristic curve.
pub(super) fn auc(scored: &Scored) -> f64 {
    if !scored.objective.is_multiclass() {
        return binary_auc(&tied_groups(ranked_by_margin(scored)));
    }
    // Margins of different rows do not compare, since each row's softmax has its own denominator: probabilities do.
    let denominators = scored.map(|row| softmax_denominator(scored, row));
    let mut weighted = 0.0;
    for class in 0..scored.classes {
        let groups = tied_groups(scored.map(|row| {
            let (max, sum) = denominators[row];
            Ranked {
                score: exp(scored.margin(class, row) - max) / sum,
                weight: scored.weight(row),
                positive: scored.class(row) == class,
            }
        }));
        weighted += binary_auc(&groups) * totals(&groups).0 as f64;
    }
    match scored.total_weight() {
        0 => 0.5,
        total => weighted / total as f64,
    }
}

/// The share of pairs of a positive and a negative row in which the positive one scores higher; a tie counts half.
/// Twice the number of pairs is an integer below 2^65, so there is one division of integers. 0.5 without a pair.
fn binary_auc(groups: &[Tied]) -> f64 {
    let (positive, negative) = totals(groups);
    let pairs = 2 * u128::from(positive) * u128::from(negative);
    if pairs == 0 {
        return 0.5;
    }
    let mut below = 0_u64;
    let mut ordered = 0_u128;
    for group in groups {
        ordered += u128::from(group.positive) * u128::from(2 * below + group.negative);
        below += group.negative;
    }
    ordered as f64 / pairs as f64
}

/// Area under the precision-recall curve: between two groups true and false positives are taken to grow in
/// proportion, and precision is integrated over recall in closed form (XGBoost's reading of Davis and Goadrich 2006).
///
/// The areas of the groups are added from the highest score down, which fixes the result. Without a negative row it
/// comes out as 1; without a positive one it is 0.
pub(super) fn aucpr(scored: &Scored) -> f64 {
    let groups = tied_groups(ranked_by_margin(scored));
    let (positive, _) = totals(&groups);
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

/// The integral of precision between two points of the curve, given as the weights of the rows above them.
///
/// With recall x, false positives are `h x + b` (in units of the positives) and precision is `x / (a x + b)`.
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
