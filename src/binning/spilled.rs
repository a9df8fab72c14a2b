//! Bins of values that are on disk, in two passes over the temporary file: column by column for the
//! cuts, a few at a time; then block by block for the codes. The same cuts and codes as of values
//! in memory.

use super::BinnedMatrix;
use super::cuts::FeatureCuts;
use super::order::Scratch;
use crate::binning::blocks::RowBlock;
use crate::binning::codes::BinColumn;
use crate::error::Result;
use crate::ingest::Spilled;
use crate::params::Params;
use crate::util::buffer::Buffer;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

impl BinnedMatrix {
    /// Bins spilled values as [`BinnedMatrix::of`] bins those in memory, but stores them by row
    /// alone: a byte per row and feature (two for features of more than 256 codes). `names` are
    /// those of the features, for messages.
    ///
    /// # Errors
    /// As [`BinnedMatrix::new`]; if the temporary file cannot be read.
    pub fn of_spilled(spilled: &Spilled, names: &[String], params: &Params) -> Result<Self> {
        let cuts = learn(spilled, names, params)?;
        let rows = spilled.rows();
        let is_byte = |cuts: &FeatureCuts| cuts.codes() <= 256;
        let column = |cuts| if is_byte(cuts) { BinColumn::ByRow } else { BinColumn::Words(vec![0; rows]) };
        let mut columns: Vec<BinColumn> = cuts.iter().map(column).collect();
        let bytes: Vec<u32> = (0..).zip(&cuts).filter(|(_, cuts)| is_byte(cuts)).map(|(feature, _)| feature).collect();
        let block =
            |features: &[u32]| RowBlock { features: features.to_vec(), codes: Buffer::zeroed(rows * features.len()) };
        let mut blocks: Vec<RowBlock> = RowBlock::groups(&bytes).map(block).collect();
        let parts = Part::all(spilled, &mut columns, &mut blocks);
        parts.into_par_iter().try_for_each_init(Vec::new, |values, part| part.fill(spilled, &cuts, values))?;
        let joints = vec![None; blocks.len()];
        let by_column = (0..).zip(&cuts).filter(|(_, cuts)| !is_byte(cuts)).map(|(feature, _)| feature).collect();
        Ok(Self {
            rows,
            cuts,
            columns,
            blocks,
            joints,
            lists: Vec::new(),
            by_column,
            method: params.tree_method,
            max_bin: params.max_bin,
        })
    }
}

/// The cuts of all features.
fn learn(spilled: &Spilled, names: &[String], params: &Params) -> Result<Vec<FeatureCuts>> {
    let (rows, features) = (spilled.rows(), spilled.features());
    // Values to sort take several times the memory of codes: no more at a time than the codes of
    // all features will take.
    let workers = rayon::current_num_threads().min(1 + features / Scratch::BYTES_A_ROW);
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::with_capacity(features));
    (0..workers).into_par_iter().with_max_len(1).for_each(|_| {
        let (mut scratch, mut values) = (Scratch::default(), Vec::new());
        let mut learn = |feature: usize, name: &String| -> Result<FeatureCuts> {
            scratch.clear();
            scratch.reserve(rows);
            for rows in spilled.blocks() {
                spilled.read(rows, feature, &mut values)?;
                scratch.add(&values);
            }
            FeatureCuts::learn_from(&mut scratch, params.tree_method, params.max_bin)
                .map_err(|error| error.context(&format!("feature {name}")))
        };
        loop {
            let feature = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = names.get(feature) else { return };
            let learned = learn(feature, name);
            found.lock().unwrap_or_else(PoisonError::into_inner).push((feature, learned));
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The error of the first feature that has one, whichever was done first.
    found.sort_by_key(|&(feature, _)| feature);
    found.into_iter().map(|(_, cuts)| cuts).collect()
}

/// A block of rows, and where its codes go.
struct Part<'m> {
    rows: Range<usize>,
    /// Features of more than 256 codes.
    words: Vec<(usize, &'m mut [u16])>,
    /// The others, one entry per row block: its features, and the codes of these rows.
    blocks: Vec<(&'m [u32], &'m mut [u8])>,
}

impl<'m> Part<'m> {
    fn all(spilled: &Spilled, columns: &'m mut [BinColumn], blocks: &'m mut [RowBlock]) -> Vec<Self> {
        let length = spilled.block_rows();
        let part = |rows| Self { rows, words: Vec::new(), blocks: Vec::new() };
        let mut parts: Vec<Self> = spilled.blocks().map(part).collect();
        for (feature, column) in columns.iter_mut().enumerate() {
            if let BinColumn::Words(codes) = column {
                let pieces = parts.iter_mut().zip(codes.chunks_mut(length));
                pieces.for_each(|(part, codes)| part.words.push((feature, codes)));
            }
        }
        for RowBlock { features, codes } in blocks {
            let pieces = parts.iter_mut().zip(codes.chunks_mut(length * features.len()));
            pieces.for_each(|(part, codes)| part.blocks.push((features, codes)));
        }
        parts
    }

    /// Reads the values of the rows and bins them.
    fn fill(self, spilled: &Spilled, cuts: &[FeatureCuts], values: &mut Vec<f32>) -> Result<()> {
        let Self { rows, words, blocks } = self;
        for (feature, codes) in words {
            spilled.read(rows.clone(), feature, values)?;
            let cuts = &cuts[feature];
            codes.iter_mut().zip(&*values).for_each(|(code, &value)| *code = cuts.code(value) as u16);
        }
        for (features, by_row) in blocks {
            for (position, &feature) in features.iter().enumerate() {
                spilled.read(rows.clone(), feature as usize, values)?;
                let codes = cuts[feature as usize].byte_codes(values);
                let places = by_row[position..].iter_mut().step_by(features.len());
                places.zip(codes).for_each(|(place, code)| *place = code);
            }
        }
        Ok(())
    }
}
