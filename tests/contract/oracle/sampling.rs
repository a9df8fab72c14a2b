//! Section 5: sampled rows and columns.

use super::mt19937::Mt19937;
use super::number::real;
use super::types::{Params, Sampler};

/// The integer hash.
pub fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// A key and a value to a key.
pub fn combine(k: u32, v: u32) -> u32 {
    mix(k ^ mix(v.wrapping_add(0x9e37_79b9)))
}

/// The key of a tree; `tree` counts all trees of the model.
pub fn tree_key(seed: u64, tree: u32) -> u32 {
    let low = combine(0, seed as u32);
    let high = combine(low, (seed >> 32) as u32);
    combine(high, tree)
}

/// What one tree may use.
#[derive(Clone, Debug)]
pub struct TreeSample {
    /// The sampler bit of each row.
    pub rows: Vec<bool>,
    /// The tree set of features, ascending.
    pub features: Vec<usize>,
    column_key: u32,
}

/// The samplers of a training; `generator` is for xgboost1.
pub struct TreeSampler {
    generator: Mt19937,
}

impl TreeSampler {
    /// Before the first tree of a training.
    pub fn new(params: &Params) -> TreeSampler {
        if params.sampler == Sampler::Xgboost1 {
            let refused = real(params.colsample_bylevel) != 1.0 || real(params.colsample_bynode) != 1.0;
            assert!(!refused, "xgboost1 has no level or node sampling");
        }
        TreeSampler { generator: Mt19937::new(params.seed as u32) }
    }

    /// Rows and features of the next tree.
    pub fn next(&mut self, params: &Params, tree: u32, rows: usize, features: usize) -> TreeSample {
        let key = tree_key(params.seed, tree);
        let column_key = key ^ 0x434f_4c53;
        let (rows, features) = match params.sampler {
            Sampler::Hash => (
                hash_rows(real(params.subsample), key, rows),
                lowest_hashes(&all(features), params.colsample_bytree, |f| combine(column_key, f)),
            ),
            Sampler::Xgboost1 => self.xgboost1(params, rows, features),
        };
        TreeSample { rows, features, column_key }
    }

    fn xgboost1(&mut self, params: &Params, rows: usize, features: usize) -> (Vec<bool>, Vec<usize>) {
        let s = self.generator.draw();
        let c = params.colsample_bytree;
        let mut kept = all(features);
        if real(c) < 1.0 {
            kept = Mt19937::new(s).shuffled(features);
            kept.truncate(set_size(c, features));
            kept.sort_unstable();
        }
        let subsample = real(params.subsample);
        let mut bits = vec![true; rows];
        if subsample < 1.0 {
            for bit in &mut bits {
                let x0 = f64::from(self.generator.draw());
                let x1 = f64::from(self.generator.draw());
                let two32 = 4_294_967_296.0;
                let canonical = (x0 + x1 * two32) / (two32 * two32);
                *bit = canonical < subsample;
            }
        }
        (bits, kept)
    }
}

impl TreeSample {
    /// The level set of a depth, from the tree set.
    pub fn level_features(&self, params: &Params, depth: u32) -> Vec<usize> {
        let level_key = combine(combine(self.column_key, 1), depth);
        lowest_hashes(&self.features, params.colsample_bylevel, |f| combine(level_key, f))
    }

    /// The node set of a node, from the level set of its depth.
    pub fn node_features(&self, params: &Params, depth: u32, node_key: u32) -> Vec<usize> {
        let level = self.level_features(params, depth);
        lowest_hashes(&level, params.colsample_bynode, |f| combine(node_key, f))
    }

    /// The node key of the root.
    pub fn root_key(&self) -> u32 {
        combine(self.column_key, 2)
    }
}

/// The hash sampler.
fn hash_rows(subsample: f64, tree_key: u32, rows: usize) -> Vec<bool> {
    let limit = (subsample * 4_294_967_296.0).floor() as u64;
    let key = tree_key ^ 0x524f_5753;
    (0..rows).map(|row| u64::from(combine(key, row as u32)) < limit).collect()
}

fn all(features: usize) -> Vec<usize> {
    (0..features).collect()
}

/// `k(c, size)`.
fn set_size(c: f64, size: usize) -> usize {
    let product = c as f32 * size as f32;
    (product.trunc() as usize).max(1)
}

/// The members of a set with the lowest `(hash, feature)`, ascending by feature.
fn lowest_hashes(set: &[usize], c: f64, hash: impl Fn(u32) -> u32) -> Vec<usize> {
    if real(c) == 1.0 {
        return set.to_vec();
    }
    let mut members: Vec<(u32, usize)> = set.iter().map(|&f| (hash(f as u32), f)).collect();
    members.sort_unstable();
    members.truncate(set_size(c, set.len()));
    let mut kept: Vec<usize> = members.into_iter().map(|(_, f)| f).collect();
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_sizes() {
        assert_eq!(set_size(0.5, 5), 2);
        assert_eq!(set_size(0.1, 5), 1);
        assert_eq!(set_size(0.7, 10), 7);
        assert_eq!(set_size(0.99, 3), 2);
    }

    #[test]
    fn hash_keeps_about_its_share() {
        let kept = |s| hash_rows(s, tree_key(3, 5), 10_000);
        assert!(kept(1.0).iter().all(|&b| b));
        let half = kept(0.5).iter().filter(|&&b| b).count();
        assert!((4_800..5_200).contains(&half), "{half}");
    }

    #[test]
    fn sets_are_nested() {
        let params = Params {
            colsample_bytree: 0.8,
            colsample_bylevel: 0.6,
            colsample_bynode: 0.5,
            seed: 11,
            ..Params::default()
        };
        let sample = TreeSampler::new(&params).next(&params, 4, 3, 20);
        assert_eq!(sample.features.len(), 16);
        let level = sample.level_features(&params, 2);
        assert_eq!(level.len(), 9);
        assert!(level.iter().all(|f| sample.features.contains(f)));
        let node = sample.node_features(&params, 2, combine(sample.root_key(), 1));
        assert_eq!(node.len(), 4);
        assert!(node.iter().all(|f| level.contains(f)));
    }

    #[test]
    fn xgboost1_draws_in_order() {
        let params = Params {
            sampler: Sampler::Xgboost1,
            subsample: 0.5,
            colsample_bytree: 0.5,
            seed: 5489,
            ..Params::default()
        };
        let sample = TreeSampler::new(&params).next(&params, 0, 1, 6);
        // The draws are 3499211612, 581869302, 3890346734: the row's number is above 0.9.
        assert_eq!(sample.rows, [false]);
        let mut features = Mt19937::new(3_499_211_612).shuffled(6)[..3].to_vec();
        features.sort_unstable();
        assert_eq!(sample.features, features);
    }
}
