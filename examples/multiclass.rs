//! Three classes: probabilities, predicted labels, and the confusion of both.
//! `cargo run --release --example multiclass`

use gboost::{Dataset, Params, Rounds, Trainer};

pub(crate) fn main() -> gboost::Result<()> {
    // Points of a square, by the stripe in which they lie.
    let (x, y): (Vec<f32>, Vec<f32>) = (0..900).map(|row| ((row % 30) as f32, (row / 30) as f32)).unzip();
    let labels: Vec<f32> = x.iter().zip(&y).map(|(x, y)| ((x + y) / 20.0).floor()).collect(); // 0, 1, 2
    let data = Dataset::new(vec![x, y]).with_labels(labels.clone());

    let mut params = Params::default();
    for (name, value) in [("objective", "multi:softprob"), ("num_class", "3"), ("num_round", "30")] {
        params.set(name, value)?;
    }
    let model = Trainer::new(&params, &data).run()?.model;
    assert_eq!(model.trees.len(), 3 * 30); // a tree per class and round

    let margins = model.predict_margins(&data, Rounds::All);
    let probabilities = model.transform(&margins);
    let sum: f32 = (0..3).map(|class| probabilities.get(class, 0)).sum();
    println!("row 0: {:?}", [0, 1, 2].map(|class| probabilities.get(class, 0)));
    assert!((sum - 1.0).abs() < 1e-6 && probabilities.get(0, 0) > 0.9);

    let right = model.labels(&margins).iter().zip(&labels).filter(|(predicted, label)| predicted == label).count();
    println!("{right} of {} rows are right", data.rows);
    assert!(right >= 890);
    Ok(())
}
