//! The charts of a report.

use super::super::chart::{Axis, BarSeries, Bars, Chart, Follow, Mark, Plane, Series, Style, Swarm, SwarmRow};
use super::super::data::classes::{Classes, Distribution};
use super::super::data::curves::{Curve, RankCurves};
use super::super::data::dependence::Dependence;
use super::super::data::histogram::Histogram;
use super::super::data::learning::Learning;
use super::super::data::regression::Regression;
use super::super::data::shap::ShapSummary;
use super::super::data::{Labels, ReportData};
use super::super::palette::Ink;
use super::shown_classes;
use super::unit::Unit;
use crate::history_file::LossCurve;

/// Features whose importance is drawn.
const FEATURES: usize = 20;
/// Classes whose bars or lines are drawn together.
const CLASSES: usize = 10;
/// Losses over fewer rounds need no closer look.
const CLOSER: usize = 20;

/// All charts of a report, by the ids that its template knows.
#[must_use]
pub fn charts(data: &ReportData) -> Vec<Chart> {
    let mut charts = vec![labels(data)];
    if let Some(learning) = &data.learning {
        charts.extend(losses(learning));
    }
    charts.extend(over_rounds(data));
    if let Some(classes) = &data.classes {
        charts.extend(of_classes(data, classes));
    }
    if let Some(regression) = &data.regression {
        charts.extend(of_regression(data, regression));
    }
    charts.extend(importance(data));
    if let Some(shap) = &data.shap {
        charts.extend(of_shap(data, shap));
    }
    charts.extend(dependence(data));
    charts
}

pub(super) fn unit(data: &ReportData) -> Unit {
    Unit::new(data.model.kind, data.data.label.as_deref())
}

/// What a regression predicts, in words.
fn predicted(data: &ReportData) -> String {
    data.data.label.as_ref().map_or("prediction".to_string(), |label| format!("predicted {label}"))
}

pub(super) fn class_name(class: usize) -> String {
    format!("class {class}")
}

fn line(name: impl Into<String>, style: Style, curve: &Curve) -> Series {
    Series::new(name, style, curve.x.iter().copied().zip(curve.y.iter().copied()))
}

/// What the labels are called: the name of their column where it has one.
pub(super) fn label_name(data: &ReportData) -> &str {
    data.data.label.as_deref().unwrap_or("label")
}

fn labels(data: &ReportData) -> Chart {
    let alt = format!("Labels. {}.", data.labels.sentence());
    match &data.labels {
        Labels::Classes(counts) => {
            let shown = shown_classes(counts);
            let bars = Bars {
                axis: Axis::new("rows"),
                categories: shown.iter().map(|(class, _)| class_name(*class)).collect(),
                series: vec![
                    BarSeries::new("rows", shown.iter().map(|(_, rows)| *rows as f64)).in_ink(data.data.role.ink()),
                ],
                stacked: false,
            };
            Chart::bars("labels", "Rows by label", alt, bars)
        }
        Labels::Numbers(histogram) => {
            let mut chart = histogram_chart(histogram, label_name(data), data.data.role.ink());
            chart.marks.push(Mark { at: histogram.mean, label: "mean".to_string(), threshold: false });
            Chart::plane("labels", "Distribution of the labels", alt, chart)
        }
    }
}

fn histogram_chart(histogram: &Histogram, of: &str, ink: Ink) -> Plane {
    let counts = histogram.counts.iter().map(|&count| count as f64);
    Plane {
        x: Axis::new(of),
        y: Axis::new("rows"),
        series: vec![Series::columns("rows", &histogram.edges, counts).in_ink(ink)],
        ..Plane::default()
    }
}

/// One chart per metric, the deciding one first, with the best round, and once more without its
/// steep beginning.
fn losses(learning: &Learning) -> Vec<Chart> {
    let mut metrics: Vec<&str> = learning.curves.iter().map(|curve| curve.metric.as_str()).collect();
    metrics.sort_by_key(|metric| (*metric != learning.metric, *metric));
    metrics.dedup();
    let plane = |metric: &str, from: usize| {
        let best = learning.best_round.filter(|round| metric == learning.metric && *round >= from);
        // On all pages in the same order, and so in the same dashes.
        let mut curves: Vec<&LossCurve> = learning.curves.iter().filter(|curve| curve.metric == metric).collect();
        curves.sort_by_key(|curve| curve.role as usize);
        let line = |curve: &LossCurve| {
            Series::new(&curve.channel, Style::Line, points_from(curve, from)).in_ink(curve.role.ink())
        };
        Plane {
            x: Axis::new("round"),
            y: Axis::new(metric),
            series: curves.into_iter().map(line).collect(),
            marks: best
                .map(|round| Mark { at: round as f64, label: format!("best: round {round}"), threshold: false })
                .into_iter()
                .collect(),
            whole: true,
            ..Plane::default()
        }
    };
    let mut charts = Vec::new();
    for (place, metric) in metrics.into_iter().enumerate() {
        let alt = if place > 0 { format!("{metric} over the rounds.") } else { learning.sentence.clone() };
        let title = format!("{metric} over the rounds");
        charts.push(Chart::plane(format!("loss-{place}"), title, alt, plane(metric, 0)));
        let last = learning.curves.iter().filter_map(|curve| curve.rounds.last()).max().copied().unwrap_or(0);
        let first = learning.curves.iter().filter_map(|curve| curve.rounds.first()).min().copied().unwrap_or(0);
        let from = (last / 10).max(3).min(learning.best_round.unwrap_or(last) / 2);
        // The curves of a model that was continued begin later than that.
        if place == 0 && last >= CLOSER && from > first {
            let title = format!("A closer look, from round {from} on");
            let alt = format!("{metric} over the rounds from {from} on.");
            charts.push(Chart::plane("loss-close", title, alt, plane(metric, from)));
        }
    }
    charts
}

/// The curve from a round on; where thinning has left that round out, on the line that stands for
/// it.
fn points_from(curve: &LossCurve, from: usize) -> Vec<(f64, f64)> {
    let point = |place: usize| (curve.rounds[place] as f64, curve.values[place]);
    let place = curve.rounds.partition_point(|&round| round < from);
    let mut points: Vec<(f64, f64)> = (place..curve.rounds.len()).map(point).collect();
    if place > 0 && points.first().is_some_and(|first| first.0 > from as f64) {
        let ((x1, y1), (x2, y2)) = (point(place - 1), point(place));
        points.insert(0, (from as f64, y1 + (y2 - y1) * (from as f64 - x1) / (x2 - x1)));
    }
    points
}

fn over_rounds(data: &ReportData) -> Option<Chart> {
    let over = &data.over_rounds;
    if over.rounds.len() < 2 {
        return None;
    }
    let classes = data.classes.is_some();
    let series = over
        .names
        .iter()
        .zip(&over.values)
        .take(CLASSES)
        .map(|(name, values)| {
            let x: Vec<f64> = over.rounds.iter().map(|&round| round as f64).collect();
            let name = if classes { format!("class {name}") } else { name.clone() };
            line(name, Style::Line, &Curve::thinned(&x, values))
        })
        .collect();
    let (title, y, alt) = if classes {
        (
            "Recall of each class over the rounds",
            Axis::new("recall").in_percent(),
            "Recall of each class over the rounds.",
        )
    } else {
        (
            "Absolute error by label over the rounds",
            Axis::new("mean absolute error"),
            "Mean absolute error of rows by bins of their label, over the rounds.",
        )
    };
    let title = match over.names.len() {
        names if names > CLASSES => format!("{title}, the first {CLASSES} of {names}"),
        _ => title.to_string(),
    };
    let plane = Plane { x: Axis::new("round"), y, series, whole: true, ..Plane::default() };
    Some(Chart::plane("over-rounds", title, alt, plane))
}

fn of_classes(data: &ReportData, classes: &Classes) -> Vec<Chart> {
    let binary = data.model.classes == 1;
    let name = |curve: &RankCurves, value: f64| {
        if binary { format!("AUC {value:.4}") } else { format!("class {} (AUC {value:.3})", curve.class) }
    };
    // Of two classes there is one curve, of the data that judges; of several one for each class.
    let ink = |curve: &RankCurves| if binary { data.data.role.ink() } else { Ink::category(curve.class) };
    let mut roc: Vec<Series> = vec![Series::new("by chance", Style::Reference, [(0.0, 0.0), (1.0, 1.0)])];
    let mut precision = Vec::new();
    for curve in &classes.curves {
        roc.push(line(name(curve, curve.auc), Style::Line, &curve.roc).in_ink(ink(curve)));
        let area = match binary {
            true => format!("average precision {:.4}", curve.average_precision),
            false => format!("class {} (AP {:.3})", curve.class, curve.average_precision),
        };
        precision.push(line(area, Style::Line, &curve.precision_recall).in_ink(ink(curve)));
    }
    if let (true, [only]) = (binary, classes.curves.as_slice()) {
        let share = only.prevalence;
        precision.insert(0, Series::new("by chance", Style::Reference, [(0.0, share), (1.0, share)]));
    }
    let alt = |what: &str, values: &dyn Fn(&RankCurves) -> f64| {
        let list: Vec<String> =
            classes.curves.iter().map(|curve| format!("class {}: {:.4}", curve.class, values(curve))).collect();
        format!("{what}. {}.", list.join(", "))
    };
    let unit = |x: &str, y: &str, series: Vec<Series>, follow: Option<Follow>| Plane {
        x: Axis::unit(x),
        y: Axis::unit(y),
        series,
        square: true,
        follow,
        ..Plane::default()
    };
    let follow = |which: Follow| binary.then_some(which);
    let mut charts = vec![
        Chart::plane(
            "roc",
            "ROC curve",
            alt("ROC curve, area under it", &|curve| curve.auc),
            unit("false positive rate", "recall (true positive rate)", roc, follow(Follow::Roc)),
        ),
        Chart::plane(
            "precision-recall",
            "Precision and recall",
            alt("Precision-recall curve, average precision", &|curve| curve.average_precision),
            unit("recall", "precision", precision, follow(Follow::Recall)),
        ),
        calibration(classes, binary, data.data.role.ink()),
        distribution(&classes.scores, "scores", data),
        distribution(&classes.residuals, "residuals", data),
    ];
    if let (true, [only]) = (binary, classes.curves.as_slice()) {
        let most = only.lift.y.iter().copied().fold(1.0, f64::max);
        let lift = Plane {
            x: Axis::unit("share of rows, most probable first").in_percent(),
            y: Axis::new("lift").within(0.0, most * 1.08),
            series: vec![
                Series::new("by chance", Style::Reference, [(0.0, 1.0), (1.0, 1.0)]),
                line("model", Style::Line, &only.lift).in_ink(ink(only)),
            ],
            ..Plane::default()
        };
        let gain = Plane {
            x: Axis::unit("share of rows, most probable first").in_percent(),
            y: Axis::unit("share of class 1 found").in_percent(),
            series: vec![
                Series::new("by chance", Style::Reference, [(0.0, 0.0), (1.0, 1.0)]),
                line("model", Style::Line, &only.gain).in_ink(ink(only)),
                Series::new("perfect", Style::Line, [(0.0, 0.0), (only.prevalence, 1.0), (1.0, 1.0)]).in_ink(Ink::UP),
            ],
            ..Plane::default()
        };
        charts.push(Chart::plane(
            "lift",
            "Lift",
            "How many times more often class 1 occurs among the rows ranked highest.",
            lift,
        ));
        charts.push(Chart::plane(
            "gain",
            "Cumulative gain",
            "Share of class 1 that is found in the rows ranked highest.",
            gain,
        ));
    }
    charts
}

fn calibration(classes: &Classes, binary: bool, ink: Ink) -> Chart {
    let found = &classes.calibration;
    let points = found.predicted.iter().copied().zip(found.observed.iter().copied());
    let (x, y) = if binary {
        ("mean predicted probability of class 1", "share of class 1")
    } else {
        ("mean probability of the predicted class", "share predicted right")
    };
    let plane = Plane {
        x: Axis::unit(x),
        y: Axis::unit(y),
        series: vec![
            Series::new("perfectly calibrated", Style::Reference, [(0.0, 0.0), (1.0, 1.0)]),
            Series::new("model", Style::Marked, points).in_ink(ink),
        ],
        square: true,
        ..Plane::default()
    };
    let alt = format!("Calibration: the expected calibration error is {:.4}.", found.error);
    Chart::plane("calibration", "Calibration", alt, plane)
}

fn distribution(found: &Distribution, id: &str, data: &ReportData) -> Chart {
    let binary = data.model.classes == 1;
    let scores = id == "scores";
    let (title, x) = match (scores, binary) {
        (true, true) => ("Predicted probability by label", "predicted probability of class 1"),
        (true, false) => ("Probability of the true class, by label", "predicted probability of the true class"),
        (false, true) => ("Distribution of residuals", "residual: label less probability"),
        (false, false) => ("Distribution of residuals", "residual: 1 less probability of the true class"),
    };
    let series = found
        .shares
        .iter()
        .enumerate()
        .filter(|(_, shares)| shares.iter().any(|&share| share > 0.0))
        .take(CLASSES)
        .map(|(class, shares)| match binary {
            true => {
                Series::columns(class_name(class), &found.edges, shares.iter().copied()).in_ink(Ink::category(class))
            }
            // Many columns over each other are not to be read: lines through their middles.
            false => Series::new(
                class_name(class),
                Style::Line,
                found.edges.windows(2).map(|edges| f64::midpoint(edges[0], edges[1])).zip(shares.iter().copied()),
            )
            .in_ink(Ink::category(class)),
        })
        .collect();
    let most = found.shares.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mark = Mark { at: 0.5, label: "threshold".to_string(), threshold: true };
    let plane = Plane {
        x: Axis::new(x).within(found.edges[0], 1.0),
        y: Axis::new("share of the rows of the class").within(0.0, most * 1.05).in_percent(),
        series,
        marks: if scores && binary { vec![mark] } else { Vec::new() },
        tall: scores,
        ..Plane::default()
    };
    Chart::plane(id, title, format!("{title}, as shares of the rows of each class."), plane)
}

fn of_regression(data: &ReportData, found: &Regression) -> Vec<Chart> {
    let (label, ink) = (label_name(data), data.data.role.ink());
    let residual = format!("residual: {label} less prediction");
    let ends = found.predictions.x.iter().chain(&found.predictions.y).copied();
    let (low, high) =
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (value.min(low), value.max(high)));
    let air = if high > low { (high - low) * 0.03 } else { 1.0 };
    let ends = [low - air, high + air];
    let cloud = |name: &str, curve: &Curve| line(name, Style::Points, curve).in_ink(ink);
    let least = found.errors.x.iter().copied().fold(f64::INFINITY, f64::min);
    let most = found.errors.x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let predictions = Plane {
        x: Axis::new(label).within(ends[0], ends[1]),
        y: Axis::new(predicted(data)).within(ends[0], ends[1]),
        series: vec![
            Series::new("perfect", Style::Reference, [(ends[0], ends[0]), (ends[1], ends[1])]),
            cloud("rows", &found.predictions),
        ],
        square: true,
        ..Plane::default()
    };
    let errors = Plane {
        x: Axis::new(predicted(data)),
        y: Axis::new(&residual),
        series: vec![
            Series::new("no error", Style::Reference, [(least, 0.0), (most, 0.0)]),
            cloud("rows", &found.errors),
        ],
        ..Plane::default()
    };
    let mut residuals = histogram_chart(&found.residuals, &residual, ink);
    residuals.tall = true;
    residuals.marks.push(Mark { at: 0.0, label: "no error".to_string(), threshold: false });
    let bars = |name: &str, values: Vec<f64>| Bars {
        axis: Axis::new(name),
        categories: found.bins.iter().map(|bin| bin.name.clone()).collect(),
        series: vec![BarSeries::new(name, values).in_ink(ink)],
        stacked: false,
    };
    let quantiles = Plane {
        x: Axis::unit("share of the rows").in_percent(),
        y: Axis::new(unit(data).axis("absolute error")),
        series: vec![line("absolute error", Style::Line, &found.error_quantiles).in_ink(ink)],
        ..Plane::default()
    };
    vec![
        Chart::plane("predictions", "Label and prediction", "Predictions by label, a point a row.", predictions),
        Chart::plane("residuals", "Distribution of residuals", "How many rows have which residual.", residuals),
        Chart::plane("residual-cloud", "Residual by prediction", "Residuals by prediction, a point a row.", errors),
        Chart::plane(
            "error-quantiles",
            "How large errors are",
            format!("Half of the rows have an absolute error of at most {:.4}.", found.median_error),
            quantiles,
        ),
        Chart::bars(
            "bin-errors",
            "Mean absolute error by label",
            "Mean absolute error by bins of labels.",
            bars("mean absolute error", found.bins.iter().map(|bin| bin.mean_absolute_error).collect()),
        ),
        Chart::bars(
            "bin-means",
            "Mean error by label",
            "Mean error by bins of labels; above 0 the model predicts too little.",
            bars(
                &format!("mean error: {label} less prediction"),
                found.bins.iter().map(|bin| bin.mean_error).collect(),
            ),
        ),
    ]
}

fn importance(data: &ReportData) -> Option<Chart> {
    let shown: Vec<_> = data.importance.iter().take(FEATURES).collect();
    let best = shown.first()?;
    let series = |name: &str, value: &dyn Fn(usize) -> f64| BarSeries::new(name, (0..shown.len()).map(value));
    let bars = Bars {
        axis: Axis::new("percent of the sum over all features"),
        categories: shown.iter().map(|feature| feature.name.clone()).collect(),
        series: vec![
            series("gain", &|place| shown[place].gain),
            series("weight", &|place| shown[place].weight),
            series("cover", &|place| shown[place].cover),
        ],
        stacked: false,
    };
    let alt = format!("Feature importance; the highest gain has {}, {:.1} percent.", best.name, best.gain);
    Some(Chart::bars("importance", "Feature importance", alt, bars))
}

fn of_shap(data: &ReportData, shap: &ShapSummary) -> Vec<Chart> {
    let shown: Vec<_> = shap.features.iter().take(FEATURES).collect();
    let unit = unit(data);
    let classes = data.model.classes;
    let series = match classes {
        // Stacks of some of the classes would not add up.
        1 | CLASSES.. => vec![BarSeries::new("mean |SHAP|", shown.iter().map(|feature| feature.mean))],
        _ => (0..classes)
            .map(|class| BarSeries::new(class_name(class), shown.iter().map(|feature| feature.by_class[class])))
            .collect(),
    };
    let bars = Bars {
        axis: Axis::new(unit.axis("mean |SHAP value|")),
        categories: shown.iter().map(|feature| feature.name.clone()).collect(),
        series,
        stacked: (2..CLASSES).contains(&classes),
    };
    let mut charts = vec![Chart::bars(
        "shap",
        format!("Mean effect on the {}", unit.name),
        format!(
            "Mean absolute SHAP values; the largest effect has {}.",
            shown.first().map_or("none", |first| &first.name)
        ),
        bars,
    )];
    let rows: Vec<SwarmRow> = shap
        .features
        .iter()
        .filter(|feature| !feature.values.is_empty())
        .map(|feature| swarm_row(&feature.name, &feature.values, &feature.inputs))
        .collect();
    if !rows.is_empty() {
        charts.push(shap_swarm("swarm", "Effect on single rows", rows, &unit));
    }
    charts
}

/// The SHAP values of a feature in some rows, coloured by its values there.
pub(super) fn swarm_row(name: &str, shap: &[f64], inputs: &[f64]) -> SwarmRow {
    SwarmRow {
        name: name.to_string(),
        x: shap.iter().copied().map(super::super::chart::short).collect(),
        colour: ranks(inputs),
        value: inputs.iter().copied().map(super::super::chart::short).collect(),
    }
}

/// SHAP values of single rows.
pub(super) fn shap_swarm(id: &str, title: &str, rows: Vec<SwarmRow>, unit: &Unit) -> Chart {
    let swarm = Swarm { axis: Axis::new(unit.axis("SHAP value")), rows, colour: "feature value".to_string() };
    Chart::swarm(id, title, "SHAP values of single rows by feature, coloured by the feature's value.", swarm)
}

/// Where each value stands among all of them, from 0 to 1, equal ones in the middle of their
/// places; NaN for NaN. Ranks, so that one outlier does not take all of the colours.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    let place = |value: f64| {
        let below = sorted.partition_point(|&other| other < value);
        let upto = sorted.partition_point(|&other| other <= value);
        let middle = (below + upto - 1) as f64 / 2.0;
        if last > 0.0 { (1000.0 * middle / last).round() / 1000.0 } else { 0.5 }
    };
    values.iter().map(|&value| if value.is_nan() { f64::NAN } else { place(value) }).collect()
}

fn dependence(data: &ReportData) -> impl Iterator<Item = Chart> + '_ {
    data.dependence.iter().enumerate().map(|(place, found)| {
        let several = found.outputs.len() > 1;
        // Between values that are few there is nothing to draw a line through.
        let style = if found.few { Style::Dots } else { Style::Marked };
        let mut series: Vec<Series> = found
            .outputs
            .iter()
            .zip(&found.means)
            .take(CLASSES)
            .map(|(output, means)| {
                let name = if several { format!("class {output}") } else { "mean prediction".to_string() };
                Series::new(name, style, with_gaps(found, means))
            })
            .collect();
        if let (Some(missing), false, [first, .., last]) = (&found.missing, several, found.values.as_slice()) {
            let level = missing.first().copied().unwrap_or(f64::NAN);
            series.push(Series::new("where it is missing", Style::Reference, [(*first, level), (*last, level)]));
        }
        let y = match (&data.regression, several) {
            (Some(_), _) => format!("mean {}", predicted(data)),
            (None, true) => "mean probability".to_string(),
            (None, false) => "mean probability of class 1".to_string(),
        };
        let plane = Plane {
            x: Axis::new(&found.name),
            y: Axis::new(y),
            series,
            whole: found.is_counted(),
            rug: found.rug.iter().copied().map(super::super::chart::short).collect(),
            ..Plane::default()
        };
        let alt = format!("How the mean prediction depends on {}.", found.name);
        Chart::plane(format!("depends-{place}"), found.name.clone(), alt, plane)
    })
}

/// The points of a partial dependence, with a point that is none in the middle of each gap of the
/// data.
fn with_gaps(found: &Dependence, means: &[f64]) -> Vec<(f64, f64)> {
    let points = found.values.iter().copied().zip(means.iter().copied());
    let gaps: &[[f64; 2]] = if found.few { &[] } else { &found.gaps };
    let holes = gaps.iter().map(|[from, to]| (f64::midpoint(*from, *to), f64::NAN));
    let mut all: Vec<(f64, f64)> = points.chain(holes).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}
