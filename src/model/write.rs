//! XGBoost's JSON out.
//!
//! Keys are in alphabetical order, as XGBoost writes them, and nothing but the model enters the
//! text, so equal models have equal bytes. Three rules of XGBoost's reader shape the rest:
//! parameters are strings; a list of floats must not hold integer literals (so floats always have
//! an exponent); and `base_score` must be a scalar, since the list form loads as 0.5, without a
//! word, before 3.1.

use super::Model;
use crate::error::{Error, Result};
use crate::io::{Local, Location, Storage};
use crate::objective::ModelEntry;
use crate::tree::{CategorySet, NONE, Node, Split, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// The version of the format; XGBoost's readers use it to tell old models from newer ones.
const VERSION: &str = "[3,2,0]";

/// Stands for "no parent" in `parents`.
const NO_PARENT: i32 = i32::MAX;

/// Bytes that a node takes in the file, roughly; only to reserve memory.
const BYTES_PER_NODE: usize = 100;

impl Model {
    /// The model as XGBoost's JSON: compact, the same bytes for the same model, floats in the
    /// shortest form that reads back as the same binary32.
    ///
    /// A value that JSON cannot hold is written as the nearest one it can: an infinity as the
    /// largest binary32, NaN as
    /// 0. Only `loss_changes`, `sum_hessian` and `base_weights` of extreme data get there. One
    ///    `base_score` a class, if
    /// they differ, is written as a list, which XGBoost loads since 3.1.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let nodes: usize = self.trees.iter().map(|tree| tree.nodes.len()).sum();
        let mut out = String::with_capacity(4096 + nodes * BYTES_PER_NODE);
        out.push_str("{\"learner\":{\"attributes\":{");
        let entries = self.all_attributes();
        separated(&mut out, &entries, |out, (name, value)| {
            string(out, name);
            out.push(':');
            string(out, value);
        });
        out.push_str("},\"feature_names\":[");
        separated(&mut out, &self.feature_names, |out, name| string(out, name));
        out.push_str("],\"feature_types\":[");
        let categorical = self.categorical_features();
        separated(&mut out, self.feature_names.iter().zip(0..), |out, (_, feature)| {
            out.push_str(if categorical.contains(&feature) { "\"c\"" } else { "\"float\"" });
        });
        out.push_str("],\"gradient_booster\":{");
        // The form of XGBoost 1.0 to 3.2, which later versions read as well, and none without the
        // weights.
        let is_weighted = !self.tree_weights.is_empty();
        out.push_str(if is_weighted { "\"gbtree\":{" } else { "" });
        out.push_str("\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\",\"num_trees\":\"");
        display(&mut out, self.trees.len());
        out.push_str("\"},\"iteration_indptr\":[");
        let classes = self.classes.max(1);
        separated(&mut out, 0..=self.rounds(), |out, round| display(out, round * classes));
        out.push_str("],\"tree_info\":[");
        separated(&mut out, 0..self.trees.len(), |out, index| display(out, index % classes));
        out.push_str("],\"trees\":[");
        separated(&mut out, self.trees.iter().enumerate(), |out, (id, tree)| self.write_tree(out, id, tree));
        out.push_str("]},\"name\":\"gbtree\"}");
        if is_weighted {
            out.push_str(",\"name\":\"dart\",\"weight_drop\":[");
            separated(&mut out, &self.tree_weights, |out, &weight| float(out, weight));
            out.push_str("]}");
        }
        out.push_str(",\"learner_model_param\":{\"base_score\":\"");
        self.write_base_score(&mut out);
        out.push_str("\",\"boost_from_average\":\"1\",\"num_class\":\"");
        let num_class = if self.objective.is_multiclass() { self.classes } else { 0 };
        display(&mut out, num_class);
        out.push_str("\",\"num_feature\":\"");
        display(&mut out, self.features);
        out.push_str("\",\"num_target\":\"1\"},\"objective\":{\"name\":");
        string(&mut out, self.objective.name());
        let ModelEntry { name, parameter, value } = self.objective.model_entry();
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":{\"");
        out.push_str(parameter);
        out.push_str("\":\"");
        out.push_str(&value(self.classes));
        out.push_str("\"}");
        out.push_str("}},\"version\":");
        out.push_str(VERSION);
        out.push('}');
        out.into_bytes()
    }

    /// The features that a tree splits on categories.
    fn categorical_features(&self) -> BTreeSet<u32> {
        let nodes = self.trees.iter().flat_map(|tree| &tree.nodes);
        nodes.filter(|node| categories(node).is_some()).map(|node| node.feature).collect()
    }

    /// The attributes with those that have a field of their own, as XGBoost stores them.
    fn all_attributes(&self) -> BTreeMap<&str, String> {
        let mut all: BTreeMap<&str, String> =
            self.attributes.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        if let Some(round) = self.best_iteration {
            all.insert("best_iteration", round.to_string());
        }
        if let Some(score) = self.best_score {
            all.insert("best_score", format!("{score:?}"));
        }
        all
    }

    fn write_base_score(&self, out: &mut String) {
        match self.base_score.as_slice() {
            [] => float(out, 0.5),
            [first, rest @ ..] if rest.iter().all(|value| value.to_bits() == first.to_bits()) => float(out, *first),
            values => {
                out.push('[');
                separated(out, values, |out, &value| float(out, value));
                out.push(']');
            }
        }
    }

    fn write_tree(&self, out: &mut String, id: usize, tree: &Tree) {
        let nodes = &tree.nodes;
        list(out, "{\"base_weights\":[", nodes, |out, node| float(out, node.base_weight));
        write_categories(out, tree);
        list(out, ",\"default_left\":[", nodes, |out, node| display(out, u8::from(node.default_left)));
        out.push_str(",\"id\":");
        display(out, id);
        list(out, ",\"left_children\":[", nodes, |out, node| display(out, node.links()[0]));
        list(out, ",\"loss_changes\":[", nodes, |out, node| float(out, node.gain));
        list(out, ",\"parents\":[", nodes, |out, node| {
            display(out, if node.parent == NONE { NO_PARENT } else { node.parent })
        });
        list(out, ",\"right_children\":[", nodes, |out, node| display(out, node.links()[1]));
        list(out, ",\"split_conditions\":[", nodes, |out, node| float(out, condition(node)));
        list(out, ",\"split_indices\":[", nodes, |out, node| display(out, node.feature));
        list(out, ",\"split_type\":[", nodes, |out, node| display(out, u8::from(categories(node).is_some())));
        list(out, ",\"sum_hessian\":[", nodes, |out, node| float(out, node.sum_hessian));
        out.push_str(",\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"");
        display(out, self.features);
        out.push_str("\",\"num_nodes\":\"");
        display(out, nodes.len());
        out.push_str("\",\"size_leaf_vector\":\"1\"}}");
    }

    /// Writes the file of [`Model::to_json`]. The text goes to a temporary file in the same folder,
    /// which then takes the name, so that the name never stands for half a model, not even after a
    /// crash. An existing file is replaced; its mode stays, and so does a symbolic link to it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_to(&Local, &path.as_ref().into())
    }

    /// Writes the file of [`Model::to_json`] to any storage; see [`Model::save`].
    ///
    /// # Errors
    /// As [`Model::save`].
    pub fn save_to(&self, storage: &dyn Storage, at: &Location) -> Result<()> {
        storage.write_whole(at, &self.to_json()).map_err(|source| {
            Error::io("write the model", at.path(), source)
                .remedy("choose a folder that exists and that you may write to")
        })
    }
}

/// The categories of a split that go right.
fn categories(node: &Node) -> Option<&CategorySet> {
    match node.split() {
        Some(Split::In(right)) => Some(right),
        _ => None,
    }
}

/// The value of a leaf or the threshold of a split, 0 for categories.
fn condition(node: &Node) -> f32 {
    match node.split() {
        Some(Split::Below(threshold)) => *threshold,
        _ => node.leaf_value().unwrap_or_default(),
    }
}

/// Writes the sets of a tree's splits on categories one after the other, and which node has which
/// part.
fn write_categories(out: &mut String, tree: &Tree) {
    let nodes = tree.nodes.iter().enumerate();
    let sets: Vec<(usize, Vec<u32>)> =
        nodes.filter_map(|(index, node)| Some((index, categories(node)?.iter().collect()))).collect();
    let starts = sets.iter().scan(0, |next, (_, set)| {
        let start = *next;
        *next += set.len();
        Some(start)
    });
    out.push_str(",\"categories\":[");
    separated(out, sets.iter().flat_map(|(_, set)| set), display);
    out.push_str("],\"categories_nodes\":[");
    separated(out, sets.iter().map(|(index, _)| index), display);
    out.push_str("],\"categories_segments\":[");
    separated(out, starts, display);
    out.push_str("],\"categories_sizes\":[");
    separated(out, sets.iter().map(|(_, set)| set.len()), display);
    out.push(']');
}

/// Writes `opening`, the items with commas between them, and `]`.
fn list(out: &mut String, opening: &str, nodes: &[Node], write: impl FnMut(&mut String, &Node)) {
    out.push_str(opening);
    separated(out, nodes, write);
    out.push(']');
}

/// Writes the items with commas between them.
fn separated<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item);
    }
}

fn display(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// The shortest digits that read back as the same binary32, always with an exponent: 2.5E-1, 1E0.
fn float(out: &mut String, value: f32) {
    let finite = if value.is_nan() { 0.0 } else { value.clamp(f32::MIN, f32::MAX) };
    let _ = write!(out, "{finite:E}");
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The categories that go right, in one list with the part of each node, and a type for the
    /// node and its feature.
    #[test]
    fn splits_on_categories_as_xgboost_has_them() -> Result<()> {
        let mut model = Model::load("tests/fixtures/models/binary_base_v320.json")?;
        let set = |categories: &[u32]| CategorySet::new(categories).unwrap_or_default();
        let nodes = &mut model.trees[0].nodes;
        nodes[0] = nodes[0].clone().divided(0, Split::In(set(&[7, 0])), [1, 2]);
        nodes[2] = nodes[2].clone().divided(0, Split::In(set(&[40])), [5, 6]);
        let nodes = nodes.len();
        let text = model.to_json();
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        let tree = &json["learner"]["gradient_booster"]["model"]["trees"][0];
        assert_eq!(tree["categories"], serde_json::json!([0, 7, 40]));
        assert_eq!(tree["categories_nodes"], serde_json::json!([0, 2]));
        assert_eq!(tree["categories_segments"], serde_json::json!([0, 2]));
        assert_eq!(tree["categories_sizes"], serde_json::json!([2, 1]));
        let types: Vec<u8> = (0..nodes).map(|node| u8::from(node == 0 || node == 2)).collect();
        assert_eq!(tree["split_type"], serde_json::json!(types));
        assert_eq!(json["learner"]["feature_types"][0], "c");
        assert_eq!(json["learner"]["feature_types"][1], "float");
        // Reading them is refused as before.
        let message = Model::from_json_bytes(&text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("splits on categories, which is not supported yet"), "{message}");
        Ok(())
    }
}
