//! The metrics of every round: as XGBoost prints them, and as a table.

use gboost::metric::Metric;
use gboost::validation::{CrossValidated, CvRound};
use gboost::{Round, Trained};
use std::fmt::Write as _;

/// One round as XGBoost prints it, without a line end:
/// `[12]<tab>train-logloss:0.31000<tab>validation-logloss:0.32000`.
#[must_use]
pub fn round_line(round: &Round, channels: &[String], metrics: &[Metric]) -> String {
    let mut line = format!("[{}]", round.round);
    for (channel, values) in channels.iter().zip(&round.values) {
        for (metric, value) in metrics.iter().zip(values) {
            // Writing to a String cannot fail.
            let _ = write!(line, "\t{channel}-{metric}:{}", five(*value));
        }
    }
    line
}

/// Five decimals, and XGBoost's `nan`.
fn five(value: f64) -> String {
    if value.is_nan() { "nan".to_string() } else { format!("{value:.5}") }
}

/// `history.csv`: a header and a row for every evaluated round, numbers in full; `NaN` where a
/// metric has no value.
#[must_use]
pub fn history_csv(trained: &Trained) -> String {
    let mut text = "round".to_string();
    for channel in &trained.channels {
        for metric in &trained.metrics {
            let _ = write!(text, ",{channel}-{metric}");
        }
    }
    text.push('\n');
    for round in &trained.history {
        let _ = write!(text, "{}", round.round);
        for value in round.values.iter().flatten() {
            let _ = write!(text, ",{value}");
        }
        text.push('\n');
    }
    text
}

/// One round of a cross-validation as xgboost.cv prints it, without a line end:
/// `[12]<tab>train-logloss:0.31000+0.00200<tab>...`.
#[must_use]
pub fn cv_round_line(round: &CvRound, metrics: &[Metric]) -> String {
    let mut line = format!("[{}]", round.round);
    for (channel, values) in [("train", &round.train), ("test", &round.test)] {
        for (metric, value) in metrics.iter().zip(values) {
            let _ = write!(line, "\t{channel}-{metric}:{}+{}", five(value.mean), five(value.std));
        }
    }
    line
}

/// `cv.csv`: the columns of xgboost.cv's table (`train-logloss-mean`, `train-logloss-std`, ...),
/// one row per round from the first on, numbers in full.
#[must_use]
pub fn cv_csv(found: &CrossValidated) -> String {
    let names = ["train", "test"].into_iter().flat_map(|channel| {
        found.metrics.iter().map(move |metric| format!("{channel}-{metric}-mean,{channel}-{metric}-std"))
    });
    let mut text = names.collect::<Vec<_>>().join(",");
    text.push('\n');
    for round in &found.history {
        let values = round.train.iter().chain(&round.test).map(|value| format!("{},{}", value.mean, value.std));
        text += &values.collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use gboost::validation::MeanStd;

    #[test]
    fn a_cross_validations_line_and_table_have_xgboosts_form() {
        let value = |mean, std| MeanStd { mean, std };
        let round = CvRound {
            round: 3,
            train: vec![value(0.5, 0.01), value(0.25, 0.0)],
            test: vec![value(0.75, 0.000_004), value(0.125, 2.0)],
        };
        let metrics = vec![Metric::Auc, Metric::Logloss];
        assert_eq!(
            cv_round_line(&round, &metrics),
            "[3]\ttrain-auc:0.50000+0.01000\ttrain-logloss:0.25000+0.00000\ttest-auc:0.75000+0.00000\ttest-logloss:0.12500+2.00000"
        );
        let found = CrossValidated {
            metrics,
            history: vec![round],
            best_round: Some(3),
            stopped_early: false,
            models: Vec::new(),
            times: Default::default(),
            adapter: String::new(),
            backend: Default::default(),
        };
        assert_eq!(
            cv_csv(&found),
            "train-auc-mean,train-auc-std,train-logloss-mean,train-logloss-std,test-auc-mean,test-auc-std,test-logloss-mean,\
             test-logloss-std\n0.5,0.01,0.25,0,0.75,0.000004,0.125,2\n"
        );
    }

    #[test]
    fn a_line_has_xgboosts_form() {
        let round = Round { round: 12, values: vec![vec![0.31, 0.9], vec![0.320_004_9, 0.875]] };
        let channels = ["train".to_string(), "validation".to_string()];
        let line = round_line(&round, &channels, &[Metric::Logloss, Metric::Auc]);
        assert_eq!(
            line,
            "[12]\ttrain-logloss:0.31000\ttrain-auc:0.90000\tvalidation-logloss:0.32000\tvalidation-auc:0.87500"
        );
    }
}
