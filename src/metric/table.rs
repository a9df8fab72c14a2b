//! Every metric once: its name, the labels it needs, which value is better, and the function that
//! computes it.
//!
//! A new metric is one row of [`METRICS`] and one function of [`Scored`].

use super::confusion::Totals;
use super::{Scored, confusion, elementwise, ranking};
use crate::error::{Error, Result};
use crate::objective::{Objective, Task};
use std::fmt;

/// Which value of a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The lower one: a loss.
    Lower,
    /// The higher one: a score.
    Higher,
}

/// The labels that a metric can be computed from.
#[derive(Clone, Copy)]
enum Needs {
    /// Labels 0 and 1.
    Binary,
    /// Labels 0 and 1; classes are to follow.
    BinaryAsYet,
    /// Classes.
    Multiclass,
    /// Labels 0 and 1, or classes.
    Classification,
    /// Numbers; also probabilities of binary labels.
    Numbers,
}

/// The number behind a metric's name: `0.7` in `error@0.7`.
struct Parameter {
    /// What it is called in messages.
    name: &'static str,
    /// Its value where the name stands alone.
    default: f32,
    /// The least and the greatest value.
    range: (f32, f32),
    /// A value that shows how it is written.
    example: &'static str,
}

/// One row of the table.
struct MetricDef {
    /// XGBoost's or SageMaker's name.
    name: &'static str,
    /// Names that other programs have for it.
    synonyms: &'static [&'static str],
    /// What it is computed from.
    needs: Needs,
    /// Which value is better.
    better: Better,
    /// Whether it compares rows of different labels, so that it has no value where all labels
    /// agree.
    ranks: bool,
    /// The number that may stand behind its name.
    parameter: Option<Parameter>,
    /// Computes the value; the second argument is the parameter, if the metric has one.
    value: fn(&Scored, Option<f32>) -> f64,
}

impl MetricDef {
    /// The parameter's default; not a number in a metric without one.
    const fn default_parameter(&self) -> f32 {
        match &self.parameter {
            Some(parameter) => parameter.default,
            None => f32::NAN,
        }
    }
}

/// The probability above which `error` counts a row as predicted positive.
const DEFAULT_THRESHOLD: f32 = 0.5;

macro_rules! metrics {
    ($(
        $(#[$doc:meta])*
        $metric:ident $({ $(#[$parameter_doc:meta])* $parameter:ident })? = $def:expr;
    )+) => {
        /// A metric, by the name that XGBoost or SageMaker's container gives it.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Metric {
            $($(#[$doc])* $metric $({ $(#[$parameter_doc])* $parameter: f32 })?,)+
        }

        /// The table, in the order in which metrics are listed.
        const METRICS: &[MetricDef] = &[$($def),+];

        /// The index of each metric in the table.
        enum MetricIndex { $($metric),+ }

        impl Metric {
            /// Every metric, with its default parameter if it has one.
            pub const ALL: [Self; METRICS.len()] = [
                $(Self::$metric $({
                    $parameter: METRICS[MetricIndex::$metric as usize].default_parameter()
                })?,)+
            ];

            /// The metric's row of the table.
            fn def(self) -> &'static MetricDef {
                match self { $(Self::$metric { .. } => &METRICS[MetricIndex::$metric as usize],)+ }
            }

            /// The number behind the name, if the metric has one.
            fn parameter(self) -> Option<f32> {
                match self {
                    $($(Self::$metric { $parameter } => Some($parameter),)?)+
                    _ => None,
                }
            }

            /// The same metric with another number behind its name; unchanged if it has none.
            fn with_parameter(self, value: f32) -> Self {
                match self {
                    $($(Self::$metric { .. } => Self::$metric { $parameter: value },)?)+
                    other => other,
                }
            }
        }
    };
}

metrics! {
    /// `logloss`: mean negative log-likelihood of binary labels.
    Logloss = MetricDef {
        name: "logloss", synonyms: &["log_loss", "binary_logloss", "cross_entropy"], needs: Needs::Binary,
        better: Better::Lower, ranks: false, parameter: None, value: |scored, _| elementwise::logloss(scored),
    };
    /// `error`, `error@0.7`: share of rows on the wrong side of the threshold, a probability (0.5
    /// in `error`).
    Error {
        /// Rows of a probability strictly above it count as predicted positive; from 0 to 1.
        threshold
    } = MetricDef {
        name: "error", synonyms: &["binary_error"], needs: Needs::Binary, better: Better::Lower, ranks: false,
        parameter: Some(Parameter { name: "threshold", default: DEFAULT_THRESHOLD, range: (0.0, 1.0), example: "0.7" }),
        value: |scored, threshold| confusion::error(scored, threshold.unwrap_or(DEFAULT_THRESHOLD)),
    };
    /// `auc`: area under the receiver operating characteristic curve.
    ///
    /// Multiclass: one class against the rest by softmax probability, weighted by the class's share
    /// of the rows, as XGBoost defines it. Not a number, as in XGBoost, where a class has no row of
    /// a weight above 0 ([`lacking`](super::lacking)).
    Auc = MetricDef {
        name: "auc", synonyms: &["roc_auc", "roc_auc_score"], needs: Needs::Classification, better: Better::Higher,
        ranks: true, parameter: None, value: |scored, _| ranking::auc(scored),
    };
    /// `aucpr`: area under the precision-recall curve by XGBoost's interpolation, which is not
    /// scikit-learn's average precision. Not a number where one of the labels has no row of a
    /// weight above 0.
    Aucpr = MetricDef {
        name: "aucpr", synonyms: &["average_precision"], needs: Needs::BinaryAsYet, better: Better::Higher,
        ranks: true, parameter: None, value: |scored, _| ranking::aucpr(scored),
    };
    /// `rmse`: root of the mean squared error. For binary labels, of the probability.
    Rmse = MetricDef {
        name: "rmse", synonyms: &["root_mean_squared_error", "l2_root"], needs: Needs::Numbers,
        better: Better::Lower, ranks: false, parameter: None, value: |scored, _| elementwise::rmse(scored),
    };
    /// `mae`: mean absolute error. For binary labels, of the probability.
    Mae = MetricDef {
        name: "mae", synonyms: &["mean_absolute_error", "l1"], needs: Needs::Numbers, better: Better::Lower,
        ranks: false, parameter: None, value: |scored, _| elementwise::mae(scored),
    };
    /// `merror`: share of rows whose predicted class is wrong.
    Merror = MetricDef {
        name: "merror", synonyms: &["multi_error"], needs: Needs::Multiclass, better: Better::Lower, ranks: false,
        parameter: None, value: |scored, _| Totals::new(scored).error(),
    };
    /// `mlogloss`: mean negative log-likelihood of class labels.
    Mlogloss = MetricDef {
        name: "mlogloss", synonyms: &["multi_logloss", "multiclass"], needs: Needs::Multiclass,
        better: Better::Lower, ranks: false, parameter: None, value: |scored, _| elementwise::mlogloss(scored),
    };
    /// `accuracy`: share of rows whose predicted class is right.
    Accuracy = MetricDef {
        name: "accuracy", synonyms: &[], needs: Needs::Classification, better: Better::Higher, ranks: false,
        parameter: None, value: |scored, _| Totals::new(scored).accuracy(),
    };
    /// `f1`: harmonic mean of precision and recall of label 1; for several classes the mean over
    /// those that occur as label or prediction (scikit-learn's macro average).
    F1 = MetricDef {
        name: "f1", synonyms: &["f1_score"], needs: Needs::Classification, better: Better::Higher, ranks: false,
        parameter: None, value: |scored, _| Totals::new(scored).f1(),
    };
    /// `precision`: share of rows predicted as label 1 that have it; for several classes the mean
    /// over those that occur as label or prediction.
    Precision = MetricDef {
        name: "precision", synonyms: &[], needs: Needs::Classification, better: Better::Higher, ranks: false,
        parameter: None, value: |scored, _| Totals::new(scored).precision(),
    };
    /// `recall`: share of rows with label 1 that are predicted so; for several classes the mean
    /// over those that occur as label or prediction.
    Recall = MetricDef {
        name: "recall", synonyms: &[], needs: Needs::Classification, better: Better::Higher, ranks: false,
        parameter: None, value: |scored, _| Totals::new(scored).recall(),
    };
}

/// Metrics of XGBoost and of SageMaker's container that are known but do not work yet.
const NOT_YET: [&str; 25] = [
    "rmsle",
    "mape",
    "mphe",
    "ndcg",
    "map",
    "pre",
    "ams",
    "quantile",
    "expectile",
    "poisson-nloglik",
    "gamma-nloglik",
    "gamma-deviance",
    "tweedie-nloglik",
    "aft-nloglik",
    "interval-regression-accuracy",
    "cox-nloglik",
    "balanced_accuracy",
    "f1_binary",
    "f1_macro",
    "precision_macro",
    "precision_micro",
    "recall_macro",
    "recall_micro",
    "mse",
    "r2",
];

impl Metric {
    /// Returns the metric of that name; `error@0.7` sets the threshold.
    ///
    /// # Errors
    /// If the name is unknown, known but not supported yet, or its threshold is not a number from 0
    /// to 1.
    pub fn from_name(name: &str) -> Result<Self> {
        let (stem, text) = match name.split_once('@') {
            Some((stem, text)) => (stem, Some(text)),
            None => (name, None),
        };
        let known = Self::ALL.into_iter().find(|metric| metric.def().name == stem);
        match (known, text) {
            (Some(metric), None) => Ok(metric),
            (Some(metric), Some(text)) => match &metric.def().parameter {
                Some(parameter) => match text.parse::<f32>() {
                    Ok(value) if parameter.accepts(value) => Ok(metric.with_parameter(value)),
                    _ => Err(parameter.refusal(text, name, stem)),
                },
                None => Err(Error::parameter(format!("metric {name} is unknown: {stem} has no parameter"))
                    .remedy(format!("write {stem}"))),
            },
            // XGBoost also writes tweedie-nloglik@1.5, ndcg@5, ndcg@5- and ndcg-.
            (None, _) if NOT_YET.contains(&stem.trim_end_matches('-')) => {
                Err(Error::parameter(format!("metric {name} is not supported yet"))
                    .remedy(format!("use one of {}", list())))
            }
            (None, _) => {
                let remedy = match nearest(stem) {
                    Some(near) => format!("did you mean {near}? The metrics are {}", list()),
                    None => format!("use one of {}", list()),
                };
                Err(Error::parameter(format!("unknown metric {name:?}")).remedy(remedy))
            }
        }
    }

    /// Returns the name, as [`Metric::from_name`] reads it: `error@0.7` for a threshold other than
    /// 0.5.
    #[must_use]
    pub fn name(&self) -> String {
        let def = self.def();
        match (self.parameter(), &def.parameter) {
            (Some(value), Some(parameter)) if value != parameter.default => format!("{}@{value}", def.name),
            _ => def.name.to_string(),
        }
    }

    /// Returns which value of the metric is better.
    #[must_use]
    pub fn better(&self) -> Better {
        self.def().better
    }

    /// Whether a higher value is better.
    #[must_use]
    pub fn maximise(&self) -> bool {
        self.better() == Better::Higher
    }

    /// Whether `value` is better than `than`; never if either is not a number.
    #[must_use]
    pub fn is_better(&self, value: f64, than: f64) -> bool {
        self.better().prefers(value, than)
    }

    /// Whether the metric ranks rows of different labels, so that it needs such rows
    /// ([`lacking`](super::lacking)).
    #[must_use]
    pub fn ranks(&self) -> bool {
        self.def().ranks
    }

    /// Returns the first of the best values, with what it belongs to; a value that is not a number
    /// is never the best.
    #[must_use]
    pub fn best<K>(&self, values: impl IntoIterator<Item = (K, f64)>) -> Option<(K, f64)> {
        self.better().best(values)
    }

    /// Returns the metric that is reported for an objective when none is chosen.
    #[must_use]
    pub fn default_for(objective: Objective) -> Self {
        let Some(&metric) = Self::reported_for(objective).first() else {
            unreachable!("every objective has a metric");
        };
        metric
    }

    /// Returns the metrics that tell how good a model of an objective is, the default one first.
    #[must_use]
    pub fn reported_for(objective: Objective) -> Vec<Self> {
        let named = |name: &&str| Self::ALL.into_iter().find(|metric| metric.def().name == *name);
        objective.metrics().iter().filter_map(named).collect()
    }

    /// Checks that the metric can be computed from the objective's margins and labels.
    ///
    /// # Errors
    /// If it cannot; the error lists the metrics that can.
    pub fn suits(&self, objective: Objective) -> Result<()> {
        let needs = self.def().needs;
        if needs.allow(objective) {
            return Ok(());
        }
        let message = if matches!(needs, Needs::BinaryAsYet) && objective.is_multiclass() {
            format!("metric {} is not supported yet for {}", self.name(), objective.name())
        } else {
            format!("metric {} does not suit {}", self.name(), objective.name())
        };
        let suitable: Vec<_> = METRICS.iter().filter(|def| def.needs.allow(objective)).map(|def| def.name).collect();
        Err(Error::parameter(message).remedy(format!("use one of {}", suitable.join(", "))))
    }

    /// Computes the metric's value. It has to suit the objective, and the labels to belong to it
    /// ([`Metric::suits`], [`Objective::check_labels`]).
    ///
    /// # Panics
    /// If a slice has the wrong length, or a label is not a class.
    #[must_use]
    pub fn evaluate(&self, scored: &Scored) -> f64 {
        (self.def().value)(scored, self.parameter())
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl Better {
    /// Whether `value` is better than `than`; never if either is not a number.
    #[must_use]
    pub fn prefers(self, value: f64, than: f64) -> bool {
        match self {
            Self::Lower => value < than,
            Self::Higher => value > than,
        }
    }

    /// Returns the first of the best values, with what it belongs to; a value that is not a number
    /// is never the best.
    ///
    /// This is what "the best round" means wherever one is named.
    #[must_use]
    pub fn best<K>(self, values: impl IntoIterator<Item = (K, f64)>) -> Option<(K, f64)> {
        let numbers = values.into_iter().filter(|(_, value)| !value.is_nan());
        numbers.reduce(|best, next| if self.prefers(next.1, best.1) { next } else { best })
    }
}

impl Needs {
    /// Whether the objective's labels are such.
    fn allow(self, objective: Objective) -> bool {
        match self {
            Self::Binary | Self::BinaryAsYet => objective.task() == Task::Binary,
            Self::Multiclass => objective.is_multiclass(),
            Self::Classification => objective.is_classification(),
            Self::Numbers => !objective.is_multiclass(),
        }
    }
}

impl Parameter {
    /// Whether the value lies in the range; never if it is not a number.
    fn accepts(&self, value: f32) -> bool {
        (self.range.0..=self.range.1).contains(&value)
    }

    /// The error for a value as it was typed, in a metric of that name.
    fn refusal(&self, text: &str, metric: &str, stem: &str) -> Error {
        let Self { name, range: (low, high), example, .. } = self;
        Error::parameter(format!("{name} {text:?} of metric {metric} is not a number from {low} to {high}"))
            .remedy(format!("write it like {stem}@{example}"))
    }
}

/// Returns the metrics' names as a user types them, in a list.
#[must_use]
pub fn list() -> String {
    let spelling = |def: &MetricDef| match &def.parameter {
        Some(parameter) => format!("{0}, {0}@{1}", def.name, parameter.name.to_uppercase()),
        None => def.name.to_string(),
    };
    METRICS.iter().map(spelling).collect::<Vec<_>>().join(", ")
}

/// The metric that another program's name means, or the one that a slip is near to.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let meant = METRICS.iter().find(|def| def.synonyms.contains(&name.as_str())).map(|def| def.name);
    meant.or_else(|| crate::util::names::nearest(&name, METRICS.iter().map(|def| def.name)))
}
