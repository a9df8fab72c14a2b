//! Which rows and features a tree sees (`docs/exactness.md` 5): by the counter hash, or by XGBoost
//! 1.x's mt19937.

use crate::fixed::hash;
use crate::params::{Params, Sampler};
use crate::tree::mt19937::Mt19937;

/// Which rows are drawn for a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowSample {
    /// Every row; the sample takes no memory.
    All,
    /// Those with `combine(key, row) < threshold`.
    Hash {
        /// The tree's key for rows.
        key: u32,
        /// `floor(subsample x 2^32)`.
        threshold: u64,
    },
    /// Those whose entry is true; one entry per row.
    Drawn(Vec<bool>),
}

impl RowSample {
    /// Whether a row is drawn.
    #[inline]
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::Hash { key, threshold } => Self::hashed(*key, *threshold, row),
            Self::Drawn(rows) => rows[row],
        }
    }

    /// Whether [`RowSample::Hash`] draws a row.
    #[inline(always)]
    #[must_use]
    pub fn hashed(key: u32, threshold: u64, row: usize) -> bool {
        u64::from(hash::combine(key, row as u32)) < threshold
    }
}

/// Which features a tree, its levels and its nodes see; all lists ascend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnPlan {
    /// The features of the tree: histograms cover these.
    pub tree: Vec<u32>,
    /// The features of each level, where they differ from the tree's.
    levels: Option<Vec<Vec<u32>>>,
    /// Sampling by node; `None` without colsample_bynode.
    pub by_node: Option<NodeSample>,
}

/// Sampling of features by node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeSample {
    /// Share of the level's features.
    pub share: f32,
    /// Node key of the root ([`hash::root_node_key`]).
    pub root_key: u32,
}

impl Eq for NodeSample {}

impl ColumnPlan {
    /// The features of a level.
    #[must_use]
    pub fn level(&self, depth: u32) -> &[u32] {
        self.levels.as_ref().map_or(&self.tree, |levels| &levels[depth as usize])
    }

    /// The features of a node at that depth; `node_key` as [`hash::root_node_key`] says.
    #[must_use]
    pub fn node(&self, depth: u32, node_key: u32) -> Vec<u32> {
        let level = self.level(depth);
        match self.by_node {
            None => level.to_vec(),
            Some(sample) => lowest(level, sample.share, |feature| hash::combine(node_key, feature)),
        }
    }
}

/// `max(1, trunc(share x size))`, in binary32 as XGBoost computes it.
#[must_use]
pub fn sample_size(share: f32, size: usize) -> usize {
    ((share * size as f32) as usize).max(1)
}

/// The members with the lowest (hash, feature), ascending; all of them if the share is 1.
fn lowest(features: &[u32], share: f32, hash: impl Fn(u32) -> u32) -> Vec<u32> {
    if share >= 1.0 || features.is_empty() {
        return features.to_vec();
    }
    let mut hashed: Vec<(u32, u32)> = features.iter().map(|&feature| (hash(feature), feature)).collect();
    hashed.sort_unstable();
    hashed.truncate(sample_size(share, features.len()));
    let mut kept: Vec<u32> = hashed.into_iter().map(|(_, feature)| feature).collect();
    kept.sort_unstable();
    kept
}

/// Draws the samples of one tree after another.
#[derive(Clone, Debug)]
pub struct SampleSource {
    seed: u64,
    tree: u32,
    rows: usize,
    features: usize,
    max_depth: u32,
    subsample: f32,
    by_tree: f32,
    by_level: f32,
    by_node: f32,
    /// XGBoost 1.x's global generator, with that sampler.
    generator: Option<Mt19937>,
}

impl SampleSource {
    /// The source for a training on `rows x features`.
    #[must_use]
    pub fn new(params: &Params, rows: usize, features: usize) -> Self {
        Self {
            seed: params.seed,
            tree: 0,
            rows,
            features,
            max_depth: params.max_depth,
            subsample: params.subsample,
            by_tree: params.colsample_bytree,
            by_level: params.colsample_bylevel,
            by_node: params.colsample_bynode,
            generator: (params.sampler == Sampler::Xgboost1).then(|| Mt19937::new(params.seed as u32)),
        }
    }

    /// Passes over trees that an earlier training grew.
    pub fn skip(&mut self, trees: usize) {
        if self.generator.is_some() {
            (0..trees).for_each(|_| drop(self.next_tree()));
        } else {
            self.tree += trees as u32;
        }
    }

    /// The samples of the next tree.
    pub fn next_tree(&mut self) -> (RowSample, ColumnPlan) {
        let tree_key = hash::tree_key(self.seed, self.tree);
        self.tree += 1;
        let all: Vec<u32> = (0..self.features as u32).collect();
        if let Some(generator) = &mut self.generator {
            let tree = mt_columns(generator.next_u32(), all, self.by_tree);
            let rows = if self.subsample < 1.0 {
                RowSample::Drawn((0..self.rows).map(|_| generator.next_unit() < f64::from(self.subsample)).collect())
            } else {
                RowSample::All
            };
            return (rows, ColumnPlan { tree, levels: None, by_node: None });
        }
        let rows = if self.subsample < 1.0 {
            // Exact: a binary32 times a power of two, truncated.
            let threshold = (f64::from(self.subsample) * 4_294_967_296.0) as u64;
            RowSample::Hash { key: hash::row_key(tree_key), threshold }
        } else {
            RowSample::All
        };
        let key = hash::column_key(tree_key);
        let tree = lowest(&all, self.by_tree, |feature| hash::combine(key, feature));
        let levels = (self.by_level < 1.0).then(|| {
            let level = |depth| {
                let key = hash::level_key(key, depth);
                lowest(&tree, self.by_level, |feature| hash::combine(key, feature))
            };
            (0..self.max_depth).map(level).collect()
        });
        let by_node =
            (self.by_node < 1.0).then(|| NodeSample { share: self.by_node, root_key: hash::root_node_key(key) });
        (rows, ColumnPlan { tree, levels, by_node })
    }
}

/// The samples of one tree: rows, features.
pub type TreeSample = (RowSample, ColumnPlan);

/// The samples of trainings that advance together.
///
/// By the counter hash each has the samples that it would have alone. XGBoost 1.x has one generator
/// per process: a booster seeds it before its first round, and from then on all take turns at it,
/// as the folds of xgboost.cv do; so do these.
#[derive(Clone, Debug)]
pub struct SampleSources {
    sources: Vec<SampleSource>,
    begun: bool,
}

impl SampleSources {
    /// Makes the sources of several trainings, one per training, in their order.
    #[must_use]
    pub fn new(sources: Vec<SampleSource>) -> Self {
        Self { sources, begun: false }
    }

    /// Returns the samples of the next round: `trees` per training.
    pub fn next_round(&mut self, trees: usize) -> Vec<Vec<TreeSample>> {
        let mut shared = self.sources.last().and_then(|source| source.generator.clone()).filter(|_| self.begun);
        let mut round = Vec::with_capacity(self.sources.len());
        for source in &mut self.sources {
            if let Some(generator) = shared.take() {
                source.generator = Some(generator);
            }
            round.push((0..trees).map(|_| source.next_tree()).collect());
            shared = source.generator.clone().filter(|_| self.begun);
        }
        self.begun = true;
        round
    }

    /// Passes over rounds that earlier trainings grew.
    pub fn skip(&mut self, rounds: usize, trees: usize) {
        if self.sources.iter().any(|source| source.generator.is_some()) {
            (0..rounds).for_each(|_| drop(self.next_round(trees)));
        } else {
            self.sources.iter_mut().for_each(|source| source.skip(rounds * trees));
        }
    }
}

/// XGBoost 1.x: the first features of a list shuffled by a generator of the tree's own.
fn mt_columns(seed: u32, mut features: Vec<u32>, share: f32) -> Vec<u32> {
    if share < 1.0 {
        Mt19937::new(seed).shuffle(&mut features);
        features.truncate(sample_size(share, features.len()));
        features.sort_unstable();
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mt19937_is_the_standard_one() {
        // ISO C++ [rand.predef]: the 10000th value of a default-constructed engine.
        let mut generator = Mt19937::new(5489);
        let last = (0..10_000).map(|_| generator.next_u32()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    #[test]
    fn hash_keeps_about_the_share() {
        let params = Params { subsample: 0.3, ..Params::default() };
        let (rows, _) = SampleSource::new(&params, 100_000, 1).next_tree();
        let kept = (0..100_000).filter(|&row| rows.contains(row)).count();
        assert!((29_000..31_000).contains(&kept), "{kept}");
    }

    #[test]
    fn column_sets_nest() {
        let params =
            Params { colsample_bytree: 0.6, colsample_bylevel: 0.5, colsample_bynode: 0.5, ..Params::default() };
        let (_, plan) = SampleSource::new(&params, 10, 20).next_tree();
        assert_eq!(plan.tree.len(), 12);
        for depth in 0..params.max_depth {
            assert_eq!(plan.level(depth).len(), 6);
            assert!(plan.level(depth).iter().all(|feature| plan.tree.contains(feature)));
            let node = plan.node(depth, 77);
            assert_eq!(node.len(), 3);
            assert!(node.iter().all(|feature| plan.level(depth).contains(feature)));
        }
    }

    #[test]
    fn skipping_is_drawing() {
        for sampler in [Sampler::Hash, Sampler::Xgboost1] {
            let params = Params { subsample: 0.5, colsample_bytree: 0.5, sampler, ..Params::default() };
            let mut drawn = SampleSource::new(&params, 50, 7);
            let mut skipped = drawn.clone();
            (0..3).for_each(|_| drop(drawn.next_tree()));
            skipped.skip(3);
            assert_eq!(drawn.next_tree(), skipped.next_tree());
        }
    }
}
