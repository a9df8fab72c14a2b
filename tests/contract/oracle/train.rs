//! The training itself: rounds, trees, margins, history.

use super::cuts::{FeatureBins, feature_bins};
use super::grow::{GrownTree, Inputs, check_depth, grow, prune};
use super::leaves::finish;
use super::margins::{MarginScale, base_margin, base_score, fixed_labels};
use super::metrics::{Metric, evaluate, is_better};
use super::pairs::{Pair, logistic, pair_scale, softmax, squared_error, weighted};
use super::predict::leaf_value;
use super::quantise::{is_capped, is_wide};
use super::sampling::TreeSampler;
use super::tables::Tables;
use super::types::{Data, Objective, Params, Trained, Tree};
use super::weights::training_weights;

/// Trains; `continue_from` are the trees of an earlier model with the same base score.
pub fn train(train: &Data, validations: &[&Data], params: &Params, continue_from: &[Tree]) -> Trained {
    let train = &train.checked();
    let validations: Vec<Data> = validations.iter().map(|data| data.checked()).collect();
    check_depth(params);
    let objective = params.objective;
    let classes = params.classes();
    let rows = train.rows();
    let weights = training_weights(train, objective, params.scale_pos_weight);
    let base_score = base_score(params, train, &weights);
    let base = base_margin(objective, base_score);
    let scale = MarginScale::new(objective, train, base);
    let pair_scale = pair_scale(objective, &scale, &weights, rows);
    let tables = Tables::new();
    let bins: Vec<FeatureBins> =
        train.columns.iter().map(|column| feature_bins(column, params.method, params.max_bin)).collect();

    let start = |data: &Data| vec![vec![scale.base(base); classes]; data.rows()];
    let mut margins = start(train);
    let mut validation_margins: Vec<Vec<Vec<i64>>> = validations.iter().map(start).collect();
    let mut trees: Vec<Tree> = Vec::new();
    for tree in continue_from {
        let class = trees.len() % classes;
        route(tree, train, &scale, class, &mut margins);
        for (data, margins) in validations.iter().zip(&mut validation_margins) {
            route(tree, data, &scale, class, margins);
        }
        trees.push(tree.clone());
    }

    let mut sampler = TreeSampler::new(params);
    for tree in 0..trees.len() {
        sampler.next(params, tree as u32, rows, train.columns.len());
    }
    let mut history: Vec<Vec<Vec<f64>>> = Vec::new();
    let mut best_round = None;
    for round in 0..params.num_round {
        // The pairs of all trees of a round come from the margins at its start.
        let round_pairs = all_pairs(objective, &tables, train, &scale, &margins);
        let pair_of = |row: usize, class: usize| weighted(objective, round_pairs[row][class], &weights, row);
        for class in 0..classes {
            // Section 4: every sum fits i64 with a bit to spare.
            let sum = |part: fn(Pair) -> i128| (0..rows).map(|row| part(pair_of(row, class))).sum::<i128>();
            assert!(sum(|p| p.g.abs()) < 1 << 62 && sum(|p| p.h) < 1 << 62);
            let sample = sampler.next(params, trees.len() as u32, rows, train.columns.len());
            let sampled = |row: usize| sample.rows[row] && weights.wq[row] > 0;
            let pairs: Vec<Option<Pair>> = (0..rows).map(|row| sampled(row).then(|| pair_of(row, class))).collect();
            let mut grown = grow(&Inputs {
                params,
                bins: &bins,
                pairs: &pairs,
                scale: pair_scale,
                sample: &sample,
                wide: is_wide(params, rows),
                capped: is_capped(params, weights.weighted),
            });
            prune(&mut grown, params);
            let tree = finish(&grown, &pairs, pair_scale, params);
            add_training(&tree, &grown, train, &scale, class, &mut margins);
            for (data, margins) in validations.iter().zip(&mut validation_margins) {
                route(&tree, data, &scale, class, margins);
            }
            trees.push(tree);
        }
        let mut line = vec![metric_values(params, train, &scale, &margins)];
        for (data, margins) in validations.iter().zip(&validation_margins) {
            line.push(metric_values(params, data, &scale, margins));
        }
        history.push(line);
        if let Some(patience) = params.early_stopping_rounds {
            let best = best_round_so_far(params, &history);
            best_round = Some(best);
            if round - best >= patience {
                break;
            }
        }
    }
    Trained { base_score, trees, margins, margin_scale: scale.sm, validation_margins, history, best_round }
}

/// Section 4: the unweighted pairs of every row, one a class.
fn all_pairs(
    objective: Objective,
    tables: &Tables,
    train: &Data,
    scale: &MarginScale,
    margins: &[Vec<i64>],
) -> Vec<Vec<Pair>> {
    let labels = &train.labels;
    let rows = 0..train.rows();
    match objective {
        Objective::BinaryLogistic => {
            assert!(labels.iter().all(|&y| y == 0.0 || y == 1.0), "labels are 0 or 1");
            rows.map(|r| vec![logistic(tables, margins[r][0], labels[r] as i64)]).collect()
        }
        Objective::SquaredError => {
            let fixed = fixed_labels(scale, labels);
            rows.map(|r| vec![squared_error(margins[r][0], fixed[r])]).collect()
        }
        Objective::MultiSoftmax | Objective::MultiSoftprob => {
            let is_class = |y: f32| y.fract() == 0.0 && y >= 0.0 && (y as usize) < margins[0].len();
            assert!(labels.iter().all(|&y| is_class(y)), "labels are classes");
            rows.map(|r| softmax(tables, &margins[r], labels[r] as usize)).collect()
        }
    }
}

/// Section 9: rows that are routed by value.
fn route(tree: &Tree, data: &Data, scale: &MarginScale, class: usize, margins: &mut [Vec<i64>]) {
    for (row, margin) in margins.iter_mut().enumerate() {
        margin[class] = scale.add(margin[class], leaf_value(tree, data, row));
    }
}

/// Section 9: the training rows. Sampled rows are in the leaf that their bins led to, the others
/// are routed by value.
fn add_training(
    tree: &Tree,
    grown: &GrownTree,
    train: &Data,
    scale: &MarginScale,
    class: usize,
    margins: &mut [Vec<i64>],
) {
    let mut values: Vec<Option<f32>> = vec![None; train.rows()];
    for (node, grown) in tree.nodes.iter().zip(&grown.nodes) {
        if node.left < 0 {
            for &row in &grown.rows {
                values[row] = Some(node.threshold);
            }
        }
    }
    for (row, margin) in margins.iter_mut().enumerate() {
        let value = values[row].unwrap_or_else(|| leaf_value(tree, train, row));
        margin[class] = scale.add(margin[class], value);
    }
}

fn metric_values(params: &Params, data: &Data, scale: &MarginScale, margins: &[Vec<i64>]) -> Vec<f64> {
    let real: Vec<Vec<f64>> = margins.iter().map(|row| row.iter().map(|&m| scale.real(m)).collect()).collect();
    params.metrics.iter().map(|&metric| evaluate(metric, params.objective, &real, data)).collect()
}

/// Section 10, early stopping: the round with the best last metric of the last channel.
fn best_round_so_far(params: &Params, history: &[Vec<Vec<f64>>]) -> usize {
    let metric: Metric = *params.metrics.last().expect("a metric to stop by");
    let value = |round: usize| *history[round].last().and_then(|v| v.last()).expect("a value");
    let mut best = 0;
    for round in 1..history.len() {
        if is_better(metric, value(round), value(best)) {
            best = round;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::predict::predict_margin;
    use super::super::types::{BaseScore, Method, Sampler};
    use super::*;

    /// A small set with missing values, ties and weights.
    fn data(rows: usize, classes: u32, weighted: bool) -> Data {
        let draw = |row: usize, salt: u32| super::super::sampling::combine(salt, row as u32);
        let column = |salt: u32, values: u32| -> Vec<f32> {
            (0..rows)
                .map(|row| match draw(row, salt) % (values + 3) {
                    x if x < values => x as f32 / 4.0 - 2.0,
                    _ => f32::NAN,
                })
                .collect()
        };
        let columns = vec![column(1, 5), column(2, 40), column(3, 1000)];
        let label = |row: usize| {
            let x = columns[1][row];
            let hit = if x.is_nan() { 1 } else { u32::from(x > 3.0) };
            ((hit + draw(row, 9) % 8 / 7) % classes) as f32
        };
        let weights = (0..rows).map(|row| (draw(row, 8) % 5) as f32 * 0.7).collect();
        Data { labels: (0..rows).map(label).collect(), columns: columns.clone(), weights: weighted.then_some(weights) }
    }

    fn params(objective: Objective, method: Method) -> Params {
        let metric = match objective {
            Objective::BinaryLogistic => Metric::Logloss,
            Objective::SquaredError => Metric::Rmse,
            _ => Metric::Mlogloss,
        };
        Params {
            objective,
            num_class: 3,
            num_round: 4,
            method,
            max_bin: 16,
            max_depth: 4,
            metrics: vec![metric],
            ..Params::default()
        }
    }

    const OBJECTIVES: [(Objective, u32); 3] =
        [(Objective::BinaryLogistic, 2), (Objective::SquaredError, 50), (Objective::MultiSoftprob, 3)];

    #[test]
    fn losses_fall() {
        for (objective, classes) in OBJECTIVES {
            for method in [Method::Hist, Method::Exact] {
                for weighted in [false, true] {
                    let data = data(200, classes, weighted);
                    let trained = train(&data, &[&data], &params(objective, method), &[]);
                    let losses: Vec<f64> = trained.history.iter().map(|line| line[0][0]).collect();
                    assert!(losses.is_sorted_by(|a, b| a > b), "{objective:?} {losses:?}");
                    // The channels are the same, so both ways of routing are.
                    assert_eq!(trained.margins, trained.validation_margins[0]);
                }
            }
        }
    }

    #[test]
    fn continuing_is_training_on() {
        for (objective, classes) in OBJECTIVES {
            let data = data(150, classes, true);
            let mut params = params(objective, Method::Hist);
            params.subsample = 0.7;
            params.colsample_bynode = 0.7;
            params.base_score = Some(BaseScore::Value(0.5));
            let whole = train(&data, &[], &params, &[]);
            params.num_round = 2;
            let half = train(&data, &[], &params, &[]);
            let rest = train(&data, &[], &params, &half.trees);
            assert_eq!(whole.trees, rest.trees);
            assert_eq!(whole.margins, rest.margins);
            assert_eq!(whole.history[2..], rest.history);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let data = data(120, 2, true);
        let mirrored = |x: &Vec<f32>| x.iter().rev().copied().collect::<Vec<f32>>();
        let reversed = Data {
            columns: data.columns.iter().map(mirrored).collect(),
            labels: mirrored(&data.labels),
            weights: data.weights.as_ref().map(mirrored),
        };
        for method in [Method::Hist, Method::Exact] {
            let params = params(Objective::BinaryLogistic, method);
            let a = train(&data, &[], &params, &[]);
            let b = train(&reversed, &[], &params, &[]);
            assert_eq!(a.trees, b.trees);
            assert_eq!(a.history, b.history);
        }
    }

    #[test]
    fn every_parameter_at_once() {
        let data = data(200, 2, true);
        for (method, sampler) in [(Method::Hist, Sampler::Hash), (Method::Exact, Sampler::Xgboost1)] {
            let params = Params {
                sampler,
                wide: Some(true),
                subsample: 0.8,
                colsample_bytree: 0.7,
                alpha: 0.1,
                gamma: 0.2,
                max_delta_step: 0.7,
                scale_pos_weight: 2.5,
                base_score: Some(BaseScore::Auto),
                ..params(Objective::BinaryLogistic, method)
            };
            let trained = train(&data, &[], &params, &[]);
            let nodes = trained.trees.iter().map(|tree| tree.nodes.len()).max();
            assert!(nodes > Some(1));
            let predicted = predict_margin(trained.base_score, params.objective, 1, &trained.trees, &data);
            for (fixed, float) in trained.margins.iter().zip(&predicted) {
                assert!((fixed[0] as f64 / 16_777_216.0 - f64::from(float[0])).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_stump_by_hand() {
        // Labels 0, 0, 4, 4: the mean is 2, so g = 2, 2, -2, -2 and h = 1 each.
        let data = Data { columns: vec![vec![1.0, 2.0, 3.0, 4.0]], labels: vec![0.0, 0.0, 4.0, 4.0], weights: None };
        let params = Params {
            num_round: 1,
            max_depth: 1,
            lambda: 0.0,
            eta: 0.5,
            ..params(Objective::SquaredError, Method::Hist)
        };
        let trained = train(&data, &[], &params, &[]);
        assert_eq!(trained.base_score, 2.0);
        let nodes = &trained.trees[0].nodes;
        // Gain 4^2 / 2 + 4^2 / 2 - 0.
        assert_eq!((nodes[0].threshold, nodes[0].loss_change), (3.0, 16.0));
        assert_eq!((nodes[1].threshold, nodes[2].threshold), (-1.0, 1.0));
        assert_eq!((nodes[1].base_weight, nodes[1].sum_hessian), (-2.0, 2.0));
        assert_eq!(trained.history[0][0][0], 1.0);
        // Pruned by gamma, and refused by min_child_weight.
        let exact = Params { gamma: 16.5, method: Method::Exact, ..params.clone() };
        assert_eq!(train(&data, &[], &exact, &[]).trees[0].nodes.len(), 1);
        let heavy = Params { min_child_weight: 2.5, ..params };
        assert_eq!(train(&data, &[], &heavy, &[]).trees[0].nodes.len(), 1);
    }

    #[test]
    fn early_stopping_counts_from_the_best() {
        let data = data(100, 2, false);
        let mut flipped = data.clone();
        for y in &mut flipped.labels {
            *y = 1.0 - *y;
        }
        let params =
            Params { num_round: 20, early_stopping_rounds: Some(3), ..params(Objective::BinaryLogistic, Method::Hist) };
        let trained = train(&data, &[&flipped], &params, &[]);
        assert_eq!((trained.best_round, trained.history.len()), (Some(0), 4));
    }

    #[test]
    fn limits_hold_at_the_extremes() {
        let scales = [1e-45, 1e-30, 1.0, 1e18, 6e36];
        for (objective, classes) in OBJECTIVES {
            for &label_scale in &scales {
                for &weight_scale in &scales {
                    for wide in [false, true] {
                        let mut data = data(33, classes, true);
                        if objective == Objective::SquaredError {
                            data.labels.iter_mut().for_each(|y| *y = (*y - 20.0) * label_scale);
                        }
                        let weights = data.weights.as_mut().expect("weights");
                        weights.iter_mut().for_each(|w| *w *= weight_scale);
                        let params = Params {
                            wide: Some(wide),
                            eta: 50.0,
                            lambda: 0.0,
                            min_child_weight: 0.0,
                            num_round: 3,
                            ..params(objective, Method::Hist)
                        };
                        let trained = train(&data, &[], &params, &[]);
                        let splits = |tree: &Tree| tree.nodes.len() > 1;
                        // Gains below 1e-6 are no gains.
                        assert!(label_scale.min(weight_scale) < 1.0 || splits(&trained.trees[0]));
                    }
                }
            }
        }
    }
}
