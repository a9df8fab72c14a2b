//! The engine against the naive trainer of `tests/contract/oracle/`, bit for bit, on small random
//! problems.
use crate::oracle;
use gboost::internals::backend::expansion::Nodes;
use gboost::internals::backend::{Backend, Expansion, Problem as EngineProblem, Shard, TreeTask};
use gboost::internals::cpu::CpuBackend;
use gboost::internals::fixed::weight::RowWeights;
use gboost::internals::train::grower::{Policy, grow};
use gboost::internals::train::leaf::finish;
use gboost::internals::tree::sampling::SampleSource;
use gboost::{BinnedMatrix, CpuOptions, Dataset, Rounds, Trainer};
use proptest::prelude::*;

/// A small problem in the terms of both trainers.
#[derive(Clone, Debug)]
struct Problem {
    train: oracle::Data,
    validation: oracle::Data,
    params: oracle::Params,
    continued: usize,
}

fn dataset(data: &oracle::Data) -> Dataset {
    Dataset::new(data.columns.clone()).with_labels(data.labels.clone()).with_weights(data.weights.clone())
}

/// The engine's parameters, set by name as a user would.
fn engine_params(p: &oracle::Params) -> gboost::Params {
    let mut params = gboost::Params::default();
    let objective = match p.objective {
        oracle::Objective::BinaryLogistic => "binary:logistic",
        oracle::Objective::SquaredError => "reg:squarederror",
        oracle::Objective::MultiSoftmax => "multi:softmax",
        oracle::Objective::MultiSoftprob => "multi:softprob",
    };
    let mut set = |name: &str, value: String| params.set(name, &value).unwrap_or_else(|error| panic!("{error}"));
    set("objective", objective.to_string());
    if p.objective.is_multiclass() {
        set("num_class", p.num_class.to_string());
    }
    for (name, value) in [
        ("eta", p.eta),
        ("gamma", p.gamma),
        ("lambda", p.lambda),
        ("alpha", p.alpha),
        ("min_child_weight", p.min_child_weight),
        ("max_delta_step", p.max_delta_step),
        ("subsample", p.subsample),
        ("colsample_bytree", p.colsample_bytree),
        ("colsample_bylevel", p.colsample_bylevel),
        ("colsample_bynode", p.colsample_bynode),
    ] {
        set(name, value.to_string());
    }
    if p.objective == oracle::Objective::BinaryLogistic {
        set("scale_pos_weight", p.scale_pos_weight.to_string());
    }
    match p.base_score {
        None => {}
        Some(oracle::BaseScore::Auto) => set("base_score", "auto".to_string()),
        Some(oracle::BaseScore::Value(value)) => set("base_score", value.to_string()),
    }
    set("num_round", p.num_round.to_string());
    set("max_depth", p.max_depth.to_string());
    set("max_bin", p.max_bin.to_string());
    set("seed", p.seed.to_string());
    set("tree_method", if p.method == oracle::Method::Hist { "hist" } else { "exact" }.to_string());
    set("sampler", if p.sampler == oracle::Sampler::Hash { "hash" } else { "xgboost1" }.to_string());
    set("histogram_sums", p.wide.map_or("auto", |wide| if wide { "wide" } else { "narrow" }).to_string());
    set("eval_metric", p.metrics.iter().map(metric_name).collect::<Vec<_>>().join(","));
    params
}

fn metric_name(metric: &oracle::Metric) -> String {
    use oracle::Metric::*;
    match metric {
        ErrorAt(threshold) => format!("error@{threshold}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Everything of a tree as bits, so that equal means the same bytes.
type NodeBits = (i32, i32, i32, u32, u32, bool, u32, u32, u32);

fn oracle_bits(tree: &oracle::Tree) -> Vec<NodeBits> {
    let bits = |n: &oracle::Node| {
        let floats = [n.threshold, n.loss_change, n.sum_hessian, n.base_weight].map(f32::to_bits);
        (n.left, n.right, n.parent, n.feature, floats[0], n.default_left, floats[1], floats[2], floats[3])
    };
    tree.nodes.iter().map(bits).collect()
}

fn engine_bits(tree: &gboost::Tree) -> Vec<NodeBits> {
    let bits = |n: &gboost::Node| {
        let condition = match n.split() {
            Some(gboost::internals::tree::Split::Below(threshold)) => *threshold,
            Some(gboost::internals::tree::Split::In(_)) => panic!("no split is on categories"),
            None => n.leaf_value().unwrap(),
        };
        let floats = [condition, n.gain, n.sum_hessian, n.base_weight].map(f32::to_bits);
        let [left, right] = n.links();
        (left, right, n.parent, n.feature, floats[0], n.default_left, floats[1], floats[2], floats[3])
    };
    tree.nodes.iter().map(bits).collect()
}

fn check(problem: &Problem) {
    let Problem { train, validation, params, continued } = problem;
    let expected = oracle::train(train, &[validation], params, &[]);
    let expected_bits: Vec<Vec<NodeBits>> = expected.trees.iter().map(oracle_bits).collect();

    let (train_data, validation_data) = (dataset(train), dataset(validation));
    let mut engine = engine_params(params);
    for (threads, options) in [
        (1, CpuOptions::default()),
        (2, CpuOptions::default().chunk_rows(Some(3)).histogram_bytes(5000).parallel_from(0)),
    ] {
        engine.nthread = Some(threads);
        let trainer = |params| Trainer::new(params, &train_data).channel("validation", &validation_data).on(options);
        let found = if *continued > 0 && threads == 1 && *continued < params.num_round {
            let (mut first, mut second) = (engine.clone(), engine.clone());
            first.num_round = *continued as u32;
            second.num_round -= first.num_round;
            let half = trainer(&first).run().unwrap();
            let mut whole = trainer(&second).continue_from(&half.model).run().unwrap();
            whole.history.splice(0..0, half.history);
            whole
        } else {
            trainer(&engine).run().unwrap_or_else(|error| panic!("{error}"))
        };
        assert_eq!(
            found.model.base_score.iter().map(|b| b.to_bits()).collect::<Vec<_>>(),
            [expected.base_score.to_bits()]
        );
        assert_eq!(found.model.trees.len(), expected.trees.len());
        for (index, (tree, expected)) in found.model.trees.iter().zip(&expected_bits).enumerate() {
            assert_eq!(&engine_bits(tree), expected, "tree {index}, {threads} threads: {:#?}", tree.nodes);
        }
        let history: Vec<Vec<Vec<u64>>> = found
            .history
            .iter()
            .map(|round| round.values.iter().map(|values| values.iter().map(|v| v.to_bits()).collect()).collect())
            .collect();
        let expected_history: Vec<Vec<Vec<u64>>> = expected
            .history
            .iter()
            .map(|round| round.iter().map(|values| values.iter().map(|v| v.to_bits()).collect()).collect())
            .collect();
        assert_eq!(history, expected_history, "{:?} {:?}", found.history, expected.history);

        let margins = found.model.predict_margins(&validation_data, Rounds::All);
        let trees = &expected.trees;
        let oracle_margins =
            oracle::predict_margin(expected.base_score, params.objective, params.num_class, trees, validation);
        for (row, expected) in oracle_margins.iter().enumerate() {
            for (class, expected) in expected.iter().enumerate() {
                assert_eq!(margins.get(class, row).to_bits(), expected.to_bits());
            }
        }
    }
}

/// A column of one of the kinds that have caused trouble: few values, many, constant, all missing,
/// huge, neighbouring floats.
fn column(rows: usize) -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        4 => (0..4_i32).prop_map(|v| v as f32).boxed(),
        3 => (-1000..1000_i32).prop_map(|v| v as f32 / 8.0).boxed(),
        1 => Just(7.5_f32).boxed(),
        1 => any::<f32>().prop_filter("finite", |v| v.is_finite() && v.abs() < 1e38).boxed(),
        1 => (0..3_u32).prop_map(|bits| f32::from_bits(1.0_f32.to_bits() + bits)).boxed(),
    ];
    (0..8_u8, value.prop_map(|v| if v == 0.0 { 0.0 } else { v })).prop_flat_map(move |(kind, constant)| {
        let few = (0..4_i32).prop_map(|v| v as f32).boxed();
        let many = (-1000..1000_i32).prop_map(|v| v as f32 / 8.0).boxed();
        let wild = any::<f32>()
            .prop_filter("finite", |v| v.is_finite() && v.abs() < 1e38)
            .prop_map(|v| if v == 0.0 { 0.0 } else { v })
            .boxed();
        let close = (0..3_u32).prop_map(|bits| f32::from_bits(1.0_f32.to_bits() + bits)).boxed();
        let (value, missing) = match kind {
            0 | 1 => (few, 0.0),
            2 => (few, 0.3),
            3 => (many, 0.0),
            4 => (many, 0.4),
            5 => (Just(constant).boxed(), 0.3),
            6 => (wild, 0.2),
            _ => (close, 0.9),
        };
        proptest::collection::vec((value, 0.0..1.0_f64), rows)
            .prop_map(move |cells| cells.into_iter().map(|(v, u)| if u < missing { f32::NAN } else { v }).collect())
    })
}

fn labels(objective: oracle::Objective, classes: usize, rows: usize) -> BoxedStrategy<Vec<f32>> {
    match objective {
        oracle::Objective::SquaredError => {
            let ordinary = proptest::collection::vec((-80..80_i32).prop_map(|v| v as f32 / 8.0), rows);
            prop_oneof![
                3 => ordinary.clone().boxed(),
                1 => ordinary.prop_map(|mut labels| { labels[0] = 1e6; labels }).boxed(),
                1 => proptest::collection::vec(Just(0.0_f32), rows).boxed(),
            ]
            .boxed()
        }
        oracle::Objective::BinaryLogistic => proptest::collection::vec((0..2_u8).prop_map(f32::from), rows).boxed(),
        _ => proptest::collection::vec((0..classes).prop_map(|class| class as f32), rows).boxed(),
    }
}

fn data(
    objective: oracle::Objective,
    classes: usize,
    rows: usize,
    features: usize,
) -> impl Strategy<Value = oracle::Data> {
    let weights = prop_oneof![
        4 => Just(None).boxed(),
        2 => proptest::collection::vec((0..40_u32).prop_map(|w| w as f32 / 7.0), rows)
            .prop_map(|mut w| { w[0] += 1.0; Some(w) }).boxed(),
        1 => (0..rows).prop_map(move |only| Some((0..rows).map(|row| f32::from(u8::from(row == only)) * 3.0).collect())).boxed(),
        1 => proptest::collection::vec(prop_oneof![Just(1e-6_f32), Just(1e9_f32)], rows).prop_map(Some).boxed(),
    ];
    (proptest::collection::vec(column(rows), features), labels(objective, classes, rows), weights)
        .prop_map(|(columns, labels, weights)| oracle::Data { columns, labels, weights })
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![3 => Just(1.0), 1 => Just(0.5), 1 => Just(0.73)]
}

prop_compose! {
    fn params(objective: oracle::Objective, classes: usize)(
        (num_round, eta, gamma, lambda, alpha) in (
            1..4_usize,
            prop_oneof![Just(0.3), Just(1.0), Just(0.05), Just(0.0)],
            prop_oneof![3 => Just(0.0), 1 => Just(0.4), 1 => Just(3.0)],
            prop_oneof![3 => Just(1.0), 1 => Just(0.0), 1 => Just(0.1)],
            prop_oneof![3 => Just(0.0), 1 => Just(0.3)],
        ),
        (min_child_weight, max_delta_step, depth, exact, xgboost1) in (
            prop_oneof![2 => Just(1.0), 2 => Just(0.0), 1 => Just(2.5)],
            prop_oneof![4 => Just(0.0), 1 => Just(0.4)],
            0..6_u32, any::<bool>(), prop::bool::weighted(0.2),
        ),
        (subsample, bytree, bylevel, bynode) in (share(), share(), share(), share()),
        (positive, base, max_bin, seed, wide) in (
            prop_oneof![3 => Just(1.0), 1 => Just(2.5)],
            prop_oneof![3 => Just(None), 1 => Just(Some(oracle::BaseScore::Auto)), 1 => Just(Some(oracle::BaseScore::Value(0.25)))],
            prop_oneof![Just(256), Just(2), Just(5)],
            any::<u64>(), prop_oneof![1 => Just(None), 1 => Just(Some(true)), 2 => Just(Some(false))],
        ),
    ) -> oracle::Params {
        let binary = objective == oracle::Objective::BinaryLogistic;
        oracle::Params {
            objective,
            num_class: classes,
            num_round, eta, gamma, lambda, alpha, min_child_weight, max_delta_step,
            method: if exact { oracle::Method::Exact } else { oracle::Method::Hist },
            max_depth: if exact { depth } else { depth.max(1) },
            max_leaves: None,
            subsample,
            colsample_bytree: bytree,
            colsample_bylevel: if xgboost1 { 1.0 } else { bylevel },
            colsample_bynode: if xgboost1 { 1.0 } else { bynode },
            sampler: if xgboost1 { oracle::Sampler::Xgboost1 } else { oracle::Sampler::Hash },
            scale_pos_weight: if binary { positive } else { 1.0 },
            base_score: base,
            max_bin,
            seed,
            wide,
            metrics: match objective {
                oracle::Objective::BinaryLogistic => vec![
                    oracle::Metric::Auc, oracle::Metric::Aucpr, oracle::Metric::ErrorAt(0.25), oracle::Metric::Error,
                    oracle::Metric::F1, oracle::Metric::Precision, oracle::Metric::Recall, oracle::Metric::Accuracy,
                    oracle::Metric::Logloss,
                ],
                oracle::Objective::SquaredError => vec![oracle::Metric::Mae, oracle::Metric::Rmse],
                _ => vec![oracle::Metric::Merror, oracle::Metric::Auc, oracle::Metric::F1, oracle::Metric::Accuracy, oracle::Metric::Mlogloss],
            },
            early_stopping_rounds: None,
        }
    }
}

fn problem() -> impl Strategy<Value = Problem> {
    let objective = prop_oneof![
        3 => Just((oracle::Objective::BinaryLogistic, 1)),
        3 => Just((oracle::Objective::SquaredError, 1)),
        1 => Just((oracle::Objective::MultiSoftmax, 3)),
        1 => Just((oracle::Objective::MultiSoftprob, 4)),
    ];
    (objective, prop_oneof![1 => Just(1_usize), 8 => 2..60_usize], 1..6_usize).prop_flat_map(
        |((objective, classes), rows, features)| {
            (
                data(objective, classes, rows, features),
                data(objective, classes, 20, features),
                params(objective, classes),
                0..3_usize,
            )
                .prop_map(|(train, validation, params, continued)| Problem {
                    train,
                    validation,
                    params,
                    continued,
                })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_agrees_with_the_oracle(problem in problem()) {
        check(&problem);
    }
}

/// Larger than what proptest shrinks well: deep trees on several hundred rows.
#[test]
fn deep_trees_agree_with_the_oracle() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..12 {
        let strategy =
            (data(oracle::Objective::BinaryLogistic, 1, 400, 6), params(oracle::Objective::BinaryLogistic, 1));
        let (train, mut params) = strategy.new_tree(&mut runner).unwrap().current();
        params.max_depth = 12;
        params.min_child_weight = 0.0;
        let validation = oracle::Data { weights: None, ..train.clone() };
        check(&Problem { train, validation, params, continued: 0 });
    }
}

/// Growth by leaves: the leaf of the largest gain next, of equals the first.
struct LeafWise {
    max_leaves: usize,
    leaves: usize,
    /// Gain, node and depth of every leaf that is worth a split.
    waiting: Vec<(f64, usize, u32)>,
}

impl Policy for LeafWise {
    fn next(&mut self, backend: &mut dyn Backend, searched: Option<Expansion>) -> gboost::Result<Option<Expansion>> {
        if let Some(searched) = searched {
            let gains = backend.gains(&searched)?;
            let Nodes::Numbers(numbers) = searched.nodes else { panic!("the processor names its nodes") };
            let gained = numbers.zip(gains).filter_map(|(node, gain)| Some((gain?, node, searched.depth)));
            self.waiting.extend(gained);
        }
        self.waiting.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if self.leaves >= self.max_leaves {
            return Ok(None);
        }
        self.leaves += 1;
        let best = self.waiting.pop();
        Ok(best.map(|(_, node, depth)| Expansion { depth, nodes: Nodes::Numbers(node..node + 1) }))
    }
}

/// What a backend is given; the base score is 0.5.
fn engine_problem<'a>(params: &gboost::Params, data: &Dataset, matrix: &'a BinnedMatrix) -> EngineProblem<'a> {
    let labels = data.labels.as_deref().unwrap();
    let weights = RowWeights::new(data.weights.as_ref().unwrap_or(&vec![1.0; data.rows])).unwrap();
    let base_margins = vec![params.objective.base_margin(0.5).unwrap(); params.classes()];
    EngineProblem::new(params, (matrix, Shard::whole(data.rows)), labels, weights, &base_margins)
}

/// Grows by leaves with the engine's own kernels, and compares every tree and margin. Returns the
/// leaves of the largest tree.
fn check_by_leaves(train: &oracle::Data, params: &oracle::Params, max_leaves: usize, histogram_bytes: usize) -> usize {
    let params = oracle::Params {
        method: oracle::Method::Hist,
        max_depth: params.max_depth.max(1),
        max_leaves: Some(max_leaves),
        scale_pos_weight: 1.0,
        base_score: Some(oracle::BaseScore::Value(0.5)),
        ..params.clone()
    };
    let expected = oracle::train(train, &[], &params, &[]);
    let (data, engine) = (dataset(train), engine_params(&params));
    let names = vec![String::new(); data.features()];
    let matrix = BinnedMatrix::new(&data.columns, &names, data.rows, engine.tree_method, engine.max_bin).unwrap();
    let problem = engine_problem(&engine, &data, &matrix);
    let options = CpuOptions::default().chunk_rows(Some(7)).histogram_bytes(histogram_bytes).parallel_from(0);
    let mut backend = CpuBackend::new(&problem, options);
    let mut samples = SampleSource::new(&engine, data.rows, data.features());
    let mut trees = Vec::new();
    for _ in 0..params.num_round {
        backend.gradient().unwrap();
        for output in 0..problem.classes {
            let (rows, columns) = samples.next_tree();
            let mut policy = LeafWise { max_leaves, leaves: 1, waiting: Vec::new() };
            let task = TreeTask { output, rows, columns };
            grow(&mut backend, &task, engine.max_depth, &mut policy).unwrap();
        }
        let finished: Vec<_> =
            backend.read_trees().unwrap().iter().map(|grown| finish(grown, &problem, engine.eta)).collect();
        backend.add_trees(&finished).unwrap();
        trees.extend(finished.into_iter().map(|finished| finished.tree));
    }
    assert_eq!(trees.len(), expected.trees.len());
    for (index, (tree, expected)) in trees.iter().zip(&expected.trees).enumerate() {
        assert_eq!(engine_bits(tree), oracle_bits(expected), "tree {index}: {:#?}", tree.nodes);
    }
    assert_eq!(backend.margins().unwrap(), expected.margins.concat());
    let leaves = |tree: &gboost::Tree| tree.nodes.iter().filter(|node| node.is_leaf()).count();
    trees.iter().map(leaves).max().unwrap_or(0)
}

/// Room for all histograms, for a few, and for one.
const HISTOGRAM_BYTES: [usize; 4] = [1 << 30, 100_000, 30_000, 1];

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn growth_by_leaves_agrees_with_the_oracle(
        problem in problem(), max_leaves in 1..12_usize, bytes in proptest::sample::select(&HISTOGRAM_BYTES[..]),
    ) {
        check_by_leaves(&problem.train, &problem.params, max_leaves, bytes);
    }
}

/// Enough leaves that small nodes wait long, and that the order is not that of the depths.
#[test]
fn many_leaves_agree_with_the_oracle() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut most = 0;
    for bytes in HISTOGRAM_BYTES.into_iter().cycle().take(8) {
        let strategy =
            (data(oracle::Objective::BinaryLogistic, 1, 400, 6), params(oracle::Objective::BinaryLogistic, 1));
        let (train, params) = strategy.new_tree(&mut runner).unwrap().current();
        let params = oracle::Params { max_depth: 12, min_child_weight: 0.0, num_round: 2, ..params };
        most = most.max(check_by_leaves(&train, &params, 40, bytes));
    }
    assert_eq!(most, 40);
}
