//! Cuts: where a feature's bins begin, and the thresholds that stand between them (`docs/exactness.md` 7, 8).

use crate::error::{Error, Result};
use crate::params::TreeMethod;
use crate::radix;
use std::hint::select_unpredictable;

/// The most bins a feature can have.
pub const MOST_BINS: usize = 65_535;

/// XGBoost's margin around the outermost cuts of `hist`.
const SENTINEL_MARGIN: f32 = 1e-5;
/// XGBoost's margin of the split "all present against missing" of `exact` (kRtEps).
const EDGE_MARGIN: f32 = 1e-6;

/// The bins of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureCuts {
    /// First value of every bin, ascending; its length is the number of bins, 0 if no value is present.
    pub first_values: Vec<f32>,
    /// Largest present value (0 without present values).
    pub max: f32,
    /// Whether any training row misses the feature.
    pub has_missing: bool,
}

impl FeatureCuts {
    /// Learns the bins of a column (NaN is missing).
    ///
    /// # Errors
    /// `exact` with more than [`MOST_BINS`] distinct values.
    pub fn learn(column: &[f32], method: TreeMethod, max_bin: usize) -> Result<Self> {
        Self::learn_with(&mut Scratch::default(), column, method, max_bin)
    }

    /// [`FeatureCuts::learn`] in memory that is used again for the next column.
    pub(super) fn learn_with(
        scratch: &mut Scratch,
        column: &[f32],
        method: TreeMethod,
        max_bin: usize,
    ) -> Result<Self> {
        scratch.clear();
        scratch.add(column);
        Self::learn_from(scratch, method, max_bin)
    }

    /// [`FeatureCuts::learn`] from the values that the scratch memory was given.
    pub(super) fn learn_from(scratch: &mut Scratch, method: TreeMethod, max_bin: usize) -> Result<Self> {
        let rows = scratch.rows;
        let sorted = scratch.sort();
        let has_missing = sorted.len() < rows;
        let max = sorted.last().map_or(0.0, |&bits| from_ordered_bits(bits));
        let distinct = Distinct(sorted);
        let count = distinct.len();
        let first_values = match method {
            TreeMethod::Exact if count > MOST_BINS => {
                return Err(Error::data(format!(
                    "tree_method exact takes at most {MOST_BINS} distinct values, this feature has {count}"
                ))
                .remedy("use --tree-method hist, or round the feature"));
            }
            TreeMethod::Hist if count > max_bin => equal_frequency(distinct, max_bin),
            _ => distinct.map(|(value, _)| value).collect(),
        };
        Ok(Self { first_values, max, has_missing })
    }

    /// Number of bins, not counting the one for missing rows.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.first_values.len()
    }

    /// The code of rows that miss the feature; present values have codes below.
    #[must_use]
    pub fn missing_code(&self) -> usize {
        self.bins()
    }

    /// Codes a stored column needs: the bins, and one for missing rows if there are any.
    #[must_use]
    pub fn codes(&self) -> usize {
        self.bins() + usize::from(self.has_missing)
    }

    /// The bin of a training value: that of the last `first_value <= value`.
    #[inline]
    #[must_use]
    pub fn code(&self, value: f32) -> usize {
        if value.is_nan() {
            return self.missing_code();
        }
        self.first_values.partition_point(|&first| first <= value).saturating_sub(1)
    }

    /// [`FeatureCuts::code`] of each value, for up to 256 codes.
    pub(super) fn byte_codes(&self, values: &[f32]) -> Vec<u8> {
        const MOST: usize = 1 << u8::BITS;
        // Nothing is above NaN, so that the search ends before what is filled up.
        let mut firsts = [f32::NAN; MOST];
        for (first, &value) in firsts.iter_mut().zip(&self.first_values) {
            *first = value;
        }
        let half = self.bins().next_power_of_two() / 2;
        let missing = self.missing_code();
        let code = |&value: &f32| {
            // Halves the range without a branch: where the value lies cannot be foreseen.
            let mut code = 0;
            let mut step = half;
            while step > 0 {
                code = select_unpredictable(firsts[(code + step) % MOST] <= value, code + step, code);
                step /= 2;
            }
            (if value.is_nan() { missing } else { code }) as u8
        };
        values.iter().map(code).collect()
    }

    /// The number of training bins whose values all lie below `threshold` (exact for thresholds of this training).
    #[must_use]
    pub fn boundary(&self, threshold: f32) -> usize {
        self.first_values.partition_point(|&first| first < threshold)
    }

    /// hist: the threshold between bin `bin` and the next; the upper sentinel for the last bin.
    #[must_use]
    pub fn threshold_above(&self, bin: usize) -> f32 {
        match self.first_values.get(bin + 1) {
            Some(&cut) => cut,
            None => {
                let max = f64::from(self.max);
                finite((max + (max.abs() + f64::from(SENTINEL_MARGIN))) as f32)
            }
        }
    }

    /// hist: the threshold below bin `bin`; the lower sentinel for bin 0.
    #[must_use]
    pub fn threshold_below(&self, bin: usize) -> f32 {
        if bin > 0 {
            return self.first_values[bin];
        }
        let min = f64::from(self.first_values[0]);
        finite(((min - min.abs()) - f64::from(SENTINEL_MARGIN)) as f32)
    }

    /// exact: the threshold between the values of two bins.
    #[must_use]
    pub fn threshold_between(&self, lower_bin: usize, upper_bin: usize) -> f32 {
        let (lower, upper) = (self.first_values[lower_bin], self.first_values[upper_bin]);
        let middle = (lower + upper) * 0.5;
        if lower < middle && middle <= upper { middle } else { upper }
    }

    /// exact: a threshold above the value of `bin`, the highest one present.
    #[must_use]
    pub fn threshold_past(&self, bin: usize) -> f32 {
        let value = self.first_values[bin];
        finite(value + (value.abs() + EDGE_MARGIN))
    }

    /// exact: a threshold below the value of `bin`, the lowest one present.
    #[must_use]
    pub fn threshold_before(&self, bin: usize) -> f32 {
        let value = self.first_values[bin];
        finite(value - (value.abs() + EDGE_MARGIN))
    }
}

/// An overflown threshold becomes the largest finite number of its sign.
fn finite(threshold: f32) -> f32 {
    threshold.clamp(f32::MIN, f32::MAX)
}

/// Memory to sort a column in.
#[derive(Default)]
pub(super) struct Scratch {
    bits: Vec<u32>,
    spare: Vec<u32>,
    rows: usize,
}

impl Scratch {
    /// Bytes that a row of a column takes.
    pub(super) const BYTES_A_ROW: usize = 2 * size_of::<u32>();

    /// Forgets the column before.
    pub(super) fn clear(&mut self) {
        self.bits.clear();
        self.rows = 0;
    }

    /// Takes the next values of a column in.
    pub(super) fn add(&mut self, values: &[f32]) {
        let present = values.iter().filter(|value| !value.is_nan());
        self.bits.extend(present.map(|&value| ordered_bits(value)));
        self.rows += values.len();
    }

    /// Makes room for a column of so many values, and for no more.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.bits.reserve_exact(rows.saturating_sub(self.bits.len()));
        self.spare.reserve_exact(rows.saturating_sub(self.spare.len()));
    }

    /// The [`ordered_bits`] of the present values in ascending order.
    fn sort(&mut self) -> &[u32] {
        radix::sort(&mut self.bits, &mut self.spare, |bits| bits.to_be_bytes());
        &self.bits
    }
}

/// The distinct values of sorted [`ordered_bits`] that are left, ascending, and how many rows have each.
#[derive(Clone, Copy)]
struct Distinct<'a>(&'a [u32]);

impl Distinct<'_> {
    /// How many there are.
    fn len(self) -> usize {
        let differ = |pair: &&[u32]| from_ordered_bits(pair[0]) != from_ordered_bits(pair[1]);
        self.0.windows(2).filter(differ).count() + usize::from(!self.0.is_empty())
    }
}

impl Iterator for Distinct<'_> {
    type Item = (f32, u64);

    #[inline]
    fn next(&mut self) -> Option<(f32, u64)> {
        let value = from_ordered_bits(*self.0.first()?);
        // Floats are compared, since -0.0 and 0.0 are one value.
        let rows = self.0.iter().take_while(|&&bits| from_ordered_bits(bits) == value).count();
        self.0 = &self.0[rows..];
        Some((value, rows as u64))
    }
}

/// The bits of a float such that integers compare as the floats do; 0.0 and -0.0 differ, NaN has no place.
#[inline]
#[must_use]
pub fn ordered_bits(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 0x8000_0000 }
}

/// The inverse of [`ordered_bits`].
#[inline]
#[must_use]
pub fn from_ordered_bits(bits: u32) -> f32 {
    f32::from_bits(if bits >> 31 == 1 { bits & 0x7fff_ffff } else { !bits })
}

/// First values of at most `max_bin` bins with about equally many rows; a value with more rows than that has its own.
fn equal_frequency(distinct: Distinct<'_>, max_bin: usize) -> Vec<f32> {
    let mut rest_rows = distinct.0.len() as u64;
    let mut rest_bins = max_bin as u64;
    let mut accumulated = 0;
    let mut starts = true;
    let mut first_values = Vec::with_capacity(max_bin);
    for (value, count) in distinct {
        if accumulated > 0 && rest_bins > 1 && count * rest_bins >= rest_rows {
            rest_rows -= accumulated;
            rest_bins -= 1;
            accumulated = 0;
            starts = true;
        }
        if starts {
            first_values.push(value);
            starts = false;
        }
        accumulated += count;
        if rest_bins > 1 && accumulated * rest_bins >= rest_rows {
            rest_rows -= accumulated;
            rest_bins -= 1;
            accumulated = 0;
            starts = true;
        }
    }
    first_values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hist(column: &[f32], max_bin: usize) -> FeatureCuts {
        FeatureCuts::learn(column, TreeMethod::Hist, max_bin).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn few_values_have_a_bin_each() {
        let cuts = hist(&[3.0, 1.0, f32::NAN, 1.0, -2.0], 256);
        assert_eq!(cuts.first_values, [-2.0, 1.0, 3.0]);
        assert!(cuts.has_missing);
        assert_eq!([-2.0, 1.0, 3.0, f32::NAN].map(|v| cuts.code(v)), [0, 1, 2, 3]);
        assert_eq!(cuts.threshold_above(0), 1.0);
        assert_eq!(cuts.threshold_above(2), 6.00001);
        assert_eq!(cuts.threshold_below(0), -4.00001);
        assert_eq!(cuts.threshold_below(2), 3.0);
    }

    #[test]
    fn many_values_share_bins_evenly() {
        let column: Vec<f32> = (0..1000).map(|i| i as f32).collect();
        let cuts = hist(&column, 10);
        assert_eq!(cuts.first_values, (0..10).map(|i| (i * 100) as f32).collect::<Vec<_>>());
    }

    #[test]
    fn a_frequent_value_does_not_swallow_its_neighbours() {
        let mut column = vec![0.0; 900];
        column.extend((0..100).map(|i| (i as f32) - 50.5));
        let cuts = hist(&column, 11);
        assert_eq!(cuts.bins(), 11);
        let zero = cuts.code(0.0);
        assert_eq!(cuts.first_values[zero], 0.0);
        assert_eq!(cuts.first_values[zero + 1], 0.5);
    }

    #[test]
    fn never_more_bins_than_asked_for() {
        for max_bin in 2..40 {
            let column: Vec<f32> = (0..500_u32).map(|i| ((i * i * 7919) % 97 * (i % 3)) as f32).collect();
            let bins = hist(&column, max_bin).bins();
            assert!(bins <= max_bin && bins >= max_bin.min(20), "{bins} of {max_bin}");
        }
    }

    #[test]
    fn thresholds_separate_even_neighbouring_floats() {
        let upper = f32::from_bits(1.0_f32.to_bits() + 1);
        let exact =
            |column: &[f32]| FeatureCuts::learn(column, TreeMethod::Exact, 2).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(exact(&[1.0, upper]).threshold_between(0, 1), upper);
        assert_eq!(exact(&[f32::MAX, f32::MAX / 2.0]).threshold_between(0, 1), f32::MAX);
        assert_eq!(exact(&[f32::MAX]).threshold_past(0), f32::MAX);
        assert_eq!(exact(&[f32::MIN]).threshold_before(0), f32::MIN);
        assert_eq!(hist(&[f32::MAX], 2).threshold_above(0), f32::MAX);
    }

    #[test]
    fn ordered_bits_keep_the_order() {
        let values = [f32::MIN, -1.0, -1e-45, 0.0, 1e-45, 1.0, f32::MAX];
        assert!(values.windows(2).all(|pair| ordered_bits(pair[0]) < ordered_bits(pair[1])));
        assert!(values.iter().all(|&value| from_ordered_bits(ordered_bits(value)) == value));
    }

    proptest! {
        #[test]
        fn codes_of_many_are_those_of_each(
            column in prop::collection::vec(prop_oneof![(-9_i8..9).prop_map(f32::from), -1e3_f32..1e3, Just(f32::NAN)], 0..600),
            max_bin in 2_usize..256,
        ) {
            let cuts = hist(&column, max_bin);
            let expected: Vec<u8> = column.iter().map(|&value| cuts.code(value) as u8).collect();
            prop_assert_eq!(cuts.byte_codes(&column), expected);
        }
    }

    #[test]
    fn nothing_present() {
        let cuts = hist(&[f32::NAN, f32::NAN], 256);
        assert_eq!((cuts.bins(), cuts.codes(), cuts.code(f32::NAN)), (0, 1, 0));
    }
}
