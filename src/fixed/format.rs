//! The number format of a training: what its integers stand for, and how many bits hold them
//! (`docs/exactness.md` 3 and 4).

use super::margin::MarginFormat;
use super::quantiser::PairScale;
use super::weight::RowWeights;

/// Bits that hold an integer where memory matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// A signed integer of 32 bits.
    Narrow,
    /// A signed integer of 64 bits.
    Wide,
}

impl Bits {
    /// Returns the bytes of one integer: 4 or 8.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::Narrow => 4,
            Self::Wide => 8,
        }
    }
}

/// Every fact about the numbers of a training that follows from its objective, labels and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    /// Binary point and range of margins.
    pub margin: MarginFormat,
    /// Bits that hold a margin.
    pub margin_bits: Bits,
    /// Bits that hold a row's target.
    pub target_bits: Bits,
    /// The binary points of weighted gradient pairs. A loss whose pairs are real numbers scales
    /// them anew in every round ([`super::real_pair`]): for it these are the points of pairs below
    /// 1.
    pub pairs: PairScale,
    /// Bits that hold each number of a gradient pair.
    pub pair_bits: Bits,
    /// Bits dropped from the product of a gradient and its row's weight.
    pub weight_shift: u32,
    /// Whether a hessian below 1/4 is kept from being rounded up to 1/4 (`docs/exactness.md` 6).
    pub caps_hessian: bool,
    /// Outputs that one tree's leaves hold values for. A round grows a tree for each such group.
    pub outputs_per_tree: usize,
}

impl NumberFormat {
    /// Returns the format of log odds: margins in Q24, pairs in Q30, which take 32 bits each where
    /// rows are unweighted.
    #[must_use]
    pub fn log_odds(weights: &RowWeights) -> Self {
        Self {
            margin: MarginFormat::LOG_ODDS,
            margin_bits: Bits::Narrow,
            target_bits: Bits::Narrow,
            pairs: PairScale { g: 30 + weights.scale, h: 30 + weights.scale },
            pair_bits: if weights.is_weighted() { Bits::Wide } else { Bits::Narrow },
            weight_shift: 0,
            caps_hessian: false,
            outputs_per_tree: 1,
        }
    }
}
