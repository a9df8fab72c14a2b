//! What a search is, from flags and from `--config tune.toml`.

use super::numbers::{at_least, target};
use super::words::Offered;
use clap::ValueEnum;
use gboost::internals::io::files::read_text;
use gboost::validation::tune::{Dimension, Direction};
use gboost::{Error, Params, Result};
use gboost_jobs::params_file::{self, text_of};
use gboost_jobs::search::{Search, Strategy};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// How to search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StrategyName {
    /// Settings drawn from the ranges
    #[default]
    Random,
    /// Every combination; real ranges at --grid-points each
    Grid,
    /// A tree-structured Parzen estimator: learns from the trials where good settings lie
    Bayesian,
    /// Many trials with few rounds, of which the best go on with more
    Hyperband,
}

impl StrategyName {
    /// The same for a job.
    fn strategy(self) -> Strategy {
        match self {
            Self::Random => Strategy::Random,
            Self::Grid => Strategy::Grid,
            Self::Bayesian => Strategy::Bayesian,
            Self::Hyperband => Strategy::Hyperband,
        }
    }
}

/// Which trials are stopped on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EarlyStopping {
    /// Those worse than the median of earlier trials' running averages
    Median,
    /// None
    Off,
}

/// The options of a search; the same names in a config file.
#[derive(clap::Args, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Search")]
pub struct SearchArgs {
    /// A tuned parameter and its values: NAME=LOW..HIGH[:log|:reverse-log],
    /// NAME=int:LOW..HIGH[:log] or NAME=VALUE,VALUE,...
    #[arg(long = "range", value_name = "NAME=VALUES", num_args = 1..)]
    #[serde(skip)]
    ranges: Vec<String>,

    /// Read the options of the search, [params] and [range] from a TOML file; flags win over it
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,

    /// How to search [default: random]
    #[arg(long, value_name = "STRATEGY")]
    strategy: Option<StrategyName>,

    /// Trials at most [default: 30; grid: all; hyperband: one round of its brackets]
    #[arg(long, alias = "max_jobs", value_name = "N", value_parser = at_least::<usize>(1), allow_negative_numbers = true)]
    max_jobs: Option<usize>,

    /// Trials that run at a time and share the threads; changes no result [default: as many as
    /// threads; 1 on a GPU]
    #[arg(long, alias = "max_parallel_jobs", value_name = "N", value_parser = at_least::<usize>(1), allow_negative_numbers = true)]
    max_parallel_jobs: Option<usize>,

    /// What to optimise: validation:METRIC or cv:METRIC, the mean over the held-out folds [default:
    /// the last eval_metric, on the validation data if given, otherwise over the folds]
    #[arg(long, alias = "objective_metric", value_name = "METRIC", value_parser = Offered::objective_metrics(), hide_possible_values = true)]
    objective_metric: Option<String>,

    /// Lower values are better [default: as the metric has it]
    #[arg(long, conflicts_with = "maximize")]
    minimize: bool,

    /// Higher values are better [default: as the metric has it]
    #[arg(long)]
    maximize: bool,

    /// Which trials to stop on the way [default: off]
    #[arg(long, alias = "early_stopping", value_name = "RULE")]
    early_stopping: Option<EarlyStopping>,

    /// End with the first trial that is at least as good; exit code 1 if none is
    #[arg(long, value_name = "VALUE", value_parser = target, allow_negative_numbers = true)]
    target: Option<f64>,

    /// End when so many trials in a row were no better than the best before them
    #[arg(long, value_name = "N", value_parser = at_least::<usize>(1), allow_negative_numbers = true)]
    patience: Option<usize>,

    /// Trials that --strategy bayesian proposes, and --early-stopping median judges, together: more
    /// of them run side by side, fewer learn more from one another [default: 4]
    #[arg(long, alias = "batch_size", value_name = "N", value_parser = at_least::<usize>(1), allow_negative_numbers = true)]
    batch_size: Option<usize>,

    /// Points of a real range in --strategy grid [default: 3]
    #[arg(long, alias = "grid_points", value_name = "N", value_parser = at_least::<u32>(2), allow_negative_numbers = true)]
    grid_points: Option<u32>,

    /// Rounds after which --strategy hyperband judges for the first time, at least [default: 5]
    #[arg(long, alias = "min_rounds", value_name = "N", value_parser = at_least::<u32>(1), allow_negative_numbers = true)]
    min_rounds: Option<u32>,

    /// Folds, in a config file.
    #[arg(skip)]
    nfold: Option<usize>,

    /// Whether they share the labels equally, in a config file.
    #[arg(skip)]
    stratified: bool,

    /// The tuned parameters of a config file.
    #[arg(skip)]
    range: Map<String, Value>,

    /// The fixed parameters of a config file.
    #[arg(skip)]
    params: Map<String, Value>,
}

/// A config file, read.
pub struct Config {
    path: PathBuf,
    options: SearchArgs,
}

impl Config {
    /// Sets the file's fixed parameters; answers what there is to say about it.
    pub fn apply(&self, params: &mut Params) -> Result<Vec<String>> {
        params_file::set_all(&self.path, &self.options.params, params)
    }

    fn dimensions(&self) -> Result<Vec<Dimension>> {
        let dimension = |(name, values): (&String, &Value)| {
            let read = text_of(values).and_then(|text| Dimension::of(name, &text.unwrap_or_default()));
            read.map_err(|error| error.at_path(&self.path))
        };
        self.options.range.iter().map(dimension).collect()
    }
}

impl SearchArgs {
    /// The config file, where one is given.
    pub fn config_file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Reads the config file, if one is given.
    pub fn config(&self) -> Result<Option<Config>> {
        let Some(path) = &self.config else { return Ok(None) };
        let text =
            read_text(path).map_err(|source| Error::io("read the config", path, source).remedy("give a TOML file"))?;
        let options: Self = params_file::parse_toml(path, &text)?;
        options.check(path)?;
        Ok(Some(Config { path: path.clone(), options }))
    }

    /// What the flags' parsers check.
    fn check(&self, path: &Path) -> Result<()> {
        let numbers = [
            ("max_jobs", self.max_jobs.map(|number| number >= 1)),
            ("max_parallel_jobs", self.max_parallel_jobs.map(|number| number >= 1)),
            ("patience", self.patience.map(|number| number >= 1)),
            ("batch_size", self.batch_size.map(|number| number >= 1)),
            ("min_rounds", self.min_rounds.map(|number| number >= 1)),
        ];
        if let Some((name, _)) = numbers.iter().find(|(_, fits)| *fits == Some(false)) {
            return Err(Error::parameter(format!("{name} 0 is out of range")).remedy("give at least 1").at_path(path));
        }
        let tuned: Vec<&str> = params_file::names(&self.range).collect();
        if let Some(name) = params_file::names(&self.params).find(|name| tuned.contains(name)) {
            let error = Error::parameter(format!("{name} has a value in [params] and a range in [range]"));
            return Err(error.remedy("give one of the two").at_path(path));
        }
        if self.minimize && self.maximize {
            return Err(Error::parameter("both minimize and maximize are asked for").remedy("give one").at_path(path));
        }
        Ok(())
    }

    /// The flags, and for what they leave open the file.
    pub fn over(self, config: Option<Config>) -> Result<Search> {
        let from_file = config.as_ref().map(Config::dimensions).transpose()?.unwrap_or_default();
        let file = config.map(|config| config.options).unwrap_or_default();
        let mut dimensions = self.ranges.iter().map(|range| Dimension::parse(range)).collect::<Result<Vec<_>>>()?;
        let replaced = |name: &str| dimensions.iter().any(|dimension| dimension.name() == name);
        let mut kept: Vec<Dimension> = from_file.into_iter().filter(|dimension| !replaced(dimension.name())).collect();
        kept.append(&mut dimensions);
        let directed = if self.minimize || self.maximize { &self } else { &file };
        let direction = match (directed.minimize, directed.maximize) {
            (true, _) => Some(Direction::Minimize),
            (_, true) => Some(Direction::Maximize),
            _ => None,
        };
        let metric = self.objective_metric.or(file.objective_metric);
        Ok(Search {
            dimensions: kept,
            strategy: self.strategy.or(file.strategy).unwrap_or_default().strategy(),
            max_jobs: self.max_jobs.or(file.max_jobs),
            max_parallel_jobs: self.max_parallel_jobs.or(file.max_parallel_jobs),
            objective: metric.map(|metric| metric.parse()).transpose()?,
            direction,
            nfold: file.nfold,
            stratified: file.stratified,
            median: self.early_stopping.or(file.early_stopping) == Some(EarlyStopping::Median),
            target: self.target.or(file.target),
            patience: self.patience.or(file.patience),
            batch_size: self.batch_size.or(file.batch_size),
            grid_points: self.grid_points.or(file.grid_points),
            min_rounds: self.min_rounds.or(file.min_rounds),
        })
    }
}
