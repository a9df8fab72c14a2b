//! A tree for the eye: XGBoost's text dump and Graphviz.

use super::Model;
use crate::tree::{Node, Split, Tree};
use std::fmt::Write as _;

/// Significant digits of a number in a dump: enough to tell any two binary32 apart, and XGBoost's
/// choice.
const DIGITS: i32 = 9;

impl Model {
    /// The name of a feature, or `f0`, `f1`, ... in a model without names.
    #[must_use]
    pub fn feature_name(&self, feature: usize) -> String {
        self.feature_names.get(feature).cloned().unwrap_or_else(|| format!("f{feature}"))
    }

    /// One tree as text in the form of XGBoost's `dump_model(with_stats=True)`; `None` if there is
    /// no such tree.
    ///
    /// Leaves have the value that they add; of a model with weights (see [`Model::tree_weights`])
    /// the first line has the tree's, which XGBoost's dump leaves out of its leaves.
    ///
    /// Nodes below level 256 are indented no further. Node numbers are positions in
    /// [`Tree::nodes`]; where XGBoost pruned a tree its own dump leaves gaps.
    #[must_use]
    pub fn dump(&self, tree: usize) -> Option<String> {
        self.trees.get(tree)?;
        let mut out = format!("booster[{tree}]:");
        if !self.tree_weights.is_empty() {
            let _ = write!(out, " leaves times weight_drop {}", number(self.tree_weight(tree)));
        }
        out.push('\n');
        let tree = &self.weighted_trees(tree..tree + 1)[0];
        walk(tree, |index, node, depth| {
            indent(&mut out, depth);
            let cover = number(node.sum_hessian);
            let (Some(split), Some([left, right])) = (node.split(), node.children()) else {
                let leaf = number(node.leaf_value().unwrap_or_default());
                let _ = writeln!(out, "{index}:leaf={leaf},cover={cover}");
                return;
            };
            let (yes, no) = if split.left_if_true() { (left, right) } else { (right, left) };
            let missing = if node.default_left { left } else { right };
            let (name, gain) = (self.feature_name(node.feature as usize), number(node.gain));
            let condition = condition(split);
            let _ = writeln!(
                out,
                "{index}:[{name}{condition}] yes={yes},no={no},missing={missing},gain={gain},cover={cover}"
            );
        });
        Some(out)
    }

    /// One tree as a Graphviz graph, leaves with the value that they add; `None` if there is no
    /// such tree.
    #[must_use]
    pub fn dot(&self, tree: usize) -> Option<String> {
        self.trees.get(tree)?;
        let tree = &self.weighted_trees(tree..tree + 1)[0];
        let mut out = "digraph {\n    graph [ rankdir=TB ]\n".to_string();
        walk(tree, |index, node, _| {
            let (Some(split), Some([left, right])) = (node.split(), node.children()) else {
                let leaf = number(node.leaf_value().unwrap_or_default());
                let _ = writeln!(out, "\n    {index} [ label=\"leaf={leaf}\" ]");
                return;
            };
            let name = self.feature_name(node.feature as usize).replace('\\', "\\\\").replace('"', "\\\"");
            let _ = writeln!(out, "\n    {index} [ label=\"{name}{}\" ]", condition(split));
            let labels = if split.left_if_true() { ["yes", "no"] } else { ["no", "yes"] };
            for (child, label, is_default) in
                [(left, labels[0], node.default_left), (right, labels[1], !node.default_left)]
            {
                let (missing, color) = if is_default { (", missing", "#0000FF") } else { ("", "#FF0000") };
                let _ = writeln!(out, "    {index} -> {child} [label=\"{label}{missing}\" color=\"{color}\"]");
            }
        });
        out.push_str("}\n");
        Some(out)
    }
}

/// Visits the nodes depth first, left before right, with their index and depth.
fn walk(tree: &Tree, mut visit: impl FnMut(usize, &Node, usize)) {
    let mut stack = vec![(0, 0)];
    while let Some((index, depth)) = stack.pop() {
        let Some(node) = tree.nodes.get(index) else { continue };
        visit(index, node, depth);
        if let Some([left, right]) = node.children() {
            stack.extend([(right, depth + 1), (left, depth + 1)]);
        }
    }
}

/// The condition behind the feature's name, as XGBoost writes it.
fn condition(split: &Split) -> String {
    match split {
        Split::Below(threshold) => format!("<{}", number(*threshold)),
        Split::In(right) => format!(":{right}"),
    }
}

/// Levels that are indented: one tab a level of a chain of 100,000 would be 10 GB of tabs.
const MOST_INDENT: usize = 256;

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n('\t', depth.min(MOST_INDENT)));
}

/// The number as C's `%.9g` writes it.
fn number(value: f32) -> String {
    let scientific = format!("{value:.*e}", DIGITS as usize - 1);
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..DIGITS).contains(&exponent) {
        return without_zeros(&format!("{value:.*}", (DIGITS - 1 - exponent) as usize)).to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(digits), exponent.abs())
}

/// Without the zeros at the end of the fraction.
fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_prints_them() {
        for (value, expected) in [
            (0.0, "0"),
            (15.0, "15"),
            (-0.375_179_05, "-0.375179052"),
            (13.636_364, "13.636364"),
            (1e-5, "9.99999975e-06"),
            (123_456_790.0, "123456792"),
            (1e10, "1e+10"),
            (0.000_1, "9.99999975e-05"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    /// What xgboost 3.2's `get_dump(with_stats=True)` and `dump_format="dot"` print for the same
    /// file.
    #[test]
    fn the_text_of_xgboost() -> Result<(), crate::error::Error> {
        let model = Model::load("tests/fixtures/models/binary_base_v320.json")?;
        let text = model.dump(0).unwrap_or_default();
        // XGBoost escapes the quotation mark of a name in the text dump, too.
        assert_eq!(text, DUMP.replace('\\', ""));
        assert_eq!(model.dot(0).unwrap_or_default().trim_end(), DOT);
        assert_eq!(model.dump(model.trees.len()), None);
        Ok(())
    }

    /// "yes" is the right child of a split on categories, the one for those of the set.
    #[test]
    fn categories_in_the_form_of_xgboost() -> Result<(), crate::error::Error> {
        let mut model = Model::load("tests/fixtures/models/binary_base_v320.json")?;
        let set = crate::tree::CategorySet::new(&[7, 0, 3]).unwrap_or_default();
        let root = model.trees[0].nodes[0].clone().divided(0, Split::In(set), [1, 2]);
        let name = model.feature_name(0);
        model.trees[0].nodes[0] = root;
        let text = model.dump(0).unwrap_or_default();
        let line = format!("0:[{name}:{{0,3,7}}] yes=2,no=1,missing=2,gain=26.2584457,cover=24.0000019");
        assert_eq!(text.lines().nth(1), Some(line.as_str()));
        let dot = model.dot(0).unwrap_or_default();
        for line in [":{0,3,7}\" ]", "0 -> 1 [label=\"no\" color", "0 -> 2 [label=\"yes, missing\" color"] {
            assert!(dot.contains(line), "{line} in {dot}");
        }
        Ok(())
    }

    const DUMP: &str = r#"booster[0]:
0:[width<-0.65200001] yes=1,no=2,missing=2,gain=26.2584457,cover=24.0000019
	1:[quo\"te<1] yes=3,no=4,missing=4,gain=1.64545012,cover=5.76000023
		3:leaf=0.0849056616,cover=1.12000012
		4:[height of<0.769999981] yes=7,no=8,missing=8,gain=0.273550987,cover=4.64000034
			7:leaf=-0.292035401,cover=3.52000022
			8:leaf=-0.0566037782,cover=1.12000012
	2:[width<0.911000013] yes=5,no=6,missing=5,gain=11.0760918,cover=18.2400017
		5:[height of<1.56599998] yes=9,no=10,missing=10,gain=8.27081871,cover=15.5200014
			9:leaf=0.484615386,cover=12.000001
			10:leaf=-0.0265486743,cover=3.52000022
		6:leaf=1.01612902,cover=2.72000027
"#;
    const DOT: &str = r##"digraph {
    graph [ rankdir=TB ]

    0 [ label="width<-0.65200001" ]
    0 -> 1 [label="yes" color="#FF0000"]
    0 -> 2 [label="no, missing" color="#0000FF"]

    1 [ label="quo\"te<1" ]
    1 -> 3 [label="yes" color="#FF0000"]
    1 -> 4 [label="no, missing" color="#0000FF"]

    3 [ label="leaf=0.0849056616" ]

    4 [ label="height of<0.769999981" ]
    4 -> 7 [label="yes" color="#FF0000"]
    4 -> 8 [label="no, missing" color="#0000FF"]

    7 [ label="leaf=-0.292035401" ]

    8 [ label="leaf=-0.0566037782" ]

    2 [ label="width<0.911000013" ]
    2 -> 5 [label="yes, missing" color="#0000FF"]
    2 -> 6 [label="no" color="#FF0000"]

    5 [ label="height of<1.56599998" ]
    5 -> 9 [label="yes" color="#FF0000"]
    5 -> 10 [label="no, missing" color="#0000FF"]

    9 [ label="leaf=0.484615386" ]

    10 [ label="leaf=-0.0265486743" ]

    6 [ label="leaf=1.01612902" ]
}"##;
}
