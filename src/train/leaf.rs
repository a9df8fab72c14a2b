//! From a grown tree to a finished one: pruning, leaf weights and thresholds (`docs/exactness.md`
//! 9).

use crate::backend::problem::Problem;
use crate::binning::rule::SplitTest;
use crate::fixed::power_of_two;
use crate::fixed::quantiser::{PairScale, PairSum, Regularisation, ScaledRules};
use crate::params::TreeMethod;
use crate::tree::grown::{FinishedTree, GrownNode, GrownTree};
use crate::tree::split::Scan;
use crate::tree::{NONE, Node, Split, Tree};

/// Prunes a grown tree and computes its weights and thresholds. The nodes that are left keep their
/// order.
#[must_use]
pub fn finish(grown: &GrownTree, problem: &Problem<'_>, eta: f32) -> FinishedTree {
    let Some(quantiser) = grown.quantiser else {
        unreachable!("a grown tree has its quantiser");
    };
    let scale = grown.scale;
    let rules = ScaledRules::new(&problem.rules, scale, quantiser);
    let mut nodes = grown.nodes.clone();
    sum_inner_nodes(&mut nodes);
    let collapsed_into = match problem.method {
        TreeMethod::Exact => prune(&mut nodes, rules.gamma),
        TreeMethod::Hist => (0..nodes.len()).collect(),
    };

    let mut finished =
        FinishedTree { tree: Tree::default(), tests: Vec::new(), steps: Vec::new(), grown_steps: vec![0; nodes.len()] };
    let mut grown_leaf_steps = vec![0; nodes.len()];
    // By grown node: its parent in the finished tree, and its number there, which is known before
    // its turn comes.
    let mut parents = vec![NONE; nodes.len()];
    let mut numbers = vec![0; nodes.len()];
    let remaining = (0..nodes.len()).filter(|&index| collapsed_into[index] == index);
    remaining.clone().zip(0..).for_each(|(index, number)| numbers[index] = number);
    for index in remaining {
        let (grown, parent) = (&nodes[index], parents[index]);
        let weight =
            weight(&problem.rules, scale, grown.leaf_sums, parent == NONE && grown.sums.h < rules.min_child_hessian);
        // Adding 0.0 turns -0.0 into 0.0.
        let value = weight * eta + 0.0;
        let mut node = Node::leaf(parent, value);
        node.sum_hessian = finite(grown.leaf_sums.h as f64 * power_of_two(-scale.h));
        node.base_weight = weight;
        let (mut test, mut step) = (SplitTest::Below(0), 0);
        if grown.left == 0 {
            step = problem.format.margin.to_fixed(value);
            grown_leaf_steps[index] = step;
        } else {
            let left = grown.left as usize;
            (node, test) = divided(node, grown, problem, [numbers[left], numbers[left + 1]]);
            parents[left..=left + 1].fill(numbers[index] as i32);
            node.gain = finite(grown.gain * power_of_two(-rules.gain_exponent));
        }
        finished.tree.nodes.push(node);
        finished.tests.push(test);
        finished.steps.push(step);
    }
    for (index, step) in finished.grown_steps.iter_mut().enumerate() {
        if grown.nodes[index].left == 0 {
            *step = grown_leaf_steps[collapsed_into[index]];
        }
    }
    finished
}

/// Turns a node into the split that was found for it; returns where the bins of training rows go,
/// too.
fn divided(node: Node, grown: &GrownNode, problem: &Problem<'_>, children: [u32; 2]) -> (Node, SplitTest) {
    let cuts = &problem.matrix.cuts[grown.feature as usize];
    let scan = Scan::new(problem.method, cuts);
    let place = scan.place(grown.rank);
    let split = Split::Below(scan.threshold(place, grown.last as usize, cuts));
    let test = match problem.method {
        TreeMethod::Hist => SplitTest::Below(scan.boundary(place) as u32),
        // exact: rows that were not drawn may have values between the two neighbours of the
        // threshold.
        TreeMethod::Exact => split.by_code(cuts),
    };
    let mut node = node.divided(grown.feature, split, children);
    node.default_left = place.default_left();
    (node, test)
}

/// Gives every inner node the sums of its leaves.
fn sum_inner_nodes(nodes: &mut [GrownNode]) {
    for index in (0..nodes.len()).rev() {
        let left = nodes[index].left as usize;
        if left != 0 {
            nodes[index].leaf_sums = nodes[left].leaf_sums.plus(nodes[left + 1].leaf_sums);
        }
    }
}

/// Collapses, bottom up, every node whose children are leaves and whose own gain is below gamma.
/// Answers for each node the remaining node that it is part of.
fn prune(nodes: &mut [GrownNode], gamma: f64) -> Vec<usize> {
    let mut collapsed_into: Vec<usize> = (0..nodes.len()).collect();
    // Children stand after their parents, so the reverse order is bottom up.
    for index in (0..nodes.len()).rev() {
        let left = nodes[index].left as usize;
        if left != 0 && nodes[left].left == 0 && nodes[left + 1].left == 0 && nodes[index].gain < gamma {
            nodes[index].left = 0;
            collapsed_into[left] = index;
            collapsed_into[left + 1] = index;
        }
    }
    for index in 0..nodes.len() {
        collapsed_into[index] = collapsed_into[collapsed_into[index]];
    }
    collapsed_into
}

/// The weight of a node from its exact sums; 0 if it has no rows, or if it is a root that is too
/// light.
fn weight(rules: &Regularisation, scale: PairScale, sums: PairSum, light_root: bool) -> f32 {
    if sums.h == 0 || light_root {
        return 0.0;
    }
    // Negated as an integer, so that 0 does not become -0.0.
    let g = (-sums.g) as f64 * power_of_two(-scale.g);
    let h = sums.h as f64 * power_of_two(-scale.h);
    let alpha = f64::from(rules.alpha);
    let mut a = g.abs();
    if alpha > 0.0 {
        a = if a > alpha { a - alpha } else { 0.0 };
    }
    let mut weight = a / (h + f64::from(rules.lambda));
    if rules.max_delta_step > 0.0 {
        weight = weight.min(f64::from(rules.max_delta_step));
    }
    finite(if g < 0.0 && weight > 0.0 { -weight } else { weight })
}

/// An overflown binary32 becomes the largest finite one: a model file cannot hold an infinity.
fn finite(value: f64) -> f32 {
    (value as f32).clamp(f32::MIN, f32::MAX)
}
