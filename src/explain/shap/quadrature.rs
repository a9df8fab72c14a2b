//! Gauss-Legendre quadrature on [0, 1]: `points` points integrate every polynomial of degree
//! `2 * points - 1` exactly.

/// The points of a rule on [0, 1], ascending, and their weights, which sum to 1.
#[derive(Clone, Debug)]
pub(super) struct Quadrature {
    pub(super) points: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

/// Newton's method has converged long before, or goes back and forth between neighbouring numbers.
const STEPS: usize = 100;

impl Quadrature {
    /// The rule with that many points (at least one): the roots of the Legendre polynomial, by
    /// Newton's method from Tricomi's estimate. `libm` makes the cosine, so the bits are the same
    /// on every platform.
    pub(super) fn new(count: usize) -> Self {
        let count = count.max(1);
        let (mut points, mut weights) = (vec![0.0; count], vec![0.0; count]);
        for index in 0..count.div_ceil(2) {
            let mut root = libm::cos(std::f64::consts::PI * (index as f64 + 0.75) / (count as f64 + 0.5));
            if 2 * index + 1 == count {
                root = 0.0;
            }
            for _ in 0..STEPS {
                let (value, slope) = legendre(count, root);
                let next = root - value / slope;
                if next == root {
                    break;
                }
                root = next;
            }
            let (_, slope) = legendre(count, root);
            let weight = 1.0 / ((1.0 - root * root) * slope * slope);
            let mirrored = count - 1 - index;
            (points[index], points[mirrored]) = (0.5 * (1.0 - root), 0.5 * (1.0 + root));
            (weights[index], weights[mirrored]) = (weight, weight);
        }
        Self { points, weights }
    }
}

/// The Legendre polynomial of that degree (at least 1) and its derivative, by the recurrence of
/// Bonnet.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=degree {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, degree as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_integrated_exactly() {
        for count in [1, 2, 3, 4, 7, 16, 64] {
            let rule = Quadrature::new(count);
            assert!(rule.points.is_sorted());
            for power in 0..2 * count {
                let sum: f64 =
                    rule.points.iter().zip(&rule.weights).map(|(x, w)| w * libm::pow(*x, power as f64)).sum();
                let exact = 1.0 / (power as f64 + 1.0);
                assert!((sum - exact).abs() < 1e-13 * exact.max(0.1), "{count} points, power {power}: {sum} {exact}");
            }
        }
    }

    /// `t^k (1 - t)^(m - k)`, as the weights of Shapley values: 1 over `(m + 1) C(m, k)`, far below
    /// 1.
    #[test]
    fn shapley_weights_of_many_features_are_exact() {
        for (count, m) in [(64, 127), (100, 199), (200, 399)] {
            let rule = Quadrature::new(count);
            let k = m / 2;
            let binomial: f64 = (1..=k).map(|i| f64::from(m + 1 - i) / f64::from(i)).product();
            let term = |t: f64| libm::pow(t, f64::from(k)) * libm::pow(1.0 - t, f64::from(m - k));
            let sum: f64 = rule.points.iter().zip(&rule.weights).map(|(&t, w)| w * term(t)).sum();
            assert!((sum * f64::from(m + 1) * binomial - 1.0).abs() < 1e-11, "{count} points: {sum}");
        }
    }
}
