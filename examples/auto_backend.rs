//! Processor, GPU, or whichever is faster: the same model, byte by byte.
//! `cargo run --release --example auto_backend`

use gboost::ingest::{ReadOptions, read_bytes};
use gboost::{BackendChoice, Params, Trainer};
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let bytes = &include_bytes!("../data/adult_validation.csv.gz")[..];
    let data = read_bytes(Path::new("data.csv.gz"), bytes, &ReadOptions::default())?.dataset;
    let mut params = Params::default();
    params.set("objective", "binary:logistic")?;
    params.set("num_round", "10")?;

    let choices = [
        BackendChoice::Cpu,
        BackendChoice::Auto(Default::default()),
        #[cfg(feature = "gpu")]
        BackendChoice::Gpu(Default::default()),
    ];

    let mut models = Vec::new();
    for choice in choices {
        match Trainer::new(&params, &data).on(choice).run() {
            Ok(trained) => {
                println!("{:4} {:40} {}", trained.backend.name, trained.adapter, trained.model.sha256());
                models.push(trained.model.to_json());
            }
            Err(error) if error.kind() == gboost::ErrorKind::Unavailable => println!("no GPU: {error}"),
            Err(error) => return Err(error),
        }
    }
    assert!(models.len() >= 2 && models.iter().all(|model| *model == models[0]));
    Ok(())
}
