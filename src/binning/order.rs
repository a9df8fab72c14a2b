//! The present values of a column in ascending order, as far as cuts need to know it: which value
//! stands at a place, and how many rows have it. No column is sorted as a whole. Its values are
//! counted in buckets by their highest bits, and only the buckets that hold a place that was asked
//! for are gathered and sorted.

use crate::fixed::ceil_log2;
use crate::util::radix;
use crate::util::vector::vectorised;
use std::ops::Range;

/// The bits of a float such that integers compare as the floats do; 0.0 and -0.0 differ, NaN has no
/// place.
#[inline(always)]
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

/// [`ordered_bits`] of a value, 0.0 for -0.0: they are one value.
#[inline(always)]
pub(super) fn key(value: f32) -> u32 {
    ordered_bits(value + 0.0)
}

/// The least shift that makes at most `2^bits` buckets of keys up to `range`.
pub(super) fn bucket_shift(range: u32, bits: u32) -> u32 {
    (u32::BITS - range.leading_zeros()).saturating_sub(bits)
}

/// Memory for one column after the other.
#[derive(Default)]
pub(super) struct Scratch {
    /// The keys of the present values, in any order.
    keys: Vec<u32>,
    /// The lowest and the highest of them.
    range: Option<(u32, u32)>,
    rows: usize,
    has_negative_zero: bool,
    /// Where each bucket ends in the order of all values.
    ends: Vec<u32>,
    /// Where the keys of each bucket begin among those that were gathered, or [`APART`].
    begins: Vec<u32>,
    /// Whether the keys of each bucket ascend.
    sorted: Vec<bool>,
    /// The keys of the buckets that were gathered, bucket by bucket.
    gathered: Vec<u32>,
    /// To sort large buckets in.
    spare: [Vec<u32>; 2],
}

/// The beginning of a bucket that was not gathered.
const APART: u32 = u32::MAX;

/// At most this number of keys is sorted by comparison; more by radix.
const FEW: usize = 1 << 10;

impl Scratch {
    /// The most bytes per row of a column, but for columns of which most values lie in one
    /// bucket.
    pub(super) const BYTES_A_ROW: usize = 2 * size_of::<u32>();

    /// The most bits of a bucket's number: of normal values each bucket then has far fewer rows
    /// than a bin, and the buckets that are in use are few enough to be counted in the cache.
    const BUCKET_BITS: u32 = 17;

    /// Forgets the column before.
    pub(super) fn clear(&mut self) {
        self.keys.clear();
        (self.range, self.rows, self.has_negative_zero) = (None, 0, false);
    }

    /// Takes the next values of a column in; NaN is missing.
    pub(super) fn add(&mut self, values: &[f32]) {
        /// Values that are looked at several times while they are in the cache.
        const BLOCK: usize = 1024;
        self.rows += values.len();
        for values in values.chunks(BLOCK) {
            let start = self.keys.len();
            self.keys.resize(start + values.len(), 0);
            let keys = &mut self.keys[start..];
            let missing = vectorised(
                #[inline(always)]
                || {
                    keys.iter_mut().zip(values).for_each(|(place, &value)| *place = key(value));
                    self.has_negative_zero |= values.iter().any(|value| value.to_bits() == 1 << 31);
                    values.iter().map(|value| u32::from(value.is_nan())).sum::<u32>()
                },
            );
            if missing > 0 {
                let mut present = 0;
                for (at, value) in values.iter().enumerate() {
                    keys[present] = keys[at];
                    present += usize::from(!value.is_nan());
                }
                self.keys.truncate(start + present);
            }
            let present = &self.keys[start..];
            let (least, most) = vectorised(
                #[inline(always)]
                || present.iter().fold((u32::MAX, 0), |(least, most), &key| (key.min(least), key.max(most))),
            );
            if !present.is_empty() {
                let (lowest, highest) = self.range.unwrap_or((least, most));
                self.range = Some((lowest.min(least), highest.max(most)));
            }
        }
    }

    /// Makes room for a column of `rows` values, and for no more.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.keys.reserve_exact(rows.saturating_sub(self.keys.len()));
        self.gathered.reserve_exact(rows.saturating_sub(self.gathered.len()));
    }

    /// Whether a value is missing.
    pub(super) fn has_missing(&self) -> bool {
        self.keys.len() < self.rows
    }

    /// The order of the present values; `None` if there are none.
    pub(super) fn order(&mut self) -> Option<Order<'_>> {
        let (lowest, highest) = self.range?;
        let bits = (ceil_log2(self.keys.len()) + 1).min(Self::BUCKET_BITS);
        let shift = bucket_shift(highest - lowest, bits);
        let buckets = ((highest - lowest) >> shift) as usize + 1;
        let Self { keys, has_negative_zero, ends, begins, sorted, gathered, spare, .. } = self;
        ends.clear();
        ends.resize(buckets, 0);
        keys.iter().for_each(|&key| ends[((key - lowest) >> shift) as usize] += 1);
        let used = ends.iter().filter(|&&count| count > 0).count();
        let mut end = 0;
        for count in ends.iter_mut() {
            end += *count;
            *count = end;
        }
        begins.clear();
        begins.resize(buckets, APART);
        sorted.clear();
        sorted.resize(buckets, false);
        let (negative_zero, guesses) = (*has_negative_zero, 0);
        Some(Order {
            keys,
            lowest,
            highest,
            shift,
            ends,
            used,
            begins,
            sorted,
            gathered,
            spare,
            negative_zero,
            guesses,
        })
    }
}

/// Rows of one value: where they stand in the order.
pub(super) struct Group {
    /// The value that all of these rows have; never NaN.
    pub value: f32,
    /// Its ranks: positions in ascending order, from 0.
    pub places: Range<usize>,
}

/// The order of a column's present values.
pub(super) struct Order<'a> {
    keys: &'a [u32],
    lowest: u32,
    highest: u32,
    /// A key's bucket is `(key - lowest) >> shift`.
    shift: u32,
    ends: &'a [u32],
    /// Number of buckets that hold at least one row.
    used: usize,
    begins: &'a mut [u32],
    sorted: &'a mut [bool],
    gathered: &'a mut Vec<u32>,
    spare: &'a mut [Vec<u32>; 2],
    negative_zero: bool,
    /// How often places were guessed.
    guesses: usize,
}

impl Order<'_> {
    /// Guesses after which all buckets are gathered.
    const GUESSES: usize = 2;

    /// Returns the number of present values: rows that miss the feature do not count.
    pub(super) fn rows(&self) -> usize {
        self.keys.len()
    }

    /// Returns the largest present value.
    pub(super) fn max(&self) -> f32 {
        from_ordered_bits(self.highest)
    }

    /// Returns the distinct values, ascending, if there are at most `most`.
    pub(super) fn distinct(&mut self, most: usize) -> Option<Vec<f32>> {
        if self.used > most {
            return None;
        }
        self.begins.fill(0);
        self.gather();
        let mut values = Vec::new();
        let mut place = 0;
        while place < self.rows() {
            if values.len() == most {
                return None;
            }
            let Group { value, places } = self.group(place, std::iter::empty());
            values.push(value);
            place = places.end;
        }
        Some(values)
    }

    /// Returns the rows of the value at a rank. `expected` are ranks that will be needed later.
    pub(super) fn group(&mut self, place: usize, expected: impl Iterator<Item = usize>) -> Group {
        let bucket = self.bucket(place);
        if self.begins[bucket] == APART {
            self.guesses += 1;
            if self.guesses <= Self::GUESSES {
                for place in expected.chain([place]) {
                    let bucket = self.bucket(place);
                    self.begins[bucket] = 0;
                }
            } else {
                self.begins.fill(0);
            }
            self.gather();
        }
        let begin = self.begin(bucket);
        let keys = self.sorted(bucket);
        let key = keys[place - begin];
        let places =
            begin + keys.partition_point(|&other| other < key)..begin + keys.partition_point(|&other| other <= key);
        let value = from_ordered_bits(key);
        Group { value: if value == 0.0 && self.negative_zero { -0.0 } else { value }, places }
    }

    /// The bucket that a place lies in.
    fn bucket(&self, place: usize) -> usize {
        self.ends.partition_point(|&end| end as usize <= place)
    }

    fn begin(&self, bucket: usize) -> usize {
        bucket.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    /// Puts the keys of every bucket together that is not [`APART`].
    fn gather(&mut self) {
        let Self { keys, lowest, shift, ends, begins, sorted, gathered, .. } = self;
        let mut length = 0;
        let mut before = 0;
        for (begin, &end) in begins.iter_mut().zip(*ends) {
            if *begin != APART {
                *begin = length;
                length += end - before;
            }
            before = end;
        }
        gathered.clear();
        gathered.resize(length as usize, 0);
        sorted.fill(false);
        for &key in *keys {
            // Moves on with every key, to the end of the bucket's keys.
            let place = &mut begins[((key - *lowest) >> *shift) as usize];
            if *place != APART {
                gathered[*place as usize] = key;
                *place += 1;
            }
        }
        before = 0;
        for (begin, &end) in begins.iter_mut().zip(*ends) {
            if *begin != APART {
                *begin -= end - before;
            }
            before = end;
        }
    }

    /// The keys of a gathered bucket, ascending.
    fn sorted(&mut self, bucket: usize) -> &[u32] {
        let length = self.ends[bucket] as usize - self.begin(bucket);
        let Self { begins, sorted, gathered, spare: [values, spare], .. } = self;
        let keys = &mut gathered[begins[bucket] as usize..][..length];
        if std::mem::replace(&mut sorted[bucket], true) || keys.iter().all(|&key| key == keys[0]) {
            // Of many rows in a bucket most often all have one value.
        } else if length <= FEW {
            keys.sort_unstable();
        } else {
            values.clear();
            values.extend_from_slice(keys);
            radix::sort(values, spare, |key| key.to_be_bytes());
            keys.copy_from_slice(values);
        }
        keys
    }
}
