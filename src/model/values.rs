//! Where the prediction of batches gets its values from: a table, or bins that stand for values.

use crate::binning::BinnedMatrix;
use crate::binning::codes::Codes;
use crate::binning::ladder::Ladder;
use crate::data::dataset::Dataset;

/// Feature values, handed out a few rows at a time.
pub(super) trait Values: Sync {
    /// Returns the number of rows.
    fn rows(&self) -> usize;

    /// Copies the values of a feature from the row `start` on; NaN is missing, and so is a feature
    /// that there is not.
    fn copy(&self, feature: usize, start: usize, to: &mut [f32]);

    /// How values of a feature become the number of steps up to them, and `missing` where they are
    /// missing.
    fn coder(&self, feature: usize, steps: &[f32], missing: u8) -> Coder;

    /// The codes of a feature from the row `start` on, by the coder that was made for it.
    fn code(&self, feature: usize, coder: &Coder, start: usize, to: &mut [u8]);
}

/// How values become codes.
pub(super) enum Coder {
    /// Counts, by lookup, the thresholds that a value reaches.
    Values(Box<Ladder>),
    /// By their bins, the missing one behind the others.
    Bins(Vec<u8>),
    /// Gives every row this code: the data does not have the feature.
    Missing(u8),
}

impl Values for Dataset {
    fn rows(&self) -> usize {
        self.rows
    }

    fn copy(&self, feature: usize, start: usize, to: &mut [f32]) {
        match self.columns.get(feature) {
            Some(column) => to.copy_from_slice(&column[start..start + to.len()]),
            None => to.fill(f32::NAN),
        }
    }

    fn coder(&self, feature: usize, steps: &[f32], missing: u8) -> Coder {
        /// Bits of the places in the table: the tables of all features share the cache with the
        /// trees.
        const BITS: u32 = 12;
        match self.columns.get(feature) {
            Some(_) => Coder::Values(Box::new(Ladder::new(steps, missing, BITS))),
            None => Coder::Missing(missing),
        }
    }

    fn code(&self, feature: usize, coder: &Coder, start: usize, to: &mut [u8]) {
        match coder {
            Coder::Values(ladder) => ladder.counts(&self.columns[feature][start..start + to.len()], to),
            Coder::Missing(missing) => to.fill(*missing),
            Coder::Bins(_) => unreachable!("a table has values"),
        }
    }
}

/// Every value is the first one of its bin: a threshold between bins has both on the same side.
impl Values for BinnedMatrix {
    fn rows(&self) -> usize {
        self.rows
    }

    fn copy(&self, feature: usize, start: usize, to: &mut [f32]) {
        match self.cuts.get(feature) {
            Some(cuts) => {
                let codes = self.codes(feature);
                for (value, row) in to.iter_mut().zip(start..) {
                    // The code of missing values is beyond the bins.
                    *value = cuts.first_values.get(codes.code(row)).copied().unwrap_or(f32::NAN);
                }
            }
            None => to.fill(f32::NAN),
        }
    }

    fn coder(&self, feature: usize, steps: &[f32], missing: u8) -> Coder {
        let count = |&first: &f32| steps.partition_point(|&step| step <= first) as u8;
        match self.cuts.get(feature) {
            Some(cuts) => Coder::Bins(cuts.first_values.iter().map(count).chain([missing]).collect()),
            None => Coder::Missing(missing),
        }
    }

    fn code(&self, feature: usize, coder: &Coder, start: usize, to: &mut [u8]) {
        let table = match coder {
            Coder::Bins(table) => table,
            Coder::Missing(missing) => return to.fill(*missing),
            Coder::Values(_) => unreachable!("a matrix has bins"),
        };
        match self.codes(feature) {
            Codes::Bytes(bins) => {
                to.iter_mut().zip(&bins[start..]).for_each(|(to, &bin)| *to = table[usize::from(bin)]);
            }
            bins => to.iter_mut().zip(start..).for_each(|(to, row)| *to = table[bins.code(row)]),
        }
    }
}
