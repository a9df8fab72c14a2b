//! The shapes of a loss: what a gradient kernel must know to compute pairs from margins and
//! targets.
//!
//! An objective hands its loss to the kernel in the method of its shape. The kernel is compiled for
//! each loss, so no row pays for the choice.

use crate::fixed::quantiser::GradientPair;
use crate::fixed::real_pair::RealPair;

/// A kernel that computes the gradient pairs of all rows, in one method per shape of loss.
pub trait GradientKernel {
    /// What the kernel returns.
    type Output;

    /// Computes pairs of which each follows from one margin, as integers.
    fn by_row<L: RowLoss>(self, loss: L) -> Self::Output;

    /// Computes pairs that follow from all margins of a row, as integers.
    fn by_outputs<L: OutputsLoss>(self, loss: L) -> Self::Output;

    /// Computes pairs of which each follows from one margin, as real numbers: they become integers
    /// in a scale that the extent of the round decides.
    fn by_real_row<L: RealLoss>(self, loss: L) -> Self::Output;
}

/// A loss of one margin per row.
pub trait RowLoss: Copy + Sync {
    /// The integers that margins and targets are narrowed to.
    type Word: Copy + Default;

    /// Returns a margin or a target as the loss takes it; it is known to fit.
    fn narrow(value: i64) -> Self::Word;

    /// Returns the unweighted pair.
    fn pair(self, margin: Self::Word, target: Self::Word) -> GradientPair;
}

/// A loss of all margins of a row.
pub trait OutputsLoss: Copy + Sync {
    /// Writes the unweighted pairs of one row: `margins` and `pairs` hold one value per output.
    fn pairs(self, margins: &[i32], target: u32, pairs: &mut [GradientPair]);
}

/// A loss of one margin per row whose pairs have no fixed binary point.
pub trait RealLoss: Copy + Sync {
    /// Returns the unweighted pair of a margin and a target.
    fn pair(self, margin: f64, target: i64) -> RealPair;
}
