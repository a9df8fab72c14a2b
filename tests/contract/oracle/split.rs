//! Section 8: the candidates of a node, their scores and the winner.

use super::cuts::FeatureBins;
use super::number::finite;
use super::pairs::Pair;
use super::quantise::{Quantised, Scaled};
use super::types::Method;

/// The score of a side or of a node.
pub fn score(sums: Pair, s: &Scaled) -> f64 {
    let mut a = sums.g.abs() as f64;
    if s.alpha > 0.0 {
        a = if a > s.alpha { a - s.alpha } else { 0.0 };
    }
    let d = sums.h as f64 + s.lambda;
    if s.max_delta_step > 0.0 && a / d > s.max_delta_step {
        let dm = d * s.max_delta_step;
        return s.max_delta_step * (2.0 * a - dm);
    }
    (a * a) / d
}

/// One way to split a node by one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    pub left: Pair,
    pub right: Pair,
    pub default_left: bool,
    pub threshold: f32,
    /// Rows of lower bins go left.
    pub boundary: usize,
    pub rank: usize,
}

/// The best candidate of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    pub feature: usize,
    pub candidate: Candidate,
    /// `S`.
    pub score: f64,
}

/// The winner among the features of a node, if any candidate is valid.
pub fn best_split(
    rows: &[usize],
    features: &[usize],
    bins: &[FeatureBins],
    quantised: &Quantised,
    method: Method,
    s: &Scaled,
) -> Option<Split> {
    let pair = |row: usize| quantised.pairs[row].expect("a sampled row");
    let total: Pair = rows.iter().map(|&row| pair(row)).sum();
    let mut best: Option<Split> = None;
    for &feature in features {
        let f = &bins[feature];
        // The last sum is the one of the missing rows.
        let mut sums = vec![Pair::ZERO; f.bins + 1];
        for &row in rows {
            sums[f.codes[row]] += pair(row);
        }
        let sums = &sums[..f.bins];
        let candidates = match method {
            Method::Hist => hist_candidates(f, total, sums),
            Method::Exact => exact_candidates(f, total, sums),
        };
        for candidate in candidates {
            if !valid(candidate.left, s) || !valid(candidate.right, s) {
                continue;
            }
            let split = Split { feature, candidate, score: score(candidate.left, s) + score(candidate.right, s) };
            if best.is_none_or(|best| wins(&split, &best)) {
                best = Some(split);
            }
        }
    }
    best
}

fn valid(side: Pair, s: &Scaled) -> bool {
    side.h >= 1 && side.h as f64 >= s.min_child_weight
}

/// The largest `S` as bits, then the lower feature, then the lower rank.
fn wins(a: &Split, b: &Split) -> bool {
    let key = |x: &Split| (std::cmp::Reverse(x.score.to_bits()), x.feature, x.candidate.rank);
    key(a) < key(b)
}

/// `hist`, in order of rank.
pub fn hist_candidates(f: &FeatureBins, total: Pair, sums: &[Pair]) -> Vec<Candidate> {
    let bins = f.bins;
    let missing = total - sums.iter().copied().sum();
    let mut candidates = Vec::new();
    let mut left = Pair::ZERO;
    for (i, &bin) in sums.iter().enumerate() {
        left += bin;
        candidates.push(Candidate {
            left,
            right: total - left,
            default_left: false,
            threshold: f.cuts[i],
            boundary: i + 1,
            rank: i,
        });
    }
    if missing == Pair::ZERO {
        return candidates;
    }
    let mut right = Pair::ZERO;
    for (i, &bin) in sums.iter().enumerate().rev() {
        right += bin;
        candidates.push(Candidate {
            left: total - right,
            right,
            default_left: true,
            threshold: if i == 0 { f.lower_sentinel } else { f.cuts[i - 1] },
            boundary: i,
            rank: bins + bins - 1 - i,
        });
    }
    candidates
}

/// `exact`, in order of rank.
pub fn exact_candidates(f: &FeatureBins, total: Pair, sums: &[Pair]) -> Vec<Candidate> {
    let bins = f.bins;
    let present: Vec<usize> = (0..bins).filter(|&i| sums[i].h > 0).collect();
    let (Some(&lowest), Some(&highest)) = (present.first(), present.last()) else {
        return Vec::new();
    };
    let mut candidates = Vec::new();
    let upward = f.has_missing && bins > 1;
    if upward {
        let mut left = Pair::ZERO;
        for (position, &i) in present.iter().enumerate() {
            if position > 0 {
                let last = present[position - 1];
                candidates.push(Candidate {
                    left,
                    right: total - left,
                    default_left: false,
                    threshold: between(f.values[last], f.values[i]),
                    boundary: i,
                    rank: i,
                });
            }
            left += sums[i];
        }
        candidates.push(Candidate {
            left,
            right: total - left,
            default_left: false,
            threshold: above(f.values[highest]),
            boundary: bins,
            rank: bins,
        });
    }
    let base = if upward { bins } else { 0 };
    let mut right = Pair::ZERO;
    for (position, &i) in present.iter().enumerate().rev() {
        if i != highest {
            let last = present[position + 1];
            candidates.push(Candidate {
                left: total - right,
                right,
                default_left: true,
                threshold: between(f.values[i], f.values[last]),
                boundary: i + 1,
                rank: bins - 1 - i + base,
            });
        }
        right += sums[i];
    }
    candidates.push(Candidate {
        left: total - right,
        right,
        default_left: true,
        threshold: below(f.values[lowest]),
        boundary: 0,
        rank: bins + base,
    });
    candidates
}

/// The threshold between `a < b`.
fn between(a: f32, b: f32) -> f32 {
    let m = finite((a + b) * 0.5);
    if a < m && m <= b { m } else { b }
}

/// The threshold with all present rows left, `v` the highest value.
fn above(v: f32) -> f32 {
    finite(v + (v.abs() + 1e-6))
}

/// The threshold with all present rows right, `v` the lowest value.
fn below(v: f32) -> f32 {
    finite(v - (v.abs() + 1e-6))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: f32 = f32::NAN;
    const FREE: Scaled =
        Scaled { lambda: 0.0, min_child_weight: 0.0, alpha: 0.0, max_delta_step: 0.0, eps: 0.0, gamma: 0.0, x: 0 };

    fn pairs(list: &[(i128, i128)]) -> Vec<Pair> {
        list.iter().map(|&(g, h)| Pair { g, h }).collect()
    }

    fn ranks(candidates: &[Candidate]) -> Vec<(usize, usize, bool, f32)> {
        let row = |c: &Candidate| (c.rank, c.boundary, c.default_left, c.threshold);
        candidates.iter().map(row).collect()
    }

    fn exact_feature(column: &[f32]) -> FeatureBins {
        super::super::cuts::feature_bins(column, Method::Exact, 0)
    }

    #[test]
    fn thresholds() {
        assert_eq!(between(1.0, 2.0), 1.5);
        let next = f32::from_bits(1.0f32.to_bits() + 1);
        // The tie goes to the even 1.0, which is not above the lower value.
        assert_eq!(between(1.0, next), next);
        let after = f32::from_bits(1.0f32.to_bits() + 2);
        assert_eq!(between(next, after), after);
        // The sum overflows.
        assert_eq!(between(3e38, 3.2e38), 3.2e38);
        assert_eq!(between(-3.2e38, -3e38), -3e38);
        assert_eq!(between(0.0, f32::from_bits(1)), f32::from_bits(1));
        assert_eq!((above(0.0), below(0.0)), (1e-6, -1e-6));
        assert_eq!((above(3e38), below(-3e38)), (f32::MAX, -f32::MAX));
        assert_eq!(above(1.0), 2.000001);
    }

    #[test]
    fn scores() {
        let side = Pair { g: -6, h: 2 };
        assert_eq!(score(side, &FREE), 18.0);
        let s = Scaled { alpha: 2.0, lambda: 2.0, ..FREE };
        assert_eq!(score(side, &s), 4.0);
        assert_eq!(score(side, &Scaled { alpha: 6.0, ..FREE }), 0.0);
        // 6 / 2 > 1: 1 (2 x 6 - 2 x 1).
        let s = Scaled { max_delta_step: 1.0, ..FREE };
        assert_eq!(score(side, &s), 10.0);
        let s = Scaled { max_delta_step: 3.0, ..FREE };
        assert_eq!(score(side, &s), 18.0);
    }

    #[test]
    fn hist_order() {
        let f = super::super::cuts::feature_bins(&[1.0, 2.0, NONE], Method::Hist, 8);
        let sums = pairs(&[(1, 1), (2, 1)]);
        let with_missing = hist_candidates(&f, Pair { g: 6, h: 3 }, &sums);
        let expected = [(0, 1, false, 2.0), (1, 2, false, 4.00001), (2, 1, true, 2.0), (3, 0, true, -1e-5)];
        assert_eq!(ranks(&with_missing), expected);
        assert_eq!(with_missing[0].right, Pair { g: 5, h: 2 });
        assert_eq!(with_missing[2].left, Pair { g: 4, h: 2 });
        assert_eq!(with_missing[3].left, Pair { g: 3, h: 1 });
        assert_eq!(hist_candidates(&f, Pair { g: 3, h: 2 }, &sums).len(), 2);
    }

    #[test]
    fn exact_order() {
        // Values 1, 2, 3, 4; the node has no row with 2.
        let f = exact_feature(&[1.0, 2.0, 3.0, 4.0, NONE]);
        let sums = pairs(&[(1, 1), (0, 0), (2, 1), (4, 1)]);
        let candidates = exact_candidates(&f, Pair { g: 15, h: 4 }, &sums);
        let expected = [
            (2, 2, false, 2.0),
            (3, 3, false, 3.5),
            (4, 4, false, above(4.0)),
            (5, 3, true, 3.5),
            (7, 1, true, 2.0),
            (8, 0, true, below(1.0)),
        ];
        assert_eq!(ranks(&candidates), expected);
        assert_eq!(candidates[0].left, Pair { g: 1, h: 1 });
        assert_eq!(candidates[2].right, Pair { g: 8, h: 1 });
        assert_eq!(candidates[3].right, Pair { g: 4, h: 1 });
        assert_eq!(candidates[5].left, Pair { g: 8, h: 1 });
        // No missing values in training: downward only.
        let f = exact_feature(&[1.0, 2.0, 3.0, 4.0]);
        let candidates = exact_candidates(&f, Pair { g: 7, h: 3 }, &sums);
        let order: Vec<usize> = candidates.iter().map(|c| c.rank).collect();
        assert_eq!(order, [1, 3, 4]);
        // One value: no upward scan.
        let f = exact_feature(&[1.0, NONE]);
        let candidates = exact_candidates(&f, Pair { g: 7, h: 3 }, &pairs(&[(1, 1)]));
        assert_eq!(ranks(&candidates), [(1, 0, true, below(1.0))]);
    }

    #[test]
    fn ties_go_to_the_lower_feature_and_rank() {
        let column = [1.0, 2.0, 3.0, 4.0];
        let f = super::super::cuts::feature_bins(&column, Method::Hist, 8);
        let q =
            Quantised { kg: 0, kh: 0, pairs: pairs(&[(1, 1), (0, 1), (0, 1), (1, 1)]).into_iter().map(Some).collect() };
        let rows = [0, 1, 2, 3];
        let best = best_split(&rows, &[0, 1], &[f.clone(), f], &q, Method::Hist, &FREE).expect("a split");
        // 1 | 0 0 1 and 1 0 0 | 1 are equal.
        assert_eq!((best.feature, best.candidate.rank), (0, 0));
    }
}
