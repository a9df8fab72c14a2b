//! The run without data files: what it is trained with, and what is told of it.

use crate::observer::Observer;
use gboost::{Params, Result};

/// Returns what the built-in data is trained with, for a good model. The verbosity stays the
/// default one, so that a run shows what it does.
#[must_use]
pub fn params() -> Params {
    let mut params = Params::task1();
    params.verbosity = Params::default().verbosity;
    params
}

/// Reports what is trained where no data is given.
pub(crate) fn tell_built_in(params: &Params, observer: &mut dyn Observer) -> Result<()> {
    let Params { num_round, eta, gamma, max_depth, min_child_weight, subsample, .. } = params;
    observer.note(&format!(
        "no --train given: the built-in census data (UCI Adult) with hyperparameters that suit it: objective {}, \
         num_round {num_round}, eta {eta}, gamma {gamma}, max_depth {max_depth}, \
         min_child_weight {min_child_weight}, subsample {subsample}",
        params.objective.name(),
    ))
}
