//! The round loop: the only one, for a training and for the folds of a cross-validation.

use crate::backend::Margins;
use crate::backend::counts::Counts;
use crate::backend::problem::Problem;
use crate::backend::shard::Shard;
use crate::collective::agree;
use crate::error::Result;
use crate::train::auto::{Auto, Turn};
use crate::train::choice::BackendChoice;
use crate::train::contest::News;
use crate::train::outcome::Round;
use crate::train::plan::Plan;
use crate::train::set::TrainingSet;
use crate::train::start::{Beginning, begin};
use crate::train::training::{Finished, Training, advance};
use crate::tree::sampling::{SampleSource, SampleSources};
use std::ops::ControlFlow;

/// Called after every round with the rounds done, each training's metrics (`None` if they were not
/// due) and the events of backend selection. Returning `Break` ends all trainings.
pub(crate) type OnRound<'w> = dyn FnMut(usize, &[Option<&Round>], &[News]) -> Result<ControlFlow<()>> + Send + 'w;

/// Trains on rayon's current pool; returns every training's outcome in the order of the sets, and
/// whether `on_round` ended them before the last round.
pub(crate) fn train_together(
    plan: &Plan<'_>,
    sets: &[TrainingSet<'_>],
    on_round: &mut OnRound<'_>,
) -> Result<(Vec<Finished>, bool)> {
    let beginnings: Vec<(Problem<'_>, Beginning<'_>)> = sets
        .iter()
        .map(|set| begin(plan.params, set, Shard::of(plan.ranks, set.rows.len())?))
        .collect::<Result<_>>()?;
    let (mut problems, beginnings): (Vec<_>, Vec<_>) = beginnings.into_iter().unzip();
    // The processor may have the first margins for itself where nobody else can come to need them.
    let margins: Vec<Option<Margins>> = problems
        .iter_mut()
        .map(|problem| matches!(plan.compute.backend, BackendChoice::Cpu).then(|| Margins::take(problem)))
        .collect();
    let profiled = plan.compute.is_profiled();
    let training = |((problem, margins), beginning)| {
        Ok(Training::new(plan.open(problem, margins)?, problem, beginning, profiled.then(Counts::default)))
    };
    let mut trainings: Vec<Training<'_>> =
        problems.iter().zip(margins).zip(beginnings).map(training).collect::<Result<_>>()?;
    let mut auto = match &plan.compute.backend {
        BackendChoice::Auto(options) => Some(Auto::new(options)),
        _ => None,
    };
    let stopped = boost(plan, &mut trainings, auto.as_mut(), on_round)?;
    let record = auto.as_ref().map(Auto::record);
    Ok((trainings.into_iter().map(|training| training.finish(record.clone())).collect(), stopped))
}

/// THE round loop. Answers whether `on_round` ended it before the last round.
fn boost(
    plan: &Plan<'_>,
    trainings: &mut [Training<'_>],
    mut auto: Option<&mut Auto<'_>>,
    on_round: &mut OnRound<'_>,
) -> Result<bool> {
    let (params, rounds) = (plan.params, plan.params.num_round as usize);
    let source = |training: &Training<'_>| {
        SampleSource::new(params, training.problem.shard.rows, training.problem.matrix.features())
    };
    let mut samples = SampleSources::new(trainings.iter().map(source).collect());
    let trees = trainings.first().map_or(0, |training| training.problem.trees_per_round());
    samples.skip(trainings.first().map_or(0, Training::rounds), trees);
    for done in 1..=rounds {
        let due = plan.is_due(done);
        let drawn = samples.next_round(trees);
        let events = match &mut auto {
            Some(auto) => auto.round(plan, trainings, drawn, Turn { due, left: rounds - done })?,
            None => advance(params, trainings, drawn, due).map(|()| &[] as &[News])?,
        };
        let metrics: Vec<Option<&Round>> =
            trainings.iter().map(|training| training.last_evaluated().filter(|_| due)).collect();
        if agree(plan.ranks, on_round(done, &metrics, events))?.is_break() {
            return Ok(done < rounds);
        }
    }
    Ok(false)
}
