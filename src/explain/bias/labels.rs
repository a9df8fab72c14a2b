//! The metrics of the labels: what a model would learn from.

use super::*;

pub(super) fn metrics(sides: &Sides, rows: &BiasRows, inside: &[bool]) -> Vec<BiasMetric> {
    let (facet, rest) = (sides.facet.rows(), sides.rest.rows());
    let rates = sides.both(|side| ratio(side.positive(), side.rows()));
    let (d, a) = ([rates.0, 1.0 - rates.0], [rates.1, 1.0 - rates.1]);
    let gap = (rates.1 - rates.0).abs();
    let apart = format!("the shares of positive labels of the facet and the rest are {:.1} points apart", 100.0 * gap);
    let share = 100.0 * facet as f64 / (facet + rest) as f64;
    let mut found = vec![
        BiasMetric {
            name: "CI",
            description: "Class Imbalance (CI)",
            value: (rest as f64 - facet as f64) / (facet + rest) as f64,
            range: RATES,
            usual: None,
            reading: format!("the facet has {facet} of {} rows ({share:.1} %)", facet + rest),
        },
        BiasMetric {
            name: "DPL",
            description: "Difference in Positive Proportions in Labels (DPL)",
            value: rates.1 - rates.0,
            range: RATES,
            usual: USUAL_RATES,
            reading: format!("the facet has positive labels {}", how_often(rates)),
        },
        BiasMetric {
            name: "KL",
            description: "Kullback-Liebler Divergence (KL)",
            value: kullback_leibler(a, d),
            range: (0.0, f64::INFINITY),
            usual: None,
            reading: format!("{apart}; 0 would be equal distributions"),
        },
        BiasMetric {
            name: "JS",
            description: "Jensen-Shannon Divergence (JS)",
            value: jensen_shannon(a, d),
            range: (0.0, std::f64::consts::LN_2),
            usual: None,
            reading: format!("{apart}; 0 would be equal distributions, 0.693 opposite ones"),
        },
        BiasMetric {
            name: "LP",
            description: "L-p Norm (LP)",
            value: (2.0 * gap * gap).sqrt(),
            range: (0.0, std::f64::consts::SQRT_2),
            usual: None,
            reading: format!("{apart}: 1.414 times that as a distance of the distributions"),
        },
        BiasMetric {
            name: "TVD",
            description: "Total Variation Distance (TVD)",
            value: 0.5 * (gap + gap),
            range: (0.0, 1.0),
            usual: Some((0.0, 0.1)),
            reading: format!("{apart}: so large a part of the facet would need another label for equal distributions"),
        },
        BiasMetric {
            name: "KS",
            description: "Kolmogorov-Smirnov Distance (KS)",
            value: gap,
            range: (0.0, 1.0),
            usual: Some((0.0, 0.1)),
            reading: format!("{apart}, the largest difference of any label"),
        },
    ];
    if let Some(groups) = rows.groups {
        let value = conditional_disparity(rows.positive, inside, groups);
        found.push(BiasMetric {
            name: "CDDL",
            description: "Conditional Demographic Disparity in Labels (CDDL)",
            value,
            range: RATES,
            usual: USUAL_RATES,
            reading: disparity_reading(value, "negative labels", "positive labels"),
        });
    }
    found
}

/// `sum of p ln(p / q)` over positive and negative labels.
fn kullback_leibler(p: [f64; 2], q: [f64; 2]) -> f64 {
    p.iter().zip(q).map(|(&p, q)| if p == 0.0 { 0.0 } else { p * libm::log(p / q) }).sum()
}

/// The mean of both divergences from the mean distribution.
fn jensen_shannon(p: [f64; 2], q: [f64; 2]) -> f64 {
    let mean = [0, 1].map(|label| 0.5 * (p[label] + q[label]));
    0.5 * (kullback_leibler(p, mean) + kullback_leibler(q, mean))
}
