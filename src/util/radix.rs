//! Sorting by radix: a pass for each byte of the key, the lowest first, each stable.
//!
//! Bytes rather than wider digits: 256 places to write to stay in the first-level cache and its
//! page table.

const BUCKETS: usize = 1 << u8::BITS;

/// Below this many values a comparison sort is faster than counting.
const FEW: usize = 1 << 10;

/// Sorts ascending by the key, an integer's bytes from the highest on; `spare` is memory to work
/// in. Not stable.
pub(crate) fn sort<T: Copy, const PASSES: usize>(
    values: &mut Vec<T>,
    spare: &mut Vec<T>,
    key: impl Fn(&T) -> [u8; PASSES],
) {
    if values.len() < FEW {
        values.sort_unstable_by_key(key);
        return;
    }
    let mut counts = [[0_u32; BUCKETS]; PASSES];
    for value in values.iter() {
        for (counts, byte) in counts.iter_mut().zip(key(value)) {
            counts[usize::from(byte)] += 1;
        }
    }
    spare.resize(values.len(), values[0]);
    for (pass, counts) in counts.iter_mut().enumerate().rev() {
        let digit = |value: &T| usize::from(key(value)[pass]);
        if counts[digit(&values[0])] as usize == values.len() {
            continue;
        }
        // From counts to the place of each bucket's next value.
        let mut place = 0;
        for count in counts.iter_mut() {
            place += std::mem::replace(count, place);
        }
        for &value in values.iter() {
            let place = &mut counts[digit(&value)];
            spare[*place as usize] = value;
            *place += 1;
        }
        std::mem::swap(values, spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn sorted_as_by_comparison(values in prop::collection::vec(any::<(u32, u8)>(), 0..2 * FEW), kept: u32) {
            // Some bits are the same in all keys, so that passes are left out.
            let mut values: Vec<(u32, u8)> = values.into_iter().map(|(key, other)| (key & kept, other)).collect();
            let mut expected = values.clone();
            sort(&mut values, &mut vec![(7, 7); 5], |value| value.0.to_be_bytes());
            prop_assert!(values.is_sorted_by_key(|value| value.0));
            // And nothing got lost.
            expected.sort_unstable();
            values.sort_unstable();
            prop_assert_eq!(values, expected);
        }
    }
}
