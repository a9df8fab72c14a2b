//! SHAP values of many rows in one figure a feature.

use super::{Contributions, Explainer, Interactions};

/// The mean absolute contribution of every feature: how much it moves the margin, up or down, on
/// average.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalShap {
    /// Number of rows so far.
    pub rows: usize,
    /// The expected margin of each class: the bias of every row.
    pub expected_values: Vec<f64>,
    features: usize,
    /// Sums of absolute contributions: `[class * features + feature]`.
    sums: Vec<f64>,
}

impl GlobalShap {
    /// Without any row yet.
    #[must_use]
    pub fn new(explainer: &Explainer) -> Self {
        let (classes, features) = (explainer.classes, explainer.features);
        Self { rows: 0, expected_values: explainer.expected.clone(), features, sums: vec![0.0; classes * features] }
    }

    /// Adds rows, one after the other, so that it does not matter how they come in blocks.
    pub fn add(&mut self, contributions: &Contributions) {
        if self.features == 0 {
            self.rows += contributions.rows;
            return;
        }
        for row in 0..contributions.rows {
            for (class, sums) in self.sums.chunks_exact_mut(self.features).enumerate() {
                for (sum, value) in sums.iter_mut().zip(contributions.row(row, class)) {
                    *sum += value.abs();
                }
            }
        }
        self.rows += contributions.rows;
    }

    /// The mean absolute contribution of each feature to the margin of a class; 0 without rows.
    #[must_use]
    pub fn mean_abs(&self, class: usize) -> Vec<f64> {
        let sums = &self.sums[class * self.features..][..self.features];
        sums.iter().map(|sum| sum / self.rows.max(1) as f64).collect()
    }

    /// The mean over the classes of [`GlobalShap::mean_abs`].
    #[must_use]
    pub fn overall(&self) -> Vec<f64> {
        let classes = self.expected_values.len();
        let mut means = vec![0.0; self.features];
        for class in 0..classes {
            for (mean, value) in means.iter_mut().zip(self.mean_abs(class)) {
                *mean += value / classes as f64;
            }
        }
        means
    }

    /// The features by [`GlobalShap::overall`], largest first; equal ones in the model's order.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let overall = self.overall();
        let mut order: Vec<usize> = (0..self.features).collect();
        order.sort_by(|&a, &b| overall[b].total_cmp(&overall[a]));
        order
    }
}

/// The mean absolute interaction of every pair of features, over all classes.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalInteractions {
    /// Number of rows so far.
    pub rows: usize,
    classes: usize,
    features: usize,
    /// Sums of absolute interactions: `[i * features + j]`, `i < j`.
    sums: Vec<f64>,
}

impl GlobalInteractions {
    /// Without any row yet.
    #[must_use]
    pub fn new(explainer: &Explainer) -> Self {
        let (classes, features) = (explainer.classes, explainer.features);
        Self { rows: 0, classes, features, sums: vec![0.0; features * features] }
    }

    /// Adds rows, one after the other, so that it does not matter how they come in blocks.
    pub fn add(&mut self, interactions: &Interactions) {
        let (features, side) = (self.features, self.features + 1);
        for matrix in interactions.values.chunks_exact(side * side) {
            for i in 0..features {
                for j in i + 1..features {
                    // Both places of the matrix hold half.
                    self.sums[i * features + j] += 2.0 * matrix[i * side + j].abs();
                }
            }
        }
        self.rows += interactions.rows;
    }

    /// The pairs that interact at all with their mean absolute interaction (the whole, not halved),
    /// largest first.
    #[must_use]
    pub fn pairs(&self) -> Vec<((usize, usize), f64)> {
        let lines = (self.rows * self.classes).max(1) as f64;
        let mut pairs: Vec<((usize, usize), f64)> = (0..self.features)
            .flat_map(|i| (i + 1..self.features).map(move |j| (i, j)))
            .map(|(i, j)| ((i, j), self.sums[i * self.features + j] / lines))
            .filter(|&(_, value)| value > 0.0)
            .collect();
        pairs.sort_by(|a, b| b.1.total_cmp(&a.1));
        pairs
    }
}
