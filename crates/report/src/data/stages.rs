//! What happens over the rounds: the model's predictions after more and more of them.

use super::classes::largest;
use super::histogram::bin_of;
use super::{NamedData, class_counts, labels_of};
use crate::history_file::{History, LossCurve};
use gboost::internals::train::evaluation::metric_weights;
use gboost::metric::{MOST_DENSE_CLASSES, Scored, class_scores};
use gboost::model::{Model, Stages};
use gboost::{Metric, Result};
use gboost::{PerOutput, Rounds};
use serde::Serialize;

/// Rows times margins times rounds that are looked at, at most: with more rows, fewer rounds.
const ROW_ROUNDS: usize = 20_000_000;
/// Rounds that are looked at in any case, if the model has them.
const LEAST_STAGES: usize = 25;
/// Bins of labels whose error is followed.
const LABEL_BINS: usize = 6;

/// What is followed over the rounds besides the loss.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OverRounds {
    /// Rounds that are looked at, counted from 0, ascending.
    pub rounds: Vec<usize>,
    /// What each line is: a class, or a bin of labels.
    pub names: Vec<String>,
    /// `[name][round]`: recall of the class, or mean absolute error of the labels in the bin.
    pub values: Vec<Vec<f64>>,
}

/// The rounds that are looked at, counted from 1: evenly spread, the first and the last ones among
/// them.
fn chosen(model: &Model, rows: usize, used: usize) -> Vec<usize> {
    let rounds = model.rounds();
    let most = (ROW_ROUNDS / (rows * model.classes).max(1)).max(LEAST_STAGES).min(rounds);
    let mut chosen: Vec<usize> = (1..=most).map(|place| (place * rounds).div_ceil(most)).collect();
    chosen.extend([1, used, rounds]);
    chosen.retain(|&round| (1..=rounds).contains(&round));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// Edges of bins of labels, of about as many rows each: quantiles, each once.
fn label_edges(labels: &[f32]) -> Vec<f64> {
    let mut sorted: Vec<f64> = labels.iter().map(|&label| f64::from(label)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut edges: Vec<f64> = (0..=LABEL_BINS).map(|place| sorted[place * (sorted.len() - 1) / LABEL_BINS]).collect();
    edges.dedup();
    if edges.len() == 1 {
        edges.push(edges[0]);
    }
    edges
}

/// Bins of labels by name, with the bin of every row.
pub(super) struct LabelBins {
    /// Edges of the bins, in units of the label, ascending; one more than bins.
    pub edges: Vec<f64>,
    /// Index of the bin per row, in the order of the rows.
    pub of_row: Vec<usize>,
    /// Number of rows per bin.
    pub rows: Vec<u64>,
}

impl LabelBins {
    pub(super) fn new(labels: &[f32]) -> Self {
        let edges = label_edges(labels);
        let of_row: Vec<usize> = labels.iter().map(|&label| bin_of(&edges, f64::from(label))).collect();
        let mut rows = vec![0; edges.len() - 1];
        of_row.iter().for_each(|&bin| rows[bin] += 1);
        Self { edges, of_row, rows }
    }

    /// Returns a name per bin: both of its edges, as `12 to 15`.
    pub(super) fn names(&self) -> Vec<String> {
        let shown = |value: f64| super::super::html::figure(value);
        self.edges.windows(2).map(|edges| format!("{} to {}", shown(edges[0]), shown(edges[1]))).collect()
    }

    /// Returns the mean of a value per bin; `value` gives that of a row. Rows are added in order.
    pub(super) fn means(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.rows.len()];
        for (row, &bin) in self.of_row.iter().enumerate() {
            sums[bin] += value(row);
        }
        sums.iter().zip(&self.rows).map(|(sum, &rows)| if rows > 0 { sum / rows as f64 } else { 0.0 }).collect()
    }
}

/// Follows the judging data over all rounds: what is followed, the loss, and the margins after
/// `used` rounds.
pub(super) fn follow(model: &Model, data: NamedData<'_>, used: usize) -> Result<(OverRounds, History, PerOutput<f32>)> {
    let labels = labels_of(data.data)?;
    let regression = !model.objective.is_classification();
    let bins = regression.then(|| LabelBins::new(labels));
    // All classes, or of many those that have the most rows.
    let classes = match regression {
        true => Vec::new(),
        false => {
            let counts = class_counts(labels, model);
            largest(0..counts.len(), |class| counts[class], MOST_DENSE_CLASSES)
        }
    };
    let names = match &bins {
        Some(bins) => bins.names(),
        None => classes.iter().map(usize::to_string).collect(),
    };
    let mut over = OverRounds { values: vec![Vec::new(); names.len()], names, rounds: Vec::new() };
    let mut kept = model.predict_margins(data.data, Rounds::First(0));
    let history = walk(model, data, used, |round, scored, margins| {
        if round == used {
            kept = margins;
        }
        over.rounds.push(round - 1);
        let values: Vec<f64> = match &bins {
            Some(bins) => bins.means(|row| (scored.margin(0, row) - f64::from(labels[row])).abs()),
            None => {
                let scores = class_scores(scored);
                classes.iter().map(|&class| scores[class].recall).collect()
            }
        };
        over.values.iter_mut().zip(values).for_each(|(line, value)| line.push(value));
    })?;
    Ok((over, history, kept))
}

/// The loss of other data over all rounds.
pub(super) fn losses(model: &Model, data: NamedData<'_>) -> Result<History> {
    walk(model, data, model.rounds(), |_, _, _| ()).map_err(|error| error.context(data.name))
}

/// Walks over the rounds and evaluates the metrics after each. `visit` gets the number of rounds so
/// far, and the margins after them: with labels and weights to score, and as they are.
fn walk(
    model: &Model,
    data: NamedData<'_>,
    used: usize,
    mut visit: impl FnMut(usize, &Scored<'_>, PerOutput<f32>),
) -> Result<History> {
    let labels = labels_of(data.data)?;
    let weights = metric_weights(data.data)?.values;
    let metrics = Metric::reported_for(model.objective);
    let rounds = chosen(model, data.data.rows, used);
    let mut curves: Vec<LossCurve> = metrics
        .iter()
        .map(|metric| LossCurve {
            channel: data.name.to_string(),
            role: data.role,
            metric: metric.name(),
            rounds: rounds.iter().map(|round| round - 1).collect(),
            values: Vec::new(),
        })
        .collect();
    let mut stages = Stages::new(model, data.data);
    for &round in &rounds {
        stages.advance(round);
        let margins = stages.snapshot();
        let wide = margins.map(f64::from);
        let scored = Scored::new(&wide, labels, weights.as_deref(), model.objective);
        for (curve, metric) in curves.iter_mut().zip(&metrics) {
            curve.values.push(metric.evaluate(&scored));
        }
        visit(round, &scored, margins);
    }
    Ok(History { curves })
}
