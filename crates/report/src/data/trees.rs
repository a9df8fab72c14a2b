//! A few trees, laid out to be drawn: the root on the left, one line per leaf.

use super::super::chart::picture::clip;
use super::super::html::figure;
use gboost::Tree;
use gboost::internals::tree::Split;
use gboost::model::Model;
use serde::Serialize;

/// Trees that are drawn at most; a page of more is not read.
const TREES: usize = 3;
/// Levels of splits that are drawn.
const LEVELS: usize = 6;
/// Size of a box, and the distances of boxes, in pixels.
const BOX: (f64, f64) = (134.0, 36.0);
const STEP: (f64, f64) = (188.0, 44.0);
/// Letters that fit into a box.
const LETTERS: usize = 18;

/// A tree as boxes and lines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawnTree {
    /// Heading: index and round of the tree, both from 0, and its class of several.
    pub title: String,
    /// Why the tree is shown, such as `the first`, and its number of leaves.
    pub note: String,
    /// Width of the picture, in pixels.
    pub width: f64,
    /// Height of the picture, in pixels.
    pub height: f64,
    /// Boxes of splits and leaves, children before their parent.
    pub boxes: Vec<Drawn>,
    /// The lines from splits to their children.
    pub edges: Vec<Edge>,
}

/// Node of a tree as a box; lengths in pixels from the picture's upper left corner.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drawn {
    /// Left edge of the box, in pixels from the left of the picture.
    pub x: f64,
    /// Upper edge of the box, in pixels from the top of the picture.
    pub y: f64,
    /// Width of the box, in pixels; the same for all boxes.
    pub width: f64,
    /// Height of the box, in pixels; the same for all boxes.
    pub height: f64,
    /// `split`, or `up` and `down` for leaves by their sign, or `more` where the tree goes on.
    pub kind: &'static str,
    /// The condition or the value.
    pub text: String,
    /// Unclipped condition and gain of a split, shown when pointed at; a leaf's text once more.
    pub full: String,
    /// How many training rows went through it: the sum of their hessians.
    pub cover: String,
}

/// A line from a split to a child.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// The path in SVG's language.
    pub path: String,
    /// Horizontal position of the text, in pixels.
    pub x: f64,
    /// Baseline of the text, in pixels from the top: beside the line, not on it.
    pub y: f64,
    /// `yes` or `no`, and `missing` where rows without the feature go.
    pub text: String,
    /// Width of the line, from the cover of the child.
    pub width: f64,
}

/// The first tree, the one with the largest sum of gains, and the last that is more than a leaf;
/// each once.
pub(super) fn chosen(model: &Model) -> Vec<DrawnTree> {
    let grown: Vec<usize> = (0..model.trees.len()).filter(|&index| model.trees[index].leaves() > 1).collect();
    let gain = |index: usize| model.trees[index].nodes.iter().map(|node| f64::from(node.gain)).sum::<f64>();
    let mut picks: Vec<(usize, &str)> = Vec::new();
    let multiclass = model.classes > 1;
    if multiclass {
        picks.extend(
            grown
                .iter()
                .take_while(|&&index| index < model.classes)
                .take(TREES)
                .map(|&index| (index, "first of its class")),
        );
    } else {
        picks.extend(grown.first().map(|&index| (index, "the first")));
        let later = grown.iter().skip(1).copied();
        picks.extend(
            later
                .max_by(|&a, &b| gain(a).total_cmp(&gain(b)).then(b.cmp(&a)))
                .map(|index| (index, "the largest gain after it")),
        );
        picks.extend(grown.last().map(|&index| (index, "the last that splits")));
    }
    let mut seen = Vec::new();
    picks.retain(|(index, _)| {
        !seen.contains(index) && {
            seen.push(*index);
            true
        }
    });
    picks.truncate(TREES);
    picks.into_iter().map(|(index, note)| draw(model, index, note)).collect()
}

fn draw(model: &Model, index: usize, note: &str) -> DrawnTree {
    let of_class = if model.classes > 1 { format!(", class {}", index % model.classes) } else { String::new() };
    let tree = &model.weighted_trees(index..index + 1)[0];
    let mut drawing = Drawing { model, tree, next: 0.0, deepest: 0, boxes: Vec::new(), edges: Vec::new() };
    drawing.node(0, 0);
    DrawnTree {
        title: format!("Tree {index}: round {}{of_class}", index / model.classes.max(1)),
        note: format!("{note}; {} leaves", tree.leaves()),
        width: drawing.deepest as f64 * STEP.0 + BOX.0 + 2.0,
        height: drawing.next * STEP.1 - (STEP.1 - BOX.1) + 2.0,
        boxes: drawing.boxes,
        edges: drawing.edges,
    }
}

struct Drawing<'a> {
    model: &'a Model,
    tree: &'a Tree,
    /// Number of the next free line from the top; a whole number, as each leaf takes one line.
    next: f64,
    deepest: usize,
    boxes: Vec<Drawn>,
    edges: Vec<Edge>,
}

impl Drawing<'_> {
    /// Draws a node and what is below it. Returns the vertical middle of its box, in pixels.
    fn node(&mut self, index: usize, level: usize) -> f64 {
        let tree = self.tree;
        let node = &tree.nodes[index];
        let x = level as f64 * STEP.0 + 1.0;
        self.deepest = self.deepest.max(level);
        let cover = f64::from(node.sum_hessian);
        let cover = format!("cover {}", if cover.fract() == 0.0 { figure(cover) } else { format!("{cover:.1}") });
        let (Some(split), Some(children), false) = (node.split(), node.children(), level >= LEVELS) else {
            let middle = self.next * STEP.1 + BOX.1 / 2.0 + 1.0;
            self.next += 1.0;
            let (kind, text) = match node.leaf_value() {
                Some(value) => (if value >= 0.0 { "up" } else { "down" }, format!("{value:+.4}")),
                None => ("more", "more splits …".to_string()),
            };
            self.boxes.push(Drawn {
                x,
                y: middle - BOX.1 / 2.0,
                width: BOX.0,
                height: BOX.1,
                kind,
                full: text.clone(),
                text,
                cover,
            });
            return middle;
        };
        let middles = children.map(|child| self.node(child, level + 1));
        let middle = f64::midpoint(middles[0], middles[1]);
        let whole = f64::from(self.tree.nodes[0].sum_hessian).max(f64::MIN_POSITIVE);
        for (side, (&child, &end)) in children.iter().zip(&middles).enumerate() {
            let (from, to) = (x + BOX.0, x + STEP.0);
            let bend = f64::midpoint(from, to);
            let missing = node.default_left == (side == 0);
            let share = f64::from(self.tree.nodes[child].sum_hessian) / whole;
            self.edges.push(Edge {
                path: format!("M{from:.1} {middle:.1}C{bend:.1} {middle:.1} {bend:.1} {end:.1} {to:.1} {end:.1}"),
                x: to - 4.0,
                // Beside the line, which comes from the other side.
                y: if end < middle { end - 6.0 } else { end + 14.0 },
                text: format!(
                    "{}{}",
                    if split.left_if_true() == (side == 0) { "yes" } else { "no" },
                    if missing { ", missing" } else { "" }
                ),
                width: 1.0 + 5.0 * share.clamp(0.0, 1.0).sqrt(),
            });
        }
        let name = self.model.feature_name(node.feature as usize);
        let condition = split.to_string();
        let shown = match split {
            Split::Below(_) => condition.clone(),
            Split::In(_) => clip(&condition, LETTERS - 5),
        };
        let room = LETTERS.saturating_sub(shown.chars().count() + 1).max(4);
        let short = clip(&name, room);
        self.boxes.push(Drawn {
            x,
            y: middle - BOX.1 / 2.0,
            width: BOX.0,
            height: BOX.1,
            kind: "split",
            text: format!("{short} {shown}"),
            full: format!("{name} {condition}, gain {}", figure(f64::from(node.gain))),
            cover,
        });
        middle
    }
}
