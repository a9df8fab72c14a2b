//! Sets of small numbers as bits, shared between those who hold them.

use std::sync::Arc;

/// A set of numbers from 0 on: one bit each, up to the largest. A clone shares the bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BitSet(Arc<[u32]>);

impl BitSet {
    /// Returns whether the number is in the set.
    #[inline]
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.0.get((number / u32::BITS) as usize).is_some_and(|word| word >> (number % u32::BITS) & 1 == 1)
    }

    /// Returns the numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let bits = |(place, &word): (usize, &u32)| {
            let first = place as u32 * u32::BITS;
            (0..u32::BITS).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit)
        };
        self.0.iter().enumerate().flat_map(bits)
    }

    /// Returns the words of bits, number 0 in the lowest bit of the first one; the last one is not
    /// 0.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        &self.0
    }
}

impl FromIterator<u32> for BitSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut words = Vec::new();
        for number in numbers {
            let place = (number / u32::BITS) as usize;
            if place >= words.len() {
                words.resize(place + 1, 0);
            }
            words[place] |= 1 << (number % u32::BITS);
        }
        Self(words.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_its_numbers_alone() {
        for numbers in [vec![], vec![0], vec![31, 32, 64], vec![5, 1000, 3, 5]] {
            let set: BitSet = numbers.iter().copied().collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(set.iter().collect::<Vec<_>>(), sorted);
            assert!((0..1200).all(|number| set.contains(number) == numbers.contains(&number)));
            assert!(set.words().last() != Some(&0));
        }
    }
}
