//! One training between its rounds: its start, one round of it, its outcome.

use crate::backend::counts;
use crate::backend::counts::Counts;
use crate::backend::problem::Problem;
use crate::backend::profile::Profile;
use crate::backend::{Backend, TreeTask};
use crate::error::Result;
use crate::model::Model;
use crate::params::Params;
use crate::train::contest::Record;
use crate::train::evaluation::Evaluation;
use crate::train::grower::{DepthWise, grow};
use crate::train::leaf::finish;
use crate::train::outcome::{Placement, Round};
use crate::train::start::Beginning;
use crate::tree::Tree;
use crate::tree::sampling::TreeSample;
use rayon::prelude::*;

/// Outcome of a training, after its last round.
pub(crate) struct Finished {
    pub model: Model,
    pub history: Vec<Round>,
    pub adapter: String,
    pub backend: Placement,
    pub profile: Option<Profile>,
}

/// A training between two rounds: its backend, its model so far, and its evaluation.
pub(crate) struct Training<'a> {
    pub backend: Box<dyn Backend + Send + 'a>,
    pub problem: &'a Problem<'a>,
    /// Trees of the model that it goes on from.
    first_tree: usize,
    model: Model,
    evaluation: Evaluation<'a>,
    /// What the kernels worked on, where they are measured.
    counts: Option<Counts>,
}

/// How far a training is, to be taken back to.
#[derive(Clone, Copy)]
pub(crate) struct Done {
    trees: usize,
    evaluated: usize,
}

impl<'a> Training<'a> {
    /// A training before its first round.
    pub fn new(
        backend: Box<dyn Backend + Send + 'a>,
        problem: &'a Problem<'a>,
        Beginning { model, evaluation }: Beginning<'a>,
        counts: Option<Counts>,
    ) -> Self {
        Self { backend, problem, first_tree: model.trees.len(), model, evaluation, counts }
    }

    /// Rounds of the model, those that it goes on from included.
    pub fn rounds(&self) -> usize {
        self.model.rounds()
    }

    /// The metrics that were evaluated last.
    pub fn last_evaluated(&self) -> Option<&Round> {
        self.evaluation.history.last()
    }

    /// Runs one round: a tree per class on its sample, the margins, and metrics where they are due.
    fn advance(&mut self, params: &Params, samples: Vec<TreeSample>, due: bool) -> Result<()> {
        let Self { backend, problem, model, evaluation, counts, .. } = self;
        let backend = backend.as_mut();
        let round = model.rounds();
        backend.gradient()?;
        let task = |(output, (rows, columns))| TreeTask { output, rows, columns };
        let tasks: Vec<TreeTask> = samples.into_iter().enumerate().map(task).collect();
        let grow = |task| grow(backend, task, params.max_depth, &mut DepthWise);
        let searches: Vec<_> = tasks.iter().map(grow).collect::<Result<_>>()?;
        let grown = backend.read_trees()?;
        let finished: Vec<_> = grown.iter().map(|grown| finish(grown, problem, params.eta)).collect();
        backend.add_trees(&finished)?;
        if let Some(counts) = counts {
            let (searches, grown, finished) = (searches.as_slice(), grown.as_slice(), finished.as_slice());
            counts.add_round(problem, &counts::Round { tasks: &tasks, searches, grown, finished });
        }
        model.trees.extend(finished.into_iter().map(|finished| finished.tree));
        if due { evaluation.evaluate(backend, problem, round) } else { Ok(()) }
    }

    /// Returns the number of trees and of evaluated rounds so far.
    pub fn done(&self) -> Done {
        Done { trees: self.model.trees.len(), evaluated: self.evaluation.history.len() }
    }

    /// Forgets what came after; the backend must be given the margins of that time.
    pub fn take_back(&mut self, done: Done) {
        self.model.trees.truncate(done.trees);
        self.evaluation.history.truncate(done.evaluated);
    }

    /// The trees that it has grown.
    pub fn new_trees(&self) -> &[Tree] {
        &self.model.trees[self.first_tree..]
    }

    /// Returns the outcome, with `auto` as the record of the contest, if there was one.
    pub fn finish(self, auto: Option<Record>) -> Finished {
        let Self { backend, model, evaluation, counts, .. } = self;
        let mut profile = backend.profile().cloned();
        if let (Some(counts), Some(profile)) = (counts, &mut profile) {
            profile.fill(&counts, &backend.widths());
        }
        let placement = Placement { name: backend.side().name(), driver: backend.driver(), auto };
        Finished { model, history: evaluation.history, adapter: backend.adapter(), backend: placement, profile }
    }
}

/// One round of all trainings.
pub(crate) fn advance(
    params: &Params,
    trainings: &mut [Training<'_>],
    samples: Vec<Vec<TreeSample>>,
    due: bool,
) -> Result<()> {
    let together = trainings.par_iter_mut().zip(samples).with_max_len(1);
    let advanced: Vec<Result<()>> =
        together.map(|(training, samples)| training.advance(params, samples, due)).collect();
    advanced.into_iter().collect()
}
