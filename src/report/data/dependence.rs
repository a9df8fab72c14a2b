//! How the prediction depends on one feature: partial dependence (Friedman 2001).

use super::sample::{even, of_rows};
use super::shap::ShapSummary;
use crate::explain::importance::{Importance, importance};
use crate::ingest::Dataset;
use crate::model::Model;
use crate::objective::Objective;
use serde::Serialize;

/// Features that are shown.
const FEATURES: usize = 6;
/// Rows that are averaged over.
const ROWS: usize = 400;
/// Values of a feature, at most.
const VALUES: usize = 24;

/// The mean prediction with a feature set to one value after another in evenly chosen rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dependence {
    /// Name of the feature.
    pub name: String,
    /// Its place among the features.
    pub feature: usize,
    /// Its values, ascending.
    pub values: Vec<f64>,
    /// `[output][value]`: the mean prediction; outputs as [`Dependence::outputs`].
    pub means: Vec<Vec<f64>>,
    /// The mean prediction where the feature is missing, by output; none where no row lacks it.
    pub missing: Option<Vec<f64>>,
    /// What is predicted: a class each, or nothing for a single output.
    pub outputs: Vec<String>,
    /// Rows that were averaged over.
    pub rows: usize,
}

/// Of the features that matter most: by SHAP where known, otherwise by gain.
pub(super) fn top(model: &Model, data: &Dataset, rounds: usize, shap: Option<&ShapSummary>) -> Vec<Dependence> {
    let features: Vec<usize> = match shap {
        Some(shap) => shap.features.iter().filter(|found| found.mean > 0.0).map(|found| found.feature).collect(),
        None => importance(model, Importance::Gain).into_iter().map(|found| found.feature).collect(),
    };
    let rows = even(data.rows, ROWS);
    let sample = of_rows(data, &rows);
    features.into_iter().take(FEATURES).filter_map(|feature| of(model, data, &sample, feature, rounds)).collect()
}

fn of(model: &Model, data: &Dataset, sample: &Dataset, feature: usize, rounds: usize) -> Option<Dependence> {
    let column = data.columns.get(feature)?;
    let values = grid(column);
    let lacks = column.iter().any(|value| value.is_nan());
    let settings = values.iter().copied().chain(lacks.then_some(f32::NAN));
    // The sample once for each value, in one table.
    let copies = values.len() + usize::from(lacks);
    let table = Dataset {
        columns: (0..sample.columns.len())
            .map(|other| match other == feature {
                true => settings.clone().flat_map(|value| std::iter::repeat_n(value, sample.rows)).collect(),
                false => sample.columns[other].repeat(copies),
            })
            .collect(),
        rows: sample.rows * copies,
        ..Dataset::default()
    };
    let predictions = model.transform(&model.predict_margins(&table, Some(rounds)));
    let mut means: Vec<Vec<f64>> = predictions
        .chunks_exact(table.rows.max(1))
        .map(|of_class| {
            let mean = |rows: &[f32]| rows.iter().map(|&value| f64::from(value)).sum::<f64>() / rows.len() as f64;
            of_class.chunks_exact(sample.rows.max(1)).map(mean).collect()
        })
        .collect();
    let missing = lacks.then(|| means.iter_mut().filter_map(Vec::pop).collect());
    let outputs = match model.objective {
        Objective::Softmax | Objective::Softprob => (0..model.classes).map(|class| class.to_string()).collect(),
        _ => vec![String::new()],
    };
    Some(Dependence {
        name: model.feature_name(feature),
        feature,
        values: values.into_iter().map(f64::from).collect(),
        means,
        missing,
        outputs,
        rows: sample.rows,
    })
}

/// The values that occur, or evenly chosen ones of them where they are many.
fn grid(column: &[f32]) -> Vec<f32> {
    let mut values: Vec<f32> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    values.sort_unstable_by(f32::total_cmp);
    values.dedup();
    if values.len() <= VALUES {
        return values;
    }
    (0..VALUES).map(|place| values[place * (values.len() - 1) / (VALUES - 1)]).collect()
}
