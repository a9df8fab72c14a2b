//! A split as the binned rows see it.

use super::matrix::BinnedMatrix;
use crate::binning::codes::Codes;
use std::ops::Range;

/// Which rows go left.
#[derive(Clone, Debug)]
pub struct Rule<'m> {
    /// The codes of the split's feature, one a row of the matrix.
    pub codes: Codes<'m>,
    /// The codes of one side: the left one if missing rows go right, otherwise the right one. The code of missing rows is above all
    /// others, so it is never among them, and one comparison decides.
    side: Range<u32>,
    /// Whether the others, missing rows among them, go left.
    pub default_left: bool,
}

impl<'m> Rule<'m> {
    /// The rule of a split: codes below `boundary` go left.
    #[must_use]
    pub fn new(matrix: &'m BinnedMatrix, feature: u32, boundary: u32, default_left: bool) -> Self {
        let missing = matrix.cuts[feature as usize].missing_code() as u32;
        let side = if default_left { boundary..missing } else { 0..boundary };
        Self { codes: matrix.codes(feature as usize), side, default_left }
    }

    /// Whether rows of a code go to the side that missing rows do not go to.
    #[inline]
    #[must_use]
    pub fn takes(&self, code: u32) -> bool {
        code.wrapping_sub(self.side.start) < self.side.end - self.side.start
    }

    /// Whether a row of the matrix goes left.
    #[inline]
    #[must_use]
    pub fn goes_left(&self, row: usize) -> bool {
        self.takes(self.codes.code(row) as u32) != self.default_left
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
                let rule = Rule::new(&matrix, 0, boundary, default_left);
                for row in 0..rows {
                    let code = matrix.code(row, 0);
                    let expected =
                        if code == matrix.cuts[0].missing_code() { default_left } else { code < boundary as usize };
                    assert_eq!(rule.goes_left(row), expected, "code {code}, {rule:?}");
                }
            }
        }
    }
}
