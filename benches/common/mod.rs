//! The data that all benches share: Higgs-like rows, made in memory, the same on every machine.
#![allow(dead_code)]

use gboost::internals::backend::problem::{Problem, RoutedChannel};
use gboost::internals::backend::shard::Shard;
use gboost::internals::fixed::weight::RowWeights;
use gboost::params::TreeMethod;
use gboost::{BinnedMatrix, Dataset, Params};
use rayon::prelude::*;

/// Features of the Higgs data.
pub const FEATURES: usize = 28;

/// SplitMix64's output function: a draw by its number, so that columns are made in parallel.
fn draw(number: u64) -> f32 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 40) as f32 / 16_777_216.0
}

/// The sum of four uniform draws, centred: close enough to a normal one.
fn normal(column: u64, row: usize) -> f32 {
    (0..4).map(|part| draw((column << 40) + 4 * row as u64 + part)).sum::<f32>() - 2.0
}

/// Continuous features, seven or more, of which the first seven matter. Labels follow a score that
/// is monotone in most of them, so that no split is a near tie as it would be with pure
/// interactions.
pub fn higgs_like(rows: usize, features: usize) -> Dataset {
    let columns: Vec<Vec<f32>> =
        (0..features as u64).map(|column| (0..rows).into_par_iter().map(|row| normal(column, row)).collect()).collect();
    let label = |row: usize| {
        let x = |feature: usize| columns[feature][row];
        let score = x(0) + 0.7 * x(1) * (x(2) + 1.0).max(0.0) + 0.5 * x(4).max(-0.5) + 0.3 * x(5).max(x(6));
        f32::from(score + normal(features as u64, row) > 0.2)
    };
    let labels: Vec<f32> = (0..rows).into_par_iter().map(label).collect();
    Dataset::new(columns).with_labels(labels)
}

/// The binned rows, 256 bins a feature.
pub fn binned(data: &Dataset) -> BinnedMatrix {
    let names: Vec<String> = (0..data.features()).map(|feature| format!("f{feature}")).collect();
    BinnedMatrix::new(&data.columns, &names, data.rows, TreeMethod::Hist, 256).expect("continuous features")
}

/// A training with binary:logistic at its first round, as the backends see it.
pub fn problem<'a>(matrix: &'a BinnedMatrix, data: &Dataset, channel: Option<&'a Dataset>) -> Problem<'a> {
    let params = params("objective=binary:logistic histogram_sums=narrow");
    let labels = data.labels.as_deref().expect("labels");
    let mut problem = Problem::new(&params, (matrix, Shard::whole(data.rows)), labels, RowWeights::UNWEIGHTED, &[0.0]);
    problem.channels = channel.map(|data| RoutedChannel { data, margins: vec![0; data.rows] }).into_iter().collect();
    problem
}

/// Parameters from `name=value` words.
pub fn params(text: &str) -> Params {
    let mut params = Params::default();
    for word in text.split_whitespace() {
        let (name, value) = word.split_once('=').expect("name=value");
        params.set(name, value).unwrap_or_else(|error| panic!("{error}"));
    }
    params
}
