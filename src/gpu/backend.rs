//! The kernels of a training as the grow loop calls them.

use super::buffers::{Buf, Place};
use super::kernels::Kernel;
use super::tiling::MOST_GROUPS;
use super::{
    AdapterDescription, BIN_UPDATES, CLEAR_GROUPS, GpuBackend, JOB_FEATURES, NODE_GROUPS, READ_NODES, REDUCTION_GROUPS,
    ROW_UPDATES, Tree, groups, layout, upload, widths,
};
use crate::backend::expansion::Nodes;
use crate::backend::profile::Profile;
use crate::backend::widths::Widths;
use crate::backend::{Backend, Expansion, Margins, NodeBatch, Side, TreeTask};
use crate::error::{Error, ErrorKind, Result};
use crate::fixed::quantiser::{PairSum, Quantiser};
use crate::gpu::layout::{Node, PARTITION_ROWS, TreeState, WORKGROUP};
use crate::tree::grown::{FinishedTree, GrownNode, GrownTree};

impl Backend for GpuBackend<'_> {
    fn gradient(&mut self) -> Result<()> {
        self.trees = 0;
        self.undrawn = false;
        for shard in self.shards() {
            let (task, place) = (self.task(shard), Place { shard, ..Place::default() });
            self.run(Kernel::Gradient, place, &task, groups(task.rows))?;
            let updates = u64::from(task.rows) * self.problem.classes as u64 * ROW_UPDATES;
            self.recorder.worked(&self.buffers, updates)?;
        }
        Ok(())
    }

    fn sample(&mut self, task: &TreeTask) -> Result<()> {
        self.trees += 1;
        self.tree = Tree { class: task.output, columns: Some(task.columns.clone()) };
        self.write_masks(&task.columns)?;
        let class = &self.buffers.classes[task.output];
        self.recorder.clear(&self.buffers.extent, u64::MAX);
        self.recorder.clear(&class.leaf_sums, u64::MAX);
        self.draw(&task.rows)
    }

    fn extent(&mut self) -> Result<()> {
        for shard in self.shards() {
            let (task, place) = (self.task(shard), self.place(shard, 0, 0));
            let x = groups(task.rows).min(REDUCTION_GROUPS as usize);
            self.run(Kernel::QuantiseExtent, place, &task, x)?;
        }
        Ok(())
    }

    fn quantise(&mut self) -> Result<()> {
        let (mut first, place) = (self.task(0), self.place(0, 0, 0));
        let by_node = self.tree.columns.as_ref().and_then(|columns| columns.by_node);
        first.root_key = by_node.map_or(0, |sample| sample.root_key);
        self.run(Kernel::QuantiseShifts, place, &first, 1)?;
        for shard in self.shards() {
            let (task, place) = (self.task(shard), self.place(shard, 0, 0));
            let x = groups(task.rows).min(REDUCTION_GROUPS as usize);
            self.run(Kernel::QuantisePairs, place, &task, x)?;
            self.recorder.worked(&self.buffers, u64::from(task.rows) * ROW_UPDATES)?;
        }
        self.run(Kernel::QuantiseRoot, place, &first, 1)
    }

    fn batches(&self, nodes: &Expansion) -> Result<Vec<NodeBatch>> {
        let depth = level(nodes)? as usize;
        let nodes = self.tiling.level_nodes[depth];
        if self.tiling.level_fits(depth) {
            return Ok(vec![NodeBatch { nodes: 0..nodes, subtract: depth > 0 }]);
        }
        let fit = self.tiling.batch_nodes;
        let batch = |start| NodeBatch { nodes: start..nodes.min(start + fit), subtract: false };
        Ok((0..nodes).step_by(fit).map(batch).collect())
    }

    fn histogram(&mut self, nodes: &Expansion, batch: &NodeBatch) -> Result<()> {
        let depth = level(nodes)?;
        for tile in self.tiles() {
            let task = self.tile_task(self.batch_task(0, depth, batch), tile);
            let words = batch.nodes.len() * self.tiling.tiles[tile].bins * self.tiling.bin_words as usize;
            let x = words.div_ceil(WORKGROUP as usize).min(CLEAR_GROUPS);
            self.run(Kernel::HistogramClear, self.place(0, tile, depth), &task, x)?;
        }
        for shard in self.shards() {
            let task = self.batch_task(shard, depth, batch);
            self.run(Kernel::HistogramPlan, self.place(shard, 0, depth), &task, 1)?;
            for tile in self.tiles() {
                let jobs = self.tiling.tiles[tile].jobs;
                let task = self.tile_task(task, tile);
                let items = task.rows.div_ceil(task.chunk) as usize + batch.nodes.len().min(NODE_GROUPS);
                let job_updates = u64::from(task.rows) * JOB_FEATURES;
                let fit = (self.recorder.submit_updates / job_updates.max(1)).clamp(1, u64::from(MOST_GROUPS)) as usize;
                for first in (0..jobs).step_by(fit) {
                    let mut task = task;
                    task.first_job += first as u32;
                    let y = (jobs - first).min(fit);
                    self.run_grid(Kernel::HistogramBuild, self.place(shard, tile, depth), &task, items, y)?;
                    self.recorder.worked(&self.buffers, y as u64 * job_updates)?;
                }
            }
        }
        Ok(())
    }

    fn split(&mut self, nodes: &Expansion, batch: &NodeBatch) -> Result<()> {
        let depth = level(nodes)?;
        let task = self.batch_task(0, depth, batch);
        let nodes = batch.nodes.len().min(NODE_GROUPS);
        if task.flags & layout::BY_NODE != 0 {
            self.run(Kernel::SplitColumns, self.place(0, 0, depth), &task, nodes)?;
        }
        for tile in self.tiles() {
            let (task, features) = (self.tile_task(task, tile), self.tiling.tiles[tile].features);
            self.run_grid(Kernel::SplitScan, self.place(0, tile, depth), &task, features, nodes)?;
            let bins = (batch.nodes.len() * self.tiling.tiles[tile].bins) as u64;
            self.recorder.worked(&self.buffers, bins * BIN_UPDATES)?;
        }
        self.run(Kernel::SplitChoose, self.place(0, 0, depth), &task, nodes)
    }

    fn gains(&mut self, nodes: &Expansion) -> Result<Vec<Option<f64>>> {
        Err(refusal(format!("a GPU keeps the gains of {nodes} to itself until the tree is finished")))
    }

    fn partition(&mut self, nodes: &Expansion) -> Result<Option<Expansion>> {
        let depth = level(nodes)?;
        let mut task = self.task(0);
        let nodes = self.tiling.level_nodes[depth as usize];
        task.batch_nodes = nodes as u32;
        self.run(Kernel::SplitChildren, self.place(0, 0, depth), &task, 1)?;
        for shard in self.shards() {
            let mut task = self.task(shard);
            task.batch_nodes = nodes as u32;
            let items = task.rows.div_ceil(PARTITION_ROWS) as usize + nodes.min(NODE_GROUPS);
            self.run(Kernel::PartitionPlan, self.place(shard, 0, depth), &task, 1)?;
            for tile in self.tiles() {
                let task = self.tile_task(task, tile);
                self.run(Kernel::PartitionCount, self.place(shard, tile, depth), &task, items)?;
            }
            self.run(Kernel::PartitionScan, self.place(shard, 0, depth), &task, nodes.min(NODE_GROUPS))?;
            for tile in self.tiles() {
                let task = self.tile_task(task, tile);
                self.run(Kernel::PartitionScatter, self.place(shard, tile, depth), &task, items)?;
            }
            self.recorder.worked(&self.buffers, u64::from(task.rows) * ROW_UPDATES)?;
        }
        Ok(Some(Expansion { depth: depth + 1, nodes: Nodes::Level }))
    }

    fn leaf_sums(&mut self) -> Result<()> {
        for shard in self.shards() {
            let (task, place) = (self.task(shard), self.place(shard, 0, 0));
            self.run(Kernel::LeafPlan, place, &task, 1)?;
            let leaves = self.tiling.nodes.min(NODE_GROUPS);
            self.run(Kernel::LeafBuild, place, &task, task.rows.div_ceil(PARTITION_ROWS) as usize + leaves)?;
        }
        self.recorder.submit(&self.buffers)
    }

    fn read_trees(&mut self) -> Result<Vec<GrownTree>> {
        let first = self.tiling.nodes.min(READ_NODES as usize);
        let (state_bytes, node_bytes) = (size_of::<TreeState>(), first * size_of::<Node>());
        let tree_bytes = state_bytes + node_bytes + first * 16;
        // As many trees at a time as the staging buffer holds: all, but for very many classes.
        let fit = (self.buffers.staging.buffer.size() as usize / tree_bytes).max(1);
        let mut bytes = Vec::with_capacity(self.trees * tree_bytes);
        for classes in self.buffers.classes[..self.trees].chunks(fit) {
            let parts: Vec<(&Buf, u64, u64)> = classes
                .iter()
                .flat_map(|class| {
                    [
                        (&class.state, 0, state_bytes as u64),
                        (&class.nodes, 0, node_bytes as u64),
                        (&class.leaf_sums, 0, first as u64 * 16),
                    ]
                })
                .collect();
            bytes.extend(self.recorder.read(&self.buffers, &parts)?);
        }
        let mut trees = Vec::with_capacity(self.trees);
        for (class, bytes) in bytes.chunks_exact(tree_bytes).enumerate() {
            let state: TreeState = bytemuck::pod_read_unaligned(&bytes[..state_bytes]);
            let (node_part, sum_part) = bytes[state_bytes..].split_at(node_bytes);
            let mut nodes: Vec<Node> = bytemuck::pod_collect_to_vec(node_part);
            let mut sums: Vec<[u32; 4]> = bytemuck::pod_collect_to_vec(sum_part);
            let count = state.nodes as usize;
            if count > first {
                let (more_nodes, more_sums) = self.read_nodes(class, first, count)?;
                nodes.extend(more_nodes);
                sums.extend(more_sums);
            }
            let quantiser =
                Quantiser { g_shift: state.g_shift, h_shift: state.h_shift, capped: self.problem.format.caps_hessian };
            trees.push(GrownTree {
                nodes: nodes.iter().zip(&sums).take(count).map(|(node, sums)| grown_node(node, *sums)).collect(),
                scale: self.problem.format.pairs,
                quantiser: Some(quantiser),
            });
        }
        Ok(trees)
    }

    fn add_trees(&mut self, trees: &[FinishedTree]) -> Result<()> {
        for (class, finished) in trees.iter().enumerate() {
            upload::tree(&mut self.recorder, &self.buffers, &self.tiling, class, finished)?;
        }
        for (class, finished) in trees.iter().enumerate() {
            self.add_leaves(class, finished)?;
            self.route(class, finished)?;
        }
        self.recorder.submit(&self.buffers)
    }

    fn margins(&mut self) -> Result<Vec<i64>> {
        let shards: Vec<_> = self
            .buffers
            .shards
            .iter()
            .map(|shard| (shard.margins.clone(), shard.shard.first_row, shard.shard.rows))
            .collect();
        self.read_margins(&shards, self.tiling.stride, self.problem.rows())
    }

    fn channel_margins(&mut self, channel: usize) -> Result<Vec<i64>> {
        let found = &self.buffers.channels[channel];
        let shards: Vec<_> =
            found.shards.iter().map(|shard| (shard.margins.clone(), shard.shard.first_row, shard.shard.rows)).collect();
        self.read_margins(&shards, found.stride, self.problem.channels[channel].data.rows)
    }

    fn set_margins(&mut self, margins: &Margins) -> Result<()> {
        upload::all_margins(&mut self.recorder, &self.buffers, self.problem, &self.tiling, margins)
    }

    fn side(&self) -> Side {
        Side::Gpu
    }

    fn adapter(&self) -> String {
        let AdapterDescription { name, kind, backend, driver, .. } = self.description();
        format!("{name} ({kind}, {backend}, {driver})")
    }

    fn driver(&self) -> Option<String> {
        Some(self.description().driver.clone())
    }

    fn profile(&self) -> Option<&Profile> {
        self.recorder.profile.as_ref()
    }

    fn widths(&self) -> Widths {
        widths::of(self.problem, self.tiling.bin_words)
    }
}

/// Returns the depth of an expansion that is a whole level; no other can be run without the host.
fn level(nodes: &Expansion) -> Result<u32> {
    if nodes.nodes == Nodes::Level || *nodes == Expansion::root() {
        Ok(nodes.depth)
    } else {
        Err(refusal(format!("a GPU grows whole levels of a tree, not {nodes}")))
    }
}

/// What a GPU cannot do.
fn refusal(message: String) -> Error {
    Error::new(ErrorKind::Unavailable, message).remedy("train on the CPU")
}

/// A node as the grow loop's other half expects it.
fn grown_node(node: &Node, [g_low, g_high, h_low, h_high]: [u32; 4]) -> GrownNode {
    let sum = |g, h| PairSum { g: layout::signed(g), h: layout::signed(h) };
    GrownNode {
        left: node.left,
        feature: node.feature,
        rank: node.rank,
        last: node.last,
        gain: f64::from_bits(layout::signed(node.gain) as u64),
        sums: sum(node.g, node.h),
        leaf_sums: sum([g_low, g_high], [h_low, h_high]),
        rows: node.rows,
    }
}
