//! Prediction through the library, for `benches/peers/run`: reads a model and a CSV file with a
//! label in column 0, and prints a JSON object with the seconds of a batch and of a single row.
//!
//!     prediction MODEL DATA THREADS
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use gboost::ingest::{ReadOptions, read_channel};
use gboost::{Model, Rounds};
use std::hint::black_box;
use std::time::Instant;

/// The median of the seconds of `times` calls.
fn median(times: usize, mut call: impl FnMut()) -> f64 {
    let time = |_| {
        let started = Instant::now();
        call();
        started.elapsed().as_secs_f64()
    };
    let mut seconds: Vec<f64> = (0..times).map(time).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[times / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [model, data, threads] = &arguments[..] else {
        // `cargo bench` starts every bench without arguments.
        println!("benches/peers/run starts this with MODEL DATA THREADS");
        return;
    };
    let model = Model::load(model).expect("a model");
    let pool =
        gboost::internals::util::threads::thread_pool(Some(threads.parse().expect("a number"))).expect("threads");
    let data = pool.install(|| read_channel(&[data.into()], &ReadOptions::default())).expect("data").dataset;
    let batch = median(5, || {
        black_box(pool.install(|| model.transform(&model.predict_margins(black_box(&data), Rounds::All))));
    });

    const ROWS: usize = 1000;
    let rows: Vec<Vec<f32>> = (0..ROWS.min(data.rows)).map(|row| data.row(row).collect()).collect();
    let mut predictor = model.row_predictor(Rounds::All);
    let row = median(5, || {
        for row in &rows {
            black_box(predictor.predict(black_box(row)));
        }
    }) / rows.len() as f64;
    println!("{{\"batch\": {batch}, \"row\": {row}}}");
}
