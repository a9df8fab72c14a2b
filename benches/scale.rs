//! Whole trainings at scale, CPU and GPU in turn:
//! `cargo bench --bench scale -- ROWS DEPTH ROUNDS [BACKENDS] [RUNS] [THREADS] [FEATURES] [MAX_BIN]`.
//!
//! Defaults: 1000000 6 100 cpu,gpu 3 0 (all cores) 28 256. Higgs-like rows (continuous features,
//! made in memory by `benches/common`). The models must be equal to the byte before any time is
//! printed. `cpu-profile` and `gpu-profile` add the time of each kernel; `auto` says what it
//! decided. Not a criterion bench: one training is one sample, and several minutes long at ten
//! million rows.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{FEATURES, higgs_like};
use gboost::{BackendChoice, Compute, CpuOptions, Evaluate, Params, Trainer};

fn backend(name: &str) -> BackendChoice {
    match name {
        "cpu" | "cpu-profile" => BackendChoice::Cpu,
        #[cfg(feature = "gpu")]
        "gpu" | "gpu-profile" => BackendChoice::Gpu(gboost::GpuOptions::default().profile(name == "gpu-profile")),
        // Any adapter, so that the choice can be watched on a software adapter, too.
        "auto" => BackendChoice::Auto(gboost::AutoOptions { software: true, ..Default::default() }),
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
        ("nthread", word(5, "0")),
        ("max_bin", word(7, "256")),
    ] {
        params.set(name, &value).expect("a parameter");
    }
    let runs: usize = word(4, "3").parse().expect("RUNS");
    let features = word(6, &FEATURES.to_string()).parse().expect("FEATURES");
    let data = higgs_like(rows, features);
    let names = word(3, "cpu,gpu");
    let mut sha256 = None;
    for run in 0..runs {
        for name in names.split(',') {
            let cpu = CpuOptions::default().profile(name == "cpu-profile");
            let trainer = Trainer::new(&params, &data).evaluate(Evaluate::LastRound).on(Compute {
                backend: backend(name),
                cpu,
                ..Compute::default()
            });
            let trained = trainer.run().unwrap_or_else(|error| panic!("{error}"));
            let found = trained.model.sha256();
            assert_eq!(sha256.get_or_insert_with(|| found.clone()), &found, "{name}: another model");
            println!(
                "run {run} {name:<11} {rows} x {features}, depth {}, {} rounds: bin {:.4} s, train {:.4} s, logloss {:.6}, model {} on {}",
                params.max_depth,
                params.num_round,
                trained.times.bin.as_secs_f64(),
                trained.times.train.as_secs_f64(),
                trained.history.last().map_or(f64::NAN, |round| round.values[0][0]),
                &found[..16],
                trained.adapter,
            );
            if let Some(auto) = trained.backend.auto {
                println!(
                    "    {} rounds on the processor, {} on the GPU: {}",
                    auto.cpu_rounds, auto.gpu_rounds, auto.reason
                );
            }
            for row in trained.profile.iter().flat_map(|profile| &profile.rows) {
                let seconds = row.time.as_secs_f64();
                println!(
                    "    {:<16} {:>7} calls {:>10.3} ms {:>9.3} GB {:>9.1} GB/s",
                    row.activity.name(),
                    row.calls,
                    seconds * 1e3,
                    row.bytes as f64 / 1e9,
                    row.bytes as f64 / 1e9 / seconds.max(1e-12),
                );
            }
        }
    }
}
