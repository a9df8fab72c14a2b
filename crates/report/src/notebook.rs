//! A report as a Jupyter notebook (nbformat 4): the same charts as pictures, the same tables,
//! nothing to be run.

use super::chart::Chart;
use super::data::ReportData;
use super::html::{count, figure, percent};
use super::page;
use gboost::metric::Confusion;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Mistakes that are listed where a matrix would be too large.
const MISTAKES: usize = 30;

/// Returns the text of the notebook: JSON in nbformat 4, with charts as SVG pictures.
#[must_use]
pub fn text(title: &str, data: &ReportData) -> String {
    let charts = page::charts(data);
    let mut cells = Cells { charts: &charts, cells: Vec::new() };
    let model = &data.model;
    cells.words(&format!(
        "# {}\n\n{} with {} rounds of {}, judged on {} ({} rows).\n\nModel file sha256 `{}`. Made by gboost {}.",
        plain(title),
        model.objective,
        model.rounds_used,
        model.rounds,
        plain(&data.data.name),
        count(data.data.rows as f64),
        model.sha256,
        env!("CARGO_PKG_VERSION"),
    ));
    cells.words(&format!("## Figures\n\n{}", figures(data)));
    cells.words(&format!("## Labels\n\n{}", data.labels.sentence()));
    cells.pictures(&["labels"]);
    if let Some(learning) = &data.learning {
        cells.words(&format!("## Learning\n\n{}", plain(&learning.sentence)));
        cells.pictures(&["loss-", "over-rounds"]);
    }
    if let Some(classes) = &data.classes {
        cells.words(&format!(
            "## Confusion matrix\n\n{}",
            confusion(&classes.confusion, "rows", |rows| rows as f64, count)
        ));
        if let Some(weights) = &classes.weighted_confusion {
            let note = "The weight of the rows, of which the scores are made; the matrix above counts rows.";
            cells.words(&format!(
                "## Weighted confusion matrix\n\n{note}\n\n{}",
                confusion(weights, "weight", |weight| weight, figure)
            ));
        }
        let report = &classes.report;
        let averages = [&report.micro, &report.macro_mean, &report.weighted];
        let lines = report.classes.iter().chain(averages).map(|line| {
            let score = |value: f64| format!("{value:.4}");
            let scores = [line.precision, line.recall, line.f1].map(score);
            let rows = std::iter::once(line.support.to_string()).chain(line.weight.map(figure));
            std::iter::once(line.name.clone()).chain(scores).chain(rows).collect()
        });
        let mut header = vec!["class", "precision", "recall", "F1", "rows"];
        header.extend(classes.weighted_confusion.as_ref().map(|_| "weight"));
        cells.words(&format!("## Classification report\n\n{}", table(&header, lines)));
        cells.words("## Ranking");
        cells.pictures(&["roc", "precision-recall", "lift", "gain"]);
        cells.words(&format!(
            "## Probabilities\n\nBrier score {:.4}, expected calibration error {:.4}.",
            classes.brier, classes.calibration.error
        ));
        cells.pictures(&["calibration", "scores", "residuals"]);
    }
    if let Some(regression) = &data.regression {
        let lines = regression.bins.iter().map(|bin| {
            let numbers = [bin.mean_error, bin.mean_absolute_error].map(|value| format!("{value:.6}"));
            [bin.name.clone(), bin.rows.to_string()].into_iter().chain(numbers).collect()
        });
        let table = table(&["label", "rows", "mean error", "mean absolute error"], lines);
        cells.words(&format!("## Errors\n\nAn error is the label less the prediction.\n\n{table}"));
        cells.pictures(&["predictions", "residuals", "residual-cloud", "error-quantiles", "bin-"]);
    }
    let lines = data.importance.iter().map(|feature| {
        let scores = [feature.gain, feature.weight, feature.cover].map(|value| format!("{value:.3}"));
        std::iter::once(feature.name.clone()).chain(scores).collect()
    });
    let importance = table(&["feature", "gain", "weight", "cover"], lines);
    let no_shap = data.no_shap.as_ref().map(|why| format!("\n\nNo SHAP values: {why}.")).unwrap_or_default();
    cells
        .words(&format!("## Features\n\nImportance in percent of the sum over all features.\n\n{importance}{no_shap}"));
    cells.pictures(&["importance", "shap", "swarm", "depends-"]);
    let lines = data.parameters.iter().map(|(name, value)| vec![name.clone(), shown(value)]);
    cells.words(&format!("## Parameters\n\n{}", table(&["parameter", "value"], lines)));

    let notebook = json!({
        "cells": cells.cells,
        "metadata": {
            "kernelspec": { "display_name": "Python 3", "language": "python", "name": "python3" },
            "language_info": { "name": "python" },
            "title": title,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    });
    // Only a map with keys that are no strings could fail.
    let mut text = serde_json::to_string_pretty(&notebook).unwrap_or_default();
    text.push('\n');
    text
}

struct Cells<'a> {
    charts: &'a [Chart],
    cells: Vec<Value>,
}

impl Cells<'_> {
    fn id(&self) -> String {
        format!("cell-{}", self.cells.len())
    }

    fn words(&mut self, markdown: &str) {
        let cell = json!({ "cell_type": "markdown", "id": self.id(), "metadata": {}, "source": markdown });
        self.cells.push(cell);
    }

    /// The charts whose ids are the names, or begin with names that end in `-`; each as the output
    /// of a cell without code.
    fn pictures(&mut self, names: &[&str]) {
        for name in names {
            for chart in self.charts {
                if chart.id != *name && !(name.ends_with('-') && chart.id.starts_with(name)) {
                    continue;
                }
                let output = json!({
                    "output_type": "display_data",
                    "data": { "image/svg+xml": chart.to_svg(), "text/plain": format!("{}: {}", chart.title, chart.alt) },
                    "metadata": {},
                });
                let cell = json!({
                    "cell_type": "code",
                    "execution_count": null,
                    "id": self.id(),
                    "metadata": { "jupyter": { "source_hidden": true } },
                    "outputs": [output],
                    "source": "",
                });
                self.cells.push(cell);
            }
        }
    }
}

fn figures(data: &ReportData) -> String {
    let Some(first) = data.figures.first() else { return String::new() };
    let names: Vec<&str> =
        std::iter::once("").chain(data.figures.iter().map(|channel| channel.name.as_str())).collect();
    let numbers: Vec<_> = data.figures.iter().map(|channel| channel.figures.numbers()).collect();
    let lines = first.figures.numbers().into_iter().enumerate().map(|(place, (name, _))| {
        std::iter::once(name).chain(numbers.iter().map(|numbers| format!("{:.6}", numbers[place].1))).collect()
    });
    table(&names, lines)
}

/// The matrix of rows or weights with the share of each cell; of many classes the pairs that are
/// mistaken most.
fn confusion<T: Copy + Default + PartialOrd>(
    found: &Confusion<T>,
    of: &str,
    number: impl Fn(T) -> f64,
    shown: fn(f64) -> String,
) -> String {
    let all = found.cells().iter().map(|&(.., value)| number(value)).sum::<f64>();
    let cell = |value: T| {
        let value = number(value);
        format!("{} ({})", shown(value), percent(if all > 0.0 { value / all } else { 0.0 }))
    };
    let Some(rows) = found.matrix() else {
        let mistakes = found.mistakes();
        let lines = mistakes.iter().take(MISTAKES).map(|&(label, predicted, value)| {
            vec![format!("label {label}"), format!("predicted {predicted}"), cell(value)]
        });
        let listed = table(&["label", "predicted", of], lines);
        return format!(
            "The {} pairs of the {} that are mistaken most.\n\n{listed}",
            mistakes.len().min(MISTAKES),
            mistakes.len()
        );
    };
    let header: Vec<String> =
        std::iter::once(String::new()).chain((0..rows.len()).map(|class| format!("predicted {class}"))).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let lines = rows.iter().enumerate().map(|(label, row)| {
        std::iter::once(format!("label {label}")).chain(row.iter().map(|&value| cell(value))).collect()
    });
    table(&header, lines)
}

/// A table in Markdown; what stands in its cells is text.
fn table(header: &[&str], lines: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|", header.iter().map(|name| plain(name)).collect::<Vec<_>>().join(" | "));
    for column in 0..header.len() {
        text.push_str(if column == 0 { ":---|" } else { "---:|" });
    }
    for line in lines {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n| {} |", line.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(" | "));
    }
    text
}

/// Text for Markdown that is neither HTML nor markup there.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '$' | '~' | '!' | '(' | ')' => {
                escaped.push('\\');
                escaped.push(character);
            }
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
