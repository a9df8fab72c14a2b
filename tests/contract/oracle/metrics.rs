//! Section 10: metrics of a channel from binary64 margins.

use super::number::{exponent_above, pow2, real};
use super::predict::best_class;
use super::types::{Data, Objective};
use super::weights::{RowWeights, metric_weights};

/// A metric. Those of counts and curves take one margin (binary) or several (multiclass).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    Logloss,
    Mlogloss,
    Rmse,
    Mae,
    Error,
    /// `error@t`.
    ErrorAt(f64),
    Merror,
    Accuracy,
    Precision,
    Recall,
    F1,
    Auc,
    Aucpr,
}

/// Early stopping: strictly lower or strictly higher.
pub fn is_better(metric: Metric, value: f64, best: f64) -> bool {
    use Metric::{Error, ErrorAt, Logloss, Mae, Merror, Mlogloss, Rmse};
    match metric {
        Error | ErrorAt(_) | Merror | Logloss | Mlogloss | Rmse | Mae => value < best,
        _ => value > best,
    }
}

/// The metric of a channel; `margins[row][class]`.
pub fn evaluate(metric: Metric, objective: Objective, margins: &[Vec<f64>], data: &Data) -> f64 {
    let weights = metric_weights(data);
    let labels = &data.labels;
    let mean = |term: &dyn Fn(usize) -> f64, s: i32| mean_term(term, s, &weights);
    match metric {
        Metric::Logloss => mean(&|r| logloss_term(margins[r][0], labels[r] == 1.0), 40),
        Metric::Mlogloss => mean(&|r| mlogloss_term(&margins[r], labels[r] as usize), 40),
        Metric::Rmse | Metric::Mae => {
            let distances: Vec<f64> = (0..labels.len())
                .map(|r| (prediction(objective, margins[r][0]) - f64::from(labels[r])).abs())
                .collect();
            let e = exponent_above(distances.iter().copied().fold(0.0, f64::max), -64);
            match metric {
                Metric::Rmse => mean(&|r| distances[r] * distances[r], 60 - 2 * e).sqrt(),
                _ => mean(&|r| distances[r], 60 - e),
            }
        }
        Metric::Error => share(&|r| (margins[r][0] > 0.0) != (labels[r] == 1.0), &weights),
        Metric::ErrorAt(t) => {
            let t = real(t);
            let limit = libm::log(t / (1.0 - t));
            share(&|r| (margins[r][0] > limit) != (labels[r] == 1.0), &weights)
        }
        Metric::Merror => share(&|r| predicted(&margins[r]) != labels[r] as usize, &weights),
        Metric::Accuracy => share(&|r| predicted(&margins[r]) == labels[r] as usize, &weights),
        Metric::Precision | Metric::Recall | Metric::F1 => {
            let of_class = |class: usize| count_ratio(metric, &confusion(margins, labels, &weights, class));
            match margins[0].len() {
                1 => of_class(1),
                classes => {
                    // Rows of weight 0 occur as well.
                    let occurs = |class: &usize| {
                        (0..labels.len()).any(|r| labels[r] as usize == *class || predicted(&margins[r]) == *class)
                    };
                    let occurring: Vec<usize> = (0..classes).filter(occurs).collect();
                    occurring.iter().fold(0.0, |sum, &class| sum + of_class(class)) / occurring.len() as f64
                }
            }
        }
        Metric::Auc | Metric::Aucpr => curve(metric, margins, labels, &weights),
    }
}

/// What rmse and mae compare with the label: for binary:logistic the probability.
fn prediction(objective: Objective, m: f64) -> f64 {
    if objective == Objective::BinaryLogistic { 1.0 / (1.0 + libm::exp(-m)) } else { m }
}

/// The probabilities of a row in binary64.
fn softmax(m: &[f64]) -> Vec<f64> {
    let max = m.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = m.iter().map(|m| libm::exp(m - max)).collect();
    let sum = e.iter().fold(0.0, |sum, e| sum + e);
    e.iter().map(|e| e / sum).collect()
}

/// The mean of a term, in integers of scale `2^s`.
fn mean_term(term: &dyn Fn(usize) -> f64, s: i32, weights: &RowWeights) -> f64 {
    let mut sum = 0i128;
    for (row, wq) in weights.wq.iter().enumerate() {
        let fixed = (term(row) * pow2(s)).round() as i128;
        sum += fixed.clamp(-(1 << 94), 1 << 94) * wq;
    }
    sum as f64 / weights.total() as f64 * pow2(-s)
}

/// The weight share of the rows that hold.
fn share(holds: &dyn Fn(usize) -> bool, weights: &RowWeights) -> f64 {
    let sum: i128 = (0..weights.wq.len()).filter(|&r| holds(r)).map(|r| weights.wq[r]).sum();
    sum as f64 / weights.total() as f64
}

/// The largest loss of a row.
fn loss_cap() -> f64 {
    -libm::log(1e-16)
}

fn logloss_term(m: f64, positive: bool) -> f64 {
    let z = if positive { m } else { -m };
    let loss = if z < 0.0 { -z + libm::log1p(libm::exp(z)) } else { libm::log1p(libm::exp(-z)) };
    loss.min(loss_cap())
}

fn mlogloss_term(m: &[f64], label: usize) -> f64 {
    let max = m.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum = m.iter().fold(0.0, |sum, m| sum + libm::exp(m - max));
    let loss = libm::log(sum) + max - m[label];
    loss.min(loss_cap())
}

/// The predicted class; one margin is binary.
fn predicted(m: &[f64]) -> usize {
    if m.len() == 1 { usize::from(m[0] > 0.0) } else { best_class(m) }
}

/// Weights of the rows that are predicted and/or labelled as a class.
struct Confusion {
    both: i128,
    predicted: i128,
    labelled: i128,
}

fn confusion(margins: &[Vec<f64>], labels: &[f32], weights: &RowWeights, class: usize) -> Confusion {
    let mut counts = Confusion { both: 0, predicted: 0, labelled: 0 };
    for (row, wq) in weights.wq.iter().enumerate() {
        let is_predicted = predicted(&margins[row]) == class;
        let is_labelled = labels[row] as usize == class;
        counts.predicted += if is_predicted { *wq } else { 0 };
        counts.labelled += if is_labelled { *wq } else { 0 };
        counts.both += if is_predicted && is_labelled { *wq } else { 0 };
    }
    counts
}

/// Precision, recall or f1; 0 with an empty denominator.
fn count_ratio(metric: Metric, counts: &Confusion) -> f64 {
    let (above, below) = match metric {
        Metric::Precision => (counts.both, counts.predicted),
        Metric::Recall => (counts.both, counts.labelled),
        _ => (2 * counts.both, counts.predicted + counts.labelled),
    };
    if below == 0 { 0.0 } else { above as f64 / below as f64 }
}

/// auc or aucpr; multiclass one against the rest, ranked by probability, weighted by prevalence.
fn curve(metric: Metric, margins: &[Vec<f64>], labels: &[f32], weights: &RowWeights) -> f64 {
    let classes = margins[0].len();
    let of_class = |column: usize, class: usize| {
        let ranked_by = |m: &Vec<f64>| if classes == 1 { m[0] } else { softmax(m)[column] };
        let values: Vec<f64> = margins.iter().map(ranked_by).collect();
        let groups = groups(&values, labels, weights, class);
        match metric {
            Metric::Auc => auc(&groups),
            _ => aucpr(&groups),
        }
    };
    if classes == 1 {
        return of_class(0, 1);
    }
    let mut sum = 0.0;
    for class in 0..classes {
        let rows = (0..labels.len()).filter(|&r| labels[r] as usize == class);
        let prevalence: i128 = rows.map(|r| weights.wq[r]).sum();
        sum += of_class(class, class) * prevalence as f64;
    }
    sum / weights.total() as f64
}

/// The positive and negative weight of one margin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Group {
    pos: u128,
    neg: u128,
}

/// The groups of equal value, lowest first.
fn groups(values: &[f64], labels: &[f32], weights: &RowWeights, class: usize) -> Vec<Group> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut groups: Vec<Group> = Vec::new();
    let mut last = None;
    for row in order {
        if last != Some(values[row]) {
            groups.push(Group::default());
            last = Some(values[row]);
        }
        let group = groups.last_mut().expect("a group");
        if labels[row] as usize == class {
            group.pos += weights.wq[row] as u128;
        } else {
            group.neg += weights.wq[row] as u128;
        }
    }
    groups
}

fn totals(groups: &[Group]) -> Group {
    Group { pos: groups.iter().map(|group| group.pos).sum(), neg: groups.iter().map(|group| group.neg).sum() }
}

fn auc(groups: &[Group]) -> f64 {
    let total = totals(groups);
    if total.pos == 0 || total.neg == 0 {
        return f64::NAN;
    }
    let mut sum = 0u128;
    let mut neg_below = 0;
    for group in groups {
        sum += group.pos * (2 * neg_below + group.neg);
        neg_below += group.neg;
    }
    sum as f64 / (2 * total.pos * total.neg) as f64
}

/// The area under the curve of precision and recall, interpolated as XGBoost does.
fn aucpr(groups: &[Group]) -> f64 {
    let total = totals(groups);
    if total.pos == 0 || total.neg == 0 {
        return f64::NAN;
    }
    let total_pos = total.pos as f64;
    let (mut tp, mut fp) = (0u128, 0u128);
    let mut area = 0.0;
    for group in groups.iter().rev() {
        let before = (tp as f64, fp as f64);
        tp += group.pos;
        fp += group.neg;
        area += aucpr_step(before, (tp as f64, fp as f64), total_pos);
    }
    area
}

fn aucpr_step((tp_prev, fp_prev): (f64, f64), (tp, fp): (f64, f64), total_pos: f64) -> f64 {
    let recall_prev = tp_prev / total_pos;
    let recall = tp / total_pos;
    let (a, b) = if tp == tp_prev {
        (1.0, 0.0)
    } else {
        let h = (fp - fp_prev) / (tp - tp_prev);
        (1.0 + h, (fp_prev - h * tp_prev) / total_pos)
    };
    if b == 0.0 {
        return (recall - recall_prev) / a;
    }
    let logs = libm::log(a * recall + b) - libm::log(a * recall_prev + b);
    (recall - recall_prev - b / a * logs) / a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(metric: Metric, margins: &[Vec<f64>], data: &Data) -> f64 {
        evaluate(metric, Objective::SquaredError, margins, data)
    }

    fn binary(labels: &[f32], weights: Option<&[f32]>) -> Data {
        Data { columns: vec![], labels: labels.to_vec(), weights: weights.map(<[f32]>::to_vec) }
    }

    fn rows(margins: &[f64]) -> Vec<Vec<f64>> {
        margins.iter().map(|&m| vec![m]).collect()
    }

    #[test]
    fn losses() {
        let data = binary(&[1.0, 0.0], None);
        let ln2 = std::f64::consts::LN_2;
        assert!((value(Metric::Logloss, &rows(&[0.0, 0.0]), &data) - ln2).abs() < 1e-12);
        // Both are wrong beyond the cap.
        let cap = value(Metric::Logloss, &rows(&[-100.0, 100.0]), &data);
        assert!((cap - 36.841_361_487_904_73).abs() < 1e-10);
        let equal = vec![vec![2.0; 4]; 2];
        assert!((value(Metric::Mlogloss, &equal, &data) - 2.0 * ln2).abs() < 1e-12);
    }

    #[test]
    fn regression_errors() {
        let data = binary(&[1.0, -2.0], Some(&[3.0, 1.0]));
        let margins = rows(&[2.0, 0.0]);
        // (3 x 1 + 1 x 4) / 4 and (3 x 1 + 1 x 2) / 4.
        assert_eq!(value(Metric::Rmse, &margins, &data), 1.75f64.sqrt());
        assert_eq!(value(Metric::Mae, &margins, &data), 1.25);
        // Labels of nothing but 0.
        let zeros = binary(&[0.0, 0.0], None);
        assert_eq!(value(Metric::Rmse, &rows(&[3.0, -3.0]), &zeros), 3.0);
        assert_eq!(value(Metric::Mae, &rows(&[0.0, 0.0]), &zeros), 0.0);
        // A probability of 1/2.
        let logistic = evaluate(Metric::Mae, Objective::BinaryLogistic, &rows(&[0.0, 0.0]), &zeros);
        assert_eq!(logistic, 0.5);
    }

    #[test]
    fn counts() {
        let data = binary(&[1.0, 1.0, 0.0, 0.0], None);
        let margins = rows(&[1.0, 0.0, 0.5, -1.0]);
        let of = |metric| value(metric, &margins, &data);
        assert_eq!(of(Metric::Error), 0.5);
        assert_eq!(of(Metric::ErrorAt(0.5)), 0.5);
        assert_eq!(of(Metric::ErrorAt(0.7)), 0.25);
        assert_eq!(of(Metric::Accuracy), 0.5);
        assert_eq!(of(Metric::Precision), 0.5);
        assert_eq!(of(Metric::Recall), 0.5);
        assert_eq!(of(Metric::F1), 0.5);
        let none = value(Metric::Precision, &rows(&[-1.0; 4]), &data);
        assert_eq!(none, 0.0);
        let multi = vec![vec![1.0, 1.0, 0.0], vec![0.0, 2.0, 1.0], vec![0.0; 3], vec![0.0, 0.0, 1.0]];
        assert_eq!(value(Metric::Merror, &multi, &data), 0.5);
        // Class 0: 1 of 2, class 1: 1 of 1, class 2: 0 of 1.
        assert_eq!(value(Metric::Precision, &multi, &data), 0.5);
    }

    #[test]
    fn curves() {
        let data = binary(&[1.0, 0.0, 1.0, 0.0], None);
        assert_eq!(value(Metric::Auc, &rows(&[4.0, 3.0, 2.0, 1.0]), &data), 0.75);
        assert_eq!(value(Metric::Auc, &rows(&[1.0; 4]), &data), 0.5);
        assert_eq!(value(Metric::Auc, &rows(&[2.0, 1.0, 2.0, 1.0]), &data), 1.0);
        assert_eq!(value(Metric::Aucpr, &rows(&[2.0, 1.0, 2.0, 1.0]), &data), 1.0);
        // One group: precision is the share of positives all along.
        assert_eq!(value(Metric::Aucpr, &rows(&[1.0; 4]), &data), 0.5);
        let margins = rows(&[1.0, 2.0, 3.0, 4.0]);
        let zeros = binary(&[0.0; 4], None);
        assert!(value(Metric::Aucpr, &margins, &zeros).is_nan());
        let ones = binary(&[1.0; 4], None);
        assert!(value(Metric::Auc, &margins, &ones).is_nan());
        assert!(value(Metric::Aucpr, &margins, &ones).is_nan());
    }

    #[test]
    fn directions() {
        assert!(is_better(Metric::Logloss, 0.1, 0.2));
        assert!(!is_better(Metric::Auc, 0.1, 0.2));
        assert!(!is_better(Metric::Auc, 0.2, 0.2));
    }
}
