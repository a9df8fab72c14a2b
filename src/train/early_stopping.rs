//! Early stopping: the best round so far, and whether it lies too far back.

use crate::metric::Metric;
use crate::params::Params;
use std::ops::ControlFlow;

/// Early stopping: the best round so far by one value per round, and whether it was too long ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlyStopping {
    /// The metric whose value is judged.
    metric: Option<Metric>,
    /// Rounds to wait for a better one; without, nothing stops.
    patience: Option<usize>,
    /// The first of the best rounds, and its value.
    pub best: Option<(usize, f64)>,
}

impl EarlyStopping {
    /// Returns the rule that the parameters define; the last metric counts.
    pub fn new(params: &Params) -> Self {
        let patience = params.early_stopping_rounds.map(|rounds| rounds as usize);
        Self { metric: params.metrics().last().copied(), patience, best: None }
    }

    /// Takes a round's value in; `Break` if as many rounds as the patience have passed since the
    /// best one. A value that is not a number is never the best: where all are none there is no
    /// best round, and nothing stops.
    pub fn judge(&mut self, round: usize, value: Option<f64>) -> ControlFlow<()> {
        let (Some(metric), Some(value)) = (self.metric, value) else { return ControlFlow::Continue(()) };
        self.best = metric.best(self.best.into_iter().chain([(round, value)]));
        let waited = self.best.map(|(best, _)| round - best);
        if waited.zip(self.patience).is_some_and(|(waited, patience)| waited >= patience) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_as_many_rounds_after_the_best_as_it_has_patience() {
        let mut params = Params { early_stopping_rounds: Some(2), ..Params::default() };
        let run = |params: &Params, values: &[f64]| {
            let mut rule = EarlyStopping::new(params);
            let stop = values.iter().enumerate().position(|(round, &value)| rule.judge(round, Some(value)).is_break());
            (stop, rule.best)
        };
        // rmse: less is better; an equal value is no better one.
        assert_eq!(run(&params, &[3.0, 2.0, 2.0, 1.0, 1.0, 1.5, 0.0]), (Some(5), Some((3, 1.0))));
        assert_eq!(run(&params, &[3.0, 2.0, 1.0]), (None, Some((2, 1.0))));
        params.objective = crate::Objective::BinaryLogistic;
        params.eval_metric = vec![Metric::Logloss, Metric::Auc];
        assert_eq!(run(&params, &[0.5, 0.7, 0.6, 0.7]), (Some(3), Some((1, 0.7))));
        // No value is no best one, wherever it comes.
        let nan = f64::NAN;
        assert_eq!(run(&params, &[nan, nan, nan, nan]), (None, None));
        assert_eq!(run(&params, &[nan, nan, nan, 0.5, nan, nan]), (Some(5), Some((3, 0.5))));
        params.early_stopping_rounds = None;
        assert_eq!(run(&params, &[0.5, 0.4, 0.3, 0.2]), (None, Some((0, 0.5))));
    }
}
