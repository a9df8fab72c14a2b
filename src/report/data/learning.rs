//! The loss over the rounds, and what it says: whether the model has learned too much or could learn more.

use super::thin::keep;
use crate::booster::Trained;
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::model::Model;
use crate::objective::Objective;
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
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::io("read", path, &error).remedy("give the history.csv that gboost train wrote"))?;
        Self::parse(&text).map_err(|error| error.at_path(path))
    }

    fn parse(text: &str) -> Result<Self> {
        let remedy = "give the history.csv that gboost train wrote";
        let mut lines = text.lines().enumerate();
        let header: Vec<&str> =
            lines.next().map(|(_, line)| line.split(',').map(str::trim).collect()).unwrap_or_default();
        if header.first() != Some(&"round") {
            return Err(Error::data(format!("the first column is {:?}, not \"round\"", header.first().unwrap_or(&"")))
                .at_line(1)
                .at_column(1)
                .remedy(remedy));
        }
        let mut curves = Vec::new();
        for (column, name) in header.iter().enumerate().skip(1) {
            let Some((channel, metric)) = name.split_once('-') else {
                return Err(Error::data(format!("the column {name:?} is not named CHANNEL-METRIC"))
                    .at_line(1)
                    .at_column(column as u64 + 1)
                    .remedy(remedy));
            };
            curves.push(LossCurve {
                channel: channel.to_string(),
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
                return Err(place(Error::data(format!("`{}` is not a round after the one before", fields[0])), 0));
            };
            last = Some(round);
            for (column, (field, curve)) in fields[1..].iter().zip(&mut curves).enumerate() {
                let Some(value) = field.parse::<f64>().ok().filter(|value| value.is_finite()) else {
                    return Err(place(Error::data(format!("`{field}` is not a number")), column + 1));
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

    /// Adds the curves of another channel.
    pub fn join(&mut self, other: Self) {
        self.curves.extend(other.curves);
    }
}

/// What the curves say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It gets worse on data that it does not train on.
    Overfits,
    /// It still gets better with every round.
    Underfits,
    /// It has stopped getting better, and does not get worse.
    Settled,
    /// There is nothing but training data to tell from, or one round.
    Unknown,
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

/// A loss counts as risen, or as still falling, by this share of everything it fell by.
const NOTABLE: f64 = 0.01;

impl Learning {
    /// `None` without a round.
    #[must_use]
    pub fn new(mut history: History, objective: Objective, rounds_used: usize) -> Option<Self> {
        history.curves.retain(|curve| !curve.values.is_empty());
        let channel = history
            .curves
            .iter()
            .map(|curve| curve.channel.as_str())
            .filter(|channel| *channel != "train")
            .min_by_key(|channel| *channel != "validation")
            .map(str::to_string);
        let decides = |channel: &str| history.curves.iter().rfind(|curve| curve.channel == channel);
        let judged = channel.as_deref().and_then(decides);
        let shown = judged.or(history.curves.last())?;
        let metric = shown.metric.clone();
        let maximise = Metric::from_name(&metric).map_or_else(
            |_| {
                ["auc", "aucpr", "accuracy", "f1", "precision", "recall", "map", "ndcg", "r2"]
                    .iter()
                    .any(|name| metric.starts_with(name))
            },
            |metric| metric.maximise(),
        );
        // Larger is worse from here on.
        let sign = if maximise { -1.0 } else { 1.0 };
        let train = history.curves.iter().find(|curve| curve.channel == "train" && curve.metric == metric);
        let best = judged.and_then(|curve| best_place(curve, sign));
        let (verdict, sentence) = match (judged, best) {
            (Some(curve), Some(best)) => judge(curve, train, best, (sign, rounds_used)),
            _ => (Verdict::Unknown, without_validation(shown, objective)),
        };
        Some(Self {
            metric,
            best_round: best.and_then(|best| judged.map(|curve| curve.rounds[best])),
            best_value: best.and_then(|best| judged.map(|curve| curve.values[best])),
            channel,
            rounds_used,
            verdict,
            sentence,
            curves: history.curves.iter().map(thinned).collect(),
        })
    }
}

/// The place of the best value, the first of equal ones.
fn best_place(curve: &LossCurve, sign: f64) -> Option<usize> {
    (0..curve.values.len())
        .reduce(|best, next| if sign * curve.values[next] < sign * curve.values[best] { next } else { best })
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

fn without_validation(curve: &LossCurve, objective: Objective) -> String {
    let (first, last) = (curve.values.first().copied().unwrap_or(0.0), curve.values.last().copied().unwrap_or(0.0));
    let what = if objective.is_classification() { "classify" } else { "predict" };
    format!(
        "The {} {} goes from {first:.4} to {last:.4}. How well the model can {what} rows that it has not seen cannot be \
         told from training data: give validation data as well.",
        curve.channel, curve.metric
    )
}

/// The verdict and its sentence.
fn judge(
    curve: &LossCurve,
    train: Option<&LossCurve>,
    best: usize,
    (sign, rounds_used): (f64, usize),
) -> (Verdict, String) {
    let last = curve.values.len() - 1;
    let (first_value, best_value, last_value) = (curve.values[0], curve.values[best], curve.values[last]);
    let (best_round, last_round) = (curve.rounds[best], curve.rounds[last]);
    let mut letters = curve.channel.chars();
    let channel: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    let name = format!("{channel} {}", curve.metric);
    let fell = sign * (first_value - best_value);
    let rose = sign * (last_value - best_value);
    // Around the last tenth of the rounds, which has two ends if there are at least two rounds.
    let late = (last - last.div_ceil(10)).min(last);
    let still = sign * (curve.values[late] - last_value);
    let on_train =
        train.filter(|train| train.values.len() == curve.values.len() || train.rounds.last() == curve.rounds.last());
    let train_part = |from: usize| {
        on_train
            .and_then(|train| {
                let at = train.rounds.partition_point(|&round| round < from).min(train.values.len().checked_sub(1)?);
                Some((train.values[at], *train.values.last()?))
            })
            .map(|(then, now)| format!(", while on the training data it went on from {then:.4} to {now:.4}"))
            .unwrap_or_default()
    };
    let gap = on_train
        .and_then(|train| train.values.last())
        .map(|&on_train| {
            format!(" On the training data it ends at {on_train:.4}, {:.4} apart.", (last_value - on_train).abs())
        })
        .unwrap_or_default();
    let verb = if sign < 0.0 { "highest" } else { "lowest" };
    if last == 0 {
        return (Verdict::Unknown, format!("There is a single round, with {name} {last_value:.4}."));
    }
    if fell <= 0.0 {
        return (
            Verdict::Overfits,
            format!(
                "{name} is {verb} after the first round ({best_value:.4}) and only gets worse, to {last_value:.4} in round \
                 {last_round}: what the model learns does not carry over. A smaller eta, shallower trees or more data may help."
            ),
        );
    }
    if rose > NOTABLE * fell {
        let change = if first_value == 0.0 {
            String::new()
        } else {
            format!(" ({:+.1} %)", 100.0 * (last_value - best_value) / best_value.abs())
        };
        let remedy = if rounds_used <= best_round + 1 {
            format!("Predictions stop at round {}, so they do not suffer.", rounds_used.saturating_sub(1))
        } else {
            format!("{} rounds, or early_stopping_rounds, would have been enough.", best_round + 1)
        };
        return (
            Verdict::Overfits,
            format!(
                "{name} is {verb} in round {best_round} of {} ({best_value:.4}) and gets worse from there on, to \
                 {last_value:.4}{change} in round {last_round}{}: the model overfits after round {best_round}. {remedy}",
                last_round,
                train_part(best_round),
            ),
        );
    }
    if still > NOTABLE * fell {
        return (
            Verdict::Underfits,
            format!(
                "{name} still improves at the end: from {:.4} to {last_value:.4} over the last {} of {} rounds. More rounds, or \
                 a larger eta, would improve it further.{gap}",
                curve.values[late],
                last_round - curve.rounds[late],
                last_round + 1,
            ),
        );
    }
    (
        Verdict::Settled,
        format!(
            "{name} is {verb} in round {best_round} of {last_round} ({best_value:.4}) and has settled: {last_value:.4} at the end. \
             Neither over- nor underfitting shows.{gap}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(channel: &str, values: Vec<f64>) -> LossCurve {
        LossCurve {
            channel: channel.to_string(),
            metric: "logloss".to_string(),
            rounds: (0..values.len()).collect(),
            values,
        }
    }

    fn learning(curves: Vec<LossCurve>) -> Learning {
        Learning::new(History { curves }, Objective::BinaryLogistic, 10).unwrap_or_else(|| panic!("curves"))
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
        assert_eq!((found.verdict, found.best_round), (Verdict::Underfits, Some(99)));

        let settles = (0..100).map(|i| 0.3 + 0.3 * (-f64::from(i) / 8.0).exp()).collect();
        let found = learning(vec![train(), curve("validation", settles)]);
        assert_eq!(found.verdict, Verdict::Settled);

        let found = learning(vec![train()]);
        assert_eq!((found.verdict, found.best_round, found.channel), (Verdict::Unknown, None, None));
        let found = learning(vec![train(), curve("validation", vec![0.5, 0.6, 0.7])]);
        assert_eq!((found.verdict, found.best_round), (Verdict::Overfits, Some(0)));
        assert!(Learning::new(History::default(), Objective::SquaredError, 1).is_none());
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
        assert!(History::parse("round,a-b\n").is_err());
    }
}
