//! Histograms against sums that are added up row by row.

use super::*;
use crate::fixed::hash;
use crate::fixed::quantiser::PairSum;
use crate::params::TreeMethod;

const ROWS: usize = 9000;

/// Twelve features of 2 to 7 values, one of 200, and one of more codes than a byte has.
fn matrix() -> BinnedMatrix {
    let value = |key: u32, row: usize, count: u32| (hash::combine(key, row as u32) % count) as f32;
    let counts = (0..12).map(|feature| 2 + feature % 6).chain([200, 300]);
    let columns: Vec<Vec<f32>> =
        (0..).zip(counts).map(|(key, count)| (0..ROWS).map(|row| value(key, row, count)).collect()).collect();
    let names = vec![String::new(); columns.len()];
    BinnedMatrix::new(&columns, &names, ROWS, TreeMethod::Hist, 290).unwrap_or_else(|error| panic!("{error}"))
}

/// The rows of nodes that follow each other, in chunks; `node` says which one of `nodes` a row
/// is in.
fn chunks(nodes: Range<usize>, node: impl Fn(usize) -> usize) -> Vec<RowChunk> {
    let mut chunks = RowChunk::cover(ROWS, 2100);
    for chunk in &mut chunks {
        let mut order: Vec<u16> = (0..chunk.rows() as u16).collect();
        order.sort_by_key(|&row| node(chunk.first_row + usize::from(row)));
        let first = chunk.first_row;
        let end = |node_end: usize| order.partition_point(|&row| node(first + usize::from(row)) < node_end) as u32;
        chunk.ranges = (0..nodes.end).map(|node| end(node)..end(node + 1)).collect();
        chunk.drawn = order.len();
        chunk.order = order;
    }
    chunks
}

fn check<S: BinSum>(matrix: &BinnedMatrix, quantised: &[QuantisedPair], features: &[u32], parallel: bool) {
    let mut histograms = Histograms::<S>::new(matrix, 1 << 30);
    // A root, its children, of which the first has a third of the rows, and eight grandchildren
    // without parents.
    let node = |level: Range<usize>, row: usize| match level.len() {
        2 => level.start + usize::from(!row.is_multiple_of(3)),
        nodes => level.start + hash::combine(99, row as u32) as usize % nodes,
    };
    for (level, subtract) in [(0..1, false), (1..3, true), (3..11, false)] {
        let chunks = chunks(level.clone(), |row| node(level.clone(), row));
        let batch = NodeBatch { nodes: 0..level.len(), subtract };
        let parents = &[0];
        let level_of = level.clone();
        run(
            &Task {
                matrix,
                shard: Shard::whole(ROWS),
                features,
                chunks: &chunks,
                quantised,
                nodes: &[],
                expansion: level,
                parents,
                batch: &batch,
                parallel,
            },
            &mut histograms,
        )
        .unwrap_or_else(|error| panic!("{error}"));
        for wanted_node in level_of.clone() {
            for &feature in features {
                let mut naive = vec![PairSum::default(); matrix.cuts[feature as usize].codes()];
                for row in (0..ROWS).filter(|&row| node(level_of.clone(), row) == wanted_node) {
                    let sum = &mut naive[matrix.code(row, feature as usize)];
                    *sum = sum.plus(quantised[row].widen());
                }
                let found: Vec<PairSum> =
                    histograms.feature(wanted_node, feature).iter().map(|sum| sum.sum()).collect();
                assert_eq!(found, naive, "node {wanted_node}, feature {feature}, {parallel}");
            }
        }
    }
}

#[test]
fn sums_are_the_naive_ones_by_any_columns_and_threads() {
    let matrix = matrix();
    let joint = matrix.joints[0].as_ref().unwrap_or_else(|| panic!("features of few values are merged"));
    assert!(joint.pays(ROWS / 3) && !joint.pays(ROWS / 80), "both ways are taken");
    let pair = |row| QuantisedPair::new(hash::combine(7, row) as i32 >> 15, hash::combine(8, row) >> 15);
    let quantised: Vec<QuantisedPair> = (0..ROWS as u32).map(pair).collect();
    let all: Vec<u32> = (0..matrix.features() as u32).collect();
    for threads in [1, 3] {
        let pool = crate::util::threads::thread_pool(Some(threads)).unwrap_or_else(|error| panic!("{error}"));
        pool.install(|| {
            for features in [&all, &all[2..].to_vec()] {
                check::<PackedSum>(&matrix, &quantised, features, threads > 1);
                check::<WideSum>(&matrix, &quantised, features, threads > 1);
            }
        });
    }
}

#[test]
fn what_is_shared_out_depends_on_the_work() {
    let fastest = |rows: &[usize], sums: usize, chunks: usize| {
        let nodes: Vec<Summed<'_>> = rows.iter().map(|&rows| Summed { node: 0, rows, joint: None }).collect();
        let pool = crate::util::threads::thread_pool(Some(2)).unwrap_or_else(|error| panic!("{error}"));
        pool.install(|| Shared::fastest(&nodes, 28, sums, chunks))
    };
    assert!(fastest(&[500], 7168, 1) == Shared::Nothing, "a small root");
    assert!(fastest(&[1_000_000], 7168, 16) == Shared::Rows, "a large root");
    assert!(fastest(&[1_000_000], 7168, 1) == Shared::Nothing, "rows in one chunk");
    assert!(fastest(&[60; 16], 7168, 1) == Shared::Families, "many small nodes of many bins");
    assert!(fastest(&[30_000; 16], 7168, 16) == Shared::Rows, "many large nodes");
    assert!(fastest(&[300_000, 10, 10, 10], 7168, 16) == Shared::Rows, "one large node among others");
    assert!(fastest(&[10; 4], 56, 1) == Shared::Nothing, "next to nothing");
}
