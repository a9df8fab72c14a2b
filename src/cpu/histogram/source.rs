//! What a group of features is summed from, and the loops over a chunk's rows.

use super::sum::BinSum;
use super::{CODES, Summed, Task};
use crate::binning::blocks::RowBlock;
use crate::binning::codes::Codes;
use crate::binning::joint::JointBlock;
use crate::binning::lists::{ListedFeature, Reading, RowLists, of_column};
use crate::cpu::chunk::RowChunk;
use crate::cpu::prefetch::{prefetch, prefetch_far, read_lines};
use crate::fixed::quantiser::QuantisedPair;
use std::borrow::Cow;
use std::ops::Range;

/// So many rows before its turn a row of a smaller block is asked for.
const AHEAD: usize = 12;

/// And so many before a row of a larger one: about the time that memory takes.
const FAR_AHEAD: usize = 24;

/// A block of more bytes than this comes from memory: every level reads it all, and other data
/// between.
const FAR: usize = 8 << 20;

/// A chunk is read once from end to end before so many nodes are summed: the rows of fewer lie
/// close enough together to be fetched well as they are.
const WARM_NODES: usize = 3;

/// And only if one of so many of its rows is summed: otherwise it is faster to fetch these alone.
const WARM_ROWS: usize = 16;

/// Codes of a row that are loaded at once.
const WORD: usize = size_of::<u32>();

/// The codes that a group of features is summed from.
#[derive(Debug)]
pub(super) enum Source<'a> {
    /// All features of a row block, in fewer columns where that pays.
    Block(&'a RowBlock, Option<&'a JointBlock>),
    /// Those at some positions of a row block.
    Positions(&'a RowBlock, Vec<usize>),
    /// Lists, of which the features at some positions are wanted.
    Lists(&'a RowLists, Vec<usize>),
    /// Columns, and where in the group their sums are.
    Columns(Vec<(Range<usize>, Codes<'a>)>),
}

impl<'a> Source<'a> {
    /// One a group of [`Histograms`]; none for groups that the tree has no feature of.
    pub fn all(task: &Task<'a>) -> Vec<Option<Self>> {
        let matrix = task.matrix;
        let drawn = |feature: u32| task.features.binary_search(&feature).is_ok();
        let blocks = matrix.blocks.iter().zip(&matrix.joints).map(|(block, joint)| {
            let positions: Vec<usize> =
                (0..block.features.len()).filter(|&position| drawn(block.features[position])).collect();
            match positions.len() {
                0 => None,
                all if all == block.features.len() => Some(Self::Block(block, joint.as_ref())),
                _ => Some(Self::Positions(block, positions)),
            }
        });
        let lists = matrix.lists.iter().map(|lists| match lists.reading(task.features) {
            Reading::Nothing => None,
            Reading::Lists(positions) => Some(Self::Lists(lists, positions)),
            Reading::Columns(positions) => {
                let column = |listed: &ListedFeature| (listed.sums.clone(), matrix.codes(listed.feature as usize));
                Some(Self::Columns(positions.iter().map(|&position| column(&lists.features[position])).collect()))
            }
        });
        let columns = matrix.by_column.iter().map(|&feature| {
            let sums = 0..matrix.cuts[feature as usize].codes();
            drawn(feature).then(|| Self::Columns(vec![(sums, matrix.codes(feature as usize))]))
        });
        blocks.chain(lists).chain(columns).collect()
    }

    /// Where in the group the sums of the wanted features are, if `used` says so of all its
    /// features.
    pub fn wanted<'u>(&self, used: &'u [Range<usize>]) -> Cow<'u, [Range<usize>]> {
        match self {
            Self::Block(..) => Cow::Borrowed(used),
            Self::Positions(_, positions) | Self::Lists(_, positions) => {
                Cow::Owned(positions.iter().map(|&position| used[position].clone()).collect())
            }
            Self::Columns(columns) => Cow::Owned(columns.iter().map(|(sums, _)| sums.clone()).collect()),
        }
    }

    /// How many additions a row takes.
    pub fn additions(&self) -> usize {
        match self {
            Self::Block(block, _) => block.features.len(),
            Self::Positions(_, positions) => positions.len(),
            Self::Lists(lists, _) => lists.entries.len().div_ceil(lists.starts.len()),
            Self::Columns(columns) => columns.len(),
        }
    }

    /// The columns that a node of so many rows is summed from, if not from the features themselves.
    pub fn joint(&self, rows: usize) -> Option<&'a JointBlock> {
        match self {
            Self::Block(_, joint) => joint.filter(|joint| joint.pays(rows)),
            Self::Positions(..) | Self::Lists(..) | Self::Columns(_) => None,
        }
    }

    /// Reads a chunk's codes and pairs once in the order of memory, if that pays, so that they are
    /// fetched at full speed and found in the cache when they are gathered node by node.
    pub fn warm(&self, chunk: &RowChunk, nodes: &[Summed<'_>], quantised: &[QuantisedPair]) {
        let rows = nodes.iter().map(|summed| chunk.ranges[summed.node].len());
        if nodes.len() < WARM_NODES || WARM_ROWS * rows.sum::<usize>() < chunk.rows() {
            return;
        }
        match self {
            Self::Block(block, _) => {
                let joint = nodes.iter().all(|summed| summed.joint.is_some());
                let block = nodes[0].joint.filter(|_| joint).map_or(*block, |joint| &joint.block);
                let width = block.features.len();
                read_lines(&block.codes[chunk.first_row * width..][..chunk.rows() * width]);
            }
            Self::Lists(lists, _) => {
                let starts = &lists.starts[chunk.first_row..=chunk.first_row + chunk.rows()];
                read_lines(starts);
                read_lines(&lists.entries[starts[0] as usize..starts[chunk.rows()] as usize]);
            }
            Self::Positions(..) | Self::Columns(_) => return,
        }
        read_lines(&quantised[chunk.first_row..][..chunk.rows()]);
    }

    /// Adds a chunk's rows of a node to the node's sums, or to its joint sums where they stand.
    pub fn sum<S: BinSum>(&self, chunk: &RowChunk, summed: Summed<'_>, quantised: &[QuantisedPair], sums: &mut [S]) {
        let rows = chunk.node_rows(summed.node);
        let quantised = &quantised[chunk.first_row..][..chunk.rows()];
        match self {
            // A code is a byte and a feature has more sums than a byte has values, so nothing is
            // checked in the inner loop.
            Self::Block(block, _) => {
                let block = summed.joint.map_or(*block, |joint| &joint.block);
                let (sums, _) = sums[..CODES * block.features.len()].as_chunks_mut::<CODES>();
                let (words, rest) = sums.split_at_mut(sums.len() / WORD * WORD);
                let (words, _) = words.as_chunks_mut::<WORD>();
                each_row(rows, block, chunk, quantised, |codes, pair| {
                    // A processor that reads a code and a sum and writes the sum in every cycle has
                    // no room for more, so four codes are read as one.
                    let (code_words, code_rest) = codes.as_chunks::<WORD>();
                    for (sums, codes) in words.iter_mut().zip(code_words) {
                        let codes = u32::from_le_bytes(*codes);
                        for (place, sums) in sums.iter_mut().enumerate() {
                            sums[usize::from((codes >> (8 * place)) as u8)].add(pair);
                        }
                    }
                    rest.iter_mut().zip(code_rest).for_each(|(sums, &code)| sums[usize::from(code)].add(pair));
                });
            }
            Self::Positions(block, positions) => {
                let (sums, _) = sums.as_chunks_mut::<CODES>();
                each_row(rows, block, chunk, quantised, |codes, pair| {
                    positions.iter().for_each(|&at| sums[at][usize::from(codes[at])].add(pair));
                });
            }
            Self::Lists(lists, _) => {
                each_list(rows, lists, chunk, quantised, |entries, pair| {
                    entries.iter().for_each(|&entry| sums[usize::from(entry)].add(pair));
                });
            }
            Self::Columns(columns) => {
                for (place, codes) in columns {
                    let sums = &mut sums[place.clone()];
                    of_column!(*codes, codes => {
                        let codes = &codes[chunk.first_row..][..chunk.rows()];
                        for row in rows.iter().map(|&row| usize::from(row)) {
                            sums[usize::from(codes[row])].add(quantised[row]);
                        }
                    });
                }
            }
        }
    }
}

/// THE hot loop: hands every row's codes of the block and its pair to `add`.
#[inline]
fn each_row(
    rows: &[u16],
    block: &RowBlock,
    chunk: &RowChunk,
    quantised: &[QuantisedPair],
    mut add: impl FnMut(&[u8], QuantisedPair),
) {
    let width = block.features.len();
    let codes = &block.codes[chunk.first_row * width..][..chunk.rows() * width];
    if block.codes.len() > FAR {
        gather(
            rows,
            FAR_AHEAD,
            |row| {
                prefetch_far(codes, row * width);
                prefetch_far(quantised, row);
            },
            |row| add(&codes[row * width..][..width], quantised[row]),
        );
    } else if rows.len() == chunk.rows() {
        // Each of them, in order, since partitions keep it: as they lie in memory.
        codes.chunks_exact(width).zip(quantised).for_each(|(codes, &pair)| add(codes, pair));
    } else {
        gather(
            rows,
            AHEAD,
            |row| {
                prefetch(codes, row * width);
                prefetch(quantised, row);
            },
            |row| add(&codes[row * width..][..width], quantised[row]),
        );
    }
}

/// Does `work` for every row, and `ask` `ahead` rows before.
#[inline(always)]
fn gather(rows: &[u16], ahead: usize, ask: impl Fn(usize), mut work: impl FnMut(usize)) {
    for (index, &row) in rows.iter().enumerate() {
        if let Some(&ahead) = rows.get(index + ahead) {
            ask(usize::from(ahead));
        }
        work(usize::from(row));
    }
}

/// The same of lists: hands every row's entries of the block and its pair to `add`.
#[inline]
fn each_list(
    rows: &[u16],
    lists: &RowLists,
    chunk: &RowChunk,
    quantised: &[QuantisedPair],
    mut add: impl FnMut(&[u16], QuantisedPair),
) {
    /// Entries of a cache line.
    const LINE: usize = 32;
    let starts = &lists.starts[chunk.first_row..=chunk.first_row + chunk.rows()];
    for (index, &row) in rows.iter().enumerate() {
        // A list can only be asked for when its start is there, which is asked for first.
        if let Some(&ahead) = rows.get(index + 2 * AHEAD) {
            prefetch(starts, usize::from(ahead));
            prefetch(quantised, usize::from(ahead));
        }
        if let Some(&ahead) = rows.get(index + AHEAD) {
            let start = starts[usize::from(ahead)] as usize;
            prefetch(&lists.entries, start);
            prefetch(&lists.entries, start + LINE);
        }
        let row = usize::from(row);
        add(&lists.entries[starts[row] as usize..starts[row + 1] as usize], quantised[row]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::buffer::Buffer;

    #[test]
    fn every_row_of_a_node_comes_once_and_in_order_from_blocks_of_any_size() {
        const WIDTH: usize = 3;
        for rows in [1000, FAR / WIDTH + 1000] {
            let mut codes = Buffer::zeroed(rows * WIDTH);
            codes.iter_mut().enumerate().for_each(|(index, code)| *code = (index % 251) as u8);
            let block = RowBlock { features: vec![0, 1, 2], codes };
            let first_row = rows - 500;
            for step in [1, 3, 499] {
                let order: Vec<u16> = (0..500).collect();
                let wanted: Vec<u16> = order.iter().copied().step_by(step).collect();
                let chunk = RowChunk { first_row, order, drawn: 500, ..RowChunk::default() };
                let pairs: Vec<QuantisedPair> = (0..500).map(QuantisedPair).collect();
                let mut found = Vec::new();
                each_row(&wanted, &block, &chunk, &pairs, |codes, pair| found.push((codes.to_vec(), pair.0)));
                let naive = wanted.iter().map(|&row| {
                    let codes = |position| block.codes[(first_row + usize::from(row)) * WIDTH + position];
                    ((0..WIDTH).map(codes).collect(), u64::from(row))
                });
                assert_eq!(found, naive.collect::<Vec<(Vec<u8>, u64)>>(), "one of {step} of {rows} rows");
            }
        }
    }
}
