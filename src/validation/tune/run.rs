//! One trial: its training, its cross-validation, and the value that counts.

use super::median::Medians;
use super::objective::{Direction, ObjectiveMetric, Source};
use super::space::Space;
use super::strategy::Proposal;
use super::trial::Status;
use crate::binning::BinnedMatrix;
use crate::data::dataset::Dataset;
use crate::data::rows::Rows;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Model;
use crate::params::{Params, TreeMethod};
use crate::train::choice::Compute;
use crate::train::plan::Evaluate;
use crate::train::trainer::Trainer;
use crate::validation::{CrossValidation, FoldedData, Folds, MeanStd};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// What all trials of a search share.
pub(super) struct Runner<'a> {
    pub params: &'a Params,
    pub train: &'a Dataset,
    pub validation: Option<&'a Dataset>,
    pub folds: Option<&'a Folds>,
    pub objective: ObjectiveMetric,
    pub direction: Direction,
    /// Whether the median rule looks at every round.
    pub judged: bool,
    pub compute: Compute,
    pub binned: Shared<BinnedMatrix>,
    pub folded: Shared<FoldedData<'a>>,
}

/// Binned data by the parameters that it depends on, made by the first trial that needs it.
pub(super) struct Shared<T>(Mutex<Vec<(TreeMethod, usize, Arc<T>)>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T> Shared<T> {
    fn get(&self, params: &Params, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        // A trial that panicked while it held the lock left nothing half made: an entry is added
        // whole.
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |entry: &&(TreeMethod, usize, Arc<T>)| (entry.0, entry.1) == (params.tree_method, params.max_bin);
        if let Some((_, _, found)) = made.iter().find(fits) {
            return Ok(Arc::clone(found));
        }
        let new = Arc::new(make()?);
        made.push((params.tree_method, params.max_bin, Arc::clone(&new)));
        Ok(new)
    }
}

/// What came of a trial that did not fail.
pub(super) struct Outcome {
    pub status: Status,
    pub value: f64,
    pub cv: Option<MeanStd>,
    /// Rounds that the value belongs to.
    pub rounds: usize,
    pub history: Vec<(usize, f64)>,
    /// The models, to be continued: one, or one a fold.
    pub models: Vec<Model>,
}

/// Tells of a round: rounds done, and the objective value where it was evaluated. `Break` gives the
/// trial up.
pub(super) type OnRound<'a> = &'a mut (dyn FnMut(usize, Option<f64>) -> ControlFlow<()> + Send);

impl Runner<'_> {
    /// Runs a trial on rayon's current pool; `start` has the models of its earlier part.
    pub fn run(
        &self,
        proposal: &Proposal,
        start: &[Model],
        medians: &Medians,
        on_round: OnRound<'_>,
    ) -> Result<Outcome> {
        let mut params = Space::apply(&proposal.settings, self.params)?;
        let asked = proposal.rounds.unwrap_or(params.num_round);
        let done = start.first().map_or(0, Model::rounds);
        params.num_round = asked - done as u32;
        let full = Space::apply(&proposal.settings, self.params)?.num_round;

        let mut watched = Watched {
            direction: self.direction,
            medians,
            on_round,
            history: Vec::new(),
            scores: Vec::new(),
            stopped: false,
        };
        let trained = match self.objective.source {
            Source::Validation => self.train(&params, start.first(), &mut watched),
            Source::Cv => self.cross_validate(&params, start, &mut watched),
        };
        let Watched { history, scores, stopped, .. } = watched;
        let (models, best) = match trained {
            Ok(trained) => trained,
            Err(error) if stopped && error.kind() == ErrorKind::Interrupted => (Vec::new(), None),
            Err(error) => return Err(error),
        };
        let Some(&(rounds, value)) = counting(&history, best) else {
            return Err(Error::data("no round was evaluated"));
        };
        if value.is_nan() {
            return Err(
                Error::data(format!("{} is not a number", self.objective)).remedy("choose another objective metric")
            );
        }
        let status = if stopped || asked < full { Status::Stopped } else { Status::Completed };
        let cv = counting(&scores, best).map(|(_, score)| *score);
        Ok(Outcome { status, value, cv, rounds, history, models })
    }

    /// Cross-validates besides, where folds are given and the objective is measured elsewhere.
    pub fn score_folds(&self, proposal: &Proposal, on_round: OnRound<'_>) -> Result<Option<MeanStd>> {
        if self.folds.is_none() || self.objective.source == Source::Cv {
            return Ok(None);
        }
        let params = Space::apply(&proposal.settings, self.params)?;
        let mut watched = Watched {
            direction: self.direction,
            medians: &Medians::default(),
            on_round,
            history: Vec::new(),
            scores: Vec::new(),
            stopped: false,
        };
        let (_, best) = self.cross_validate(&params, &[], &mut watched)?;
        Ok(counting(&watched.scores, best).map(|(_, score)| *score))
    }

    fn train(
        &self,
        params: &Params,
        start: Option<&Model>,
        watched: &mut Watched<'_>,
    ) -> Result<(Vec<Model>, Option<usize>)> {
        let matrix = self.binned.get(params, || BinnedMatrix::of(Rows::all(self.train), params))?;
        let Some(validation) = self.validation else {
            return Err(Error::parameter(format!("{} needs a validation channel", self.objective))
                .remedy("give {tuner-validation}, or a cv: objective metric"));
        };
        let mut trainer = Trainer::new(params, self.train)
            .binned(&matrix)
            .channel("validation", validation)
            .evaluate(self.evaluate(params))
            .on(self.compute.clone())
            .on_round(|progress| {
                let last = progress.values.and_then(|round| Some((round.round + 1, *round.values.last()?.last()?)));
                watched.see(progress.done < progress.total, progress.done, last)
            });
        if let Some(model) = start {
            trainer = trainer.continue_from(model);
        }
        let trained = trainer.run()?;
        let best = trained.model.best_iteration.filter(|_| params.early_stopping_rounds.is_some());
        Ok((vec![trained.model], best))
    }

    fn cross_validate(
        &self,
        params: &Params,
        start: &[Model],
        watched: &mut Watched<'_>,
    ) -> Result<(Vec<Model>, Option<usize>)> {
        let Some(folds) = self.folds else {
            return Err(Error::parameter(format!("{} needs folds", self.objective)).remedy("give {folds}"));
        };
        let data = self.folded.get(params, || FoldedData::new(self.train, folds, params))?;
        let mut validation = CrossValidation::new(params, &data).on(self.compute.clone()).on_round(|progress| {
            let last = progress.values.test.last().map(|test| {
                let rounds = progress.values.round + 1;
                watched.scores.push((rounds, *test));
                (rounds, test.mean)
            });
            watched.see(progress.done < progress.total, progress.done, last)
        });
        if !start.is_empty() {
            validation = validation.continue_from(start);
        }
        let found = validation.run()?;
        Ok((found.models, found.best_round.filter(|_| params.early_stopping_rounds.is_some())))
    }

    /// Each round only where something looks at it: evaluation takes as long as a small round.
    fn evaluate(&self, params: &Params) -> Evaluate {
        if self.judged || params.early_stopping_rounds.is_some() { Evaluate::EveryRound } else { Evaluate::LastRound }
    }
}

/// The entry of the best round where there is one (from 0), the last one otherwise.
fn counting<T>(entries: &[(usize, T)], best: Option<usize>) -> Option<&(usize, T)> {
    match best {
        Some(best) => entries.iter().find(|(after, _)| *after == best + 1),
        None => entries.last(),
    }
}

/// What watches a training.
struct Watched<'a> {
    direction: Direction,
    medians: &'a Medians,
    on_round: OnRound<'a>,
    history: Vec<(usize, f64)>,
    scores: Vec<(usize, MeanStd)>,
    /// Whether the median rule ended it.
    stopped: bool,
}

impl Watched<'_> {
    /// Looks at a round: whether more follow, how many are done, and rounds in all with the
    /// objective value, where evaluated.
    fn see(&mut self, more: bool, done: usize, value: Option<(usize, f64)>) -> ControlFlow<()> {
        self.history.extend(value);
        (self.on_round)(done, value.map(|(_, value)| value))?;
        if let Some((rounds, value)) = value
            && more
            && self.medians.stop(rounds, value, self.direction)
        {
            self.stopped = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
