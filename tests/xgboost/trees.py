"""Comparing trees node by node."""

import collections

import numpy as np

# Two engines that sum in different arithmetic may choose differently between gains that agree to this.
NEAR = 1e-5
# No split is made for less.
LEAST_GAIN = 1e-6


class Node:
    """A node of a tree in a model file."""

    def __init__(self, tree, index):
        self._tree = tree
        self._index = index
        self.is_leaf = tree["left_children"][index] == -1
        self.feature = tree["split_indices"][index]
        self.threshold = np.float32(tree["split_conditions"][index])
        self.default_left = bool(tree["default_left"][index])
        self.gain = float(tree["loss_changes"][index])
        self.cover = float(tree["sum_hessian"][index])

    def children(self):
        tree, index = self._tree, self._index
        return [Node(tree, tree[side][index]) for side in ("left_children", "right_children")]

    def __str__(self):
        if self.is_leaf:
            return f"leaf (cover {self.cover:.6g})"
        missing = "left" if self.default_left else "right"
        return f"f{self.feature} < {self.threshold:.9g} missing {missing} gain {self.gain:.9g} (cover {self.cover:.6g})"


def trees_of(document):
    return document["learner"]["gradient_booster"]["model"]["trees"]


def walk(tree):
    """All nodes from the root on (nodes that XGBoost deleted by pruning are not reached)."""
    stack = [Node(tree, 0)]
    while stack:
        node = stack.pop()
        yield node
        if not node.is_leaf:
            stack += node.children()


def ulps(a, b):
    """How many binary32 values apart."""
    order = [int(np.float32(value).view(np.int32)) for value in (a, b)]
    order = [value if value >= 0 else -(value & 0x7FFFFFFF) for value in order]
    return abs(order[0] - order[1])


def relative(a, b):
    return abs(a - b) / max(abs(a), abs(b), 1e-300)


def near_tie(ours, theirs, gamma):
    """Whether two different decisions at a node were too close to call."""
    if not ours.is_leaf and not theirs.is_leaf:
        return relative(ours.gain, theirs.gain) <= NEAR
    gain = max(ours.gain, theirs.gain)
    return relative(gain, max(gamma, LEAST_GAIN)) <= NEAR


class Comparison:
    """What came of comparing two models tree by tree."""

    def __init__(self):
        self.trees = 0
        self.splits = 0
        self.stumps = 0
        self.moved_thresholds = 0
        self.worst_gain = 0.0
        self.worst_leaf = 0.0
        # (tree, node in breadth-first order, ours, theirs, near tie)
        self.differences = []

    @property
    def equal(self):
        return not self.differences

    @property
    def too_close_to_call(self):
        return bool(self.differences) and all(near for *_, near in self.differences)

    def figures(self):
        text = f"{self.trees} trees ({self.stumps} single leaves), {self.splits} splits equal"
        if self.moved_thresholds:
            text += f", {self.moved_thresholds} thresholds 1 ulp apart"
        return text + f"; leaves within {self.worst_leaf:.1e}"


def compare(ours, theirs, gamma):
    """Compares splits, thresholds (1 ulp) and default directions; ends at the first tree that differs."""
    result = Comparison()
    our_trees, their_trees = trees_of(ours), trees_of(theirs)
    assert len(our_trees) == len(their_trees), f"{len(our_trees)} trees and {len(their_trees)}"
    for index, (mine, other) in enumerate(zip(our_trees, their_trees)):
        compare_tree(index, Node(mine, 0), Node(other, 0), gamma, result)
        if result.differences:
            break
        result.trees += 1
        result.stumps += Node(mine, 0).is_leaf
    return result


def compare_tree(index, mine, other, gamma, result):
    queue = collections.deque([(0, mine, other)])
    number = 0
    while queue:
        _, mine, other = queue.popleft()
        if mine.is_leaf and other.is_leaf:
            gap = abs(float(mine.threshold) - float(other.threshold))
            result.worst_leaf = max(result.worst_leaf, gap)
        elif (
            mine.is_leaf == other.is_leaf
            and mine.feature == other.feature
            and mine.default_left == other.default_left
            and ulps(mine.threshold, other.threshold) <= 1
        ):
            result.splits += 1
            result.moved_thresholds += mine.threshold != other.threshold
            result.worst_gain = max(result.worst_gain, relative(mine.gain, other.gain))
            queue.extend((number, *pair) for pair in zip(mine.children(), other.children()))
        else:
            result.differences.append((index, number, mine, other, near_tie(mine, other, gamma)))
        number += 1


def report_differences(report, result, version):
    for tree, node, ours, theirs, near in result.differences:
        report.say(f"tree {tree} node {node}: {'too close to call' if near else 'DIFFERENT'}")
        report.say(f"    gboost          {ours}")
        report.say(f"    XGBoost {version:7} {theirs}")
        if not ours.is_leaf and not theirs.is_leaf:
            report.say(f"    gains differ by {relative(ours.gain, theirs.gain):.1e} relative")


def same_model(report, title, ours, theirs, version, gamma=0.0, metric=None, tolerance=1e-6):
    """Expects equal trees, and equal metrics a round, up to a node that is too close to call."""
    result = compare(ours.document, theirs.document, gamma)
    text = f"{title}: {result.figures()}"
    held = result.equal or result.too_close_to_call
    if metric is not None:
        classes = len(trees_of(ours.document)) // len(theirs.history[metric])
        rounds = result.trees // classes
        gap = np.abs(ours.history[metric][:rounds] - theirs.history[metric][:rounds]).max(initial=0.0)
        held = held and gap <= tolerance
        text += f"; {metric} within {gap:.1e} over {rounds} rounds"
    if not result.equal:
        text += f"; ends at tree {result.trees} of {len(trees_of(ours.document))}"
    report.expect(held, text)
    report_differences(report, result, version)
    return result
