//! The seam between files and formats: what reads the files of a channel.

use super::source::Source;
use super::{Channel, ReadOptions};
use crate::error::Result;

/// The rows of the files of one format so far. The first file, which began it, decides what the
/// others must fit.
pub(super) trait TableReader {
    /// Reads a further file.
    fn add(&mut self, source: &Source<'_>, options: &ReadOptions) -> Result<()>;

    /// Returns the number of rows so far.
    fn rows(&self) -> usize;

    /// Makes the channel of all files.
    fn finish(self: Box<Self>, options: &ReadOptions) -> Result<Channel>;
}
