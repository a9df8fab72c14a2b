//! What a search optimises: a metric on the validation channel or over the folds of a
//! cross-validation.

use crate::error::{Error, Result};
use crate::metric::Metric;
use std::fmt;
use std::str::FromStr;

/// Where the objective metric is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// On the validation channel.
    Validation,
    /// On the test folds of a cross-validation: the mean.
    Cv,
}

impl Source {
    const NAMES: [(&'static str, Self); 2] = [("validation", Self::Validation), ("cv", Self::Cv)];
}

/// The metric that a search optimises, written `validation:auc` or `cv:auc`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObjectiveMetric {
    /// Where it is measured.
    pub source: Source,
    /// The metric.
    pub metric: Metric,
}

impl FromStr for ObjectiveMetric {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let split = text.split_once(':').and_then(|(word, metric)| {
            let source = Source::NAMES.into_iter().find(|(name, _)| *name == word)?.1;
            Some((source, metric))
        });
        let Some((source, metric)) = split else {
            return Err(Error::parameter(format!("objective metric {text:?} does not say where it is measured"))
                .remedy("write it like validation:auc or cv:auc"));
        };
        Ok(Self { source, metric: Metric::from_name(metric)? })
    }
}

impl fmt::Display for ObjectiveMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) = Source::NAMES[usize::from(self.source == Source::Cv)];
        write!(f, "{name}:{}", self.metric)
    }
}

/// Which objective values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Lower ones.
    Minimize,
    /// Higher ones.
    Maximize,
}

impl Direction {
    /// The direction in which the metric gets better.
    #[must_use]
    pub fn of(metric: Metric) -> Self {
        if metric.maximise() { Self::Maximize } else { Self::Minimize }
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimize => "minimize",
            Self::Maximize => "maximize",
        }
    }

    /// The value turned so that lower is better.
    #[must_use]
    pub fn loss(self, value: f64) -> f64 {
        match self {
            Self::Minimize => value,
            Self::Maximize => -value,
        }
    }

    /// Whether a value is strictly better than another one.
    #[must_use]
    pub fn better(self, value: f64, than: f64) -> bool {
        self.loss(value) < self.loss(than)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_and_directed() {
        let metric: ObjectiveMetric = "cv:logloss".parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((metric.source, metric.to_string().as_str()), (Source::Cv, "cv:logloss"));
        assert_eq!(Direction::of(metric.metric), Direction::Minimize);
        assert!(Direction::of(Metric::Auc).better(0.9, 0.8));
        for (text, error) in [
            (
                "auc",
                "objective metric \"auc\" does not say where it is measured; write it like validation:auc or cv:auc",
            ),
            (
                "test:auc",
                "objective metric \"test:auc\" does not say where it is measured; write it like validation:auc or cv:auc",
            ),
        ] {
            assert_eq!(text.parse::<ObjectiveMetric>().err().map(|error| error.to_string()).as_deref(), Some(error));
        }
        assert!("cv:acu".parse::<ObjectiveMetric>().is_err());
    }
}
