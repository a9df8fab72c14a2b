//! A search on both backends: the same trials with the same values, however many run at a time.

use crate::kit::{Labels, data, params};
use gboost::validation::Folds;
use gboost::validation::tune::{Bayesian, Hyperband, Random, Space, Trial, Tuned, Tuner};
use gboost::{BackendChoice, GpuOptions};

pub fn searches_find_the_same() {
    let (train, validation) = (data(1, 150, 3, 0.1, Labels::Binary), data(2, 60, 3, 0.1, Labels::Binary));
    let params = params("objective=binary:logistic num_round=3");
    let space = Space::parse(["eta=0.05..0.5:log", "max_depth=int:1..3", "subsample=0.5..1"]).unwrap();
    let folds = Folds::random(150, 2, 0).unwrap();
    let search = |backend: &BackendChoice, parallel: usize, strategy: &str| -> Tuned {
        let tuner = Tuner::new(&params, &space, &train).validation(&validation).on(backend.clone()).parallel(parallel);
        let tuner = tuner.objective("validation:auc".parse().unwrap());
        match strategy {
            "random" => tuner.strategy(Random).trials(3).folds(&folds),
            "bayesian" => tuner.strategy(Bayesian { batch: 2, startup: 2, candidates: 4 }).trials(4),
            _ => tuner.strategy(Hyperband { min_rounds: 1, reduction: 3, ..Hyperband::default() }).trials(4),
        }
        .run()
        .unwrap()
    };
    let timeless = |tuned: Tuned| -> Vec<Trial> {
        let clear = |trial: Trial| Trial { start: String::new(), end: String::new(), seconds: 0.0, ..trial };
        tuned.trials.into_iter().map(clear).collect()
    };
    let gpu = BackendChoice::Gpu(GpuOptions::default());
    for strategy in ["random", "bayesian", "hyperband"] {
        let expected = timeless(search(&BackendChoice::Cpu, 1, strategy));
        assert!(expected.iter().all(|trial| trial.error.is_none()));
        for parallel in [1, 2, 6] {
            assert_eq!(timeless(search(&gpu, parallel, strategy)), expected, "{strategy}, {parallel} at a time");
        }
    }
}
