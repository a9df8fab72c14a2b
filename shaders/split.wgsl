// import binary64
// import hash
// import scan
// import siblings
// Kernel split: the best split of every node of a batch, and the children that follow from it
// (docs/exactness.md 8).
//
// IN: histograms, of the batch and of the level above; node sums; masks of features. OUT: derived
// histograms of larger siblings; node records; the next level. Invariants: scores are binary64 to
// the bit; a candidate's rank is its position in the written scan order. Deterministic: candidates
// are ordered by (score, feature, rank), whatever order they are found in, and children are
// numbered by a prefix sum.

@group(0) @binding(0) var<uniform> task: Step;
@group(0) @binding(2) var<storage, read> state: TreeState;
@group(0) @binding(2) var<storage, read_write> next_state: TreeState;
@group(0) @binding(3) var<storage, read> nodes: array<Node>;
@group(0) @binding(3) var<storage, read_write> new_nodes: array<Node>;
@group(0) @binding(15) var<storage, read> features: array<Feature>;
@group(0) @binding(17) var<storage, read> masks: array<u32>;
@group(0) @binding(1) var<uniform> setup: Setup;
@group(0) @binding(18) var<storage, read_write> histograms: array<u32>;
@group(0) @binding(19) var<storage, read> above: array<u32>;
@group(0) @binding(20) var<storage, read_write> best: array<vec4<u32>>;

// Gradient and hessian sums, 64 bits each: (g low, g high, h low, h high).
fn add_sums(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
    return vec4<u32>(add64(a.xy, b.xy), add64(a.zw, b.zw));
}

fn subtract_sums(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
    return vec4<u32>(subtract64(a.xy, b.xy), subtract64(a.zw, b.zw));
}

fn node_sums(node: Node) -> vec4<u32> {
    return vec4<u32>(node.g, node.h);
}

fn load_bin(bin: u32) -> vec4<u32> {
    if WIDE {
        let word = bin * WIDE_WORDS;
        return vec4<u32>(histograms[word], histograms[word + 1u], histograms[word + 2u], histograms[word + 3u]);
    }
    let word = bin * NARROW_WORDS;
    return vec4<u32>(widen64(histograms[word]), histograms[word + 1u], 0u);
}

fn load_above(bin: u32) -> vec4<u32> {
    if WIDE {
        let word = bin * WIDE_WORDS;
        return vec4<u32>(above[word], above[word + 1u], above[word + 2u], above[word + 3u]);
    }
    let word = bin * NARROW_WORDS;
    return vec4<u32>(widen64(above[word]), above[word + 1u], 0u);
}

fn store_bin(bin: u32, sums: vec4<u32>) {
    if WIDE {
        let word = bin * WIDE_WORDS;
        histograms[word] = sums.x;
        histograms[word + 1u] = sums.y;
        histograms[word + 2u] = sums.z;
        histograms[word + 3u] = sums.w;
    } else {
        let word = bin * NARROW_WORDS;
        histograms[word] = sums.x;
        histograms[word + 1u] = sums.z;
    }
}

// G^2 / (H + lambda) of one side with the corrections of alpha and max_delta_step, in the order of
// src/split.rs.
fn side_score(sums: vec4<u32>) -> Real {
    var a = real_from_integer(absolute64(sums.xy));
    if ALPHA {
        let alpha = real_from_bits(state.alpha);
        if real_above(a, alpha) {
            a = real_subtract(a, alpha);
        } else {
            a = real_zero();
        }
    }
    let d = real_add(real_from_integer(sums.zw), real_from_bits(state.lambda));
    if DELTA {
        let delta = real_from_bits(state.max_delta_step);
        if real_above(real_divide(a, d), delta) {
            return real_multiply(delta, real_subtract(real_scale(a, 1), real_multiply(d, delta)));
        }
    }
    return real_divide(real_multiply(a, a), d);
}

// A candidate: (score low, score high, rank, last) and the left side's sums; a hessian sum of 0
// marks none.
struct Candidate {
    record: vec4<u32>,
    left: vec4<u32>,
}

fn is_none(a: Candidate) -> bool {
    return (a.left.z | a.left.w) == 0u;
}

fn score_above(a: Candidate, b: Candidate) -> bool {
    return !at_least64(b.record.xy, a.record.xy);
}

// Whether a comes before b: larger score, then lower order (feature or rank).
fn beats(a: Candidate, b: Candidate, a_order: u32, b_order: u32) -> bool {
    if is_none(a) || is_none(b) {
        return !is_none(a);
    }
    return score_above(a, b) || (all(a.record.xy == b.record.xy) && a_order < b_order);
}

// Nodes of the batch that there are; workgroups step over them, for the host knows a bound only.
fn nodes_here() -> u32 {
    return min(max(state.level_nodes, task.batch_start) - task.batch_start, task.batch_nodes);
}

var<workgroup> sums_scan: array<vec4<u32>, WORKGROUP>;
var<workgroup> last_scan: array<u32, WORKGROUP>;
var<workgroup> records: array<vec4<u32>, WORKGROUP>;
var<workgroup> lefts: array<vec4<u32>, WORKGROUP>;
var<workgroup> orders: array<u32, WORKGROUP>;
var<workgroup> lowest_present: u32;

fn is_masked(feature: u32) -> bool {
    return ((masks[task.mask * setup.mask_words + (feature >> 5u)] >> (feature & 31u)) & 1u) == 0u;
}

// Sums up to this invocation, and one more than the last present bin up to it.
fn scan_bins(t: u32, value: vec4<u32>, present: u32) {
    var sum = value;
    var last = present;
    sums_scan[t] = sum;
    last_scan[t] = last;
    workgroupBarrier();
    for (var reach = 1u; reach < WORKGROUP; reach <<= 1u) {
        var other = vec4<u32>(0u, 0u, 0u, 0u);
        var other_last = 0u;
        if t >= reach {
            other = sums_scan[t - reach];
            other_last = last_scan[t - reach];
        }
        workgroupBarrier();
        sum = add_sums(sum, other);
        last = max(last, other_last);
        sums_scan[t] = sum;
        last_scan[t] = last;
        workgroupBarrier();
    }
}

// Puts the best of all invocations' candidates into invocation 0.
fn best_of_all(t: u32, mine: Candidate, order: u32) -> Candidate {
    var winner = mine;
    var winner_order = order;
    records[t] = mine.record;
    lefts[t] = mine.left;
    orders[t] = order;
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
        if t < half {
            let other = Candidate(records[t + half], lefts[t + half]);
            if beats(other, winner, orders[t + half], winner_order) {
                winner = other;
                winner_order = orders[t + half];
                records[t] = winner.record;
                lefts[t] = winner.left;
                orders[t] = winner_order;
            }
        }
        workgroupBarrier();
    }
    return winner;
}

// The best split of one feature in one node. x: features of the tile, y: nodes of the batch.
fn scan_feature(slot_of_node: u32, t: u32, tile_feature: u32) {
    let position = task.batch_start + slot_of_node;
    let index = state.level_start + position;
    let sums = node_sums(nodes[index]);
    let ordinal = task.first_feature + tile_feature;
    let feature = features[ordinal];
    let slot = slot_of_node * task.features + ordinal;
    let first_bin = slot_of_node * task.node_bins + feature.first_bin;

    // The larger sibling is its parent less the smaller one; also where the feature is not
    // searched, for the level below.
    let derived = (task.flags & SUBTRACT) != 0u && !is_summed(index, state.level_start);
    let parent_bin = nodes[index].parent * task.node_bins + feature.first_bin;
    let sibling_bin = (slot_of_node ^ 1u) * task.node_bins + feature.first_bin;
    var present_sums = vec4<u32>(0u, 0u, 0u, 0u);
    for (var bin = t; bin < feature.bins; bin += WORKGROUP) {
        if derived {
            store_bin(first_bin + bin, subtract_sums(load_above(parent_bin + bin), load_bin(sibling_bin + bin)));
        }
        present_sums = add_sums(present_sums, load_bin(first_bin + bin));
    }
    if t == 0u {
        best[2u * slot] = vec4<u32>(0u, 0u, 0u, 0u);
        best[2u * slot + 1u] = vec4<u32>(0u, 0u, 0u, 0u);
        lowest_present = feature.bins;
    }
    let skipped = is_masked(feature.feature)
        || ((task.flags & BY_NODE) != 0u && combine(nodes[index].key, feature.feature) > nodes[index].hash_limit);
    if skipped || feature.bins == 0u {
        return;
    }
    scan_bins(t, present_sums, 0u);
    let total = sums_scan[WORKGROUP - 1u];
    let missing = subtract_sums(sums, total);
    let scans_upward = !EXACT || (feature.has_missing != 0u && feature.bins > 1u);
    let ranks_before = select(0u, feature.bins, scans_upward);

    var mine = Candidate(vec4<u32>(0u, 0u, 0u, 0u), vec4<u32>(0u, 0u, 0u, 0u));
    var before = vec4<u32>(0u, 0u, 0u, 0u);
    var last_before = 0u;
    let blocks = (feature.bins + WORKGROUP - 1u) / WORKGROUP;
    // After the blocks exact has one more step for the ends: all present rows on one side.
    for (var block = 0u; block < blocks + select(0u, 1u, EXACT); block++) {
        let bin = block * WORKGROUP + t;
        var here = vec4<u32>(0u, 0u, 0u, 0u);
        if bin < feature.bins {
            here = load_bin(first_bin + bin);
        }
        let present = (here.z | here.w) != 0u;
        workgroupBarrier();
        scan_bins(t, here, select(0u, bin + 1u, present));
        let upto = add_sums(before, sums_scan[t]);
        let below = subtract_sums(upto, here);
        var previous = last_before;
        if t > 0u {
            previous = max(previous, last_scan[t - 1u]);
        }
        if present && previous == 0u {
            lowest_present = bin;
        }
        let at_ends = EXACT && block == blocks;
        // upward: rows below the candidate left, missing ones right; downward: missing ones left
        // too.
        for (var downward = 0u; downward < 2u; downward++) {
            var left = below;
            var rank = bin;
            var last = 0u;
            var offered = bin < feature.bins;
            if EXACT {
                // Two neighbouring present bins make one candidate a scan, named by the one that is
                // visited later.
                offered = present && previous > 0u && (downward == 1u || scans_upward);
                last = previous - 1u;
                if downward == 1u {
                    rank = ranks_before + feature.bins - previous;
                    last = bin;
                }
                if at_ends {
                    left = vec4<u32>(0u, 0u, 0u, 0u);
                    offered = t == 0u && last_before > 0u && (downward == 1u || scans_upward);
                    rank = feature.bins + downward * ranks_before;
                    last = lowest_present;
                    if downward == 0u {
                        left = total;
                        last = last_before - 1u;
                    }
                }
            } else {
                if downward == 0u {
                    left = upto;
                } else {
                    rank = ranks_before + feature.bins - 1u - bin;
                    offered = offered && any(missing != vec4<u32>(0u, 0u, 0u, 0u));
                }
            }
            if downward == 1u {
                left = add_sums(left, missing);
            }
            let right = subtract_sums(sums, left);
            if offered && at_least64(left.zw, state.min_child_hessian) && at_least64(right.zw, state.min_child_hessian) {
                let score = real_bits(real_add(side_score(left), side_score(right)));
                let candidate = Candidate(vec4<u32>(score, rank, last), left);
                if beats(candidate, mine, rank, mine.record.z) {
                    mine = candidate;
                }
            }
        }
        before = add_sums(before, sums_scan[WORKGROUP - 1u]);
        last_before = max(last_before, last_scan[WORKGROUP - 1u]);
    }
    let winner = best_of_all(t, mine, mine.record.z);
    if t == 0u {
        best[2u * slot] = winner.record;
        best[2u * slot + 1u] = winner.left;
    }
}

@compute @workgroup_size(WORKGROUP)
fn split_scan(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    for (var i = group.y; i < nodes_here(); i += groups.y) {
        workgroupBarrier();
        scan_feature(i, t, group.x);
    }
}

var<workgroup> below_limit: atomic<u32>;

// Sampling of features by node: the largest hash among the `keep` lowest of the level's features.
// x: nodes of the batch.
fn limit_columns(slot_of_node: u32, t: u32) {
    let position = task.batch_start + slot_of_node;
    let index = state.level_start + position;
    let key = new_nodes[index].key;
    // The hash is a bijection, so exactly `keep` features lie at or below the limit; found by
    // bisection, from the highest bit.
    var limit = 0u;
    for (var i = 0u; i < 32u; i++) {
        let bit = 0x80000000u >> i;
        if t == 0u {
            atomicStore(&below_limit, 0u);
        }
        workgroupBarrier();
        var mine = 0u;
        for (var feature = t; feature < setup.features; feature += WORKGROUP) {
            mine += select(0u, 1u, !is_masked(feature) && combine(key, feature) < (limit | bit));
        }
        atomicAdd(&below_limit, mine);
        workgroupBarrier();
        if atomicLoad(&below_limit) < task.keep {
            limit |= bit;
        }
        workgroupBarrier();
    }
    if t == 0u {
        new_nodes[index].hash_limit = limit;
    }
}

@compute @workgroup_size(WORKGROUP)
fn split_columns(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    for (var i = group.x; i < nodes_here(); i += groups.x) {
        workgroupBarrier();
        limit_columns(i, t);
    }
}

// Rows of the winning split whose code is below this go left.
fn boundary_of(feature: Feature, rank: u32) -> u32 {
    let scans_upward = !EXACT || (feature.has_missing != 0u && feature.bins > 1u);
    let upward_ranks = select(0u, feature.bins + select(0u, 1u, EXACT), scans_upward);
    if rank < upward_ranks {
        // UpEnd has rank `bins`: all present rows left.
        return rank + select(1u, 0u, EXACT);
    }
    let down = rank - select(0u, feature.bins, scans_upward);
    if down >= feature.bins {
        // DownEnd: all present rows right.
        return 0u;
    }
    return feature.bins - 1u - down + select(0u, 1u, EXACT);
}

fn goes_down(feature: Feature, rank: u32) -> bool {
    let scans_upward = !EXACT || (feature.has_missing != 0u && feature.bins > 1u);
    return !(scans_upward && rank < feature.bins + select(0u, 1u, EXACT));
}

// The winner of every node, and whether it is worth a split. x: nodes of the batch.
fn choose_winner(slot_of_node: u32, t: u32) {
    let position = task.batch_start + slot_of_node;
    let index = state.level_start + position;
    var mine = Candidate(vec4<u32>(0u, 0u, 0u, 0u), vec4<u32>(0u, 0u, 0u, 0u));
    var mine_feature = 0u;
    var mine_ordinal = 0u;
    for (var ordinal = t; ordinal < task.features; ordinal += WORKGROUP) {
        let slot = slot_of_node * task.features + ordinal;
        let candidate = Candidate(best[2u * slot], best[2u * slot + 1u]);
        let feature = features[ordinal].feature;
        if beats(candidate, mine, feature, mine_feature) {
            mine = candidate;
            mine_feature = feature;
            mine_ordinal = ordinal;
        }
    }
    _ = best_of_all(t, mine, mine_feature);
    // The reduction leaves the winner's feature in orders[0]; its owner alone has the ordinal.
    let owns = !is_none(mine) && mine_feature == orders[0];
    if !owns {
        return;
    }
    let root = side_score(node_sums(new_nodes[index]));
    let score = real_from_bits(mine.record.xy);
    if !real_above(score, root) {
        return;
    }
    let gain = real_subtract(score, root);
    let enough = real_above(gain, real_from_bits(state.least_gain))
        && (EXACT || !real_above(real_from_bits(state.gamma), gain));
    if !enough {
        return;
    }
    let feature = features[mine_ordinal];
    new_nodes[index].left = TO_SPLIT;
    new_nodes[index].feature = mine_feature;
    new_nodes[index].ordinal = mine_ordinal;
    new_nodes[index].rank = mine.record.z;
    new_nodes[index].last = mine.record.w;
    new_nodes[index].gain = real_bits(gain);
    new_nodes[index].left_g = mine.left.xy;
    new_nodes[index].left_h = mine.left.zw;
    new_nodes[index].boundary = boundary_of(feature, mine.record.z);
    new_nodes[index].default_left = select(0u, 1u, goes_down(feature, mine.record.z));
}

@compute @workgroup_size(WORKGROUP)
fn split_choose(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    for (var i = group.x; i < nodes_here(); i += groups.x) {
        workgroupBarrier();
        choose_winner(i, t);
    }
}

var<workgroup> level: vec4<u32>;

// Appends the children of the level in the order of their parents and makes them the level. One
// workgroup.
@compute @workgroup_size(WORKGROUP)
fn split_children(@builtin(local_invocation_index) t: u32) {
    if t == 0u {
        level = vec4<u32>(next_state.level_start, next_state.level_nodes, next_state.nodes, 0u);
    }
    let old = workgroupUniformLoad(&level);
    var pairs_before = 0u;
    for (var first = 0u; first < old.y; first += WORKGROUP) {
        let position = first + t;
        let index = old.x + position;
        var splits = false;
        if position < old.y {
            splits = new_nodes[index].left == TO_SPLIT;
        }
        let upto = scan(t, vec2<u32>(select(0u, 1u, splits), 0u)).x;
        if splits {
            let left = old.z + 2u * (pairs_before + upto - 1u);
            let parent = new_nodes[index];
            let left_sums = vec4<u32>(parent.left_g, parent.left_h);
            let right_sums = subtract_sums(node_sums(parent), left_sums);
            new_nodes[index].left = left;
            for (var side = 0u; side < 2u; side++) {
                var child = Node();
                let sums = select(left_sums, right_sums, side == 1u);
                child.g = sums.xy;
                child.h = sums.zw;
                child.parent = position;
                child.depth = parent.depth + 1u;
                child.key = combine(parent.key, side);
                new_nodes[left + side] = child;
            }
        }
        pairs_before += scan_total().x;
    }
    if t == 0u {
        next_state.above_start = old.x;
        next_state.level_start = old.z;
        next_state.level_nodes = 2u * pairs_before;
        next_state.nodes = old.z + 2u * pairs_before;
    }
}
