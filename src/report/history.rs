//! The metrics of every round: as XGBoost prints them, and as a table.

use crate::booster::{Round, Trained};
use crate::metric::Metric;
use std::fmt::Write as _;

/// One round as XGBoost prints it, without a line end: `[12]<tab>train-logloss:0.31000<tab>validation-logloss:0.32000`.
#[must_use]
pub fn round_line(round: &Round, channels: &[String], metrics: &[Metric]) -> String {
    let mut line = format!("[{}]", round.round);
    for (channel, values) in channels.iter().zip(&round.values) {
        for (metric, value) in metrics.iter().zip(values) {
            // Writing to a String cannot fail.
            let _ = write!(line, "\t{channel}-{metric}:{value:.5}");
        }
    }
    line
}

/// `history.csv`: a header and a row for every evaluated round, numbers in full.
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

#[cfg(test)]
mod tests {
    use super::*;

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
