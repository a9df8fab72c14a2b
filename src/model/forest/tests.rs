//! The kernels against the plain loop.

use super::row::RowForest;
use super::{BLOCK, Forest, Part, Parts, Shape, coded, split};
use crate::binning::BinnedMatrix;
use crate::binning::ladder::Ladder;
use crate::data::dataset::Dataset;
use crate::model::values::Values;
use crate::params::TreeMethod;
use crate::tree::{CategorySet, NONE, Node, Split, Tree};
use proptest::prelude::*;
use pulp::Arch;

const FEATURES: usize = 5;

/// A tree whose nodes split while `splits` says so, from coarse thresholds that values meet.
fn tree(splits: &[(bool, u32, i8, bool)]) -> Tree {
    let mut nodes = vec![Node::leaf(NONE, 0.5)];
    for &(deep, feature, threshold, default_left) in splits {
        // The last leaf makes chains, the first one bushes.
        let mut open = nodes.iter().enumerate().filter(|(_, node)| node.is_leaf());
        let Some((index, _)) = (if deep { open.next_back() } else { open.next() }) else { break };
        let left = nodes.len() as u32;
        let value = left as f32 * 0.37;
        nodes.extend([Node::leaf(index as i32, value), Node::leaf(index as i32, -value)]);
        let split = Split::Below(f32::from(threshold));
        nodes[index] = nodes[index].clone().divided(feature, split, [left, left + 1]);
        nodes[index].default_left = default_left;
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

/// The same by a forest that reads values, or codes of up to `most` thresholds if no tree has more.
fn by_blocks(trees: &[Tree], most: Option<usize>, data: &dyn Values, arch: Arch) -> Vec<Vec<(u32, f32)>> {
    let forest = Forest::with(trees, most.and_then(|most| split(trees, most)), data, arch);
    let mut found = vec![Vec::new(); trees.len()];
    let mut buffer = forest.buffer();
    for start in (0..data.rows()).step_by(BLOCK) {
        let rows = BLOCK.min(data.rows() - start);
        forest.visit(start, rows, &mut buffer, |tree, leaves| {
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
        most in 1_usize..8,
    ) {
        let trees: Vec<Tree> = splits.iter().map(|splits| tree(splits)).collect();
        let expected = plain(&trees, &data);
        // A bin for every value, so that no threshold lies within one.
        let matrix = BinnedMatrix::new(&data.columns, &data.names(), data.rows, TreeMethod::Exact, 256);
        let Ok(matrix) = matrix else { panic!("the columns have few values") };
        for data in [&data as &dyn Values, &matrix] {
            for most in [None, Some(most), Some(Ladder::MOST)] {
                prop_assert_eq!(&by_blocks(&trees, most, data, Arch::new()), &expected);
            }
        }

        let mut by_row = RowForest::new(&trees);
        for row in 0..data.rows {
            let values: Vec<f32> = data.row(row).collect();
            let expected: Vec<f32> = expected.iter().map(|leaves| leaves[row].1).collect();
            prop_assert_eq!(by_row.leaves(&values), expected);
        }
    }
}

/// Every third split is on categories: those of a few bits of its threshold.
fn with_categories(mut tree: Tree) -> Tree {
    for node in tree.nodes.iter_mut().step_by(3) {
        let (Some(&Split::Below(threshold)), Some(children)) = (node.split(), node.children()) else { continue };
        let bits = (threshold as i8 as u8).wrapping_mul(37);
        let categories: Vec<u32> = (0..8).filter(|bit| bits >> bit & 1 == 1).collect();
        let set = CategorySet::new(&categories).unwrap_or_default();
        *node = node.clone().divided(node.feature, Split::In(set), children.map(|child| child as u32));
    }
    tree
}

proptest! {
    #[test]
    fn splits_on_categories_find_the_leaves_of_the_plain_loop(
        splits in prop::collection::vec(prop_oneof![4 => splits(40), 1 => splits(400)], 1..8),
        data in data(),
    ) {
        let trees: Vec<Tree> = splits.iter().map(|splits| with_categories(tree(splits))).collect();
        let expected = plain(&trees, &data);
        let found = by_blocks(&trees, None, &data, Arch::new());
        prop_assert_eq!(&found, &expected);
        let mut by_row = RowForest::new(&trees);
        for row in 0..data.rows {
            let values: Vec<f32> = data.row(row).collect();
            let expected: Vec<f32> = expected.iter().map(|leaves| leaves[row].1).collect();
            prop_assert_eq!(by_row.leaves(&values), expected);
        }
        let has_categories = trees.iter().flat_map(|tree| &tree.nodes).any(|node| matches!(node.split(), Some(Split::In(_))));
        prop_assert!(!has_categories || coded(&trees).is_none());
    }
}

#[test]
fn small_trees_are_masks_and_large_ones_are_walked() {
    let chain = vec![(true, 0, 1, false); 300];
    let bush = vec![(false, 1, 0, true); 1023];
    let small = vec![(false, 1, 0, true); 31];
    let trees = [tree(&small), tree(&bush), tree(&chain), tree(&[])];
    fn masks<T>(part: &Part<T>) -> Vec<bool> {
        part.shapes.iter().map(|shape| matches!(shape, Shape::Masks(_))).collect()
    }
    let data = Dataset::default();
    for most in [None, Some(Ladder::MOST)] {
        let forest = Forest::with(&trees, most.and_then(|most| split(&trees, most)), &data, Arch::new());
        let masks = match &forest.parts {
            Parts::Values(part) => masks(part),
            Parts::Codes(parts) => parts.iter().flat_map(|(part, _)| masks(part)).collect(),
        };
        if !matches!(forest.arch, Arch::Scalar) {
            assert_eq!(masks, [true, false, true, true]);
        }
    }
}

#[test]
fn many_tests_of_few_columns_are_made_on_codes() {
    let trees: Vec<Tree> = (-3..4).map(|threshold| tree(&vec![(false, 2, threshold, true); 31])).collect();
    assert!(coded(&trees[..2]).is_none());
    let parts = coded(&trees).unwrap_or_default();
    assert_eq!(parts.iter().map(|(trees, _)| trees.len()).collect::<Vec<_>>(), [7]);
    assert_eq!(parts[0].1.steps, [[-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]]);
    let lengths =
        |most| split(&trees, most).map(|parts| parts.iter().map(|(trees, _)| trees.len()).collect::<Vec<_>>());
    assert_eq!(lengths(3), Some(vec![3, 3, 1]));
    let both = [tree(&[(false, 0, 1, true), (false, 0, 2, true)]), tree(&[])];
    assert!(split(&both, 1).is_none() && split(&both, 2).is_some());
}

#[test]
fn every_instruction_set_finds_the_same_leaves() {
    let trees: Vec<Tree> = (0..20_u32)
        .map(|seed| {
            let split = |node: u32| {
                (
                    node.is_multiple_of(5),
                    (seed + node) % 5,
                    ((seed * 7 + node * 3) % 7) as i8 - 3,
                    node.is_multiple_of(2),
                )
            };
            tree(&(0..20 + 3 * seed).map(split).collect::<Vec<_>>())
        })
        .collect();
    let column = |feature: usize| {
        (0_usize..150).map(move |row| {
            if (row + feature).is_multiple_of(7) { f32::NAN } else { ((row * (feature + 3)) % 13) as f32 - 6.0 }
        })
    };
    let columns = (0..FEATURES).map(|feature| column(feature).collect()).collect();
    let data = Dataset { columns, rows: 150, ..Dataset::default() };
    let expected = plain(&trees, &data);
    for most in [None, Some(Ladder::MOST)] {
        assert_eq!(by_blocks(&trees, most, &data, Arch::new()), expected);
        assert_eq!(by_blocks(&trees, most, &data, Arch::Scalar), expected);
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            assert_eq!(by_blocks(&trees, most, &data, Arch::V3(avx2)), expected);
        }
    }
}
