//! The numbers of a report: everything that a page or a notebook shows, as data.
//!
//! Scores and areas come from the margins, as all [metrics](gboost::metric) do; everything
//! about probabilities (calibration, lift by probability, distributions) from the predictions that
//! `gboost predict` writes. Sums over rows run in the order of the rows, so that a report does not
//! depend on the number of threads. Row weights count in scores and curves; counts of rows are
//! counts of rows.

pub mod calibration;
pub mod classes;
pub mod curves;
pub mod dependence;
pub mod histogram;
pub mod learning;
pub mod regression;
pub mod sample;
pub mod shap;
pub mod stages;
pub mod thresholds;
pub mod trees;
pub(crate) mod verdict;

use super::figures::Figures;
use super::palette::DataRole;
use crate::history_file::History;
use classes::Classes;
use dependence::Dependence;
use gboost::explain::importance::{Importance, importance};
use gboost::internals::train::evaluation::metric_weights;
use gboost::metric::{MOST_DENSE_CLASSES, Metric, Scored};
use gboost::model::Model;
use gboost::objective::Objective;
use gboost::{Dataset, Error, PerOutput, Result, Rounds};
use histogram::Histogram;
use learning::{Learning, RoundsUsed};
use regression::Regression;
use serde::Serialize;
use serde_json::{Map, Value};
use shap::ShapSummary;
use stages::OverRounds;
use std::collections::BTreeMap;
use trees::DrawnTree;

/// A part of the data by name, such as `validation`.
#[derive(Clone, Copy, Debug)]
pub struct NamedData<'a> {
    /// Name of the channel or file, as the report shows it.
    pub name: &'a str,
    /// What part it had in the training.
    pub role: DataRole,
    /// The rows; they have labels.
    pub data: &'a Dataset,
}

/// What a report is made of.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    /// Trained model that the report judges.
    pub model: &'a Model,
    /// Rounds of the model that predict: the best, all, or a given number of them.
    pub rounds: Rounds,
    /// What the model is judged by.
    pub data: NamedData<'a>,
    /// Other data that the loss is followed on, the training data first.
    pub others: Vec<NamedData<'a>>,
    /// The metrics of every round, where a training has written them.
    pub history: Option<History>,
    /// The parameters of the training, where they are known.
    pub parameters: Option<Map<String, Value>>,
    /// The manifest of the training, where there is one.
    pub manifest: Option<Value>,
}

/// Everything that a report shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportData {
    /// Objective, size and digest of the model.
    pub model: ModelSummary,
    /// Name, size and role of the judging data.
    pub data: DataSummary,
    /// Figures by name of data, the judging data first.
    pub figures: Vec<ChannelFigures>,
    /// Distribution of the labels of the judging data.
    pub labels: Labels,
    /// The loss over the rounds, and the verdict on it; `None` without a curve.
    pub learning: Option<Learning>,
    /// What is followed over the rounds besides: recall of classes, or errors of label bins.
    pub over_rounds: OverRounds,
    /// Importance by feature, the highest gain first.
    pub importance: Vec<FeatureScores>,
    /// Scores, curves and distributions of a classifier; `None` for a regression.
    pub classes: Option<Classes>,
    /// Errors of a regression; `None` for a classifier.
    pub regression: Option<Regression>,
    /// What moves the predictions.
    pub shap: Option<ShapSummary>,
    /// Why there are no SHAP values, where the model has a tree that is too deep for them.
    pub no_shap: Option<String>,
    /// How the prediction depends on single features.
    pub dependence: Vec<Dependence>,
    /// At most three trees of the model, laid out to be drawn.
    pub trees: Vec<DrawnTree>,
    /// Parameters of the training by name; only those that the model knows if not given.
    pub parameters: Map<String, Value>,
    /// Manifest of the training as its file has it; `None` if not given.
    pub manifest: Option<Value>,
}

/// Objective, size and digest of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelSummary {
    /// XGBoost's name of the objective.
    pub objective: &'static str,
    /// Objective as a value of the library; not in the JSON, which has its name.
    #[serde(skip)]
    pub kind: Objective,
    /// Margins per row: the number of classes of a multiclass model, otherwise 1.
    pub classes: usize,
    /// Number of features that the model expects per row.
    pub features: usize,
    /// Number of boosting rounds in the model, those after the best one included.
    pub rounds: usize,
    /// Rounds that predict in this report.
    pub rounds_used: usize,
    /// Best round by early stopping, from 0.
    pub best_iteration: Option<usize>,
    /// Number of trees: rounds times margins per row.
    pub trees: usize,
    /// Trees of a single leaf.
    pub stumps: usize,
    /// Number of leaves, summed over all trees.
    pub leaves: usize,
    /// Depth of the deepest tree.
    pub depth: usize,
    /// Prediction before the first tree.
    pub base_score: Vec<f32>,
    /// sha256 of the model file.
    pub sha256: String,
}

/// What the model is judged by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataSummary {
    /// Name of the judging data: a channel, or a file.
    pub name: String,
    /// What part it had in the training.
    pub role: DataRole,
    /// Name of the label column, where it has one.
    pub label: Option<String>,
    /// Number of rows; rows of weight 0 count, too.
    pub rows: usize,
    /// Share of the feature values that are missing.
    pub missing: f64,
    /// Whether rows have weights.
    pub weighted: bool,
}

/// The figures on a part of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelFigures {
    /// Name of the data: a channel, or a file.
    pub name: String,
    /// What part it had in the training.
    pub role: DataRole,
    /// The figures, `rows` first.
    pub figures: Figures,
}

/// The labels of the judging data.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Labels {
    /// Number of rows per class, in the order of the classes; two classes at least.
    Classes(Vec<u64>),
    /// Histogram of the labels of a regression, in units of the label.
    Numbers(Histogram),
}

/// The importance of a feature by XGBoost's kinds, as percent of the sum over all features.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeatureScores {
    /// Name of the feature, as the model has it.
    pub name: String,
    /// Percent of all splits of the model that are on the feature.
    pub weight: f64,
    /// Percent of the sum of mean gains.
    pub gain: f64,
    /// Percent of the sum of mean covers.
    pub cover: f64,
}

/// Rows with what a model predicts for them.
#[derive(Clone, Debug)]
pub struct Predicted<'a> {
    /// Objective of the model, which decides how margins become predictions.
    pub objective: Objective,
    /// Margins per row: the number of classes of a multiclass model, otherwise 1.
    pub classes: usize,
    /// Label per row: a class number, or a value of a regression.
    pub labels: &'a [f32],
    /// Quantised weight per row; `None`: each row weighs 1.
    pub weights: Option<Vec<u32>>,
    /// What a quantised weight of 1 stands for.
    pub weight_unit: f64,
    /// Margins per row and output, widened from the model's binary32 sums.
    pub margins: PerOutput<f64>,
    /// Probabilities or predicted values: what `gboost predict` writes.
    pub predictions: PerOutput<f32>,
}

impl Predicted<'_> {
    /// Returns the number of rows, which is that of the labels.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Returns margins, labels and weights in the form that metrics evaluate.
    #[must_use]
    pub fn scored(&self) -> Scored<'_> {
        Scored::new(&self.margins, self.labels, self.weights.as_deref(), self.objective)
    }

    /// Returns the quantised weight of a row; 1 where rows have no weights.
    #[must_use]
    pub fn weight(&self, row: usize) -> u32 {
        self.weights.as_ref().map_or(1, |weights| weights[row])
    }

    /// The sum of the weights.
    #[must_use]
    pub fn total_weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.rows() as f64, |weights| weights.iter().map(|&w| f64::from(w)).sum())
    }

    /// Returns the weighted mean of a value per row, added in the order of the rows; 0 where all
    /// weights are.
    #[must_use]
    pub fn mean(&self, value: impl Fn(usize) -> f64) -> f64 {
        let sum: f64 = (0..self.rows()).map(|row| value(row) * f64::from(self.weight(row))).sum();
        let total = self.total_weight();
        if total > 0.0 { sum / total } else { 0.0 }
    }

    /// Returns the prediction of a row for a class: a probability, or the value of a regression.
    #[must_use]
    pub fn prediction(&self, class: usize, row: usize) -> f64 {
        f64::from(self.predictions.get(class, row))
    }
}

/// Returns the labels of data that must have them.
///
/// # Errors
/// If there are none.
pub(crate) fn labels_of(data: &Dataset) -> Result<&[f32]> {
    data.labels
        .as_deref()
        .ok_or_else(|| Error::data("the data has no labels").remedy("name the label column with {label}"))
}

impl ReportData {
    /// Computes everything.
    ///
    /// # Errors
    /// If data has no rows, no labels or labels outside the objective's domain, or if all weights
    /// are 0.
    pub fn new(inputs: Inputs<'_>) -> Result<Self> {
        let Inputs { model, rounds, data: NamedData { name, data, .. }, .. } = inputs;
        let used = model.used_rounds(rounds);
        if data.rows == 0 {
            return Err(Error::data(format!("the {name} data has no rows")).remedy("give at least one row"));
        }
        let metrics = Metric::reported_for(model.objective);
        let channels: Vec<NamedData<'_>> = std::iter::once(inputs.data).chain(inputs.others.iter().copied()).collect();
        let figures = channels
            .iter()
            .map(|channel| {
                Ok(ChannelFigures {
                    name: channel.name.to_string(),
                    role: channel.role,
                    figures: Figures::new(model, channel.data, &metrics, rounds)
                        .map_err(|error| error.context(channel.name))?,
                })
            })
            .collect::<Result<Vec<_>>>()?;

        let labels = labels_of(data)?;
        let weights = metric_weights(data)?;
        let (over_rounds, followed, margins) = stages::follow(model, inputs.data, used)?;
        let predicted = Predicted {
            objective: model.objective,
            classes: model.classes,
            labels,
            weight_unit: weights.unit(),
            weights: weights.values,
            predictions: model.transform(&margins),
            margins: margins.map(f64::from),
        };
        let mut history = inputs.history.unwrap_or_default();
        // The last round alone, which a training without validation data records, is no curve.
        history.curves.retain(|curve| curve.rounds.len() >= model.rounds().min(2));
        let unseen = history.curves.iter().any(|curve| curve.role != DataRole::Train);
        let given = channels.iter().any(|channel| channel.role != DataRole::Train);
        if history.curves.is_empty() || (!unseen && given) {
            // Nothing but the training data was followed, if anything: what the model is judged by
            // is followed here, and what it is compared with.
            history.join(followed);
            for other in &inputs.others {
                let is_known = |metric: &Metric| history.has(other.name, &metric.name());
                if !metrics.iter().all(is_known) {
                    history.join(stages::losses(model, *other)?);
                }
            }
        }
        let rounds_used = RoundsUsed { rounds: used, stopped_early: model.best_iteration.is_some() };
        let learning = Learning::new(history, model.objective, rounds_used);
        let is_regression = !model.objective.is_classification();
        // Trees that are too deep for SHAP values allow everything else.
        let (shap, no_shap) = match ShapSummary::new(model, data, used) {
            Ok(shap) => (shap, None),
            Err(refusal) => (None, Some(refusal.to_string())),
        };
        let dependence = dependence::top(model, data, used, shap.as_ref());
        Ok(Self {
            model: ModelSummary::new(model, used),
            data: DataSummary::new(inputs.data),
            figures,
            labels: match is_regression {
                true => Labels::Numbers(Histogram::of(labels.iter().map(|&label| f64::from(label)))),
                false => Labels::Classes(class_counts(labels, model)),
            },
            learning,
            over_rounds,
            importance: importances(model),
            classes: (!is_regression).then(|| Classes::new(&predicted)),
            regression: is_regression.then(|| Regression::new(&predicted)),
            shap,
            no_shap,
            dependence,
            trees: trees::chosen(model),
            parameters: inputs.parameters.unwrap_or_else(|| known_parameters(model)),
            manifest: inputs.manifest,
        })
    }

    /// The `report` object of `analysis.json`: what is usually asked for under short names, then
    /// everything else.
    #[must_use]
    pub fn summary(&self) -> Value {
        let mut map = Map::new();
        let mut put = |name: &str, value: Value| map.insert(name.to_string(), value);
        if let Labels::Classes(counts) = &self.labels {
            let is_shown = |rows: u64| rows > 0 || counts.len() <= MOST_DENSE_CLASSES;
            let occurring = counts.iter().enumerate().filter(|(_, rows)| is_shown(**rows));
            let counts: Map<String, Value> =
                occurring.map(|(label, rows)| (label.to_string(), Value::from(*rows))).collect();
            put("label_counts", Value::Object(counts));
        }
        if let Some(first) = self.figures.first() {
            if let Some(found) = &first.figures.classification {
                put("confusion_matrix", json(&found.confusion));
            }
            if let Some(found) = &first.figures.weighted_confusion {
                put("weighted_confusion_matrix", json(found));
            }
            for (name, value) in first.figures.numbers() {
                put(&name, json(&value));
            }
        }
        put("best_round", json(&self.learning.as_ref().and_then(|learning| learning.best_round)));
        if let Some(classes) = &self.classes {
            put("classification_report", classes.report.to_json());
        }
        put("importance", json(&self.importance));
        if let Some(why) = &self.no_shap {
            put("no_shap", Value::from(why.as_str()));
        }
        put("rows", Value::from(self.data.rows));
        put("data", json(&self.data));
        put("model", json(&self.model));
        put("figures", json(&self.figures));
        put("learning", json(&self.learning));
        put("over_rounds", json(&self.over_rounds));
        if let Some(classes) = &self.classes {
            put("classes", json(classes));
        }
        if let Some(regression) = &self.regression {
            put("regression", json(regression));
        }
        put("partial_dependence", json(&self.dependence));
        put("parameters", Value::Object(self.parameters.clone()));
        Value::Object(map)
    }
}

/// Any value as JSON; null for what JSON lacks.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

fn class_counts(labels: &[f32], model: &Model) -> Vec<u64> {
    let mut counts = vec![0; model.classes.max(2)];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    counts
}

impl ModelSummary {
    fn new(model: &Model, rounds_used: usize) -> Self {
        Self {
            objective: model.objective.name(),
            kind: model.objective,
            classes: model.classes,
            features: model.features,
            rounds: model.rounds(),
            rounds_used,
            best_iteration: model.best_iteration,
            trees: model.trees.len(),
            stumps: model.trees.iter().filter(|tree| tree.leaves() <= 1).count(),
            leaves: model.trees.iter().map(|tree| tree.leaves()).sum(),
            depth: model.trees.iter().map(|tree| tree.depth()).max().unwrap_or(0),
            base_score: model.base_score.clone(),
            sha256: model.sha256(),
        }
    }
}

impl DataSummary {
    fn new(NamedData { name, role, data }: NamedData<'_>) -> Self {
        let values = data.rows * data.features();
        let missing = data.columns.iter().flatten().filter(|value| value.is_nan()).count();
        Self {
            name: name.to_string(),
            role,
            label: data.label_name.clone(),
            rows: data.rows,
            missing: if values > 0 { missing as f64 / values as f64 } else { 0.0 },
            weighted: data.weights.is_some(),
        }
    }
}

/// Percent of the sum by kind; features that no tree splits on are left out, as in XGBoost.
fn importances(model: &Model) -> Vec<FeatureScores> {
    let mut found: BTreeMap<usize, FeatureScores> = BTreeMap::new();
    let mut order = Vec::new();
    for kind in [Importance::Gain, Importance::Weight, Importance::Cover] {
        for entry in importance(model, kind) {
            let scores = found.entry(entry.feature).or_insert_with(|| {
                order.push(entry.feature);
                FeatureScores { name: entry.name.clone(), weight: 0.0, gain: 0.0, cover: 0.0 }
            });
            let percent = 100.0 * entry.share;
            match kind {
                Importance::Weight => scores.weight = percent,
                Importance::Gain => scores.gain = percent,
                _ => scores.cover = percent,
            }
        }
    }
    order.into_iter().filter_map(|feature| found.remove(&feature)).collect()
}

/// Returns the parameters that the model file itself holds.
fn known_parameters(model: &Model) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("objective".to_string(), Value::from(model.objective.name()));
    if model.objective.is_multiclass() {
        map.insert("num_class".to_string(), Value::from(model.classes));
    }
    map.insert("num_round".to_string(), Value::from(model.rounds()));
    let base_score = model.base_score.iter().map(|&value| super::metrics_file::shortest(value));
    map.insert("base_score".to_string(), base_score.collect());
    map
}
