//! The loss over the rounds, and what it says: whether the model has learned too much or could learn more.

use super::thin::keep;
use super::verdict::{Finding, Scale, Told, points};
use crate::booster::Trained;
use crate::error::{Error, Result};
use crate::ingest::shown;
use crate::model::Model;
use crate::objective::Objective;
use crate::report::palette::DataRole;
use serde::Serialize;
use std::path::Path;

/// The metrics of every round, a curve a channel and metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The curves.
    pub curves: Vec<LossCurve>,
}

/// One metric of one channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LossCurve {
    /// Name of the channel.
    pub channel: String,
    /// What part it had in the training.
    pub role: DataRole,
    /// Name of the metric.
    pub metric: String,
    /// The rounds, from 0, ascending.
    pub rounds: Vec<usize>,
    /// The metric after each of them.
    pub values: Vec<f64>,
}

impl History {
    /// What a training recorded.
    #[must_use]
    pub fn of(trained: &Trained) -> Self {
        let mut curves = Vec::new();
        for (c, channel) in trained.channels.iter().enumerate() {
            for (m, metric) in trained.metrics.iter().enumerate() {
                curves.push(LossCurve {
                    channel: channel.clone(),
                    role: DataRole::of_channel(channel),
                    metric: metric.name(),
                    rounds: trained.history.iter().map(|round| round.round).collect(),
                    values: trained.history.iter().map(|round| round.values[c][m]).collect(),
                });
            }
        }
        Self { curves }
    }

    /// Reads `history.csv`: a header `round,train-logloss,validation-logloss`, then a line a round.
    ///
    /// # Errors
    /// If the file cannot be read, is not of that form, or its rounds do not ascend; with the place of what is wrong.
    pub fn read(path: &Path) -> Result<Self> {
        let text = crate::files::read_text(path)
            .map_err(|error| Error::io("read", path, &error).remedy("give the history.csv that gboost train wrote"))?;
        Self::parse(&text).map_err(|error| error.at_path(path))
    }

    fn parse(text: &str) -> Result<Self> {
        let remedy = "give the history.csv that gboost train wrote";
        let mut lines = text.lines().enumerate();
        let header: Vec<&str> =
            lines.next().map(|(_, line)| line.split(',').map(str::trim).collect()).unwrap_or_default();
        if header.first() != Some(&"round") {
            let found = shown(header.first().unwrap_or(&""));
            return Err(Error::data(format!("the first column is {found}, not `round`"))
                .at_line(1)
                .at_column(1)
                .remedy(remedy));
        }
        let mut curves = Vec::new();
        for (column, name) in header.iter().enumerate().skip(1) {
            let Some((channel, metric)) = name.split_once('-') else {
                return Err(Error::data(format!("the column {} is not named CHANNEL-METRIC", shown(name)))
                    .at_line(1)
                    .at_column(column as u64 + 1)
                    .remedy(remedy));
            };
            curves.push(LossCurve {
                channel: channel.to_string(),
                role: DataRole::of_channel(channel),
                metric: metric.to_string(),
                rounds: Vec::new(),
                values: Vec::new(),
            });
        }
        let mut last = None;
        for (line, content) in lines.filter(|(_, content)| !content.trim().is_empty()) {
            let fields: Vec<&str> = content.split(',').map(str::trim).collect();
            let place = |error: Error, column: usize| {
                error.at_line(line as u64 + 1).at_column(column as u64 + 1).remedy(remedy)
            };
            if fields.len() != header.len() {
                let message = format!("{} fields, where the header has {}", fields.len(), header.len());
                return Err(place(Error::data(message), fields.len().min(header.len())));
            }
            let round = fields[0].parse::<usize>().ok().filter(|&round| last.is_none_or(|last| round > last));
            let Some(round) = round else {
                return Err(place(Error::data(format!("{} is not a round after the one before", shown(fields[0]))), 0));
            };
            last = Some(round);
            for (column, (field, curve)) in fields[1..].iter().zip(&mut curves).enumerate() {
                // NaN is a metric that has no value on the channel.
                let Some(value) = field.parse::<f64>().ok().filter(|value| !value.is_infinite()) else {
                    return Err(place(Error::data(format!("{} is not a number", shown(field))), column + 1));
                };
                curve.rounds.push(round);
                curve.values.push(value);
            }
        }
        if last.is_none() {
            return Err(Error::data("there is no round in it").remedy(remedy));
        }
        Ok(Self { curves })
    }

    /// Checks that this is the history of the model's training: it ends with the model's last round.
    ///
    /// # Errors
    /// Names both rounds.
    pub fn check(&self, model: &Model) -> Result<()> {
        let last = self.curves.iter().filter_map(|curve| curve.rounds.last()).max();
        match last {
            Some(&last) if last + 1 != model.rounds() => {
                let message = format!("the history ends with round {last}, the model has {} rounds", model.rounds());
                Err(Error::data(message).remedy("give the history of this model's training, or none"))
            }
            _ => Ok(()),
        }
    }

    /// Whether there is a curve of a metric of a channel.
    #[must_use]
    pub fn has(&self, channel: &str, metric: &str) -> bool {
        self.curves.iter().any(|curve| curve.channel == channel && curve.metric == metric)
    }

    /// Adds the curves that are not there yet, each by its channel and metric.
    pub fn join(&mut self, other: Self) {
        for curve in other.curves {
            if !self.has(&curve.channel, &curve.metric) {
                self.curves.push(curve);
            }
        }
    }
}

/// What the curves say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It gets worse on data that it does not train on, or better on the training data alone.
    Overfits,
    /// It still gets better with every round.
    Underfits,
    /// It has stopped getting better, does not get worse, and is about as good on the training data.
    Settled,
    /// There are not both curves to tell from, or one round.
    Unknown,
}

/// Which rounds predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundsUsed {
    /// How many.
    pub rounds: usize,
    /// Whether the training had early stopping, which has chosen the best ones.
    pub stopped_early: bool,
}

/// The loss over the rounds, and what it says.
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
    /// Its value there.
    pub best_value: Option<f64>,
    /// Rounds that predict.
    pub rounds_used: usize,
    /// What the curves say.
    pub verdict: Verdict,
    /// The same in a sentence, with the figures it comes from.
    pub sentence: String,
}

impl Learning {
    /// `None` without a round.
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

fn thinned(curve: &LossCurve) -> LossCurve {
    let rounds: Vec<f64> = curve.rounds.iter().map(|&round| round as f64).collect();
    let kept = keep(&rounds, &curve.values);
    LossCurve {
        rounds: kept.iter().map(|&place| curve.rounds[place]).collect(),
        values: kept.iter().map(|&place| curve.values[place]).collect(),
        ..curve.clone()
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

    #[test]
    fn history_files_are_read_and_refused() {
        let found = History::parse("round,train-logloss,validation-error@0.7\n0,0.5,0.1\n2,0.25,0.2\n");
        let found = found.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.curves[1].metric, "error@0.7");
        assert_eq!((&found.curves[0].rounds[..], &found.curves[0].values[..]), (&[0, 2][..], &[0.5, 0.25][..]));
        for (text, line, column) in [
            ("age,label\n", 1, 1),
            ("round,logloss\n", 1, 2),
            ("round,a-b\n0,x\n", 2, 2),
            ("round,a-b\n0,1\n0,1\n", 3, 1),
            ("round,a-b\n0\n", 2, 2),
        ] {
            let error = History::parse(text).err().unwrap_or_else(|| panic!("{text:?} is taken"));
            assert_eq!((error.line(), error.column()), (Some(line), Some(column)), "{text:?}: {error}");
        }
        // A metric that the data does not define.
        let found = History::parse("round,a-b\n0,NaN\n").unwrap_or_else(|error| panic!("{error}"));
        assert!(found.curves[0].values[0].is_nan());
        assert!(History::parse("round,a-b\n0,inf\n").is_err());
        assert!(History::parse("round,a-b\n").is_err());
    }
}
