//! Rows that belong together: a person's, a day's, those of one query.

use crate::error::{Error, Result};
use std::borrow::Cow;

/// The group of every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups<'a> {
    of_row: Cow<'a, [u32]>,
}

impl Groups<'static> {
    /// Makes groups of consecutive rows from their numbers of rows, as a ranking has its queries.
    ///
    /// ```
    /// use gboost::internals::data::Groups;
    ///
    /// assert_eq!(Groups::of_sizes(&[2, 1, 3], 6)?.of_row(), [0, 0, 1, 2, 2, 2]);
    /// # Ok::<(), gboost::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the groups have another number of rows together than `rows`.
    pub fn of_sizes(sizes: &[u32], rows: usize) -> Result<Self> {
        let all: u64 = sizes.iter().map(|&size| u64::from(size)).sum();
        if all != rows as u64 {
            return Err(Error::data(format!("the groups have {all} rows, but the data has {rows}"))
                .remedy("give the number of rows of each group, in the order of the rows"));
        }
        let of_row = (0..).zip(sizes).flat_map(|(group, &size)| std::iter::repeat_n(group, size as usize)).collect();
        Ok(Self { of_row: Cow::Owned(of_row) })
    }
}

impl Groups<'_> {
    /// Returns the number of each row's group.
    #[must_use]
    pub fn of_row(&self) -> &[u32] {
        &self.of_row
    }

    /// Returns the number above those of all groups; some below it may have no row.
    #[must_use]
    pub fn bound(&self) -> usize {
        self.of_row.iter().max().map_or(0, |&most| most as usize + 1)
    }
}

/// Groups by their numbers from 0 on, one per row; rows of a group need not be consecutive.
impl<'a, T: AsRef<[u32]> + ?Sized> From<&'a T> for Groups<'a> {
    fn from(of_row: &'a T) -> Self {
        Self { of_row: Cow::Borrowed(of_row.as_ref()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_all_rows() {
        let groups = |rows| Groups::of_sizes(&[1, 0, 2], rows).map_err(|error| error.to_string());
        assert_eq!(groups(3), Ok(Groups::from(&[0, 2, 2])));
        assert_eq!(groups(3).map(|groups| groups.bound()), Ok(3));
        let message = "the groups have 3 rows, but the data has 4; give the number of rows of each group, in the order of \
                       the rows";
        assert_eq!(groups(4), Err(message.into()));
    }
}
