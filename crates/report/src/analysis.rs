//! `analysis.json`: explanations and bias metrics in the layout of SageMaker Clarify.
//!
//! ```json
//! {
//!   "version": "1.0",
//!   "explanations": {
//!     "kernel_shap": { "label0": { "global_shap_values": { "age": 0.41 }, "expected_value": 1.3 } },
//!     "method": { "name": "TreeSHAP", "feature_perturbation": "tree_path_dependent", "unit": "margin", "rows": 4885 }
//!   },
//!   "pre_training_bias_metrics": {
//!     "label": "income", "label_value_or_threshold": "1",
//!     "facets": {
//!       "sex": [{ "value_or_threshold": "1", "metrics": [{ "name": "CI", "description": "...", "value": 0.3 }] }]
//!     }
//!   },
//!   "post_training_bias_metrics": { },
//!   "report": { "label_counts": { "0": 621, "1": 1735 }, "accuracy": 0.855 }
//! }
//! ```
//!
//! What Clarify does not have stands beside what it has: `method` (the values are exact TreeSHAP in
//! units of the margin, under the key where readers of Clarify's file look for them), and with each
//! bias metric its range, usual bounds and reading. JSON has no infinity: it is the text
//! `"Infinity"`, as in Clarify's own files.

use gboost::explain::bias::{BiasMetric, BiasReport};
use gboost::explain::shap::{Explainer, GlobalInteractions, GlobalShap};
use gboost::model::Model;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The content of `analysis.json`; a part that was not asked for is left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Analysis {
    /// Version of the layout of Clarify's file: `1.0`.
    pub version: &'static str,
    /// What the features add to predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanations: Option<Explanations>,
    /// Bias metrics of the labels, which a model would learn from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_training_bias_metrics: Option<BiasSection>,
    /// Bias in the predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_training_bias_metrics: Option<BiasSection>,
    /// The figures of a report, where one was made:
    /// [`ReportData::summary`](super::ReportData::summary).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Value>,
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            version: "1.0",
            explanations: None,
            pre_training_bias_metrics: None,
            post_training_bias_metrics: None,
            report: None,
        }
    }
}

impl Analysis {
    /// Returns the text of the file: indented JSON with a line feed at its end.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Only a map with keys that are no strings could fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Global SHAP values: mean absolute contributions to the margin, per class and feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanations {
    /// By class: `label0`, `label1`, ...; `label0` alone for models of one margin.
    pub kernel_shap: Map<String, Value>,
    /// The pairs of features that interact, the largest first, if interactions were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub global_shap_interactions: Vec<PairInteraction>,
    /// How they were computed.
    pub method: ShapMethod,
}

/// How much two features together move the margin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairInteraction {
    /// Their names, in the model's order.
    pub features: [String; 2],
    /// Mean absolute SHAP interaction over all rows and classes (the whole, not the half that each
    /// place of the matrix has).
    pub value: f64,
}

/// How SHAP values were computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShapMethod {
    /// Name of the algorithm: always `TreeSHAP`, whose values are exact.
    pub name: &'static str,
    /// How a feature is left out: `tree_path_dependent` or `interventional`.
    pub feature_perturbation: &'static str,
    /// What the values are in units of.
    pub unit: &'static str,
    /// Number of rows that were explained.
    pub rows: usize,
}

impl Explanations {
    /// Puts the global SHAP values of a model together, features in the model's order.
    #[must_use]
    pub fn new(model: &Model, explainer: &Explainer, global: &GlobalShap) -> Self {
        let label = |class: usize| {
            let values: Map<String, Value> = global
                .mean_abs(class)
                .into_iter()
                .enumerate()
                .map(|(feature, value)| (model.feature_name(feature), number(value)))
                .collect();
            let content =
                json!({ "global_shap_values": values, "expected_value": number(global.expected_values[class]) });
            (format!("label{class}"), content)
        };
        Self {
            kernel_shap: (0..model.classes).map(label).collect(),
            global_shap_interactions: Vec::new(),
            method: ShapMethod {
                name: "TreeSHAP",
                feature_perturbation: explainer.feature_perturbation(),
                unit: "margin",
                rows: global.rows,
            },
        }
    }
}

impl Explanations {
    /// The same with interactions.
    #[must_use]
    pub fn with_interactions(mut self, model: &Model, pairs: &GlobalInteractions) -> Self {
        let named = |((i, j), value)| PairInteraction { features: [i, j].map(|f| model.feature_name(f)), value };
        self.global_shap_interactions = pairs.pairs().into_iter().map(named).collect();
        self
    }
}

/// The bias metrics of one stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BiasSection {
    /// Name of the label column.
    pub label: String,
    /// Which labels are positive.
    pub label_value_or_threshold: String,
    /// By column: a list of facets, each with its metrics.
    pub facets: Map<String, Value>,
}

impl BiasSection {
    /// The section of a label; facets on the same column come into one list, in their order.
    #[must_use]
    pub fn new<'a>(
        label: &str,
        positive: &str,
        reports: &'a [BiasReport],
        metrics: impl Fn(&'a BiasReport) -> &'a [BiasMetric],
    ) -> Self {
        let mut facets = Map::new();
        for report in reports {
            let metrics: Vec<Value> = metrics(report).iter().map(metric).collect();
            let facet = json!({ "value_or_threshold": report.condition, "rows": report.rows, "metrics": metrics });
            if let Value::Array(list) = facets.entry(report.column.clone()).or_insert_with(|| json!([])) {
                list.push(facet);
            }
        }
        Self { label: label.to_string(), label_value_or_threshold: positive.to_string(), facets }
    }
}

fn metric(metric: &BiasMetric) -> Value {
    let bounds = |(low, high): (f64, f64)| json!([number(low), number(high)]);
    json!({
        "name": metric.name,
        "description": metric.description,
        "value": number(metric.value),
        "range": bounds(metric.range),
        "usual_bounds": metric.usual.map(bounds),
        "within_usual_bounds": metric.is_usual(),
        "reading": metric.reading,
    })
}

/// A number, or Clarify's text for what JSON lacks.
fn number(value: f64) -> Value {
    if value.is_finite() {
        json!(value)
    } else if value.is_nan() {
        Value::Null
    } else {
        json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
    }
}
