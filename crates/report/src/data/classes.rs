//! Scores, curves and distributions of a classifier.

use super::Predicted;
use super::calibration::Calibration;
use super::curves::RankCurves;
use super::histogram::count_in;
use super::thresholds::Thresholds;
use gboost::metric::{ClassScore, Confusion, MOST_DENSE_CLASSES, Metric, class_scores, rankings};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;

/// Classes whose curves are drawn, at most: those with the most rows.
const MOST_CURVES: usize = 10;
/// Bins of the distributions of probabilities and residuals.
const BINS: usize = 40;

/// Returns the classes that have the most rows, at most `most` of them, ascending.
pub(crate) fn largest(classes: impl Iterator<Item = usize>, rows: impl Fn(usize) -> u64, most: usize) -> Vec<usize> {
    let mut found: Vec<usize> = classes.collect();
    found.sort_by_key(|&class| Reverse(rows(class)));
    found.truncate(most);
    found.sort_unstable();
    found
}

/// Scores, curves and distributions of a classifier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Classes {
    /// Numbers of rows: `[label][predicted]`, of two classes too; of many classes those that are
    /// not 0.
    pub confusion: Confusion,
    /// The same with the rows' weights, where rows have weights: what the scores are made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted_confusion: Option<Confusion<f64>>,
    /// Scores by class and their means.
    pub report: ClassificationReport,
    /// Mean squared distance of the predicted probabilities from what came: of class 1 for two
    /// classes, summed over the classes for several (Brier 1950), as scikit-learn 1.9's
    /// `brier_score_loss`.
    pub brier: f64,
    /// Curves by class: of class 1 for two classes, one class against the rest for several. None of
    /// a class without rows, or with all.
    pub curves: Vec<RankCurves>,
    /// Area under the ROC curve by class against the rest; of class 1 for two classes. Not a number
    /// for a class without rows, or with all.
    pub auc: Vec<f64>,
    /// Of the probability of class 1, or of the predicted class for several.
    pub calibration: Calibration,
    /// Distributions of the probability of class 1 by label, or of the label's own class for
    /// several.
    pub scores: Distribution,
    /// Distribution of label less probability; for several classes 1 less the probability of the
    /// label's class.
    pub residuals: Distribution,
    /// The confusion matrix at every threshold, of two classes.
    pub thresholds: Option<Thresholds>,
}

/// Shares of rows by bins of equal width, one list per class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// Edges of the bins, one more than bins.
    pub edges: Vec<f64>,
    /// `[class][bin]`: share of the rows with that label; of many classes nothing for those without
    /// rows.
    pub shares: Vec<Vec<f64>>,
}

/// scikit-learn's classification report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassificationReport {
    /// One line per class; of many classes those that occur as label or prediction.
    pub classes: Vec<ReportLine>,
    /// Share of right predictions.
    pub accuracy: f64,
    /// Micro average: scores over all rows at once, which all equal the accuracy.
    pub micro: ReportLine,
    /// Mean over the classes that occur as label or prediction.
    pub macro_mean: ReportLine,
    /// Mean over the classes, weighted by their rows.
    pub weighted: ReportLine,
}

/// Scores of one class, or a mean of them over several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportLine {
    /// The class, or what is averaged.
    pub name: String,
    /// Share of the rows predicted as the class that have its label, from 0 to 1.
    pub precision: f64,
    /// Share of the rows with the label that are predicted as the class, from 0 to 1.
    pub recall: f64,
    /// Harmonic mean of precision and recall, from 0 to 1.
    pub f1: f64,
    /// Number of rows with the label.
    pub support: u64,
    /// Weight of these rows, of which the scores are made, where rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

impl ClassificationReport {
    /// `unit` is what a quantised weight of 1 stands for, where rows have weights.
    fn new(scores: &[ClassScore], accuracy: f64, unit: Option<f64>) -> Self {
        let all: u64 = scores.iter().map(|score| score.rows).sum();
        let weight = |quantised: u64| unit.map(|unit| quantised as f64 * unit);
        let all_weight = weight(scores.iter().map(|score| score.support).sum());
        let classes = scores
            .iter()
            .enumerate()
            .filter(|(_, score)| score.occurs || scores.len() <= MOST_DENSE_CLASSES)
            .map(|(class, score)| ReportLine {
                name: class.to_string(),
                precision: score.precision,
                recall: score.recall,
                f1: score.f1,
                support: score.rows,
                weight: weight(score.support),
            })
            .collect();
        let mean = |name: &str, weight: &dyn Fn(&ClassScore) -> f64| {
            let total: f64 = scores.iter().map(weight).sum();
            let of = |value: &dyn Fn(&ClassScore) -> f64| {
                let sum: f64 = scores.iter().map(|score| value(score) * weight(score)).sum();
                if total > 0.0 { sum / total } else { 0.0 }
            };
            ReportLine {
                name: name.to_string(),
                precision: of(&|score| score.precision),
                recall: of(&|score| score.recall),
                f1: of(&|score| score.f1),
                support: all,
                weight: all_weight,
            }
        };
        let micro = ReportLine {
            name: "micro average".to_string(),
            precision: accuracy,
            recall: accuracy,
            f1: accuracy,
            support: all,
            weight: all_weight,
        };
        Self {
            classes,
            accuracy,
            micro,
            macro_mean: mean("macro average", &|score| f64::from(u8::from(score.occurs))),
            weighted: mean("weighted average", &|score| score.support as f64),
        }
    }

    /// In the layout of scikit-learn's `classification_report(output_dict=True)`, the micro average
    /// added.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let line = |line: &ReportLine| {
            let mut scores = json!({
                "precision": line.precision, "recall": line.recall, "f1-score": line.f1, "support": line.support,
            });
            if let Some(weight) = line.weight {
                scores["weight"] = json!(weight);
            }
            scores
        };
        let mut map: Map<String, Value> = self.classes.iter().map(|class| (class.name.clone(), line(class))).collect();
        map.insert("accuracy".to_string(), json!(self.accuracy));
        for (name, average) in
            [("micro avg", &self.micro), ("macro avg", &self.macro_mean), ("weighted avg", &self.weighted)]
        {
            map.insert(name.to_string(), line(average));
        }
        Value::Object(map)
    }
}

impl Classes {
    /// Everything about a classifier's predictions.
    #[must_use]
    pub fn new(predicted: &Predicted<'_>) -> Self {
        let scored = predicted.scored();
        let scores = class_scores(&scored);
        let unit = predicted.weights.as_ref().map(|_| predicted.weight_unit);
        let report = ClassificationReport::new(&scores, Metric::Accuracy.evaluate(&scored), unit);
        let binary = predicted.classes == 1;
        let label = |row: usize| predicted.labels[row] as usize;
        // The only ranking of two classes is that of class 1.
        let class = |place: usize| if binary { 1 } else { place };
        // Curves have as many points as rows: only those that are kept are made.
        let candidates = (0..scores.len()).filter(|&class| !binary || class == 1);
        let drawn = largest(candidates, |class| scores[class].support, MOST_CURVES);
        let (mut curves, mut auc) = (Vec::new(), Vec::new());
        for (place, ranking) in rankings(&scored).enumerate() {
            auc.push(ranking.auc);
            // A class without rows, or with all, has no curve.
            if drawn.contains(&class(place)) && !ranking.auc.is_nan() {
                curves.push(RankCurves::new(class(place), &ranking));
            }
        }

        let brier = match binary {
            true => predicted.mean(|row| {
                let error = predicted.prediction(0, row) - f64::from(predicted.labels[row]);
                error * error
            }),
            false => predicted.mean(|row| {
                (0..predicted.classes)
                    .map(|class| {
                        let error = predicted.prediction(class, row) - f64::from(u8::from(class == label(row)));
                        error * error
                    })
                    .sum()
            }),
        };
        let rows = 0..predicted.rows();
        let calibration = match binary {
            true => Calibration::new(
                rows.clone().map(|row| (predicted.prediction(0, row), predicted.weight(row), label(row) == 1)),
            ),
            false => Calibration::new(rows.clone().map(|row| {
                let class = scored.predicted_class(row);
                (predicted.prediction(class, row), predicted.weight(row), class == label(row))
            })),
        };
        let own = |row: usize| predicted.prediction(if binary { 0 } else { label(row) }, row);
        let residual = |row: usize| if binary { f64::from(predicted.labels[row]) - own(row) } else { 1.0 - own(row) };
        Self {
            scores: Distribution::new(predicted, 0.0, own),
            residuals: Distribution::new(predicted, if binary { -1.0 } else { 0.0 }, residual),
            thresholds: binary.then(|| Thresholds::new(predicted)),
            confusion: Confusion::new(&scored).by_class(),
            weighted_confusion: Confusion::weighted(&scored, predicted.weight_unit).map(Confusion::by_class),
            report,
            brier,
            curves,
            auc,
            calibration,
        }
    }
}

impl Distribution {
    /// Counts a value per row, which lies from `least` to 1, by label and bin.
    fn new(predicted: &Predicted<'_>, least: f64, value: impl Fn(usize) -> f64) -> Self {
        let width = (1.0 - least) / BINS as f64;
        let edges: Vec<f64> = (0..=BINS).map(|place| least + place as f64 * width).collect();
        let classes = predicted.classes.max(2);
        let mut by_class = vec![Vec::new(); classes];
        for row in 0..predicted.rows() {
            by_class[predicted.labels[row] as usize].push(value(row));
        }
        let shares = by_class
            .into_iter()
            .map(|values| {
                // Of many classes most have no row.
                if values.is_empty() && classes > MOST_DENSE_CLASSES {
                    return Vec::new();
                }
                let all = values.len().max(1) as f64;
                count_in(&edges, values.into_iter()).into_iter().map(|count| count as f64 / all).collect()
            })
            .collect();
        Self { edges, shares }
    }
}
