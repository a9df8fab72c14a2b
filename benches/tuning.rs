//! How good the strategies are: `cargo bench --bench tuning -- [SEEDS] [STRATEGIES] [PARALLEL]`.
//!
//! Defaults: 20 random,bayesian,hyperband 2; a strategy may be followed by its number of trials and
//! its batch or least rounds (`bayesian:30:1`, `hyperband:110:3`). On the census data in data/,
//! maximising the validation channel's auc over seven parameters, 100 rounds: random search with 60
//! trials, Bayesian search with 30, Hyperband with as many trials as fit into half of random's
//! rounds. Prints the best objective value of each seed, then medians, standard deviations and
//! boosting rounds. Each search keeps its journal in target/tuning/, so that the bench, which takes
//! a while, can be interrupted and gone on with.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use gboost::ingest::{ReadOptions, read_channel};
use gboost::validation::tune::{Bayesian, Hyperband, Random, Resume, Space, Start, Tuned, Tuner};
use gboost::{Dataset, Params};
use std::path::Path;
use std::time::Instant;

const SPACE: [&str; 7] = [
    "eta=0.01..0.5:log",
    "max_depth=int:2..10",
    "min_child_weight=0.1..20:log",
    "subsample=0.3..1",
    "colsample_bytree=0.3..1",
    "gamma=0..5",
    "lambda=0.01..100:log",
];

const RANDOM_TRIALS: usize = 60;
const BAYESIAN_TRIALS: usize = 30;
/// With 100 rounds and the default strategy these train fewer than half of the rounds of random
/// search: checked below.
const HYPERBAND_TRIALS: usize = 66;

fn channel(name: &str) -> Dataset {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(format!("adult_{name}.csv.gz"));
    read_channel(&[path], &ReadOptions::default()).expect("data/").dataset
}

/// Boosting rounds that were trained: continued trials count once.
fn rounds(tuned: &Tuned) -> usize {
    tuned.trials.iter().map(|trial| trial.rounds).sum()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0).max(1.0)).sqrt()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let word = |index: usize, default: &str| words.get(index).cloned().unwrap_or_else(|| default.to_string());
    let seeds: u64 = word(0, "20").parse().expect("SEEDS");
    let strategies = word(1, "random,bayesian,hyperband");
    let parallel: usize = word(2, "2").parse().expect("PARALLEL");
    let (train, validation) = (channel("train"), channel("validation"));
    let space = Space::parse(SPACE).expect("a space");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("tuning");

    for strategy in strategies.split(',') {
        let (mut values, mut trained) = (Vec::new(), Vec::new());
        for seed in 0..seeds {
            let mut params = Params::default();
            let seed_text = seed.to_string();
            for (name, value) in [("objective", "binary:logistic"), ("num_round", "100"), ("seed", &seed_text)] {
                params.set(name, value).expect("a parameter");
            }
            let journal = folder.join(format!("{strategy}-{seed}.jsonl"));
            let tuner = Tuner::new(&params, &space, &train)
                .validation(&validation)
                .objective("validation:auc".parse().expect("a metric"))
                .parallel(parallel)
                .journal(&journal, Resume::Yes);
            let started = Instant::now();
            let mut words = strategy.split(':');
            let name = words.next().unwrap_or_default();
            let mut number = |default: usize| words.next().map_or(default, |word| word.parse().expect("a number"));
            let tuned = match name {
                "random" => tuner.strategy(Random).trials(number(RANDOM_TRIALS)).run(),
                "bayesian" => {
                    let trials = number(BAYESIAN_TRIALS);
                    let batch = number(Bayesian::default().batch);
                    tuner.strategy(Bayesian { batch, ..Bayesian::default() }).trials(trials).run()
                }
                "hyperband" | "hyperband-random" => {
                    let trials = number(HYPERBAND_TRIALS);
                    let min_rounds = number(Hyperband::default().min_rounds as usize) as u32;
                    let mut hyperband = Hyperband { min_rounds, ..Hyperband::default() };
                    if name == "hyperband-random" {
                        hyperband.start = Start::Random;
                    }
                    tuner.strategy(hyperband).trials(trials).run()
                }
                other => panic!("no strategy {other}"),
            };
            let tuned = tuned.unwrap_or_else(|error| panic!("{error}"));
            let value = tuned.best().and_then(|best| best.objective_value).expect("a trial that did not fail");
            println!(
                "{strategy} seed {seed}: best {value:.6}, {} trials, {} rounds, {:.1} s",
                tuned.trials.len(),
                rounds(&tuned),
                started.elapsed().as_secs_f64()
            );
            values.push(value);
            trained.push(rounds(&tuned) as f64);
        }
        let sd = deviation(&values);
        println!(
            "{strategy}: median best {:.6}, sd {sd:.6}, median rounds {}\n",
            median(&mut values),
            median(&mut trained)
        );
    }
}
