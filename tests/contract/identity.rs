//! The model's bytes depend on the data, the parameters and the seed, and on nothing else.
use crate::common::{Labels, data, params, permuted, with_weights};
use gboost::{CpuOptions, Dataset, Evaluate, Params, Rounds, Trainer};

/// A training, and the sha256 of its model. A hash that changes means that models trained before
/// cannot be trained again: never change one without a new major version.
struct Golden {
    name: &'static str,
    data: fn() -> Dataset,
    params: &'static str,
    sha256: &'static str,
}

const GOLDEN: &[Golden] = &[
    Golden {
        name: "logistic, hist, missing values, all samplers",
        data: || data(1, 3000, 7, 0.2, Labels::Binary),
        params: "objective=binary:logistic num_round=12 max_depth=6 eta=0.3 subsample=0.7 colsample_bytree=0.8 \
                 colsample_bylevel=0.8 colsample_bynode=0.7 gamma=0.5 seed=7 histogram_sums=narrow",
        sha256: "cfe242d52c310d99725bc929b2662ab86c6f8daf10b98d1a6f4ea2ac8873358e",
    },
    Golden {
        name: "logistic, exact, XGBoost 1's sampler",
        data: || data(2, 2000, 6, 0.1, Labels::Binary),
        params: "objective=binary:logistic num_round=10 max_depth=5 tree_method=exact gamma=1 subsample=0.7 colsample_bytree=0.6 \
                 sampler=xgboost1 min_child_weight=3 histogram_sums=narrow",
        sha256: "f09bad6bcaf311839898a084c30de8fd13159862b3a3adf1e2b937f7c1366437",
    },
    Golden {
        name: "logistic, weights, alpha, max_delta_step, few bins",
        data: || with_weights(data(3, 1500, 5, 0.3, Labels::Binary), 4),
        params: "objective=binary:logistic num_round=10 alpha=0.5 max_delta_step=0.7 max_bin=16 scale_pos_weight=2.5 lambda=0.1 base_score=auto histogram_sums=narrow",
        sha256: "a34370b17ce6cfe18d4b9054256fd8c15224a32e82c909e593b1102e61d96be7",
    },
    Golden {
        name: "regression, hist",
        data: || data(5, 2500, 6, 0.2, Labels::Real),
        params: "num_round=15 max_depth=5 eta=0.2 min_child_weight=2 subsample=0.9 histogram_sums=narrow",
        sha256: "77bc67bd3cf28a574464f7ab82bd96b31a371b52e4a9ca6cfcab5dfdd66edbe0",
    },
    Golden {
        name: "regression, exact, weights, wide sums",
        data: || with_weights(data(6, 900, 4, 0.2, Labels::Real), 8),
        params: "num_round=10 max_depth=4 tree_method=exact histogram_sums=wide gamma=2",
        sha256: "78ea4b4fb76f71035260f62d5ffcea437cefa97d0733ab7749c075a780f1eb05",
    },
    Golden {
        name: "softprob, 4 classes, more than 256 bins",
        data: || data(9, 2000, 5, 0.1, Labels::Classes(4)),
        params: "objective=multi:softprob num_class=4 num_round=6 max_depth=4 max_bin=1000 colsample_bytree=0.7 subsample=0.8 histogram_sums=narrow",
        sha256: "b8b6544e2e59498eeab9083f751239b11d986a7481aa25f85d3542751f233267",
    },
    Golden {
        name: "logistic, few rows, the width of sums by their number",
        data: || data(10, 3000, 7, 0.2, Labels::Binary),
        params: "objective=binary:logistic num_round=12 max_depth=6 subsample=0.7 base_score=auto",
        sha256: "f5985003b1a5e781f7dde7aba0da0612a0c5959af280368ba553c88c4325c9a6",
    },
    Golden {
        name: "logistic, many rows, the width of sums by their number",
        data: || data(11, 66_000, 2, 0.1, Labels::Binary),
        params: "objective=binary:logistic num_round=3 max_depth=4",
        sha256: "a324ccff458037e211b64aa7aab11293c6d7755db637d673e277b16669b70dd5",
    },
];

fn sha256(params: &Params, data: &Dataset, options: CpuOptions) -> String {
    let trainer = Trainer::new(params, data).evaluate(Evaluate::LastRound).on(options);
    trainer.run().unwrap_or_else(|error| panic!("{error}")).model.sha256()
}

/// Runs in every profile and with every instruction set that the tests are built for.
#[test]
fn golden_hashes() {
    let mut wrong = Vec::new();
    for golden in GOLDEN {
        let found = sha256(&params(golden.params), &(golden.data)(), CpuOptions::default());
        if found != golden.sha256 {
            wrong.push(format!("{}: {found}", golden.name));
        }
    }
    assert!(wrong.is_empty(), "other bytes than before:\n{}", wrong.join("\n"));
}

#[test]
fn threads_chunks_and_batches_change_nothing() {
    for golden in GOLDEN {
        let (data, mut params) = ((golden.data)(), params(golden.params));
        for (threads, chunk_rows, histogram_bytes) in [
            (1, None, 1 << 30),
            (2, Some(64), 1 << 30),
            (3, Some(1), 1 << 30),
            (8, Some(777), 1 << 30),
            (2, Some(500), 1),
            (1, None, 60_000),
        ] {
            params.nthread = Some(threads);
            let options = CpuOptions::default()
                .chunk_rows(chunk_rows)
                .histogram_bytes(histogram_bytes)
                .parallel_from(0)
                .profile(true);
            let found = sha256(&params, &data, options);
            assert_eq!(
                found, golden.sha256,
                "{}: {threads} threads, {chunk_rows:?} rows a chunk, {histogram_bytes} bytes",
                golden.name
            );
        }
    }
}

#[test]
fn the_number_of_rows_decides_the_width_of_sums() {
    for (rows, width) in [(65_536, "wide"), (65_537, "narrow")] {
        let data = data(12, rows, 3, 0.1, Labels::Binary);
        let run = |sums: &str| {
            let text =
                format!("objective=binary:logistic num_round=4 max_depth=6 min_child_weight=0 histogram_sums={sums}");
            sha256(&params(&text), &data, CpuOptions::default())
        };
        assert_eq!(run("auto"), run(width), "{rows} rows");
        assert_ne!(run("narrow"), run("wide"), "{rows} rows: the data must tell the widths apart");
    }
}

#[test]
fn narrow_sums_of_too_many_rows_are_refused() {
    let rows = (1 << 21) + 1;
    let data = Dataset::new(vec![vec![0.0; rows]]).with_labels(vec![1.0; rows]);
    let params = params("num_round=1 histogram_sums=narrow");
    let error = Trainer::new(&params, &data).evaluate(Evaluate::LastRound).run().unwrap_err().to_string();
    assert_eq!(
        error,
        "histogram_sums narrow holds at most 2097152 training rows, there are 2097153; leave it out, or give wide"
    );
}

#[test]
fn without_subsampling_the_order_of_rows_changes_nothing() {
    for golden in GOLDEN {
        let data = (golden.data)();
        let mut params = params(golden.params);
        params.subsample = 1.0;
        let ordered = sha256(&params, &data, CpuOptions::default());
        for seed in 0..3 {
            assert_eq!(sha256(&params, &permuted(&data, seed), CpuOptions::default()), ordered, "{}", golden.name);
        }
    }
}

#[test]
fn evaluating_changes_nothing_and_does_not_depend_on_the_order_of_rows() {
    let (train, validation) = (data(1, 2000, 5, 0.2, Labels::Binary), data(2, 777, 5, 0.2, Labels::Binary));
    let params = params("objective=binary:logistic num_round=5 eval_metric=auc,aucpr,error,logloss");
    let quiet = sha256(&params, &train, CpuOptions::default());
    let run = |train: &Dataset, validation: &Dataset| {
        Trainer::new(&params, train).channel("validation", validation).run().unwrap()
    };
    let (a, b) = (run(&train, &validation), run(&permuted(&train, 3), &permuted(&validation, 4)));
    assert_eq!(a.model.sha256(), quiet);
    assert_eq!(a.history, b.history);
}

#[test]
fn continuing_gives_the_bytes_of_an_uninterrupted_training() {
    for golden in GOLDEN {
        let data = (golden.data)();
        let mut params = params(golden.params);
        let rounds = params.num_round;
        params.num_round = rounds / 2;
        let half = Trainer::new(&params, &data).run().unwrap().model;
        let half = gboost::Model::from_json_bytes(&half.to_json()).unwrap();
        params.num_round = rounds - rounds / 2;
        let whole = Trainer::new(&params, &data).continue_from(&half).run().unwrap().model;
        assert_eq!(whole.sha256(), golden.sha256, "{}", golden.name);
    }
}

#[test]
fn an_outlier_does_not_stop_the_others_from_learning() {
    // A 32-bit margin ended at 4.64 here: leaves below half a unit never moved it while the model
    // kept growing.
    let rows = 50;
    let mut labels = vec![1.0; rows];
    labels[0] = 1e6;
    let data = Dataset::new(vec![(0..rows).map(|row| row as f32).collect()]).with_labels(labels);
    let params = params("num_round=1000 eta=0.3 max_depth=2 min_child_weight=0 lambda=0");
    let trained = Trainer::new(&params, &data).evaluate(Evaluate::LastRound).run().unwrap();
    let predicted = trained.model.predict_margins(&data, Rounds::All);
    for (row, &margin) in predicted.values().iter().enumerate().skip(1) {
        assert!((margin - 1.0).abs() < 0.01, "row {row}: {margin}");
    }
}
