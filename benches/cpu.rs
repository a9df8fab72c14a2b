//! Time of each CPU kernel, and of whole trainings, on generated data: `cargo bench --bench cpu`.
//!
//! The rows are Higgs-like: 28 continuous features of which seven matter. Before a kernel is timed
//! its result is checked against a plain sum.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{FEATURES, binned, higgs_like, params, problem};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gboost::internals::backend::NodeBatch;
use gboost::internals::cpu::chunk::RowChunk;
use gboost::internals::cpu::gradient;
use gboost::internals::cpu::gradient::Pairs;
use gboost::internals::cpu::histogram;
use gboost::internals::cpu::histogram::{Histograms, PackedSum};
use gboost::internals::cpu::{leaf_sums, partition, quantise, sample, split};
use gboost::internals::fixed::quantiser::{PairSum, QuantisedPair, Quantiser, ScaledRules};
use gboost::internals::tree::limits::NodeLimits;
use gboost::internals::tree::sampling::{RowSample, SampleSource};
use gboost::params::TreeMethod;
use gboost::{Evaluate, Params, Rounds, Trainer};
use std::hint::black_box;

const ROWS: usize = 100_000;

fn kernels(criterion: &mut Criterion) {
    let data = higgs_like(ROWS, FEATURES);
    let mut group = criterion.benchmark_group("kernel");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.sample_size(20);

    group.bench_function("binning", |bencher| bencher.iter(|| binned(&data)));
    let matrix = binned(&data);
    let problem = problem(&matrix, &data, None);
    let mut pairs = Pairs::new(&problem);
    group.bench_function("gradient", |bencher| {
        bencher.iter(|| gradient::run(&problem, &problem.margins, &mut pairs, false))
    });

    let mut chunks = RowChunk::cover(ROWS, RowChunk::MOST_ROWS);
    let all = RowSample::All;
    group.bench_function("sample", |bencher| {
        bencher.iter(|| sample::run(&all, 0, &problem.weights, &mut chunks, false))
    });

    let mut quantised = vec![QuantisedPair::default(); ROWS];
    let quantise_all = |quantised: &mut [QuantisedPair]| {
        let extent = quantise::extent(&problem, &pairs, 0, &chunks, false);
        let quantiser = Quantiser::new(&extent, problem.width, problem.format.caps_hessian);
        (quantiser, quantise::run(&problem, quantiser, &pairs, 0, &chunks, quantised, false))
    };
    let (quantiser, root) = quantise_all(&mut quantised);
    assert_eq!(root, quantised.iter().fold(PairSum::default(), |sum, pair| sum.plus(pair.widen())));
    group.bench_function("quantise", |bencher| {
        bencher.iter(|| quantise_all(&mut quantised.clone()));
    });

    let (_, columns) = SampleSource::new(&Params::default(), ROWS, FEATURES).next_tree();
    let root_node = gboost::internals::tree::grown::GrownNode { sums: root, ..Default::default() };
    let batch = NodeBatch { nodes: 0..1, subtract: false };
    let task = histogram::Task {
        matrix: &matrix,
        shard: problem.shard,
        features: &columns.tree,
        chunks: &chunks,
        quantised: &quantised,
        nodes: &[root_node],
        expansion: 0..1,
        parents: &[],
        batch: &batch,
        parallel: false,
    };
    let mut histograms = Histograms::<PackedSum>::new(&matrix, 1 << 30);
    histogram::run(&task, &mut histograms).unwrap();
    for feature in 0..FEATURES as u32 {
        let bins = histograms.feature(0, feature).iter().map(|&bin| histogram::BinSum::sum(bin));
        assert_eq!(bins.fold(PairSum::default(), PairSum::plus), root);
    }
    group.bench_function("histogram", |bencher| bencher.iter(|| histogram::run(&task, &mut histograms)));

    let rules = ScaledRules::new(&problem.rules, problem.format.pairs, quantiser);
    let search = split::Task {
        matrix: &matrix,
        method: TreeMethod::Hist,
        rules: &rules,
        columns: &columns,
        depth: 0,
        node_keys: &[],
        limits: &[NodeLimits::default()],
        nodes: 0..1,
        parallel: false,
    };
    group.bench_function("split", |bencher| {
        bencher.iter(|| {
            let mut nodes = vec![root_node];
            split::run(&search, &histograms, &mut nodes);
            black_box(nodes)
        });
    });

    let mut nodes = vec![root_node];
    split::run(&search, &histograms, &mut nodes);
    let (mut limits, mut parents) = (vec![NodeLimits::default()], Vec::new());
    let children = split::make_children(&rules, &mut nodes, &mut Vec::new(), &mut limits, &mut parents, 0..1);
    assert_eq!((children, &parents[..]), (1..3, &[0][..]));
    group.bench_function("partition", |bencher| {
        bencher.iter_batched_ref(
            || chunks.clone(),
            |chunks| partition::run(&matrix, TreeMethod::Hist, &nodes, &parents, chunks, false),
            BatchSize::LargeInput,
        );
    });
    partition::run(&matrix, TreeMethod::Hist, &nodes, &parents, &mut chunks, false);
    group.bench_function("leaf_sums", |bencher| {
        bencher.iter(|| leaf_sums::run(&problem, &pairs, 0, &chunks, &mut nodes, false));
    });
    group.finish();
}

fn trainings(criterion: &mut Criterion) {
    let data = higgs_like(ROWS, FEATURES);
    let mut group = criterion.benchmark_group("training");
    group.sample_size(10);
    for (name, text) in [
        ("hist, depth 6, 20 rounds", "max_depth=6"),
        ("hist, depth 8, 20 rounds", "max_depth=8"),
        ("hist, half of the rows", "max_depth=6 subsample=0.5"),
    ] {
        let params = params(&format!("objective=binary:logistic num_round=20 {text}"));
        let train = |threads| {
            let params = params.to_builder().nthread(threads).build().unwrap();
            Trainer::new(&params, &data).evaluate(Evaluate::LastRound).run().unwrap().model
        };
        assert_eq!(train(1).sha256(), train(2).sha256());
        group.bench_function(name, |bencher| bencher.iter(|| train(0)));
    }
    let model = {
        let params = Params::builder().num_round(100).build().unwrap();
        Trainer::new(&params, &data).evaluate(Evaluate::LastRound).run().unwrap().model
    };
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("predict, 100 trees", |bencher| bencher.iter(|| model.predict_margins(&data, Rounds::All)));
    group.finish();
}

criterion_group!(benches, kernels, trainings);
criterion_main!(benches);
