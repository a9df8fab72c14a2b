//! Values per row and output, with their layout as part of the type.
//!
//! ```text
//!                 rows 0..3, outputs a and b        how it lies in memory
//! RowMajor        a0 b0  a1 b1  a2 b2               a0 b0 a1 b1 a2 b2
//! OutputMajor     a0 a1 a2  b0 b1 b2                a0 a1 a2 b0 b1 b2
//! ```
//!
//! Training keeps margins row-major, because gradients of a row need all its outputs. Metrics and
//! predictions are output-major, because they look at one output of many rows. This file is the
//! only place that turns one into the other.

use rayon::prelude::*;
use std::marker::PhantomData;

/// Layout: all outputs of a row, then those of the next row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowMajor;

/// Layout: one output of all rows, then the next output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputMajor;

/// The least number of values that a thread converts.
const THREAD_VALUES: usize = 1 << 14;

/// A value per row and output of a model, such as its margins or predictions.
///
/// ```
/// use gboost::PerOutput;
///
/// let margins: PerOutput<f32> = PerOutput::new(vec![0.1, 0.2, 0.3, -1.0, -2.0, -3.0], 2);
/// assert_eq!((margins.rows(), margins.output(1)), (3, &[-1.0, -2.0, -3.0][..]));
/// assert_eq!(margins.get(1, 2), -3.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PerOutput<T, Layout = OutputMajor> {
    values: Vec<T>,
    rows: usize,
    outputs: usize,
    layout: PhantomData<Layout>,
}

impl<T, Layout> PerOutput<T, Layout> {
    /// Takes values that lie in the type's layout.
    ///
    /// # Panics
    /// If there is not the same number of values per output.
    #[must_use]
    pub fn new(values: Vec<T>, outputs: usize) -> Self {
        let rows = values.len().checked_div(outputs).unwrap_or(0);
        assert_eq!(values.len(), rows * outputs, "one value per row and output");
        Self { values, rows, outputs, layout: PhantomData }
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the number of outputs: values per row.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Returns all values in the type's layout.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Returns all values in the type's layout.
    #[must_use]
    pub fn into_values(self) -> Vec<T> {
        self.values
    }
}

impl<T> PerOutput<T, OutputMajor> {
    /// Returns one output of all rows.
    ///
    /// # Panics
    /// If there is no such output.
    #[must_use]
    pub fn output(&self, output: usize) -> &[T] {
        &self.values[output * self.rows..][..self.rows]
    }

    /// Returns one output of all rows, to be written to.
    ///
    /// # Panics
    /// If there is no such output.
    pub fn output_mut(&mut self, output: usize) -> &mut [T] {
        &mut self.values[output * self.rows..][..self.rows]
    }
}

impl<T: Copy> PerOutput<T, OutputMajor> {
    /// Returns the value of an output of a row.
    ///
    /// # Panics
    /// If there is no such value.
    #[must_use]
    pub fn get(&self, output: usize, row: usize) -> T {
        self.values[output * self.rows + row]
    }

    /// Joins blocks of up to `block_rows` rows, each output-major by itself.
    ///
    /// # Panics
    /// As [`PerOutput::new`], and if blocks of several outputs have no rows.
    #[must_use]
    pub fn from_blocks(blocks: Vec<T>, block_rows: usize, outputs: usize) -> Self {
        // Blocks of one output are joined as they lie.
        let mut joined = Self::new(blocks, outputs);
        if outputs > 1 {
            let blocks = joined.values.clone();
            for (block, values) in blocks.chunks(block_rows * outputs).enumerate() {
                let rows = values.len() / outputs;
                for (output, values) in values.chunks_exact(rows).enumerate() {
                    joined.output_mut(output)[block * block_rows..][..rows].copy_from_slice(values);
                }
            }
        }
        joined
    }
}

impl<T: Copy + Send + Sync> PerOutput<T, OutputMajor> {
    /// Converts every value, by several threads if there are many.
    #[must_use]
    pub fn map<U: Send>(&self, value: impl Fn(T) -> U + Sync + Send) -> PerOutput<U> {
        let values = self.values.par_iter().with_min_len(THREAD_VALUES).map(|&old| value(old)).collect();
        PerOutput { values, rows: self.rows, outputs: self.outputs, layout: PhantomData }
    }
}

impl<T: Copy> PerOutput<T, RowMajor> {
    /// Transposes, converting every value.
    #[must_use]
    pub fn into_output_major<U>(self, value: impl Fn(T) -> U) -> PerOutput<U> {
        let Self { values, rows, outputs, .. } = self;
        let values = if outputs == 1 {
            // In the same memory, where both types have the same size.
            values.into_iter().map(value).collect()
        } else {
            let mut transposed = Vec::with_capacity(values.len());
            for output in 0..outputs {
                transposed.extend(values.chunks_exact(outputs).map(|row| value(row[output])));
            }
            transposed
        };
        PerOutput { values, rows, outputs, layout: PhantomData }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_turn_into_each_other() {
        let rows: PerOutput<i64, RowMajor> = PerOutput::new(vec![1, 10, 2, 20, 3, 30], 2);
        let outputs = rows.into_output_major(|value| value as f64);
        assert_eq!((outputs.rows(), outputs.outputs()), (3, 2));
        assert_eq!((outputs.output(0), outputs.get(1, 2)), (&[1.0, 2.0, 3.0][..], 30.0));
        assert_eq!(PerOutput::from_blocks(vec![1.0, 2.0, 10.0, 20.0, 3.0, 30.0], 2, 2), outputs);
        assert_eq!(PerOutput::from_blocks(vec![1, 2, 3], 2, 1).values(), [1, 2, 3]);
        assert_eq!(outputs.map(|value| -value).values(), [-1.0, -2.0, -3.0, -10.0, -20.0, -30.0]);
        let none: PerOutput<f32> = PerOutput::new(Vec::new(), 3);
        assert_eq!((none.rows(), none.output(2).len()), (0, 0));
    }
}
