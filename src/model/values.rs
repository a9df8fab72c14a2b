//! Where the prediction of batches gets its values from: a table, or bins that stand for values.

use crate::binning::BinnedMatrix;
use crate::ingest::Dataset;

/// Feature values, handed out a few rows at a time.
pub(super) trait Values: Sync {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// Copies the values of a feature from the row `start` on; NaN is missing, and so is a feature that there is not.
    fn copy(&self, feature: usize, start: usize, to: &mut [f32]);
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
}
