//! Early stopping: ends when the validation data stops improving, and predicts with the best round.
//! `cargo run --release --example early_stopping`

use gboost::ingest::{ReadOptions, read_bytes};
use gboost::{Params, Rounds, Trainer};
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let options = ReadOptions::default();
    let train = read_bytes(Path::new("train.csv.gz"), &include_bytes!("../data/adult_train.csv.gz")[..], &options)?;
    let valid =
        read_bytes(Path::new("valid.csv.gz"), &include_bytes!("../data/adult_validation.csv.gz")[..], &options)?;

    let mut params = Params::default();
    for (name, value) in [
        ("objective", "binary:logistic"),
        ("num_round", "500"),
        ("eval_metric", "logloss"), // the last metric of the last channel decides
        ("early_stopping_rounds", "10"),
    ] {
        params.set(name, value)?;
    }
    let trained = Trainer::new(&params, &train.dataset).channel("validation", &valid.dataset).run()?;
    let model = &trained.model;

    println!("{} rounds, best {:?} with {:?}", model.rounds(), model.best_iteration, model.best_score);
    assert!(trained.stopped_early);
    assert_eq!(model.best_iteration, Some(model.rounds() - 11));

    // Predict with the rounds up to the best one.
    let best = model.predict_margins(&valid.dataset, Rounds::Best);
    let all = model.predict_margins(&valid.dataset, Rounds::All);
    assert_eq!(best.rows(), valid.dataset.rows);
    assert_ne!(best, all);
    Ok(())
}
