//! Bias metrics: whether labels and predictions favour one group of rows over the others.
//! `cargo run --release --example bias`

use gboost::explain::bias::{BiasReport, BiasRows, Condition, Facet};
use gboost::ingest::keys::Keys;
use gboost::ingest::{ReadOptions, read_bytes};
use gboost::{Params, Rounds, Trainer};
use std::path::Path;

pub(crate) fn main() -> gboost::Result<()> {
    let bytes = &include_bytes!("../data/adult_test.csv.gz")[..];
    let data = read_bytes(Path::new("data.csv.gz"), bytes, &ReadOptions::default())?.dataset;
    let mut params = Params::default();
    params.set("objective", "binary:logistic")?;
    params.set("num_round", "30")?;
    let model = Trainer::new(&params, &data).run()?.model;

    let labels = data.labels.as_deref().unwrap_or_default();
    let positive: Vec<bool> = labels.iter().map(|&label| label == 1.0).collect();
    let predicted: Vec<bool> =
        model.predict_margins(&data, Rounds::All).values().iter().map(|&margin| margin > 0.0).collect();
    let rows = BiasRows { positive: &positive, predicted: &predicted, groups: None };

    let sex = data.names().iter().position(|name| name == "sex").unwrap_or_default();
    let values = Keys::of_values(&data.columns[sex]);
    let others: Vec<&[f32]> = (0..data.features())
        .filter(|&feature| feature != sex)
        .map(|feature| data.columns[feature].as_slice())
        .collect();
    let women = Condition::parse_values("0")?;
    let facet = Facet { column: "sex", values: &values, condition: &women, others: &others };
    let report = BiasReport::new(&rows, &facet)?;

    for metric in report.labels.iter().chain(&report.predictions) {
        println!("{:5} {:8.4}  {}", metric.name, metric.value, metric.reading);
    }
    assert_eq!((report.rows, report.all), (1559, 4885));
    let dpl = report.labels.iter().find(|metric| metric.name == "DPL").map_or(0.0, |metric| metric.value);
    assert!((dpl + 0.1858).abs() < 1e-4);
    Ok(())
}
