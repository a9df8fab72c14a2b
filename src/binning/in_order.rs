//! Values of a feature, read from the first row to the last, wherever they lie.

use crate::data::column::Column;
use crate::error::Result;

/// The values of a feature in memory.
pub(super) trait InOrder {
    /// Gives `take` the values in the order of the rows, in as few pieces as they lie in.
    ///
    /// # Errors
    /// A value that is no finite 32-bit float.
    fn read(&self, take: impl FnMut(&[f32])) -> Result<()>;
}

/// Values of a table, in one piece.
impl<T: AsRef<[f32]>> InOrder for T {
    fn read(&self, mut take: impl FnMut(&[f32])) -> Result<()> {
        take(self.as_ref());
        Ok(())
    }
}

/// Values of the caller, a block at a time.
impl InOrder for &Column<'_> {
    fn read(&self, take: impl FnMut(&[f32])) -> Result<()> {
        self.for_each_block(take)
    }
}
