//! What trainings that advance together share.

use crate::backend::problem::Problem;
use crate::backend::{Backend, Margins};
use crate::collective::Collective;
use crate::cpu::{CpuBackend, CpuOptions};
#[cfg(feature = "gpu")]
use crate::error::Error;
use crate::error::Result;
use crate::params::Params;
use crate::train::choice::{BackendChoice, Compute};

/// When metrics are evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evaluate {
    /// After every round, for the history and for observers.
    #[default]
    EveryRound,
    /// After the last round; every round all the same if early stopping needs it.
    LastRound,
}

/// What trainings that advance together have in common.
pub(crate) struct Plan<'a> {
    pub params: &'a Params,
    pub evaluate: Evaluate,
    pub compute: &'a Compute,
    /// The ranks that hold the rows; several only with one training.
    pub ranks: &'a dyn Collective,
}

impl Plan<'_> {
    /// Whether metrics are evaluated after that many rounds.
    pub(crate) fn is_due(&self, done: usize) -> bool {
        let Params { num_round, early_stopping_rounds, .. } = self.params;
        self.evaluate == Evaluate::EveryRound || done == *num_round as usize || early_stopping_rounds.is_some()
    }

    /// The backend that a training begins on; `margins` are its first ones if they were taken out
    /// of the problem.
    pub(crate) fn open<'a>(
        &self,
        problem: &'a Problem<'a>,
        margins: Option<Margins>,
    ) -> Result<Box<dyn Backend + Send + 'a>> {
        Ok(match &self.compute.backend {
            BackendChoice::Cpu => {
                let margins = margins.unwrap_or_else(|| Margins::of(problem));
                Box::new(CpuBackend::with_margins(problem, margins, self.compute.cpu))
            }
            #[cfg(feature = "gpu")]
            BackendChoice::Gpu(options) => {
                if problem.matrix.is_by_row() {
                    return Err(Error::parameter(BY_ROW).remedy("call BinnedMatrix::add_columns"));
                }
                Box::new(crate::gpu::GpuBackend::new(problem, self.params.max_depth, options)?)
            }
            BackendChoice::Auto(_) => {
                Box::new(CpuBackend::new(problem, CpuOptions { profile: false, ..self.compute.cpu }))
            }
        })
    }
}

/// Why a GPU does not take a matrix.
#[cfg(feature = "gpu")]
pub(crate) const BY_ROW: &str = "the binned matrix has its codes by row alone, which GPUs do not read";
