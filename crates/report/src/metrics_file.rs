//! `metrics.json`: the outcome of a training.

use super::figures::{Drift, Figures};
use crate::history_file::History;
use gboost::internals::train::contest::Record;
use gboost::metric::Metric;
use gboost::model::Model;
use gboost::params::Params;
use gboost::{Rounds, Trained};
use serde::Serialize;
use serde_json::{Map, Value};

/// How long the parts of a training took, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// Reading and parsing the data files of all channels.
    pub read: f64,
    /// Learning cuts and binning.
    pub bin: f64,
    /// Boosting rounds with their evaluation.
    pub train: f64,
    /// The final figures of all channels, the model's text, and the report where one is asked for.
    pub evaluate: f64,
    /// Everything from the program's start until the files are written.
    pub total: f64,
}

/// The content of `metrics.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricsFile {
    /// Version of gboost that trained, such as `0.1.0`.
    pub gboost: &'static str,
    /// The backend that trained.
    pub backend: String,
    /// What the backend ran on.
    pub adapter: String,
    /// Which rounds ran where and why, with `--backend auto`; the backend above is the one that
    /// ended the training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto: Option<Record>,
    /// Number of boosting rounds in the model, those after the best one included.
    pub rounds: usize,
    /// The round, from 0, with the best value of the last metric of the validation channel, if
    /// there is one that is a number.
    pub best_round: Option<usize>,
    /// Whether early stopping ended the training.
    pub stopped_early: bool,
    /// Rounds that the figures below predict with: up to the best round with early stopping,
    /// otherwise all.
    pub rounds_used: usize,
    /// The sha256 of the model file.
    pub model_sha256: String,
    /// Bytes of the training rows' values that went to disk while they were read; 0 if they fitted
    /// into memory.
    pub spilled_bytes: u64,
    /// Wall-clock time per part of the training, in seconds.
    pub seconds: Seconds,
    /// Figures of the training, in the history and in its round lines, that the model does not
    /// have; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drifts: Vec<Drift>,
    /// All parameters, resolved.
    pub parameters: Map<String, Value>,
    /// Figures by channel, `train` first.
    #[serde(flatten)]
    pub channels: Channels,
}

/// The figures of the channels that were given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channels {
    /// Figures on the training rows; always present.
    pub train: Figures,
    /// On the validation rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Figures>,
    /// Figures on the test rows; `None` without a test channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Figures>,
}

impl Channels {
    /// The figures by name, those that there are.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Figures)> {
        let others = [("validation", &self.validation), ("test", &self.test)];
        std::iter::once(("train", &self.train))
            .chain(others.into_iter().filter_map(|(name, figures)| Some((name, figures.as_ref()?))))
    }
}

impl MetricsFile {
    /// Puts the outcome together, of a training that spilled nothing; the training's own seconds
    /// are added to `seconds`.
    #[must_use]
    pub fn new(trained: &Trained, params: &Params, channels: Channels, seconds: Seconds) -> Self {
        let model = &trained.model;
        let drifts = Drift::find(&History::of(trained), model.used_rounds(Rounds::Best), channels.iter());
        Self {
            gboost: env!("CARGO_PKG_VERSION"),
            backend: trained.backend.name.to_string(),
            adapter: trained.adapter.clone(),
            auto: trained.backend.auto.clone(),
            rounds: model.rounds(),
            best_round: trained.best_round(),
            stopped_early: trained.stopped_early,
            rounds_used: model.used_rounds(Rounds::Best),
            model_sha256: model.sha256(),
            spilled_bytes: 0,
            seconds: Seconds {
                bin: seconds.bin + trained.times.bin.as_secs_f64(),
                train: seconds.train + trained.times.train.as_secs_f64(),
                ..seconds
            },
            drifts,
            parameters: resolved(params, model, &trained.metrics),
            channels,
        }
    }

    /// Returns the text of the file: indented JSON with a line feed at its end.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Only a map with keys that are no strings could fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A binary32 as a number of JSON: through text, so that 0.2 is shown as 0.2 and not as the
/// binary64 of its binary32.
pub(super) fn shortest(value: f32) -> Value {
    value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// The parameters with what the training decided in place of what was left open.
pub(crate) fn resolved(params: &Params, model: &Model, metrics: &[Metric]) -> Map<String, Value> {
    let mut shown = params.to_json();
    let base_score = match model.base_score.as_slice() {
        [single] => shortest(*single),
        several => several.iter().copied().map(shortest).collect(),
    };
    shown.insert("base_score".to_string(), base_score);
    shown.insert("eval_metric".to_string(), metrics.iter().map(|metric| Value::from(metric.name())).collect());
    shown
}
