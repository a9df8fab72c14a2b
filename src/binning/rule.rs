//! A split as the binned rows see it.

use super::matrix::BinnedMatrix;
use crate::binning::codes::Codes;
use crate::util::bit_set::BitSet;
use std::ops::Range;

/// How a split tells the codes of present values apart; missing ones follow its default direction.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitTest {
    /// Codes below this one go left, all others right.
    Below(u32),
    /// Codes of the set go right, all others left.
    In(BitSet),
}

impl SplitTest {
    /// Returns whether the code of a present value goes left.
    #[inline]
    #[must_use]
    pub fn goes_left(&self, code: u32) -> bool {
        match self {
            Self::Below(boundary) => code < *boundary,
            Self::In(right) => !right.contains(code),
        }
    }
}

/// Which rows of a matrix go left.
#[derive(Clone, Debug)]
pub struct Rule<'m> {
    /// The codes of the split's feature, one a row of the matrix.
    pub codes: Codes<'m>,
    sides: Sides,
}

/// Which codes go where, that of missing rows among them.
#[derive(Clone, Debug)]
enum Sides {
    /// One comparison decides.
    Range {
        /// The codes of one side: the left one if missing rows go right, otherwise the right one.
        /// The code of missing rows is above all others, so it is never among them.
        codes: Range<u32>,
        /// Whether the others, missing rows among them, go left.
        others_left: bool,
    },
    /// Holds the codes that go right.
    Set(BitSet),
}

impl<'m> Rule<'m> {
    /// Makes the rule of a split of a feature; missing rows go left if `default_left`.
    #[must_use]
    pub fn new(matrix: &'m BinnedMatrix, feature: u32, test: &SplitTest, default_left: bool) -> Self {
        let missing = matrix.cuts[feature as usize].missing_code() as u32;
        let sides = match test {
            &SplitTest::Below(boundary) => {
                let codes = if default_left { boundary..missing } else { 0..boundary };
                Sides::Range { codes, others_left: default_left }
            }
            SplitTest::In(right) => {
                let present = right.iter().filter(|&code| code < missing);
                Sides::Set(present.chain((!default_left).then_some(missing)).collect())
            }
        };
        Self { codes: matrix.codes(feature as usize), sides }
    }

    /// Returns whether a row of the matrix goes left.
    #[inline]
    #[must_use]
    pub fn goes_left(&self, row: usize) -> bool {
        let mut left = [false];
        self.mark(&[self.codes.code(row) as u32], &mut left);
        left[0]
    }

    /// Says of each code whether its row goes left.
    #[inline(always)]
    pub fn mark<C: Copy + Into<u32>>(&self, codes: &[C], goes_left: &mut [bool]) {
        match &self.sides {
            Sides::Range { codes: Range { start, end }, others_left } => {
                let takes = |code: u32| code.wrapping_sub(*start) < *end - *start;
                codes.iter().zip(goes_left).for_each(|(&code, left)| *left = takes(code.into()) != *others_left);
            }
            Sides::Set(right) => {
                codes.iter().zip(goes_left).for_each(|(&code, left)| *left = !right.contains(code.into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::TreeMethod;

    #[test]
    fn one_comparison_decides_as_two() {
        let column = vec![f32::NAN, 0.0, 1.0, 2.0, 3.0];
        for (column, bins) in [(column.clone(), 4), (column[1..].to_vec(), 4), (vec![f32::NAN; 3], 0)] {
            let rows = column.len();
            let matrix = BinnedMatrix::new(&[column], &["x".to_string()], rows, TreeMethod::Exact, 256);
            let Ok(matrix) = matrix else { panic!("the column has few values") };
            for (boundary, default_left) in (0..=bins).flat_map(|boundary| [(boundary, false), (boundary, true)]) {
                let rule = Rule::new(&matrix, 0, &SplitTest::Below(boundary), default_left);
                for row in 0..rows {
                    let code = matrix.code(row, 0);
                    let expected =
                        if code == matrix.cuts[0].missing_code() { default_left } else { code < boundary as usize };
                    assert_eq!(rule.goes_left(row), expected, "code {code}, {rule:?}");
                }
            }
        }
    }

    #[test]
    fn a_set_of_codes_decides_as_the_obvious_loop() {
        let columns = [vec![f32::NAN, 0.0, 1.0, 2.0, 3.0, 2.0], (0..400).map(|row| row as f32).collect()];
        for column in columns {
            let rows = column.len();
            let matrix = BinnedMatrix::new(&[column], &["x".to_string()], rows, TreeMethod::Exact, 256);
            let Ok(matrix) = matrix else { panic!("the column has few values") };
            let missing = matrix.cuts[0].missing_code();
            for right in [vec![], vec![0], vec![1, 3], vec![0, 31, 32, 255, 256, 399], (0..5).collect::<Vec<u32>>()] {
                let test = SplitTest::In(right.iter().copied().collect());
                for default_left in [false, true] {
                    let rule = Rule::new(&matrix, 0, &test, default_left);
                    for row in 0..rows {
                        let code = matrix.code(row, 0);
                        let expected = if code == missing { default_left } else { !right.contains(&(code as u32)) };
                        assert_eq!(rule.goes_left(row), expected, "code {code} of {missing}, {rule:?}");
                    }
                }
            }
        }
    }
}
