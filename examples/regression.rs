//! A regression: trains on a noisy curve, and measures the error on rows that were held out.
//! `cargo run --release --example regression`

use gboost::{Dataset, Params, Rounds, Trainer};

/// Rows of `sin(x) + z` with `x` in [0, 6) and `z` 0 or 1; every third row from `first` on.
fn curve(first: usize) -> Dataset {
    let rows: Vec<usize> = (first..3000).step_by(3).collect();
    let x: Vec<f32> = rows.iter().map(|&row| row as f32 / 500.0).collect();
    let z: Vec<f32> = rows.iter().map(|&row| (row / 7 % 2) as f32).collect();
    let labels: Vec<f32> = x.iter().zip(&z).map(|(x, z)| x.sin() + z).collect();
    Dataset::new(vec![x, z]).with_labels(labels)
}

pub(crate) fn main() -> gboost::Result<()> {
    let (train, held_out) = (curve(0), curve(1));
    let mut params = Params::default(); // objective reg:squarederror
    for (name, value) in [("num_round", "60"), ("eta", "0.2"), ("max_depth", "4"), ("eval_metric", "rmse")] {
        params.set(name, value)?;
    }
    let trained = Trainer::new(&params, &train).channel("held_out", &held_out).run()?;

    // By round, channel and metric; channel 0 is `train`.
    let rmse: Vec<f64> = trained.history.iter().map(|round| round.values[1][0]).collect();
    println!("rmse on held-out rows: {:.4} after one round, {:.4} after {}", rmse[0], rmse[59], rmse.len());
    assert!(rmse[0] > 0.5 && rmse[59] < 0.03);

    let predictions = trained.model.predict_margins(&held_out, Rounds::All); // of a regression margins are predictions
    println!("row 0: {} for {}", predictions.get(0, 0), held_out.labels.as_deref().unwrap_or_default()[0]);
    assert!((predictions.get(0, 0) - 0.002).abs() < 0.05);
    Ok(())
}
