//! Training with the feature values on disk, for files larger than memory: the same model, byte by
//! byte. `cargo run --release --example out_of_core`

use gboost::ingest::{ReadOptions, SpillOptions, read_bytes};
use gboost::{BinnedMatrix, Params, Trainer};
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let bytes = &include_bytes!("../data/adult_train.csv.gz")[..];
    let mut params = Params::default();
    params.set("objective", "binary:logistic")?;
    params.set("num_round", "20")?;

    // In memory.
    let channel = read_bytes(Path::new("train.csv.gz"), bytes, &ReadOptions::default())?;
    let in_memory = Trainer::new(&params, &channel.dataset).run()?.model;

    // On disk: the table keeps labels and names, and bins take a byte per value.
    let options = ReadOptions::default().spill(Some(SpillOptions::always(std::env::temp_dir())));
    let channel = read_bytes(Path::new("train.csv.gz"), bytes, &options)?;
    assert!(!channel.dataset.has_values());
    let Some(spilled) = &channel.spilled else {
        return Err(gboost::Error::data("nothing was spilled"));
    };
    println!("{} bytes are on disk, in {}", spilled.bytes(), spilled.folder().display());
    let matrix = BinnedMatrix::of_spilled(spilled, &channel.dataset.names(), &params)?;
    let out_of_core = Trainer::new(&params, &channel.dataset).binned(&matrix).run()?.model;

    println!("{}\n{}", in_memory.sha256(), out_of_core.sha256());
    assert_eq!(in_memory.to_json(), out_of_core.to_json());
    Ok(())
}
