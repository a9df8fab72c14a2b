//! A table from memory: names, missing values and row weights, without any file.
//! `cargo run --release --example dataset`

use gboost::{Dataset, Params, Rounds, Trainer};

pub(crate) fn main() -> gboost::Result<()> {
    let columns: Vec<Vec<f32>> = vec![
        (0..200).map(|row| (row % 5 + 1) as f32).collect(),
        (0..200).map(|row| if row % 4 == 0 { f32::NAN } else { (row % 2) as f32 }).collect(), // NaN: missing
    ];
    let labels: Vec<f32> = (0..200).map(|row| 100.0 * (row % 5 + 1) as f32).collect();
    let weights: Vec<f32> = (0..200).map(|row| if row < 100 { 1.0 } else { 0.5 }).collect();
    // The names are kept in the model.
    let data = Dataset::new(columns).with_names(["rooms", "garden"]).with_labels(labels).with_weights(weights);
    let model = Trainer::new(&Params::default(), &data).run()?.model;

    println!("{:?}: {:?}", model.feature_names, &model.predict_margins(&data, Rounds::All).values()[..5]);
    assert_eq!(model.feature_names, ["rooms", "garden"]);
    for (row, prediction) in (0..5).zip(model.predict_margins(&data, Rounds::All).into_values()) {
        assert!((prediction - 100.0 * (row + 1) as f32).abs() < 1.0);
    }
    Ok(())
}
