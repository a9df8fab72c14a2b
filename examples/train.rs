//! Trains on the built-in census data, with a line per round:
//! `cargo run --release --example train`.
//!
//! The model has the same bytes on every machine.

use gboost::ingest::{ReadOptions, read_bytes};
use gboost::{Params, Trainer};
use std::ops::ControlFlow;
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let options = ReadOptions::default(); // label in the first column, header detected
    let train = read_bytes(Path::new("train.csv.gz"), &include_bytes!("../data/adult_train.csv.gz")[..], &options)?;
    let valid =
        read_bytes(Path::new("valid.csv.gz"), &include_bytes!("../data/adult_validation.csv.gz")[..], &options)?;

    let mut params = Params::default();
    for (name, value) in [
        ("objective", "binary:logistic"),
        ("eval_metric", "logloss,auc"),
        ("num_round", "50"),
        ("max_depth", "5"),
        ("eta", "0.2"),
        ("subsample", "0.7"),
    ] {
        params.set(name, value)?;
    }
    let trained = Trainer::new(&params, &train.dataset)
        .channel("validation", &valid.dataset)
        .on_round(|progress| {
            if let Some(round) = progress.values {
                println!("[{}] {:?}", round.round, round.values); // by channel and metric
            }
            ControlFlow::Continue(())
        })
        .run()?;

    let auc = trained.history[49].values[1][1];
    println!("validation auc {auc}, sha256 {}", trained.model.sha256());
    assert!(auc > 0.92);
    assert_eq!(trained.model.sha256(), "6355ca349046be89b91eace0f4a834ebe688ef51b534d6e05a438e3d767a5ff8");
    trained.model.save(std::env::temp_dir().join("gboost-example.json"))
}
