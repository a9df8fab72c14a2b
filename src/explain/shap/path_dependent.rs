//! Path dependent SHAP values: a feature that is left out goes both ways at its splits, by the
//! cover of the children.
//!
//! # Formula
//! For one leaf of value `v`, let `z_k` be the share of the training rows that pass all splits on
//! feature `k` on the path to the leaf, and `o_k` 1 if the explained row passes them all, otherwise
//! 0. With the features `S` known, the leaf is worth `v * prod(k in S) o_k * prod(k not in S) z_k`.
//! Since `|S|! (m - 1 - |S|)! / m!` is the integral of `t^|S| (1 - t)^(m - 1 - |S|)` over [0, 1],
//! the Shapley value of feature `j` is
//!
//! ```text
//! v (o_j - z_j) * integral of prod(k != j) (o_k t + z_k (1 - t)) dt
//! ```
//!
//! and the interaction index of `i` and `j` likewise
//! `v (o_i - z_i)(o_j - z_j) * integral of prod(k != i, j) (...) dt`. The integrand is a polynomial
//! of degree `m - 1` at most (`m` features on the path), so a Gauss-Legendre rule of `m / 2`
//! points, rounded up, gives the integral exactly. All factors lie between 0 and 1, so nothing
//! cancels.
//!
//! # Walk
//! The product is carried down edge by edge, the sum over the leaves below carried up, each at
//! every point of the rule. An edge on feature `j` adds `sum * (c - c')` to `j`, where
//! `c = (o_j - z_j) / (o_j t + z_j (1 - t))` belongs to the edge and `c'` to the edge above on the
//! same feature, whose word it replaces. A tree of `n` nodes takes `n * m / 2` steps a row, in
//! place of the `leaves * m^2` of the algorithm of Lundberg et al. (2018), and each step is the
//! same for all rows: [`LANES`] of them take it side by side.

use super::paths::{Edge, PathTree};
use super::quadrature::Quadrature;

/// Rows that walk together.
pub(super) const LANES: usize = 8;

/// One number a row.
pub(super) type Lane = [f64; LANES];

/// What an edge does to the product, at one point of the rule, where the row passes (`on`) and
/// where it does not (`off`).
#[derive(Clone, Copy, Debug)]
struct Factors {
    on: f64,
    off: f64,
    /// The inverse of `on`.
    inverse_on: f64,
    /// The inverse of `off`; 0 if that is 0 (or too small to invert), where the product is 0
    /// already.
    inverse_off: f64,
    /// `c` where the row passes.
    coefficient_on: f64,
}

/// A tree ready to walk.
#[derive(Clone, Debug)]
pub(super) struct Walker {
    paths: PathTree,
    rule: Quadrature,
    /// `[edge * points + point]`.
    factors: Vec<Factors>,
    /// `c` where the row does not pass: the same for every edge. `[point]`.
    coefficients_off: Vec<f64>,
    /// Slot and depth of the edges above each edge that say the last word about another feature.
    others: Vec<Vec<(usize, usize)>>,
}

/// What a walk holds at each depth and point: `[depth * points + point]`; kept between walks.
#[derive(Default)]
pub(super) struct Stack {
    points: usize,
    /// Weight of the point times the factors of the path.
    products: Vec<Lane>,
    /// Sum of value times product over the leaves below that were met.
    sums: Vec<Lane>,
    /// Inverse of the factor.
    inverses: Vec<Lane>,
    /// `c`.
    coefficients: Vec<Lane>,
}

impl Stack {
    /// The stack with room for a tree.
    fn prepare(&mut self, points: usize, depth: usize) {
        self.points = points;
        let length = (depth + 1) * points;
        for lanes in [&mut self.products, &mut self.sums, &mut self.inverses, &mut self.coefficients] {
            lanes.resize(lanes.len().max(length), [0.0; LANES]);
        }
    }

    /// The places of all points of a depth.
    fn at(&self, depth: usize) -> std::ops::Range<usize> {
        depth * self.points..(depth + 1) * self.points
    }

    /// Sum of `sum * (c - c')` over the points: what the edge adds to its feature.
    fn contribution(&self, edge: &Edge) -> Lane {
        let mut total = [0.0; LANES];
        let (sums, own) = (&self.sums[self.at(edge.depth)], &self.coefficients[self.at(edge.depth)]);
        if edge.previous == 0 {
            for (sum, own) in sums.iter().zip(own) {
                for lane in 0..LANES {
                    total[lane] += sum[lane] * own[lane];
                }
            }
        } else {
            let above = &self.coefficients[self.at(edge.previous)];
            for ((sum, own), above) in sums.iter().zip(own).zip(above) {
                for lane in 0..LANES {
                    total[lane] += sum[lane] * (own[lane] - above[lane]);
                }
            }
        }
        total
    }

    /// Sum of `sum * (c - c') * c''` over the points, where `c''` belongs to the edge at `other`:
    /// twice what the edge adds to the interaction of both features.
    fn interaction(&self, edge: &Edge, other: usize) -> Lane {
        let mut total = [0.0; LANES];
        let above = (edge.previous > 0).then(|| self.at(edge.previous));
        for point in 0..self.points {
            let at = edge.depth * self.points + point;
            let (sum, own) = (&self.sums[at], &self.coefficients[at]);
            let other = &self.coefficients[other * self.points + point];
            let none = [0.0; LANES];
            let above = above.as_ref().map_or(&none, |range| &self.coefficients[range.start + point]);
            for lane in 0..LANES {
                total[lane] += sum[lane] * (own[lane] - above[lane]) * other[lane];
            }
        }
        total
    }
}

impl Walker {
    pub(super) fn new(paths: PathTree) -> Self {
        let rule = Quadrature::new(paths.features.div_ceil(2));
        let factors = paths.edges.iter().flat_map(|edge| {
            rule.points.iter().map(|&t| {
                let (on, off) = (t + edge.share * (1.0 - t), edge.share * (1.0 - t));
                let inverse_on = 1.0 / on;
                let inverse_off = if off >= f64::MIN_POSITIVE { 1.0 / off } else { 0.0 };
                Factors { on, off, inverse_on, inverse_off, coefficient_on: (1.0 - edge.share) * inverse_on }
            })
        });
        let mut others = Vec::with_capacity(paths.edges.len());
        // By depth: the edges of the path so far that say the last word about their feature.
        let mut latest: Vec<Vec<(usize, usize)>> = vec![Vec::new()];
        for edge in &paths.edges {
            latest.truncate(edge.depth);
            let above: Vec<_> = latest[edge.depth - 1].iter().copied().filter(|&(slot, _)| slot != edge.slot).collect();
            latest.push(above.iter().copied().chain([(edge.slot, edge.depth)]).collect());
            others.push(above);
        }
        Self {
            factors: factors.collect(),
            coefficients_off: rule.points.iter().map(|t| -1.0 / (1.0 - t)).collect(),
            others,
            rule,
            paths,
        }
    }

    /// The mean of the leaves over the training rows.
    pub(super) fn mean(&self) -> f64 {
        self.paths.mean()
    }

    /// Walks the tree for [`LANES`] rows, whose values are `values[slot * stride + lane]`, and adds
    /// each feature's contribution to `total[slot]`.
    pub(super) fn contributions(&self, values: &[f32], stride: usize, stack: &mut Stack, total: &mut [Lane]) {
        self.walk(values, stride, stack, |edge, _, stack| add(&mut total[edge.slot], &stack.contribution(edge)));
    }

    /// Likewise; adds each pair's interaction (halved, as both features get it) to
    /// `total[i * slots + j]` and `[j * slots + i]`, and each feature's contribution to
    /// `[i * slots + i]`.
    pub(super) fn interactions(&self, values: &[f32], stride: usize, stack: &mut Stack, total: &mut [Lane]) {
        let slots = total.len().isqrt();
        self.walk(values, stride, stack, |edge, index, stack| {
            let own = edge.slot;
            add(&mut total[own * slots + own], &stack.contribution(edge));
            for &(other, depth) in &self.others[index] {
                let both = stack.interaction(edge, depth).map(|value| 0.5 * value);
                add(&mut total[own * slots + other], &both);
                add(&mut total[other * slots + own], &both);
            }
        });
    }

    /// Goes through the edges in order; calls `close` with an edge and its index when all leaves
    /// below have been met.
    fn walk(&self, values: &[f32], stride: usize, stack: &mut Stack, mut close: impl FnMut(&Edge, usize, &Stack)) {
        let points = self.rule.points.len();
        stack.prepare(points, self.paths.depth);
        for (product, &weight) in stack.products.iter_mut().zip(&self.rule.weights) {
            *product = [weight; LANES];
        }
        for (index, edge) in self.paths.edges.iter().enumerate() {
            self.enter(edge, index, &values[edge.slot * stride..][..LANES], stack);
            let mut at = index;
            for _ in 0..edge.closes {
                let edge = &self.paths.edges[at];
                close(edge, at, stack);
                if edge.depth > 1 {
                    let (above, own) = stack.sums.split_at_mut(edge.depth * points);
                    for (above, own) in above[(edge.depth - 1) * points..].iter_mut().zip(own) {
                        add(above, own);
                    }
                    at = edge.parent;
                }
            }
        }
    }

    /// Goes down an edge.
    fn enter(&self, edge: &Edge, index: usize, values: &[f32], stack: &mut Stack) {
        let points = self.rule.points.len();
        let mut passes = [0_u64; LANES];
        for (pass, &value) in passes.iter_mut().zip(values) {
            *pass = 0_u64.wrapping_sub(u64::from(edge.interval.holds(value)));
        }
        for (point, factors) in self.factors[index * points..][..points].iter().enumerate() {
            let at = edge.depth * points + point;
            let above = stack.products[at - points];
            let factor = select(&passes, factors.on, factors.off);
            let product = &mut stack.products[at];
            for lane in 0..LANES {
                product[lane] = above[lane] * factor[lane];
            }
            if edge.previous > 0 {
                let inverse = &stack.inverses[edge.previous * points + point];
                for lane in 0..LANES {
                    product[lane] *= inverse[lane];
                }
            }
            stack.inverses[at] = select(&passes, factors.inverse_on, factors.inverse_off);
            stack.coefficients[at] = select(&passes, factors.coefficient_on, self.coefficients_off[point]);
            let value = edge.leaf.unwrap_or(0.0);
            stack.sums[at] = product.map(|product| value * product);
        }
    }
}

/// `on` where the mask is all ones, `off` where it is 0.
#[inline]
fn select(masks: &[u64; LANES], on: f64, off: f64) -> Lane {
    let (on, off) = (on.to_bits(), off.to_bits());
    masks.map(|mask| f64::from_bits((on & mask) | (off & !mask)))
}

#[inline]
fn add(total: &mut Lane, value: &Lane) {
    for (total, value) in total.iter_mut().zip(value) {
        *total += value;
    }
}
