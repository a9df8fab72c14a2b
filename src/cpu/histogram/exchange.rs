//! Histograms of several ranks: sums of this rank's rows become those of all ranks' rows.

use super::source::Source;
use super::{BinSum, Histograms, NodeJob, Places, Task, at_least, families};
use crate::error::Result;
use crate::fixed::quantiser::PairSum;

/// Whether of two siblings the left one is summed from its rows. Ranks must agree, so it depends on
/// sums of all ranks, not on rows of this one.
pub(super) fn is_left_summed(task: &Task<'_>, left: usize) -> bool {
    task.nodes[left].sums.h <= task.nodes[left + 1].sums.h
}

/// Adds up the sums of all ranks, then derives what follows from them.
///
/// Sums travel by node, feature and bin: the groups of a rank depend on its own rows.
pub(super) fn run<S: BinSum>(
    task: &Task<'_>,
    histograms: &mut Histograms<S>,
    jobs: &[NodeJob],
    sources: &[Option<Source<'_>>],
) -> Result<()> {
    let places: Vec<(usize, u32)> =
        jobs.iter().flat_map(|job| task.features.iter().map(|&feature| (job.node, feature))).collect();
    let of_place = |&(node, feature): &(usize, u32)| histograms.feature(node, feature);
    let mut sums: Vec<PairSum> = places.iter().flat_map(of_place).map(|sum| sum.sum()).collect();
    task.shard.sum_pairs(&mut sums)?;
    let mut sums = sums.into_iter();
    for (node, feature) in places {
        let bins = histograms.feature_mut(node, feature);
        bins.iter_mut().zip(&mut sums).for_each(|(bin, sum)| *bin = S::of(sum));
    }
    let Histograms { groups, slots, .. } = histograms;
    for (group, source) in groups.iter_mut().zip(sources) {
        let Some(source) = source else { continue };
        let places = Places::new(&group.used, source);
        let sums = at_least(&mut group.sums, slots.count() * group.length);
        let mut families = families(jobs, source, slots, group.length, sums);
        families.iter_mut().for_each(|family| family.derive(task, source, &places));
    }
    Ok(())
}
