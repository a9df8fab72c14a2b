//! Kernel `gradient`: margins and labels to exact gradient pairs (`docs/exactness.md` 4).
//!
//! IN: margins (`rows x classes`), targets, weights. OUT: pairs (`rows x classes`). Deterministic: each row by itself.

use crate::backend::problem::Problem;
use crate::fixed::quantiser::GradientPair;
use crate::fixed::{round_shift_wide, table};
use crate::objective::{Objective, logistic, softmax, squared_error};
use crate::util::vector::vectorised;
use rayon::prelude::*;
use std::convert::identity;

/// Rows a task.
const RUN: usize = 4096;

/// Rows whose pairs are computed side by side.
const VECTORS: usize = 64;

/// Gradient pairs of all rows and classes, row-major, in the smallest integers that hold them.
#[derive(Clone, Debug)]
pub enum Pairs {
    /// Unweighted classification: Q30 in 32 bits.
    Short(Vec<ShortPair>),
    /// Everything else.
    Long(Vec<GradientPair>),
}

/// A pair in 32 bits each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShortPair {
    g: i32,
    h: i32,
}

/// A type that stores a [`GradientPair`].
pub trait StoredPair: Copy + Send + Sync {
    /// Stores a pair that is known to fit.
    fn store(pair: GradientPair) -> Self;
    /// The pair.
    fn load(self) -> GradientPair;
}

impl StoredPair for ShortPair {
    #[inline(always)]
    fn store(pair: GradientPair) -> Self {
        Self { g: pair.g as i32, h: pair.h as i32 }
    }
    #[inline(always)]
    fn load(self) -> GradientPair {
        GradientPair { g: i64::from(self.g), h: i64::from(self.h) }
    }
}

impl StoredPair for GradientPair {
    #[inline(always)]
    fn store(pair: GradientPair) -> Self {
        pair
    }
    #[inline(always)]
    fn load(self) -> GradientPair {
        self
    }
}

impl Pairs {
    /// Room for the pairs of a training.
    #[must_use]
    pub fn new(problem: &Problem<'_>) -> Self {
        let length = problem.rows() * problem.classes;
        if problem.weights.is_weighted() || !problem.objective.is_classification() {
            Self::Long(vec![GradientPair::default(); length])
        } else {
            Self::Short(vec![ShortPair::default(); length])
        }
    }

    /// Bytes of one pair.
    #[must_use]
    pub fn pair_bytes(&self) -> u64 {
        match self {
            Self::Short(_) => size_of::<ShortPair>() as u64,
            Self::Long(_) => size_of::<GradientPair>() as u64,
        }
    }
}

/// Computes the pairs of all rows.
pub fn run(problem: &Problem<'_>, margins: &[i64], pairs: &mut Pairs, parallel: bool) {
    match pairs {
        Pairs::Short(pairs) => all_rows(problem, margins, pairs, parallel),
        Pairs::Long(pairs) => all_rows(problem, margins, pairs, parallel),
    }
}

fn all_rows<P: StoredPair>(problem: &Problem<'_>, margins: &[i64], pairs: &mut [P], parallel: bool) {
    let classes = problem.classes;
    let work = |(run, pairs): (usize, &mut [P])| {
        let first_row = run * RUN;
        let margins = &margins[first_row * classes..][..pairs.len()];
        match problem.objective {
            Objective::BinaryLogistic => {
                let table = &*table::LOGISTIC;
                each_row(
                    problem,
                    first_row,
                    margins,
                    pairs,
                    #[inline(always)]
                    |value| value as i32,
                    #[inline(always)]
                    |margin, target| logistic::gradient_pair(table, margin, target.cast_unsigned()),
                );
            }
            Objective::SquaredError => {
                each_row(problem, first_row, margins, pairs, identity, squared_error::gradient_pair);
            }
            Objective::Softmax | Objective::Softprob => {
                let table = &*table::EXP;
                let (mut row_margins, mut row_pairs) = (vec![0; classes], vec![GradientPair::default(); classes]);
                for (i, (pairs, margins)) in
                    pairs.chunks_exact_mut(classes).zip(margins.chunks_exact(classes)).enumerate()
                {
                    row_margins.iter_mut().zip(margins).for_each(|(short, &margin)| *short = margin as i32);
                    softmax::gradient_pairs(table, &row_margins, problem.targets[first_row + i] as u32, &mut row_pairs);
                    for (pair, &exact) in pairs.iter_mut().zip(&row_pairs) {
                        *pair = P::store(weighted(problem, first_row + i, exact));
                    }
                }
            }
        }
    };
    if parallel {
        pairs.par_chunks_mut(RUN * classes).enumerate().for_each(work);
    } else {
        pairs.chunks_mut(RUN * classes).enumerate().for_each(work);
    }
}

/// The pairs of rows of one margin each. Margins and targets are made as narrow as `pair_of` takes them.
#[inline]
fn each_row<P: StoredPair, T: Copy + Default>(
    problem: &Problem<'_>,
    first_row: usize,
    margins: &[i64],
    pairs: &mut [P],
    narrow: impl Fn(i64) -> T,
    pair_of: impl Fn(T, T) -> GradientPair,
) {
    let targets = &problem.targets[first_row..][..pairs.len()];
    if problem.weights.is_weighted() {
        for (row, ((pair, &margin), &target)) in (first_row..).zip(pairs.iter_mut().zip(margins).zip(targets)) {
            *pair = P::store(weighted(problem, row, pair_of(narrow(margin), narrow(target))));
        }
        return;
    }
    vectorised(
        #[inline(always)]
        || {
            // By way of arrays of its own: the compiler knows that no table overlaps with them, and takes as many rows at once as a
            // vector holds of the narrow values.
            let (mut narrow_margins, mut narrow_targets) = ([T::default(); VECTORS], [T::default(); VECTORS]);
            let mut stored = [P::store(GradientPair::default()); VECTORS];
            let runs = margins.chunks(VECTORS).zip(targets.chunks(VECTORS));
            for (pairs, (margins, targets)) in pairs.chunks_mut(VECTORS).zip(runs) {
                narrow_margins.iter_mut().zip(margins).for_each(|(to, &margin)| *to = narrow(margin));
                narrow_targets.iter_mut().zip(targets).for_each(|(to, &target)| *to = narrow(target));
                let rows = narrow_margins.iter().zip(&narrow_targets);
                stored
                    .iter_mut()
                    .zip(rows)
                    .for_each(|(pair, (&margin, &target))| *pair = P::store(pair_of(margin, target)));
                pairs.copy_from_slice(&stored[..pairs.len()]);
            }
        },
    );
}

/// Applies a row's weight.
#[inline]
fn weighted(problem: &Problem<'_>, row: usize, pair: GradientPair) -> GradientPair {
    if !problem.weights.is_weighted() {
        return pair;
    }
    let weight = i64::from(problem.weights.get(row));
    let g = if problem.objective == Objective::SquaredError {
        round_shift_wide(i128::from(pair.g) * i128::from(weight), problem.weight_shift) as i64
    } else {
        pair.g * weight
    };
    GradientPair { g, h: pair.h * weight }
}
