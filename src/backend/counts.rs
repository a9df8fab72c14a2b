//! The bytes that kernels move: what each must read and write for its work, so that bytes over
//! time, against the memory's bandwidth, say how far a kernel is from the least time it could take.
//!
//! **What is counted** is every element of an array by row, bin, candidate or node that a kernel
//! reads or writes, once, in the width in which the backend stores it: rows that were drawn,
//! features that the tree sees, nodes that there were. What a kernel reads again because caches or
//! tiles are too small for it is what it loses, and is not counted; nor are lists of work, counts
//! of blocks and constants, which are small beside the rest. Where the processor has codes in
//! lists, it is the lists that are counted, whole. Other codes are counted by feature, also where
//! the processor reads those of several features as one (`binning::joint`): bytes over time can
//! then exceed what it reads.
//!
//! [`Counts`] are of elements and the same on every backend;
//! [`Widths`](crate::backend::widths::Widths) are a backend's;
//! [`bytes`](crate::backend::bytes::bytes) has the one formula of each kernel.

use crate::backend::TreeTask;
use crate::backend::expansion::Search;
use crate::backend::problem::Problem;
use crate::binning::codes::BinColumn;
use crate::binning::lists::Reading;
use crate::binning::rule::Rule;
use crate::fixed::hash;
use crate::tree::grown::{FinishedTree, GrownNode, GrownTree};
use crate::tree::sampling::RowSample;
use rayon::prelude::*;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Elements that the kernels of a training worked on, over all its trees; the same on every
        /// backend.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts { $($(#[$doc])* pub $name: u64,)+ }

        impl std::ops::AddAssign for Counts {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

counts! {
    /// Trees grown, over all rounds and outputs.
    trees,
    /// Rows whose gradient was computed.
    rows,
    /// Those of them that have a weight.
    weighted_rows,
    /// Gradient pairs: one per row and output.
    pairs,
    /// Rows of trees that take every row, without a test per row.
    unasked_rows,
    /// Rows that were tested for being sampled.
    asked_rows,
    /// Those of them whose draw was made beforehand.
    predrawn_rows,
    /// Those of them that have a weight, which may be 0.
    asked_weights,
    /// Tested rows that were sampled.
    asked_and_drawn_rows,
    /// Sampled rows, over all trees.
    drawn_rows,
    /// Rows that histograms were summed from: of two siblings the smaller one's where the other is
    /// derived.
    summed_rows,
    /// Bytes of their codes, of the features of the tree.
    summed_codes,
    /// Those of them that the processor has in lists.
    listed_codes,
    /// The lists that it reads instead of them.
    lists,
    /// Entries of these lists: one per code that is not its feature's most frequent one.
    list_entries,
    /// Bins of the nodes that were summed.
    summed_bins,
    /// Bins of the nodes that were derived.
    derived_bins,
    /// Bins of all nodes and features, whether the tree sees the features or not.
    held_bins,
    /// Bins that were searched for a split.
    searched_bins,
    /// Pairs of node and feature that were searched.
    candidates,
    /// Nodes that were searched.
    searched_nodes,
    /// Nodes that were split, over all trees.
    split_nodes,
    /// Sampled rows in the nodes that were split.
    split_rows,
    /// Bytes of these rows' codes of the feature that splits.
    split_codes,
    /// Leaves of the grown trees.
    leaves,
    /// Training rows whose margins moved.
    moved_rows,
    /// Bytes of the codes on the way of those that were not drawn.
    moved_codes,
    /// Nodes of the finished trees.
    finished_nodes,
    /// Rows of channels, once per tree.
    routed_rows,
    /// Values compared on these rows' paths: one per inner node.
    routed_values,
    /// Nodes of the finished trees, once for every channel.
    routed_nodes,
}

/// What a round has grown.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// The trees' tasks, one per tree of the round.
    pub tasks: &'a [TreeTask],
    /// The searches of every tree.
    pub searches: &'a [Vec<Search>],
    /// The trees as the backend grew them.
    pub grown: &'a [GrownTree],
    /// The same trees, in the same order, pruned and with leaf values.
    pub finished: &'a [FinishedTree],
}

impl Counts {
    /// Adds the elements that the kernels of one round worked on.
    pub fn add_round(&mut self, problem: &Problem<'_>, round: &Round<'_>) {
        let rows = problem.rows() as u64;
        self.rows += rows;
        self.weighted_rows += if problem.weights.is_weighted() { rows } else { 0 };
        self.pairs += rows * problem.classes as u64;
        for (((task, searches), grown), finished) in
            round.tasks.iter().zip(round.searches).zip(round.grown).zip(round.finished)
        {
            self.trees += 1;
            self.add_sample(problem, task, grown);
            self.add_growth(problem, task, searches, grown);
            self.add_moves(problem, task, finished);
        }
    }

    fn add_sample(&mut self, problem: &Problem<'_>, task: &TreeTask, grown: &GrownTree) {
        let rows = problem.rows() as u64;
        let drawn = grown.nodes.first().map_or(0, |root| u64::from(root.rows));
        let weighted = problem.weights.is_weighted();
        self.drawn_rows += drawn;
        if task.rows == RowSample::All && !weighted {
            self.unasked_rows += rows;
            return;
        }
        self.asked_rows += rows;
        self.predrawn_rows += if matches!(task.rows, RowSample::Drawn(_)) { rows } else { 0 };
        self.asked_weights += if weighted { rows } else { 0 };
        self.asked_and_drawn_rows += drawn;
    }

    fn add_growth(&mut self, problem: &Problem<'_>, task: &TreeTask, searches: &[Search], grown: &GrownTree) {
        let columns = &task.columns;
        let bins =
            |features: &[u32]| features.iter().map(|&f| problem.matrix.cuts[f as usize].bins() as u64).sum::<u64>();
        let tree_bins = bins(&columns.tree);
        let tree_codes: u64 = columns.tree.iter().map(|&feature| code_bytes(problem, feature)).sum();
        let all_bins: u64 = problem.matrix.cuts.iter().map(|cuts| cuts.bins() as u64).sum();
        // By node: its depth, and its key of column sampling.
        let mut places = vec![(0, columns.by_node.map_or(0, |sample| sample.root_key)); grown.nodes.len()];
        // Of two siblings the smaller one where the other is derived, the left one of equals.
        let mut summed = vec![false; grown.nodes.len()];
        if let Some(root) = summed.first_mut() {
            *root = !searches.is_empty();
        }
        let search = |depth, node| searches.iter().find(|search| search.nodes.contains(depth, node));
        for (index, node) in grown.nodes.iter().enumerate() {
            let (depth, key) = places[index];
            if node.left != 0 {
                let left = node.left as usize;
                self.split_nodes += 1;
                self.split_rows += u64::from(node.rows);
                self.split_codes += u64::from(node.rows) * code_bytes(problem, node.feature);
                for side in [0, 1] {
                    places[left + side] = (depth + 1, hash::combine(key, side as u32));
                }
                if let Some(&Search { derived: derive, .. }) = search(depth + 1, left) {
                    let [a, b] = [left, left + 1].map(|child| grown.nodes[child].rows);
                    (summed[left], summed[left + 1]) = (!derive || a <= b, !derive || a > b);
                    self.derived_bins += tree_bins * u64::from(derive);
                }
            } else {
                self.leaves += 1;
            }
            if search(depth, index).is_some() {
                let (seen_bins, seen) = match columns.by_node {
                    Some(_) => {
                        let features = columns.node(depth, key);
                        (bins(&features), features.len())
                    }
                    None => (bins(columns.level(depth)), columns.level(depth).len()),
                };
                self.searched_nodes += 1;
                self.searched_bins += seen_bins;
                self.candidates += seen as u64;
                self.held_bins += all_bins;
            }
        }
        let mut rows = 0;
        for node in (0..grown.nodes.len()).filter(|&node| summed[node]) {
            rows += u64::from(grown.nodes[node].rows);
            self.summed_bins += tree_bins;
        }
        self.summed_rows += rows;
        self.summed_codes += tree_codes * rows;
        self.add_lists(problem, task, grown, &summed, rows);
    }

    /// Adds what the `rows` of summed nodes have in lists.
    fn add_lists(&mut self, problem: &Problem<'_>, task: &TreeTask, grown: &GrownTree, summed: &[bool], rows: u64) {
        let mut read = Vec::new();
        for lists in &problem.matrix.lists {
            if let Reading::Lists(positions) = lists.reading(&task.columns.tree) {
                let code_bytes = |&position: &usize| code_bytes(problem, lists.features[position].feature);
                self.listed_codes += rows * positions.iter().map(code_bytes).sum::<u64>();
                self.lists += rows;
                read.push(lists);
            }
        }
        if read.is_empty() {
            return;
        }
        let rule = |node: &GrownNode| (node.left != 0).then(|| node.rule(problem.matrix, problem.method));
        let rules: Vec<Option<Rule<'_>>> = grown.nodes.iter().map(rule).collect();
        let entries = |row: usize| -> u64 {
            let length: usize = read.iter().map(|lists| lists.length(row)).sum();
            let mut times = 0;
            let mut node = 0;
            loop {
                times += u64::from(summed[node]);
                let Some(rule) = &rules[node] else { return times * length as u64 };
                node = grown.nodes[node].left as usize + usize::from(!rule.goes_left(row));
            }
        };
        let drawn = |&row: &usize| is_drawn(problem, task, row);
        self.list_entries += (0..problem.rows()).into_par_iter().filter(drawn).map(entries).sum::<u64>();
    }

    fn add_moves(&mut self, problem: &Problem<'_>, task: &TreeTask, finished: &FinishedTree) {
        let tree = &finished.tree;
        let nodes = tree.nodes.len() as u64;
        self.moved_rows += problem.rows() as u64;
        self.finished_nodes += nodes;
        if task.rows != RowSample::All || problem.weights.is_weighted() {
            let way = |row: usize| -> u64 {
                let mut index = 0;
                let mut bytes = 0;
                while let Some(child) = finished.child_by_bin(problem.matrix, index, row) {
                    bytes += code_bytes(problem, tree.nodes[index].feature);
                    index = child;
                }
                bytes
            };
            self.moved_codes +=
                (0..problem.rows()).into_par_iter().filter(|&row| !is_drawn(problem, task, row)).map(way).sum::<u64>();
        }
        for channel in &problem.channels {
            let data = channel.data;
            let way = |row: usize| -> u64 {
                let mut index = 0;
                let mut values = 0;
                while let Some(children) = tree.nodes[index].children() {
                    let node = &tree.nodes[index];
                    values += 1;
                    index = children[usize::from(!node.goes_left(data.columns[node.feature as usize][row]))];
                }
                values
            };
            self.routed_rows += data.rows as u64;
            self.routed_values += (0..data.rows).into_par_iter().map(way).sum::<u64>();
            self.routed_nodes += nodes;
        }
    }
}

/// Whether a tree is grown from a row.
fn is_drawn(problem: &Problem<'_>, task: &TreeTask, row: usize) -> bool {
    task.rows.contains(problem.shard.first_row + row) && problem.weights.get(row) > 0
}

/// Bytes of one code of a feature: the same on every backend.
fn code_bytes(problem: &Problem<'_>, feature: u32) -> u64 {
    match problem.matrix.columns[feature as usize] {
        BinColumn::Bytes(_) | BinColumn::ByRow => 1,
        BinColumn::Words(_) => 2,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::backend::bytes::bytes;
    use crate::backend::kernel::Kernel;
    use crate::backend::profile::Profile;
    use crate::backend::widths::Widths;
    use crate::binning::BinnedMatrix;
    use crate::binning::lists::ListRule;
    use crate::cpu::CpuOptions;
    use crate::data::rows::Rows;
    use crate::{Dataset, Params, Trainer};

    /// The root splits on the first feature, 6 rows to 2; the left child on the second, 3 to 3; the
    /// right one is pure.
    fn eight_rows() -> Dataset {
        Dataset {
            columns: vec![vec![0., 0., 0., 0., 0., 0., 1., 1.], vec![0., 0., 0., 1., 1., 1., 0., 0.]],
            labels: Some(vec![0., 0., 0., 1., 1., 1., 9., 9.]),
            rows: 8,
            ..Dataset::default()
        }
    }

    fn profile(text: &str, channel: Option<&Dataset>) -> Profile {
        profile_with(ListRule::default(), text, channel)
    }

    fn profile_with(rule: ListRule, text: &str, channel: Option<&Dataset>) -> Profile {
        let mut params = Params::default();
        for word in text.split(' ') {
            let (name, value) = word.split_once('=').unwrap();
            params.set(name, value).unwrap();
        }
        let data = eight_rows();
        let mut matrix = BinnedMatrix::of(Rows::all(&data), &params).unwrap();
        matrix.arrange(rule);
        let options = CpuOptions { profile: true, ..CpuOptions::default() };
        let mut trainer = Trainer::new(&params, &data).binned(&matrix).on(options);
        if let Some(channel) = channel {
            trainer = trainer.channel("validation", channel);
        }
        trainer.run().unwrap().profile.unwrap()
    }

    fn moved(profile: &Profile, kernel: &str) -> u64 {
        profile.rows.iter().find(|row| row.activity.name() == kernel).unwrap().bytes
    }

    #[test]
    fn a_tree_of_five_nodes_is_counted_as_by_hand() {
        let channel = Dataset {
            // Two rows pass both splits, the third only the first.
            columns: vec![vec![0., 0., 1.], vec![0., 1., 0.]],
            labels: Some(vec![0.; 3]),
            rows: 3,
            ..Dataset::default()
        };
        let profile =
            profile("num_round=1 max_depth=2 min_child_weight=0 lambda=0 histogram_sums=narrow", Some(&channel));
        let expected = Counts {
            trees: 1,
            rows: 8,
            pairs: 8,
            unasked_rows: 8,
            drawn_rows: 8,
            // The root's 8 rows and the smaller child's 2, a byte for each of two features.
            summed_rows: 10,
            summed_codes: 20,
            // Two features of two bins each, for the root and the smaller child; the larger one is
            // derived.
            summed_bins: 8,
            derived_bins: 4,
            held_bins: 12,
            searched_bins: 12,
            candidates: 6,
            searched_nodes: 3,
            split_nodes: 2,
            split_rows: 14,
            split_codes: 14,
            leaves: 3,
            moved_rows: 8,
            finished_nodes: 5,
            routed_rows: 3,
            routed_values: 5,
            routed_nodes: 5,
            ..Counts::default()
        };
        assert_eq!(profile.counts, expected);
        // A label and a margin of 8 bytes and a pair of 16; lists of rows of 2 bytes; quantised
        // pairs and bins of 8.
        assert_eq!(moved(&profile, "gradient"), 8 * (8 + 8 + 16));
        assert_eq!(moved(&profile, "sample"), 8 * 2);
        assert_eq!(moved(&profile, "histogram"), 10 * (2 + 8) + 20 + (8 + 2 * 4) * 8);
        let node = size_of::<crate::tree::grown::GrownNode>() as u64;
        assert_eq!(moved(&profile, "quantise"), 8 * (2 + 16) + 8 * (2 + 16 + 8) + node);
        assert_eq!(moved(&profile, "split"), 12 * 8 + 3 * node);
        assert_eq!(moved(&profile, "partition"), 14 * (2 + 2 + 1) + (3 + 4) * node + 4 * 8);
        assert_eq!(moved(&profile, "leaf_sums"), 8 * (2 + 16) + 3 * (8 + 16));
        // Nine numbers of four bytes per node, as in a model file.
        let finished = 9 * 4;
        assert_eq!(moved(&profile, "add_leaves"), 8 * (8 + 8 + 2) + 5 * finished);
        assert_eq!(moved(&profile, "route"), 3 * (8 + 8) + 5 * 4 + 5 * finished);
    }

    #[test]
    fn lists_are_counted_instead_of_the_codes_in_them() {
        let text = "num_round=1 max_depth=2 min_child_weight=0 lambda=0 histogram_sums=narrow";
        let dense = profile(text, None);
        let listed = profile_with(ListRule::ALWAYS, text, None);
        // The root's lists hold two rows' codes of the first feature and three of the second, the
        // smaller child's two of the first.
        assert_eq!(listed.counts, Counts { listed_codes: 20, lists: 10, list_entries: 7, ..dense.counts });
        assert_eq!(moved(&listed, "histogram"), 10 * (2 + 8) + 10 * 4 + 7 * 2 + (8 + 2 * 4) * 8);
        assert_eq!(moved(&listed, "partition"), moved(&dense, "partition"));
        // Of rows that were not drawn no list is read.
        let some =
            profile_with(ListRule::ALWAYS, "num_round=8 max_depth=1 min_child_weight=0 subsample=0.5", None).counts;
        assert_eq!((some.lists, some.listed_codes), (some.drawn_rows, 2 * some.drawn_rows));
        assert!((1..40).contains(&some.list_entries), "{some:?}");
    }

    #[test]
    fn rows_that_were_not_drawn_read_the_codes_on_their_way() {
        for sampler in ["hash", "xgboost1"] {
            let counts =
                profile(&format!("num_round=4 max_depth=1 min_child_weight=0 subsample=0.5 sampler={sampler}"), None)
                    .counts;
            assert_eq!((counts.trees, counts.asked_rows, counts.unasked_rows), (4, 32, 0));
            assert_eq!(counts.predrawn_rows, if sampler == "hash" { 0 } else { 32 });
            assert_eq!(counts.asked_and_drawn_rows, counts.drawn_rows);
            assert!((1..32).contains(&counts.drawn_rows), "{counts:?}");
            // A tree that split once: one code per row that was not drawn.
            assert!(counts.moved_codes <= 32 - counts.drawn_rows, "{counts:?}");
            assert!(counts.split_nodes < 4 || counts.moved_codes == 32 - counts.drawn_rows, "{counts:?}");
        }
    }

    #[test]
    fn every_kernel_has_a_formula() {
        let widths =
            Widths { margin: 1, target: 1, pair: 1, quantised: 1, row: 1, place: 1, bin: 1, ..Widths::default() };
        let widths =
            Widths { entry: 1, start: 1, node: 1, range: 1, finished: 1, draw_bits: 8, candidate: 1, ..widths };
        let counts = ones();
        for &kernel in Kernel::ALL {
            assert!(bytes(kernel, &counts, &widths) > 0, "{}", kernel.name());
        }
    }

    fn ones() -> Counts {
        Counts {
            trees: 1,
            rows: 1,
            weighted_rows: 1,
            pairs: 1,
            unasked_rows: 1,
            asked_rows: 2,
            predrawn_rows: 1,
            asked_weights: 1,
            asked_and_drawn_rows: 1,
            drawn_rows: 1,
            summed_rows: 1,
            summed_codes: 1,
            listed_codes: 1,
            lists: 1,
            list_entries: 1,
            summed_bins: 1,
            derived_bins: 1,
            held_bins: 1,
            searched_bins: 1,
            candidates: 1,
            searched_nodes: 1,
            split_nodes: 1,
            split_rows: 1,
            split_codes: 1,
            leaves: 1,
            moved_rows: 1,
            moved_codes: 1,
            finished_nodes: 1,
            routed_rows: 1,
            routed_values: 1,
            routed_nodes: 1,
        }
    }
}
