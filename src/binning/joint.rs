//! Feature bundles: features of few codes merged into joint columns, so that one addition per row
//! sums several features.
//!
//! A joint code stands for the codes that the members of its column have together in some row. Sums
//! by joint code, added up over all joint codes in which a member has a code, are the member's sums
//! of that code: of integers, so to the bit.

use crate::binning::blocks::RowBlock;
use std::borrow::Cow;

/// The most joint codes of a column: they are bytes.
const CODES: usize = 256;

/// At most this number of rows decides whether merging two columns is tried on all rows.
const TRIED_ROWS: usize = 4096;

/// Cost of adding one joint sum to a member's, in additions of a row to a sum.
const MEMBER_COST: usize = 3;

/// The features of a row block once more, in fewer columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointBlock {
    /// What each column is made of; every feature of the block is a member of one of them.
    pub columns: Vec<JointColumn>,
    /// The joint codes by row; its features are the columns' numbers.
    pub block: RowBlock,
    /// Additions that sharing the sums of one node out to the members takes.
    additions: usize,
    /// Features of the block less columns.
    saved: usize,
}

/// Some features of a row block in one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JointColumn {
    /// The members, by their positions in the row block.
    pub members: Vec<usize>,
    /// One entry per member: its code in each joint code.
    pub codes: Vec<Vec<u8>>,
}

impl JointColumn {
    /// Returns the number of joint codes: one per combination of codes that some row has.
    #[must_use]
    pub fn joint_codes(&self) -> usize {
        self.codes.first().map_or(0, Vec::len)
    }
}

impl JointBlock {
    /// Merges the features of a row block, given by their number of codes and the codes of the
    /// `rows` rows. None if that does not save a quarter of the columns, or has no node that it
    /// pays for. It depends on nothing but these codes.
    #[must_use]
    pub fn cover(features: &[(usize, &[u8])], rows: usize) -> Option<Self> {
        let mut drafts: Vec<Draft<'_>> = Vec::new();
        let mut order: Vec<usize> = (0..features.len()).collect();
        // Large ones first: what is left of a byte beside them is for the small ones.
        order.sort_by_key(|&position| std::cmp::Reverse(features[position].0));
        let mut seen = Seen::default();
        for position in order {
            let (count, codes) = features[position];
            // Where it adds the fewest joint codes.
            let mut found: Vec<(usize, usize)> = drafts
                .iter()
                .enumerate()
                .filter_map(|(index, draft)| Some((draft.more(codes, &mut seen)?, index)))
                .collect();
            found.sort_unstable();
            if !found.into_iter().any(|(more, index)| drafts[index].join(position, codes, more, &mut seen)) {
                drafts.push(Draft::of(position, count, codes, &mut seen));
            }
        }
        let saved = features.len() - drafts.len();
        let additions = drafts.iter().map(|draft| draft.made.joint_codes() * draft.made.members.len()).sum();
        if 4 * saved < features.len() || !pays(rows, saved, additions) {
            return None;
        }
        let columns: Vec<(u32, &[u8])> = (0..).zip(&drafts).map(|(index, draft)| (index, &*draft.column)).collect();
        let block = RowBlock::transpose(&columns, rows);
        Some(Self { columns: drafts.into_iter().map(|draft| draft.made).collect(), block, additions, saved })
    }

    /// Returns whether a node of `rows` rows is summed faster by joint codes, although the sums
    /// must then be distributed to the members.
    #[must_use]
    pub fn pays(&self, rows: usize) -> bool {
        pays(rows, self.saved, self.additions)
    }
}

fn pays(rows: usize, saved: usize, additions: usize) -> bool {
    rows * saved > MEMBER_COST * additions
}

/// A column under construction.
struct Draft<'c> {
    made: JointColumn,
    /// The joint codes of all rows.
    column: Cow<'c, [u8]>,
    /// How many of them the tried rows have.
    tried: usize,
}

impl<'c> Draft<'c> {
    /// A feature by itself: its codes are the joint codes.
    fn of(position: usize, count: usize, codes: &'c [u8], seen: &mut Seen) -> Self {
        let made = JointColumn { members: vec![position], codes: vec![(0..count).map(|code| code as u8).collect()] };
        let step = tried_step(codes);
        let tried = seen.pairs(std::iter::repeat(&0).zip(codes.iter().step_by(step)), |_| ());
        Self { made, column: Cow::Borrowed(codes), tried: tried.map_or(0, |pairs| pairs.len()) }
    }

    /// How many joint codes a feature adds on the tried rows, unless there are too many then.
    fn more(&self, codes: &[u8], seen: &mut Seen) -> Option<usize> {
        let step = tried_step(codes);
        let rows = self.column.iter().step_by(step).zip(codes.iter().step_by(step));
        Some(seen.pairs(rows, |_| ())?.len() - self.tried)
    }

    /// Adds a feature that adds `more` joint codes on the tried rows. Returns whether a byte is
    /// enough.
    fn join(&mut self, position: usize, codes: &[u8], more: usize, seen: &mut Seen) -> bool {
        let mut column = Vec::with_capacity(codes.len());
        let Some(pairs) = seen.pairs(self.column.iter().zip(codes), |code| column.push(code)) else { return false };
        for member in &mut self.made.codes {
            *member = pairs.iter().map(|&(joint, _)| member[usize::from(joint)]).collect();
        }
        self.made.members.push(position);
        self.made.codes.push(pairs.iter().map(|&(_, code)| code).collect());
        self.column = Cow::Owned(column);
        self.tried += more;
        true
    }
}

/// Returns the distance of the rows of a column that are tried: at least 1.
fn tried_step(column: &[u8]) -> usize {
    column.len().div_ceil(TRIED_ROWS).max(1)
}

/// Which pairs of codes have come, and what they are called: a stamp of the pass, then the name.
struct Seen {
    names: Vec<u32>,
    pass: u32,
}

impl Default for Seen {
    fn default() -> Self {
        Self { names: vec![0; CODES * CODES], pass: 0 }
    }
}

impl Seen {
    /// Returns the distinct pairs in the order in which they come first, unless there are too many
    /// for a byte. `name` is called with the number of each row's pair.
    fn pairs<'c>(
        &mut self,
        rows: impl Iterator<Item = (&'c u8, &'c u8)>,
        mut name: impl FnMut(u8),
    ) -> Option<Vec<(u8, u8)>> {
        self.pass += 1;
        let stamp = self.pass * CODES as u32;
        let mut pairs = Vec::new();
        for (&joint, &code) in rows {
            let known = &mut self.names[usize::from(joint) * CODES + usize::from(code)];
            if *known < stamp {
                if pairs.len() == CODES {
                    return None;
                }
                *known = stamp + pairs.len() as u32;
                pairs.push((joint, code));
            }
            name((*known - stamp) as u8);
        }
        Some(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::hash;

    const ROWS: usize = 20_000;

    fn drawn(key: u32, count: u32) -> Vec<u8> {
        (0..ROWS as u32).map(|row| (hash::combine(key, row) % count) as u8).collect()
    }

    fn cover(columns: &[Vec<u8>]) -> Option<JointBlock> {
        let count = |column: &Vec<u8>| column.iter().max().map_or(0, |&most| usize::from(most) + 1);
        let features: Vec<(usize, &[u8])> = columns.iter().map(|column| (count(column), column.as_slice())).collect();
        JointBlock::cover(&features, columns.first().map_or(0, Vec::len))
    }

    /// The joint codes of every row say what the members' codes are.
    fn check(columns: &[Vec<u8>], joint: &JointBlock) {
        let width = joint.columns.len();
        let mut members: Vec<usize> = joint.columns.iter().flat_map(|column| column.members.clone()).collect();
        members.sort_unstable();
        assert_eq!(members, (0..columns.len()).collect::<Vec<_>>());
        assert_eq!(joint.block.features, (0..width as u32).collect::<Vec<_>>());
        for (row, codes) in joint.block.codes.chunks_exact(width).enumerate() {
            for (column, &code) in joint.columns.iter().zip(codes) {
                for (&member, of_joint) in column.members.iter().zip(&column.codes) {
                    assert_eq!(of_joint[usize::from(code)], columns[member][row], "row {row}, member {member}");
                }
            }
        }
    }

    #[test]
    fn eight_binary_features_are_one_byte() {
        let columns: Vec<Vec<u8>> = (0..24).map(|key| drawn(key, 2)).collect();
        let joint = cover(&columns).unwrap_or_else(|| panic!("binary features go together"));
        assert_eq!(joint.columns.len(), 3);
        assert!(joint.columns.iter().all(|column| column.joint_codes() == 256));
        check(&columns, &joint);
    }

    #[test]
    fn codes_that_never_meet_cost_nothing() {
        // 200 and 56 codes of which one of both is always 0: 255 pairs; and a copy of a full byte
        // adds none.
        let (a, b) = (drawn(1, 200), drawn(2, 56));
        let one = a.iter().zip(&b).map(|(&a, &b)| if a % 2 == 0 { (a, 0) } else { (0, b) });
        let (a, b): (Vec<u8>, Vec<u8>) = one.unzip();
        let full = drawn(3, 256);
        let columns = [a, full.clone(), b, full.iter().map(|&code| code ^ 0x5a).collect()];
        let joint = cover(&columns).unwrap_or_else(|| panic!("they go together"));
        assert_eq!(joint.columns.len(), 2);
        check(&columns, &joint);
    }

    #[test]
    fn a_rare_pair_beyond_a_byte_is_not_lost() {
        // 16 x 16 codes on the rows that are tried, and one more row.
        let (mut a, mut b) = (drawn(1, 16), drawn(2, 16));
        (a[ROWS - 2], b[ROWS - 2]) = (16, 16);
        let columns = [a, b, vec![0; ROWS], drawn(3, 2), drawn(4, 2)];
        let joint = cover(&columns).unwrap_or_else(|| panic!("some go together"));
        assert_eq!(joint.columns.len(), 2);
        check(&columns, &joint);
    }

    #[test]
    fn what_does_not_pay_is_left_as_it_is() {
        assert_eq!(cover(&[drawn(1, 256), drawn(2, 256), drawn(3, 256)]), None);
        assert_eq!(cover(&[drawn(1, 256)]), None);
        assert_eq!(cover(&[]), None);
        let short: Vec<Vec<u8>> = (0..8).map(|key| drawn(key, 2)[..200].to_vec()).collect();
        assert_eq!(cover(&short), None, "no node of 200 rows is worth the sharing out of 256 sums");
    }
}
