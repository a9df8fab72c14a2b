//! The split search, once: scores, scan order, ties, default direction and the decision
//! (`docs/exactness.md` 8).
//!
//! Sums are integers; a score is a handful of binary64 operations in one written order, so that a
//! shader can emulate them.

use crate::binning::FeatureCuts;
use crate::fixed::quantiser::{PairSum, ScaledRules};
use crate::params::TreeMethod;
use crate::tree::limits::{NodeLimits, SideLimits};
use std::ops::Range;

/// Where a candidate lies in the scan of one feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Upward scan at this bin; missing rows go right.
    Up(usize),
    /// exact, end of the upward scan: all present rows left, missing rows right.
    UpEnd,
    /// Downward scan at this bin; missing rows go left.
    Down(usize),
    /// exact, end of the downward scan: all present rows right, missing rows left.
    DownEnd,
}

/// What the scan must know of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Whether every distinct value is a bin, or ranges are.
    pub method: TreeMethod,
    /// Number of bins, without the code of missing values.
    pub bins: usize,
    /// Whether any training row misses the feature.
    pub has_missing: bool,
}

impl Scan {
    /// The scan of a feature with these cuts.
    #[must_use]
    pub fn new(method: TreeMethod, cuts: &FeatureCuts) -> Self {
        Self { method, bins: cuts.bins(), has_missing: cuts.has_missing }
    }

    /// Whether an upward scan comes first: always for hist, for exact only with missing values and
    /// two bins.
    #[must_use]
    pub fn scans_upward(self) -> bool {
        match self.method {
            TreeMethod::Hist => true,
            TreeMethod::Exact => self.has_missing && self.bins > 1,
        }
    }

    /// The position of a candidate in the written scan order; lower wins among equal scores of a
    /// feature.
    #[must_use]
    pub fn rank(self, place: Place) -> u32 {
        let before = if self.scans_upward() { self.bins } else { 0 };
        let rank = match place {
            Place::Up(bin) => bin,
            Place::UpEnd => self.bins,
            Place::Down(bin) => before + self.bins - 1 - bin,
            Place::DownEnd => before + self.bins,
        };
        rank as u32
    }

    /// The inverse of [`Scan::rank`].
    #[must_use]
    pub fn place(self, rank: u32) -> Place {
        let rank = rank as usize;
        let upward = self.scans_upward();
        // exact visits its first present bin without a candidate, so rank `bins` can only be the
        // end of the upward scan.
        let upward_ranks = match self.method {
            TreeMethod::Hist => self.bins,
            TreeMethod::Exact => self.bins + 1,
        };
        if upward && rank < upward_ranks {
            return if rank < self.bins { Place::Up(rank) } else { Place::UpEnd };
        }
        let down = rank - if upward { self.bins } else { 0 };
        if down < self.bins { Place::Down(self.bins - 1 - down) } else { Place::DownEnd }
    }

    /// Rows whose bin is below this go left.
    #[must_use]
    pub fn boundary(self, place: Place) -> usize {
        match (self.method, place) {
            (TreeMethod::Hist, Place::Up(bin)) | (TreeMethod::Exact, Place::Down(bin)) => bin + 1,
            (TreeMethod::Hist, Place::Down(bin)) | (TreeMethod::Exact, Place::Up(bin)) => bin,
            (_, Place::UpEnd) => self.bins,
            (_, Place::DownEnd) => 0,
        }
    }

    /// The threshold of a split; `last` is the present bin that the exact scan visited before.
    #[must_use]
    pub fn threshold(self, place: Place, last: usize, cuts: &FeatureCuts) -> f32 {
        match (self.method, place) {
            (TreeMethod::Hist, Place::Up(bin)) => cuts.threshold_above(bin),
            (TreeMethod::Hist, Place::Down(bin)) => cuts.threshold_below(bin),
            (TreeMethod::Exact, Place::Up(bin)) => cuts.threshold_between(last, bin),
            (TreeMethod::Exact, Place::Down(bin)) => cuts.threshold_between(bin, last),
            (_, Place::UpEnd) => cuts.threshold_past(last),
            (_, Place::DownEnd) => cuts.threshold_before(last),
        }
    }
}

impl Place {
    /// Whether missing rows go left.
    #[must_use]
    pub fn default_left(self) -> bool {
        matches!(self, Self::Down(_) | Self::DownEnd)
    }
}

/// A candidate split of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Sum of both sides' scores.
    pub score: f64,
    /// Index of the split's feature in the data; the lower one wins ties.
    pub feature: u32,
    /// Position in the feature's scan ([`Scan::rank`]).
    pub rank: u32,
    /// The present bin visited before (exact).
    pub last: u32,
    /// Sums of the rows that go left.
    pub left: PairSum,
}

impl Candidate {
    /// Whether this one wins: larger score, then lower feature, then lower rank.
    #[inline]
    #[must_use]
    pub fn beats(&self, other: &Self) -> bool {
        match self.score.total_cmp(&other.score) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => (self.feature, self.rank) < (other.feature, other.rank),
        }
    }

    /// The better of two candidates, either of which may be absent.
    #[must_use]
    pub fn better(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(x), Some(y)) => Some(if y.beats(&x) { y } else { x }),
            (x, None) => x,
            (None, y) => y,
        }
    }
}

/// Below every score; stands for a candidate that is not valid.
const NO_SCORE: f64 = f64::NEG_INFINITY;

/// The left sides of consecutive candidates, so that their scores are computed side by side: a
/// score takes two divisions.
struct Run {
    g: [i64; Run::MOST],
    h: [i64; Run::MOST],
    length: usize,
}

impl Default for Run {
    fn default() -> Self {
        Self { g: [0; Run::MOST], h: [0; Run::MOST], length: 0 }
    }
}

impl Run {
    const MOST: usize = 64;

    /// Takes the next left sides in, as many as there are or fit.
    #[inline(always)]
    fn fill(&mut self, places: Range<usize>, mut left: impl FnMut(usize) -> PairSum) {
        self.length = places.len().min(Self::MOST);
        for ((g, h), place) in self.g.iter_mut().zip(&mut self.h).zip(places) {
            let left = left(place);
            (*g, *h) = (left.g, left.h);
        }
        // The rest has no hessian, which is never heavy enough.
        self.h[self.length..].fill(0);
    }

    fn left(&self, i: usize) -> PairSum {
        PairSum { g: self.g[i], h: self.h[i] }
    }

    /// The scores of the valid candidates, [`NO_SCORE`] for the others.
    #[inline(always)]
    fn scores(&self, rules: &ScaledRules, limits: SideLimits, node: PairSum) -> [f64; Run::MOST] {
        let mut scores = [NO_SCORE; Run::MOST];
        for ((score, &g), &h) in scores.iter_mut().zip(&self.g).zip(&self.h) {
            let left = PairSum { g, h };
            let right = node.minus(left);
            let both = limits.score(rules, left) + limits.score(rules, right);
            *score = if limits.is_valid(rules, left, right) { both } else { NO_SCORE };
        }
        scores
    }
}

/// The search for the best candidate of one feature in one node.
struct Search<'a> {
    rules: &'a ScaledRules,
    limits: SideLimits,
    node: PairSum,
    scan: Scan,
    feature: u32,
    best: Option<Candidate>,
}

impl Search<'_> {
    /// Scores the candidate if it is valid. Candidates come in rank order, so an equal score loses.
    #[inline]
    fn offer(&mut self, place: Place, last: usize, left: PairSum) {
        let right = self.node.minus(left);
        if !self.limits.is_valid(self.rules, left, right) {
            return;
        }
        let score = self.limits.score(self.rules, left) + self.limits.score(self.rules, right);
        if self.best.is_none_or(|best| score > best.score) {
            let rank = self.scan.rank(place);
            self.best = Some(Candidate { score, feature: self.feature, rank, last: last as u32, left });
        }
    }

    #[inline(always)]
    fn hist(&mut self, histogram: &impl Fn(usize) -> PairSum) {
        let bins = self.scan.bins;
        let mut run = Run::default();
        let mut left = PairSum::default();
        for start in (0..bins).step_by(Run::MOST) {
            run.fill(start..bins, |bin| {
                left = left.plus(histogram(bin));
                left
            });
            self.offer_run(&run, |i| Place::Up(start + i));
        }
        if self.node.minus(left) != PairSum::default() {
            let mut left = self.node;
            for start in (0..bins).step_by(Run::MOST) {
                run.fill(start..bins, |place| {
                    left = left.minus(histogram(bins - 1 - place));
                    left
                });
                self.offer_run(&run, |i| Place::Down(bins - 1 - (start + i)));
            }
        }
    }

    /// Offers candidates in rank order, as [`Search::offer`] does one by one.
    #[inline(always)]
    fn offer_run(&mut self, run: &Run, place: impl Fn(usize) -> Place) {
        // What is known to be 0 or no limit leaves the loop.
        let scores = if !self.limits.is_none() {
            run.scores(self.rules, self.limits, self.node)
        } else if self.rules.alpha > 0.0 || self.rules.max_delta_step > 0.0 {
            run.scores(self.rules, SideLimits::NONE, self.node)
        } else {
            let rules = ScaledRules { alpha: 0.0, max_delta_step: 0.0, ..*self.rules };
            run.scores(&rules, SideLimits::NONE, self.node)
        };
        let best = scores.iter().fold(NO_SCORE, |best, &score| if score > best { score } else { best });
        if best == NO_SCORE || self.best.is_some_and(|found| found.score >= best) {
            return;
        }
        if let Some(i) = scores.iter().position(|&score| score == best) {
            let rank = self.scan.rank(place(i));
            self.best = Some(Candidate { score: best, feature: self.feature, rank, last: 0, left: run.left(i) });
        }
    }

    fn exact(&mut self, histogram: &impl Fn(usize) -> PairSum) {
        if self.scan.scans_upward() {
            let mut left = PairSum::default();
            let mut last = None;
            for bin in 0..self.scan.bins {
                let here = histogram(bin);
                if here.h > 0 {
                    if let Some(last) = last {
                        self.offer(Place::Up(bin), last, left);
                    }
                    left = left.plus(here);
                    last = Some(bin);
                }
            }
            if let Some(last) = last {
                self.offer(Place::UpEnd, last, left);
            }
        }
        let mut right = PairSum::default();
        let mut last = None;
        for bin in (0..self.scan.bins).rev() {
            let here = histogram(bin);
            if here.h > 0 {
                if let Some(last) = last {
                    self.offer(Place::Down(bin), last, self.node.minus(right));
                }
                right = right.plus(here);
                last = Some(bin);
            }
        }
        if let Some(last) = last {
            self.offer(Place::DownEnd, last, self.node.minus(right));
        }
    }
}

/// The best candidate of one feature, if any is valid within the node's limits. `histogram(bin)`
/// gives the node's sums of a bin.
#[inline(always)]
pub fn best_of_feature(
    rules: &ScaledRules,
    limits: &NodeLimits,
    node: PairSum,
    scan: Scan,
    feature: u32,
    histogram: impl Fn(usize) -> PairSum,
) -> Option<Candidate> {
    let limits = limits.of_feature(feature)?;
    let mut search = Search { rules, limits, node, scan, feature, best: None };
    match scan.method {
        TreeMethod::Hist => search.hist(&histogram),
        TreeMethod::Exact => search.exact(&histogram),
    }
    search.best
}

/// The gain of the winner, if it is worth a split: above the least gain, and for hist not below
/// gamma.
#[must_use]
pub fn gain(
    rules: &ScaledRules,
    limits: &NodeLimits,
    method: TreeMethod,
    node: PairSum,
    winner: &Candidate,
) -> Option<f64> {
    let root = limits.score(rules, node);
    if winner.score <= root {
        return None;
    }
    let gain = winner.score - root;
    (gain > rules.least_gain && (method == TreeMethod::Exact || gain >= rules.gamma)).then_some(gain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_unique_and_invertible() {
        for method in [TreeMethod::Hist, TreeMethod::Exact] {
            for (bins, has_missing) in [(1, false), (1, true), (2, true), (5, false), (5, true)] {
                let scan = Scan { method, bins, has_missing };
                let first = usize::from(method == TreeMethod::Exact);
                let mut places = Vec::new();
                if scan.scans_upward() {
                    places.extend((first..bins).map(Place::Up));
                    if method == TreeMethod::Exact {
                        places.push(Place::UpEnd);
                    }
                }
                places.extend((0..bins - first).rev().map(Place::Down));
                if method == TreeMethod::Exact {
                    places.push(Place::DownEnd);
                }
                let ranks: Vec<u32> = places.iter().map(|&place| scan.rank(place)).collect();
                assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{scan:?} {ranks:?}");
                for (&place, &rank) in places.iter().zip(&ranks) {
                    assert_eq!(scan.place(rank), place, "{scan:?}");
                }
            }
        }
    }

    #[test]
    fn equal_scores_go_to_the_lower_feature_then_rank() {
        let candidate = |score, feature, rank| Candidate { score, feature, rank, last: 0, left: PairSum::default() };
        assert!(candidate(2.0, 9, 9).beats(&candidate(1.0, 0, 0)));
        assert!(candidate(1.0, 0, 9).beats(&candidate(1.0, 1, 0)));
        assert!(candidate(1.0, 1, 0).beats(&candidate(1.0, 1, 2)));
        assert!(!candidate(1.0, 1, 2).beats(&candidate(1.0, 1, 2)));
    }
}
