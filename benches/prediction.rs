//! Prediction with trees of a real training: `cargo bench --bench prediction`.
//!
//! 800 trees of depth 5 of the census data, as Task 1 trains them, and 100 trees of depth 8 of
//! Higgs-like rows: blocks of rows on one thread, and single rows. The bits are held against the
//! plain loop before anything is timed.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{FEATURES, higgs_like, params};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gboost::internals::util::threads::thread_pool;
use gboost::{Dataset, Evaluate, Model, Rounds, Trainer};
use std::hint::black_box;

/// The margins by the plain loop.
fn plain(model: &Model, data: &Dataset, rows: usize) -> Vec<f32> {
    let margin = |row: usize| {
        let leaf =
            |margin: f32, tree: &gboost::Tree| margin + tree.predict(|feature| data.columns[feature as usize][row]);
        model.trees.iter().fold(model.base_margin(0), leaf)
    };
    (0..rows).map(margin).collect()
}

fn prediction(criterion: &mut Criterion) {
    const ROWS: usize = 20_000;
    let data = higgs_like(ROWS, FEATURES);
    let pool = thread_pool(Some(1)).unwrap();
    for (name, text) in [
        ("800 full trees of depth 5", "num_round=800 max_depth=5 eta=0.2"),
        (
            "800 trees of Task 1's parameters",
            "num_round=800 max_depth=5 eta=0.2 gamma=4 min_child_weight=6 subsample=0.7",
        ),
        ("100 trees of depth 8", "num_round=100 max_depth=8"),
    ] {
        let params = params(&format!("objective=binary:logistic {text}"));
        let model = Trainer::new(&params, &data).evaluate(Evaluate::LastRound).run().unwrap().model;
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        let margins = pool.install(|| model.predict_margins(&data, Rounds::All));
        let expected = plain(&model, &data, ROWS);
        assert_eq!(margins.values(), expected);
        group.throughput(Throughput::Elements(ROWS as u64));
        group.bench_function("batch", |bencher| {
            bencher.iter(|| pool.install(|| model.predict_margins(black_box(&data), Rounds::All)));
        });
        let mut predictor = model.row_predictor(Rounds::All);
        let rows: Vec<Vec<f32>> = (0..1000).map(|row| data.row(row).collect()).collect();
        for (row, expected) in rows.iter().zip(&expected) {
            assert_eq!(predictor.margins(row), [*expected]);
        }
        let mut turn = 0;
        group.throughput(Throughput::Elements(1));
        group.bench_function("a single row", |bencher| {
            bencher.iter(|| {
                turn = (turn + 1) % rows.len();
                predictor.margins(black_box(&rows[turn]))[0]
            });
        });
        group.finish();
    }
}

criterion_group!(benches, prediction);
criterion_main!(benches);
