//! Cuts: where a feature's bins begin, and the thresholds that stand between them
//! (`docs/exactness.md` 7, 8).

use super::in_order::InOrder;
use super::ladder::Ladder;
use super::order::{Group, Order, Scratch};
pub use super::order::{from_ordered_bits, ordered_bits};
use crate::error::{Error, Result};
use crate::fixed::ceil_log2;
use crate::params::TreeMethod;
use std::ops::Range;

/// The most bins a feature can have.
pub const MOST_BINS: usize = 65_535;

/// XGBoost's margin around the outermost cuts of `hist`.
const SENTINEL_MARGIN: f32 = 1e-5;
/// XGBoost's margin of the split "all present against missing" of `exact` (kRtEps).
const EDGE_MARGIN: f32 = 1e-6;

/// The bins of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureCuts {
    /// First value of every bin, ascending; its length is the number of bins, 0 if no value is
    /// present.
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
        Self::learn_with(&mut Scratch::default(), &column, method, max_bin)
    }

    /// [`FeatureCuts::learn`] in memory that is used again for the next column.
    pub(super) fn learn_with(
        scratch: &mut Scratch,
        column: &impl InOrder,
        method: TreeMethod,
        max_bin: usize,
    ) -> Result<Self> {
        scratch.clear();
        column.read(|values| scratch.add(values))?;
        Self::learn_from(scratch, method, max_bin)
    }

    /// [`FeatureCuts::learn`] from the values that the scratch memory was given.
    pub(super) fn learn_from(scratch: &mut Scratch, method: TreeMethod, max_bin: usize) -> Result<Self> {
        let has_missing = scratch.has_missing();
        let Some(mut order) = scratch.order() else {
            return Ok(Self { first_values: Vec::new(), max: 0.0, has_missing });
        };
        let max = order.max();
        let most = if method == TreeMethod::Exact { MOST_BINS } else { max_bin };
        let first_values = match (order.distinct(most), method) {
            (Some(values), _) => values,
            (None, TreeMethod::Hist) => equal_frequency(&mut order, max_bin),
            (None, TreeMethod::Exact) => {
                let count = order.distinct(usize::MAX).map_or(0, |values| values.len());
                return Err(Error::data(format!(
                    "tree_method exact takes at most {MOST_BINS} distinct values, this feature has {count}"
                ))
                .remedy("use {tree-method} hist, or round the feature"));
            }
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
        let mut codes = vec![0; values.len()];
        self.ladder(values.len()).counts(values, &mut codes);
        codes
    }

    /// What finds the codes of so many values, for up to 256 codes.
    pub(super) fn ladder(&self, values: usize) -> Ladder {
        // All bins but the first begin with a step.
        let steps = self.first_values.get(1..).unwrap_or_default();
        Ladder::new(steps, self.missing_code() as u8, ceil_log2(values) + 1)
    }

    /// The number of training bins whose values all lie below `threshold` (exact for thresholds of
    /// this training).
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

/// First values of at most `max_bin` bins with about equally many rows; a value with more rows than
/// that has its own.
///
/// A bin ends with the value at which it has its share of the rows that are left; before it, if
/// this value has that share alone.
fn equal_frequency(order: &mut Order<'_>, max_bin: usize) -> Vec<f32> {
    let rows = order.rows();
    let mut first_values = Vec::with_capacity(max_bin);
    let mut start = 0;
    for bins in (1..=max_bin).rev() {
        first_values.push(order.group(start, places(start..rows, bins)).value);
        if bins == 1 {
            break;
        }
        let (rest, share) = (rows - start, (rows - start).div_ceil(bins));
        let Group { places: last, .. } = order.group(start + share - 1, places(start..rows, bins));
        start = if last.start > start && last.len() * bins >= rest { last.start } else { last.end };
        if start == rows {
            break;
        }
    }
    first_values
}

/// Where the bins of rows begin and end if no value occurs twice, and a little later, since some
/// do.
fn places(rows: Range<usize>, bins: usize) -> impl Iterator<Item = usize> {
    const LATER: usize = 32;
    let last = rows.end - 1;
    let mut start = rows.start;
    (1..=bins).rev().flat_map(move |bins| {
        let end = start + (rows.end - start).div_ceil(bins);
        let places = [start, end - 1, end + LATER].map(|place| place.min(last));
        start = end;
        places
    })
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

    /// The bins by the rule itself: from value to value of the sorted column.
    fn walked(column: &[f32], max_bin: usize) -> Vec<f32> {
        let mut sorted: Vec<f32> = column.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let groups: Vec<&[f32]> = sorted.chunk_by(|a, b| a == b).collect();
        if groups.len() <= max_bin {
            return groups.iter().map(|group| group[0]).collect();
        }
        let (mut rest_rows, mut rest_bins, mut accumulated) = (sorted.len(), max_bin, 0);
        let mut first_values = Vec::new();
        for group in groups {
            if accumulated > 0 && rest_bins > 1 && group.len() * rest_bins >= rest_rows {
                rest_rows -= accumulated;
                rest_bins -= 1;
                accumulated = 0;
            }
            if accumulated == 0 {
                first_values.push(group[0]);
            }
            accumulated += group.len();
            if rest_bins > 1 && accumulated * rest_bins >= rest_rows {
                rest_rows -= accumulated;
                rest_bins -= 1;
                accumulated = 0;
            }
        }
        first_values
    }

    fn check_walked(column: &[f32], max_bin: usize) {
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&hist(column, max_bin).first_values), bits(&walked(column, max_bin)), "{max_bin} bins");
        let exact = FeatureCuts::learn(column, TreeMethod::Exact, 2).map(|cuts| cuts.first_values);
        assert_eq!(exact.map(|found| bits(&found)).ok(), Some(bits(&walked(column, MOST_BINS))));
    }

    /// Columns of values that are spread out, that lie close together, that occur often, and of
    /// both zeros.
    fn column() -> impl Strategy<Value = Vec<f32>> {
        let value = prop_oneof![
            8 => (-1000_i16..1000, 0_u32..4).prop_map(|(value, scale)| f32::from(value) * [1.0, 0.37, 1e-6, 1e30][scale as usize]),
            4 => (0_u32..100).prop_map(|step| f32::from_bits(0x4480_0000 + step)),
            3 => (-9_i8..9).prop_map(f32::from),
            1 => Just(-0.0),
            1 => Just(f32::NAN),
            1 => any::<f32>().prop_filter("finite", |value| value.is_finite()),
        ];
        let few = prop_oneof![Just(0.0_f32), Just(-0.0), Just(1.5), Just(f32::NAN)];
        prop_oneof![prop::collection::vec(value, 0..3000), prop::collection::vec(few, 0..300)]
    }

    #[test]
    fn cuts_of_many_rows_are_those_of_the_rule() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        // All distinct, of many orders of magnitude, whole numbers, mostly zero, all but one close
        // together.
        let shapes: [fn(f32) -> f32; 5] = [
            |x| x - 0.5,
            |x| libm::expf(20.0 * x),
            |x| (3000.0 * x).floor(),
            |x| if x < 0.6 { 0.0 } else { x * x },
            |x| if x < 1e-5 { 1e30 } else { 1.0 + x / 100.0 },
        ];
        for shape in shapes {
            let column: Vec<f32> = (0..50_000).map(|_| shape(next())).collect();
            [2, 3, 16, 255, 256, 1000].into_iter().for_each(|max_bin| check_walked(&column, max_bin));
            let cuts = hist(&column, 256);
            let expected: Vec<u8> = column.iter().map(|&value| cuts.code(value) as u8).collect();
            assert!(cuts.byte_codes(&column) == expected);
        }
    }

    proptest! {
        #[test]
        fn cuts_are_those_of_the_rule(column in column(), max_bin in 2_usize..400) {
            check_walked(&column, max_bin);
        }

        #[test]
        fn codes_of_many_are_those_of_each(
            column in column(),
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
