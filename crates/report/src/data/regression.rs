//! The errors of a regression.

use super::Predicted;
use super::curves::Curve;
use super::histogram::Histogram;
use super::sample::even;
use super::stages::LabelBins;
use gboost::metric::Metric;
use serde::Serialize;

/// Points of the pictures that show rows one by one.
const POINTS: usize = 1500;

/// The errors of a regression; an error is label less prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regression {
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean absolute error, in units of the label.
    pub mae: f64,
    /// Share of the labels' variance that the model explains (R squared); 0 where the labels do not
    /// vary.
    pub r2: f64,
    /// Median of the absolute errors.
    pub median_error: f64,
    /// Largest absolute error.
    pub max_error: f64,
    /// Mean error: above 0 where the model predicts too little.
    pub mean_error: f64,
    /// Distribution of the errors of all rows, in units of the label.
    pub residuals: Histogram,
    /// Errors by bins of labels of about as many rows each.
    pub bins: Vec<BinError>,
    /// Label and prediction of evenly chosen rows.
    pub predictions: Curve,
    /// Prediction and error of the same rows.
    pub errors: Curve,
    /// Share of the rows and the absolute error that they do not exceed.
    pub error_quantiles: Curve,
    /// Whether the pictures show every row.
    pub all_rows: bool,
}

/// The errors of the labels in a bin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BinError {
    /// Both edges of the bin in words, such as `12 to 15`.
    pub name: String,
    /// Least label; the bins but for the last end below the next one's.
    pub from: f64,
    /// Upper edge of the bin, in units of the label; it belongs to the last bin alone.
    pub to: f64,
    /// Number of rows whose label is in the bin.
    pub rows: u64,
    /// Mean of label less prediction, in units of the label; rows count alike.
    pub mean_error: f64,
    /// Mean distance of label and prediction, in units of the label; rows count alike.
    pub mean_absolute_error: f64,
}

impl Regression {
    /// Everything about a regression's predictions.
    #[must_use]
    pub fn new(predicted: &Predicted<'_>) -> Self {
        let scored = predicted.scored();
        let label = |row: usize| f64::from(predicted.labels[row]);
        let error = |row: usize| label(row) - predicted.margins.get(0, row);
        let mean_label = predicted.mean(label);
        let variance = predicted.mean(|row| (label(row) - mean_label) * (label(row) - mean_label));
        let squared = predicted.mean(|row| error(row) * error(row));
        let rows = predicted.rows();
        let mut sizes: Vec<f64> = (0..rows).map(|row| error(row).abs()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let bins = LabelBins::new(predicted.labels);
        let (means, absolute) = (bins.means(error), bins.means(|row| error(row).abs()));
        let bins = bins
            .names()
            .into_iter()
            .enumerate()
            .map(|(bin, name)| BinError {
                name,
                from: bins.edges[bin],
                to: bins.edges[bin + 1],
                rows: bins.rows[bin],
                mean_error: means[bin],
                mean_absolute_error: absolute[bin],
            })
            .collect();
        let shown: Vec<usize> = even(rows, POINTS);
        let picked = |x: &dyn Fn(usize) -> f64, y: &dyn Fn(usize) -> f64| Curve {
            x: shown.iter().map(|&row| x(row)).collect(),
            y: shown.iter().map(|&row| y(row)).collect(),
        };
        let shares: Vec<f64> = (1..=rows).map(|place| place as f64 / rows as f64).collect();
        Self {
            rmse: Metric::Rmse.evaluate(&scored),
            mae: Metric::Mae.evaluate(&scored),
            r2: if variance > 0.0 { 1.0 - squared / variance } else { 0.0 },
            median_error: median(&sizes),
            max_error: sizes.last().copied().unwrap_or(0.0),
            mean_error: predicted.mean(error),
            residuals: Histogram::of((0..rows).map(error)),
            bins,
            predictions: picked(&label, &|row| predicted.margins.get(0, row)),
            errors: picked(&|row| predicted.margins.get(0, row), &error),
            error_quantiles: Curve::thinned(&shares, &sizes),
            all_rows: shown.len() == rows,
        }
    }
}

/// The median of ascending values, the mean of both in the middle.
fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        rows if rows % 2 == 1 => sorted[rows / 2],
        rows => f64::midpoint(sorted[rows / 2 - 1], sorted[rows / 2]),
    }
}
