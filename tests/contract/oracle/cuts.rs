//! Section 7: cuts and bins.

use super::number::finite;
use super::types::Method;

/// The bins of one feature.
#[derive(Clone, Debug)]
pub struct FeatureBins {
    /// Number of bins.
    pub bins: usize,
    /// hist: the upper cut of each bin, the last one the upper sentinel. exact: empty.
    pub cuts: Vec<f32>,
    /// hist: the lower sentinel.
    pub lower_sentinel: f32,
    /// exact: the value of each bin. hist: empty.
    pub values: Vec<f32>,
    /// Whether any training row misses the feature.
    pub has_missing: bool,
    /// The bin of each training row; `bins` where the value is missing.
    pub codes: Vec<usize>,
}

/// The bins of a column of the training rows.
pub fn feature_bins(column: &[f32], method: Method, max_bin: usize) -> FeatureBins {
    let distinct = distinct_values(column);
    let has_missing = column.iter().any(|x| x.is_nan());
    let mut feature = FeatureBins {
        bins: 0,
        cuts: Vec::new(),
        lower_sentinel: 0.0,
        values: Vec::new(),
        has_missing,
        codes: vec![0; column.len()],
    };
    if distinct.is_empty() {
        return feature;
    }
    match method {
        Method::Hist => {
            feature.cuts = inner_cuts(&distinct, max_bin);
            feature.cuts.push(upper_sentinel(distinct[distinct.len() - 1].0));
            feature.lower_sentinel = lower_sentinel(distinct[0].0);
            feature.bins = feature.cuts.len();
        }
        Method::Exact => {
            assert!(distinct.len() <= 65_535, "too many distinct values for exact");
            feature.values = distinct.iter().map(|&(value, _)| value).collect();
            feature.bins = feature.values.len();
        }
    }
    feature.codes = column.iter().map(|&x| feature.bin_of(x)).collect();
    feature
}

impl FeatureBins {
    fn bin_of(&self, x: f32) -> usize {
        if x.is_nan() {
            return self.bins;
        }
        if self.cuts.is_empty() {
            return self.values.iter().position(|&v| v == x).expect("a training value");
        }
        self.cuts[..self.bins - 1].iter().filter(|&&cut| cut <= x).count()
    }
}

/// The distinct present values, ascending, with their numbers of rows.
fn distinct_values(column: &[f32]) -> Vec<(f32, usize)> {
    let mut present: Vec<f32> = column.iter().copied().filter(|x| !x.is_nan()).collect();
    present.sort_by(f32::total_cmp);
    let mut distinct: Vec<(f32, usize)> = Vec::new();
    for x in present {
        match distinct.last_mut() {
            Some((value, count)) if *value == x => *count += 1,
            _ => distinct.push((x, 1)),
        }
    }
    distinct
}

/// The first values of the bins after the first: `cut_0 .. cut_{bins-2}`.
fn inner_cuts(distinct: &[(f32, usize)], max_bin: usize) -> Vec<f32> {
    if distinct.len() <= max_bin {
        return distinct[1..].iter().map(|&(value, _)| value).collect();
    }
    let mut cuts = Vec::new();
    let mut rest_rows: usize = distinct.iter().map(|&(_, count)| count).sum();
    let mut rest_bins = max_bin;
    let mut acc = 0;
    // A bin is closed before value `i`: the bin's rows leave the rest.
    for (i, &(value, count)) in distinct.iter().enumerate() {
        if acc > 0 && rest_bins > 1 && count * rest_bins >= rest_rows {
            rest_rows -= acc;
            rest_bins -= 1;
            acc = 0;
        }
        // The value opens a bin.
        if acc == 0 && i > 0 {
            cuts.push(value);
        }
        acc += count;
        if rest_bins > 1 && acc * rest_bins >= rest_rows {
            rest_rows -= acc;
            rest_bins -= 1;
            acc = 0;
        }
    }
    cuts
}

/// Above every value.
fn upper_sentinel(max: f32) -> f32 {
    let max = f64::from(max);
    finite((max + (max.abs() + f64::from(1e-5f32))) as f32)
}

/// Below every value.
fn lower_sentinel(min: f32) -> f32 {
    let min = f64::from(min);
    finite(((min - min.abs()) - f64::from(1e-5f32)) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: f32 = f32::NAN;

    #[test]
    fn few_values_have_a_bin_each() {
        let f = feature_bins(&[3.0, 1.0, MISSING, 2.0, 1.0], Method::Hist, 3);
        assert_eq!(f.bins, 3);
        assert_eq!(f.cuts, [2.0, 3.0, 6.00001]);
        assert_eq!(f.lower_sentinel, -1e-5);
        assert_eq!(f.codes, [2, 0, 3, 1, 0]);
        assert!(f.has_missing);
    }

    #[test]
    fn equal_counts_are_halved() {
        let f = feature_bins(&[1.0, 2.0, 3.0, 4.0], Method::Hist, 2);
        assert_eq!(f.cuts[..1], [3.0]);
        assert_eq!(f.codes, [0, 0, 1, 1]);
    }

    #[test]
    fn a_frequent_value_is_alone() {
        // Counts 1, 1, 6, 1, 1 and four bins. Value 3: 6 x 4 >= 10 closes {1, 2}, rest 8 and 3;
        // then 6 x 3 >= 8 closes {3}, rest 2 and 2; value 4: 1 x 2 >= 2 closes {4}.
        let column = [1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 4.0, 5.0];
        let f = feature_bins(&column, Method::Hist, 4);
        assert_eq!(f.cuts[..3], [3.0, 4.0, 5.0]);
        // Three bins: 6 x 3 >= 10 closes {1, 2}, rest 8 and 2; 6 x 2 >= 8 closes {3}; {4, 5}.
        let f = feature_bins(&column, Method::Hist, 3);
        assert_eq!(f.cuts[..2], [3.0, 4.0]);
        // One bin holds all.
        assert_eq!(feature_bins(&column, Method::Hist, 1).bins, 1);
    }

    #[test]
    fn fewer_bins_than_asked() {
        // Counts 6, 1, 1 and two bins: 6 x 2 >= 8 closes {1}; rest_bins is 1, {2, 3} stay together.
        let column = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0];
        assert_eq!(feature_bins(&column, Method::Hist, 2).cuts[..1], [2.0]);
        // The last value closes its bin too, which opens none.
        let f = feature_bins(&[1.0, 2.0, 3.0, 3.0, 3.0, 3.0], Method::Hist, 2);
        assert_eq!(f.codes, [0, 0, 1, 1, 1, 1]);
    }

    #[test]
    fn sentinels_at_the_ends() {
        assert_eq!(upper_sentinel(f32::MAX), f32::MAX);
        assert_eq!(lower_sentinel(-f32::MAX), -f32::MAX);
        assert_eq!(upper_sentinel(-2.0), 1e-5);
        assert_eq!(lower_sentinel(2.0), -1e-5);
    }

    #[test]
    fn no_present_values() {
        let f = feature_bins(&[MISSING, MISSING], Method::Hist, 8);
        assert_eq!((f.bins, f.codes), (0, vec![0, 0]));
    }

    #[test]
    fn exact_keeps_every_value() {
        let f = feature_bins(&[3.0, MISSING, 1.0, 3.0], Method::Exact, 1);
        assert_eq!(f.values, [1.0, 3.0]);
        assert_eq!(f.codes, [1, 2, 0, 1]);
    }
}
