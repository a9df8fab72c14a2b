//! The trained model: its trees, how a margin starts, and the file that XGBoost and gboost share.
//!
//! The file is XGBoost's JSON; `read.rs` and `read_tree.rs` take what XGBoost 1.0 to 3.4 writes,
//! `write.rs` writes what they load. The bytes depend on the model alone, so equal models have
//! equal files and equal hashes. `predict.rs` adds the leaves in the order that XGBoost does, in
//! binary32, so that both tools predict the same bits; `forest` finds them.

mod compare;
mod dump;
mod forest;
mod json;
mod place;
mod predict;
mod read;
mod read_tree;
mod rounds;
mod values;
mod write;

pub use predict::RowPredictor;
pub use predict::Stages;
pub use rounds::Rounds;

use crate::data::dataset::Dataset;
use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::tree::Tree;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// An ensemble of trees with everything that predicting with it needs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// What was optimised; decides how margins become predictions.
    pub objective: Objective,
    /// Margins per row: the number of classes for the multiclass objectives, otherwise 1.
    pub classes: usize,
    /// The prediction before the first tree, in the space of the predictions (a probability for
    /// binary:logistic): one for all classes, or one per class as XGBoost estimates them since
    /// 3.1.
    pub base_score: Vec<f32>,
    /// Feature names in column order; empty if the training data had none.
    pub feature_names: Vec<String>,
    /// Number of features of the training data.
    pub features: usize,
    /// The trees in the order they were grown; tree i belongs to class `i % classes`.
    pub trees: Vec<Tree>,
    /// What the leaves of each tree are multiplied with, in binary32, before they are added
    /// (XGBoost's `weight_drop`, from training with dropout): one finite weight a tree; empty if
    /// the trees were not weighted.
    pub tree_weights: Vec<f32>,
    /// The best round by early stopping, from 0 (XGBoost 1.7 writes its last round here if it did
    /// not stop early).
    pub best_iteration: Option<usize>,
    /// The metric's value in the best round.
    pub best_score: Option<f64>,
    /// The other attributes that XGBoost's `set_attr` stored, by name.
    pub attributes: BTreeMap<String, String>,
    /// What the file that the model was read from leaves open, one sentence each, for whoever
    /// predicts with it. Never written.
    pub notes: Vec<String>,
}

/// The attribute of a model that was trained on libsvm files: the index that its feature 0 has
/// there, `0` or `1`. XGBoost keeps it and does not look at it.
pub(crate) const INDEX_BASE: &str = "gboost_index_base";

impl Model {
    /// Makes a model without trees, whose base score is 0.5, for data of that many features.
    ///
    /// `outputs` is the number of classes for the multiclass objectives, otherwise 1.
    #[must_use]
    pub fn new(objective: Objective, outputs: usize, features: usize) -> Self {
        Self {
            objective,
            classes: outputs,
            base_score: vec![0.5],
            feature_names: Vec::new(),
            features,
            trees: Vec::new(),
            tree_weights: Vec::new(),
            best_iteration: None,
            best_score: None,
            attributes: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// The index that feature 0 has in libsvm files, 0 or 1, if the model was trained on such files
    /// by gboost. `None` for other models: XGBoost counts from 0.
    #[must_use]
    pub fn index_base(&self) -> Option<usize> {
        match self.attributes.get(INDEX_BASE)?.as_str() {
            "0" => Some(0),
            "1" => Some(1),
            _ => None,
        }
    }

    /// Returns the number of rounds: trees per class.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.trees.len() / self.classes.max(1)
    }

    /// The weight of a tree: 1 where the trees are not weighted.
    #[must_use]
    pub fn tree_weight(&self, tree: usize) -> f32 {
        self.tree_weights.get(tree).copied().unwrap_or(1.0)
    }

    /// The trees with what their leaves add to the margins: the one place where weights are
    /// applied. Rounds after the product and again after the sum, as XGBoost does.
    #[must_use]
    pub fn weighted_trees(&self, trees: Range<usize>) -> Cow<'_, [Tree]> {
        if self.tree_weights.is_empty() {
            return Cow::Borrowed(&self.trees[trees]);
        }
        let weighted = |index: usize| {
            let mut tree = self.trees[index].clone();
            for node in &mut tree.nodes {
                if let Some(value) = node.leaf_value() {
                    node.set_leaf_value(value * self.tree_weight(index));
                }
            }
            tree
        };
        trees.map(weighted).collect()
    }

    /// The margin of a class before the first tree (`docs/exactness.md` 3); NaN if `base_score` is
    /// outside the objective's domain, which neither training nor reading a file allows.
    #[must_use]
    pub fn base_margin(&self, class: usize) -> f32 {
        let base_score = self.base_score.get(class).or(self.base_score.first());
        base_score.and_then(|&value| self.objective.base_margin(value).ok()).unwrap_or(f32::NAN)
    }

    /// The sha256 of the file that [`Model::save`] writes, in lower case hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        crate::util::digest::sha256(&self.to_json())
    }

    /// Checks that the data has the model's columns: as many, of the same names where both have
    /// names, and counted from the same index where both are from libsvm files.
    ///
    /// # Errors
    /// Names the columns that are missing or not known, or else the first out of order, and the
    /// remedy.
    pub fn check_features(&self, data: &Dataset) -> Result<()> {
        if let (Some(base), Some(other)) = (self.index_base(), data.index_base)
            && base != other
        {
            let message = format!("the libsvm indices of the data count from {other}, those of the model from {base}");
            return Err(Error::model(message).remedy(format!("read the data with {{index-base}} {base}")));
        }
        let named = data.named && !self.feature_names.is_empty();
        if named && self.feature_names != data.feature_names {
            return Err(self.other_names(&data.feature_names));
        }
        if data.features() == self.features {
            return Ok(());
        }
        let message = format!("the data has {}, the model was trained with {}", count(data.features()), self.features);
        Err(Error::model(message).remedy(
            "give the same columns in the same order, and name the label and weight columns so that they are not taken for features",
        ))
    }

    /// The error for data whose features have these names, which are not the model's.
    fn other_names(&self, names: &[String]) -> Error {
        let without = |from: &[String], others: &[String]| -> Vec<String> {
            let others: HashSet<&String> = others.iter().collect();
            from.iter().filter(|name| !others.contains(name)).map(|name| format!("`{}`", name.escape_debug())).collect()
        };
        let (missing, extra) = (without(&self.feature_names, names), without(names, &self.feature_names));
        let listed = |names: &[String]| {
            let more = names.len().saturating_sub(MOST_NAMES);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let columns = if names.len() == 1 { "column" } else { "columns" };
            format!("{columns} {}{more}", names[..names.len().min(MOST_NAMES)].join(", "))
        };
        let unknown = || format!("the model does not know {} of the data", listed(&extra));
        match (missing.is_empty(), extra.is_empty()) {
            (false, no_extra) => {
                let but = if no_extra { String::new() } else { format!("; {}", unknown()) };
                let is = if missing.len() == 1 { "is" } else { "are" };
                Error::model(format!("{}, which the model needs, {is} missing{but}", listed(&missing)))
                    .remedy("give the columns that the model was trained with, and name the label and weight columns")
            }
            (true, false) => {
                Error::model(unknown()).remedy("leave out with {ignore} what the model was not trained with")
            }
            (true, true) => {
                let differs = |(model, data): &(&String, &String)| model != data;
                let pairs = self.feature_names.iter().zip(names);
                let message = match pairs.enumerate().find(|(_, pair)| differs(pair)) {
                    Some((index, (model, data))) => format!(
                        "the columns are in another order than in the model: feature {} is `{}` in the data and `{}` in the \
                         model",
                        index + 1,
                        data.escape_debug(),
                        model.escape_debug()
                    ),
                    None => {
                        format!("the data has {}, the model was trained with {}", count(names.len()), self.features)
                    }
                };
                Error::model(message).remedy("put the columns into the model's order")
            }
        }
    }
}

/// Names of columns that a message lists.
const MOST_NAMES: usize = 10;

/// "1 feature", "2 features".
fn count(features: usize) -> String {
    format!("{features} feature{}", if features == 1 { "" } else { "s" })
}
