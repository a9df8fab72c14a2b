//! The page of `gboost bias`.

use super::Section;
use crate::chart::{Axis, BarSeries, Bars, Chart};
use crate::html::{Page, figure};
use gboost::Result;
use gboost::explain::bias::{BiasMetric, BiasReport};
use serde::Serialize;

/// What the page is about.
#[derive(Clone, Copy, Debug)]
pub struct BiasPage<'a> {
    /// XGBoost's name of the model's objective.
    pub objective: &'a str,
    /// Name of the label column.
    pub label: &'a str,
    /// Which labels are positive.
    pub positive: &'a str,
    /// Name of the column of the groups, if there are any.
    pub group: Option<&'a str>,
    /// Bias metrics per facet, in the order in which the page shows the facets.
    pub reports: &'a [BiasReport],
}

/// Bias metrics as one HTML file: no network, nothing beside it.
///
/// # Errors
/// As [`Page::render`].
pub fn html(title: &str, page: &BiasPage) -> Result<String> {
    let facets: Vec<Facet> = page.reports.iter().enumerate().map(|(index, report)| Facet::new(index, report)).collect();
    let charts: Vec<Chart> =
        facets.iter().zip(page.reports).flat_map(|(facet, report)| charts(facet, report)).collect();
    let shown = Shown {
        objective: page.objective,
        rows: page.reports.first().map_or(0, |report| report.all),
        label: page.label,
        positive: equals(page.positive),
        group: page.group,
        facets,
    };
    Page { template: "bias.html", title, charts: &charts, data: &shown }.render()
}

/// What the template is given.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    objective: &'a str,
    rows: usize,
    label: &'a str,
    positive: String,
    group: Option<&'a str>,
    facets: Vec<Facet>,
}

#[derive(Debug, Serialize)]
struct Facet {
    #[serde(flatten)]
    section: Section,
    rows: usize,
    share: f64,
    /// Metrics that have usual bounds.
    bounded: usize,
    /// Those that lie outside.
    outside: usize,
    /// The first of these, in words.
    worst: Option<String>,
    stages: Vec<Stage>,
}

#[derive(Debug, Serialize)]
struct Stage {
    title: &'static str,
    note: &'static str,
    metrics: Vec<Metric>,
}

#[derive(Debug, Serialize)]
struct Metric {
    name: &'static str,
    description: &'static str,
    value: String,
    range: String,
    usual: String,
    outside: bool,
    reading: String,
}

impl Facet {
    fn new(index: usize, report: &BiasReport) -> Self {
        let all = || report.labels.iter().chain(&report.predictions);
        // What the model does matters most.
        let worst = report.predictions.iter().chain(&report.labels).find(|metric| metric.is_usual() == Some(false));
        let stage = |title, note, metrics: &[BiasMetric]| Stage {
            title,
            note,
            metrics: metrics.iter().map(Metric::new).collect(),
        };
        Self {
            section: Section {
                id: format!("facet-{index}"),
                title: format!("{} {}", report.column, equals(&report.condition)),
            },
            rows: report.rows,
            share: report.rows as f64 / report.all as f64,
            bounded: all().filter(|metric| metric.usual.is_some()).count(),
            outside: all().filter(|metric| metric.is_usual() == Some(false)).count(),
            worst: worst.map(|metric| metric.reading.clone()),
            stages: vec![
                stage("Labels", "Before training: what a model would learn from.", &report.labels),
                stage("Predictions", "After training: what the model does.", &report.predictions),
            ],
        }
    }
}

impl Metric {
    fn new(metric: &BiasMetric) -> Self {
        let bounds = |(low, high): (f64, f64)| format!("{} to {}", bound(low), bound(high));
        Self {
            name: metric.name,
            description: metric.description,
            value: number(metric.value),
            range: bounds(metric.range),
            usual: metric.usual.map_or("–".to_string(), bounds),
            outside: metric.is_usual() == Some(false),
            reading: metric.reading.clone(),
        }
    }
}

fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "∞".to_string(),
        f64::NEG_INFINITY => "-∞".to_string(),
        value => figure(value),
    }
}

/// A round number as it is, others in three digits.
fn bound(value: f64) -> String {
    if value.is_finite() { ((1000.0 * value).round() / 1000.0).to_string() } else { number(value) }
}

/// `= 1` of a value, `> 40` of a bound, which has its operator.
fn equals(condition: &str) -> String {
    let value = condition.trim_start_matches(['<', '>', '!', '=']);
    let operator = &condition[..condition.len() - value.len()];
    format!("{} {value}", if operator.is_empty() { "=" } else { operator })
}

fn charts(facet: &Facet, report: &BiasReport) -> [Chart; 2] {
    let id = &facet.section.id;
    let series = |name: &str, values: &dyn Fn(usize) -> f64| BarSeries::new(name, (0..report.rates.len()).map(values));
    let rates = Bars {
        axis: Axis::unit("share").in_percent(),
        categories: report.rates.iter().map(|rate| rate.name.to_string()).collect(),
        series: vec![
            series("the facet", &|index| report.rates[index].facet),
            series("the rest", &|index| report.rates[index].rest),
        ],
        stacked: false,
    };
    let differences: Vec<&BiasMetric> =
        report.labels.iter().chain(&report.predictions).filter(|metric| metric.usual == Some((-0.1, 0.1))).collect();
    let gaps = Bars {
        axis: Axis::new("difference"),
        categories: differences.iter().map(|metric| metric.name.to_string()).collect(),
        series: vec![BarSeries::new("difference", differences.iter().map(|metric| metric.value))],
        stacked: false,
    };
    let title = &facet.section.title;
    [
        Chart::bars(format!("{id}-rates"), "Rates", format!("Rates of {title} and of the rest."), rates),
        Chart::bars(format!("{id}-gaps"), "Differences", format!("Metrics of {title} that are differences."), gaps),
    ]
}
