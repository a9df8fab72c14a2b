//! Histograms of several ranks: sums of this rank's rows become those of all ranks' rows.

use super::source::Source;
use super::{BinSum, Histograms, Places, Task, families};
use crate::error::Result;
use crate::fixed::quantiser::PairSum;

/// Whether of two siblings the left one is summed from its rows. Ranks must agree, so it depends on sums
/// of all ranks, not on rows of this one.
pub(super) fn is_left_summed(task: &Task<'_>, left: usize) -> bool {
    task.nodes[left].sums.h <= task.nodes[left + 1].sums.h
}

/// Adds up the sums of all ranks, then derives what follows from them.
///
/// Sums travel by node, feature and bin: the groups of a rank depend on its own rows.
pub(super) fn run<S: BinSum>(
    task: &Task<'_>,
    histograms: &mut Histograms<S>,
    sources: &[Option<Source<'_>>],
) -> Result<()> {
    let first = task.level.start + task.batch.nodes.start;
    let nodes = 0..task.batch.nodes.len();
    let summed: Vec<usize> = match task.batch.subtract {
        true => nodes.step_by(2).map(|left| left + usize::from(!is_left_summed(task, first + left))).collect(),
        false => nodes.collect(),
    };
    let places: Vec<(usize, u32)> =
        summed.iter().flat_map(|&position| task.features.iter().map(move |&feature| (position, feature))).collect();
    let of_place = |&(position, feature): &(usize, u32)| histograms.feature(position, feature);
    let mut sums: Vec<PairSum> = places.iter().flat_map(of_place).map(|sum| sum.sum()).collect();
    task.shard.sum_pairs(&mut sums)?;
    let mut sums = sums.into_iter();
    for (position, feature) in places {
        let bins = histograms.feature_mut(position, feature);
        bins.iter_mut().zip(&mut sums).for_each(|(bin, sum)| *bin = S::of(sum));
    }
    for (group, source) in histograms.groups.iter_mut().zip(sources) {
        let Some(source) = source else { continue };
        let places = Places::new(&group.used, source);
        let current = &mut group.current[..task.batch.nodes.len() * group.length];
        let mut families = families(task, source, group.length, current, &group.above);
        families.iter_mut().for_each(|family| family.derive(task, source, &places));
    }
    Ok(())
}
