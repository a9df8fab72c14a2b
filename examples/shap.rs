//! SHAP values: what each feature contributes to a row's margin. They add up to the margin.
//! `cargo run --release --example shap`

use gboost::explain::shap::{Explainer, GlobalShap};
use gboost::ingest::{ReadOptions, read_bytes};
use gboost::{Params, Rounds, Trainer};
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let bytes = &include_bytes!("../data/adult_validation.csv.gz")[..];
    let data = read_bytes(Path::new("data.csv.gz"), bytes, &ReadOptions::default())?.dataset;
    let mut params = Params::default();
    params.set("objective", "binary:logistic")?;
    params.set("num_round", "30")?;
    let model = Trainer::new(&params, &data).run()?.model;

    let explainer = Explainer::path_dependent(&model, Rounds::All)?; // as XGBoost's pred_contribs
    let contributions = explainer.contributions(&data, 0..100);
    let margins = model.predict_margins(&data, Rounds::All);
    for (row, &margin) in margins.values().iter().enumerate().take(100) {
        let sum: f64 = contributions.row(row, 0).iter().sum(); // all features, and the expected margin
        assert!((sum - f64::from(margin)).abs() < 1e-5);
    }

    let mut global = GlobalShap::new(&explainer);
    global.add(&contributions);
    let (means, order) = (global.mean_abs(0), global.order());
    for &feature in &order[..5] {
        println!("{:15} {:.4}", model.feature_name(feature), means[feature]);
    }
    assert!(means[order[0]] >= means[order[1]]);
    Ok(())
}
