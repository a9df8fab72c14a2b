//! Trainings that change hands: the model is the same to the byte wherever they do, and where the
//! GPU refuses them or fails.

use crate::kit::{Labels, data, params, tiny, with_weights};
use gboost::internals::gpu::adapters;
use gboost::internals::gpu::device::{Gpu, choose};
use gboost::internals::train::contest::{News, Rule};
use gboost::validation::{CrossValidation, FoldedData, Folds};
use gboost::{AutoOptions, BackendChoice, Dataset, GpuOptions, Model, Params, Trained, Trainer};
use std::ops::ControlFlow;

/// Changes hands after these rounds, on any adapter.
fn after(rounds: &[usize], gpu: GpuOptions) -> AutoOptions {
    AutoOptions { gpu, software: true, rule: Rule::After(rounds.to_vec()) }
}

struct Case {
    params: Params,
    train: Dataset,
    validation: Dataset,
    start: Option<Model>,
}

impl Case {
    fn new(seed: u64, text: &str, labels: Labels) -> Self {
        let params = params(&format!("num_round=4 max_depth=3 {text}"));
        let (train, validation) = (data(seed, 220, 4, 0.1, labels), data(seed + 50, 90, 4, 0.1, labels));
        Self { params, train, validation, start: None }
    }

    fn train(&self, backend: BackendChoice) -> Trained {
        let mut trainer = Trainer::new(&self.params, &self.train).channel("validation", &self.validation).on(backend);
        if let Some(start) = &self.start {
            trainer = trainer.continue_from(start);
        }
        trainer.run().unwrap()
    }
}

fn cases() -> Vec<(&'static str, Case)> {
    let binary = Case::new(1, "objective=binary:logistic early_stopping_rounds=2 eta=1", Labels::Binary);
    let classes = "objective=multi:softprob num_class=3 subsample=0.7 sampler=xgboost1 histogram_sums=wide";
    let classes = Case::new(2, classes, Labels::Classes(3));
    let mut weighted = Case::new(3, "subsample=0.6 colsample_bynode=0.6 tree_method=exact gamma=0.1", Labels::Real);
    weighted.train = with_weights(weighted.train, 8);
    let mut continued = Case::new(4, "objective=binary:logistic subsample=0.8", Labels::Binary);
    continued.start = Some(continued.train(BackendChoice::Cpu).model);
    vec![("binary", binary), ("classes", classes), ("weighted", weighted), ("continued", continued)]
}

pub fn hands_change_at_every_boundary() {
    for (name, case) in cases() {
        let cpu = case.train(BackendChoice::Cpu);
        assert_eq!((cpu.backend.name, &cpu.backend.auto), ("cpu", &None));
        let rounds = cpu.history.len();
        let mut boundaries: Vec<Vec<usize>> = (1..4).map(|round| vec![round]).collect();
        boundaries.extend([vec![1, 2], vec![2, 3], vec![1, 3], vec![1, 2, 3]]);
        for (number, at) in boundaries.iter().enumerate() {
            let gpu = if number % 2 == 0 { GpuOptions::default() } else { tiny() };
            let auto = case.train(BackendChoice::Auto(after(at, gpu)));
            assert_eq!(auto.history, cpu.history, "{name}, {at:?}");
            assert_eq!(auto.model.sha256(), cpu.model.sha256(), "{name}, {at:?}");
            let record = auto.backend.auto.unwrap();
            let on_gpu = (0..rounds).filter(|round| at.iter().filter(|&at| at <= round).count() % 2 == 1).count();
            assert_eq!((record.cpu_rounds, record.gpu_rounds), (rounds - on_gpu, on_gpu), "{name}, {at:?}");
            let changes = at.iter().filter(|&&at| at < rounds).count();
            assert_eq!(auto.backend.name, if changes % 2 == 1 { "gpu" } else { "cpu" }, "{name}, {at:?}");
            assert_eq!(auto.backend.driver.is_some(), changes % 2 == 1);
        }
    }
}

pub fn folds_change_hands_together() {
    let case = Case::new(5, "objective=binary:logistic subsample=0.8", Labels::Binary);
    let folds = Folds::random(case.train.rows, 3, 1).unwrap();
    let parted = FoldedData::new(&case.train, &folds, &case.params).unwrap();
    let run = |backend| CrossValidation::new(&case.params, &parted).on(backend).run().unwrap();
    let (cpu, auto) = (run(BackendChoice::Cpu), run(BackendChoice::Auto(after(&[1, 3], GpuOptions::default()))));
    assert_eq!(cpu.history, auto.history);
    assert!(cpu.models.iter().zip(&auto.models).all(|(a, b)| a.sha256() == b.sha256()));
    let record = auto.backend.auto.unwrap();
    assert_eq!((record.cpu_rounds, record.gpu_rounds), (2, 2));
}

/// Where there is no GPU for a training the processor does it all, and the record says why.
pub fn what_a_gpu_refuses_stays_on_the_processor() {
    let (_, case) = cases().swap_remove(1);
    let expected = case.train(BackendChoice::Cpu).model.sha256();
    let refused = |options: AutoOptions, reason: &str| {
        let auto = case.train(BackendChoice::Auto(options));
        assert_eq!(auto.model.sha256(), expected);
        let record = auto.backend.auto.unwrap();
        assert_eq!((auto.backend.name, record.gpu_rounds, &record.gpu), ("cpu", 0, &None));
        assert!(record.reason.contains(reason), "{} lacks {reason}", record.reason);
    };
    refused(after(&[2], GpuOptions::default().memory_bytes(Some(1000))), "which has 1000 bytes");
    let wrong = GpuOptions::default().adapter(Some("no such card".to_string()));
    refused(after(&[2], wrong), "no GPU adapter fits");
    let found = adapters();
    if found[choose(&found, None).unwrap()].software {
        refused(
            AutoOptions { software: false, ..after(&[2], GpuOptions::default()) },
            "is a software adapter, which auto never takes",
        );
    }
    // What is done at once never looks for one.
    refused(AutoOptions { software: true, ..AutoOptions::default() }, "too little to gain by a GPU");
}

/// A device that is lost in the middle of a round, and one that is lost when its margins are asked
/// for.
pub fn a_device_that_fails_gives_its_trainings_back() {
    for (index, (name, case)) in cases().into_iter().enumerate() {
        let cpu = case.train(BackendChoice::Cpu);
        for (variant, boundaries) in [&[1][..], &[1, 3]].into_iter().enumerate() {
            // A device of its own, by the spaces behind its number.
            let adapter = format!("0{}", " ".repeat(20 + 2 * index + variant));
            let options = GpuOptions::default().adapter(Some(adapter));
            let mut failures = 0;
            let mut trainer = Trainer::new(&case.params, &case.train)
                .channel("validation", &case.validation)
                .on(BackendChoice::Auto(after(boundaries, options.clone())))
                .on_round(|progress| {
                    failures += progress.events.iter().filter(|news| matches!(news, News::Failed { .. })).count();
                    if progress.done == 3 {
                        Gpu::open(&options).unwrap().device.destroy();
                    }
                    ControlFlow::Continue(())
                });
            if let Some(start) = &case.start {
                trainer = trainer.continue_from(start);
            }
            let auto = trainer.run().unwrap();
            assert_eq!(auto.history, cpu.history, "{name}, {boundaries:?}");
            assert_eq!(auto.model.sha256(), cpu.model.sha256(), "{name}, {boundaries:?}");
            if cpu.history.len() < 4 {
                continue;
            }
            let record = auto.backend.auto.unwrap();
            assert_eq!((failures, auto.backend.name), (1, "cpu"), "{name}, {boundaries:?}");
            assert!(record.reason.starts_with("the GPU failed: "), "{}", record.reason);
            assert_eq!((record.cpu_rounds, record.gpu_rounds), (2, 2), "{name}, {boundaries:?}");
        }
    }
}
