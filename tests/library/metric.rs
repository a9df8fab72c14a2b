//! The metrics against hand-made facts, scikit-learn 1.9 and XGBoost 3.2; the figures of the latter
//! two are printed by `tests/fixtures/metric.py`.

use gboost::metric::{Classification, Confusion, Metric, Scored, class_scores, classification, lacking};
use gboost::objective::Objective;
use gboost::{ErrorKind, PerOutput};

const ROWS: usize = 256;
const CLASSES: usize = 4;

/// 16 bits a draw; the same generator as in `tests/fixtures/metric.py`.
fn numbers(seed: u64, count: usize, below: u32) -> Vec<u32> {
    let mut state = seed;
    let draw = |_| {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        (state >> 15) as u32 % below
    };
    (0..count).map(draw).collect()
}

/// Owned rows, to be looked at as [`Scored`].
#[derive(Clone)]
struct Rows {
    margins: PerOutput<f64>,
    labels: Vec<f32>,
    weights: Option<Vec<u32>>,
    objective: Objective,
}

impl Rows {
    fn new(objective: Objective, margins: &[f64], labels: &[f32]) -> Self {
        Self {
            margins: PerOutput::new(margins.to_vec(), margins.len().checked_div(labels.len()).unwrap_or(1)),
            labels: labels.to_vec(),
            weights: None,
            objective,
        }
    }

    fn binary(margins: &[f64], labels: &[f32]) -> Self {
        Self::new(Objective::BinaryLogistic, margins, labels)
    }

    fn weighted(mut self, weights: &[u32]) -> Self {
        self.weights = Some(weights.to_vec());
        self
    }

    fn scored(&self) -> Scored<'_> {
        Scored::new(&self.margins, &self.labels, self.weights.as_deref(), self.objective)
    }

    fn metric(&self, name: &str) -> f64 {
        let metric = metric(name);
        if let Err(error) = metric.suits(self.objective) {
            panic!("{error}");
        }
        metric.evaluate(&self.scored())
    }

    fn classification(&self) -> Classification {
        classification(&self.scored()).unwrap_or_else(|| panic!("{} is no classification", self.objective.name()))
    }

    /// The same rows in the order of `rows`, which may repeat or leave out some.
    fn pick(&self, rows: &[usize]) -> Self {
        let of_class = |class: usize| rows.iter().map(move |&row| self.margins.get(class, row));
        Self {
            margins: PerOutput::new((0..self.margins.outputs()).flat_map(of_class).collect(), self.margins.outputs()),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            weights: self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            ..self.clone()
        }
    }
}

fn metric(name: &str) -> Metric {
    Metric::from_name(name).unwrap_or_else(|error| panic!("{error}"))
}

fn weights() -> Vec<u32> {
    numbers(1, ROWS, 8).iter().map(|draw| draw + 1).collect()
}

fn binary_rows() -> Rows {
    let draws = numbers(2, ROWS, 48);
    let margins: Vec<f64> = draws.iter().map(|&draw| (f64::from(draw) - 24.0) / 8.0).collect();
    let labels: Vec<f32> =
        numbers(3, ROWS, 48).iter().zip(&draws).map(|(luck, draw)| f32::from(u8::from(luck < draw))).collect();
    Rows::binary(&margins, &labels)
}

fn class_rows() -> Rows {
    let margins: Vec<f64> = numbers(4, ROWS * CLASSES, 48).iter().map(|&draw| (f64::from(draw) - 24.0) / 8.0).collect();
    let (noise, random) = (numbers(5, ROWS, 3), numbers(6, ROWS, CLASSES as u32));
    let label = |row: usize| {
        if noise[row] == 0 {
            return random[row] as f32;
        }
        let margin = |class: usize| margins[class * ROWS + row];
        (1..CLASSES).fold(0, |best, class| if margin(class) > margin(best) { class } else { best }) as f32
    };
    let labels: Vec<f32> = (0..ROWS).map(label).collect();
    Rows::new(Objective::Softprob, &margins, &labels)
}

fn value_rows() -> Rows {
    let labels: Vec<f32> = numbers(7, ROWS, 400).iter().map(|&draw| (draw as f32 - 200.0) / 16.0).collect();
    let errors = numbers(8, ROWS, 64);
    let margins: Vec<f64> =
        labels.iter().zip(errors).map(|(&label, error)| f64::from(label) + (f64::from(error) - 32.0) / 8.0).collect();
    Rows::new(Objective::SquaredError, &margins, &labels)
}

/// `expected` within a relative error of `tolerance`.
#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

/// The metric's value without weights, and with them.
fn check(rows: &Rows, tolerance: f64, expected: &[(&str, f64, f64)]) {
    let weighted = rows.clone().weighted(&weights());
    for &(name, plain, with_weights) in expected {
        close(rows.metric(name), plain, tolerance, name);
        close(weighted.metric(name), with_weights, tolerance, &format!("weighted {name}"));
    }
}

const SCIKIT_LEARN: f64 = 1e-9;
/// XGBoost computes probabilities and terms in binary32.
const XGBOOST: f64 = 1e-6;

#[test]
fn binary_figures_of_scikit_learn() {
    check(
        &binary_rows(),
        SCIKIT_LEARN,
        &[
            ("logloss", 0.5113165833601354, 0.4876808642812732),
            ("auc", 0.8348388671875, 0.8533165505532464),
            ("error@0.7", 0.30859375, 0.2996661101836394),
            ("rmse", 0.4143745704984104, 0.401959043852291),
            ("mae", 0.3226864571097286, 0.31120847989803085),
            ("accuracy", 0.74609375, 0.7687813021702838),
            ("precision", 0.7787610619469026, 0.808300395256917),
            ("recall", 0.6875, 0.6943972835314092),
            ("f1", 0.7302904564315352, 0.7470319634703196),
        ],
    );
}

#[test]
fn binary_figures_of_xgboost() {
    check(
        &binary_rows(),
        XGBOOST,
        &[
            ("logloss", 0.511316578660626, 0.48768086285518486),
            ("error", 0.25390625, 0.23121869782971619),
            ("error@0.7", 0.30859375, 0.2996661101836394),
            ("auc", 0.8348388671875, 0.8533165505532463),
            ("aucpr", 0.8274953774696249, 0.8406625838210532),
            ("rmse", 0.4143745692899259, 0.40195904220153883),
            ("mae", 0.32268645739532076, 0.31120847984028976),
        ],
    );
}

#[test]
fn multiclass_figures_of_scikit_learn() {
    check(
        &class_rows(),
        SCIKIT_LEARN,
        &[
            ("mlogloss", 0.9753950992501412, 0.9543715206698224),
            ("merror", 0.234375, 0.23038397328881466),
            ("accuracy", 1.0 - 0.234375, 1.0 - 0.23038397328881466),
            ("auc", 0.8484502988347766, 0.8553741310976708),
            ("precision", 0.7721520673486787, 0.7753341914569032),
            ("recall", 0.7648421975906607, 0.7666859821438445),
            ("f1", 0.7661998584963701, 0.7690011955101446),
        ],
    );
}

#[test]
fn multiclass_figures_of_xgboost() {
    check(
        &class_rows(),
        XGBOOST,
        &[
            ("mlogloss", 0.9753951035600039, 0.9543715248720873),
            ("merror", 0.234375, 0.2303839732888147),
            ("auc", 0.8484502988347766, 0.8553741310976707),
        ],
    );
}

#[test]
fn regression_figures_of_scikit_learn_and_xgboost() {
    let expected = [("rmse", 2.299849264761715, 2.2696346958827074), ("mae", 2.005859375, 1.9851836393989983)];
    check(&value_rows(), SCIKIT_LEARN, &expected);
}

#[test]
fn confusion_counts_rows_whatever_their_weight() {
    let binary =
        Confusion::Binary { true_negatives: 103, false_positives: 25, false_negatives: 40, true_positives: 88 };
    let classes = vec![vec![52, 4, 7, 2], vec![5, 50, 9, 2], vec![1, 8, 51, 4], vec![6, 7, 5, 43]];
    for (rows, expected) in [(binary_rows(), binary), (class_rows(), Confusion::Multiclass(classes))] {
        assert_eq!(rows.classification().confusion, expected);
        assert_eq!(rows.weighted(&weights()).classification().confusion, expected);
    }
}

#[test]
fn classification_is_the_metrics_and_serialises() {
    for rows in [binary_rows(), class_rows().weighted(&weights())] {
        let found = rows.classification();
        let pairs = [
            ("accuracy", found.accuracy),
            ("precision", found.precision),
            ("recall", found.recall),
            ("f1", found.f1),
            ("auc", found.auc),
        ];
        for (name, value) in pairs {
            assert_eq!(value.to_bits(), rows.metric(name).to_bits(), "{name}");
        }
    }
    let json = |rows: &Rows| serde_json::to_string(&rows.classification()).unwrap_or_default();
    let binary = Rows::binary(&[1.0, -1.0, 2.0, 1.0], &[1.0, 0.0, 1.0, 0.0]);
    assert_eq!(
        json(&binary),
        "{\"accuracy\":0.75,\"precision\":0.6666666666666666,\"recall\":1.0,\"f1\":0.8,\"auc\":0.875,\
         \"confusion\":{\"tn\":1,\"fp\":1,\"fn\":0,\"tp\":2}}"
    );
    let classes = Rows::new(Objective::Softmax, &[1.0, 0.0, 0.0, 1.0], &[0.0, 1.0]);
    assert_eq!(
        json(&classes),
        "{\"accuracy\":1.0,\"precision\":1.0,\"recall\":1.0,\"f1\":1.0,\"auc\":1.0,\"confusion\":[[1,0],[0,1]]}"
    );
    assert!(classification(&value_rows().scored()).is_none());
}

/// Every metric that suits the rows.
fn suitable(rows: &Rows) -> Vec<Metric> {
    let mut metrics = Metric::ALL.to_vec();
    metrics.push(Metric::Error { threshold: 0.7 });
    metrics.retain(|metric| metric.suits(rows.objective).is_ok());
    metrics
}

#[test]
fn order_of_rows_never_matters() {
    let order: Vec<usize> = (0..ROWS).map(|row| (row * 75 + 31) % ROWS).collect();
    for rows in [binary_rows(), class_rows(), value_rows()] {
        let rows = rows.weighted(&weights());
        for metric in suitable(&rows) {
            let (a, b) = (metric.evaluate(&rows.scored()), metric.evaluate(&rows.pick(&order).scored()));
            assert_eq!(a.to_bits(), b.to_bits(), "{metric}: {a} or {b}");
        }
    }
}

/// 128 copies of each row scale every sum by a power of two, which no rounding can see. They go
/// through the parallel code, the rows themselves through the serial code.
#[test]
fn many_rows_by_several_threads_give_the_same_bytes() {
    let copies: Vec<usize> = (0..ROWS * 128).map(|row| row % ROWS).collect();
    for rows in [binary_rows(), class_rows(), value_rows()] {
        for rows in [rows.clone(), rows.weighted(&weights())] {
            let many = rows.pick(&copies);
            for metric in suitable(&rows) {
                let (a, b) = (metric.evaluate(&rows.scored()), metric.evaluate(&many.scored()));
                assert_eq!(a.to_bits(), b.to_bits(), "{metric}: {a} or {b}");
            }
        }
    }
}

#[test]
fn a_weight_is_so_many_rows() {
    let weights = weights();
    let repeated: Vec<usize> = (0..ROWS).flat_map(|row| std::iter::repeat_n(row, weights[row] as usize)).collect();
    for rows in [binary_rows(), class_rows(), value_rows()] {
        for metric in suitable(&rows) {
            let a = metric.evaluate(&rows.clone().weighted(&weights).scored());
            let b = metric.evaluate(&rows.pick(&repeated).scored());
            assert_eq!(a.to_bits(), b.to_bits(), "{metric}: {a} or {b}");
        }
    }
}

#[test]
fn logloss_is_capped_at_the_lowest_probability() {
    let ln2 = std::f64::consts::LN_2;
    close(Rows::binary(&[0.0], &[1.0]).metric("logloss"), ln2, 1e-12, "no opinion");
    // Less exact than a binary64, since terms have 40 fraction bits.
    let sure = Rows::binary(&[10.0], &[1.0]).metric("logloss");
    assert!((sure - 4.539889921682063e-5).abs() < 1e-12, "{sure}");
    close(Rows::binary(&[30.0], &[0.0]).metric("logloss"), 30.0, 1e-12, "wrong");
    let cap = -(1e-16_f64.ln());
    for margin in [40.0, 1e300, f64::INFINITY] {
        close(Rows::binary(&[margin], &[0.0]).metric("logloss"), cap, 1e-12, "wrong and sure");
        close(Rows::binary(&[-margin], &[1.0]).metric("logloss"), cap, 1e-12, "wrong and sure");
        assert_eq!(Rows::binary(&[margin], &[1.0]).metric("logloss"), 0.0);
    }
    let classes = |margins: &[f64]| Rows::new(Objective::Softmax, margins, &[1.0]).metric("mlogloss");
    close(classes(&[3.0, 3.0]), ln2, 1e-12, "no opinion");
    close(classes(&[1000.0, 0.0]), cap, 1e-12, "wrong and sure");
    assert_eq!(classes(&[0.0, 1000.0]), 0.0);
}

#[test]
fn threshold_of_error_is_strict() {
    let rows = Rows::binary(&[0.0, -0.0, 1e-9], &[1.0, 1.0, 1.0]);
    close(rows.metric("error"), 2.0 / 3.0, 1e-15, "0.5 is not above 0.5");
    // log(0.75 / 0.25) = log 3 = 1.0986...
    let rows = Rows::binary(&[1.0986, 1.0987, -5.0], &[0.0, 1.0, 0.0]);
    assert_eq!(rows.metric("error@0.75"), 0.0);
    assert_eq!(rows.metric("error@0"), 2.0 / 3.0);
    assert_eq!(rows.metric("error@1"), 1.0 / 3.0);
}

#[test]
fn auc_counts_pairs() {
    assert_eq!(Rows::binary(&[1.0, 2.0, 3.0, 4.0], &[0.0, 0.0, 1.0, 1.0]).metric("auc"), 1.0);
    assert_eq!(Rows::binary(&[1.0, 2.0, 3.0, 4.0], &[1.0, 1.0, 0.0, 0.0]).metric("auc"), 0.0);
    assert_eq!(Rows::binary(&[1.0, 2.0, 3.0, 4.0], &[0.0, 1.0, 0.0, 1.0]).metric("auc"), 0.75);
    assert_eq!(Rows::binary(&[0.0, -0.0], &[1.0, 0.0]).metric("auc"), 0.5, "zero has one sign");
    // 3 x 5 of the 3 x 7 pairs are in order, 3 x 2 tied.
    let rows = Rows::binary(&[0.0, 1.0, 1.0], &[0.0, 0.0, 1.0]).weighted(&[5, 2, 3]);
    assert_eq!(rows.metric("auc"), 18.0 / 21.0);
    // The largest weights that may occur: 2 POS NEG is 2^63.
    let rows = Rows::binary(&[0.0, 1.0], &[0.0, 1.0]).weighted(&[1 << 31, (1 << 31) - 1]);
    assert_eq!(rows.metric("auc"), 1.0);
}

/// What XGBoost 3.4.1 says of the same rows: nan, with "Dataset is empty, or contains only positive
/// or negative samples".
#[test]
fn ranking_metrics_without_rows_of_every_label_are_not_a_number() {
    let lack = |rows: &Rows| {
        lacking(rows.objective, rows.margins.outputs(), &rows.labels, rows.weights.as_deref())
            .map(|lack| lack.to_string())
    };
    let binary = |labels: &[f32]| Rows::binary(&vec![1.0; labels.len()], labels);
    for (rows, reason) in [
        (binary(&[1.0, 1.0]), "all rows have label 1"),
        (binary(&[0.0]), "all rows have label 0"),
        (binary(&[]), "there are no rows"),
        (binary(&[0.0, 1.0]).weighted(&[3, 0]), "all rows of a weight above 0 have label 0"),
        (binary(&[0.0, 1.0]).weighted(&[0, 0]), "there are no rows of a weight above 0"),
    ] {
        assert!(rows.metric("auc").is_nan() && rows.metric("aucpr").is_nan(), "{reason}");
        assert_eq!(lack(&rows).as_deref(), Some(reason));
        // The other metrics have their value.
        assert!(["logloss", "error", "accuracy", "f1"].iter().all(|name| rows.metric(name).is_finite()), "{reason}");
    }
    let margins = [5.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let classes = |labels: &[f32]| Rows::new(Objective::Softprob, &margins[..3 * labels.len()], labels);
    for (rows, reason) in [
        (classes(&[0.0, 1.0, 1.0]), "there are no rows with label 2"),
        (classes(&[2.0, 1.0]), "there are no rows with label 0"),
        (classes(&[1.0, 1.0]), "all rows have label 1"),
        (classes(&[0.0, 1.0, 2.0]).weighted(&[1, 1, 0]), "there are no rows of a weight above 0 with label 2"),
    ] {
        assert!(rows.metric("auc").is_nan(), "{reason}");
        assert_eq!(lack(&rows).as_deref(), Some(reason));
    }
    assert_eq!(lack(&classes(&[2.0, 0.0, 1.0])), None);
    assert!(classes(&[2.0, 0.0, 1.0]).metric("auc").is_finite());
    assert_eq!(lack(&binary(&[0.0, 1.0])), None);
}

#[test]
fn classes_are_ranked_by_probability() {
    // Row 0 has the smaller margin of class 1 but the larger probability.
    let margins = [-9.0, 3.0, 1.0, 2.0];
    assert_eq!(Rows::new(Objective::Softprob, &margins, &[1.0, 0.0]).metric("auc"), 1.0);
}

#[test]
fn no_value_is_never_the_best_one() {
    let best = |name: &str, values: &[f64]| metric(name).best(values.iter().copied().enumerate());
    let nan = f64::NAN;
    assert_eq!(best("auc", &[nan, 0.7, nan, 0.8, 0.8]), Some((3, 0.8)));
    assert_eq!(best("logloss", &[nan, 0.7, nan, 0.8, 0.7]), Some((1, 0.7)));
    assert_eq!(best("auc", &[nan, nan]), None);
    assert_eq!(best("auc", &[]), None);
}

/// scikit-learn 1.9: precision_score, recall_score, f1_score(average="macro"), with sample_weight;
/// its labels are those of `unique_labels(y_true, y_pred)`, rows of weight 0 included, and
/// zero_division is 0.
#[test]
fn macro_averages_are_over_the_classes_that_occur() {
    // The predicted class is given by a margin of 1.
    let rows = |labels: &[f32], predicted: &[usize], classes: usize| {
        let margin = |class: usize, row: usize| f64::from(u8::from(predicted[row] == class));
        let margins: Vec<f64> =
            (0..classes).flat_map(|class| (0..labels.len()).map(move |row| margin(class, row))).collect();
        Rows::new(Objective::Softprob, &margins, labels)
    };
    let check = |rows: &Rows, [precision, recall, f1]: [f64; 3]| {
        for (name, expected) in [("precision", precision), ("recall", recall), ("f1", f1)] {
            close(rows.metric(name), expected, 1e-15, name);
        }
        // One formula: what the report averages is the same.
        let scores = class_scores(&rows.scored());
        let occurring: Vec<_> = scores.iter().filter(|score| score.occurs).collect();
        let mean = occurring.iter().map(|score| score.f1).sum::<f64>() / occurring.len() as f64;
        assert_eq!(mean, rows.metric("f1"));
    };
    check(&rows(&[0.0, 1.0, 0.0], &[0, 1, 0], 3), [1.0; 3]);
    let some = rows(&[0.0, 1.0, 0.0, 3.0], &[0, 1, 1, 0], 6);
    check(&some, [0.333_333_333_333_333_3, 0.5, 0.388_888_888_888_888_84]);
    check(&some.clone().weighted(&[1, 2, 3, 4]), [0.2, 0.416_666_666_666_666_7, 0.264_550_264_550_264_54]);
    // Class 3 occurs in a row of weight 0 alone: it counts, with 0.
    check(&some.weighted(&[1, 2, 3, 0]), [0.466_666_666_666_666_7, 0.416_666_666_666_666_7, 0.323_809_523_809_523_8]);
    // A class that is predicted only.
    check(&rows(&[1.0, 1.0], &[1, 2], 3), [0.5, 0.25, 0.333_333_333_333_333_3]);
}

#[test]
fn weights_have_a_confusion_matrix_of_their_own() {
    let rows = Rows::binary(&[1.0, 1.0, -1.0, -1.0], &[1.0, 0.0, 1.0, 0.0]);
    assert_eq!(Confusion::weighted(&rows.scored(), 1.0), None);
    let rows = rows.weighted(&[4, 1, 2, 1]);
    let found = Confusion::weighted(&rows.scored(), 0.5).and_then(|found| found.matrix());
    assert_eq!(found, Some(vec![vec![0.5, 0.5], vec![1.0, 2.0]]));
    assert_eq!(rows.classification().confusion.matrix(), Some(vec![vec![1, 1], vec![1, 1]]));
}

/// A matrix of 65,536 classes has 2^32 cells; what is kept is bounded by the rows.
#[test]
fn many_classes_have_a_sparse_confusion_matrix() {
    let of = |classes: usize, labels: &[f32]| {
        // Every row is predicted as class 1.
        let margins: Vec<f64> =
            (0..classes).flat_map(|class| labels.iter().map(move |_| f64::from(u8::from(class == 1)))).collect();
        Rows::new(Objective::Softprob, &margins, labels)
    };
    let rows = of(65_536, &[1.0, 7.0, 65_535.0, 7.0]);
    let found = rows.classification();
    assert_eq!((found.accuracy, found.recall), (0.25, 1.0 / 3.0));
    assert_eq!(found.confusion.classes(), 65_536);
    assert_eq!(found.confusion.cells(), [(1, 1, 1), (7, 1, 2), (65_535, 1, 1)]);
    assert_eq!(found.confusion.mistakes(), [(7, 1, 2), (65_535, 1, 1)]);
    assert_eq!(found.confusion.matrix(), None);
    assert_eq!(
        serde_json::to_string(&found.confusion).unwrap_or_default(),
        "{\"classes\":65536,\"cells\":[[1,1,1],[7,1,2],[65535,1,1]]}"
    );
    // Both forms have the same cells; so have many rows, by several threads.
    let labels: Vec<f32> = (0..10_000).map(|row| ((row * 7919) % 250) as f32).collect();
    let [dense, sparse] = [256, 257].map(|classes| of(classes, &labels).classification().confusion);
    assert_eq!(dense.cells(), sparse.cells());
    assert!(dense.matrix().is_some() && sparse.matrix().is_none());
    assert_eq!(dense.mistakes(), sparse.mistakes());
}

#[test]
fn aucpr_by_hand() {
    assert_eq!(Rows::binary(&[1.0, 2.0], &[0.0, 1.0]).metric("aucpr"), 1.0);
    // First half of the recall at precision 1; then x / (2x - 1/2) from x = 1/2 to 1.
    let rows = Rows::binary(&[3.0, 2.0, 2.0], &[1.0, 0.0, 1.0]);
    close(rows.metric("aucpr"), 0.75 + 3.0_f64.ln() / 8.0, 1e-15, "two groups");
    // One group: precision is the share of positives at any recall.
    close(Rows::binary(&[0.0; 4], &[1.0, 0.0, 0.0, 0.0]).metric("aucpr"), 0.25, 1e-15, "all tied");
}

#[test]
fn counts_by_hand() {
    let rows = Rows::binary(&[1.0, 1.0, -1.0, -1.0], &[1.0, 0.0, 1.0, 0.0]).weighted(&[4, 1, 2, 1]);
    assert_eq!(rows.metric("accuracy"), 5.0 / 8.0);
    assert_eq!(rows.metric("error"), 3.0 / 8.0);
    assert_eq!(rows.metric("precision"), 4.0 / 5.0);
    assert_eq!(rows.metric("recall"), 4.0 / 6.0);
    assert_eq!(rows.metric("f1"), 8.0 / 11.0);
    let nothing = Rows::binary(&[-1.0, -1.0], &[0.0, 0.0]);
    for name in ["precision", "recall", "f1"] {
        assert_eq!(nothing.metric(name), 0.0, "{name} with an empty denominator");
    }
    // All margins tied: the lowest class is predicted. Class 2 is neither a label nor predicted,
    // and has no part in the means.
    let tied = Rows::new(Objective::Softmax, &[0.0; 6], &[0.0, 1.0]);
    assert_eq!(tied.metric("merror"), 0.5);
    assert_eq!(tied.metric("precision"), (0.5 + 0.0) / 2.0);
    assert_eq!(tied.metric("recall"), (1.0 + 0.0) / 2.0);
    assert_eq!(tied.metric("f1"), (2.0 / 3.0 + 0.0) / 2.0);
}

#[test]
fn errors_of_any_magnitude() {
    let single = |margin: f64, label: f32, name| Rows::new(Objective::SquaredError, &[margin], &[label]).metric(name);
    for (margin, label) in [(1.5, 1.0), (3e38, 1e38), (-1e-30, 1e-18), (1e6, -1e6), (2.5e9, 1e6), (7.0, 7.0)] {
        let expected = (margin - f64::from(label)).abs();
        close(single(margin, label, "mae"), expected, 1e-9, "mae");
        close(single(margin, label, "rmse"), expected, 1e-9, "rmse");
    }
    // Binary labels are scaled alike whether or not a 1 is among them.
    close(Rows::binary(&[0.0], &[0.0]).metric("rmse"), 0.5, 1e-15, "rmse");
    close(Rows::binary(&[0.0], &[0.0]).metric("mae"), 0.5, 1e-15, "mae");
}

#[test]
fn names_are_read_and_printed() {
    for metric in Metric::ALL {
        assert_eq!(Metric::from_name(&metric.name()).ok(), Some(metric));
    }
    assert_eq!(metric("error@0.7"), Metric::Error { threshold: 0.7 });
    assert_eq!(metric("error@0.7").name(), "error@0.7");
    assert_eq!(metric("error@0.70").to_string(), "error@0.7");
    assert_eq!(metric("error@0.5").name(), "error");
    let higher: Vec<_> = Metric::ALL.iter().filter(|metric| metric.maximise()).map(Metric::name).collect();
    assert_eq!(higher, ["auc", "aucpr", "accuracy", "f1", "precision", "recall"]);
}

#[test]
fn bad_names_say_what_to_do() {
    let all =
        "logloss, error, error@THRESHOLD, auc, aucpr, rmse, mae, merror, mlogloss, accuracy, f1, precision, recall";
    let message = |name: &str| match Metric::from_name(name) {
        Ok(metric) => panic!("{name} was read as {metric}"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Parameter);
            error.to_string()
        }
    };
    assert_eq!(message("loglos"), format!("unknown metric \"loglos\"; did you mean logloss? The metrics are {all}"));
    assert!(message("AUC").contains("did you mean auc?"));
    assert!(message("acuracy").contains("did you mean accuracy?"));
    assert!(message("eror@0.7").contains("did you mean error?"));
    assert!(message("").starts_with("unknown metric \"\""));
    for name in ["rmsle", "ndcg@5-", "map-", "tweedie-nloglik@1.5", "balanced_accuracy", "f1_macro", "mse", "r2"] {
        assert_eq!(message(name), format!("metric {name} is not supported yet; use one of {all}"));
    }
    for threshold in ["", "x", "1.5", "-0.1", "nan", "inf"] {
        assert!(message(&format!("error@{threshold}")).contains(&format!("threshold {threshold:?}")));
    }
    assert_eq!(message("auc@0.5"), "metric auc@0.5 is unknown: auc has no parameter; write auc");
}

#[test]
fn metrics_suit_objectives() {
    let names = |objective: Objective| {
        let metrics = Metric::ALL.iter().filter(|metric| metric.suits(objective).is_ok());
        metrics.map(Metric::name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(Objective::SquaredError), "rmse mae");
    assert_eq!(names(Objective::BinaryLogistic), "logloss error auc aucpr rmse mae accuracy f1 precision recall");
    assert_eq!(names(Objective::Softprob), "auc merror mlogloss accuracy f1 precision recall");
    assert_eq!(names(Objective::Softprob), names(Objective::Softmax));
    for objective in Objective::ALL {
        assert!(Metric::default_for(objective).suits(objective).is_ok());
    }
    let message = |metric: Metric, objective| metric.suits(objective).err().map(|error| error.to_string());
    assert_eq!(
        message(metric("logloss"), Objective::SquaredError).as_deref(),
        Some("metric logloss does not suit reg:squarederror; use one of rmse, mae")
    );
    assert_eq!(
        message(Metric::Aucpr, Objective::Softmax).as_deref(),
        Some(
            "metric aucpr is not supported yet for multi:softmax; \
             use one of auc, merror, mlogloss, accuracy, f1, precision, recall"
        )
    );
}
