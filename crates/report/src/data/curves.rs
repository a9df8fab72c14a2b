//! Curves over the threshold: ROC, precision and recall, gain and lift.

use crate::thin::keep;
use gboost::metric::Ranking;
use serde::Serialize;

/// A curve of two coordinates, thinned without visible change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// Along the horizontal axis, ascending.
    pub x: Vec<f64>,
    /// Along the vertical axis.
    pub y: Vec<f64>,
}

impl Curve {
    /// Keeps the points that cannot be left out.
    #[must_use]
    pub fn thinned(x: &[f64], y: &[f64]) -> Self {
        let kept = keep(x, y);
        Self { x: kept.iter().map(|&place| x[place]).collect(), y: kept.iter().map(|&place| y[place]).collect() }
    }
}

/// The curves of a ranking of the rows by the score of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankCurves {
    /// The class that counts as positive.
    pub class: usize,
    /// Area under the ROC curve.
    pub auc: f64,
    /// Mean of the precision at each threshold, weighted by the increase in recall; from 0 to 1.
    pub average_precision: f64,
    /// Share of the positive rows among all.
    pub prevalence: f64,
    /// False positive rate and recall.
    pub roc: Curve,
    /// Recall and precision; begins at recall 0 with the precision of the highest score.
    pub precision_recall: Curve,
    /// Share of the rows, from the highest score down, and share of the positive rows among them.
    pub gain: Curve,
    /// Share of the rows, from the highest score down, and how many times the prevalence their
    /// share of positive rows is.
    pub lift: Curve,
}

impl RankCurves {
    /// Computes all curves of a ranking, with `class` as the positive one.
    #[must_use]
    pub fn new(class: usize, ranking: &Ranking) -> Self {
        let (positives, negatives) = ranking.totals();
        let share = |part: u64, whole: u64| if whole > 0 { part as f64 / whole as f64 } else { 0.0 };
        let all = positives + negatives;
        let pairs = || ranking.positives.iter().copied().zip(ranking.negatives.iter().copied());
        let recall: Vec<f64> = pairs().map(|(positive, _)| share(positive, positives)).collect();
        let false_rate: Vec<f64> = pairs().map(|(_, negative)| share(negative, negatives)).collect();
        let precision: Vec<f64> = pairs().map(|(positive, negative)| share(positive, positive + negative)).collect();
        let reached: Vec<f64> = pairs().map(|(positive, negative)| share(positive + negative, all)).collect();
        let prevalence = share(positives, all);
        let lift: Vec<f64> =
            precision.iter().map(|precision| if prevalence > 0.0 { precision / prevalence } else { 0.0 }).collect();
        let from = |first: f64, rest: &[f64]| std::iter::once(first).chain(rest.iter().copied()).collect::<Vec<f64>>();
        let first_precision = precision.first().copied().unwrap_or(0.0);
        Self {
            class,
            auc: ranking.auc,
            average_precision: ranking.average_precision(),
            prevalence,
            roc: Curve::thinned(&from(0.0, &false_rate), &from(0.0, &recall)),
            precision_recall: Curve::thinned(&from(0.0, &recall), &from(first_precision, &precision)),
            gain: Curve::thinned(&from(0.0, &reached), &from(0.0, &recall)),
            lift: Curve::thinned(&reached, &lift),
        }
    }
}
