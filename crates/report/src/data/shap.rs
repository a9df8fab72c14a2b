//! What moves the predictions: SHAP values of evenly chosen rows.

use super::sample::{even, of_rows};
use crate::analysis::Explanations;
use gboost::explain::shap::{Explainer, GlobalShap};
use gboost::model::Model;
use gboost::{Dataset, Result, Rounds};
use serde::Serialize;

/// Rows that are explained, at most.
const ROWS: usize = 1000;
/// Features whose values are shown one by one.
const SWARMS: usize = 12;
/// Points per feature whose values are shown one by one, at most.
const POINTS: usize = 300;

/// SHAP values by feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShapSummary {
    /// Rows that were explained.
    pub rows: usize,
    /// The expected margin, by class.
    pub expected: Vec<f64>,
    /// The features that occur in any tree, the largest mean first.
    pub features: Vec<ShapFeature>,
    /// The same in the layout of `analysis.json`.
    #[serde(skip)]
    pub explanations: Explanations,
}

/// What a feature adds to margins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShapFeature {
    /// Name of the feature, as the model has it.
    pub name: String,
    /// Its place among the features.
    pub feature: usize,
    /// Mean absolute value, over all classes.
    pub mean: f64,
    /// Mean absolute value per class, in units of the margin.
    pub by_class: Vec<f64>,
    /// SHAP values of some rows, of models of one margin; empty for the features further down.
    pub values: Vec<f64>,
    /// The feature's values in the same rows; NaN for missing.
    pub inputs: Vec<f64>,
}

impl ShapSummary {
    /// `None` for a model without splits.
    ///
    /// # Errors
    /// As [`Explainer::path_dependent`].
    pub fn new(model: &Model, data: &Dataset, rounds: usize) -> Result<Option<Self>> {
        let rows = even(data.rows, ROWS);
        let sample = of_rows(data, &rows);
        let explainer = Explainer::path_dependent(model, Rounds::First(rounds))?;
        let found = explainer.contributions(&sample, 0..sample.rows);
        let mut global = GlobalShap::new(&explainer);
        global.add(&found);
        let overall = global.overall();
        let by_class: Vec<Vec<f64>> = (0..model.classes).map(|class| global.mean_abs(class)).collect();
        let points = even(sample.rows, POINTS);
        let features: Vec<ShapFeature> = global
            .order()
            .into_iter()
            .filter(|&feature| overall[feature] > 0.0)
            .enumerate()
            .map(|(place, feature)| {
                let shown: &[usize] = if model.classes == 1 && place < SWARMS { &points } else { &[] };
                ShapFeature {
                    name: model.feature_name(feature),
                    feature,
                    mean: overall[feature],
                    by_class: by_class.iter().map(|means| means[feature]).collect(),
                    values: shown.iter().map(|&row| found.row(row, 0)[feature]).collect(),
                    inputs: shown.iter().map(|&row| f64::from(sample.columns[feature][row])).collect(),
                }
            })
            .collect();
        Ok((!features.is_empty()).then(|| Self {
            rows: sample.rows,
            expected: global.expected_values.clone(),
            features,
            explanations: Explanations::new(model, &explainer, &global),
        }))
    }
}
