//! The loss over the rounds, and the verdict on it: whether the model has learned too much or could
//! learn more.

use super::verdict::{Finding, Scale, Told, points};
pub use super::verdict::{RoundsUsed, Verdict};
use crate::history_file::History;
use crate::history_file::LossCurve;
use crate::history_file::thinned;
use crate::palette::DataRole;
use gboost::objective::Objective;
use serde::Serialize;

/// The loss over the rounds, and the verdict on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Learning {
    /// The curves, thinned without visible change.
    pub curves: Vec<LossCurve>,
    /// The metric that decides: the last one of the channel.
    pub metric: String,
    /// The channel that decides, where there is one but the training data.
    pub channel: Option<String>,
    /// The round, from 0, in which the deciding metric is best.
    pub best_round: Option<usize>,
    /// Value of the deciding metric in the best round.
    pub best_value: Option<f64>,
    /// Number of rounds that predict: up to the best one with early stopping, otherwise all.
    pub rounds_used: usize,
    /// Whether the model overfits, underfits or has settled.
    pub verdict: Verdict,
    /// The same in a sentence, with the figures it comes from.
    pub sentence: String,
}

impl Learning {
    /// Judges the curves of a training. Returns `None` if no curve has a round.
    #[must_use]
    pub fn new(mut history: History, objective: Objective, used: RoundsUsed) -> Option<Self> {
        history.curves.retain(|curve| !curve.values.is_empty());
        let unseen = history
            .curves
            .iter()
            .filter(|curve| curve.role != DataRole::Train)
            .min_by_key(|curve| curve.role != DataRole::Validation);
        let judged = unseen.and_then(|unseen| history.curves.iter().rfind(|curve| curve.channel == unseen.channel));
        let shown = judged.or(history.curves.last())?;
        let scale = Scale::of(&shown.metric);
        let train = history.curves.iter().find(|curve| curve.role == DataRole::Train && curve.metric == shown.metric);
        let best = judged.and_then(|curve| scale.best(&points(curve)));
        let finding = match judged {
            Some(curve) => Finding::new(curve, train, scale),
            None => Finding::TrainingAlone,
        };
        let told = Told { shown, scale, used, classifies: objective.is_classification() };
        Some(Self {
            metric: shown.metric.clone(),
            best_round: best.map(|(round, _)| round),
            best_value: best.map(|(_, value)| value),
            channel: judged.map(|curve| curve.channel.clone()),
            rounds_used: used.rounds,
            verdict: finding.verdict(),
            sentence: told.sentence(&finding),
            curves: history.curves.iter().map(thinned).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(channel: &str, values: Vec<f64>) -> LossCurve {
        LossCurve {
            channel: channel.to_string(),
            role: DataRole::of_channel(channel),
            metric: "logloss".to_string(),
            rounds: (0..values.len()).collect(),
            values,
        }
    }

    fn learning(curves: Vec<LossCurve>) -> Learning {
        let used = RoundsUsed { rounds: 10, stopped_early: false };
        Learning::new(History { curves }, Objective::BinaryLogistic, used).unwrap_or_else(|| panic!("curves"))
    }

    #[test]
    fn the_verdict_follows_the_curves() {
        let train = || curve("train", (0..100).map(|i| 0.6 / (1.0 + f64::from(i) / 10.0)).collect());
        let turns = (0..100).map(|i| 0.3 + f64::from((i - 40) * (i - 40)) * 1e-4).collect();
        let found = learning(vec![train(), curve("validation", turns)]);
        assert_eq!((found.verdict, found.best_round, found.best_value), (Verdict::Overfits, Some(40), Some(0.3)));
        assert!(found.sentence.contains("lowest in round 40 of 99 (0.3000)"), "{}", found.sentence);

        let falls = (0..100).map(|i| 0.6 - f64::from(i) * 0.003).collect();
        let found = learning(vec![train(), curve("validation", falls)]);
        assert_eq!((found.verdict, found.best_round), (Verdict::Underfits, Some(99)), "the gap shrinks");
        let near = curve("train", (0..100).map(|i| 0.59 - f64::from(i) * 0.003).collect());
        let falls = (0..100).map(|i| 0.6 - f64::from(i) * 0.003).collect();
        let found = learning(vec![near, curve("validation", falls)]);
        assert_eq!((found.verdict, found.best_round), (Verdict::Underfits, Some(99)));

        let settles = |end: f64| (0..100).map(|i| end + 0.3 * (-f64::from(i) / 8.0).exp()).collect();
        let found = learning(vec![train(), curve("validation", settles(0.3))]);
        assert_eq!(found.verdict, Verdict::Overfits, "the training data has run away");
        let found = learning(vec![curve("train", settles(0.28)), curve("validation", settles(0.3))]);
        assert_eq!(found.verdict, Verdict::Settled);

        let found = learning(vec![train()]);
        assert_eq!((found.verdict, found.best_round, found.channel), (Verdict::Unknown, None, None));
        let found = learning(vec![train(), curve("validation", vec![0.5, 0.6, 0.7])]);
        assert_eq!((found.verdict, found.best_round), (Verdict::Overfits, Some(0)));
        assert!(
            Learning::new(History::default(), Objective::SquaredError, RoundsUsed { rounds: 1, stopped_early: false })
                .is_none()
        );
    }
}
