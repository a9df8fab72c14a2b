//! Kernel `add_leaves`: moves the training rows' margins by the values of their leaves
//! (`docs/exactness.md` 9).
//!
//! IN: the finished tree, the drawn rows' nodes, bins of the others. OUT: margins; the others'
//! order in their chunks. Deterministic: each row by itself.

use super::chunk::{RowChunk, slices_by_chunk};
use super::partition::divide;
use super::prefetch::read_lines;
use crate::binning::BinnedMatrix;
use crate::binning::rule::Rule;
use crate::fixed::margin::MarginFormat;
use crate::tree::grown::FinishedTree;
use crate::util::vector::vectorised;
use rayon::prelude::*;

/// Which of a row's margins a tree moves.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// Binary point and range of margins.
    pub format: MarginFormat,
    /// Outputs of the model: margins per row.
    pub classes: usize,
    /// Output that the tree is grown for, below `classes`.
    pub output: usize,
}

impl Slots {
    /// Moves one row's margin; `row` counts from the start of `margins`.
    #[inline]
    pub fn add(self, margins: &mut [i64], row: usize, step: i64) {
        let margin = &mut margins[row * self.classes + self.output];
        *margin = self.format.add(*margin, step);
    }
}

/// Adds the tree to the margins of all training rows.
pub fn run(
    matrix: &BinnedMatrix,
    finished: &FinishedTree,
    chunks: &mut [RowChunk],
    slots: Slots,
    margins: &mut [i64],
    parallel: bool,
) {
    let nodes = finished.tree.nodes.iter().enumerate();
    let splits: Vec<Option<(Rule<'_>, [usize; 2])>> = nodes
        .map(|(index, node)| {
            let children = node.children()?;
            Some((finished.rule(matrix, index), children))
        })
        .collect();
    let work = |(chunk, margins): (&mut RowChunk, &mut [i64])| {
        if let [step] = finished.steps[..]
            && slots.classes == 1
        {
            // A tree of one leaf moves all rows alike, drawn or not.
            let format = slots.format;
            vectorised(
                #[inline(always)]
                || margins.iter_mut().for_each(|margin| *margin = format.add(*margin, step)),
            );
            return;
        }
        read_lines(margins);
        for (node, &step) in finished.grown_steps.iter().enumerate() {
            if step != 0 {
                chunk.node_rows(node).iter().for_each(|&row| slots.add(margins, usize::from(row), step));
            }
        }
        // Those that were not drawn are divided as the others were.
        let mut ranges = vec![0..0; splits.len()];
        ranges[0] = chunk.drawn as u32..chunk.rows() as u32;
        for (node, split) in splits.iter().enumerate() {
            let range = ranges[node].clone();
            if let Some((rule, [left, right])) = split {
                let middle = divide(chunk, range.clone(), rule);
                (ranges[*left], ranges[*right]) = (range.start..middle, middle..range.end);
            } else {
                let rows = &chunk.order[range.start as usize..range.end as usize];
                rows.iter().for_each(|&row| slots.add(margins, usize::from(row), finished.steps[node]));
            }
        }
    };
    let slices = slices_by_chunk(chunks, margins, slots.classes);
    if parallel {
        chunks.par_iter_mut().zip(slices).for_each(work);
    } else {
        chunks.iter_mut().zip(slices).for_each(work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binning::rule::SplitTest;
    use crate::cpu::route;
    use crate::data::dataset::Dataset;

    use crate::params::TreeMethod;
    use crate::tree::{CategorySet, NONE, Node, Split, Tree};

    /// Two splits on categories, by bins of either width and by values, against the obvious loop.
    #[test]
    fn rows_follow_their_categories() {
        const ROWS: usize = 1000;
        let column = |factor: usize, categories: usize| -> Vec<f32> {
            let value = |row: usize| if row.is_multiple_of(11) { f32::NAN } else { (row * factor % categories) as f32 };
            (0..ROWS).map(value).collect()
        };
        let columns = vec![column(7, 300), column(3, 8)];
        let names = vec![String::new(); 2];
        let Ok(matrix) = BinnedMatrix::new(&columns, &names, ROWS, TreeMethod::Exact, 256) else {
            panic!("the columns have few values");
        };
        let wide: Vec<u32> = (0..300).filter(|category| category % 3 == 1).collect();
        let sets = [wide, vec![0, 2, 7]];
        let split = |feature: usize| Split::In(CategorySet::new(&sets[feature]).unwrap_or_default());
        for default_left in [false, true] {
            let mut nodes = vec![
                Node::leaf(NONE, 0.0).divided(0, split(0), [1, 2]),
                Node::leaf(0, 0.0).divided(1, split(1), [3, 4]),
                Node::leaf(0, 0.0),
                Node::leaf(1, 0.0),
                Node::leaf(1, 0.0),
            ];
            nodes[0].default_left = default_left;
            let test = |node: &Node| match node.split() {
                Some(split) => split.by_code(&matrix.cuts[node.feature as usize]),
                None => SplitTest::Below(0),
            };
            let tests = nodes.iter().map(test).collect();
            let steps = vec![0, 0, 20, 30, 40];
            let finished = FinishedTree { tests, steps, grown_steps: vec![0], tree: Tree { nodes } };

            let format = MarginFormat::LOG_ODDS;
            let slots = Slots { format, classes: 1, output: 0 };
            let mut chunks = RowChunk::cover(ROWS, 300);
            for chunk in &mut chunks {
                chunk.order = (0..chunk.rows() as u16).collect();
            }
            let (mut by_bin, mut by_value) = (vec![0; ROWS], vec![0; ROWS]);
            run(&matrix, &finished, &mut chunks, slots, &mut by_bin, false);
            let data = Dataset { columns: columns.clone(), rows: ROWS, ..Dataset::default() };
            route::run(&data, &finished, slots, &mut by_value, false);

            let goes_right = |feature: usize, row: usize, default_left: bool| match columns[feature][row] {
                value if value.is_nan() => !default_left,
                value => sets[feature].contains(&(value as u32)),
            };
            let expected: Vec<i64> = (0..ROWS)
                .map(|row| match (goes_right(0, row, default_left), goes_right(1, row, false)) {
                    (true, _) => 20,
                    (false, false) => 30,
                    (false, true) => 40,
                })
                .collect();
            assert_eq!(by_bin, expected);
            assert_eq!(by_value, expected);
        }
    }
}
