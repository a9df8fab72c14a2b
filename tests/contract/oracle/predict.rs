//! Section 11: prediction in binary32.

use super::margins::base_margin;
use super::types::{Data, Objective, Tree};

/// The leaf value of a row: left if `value < threshold`, missing follows the default direction.
pub fn leaf_value(tree: &Tree, data: &Data, row: usize) -> f32 {
    let mut node = &tree.nodes[0];
    while node.left >= 0 {
        let value = data.columns[node.feature as usize][row];
        let left = if value.is_nan() { node.default_left } else { value < node.threshold };
        node = &tree.nodes[if left { node.left } else { node.right } as usize];
    }
    node.threshold
}

/// The margins of every row, `[row][class]`; `num_class` counts for the multiclass objectives
/// alone.
pub fn predict_margin(
    base_score: f32,
    objective: Objective,
    num_class: usize,
    trees: &[Tree],
    data: &Data,
) -> Vec<Vec<f32>> {
    let classes = if objective.is_multiclass() { num_class } else { 1 };
    let base = base_margin(objective, base_score);
    (0..data.rows())
        .map(|row| {
            let mut margins = vec![base; classes];
            for (index, tree) in trees.iter().enumerate() {
                margins[index % classes] += leaf_value(tree, data, row);
            }
            margins
        })
        .collect()
}

/// The probabilities of one row of margins; a regression has none and keeps its margin.
pub fn predict_probability(objective: Objective, margins: &[f32]) -> Vec<f32> {
    let m: Vec<f64> = margins.iter().copied().map(f64::from).collect();
    match objective {
        Objective::SquaredError => margins.to_vec(),
        Objective::BinaryLogistic => vec![(1.0 / (1.0 + libm::exp(-m[0]))) as f32],
        _ => {
            let max = m.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let e: Vec<f64> = m.iter().map(|m| libm::exp(m - max)).collect();
            let sum = e.iter().fold(0.0, |sum, e| sum + e);
            e.iter().map(|e| (e / sum) as f32).collect()
        }
    }
}

/// The lowest class of the largest margin.
pub fn best_class(margins: &[f64]) -> usize {
    let mut best = 0;
    for (class, &m) in margins.iter().enumerate() {
        if m > margins[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::types::Node;
    use super::*;

    fn stump() -> Tree {
        let leaf = |value: f32| Node {
            left: -1,
            right: -1,
            parent: 0,
            feature: 0,
            threshold: value,
            default_left: false,
            loss_change: 0.0,
            sum_hessian: 1.0,
            base_weight: 0.0,
        };
        let root = Node { left: 1, right: 2, parent: -1, default_left: true, ..leaf(2.5) };
        Tree { nodes: vec![root, leaf(-1.0), leaf(1.0)] }
    }

    #[test]
    fn rows_are_routed() {
        let data = Data { columns: vec![vec![2.0, 2.5, f32::NAN]], labels: vec![0.0; 3], weights: None };
        let margins = predict_margin(0.5, Objective::SquaredError, 1, &[stump()], &data);
        assert_eq!(margins, [[-0.5], [1.5], [-0.5]]);
        let margins = predict_margin(0.5, Objective::MultiSoftmax, 2, &[stump(), stump()], &data);
        assert_eq!(margins[1], [1.5, 1.5]);
    }

    #[test]
    fn probabilities() {
        assert_eq!(predict_probability(Objective::BinaryLogistic, &[0.0]), [0.5]);
        let p = predict_probability(Objective::MultiSoftprob, &[1.0, 1.0, 1.0, 1.0]);
        assert_eq!(p, [0.25; 4]);
        assert_eq!(best_class(&[1.0, 3.0, 3.0]), 1);
    }
}
