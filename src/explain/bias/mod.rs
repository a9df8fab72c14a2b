//! Bias metrics: whether labels and predictions favour some rows over others, by the definitions of
//! SageMaker Clarify.
//!
//! A *facet* is the set of rows that may be at a disadvantage (`d`); all other rows are the rest
//! (`a`). A *positive* label is the outcome that one would like to get. Rows count as one each,
//! whatever their weight. In all ratios `0 / 0` is 0 and `x / 0` is infinite; two infinities differ
//! by 0.
//!
//! Before training (labels): CI, DPL, KL, JS, LP, TVD, KS, CDDL. After training (predictions):
//! DPPL, DI, DCA, DCR, RD, SD, DAR, DRR, AD, TE, CDDPL, FT, GE. CDDL and CDDPL need groups. The
//! formulas stand in `labels.rs`, `predictions.rs` and `flip_test.rs`; they are those of Amazon's
//! `smclarify` 0.5, with two differences where that leaves out values: KL, JS, LP, TVD and KS here
//! keep an outcome that only one side has (so KL may be infinite), and nothing is an error but a
//! facet of no or of all rows.
//!
//! The *usual bounds* are rules of thumb, not verdicts: differences of rates up to 0.1 (as in AI
//! Fairness 360), a ratio from 0.8 to 1.25 (the four-fifths rule of the US Equal Employment
//! Opportunity Commission). Metrics without such a rule have none.

mod condition;
mod flip_test;
mod labels;
mod predictions;

pub use condition::{Condition, Operand};

use crate::error::{Error, Result};
use crate::ingest::keys::{Key, Keys};

/// One figure about a facet.
#[derive(Clone, Debug, PartialEq)]
pub struct BiasMetric {
    /// Clarify's name, such as `DPL`.
    pub name: &'static str,
    /// Clarify's description, such as `Difference in Positive Proportions in Labels (DPL)`.
    pub description: &'static str,
    /// The value; may be infinite.
    pub value: f64,
    /// The least and largest value that there can be.
    pub range: (f64, f64),
    /// The values that are usually held to be unremarkable, where there is such a rule.
    pub usual: Option<(f64, f64)>,
    /// What the value says, in a sentence without a full stop.
    pub reading: String,
}

impl BiasMetric {
    /// Whether the value lies within the usual bounds, where there are any.
    #[must_use]
    pub fn is_usual(&self) -> Option<bool> {
        self.usual.map(|(low, high)| (low..=high).contains(&self.value))
    }
}

/// A rate on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct SideRate {
    /// What it is the rate of.
    pub name: &'static str,
    /// In the facet; 0 where there is nothing to take it of.
    pub facet: f64,
    /// In the rest.
    pub rest: f64,
}

/// The rows that bias is looked for in.
#[derive(Clone, Copy, Debug)]
pub struct BiasRows<'a> {
    /// Whether each row's label is positive.
    pub positive: &'a [bool],
    /// Whether each row is predicted positive.
    pub predicted: &'a [bool],
    /// The group of each row, for the conditional metrics; missing values are a group.
    pub groups: Option<&'a Keys>,
}

/// A set of rows that may be at a disadvantage.
#[derive(Clone, Copy, Debug)]
pub struct Facet<'a> {
    /// Name of the column.
    pub column: &'a str,
    /// The column's values, one a row.
    pub values: &'a Keys,
    /// Which of them belong to the facet.
    pub condition: &'a Condition,
    /// The features but the facet's column, in which the flip test looks for neighbours; one value
    /// a row each.
    pub others: &'a [&'a [f32]],
}

/// All metrics of a facet.
#[derive(Clone, Debug, PartialEq)]
pub struct BiasReport {
    /// Name of the column.
    pub column: String,
    /// The facet's values or bound.
    pub condition: String,
    /// Number of rows in the facet.
    pub rows: usize,
    /// Number of all rows.
    pub all: usize,
    /// The metrics of the labels.
    pub labels: Vec<BiasMetric>,
    /// The metrics of the predictions.
    pub predictions: Vec<BiasMetric>,
    /// The rates that most of the metrics compare.
    pub rates: Vec<SideRate>,
}

impl BiasReport {
    /// Computes all metrics of a facet.
    ///
    /// # Errors
    /// If no row belongs to the facet, or every row; if the condition asks for one value of several
    /// that no row has, or for larger or smaller ones in a column of text.
    pub fn new(rows: &BiasRows, facet: &Facet) -> Result<Self> {
        let column = facet.column;
        let refuse = |which: &str| {
            let error = Error::data(format!("the facet `{column}` {} {which}", facet.condition));
            Err(error.remedy(format!("choose another value or bound: {}", content(facet.values))))
        };
        let holds = match facet.condition.holds_for(facet.values) {
            Ok(holds) => holds,
            Err(reason) => return refuse(&reason),
        };
        let inside: Vec<bool> = facet.values.places().map(|value| value.is_some_and(|value| holds[value])).collect();
        let sides = Sides::new(rows, &inside);
        let (in_facet, all) = (sides.facet.rows(), inside.len());
        if in_facet == 0 {
            return refuse("has no rows");
        }
        if in_facet == all as u64 {
            return refuse("has all rows, and there is nothing to compare them with");
        }
        Ok(Self {
            column: column.to_string(),
            condition: facet.condition.to_string(),
            rows: in_facet as usize,
            all,
            labels: labels::metrics(&sides, rows, &inside),
            predictions: predictions::metrics(&sides, rows, &inside, facet.others),
            rates: sides.rates(),
        })
    }
}

/// The distinct binary32 values, ascending, without missing ones.
#[must_use]
pub fn distinct(values: &[f32]) -> Vec<f32> {
    let mut found: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    found.sort_by(f32::total_cmp);
    found.dedup();
    found
}

/// What a column holds, for a message.
fn content(keys: &Keys) -> String {
    const LISTED: usize = 10;
    let list = |values: &[Key]| values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(", ");
    match keys.values() {
        [] => "all values are missing".to_string(),
        values if values.len() <= LISTED => format!("the values are {}", list(values)),
        [first, .., last] if keys.is_numeric() => format!("the values go from {} to {}", first.text, last.text),
        values => format!("there are {} values, such as {}", values.len(), list(&values[..LISTED])),
    }
}

/// Rows by label and prediction.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    true_positives: u64,
    false_positives: u64,
    false_negatives: u64,
    true_negatives: u64,
}

impl Counts {
    fn rows(&self) -> u64 {
        self.positive() + self.negative()
    }

    /// Positive labels.
    fn positive(&self) -> u64 {
        self.true_positives + self.false_negatives
    }

    fn negative(&self) -> u64 {
        self.true_negatives + self.false_positives
    }

    fn predicted_positive(&self) -> u64 {
        self.true_positives + self.false_positives
    }

    fn predicted_negative(&self) -> u64 {
        self.true_negatives + self.false_negatives
    }
}

/// The rows of the facet and the rest.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    facet: Counts,
    rest: Counts,
}

impl Sides {
    fn new(rows: &BiasRows, inside: &[bool]) -> Self {
        let mut sides = Self::default();
        for ((&inside, &positive), &predicted) in inside.iter().zip(rows.positive).zip(rows.predicted) {
            let side = if inside { &mut sides.facet } else { &mut sides.rest };
            *match (positive, predicted) {
                (true, true) => &mut side.true_positives,
                (false, true) => &mut side.false_positives,
                (true, false) => &mut side.false_negatives,
                (false, false) => &mut side.true_negatives,
            } += 1;
        }
        sides
    }

    fn rates(&self) -> Vec<SideRate> {
        let rate = |name, of: fn(&Counts) -> (u64, u64)| {
            let (facet, rest) = self.both(|side| {
                let (part, whole) = of(side);
                ratio(part, whole)
            });
            SideRate { name, facet, rest }
        };
        vec![
            rate("positive labels", |side| (side.positive(), side.rows())),
            rate("predicted positive", |side| (side.predicted_positive(), side.rows())),
            rate("accuracy", |side| (side.true_positives + side.true_negatives, side.rows())),
            rate("recall", |side| (side.true_positives, side.positive())),
            rate("specificity", |side| (side.true_negatives, side.negative())),
            rate("precision", |side| (side.true_positives, side.predicted_positive())),
            rate("right negative predictions", |side| (side.true_negatives, side.predicted_negative())),
        ]
    }

    /// A figure of both sides: the facet's, then the rest's.
    fn both(&self, figure: impl Fn(&Counts) -> f64) -> (f64, f64) {
        (figure(&self.facet), figure(&self.rest))
    }
}

/// `0 / 0` is 0, `x / 0` infinite.
fn ratio(a: u64, b: u64) -> f64 {
    divide(a as f64, b as f64)
}

/// Likewise, of numbers that are not negative.
fn divide(a: f64, b: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a / b }
}

/// Two infinities differ by 0.
fn difference(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { a - b }
}

/// Conditional demographic disparity: the mean over the groups, weighted with their rows, of the
/// facet's share of the rejected (not positive) less its share of the accepted. Groups in the order
/// of their values.
fn conditional_disparity(positive: &[bool], inside: &[bool], groups: &Keys) -> f64 {
    /// Rows that are accepted and rejected; of these in the facet.
    #[derive(Default)]
    struct Group {
        rows: [u64; 2],
        in_facet: [u64; 2],
    }
    // Missing values are the last group.
    let missing = groups.values().len();
    let mut found: Vec<Group> = (0..=missing).map(|_| Group::default()).collect();
    for ((value, &positive), &inside) in groups.places().zip(positive).zip(inside) {
        let group = &mut found[value.unwrap_or(missing)];
        let outcome = usize::from(!positive);
        group.rows[outcome] += 1;
        group.in_facet[outcome] += u64::from(inside);
    }
    let disparity = |group: &Group| {
        let [accepted, rejected] = [0, 1].map(|outcome| ratio(group.in_facet[outcome], group.rows[outcome]));
        (group.rows[0] + group.rows[1]) as f64 * (rejected - accepted)
    };
    found.iter().map(disparity).sum::<f64>() / groups.rows() as f64
}

/// The sentence about a conditional demographic disparity.
fn disparity_reading(value: f64, rejected: &str, accepted: &str) -> String {
    let size = if value > 0.0 { "larger" } else { "smaller" };
    if value == 0.0 {
        return format!("within the groups the facet's share of the {rejected} is that of the {accepted}");
    }
    format!(
        "within the groups the facet's share of the {rejected} is {size} than that of the {accepted}, by {:.3} on average",
        value.abs()
    )
}

/// "less often than the rest (10.9 % against 30.6 %)".
fn how_often((facet, rest): (f64, f64)) -> String {
    let word = match facet.total_cmp(&rest) {
        std::cmp::Ordering::Less => "less often than",
        std::cmp::Ordering::Equal => "as often as",
        std::cmp::Ordering::Greater => "more often than",
    };
    format!("{word} the rest ({:.1} % against {:.1} %)", 100.0 * facet, 100.0 * rest)
}

/// Differences of rates.
const RATES: (f64, f64) = (-1.0, 1.0);
/// Their usual bounds.
const USUAL_RATES: Option<(f64, f64)> = Some((-0.1, 0.1));
/// Any number.
const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
