//! Cross-validation, and what it shares with a training: equal to trainings on the folds' rows,
//! whatever runs them.
use crate::common::{Labels, data, params, with_weights};
use gboost::internals::train::choice::Threads;
use gboost::internals::util::threads::thread_pool;
use gboost::metric::Lack;
use gboost::validation::{CrossValidated, CrossValidation, FoldedData, Folds, MeanStd, cross_validate};
use gboost::{BinnedMatrix, Dataset, ErrorKind, Model, Rounds, Rows, Trained, Trainer};
use std::ops::ControlFlow;

const BINARY: &str = "objective=binary:logistic eval_metric=auc,logloss num_round=8 max_depth=4 subsample=0.7 \
                      colsample_bytree=0.8 seed=3";

fn binary() -> Dataset {
    data(1, 400, 6, 0.2, Labels::Binary)
}

fn bytes(models: &[Model]) -> Vec<Vec<u8>> {
    models.iter().map(Model::to_json).collect()
}

#[test]
fn every_fold_is_the_training_on_its_rows() {
    let weighted = with_weights(binary(), 4);
    let cases = [
        (binary(), BINARY.to_string()),
        (binary(), format!("{BINARY} tree_method=exact base_score=auto")),
        (weighted, format!("{BINARY} scale_pos_weight=2 max_bin=16")),
        (data(2, 300, 5, 0.1, Labels::Real), "num_round=5 eval_metric=rmse,mae".to_string()),
        (data(3, 300, 5, 0.1, Labels::Classes(3)), "objective=multi:softprob num_class=3 num_round=4".to_string()),
    ];
    for (data, text) in cases {
        let params = params(&text);
        let folds = Folds::random(data.rows, 3, 5).unwrap();
        let parted = FoldedData::new(&data, &folds, &params).unwrap();
        let found = CrossValidation::new(&params, &parted).run().unwrap();
        let alone: Vec<Trained> = (0..3)
            .map(|fold| {
                let (train, test) = (folds.train_rows(fold), folds.test_rows(fold));
                let train = Rows::chosen(&data, &train).to_dataset();
                let test = Rows::chosen(&data, &test).to_dataset();
                Trainer::new(&params, &train).channel("test", &test).run().unwrap()
            })
            .collect();
        assert_eq!(bytes(&found.models), alone.iter().map(|alone| alone.model.to_json()).collect::<Vec<_>>(), "{text}");
        assert_eq!(found.history.len(), params.num_round as usize);
        for (at, round) in found.history.iter().enumerate() {
            assert_eq!(round.round, at);
            for (channel, found) in [(0, &round.train), (1, &round.test)] {
                let of = |metric: usize| -> Vec<f64> {
                    alone.iter().map(|alone| alone.history[at].values[channel][metric]).collect()
                };
                let expected: Vec<MeanStd> = (0..found.len()).map(|metric| MeanStd::of(&of(metric))).collect();
                assert_eq!(found, &expected, "{text}, round {at}");
            }
        }
        let margins = found.out_of_fold_margins(&parted);
        for (fold, alone) in alone.iter().enumerate() {
            let rows = folds.test_rows(fold);
            let expected = alone.model.predict_margins(&Rows::chosen(&data, &rows).to_dataset(), Rounds::All);
            for (place, value) in expected.values().iter().enumerate() {
                let (class, row) = (place / rows.len(), rows[place % rows.len()] as usize);
                assert_eq!(margins.get(class, row).to_bits(), value.to_bits(), "{text}");
            }
        }
    }
}

#[test]
fn mean_and_standard_deviation_are_numpys() {
    // numpy.mean and numpy.std of the list.
    let found = MeanStd::of(&[0.25, 0.5, 1.5]);
    assert_eq!((found.mean, found.std), (0.75, 0.540_061_724_867_321_7));
}

#[test]
fn the_result_depends_neither_on_threads_nor_on_who_runs_it() {
    let data = binary();
    let folds = Folds::stratified(data.labels.as_deref().unwrap(), 4, 1).unwrap();
    let same = |found: CrossValidated| (bytes(&found.models), found.history);
    let mut first = None;
    for threads in [1, 2, 3, 8] {
        let found = cross_validate(&params(&format!("{BINARY} nthread={threads}")), &data, &folds).unwrap();
        let found = same(found);
        assert_eq!(first.get_or_insert_with(|| found.clone()), &found, "{threads} threads");
    }
    // Two at a time on two threads of one pool, on shared folds.
    let params = params(BINARY);
    let parted = FoldedData::new(&data, &folds, &params).unwrap();
    let run = || same(CrossValidation::new(&params, &parted).on(Threads::Current).run().unwrap());
    let (left, right) = thread_pool(Some(2)).unwrap().install(|| rayon::join(run, run));
    assert_eq!((Some(&left), Some(&right)), (first.as_ref(), first.as_ref()));
}

#[test]
fn early_stopping_cuts_at_the_best_mean() {
    let data = binary();
    let folds = Folds::random(data.rows, 3, 0).unwrap();
    let long = params(&format!("{BINARY} num_round=60 eta=1 min_child_weight=0"));
    let all = cross_validate(&long, &data, &folds).unwrap();
    assert_eq!((all.history.len(), all.stopped_early), (60, false));
    let losses: Vec<f64> = all.history.iter().map(|round| round.test[1].mean).collect();
    let best = (0..60).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap();
    assert_eq!((all.best_round, all.models[0].best_iteration), (Some(best), None));

    let stopping = long.to_builder().early_stopping_rounds(4).build().unwrap();
    let cut = cross_validate(&stopping, &data, &folds).unwrap();
    let best = cut.best_round.unwrap();
    assert!(cut.stopped_early && cut.history.len() == best + 1, "{}", cut.history.len());
    assert_eq!(cut.history, all.history[..=best]);
    assert!(losses[best..best + 5].iter().all(|&loss| loss >= losses[best]));
    for model in &cut.models {
        assert_eq!((model.best_iteration, model.rounds()), (Some(best), best + 5));
        assert_eq!(model.best_score, Some(losses[best]));
    }
    // Held-out predictions are those of the best round.
    let parted = FoldedData::new(&data, &folds, &stopping).unwrap();
    let rows = folds.test_rows(1);
    let expected = cut.models[1].predict_margins(&Rows::chosen(&data, &rows).to_dataset(), Rounds::First(best + 1));
    let margins = cut.out_of_fold_margins(&parted);
    assert_eq!(rows.iter().map(|&row| margins.get(0, row as usize)).collect::<Vec<_>>(), expected.values());
}

#[test]
fn continued_folds_are_uninterrupted_ones() {
    let data = binary();
    let folds = Folds::random(data.rows, 3, 0).unwrap();
    let cases = [(&data, BINARY.to_string()), (&data, format!("{BINARY} sampler=xgboost1"))];
    for (data, text) in cases {
        let (whole, half) = (params(&format!("{text} num_round=10")), params(&format!("{text} num_round=5")));
        let parted = FoldedData::new(data, &folds, &whole).unwrap();
        let expected = CrossValidation::new(&whole, &parted).run().unwrap();
        let begun = CrossValidation::new(&half, &parted).run().unwrap();
        let ended = CrossValidation::new(&half, &parted).continue_from(&begun.models).run().unwrap();
        assert_eq!(bytes(&ended.models), bytes(&expected.models));
        assert_eq!([begun.history, ended.history].concat(), expected.history);
    }
    let half = params(BINARY);
    let parted = FoldedData::new(&data, &folds, &half).unwrap();
    let begun = CrossValidation::new(&half, &parted).run().unwrap();
    let error = CrossValidation::new(&half, &parted).continue_from(&begun.models[..2]).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Model);
}

#[test]
fn binned_data_is_shared_without_a_trace() {
    let (train, valid) = (binary(), data(9, 200, 6, 0.2, Labels::Binary));
    for method in ["hist max_bin=32", "exact"] {
        let params = params(&format!("{BINARY} tree_method={method}"));
        let matrix = BinnedMatrix::of(Rows::all(&train), &params).unwrap();
        // Other parameters than the method and max_bin may differ from those that binned.
        for eta in [0.1, 0.3] {
            let params = params.to_builder().eta(eta).build().unwrap();
            let trainer = || Trainer::new(&params, &train).channel("validation", &valid);
            let (alone, shared) = (trainer().run().unwrap(), trainer().binned(&matrix).run().unwrap());
            assert_eq!((alone.model.to_json(), &alone.history), (shared.model.to_json(), &shared.history));
            let half = params.to_builder().num_round(4).build().unwrap();
            let begun = Trainer::new(&half, &train).binned(&matrix).run().unwrap().model;
            let ended = Trainer::new(&half, &train).binned(&matrix).continue_from(&begun).run().unwrap().model;
            assert_eq!(ended.to_json(), alone.model.to_json());
        }
    }
    let matrix = BinnedMatrix::of(Rows::all(&train), &params(BINARY)).unwrap();
    let refusal = |text: &str, data: &Dataset| {
        let params = params(&format!("{BINARY} {text}"));
        Trainer::new(&params, data).binned(&matrix).run().unwrap_err().to_string()
    };
    assert_eq!(
        refusal("max_bin=17", &train),
        "the matrix was binned with another max_bin; bin the rows with the parameters that train"
    );
    assert_eq!(
        refusal("tree_method=exact", &train),
        "the matrix was binned with another tree_method; bin the rows with the parameters that train"
    );
    assert_eq!(
        refusal("", &valid),
        "the binned matrix has 400 rows and 6 features, the train data 200 and 6; bin the rows that are trained on"
    );
}

#[test]
fn an_observer_sees_every_round_and_can_stop() {
    let data = binary();
    let folds = Folds::random(data.rows, 3, 0).unwrap();
    let params = params(BINARY);
    let parted = FoldedData::new(&data, &folds, &params).unwrap();
    let mut seen = Vec::new();
    let result = CrossValidation::new(&params, &parted)
        .on_round(|progress| {
            seen.push((progress.done, progress.total, progress.values.round, progress.values.test.len()));
            if progress.done == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .run();
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(seen, [(1, 8, 0, 2), (2, 8, 1, 2), (3, 8, 2, 2)]);
}

#[test]
fn a_fold_of_one_class_has_no_auc_and_is_told() {
    let labels: Vec<f32> = (0..40).map(|row| f32::from(u8::from(row % 4 == 0))).collect();
    let columns = vec![(0..40).map(|row| (row % 9) as f32).collect()];
    let data = Dataset::new(columns).with_labels(labels.clone());
    // Fold 1 holds negatives alone.
    let numbers: Vec<u32> = (0..40).map(|row| u32::from(row % 4 == 1)).collect();
    let folds = Folds::given(&numbers).unwrap();
    let params = params("objective=binary:logistic eval_metric=auc num_round=4 early_stopping_rounds=1");
    let parted = FoldedData::new(&data, &folds, &params).unwrap();
    assert_eq!(parted.lacking(&params), [(1, Lack { label: Some(0), all: true, weightless: false })]);
    let found = CrossValidation::new(&params, &parted).run().unwrap();
    // numpy.mean and xgboost.cv say nan as well. No round is the best, so none is too long ago.
    assert!(found.history.iter().all(|round| round.test[0].mean.is_nan()));
    assert_eq!((found.history.len(), found.best_round, found.stopped_early), (4, None, false));
    assert!(found.models.iter().all(|model| model.best_iteration.is_none() && model.best_score.is_none()));
}

#[test]
fn folds_of_other_data_are_refused() {
    let data = binary();
    let folds = Folds::random(399, 3, 0).unwrap();
    let error = cross_validate(&params(BINARY), &data, &folds).unwrap_err().to_string();
    assert_eq!(error, "there are folds for 399 rows, but the data has 400; give one fold number a row");
    let folds = Folds::random(400, 3, 0).unwrap();
    let error = cross_validate(&params("objective=multi:softmax num_class=2 num_round=1"), &binary(), &folds);
    assert!(error.is_ok());
    let bad = binary().with_labels(vec![2.0; 400]);
    let error = cross_validate(&params(BINARY), &bad, &folds).unwrap_err().to_string();
    assert!(error.starts_with("row 1: "), "{error}");
}
