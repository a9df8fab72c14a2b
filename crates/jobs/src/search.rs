//! What a search for hyperparameters is.

use gboost::validation::tune::{
    Bayesian, Dimension, Direction, Grid, Hyperband, MedianRule, ObjectiveMetric, Random, Space, Tuner,
};
use gboost::{Error, Result};

/// Rule that proposes the trials of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Settings drawn from the ranges.
    #[default]
    Random,
    /// Every combination; real ranges at [`Search::grid_points`] each.
    Grid,
    /// A tree-structured Parzen estimator.
    Bayesian,
    /// Many trials with few rounds, of which the best go on with more.
    Hyperband,
}

/// The options of a search; what is not given is the tuner's default.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The tuned parameters and their values.
    pub dimensions: Vec<Dimension>,
    /// Rule that proposes the trials; random settings by default.
    pub strategy: Strategy,
    /// Number of trials, at most; `None` for the tuner's default.
    pub max_jobs: Option<usize>,
    /// Trials that run at a time.
    pub max_parallel_jobs: Option<usize>,
    /// Metric that the search optimises; `None` for the tuner's default.
    pub objective: Option<ObjectiveMetric>,
    /// Whether lower or higher values are better.
    pub direction: Option<Direction>,
    /// Folds, where the options of the folds do not say.
    pub nfold: Option<usize>,
    /// Whether they share the labels equally, where the options of the folds do not say.
    pub stratified: bool,
    /// Whether trials worse than the median are stopped on the way.
    pub median: bool,
    /// The value with which the search ends.
    pub target: Option<f64>,
    /// Trials in a row without a better one with which the search ends.
    pub patience: Option<usize>,
    /// Trials that are proposed and judged together.
    pub batch_size: Option<usize>,
    /// Points of a real range in [`Strategy::Grid`].
    pub grid_points: Option<u32>,
    /// Rounds after which [`Strategy::Hyperband`] judges for the first time, at least.
    pub min_rounds: Option<u32>,
}

impl Search {
    /// Fills in what is not given, for the built-in data.
    ///
    /// # Errors
    ///
    /// If the default ranges were no space.
    pub fn or_built_in(mut self) -> Result<Self> {
        if self.dimensions.is_empty() {
            self.dimensions = Space::task2()?.dimensions().to_vec();
        }
        self.max_jobs = self.max_jobs.or(Some(6));
        self.max_parallel_jobs = self.max_parallel_jobs.or(Some(3));
        Ok(self)
    }

    /// Refuses options of a strategy that is not asked for: they would change nothing.
    ///
    /// # Errors
    ///
    /// If there is such an option.
    pub fn check(&self) -> Result<()> {
        let options = [
            (
                "--batch-size",
                "--strategy bayesian, or --early-stopping median",
                self.batch_size.is_some(),
                self.strategy == Strategy::Bayesian || self.median,
            ),
            ("--grid-points", "--strategy grid", self.grid_points.is_some(), self.strategy == Strategy::Grid),
            ("--min-rounds", "--strategy hyperband", self.min_rounds.is_some(), self.strategy == Strategy::Hyperband),
        ];
        match options.iter().find(|(_, _, given, used)| *given && !used) {
            Some((name, user, ..)) => Err(Error::parameter(format!("{name} is given, but nothing uses it"))
                .remedy(format!("leave it out, or give {user}"))),
            None => Ok(()),
        }
    }

    /// Configures the tuner with all but the data.
    pub(crate) fn configure<'a>(&self, mut tuner: Tuner<'a>) -> Tuner<'a> {
        let bayesian = Bayesian::default();
        let batch = self.batch_size.unwrap_or(bayesian.batch);
        tuner = match self.strategy {
            Strategy::Random => tuner.strategy(Random),
            Strategy::Grid => tuner.strategy(Grid { points: self.grid_points.unwrap_or(Grid::default().points) }),
            Strategy::Bayesian => tuner.strategy(Bayesian { batch, ..bayesian }),
            Strategy::Hyperband => {
                let hyperband = Hyperband::default();
                tuner.strategy(Hyperband { min_rounds: self.min_rounds.unwrap_or(hyperband.min_rounds), ..hyperband })
            }
        };
        if let Some(objective) = self.objective {
            tuner = tuner.objective(objective);
        }
        if let Some(direction) = self.direction {
            tuner = tuner.direction(direction);
        }
        if let Some(trials) = self.max_jobs {
            tuner = tuner.trials(trials);
        }
        if self.median {
            tuner = tuner.median(MedianRule { batch });
        }
        if let Some(target) = self.target {
            tuner = tuner.target(target);
        }
        if let Some(patience) = self.patience {
            tuner = tuner.patience(patience);
        }
        tuner
    }
}
