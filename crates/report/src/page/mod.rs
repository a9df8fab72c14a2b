//! The pages: their charts, and what their templates show beside them; here that of a report.

pub mod bias;
mod charts;
pub mod explain;
mod unit;

use super::chart::Chart;
use super::data::classes::{Classes, largest};
use super::data::{Labels, ReportData};
use super::html::{Page, count, figure};
use super::palette::Ink;
use gboost::Result;
use gboost::metric;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use unit::Unit;

pub use charts::charts;

/// A report as one HTML file: no network, nothing beside it.
///
/// # Errors
/// As [`Page::render`].
pub fn html(title: &str, data: &ReportData) -> Result<String> {
    let charts = charts(data);
    let shown = Shown::new(data, &charts);
    Page { template: "report.html", title, charts: &charts, data: &shown }.render()
}

/// What the template is given.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    report: &'a ReportData,
    /// What the sum of the trees is called.
    unit: Unit,
    /// The ink of the data that judges.
    ink: Ink,
    /// What the labels are called.
    label: &'a str,
    /// The labels in words, unless they are many.
    labels: String,
    /// The sections that there are, for the navigation.
    sections: Vec<Section>,
    /// Headline scores of the judging data, shown in large type at the top.
    tiles: Vec<Tile>,
    /// The other data's figures, beside those of the judging data.
    comparison: Option<Comparison>,
    /// The confusion matrix, ready to be shown.
    confusion: Option<Confusion>,
    /// The pairs of classes that are mistaken most.
    mistaken: Vec<Mistaken>,
    /// Why rows cannot be ranked, where they cannot.
    lack: Option<String>,
    parameters: Vec<Entry>,
    manifest: Vec<Entry>,
    /// Charts of partial dependence, by their ids.
    dependence: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Section {
    id: String,
    title: String,
}

#[derive(Debug, Serialize)]
struct Tile {
    name: &'static str,
    value: String,
    note: String,
}

/// Figures of all data side by side: a column per channel, a line per figure.
#[derive(Debug, Serialize)]
struct Comparison {
    names: Vec<String>,
    /// Colour of each column, in the order of `names`.
    inks: Vec<Ink>,
    lines: Vec<(String, Vec<String>)>,
}

#[derive(Debug, Serialize)]
struct Confusion {
    /// Whether the matrix is too large for big numbers.
    many: bool,
    /// Whether rows have weights.
    weighted: bool,
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Serialize)]
struct Cell {
    count: u64,
    /// Share of all rows that lie in this cell, from 0 to 1.
    share: f64,
    /// Share of the weight of all rows, where rows have weights.
    weight: Option<f64>,
    /// Share of the rows with the label, which colours the cell.
    heat: f64,
    right: bool,
    /// `tn`, `fp`, `fn`, `tp` of two classes: what the slider moves.
    name: &'static str,
}

#[derive(Debug, Serialize)]
struct Mistaken {
    label: usize,
    predicted: usize,
    count: u64,
    /// Share of the rows with the label.
    share: f64,
}

/// A name with a value, or with entries in turn.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    value: String,
    entries: Vec<Entry>,
}

/// Matrices of more classes are left to the list of mistakes.
const MOST_CLASSES: usize = 25;
/// Mistakes that are listed.
const MISTAKES: usize = 8;

impl<'a> Shown<'a> {
    fn new(report: &'a ReportData, charts: &[Chart]) -> Self {
        let several = report.classes.as_ref().map(|classes| &classes.confusion).filter(|found| found.classes() > 2);
        Self {
            labels: match &report.labels {
                Labels::Classes(counts) if counts.len() > 4 => String::new(),
                labels => format!("{}.", labels.sentence()),
            },
            unit: charts::unit(report),
            ink: report.data.role.ink(),
            label: charts::label_name(report),
            sections: sections(report, charts),
            tiles: tiles(report),
            comparison: comparison(report),
            confusion: report.classes.as_ref().and_then(Confusion::new),
            mistaken: several.map(mistaken).unwrap_or_default(),
            lack: report.figures.first().and_then(|first| first.figures.lack).map(|lack| lack.to_string()),
            parameters: entries(&report.parameters),
            manifest: match &report.manifest {
                Some(Value::Object(map)) => entries(map),
                _ => Vec::new(),
            },
            dependence: charts.iter().map(|chart| chart.id.clone()).filter(|id| id.starts_with("depends-")).collect(),
            report,
        }
    }
}

fn sections(report: &ReportData, charts: &[Chart]) -> Vec<Section> {
    let has = |id: &str| charts.iter().any(|chart| chart.id.starts_with(id));
    let all = [
        ("summary", "Summary", true),
        ("learning", "Learning", report.learning.is_some()),
        ("predictions", "Predictions", report.classes.is_some()),
        ("errors", "Errors", report.regression.is_some()),
        ("ranking", "Ranking", report.classes.is_some()),
        ("probabilities", "Probabilities", report.classes.is_some()),
        ("features", "Features", has("importance") || has("shap") || report.no_shap.is_some()),
        ("trees", "Trees", !report.trees.is_empty()),
        ("provenance", "Provenance", true),
    ];
    all.into_iter()
        .filter(|(.., there)| *there)
        .map(|(id, title, _)| Section { id: id.to_string(), title: title.to_string() })
        .collect()
}

fn tiles(report: &ReportData) -> Vec<Tile> {
    let tile = |name, value: f64, note: &str| Tile { name, value: four(value), note: note.to_string() };
    let mut tiles = Vec::new();
    if let (Some(classes), Some(found)) =
        (&report.classes, report.figures.first().and_then(|first| first.figures.classification.as_ref()))
    {
        let several = report.model.classes > 1;
        let of = if several { "mean of the classes" } else { "of class 1" };
        tiles.extend([
            tile("Accuracy", found.accuracy, "right predictions"),
            tile("Precision", found.precision, of),
            tile("Recall", found.recall, of),
            tile("F1", found.f1, of),
            tile("AUC", found.auc, if several { "weighted, one against the rest" } else { "ranking quality" }),
            tile("Brier score", classes.brier, "lower is better"),
        ]);
    }
    if let Some(regression) = &report.regression {
        tiles.extend([
            tile("RMSE", regression.rmse, "root mean squared error"),
            tile("MAE", regression.mae, "mean absolute error"),
            tile("R²", regression.r2, "variance explained"),
            tile("Median error", regression.median_error, "half of the rows are closer"),
            tile("Largest error", regression.max_error, "the worst row"),
        ]);
    }
    tiles
}

/// Four decimals, or as many digits as a large number needs.
fn four(value: f64) -> String {
    if value.abs() < 10.0 { format!("{value:.4}") } else { figure(value) }
}

fn comparison(report: &ReportData) -> Option<Comparison> {
    if report.figures.len() < 2 {
        return None;
    }
    let names = report.figures.iter().map(|channel| channel.name.clone()).collect();
    let numbers: Vec<_> = report.figures.iter().map(|channel| channel.figures.numbers()).collect();
    let rows = report.figures.iter().map(|channel| count(channel.figures.rows as f64)).collect();
    let mut lines = vec![("rows".to_string(), rows)];
    for (place, (name, _)) in numbers.first()?.iter().enumerate() {
        lines.push((name.clone(), numbers.iter().map(|numbers| four(numbers[place].1)).collect()));
    }
    let inks = report.figures.iter().map(|channel| channel.role.ink()).collect();
    Some(Comparison { names, inks, lines })
}

impl Confusion {
    /// `None` of too many classes.
    fn new(classes: &Classes) -> Option<Self> {
        let counts = classes.confusion.matrix().filter(|counts| counts.len() <= MOST_CLASSES)?;
        let weights = classes.weighted_confusion.as_ref().and_then(metric::Confusion::matrix);
        let all_weights = weights.iter().flatten().flatten().sum::<f64>();
        let all = counts.iter().flatten().sum::<u64>().max(1) as f64;
        let names = [["tn", "fp"], ["fn", "tp"]];
        let cell = |label: usize, predicted: usize, of_label: f64| {
            let count = counts[label][predicted];
            Cell {
                count,
                share: count as f64 / all,
                weight: weights.as_ref().map(|weights| weights[label][predicted] / all_weights),
                heat: count as f64 / if counts.len() == 2 { all } else { of_label },
                right: label == predicted,
                name: if counts.len() == 2 { names[label][predicted] } else { "" },
            }
        };
        let rows = counts.iter().enumerate().map(|(label, row)| {
            let of_label = row.iter().sum::<u64>().max(1) as f64;
            (0..row.len()).map(|predicted| cell(label, predicted, of_label)).collect()
        });
        Some(Self { many: counts.len() > 4, weighted: weights.is_some(), rows: rows.collect() })
    }
}

fn mistaken(confusion: &metric::Confusion) -> Vec<Mistaken> {
    let mut of_label: BTreeMap<usize, u64> = BTreeMap::new();
    for (label, _, count) in confusion.cells() {
        *of_label.entry(label).or_default() += count;
    }
    let share = |label: &usize, count: u64| count as f64 / of_label[label] as f64;
    let found = confusion.mistakes().into_iter().take(MISTAKES);
    found.map(|(label, predicted, count)| Mistaken { label, predicted, count, share: share(&label, count) }).collect()
}

/// A JSON object as names and values.
fn entries(map: &Map<String, Value>) -> Vec<Entry> {
    map.iter()
        .map(|(name, value)| match value {
            Value::Object(inner) => Entry { name: name.clone(), value: String::new(), entries: entries(inner) },
            Value::Array(list) if list.iter().any(Value::is_object) => {
                let numbered = list.iter().enumerate().map(|(place, value)| ((place + 1).to_string(), value.clone()));
                Entry { name: name.clone(), value: String::new(), entries: entries(&numbered.collect()) }
            }
            other => Entry { name: name.clone(), value: text(other), entries: Vec::new() },
        })
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Classes with their rows: all, or of many those with the most rows.
fn shown_classes(counts: &[u64]) -> Vec<(usize, u64)> {
    let most = if counts.len() > metric::MOST_DENSE_CLASSES { MOST_CLASSES } else { counts.len() };
    largest(0..counts.len(), |class| counts[class], most).into_iter().map(|class| (class, counts[class])).collect()
}

impl Labels {
    /// How many there are of which, in words; a sentence without its stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Classes(counts) => {
                let all = counts.iter().sum::<u64>().max(1) as f64;
                let shown = shown_classes(counts);
                let mut parts: Vec<String> = shown
                    .iter()
                    .map(|&(label, rows)| {
                        format!("{} of class {label} ({:.1} %)", count(rows as f64), 100.0 * rows as f64 / all)
                    })
                    .collect();
                if shown.len() < counts.len() {
                    let rest = counts.len() - shown.len();
                    let rows = all - shown.iter().map(|(_, rows)| *rows).sum::<u64>() as f64;
                    parts.push(format!("{} of the other {} classes", count(rows), count(rest as f64)));
                }
                parts.join(", ")
            }
            Self::Numbers(found) => format!(
                "From {} to {}, mean {}, standard deviation {}",
                figure(found.least),
                figure(found.largest),
                figure(found.mean),
                figure(found.deviation)
            ),
        }
    }
}
