//! Interventional SHAP values: a feature that is left out takes its value from a background row.
//!
//! # Formula
//! For one leaf of value `v`, one explained row and one background row, a feature on the path to
//! the leaf is in one of four states: both rows pass its splits, neither does (then the leaf is out
//! of reach and adds nothing), only the explained row does (`p` features, the set A), or only the
//! background row does (`q` features, the set B). With the features `S` known the leaf is reached
//! exactly if `S` holds all of A and none of B. The Shapley values of that game are
//!
//! ```text
//! i in A:   v (p - 1)! q! / (p + q)!           i in B:  -v p! (q - 1)! / (p + q)!
//! ```
//!
//! and its interactions, halved since both features get them,
//!
//! ```text
//! i, j in A:  v/2 (p - 2)! q! / (p + q - 1)!    i in A, j in B:  -v/2 (p - 1)! (q - 1)! / (p + q - 1)!
//! i, j in B:  v/2 p! (q - 2)! / (p + q - 1)!
//! ```
//!
//! The value is the mean over the background rows. Which features pass is a pattern of bits, so the
//! background is counted by pattern once a leaf, and the answer depends on the explained row's
//! pattern alone: leaves of up to [`TABLE_FEATURES`] features get a table of all answers. Its
//! entries are what the direct computation gives, so the bits are the same either way.

use super::paths::{Interval, PathTree};
use super::{BLOCK, Detail};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Paths of more different features do not fit the patterns.
const MOST_FEATURES: usize = 64;

/// Leaves of up to this many features get a table, if there are rows enough to pay for it.
const TABLE_FEATURES: usize = 8;

/// Numbers in the tables of one batch of leaves (16 MiB).
const BATCH: usize = 1 << 21;

/// A leaf, and how the background rows meet its conditions.
#[derive(Clone, Debug)]
struct Game {
    tree: usize,
    /// The leaf's value divided by the number of background rows.
    value: f64,
    /// Slot and interval of each feature on the path; feature `k` has bit `k` of the patterns.
    conditions: Vec<(usize, Interval)>,
    /// The features that fail, and how many background rows fail just these; ascending.
    background: Vec<(u64, u32)>,
}

/// All leaves of the trees, in order.
#[derive(Clone, Debug)]
pub(super) struct Games {
    games: Vec<Game>,
    /// Values of the trees that are a single leaf; 0 for others.
    stumps: Vec<f64>,
}

impl Games {
    /// Counts the background, given by slot.
    pub(super) fn new(trees: &[PathTree], columns: &[Option<&[f32]>], rows: usize) -> Result<Self> {
        let most = trees.iter().map(|tree| tree.features).max().unwrap_or(0);
        if most > MOST_FEATURES {
            return Err(Error::model(format!(
                "a path of the model has {most} different features; with a background there may be {MOST_FEATURES}"
            ))
            .remedy("explain without a background (path dependent), which has no such limit"));
        }
        let mut games = Vec::new();
        for (index, tree) in trees.iter().enumerate() {
            tree.leaves(|path, value| {
                let last = |(place, &edge): (usize, &usize)| {
                    let slot = tree.edges[edge].slot;
                    let is_last = path[place + 1..].iter().all(|&below| tree.edges[below].slot != slot);
                    is_last.then_some((slot, tree.edges[edge].interval))
                };
                let conditions = path.iter().enumerate().filter_map(last).collect();
                games.push(Game { tree: index, value: value / rows as f64, conditions, background: Vec::new() });
            });
        }
        games.par_iter_mut().for_each(|game| {
            let mut failing: Vec<u64> = (0..rows).map(|row| game.all() & !game.passing(columns, row)).collect();
            failing.sort_unstable();
            game.background = failing.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u32)).collect();
        });
        Ok(Self { games, stumps: trees.iter().map(|tree| tree.stump.unwrap_or(0.0)).collect() })
    }

    /// The mean of each tree over the background.
    pub(super) fn means(&self) -> Vec<f64> {
        let mut means = self.stumps.clone();
        for game in &self.games {
            // Ascending: the rows that fail nothing come first.
            if let Some(&(0, count)) = game.background.first() {
                means[game.tree] += game.value * f64::from(count);
            }
        }
        means
    }

    /// Adds what the leaves give to the rows: see [`super::Explainer::totals`] for the layout.
    pub(super) fn add(
        &self,
        columns: &[Option<&[f32]>],
        rows: Range<usize>,
        detail: Detail,
        (classes, slots): (usize, usize),
        totals: &mut [f64],
    ) {
        let width = if detail == Detail::Pairs { slots * slots } else { slots };
        let mut rest = self.games.as_slice();
        while !rest.is_empty() {
            let mut numbers = 0;
            let batch = rest.iter().take_while(|game| {
                numbers += game.table_length(detail, rows.len());
                numbers <= BATCH
            });
            // One at least, however large.
            let (batch, left) = rest.split_at(batch.count().max(1));
            rest = left;
            let tables: Vec<Vec<f64>> = batch.par_iter().map(|game| game.table(detail, rows.len())).collect();
            totals.par_chunks_mut(BLOCK * classes * width).enumerate().for_each(|(block, totals)| {
                let start = rows.start + block * BLOCK;
                let mut answer = Vec::new();
                for (game, table) in batch.iter().zip(&tables) {
                    let length = game.length(detail);
                    for (row, totals) in totals.chunks_exact_mut(classes * width).enumerate() {
                        let passing = game.passing(columns, start + row);
                        let totals = &mut totals[game.tree % classes * width..][..width];
                        if table.is_empty() {
                            answer.clear();
                            answer.resize(length, 0.0);
                            game.play(passing, detail, &mut answer);
                            game.give(&answer, slots, detail, totals);
                        } else {
                            game.give(&table[passing as usize * length..][..length], slots, detail, totals);
                        }
                    }
                }
            });
        }
    }
}

impl Game {
    /// The pattern of all features.
    fn all(&self) -> u64 {
        // The shift by 64 of a path without features cannot happen: a leaf below a split has one.
        u64::MAX >> (MOST_FEATURES - self.conditions.len())
    }

    /// The features whose conditions a row meets.
    #[inline]
    fn passing(&self, columns: &[Option<&[f32]>], row: usize) -> u64 {
        self.conditions.iter().enumerate().fold(0, |pattern, (bit, &(slot, interval))| {
            let value = columns[slot].map_or(f32::NAN, |column| column[row]);
            pattern | u64::from(interval.holds(value)) << bit
        })
    }

    /// Numbers in an answer: one a feature, and then one a pair `i < j`, line after line.
    fn length(&self, detail: Detail) -> usize {
        let features = self.conditions.len();
        match detail {
            Detail::Features => features,
            Detail::Pairs => features + features * (features - 1) / 2,
        }
    }

    /// Numbers in the table; 0 if it does not pay.
    fn table_length(&self, detail: Detail, rows: usize) -> usize {
        let features = self.conditions.len();
        if features > TABLE_FEATURES || rows < 1 << features { 0 } else { self.length(detail) << features }
    }

    /// The answers to all patterns.
    fn table(&self, detail: Detail, rows: usize) -> Vec<f64> {
        let mut table = vec![0.0; self.table_length(detail, rows)];
        for (passing, answer) in table.chunks_exact_mut(self.length(detail)).enumerate() {
            self.play(passing as u64, detail, answer);
        }
        table
    }

    /// Adds the answer for a row that passes these features.
    fn play(&self, passing: u64, detail: Detail, answer: &mut [f64]) {
        let features = self.conditions.len();
        let only_background = self.all() & !passing;
        let q = only_background.count_ones();
        let is = |set: u64, bit: usize| set >> bit & 1 == 1;
        for &(failing, count) in &self.background {
            // A feature that neither passes: out of reach.
            if failing & !passing != 0 {
                continue;
            }
            let p = failing.count_ones();
            let value = self.value * f64::from(count);
            let (gain, loss) = (value * single(p, q), value * single(q, p));
            for (bit, answer) in answer[..features].iter_mut().enumerate() {
                if is(failing, bit) {
                    *answer += gain;
                } else if is(only_background, bit) {
                    *answer -= loss;
                }
            }
            if detail == Detail::Pairs && p + q >= 2 {
                let half = 0.5 * value;
                let (gains, losses, mixed) = (half * pair(p, q), half * pair(q, p), half * opposed(p, q));
                let mut place = features;
                for i in 0..features {
                    for j in i + 1..features {
                        let in_first = (is(failing, i), is(failing, j));
                        let in_second = (is(only_background, i), is(only_background, j));
                        answer[place] += match (in_first, in_second) {
                            ((true, true), _) => gains,
                            (_, (true, true)) => losses,
                            ((true, false), (false, true)) | ((false, true), (true, false)) => -mixed,
                            _ => 0.0,
                        };
                        place += 1;
                    }
                }
            }
        }
    }

    /// Adds an answer to a row.
    fn give(&self, answer: &[f64], slots: usize, detail: Detail, totals: &mut [f64]) {
        let features = self.conditions.len();
        match detail {
            Detail::Features => {
                for (&(slot, _), answer) in self.conditions.iter().zip(answer) {
                    totals[slot] += answer;
                }
            }
            Detail::Pairs => {
                let mut pairs = answer[features..].iter();
                for (i, (&(slot, _), answer)) in self.conditions.iter().zip(answer).enumerate() {
                    totals[slot * slots + slot] += answer;
                    for (&(other, _), both) in self.conditions[i + 1..].iter().zip(&mut pairs) {
                        totals[slot * slots + other] += both;
                        totals[other * slots + slot] += both;
                    }
                }
            }
        }
    }
}

/// `(a - 1)! b! / (a + b)!`; 0 without `a`.
fn single(a: u32, b: u32) -> f64 {
    if a == 0 { 0.0 } else { 1.0 / (f64::from(a) * binomial(a + b, a)) }
}

/// `(a - 2)! b! / (a + b - 1)!`; 0 if `a` is less than 2.
fn pair(a: u32, b: u32) -> f64 {
    if a < 2 { 0.0 } else { 1.0 / (f64::from(a - 1) * binomial(a + b - 1, b)) }
}

/// `(a - 1)! (b - 1)! / (a + b - 1)!`; 0 if either is 0.
fn opposed(a: u32, b: u32) -> f64 {
    if a == 0 || b == 0 { 0.0 } else { 1.0 / (f64::from(b) * binomial(a + b - 1, b)) }
}

/// The number of ways to choose `k` of `n`; below 2^53 exact, as every partial product is.
fn binomial(n: u32, k: u32) -> f64 {
    (1..=k.min(n - k)).fold(1.0, |product, i| product * f64::from(n + 1 - i) / f64::from(i))
}
