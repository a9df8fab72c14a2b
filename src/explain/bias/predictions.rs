//! The metrics of the predictions: what the model does.

use super::*;

pub(super) fn metrics(sides: &Sides, rows: &BiasRows, inside: &[bool], others: &[&[f32]]) -> Vec<BiasMetric> {
    let accepted = sides.both(|side| ratio(side.predicted_positive(), side.rows()));
    let acceptance = sides.both(|side| ratio(side.positive(), side.predicted_positive()));
    let rejection = sides.both(|side| ratio(side.negative(), side.predicted_negative()));
    let treatment = sides.both(|side| ratio(side.false_negatives, side.false_positives));
    let impact = divide(accepted.0, accepted.1);
    let times = if impact.is_finite() { format!("{impact:.3}") } else { "infinitely many".to_string() };
    let mut found = vec![
        BiasMetric {
            name: "DPPL",
            description: "Difference in Positive Proportions in Predicted Labels (DPPL)",
            value: accepted.1 - accepted.0,
            range: RATES,
            usual: USUAL_RATES,
            reading: format!("the facet is predicted positive {}", how_often(accepted)),
        },
        BiasMetric {
            name: "DI",
            description: "Disparate Impact (DI)",
            value: impact,
            range: (0.0, f64::INFINITY),
            usual: Some((0.8, 1.25)),
            reading: format!("the facet is predicted positive {times} times as often as the rest"),
        },
        BiasMetric {
            name: "DCA",
            description: "Difference in Conditional Acceptance (DCA)",
            value: difference(acceptance.1, acceptance.0),
            range: UNBOUNDED,
            usual: None,
            reading: beside("positive labels for each positive prediction", acceptance),
        },
        BiasMetric {
            name: "DCR",
            description: "Difference in Conditional Rejection (DCR)",
            value: difference(rejection.0, rejection.1),
            range: UNBOUNDED,
            usual: None,
            reading: beside("negative labels for each negative prediction", rejection),
        },
        rate("RD", "Recall Difference (RD)", sides, |side| {
            ("recall (positive rows that are predicted so)", side.true_positives, side.positive())
        }),
        reversed(rate("SD", "Specificity Difference (SD)", sides, |side| {
            ("specificity (negative rows that are predicted so)", side.true_negatives, side.negative())
        })),
        rate("DAR", "Difference in Acceptance Rates (DAR)", sides, |side| {
            ("precision (positive predictions that are right)", side.true_positives, side.predicted_positive())
        }),
        reversed(rate("DRR", "Difference in Rejection Rates (DRR)", sides, |side| {
            ("negative predictions that are right", side.true_negatives, side.predicted_negative())
        })),
        rate("AD", "Accuracy Difference (AD)", sides, |side| {
            ("accuracy", side.true_positives + side.true_negatives, side.rows())
        }),
        BiasMetric {
            name: "TE",
            description: "Treatment Equality (TE)",
            value: difference(treatment.0, treatment.1),
            range: UNBOUNDED,
            usual: None,
            reading: beside("false negatives for each false positive", treatment),
        },
    ];
    if let Some(groups) = rows.groups {
        let value = conditional_disparity(rows.predicted, inside, groups);
        found.push(BiasMetric {
            name: "CDDPL",
            description: "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
            value,
            range: RATES,
            usual: USUAL_RATES,
            reading: disparity_reading(value, "negative predictions", "positive predictions"),
        });
    }
    found.push(flip_test::metric(rows.predicted, inside, others));
    found.push(generalised_entropy(sides));
    found
}

/// "recall: 0.712 in the facet, 0.790 in the rest".
fn beside(what: &str, (facet, rest): (f64, f64)) -> String {
    let shown = |value: f64| if value.is_finite() { format!("{value:.3}") } else { "infinitely many".to_string() };
    format!("{what}: {} in the facet, {} in the rest", shown(facet), shown(rest))
}

/// The rest's rate less the facet's.
fn rate(
    name: &'static str,
    description: &'static str,
    sides: &Sides,
    of: impl Fn(&Counts) -> (&'static str, u64, u64),
) -> BiasMetric {
    let (what, ..) = of(&sides.facet);
    let rates = sides.both(|side| {
        let (_, part, whole) = of(side);
        ratio(part, whole)
    });
    BiasMetric {
        name,
        description,
        value: rates.1 - rates.0,
        range: RATES,
        usual: USUAL_RATES,
        reading: beside(what, rates),
    }
}

/// The facet's rate less the rest's.
fn reversed(metric: BiasMetric) -> BiasMetric {
    // Not the negation, which would make -0 of 0.
    BiasMetric { value: 0.0 - metric.value, ..metric }
}

/// Half the squared coefficient of variation of the benefits: 0 for a false negative, 1 for a right
/// prediction, 2 for a false positive. Of all rows: the facet does not matter. If no row has any
/// benefit, they are equal.
fn generalised_entropy(sides: &Sides) -> BiasMetric {
    let sum = |of: fn(&Counts) -> u64| (of(&sides.facet) + of(&sides.rest)) as f64;
    let (rows, over, under) = (sum(Counts::rows), sum(|c| c.false_positives), sum(|c| c.false_negatives));
    let right = rows - over - under;
    let mean = (right + 2.0 * over) / rows;
    let value = if mean == 0.0 { 0.0 } else { ((right + 4.0 * over) / (mean * mean) - rows) / (2.0 * rows) };
    BiasMetric {
        name: "GE",
        description: "Generalized Entropy (GE)",
        value,
        range: (0.0, f64::INFINITY),
        usual: None,
        reading: format!(
            "{over} of {rows} rows are predicted better than their label, {under} worse; 0 would be equal benefit for all"
        ),
    }
}
