//! Section 6: quantisation of the pairs and of the parameters, once a tree.

use super::number::{pow2, real, rsh};
use super::pairs::{Pair, PairScale};
use super::types::{Objective, Params};

/// The quantised pairs of a tree; `None` for rows that are not sampled.
#[derive(Clone, Debug)]
pub struct Quantised {
    pub kg: i32,
    pub kh: i32,
    pub pairs: Vec<Option<Pair>>,
}

/// Section 6. `cap` says that the training is binary:logistic without weights.
pub fn quantise(pairs: &[Option<Pair>], wide: bool, cap: bool) -> Quantised {
    let sampled: Vec<Pair> = pairs.iter().flatten().copied().collect();
    let count = sampled.len() as i128;
    let g: Vec<i128> = sampled.iter().map(|p| p.g.abs()).collect();
    let h: Vec<i128> = sampled.iter().map(|p| p.h).collect();
    let kg = shift(&g, count, wide);
    let kh = shift(&h, count, wide);
    let quantised = |p: Pair| {
        let mut h = rsh(p.h, kh);
        if cap && p.h < 1 << 28 {
            h = h.min(1.max(((1 << 28) >> kh) - 1));
        }
        Pair { g: rsh(p.g, kg), h: h.max(1) }
    };
    Quantised { kg, kh, pairs: pairs.iter().map(|p| p.map(quantised)).collect() }
}

/// The smallest shift that keeps the sums inside their type.
pub fn shift(magnitudes: &[i128], sampled: i128, wide: bool) -> i32 {
    let sum: i128 = magnitudes.iter().sum();
    let max = magnitudes.iter().copied().max().unwrap_or(0);
    let fits = |k: i32| {
        if wide { (sum >> k) + sampled < 1 << 52 && (max >> k) + 1 < 1 << 31 } else { (sum >> k) + sampled < 1 << 31 }
    };
    let mut k = 0;
    while !fits(k) {
        k += 1;
    }
    k
}

/// The parameters in the scale of the quantised sums.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    pub lambda: f64,
    pub min_child_weight: f64,
    pub alpha: f64,
    pub max_delta_step: f64,
    pub eps: f64,
    pub gamma: f64,
    /// The `X` of the gains.
    pub x: i32,
}

/// Section 6, last paragraph.
pub fn scaled(params: &Params, scale: PairScale, kg: i32, kh: i32) -> Scaled {
    let g = scale.sg - kg;
    let h = scale.sh - kh;
    let x = 2 * g - h;
    Scaled {
        lambda: real(params.lambda) * pow2(h),
        min_child_weight: real(params.min_child_weight) * pow2(h),
        alpha: real(params.alpha) * pow2(g),
        max_delta_step: real(params.max_delta_step) * pow2(g - h),
        eps: real(1e-6) * pow2(x),
        gamma: real(params.gamma) * pow2(x),
        x,
    }
}

/// Section 6: whether the sums are wide.
pub fn is_wide(params: &Params, rows: usize) -> bool {
    params.wide.unwrap_or(rows <= 1 << 16 || rows > 1 << 21)
}

/// Section 6: whether the hessians are capped.
pub fn is_capped(params: &Params, weighted: bool) -> bool {
    params.objective == Objective::BinaryLogistic && !weighted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts() {
        // narrow: (2^31 >> 1) + 2 < 2^31, and 2^31 itself is not.
        assert_eq!(shift(&[1 << 30, 1 << 30], 2, false), 1);
        // 2^31 - 3 + 2 is just below 2^31, one more is not.
        assert_eq!(shift(&[(1 << 31) - 3], 2, false), 0);
        assert_eq!(shift(&[(1 << 31) - 2], 2, false), 1);
        // wide: the largest pair decides, max + 1 < 2^31.
        assert_eq!(shift(&[1 << 30, 1 << 30], 2, true), 0);
        assert_eq!(shift(&[(1 << 31) - 2], 1, true), 0);
        assert_eq!(shift(&[(1 << 31) - 1], 1, true), 1);
        assert_eq!(shift(&[1 << 30; 1 << 12], 1 << 12, true), 0);
        assert_eq!(shift(&[1 << 52], 1, true), 22);
        assert_eq!(shift(&[], 0, false), 0);
    }

    #[test]
    fn quantised_pairs() {
        let quarter = Pair { g: -3 << 28, h: 1 << 28 };
        let below = Pair { g: 3 << 28, h: (1 << 28) - 1 };
        let tiny = Pair { g: 1, h: 1 };
        let mut list = vec![Some(quarter); 8];
        list.extend([Some(below), Some(tiny), None]);
        let q = quantise(&list, false, true);
        // Sums of 27 x 2^28 and 9 x 2^28 and a little: shifts 2 and 1 (27 / 4 and 9 / 2 are below
        // 8).
        assert_eq!((q.kg, q.kh), (2, 1));
        let h = |row: usize| q.pairs[row].map(|p| p.h);
        assert_eq!((h(0), h(8)), (Some(1 << 27), Some((1 << 27) - 1)));
        assert_eq!((h(9), h(10)), (Some(1), None));
        // Without the cap the second rounds up to a quarter.
        assert_eq!(quantise(&list, false, false).pairs[8].map(|p| p.h), Some(1 << 27));
    }
}
