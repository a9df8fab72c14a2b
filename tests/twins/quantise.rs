//! Kernel quantise: shifts, scaled rules, quantised pairs and the root's sums.

use crate::kit::{OBJECTIVES, on_all_sizes};
use gboost::internals::cpu::chunk::RowChunk;
use gboost::internals::cpu::gradient;
use gboost::internals::cpu::gradient::Pairs;
use gboost::internals::cpu::{quantise, sample};
use gboost::internals::fixed::quantiser::{QuantisedPair, Quantiser, ScaledRules};
use gboost::internals::gpu::buffers::Place;
use gboost::internals::gpu::kernels::Slot;
use gboost::internals::gpu::layout::{Node, TreeState, signed};

pub fn quantisers_and_pairs_are_equal() {
    for objective in OBJECTIVES {
        for (sums, weighted) in [("narrow", false), ("narrow", true), ("wide", false), ("wide", true)] {
            let text = format!(
                "{objective} histogram_sums={sums} subsample=0.8 lambda=0.7 alpha=0.3 gamma=1e-7 min_child_weight=0.37 \
                 max_delta_step=0.9"
            );
            on_all_sizes(&text, 0.0, weighted, check);
        }
    }
}

fn check(name: &str, both: &mut crate::kit::Both<'_>) {
    let (task, problem) = (both.task(0), both.problem);
    both.each(|backend| {
        backend.gradient().unwrap();
        backend.begin_tree(&task).unwrap();
    });
    let mut pairs = Pairs::new(problem);
    let scale = gradient::run(problem, &problem.margins, &mut pairs, false);
    let mut chunks = RowChunk::cover(problem.rows(), 500);
    sample::run(&task.rows, 0, &problem.weights, &mut chunks, false);
    let mut quantised = vec![QuantisedPair::default(); problem.rows()];
    let extent = quantise::extent(problem, &pairs, 0, &chunks, false);
    let quantiser = Quantiser::new(&extent, problem.width, problem.format.caps_hessian);
    let root = quantise::run(problem, quantiser, &pairs, 0, &chunks, &mut quantised, false);
    let rules = ScaledRules::new(&problem.rules, scale, quantiser);

    let state = both.gpu.inspect(Slot::State, Place::default()).unwrap();
    let state: TreeState = bytemuck::pod_read_unaligned(&bytemuck::cast_slice(&state)[..size_of::<TreeState>()]);
    assert_eq!((state.g_shift, state.h_shift), (quantiser.g_shift, quantiser.h_shift), "{name}");
    assert_eq!(signed(state.min_child_hessian), rules.min_child_hessian, "{name}");
    for (found, wanted) in [
        (state.lambda, rules.lambda),
        (state.alpha, rules.alpha),
        (state.max_delta_step, rules.max_delta_step),
        (state.least_gain, rules.least_gain),
        (state.gamma, rules.gamma),
    ] {
        assert_eq!(f64::from_bits(signed(found) as u64), wanted, "{name}");
    }
    let nodes = both.gpu.inspect(Slot::Nodes, Place::default()).unwrap();
    let node: Node = bytemuck::pod_read_unaligned(&bytemuck::cast_slice(&nodes)[..size_of::<Node>()]);
    assert_eq!((signed(node.g), signed(node.h)), (root.g, root.h), "{name}");
    for (shard, words) in both.gpu.tiling().shards.clone().iter().zip(both.words(Slot::Quantised)) {
        for row in 0..shard.rows {
            let global = shard.first_row + row;
            if task.rows.contains(global) && problem.weights.get(global) > 0 {
                let found = QuantisedPair::new(words[2 * row] as i32, words[2 * row + 1]);
                assert_eq!(found, quantised[global], "{name}: row {global}");
            }
        }
    }
}
