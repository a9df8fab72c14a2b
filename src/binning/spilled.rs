//! Bins of values that are on disk, in two passes over the temporary file: column by column for the cuts, a few at a time; then
//! block by block for the codes. The same cuts and codes as of values in memory.

use super::BinnedMatrix;
use super::cuts::{FeatureCuts, Scratch};
use super::matrix::{BinColumn, RowBlock};
use crate::error::Result;
use crate::ingest::Spilled;
use crate::params::Params;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

impl BinnedMatrix {
    /// Bins spilled values as [`BinnedMatrix::of`] bins those in memory. `names` are those of the features, for messages.
    ///
    /// # Errors
    /// As [`BinnedMatrix::new`]; if the temporary file cannot be read.
    pub fn of_spilled(spilled: &Spilled, names: &[String], params: &Params) -> Result<Self> {
        let cuts = learn(spilled, names, params)?;
        let rows = spilled.rows();
        let mut columns: Vec<BinColumn> = cuts
            .iter()
            .map(|cuts| match cuts.codes() <= 256 {
                true => BinColumn::Bytes(vec![0; rows]),
                false => BinColumn::Words(vec![0; rows]),
            })
            .collect();
        let bytes: Vec<u32> = (0..).zip(&cuts).filter(|(_, cuts)| cuts.codes() <= 256).map(|(at, _)| at).collect();
        let mut blocks: Vec<RowBlock> = RowBlock::groups(&bytes)
            .map(|features| RowBlock { features: features.to_vec(), codes: vec![0; rows * features.len()] })
            .collect();
        let parts = parts(spilled, &mut columns, &mut blocks);
        parts.into_par_iter().try_for_each_init(Vec::new, |values, part| part.fill(spilled, &cuts, values))?;
        Ok(Self { rows, cuts, columns, blocks, method: params.tree_method, max_bin: params.max_bin })
    }
}

/// The cuts of all features.
fn learn(spilled: &Spilled, names: &[String], params: &Params) -> Result<Vec<FeatureCuts>> {
    let (rows, features) = (spilled.rows(), spilled.features());
    // Values to sort take several times the memory of codes: no more at a time than the codes of all features will take.
    let workers = rayon::current_num_threads().min(1 + features / Scratch::BYTES_A_ROW);
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::with_capacity(features));
    (0..workers).into_par_iter().with_max_len(1).for_each(|_| {
        let (mut scratch, mut values) = (Scratch::default(), Vec::new());
        loop {
            let feature = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = names.get(feature) else { return };
            let mut learn = || -> Result<FeatureCuts> {
                scratch.clear();
                scratch.reserve(rows);
                for rows in spilled.blocks() {
                    spilled.read(rows, feature, &mut values)?;
                    scratch.add(&values);
                }
                FeatureCuts::learn_from(&mut scratch, params.tree_method, params.max_bin)
                    .map_err(|error| error.context(&format!("feature {name}")))
            };
            let learned = learn();
            found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((feature, learned));
        }
    });
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    // The error of the first feature that has one, whichever was done first.
    found.sort_by_key(|&(feature, _)| feature);
    found.into_iter().map(|(_, cuts)| cuts).collect()
}

/// A block of rows, and where the codes go.
struct Part<'m> {
    rows: Range<usize>,
    columns: Vec<Codes<'m>>,
    /// A row block each: its features, and the codes of these rows.
    blocks: Vec<(&'m [u32], &'m mut [u8])>,
}

enum Codes<'m> {
    Bytes(&'m mut [u8]),
    Words(&'m mut [u16]),
}

fn parts<'m>(spilled: &Spilled, columns: &'m mut [BinColumn], blocks: &'m mut [RowBlock]) -> Vec<Part<'m>> {
    let length = spilled.block_rows();
    let mut parts: Vec<Part<'m>> =
        spilled.blocks().map(|rows| Part { rows, columns: Vec::new(), blocks: Vec::new() }).collect();
    for column in columns {
        match column {
            BinColumn::Bytes(codes) => parts
                .iter_mut()
                .zip(codes.chunks_mut(length))
                .for_each(|(part, codes)| part.columns.push(Codes::Bytes(codes))),
            BinColumn::Words(codes) => parts
                .iter_mut()
                .zip(codes.chunks_mut(length))
                .for_each(|(part, codes)| part.columns.push(Codes::Words(codes))),
        }
    }
    for RowBlock { features, codes } in blocks {
        let width = features.len();
        for (part, codes) in parts.iter_mut().zip(codes.chunks_mut(length * width)) {
            part.blocks.push((features, codes));
        }
    }
    parts
}

impl Part<'_> {
    /// Reads the values of the rows and bins them.
    fn fill(self, spilled: &Spilled, cuts: &[FeatureCuts], values: &mut Vec<f32>) -> Result<()> {
        let Self { rows, mut columns, blocks } = self;
        for ((feature, codes), cuts) in columns.iter_mut().enumerate().zip(cuts) {
            spilled.read(rows.clone(), feature, values)?;
            match codes {
                Codes::Bytes(codes) => codes.copy_from_slice(&cuts.byte_codes(values)),
                Codes::Words(codes) => {
                    codes.iter_mut().zip(&*values).for_each(|(code, &value)| *code = cuts.code(value) as u16);
                }
            }
        }
        for (features, by_row) in blocks {
            for (position, &feature) in features.iter().enumerate() {
                let Codes::Bytes(codes) = &columns[feature as usize] else { continue };
                let places = by_row[position..].iter_mut().step_by(features.len());
                places.zip(codes.iter()).for_each(|(place, &code)| *place = code);
            }
        }
        Ok(())
    }
}
