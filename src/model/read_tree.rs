//! One tree of XGBoost's JSON in: from parallel arrays to checked, linked nodes.

use crate::error::Result;
use crate::model::place::{Place, unsupported};
use crate::tree::{NONE, Node, Split, Tree};

/// XGBoost's mark of a deleted node in `split_indices`.
const DELETED: i64 = i32::MAX as i64;

/// The arrays of a tree as they stand in the file, all of the same length.
struct Arrays {
    left: Vec<i64>,
    right: Vec<i64>,
    feature: Vec<i64>,
    condition: Vec<f32>,
    default_left: Vec<i64>,
    gain: Vec<f32>,
    sum_hessian: Vec<f32>,
    base_weight: Vec<f32>,
}

/// The members of a tree. `leaf_child_counts` counts deleted nodes in XGBoost 1.0 to 1.2.
const MEMBERS: [&str; 17] = [
    "base_weights",
    "categories",
    "categories_nodes",
    "categories_segments",
    "categories_sizes",
    "default_left",
    "id",
    "leaf_child_counts",
    "left_children",
    "loss_changes",
    "parents",
    "right_children",
    "split_conditions",
    "split_indices",
    "split_type",
    "sum_hessian",
    "tree_param",
];

/// Reads and checks one tree, the one at `index`, of a model with that many features.
pub(super) fn read_tree(tree: &Place<'_>, index: usize, features: usize) -> Result<Tree> {
    if let Some(parameters) = tree.optional("tree_param")
        && parameters.integer_or("size_leaf_vector", 1)? > 1
    {
        return Err(unsupported(
            "trees with several outputs are not supported".to_string(),
            "train with multi_strategy=one_output_per_tree",
        ));
    }
    tree.only(&MEMBERS)?;
    if let Some(parameters) = tree.optional("tree_param") {
        parameters.only(&["num_deleted", "num_feature", "num_nodes", "size_leaf_vector"])?;
    }
    if let Some(types) = tree.optional("split_type")
        && types.integers()?.iter().any(|&split| split != 0)
    {
        return Err(unsupported(
            format!("{} splits on categories, which is not supported yet", tree.name),
            "encode the categories as numbers and train again",
        ));
    }
    for name in ["categories", "categories_nodes", "categories_segments", "categories_sizes"] {
        if let Some(place) = tree.optional(name)
            && !place.list()?.is_empty()
        {
            return Err(place.error("holds categories, but split_type has no split on categories"));
        }
    }
    // XGBoost puts trees where their ids say.
    let id = tree.integer_or("id", index as i64)?;
    if id != index as i64 {
        return Err(tree.error(&format!("has the id {id}, and not its place in the list")));
    }
    let arrays = Arrays {
        left: tree.field("left_children")?.integers()?,
        right: tree.field("right_children")?.integers()?,
        feature: tree.field("split_indices")?.integers()?,
        condition: tree.field("split_conditions")?.floats()?,
        default_left: tree.field("default_left")?.integers()?,
        gain: tree.field("loss_changes")?.floats()?,
        sum_hessian: tree.field("sum_hessian")?.floats()?,
        base_weight: tree.field("base_weights")?.floats()?,
    };
    if let Some((node, value)) = arrays.default_left.iter().enumerate().find(|(_, value)| !matches!(value, 0 | 1)) {
        return Err(tree.error(&format!("node {node}: default_left is {value}, neither 0 nor 1")));
    }
    let lengths = [
        ("right_children", arrays.right.len()),
        ("parents", tree.field("parents")?.list()?.len()),
        ("split_indices", arrays.feature.len()),
        ("split_conditions", arrays.condition.len()),
        ("default_left", arrays.default_left.len()),
        ("loss_changes", arrays.gain.len()),
        ("sum_hessian", arrays.sum_hessian.len()),
        ("base_weights", arrays.base_weight.len()),
    ];
    let nodes = arrays.left.len();
    if let Some((name, length)) = lengths.into_iter().find(|&(_, length)| length != nodes) {
        return Err(tree.error(&format!("has {nodes} left_children but {length} {name}")));
    }
    if let Some(parameters) = tree.optional("tree_param") {
        let declared = parameters.integer_or("num_nodes", nodes as i64)?;
        if declared != nodes as i64 {
            return Err(tree.error(&format!("has {nodes} nodes, but num_nodes is {declared}")));
        }
    }
    if nodes == 0 || nodes > i32::MAX as usize {
        return Err(tree.error(&format!("has {nodes} nodes")));
    }
    link(tree, &arrays, features)
}

/// Checks every node and builds the tree of those that the root reaches. Nodes that XGBoost deleted
/// when it pruned the tree stay in its arrays without being reachable; they are dropped and the
/// others keep their order.
fn link(tree: &Place<'_>, arrays: &Arrays, features: usize) -> Result<Tree> {
    let nodes = arrays.left.len();
    let wrong = |node: usize, what: String| tree.error(&format!("node {node}: {what}"));
    let mut parent: Vec<Option<usize>> = vec![None; nodes];
    let mut reached = vec![false; nodes];
    let mut stack = vec![0];
    reached[0] = true;
    while let Some(index) = stack.pop() {
        let (left, right) = (arrays.left[index], arrays.right[index]);
        if !arrays.condition[index].is_finite() {
            return Err(wrong(index, format!("split_conditions is {}, not a finite number", arrays.condition[index])));
        }
        if left == i64::from(NONE) && right == i64::from(NONE) {
            continue;
        }
        if usize::try_from(arrays.feature[index]).map_or(true, |feature| feature >= features) {
            return Err(wrong(index, format!("splits on feature {}, the model has {features}", arrays.feature[index])));
        }
        for child in [left, right] {
            let child = usize::try_from(child)
                .ok()
                .filter(|&child| child < nodes)
                .ok_or_else(|| wrong(index, format!("child {child} is out of range, the tree has {nodes} nodes")))?;
            if reached[child] {
                return Err(wrong(child, "is the child of two nodes or of itself".to_string()));
            }
            reached[child] = true;
            parent[child] = Some(index);
            stack.push(child);
        }
    }
    if let Some(lost) = (0..nodes).find(|&node| !reached[node] && arrays.feature[node] != DELETED) {
        return Err(wrong(lost, "cannot be reached from the root".to_string()));
    }
    // New index of each node: the number of reachable nodes before it. All fit i32, as `nodes`
    // does.
    let mut kept = 0;
    let renumbered: Vec<i32> = reached
        .iter()
        .map(|&reached| {
            let index = kept;
            kept += i32::from(reached);
            index
        })
        .collect();
    let node = |index: usize| {
        let condition = arrays.condition[index];
        let mut leaf = Node::leaf(parent[index].map_or(NONE, |parent| renumbered[parent]), condition);
        leaf.default_left = arrays.default_left[index] != 0;
        leaf.gain = arrays.gain[index];
        leaf.sum_hessian = arrays.sum_hessian[index];
        leaf.base_weight = arrays.base_weight[index];
        if arrays.left[index] == i64::from(NONE) {
            return leaf;
        }
        let children = [arrays.left[index], arrays.right[index]].map(|child| renumbered[child as usize] as u32);
        leaf.divided(arrays.feature[index] as u32, Split::Below(condition), children)
    };
    Ok(Tree { nodes: (0..nodes).filter(|&index| reached[index]).map(node).collect() })
}
