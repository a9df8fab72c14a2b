//! Kernel `gradient`: margins and labels to exact gradient pairs (`docs/exactness.md` 4).
//!
//! IN: margins (`rows x classes`), targets, weights. OUT: pairs (`rows x classes`). Deterministic:
//! each row by itself.

use crate::backend::problem::Problem;
use crate::fixed::format::Bits;
use crate::fixed::quantiser::{GradientPair, PairScale};
use crate::fixed::real_pair::{PairRounding, RealPair};
use crate::fixed::{power_of_two, round_shift_wide};
use crate::objective::gradient::{GradientKernel, OutputsLoss, RealLoss, RowLoss};
use crate::util::vector::vectorised;
use rayon::prelude::*;

/// Rows a task.
const RUN: usize = 4096;

/// Rows whose pairs are computed side by side.
const VECTORS: usize = 64;

/// Gradient pairs of all rows and classes, row-major, in the smallest integers that hold them.
#[derive(Clone, Debug)]
pub enum Pairs {
    /// In 32 bits each.
    Short(Vec<ShortPair>),
    /// In 64 bits each.
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
        match problem.format.pair_bits {
            Bits::Narrow => Self::Short(vec![ShortPair::default(); length]),
            Bits::Wide => Self::Long(vec![GradientPair::default(); length]),
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

/// Computes the pairs of all rows. Returns their binary points.
pub fn run(problem: &Problem<'_>, margins: &[i64], pairs: &mut Pairs, parallel: bool) -> PairScale {
    match pairs {
        Pairs::Short(pairs) => problem.objective.gradient(AllRows { problem, margins, pairs, parallel }),
        Pairs::Long(pairs) => problem.objective.gradient(AllRows { problem, margins, pairs, parallel }),
    }
}

/// The kernel, with what it works on.
struct AllRows<'a, P> {
    problem: &'a Problem<'a>,
    margins: &'a [i64],
    pairs: &'a mut [P],
    parallel: bool,
}

impl<P: StoredPair> AllRows<'_, P> {
    /// Works on runs of rows: their first one, their margins and their pairs.
    fn each_run(self, work: impl Fn(usize, &[i64], &mut [P]) + Sync) -> PairScale {
        let Self { problem, margins, pairs, parallel } = self;
        let classes = problem.classes;
        let work = |(run, pairs): (usize, &mut [P])| {
            let first_row = run * RUN;
            work(first_row, &margins[first_row * classes..][..pairs.len()], pairs);
        };
        if parallel {
            pairs.par_chunks_mut(RUN * classes).enumerate().for_each(work);
        } else {
            pairs.chunks_mut(RUN * classes).enumerate().for_each(work);
        }
        problem.format.pairs
    }
}

impl<P: StoredPair> GradientKernel for AllRows<'_, P> {
    type Output = PairScale;

    fn by_row<L: RowLoss>(self, loss: L) -> PairScale {
        let problem = self.problem;
        self.each_run(|first_row, margins, pairs| each_row(problem, first_row, margins, pairs, loss))
    }

    fn by_outputs<L: OutputsLoss>(self, loss: L) -> PairScale {
        let (problem, classes) = (self.problem, self.problem.classes);
        self.each_run(|first_row, margins, pairs| {
            let (mut row_margins, mut row_pairs) = (vec![0; classes], vec![GradientPair::default(); classes]);
            for (i, (pairs, margins)) in pairs.chunks_exact_mut(classes).zip(margins.chunks_exact(classes)).enumerate()
            {
                row_margins.iter_mut().zip(margins).for_each(|(short, &margin)| *short = margin as i32);
                loss.pairs(&row_margins, problem.targets[first_row + i] as u32, &mut row_pairs);
                for (pair, &exact) in pairs.iter_mut().zip(&row_pairs) {
                    *pair = P::store(weighted(problem, first_row + i, exact));
                }
            }
        })
    }

    /// Two passes: the extent of the round's pairs decides the scale in which they become integers.
    fn by_real_row<L: RealLoss>(self, loss: L) -> PairScale {
        let Self { problem, margins, parallel, .. } = self;
        let unit = power_of_two(-problem.format.margin.scale);
        let extent_of = |(margins, targets): (&[i64], &[i64])| {
            let rows = margins.iter().zip(targets);
            rows.fold(RealPair::default(), |extent, (&margin, &target)| {
                extent.extent(loss.pair(margin as f64 * unit, target))
            })
        };
        let extent = if parallel {
            let runs = margins.par_chunks(RUN).zip(problem.targets.par_chunks(RUN));
            runs.map(extent_of).reduce(RealPair::default, RealPair::extent)
        } else {
            extent_of((margins, &problem.targets))
        };
        let (rounding, scale) = PairRounding::new(extent, problem.format.pairs, problem.weights.scale);
        self.by_row(Rounded { loss, unit, rounding });
        scale
    }
}

/// A loss of real pairs with the scale of a round.
#[derive(Clone, Copy)]
struct Rounded<L> {
    loss: L,
    /// The real value of the margin 1.
    unit: f64,
    rounding: PairRounding,
}

impl<L: RealLoss> RowLoss for Rounded<L> {
    type Word = i64;

    #[inline(always)]
    fn narrow(value: i64) -> i64 {
        value
    }

    #[inline(always)]
    fn pair(self, margin: i64, target: i64) -> GradientPair {
        self.rounding.round(self.loss.pair(margin as f64 * self.unit, target))
    }
}

/// The pairs of rows of one margin each. Margins and targets are made as narrow as the loss takes
/// them.
#[inline]
fn each_row<P: StoredPair, L: RowLoss>(
    problem: &Problem<'_>,
    first_row: usize,
    margins: &[i64],
    pairs: &mut [P],
    loss: L,
) {
    let targets = &problem.targets[first_row..][..pairs.len()];
    if problem.weights.is_weighted() {
        for (row, ((pair, &margin), &target)) in (first_row..).zip(pairs.iter_mut().zip(margins).zip(targets)) {
            *pair = P::store(weighted(problem, row, loss.pair(L::narrow(margin), L::narrow(target))));
        }
        return;
    }
    vectorised(
        #[inline(always)]
        || {
            // By way of arrays of its own: the compiler knows that no table overlaps with them, and
            // takes as many rows at once as a vector holds of the narrow values.
            let (mut narrow_margins, mut narrow_targets) =
                ([L::Word::default(); VECTORS], [L::Word::default(); VECTORS]);
            let mut stored = [P::store(GradientPair::default()); VECTORS];
            let runs = margins.chunks(VECTORS).zip(targets.chunks(VECTORS));
            for (pairs, (margins, targets)) in pairs.chunks_mut(VECTORS).zip(runs) {
                narrow_margins.iter_mut().zip(margins).for_each(|(to, &margin)| *to = L::narrow(margin));
                narrow_targets.iter_mut().zip(targets).for_each(|(to, &target)| *to = L::narrow(target));
                let rows = narrow_margins.iter().zip(&narrow_targets);
                stored
                    .iter_mut()
                    .zip(rows)
                    .for_each(|(pair, (&margin, &target))| *pair = P::store(loss.pair(margin, target)));
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
    let g = match problem.format.weight_shift {
        0 => pair.g * weight,
        shift => round_shift_wide(i128::from(pair.g) * i128::from(weight), shift) as i64,
    };
    GradientPair { g, h: pair.h * weight }
}
