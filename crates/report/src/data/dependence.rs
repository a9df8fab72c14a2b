//! How the prediction depends on one feature: partial dependence (Friedman 2001).

use super::sample::{even, of_rows};
use super::shap::ShapSummary;
use gboost::explain::importance::{Importance, importance};
use gboost::model::Model;
use gboost::{Dataset, Rounds};
use serde::Serialize;

/// Features that are shown.
const FEATURES: usize = 6;
/// Rows that are averaged over.
const ROWS: usize = 400;
/// Values of a feature, at most, but for those at gaps.
const VALUES: usize = 24;
/// A stretch without any row is a gap from this share of the feature's range on: less is no more
/// than a few pixels.
const GAP_SHARE: f64 = 0.05;
/// Marks of the rug, at most: each stands for as many rows.
const RUG: usize = 100;

/// The mean prediction with a feature set to one value after another in evenly chosen rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dependence {
    /// Name of the feature, as the model has it.
    pub name: String,
    /// Its place among the features.
    pub feature: usize,
    /// Values that the feature is set to, in its own unit, ascending; without missing ones.
    pub values: Vec<f64>,
    /// Whether these are all values that the rows have, rather than some of many.
    pub few: bool,
    /// Stretches between neighbouring values of the rows that are wide and have no row in them,
    /// ascending.
    pub gaps: Vec<[f64; 2]>,
    /// Values of evenly many rows each, ascending: quantiles from the least to the largest, or the
    /// value of each row where these are few; and the ends of all gaps.
    pub rug: Vec<f64>,
    /// `[output][value]`: the mean prediction; outputs as [`Dependence::outputs`].
    pub means: Vec<Vec<f64>>,
    /// The mean prediction where the feature is missing, by output; none where no row lacks it.
    pub missing: Option<Vec<f64>>,
    /// Names of the outputs: the number of each class, or one empty name for a single output.
    pub outputs: Vec<String>,
    /// Rows that were averaged over.
    pub rows: usize,
}

/// Computes the dependence on the features that matter most: by SHAP where known, otherwise by
/// gain.
pub(super) fn top(model: &Model, data: &Dataset, rounds: usize, shap: Option<&ShapSummary>) -> Vec<Dependence> {
    let features: Vec<usize> = match shap {
        Some(shap) => shap.features.iter().filter(|found| found.mean > 0.0).map(|found| found.feature).collect(),
        None => importance(model, Importance::Gain).into_iter().map(|found| found.feature).collect(),
    };
    let rows = even(data.rows, ROWS);
    let sample = of_rows(data, &rows);
    features.into_iter().take(FEATURES).filter_map(|feature| of(model, data, &sample, feature, rounds)).collect()
}

fn of(model: &Model, data: &Dataset, sample: &Dataset, feature: usize, rounds: usize) -> Option<Dependence> {
    let column = data.columns.get(feature)?;
    let Spread { values, few, gaps, rug } = Spread::of(column);
    let lacks = column.iter().any(|value| value.is_nan());
    let settings = values.iter().copied().chain(lacks.then_some(f32::NAN));
    // The sample once for each value, in one table.
    let copies = values.len() + usize::from(lacks);
    let table = Dataset::new(
        (0..sample.columns.len())
            .map(|other| match other == feature {
                true => settings.clone().flat_map(|value| std::iter::repeat_n(value, sample.rows)).collect(),
                false => sample.columns[other].repeat(copies),
            })
            .collect(),
    );
    let predictions = model.transform(&model.predict_margins(&table, Rounds::First(rounds)));
    let mut means: Vec<Vec<f64>> = (0..predictions.outputs())
        .map(|output| {
            let mean = |rows: &[f32]| rows.iter().map(|&value| f64::from(value)).sum::<f64>() / rows.len() as f64;
            predictions.output(output).chunks_exact(sample.rows.max(1)).map(mean).collect()
        })
        .collect();
    let missing = lacks.then(|| means.iter_mut().filter_map(Vec::pop).collect());
    let outputs = match model.objective.is_multiclass() {
        true => (0..model.classes).map(|class| class.to_string()).collect(),
        false => vec![String::new()],
    };
    Some(Dependence {
        name: model.feature_name(feature),
        feature,
        values: values.into_iter().map(f64::from).collect(),
        few,
        gaps,
        rug,
        means,
        missing,
        outputs,
        rows: sample.rows,
    })
}

/// Returns whether a feature counts something, or stands for categories: its values are few and
/// whole.
pub(crate) fn is_counted(column: &[f32]) -> bool {
    let found = Spread::of(column);
    are_counted(found.few, &found.values)
}

fn are_counted<V: Copy + Into<f64>>(few: bool, values: &[V]) -> bool {
    few && values.iter().all(|&value| value.into().fract() == 0.0)
}

impl Dependence {
    /// Returns whether the feature counts something, or stands for categories: its values are few
    /// and whole.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        are_counted(self.few, &self.values)
    }
}

/// Which values of a feature the rows have.
struct Spread {
    /// The values that are set: those that occur, or evenly chosen ones of them where they are
    /// many, and both ends of each gap.
    values: Vec<f32>,
    few: bool,
    gaps: Vec<[f64; 2]>,
    rug: Vec<f64>,
}

impl Spread {
    fn of(column: &[f32]) -> Self {
        let mut values: Vec<f32> = column.iter().copied().filter(|value| !value.is_nan()).collect();
        values.sort_unstable_by(f32::total_cmp);
        let (marks, steps) = (values.len().min(RUG), values.len().saturating_sub(1));
        let quantile = |mark: usize| f64::from(values[mark * steps / (marks - 1).max(1)]);
        let mut rug: Vec<f64> = (0..marks).map(quantile).collect();
        values.dedup();
        let [first, last] = [values.first(), values.last()].map(|end| f64::from(end.copied().unwrap_or(0.0)));
        let wide = GAP_SHARE * (last - first);
        let gaps: Vec<[f64; 2]> = values
            .windows(2)
            .map(|pair| [f64::from(pair[0]), f64::from(pair[1])])
            .filter(|[from, to]| to - from > wide)
            .collect();
        rug.extend(gaps.iter().flatten());
        rug.sort_unstable_by(f64::total_cmp);
        let few = values.len() <= VALUES;
        if !few {
            let mut kept: Vec<f32> =
                (0..VALUES).map(|place| values[place * (values.len() - 1) / (VALUES - 1)]).collect();
            kept.extend(gaps.iter().flatten().map(|&end| end as f32));
            kept.sort_unstable_by(f32::total_cmp);
            kept.dedup();
            values = kept;
        }
        Self { values, few, gaps, rug }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_without_rows_is_a_gap_and_its_ends_are_set() {
        let column: Vec<f32> = (0..50).chain(80..100).map(|value| value as f32).chain([f32::NAN]).collect();
        let found = Spread::of(&column);
        assert_eq!(found.gaps, [[49.0, 80.0]]);
        assert!(!found.few && found.values.contains(&49.0) && found.values.contains(&80.0), "{:?}", found.values);
        assert!(found.values.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", found.values);
        assert_eq!(found.rug.len(), 72, "each row is marked, and both ends of the gap");
        assert!(found.rug.iter().all(|&mark| column.contains(&(mark as f32))));
        let even: Vec<f32> = (0..1000).map(|value| value as f32).collect();
        let found = Spread::of(&even);
        assert_eq!((found.gaps.len(), found.values.len(), found.rug.len()), (0, VALUES, RUG));
        assert_eq!((found.rug[0], found.rug[99]), (0.0, 999.0));
    }

    #[test]
    fn few_values_are_all_set() {
        let found = Spread::of(&[3.0, 1.0, 2.0, 3.0, f32::NAN]);
        assert_eq!((found.values, found.few), (vec![1.0, 2.0, 3.0], true));
        let none = Spread::of(&[f32::NAN]);
        assert!(none.values.is_empty() && none.gaps.is_empty() && none.rug.is_empty());
    }
}
