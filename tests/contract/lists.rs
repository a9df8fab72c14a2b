//! Lists of codes, against the codes themselves: how features are stored changes no sum and no
//! model.
use crate::common::{Labels, Random, data, params, with_weights};
use gboost::internals::backend::{NodeBatch, Shard};
use gboost::internals::binning::lists::ListRule;
use gboost::internals::cpu::chunk::RowChunk;
use gboost::internals::cpu::histogram;
use gboost::internals::cpu::histogram::{BinSum, Histograms, PackedSum, WideSum};
use gboost::internals::fixed::quantiser::{PairSum, QuantisedPair};
use gboost::internals::tree::grown::GrownNode;
use gboost::{BinnedMatrix, CpuOptions, Dataset, Evaluate, Params, Rows, Trainer};

/// Features of one code and of hundreds, of which one dominates more and less.
fn columns(rows: usize) -> Vec<Vec<f32>> {
    let mut random = Random(rows as u64);
    let colours: Vec<u64> = (0..rows).map(|_| random.below(20)).collect();
    let mut columns: Vec<Vec<f32>> =
        (0..20).map(|colour| colours.iter().map(|&c| f32::from(c == colour)).collect()).collect();
    let mut of = |value: &mut dyn FnMut(usize, &mut Random) -> f32| {
        columns.push((0..rows).map(|row| value(row, &mut random)).collect());
    };
    of(&mut |_, _| f32::NAN);
    of(&mut |_, _| 7.0);
    of(&mut |row, _| (row % 2) as f32);
    of(&mut |row, _| if row == 0 { 1.0 } else { f32::NAN });
    for share in [0.0, 0.1, 0.5, 0.8, 0.97] {
        // Up to 257 codes and up to 256; then few values, with and without missing ones.
        of(&mut |_, random| if random.unit() < share { f32::NAN } else { random.unit() });
        of(&mut |_, random| if random.unit() < share { 0.0 } else { random.unit() - 0.5 });
        of(&mut |_, random| if random.unit() < share { f32::NAN } else { random.below(5) as f32 });
        of(&mut |_, random| if random.unit() < share { 3.0 } else { random.below(5) as f32 });
    }
    columns
}

fn matrix(columns: &[Vec<f32>], rule: ListRule, max_bin: usize) -> BinnedMatrix {
    let names = vec![String::new(); columns.len()];
    let mut matrix =
        BinnedMatrix::new(columns, &names, columns[0].len(), gboost::params::TreeMethod::Hist, max_bin).unwrap();
    matrix.arrange(rule);
    matrix
}

const RULES: [ListRule; 3] = [
    ListRule::ALWAYS,
    ListRule { byte_share: 0.5, word_share: 0.25, spared: 0.0 },
    ListRule { byte_share: 0.9, word_share: 0.9, spared: 0.0 },
];

#[test]
fn lists_hold_every_code_but_the_frequent_one() {
    for rows in [1, 2, 63, 64, 65, 700] {
        let columns = columns(rows);
        for max_bin in [2, 256, 1000] {
            for rule in RULES {
                let matrix = matrix(&columns, rule, max_bin);
                let mut seen = vec![0; columns.len()];
                for lists in &matrix.lists {
                    assert_eq!(lists.starts.len(), rows + 1);
                    assert_eq!(lists.starts[rows] as usize, lists.entries.len());
                    for row in 0..rows {
                        let entries = &lists.entries[lists.starts[row] as usize..lists.starts[row + 1] as usize];
                        assert!(entries.windows(2).all(|pair| pair[0] < pair[1]));
                        let mut expected = Vec::new();
                        for listed in &lists.features {
                            let code = matrix.code(row, listed.feature as usize);
                            assert!(code < listed.sums.len());
                            if code != usize::from(listed.frequent) {
                                expected.push((listed.sums.start + code) as u16);
                            }
                        }
                        assert_eq!(entries, expected, "row {row}");
                    }
                    lists.features.iter().for_each(|listed| seen[listed.feature as usize] += 1);
                }
                let others = matrix.blocks.iter().flat_map(|block| &block.features).chain(&matrix.by_column);
                others.for_each(|&feature| seen[feature as usize] += 1);
                assert_eq!(seen, vec![1; columns.len()], "{rows} rows, {rule:?}");
                assert!(!matrix.lists.is_empty());
                assert!(rule != ListRule::ALWAYS || matrix.blocks.is_empty() && matrix.by_column.is_empty());
            }
        }
    }
}

#[test]
fn many_features_take_several_blocks() {
    let mut random = Random(3);
    let columns: Vec<Vec<f32>> = (0..400).map(|_| (0..300).map(|_| random.unit()).collect()).collect();
    let matrix = matrix(&columns, ListRule::ALWAYS, 256);
    // 64 entries a row each: of a feature nearly every code is in the lists.
    assert_eq!(matrix.lists.len(), 7);
    assert_eq!(matrix.lists.iter().map(|lists| lists.features.len()).sum::<usize>(), 400);
}

#[test]
fn lists_are_for_sets_with_enough_to_spare() {
    let share = |features: usize, share: f32| {
        let mut random = Random(4);
        let mut value = || if random.unit() < share { 0.0 } else { random.below(100) as f32 };
        let columns: Vec<Vec<f32>> = (0..features).map(|_| (0..1000).map(|_| value()).collect()).collect();
        let names = vec![String::new(); features];
        let matrix = BinnedMatrix::new(&columns, &names, 1000, gboost::params::TreeMethod::Hist, 256).unwrap();
        matrix.lists.iter().map(|lists| lists.features.len()).sum::<usize>()
    };
    assert_eq!([share(10, 0.9), share(100, 0.9), share(100, 0.6), share(100, 0.3)], [0, 100, 100, 0]);
}

/// Drawn rows of the root's children, in chunks: `node_of` says which child a row is in, if it is
/// drawn.
fn chunks(rows: usize, chunk_rows: usize, node_of: &[Option<usize>]) -> [Vec<RowChunk>; 2] {
    let cut = |nodes: &dyn Fn(Option<usize>) -> Option<usize>, count: usize| {
        let mut chunks = RowChunk::cover(rows, chunk_rows);
        for chunk in &mut chunks {
            let first = chunk.first_row;
            let mut order = Vec::new();
            chunk.ranges = vec![0..0; count];
            for node in 0..count {
                let start = order.len() as u32;
                let inside = |&row: &usize| nodes(node_of[first + row]) == Some(node);
                order.extend((0..chunk.rows()).filter(inside).map(|row| row as u16));
                chunk.ranges[node] = start..order.len() as u32;
            }
            chunk.drawn = order.len();
            order.extend((0..chunk.rows()).filter(|&row| node_of[first + row].is_none()).map(|row| row as u16));
            chunk.order = order;
        }
        chunks
    };
    [cut(&|child| child.map(|_| 0), 1), cut(&|child| child.map(|child| 1 + child), 3)]
}

fn check_sums<S: BinSum>(matrix: &BinnedMatrix, features: &[u32], chunk_rows: usize, parallel: bool) {
    let rows = matrix.rows;
    let mut random = Random(17);
    let quantised: Vec<QuantisedPair> = (0..rows)
        .map(|_| QuantisedPair::new(random.below(2001) as i32 - 1000, 1 + random.below(1000) as u32))
        .collect();
    // A quarter is not drawn; the children are of different sizes.
    let node_of: Vec<Option<usize>> =
        (0..rows).map(|_| (random.below(4) > 0).then(|| usize::from(random.below(5) == 0))).collect();
    let naive = |inside: &dyn Fn(usize) -> bool, feature: u32| {
        let mut sums = vec![PairSum::default(); matrix.cuts[feature as usize].codes()];
        for row in (0..rows).filter(|&row| inside(row)) {
            let sum = &mut sums[matrix.code(row, feature as usize)];
            *sum = sum.plus(quantised[row].widen());
        }
        sums
    };
    let total = |inside: &dyn Fn(usize) -> bool| {
        let sums = (0..rows).filter(|&row| inside(row)).map(|row| quantised[row].widen());
        GrownNode { sums: sums.fold(PairSum::default(), PairSum::plus), ..GrownNode::default() }
    };
    let child = |which: usize| move |node: Option<usize>| node == Some(which);
    let nodes = [
        total(&|row| node_of[row].is_some()),
        total(&|row| child(0)(node_of[row])),
        total(&|row| child(1)(node_of[row])),
    ];
    let [root, level] = chunks(rows, chunk_rows, &node_of);
    for subtract in [true, false] {
        let mut histograms = Histograms::<S>::new(matrix, 1 << 30);
        let batch = NodeBatch { nodes: 0..1, subtract: false };
        let mut task = histogram::Task {
            matrix,
            shard: Shard::whole(rows),
            features,
            chunks: &root,
            quantised: &quantised,
            nodes: &nodes,
            expansion: 0..1,
            parents: &[],
            batch: &batch,
            parallel,
        };
        let equal = |histograms: &Histograms<S>, node: usize, inside: &dyn Fn(usize) -> bool| {
            for &feature in features {
                let found: Vec<PairSum> = histograms.feature(node, feature).iter().map(|sum| sum.sum()).collect();
                assert_eq!(found, naive(inside, feature), "node {node}, feature {feature}, {chunk_rows} rows a chunk");
            }
        };
        histogram::run(&task, &mut histograms).unwrap();
        equal(&histograms, 0, &|row| node_of[row].is_some());
        let batch = NodeBatch { nodes: 0..2, subtract };
        task = histogram::Task { chunks: &level, expansion: 1..3, parents: &[0], batch: &batch, ..task };
        histogram::run(&task, &mut histograms).unwrap();
        equal(&histograms, 1, &|row| child(0)(node_of[row]));
        equal(&histograms, 2, &|row| child(1)(node_of[row]));
    }
}

#[test]
fn sums_from_lists_are_the_naive_ones() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    for rows in [1, 130, 3000] {
        let columns = columns(rows);
        let all: Vec<u32> = (0..columns.len() as u32).collect();
        let most: Vec<u32> = all.iter().copied().filter(|feature| feature % 5 != 2).collect();
        // So few that their columns are summed instead of the lists; one of a block; none of it.
        let few = [20, 27, 41];
        for (max_bin, rule) in
            [(256, ListRule::NEVER), (1000, RULES[1]), (256, RULES[0]), (256, RULES[1]), (256, RULES[2])]
        {
            let matrix = matrix(&columns, rule, max_bin);
            for features in [&all[..], &most, &few, &few[..1], &all[..20]] {
                for chunk_rows in [1, 64, 1000, 1 << 16] {
                    if chunk_rows * 300 < rows {
                        continue;
                    }
                    check_sums::<PackedSum>(&matrix, features, chunk_rows, false);
                    check_sums::<WideSum>(&matrix, features, chunk_rows, false);
                    pool.install(|| check_sums::<PackedSum>(&matrix, features, chunk_rows, true));
                }
            }
        }
    }
}

/// The census-like mix of `columns` with a label that depends on it.
fn sparse(rows: usize, labels: Labels) -> Dataset {
    let mut made = data(21, rows, 4, 0.2, labels);
    made.columns.extend(columns(rows));
    made
}

fn sha256(params: &Params, data: &Dataset, rule: ListRule, options: CpuOptions) -> String {
    let mut matrix = BinnedMatrix::of(Rows::all(data), params).unwrap();
    matrix.arrange(rule);
    let trainer = Trainer::new(params, data).evaluate(Evaluate::LastRound).on(options).binned(&matrix);
    trainer.run().unwrap_or_else(|error| panic!("{error}")).model.sha256()
}

#[test]
fn lists_change_no_model() {
    let binary = sparse(1500, Labels::Binary);
    let weighted = with_weights(sparse(1500, Labels::Real), 3);
    let classes = sparse(1500, Labels::Classes(3));
    for (data, text) in [
        (&binary, "objective=binary:logistic num_round=8 max_depth=6 histogram_sums=narrow"),
        (
            &binary,
            "objective=binary:logistic num_round=8 max_depth=6 subsample=0.6 colsample_bytree=0.5 histogram_sums=narrow",
        ),
        (&binary, "objective=binary:logistic num_round=8 max_depth=4 tree_method=exact colsample_bytree=0.1"),
        (&binary, "objective=binary:logistic num_round=8 max_bin=1000 colsample_bylevel=0.5 colsample_bynode=0.5"),
        (&weighted, "num_round=8 max_depth=5 subsample=0.8 histogram_sums=wide"),
        (&weighted, "num_round=8 max_depth=5 tree_method=exact histogram_sums=narrow"),
        (&classes, "objective=multi:softprob num_class=3 num_round=4 max_depth=4 max_bin=16"),
    ] {
        let params = params(text);
        let dense = sha256(&params, data, ListRule::NEVER, CpuOptions::default());
        for rule in [ListRule::default(), RULES[0], RULES[1], RULES[2]] {
            for (threads, chunk_rows, histogram_bytes) in
                [(1, None, 1 << 30), (3, Some(100), 1 << 30), (2, Some(7), 50_000)]
            {
                let params = params.to_builder().nthread(threads).build().unwrap();
                let options =
                    CpuOptions::default().chunk_rows(chunk_rows).histogram_bytes(histogram_bytes).parallel_from(0);
                assert_eq!(sha256(&params, data, rule, options), dense, "{text}: {rule:?}, {threads} threads");
            }
        }
    }
}
