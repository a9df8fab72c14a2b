//! `history.csv` read back: a curve per channel and metric.

use crate::palette::DataRole;
use crate::thin::keep;
use gboost::ingest::shown;
use gboost::model::Model;
use gboost::{Error, Result, Trained};
use serde::Serialize;
use std::path::Path;

/// The metrics of every round, one curve per channel and metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Curves in the order of the file's columns: by channel, then by metric.
    pub curves: Vec<LossCurve>,
}

/// One metric of one channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LossCurve {
    /// Name of the channel, such as `validation`.
    pub channel: String,
    /// What part it had in the training.
    pub role: DataRole,
    /// Name of the metric, such as `error@0.7`.
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

    /// Reads `history.csv`: a header `round,train-logloss,validation-logloss`, then one line per
    /// round.
    ///
    /// # Errors
    /// If the file cannot be read, is not of that form, or its rounds do not ascend; with the place
    /// of what is wrong.
    pub fn read(path: &Path) -> Result<Self> {
        let text = gboost::internals::io::files::read_text(path)
            .map_err(|error| Error::io("read", path, error).remedy("give the history.csv that gboost train wrote"))?;
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

    /// Checks that this is the history of the model's training: it ends with the model's last
    /// round.
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

pub(crate) fn thinned(curve: &LossCurve) -> LossCurve {
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
