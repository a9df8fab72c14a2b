//! Predictions row by row, as a server makes them: nothing is allocated per row.
//! `cargo run --release --example single_rows`

use gboost::ingest::{ReadOptions, read_bytes};
use gboost::{Model, Params, Rounds, Trainer};
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let bytes = &include_bytes!("../data/adult_test.csv.gz")[..];
    let data = read_bytes(Path::new("test.csv.gz"), bytes, &ReadOptions::default())?.dataset;
    let mut params = Params::default();
    params.set("objective", "binary:logistic")?;
    params.set("num_round", "50")?;
    let saved = Trainer::new(&params, &data).run()?.model.to_json();

    // A server reads the model once. Each of its threads has a predictor of its own.
    let model = Model::from_json_bytes(&saved)?;
    let mut predictor = model.row_predictor(Rounds::All);
    let mut row = vec![0.0; model.features];
    let probabilities: Vec<f32> = (0..data.rows)
        .map(|index| {
            row.iter_mut().zip(data.row(index)).for_each(|(place, value)| *place = value);
            predictor.predict(&row)[0]
        })
        .collect();

    println!("{} rows, the first with probability {}", probabilities.len(), probabilities[0]);
    assert_eq!(probabilities, model.transform(&model.predict_margins(&data, Rounds::All)).into_values()); // the same bits as all at once
    Ok(())
}
