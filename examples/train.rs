//! The built-in census data with the library: `cargo run --release --example train`.

use gboost::ingest::{ReadOptions, read_bytes};
use gboost::{Metric, Params, Trainer};
use gboost_report::figures::Rounds;
use gboost_report::{Figures, round_line};
use std::ops::ControlFlow;
use std::path::Path;

fn main() -> gboost::Result<()> {
    let options = ReadOptions::default();
    let train = read_bytes(Path::new("train.csv.gz"), &include_bytes!("../data/adult_train.csv.gz")[..], &options)?;
    let valid =
        read_bytes(Path::new("valid.csv.gz"), &include_bytes!("../data/adult_validation.csv.gz")[..], &options)?;

    let mut params = Params::task1();
    params.set("num_round", "50")?;
    let trained = Trainer::new(&params, &train.dataset)
        .channel("validation", &valid.dataset)
        .on_round(|progress| {
            if let Some(round) = progress.metrics {
                println!("{}", round_line(round, progress.channels, progress.names));
            }
            ControlFlow::Continue(())
        })
        .run()?;

    let figures = Figures::new(&trained.model, &valid.dataset, &[Metric::Auc], Rounds::Best)?;
    println!("validation {:?}, sha256 {}", figures.numbers(), trained.model.sha256());
    trained.model.save(std::env::temp_dir().join("gboost-example.json"))
}
