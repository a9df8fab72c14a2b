//! The binned training rows, row-major so that one row's bins share cache lines.

use super::cuts::FeatureCuts;
use crate::error::{Error, Result};
use crate::ingest::Rows;
use crate::params::{Params, TreeMethod};
use rayon::prelude::*;

/// The type of a stored bin: `u8`, or `u16` for features of more than 256 codes.
pub trait BinCode: Copy + Default + Send + Sync + 'static {
    /// From a code that is known to fit.
    fn from_code(code: usize) -> Self;
    /// As an index.
    fn index(self) -> usize;
}

impl BinCode for u8 {
    fn from_code(code: usize) -> Self {
        code as Self
    }
    #[inline]
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl BinCode for u16 {
    fn from_code(code: usize) -> Self {
        code as Self
    }
    #[inline]
    fn index(self) -> usize {
        usize::from(self)
    }
}

/// Features whose bins have one width, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BinBlock<T> {
    /// The features of the block, ascending; a row's bins stand in this order.
    pub features: Vec<u32>,
    /// `rows x features.len()` codes.
    pub codes: Vec<T>,
}

impl<T: BinCode> BinBlock<T> {
    fn new(features: Vec<u32>, columns: &[Vec<f32>], cuts: &[FeatureCuts], rows: usize) -> Self {
        /// Rows a task: columns are read in runs of this length, so that the written block stays in cache.
        const RUN: usize = 1024;
        let width = features.len();
        let mut codes = vec![T::default(); rows * width];
        if width > 0 {
            codes.par_chunks_mut(RUN * width).enumerate().for_each(|(run, block)| {
                for (position, &feature) in features.iter().enumerate() {
                    let column = &columns[feature as usize][run * RUN..];
                    let cuts = &cuts[feature as usize];
                    for (row, &value) in block.chunks_exact_mut(width).zip(column) {
                        row[position] = T::from_code(cuts.code(value));
                    }
                }
            });
        }
        Self { features, codes }
    }

    /// The codes of one row in the order of [`BinBlock::features`].
    #[inline]
    #[must_use]
    pub fn row(&self, row: usize) -> &[T] {
        let width = self.features.len();
        &self.codes[row * width..(row + 1) * width]
    }
}

/// Where a feature's bins are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Position in the block of `u8` codes.
    Byte(usize),
    /// Position in the block of `u16` codes.
    Word(usize),
}

/// The binned training rows of all features.
#[derive(Clone, Debug, PartialEq)]
pub struct BinnedMatrix {
    /// Number of rows.
    pub rows: usize,
    /// Bins of every feature.
    pub cuts: Vec<FeatureCuts>,
    /// Features of up to 256 codes.
    pub bytes: BinBlock<u8>,
    /// The other features.
    pub words: BinBlock<u16>,
    /// Where each feature is stored.
    pub places: Vec<Place>,
    /// The tree method that the bins were made for.
    pub method: TreeMethod,
    /// The most bins a feature that were allowed (hist).
    pub max_bin: usize,
}

impl BinnedMatrix {
    /// Bins the rows of a table as the parameters' `tree_method` and `max_bin` ask; cuts are learned on these rows alone.
    ///
    /// # Errors
    /// As [`BinnedMatrix::new`].
    pub fn of(rows: Rows<'_>, params: &Params) -> Result<Self> {
        let names = rows.data.names();
        let new = |columns: &[Vec<f32>]| Self::new(columns, &names, rows.len(), params.tree_method, params.max_bin);
        match rows.chosen {
            None => new(&rows.data.columns),
            Some(_) => {
                new(&rows.data.columns.par_iter().map(|column| rows.of(column).into_owned()).collect::<Vec<_>>())
            }
        }
    }

    /// Refuses a matrix that is not that of a training on `rows x features` with these parameters.
    ///
    /// # Errors
    /// Names the difference.
    pub fn check(&self, rows: usize, features: usize, params: &Params) -> Result<()> {
        if (self.rows, self.features()) != (rows, features) {
            let (binned_rows, binned_features) = (self.rows, self.features());
            return Err(Error::data(format!(
                "the binned matrix has {binned_rows} rows and {binned_features} features, the train data {rows} and {features}"
            ))
            .remedy("bin the rows that are trained on"));
        }
        let differs = |name: &str| {
            Err(Error::parameter(format!("the matrix was binned with another {name}"))
                .remedy("bin the rows with the parameters that train"))
        };
        if self.method != params.tree_method {
            return differs("tree_method");
        }
        if self.method == TreeMethod::Hist && self.max_bin != params.max_bin {
            return differs("max_bin");
        }
        Ok(())
    }

    /// Learns the cuts of all columns and bins them, in parallel on rayon's current pool.
    ///
    /// # Errors
    /// `exact` with a feature of too many distinct values; the error names the feature by `names`.
    pub fn new(
        columns: &[Vec<f32>],
        names: &[String],
        rows: usize,
        method: TreeMethod,
        max_bin: usize,
    ) -> Result<Self> {
        let cuts: Vec<FeatureCuts> = columns
            .par_iter()
            .zip(names)
            .map(|(column, name)| {
                FeatureCuts::learn(column, method, max_bin).map_err(|error| error.context(&format!("feature {name}")))
            })
            .collect::<Result<_>>()?;
        let (mut bytes, mut words) = (Vec::new(), Vec::new());
        let places = cuts
            .iter()
            .enumerate()
            .map(|(feature, cuts)| {
                if cuts.codes() <= 256 {
                    bytes.push(feature as u32);
                    Place::Byte(bytes.len() - 1)
                } else {
                    words.push(feature as u32);
                    Place::Word(words.len() - 1)
                }
            })
            .collect();
        Ok(Self {
            rows,
            bytes: BinBlock::new(bytes, columns, &cuts, rows),
            words: BinBlock::new(words, columns, &cuts, rows),
            cuts,
            places,
            method,
            max_bin,
        })
    }

    /// Number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.cuts.len()
    }

    /// The code of one row and feature.
    #[inline]
    #[must_use]
    pub fn code(&self, row: usize, feature: usize) -> usize {
        match self.places[feature] {
            Place::Byte(position) => self.bytes.codes[row * self.bytes.features.len() + position].index(),
            Place::Word(position) => self.words.codes[row * self.words.features.len() + position].index(),
        }
    }
}
