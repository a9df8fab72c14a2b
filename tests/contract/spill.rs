//! Values that are given up or spilled: the same bins, models and figures as with all values in
//! memory.
use crate::common::{Labels, data, params, with_weights};
use gboost::ingest::{Channel, ColumnRef, ReadOptions, SpillOptions, read_bytes, read_channel};
use gboost::{BinnedMatrix, Dataset, ErrorKind, Params, PerOutput, Rounds, Trained, Trainer};
use gboost_report::Figures;
use std::fmt::Write as _;
use std::path::Path;

/// A CSV file with the label first, the weight last where there is one, and empty fields for
/// missing values.
fn csv(data: &Dataset) -> String {
    let mut text = String::new();
    for row in 0..data.rows {
        write!(text, "{}", data.labels.as_ref().unwrap()[row]).unwrap();
        for value in data.row(row) {
            match value.is_nan() {
                true => text.push(','),
                false => write!(text, ",{value}").unwrap(),
            }
        }
        if let Some(weights) = &data.weights {
            write!(text, ",{}", weights[row]).unwrap();
        }
        text.push('\n');
    }
    text
}

fn options(data: &Dataset, spill: Option<SpillOptions>) -> ReadOptions {
    let weight = data.weights.as_ref().map(|_| ColumnRef::Index(data.features() + 1));
    ReadOptions::default().weight(weight).spill(spill)
}

fn spill(block_rows: usize, from_bytes: u64) -> Option<SpillOptions> {
    Some(SpillOptions::always(std::env::temp_dir()).block_rows(Some(block_rows)).from_bytes(from_bytes))
}

fn read(text: &str, options: &ReadOptions) -> Channel {
    read_bytes(Path::new("a.csv"), text.as_bytes(), options).unwrap()
}

fn train(data: &Dataset, matrix: Option<&BinnedMatrix>, params: &Params) -> Trained {
    let trainer = Trainer::new(params, data);
    match matrix {
        Some(matrix) => trainer.binned(matrix),
        None => trainer,
    }
    .run()
    .unwrap()
}

const BINARY: &str = "objective=binary:logistic eval_metric=logloss,auc num_round=6 max_depth=5 min_child_weight=0.1";

/// Data and parameters of all kinds.
fn cases() -> Vec<(Dataset, String)> {
    vec![
        (data(1, 500, 6, 0.2, Labels::Binary), format!("{BINARY} subsample=0.7 colsample_bynode=0.7")),
        (data(2, 400, 5, 0.1, Labels::Binary), format!("{BINARY} tree_method=exact base_score=auto")),
        (with_weights(data(3, 300, 5, 0.3, Labels::Binary), 4), format!("{BINARY} max_bin=16 scale_pos_weight=2")),
        (data(4, 450, 4, 0.2, Labels::Real), "num_round=5 eval_metric=rmse,mae".to_string()),
        (with_weights(data(5, 350, 4, 0.0, Labels::Real), 8), "num_round=5 tree_method=exact gamma=1".to_string()),
        (data(6, 600, 5, 0.1, Labels::Classes(3)), "objective=multi:softprob num_class=3 num_round=4".to_string()),
        // More codes than a byte has; more features than a row block has.
        (data(7, 900, 3, 0.1, Labels::Binary), format!("{BINARY} max_bin=400")),
        (data(8, 700, 3, 0.1, Labels::Binary), format!("{BINARY} tree_method=exact max_depth=3")),
        (data(9, 200, 40, 0.4, Labels::Binary), BINARY.to_string()),
        (data(10, 1, 2, 0.0, Labels::Real), "num_round=2".to_string()),
    ]
}

#[test]
fn spilled_and_given_up_values_give_the_same_bytes() {
    for (data, text) in cases() {
        let (csv, params) = (csv(&data), params(&text));
        let whole = read(&csv, &options(&data, None));
        assert!(whole.spilled.is_none() && whole.dataset.has_values());
        let matrix = BinnedMatrix::of(gboost::Rows::all(&whole.dataset), &params).unwrap();
        let expected = train(&whole.dataset, None, &params);
        let figures = Figures::new(&expected.model, &whole.dataset, &expected.metrics, Rounds::Best).unwrap();
        let compare = |data: &Dataset, matrix: &BinnedMatrix, how: &str| {
            assert!(!data.has_values());
            assert_eq!((data.rows, data.features()), (whole.dataset.rows, whole.dataset.features()));
            assert_eq!((&data.labels, &data.weights), (&whole.dataset.labels, &whole.dataset.weights));
            let found = train(data, Some(matrix), &params);
            assert_eq!(found.model.to_json(), expected.model.to_json(), "{text}: {how}");
            assert_eq!(found.history, expected.history, "{text}: {how}");
            let metrics = &found.metrics;
            let found = Figures::of_binned(&found.model, (data, matrix), metrics, Rounds::Best).unwrap();
            assert_eq!(found, figures, "{text}: {how}");
        };
        let mut taken = whole.dataset.clone();
        let taken_matrix = BinnedMatrix::take(&mut taken, &params).unwrap();
        assert_eq!(taken_matrix, matrix, "{text}");
        compare(&taken, &taken_matrix, "given up");
        for block_rows in [1, 7, 64, 1 << 16] {
            let how = format!("blocks of {block_rows} rows");
            let read = read(&csv, &options(&data, spill(block_rows, 0)));
            let spilled = read.spilled.unwrap();
            assert_eq!(spilled.bytes(), 4 * (data.rows * data.features()) as u64);
            assert_eq!(spilled.blocks().len(), data.rows.div_ceil(block_rows));
            let mut by_row = BinnedMatrix::of_spilled(&spilled, &read.dataset.names(), &params).unwrap();
            compare(&read.dataset, &by_row, &how);
            for feature in 0..data.features() {
                let codes = |matrix: &BinnedMatrix| -> Vec<usize> {
                    (0..data.rows).map(|row| matrix.code(row, feature)).collect()
                };
                assert_eq!(codes(&by_row), codes(&matrix), "{text}: {how}");
            }
            by_row.add_columns();
            assert!(!by_row.is_by_row());
            assert_eq!(by_row, matrix, "{text}: {how}");
        }
    }
}

#[test]
fn bins_values_and_single_rows_predict_the_same_bits() {
    // So many rows and tests that values are coded (`src/model/forest/mod.rs`).
    for (labels, text) in [
        (Labels::Binary, "objective=binary:logistic num_round=30 max_depth=6"),
        (Labels::Classes(3), "objective=multi:softprob num_class=3 num_round=10 max_depth=5"),
        (Labels::Real, "num_round=20 tree_method=exact max_depth=9"),
    ] {
        let data = data(13, 6000, 4, 0.2, labels);
        let params = params(text);
        let mut matrix = BinnedMatrix::of(gboost::Rows::all(&data), &params).unwrap();
        let model = train(&data, Some(&matrix), &params).model;
        let mut predictor = model.row_predictor(Rounds::All);
        let classes = model.classes;
        let mut expected = vec![0; data.rows * classes];
        for row in 0..data.rows {
            let values: Vec<f32> = data.row(row).collect();
            for (class, margin) in predictor.margins(&values).iter().enumerate() {
                expected[class * data.rows + row] = margin.to_bits();
            }
        }
        let bits = |margins: PerOutput<f32>| margins.into_values().into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert!(bits(model.predict_margins(&data, Rounds::All)) == expected, "{text}");
        assert!(bits(model.predict_binned(&matrix, Rounds::All)) == expected, "{text}");
        // By row alone.
        let spilled = read(&csv(&data), &options(&data, spill(500, 0))).spilled.unwrap();
        matrix = BinnedMatrix::of_spilled(&spilled, &data.names(), &params).unwrap();
        assert!(bits(model.predict_binned(&matrix, Rounds::All)) == expected, "{text}");
    }
}

#[test]
fn values_are_spilled_once_they_take_too_much() {
    // Several chunks of text, in two files.
    let data = data(11, 30_000, 6, 0.1, Labels::Binary);
    let text = csv(&data);
    let folder = tempfile::tempdir().unwrap();
    let half = text[..text.len() / 3].rfind('\n').unwrap() + 1;
    let paths = [("a.csv", &text[..half]), ("b.csv", &text[half..])].map(|(name, text)| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    });
    let params = params("objective=binary:logistic num_round=2");
    let bytes = 4 * (data.rows * data.features()) as u64;
    let whole = read_channel(&paths, &options(&data, None)).unwrap();
    let expected = BinnedMatrix::of(gboost::Rows::all(&whole.dataset), &params).unwrap();
    for (from_bytes, spills) in [(0, true), (bytes / 5, true), (bytes / 2, true), (2 * bytes, false)] {
        // The size is known beforehand for files, and only found out of a reader.
        let options = options(&data, spill(1000, from_bytes));
        for read in [read_channel(&paths, &options), read_bytes(Path::new("a.csv"), text.as_bytes(), &options)] {
            let mut read = read.unwrap();
            assert_eq!(read.spilled.is_some(), spills, "{from_bytes}");
            assert_eq!(read.dataset.has_values(), !spills, "{from_bytes}");
            assert_eq!((read.dataset.rows, &read.dataset.labels), (data.rows, &whole.dataset.labels));
            let matrix = match &read.spilled {
                Some(spilled) => {
                    let mut matrix = BinnedMatrix::of_spilled(spilled, &read.dataset.names(), &params).unwrap();
                    matrix.add_columns();
                    matrix
                }
                None => BinnedMatrix::take(&mut read.dataset, &params).unwrap(),
            };
            assert!(matrix == expected, "{from_bytes}");
        }
    }
}

#[test]
fn errors_are_those_of_values_in_memory() {
    let spilling = ReadOptions::default().spill(spill(1, 0));
    for text in ["1,3\n0,x\n", "1,3\n0,1,2\n", "1,3\n,3\n", "1,3\n0,1e99\n", "y,a\n", "1,3\n0,\u{0}\n"] {
        let error = |options: &ReadOptions| {
            read_bytes(Path::new("a.csv"), text.as_bytes(), options).expect_err(text).to_string()
        };
        assert_eq!(error(&spilling), error(&ReadOptions::default()));
    }
    let mut long = "1,3,2\n".repeat(200_000);
    long += "1,2,none\n";
    let error = read_bytes(Path::new("a.csv"), long.as_bytes(), &spilling).expect_err("text in a column");
    assert_eq!((error.line(), error.column()), (Some(200_001), Some(3)));
    let many = (0..70_000).map(|row| format!("0,{row},{row}\n")).collect::<String>();
    let read = read_bytes(Path::new("a.csv"), many.as_bytes(), &spilling).unwrap();
    let error = BinnedMatrix::of_spilled(&read.spilled.unwrap(), &read.dataset.names(), &params("tree_method=exact"));
    assert!(error.unwrap_err().to_string().starts_with("feature f0: tree_method exact takes at most 65535 distinct"));
}

#[test]
fn values_cannot_be_spilled_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let refused = |name: &str, text: &str| {
        let options = ReadOptions::default().spill(Some(SpillOptions::always(&missing)));
        read_bytes(Path::new(name), text.as_bytes(), &options).expect_err("is refused")
    };
    let error = refused("a.csv", "1,4\n0,3\n");
    assert_eq!((error.kind(), error.path()), (ErrorKind::Io, Some(missing.as_path())));
    assert!(
        error.to_string().ends_with("; free space there, or give another folder with SpillOptions::folder"),
        "{error}"
    );
    assert_eq!(
        refused("a.svm", "1 1:2\n").to_string(),
        "a.svm: SpillOptions::always: a libsvm file has no values that can be spilled; \
         convert the file to CSV, or drop the option"
    );
}

#[test]
fn without_values_there_is_no_training() {
    let mut given_up = data(1, 50, 3, 0.1, Labels::Real);
    let whole = given_up.clone();
    let params = params("num_round=2");
    let matrix = BinnedMatrix::take(&mut given_up, &params).unwrap();
    let model = Trainer::new(&params, &given_up).binned(&matrix).run().unwrap().model;
    let remedy = "give Trainer::binned the matrix of the training rows; to continue a model, and for other channels, keep the values";
    for (trainer, name) in [
        (Trainer::new(&params, &given_up), "train"),
        (Trainer::new(&params, &given_up).binned(&matrix).continue_from(&model), "train"),
        (Trainer::new(&params, &whole).channel("validation", &given_up), "validation"),
    ] {
        let error = trainer.run().unwrap_err().to_string();
        assert_eq!(error, format!("the {name} data has given its feature values up; {remedy}"));
    }
}

#[cfg(feature = "gpu")]
#[test]
fn a_gpu_is_not_given_codes_by_row() {
    let data = data(1, 50, 3, 0.1, Labels::Real);
    let read = read(&csv(&data), &options(&data, spill(8, 0)));
    let params = params("num_round=2");
    let matrix = BinnedMatrix::of_spilled(&read.spilled.unwrap(), &read.dataset.names(), &params).unwrap();
    let backend = gboost::BackendChoice::Gpu(gboost::GpuOptions::default());
    let error = Trainer::new(&params, &read.dataset).binned(&matrix).on(backend).run().unwrap_err().to_string();
    assert_eq!(
        error,
        "the binned matrix has its codes by row alone, which GPUs do not read; call BinnedMatrix::add_columns"
    );
}
