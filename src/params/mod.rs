//! Every hyperparameter once: name, aliases, range, default and help.
//!
//! Parsing, validation, the command line's flags, its help and the documentation all come from
//! [`table`].

mod elsewhere;
mod field;
mod presets;
mod unsupported;

use crate::error::words::say;
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::objective::Objective;
use crate::params::unsupported::NOT_YET;
use crate::params::unsupported::OBJECTIVES_NOT_YET;
use crate::util::names::nearest;
use elsewhere::{ELSEWHERE, SYNONYMS};
use field::{Field, Refused, one_of};
use serde_json::Value;

/// How candidate splits are enumerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeMethod {
    /// Histograms over at most `max_bin` bins a feature.
    #[default]
    Hist,
    /// Every distinct value is a candidate.
    Exact,
}

/// Where row and column samples come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sampler {
    /// A counter hash of (seed, tree, row or feature).
    #[default]
    Hash,
    /// The mt19937 sequence of XGBoost 1.x, to reproduce its models.
    Xgboost1,
}

/// How wide histogram sums are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistogramSums {
    /// 32 bits from 2^16 to 2^21 rows, 64 below and above.
    #[default]
    Auto,
    /// 32 bits always: faster; at most 2^21 rows.
    Narrow,
    /// 64 bits always: a finer quantisation for extremely heavy tails.
    Wide,
}

/// `base_score` as the user gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum BaseScore {
    /// Not given: 0.5 for classification, the label's mean for regression.
    #[default]
    Unset,
    /// Estimated from the labels.
    Auto,
    /// A value: a probability for binary:logistic, otherwise a margin.
    Value(f32),
}

impl From<f32> for BaseScore {
    fn from(value: f32) -> Self {
        Self::Value(value)
    }
}

/// Numbers that a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Any value the type has.
    Any,
    /// From the first to the second number, both included.
    Within(f64, f64),
    /// The lower end excluded, the upper included.
    Above(f64, f64),
}

impl Range {
    fn contains(self, value: f64) -> bool {
        match self {
            Self::Any => true,
            Self::Within(low, high) => low <= value && value <= high,
            Self::Above(low, high) => low < value && value <= high,
        }
    }

    /// The range behind a noun: "in [0, 1]", ">= 0"; nothing for any value.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Any => String::new(),
            // Ends so far away that nobody gets there are no news.
            Self::Within(low, high) if high >= 1e9 => format!(">= {low}"),
            Self::Above(low, high) if high >= 1e9 => format!("> {low}"),
            Self::Within(low, high) => format!("in [{low}, {high}]"),
            Self::Above(low, high) => format!("in ({low}, {high}]"),
        }
    }
}

/// One parameter: a row of [`table`].
pub struct Spec {
    /// Name of the parameter in XGBoost.
    pub name: &'static str,
    /// Other names it is known by.
    pub aliases: &'static [&'static str],
    /// Range of the accepted numbers; [`Range::Any`] for parameters that are no numbers.
    pub range: Range,
    /// The default as shown to users.
    pub default: &'static str,
    /// Text of the help, in one line.
    pub help: &'static str,
    kind: Kind,
}

enum Kind {
    /// Works: how to set, show and check it.
    Works {
        set: fn(&mut Params, &str) -> std::result::Result<(), Refused>,
        show: fn(&Params) -> Value,
        number: fn(&Params) -> Option<f64>,
        check: fn(&Params) -> Result<()>,
        choices: fn() -> Vec<String>,
    },
    /// Accepted only at the values that change nothing; anything else is not supported yet.
    Only(&'static [&'static str]),
}

impl Spec {
    /// Whether the parameter can be given any value of its range.
    #[must_use]
    pub fn works(&self) -> bool {
        matches!(self.kind, Kind::Works { .. })
    }

    /// Whether any value at all is accepted.
    #[must_use]
    pub fn takes_values(&self) -> bool {
        !matches!(self.kind, Kind::Only([]))
    }

    /// Other programs' names of the parameter: accepted, but not shown.
    #[must_use]
    pub fn synonyms(&self) -> &'static [&'static str] {
        SYNONYMS.iter().find(|(name, _)| *name == self.name).map_or(&[], |(_, synonyms)| synonyms)
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name) || self.synonyms().contains(&name)
    }

    /// The values, where they are a few names; of a list, the names that may stand in it.
    #[must_use]
    pub fn choices(&self) -> Vec<String> {
        match self.kind {
            Kind::Works { choices, .. } => choices(),
            Kind::Only(_) => Vec::new(),
        }
    }

    /// Checks the parameter's value by itself.
    fn check(&self, params: &Params) -> Result<()> {
        let Kind::Works { number, check, .. } = self.kind else { return Ok(()) };
        match number(params) {
            Some(number) if !self.range.contains(number) => Err(self.out_of_range(&number.to_string())),
            Some(number) if !number.is_finite() => Err(self.not_accepted(&number.to_string(), "a number")),
            _ => check(params),
        }
    }

    /// The error for a number that is not in the range.
    fn out_of_range(&self, value: &str) -> Error {
        Error::parameter(format!("{} {value} is out of range", self.name))
            .remedy(format!("give a value {}", self.range.in_words()))
    }

    /// The error for a value of another form than the accepted one.
    fn not_accepted(&self, value: &str, accepted: &str) -> Error {
        Error::parameter(format!("{} {value:?} is not accepted", self.name)).remedy(format!("give {accepted}"))
    }

    /// How to do without a parameter that does not work yet.
    fn without(&self) -> String {
        let Kind::Only(values) = self.kind else { return String::new() };
        let leave = match values.first() {
            Some(value) if !value.is_empty() => format!("leave the parameter out, or give {value}"),
            _ => "leave the parameter out".to_string(),
        };
        if self.help.is_empty() { leave } else { format!("{leave}; {}", say(self.help)) }
    }
}

/// A setter of [`ParamsBuilder`]: takes the field's type, or what converts into it.
macro_rules! setter {
    ($(#[$doc:meta])* $field:ident: $type:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.params.$field = $field;
            self
        }
    };
    ($(#[$doc:meta])* $field:ident: $type:ty, $given:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $given) -> Self {
            self.params.$field = $field.into();
            self
        }
    };
}

macro_rules! params {
    ($($field:ident: $type:ty $(as $given:ty)? = $initial:expr; $name:literal $aliases:expr, $range:expr, $default:literal, $help:literal;)+) => {
        /// The hyperparameters of a training.
        ///
        /// [`Params::builder`] sets them by type, [`Params::set`] from text. Ranges are checked
        /// whichever way a value came: by `set`, by [`ParamsBuilder::build`], and again by
        /// [`Params::check`] when a training begins.
        ///
        /// ```
        /// use gboost::{Objective, Params};
        ///
        /// let params = Params::builder().objective(Objective::BinaryLogistic).max_depth(5).eta(0.1).build()?;
        /// assert_eq!((params.max_depth, params.num_round), (5, 100));
        ///
        /// let refused = Params::builder().eta(-1.0).build();
        /// assert_eq!(refused.unwrap_err().to_string(), "eta -1 is out of range; give a value in [0, 1]");
        /// # Ok::<(), gboost::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct Params {
            $(#[doc = concat!("`", $name, "`: ", $help)] pub $field: $type,)+
        }

        /// Sets parameters by type, one after the other; made by [`Params::builder`] and
        /// [`Params::to_builder`].
        ///
        /// A parameter that is not set keeps its default, or its value of before.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct ParamsBuilder {
            params: Params,
        }

        impl ParamsBuilder {
            $(setter! {
                #[doc = concat!("Sets `", $name, "`: ", $help, ". Default: ", $default, ".")]
                $field: $type $(, $given)?
            })+
        }

        impl Default for Params {
            fn default() -> Self {
                Self { $($field: $initial,)+ }
            }
        }

        /// The parameters that work, in the order in which they are shown.
        const WORKING: &[Spec] = &[$(Spec {
            name: $name,
            aliases: &$aliases,
            range: $range,
            default: $default,
            help: $help,
            kind: Kind::Works {
                set: |params, text| { params.$field = Field::parse(text)?; Ok(()) },
                show: |params| params.$field.value(),
                number: |params| params.$field.number(),
                check: |params| params.$field.check(),
                choices: <$type as Field>::choices,
            },
        },)+];
    };
}

const INFINITY: f64 = f64::INFINITY;

params! {
    objective: Objective = Objective::default(); "objective" [], Range::Any, "reg:squarederror", "Learning objective: reg:squarederror, binary:logistic, multi:softmax or multi:softprob";
    num_class: usize = 0; "num_class" [], Range::Within(0.0, 65_535.0), "0", "Number of classes (multi:*)";
    num_round: u32 = 100; "num_round" ["num_boost_round", "n_estimators", "num_rounds"], Range::Within(1.0, 1e9), "100", "Boosting rounds";
    eta: f32 = 0.3; "eta" ["learning_rate"], Range::Within(0.0, 1.0), "0.3", "Shrinkage of every leaf";
    gamma: f32 = 0.0; "gamma" ["min_split_loss"], Range::Within(0.0, INFINITY), "0", "Least gain of a split";
    max_depth: u32 = 6; "max_depth" [], Range::Within(0.0, 64.0), "6", "Depth of a tree (0 is a single leaf, with exact only)";
    min_child_weight: f32 = 1.0; "min_child_weight" [], Range::Within(0.0, INFINITY), "1", "Least sum of hessians in a child";
    lambda: f32 = 1.0; "lambda" ["reg_lambda"], Range::Within(0.0, INFINITY), "1", "L2 regularisation of leaf weights";
    alpha: f32 = 0.0; "alpha" ["reg_alpha"], Range::Within(0.0, INFINITY), "0", "L1 regularisation of leaf weights";
    max_delta_step: f32 = 0.0; "max_delta_step" [], Range::Within(0.0, INFINITY), "0", "Largest absolute leaf weight (0: no limit)";
    subsample: f32 = 1.0; "subsample" [], Range::Above(0.0, 1.0), "1", "Share of rows drawn for a tree";
    colsample_bytree: f32 = 1.0; "colsample_bytree" [], Range::Above(0.0, 1.0), "1", "Share of features drawn for a tree";
    colsample_bylevel: f32 = 1.0; "colsample_bylevel" [], Range::Above(0.0, 1.0), "1", "Share of the tree's features drawn for a level";
    colsample_bynode: f32 = 1.0; "colsample_bynode" [], Range::Above(0.0, 1.0), "1", "Share of the level's features drawn for a node";
    scale_pos_weight: f32 = 1.0; "scale_pos_weight" [], Range::Above(0.0, INFINITY), "1", "Weight of rows with label 1 (binary:logistic)";
    base_score: BaseScore as impl Into<BaseScore> = BaseScore::Unset; "base_score" [], Range::Any, "0.5; the label's mean for regression", "Prediction before the first tree, or auto";
    max_bin: usize = 256; "max_bin" ["max_bins"], Range::Within(2.0, 65_535.0), "256", "Most bins a feature (hist)";
    tree_method: TreeMethod = TreeMethod::Hist; "tree_method" [], Range::Any, "hist", "hist or exact";
    sampler: Sampler = Sampler::Hash; "sampler" [], Range::Any, "hash", "Source of row and column samples: hash, or xgboost1 to reproduce XGBoost 1.x";
    histogram_sums: HistogramSums = HistogramSums::Auto; "histogram_sums" [], Range::Any, "auto", "Width of histogram sums: auto (64 bits up to 65,536 rows and above 2,097,152), narrow (32) or wide (64)";
    seed: u64 = 0; "seed" ["random_state"], Range::Any, "0", "Seed of the sampler";
    eval_metric: Vec<Metric> as impl Into<Vec<Metric>> = Vec::new(); "eval_metric" [], Range::Any, "the objective's", "Metrics, separated by commas; the last one steers early stopping";
    early_stopping_rounds: Option<u32> as impl Into<Option<u32>> = None; "early_stopping_rounds" [], Range::Within(1.0, 1e9), "off", "Stop after this many rounds without a better validation metric";
    nthread: Option<usize> as impl Into<Option<usize>> = None; "nthread" ["n_jobs", "nthreads"], Range::Within(0.0, 4096.0), "all", "Threads (0: all)";
    verbosity: u8 = 1; "verbosity" [], Range::Within(0.0, 3.0), "1", "What is printed: 0 neither round lines nor warnings nor the summary, errors and results that were asked for alone; 1 all of these; 2 also details of backends and files; 3 as 2";
}

/// What does the work of a parameter that is not supported, or that another program has (`-` and
/// `_` are the same); `None` for a parameter that works and for an unknown one.
#[must_use]
pub fn advice(name: &str) -> Option<String> {
    let wanted = normalise(name);
    let elsewhere = ELSEWHERE.iter().find(|(known, _)| *known == wanted).map(|(_, advice)| say(advice).into_owned());
    let not_yet = || NOT_YET.iter().find(|spec| spec.name == wanted);
    elsewhere.or_else(|| not_yet().map(|spec| format!("{} is not supported yet; {}", spec.name, spec.without())))
}

/// Every parameter that is known, in the order in which they are shown.
pub fn table() -> impl Iterator<Item = &'static Spec> {
    WORKING.iter().chain(NOT_YET)
}

impl Params {
    /// Sets a parameter by name or alias from text (`-` and `_` are the same in names).
    ///
    /// # Errors
    /// An unknown name (with the nearest known one), a value that is no number or out of range, a
    /// parameter or a value that is not supported yet; the error names parameter, value and
    /// accepted range.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let spec = find(name)?;
        let value = value.trim();
        match spec.kind {
            Kind::Only(values) if values.contains(&value) => Ok(()),
            Kind::Only(_) => {
                Err(Error::parameter(format!("{} {value:?} is not supported yet", spec.name)).remedy(spec.without()))
            }
            Kind::Works { set, choices, .. } => {
                let not_yet = (spec.name == "objective" && OBJECTIVES_NOT_YET.contains(&value))
                    || (spec.name == "tree_method" && ["approx", "gpu_hist", "gpu_exact"].contains(&value));
                if not_yet {
                    let error = Error::parameter(format!("{} {value:?} is not supported yet", spec.name));
                    return Err(error.remedy(format!("give {}", one_of(&choices()))));
                }
                if spec.range != Range::Any {
                    match value.parse::<f64>() {
                        Ok(number) if spec.range.contains(number) => {}
                        Ok(_) => return Err(spec.out_of_range(value)),
                        Err(_) => return Err(spec.not_accepted(value, &format!("a number {}", spec.range.in_words()))),
                    }
                }
                set(self, value).map_err(|refused| match refused {
                    Refused::Form(form) => spec.not_accepted(value, &form),
                    Refused::Error(error) => error,
                })
            }
        }
    }

    /// Begins to set parameters by type, from the defaults.
    #[must_use]
    pub fn builder() -> ParamsBuilder {
        ParamsBuilder::default()
    }

    /// Begins to set parameters by type, from these.
    #[must_use]
    pub fn to_builder(&self) -> ParamsBuilder {
        ParamsBuilder { params: self.clone() }
    }

    /// Checks every parameter's range, and what no parameter can say alone. A training begins with
    /// it.
    ///
    /// # Errors
    /// A value out of range (the error is that of [`Params::set`]), a missing num_class, metrics
    /// that do not suit the objective, and combinations that do not work.
    pub fn check(&self) -> Result<()> {
        WORKING.iter().try_for_each(|spec| spec.check(self))?;
        if self.objective.is_multiclass() && self.num_class < 2 {
            return Err(Error::parameter(format!(
                "num_class {} is out of range: {} needs the number of classes",
                self.num_class,
                self.objective.name()
            ))
            .remedy("give {num-class}, at least 2"));
        }
        if !self.objective.is_multiclass() && self.num_class > 1 {
            return Err(Error::parameter(format!(
                "num_class {} does not suit {}",
                self.num_class,
                self.objective.name()
            ))
            .remedy("leave num_class out, or choose multi:softprob"));
        }
        if self.tree_method == TreeMethod::Hist && self.max_depth == 0 {
            return Err(Error::parameter(
                "max_depth 0 is out of range: with tree_method hist it means no limit, which is not supported yet",
            )
            .remedy("give max_depth from 1 to 64, or tree_method exact for single leaves"));
        }
        if self.sampler == Sampler::Xgboost1 && (self.colsample_bylevel < 1.0 || self.colsample_bynode < 1.0) {
            return Err(Error::parameter(
                "sampler xgboost1 is not supported together with colsample_bylevel or colsample_bynode",
            )
            .remedy("use sampler hash"));
        }
        if self.scale_pos_weight != 1.0 && !self.objective.weighs_positives() {
            return Err(Error::parameter(format!(
                "scale_pos_weight {} does not suit {}",
                self.scale_pos_weight,
                self.objective.name()
            ))
            .remedy("leave it out, or use a weight column"));
        }
        if let BaseScore::Value(value) = self.base_score {
            self.objective.base_margin(value)?;
        }
        self.eval_metric.iter().try_for_each(|metric| metric.suits(self.objective))
    }

    /// Trees a round: the number of classes, 1 unless multiclass.
    #[must_use]
    pub fn classes(&self) -> usize {
        if self.objective.is_multiclass() { self.num_class } else { 1 }
    }

    /// The metrics to report: those given, or the objective's.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        if self.eval_metric.is_empty() { vec![Metric::default_for(self.objective)] } else { self.eval_metric.clone() }
    }

    /// All parameters by name, resolved, in the table's order.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Map<String, Value> {
        WORKING
            .iter()
            .filter_map(|spec| match spec.kind {
                Kind::Works { show, .. } => Some((spec.name.to_string(), show(self))),
                Kind::Only(_) => None,
            })
            .collect()
    }
}

impl ParamsBuilder {
    /// Returns the parameters, checked as in [`Params::check`].
    ///
    /// # Errors
    /// As [`Params::check`].
    pub fn build(self) -> Result<Params> {
        self.params.check()?;
        Ok(self.params)
    }
}

fn normalise(name: &str) -> String {
    name.trim().trim_start_matches("--").replace('-', "_")
}

/// The row of the table for a name or an alias (`-` and `_` are the same).
///
/// # Errors
/// An unknown name, with the nearest known one.
pub fn find(name: &str) -> Result<&'static Spec> {
    let wanted = normalise(name);
    table().find(|spec| spec.is_called(&wanted)).ok_or_else(|| {
        let error = Error::parameter(format!("unknown parameter {name:?}"));
        if let Some(advice) = advice(&wanted) {
            return error.remedy(advice);
        }
        let names = WORKING.iter().flat_map(|spec| std::iter::once(spec.name).chain(spec.aliases.iter().copied()));
        match nearest(&wanted, names) {
            Some(near) => error.remedy(format!("did you mean {near}?")),
            None => error.remedy("see {parameters} for the list"),
        }
    })
}

#[cfg(test)]
mod tests;
