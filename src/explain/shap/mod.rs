//! SHAP values: how much each feature adds to the margin of a row, by Shapley's rule.
//!
//! They are exact, computed in binary64 from the trees, and add up to the row's margin: the
//! contributions of all features and the bias (the expected margin) are the margin before rounding
//! to binary32. The order of every sum is fixed, so the bits depend neither on threads nor on how
//! the rows are cut into blocks.
//!
//! Two ways to leave a feature out, as in the Python package shap:
//!
//! - [`Explainer::path_dependent`] (`feature_perturbation="tree_path_dependent"`, XGBoost's
//!   `pred_contribs`): at a split on a feature that is left out, both sides count, by the cover
//!   that the training rows gave them. Formulas in `path_dependent.rs`.
//! - [`Explainer::interventional`] (`feature_perturbation="interventional"`): a feature that is
//!   left out takes its value from the rows of a background table; the mean over these is what is
//!   explained. Formulas in `interventional.rs`.
//!
//! ```no_run
//! use gboost::explain::shap::Explainer;
//! # let (model, data): (gboost::Model, gboost::Dataset) = unimplemented!();
//! let explainer = Explainer::path_dependent(&model, gboost::Rounds::Best)?;
//! let shap = explainer.contributions(&data, 0..data.rows);
//! let first = shap.row(0, 0); // one value a feature, then the bias
//! println!("margin {}", first.iter().sum::<f64>());
//! # Ok::<(), gboost::Error>(())
//! ```

mod interventional;
mod path_dependent;
mod paths;
mod quadrature;
mod summary;

pub use summary::{GlobalInteractions, GlobalShap};

use crate::data::dataset::Dataset;
use crate::error::{Error, Result};
use crate::model::{Model, Rounds};
use crate::tree::Tree;
use interventional::Games;
use path_dependent::{LANES, Lane, Stack, Walker};
use paths::PathTree;
use rayon::prelude::*;
use std::ops::Range;

/// Levels of a tree at most. Reading the paths takes `nodes * depth` steps, and each thread holds
/// `depth` times `features on a path` numbers; trees that are grown leaf by leaf reach some hundred
/// levels.
const MOST_DEPTH: usize = 1024;

/// Different features on a path at most: what is kept for a tree is `nodes * features on a path`.
const MOST_PATH_FEATURES: usize = 512;

/// Rows that one thread explains at a time, tree by tree, so that a tree stays in the cache.
const BLOCK: usize = 64;

/// A model made ready to explain rows; building it costs about as much as explaining a few of them.
#[derive(Clone, Debug)]
pub struct Explainer {
    classes: usize,
    features: usize,
    /// The features that occur in a split, ascending. Everything inside counts features by their
    /// place here, the slot.
    used: Vec<u32>,
    expected: Vec<f64>,
    method: Method,
}

#[derive(Clone, Debug)]
enum Method {
    PathDependent(Vec<Walker>),
    Interventional(Games),
}

/// Contributions of the features to the margins of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// Number of rows.
    pub rows: usize,
    /// Margins a row: the number of classes for the multiclass objectives, otherwise 1.
    pub classes: usize,
    /// Number of features of the model.
    pub features: usize,
    /// `[(row * classes + class) * (features + 1) + feature]`, in units of the margin; the last of
    /// the `features + 1` is the bias, the margin that is expected without knowing any feature.
    pub values: Vec<f64>,
}

impl Contributions {
    /// The contributions to the margin of a class, feature by feature, then the bias; they add up
    /// to the margin.
    ///
    /// # Panics
    /// If there is no such row or class.
    #[must_use]
    pub fn row(&self, row: usize, class: usize) -> &[f64] {
        let length = self.features + 1;
        &self.values[(row * self.classes + class) * length..][..length]
    }
}

/// Contributions of pairs of features to the margins of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Interactions {
    /// Number of rows.
    pub rows: usize,
    /// Margins a row: the number of classes for the multiclass objectives, otherwise 1.
    pub classes: usize,
    /// Number of features of the model.
    pub features: usize,
    /// `[((row * classes + class) * (features + 1) + i) * (features + 1) + j]`, in units of the
    /// margin, as XGBoost's `pred_interactions`: off the diagonal half of the interaction of
    /// features `i` and `j` (both places have the same value), on it what feature `i` adds alone,
    /// so that line `i` adds up to its contribution; the last place of the diagonal is the bias,
    /// the rest of the last line and column is 0.
    pub values: Vec<f64>,
}

impl Interactions {
    /// The sums of the lines: the contributions of the features, as [`Explainer::contributions`]
    /// but for rounding.
    #[must_use]
    pub fn contributions(&self) -> Contributions {
        let values = self.values.chunks_exact(self.features + 1).map(|line| line.iter().sum()).collect();
        Contributions { rows: self.rows, classes: self.classes, features: self.features, values }
    }

    /// The matrix of a row and class, line after line; it adds up to the margin.
    ///
    /// # Panics
    /// If there is no such row or class.
    #[must_use]
    pub fn row(&self, row: usize, class: usize) -> &[f64] {
        let length = (self.features + 1) * (self.features + 1);
        &self.values[(row * self.classes + class) * length..][..length]
    }
}

impl Explainer {
    /// Explains by the cover of the training rows, which the model keeps.
    ///
    /// # Errors
    /// If a tree splits on categories or has more than 1024 levels, or a path of it more than 512
    /// different features.
    pub fn path_dependent(model: &Model, rounds: Rounds) -> Result<Self> {
        let (mut this, paths) = Self::begin(model, rounds)?;
        let walkers: Vec<Walker> = paths.into_par_iter().map(Walker::new).collect();
        for (index, walker) in walkers.iter().enumerate() {
            this.expected[index % model.classes] += walker.mean();
        }
        this.method = Method::PathDependent(walkers);
        Ok(this)
    }

    /// Explains against the rows of a background table. A hundred to a thousand
    /// rows are usual: more make the build slower, and explaining hardly.
    ///
    /// Call [`Model::check_features`] first: a column that the background lacks counts as missing
    /// here.
    ///
    /// # Errors
    /// If the background has no rows, if a path of a tree has more than 64 different features, or
    /// if a tree splits on categories or has more than 1024 levels.
    pub fn interventional(model: &Model, background: &Dataset, rounds: Rounds) -> Result<Self> {
        if background.rows == 0 {
            return Err(Error::data("the background has no rows").remedy("give at least one row"));
        }
        let (mut this, paths) = Self::begin(model, rounds)?;
        let games = Games::new(&paths, &this.columns(background), background.rows)?;
        for (tree, mean) in games.means().into_iter().enumerate() {
            this.expected[tree % model.classes] += mean;
        }
        this.method = Method::Interventional(games);
        Ok(this)
    }

    /// The paths of the trees in use; the expectation holds the base margins alone.
    fn begin(model: &Model, rounds: Rounds) -> Result<(Self, Vec<PathTree>)> {
        let trees = model.weighted_trees(0..model.tree_count(rounds));
        let used = used_features(&trees);
        let slot = |feature: u32| used.partition_point(|&used| used < feature);
        let depths = trees.par_iter().map(|tree| tree.depth()).collect::<Vec<_>>();
        if let Some((tree, depth)) = depths.into_iter().enumerate().find(|&(_, depth)| depth > MOST_DEPTH) {
            return Err(too_deep(format!(
                "tree {tree} has {depth} levels; SHAP values are computed for {MOST_DEPTH} at most"
            )));
        }
        let read = |(index, tree)| PathTree::new(tree, slot).ok_or_else(|| on_categories(index));
        let paths = trees.par_iter().enumerate().map(read).collect::<Result<Vec<PathTree>>>()?;
        if let Some((tree, paths)) = paths.iter().enumerate().find(|(_, paths)| paths.features > MOST_PATH_FEATURES) {
            let (features, most) = (paths.features, MOST_PATH_FEATURES);
            return Err(too_deep(format!(
                "a path of tree {tree} has {features} different features; SHAP values are computed for {most} at most"
            )));
        }
        let expected = (0..model.classes).map(|class| f64::from(model.base_margin(class))).collect();
        let method = Method::PathDependent(Vec::new());
        Ok((Self { classes: model.classes, features: model.features, used, expected, method }, paths))
    }

    /// How a feature is left out, by shap's name: `tree_path_dependent` or `interventional`.
    #[must_use]
    pub fn feature_perturbation(&self) -> &'static str {
        match self.method {
            Method::PathDependent(_) => "tree_path_dependent",
            Method::Interventional(_) => "interventional",
        }
    }

    /// The expected margin of each class: what the bias says.
    #[must_use]
    pub fn expected_values(&self) -> &[f64] {
        &self.expected
    }

    /// The contributions for some rows of the data, in parallel.
    ///
    /// Call [`Model::check_features`] first: a column that the data lacks counts as missing here.
    ///
    /// # Panics
    /// If the data has no such rows.
    #[must_use]
    pub fn contributions(&self, data: &Dataset, rows: Range<usize>) -> Contributions {
        let (classes, features, slots) = (self.classes, self.features, self.used.len());
        let length = features + 1;
        let totals = self.totals(data, rows.clone(), Detail::Features);
        let mut values = vec![0.0; rows.len() * classes * length];
        values.par_chunks_mut(length).zip(totals.par_chunks(slots.max(1))).for_each(|(values, totals)| {
            for (&feature, &total) in self.used.iter().zip(totals) {
                values[feature as usize] = total;
            }
        });
        for (index, values) in values.chunks_exact_mut(length).enumerate() {
            values[features] = self.expected[index % classes];
        }
        Contributions { rows: rows.len(), classes, features, values }
    }

    /// The interactions for some rows of the data, in parallel. They take
    /// `classes * (features + 1)^2` numbers a row: ask for a few thousand rows at a time.
    ///
    /// Call [`Model::check_features`] first: a column that the data lacks counts as missing here.
    ///
    /// # Panics
    /// If the data has no such rows.
    #[must_use]
    pub fn interactions(&self, data: &Dataset, rows: Range<usize>) -> Interactions {
        let (classes, features, slots) = (self.classes, self.features, self.used.len());
        let side = features + 1;
        let totals = self.totals(data, rows.clone(), Detail::Pairs);
        let mut values = vec![0.0; rows.len() * classes * side * side];
        values.par_chunks_mut(side * side).zip(totals.par_chunks((slots * slots).max(1))).for_each(
            |(values, totals)| {
                for (i, (&feature, line)) in self.used.iter().zip(totals.chunks_exact(slots)).enumerate() {
                    let place = feature as usize * side;
                    let mut alone = line[i];
                    for (j, (&other, &both)) in self.used.iter().zip(line).enumerate() {
                        if i != j {
                            values[place + other as usize] = both;
                            alone -= both;
                        }
                    }
                    values[place + feature as usize] = alone;
                }
            },
        );
        for (index, values) in values.chunks_exact_mut(side * side).enumerate() {
            values[side * side - 1] = self.expected[index % classes];
        }
        Interactions { rows: rows.len(), classes, features, values }
    }

    /// What the trees add: `[(row * classes + class) * slots + slot]`, or pairs with the
    /// contributions on the diagonal: `[((row * classes + class) * slots + i) * slots + j]`.
    fn totals(&self, data: &Dataset, rows: Range<usize>, detail: Detail) -> Vec<f64> {
        let slots = self.used.len();
        let width = match detail {
            Detail::Features => slots,
            Detail::Pairs => slots * slots,
        };
        let per_row = self.classes * width;
        let mut totals = vec![0.0; rows.len() * per_row];
        if totals.is_empty() {
            return totals;
        }
        match &self.method {
            Method::PathDependent(walkers) => {
                totals.par_chunks_mut(BLOCK * per_row).enumerate().for_each_init(
                    || (vec![f32::NAN; slots * BLOCK], vec![[0.0; LANES]; BLOCK / LANES * per_row], Stack::default()),
                    |(values, lanes, stack), (block, totals)| {
                        let start = rows.start + block * BLOCK;
                        self.fill(data, start..start + totals.len() / per_row, values);
                        lanes.fill([0.0; LANES]);
                        for (index, walker) in walkers.iter().enumerate() {
                            for (group, lanes) in lanes.chunks_exact_mut(per_row).enumerate() {
                                if group * LANES * per_row >= totals.len() {
                                    break;
                                }
                                let lanes = &mut lanes[index % self.classes * width..][..width];
                                let values = &values[group * LANES..];
                                match detail {
                                    Detail::Features => walker.contributions(values, BLOCK, stack, lanes),
                                    Detail::Pairs => walker.interactions(values, BLOCK, stack, lanes),
                                }
                            }
                        }
                        transpose(lanes, per_row, totals);
                    },
                );
            }
            Method::Interventional(games) => {
                games.add(&self.columns(data), rows, detail, (self.classes, slots), &mut totals);
            }
        }
        totals
    }

    /// Copies rows to `[slot * BLOCK + row]`; a column that the data lacks stays missing.
    fn fill(&self, data: &Dataset, rows: Range<usize>, values: &mut [f32]) {
        for (column, values) in self.columns(data).into_iter().zip(values.chunks_exact_mut(BLOCK)) {
            if let Some(column) = column {
                values[..rows.len()].copy_from_slice(&column[rows.clone()]);
            }
        }
    }

    /// The columns of the used features, where the data has them.
    fn columns<'a>(&self, data: &'a Dataset) -> Vec<Option<&'a [f32]>> {
        self.used.iter().map(|&feature| data.columns.get(feature as usize).map(Vec::as_slice)).collect()
    }
}

fn on_categories(tree: usize) -> Error {
    Error::model(format!("tree {tree} splits on categories; SHAP values are computed for thresholds alone"))
        .remedy("encode the categories as numbers and train again")
}

fn too_deep(message: String) -> Error {
    Error::model(message).remedy("train with a smaller max_depth or max_leaves")
}

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// One number a feature.
    Features,
    /// One number a pair of features, contributions on the diagonal.
    Pairs,
}

/// The features that occur in a split, ascending.
fn used_features(trees: &[Tree]) -> Vec<u32> {
    let splits = trees.iter().flat_map(|tree| &tree.nodes).filter(|node| !node.is_leaf());
    let mut used: Vec<u32> = splits.map(|node| node.feature).collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// From groups of lanes to rows: `totals[row * per_row + index]`.
fn transpose(lanes: &[Lane], per_row: usize, totals: &mut [f64]) {
    for (group, totals) in lanes.chunks_exact(per_row).zip(totals.chunks_mut(LANES * per_row)) {
        for (lane, totals) in totals.chunks_exact_mut(per_row).enumerate() {
            for (total, lanes) in totals.iter_mut().zip(group) {
                *total = lanes[lane];
            }
        }
    }
}
