//! Section 9: the sums, weights and values of the nodes.

use super::grow::{GrownNode, GrownTree};
use super::number::{pow2, real};
use super::pairs::{Pair, PairScale};
use super::types::{Node, Params, Tree};

/// The finished tree of a grown and pruned one; `pairs` are the unquantised weighted pairs.
pub fn finish(tree: &GrownTree, pairs: &[Option<Pair>], scale: PairScale, params: &Params) -> Tree {
    let node = |(id, node): (usize, &GrownNode)| {
        let sums: Pair = node.rows.iter().flat_map(|&row| pairs[row]).sum();
        let light_root = id == 0 && (tree.root.h as f64) < tree.scaled.min_child_weight;
        let weight = if light_root { 0.0 } else { weight(sums, scale, params) };
        let sum_hessian = finite(sums.h as f64 * pow2(-scale.sh));
        let parent = node.parent.map_or(-1, |parent| parent as i32);
        match node.taken {
            None => Node {
                left: -1,
                right: -1,
                parent,
                feature: 0,
                threshold: leaf_value(weight, params),
                default_left: false,
                loss_change: 0.0,
                sum_hessian,
                base_weight: weight,
            },
            Some(taken) => Node {
                left: taken.left as i32,
                right: taken.right as i32,
                parent,
                feature: taken.split.feature as u32,
                threshold: taken.split.candidate.threshold,
                default_left: taken.split.candidate.default_left,
                loss_change: finite(taken.gain * pow2(-tree.scaled.x)),
                sum_hessian,
                base_weight: weight,
            },
        }
    };
    Tree { nodes: tree.nodes.iter().enumerate().map(node).collect() }
}

/// The weight of a node with the exact sums `(G*, H*)`.
pub fn weight(sums: Pair, scale: PairScale, params: &Params) -> f32 {
    if sums.h == 0 {
        return 0.0;
    }
    let lambda = real(params.lambda);
    let alpha = real(params.alpha);
    let max_delta_step = real(params.max_delta_step);
    let g = (-sums.g) as f64 * pow2(-scale.sg);
    let h = sums.h as f64 * pow2(-scale.sh);
    let mut a = g.abs();
    if alpha > 0.0 {
        a = if a > alpha { a - alpha } else { 0.0 };
    }
    let mut w = (a / (h + lambda)).copysign(g);
    if max_delta_step > 0.0 {
        w = w.clamp(-max_delta_step, max_delta_step);
    }
    if w == 0.0 { 0.0 } else { finite(w) }
}

/// An overflown binary32 becomes the largest finite one.
fn finite(x: f64) -> f32 {
    (x as f32).clamp(f32::MIN, f32::MAX)
}

/// The value of a leaf.
pub fn leaf_value(weight: f32, params: &Params) -> f32 {
    let value = weight * params.eta as f32;
    if value == 0.0 { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: PairScale = PairScale { sg: 30, sh: 30 };

    fn sums(g: f64, h: f64) -> Pair {
        let fixed = |x: f64| (x * pow2(30)) as i128;
        Pair { g: fixed(g), h: fixed(h) }
    }

    #[test]
    fn weights_by_hand() {
        let mut params = Params::default();
        assert_eq!(weight(sums(3.0, 1.0), SCALE, &params), -1.5);
        params.alpha = 1.0;
        assert_eq!(weight(sums(3.0, 1.0), SCALE, &params), -1.0);
        assert_eq!(weight(sums(-3.0, 1.0), SCALE, &params), 1.0);
        assert_eq!(weight(sums(-1.0, 1.0), SCALE, &params), 0.0);
        params.max_delta_step = 0.5;
        assert_eq!(weight(sums(3.0, 1.0), SCALE, &params), -0.5);
        params.lambda = 0.0;
        assert_eq!(weight(sums(3.0, 0.0), SCALE, &params), 0.0);
    }

    #[test]
    fn leaf_values_have_no_negative_zero() {
        let params = Params::default();
        assert!(leaf_value(-0.0, &params).is_sign_positive());
        assert_eq!(leaf_value(-1.5, &params), -1.5f32 * 0.3f32);
    }
}
