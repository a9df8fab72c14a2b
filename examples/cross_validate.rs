//! Cross-validation in stratified folds: mean and standard deviation per round, and the prediction
//! of every row by the model that was not trained on it.
//! `cargo run --release --example cross_validate`

use gboost::Params;
use gboost::ingest::{ReadOptions, read_bytes};
use gboost::validation::{CrossValidation, FoldedData, Folds};
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let bytes = &include_bytes!("../data/adult_validation.csv.gz")[..];
    let data = read_bytes(Path::new("data.csv.gz"), bytes, &ReadOptions::default())?.dataset;
    let mut params = Params::default();
    for (name, value) in [
        ("objective", "binary:logistic"),
        ("num_round", "100"),
        ("max_depth", "4"),
        ("eval_metric", "auc"),
        ("early_stopping_rounds", "5"),
    ] {
        params.set(name, value)?;
    }
    let labels = data.labels.as_deref().unwrap_or_default();
    let folds = Folds::stratified(labels, 5, 0)?; // 5 folds, seed 0
    let folded = FoldedData::new(&data, &folds, &params)?; // binned once, for any number of runs
    let result = CrossValidation::new(&params, &folded).run()?;

    for round in result.history.iter().step_by(10) {
        println!("[{}] auc {:.4} +- {:.4}", round.round, round.test[0].mean, round.test[0].std);
    }
    let auc = result.history[result.best_round.unwrap_or_default()].test[0];
    assert!(auc.mean > 0.91 && auc.std < 0.02);

    let held_out = result.out_of_fold_margins(&folded);
    let right =
        held_out.values().iter().zip(labels).filter(|&(&margin, &label)| (margin > 0.0) == (label == 1.0)).count();
    println!("{:.1} % of the rows are right", 100.0 * right as f64 / data.rows as f64);
    assert!(right * 100 > data.rows * 85);
    Ok(())
}
