//! Columns of values that lie in the caller's memory, of any number type and at any distance.
//!
//! A [`Dataset`](crate::Dataset) owns its values as 32-bit floats: it has no lifetime, and the
//! loops over it read plain slices. A [`Column`] lends values instead.
//! [`BinnedMatrix::of_columns`](crate::binning::BinnedMatrix::of_columns) bins them where they lie,
//! a block of rows at a time. A table [beside](crate::Dataset::beside) the matrix stands for their
//! rows, as it does for rows on disk. So the loops know no second kind of table, and no 32-bit copy
//! of all values is made.

use crate::error::{Error, Result};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A number that a [`Column`] can have as its values.
pub trait Element: Copy + Send + Sync {
    /// Returns the nearest 32-bit float, of two equally near ones the even one; NaN where the value
    /// is missing.
    fn to_f32(self) -> f32;
}

macro_rules! elements {
    ($($number:ty),*) => {
        $(impl Element for $number {
            #[inline]
            fn to_f32(self) -> f32 {
                self as f32
            }
        })*
    };
}

elements!(f32, f64, i8, i16, i32, i64, u8, u16, u32, u64);

impl Element for bool {
    #[inline]
    fn to_f32(self) -> f32 {
        f32::from(u8::from(self))
    }
}

/// `None` is a missing value, stored as NaN.
impl<T: Element> Element for Option<T> {
    #[inline]
    fn to_f32(self) -> f32 {
        self.map_or(f32::NAN, T::to_f32)
    }
}

/// The values of one feature, one per row, owned or borrowed, `stride` elements from each other.
///
/// They are read as those of a text file: the nearest 32-bit float, NaN for missing, 0.0 for -0.0.
/// An infinity, and a number that overflows to one, is an error.
///
/// ```
/// use gboost::internals::data::Column;
///
/// // Two rows of three features, one row after the other.
/// let table = [39_i64, 7, 1, 50, 13, 0];
/// let columns = Column::of_rows(&table, 3)?;
/// assert_eq!(columns[1].to_vec()?, [7.0, 13.0]);
/// assert_eq!(Column::new(vec![Some(0.5_f64), None]).rows(), 2);
/// # Ok::<(), gboost::Error>(())
/// ```
#[derive(Clone)]
pub struct Column<'a> {
    values: Arc<dyn Values + 'a>,
    rows: usize,
}

/// Reads values of a type that the implementation alone knows: columns of different types can stand
/// in one list.
trait Values: Send + Sync {
    /// Writes the values from the row `first` on, as near as 32-bit floats are.
    fn read(&self, first: usize, to: &mut [f32]);
}

/// Numbers at equal distances.
struct Strided<'a, T: Element> {
    values: Cow<'a, [T]>,
    /// The place of the first row's number.
    first: usize,
    stride: isize,
}

impl<T: Element> Values for Strided<'_, T> {
    fn read(&self, first: usize, to: &mut [f32]) {
        // A column that leaves its values is never made: no step of these overflows.
        let start = self.first.wrapping_add_signed(first as isize * self.stride);
        if self.stride == 1 {
            to.iter_mut().zip(&self.values[start..]).for_each(|(to, value)| *to = value.to_f32());
        } else {
            let place = |row: usize| start.wrapping_add_signed(row as isize * self.stride);
            to.iter_mut().enumerate().for_each(|(row, to)| *to = self.values[place(row)].to_f32());
        }
    }
}

impl<'a> Column<'a> {
    /// Rows that are read at a time: their 32-bit values stay in the first-level cache.
    const BLOCK: usize = 4096;

    /// Makes a column of values that follow one another.
    pub fn new<T: Element + 'a>(values: impl Into<Cow<'a, [T]>>) -> Self {
        let values = values.into();
        let rows = values.len();
        Self { values: Arc::new(Strided { values, first: 0, stride: 1 }), rows }
    }

    /// Makes a column of `rows` values, the first at the place `first`, each `stride` elements
    /// behind the one before. A negative stride goes back, and 0 repeats one value.
    ///
    /// # Errors
    /// If a row's place is outside of `values`.
    pub fn strided<T: Element + 'a>(
        values: impl Into<Cow<'a, [T]>>,
        first: usize,
        stride: isize,
        rows: usize,
    ) -> Result<Self> {
        let values = values.into();
        // Places between the first and the last row's lie between theirs.
        let last = || first.checked_add_signed(isize::try_from(rows.checked_sub(1)?).ok()?.checked_mul(stride)?);
        let is_inside = rows == 0 || (first < values.len() && last().is_some_and(|last| last < values.len()));
        if !is_inside {
            let length = values.len();
            return Err(Error::data(format!(
                "a column of {rows} rows from place {first} on, {stride} apart, leaves its {length} values"
            ))
            .remedy("count first and stride in elements, not in bytes"));
        }
        Ok(Self { values: Arc::new(Strided { values, first, stride }), rows })
    }

    /// Makes the columns of a table that lies row after row, `features` values each.
    ///
    /// # Errors
    /// If the values do not fill whole rows.
    pub fn of_rows<T: Element>(values: &'a [T], features: usize) -> Result<Vec<Self>> {
        if features == 0 || !values.len().is_multiple_of(features) {
            let length = values.len();
            return Err(Error::data(format!("{length} values are no whole rows of {features} features"))
                .remedy("give as many values as rows times features"));
        }
        let rows = values.len() / features;
        (0..features).map(|feature| Self::strided(values, feature, features as isize, rows)).collect()
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns a copy of the values as 32-bit floats.
    ///
    /// # Errors
    /// Names the first row, from 1, with an infinity or a number beyond the range of 32-bit floats.
    pub fn to_vec(&self) -> Result<Vec<f32>> {
        let mut all = Vec::with_capacity(self.rows);
        self.for_each_block(|values| all.extend_from_slice(values))?;
        Ok(all)
    }

    /// Gives `take` the values block after block, in the order of the rows.
    ///
    /// # Errors
    /// As [`Column::to_vec`].
    pub(crate) fn for_each_block(&self, mut take: impl FnMut(&[f32])) -> Result<()> {
        let mut block = [0.0; Self::BLOCK];
        for first in (0..self.rows).step_by(Self::BLOCK) {
            let values = &mut block[..Self::BLOCK.min(self.rows - first)];
            self.values.read(first, values);
            // Adding 0.0 turns -0.0 into 0.0 and leaves every other value as it is.
            values.iter_mut().for_each(|value| *value += 0.0);
            if let Some(row) = values.iter().position(|value| value.is_infinite()) {
                let row = first + row + 1;
                return Err(Error::data(format!("the value of row {row} is infinite or too large for a 32-bit float"))
                    .remedy("use finite numbers, or NaN if the value is missing"));
            }
            take(values);
        }
        Ok(())
    }

    /// Returns the number of rows that all columns have; 0 without columns.
    ///
    /// # Errors
    /// Names the first column of another length.
    pub(crate) fn common_rows(columns: &[Self]) -> Result<usize> {
        let rows = columns.first().map_or(0, Self::rows);
        match columns.iter().position(|column| column.rows != rows) {
            None => Ok(rows),
            Some(other) => {
                let found = columns[other].rows;
                Err(Error::data(format!("column {other} has {found} rows, but column 0 has {rows}"))
                    .remedy("give columns of one length"))
            }
        }
    }
}

impl fmt::Debug for Column<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column").field("rows", &self.rows).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(column: Result<Column<'_>>) -> std::result::Result<Vec<f32>, String> {
        column.and_then(|column| column.to_vec()).map_err(|error| error.to_string())
    }

    #[test]
    fn strides() {
        let values: Vec<i64> = (0..10).collect();
        let strided = |first, stride, rows| read(Column::strided(&values, first, stride, rows));
        assert_eq!(strided(1, 3, 3), Ok(vec![1.0, 4.0, 7.0]));
        assert_eq!(strided(9, -4, 3), Ok(vec![9.0, 5.0, 1.0]));
        assert_eq!(strided(4, 0, 3), Ok(vec![4.0; 3]));
        assert_eq!(strided(99, 5, 0), Ok(vec![]));
        for (first, stride, rows) in [(10, 0, 1), (0, 5, 3), (3, -2, 3), (0, isize::MAX, 4), (9, isize::MIN, 2)] {
            assert_eq!(
                strided(first, stride, rows),
                Err(format!(
                    "a column of {rows} rows from place {first} on, {stride} apart, leaves its 10 values; count first \
                     and stride in elements, not in bytes"
                ))
            );
        }
        let message = Column::of_rows(&values, 3).err().map(|error| error.to_string());
        let expected = "10 values are no whole rows of 3 features; give as many values as rows times features";
        assert_eq!(message.as_deref(), Some(expected));
    }

    #[test]
    fn values_are_the_nearest() {
        let read = |column: Column<'_>| read(Ok(column));
        // Halfway between two floats, and beyond halfway.
        assert_eq!(read(Column::new(vec![16_777_217_i64, 16_777_219, -3])), Ok(vec![16_777_216.0, 16_777_220.0, -3.0]));
        assert_eq!(read(Column::new(vec![0.1_f64, 1e-60])), Ok(vec![0.1, 0.0]));
        assert_eq!(read(Column::new(vec![255_u8, 7])), Ok(vec![255.0, 7.0]));
        assert_eq!(read(Column::new(vec![true, false])), Ok(vec![1.0, 0.0]));
        let bits = |column: Column<'_>| {
            read(column).map(|values| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>())
        };
        assert_eq!(bits(Column::new(vec![-0.0_f32])), Ok(vec![0]));
        assert_eq!(bits(Column::new(vec![-1e-60_f64])), Ok(vec![0]));
        let missing = read(Column::new(vec![Some(2_i32), None])).unwrap_or_default();
        assert!(missing[0] == 2.0 && missing[1].is_nan());
    }

    #[test]
    fn infinite_values_are_refused() {
        let mut values = vec![0.0; 10_000];
        values[9_999] = 1e39;
        let message = "the value of row 10000 is infinite or too large for a 32-bit float; use finite numbers, or NaN if \
                       the value is missing";
        assert_eq!(read(Ok(Column::new(values))), Err(message.into()));
        assert!(read(Ok(Column::new(vec![f32::NEG_INFINITY]))).is_err());
    }
}
