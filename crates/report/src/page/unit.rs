//! What the sum of a model's trees is called, and what it is in units of: the label's own of a
//! regression, log-odds of two classes, scores of several.

use gboost::objective::{Objective, Task};
use serde::Serialize;

/// Words for the sum of a model's trees, on every page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unit {
    /// The sum: `prediction`, `log-odds`, `score`.
    pub name: &'static str,
    /// What it is in units of, after a comma: `in units of price`, `in log-odds of class 1`.
    pub of: String,
    /// What that is, as a sentence; empty where there is nothing to explain.
    pub explained: &'static str,
}

impl Unit {
    /// Of a model; a regression is in units of its label, by the label column's name where it is
    /// known.
    #[must_use]
    pub fn new(objective: Objective, label: Option<&str>) -> Self {
        match objective.task() {
            Task::Binary => Self {
                name: "log-odds",
                of: "in log-odds of class 1".to_string(),
                explained: "The log-odds, or margin, are ln(p / (1 - p)) of the probability p of class 1: above 0 it is more \
                            than one half, and each 1 more multiplies p / (1 - p) by 2.72.",
            },
            Task::Multiclass => Self {
                name: "score",
                of: "in units of the class's score".to_string(),
                explained: "A class's score, or margin, becomes its probability by softmax: each 1 more than another class's \
                            makes it 2.72 times as probable as that class.",
            },
            _ => Self {
                name: "prediction",
                of: label.map_or("in units of the label".to_string(), |label| format!("in units of {label}")),
                explained: "",
            },
        }
    }

    /// The axis of a value of it.
    pub(super) fn axis(&self, what: &str) -> String {
        format!("{what}, {}", self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regression_is_in_units_of_its_label() {
        let unit = Unit::new(Objective::SquaredError, Some("price"));
        assert_eq!(unit.axis("SHAP value"), "SHAP value, in units of price");
        assert_eq!(Unit::new(Objective::SquaredError, None).of, "in units of the label");
        for objective in [Objective::BinaryLogistic, Objective::Softprob] {
            assert!(Unit::new(objective, Some("price")).explained.contains("margin"));
        }
    }
}
