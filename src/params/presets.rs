//! Parameters of the two tasks on the census data that the documentation and the benchmarks use.

use super::Params;
use crate::metric::Metric;
use crate::objective::Objective;

impl Params {
    /// What is not tuned in the lab's second task, on the same data.
    #[must_use]
    pub fn task2() -> Self {
        Self {
            objective: Objective::BinaryLogistic,
            num_round: 5,
            colsample_bytree: 0.8,
            eval_metric: vec![Metric::Auc],
            ..Self::default()
        }
    }

    /// The hyperparameters of the lab's first task, which train the built-in census data.
    #[must_use]
    pub fn task1() -> Self {
        Self {
            objective: Objective::BinaryLogistic,
            num_round: 800,
            eta: 0.2,
            gamma: 4.0,
            max_depth: 5,
            min_child_weight: 6.0,
            subsample: 0.7,
            verbosity: 0,
            ..Self::default()
        }
    }
}
