//! The sum of one bin, in both widths.

use crate::fixed::quantiser::{PairSum, QuantisedPair};

/// The sum of one bin, in the width of the training.
pub trait BinSum: Copy + Default + Send + Sync + 'static {
    /// Adds one row.
    fn add(&mut self, pair: QuantisedPair);
    /// Adds another sum.
    fn merge(&mut self, other: Self);
    /// The sum less a part of it.
    #[must_use]
    fn less(self, part: Self) -> Self;
    /// From 64-bit sums that are within the width.
    fn of(sum: PairSum) -> Self;
    /// As 64-bit sums.
    fn sum(self) -> PairSum;
}

/// Narrow: gradient and hessian packed as in [`QuantisedPair`].
#[derive(Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct PackedSum(u64);

impl BinSum for PackedSum {
    #[inline]
    fn add(&mut self, pair: QuantisedPair) {
        self.0 = self.0.wrapping_add(pair.0);
    }
    #[inline]
    fn merge(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
    #[inline]
    fn less(self, part: Self) -> Self {
        Self(self.0.wrapping_sub(part.0))
    }
    #[inline]
    fn of(sum: PairSum) -> Self {
        Self(QuantisedPair::new(sum.g as i32, sum.h as u32).0)
    }
    #[inline]
    fn sum(self) -> PairSum {
        QuantisedPair(self.0).widen()
    }
}

/// Wide: gradient and hessian, 64 bits each.
#[derive(Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct WideSum([i64; 2]);

impl WideSum {
    /// Adds both halves in one instruction: one by one they would be read and written separately,
    /// for 1.4 times as long.
    #[inline]
    fn plus(self, [g, h]: [i64; 2]) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(sse2) = pulp::core_arch::x86::Sse2::try_new() {
            // Every x86-64 processor has it, so nothing is asked at run time.
            return Self(bytemuck::cast(sse2._mm_add_epi64(bytemuck::cast(self.0), bytemuck::cast([g, h]))));
        }
        Self([self.0[0].wrapping_add(g), self.0[1].wrapping_add(h)])
    }
}

impl BinSum for WideSum {
    #[inline]
    fn add(&mut self, pair: QuantisedPair) {
        let PairSum { g, h } = pair.widen();
        *self = self.plus([g, h]);
    }
    #[inline]
    fn merge(&mut self, other: Self) {
        *self = self.plus(other.0);
    }
    #[inline]
    fn less(self, part: Self) -> Self {
        self.plus(part.0.map(i64::wrapping_neg))
    }
    #[inline]
    fn of(PairSum { g, h }: PairSum) -> Self {
        Self([g, h])
    }
    #[inline]
    fn sum(self) -> PairSum {
        let [g, h] = self.0;
        PairSum { g, h }
    }
}
