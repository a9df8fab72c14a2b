//! Whole trainings at scale, CPU and GPU in turn: `cargo bench --bench scale -- ROWS DEPTH ROUNDS [BACKENDS] [RUNS]`.
//!
//! Defaults: 1000000 6 100 cpu,gpu 3. Higgs-like rows (28 continuous features, made in memory by a stated generator). The models must be equal to
//! the byte before any time is printed. `gpu-profile` adds the time of each kernel. Not a criterion bench: one training is one
//! sample, and several minutes long at ten million rows.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use gboost::booster::BackendChoice;
use gboost::{Dataset, Evaluate, Params, Trainer};
use rayon::prelude::*;

const FEATURES: usize = 28;

/// SplitMix64's output function: a draw by its number, so that columns are made in parallel.
fn draw(number: u64) -> f32 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 40) as f32 / 16_777_216.0
}

/// The sum of four uniform draws, centred.
fn normal(column: u64, row: usize) -> f32 {
    (0..4).map(|part| draw((column << 40) + 4 * row as u64 + part)).sum::<f32>() - 2.0
}

/// Labels follow a score that is monotone in most features, so that no split is a near tie.
fn higgs_like(rows: usize) -> Dataset {
    let columns: Vec<Vec<f32>> =
        (0..FEATURES as u64).map(|column| (0..rows).into_par_iter().map(|row| normal(column, row)).collect()).collect();
    let label = |row: usize| {
        let x = |feature: usize| columns[feature][row];
        let score = x(0) + 0.7 * x(1) * (x(2) + 1.0).max(0.0) + 0.5 * x(4).max(-0.5) + 0.3 * x(5).max(x(6));
        f32::from(score + normal(FEATURES as u64, row) > 0.2)
    };
    let labels = (0..rows).into_par_iter().map(label).collect();
    Dataset { columns, labels: Some(labels), rows, ..Dataset::default() }
}

fn backend(name: &str) -> BackendChoice {
    match name {
        "cpu" => BackendChoice::Cpu,
        #[cfg(feature = "gpu")]
        "gpu" | "gpu-profile" => {
            BackendChoice::Gpu(gboost::gpu::GpuOptions { profile: name == "gpu-profile", ..Default::default() })
        }
        other => panic!("no backend {other}"),
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let word = |index: usize, default: &str| words.get(index).cloned().unwrap_or_else(|| default.to_string());
    let rows: usize = word(0, "1000000").parse().expect("ROWS");
    let mut params = Params::default();
    for (name, value) in [
        ("objective", "binary:logistic".to_string()),
        ("max_depth", word(1, "6")),
        ("num_round", word(2, "100")),
        ("eta", "0.1".to_string()),
    ] {
        params.set(name, &value).expect("a parameter");
    }
    let runs: usize = word(4, "3").parse().expect("RUNS");
    let data = higgs_like(rows);
    let names = word(3, "cpu,gpu");
    let mut sha256 = None;
    for run in 0..runs {
        for name in names.split(',') {
            let trainer = Trainer::new(&params, &data).evaluate(Evaluate::LastRound).backend(backend(name));
            let trained = trainer.run().unwrap_or_else(|error| panic!("{error}"));
            let found = trained.model.sha256();
            assert_eq!(sha256.get_or_insert_with(|| found.clone()), &found, "{name}: another model");
            println!(
                "run {run} {name:<11} {rows} x {FEATURES}, depth {}, {} rounds: bin {:.3} s, train {:.3} s, logloss {:.6} on {}",
                params.max_depth,
                params.num_round,
                trained.times.bin.as_secs_f64(),
                trained.times.train.as_secs_f64(),
                trained.history.last().map_or(f64::NAN, |round| round.values[0][0]),
                trained.adapter,
            );
            for row in trained.profile.iter().flat_map(|profile| &profile.rows) {
                let seconds = row.time.as_secs_f64();
                println!(
                    "    {:<16} {:>7} calls {:>10.3} ms {:>9.3} GB {:>9.1} GB/s",
                    row.name,
                    row.calls,
                    seconds * 1e3,
                    row.bytes as f64 / 1e9,
                    row.bytes as f64 / 1e9 / seconds.max(1e-12),
                );
            }
        }
    }
}
