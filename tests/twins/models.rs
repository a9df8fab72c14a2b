//! Whole trainings on both backends: models and metrics are equal to the byte.

use crate::kit::{Labels, Random, assert_same, data, params, tiny, with_weights};
use gboost::GpuOptions;

/// How many random configurations are tried; every third also with default limits and tiny tiles.
const CONFIGURATIONS: u64 = 42;

pub fn random_configurations() {
    let only: Option<u64> = std::env::var("GBOOST_CONFIGURATION").ok().and_then(|text| text.parse().ok());
    for number in 0..CONFIGURATIONS {
        if only.is_none_or(|only| only == number) {
            random_configuration(number);
        }
    }
}

/// One of `words`, by chance.
fn pick<'w>(random: &mut Random, words: &[&'w str]) -> &'w str {
    words[random.below(words.len() as u64) as usize]
}

fn random_configuration(number: u64) {
    let mut random = Random(1000 + number);
    let (objective, labels) = match number % 4 {
        0 => ("objective=binary:logistic".to_string(), Labels::Binary),
        1 => ("objective=reg:squarederror".to_string(), Labels::Real),
        2 => ("objective=multi:softprob num_class=3".to_string(), Labels::Classes(3)),
        _ => ("objective=binary:logistic scale_pos_weight=1.5 base_score=auto".to_string(), Labels::Binary),
    };
    let exact = random.below(3) == 0;
    let rows = 100 + random.below(if exact { 500 } else { 1200 }) as usize;
    let features = 1 + random.below(9) as usize;
    let missing = [0.0, 0.1, 0.5][random.below(3) as usize];
    let mut train = data(number, rows, features, missing, labels);
    let mut validation = data(number + 77, rows / 3 + 1, features, missing, labels);
    if random.below(3) == 0 {
        train = with_weights(train, number);
        validation = with_weights(validation, number + 1);
    }
    let mut text = format!(
        "{objective} num_round={} max_depth={} eta=0.4 seed={number} {}",
        2 + random.below(3),
        1 + random.below(8),
        if exact { "tree_method=exact" } else { "tree_method=hist" },
    );
    for choices in [
        &["max_bin=256", "max_bin=2", "max_bin=17", "max_bin=1000"][..],
        &["gamma=0", "gamma=0.3", "gamma=2"],
        &["lambda=1", "lambda=0", "lambda=3.7"],
        &["alpha=0", "alpha=0", "alpha=0.3"],
        &["max_delta_step=0", "max_delta_step=0", "max_delta_step=0.2"],
        &["min_child_weight=1", "min_child_weight=0", "min_child_weight=4.5"],
        &["histogram_sums=narrow", "histogram_sums=wide"],
        &["subsample=1", "subsample=0.6", "subsample=0.9"],
        &["colsample_bytree=1", "colsample_bytree=0.6"],
        &["sampler=xgboost1", "sampler=hash", "colsample_bylevel=0.7", "colsample_bynode=0.5 colsample_bylevel=0.9"],
    ] {
        text += &format!(" {}", pick(&mut random, choices));
    }
    if random.below(4) == 0 {
        text += " early_stopping_rounds=1";
    }
    let mut options = vec![GpuOptions::default()];
    if number.is_multiple_of(3) {
        options.push(tiny());
    }
    let name = format!("configuration {number}: {rows} rows, {features} features, missing {missing}, {text}");
    assert_same(&name, &train, Some(&validation), &params(&text), &options);
}

/// More bins than workgroup memory holds, summed in global memory and scanned in blocks.
pub fn thousands_of_bins() {
    let data = data(5, 6000, 3, 0.1, Labels::Real);
    for (text, options) in [
        ("max_bin=5000 num_round=2 max_depth=3 histogram_sums=narrow", GpuOptions::default()),
        ("tree_method=exact num_round=2 max_depth=3 histogram_sums=narrow", GpuOptions::default()),
        ("max_bin=5000 num_round=1 max_depth=2 histogram_sums=wide", tiny()),
    ] {
        assert_same(text, &data, None, &params(text), &[options]);
    }
}

/// Levels of more nodes than rows, of more nodes than the histograms hold, and leaves of one row.
pub fn deep_trees() {
    let data = data(6, 700, 4, 0.2, Labels::Binary);
    let small = GpuOptions::default().histogram_bytes(1);
    for depth in [12, 20] {
        let text =
            format!("objective=binary:logistic num_round=1 max_depth={depth} min_child_weight=0 max_bin=16 lambda=0");
        assert_same(&text, &data, None, &params(&text), &[GpuOptions::default()]);
    }
    let text = "objective=binary:logistic num_round=1 max_depth=5 min_child_weight=0 colsample_bynode=0.5";
    assert_same(text, &data, None, &params(text), &[small]);
}

/// One row, one feature, nothing present, a single leaf.
pub fn least_data() {
    for rows in [1, 2, 3, 255, 256, 257] {
        let data = data(7, rows, 1, 0.0, Labels::Real);
        let text = "num_round=2 max_depth=2 min_child_weight=0 subsample=0.5";
        assert_same(&format!("{rows} rows"), &data, Some(&data), &params(text), &[GpuOptions::default()]);
    }
    let mut data = data(8, 50, 2, 0.0, Labels::Binary);
    data.columns[0] = vec![f32::NAN; 50];
    data.columns[1] = vec![1.0; 50];
    for text in
        ["objective=binary:logistic num_round=1", "objective=binary:logistic tree_method=exact max_depth=0 num_round=1"]
    {
        assert_same(text, &data, Some(&data), &params(text), &[GpuOptions::default(), tiny()]);
    }
}

/// The main job on the data in `data/`, all 800 rounds.
pub fn task_1() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/adult_train.csv.gz");
    let train = gboost::ingest::read_channel(&[path], &gboost::ingest::ReadOptions::default()).unwrap().dataset;
    let params = gboost::Params::task1();
    let sha256 = |backend| {
        let trainer = gboost::Trainer::new(&params, &train).evaluate(gboost::Evaluate::LastRound).on(backend);
        let trained = trainer.run().unwrap_or_else(|error| panic!("{error}"));
        (trained.model.trees.len(), trained.model.sha256())
    };
    let on_cpu = sha256(gboost::BackendChoice::Cpu);
    assert_eq!(on_cpu.0, 800);
    assert_eq!(sha256(gboost::BackendChoice::Gpu(GpuOptions::default())), on_cpu);
}
