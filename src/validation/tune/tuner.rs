//! The search itself: what is asked for, and what comes of it.

use super::crew::{Batch, Crew};
use super::journal::{self, Header, Journal};
use super::median::{MedianRule, Medians};
use super::objective::{Direction, ObjectiveMetric, Source};
use super::random::Random;
use super::run::Runner;
use super::space::Space;
use super::strategy::{Observation, Proposal, Search, Strategy};
use super::trial::{Status, Trial};
use super::tuned::{Ended, Tracker, Tuned, WarmStart};
use crate::data::dataset::Dataset;
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::params::Params;
use crate::train::choice::{Compute, Threads};
use crate::util::digest::hexadecimal;
use crate::validation::Folds;
use crate::validation::tune::event::Event;
use crate::validation::tune::event::Observer;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What to do with a journal that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// Start anew; refuse if its search did not end.
    #[default]
    No,
    /// Go on with it.
    Yes,
}

/// Trials of a search at most, as there are rounds of a training.
const MOST_TRIALS: usize = 1_000_000_000;

/// Trials that run at a time at most, as there are threads.
const MOST_PARALLEL: usize = 4096;

/// A search for hyperparameters to be run.
///
/// The trials and their values are the same however many run at a time, on any backend, and after
/// any interruption.
///
/// ```
/// use gboost::validation::tune::{Space, Tuner};
/// use gboost::{Dataset, Objective, Params};
///
/// let rows = |from: usize| {
///     let values: Vec<f32> = (from..from + 60).map(|row| (row * 37 % 60) as f32).collect();
///     let labels: Vec<f32> = values.iter().map(|&value| f32::from(u8::from(value >= 30.0))).collect();
///     Dataset::new(vec![values]).with_labels(labels)
/// };
/// let (train, validation) = (rows(0), rows(7));
/// let params = Params::builder().objective(Objective::BinaryLogistic).num_round(5).build()?;
/// let space = Space::parse(["eta=0.01..0.5:log", "max_depth=int:2..4"])?;
/// let tuned = Tuner::new(&params, &space, &train)
///     .validation(&validation)
///     .objective("validation:logloss".parse()?)
///     .trials(8)
///     .parallel(2)
///     .run()?;
/// let best = tuned.best().expect("no trial failed");
/// assert_eq!(tuned.leaderboard().rows()[0][0], best.number);
/// # Ok::<(), gboost::Error>(())
/// ```
pub struct Tuner<'a> {
    params: &'a Params,
    space: &'a Space,
    train: &'a Dataset,
    validation: Option<&'a Dataset>,
    folds: Option<&'a Folds>,
    objective: Option<ObjectiveMetric>,
    direction: Option<Direction>,
    strategy: Box<dyn Strategy + 'a>,
    trials: Option<usize>,
    parallel: usize,
    median: Option<MedianRule>,
    target: Option<f64>,
    patience: Option<usize>,
    journal: Option<(PathBuf, Resume)>,
    warm_start: Vec<PathBuf>,
    compute: Compute,
    observer: Option<Observer<'a>>,
}

impl<'a> Tuner<'a> {
    /// A search over `space` for the best way to train on `train`; `params` are the parameters that
    /// are not tuned. By default it draws 30 random trials, one at a time.
    #[must_use]
    pub fn new(params: &'a Params, space: &'a Space, train: &'a Dataset) -> Self {
        Self {
            params,
            space,
            train,
            validation: None,
            folds: None,
            objective: None,
            direction: None,
            strategy: Box::new(Random),
            trials: None,
            parallel: 1,
            median: None,
            target: None,
            patience: None,
            journal: None,
            warm_start: Vec::new(),
            compute: Compute::default(),
            observer: None,
        }
    }

    /// The channel that trials are evaluated on.
    #[must_use]
    pub fn validation(mut self, data: &'a Dataset) -> Self {
        self.validation = Some(data);
        self
    }

    /// Cross-validates each trial on these folds of the training rows: for a `cv:` objective
    /// metric, or for information.
    #[must_use]
    pub fn folds(mut self, folds: &'a Folds) -> Self {
        self.folds = Some(folds);
        self
    }

    /// The metric to optimise; by default the last one of `eval_metric` (or the objective's own),
    /// on the validation channel if there is one, otherwise over the folds.
    #[must_use]
    pub fn objective(mut self, objective: ObjectiveMetric) -> Self {
        self.objective = Some(objective);
        self
    }

    /// Which values are better; by default the metric says.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = Some(direction);
        self
    }

    /// How to search; [`Random`] by default.
    #[must_use]
    pub fn strategy(mut self, strategy: impl Strategy + 'a) -> Self {
        self.strategy = Box::new(strategy);
        self
    }

    /// The number of trials at most, at least 1; by default the strategy says.
    #[must_use]
    pub fn trials(mut self, trials: usize) -> Self {
        self.trials = Some(trials);
        self
    }

    /// How many trials run at a time, at least 1. They share the threads (`nthread`) among them.
    /// Changes no result.
    #[must_use]
    pub fn parallel(mut self, trials: usize) -> Self {
        self.parallel = trials;
        self
    }

    /// Ends trials that do worse than earlier ones did on the way.
    #[must_use]
    pub fn median(mut self, rule: MedianRule) -> Self {
        self.median = Some(rule);
        self
    }

    /// Ends the search with the first trial, by number, that is at least as good.
    #[must_use]
    pub fn target(mut self, value: f64) -> Self {
        self.target = Some(value);
        self
    }

    /// Ends the search when so many trials in a row, by number, were no better than the best one
    /// before them; at least 1.
    #[must_use]
    pub fn patience(mut self, trials: usize) -> Self {
        self.patience = Some(trials);
        self
    }

    /// Writes a journal, a line a finished trial, that a search can be resumed from.
    #[must_use]
    pub fn journal(mut self, path: &Path, resume: Resume) -> Self {
        self.journal = Some((path.to_path_buf(), resume));
        self
    }

    /// Takes up what an earlier search found, by its journal; its ranges may be others. Its trials
    /// within the ranges of this one guide Bayesian search and Hyperband, and are not tried again
    /// by random and grid search.
    #[must_use]
    pub fn warm_start(mut self, journal: &Path) -> Self {
        self.warm_start.push(journal.to_path_buf());
        self
    }

    /// Sets where and how trials compute; changes no result. By default on the processor. The
    /// trials always run on pools of the search, which part the threads of `nthread` among them.
    #[must_use]
    pub fn on(mut self, compute: impl Into<Compute>) -> Self {
        self.compute = Compute { threads: Threads::Current, ..compute.into() };
        self
    }

    /// Calls `observer` with what happens; its `Break` ends the search with an error of kind
    /// `Interrupted`.
    #[must_use]
    pub fn on_event(mut self, observer: impl FnMut(&Event<'_>) -> ControlFlow<()> + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Searches.
    ///
    /// # Errors
    /// Options in conflict, a space that the strategy cannot search, trials proposed out of turn, a
    /// journal that does not fit or cannot be written, an observer's stop. A trial's error is none
    /// of the search.
    pub fn run(mut self) -> Result<Tuned> {
        let objective = self.objective_metric()?;
        let direction = self.direction.unwrap_or_else(|| Direction::of(objective.metric));
        self.check(objective, direction)?;
        // The objective metric stands last: it steers early stopping.
        let mut params = self.params.clone();
        params.eval_metric.retain(|metric| *metric != objective.metric);
        params.eval_metric.push(objective.metric);
        params.check()?;
        let trials = self.trial_count()?;
        let (earlier, warm_start) = self.earlier(objective)?;

        let header = self.header(&params, objective, direction, &earlier);
        let (mut journal, recorded) = match &self.journal {
            None => (None, Vec::new()),
            Some((path, Resume::No)) => (Some(Journal::create(path, &header)?), Vec::new()),
            Some((path, Resume::Yes)) => {
                let (journal, recorded) = Journal::resume(path, &header)?;
                (Some(journal), recorded)
            }
        };
        let runner = Runner {
            params: &params,
            train: self.train,
            validation: self.validation,
            folds: self.folds,
            objective,
            direction,
            judged: self.median.is_some(),
            compute: self.compute.clone(),
            binned: Default::default(),
            folded: Default::default(),
        };
        let mut crew = Crew::new(&runner, self.parallel, self.strategy.continues())?;
        // A device's failure says nothing about the settings: such a trial is run again.
        crew.remember(recorded.into_iter().filter(|trial| !trial.error.as_ref().is_some_and(|error| error.device)));
        crew.journal = journal.take();
        crew.observer = self.observer.take();

        let mut found = Found { trials: Vec::new(), tracker: Tracker::new(direction, self.target, self.patience) };
        let ended = loop {
            let search = Search {
                space: self.space,
                seed: params.seed,
                trials,
                rounds: params.num_round,
                direction,
                finished: &found.trials,
                earlier: &earlier,
            };
            let proposals = self.strategy.propose(&search);
            if proposals.is_empty() {
                break if found.trials.len() < trials { Ended::Exhausted } else { Ended::Trials };
            }
            self.check_proposals(&proposals, &found.trials)?;
            if let Some(ended) = self.run_proposals(&mut crew, &proposals, &mut found)? {
                break ended;
            }
        };
        if let Some(journal) = &mut crew.journal {
            journal.end(ended.reason())?;
        }
        Ok(Tuned {
            trials: found.trials,
            ended,
            objective,
            direction,
            warm_start,
            space: self.space.clone(),
            params: params.clone(),
            target: self.target,
            with_folds: self.folds.is_some(),
        })
    }

    /// Refuses what no strategy may propose: numbers with a gap, and trials to continue without
    /// more rounds.
    fn check_proposals(&self, proposals: &[Proposal], trials: &[Trial]) -> Result<()> {
        let mut next = trials.len() + 1;
        for proposal in proposals {
            let known = proposal.number.checked_sub(1).and_then(|place| trials.get(place));
            let goes_on =
                known.is_some_and(|trial| proposal.rounds.is_some_and(|rounds| rounds as usize > trial.rounds));
            if proposal.number == next {
                next += 1;
            } else if !goes_on {
                let (name, number) = (self.strategy.name(), proposal.number);
                return Err(Error::parameter(format!("strategy {name} proposed trial {number} out of turn"))
                    .remedy("number new trials one after another, and continue a trial with more rounds than it has"));
            }
        }
        Ok(())
    }

    /// Runs proposals, those of a batch of the median rule at a time.
    fn run_proposals(
        &self,
        crew: &mut Crew<'_, '_>,
        proposals: &[Proposal],
        found: &mut Found,
    ) -> Result<Option<Ended>> {
        let batch_of = |proposal: &Proposal| self.median.map_or(0, |median| median.batch_of(proposal.number));
        for proposals in proposals.chunk_by(|a, b| batch_of(a) == batch_of(b)) {
            let medians = match (self.median, proposals.first()) {
                (Some(median), Some(first)) => {
                    let batch = median.batch_of(first.number);
                    let judges = found.trials.iter().filter(|trial| median.batch_of(trial.number) < batch);
                    Medians::of(&judges.filter(|trial| trial.status != Status::Failed).collect::<Vec<_>>())
                }
                _ => Medians::default(),
            };
            let batch = Batch { proposals, medians: &medians, before: &found.trials };
            let (trials, ended) = crew.run(&batch, &mut found.tracker)?;
            for trial in trials {
                match found.trials.get_mut(trial.number - 1) {
                    Some(part) => *part = trial,
                    None => found.trials.push(trial),
                }
            }
            if ended.is_some() {
                return Ok(ended);
            }
        }
        Ok(None)
    }

    /// The metric that is optimised.
    ///
    /// # Errors
    /// If it does not suit the training's objective, or if there is nothing that it could be
    /// measured on.
    pub fn objective_metric(&self) -> Result<ObjectiveMetric> {
        let objective = match self.objective {
            Some(objective) => objective,
            None => ObjectiveMetric {
                source: if self.validation.is_some() { Source::Validation } else { Source::Cv },
                metric: self
                    .params
                    .eval_metric
                    .last()
                    .copied()
                    .unwrap_or_else(|| Metric::default_for(self.params.objective)),
            },
        };
        objective.metric.suits(self.params.objective)?;
        match objective.source {
            Source::Validation if self.validation.is_none() => {
                Err(Error::parameter(format!("objective metric {objective} needs a validation channel"))
                    .remedy(format!("give {{tuner-validation}}, or cv:{} with {{folds}}", objective.metric)))
            }
            Source::Cv if self.folds.is_none() => {
                Err(Error::parameter(format!("objective metric {objective} needs folds"))
                    .remedy("give {folds}, like {folds} 3"))
            }
            _ => Ok(objective),
        }
    }

    fn check(&self, objective: ObjectiveMetric, direction: Direction) -> Result<()> {
        self.strategy.check(self.space)?;
        self.median.map_or(Ok(()), MedianRule::check)?;
        let refuse = |message: &str, remedy: &str| Err(Error::parameter(message).remedy(remedy));
        if self.trials == Some(0) {
            return refuse("a search of 0 trials", "give at least 1");
        }
        if self.parallel == 0 {
            return refuse("0 trials at a time", "give at least 1");
        }
        if self.parallel > MOST_PARALLEL {
            return refuse(
                &format!("{} trials at a time, each of which needs a thread", self.parallel),
                &format!("give at most {MOST_PARALLEL}"),
            );
        }
        if self.patience == Some(0) {
            return refuse("a patience of 0 trials", "give at least 1");
        }
        if self.target.is_some_and(|target| !target.is_finite()) {
            return refuse("the target is no finite number", "give a value of the objective metric");
        }
        let tuned = |name: &str| self.space.names().any(|other| other == name);
        let stops = self.params.early_stopping_rounds.is_some() || tuned("early_stopping_rounds");
        if stops && direction != Direction::of(objective.metric) {
            return Err(Error::parameter(format!(
                "early_stopping_rounds keeps the best {}, but the search is to {} it",
                objective.metric,
                direction.name()
            ))
            .remedy("leave one of the two out"));
        }
        if self.strategy.continues() {
            let name = self.strategy.name();
            if stops {
                return refuse(
                    &format!("early_stopping_rounds does not go with {name}, which decides on the rounds itself"),
                    "leave one of the two out",
                );
            }
            if self.median.is_some() {
                return refuse(
                    &format!("the median rule does not go with {name}, which stops trials itself"),
                    "leave it out",
                );
            }
            if self.patience.is_some() {
                return refuse(
                    &format!("patience does not go with {name}, whose short trials show no progress"),
                    "leave it out, or give a target",
                );
            }
        }
        Ok(())
    }

    /// The number of trials at most.
    ///
    /// # Errors
    /// If the strategy does not go with the ranges, if more are given than are counted, if none is
    /// given and the strategy would try more than anybody waits for, or if more are continued than
    /// can be kept.
    pub fn trial_count(&self) -> Result<usize> {
        /// More trials than anybody waits for.
        const MOST: usize = 100_000;
        self.strategy.check(self.space)?;
        let by_itself = self.strategy.default_trials(self.space, self.params.num_round);
        let trials = match self.trials {
            Some(trials) if trials > MOST_TRIALS => {
                return Err(Error::parameter(format!("a search of {trials} trials"))
                    .remedy(format!("give at most {MOST_TRIALS}")));
            }
            Some(trials) => trials,
            None if by_itself > MOST => {
                return Err(Error::parameter(format!("{} search of {by_itself} trials", self.strategy.name()))
                    .remedy("narrow the ranges, or say with {trials} how many to run"));
            }
            None => by_itself,
        };
        // Trials that are continued are all begun, and their models kept, before the first of them
        // ends.
        let together = trials.min(by_itself);
        if self.strategy.continues() && together > MOST {
            return Err(Error::parameter(format!(
                "{} search of {together} trials that are continued",
                self.strategy.name()
            ))
            .remedy("give fewer {num-round}, larger {min-rounds} or fewer {trials}"));
        }
        Ok(trials)
    }

    /// What earlier searches found in this one's ranges.
    fn earlier(&self, objective: ObjectiveMetric) -> Result<(Vec<Observation>, WarmStart)> {
        let (mut inside, mut outside) = (Vec::new(), 0);
        for path in &self.warm_start {
            let Some(entries) = journal::read(path)? else {
                return Err(Error::parameter("there is no journal")
                    .remedy("give a journal of gboost tune")
                    .at_path(path));
            };
            let metric = entries.header.get("objective_metric");
            if *metric != objective.to_string() {
                let message = format!("the journal is of a search for {metric}, not for {objective}");
                return Err(Error::parameter(message).remedy("give {objective-metric} as it was").at_path(path));
            }
            // The last line of a trial is the one with the most rounds.
            let trials: BTreeMap<usize, Trial> =
                entries.trials.into_iter().map(|trial| (trial.number, trial)).collect();
            let fixed = entries.header.get("parameters").as_object().cloned().unwrap_or_default();
            for trial in trials.into_values().filter(|trial| trial.status == Status::Completed) {
                let Some(value) = trial.objective_value else { continue };
                let mut all = fixed.clone();
                all.extend(trial.settings);
                let settings =
                    self.space.names().filter_map(|name| Some((name.to_string(), all.get(name)?.clone()))).collect();
                match self.space.position(&settings) {
                    Some(_) => inside.push(Observation { settings, value }),
                    None => outside += 1,
                }
            }
        }
        let warm_start = WarmStart { within: inside.len(), outside };
        Ok((inside, warm_start))
    }

    /// What decides the outcome of the trials.
    fn header(
        &self,
        params: &Params,
        objective: ObjectiveMetric,
        direction: Direction,
        earlier: &[Observation],
    ) -> Header {
        let mut fixed = params.to_json();
        fixed.retain(|name, _| {
            name != "nthread" && name != "verbosity" && self.space.names().all(|tuned| tuned != name)
        });
        let mut search = Map::new();
        search.insert("seed".to_string(), params.seed.into());
        search.insert("strategy".to_string(), self.strategy.name().into());
        search.insert("options".to_string(), self.strategy.options().into());
        search.insert("objective_metric".to_string(), objective.to_string().into());
        search.insert("direction".to_string(), direction.name().into());
        search.insert("median_batch".to_string(), self.median.map(|median| median.batch).into());
        search.insert("ranges".to_string(), self.space.to_json().into());
        search.insert("parameters".to_string(), fixed.into());
        search.insert("train_sha256".to_string(), fingerprint(self.train).into());
        search.insert("validation_sha256".to_string(), self.validation.map(fingerprint).into());
        search.insert("folds_sha256".to_string(), self.folds.map(fingerprint_of_folds).into());
        if !earlier.is_empty() {
            let earlier: Vec<Value> =
                earlier.iter().map(|observation| json!([observation.settings, observation.value])).collect();
            search.insert("warm_start".to_string(), earlier.into());
        }
        Header::new(search)
    }
}

/// The trials so far.
struct Found {
    trials: Vec<Trial>,
    tracker: Tracker,
}

/// The sha256 of all that training and evaluation see of the data.
fn fingerprint(data: &Dataset) -> String {
    let mut hash = Sha256::new();
    let mut add = |values: &[f32]| {
        hash.update((values.len() as u64).to_le_bytes());
        values.iter().for_each(|value| hash.update(value.to_bits().to_le_bytes()));
    };
    data.columns.iter().for_each(|column| add(column));
    add(data.labels.as_deref().unwrap_or_default());
    add(data.weights.as_deref().unwrap_or_default());
    hexadecimal(&hash.finalize())
}

fn fingerprint_of_folds(folds: &Folds) -> String {
    let mut hash = Sha256::new();
    folds.of_row().iter().for_each(|fold| hash.update(fold.to_le_bytes()));
    hexadecimal(&hash.finalize())
}
