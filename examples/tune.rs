//! Tunes three parameters on the census data by a cross-validated metric:
//! `cargo run --release --example tune`.

use gboost::ingest::{ReadOptions, read_bytes};
use gboost::validation::Folds;
use gboost::validation::tune::{Bayesian, Event, Space, Tuner};
use gboost::{Metric, Objective, Params};
use std::ops::ControlFlow;
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let bytes = &include_bytes!("../data/adult_train.csv.gz")[..];
    let train = read_bytes(Path::new("train.csv.gz"), bytes, &ReadOptions::default())?.dataset;
    let params =
        Params::builder().objective(Objective::BinaryLogistic).num_round(30).eval_metric([Metric::Auc]).build()?;
    let space = Space::parse(["eta=0.01..0.5:log", "max_depth=int:2..8", "lambda=0.01..100:log"])?;
    let folds = Folds::random(train.rows, 3, 0)?;
    let tuned = Tuner::new(&params, &space, &train)
        .folds(&folds)
        .objective("cv:auc".parse()?)
        .strategy(Bayesian::default())
        .trials(16)
        .parallel(4)
        .on_event(|event| {
            if let Event::Finished { trial, .. } = event {
                println!("trial {}: {:?}", trial.number, trial.objective_value);
            }
            ControlFlow::Continue(())
        })
        .run()?;
    println!("{}", tuned.leaderboard().to_csv());
    let best = tuned.best();
    println!("best: {:?}", best.map(|best| &best.settings));
    assert!(best.and_then(|best| best.objective_value).is_some_and(|auc| auc > 0.92));
    Ok(())
}
