//! A trial: one setting of the tuned parameters, and what came of it.

use super::space::Settings;
use crate::validation::MeanStd;
use serde::{Deserialize, Serialize};

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// With all its rounds, or by its own early stopping.
    Completed,
    /// Before its last round, by the median rule or because Hyperband did not promote it.
    Stopped,
    /// With an error.
    Failed,
}

impl Status {
    /// The word for it, as in the leaderboard.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// Why a trial failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error's message with its remedy.
    pub message: String,
    /// Whether the device failed, and not the settings: such a trial is run again by a resumed
    /// search.
    pub device: bool,
}

/// One trial of a search; a line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number, from 1; seeds its random draws.
    #[serde(rename = "trial")]
    pub number: usize,
    /// How it ended.
    pub status: Status,
    /// The tuned parameters.
    pub settings: Settings,
    /// The objective metric at the round that counts; `None` in a failed trial.
    pub objective_value: Option<f64>,
    /// The objective metric over the folds at the round that counts there, where a cross-validation
    /// was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<MeanStd>,
    /// Rounds that the value belongs to: with early stopping up to the best one, otherwise all that
    /// were trained.
    pub rounds: usize,
    /// Rounds that the strategy asked for; `None`: a full training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u32>,
    /// Rounds and the objective metric after them, where it was evaluated: after the last round,
    /// after each one if something judges by it, after each of Hyperband's parts.
    pub history: Vec<(usize, f64)>,
    /// When it started, in UTC (RFC 3339).
    pub start: String,
    /// When it ended.
    pub end: String,
    /// How long it ran, in seconds; the sum of its parts if it was continued.
    pub seconds: f64,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}
