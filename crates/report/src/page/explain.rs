//! The page of `gboost explain`.

use super::Section;
use super::charts::{class_name, shap_swarm, swarm_row};
use super::unit::Unit;
use crate::chart::{Axis, BarSeries, Bars, Chart, Plane, Series, Style, Waterfall, WaterfallEnd, WaterfallStep, short};
use crate::data::dependence::is_counted;
use crate::data::sample::{even, of_rows};
use crate::html::{Page, figure};
use gboost::explain::shap::{Contributions, Explainer, GlobalInteractions, GlobalShap};
use gboost::model::Model;
use gboost::{Dataset, Result, Rounds};
use serde::Serialize;

/// Rows that are shown as points, at most.
const POINTS: usize = 500;
/// Rows whose interactions decide which features go together.
const PARTNER_ROWS: usize = 60;
/// With more features, interactions of single rows take too much memory to be computed unasked.
const PARTNER_FEATURES: usize = 200;
/// Features whose mean is drawn.
const BARS: usize = 20;
/// Features whose values are shown one by one.
const SWARMS: usize = 15;
/// Features whose dependence is drawn.
const DEPENDENCE: usize = 8;
/// Steps of a waterfall; the others are put together.
const STEPS: usize = 12;
/// Pairs of features that are drawn.
const PAIRS: usize = 15;
/// Classes that are drawn one by one.
const CLASSES: usize = 6;

/// What the page is about.
#[derive(Clone, Copy, Debug)]
pub struct ExplainPage<'a> {
    /// Model that predicts; its feature names label the charts.
    pub model: &'a Model,
    /// Rounds that are explained.
    pub rounds: usize,
    /// The model made ready to explain.
    pub explainer: &'a Explainer,
    /// Rows to explain; their features are in the model's order.
    pub data: &'a Dataset,
    /// The means over all rows.
    pub global: &'a GlobalShap,
    /// The interactions of all rows, if they were asked for.
    pub pairs: Option<&'a GlobalInteractions>,
    /// Rows to show one by one; some are chosen if there are none here.
    pub rows: &'a [usize],
}

impl ExplainPage<'_> {
    fn unit(&self) -> Unit {
        Unit::new(self.model.objective, self.data.label_name.as_deref())
    }
}

/// Explanations as one HTML file: no network, nothing beside it.
///
/// # Errors
/// As [`Page::render`].
pub fn html(title: &str, page: &ExplainPage) -> Result<String> {
    let ExplainPage { model, explainer, data, .. } = *page;
    let sample = of_rows(data, &even(data.rows, POINTS));
    let found = explainer.contributions(&sample, 0..sample.rows);
    let mut charts = vec![means(page)];
    let swarms = swarms(page, &sample, &found);
    let dependence = dependence(page, &sample, &found);
    let waterfalls = waterfalls(page, &sample, &found);
    let ids = |charts: &[Chart]| charts.iter().map(|chart| chart.id.clone()).collect();
    let mut sections = vec![section("features", "Features")];
    if !dependence.charts.is_empty() {
        sections.push(section("dependence", "Dependence"));
    }
    sections.push(section("rows", "Single rows"));
    let shown = Shown {
        objective: model.objective.name(),
        unit: page.unit(),
        rounds: page.rounds,
        rows: page.global.rows,
        shown: sample.rows,
        method: match explainer.feature_perturbation() {
            "interventional" => "with features left out by the values of the background rows (interventional)",
            _ => "with features left out by the cover of the training rows (tree path dependent)",
        },
        sections,
        swarms: ids(&swarms),
        dependence: ids(&dependence.charts),
        parted: dependence.parted,
        chosen: !page.rows.is_empty(),
        waterfalls: waterfalls.iter().map(|(chart, note)| Shape { id: chart.id.clone(), note: note.clone() }).collect(),
    };
    charts.extend(swarms);
    charts.extend(interactions(page));
    charts.extend(dependence.charts);
    charts.extend(waterfalls.into_iter().map(|(chart, _)| chart));
    Page { template: "explain.html", title, charts: &charts, data: &shown }.render()
}

/// What the template is given.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    objective: &'a str,
    unit: Unit,
    rounds: usize,
    rows: usize,
    /// Rows that are shown as points.
    shown: usize,
    method: &'static str,
    sections: Vec<Section>,
    swarms: Vec<String>,
    dependence: Vec<String>,
    /// Whether points of dependence are parted.
    parted: bool,
    /// Whether the single rows were asked for.
    chosen: bool,
    waterfalls: Vec<Shape>,
}

/// Chart of a single row, with a sentence that gives its prediction.
#[derive(Debug, Serialize)]
struct Shape {
    id: String,
    note: String,
}

fn section(id: &str, title: &str) -> Section {
    Section { id: id.to_string(), title: title.to_string() }
}

/// Features that have any effect, the largest first.
fn effective(page: &ExplainPage) -> Vec<usize> {
    let overall = page.global.overall();
    page.global.order().into_iter().filter(|&feature| overall[feature] > 0.0).collect()
}

fn means(page: &ExplainPage) -> Chart {
    let (model, global) = (page.model, page.global);
    let shown: Vec<usize> = effective(page).into_iter().take(BARS).collect();
    let series = if model.classes == 1 {
        let overall = global.overall();
        vec![BarSeries::new("mean |SHAP|", shown.iter().map(|&feature| overall[feature]))]
    } else {
        let of_class = |class| {
            let means = global.mean_abs(class);
            BarSeries::new(class_name(class), shown.iter().map(|&feature| means[feature]))
        };
        (0..model.classes.min(CLASSES)).map(of_class).collect()
    };
    let first = shown.first().map_or("no feature".to_string(), |&feature| model.feature_name(feature));
    let bars = Bars {
        axis: Axis::new(page.unit().axis("mean |SHAP value|")),
        categories: shown.iter().map(|&feature| model.feature_name(feature)).collect(),
        series,
        stacked: model.classes > 1,
    };
    let alt = format!("Mean absolute SHAP values; the largest effect has {first}.");
    Chart::bars("shap", format!("Mean effect on the {}", page.unit().name), alt, bars)
}

fn swarms(page: &ExplainPage, sample: &Dataset, found: &Contributions) -> Vec<Chart> {
    let features: Vec<usize> = effective(page).into_iter().take(SWARMS).collect();
    if features.is_empty() {
        return Vec::new();
    }
    let of_class = |class: usize| {
        let row = |&feature: &usize| {
            let (inputs, shap) = column(sample, found, feature, class);
            swarm_row(&page.model.feature_name(feature), &shap, &inputs)
        };
        let title = if page.model.classes == 1 {
            "Effect on single rows".to_string()
        } else {
            format!("Effect on single rows: {} of {}", page.unit().name, class_name(class))
        };
        shap_swarm(&format!("swarm-{class}"), &title, features.iter().map(row).collect(), &page.unit())
    };
    (0..page.model.classes.min(CLASSES)).map(of_class).collect()
}

/// Returns the values of a feature, and its SHAP values, per row of the sample.
fn column(sample: &Dataset, found: &Contributions, feature: usize, class: usize) -> (Vec<f64>, Vec<f64>) {
    let inputs = sample.columns[feature].iter().map(|&value| f64::from(value)).collect();
    (inputs, (0..sample.rows).map(|row| found.row(row, class)[feature]).collect())
}

fn interactions(page: &ExplainPage) -> Option<Chart> {
    let pairs: Vec<_> = page.pairs?.pairs().into_iter().take(PAIRS).collect();
    let name = |feature| page.model.feature_name(feature);
    let bars = Bars {
        axis: Axis::new(page.unit().axis("mean |SHAP interaction|")),
        categories: pairs.iter().map(|&((i, j), _)| format!("{} × {}", name(i), name(j))).collect(),
        series: vec![BarSeries::new("mean |SHAP interaction|", pairs.iter().map(|&(_, value)| value))],
        stacked: false,
    };
    let alt = "Mean absolute SHAP interactions of the pairs of features that interact most.";
    (!pairs.is_empty()).then(|| Chart::bars("interactions", "Interactions", alt, bars))
}

struct Dependence {
    charts: Vec<Chart>,
    /// Whether points are parted by another feature.
    parted: bool,
}

fn dependence(page: &ExplainPage, sample: &Dataset, found: &Contributions) -> Dependence {
    let partners = partners(page, sample);
    let mut parted = false;
    let charts = effective(page)
        .into_iter()
        .take(DEPENDENCE)
        .enumerate()
        .map(|(place, feature)| {
            let name = page.model.feature_name(feature);
            let series = if page.model.classes > 1 {
                let of_class = |class| points(&class_name(class), column(sample, found, feature, class), |_| true);
                (0..page.model.classes.min(CLASSES)).map(of_class).collect()
            } else {
                let values = || column(sample, found, feature, 0);
                match partners.as_ref().and_then(|partners| partners[feature]) {
                    None => vec![points("rows", values(), |_| true)],
                    Some(partner) => {
                        parted = true;
                        let other = &sample.columns[partner];
                        let (border, other_name) = (median(other), page.model.feature_name(partner));
                        vec![
                            points(&format!("{other_name} up to {border}"), values(), |row| other[row] <= border),
                            points(&format!("{other_name} above"), values(), |row| other[row] > border),
                            points(&format!("{other_name} missing"), values(), |row| other[row].is_nan()),
                        ]
                    }
                }
            };
            let series = series.into_iter().filter(|series: &Series| !series.x.is_empty()).collect();
            let plane = Plane {
                x: Axis::new(&name),
                y: Axis::new(page.unit().axis("SHAP value")),
                series,
                whole: is_counted(&sample.columns[feature]),
                ..Plane::default()
            };
            let alt = format!("SHAP values of {name} by its value, a point a row.");
            Chart::plane(format!("depends-{place}"), name, alt, plane)
        })
        .collect();
    Dependence { charts, parted }
}

/// The rows that are wanted and have a value.
fn points(name: &str, (inputs, shap): (Vec<f64>, Vec<f64>), wanted: impl Fn(usize) -> bool) -> Series {
    let shown = inputs.into_iter().zip(shap).enumerate();
    Series::new(name, Style::Points, shown.filter(|&(row, (x, _))| !x.is_nan() && wanted(row)).map(|(_, point)| point))
}

/// The lower median of those that are not missing.
fn median(values: &[f32]) -> f32 {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(f32::NAN)
}

/// For each feature the one that it interacts with most, in models of one margin and not too many
/// features.
fn partners(page: &ExplainPage, sample: &Dataset) -> Option<Vec<Option<usize>>> {
    let features = page.model.features;
    if page.model.classes > 1 || features > PARTNER_FEATURES {
        return None;
    }
    let rows = of_rows(sample, &even(sample.rows, PARTNER_ROWS));
    let found = page.explainer.interactions(&rows, 0..rows.rows);
    let strength =
        |i: usize, j: usize| -> f64 { (0..rows.rows).map(|row| found.row(row, 0)[i * (features + 1) + j].abs()).sum() };
    let partner = |i: usize| {
        let mut best = (0.0, None);
        for j in (0..features).filter(|&j| j != i) {
            let found = strength(i, j);
            if found > best.0 {
                best = (found, Some(j));
            }
        }
        best.1
    };
    Some((0..features).map(partner).collect())
}

/// The rows to show with their numbers in the data, and a note on each.
fn waterfalls(page: &ExplainPage, sample: &Dataset, found: &Contributions) -> Vec<(Chart, String)> {
    let (model, data) = (page.model, page.data);
    let numbers = even(data.rows, POINTS);
    let rows: Vec<usize> = if page.rows.is_empty() {
        let margin = |&row: &usize| found.row(row, 0).iter().sum::<f64>();
        let mut order: Vec<usize> = (0..sample.rows).collect();
        order.sort_by(|a, b| margin(a).total_cmp(&margin(b)).then(a.cmp(b)));
        let mut picked: Vec<usize> = match order.as_slice() {
            [] => Vec::new(),
            order => vec![order[0], order[(order.len() - 1) / 2], order[order.len() - 1]],
        };
        picked.dedup();
        picked.into_iter().map(|row| numbers[row]).collect()
    } else {
        // Each once: charts are known by the row's number.
        let first = |&(place, row): &(usize, &usize)| !page.rows[..place].contains(row);
        page.rows.iter().enumerate().filter(first).map(|(_, &row)| row).collect()
    };
    let one = of_rows(data, &rows);
    let contributions = page.explainer.contributions(&one, 0..one.rows);
    let margins = model.predict_margins(&one, Rounds::First(page.rounds));
    let (predictions, labels) = (model.transform(&margins), model.labels(&margins));
    rows.iter()
        .enumerate()
        .map(|(index, &row)| {
            // Of several classes, the one that is predicted.
            let class = if model.classes > 1 { labels[index] as usize } else { 0 };
            let prediction = f64::from(predictions.get(class, index));
            let note = match (model.objective.is_classification(), model.classes > 1) {
                (false, _) => match &data.label_name {
                    Some(label) => format!("Predicted {label}: {}.", figure(prediction)),
                    None => format!("Predicted: {}.", figure(prediction)),
                },
                (true, false) => format!("Probability of class 1: {}.", figure(prediction)),
                (true, true) => {
                    format!("Predicted: {}, with a probability of {}.", class_name(class), figure(prediction))
                }
            };
            (waterfall(page, &one, index, contributions.row(index, class), row), note)
        })
        .collect()
}

fn waterfall(page: &ExplainPage, data: &Dataset, index: usize, values: &[f64], number: usize) -> Chart {
    let (model, unit) = (page.model, page.unit());
    let (features, bias) = (&values[..model.features], values[model.features]);
    let mut order: Vec<usize> = (0..features.len()).filter(|&feature| features[feature] != 0.0).collect();
    order.sort_by(|&a, &b| features[b].abs().total_cmp(&features[a].abs()));
    let rest = order.split_off(order.len().min(STEPS));
    let mut steps: Vec<WaterfallStep> = order
        .into_iter()
        .map(|feature| {
            let value = data.columns[feature][index];
            let value = if value.is_nan() { "missing".to_string() } else { value.to_string() };
            WaterfallStep {
                name: format!("{} = {value}", model.feature_name(feature)),
                change: short(features[feature]),
            }
        })
        .collect();
    if !rest.is_empty() {
        let change = rest.iter().map(|&feature| features[feature]).sum();
        let plural = if rest.len() == 1 { "" } else { "s" };
        steps.push(WaterfallStep { name: format!("{} other feature{plural}", rest.len()), change: short(change) });
    }
    let (margin, name) = (values.iter().sum::<f64>(), unit.name);
    let waterfall = Waterfall {
        axis: Axis::new(unit.axis(name)),
        start: WaterfallEnd { name: format!("expected {name}"), value: short(bias) },
        steps,
        end: WaterfallEnd { name: name.to_string(), value: short(margin) },
    };
    let alt = format!("From the expected {name} {} to the {name} {} of row {number}.", figure(bias), figure(margin));
    Chart::waterfall(format!("row-{number}"), format!("Row {number}"), alt, waterfall)
}
