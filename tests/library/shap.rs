//! SHAP values against Shapley's definition, summed over all subsets in binary64, and against
//! figures of XGBoost and of the Python package shap (`tests/fixtures/shap_values.py` made them).

use gboost::explain::shap::Explainer;
use gboost::ingest::{ReadOptions, read_channel};
use gboost::internals::tree::{NONE, Split};
use gboost::{Dataset, Model, Node, Objective, Rounds, Tree};
use std::fs;
use std::path::PathBuf;

/// A linear congruential generator: `next(end)` is below `end`.
struct Draws(u64);

impl Draws {
    fn next(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn value(&mut self) -> f32 {
        self.next(8) as f32
    }
}

const FEATURES: usize = 5;

/// A random tree up to that depth, with covers that add up but for some that are 0.
fn tree(draws: &mut Draws, depth: u32) -> Tree {
    fn grow(draws: &mut Draws, tree: &mut Tree, at: usize, depth: u32) {
        let leaf = depth == 0 || draws.next(6) == 0;
        if leaf {
            tree.nodes[at].set_leaf_value(draws.next(2000) as f32 / 500.0 - 2.0);
            return;
        }
        let threshold = draws.value();
        let (left, cover) = (tree.nodes.len(), tree.nodes[at].sum_hessian as u64);
        let share = draws.next(cover + 1);
        let node = &mut tree.nodes[at];
        let feature = draws.next(FEATURES as u64) as u32;
        *node = node.clone().divided(feature, Split::Below(threshold), [left as u32, left as u32 + 1]);
        node.default_left = draws.next(2) == 0;
        for cover in [share, cover - share] {
            tree.nodes.push(empty(at as i32, cover as f32));
        }
        grow(draws, tree, left, depth - 1);
        grow(draws, tree, left + 1, depth - 1);
    }
    let mut tree = Tree { nodes: vec![empty(NONE, 100.0)] };
    grow(draws, &mut tree, 0, depth);
    tree
}

fn empty(parent: i32, cover: f32) -> Node {
    let mut leaf = Node::leaf(parent, 0.0);
    (leaf.default_left, leaf.sum_hessian) = (true, cover);
    leaf
}

fn model(trees: Vec<Tree>, classes: usize) -> Model {
    let objective = if classes == 1 { Objective::SquaredError } else { Objective::Softprob };
    // The last feature is in no split.
    let mut model = Model::new(objective, classes, FEATURES + 1);
    model.base_score = vec![0.25];
    model.trees = trees;
    model
}

fn rows(draws: &mut Draws, rows: usize) -> Dataset {
    let columns = (0..=FEATURES)
        .map(|_| (0..rows).map(|_| if draws.next(5) == 0 { f32::NAN } else { draws.value() }).collect())
        .collect();
    Dataset::new(columns)
}

/// The worth of a set of known features (bits) in the game that explains one row.
type Worth<'a> = dyn Fn(&Tree, u32) -> f64 + 'a;

/// The threshold of a split.
fn threshold(node: &Node) -> f32 {
    let Some(&Split::Below(threshold)) = node.split() else { panic!("a split on a threshold") };
    threshold
}

/// The definition of the path dependent game: unknown features go both ways, by cover.
fn by_cover(tree: &Tree, at: usize, row: &[f32], known: u32) -> f64 {
    let node = &tree.nodes[at];
    let Some([left, right]) = node.children() else { return f64::from(node.leaf_value().unwrap()) };
    let below = |child: usize| by_cover(tree, child, row, known);
    if known >> node.feature & 1 == 1 {
        let value = row[node.feature as usize];
        let goes_left = if value.is_nan() { node.default_left } else { value < threshold(node) };
        return below(if goes_left { left } else { right });
    }
    let cover = |child: usize| f64::from(tree.nodes[child].sum_hessian);
    if node.sum_hessian == 0.0 {
        return (below(left) + below(right)) / 2.0;
    }
    (cover(left) * below(left) + cover(right) * below(right)) / f64::from(node.sum_hessian)
}

/// The definition of the interventional game: unknown features are the background's, on average.
fn by_background(tree: &Tree, row: &[f32], known: u32, background: &Dataset) -> f64 {
    let of = |other: usize| {
        let mut at = 0;
        loop {
            let node = &tree.nodes[at];
            let Some([left, right]) = node.children() else { return f64::from(node.leaf_value().unwrap()) };
            let feature = node.feature as usize;
            let value = if known >> feature & 1 == 1 { row[feature] } else { background.columns[feature][other] };
            let goes_left = if value.is_nan() { node.default_left } else { value < threshold(node) };
            at = if goes_left { left } else { right };
        }
    };
    (0..background.rows).map(of).sum::<f64>() / background.rows as f64
}

fn factorial(n: u32) -> f64 {
    (1..=n).map(f64::from).product()
}

/// Shapley values and halved interaction indices by their definitions: `[i][j]`, contributions on
/// the diagonal.
fn shapley(tree: &Tree, worth: &Worth) -> [[f64; FEATURES]; FEATURES] {
    let n = FEATURES as u32;
    let worths: Vec<f64> = (0..1_u32 << n).map(|known| worth(tree, known)).collect();
    let worth = |known: u32| worths[known as usize];
    let mut values = [[0.0; FEATURES]; FEATURES];
    for known in 0..1_u32 << n {
        let size = known.count_ones();
        for i in (0..n).filter(|i| known >> i & 1 == 0) {
            let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
            values[i as usize][i as usize] += weight * (worth(known | 1 << i) - worth(known));
            for j in (0..n).filter(|&j| j != i && known >> j & 1 == 0) {
                let weight = factorial(size) * factorial(n - size - 2) / (2.0 * factorial(n - 1));
                let change =
                    worth(known | 1 << i | 1 << j) - worth(known | 1 << i) - worth(known | 1 << j) + worth(known);
                values[i as usize][j as usize] += weight * change;
            }
        }
    }
    values
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-9, "{what}: {found}, by definition {expected}");
}

/// Compares an explainer with the definition, and with the margins.
fn compare(
    model: &Model,
    explainer: &Explainer,
    data: &Dataset,
    worth: &dyn Fn(&Tree, &[f32], u32) -> f64,
    what: &str,
) {
    let side = model.features + 1;
    let contributions = explainer.contributions(data, 0..data.rows);
    let interactions = explainer.interactions(data, 0..data.rows);
    let margins = model.predict_margins(data, Rounds::All);
    for row in 0..data.rows {
        let values: Vec<f32> = data.row(row).collect();
        for class in 0..model.classes {
            let mut expected = [[0.0; FEATURES]; FEATURES];
            let mut bias = 0.25;
            for tree in model.trees.iter().skip(class).step_by(model.classes) {
                let own = shapley(tree, &|tree, known| worth(tree, &values, known));
                for (total, own) in expected.iter_mut().flatten().zip(own.iter().flatten()) {
                    *total += own;
                }
                bias += worth(tree, &values, 0);
            }
            let what = format!("{what}, row {row}, class {class}");
            let found = contributions.row(row, class);
            assert_eq!(found.len(), side);
            for (feature, expected) in expected.iter().enumerate() {
                close(found[feature], expected[feature], &format!("{what}, feature {feature}"));
            }
            assert_eq!(found[FEATURES], 0.0, "a feature in no split adds nothing");
            close(found[FEATURES + 1], bias, &format!("{what}, bias"));
            close(explainer.expected_values()[class], bias, &format!("{what}, expected value"));
            let margin = f64::from(margins.get(class, row));
            assert!((found.iter().sum::<f64>() - margin).abs() < 1e-5, "{what}: margin {margin}");

            let pairs = interactions.row(row, class);
            for i in 0..side {
                let line = &pairs[i * side..][..side];
                let sum: f64 = line.iter().sum();
                close(sum, found[i], &format!("{what}, line {i} of the interactions"));
                for j in (0..FEATURES).filter(|&j| i < FEATURES && j != i) {
                    close(line[j], expected[i][j], &format!("{what}, features {i} and {j}"));
                }
            }
        }
    }
}

#[test]
fn path_dependent_is_shapleys_definition() {
    let mut draws = Draws(1);
    for round in 0..40 {
        let classes = if round % 4 == 3 { 3 } else { 1 };
        let depth = round as u32 % 8;
        let model = model((0..2 * classes).map(|_| tree(&mut draws, depth)).collect(), classes);
        let data = rows(&mut draws, 11);
        let explainer = Explainer::path_dependent(&model, Rounds::All).unwrap();
        compare(
            &model,
            &explainer,
            &data,
            &|tree, row, known| by_cover(tree, 0, row, known),
            &format!("model {round}"),
        );
    }
}

#[test]
fn interventional_is_shapleys_definition() {
    let mut draws = Draws(2);
    for round in 0..24 {
        let classes = if round % 4 == 3 { 3 } else { 1 };
        let model = model((0..2 * classes).map(|_| tree(&mut draws, round as u32 % 7)).collect(), classes);
        let background = rows(&mut draws, 1 + round % 9);
        // Few rows are computed directly, many by tables.
        let data = rows(&mut draws, if round % 3 == 0 { 3 } else { 33 });
        let explainer = Explainer::interventional(&model, &background, Rounds::All).unwrap();
        let worth = |tree: &Tree, row: &[f32], known: u32| by_background(tree, row, known, &background);
        compare(&model, &explainer, &data, &worth, &format!("model {round}"));
    }
}

/// The bits depend on the row alone: not on the threads, nor on which rows are asked for together.
#[test]
fn blocks_and_threads_change_no_bit() {
    let mut draws = Draws(3);
    let model = model((0..12).map(|_| tree(&mut draws, 6)).collect(), 3);
    let (data, background) = (rows(&mut draws, 200), rows(&mut draws, 20));
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    for explainer in [
        Explainer::path_dependent(&model, Rounds::All).unwrap(),
        Explainer::interventional(&model, &background, Rounds::All).unwrap(),
    ] {
        let whole = explainer.contributions(&data, 0..200);
        let pairs = explainer.interactions(&data, 0..200);
        for threads in [1, 3] {
            let pool = gboost::internals::util::threads::thread_pool(Some(threads)).unwrap();
            assert_eq!(bits(&pool.install(|| explainer.contributions(&data, 0..200)).values), bits(&whole.values));
        }
        for part in [0..1, 5..12, 64..128, 63..200, 50..50] {
            let found = explainer.contributions(&data, part.clone());
            assert_eq!(bits(&found.values), bits(&whole.values[part.start * 21..part.end * 21]), "{part:?}");
            let found = explainer.interactions(&data, part.clone());
            assert_eq!(bits(&found.values), bits(&pairs.values[part.start * 147..part.end * 147]), "{part:?}");
        }
    }
}

/// A chain of splits on ever new features.
#[test]
fn long_paths_add_up() {
    for depth in [63_usize, 130, 400] {
        let mut tree = Tree { nodes: vec![empty(NONE, 2.0_f32.powi(20))] };
        for level in 0..depth {
            let (at, left) = (if level == 0 { 0 } else { 2 * level }, tree.nodes.len() as u32);
            let cover = tree.nodes[at].sum_hessian;
            let node = &mut tree.nodes[at];
            *node = node.clone().divided(level as u32, Split::Below(0.5), [left, left + 1]);
            let mut leaf = empty(at as i32, cover * 0.25);
            leaf.set_leaf_value(level as f32 / 64.0);
            tree.nodes.extend([leaf, empty(at as i32, cover * 0.75)]);
        }
        tree.nodes[2 * depth].set_leaf_value(3.0);
        let mut model = model(vec![tree], 1);
        model.features = depth;
        let columns = (0..depth).map(|feature| vec![1.0, if feature == depth - 1 { 0.0 } else { 1.0 }, 0.0]).collect();
        let data = Dataset::new(columns);
        let explainer = Explainer::path_dependent(&model, Rounds::All).unwrap();
        let shap = explainer.contributions(&data, 0..3);
        for (row, margin) in model.predict_margins(&data, Rounds::All).into_values().into_iter().enumerate() {
            let sum: f64 = shap.row(row, 0).iter().sum();
            assert!((sum - f64::from(margin)).abs() < 1e-9, "depth {depth}: {sum} {margin}");
        }
        let background = Explainer::interventional(&model, &data, Rounds::All);
        if depth > 64 {
            let message = background.unwrap_err().to_string();
            assert!(message.starts_with(&format!("a path of the model has {depth} different features")), "{message}");
        } else {
            let shap = background.unwrap().contributions(&data, 0..3);
            let sum: f64 = shap.row(0, 0).iter().sum();
            assert!((sum - 3.25).abs() < 1e-9, "{sum}");
        }
    }
}

#[test]
fn edge_cases() {
    let mut leaf = empty(NONE, 10.0);
    leaf.set_leaf_value(0.5);
    let stump = Tree { nodes: vec![leaf] };
    let data = rows(&mut Draws(4), 2);
    for (trees, bias) in [(vec![], 0.25), (vec![stump], 0.75)] {
        let model = model(trees, 1);
        for explainer in [
            Explainer::path_dependent(&model, Rounds::All).unwrap(),
            Explainer::interventional(&model, &data, Rounds::All).unwrap(),
        ] {
            let mut expected = vec![0.0; FEATURES + 1];
            expected.push(bias);
            assert_eq!(explainer.contributions(&data, 0..2).row(1, 0), expected);
            let pairs = explainer.interactions(&data, 0..2);
            assert_eq!((pairs.row(0, 0).iter().sum::<f64>(), pairs.row(0, 0).len()), (bias, 49));
        }
    }
    let message =
        Explainer::interventional(&model(vec![], 1), &Dataset::default(), Rounds::All).unwrap_err().to_string();
    assert_eq!(message, "the background has no rows; give at least one row");
}

#[test]
fn the_rounds_asked_for_are_explained() {
    let mut draws = Draws(5);
    let whole = model((0..9).map(|_| tree(&mut draws, 4)).collect(), 3);
    let mut part = whole.clone();
    part.trees.truncate(6);
    let data = rows(&mut draws, 5);
    let explain = |model, rounds| Explainer::path_dependent(model, rounds).unwrap().contributions(&data, 0..5);
    assert_eq!(explain(&whole, Rounds::First(2)), explain(&part, Rounds::All));
    assert_ne!(explain(&whole, Rounds::First(3)), explain(&part, Rounds::All));
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Compares numbers that other programs computed, partly in binary32.
fn compare_with_fixture(name: &str, found: &[f64]) {
    let text = fs::read_to_string(fixture("shap").join(name)).unwrap();
    let expected: Vec<f64> =
        text.lines().flat_map(|line| line.split(',')).map(|number| number.parse().unwrap()).collect();
    assert_eq!(found.len(), expected.len(), "{name}");
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found - expected).abs() < 1e-5, "{name}, number {index}: {found}, there {expected}");
    }
}

/// `tests/fixtures/shap_values.py`'s numbers of rows.
const FIXTURE_ROWS: usize = 30;
const FIXTURE_BACKGROUND: usize = 25;

#[test]
fn values_are_those_of_xgboost_and_shap() {
    let options = ReadOptions::default().label(None);
    let data = read_channel(&[fixture("models/data.csv")], &options).unwrap().dataset;
    let last = data.rows - FIXTURE_BACKGROUND;
    let columns = data.columns.iter().map(|column| column[last..].to_vec()).collect();
    let background = Dataset::new(columns);
    assert!(data.columns[0][..FIXTURE_ROWS].iter().any(|value| value.is_nan()), "no missing values");
    let mut names: Vec<String> = fs::read_dir(fixture("shap"))
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".contribs").map(str::to_string)
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 7);
    for name in names {
        let stem = name.trim_end_matches(".best");
        let model = Model::load(fixture("models").join(format!("{stem}.json"))).unwrap();
        let best = stem != name;
        let rounds = if best { Rounds::Best } else { Rounds::All };
        let rows = 0..FIXTURE_ROWS;
        let explainer = Explainer::path_dependent(&model, rounds).unwrap();
        compare_with_fixture(&format!("{name}.contribs"), &explainer.contributions(&data, rows.clone()).values);
        compare_with_fixture(&format!("{name}.interactions"), &explainer.interactions(&data, rows.clone()).values);
        if best || !name.contains("early") {
            let explainer = Explainer::interventional(&model, &background, rounds).unwrap();
            compare_with_fixture(&format!("{name}.interventional"), &explainer.contributions(&data, rows).values);
        }
    }
}
