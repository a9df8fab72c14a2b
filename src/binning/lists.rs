//! Rows as lists: of features of which one code dominates (missing values, zeros, one-hot columns),
//! every row's other codes alone.
//!
//! All sums are exact integers, so the sums of a feature's frequent code are those of the node less
//! those of its other codes, and no row need be read for them.

use crate::binning::codes::Codes;
use crate::util::buffer::Buffer;
use rayon::prelude::*;
use std::ops::Range;

/// What a row's list costs whatever its length, in codes that are read from a row block: its start
/// and end, and that nobody can foresee the latter.
pub const LIST_COST: usize = 20;

/// What a code costs that is read by column, in the same unit; an entry of a list costs one.
pub const COLUMN_COST: usize = 2;

/// Which features are stored as lists. It changes what a training costs, and no result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListRule {
    /// The least share of rows, 0 to 1, that the most frequent code has of a feature of up to 256
    /// codes; above 1 none is listed.
    pub byte_share: f64,
    /// The same of features of more codes, which would be summed by column.
    pub word_share: f64,
    /// Codes of a row block that the lists of all such features must spare per row on average; if
    /// they spare fewer, none is made.
    pub spared: f64,
}

impl ListRule {
    /// The rule that stores no feature in sparse rows.
    pub const NEVER: Self = Self { byte_share: 2.0, word_share: 2.0, spared: 0.0 };
    /// Lists wherever they are possible.
    pub const ALWAYS: Self = Self { byte_share: 0.0, word_share: 0.0, spared: f64::NEG_INFINITY };
}

impl Default for ListRule {
    /// Where they save time and take no more memory than what they replace, or not much more where
    /// that is a column.
    fn default() -> Self {
        Self { byte_share: 0.5, word_share: 0.25, spared: LIST_COST as f64 }
    }
}

/// A feature of a block of lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFeature {
    /// Index of the feature in the data.
    pub feature: u32,
    /// Its code that is in no list.
    pub frequent: u16,
    /// The places of its codes' sums among those of the block.
    pub sums: Range<usize>,
}

/// A column of codes before it is listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeColumn<'m> {
    pub feature: u32,
    /// How many codes there are.
    pub count: usize,
    /// One code per row, below `count`; stored by column.
    pub codes: Codes<'m>,
}

/// Evaluates an expression for the codes of a column, whatever their width.
macro_rules! of_column {
    ($column:expr, $codes:ident => $value:expr) => {
        match $column {
            $crate::binning::codes::Codes::Bytes($codes) => $value,
            $crate::binning::codes::Codes::Words($codes) => $value,
            $crate::binning::codes::Codes::ByRow { .. } => unreachable!("codes that are read by column have one"),
        }
    };
}
pub(crate) use of_column;

/// The most frequent of `count` codes, and in how many rows it stands.
fn most_frequent<C: Copy + Into<usize>>(codes: &[C], count: usize) -> (u16, usize) {
    // Four counts in turn, since of one dominating code each would wait for the one before.
    let mut counts = vec![[0_usize; 4]; count];
    let (fours, rest) = codes.as_chunks::<4>();
    for four in fours {
        four.iter().enumerate().for_each(|(place, &code)| counts[code.into()][place] += 1);
    }
    rest.iter().for_each(|&code| counts[code.into()][0] += 1);
    let rows = counts.iter().map(|counts| counts.iter().sum());
    (0..).zip(rows).fold((0, 0), |best, next| if next.1 > best.1 { next } else { best })
}

/// Adds to the lengths of rows' lists what a feature has in them.
fn count_entries<C: Copy + Into<usize>>(codes: &[C], frequent: usize, lengths: &mut [u32]) {
    lengths.iter_mut().zip(codes).for_each(|(length, &code)| *length += u32::from(code.into() != frequent));
}

/// Rows' lists under way, each in a line of its own.
struct Lines {
    /// `RUN x width` indices of sums: one line of `width` per row.
    entries: Vec<u16>,
    /// One more than a list can have.
    width: usize,
    lengths: [usize; Self::RUN],
}

impl Lines {
    /// Rows: what is written to stays in the cache.
    const RUN: usize = 64;

    fn add<C: Copy + Into<usize>>(&mut self, codes: &[C], feature: &ListedFeature) {
        let lines = self.entries.chunks_exact_mut(self.width).zip(&mut self.lengths);
        for ((line, length), &code) in lines.zip(codes) {
            // What is none of the list is overwritten by what follows: which codes are nobody can
            // foresee.
            line[*length] = (feature.sums.start + code.into()) as u16;
            *length += usize::from(code.into() != usize::from(feature.frequent));
        }
    }

    /// Copies the rows' entries to `entries`, one row after the other, and empties the lines.
    fn move_to(&mut self, mut entries: &mut [u16]) {
        for (line, length) in self.entries.chunks_exact(self.width).zip(&mut self.lengths) {
            let (list, rest) = entries.split_at_mut(std::mem::take(length));
            list.copy_from_slice(&line[..list.len()]);
            entries = rest;
        }
    }
}

/// Some of the features, as lists: their histograms are summed in one pass over the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLists {
    /// The features, ascending; their sums follow each other.
    pub features: Vec<ListedFeature>,
    /// `rows + 1` positions in `entries`: where a row's list begins, and where the next one does.
    pub starts: Buffer<u32>,
    /// Every row's codes but the frequent ones, each as the place of its sum, ascending.
    pub entries: Buffer<u16>,
}

/// What the histograms of a block's features are summed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// None of them is wanted.
    Nothing,
    /// Its lists, for the features at these positions.
    Lists(Vec<usize>),
    /// The columns of the features at these positions: of so few that they cost less.
    Columns(Vec<usize>),
}

/// A column that a [`ListRule`] selects for sparse rows.
struct Candidate<'c> {
    column: CodeColumn<'c>,
    frequent: u16,
    entries: usize,
}

impl RowLists {
    /// The most features of a block, so that the lines of a run of rows stay in the second-level
    /// cache.
    const FEATURES: usize = 1024;

    /// The most entries per row that a block has on average: beyond them a list's own cost is
    /// small, and threads share out blocks.
    const ENTRIES: usize = 64;

    /// Returns the sparse rows of those columns that a rule selects, by block.
    pub(super) fn cover(columns: &[CodeColumn<'_>], rows: usize, rule: ListRule) -> Vec<Self> {
        if rows == 0 {
            return Vec::new();
        }
        let candidate = |&column: &CodeColumn<'_>| {
            let (frequent, spared) = of_column!(column.codes, codes => most_frequent(codes, column.count));
            let share = if matches!(column.codes, Codes::Bytes(_)) { rule.byte_share } else { rule.word_share };
            let asked = spared as f64 >= share * rows as f64 && column.count <= Self::SUMS;
            asked.then_some((frequent, rows - spared))
        };
        let found: Vec<_> = columns.par_iter().map(candidate).collect();
        let asked = columns.iter().zip(found).filter_map(|(&column, found)| {
            let (frequent, entries) = found?;
            Some(Candidate { column, frequent, entries })
        });
        let candidates: Vec<Candidate<'_>> = asked.collect();
        let spared = |candidate: &Candidate<'_>| match candidate.column.codes {
            Codes::Bytes(_) => rows - candidate.entries,
            _ => COLUMN_COST * rows - candidate.entries,
        };
        if (candidates.iter().map(spared).sum::<usize>() as f64) < rule.spared * rows as f64 {
            return Vec::new();
        }
        Self::groups(&candidates, rows).map(|candidates| Self::new(candidates, rows)).collect()
    }

    /// The most sums of a block, which an entry has room for; those of a node then stay in the
    /// second-level cache.
    const SUMS: usize = 1 << u16::BITS;

    /// Shares the columns out to blocks.
    fn groups<'c, 's>(candidates: &'s [Candidate<'c>], rows: usize) -> impl Iterator<Item = &'s [Candidate<'c>]> {
        // A list's start takes 32 bits; a column alone has fewer entries than that.
        let most = rows.saturating_mul(Self::ENTRIES).min(u32::MAX as usize);
        let mut rest = candidates;
        std::iter::from_fn(move || {
            let (mut sums, mut entries) = (0, 0);
            let fits = |candidate: &&Candidate<'_>| {
                sums += candidate.column.count;
                entries += candidate.entries;
                sums <= Self::SUMS && entries <= most
            };
            let count = rest.iter().take(Self::FEATURES).take_while(fits).count();
            let (group, others) = rest.split_at(count);
            rest = others;
            (count > 0).then_some(group)
        })
    }

    fn new(candidates: &[Candidate<'_>], rows: usize) -> Self {
        const RUN: usize = Lines::RUN;
        let mut sums = 0;
        let features: Vec<ListedFeature> = candidates
            .iter()
            .map(|Candidate { column, frequent, .. }| {
                let first = sums;
                sums += column.count;
                ListedFeature { feature: column.feature, frequent: *frequent, sums: first..sums }
            })
            .collect();
        let mut starts = Buffer::<u32>::zeroed(rows + 1);
        starts[1..].par_chunks_mut(RUN).enumerate().for_each(|(run, lengths)| {
            for Candidate { column, frequent, .. } in candidates {
                of_column!(column.codes, codes => count_entries(&codes[run * RUN..], usize::from(*frequent), lengths));
            }
        });
        starts.iter_mut().fold(0, |end, start| {
            *start += end;
            *start
        });
        let mut entries = Buffer::zeroed(starts[rows] as usize);
        let mut rest: &mut [u16] = &mut entries;
        let mut runs = Vec::with_capacity(rows.div_ceil(RUN));
        for first in (0..rows).step_by(RUN) {
            let length = starts[(first + RUN).min(rows)] - starts[first];
            let (run, others) = std::mem::take(&mut rest).split_at_mut(length as usize);
            runs.push((first, run));
            rest = others;
        }
        let width = features.len() + 1;
        runs.into_par_iter().for_each_init(
            || Lines { entries: vec![0; RUN * width], width, lengths: [0; RUN] },
            |lines, (first, entries)| {
                for (feature, candidate) in features.iter().zip(candidates) {
                    of_column!(candidate.column.codes, codes => lines.add(&codes[first..], feature));
                }
                lines.move_to(entries);
            },
        );
        Self { features, starts, entries }
    }

    /// Sums of the block: one for each code of its features.
    #[must_use]
    pub fn sums(&self) -> usize {
        self.features.last().map_or(0, |feature| feature.sums.end)
    }

    /// What histograms of some features are summed from; `features` are ascending.
    #[must_use]
    pub fn reading(&self, features: &[u32]) -> Reading {
        let drawn = |&position: &usize| features.binary_search(&self.features[position].feature).is_ok();
        let positions: Vec<usize> = (0..self.features.len()).filter(drawn).collect();
        let rows = self.starts.len() - 1;
        match positions.len() {
            0 => Reading::Nothing,
            // Lists are read whole: to ask every entry whether it is of a wanted feature would cost
            // more than to add it.
            count
                if count < self.features.len()
                    && self.entries.len() + LIST_COST * rows > COLUMN_COST * count * rows =>
            {
                Reading::Columns(positions)
            }
            _ => Reading::Lists(positions),
        }
    }

    /// Returns the number of entries of a row: its codes but the most frequent ones.
    #[inline]
    #[must_use]
    pub fn length(&self, row: usize) -> usize {
        (self.starts[row + 1] - self.starts[row]) as usize
    }
}
