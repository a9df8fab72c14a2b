// import plan_write
// import plan_read
// import siblings
// Kernel histogram: sums of quantised pairs by (node, feature, bin).
//
// IN: planes of bins, quantised pairs, the rows of every node of a level. OUT: histograms of the
// batch's nodes; with SUBTRACT of the smaller sibling only, kernel split derives the other.
// Invariants: the batch's histograms are zero before; sums fit 31 bits (narrow) or 52 (wide); a
// code of `bins` or above is missing and has no slot. Deterministic: integer sums, so neither the
// order nor the grouping of additions matters.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(2) var<storage, read> state: TreeState;
@group(0) @binding(3) var<storage, read> nodes: array<Node>;
@group(0) @binding(4) var<storage, read> ranges: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(8) var<storage, read> quantised: array<vec2<u32>>;
@group(0) @binding(14) var<storage, read> planes: array<u32>;
@group(0) @binding(16) var<storage, read> jobs: array<Job>;
@group(0) @binding(17) var<storage, read> masks: array<u32>;
@group(0) @binding(18) var<storage, read_write> histograms: array<atomic<u32>>;
@group(0) @binding(30) var<storage, read> slots: array<JobSlot>;

var<workgroup> local: array<atomic<u32>, LOCAL_WORDS>;
// Lists the nodes of the batch that are to be summed. One workgroup.
@compute @workgroup_size(WORKGROUP)
fn histogram_plan(@builtin(local_invocation_index) t: u32) {
    var total = vec2<u32>(0u, 0u);
    for (var first = 0u; first < task.batch_nodes; first += WORKGROUP) {
        let position = task.batch_start + first + t;
        var range = vec2<u32>(0u, 0u);
        if first + t < task.batch_nodes && position < state.level_nodes {
            let index = state.level_start + position;
            if (task.flags & SUBTRACT) == 0u || is_summed(index, state.level_start) {
                range = ranges[index];
            }
        }
        total = plan_block(t, total, range, range.x < range.y, task.chunk, first + t);
    }
    plan_end(t, total);
}

// Zeroes the histograms of the batch's nodes, as many as there are. x: as many workgroups as there
// is work for.
@compute @workgroup_size(WORKGROUP)
fn histogram_clear(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let after = max(state.level_nodes, task.batch_start) - task.batch_start;
    let words = min(after, task.batch_nodes) * task.node_bins * BIN_WORDS;
    for (var word = id.x; word < words; word += groups.x * WORKGROUP) {
        atomicStore(&histograms[word], 0u);
    }
}

fn add_local(word: u32, g: u32, h: u32) {
    if WIDE {
        add_local_wide(word, widen(g));
        add_local_wide(word + 2u, vec2<u32>(h, 0u));
    } else {
        atomicAdd(&local[word], g);
        atomicAdd(&local[word + 1u], h);
    }
}

// Each wrap of the low word is seen by exactly one adder.
fn add_local_wide(word: u32, value: vec2<u32>) {
    let old = atomicAdd(&local[word], value.x);
    let high = value.y + select(0u, 1u, old + value.x < old);
    if high != 0u {
        atomicAdd(&local[word + 1u], high);
    }
}

fn add_global_wide(word: u32, value: vec2<u32>) {
    let old = atomicAdd(&histograms[word], value.x);
    let high = value.y + select(0u, 1u, old + value.x < old);
    if high != 0u {
        atomicAdd(&histograms[word + 1u], high);
    }
}

fn add_global(bin: u32, g: vec2<u32>, h: vec2<u32>) {
    let word = bin * BIN_WORDS;
    if WIDE {
        add_global_wide(word, g);
        add_global_wide(word + 2u, h);
    } else {
        atomicAdd(&histograms[word], g.x);
        atomicAdd(&histograms[word + 1u], h.x);
    }
}

fn widen(a: u32) -> vec2<u32> {
    return vec2<u32>(a, select(0u, 0xffffffffu, (a >> 31u) != 0u));
}

fn is_drawn(feature: u32) -> bool {
    return ((masks[feature >> 5u] >> (feature & 31u)) & 1u) == 1u;
}

// Sums one run of rows of one node for the features of one job. x: items of the plan, y: jobs of
// the tile.
@compute @workgroup_size(WORKGROUP)
fn histogram_build(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let job = jobs[task.first_job + group.y];
    let items = plan[0].y;
    let code_mask = (1u << job.width) - 1u;
    // Of every slot: its bins, 0 if the tree does not see the feature, and where they begin.
    // Neighbouring invocations add to different copies, so that few bins do not make them wait.
    var bins = array<u32, 8>();
    var bases = array<u32, 8>();
    for (var k = 0u; k < 8u; k++) {
        let slot = slots[job.slot + k];
        bins[k] = select(0u, slot.bins, is_drawn(slot.feature));
        bases[k] = select(slot.local + (t & slot.copies) * slot.bins, slot.first_bin, job.direct != 0u);
    }
    for (var item = group.x; item < items; item += groups.x) {
        let entry = plan_entry(item);
        let begin = entry.y + (item - entry.x) * task.chunk;
        let end = min(begin + task.chunk, entry.z);
        let node_bin = entry.w * task.node_bins;
        for (var i = t; i < job.local_bins * BIN_WORDS; i += WORKGROUP) {
            atomicStore(&local[i], 0u);
        }
        workgroupBarrier();
        for (var i = begin + t; i < end; i += WORKGROUP) {
            let row = rows[i];
            let pair = quantised[row];
            for (var p = 0u; p < JOB_PLANES; p++) {
                var word = 0u;
                if p < job.planes {
                    word = planes[(job.plane + p) * task.stride + row];
                }
                for (var k = 4u * p; k < 4u * p + 4u; k++) {
                    let code = word & code_mask;
                    word >>= job.width;
                    if code < bins[k] {
                        if job.direct != 0u {
                            add_global(node_bin + bases[k] + code, widen(pair.x), vec2<u32>(pair.y, 0u));
                        } else {
                            add_local((bases[k] + code) * BIN_WORDS, pair.x, pair.y);
                        }
                    }
                }
            }
        }
        workgroupBarrier();
        if job.direct == 0u {
            for (var k = 0u; k < 8u; k++) {
                let slot = slots[job.slot + k];
                for (var bin = t; bin < bins[k]; bin += WORKGROUP) {
                    flush(slot, bin, node_bin);
                }
            }
        }
        workgroupBarrier();
    }
}

// Adds the copies of a bin to the node's histogram.
fn flush(slot: JobSlot, bin: u32, node_bin: u32) {
    for (var copy = 0u; copy <= slot.copies; copy++) {
        let word = (slot.local + copy * slot.bins + bin) * BIN_WORDS;
        let a = atomicLoad(&local[word]);
        let b = atomicLoad(&local[word + 1u]);
        if WIDE {
            let c = atomicLoad(&local[word + 2u]);
            let d = atomicLoad(&local[word + 3u]);
            if (c | d) != 0u {
                add_global(node_bin + slot.first_bin + bin, vec2<u32>(a, b), vec2<u32>(c, d));
            }
        } else if b != 0u {
            // A hessian is at least 1, so a sum of 0 has no rows.
            add_global(node_bin + slot.first_bin + bin, vec2<u32>(a, 0u), vec2<u32>(b, 0u));
        }
    }
}
