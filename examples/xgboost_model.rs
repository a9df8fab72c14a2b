//! A model that XGBoost 3.2 trained and wrote: gboost reads it, and predicts XGBoost's bits.
//! `cargo run --release --example xgboost_model`

use gboost::ingest::{ReadOptions, read_bytes};
use gboost::{Model, Rounds};
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    // `booster.save_model("model.json")` in Python; XGBoost's own predictions are in the second
    // file.
    let model = Model::from_json_bytes(include_bytes!("../tests/fixtures/models/binary_v320.json"))?;
    let expected = include_str!("../tests/fixtures/models/binary_v320.margins");
    let rows = &include_bytes!("../tests/fixtures/models/data.csv")[..];
    let data = read_bytes(Path::new("data.csv"), rows, &ReadOptions::default().label(None))?;

    let margins = model.predict_margins(&data.dataset, Rounds::All);
    let bits: Vec<String> = margins.values().iter().map(|margin| format!("{:08x}", margin.to_bits())).collect();
    println!("{} trees, {} rows, first margin {}", model.trees.len(), margins.rows(), margins.get(0, 0));
    assert_eq!(bits, expected.lines().collect::<Vec<_>>());

    // And back: XGBoost loads what gboost writes.
    let path = std::env::temp_dir().join(format!("gboost-example-{}.json", std::process::id()));
    model.save(&path)?;
    let again = Model::load(&path)?;
    assert_eq!(again.predict_margins(&data.dataset, Rounds::All), margins);
    std::fs::remove_file(&path).map_err(|error| gboost::Error::data(error.to_string()))
}
