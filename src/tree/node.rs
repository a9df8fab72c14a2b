//! A node of a stored tree: a leaf with its value, or a split.

use super::NONE;
use crate::binning::FeatureCuts;
use crate::binning::rule::SplitTest;
use crate::util::bit_set::BitSet;
use std::fmt;

/// The first number that is no category, as in XGBoost: from here on not every integer is a
/// binary32.
pub const CATEGORIES: u32 = 1 << 24;

/// Categories of a feature: integers from 0 to 16,777,215.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CategorySet(BitSet);

impl CategorySet {
    /// Returns the set of these categories; `None` if one of them is not below [`CATEGORIES`].
    #[must_use]
    pub fn new(categories: &[u32]) -> Option<Self> {
        let are_valid = categories.iter().all(|&category| category < CATEGORIES);
        are_valid.then(|| Self(categories.iter().copied().collect()))
    }

    /// Returns whether the category that a value stands for is in the set. A fraction is cut off; a
    /// negative, a too large and a missing value stand for no category. XGBoost reads values in the
    /// same way.
    #[inline]
    #[must_use]
    pub fn contains(&self, value: f32) -> bool {
        (0.0..CATEGORIES as f32).contains(&value) && self.0.contains(value as u32)
    }

    /// Returns the categories, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter()
    }
}

/// Writes the categories in ascending order: `{0,3,7}`.
impl fmt::Display for CategorySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, category) in self.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{category}")?;
        }
        f.write_str("}")
    }
}

/// How a split tells present values apart; missing ones follow [`Node::default_left`].
#[derive(Clone, Debug, PartialEq)]
pub enum Split {
    /// Values below this threshold go left, all others right.
    Below(f32),
    /// Categories of the set go right, all others left, those that training never met among them
    /// (XGBoost's sides).
    In(CategorySet),
}

impl Split {
    /// Returns whether a present value goes left.
    #[inline]
    #[must_use]
    pub fn goes_left(&self, value: f32) -> bool {
        match self {
            Self::Below(threshold) => value < *threshold,
            Self::In(right) => !right.contains(value),
        }
    }

    /// Returns the test of the feature's codes that sends every bin where its first value goes. A
    /// bin of categories holds a single one; the values of any other bin lie on the same side of a
    /// threshold between bins.
    #[must_use]
    pub fn by_code(&self, cuts: &FeatureCuts) -> SplitTest {
        match self {
            Self::Below(threshold) => SplitTest::Below(cuts.boundary(*threshold) as u32),
            Self::In(right) => {
                let firsts = cuts.first_values.iter().zip(0..);
                SplitTest::In(firsts.filter(|&(&first, _)| right.contains(first)).map(|(_, code)| code).collect())
            }
        }
    }

    /// Returns whether the left child is for the values that the split's words hold for: `< 0.5`
    /// yes, `in {1}` no.
    #[must_use]
    pub fn left_if_true(&self) -> bool {
        matches!(self, Self::Below(_))
    }
}

/// The condition without its feature: `< 0.5`, `in {0,3}`.
impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(threshold) => write!(f, "< {threshold}"),
            Self::In(right) => write!(f, "in {right}"),
        }
    }
}

/// What distinguishes leaves from splits.
#[derive(Clone, Debug, PartialEq)]
enum Content {
    /// Holds the value that the leaf adds.
    Leaf(f32),
    /// Holds how rows are told apart, and the indices of the left and the right child.
    Split(Split, [u32; 2]),
}

/// One node of a [`Tree`](super::Tree): a leaf, or a split with two children.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    content: Content,
    /// Index of the parent, or [`NONE`] for the root.
    pub parent: i32,
    /// Feature of the split; 0 for a leaf.
    pub feature: u32,
    /// Whether rows that miss the feature go left.
    pub default_left: bool,
    /// Gain of the split (XGBoost's `loss_changes`); 0 for a leaf.
    pub gain: f32,
    /// Sum of the hessians of the training rows in the node (cover).
    pub sum_hessian: f32,
    /// Weight of the node before eta.
    pub base_weight: f32,
}

impl Node {
    /// Returns a leaf that adds this value (after eta), without statistics.
    #[must_use]
    pub fn leaf(parent: i32, value: f32) -> Self {
        Self {
            content: Content::Leaf(value),
            parent,
            feature: 0,
            default_left: false,
            gain: 0.0,
            sum_hessian: 0.0,
            base_weight: 0.0,
        }
    }

    /// Turns the node into a split of a feature with these children, left and right. Its statistics
    /// stay.
    #[must_use]
    pub fn divided(self, feature: u32, split: Split, children: [u32; 2]) -> Self {
        Self { content: Content::Split(split, children), feature, ..self }
    }

    /// Turns the node into a leaf that adds this value.
    pub fn set_leaf_value(&mut self, value: f32) {
        self.content = Content::Leaf(value);
        self.feature = 0;
    }

    /// Returns whether the node is a leaf.
    #[inline]
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        matches!(self.content, Content::Leaf(_))
    }

    /// Returns the value that a leaf adds, in units of the margin; `None` for a split.
    #[inline]
    #[must_use]
    pub fn leaf_value(&self) -> Option<f32> {
        match self.content {
            Content::Leaf(value) => Some(value),
            Content::Split(..) => None,
        }
    }

    /// Returns how the node tells rows apart; `None` for a leaf.
    #[inline]
    #[must_use]
    pub fn split(&self) -> Option<&Split> {
        match &self.content {
            Content::Leaf(_) => None,
            Content::Split(split, _) => Some(split),
        }
    }

    /// Returns the indices of the left and the right child; `None` for a leaf.
    #[inline]
    #[must_use]
    pub fn children(&self) -> Option<[usize; 2]> {
        match self.content {
            Content::Leaf(_) => None,
            Content::Split(_, children) => Some(children.map(|child| child as usize)),
        }
    }

    /// Returns the indices of the left and the right child as a model file has them: [`NONE`] twice
    /// for a leaf.
    #[must_use]
    pub fn links(&self) -> [i32; 2] {
        self.children().map_or([NONE; 2], |children| children.map(|child| child as i32))
    }

    /// Returns whether a row with this value of the node's feature goes left at a split; NaN is
    /// missing.
    #[inline]
    #[must_use]
    pub fn goes_left(&self, value: f32) -> bool {
        match &self.content {
            Content::Split(split, _) if !value.is_nan() => split.goes_left(value),
            _ => self.default_left,
        }
    }

    /// Returns the child that a row with this value of the node's feature goes to; `None` for a
    /// leaf.
    #[inline]
    #[must_use]
    pub fn child(&self, value: f32) -> Option<usize> {
        self.children().map(|children| children[usize::from(!self.goes_left(value))])
    }

    /// Returns whether both nodes are equal to the bit.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let numbers = |node: &Self| {
            let condition = match node.content {
                Content::Leaf(value) | Content::Split(Split::Below(value), _) => value,
                Content::Split(Split::In(_), _) => 0.0,
            };
            [condition, node.gain, node.sum_hessian, node.base_weight].map(f32::to_bits)
        };
        let categories = |node: &Self| match &node.content {
            Content::Split(Split::In(right), _) => Some(right.clone()),
            _ => None,
        };
        let links = |node: &Self| (node.links(), node.parent, node.feature, node.default_left);
        links(self) == links(other) && numbers(self) == numbers(other) && categories(self) == categories(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::TreeMethod;

    fn set(categories: &[u32]) -> CategorySet {
        CategorySet::new(categories).unwrap_or_default()
    }

    #[test]
    fn categories_of_the_set_go_right() {
        let node = Node::leaf(NONE, 0.0).divided(1, Split::In(set(&[1, 40])), [1, 2]);
        let right = [1.0, 1.7, 40.0];
        let left = [-1.0, -0.5, 0.0, -0.0, 2.0, 39.9, 41.0, 16_777_216.0, f32::MAX, f32::INFINITY, f32::NEG_INFINITY];
        assert!(right.iter().all(|&value| node.child(value) == Some(2)));
        assert!(left.iter().all(|&value| node.child(value) == Some(1)));
        for default_left in [false, true] {
            let mut node = node.clone();
            node.default_left = default_left;
            assert_eq!(node.goes_left(f32::NAN), default_left);
        }
        assert_eq!(CategorySet::new(&[CATEGORIES]), None);
        assert_eq!(CategorySet::new(&[CATEGORIES - 1]).map(|set| set.contains(16_777_215.0)), Some(true));
    }

    #[test]
    fn a_leaf_has_no_children_and_a_split_no_value() {
        let leaf = Node::leaf(NONE, 0.5);
        assert_eq!((leaf.leaf_value(), leaf.split(), leaf.children(), leaf.child(1.0)), (Some(0.5), None, None, None));
        let node = leaf.divided(3, Split::Below(2.0), [1, 2]);
        assert_eq!((node.leaf_value(), node.children(), node.links()), (None, Some([1, 2]), [1, 2]));
        assert_eq!([1.9, 2.0, f32::NAN].map(|value| node.child(value)), [Some(1), Some(2), Some(2)]);
        assert_eq!(format!("{} {}", Split::Below(2.0), Split::In(set(&[3, 0]))), "< 2 in {0,3}");
    }

    #[test]
    fn bins_go_where_their_values_go() {
        let column = [0.0, 1.0, 2.0, 3.0, 5.0, f32::NAN];
        let cuts = FeatureCuts::learn(&column, TreeMethod::Exact, 256);
        let Ok(cuts) = cuts else { panic!("the column has few values") };
        for split in [Split::Below(2.5), Split::In(set(&[1, 5, 9])), Split::In(set(&[]))] {
            let test = split.by_code(&cuts);
            for (code, &value) in column[..5].iter().enumerate() {
                assert_eq!(test.goes_left(code as u32), split.goes_left(value), "{split} of {value}");
            }
        }
    }
}
