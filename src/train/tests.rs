//! A training with an objective that only the tests know: what a new objective needs is its file
//! and its row.

#![allow(clippy::unwrap_used)]

use crate::cpu::CpuOptions;
use crate::{Dataset, Evaluate, Model, Objective, Params, Trained, Trainer};

/// Counts of 0 to 2 where the first feature is below 5, and a thousand times as many elsewhere.
fn counts(rows: usize) -> Dataset {
    let draw = |row: usize| row.wrapping_mul(2_654_435_769) >> 7;
    let columns = vec![
        (0..rows).map(|row| (draw(row) % 10) as f32).collect(),
        (0..rows).map(|row| if row % 7 == 0 { f32::NAN } else { (draw(row + 9) % 50) as f32 }).collect(),
    ];
    let label = |row: usize| (draw(row + 3) % 3) as f32 * if draw(row) % 10 < 5 { 1.0 } else { 1000.0 };
    Dataset { labels: Some((0..rows).map(label).collect()), columns, rows, ..Dataset::default() }
}

fn params(text: &str) -> Params {
    let mut params = Params::default();
    for word in "objective=test:counts eta=0.5 max_depth=3".split(' ').chain(text.split_whitespace()) {
        let (name, value) = word.split_once('=').unwrap();
        params.set(name, value).unwrap();
    }
    params
}

fn train(params: &Params, data: &Dataset, start: Option<&Model>, cpu: CpuOptions) -> Trained {
    let mut trainer = Trainer::new(params, data).channel("validation", data).evaluate(Evaluate::EveryRound);
    if let Some(start) = start {
        trainer = trainer.continue_from(start);
    }
    trainer.on(crate::train::Compute { cpu, ..Default::default() }).run().unwrap()
}

#[test]
fn a_new_objective_trains_is_saved_is_read_and_predicts() {
    let data = counts(3000);
    let Trained { model, history, .. } = train(&params("num_round=30"), &data, None, CpuOptions::default());
    let rmse = |round: usize| history[round].values[0][0];
    assert!(rmse(29) < 0.95 * rmse(0), "rmse {} after {}", rmse(29), rmse(0));
    let predictions = model.transform(&model.predict_margins(&data, crate::model::Rounds::All));
    for is_low in [true, false] {
        let group = |values: &[f32]| -> f32 {
            (0..data.rows).filter(|&row| (data.columns[0][row] < 5.0) == is_low).map(|row| values[row]).sum()
        };
        let (predicted, counted) = (group(predictions.values()), group(data.labels.as_deref().unwrap()));
        assert!((predicted / counted - 1.0).abs() < 0.05, "{predicted} predicted, {counted} counted");
    }

    let path = std::env::temp_dir().join(format!("gboost-counts-{}.json", std::process::id()));
    model.save(&path).unwrap();
    let read = Model::load(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((read.objective.name(), &read.trees), ("test:counts", &model.trees));
    assert_eq!(read.sha256(), model.sha256());
    let row: Vec<f32> = data.columns.iter().map(|column| column[11]).collect();
    assert_eq!(read.row_predictor(crate::model::Rounds::All).predict(&row), &predictions.values()[11..12]);
}

#[test]
fn the_scale_of_a_round_depends_neither_on_chunks_nor_on_threads_nor_on_a_stop() {
    let mut data = counts(9000);
    for weighted in [false, true] {
        data.weights = weighted.then(|| (0..data.rows).map(|row| 0.25 + (row % 5) as f32).collect());
        let params = params("num_round=8 subsample=0.8");
        let whole = train(&params, &data, None, CpuOptions::default()).model.sha256();
        for (chunk_rows, parallel_from) in [(257, 0), (4096, 0), (1000, usize::MAX)] {
            let cpu = CpuOptions { chunk_rows: Some(chunk_rows), parallel_from, ..CpuOptions::default() };
            assert_eq!(train(&params, &data, None, cpu).model.sha256(), whole, "chunks of {chunk_rows} rows");
        }
        let half = Params { num_round: 4, ..params.clone() };
        let first = train(&half, &data, None, CpuOptions::default()).model;
        assert_eq!(train(&half, &data, Some(&first), CpuOptions::default()).model.sha256(), whole, "after a stop");
    }
}

/// One leaf of all rows has the weight that its formula gives in binary64.
#[test]
fn a_leaf_of_real_pairs_is_the_quotient_of_their_sums() {
    let data = counts(500);
    let params = params("num_round=1 tree_method=exact max_depth=0 base_score=2 lambda=0.5 eta=1");
    let model = train(&params, &data, None, CpuOptions::default()).model;
    let labels = data.labels.unwrap();
    let (sum, rows) = (labels.iter().map(|&label| f64::from(label)).sum::<f64>(), labels.len() as f64);
    let wanted = (sum - 2.0 * rows) / (2.0 * rows + 0.5);
    let found = f64::from(model.trees[0].nodes[0].leaf_value().unwrap());
    assert!((found / wanted - 1.0).abs() < 1e-6, "{found} instead of {wanted}");
}

#[test]
fn a_label_outside_the_domain_is_refused() {
    let refused = Objective::from_name("test:counts").unwrap().check_labels(&[1.0, 0.5], 1).unwrap_err();
    assert_eq!(refused.0, 1);
    assert_eq!(refused.1.message(), "label 0.5 is not allowed: test:counts needs a count");
}

#[cfg(feature = "gpu")]
#[test]
fn a_device_refuses_a_loss_that_its_shaders_lack() {
    let (params, data) = (params("num_round=1"), counts(100));
    let gpu = crate::BackendChoice::Gpu(crate::gpu::GpuOptions::default());
    let error = Trainer::new(&params, &data).on(gpu).run().map(|_| ()).unwrap_err();
    assert_eq!(error.message(), "test:counts trains on the processor only");
}

#[test]
fn the_objective_of_the_tests_is_not_offered() {
    assert!(Objective::ALL.iter().all(|objective| objective.name() != "test:counts"));
}
