//! The kernels against the plain loop.

use super::row::RowForest;
use super::{BLOCK, Forest, Shape};
use crate::ingest::dataset::Dataset;
use crate::tree::{NONE, Node, Tree};
use proptest::prelude::*;

const FEATURES: usize = 5;

/// A tree whose nodes split while `splits` says so, from coarse thresholds that values meet.
fn tree(splits: &[(bool, u32, i8, bool)]) -> Tree {
    let leaf = |value: f32, parent| Node {
        left: NONE,
        right: NONE,
        parent,
        feature: 0,
        threshold: value,
        default_left: false,
        gain: 0.0,
        sum_hessian: 0.0,
        base_weight: 0.0,
    };
    let mut nodes = vec![leaf(0.5, NONE)];
    for &(deep, feature, threshold, default_left) in splits {
        // The last leaf makes chains, the first one bushes.
        let mut open = nodes.iter().enumerate().filter(|(_, node)| node.is_leaf());
        let Some((index, _)) = (if deep { open.next_back() } else { open.next() }) else { break };
        let left = nodes.len() as i32;
        let value = left as f32 * 0.37;
        nodes.extend([leaf(value, index as i32), leaf(-value, index as i32)]);
        let threshold = f32::from(threshold);
        let (left, right) = (left, left + 1);
        nodes[index] = Node { left, right, feature, threshold, default_left, ..nodes[index] };
    }
    Tree { nodes }
}

fn splits(most: usize) -> impl Strategy<Value = Vec<(bool, u32, i8, bool)>> {
    prop::collection::vec((prop::bool::weighted(0.2), 0..FEATURES as u32, -3_i8..4, any::<bool>()), 0..most)
}

fn value() -> impl Strategy<Value = f32> {
    prop_oneof![6 => (-3_i8..4).prop_map(f32::from), 2 => -4.0_f32..4.0, 2 => Just(f32::NAN), 1 => Just(f32::MAX)]
}

fn data() -> impl Strategy<Value = Dataset> {
    (1_usize..2 * BLOCK + 3).prop_flat_map(|rows| {
        // A column may be lacking.
        let columns = prop::collection::vec(prop::collection::vec(value(), rows), FEATURES - 1..=FEATURES);
        columns.prop_map(move |columns| Dataset { columns, rows, ..Dataset::default() })
    })
}

/// The leaf of each row, tree after tree.
fn plain(trees: &[Tree], data: &Dataset) -> Vec<Vec<(u32, f32)>> {
    let value =
        |row: usize| move |feature: u32| data.columns.get(feature as usize).map_or(f32::NAN, |column| column[row]);
    let leaf = |tree: &Tree, row| (tree.leaf(value(row)) as u32, tree.predict(value(row)));
    trees.iter().map(|tree| (0..data.rows).map(|row| leaf(tree, row)).collect()).collect()
}

fn by_blocks(forest: &Forest, data: &Dataset) -> Vec<Vec<(u32, f32)>> {
    let mut found = vec![Vec::new(); forest.trees()];
    let mut buffer = forest.buffer();
    for start in (0..data.rows).step_by(BLOCK) {
        let rows = BLOCK.min(data.rows - start);
        forest.fill(data, start, rows, &mut buffer);
        forest.visit(&buffer, |tree, leaves| {
            found[tree].extend(leaves[..rows].iter().map(|&leaf| (forest.node(leaf), forest.value(leaf))));
        });
    }
    found
}

proptest! {
    #[test]
    fn all_kernels_find_the_leaves_of_the_plain_loop(
        splits in prop::collection::vec(prop_oneof![4 => splits(40), 1 => splits(400)], 1..20),
        data in data(),
    ) {
        let trees: Vec<Tree> = splits.iter().map(|splits| tree(splits)).collect();
        let expected = plain(&trees, &data);
        let forest = Forest::new(&trees);
        prop_assert_eq!(&by_blocks(&forest, &data), &expected);

        let mut by_row = RowForest::new(&trees);
        for row in 0..data.rows {
            let values: Vec<f32> = data.row(row).collect();
            let mut found = Vec::new();
            by_row.visit(&values, |value| found.push(value));
            prop_assert_eq!(found, expected.iter().map(|leaves| leaves[row].1).collect::<Vec<_>>());
        }
    }
}

#[test]
fn small_trees_are_masks_and_large_ones_are_walked() {
    let chain = vec![(true, 0, 1, false); 300];
    let bush = vec![(false, 1, 0, true); 1023];
    let small = vec![(false, 1, 0, true); 31];
    let forest = Forest::new(&[tree(&small), tree(&bush), tree(&chain), tree(&[])]);
    if !matches!(forest.arch, pulp::Arch::Scalar) {
        let masks: Vec<bool> = forest.shapes.iter().map(|shape| matches!(shape, Shape::Masks(_))).collect();
        assert_eq!(masks, [true, false, true, true]);
    }
}

#[test]
fn every_instruction_set_finds_the_same_leaves() {
    let trees: Vec<Tree> = (0..20_u32)
        .map(|seed| {
            let split =
                |node: u32| (node % 5 == 0, (seed + node) % 5, ((seed * 7 + node * 3) % 7) as i8 - 3, node % 2 == 0);
            tree(&(0..20 + 3 * seed).map(split).collect::<Vec<_>>())
        })
        .collect();
    let column = |feature: usize| {
        (0..150)
            .map(move |row| if (row + feature) % 7 == 0 { f32::NAN } else { ((row * (feature + 3)) % 13) as f32 - 6.0 })
    };
    let columns = (0..FEATURES).map(|feature| column(feature).collect()).collect();
    let data = Dataset { columns, rows: 150, ..Dataset::default() };
    let expected = plain(&trees, &data);
    let mut forest = Forest::new(&trees);
    assert_eq!(by_blocks(&forest, &data), expected);
    forest.arch = pulp::Arch::Scalar;
    assert_eq!(by_blocks(&forest, &data), expected);
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        forest.arch = pulp::Arch::V3(avx2);
        assert_eq!(by_blocks(&forest, &data), expected);
    }
}
