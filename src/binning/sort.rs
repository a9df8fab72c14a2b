//! Sorting the values of a column by radix: a pass for each byte, the lowest first, each stable.
//!
//! Bytes rather than wider digits: 256 places to write to stay in the first-level cache and its page table.

const BUCKETS: usize = 1 << u8::BITS;
const PASSES: usize = size_of::<u32>();

/// Below this many values a comparison sort is faster than counting.
const FEW: usize = 1 << 10;

/// Sorts ascending; `spare` is memory to work in.
pub(super) fn sort(values: &mut Vec<u32>, spare: &mut Vec<u32>) {
    if values.len() < FEW {
        values.sort_unstable();
        return;
    }
    let mut counts = [[0_u32; BUCKETS]; PASSES];
    for &value in values.iter() {
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[digit(value, pass)] += 1;
        }
    }
    spare.resize(values.len(), 0);
    for (pass, counts) in counts.iter_mut().enumerate() {
        if counts[digit(values[0], pass)] as usize == values.len() {
            continue;
        }
        // From counts to the place of each bucket's next value.
        let mut place = 0;
        for count in counts.iter_mut() {
            place += std::mem::replace(count, place);
        }
        for &value in values.iter() {
            let place = &mut counts[digit(value, pass)];
            spare[*place as usize] = value;
            *place += 1;
        }
        std::mem::swap(values, spare);
    }
}

#[inline]
fn digit(value: u32, pass: usize) -> usize {
    usize::from(value.to_le_bytes()[pass])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn sorted_as_by_comparison(values in prop::collection::vec(any::<u32>(), 0..2 * FEW), kept: u32) {
            // Some bits are the same in all values, so that passes are left out.
            let mut values: Vec<u32> = values.into_iter().map(|value| value & kept).collect();
            let mut expected = values.clone();
            expected.sort_unstable();
            sort(&mut values, &mut vec![7; 5]);
            prop_assert_eq!(values, expected);
        }
    }
}
