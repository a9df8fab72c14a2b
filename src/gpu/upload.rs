//! What the host sends: the data before the first round, finished trees after each.

use super::buffers::{Buf, Buffers};
use super::recorder::Recorder;
use super::tiling::{Shard, Tiling};
use crate::backend::Margins;
use crate::backend::problem::Problem;
use crate::binning::codes::BinColumn;
use crate::binning::cuts::ordered_bits;
use crate::binning::rule::SplitTest;
use crate::error::{Error, ErrorKind, Result};
use crate::fixed::format::Bits;
use crate::fixed::quantiser::{PairScale, Quantiser, ScaledRules};
use crate::gpu::layout::{Route, Setup, words};
use crate::objective::DeviceLoss;
use crate::tree::Split;
use crate::tree::grown::FinishedTree;
use bytemuck::cast_slice;
use rayon::prelude::*;

/// Uploads everything that stays the same over a training, and the first margins.
///
/// # Errors
/// If the device fails.
pub fn training(
    recorder: &mut Recorder,
    buffers: &Buffers,
    problem: &Problem<'_>,
    tiling: &Tiling,
    loss: DeviceLoss,
) -> Result<()> {
    recorder.write(buffers, &buffers.setup, 0, bytemuck::bytes_of(&setup(problem)))?;
    recorder.write(buffers, &buffers.table, 0, cast_slice(loss.table))?;
    recorder.write(buffers, &buffers.features, 0, cast_slice(&tiling.features))?;
    recorder.write(buffers, &buffers.jobs, 0, cast_slice(&tiling.jobs))?;
    recorder.write(buffers, &buffers.slots, 0, cast_slice(&tiling.slots))?;
    let wide_targets = problem.format.target_bits == Bits::Wide;
    for shard in &buffers.shards {
        let Shard { first_row, rows } = shard.shard;
        let targets = &problem.targets[first_row..first_row + rows];
        recorder.write(buffers, &shard.targets, 0, &integers(targets.iter().copied(), wide_targets))?;
        margins(recorder, buffers, &shard.margins, (shard.shard, tiling.stride), &problem.margins, problem)?;
        if let Some(weights) = &problem.weights.values {
            recorder.write(buffers, &shard.weights, 0, cast_slice(&weights[first_row..first_row + rows]))?;
        }
        for (tile, buffer) in tiling.tiles.iter().zip(&shard.planes) {
            for plane in 0..tile.planes {
                let packed = pack(problem, tiling, tile, plane, shard.shard);
                recorder.write(buffers, buffer, (plane * tiling.stride * 4) as u64, cast_slice(&packed))?;
            }
        }
    }
    for (channel, made) in problem.channels.iter().zip(&buffers.channels) {
        for shard in &made.shards {
            let Shard { first_row, rows } = shard.shard;
            margins(recorder, buffers, &shard.margins, (shard.shard, made.stride), &channel.margins, problem)?;
            for (feature, column) in channel.data.columns.iter().enumerate() {
                let bits: Vec<u32> = column[first_row..first_row + rows].par_iter().map(|&v| value_bits(v)).collect();
                let offset = (feature % made.tile_features * made.stride * 4) as u64;
                recorder.write(buffers, &shard.values[feature / made.tile_features], offset, cast_slice(&bits))?;
            }
        }
    }
    recorder.gpu.check()
}

/// Uploads other margins than the problem's.
///
/// # Errors
/// If the device fails.
pub fn all_margins(
    recorder: &mut Recorder,
    buffers: &Buffers,
    problem: &Problem<'_>,
    tiling: &Tiling,
    all: &Margins,
) -> Result<()> {
    for shard in &buffers.shards {
        margins(recorder, buffers, &shard.margins, (shard.shard, tiling.stride), &all.train, problem)?;
    }
    for (of_channel, made) in all.channels.iter().zip(&buffers.channels) {
        for shard in &made.shards {
            margins(recorder, buffers, &shard.margins, (shard.shard, made.stride), of_channel, problem)?;
        }
    }
    recorder.gpu.check()
}

fn on_categories() -> Error {
    Error::new(ErrorKind::Unavailable, "the GPU backend does not route splits on categories").remedy("train with {cpu}")
}

/// Uploads the finished tree of a class.
///
/// # Errors
/// If the device fails, or the tree splits on categories.
pub fn tree(
    recorder: &mut Recorder,
    buffers: &Buffers,
    tiling: &Tiling,
    class: usize,
    finished: &FinishedTree,
) -> Result<()> {
    let route = |by_value: bool, index: usize| -> Result<Route> {
        let (node, step) = (&finished.tree.nodes[index], words(finished.steps[index] as u64));
        let (Some(split), Some([left, _])) = (node.split(), node.children()) else {
            return Ok(Route { step, ..Route::default() });
        };
        let (feature, boundary) = match (split, &finished.tests[index]) {
            // Adding 0.0 turns -0.0 into 0.0, which compares the same.
            (Split::Below(threshold), _) if by_value => (node.feature, ordered_bits(threshold + 0.0)),
            (Split::Below(_), SplitTest::Below(boundary)) => (tiling.ordinals[node.feature as usize], *boundary),
            (Split::In(_), _) | (_, SplitTest::In(_)) => return Err(on_categories()),
        };
        Ok(Route { left: left as u32, feature, boundary, default_left: u32::from(node.default_left), step })
    };
    let routes = |by_value| -> Result<Vec<Route>> {
        (0..finished.tree.nodes.len()).map(|index| route(by_value, index)).collect()
    };
    let to = &buffers.classes[class];
    recorder.write(buffers, &to.finished, 0, cast_slice(&routes(false)?))?;
    if !buffers.channels.is_empty() {
        recorder.write(buffers, &to.finished_values, 0, cast_slice(&routes(true)?))?;
    }
    recorder.write(buffers, &to.grown_steps, 0, &integers(finished.grown_steps.iter().copied(), true))
}

/// A bit a row.
#[must_use]
pub fn bits(drawn: &[bool]) -> Vec<u32> {
    drawn
        .chunks(32)
        .map(|rows| rows.iter().enumerate().fold(0, |word, (bit, &drawn)| word | (u32::from(drawn) << bit)))
        .collect()
}

/// A raw value as the device compares it; 0, which no value has, is missing.
fn value_bits(value: f32) -> u32 {
    if value.is_nan() { 0 } else { ordered_bits(value + 0.0) }
}

/// Integers in one word each or two.
fn integers(values: impl Iterator<Item = i64>, wide: bool) -> Vec<u8> {
    if wide {
        values.flat_map(i64::to_le_bytes).collect()
    } else {
        values.flat_map(|value| (value as u32).to_le_bytes()).collect()
    }
}

/// Uploads row-major margins, class by class.
fn margins(
    recorder: &mut Recorder,
    buffers: &Buffers,
    to: &Buf,
    (Shard { first_row, rows }, stride): (Shard, usize),
    margins: &[i64],
    problem: &Problem<'_>,
) -> Result<()> {
    let (classes, wide) = (problem.classes, problem.format.margin_bits == Bits::Wide);
    for class in 0..classes {
        let of_class = (first_row..first_row + rows).map(|row| margins[row * classes + class]);
        let offset = (class * stride) as u64 * super::widths::margin_bytes(problem);
        recorder.write(buffers, to, offset, &integers(of_class, wide))?;
    }
    Ok(())
}

/// One plane of bins: a word a row.
fn pack(problem: &Problem<'_>, tiling: &Tiling, tile: &super::tiling::Tile, plane: usize, shard: Shard) -> Vec<u32> {
    let matrix = problem.matrix;
    let features: Vec<(&BinColumn, u32)> = tiling.features[tile.first_feature..tile.first_feature + tile.features]
        .iter()
        .filter(|feature| feature.plane as usize == plane)
        .map(|feature| (&matrix.columns[feature.feature as usize], feature.shift))
        .collect();
    (shard.first_row..shard.first_row + shard.rows)
        .into_par_iter()
        .map(|row| features.iter().fold(0, |word, &(column, shift)| word | ((column.code(row) as u32) << shift)))
        .collect()
}

/// The constants of a training.
fn setup(problem: &Problem<'_>) -> Setup {
    let bits = |value: f64| words(value.to_bits());
    // Scales of 0 leave every rule as the user gave it.
    let unshifted = Quantiser { g_shift: 0, h_shift: 0, capped: false };
    let rules = ScaledRules::new(&problem.rules, PairScale { g: 0, h: 0 }, unshifted);
    Setup {
        classes: problem.classes as u32,
        features: problem.matrix.features() as u32,
        weight_shift: problem.format.weight_shift,
        mask_words: problem.matrix.features().div_ceil(32) as u32,
        g_scale: problem.format.pairs.g,
        h_scale: problem.format.pairs.h,
        lambda: bits(rules.lambda),
        alpha: bits(rules.alpha),
        max_delta_step: bits(rules.max_delta_step),
        least_gain: bits(rules.least_gain),
        gamma: bits(rules.gamma),
        min_child_weight: bits(f64::from(problem.rules.min_child_weight)),
        least_margin: words(problem.format.margin.least as u64),
        most_margin: words(problem.format.margin.most as u64),
    }
}
