//! Section 3: fixed-point margins and the base score.

use super::number::{ceil_log2, exponent_above, pow2};
use super::types::{BaseScore, Data, Objective, Params};
use super::weights::RowWeights;

/// The least base score of binary:logistic.
const LEAST_PROBABILITY: f32 = 1e-6f64 as f32;
/// The largest one.
const LARGEST_PROBABILITY: f32 = (1.0f64 - 1e-6f64) as f32;

/// How margins are stored: one is `2^sm`, sums saturate at `low` and `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginScale {
    pub sm: i32,
    pub low: i64,
    pub high: i64,
    /// Classification margins are i32.
    pub is_i32: bool,
}

impl MarginScale {
    /// The scale of a training; `base` is the base margin.
    pub fn new(objective: Objective, train: &Data, base: f32) -> MarginScale {
        if objective != Objective::SquaredError {
            return MarginScale { sm: 24, low: i64::from(i32::MIN), high: i64::from(i32::MAX), is_i32: true };
        }
        let l = ceil_log2(train.rows());
        let e = label_exponent(&train.labels).max(exponent_above(f64::from(base.abs()), -64));
        MarginScale { sm: 57 - l - e, low: -(1 << (60 - l)), high: 1 << (60 - l), is_i32: false }
    }

    /// `round(x * 2^sm)` with the saturating cast to the type of the margins.
    pub fn fixed(&self, x: f32) -> i64 {
        let rounded = (f64::from(x) * pow2(self.sm)).round();
        if self.is_i32 { i64::from(rounded as i32) } else { rounded as i64 }
    }

    /// A margin plus a leaf value, saturating.
    pub fn add(&self, margin: i64, leaf: f32) -> i64 {
        let step = self.fixed(leaf).clamp(self.low, self.high);
        (margin + step).clamp(self.low, self.high)
    }

    /// The base margin.
    pub fn base(&self, margin: f32) -> i64 {
        self.fixed(margin).clamp(self.low, self.high)
    }

    /// Section 10: `margin / 2^sm` in binary64.
    pub fn real(&self, margin: i64) -> f64 {
        margin as f64 * pow2(-self.sm)
    }
}

/// The smallest `E >= -64` with `max |label| < 2^E`.
pub fn label_exponent(labels: &[f32]) -> i32 {
    let max = labels.iter().map(|y| y.abs()).fold(0.0, f32::max);
    exponent_above(f64::from(max), -64)
}

/// The base score as the model has it.
pub fn base_score(params: &Params, train: &Data, weights: &RowWeights) -> f32 {
    match (params.base_score, params.objective) {
        (Some(BaseScore::Value(value)), _) => value as f32,
        (None | Some(BaseScore::Auto), Objective::SquaredError) => mean_label(train, weights),
        (Some(BaseScore::Auto), Objective::BinaryLogistic) => positive_share(train, weights),
        _ => 0.5,
    }
}

/// `auto`, regression.
fn mean_label(train: &Data, weights: &RowWeights) -> f32 {
    let scale = 57 - ceil_log2(train.rows()) - label_exponent(&train.labels);
    let sum: i128 = train
        .labels
        .iter()
        .zip(&weights.wq)
        .map(|(&label, wq)| wq * (f64::from(label) * pow2(scale)).round() as i128)
        .sum();
    let mean = sum as f64 / weights.total() as f64;
    (mean * pow2(-scale)) as f32
}

/// `auto`, binary:logistic.
fn positive_share(train: &Data, weights: &RowWeights) -> f32 {
    let positive: i128 =
        train.labels.iter().zip(&weights.wq).filter(|&(&label, _)| label == 1.0).map(|(_, wq)| wq).sum();
    let share = (positive as f64 / weights.total() as f64) as f32;
    share.clamp(LEAST_PROBABILITY, LARGEST_PROBABILITY)
}

/// The base margin in binary32.
pub fn base_margin(objective: Objective, base_score: f32) -> f32 {
    if objective != Objective::BinaryLogistic {
        return base_score;
    }
    let allowed = LEAST_PROBABILITY..=LARGEST_PROBABILITY;
    assert!(allowed.contains(&base_score), "base_score");
    let t = 1.0f32 / base_score - 1.0f32;
    let margin = -logf(t);
    if margin == 0.0 { 0.0 } else { margin }
}

/// `(invc, logc)`, bits.
const LOGF: [(u64, u64); 16] = [
    (0x3ff661ec79f8f3be, 0xbfd57bf7808caade),
    (0x3ff571ed4aaf883d, 0xbfd2bef0a7c06ddb),
    (0x3ff49539f0f010b0, 0xbfd01eae7f513a67),
    (0x3ff3c995b0b80385, 0xbfcb31d8a68224e9),
    (0x3ff30d190c8864a5, 0xbfc6574f0ac07758),
    (0x3ff25e227b0b8ea0, 0xbfc1aa2bc79c8100),
    (0x3ff1bb4a4a1a343f, 0xbfba4e76ce8c0e5e),
    (0x3ff12358f08ae5ba, 0xbfb1973c5a611ccc),
    (0x3ff0953f419900a7, 0xbfa252f438e10c1e),
    (0x3ff0000000000000, 0x0000000000000000),
    (0x3fee608cfd9a47ac, 0x3faaa5aa5df25984),
    (0x3feca4b31f026aa0, 0x3fbc5e53aa362eb4),
    (0x3feb2036576afce6, 0x3fc526e57720db08),
    (0x3fe9c2d163a1aa2d, 0x3fcbc2860d224770),
    (0x3fe886e6037841ed, 0x3fd1058bc8a07ee1),
    (0x3fe767dcf5534862, 0x3fd4043057b6ee09),
];

/// The logarithm in binary32.
fn logf(t: f32) -> f32 {
    let x = t.to_bits();
    let o = x.wrapping_sub(0x3f330000);
    let k = (o as i32) >> 23;
    let z = f64::from(f32::from_bits(x.wrapping_sub(o & 0xff800000)));
    let (invc, logc) = LOGF[((o >> 19) % 16) as usize];
    let (invc, logc) = (f64::from_bits(invc), f64::from_bits(logc));
    let a = f64::from_bits(0xbfd00ea348b88334);
    let b = f64::from_bits(0x3fd5575b0be00b6a);
    let c = f64::from_bits(0xbfdffffef20a4123);
    let log2 = f64::from_bits(0x3fe62e42fefa39ef);
    let r = z * invc - 1.0;
    let y = logc + f64::from(k) * log2;
    let s = r * r;
    let p = a * s + (b * r + c);
    (p * s + (y + r)) as f32
}

/// Squared error: the labels in the scale of the margins.
pub fn fixed_labels(scale: &MarginScale, labels: &[f32]) -> Vec<i64> {
    labels.iter().map(|&y| scale.fixed(y)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::weights::quantised;
    use super::*;

    fn regression(labels: &[f32]) -> Data {
        Data { columns: vec![], labels: labels.to_vec(), weights: None }
    }

    #[test]
    fn squared_error_scale() {
        // Four rows: L = 2. Labels below 8 = 2^3: E = 3.
        let data = regression(&[1.0, 7.5, -3.0, 0.0]);
        let scale = MarginScale::new(Objective::SquaredError, &data, 1.0);
        assert_eq!(scale.sm, 52);
        assert_eq!((scale.low, scale.high), (-(1 << 58), 1 << 58));
        assert_eq!(scale.fixed(1.0), 1 << 52);
        assert_eq!(scale.add(1 << 52, 1e30), 1 << 58);
        // A base margin may be what decides; 8 is not below 2^3.
        let scale = MarginScale::new(Objective::SquaredError, &data, 8.0);
        assert_eq!(scale.sm, 51);
    }

    #[test]
    fn base_scores() {
        let data = regression(&[1.0, 0.0, 0.0, 1.0]);
        let weights = quantised(&[2.0, 1.0, 1.0, 2.0]);
        let mut params = Params::default();
        assert_eq!(base_score(&params, &data, &weights), 4.0f32 / 6.0);
        params.objective = Objective::BinaryLogistic;
        assert_eq!(base_score(&params, &data, &weights), 0.5);
        params.base_score = Some(BaseScore::Auto);
        assert_eq!(base_score(&params, &data, &weights), 4.0f32 / 6.0);
        params.base_score = Some(BaseScore::Value(0.1));
        assert_eq!(base_score(&params, &data, &weights), 0.1f32);
    }

    #[test]
    fn logistic_margins() {
        assert_eq!(base_margin(Objective::BinaryLogistic, 0.5), 0.0);
        assert!((base_margin(Objective::BinaryLogistic, 0.9) - 9f32.ln()).abs() < 1e-6);
        let scale = MarginScale::new(Objective::BinaryLogistic, &regression(&[0.0]), 0.0);
        assert_eq!(scale.add(0, 1.5), 3 << 23);
        assert_eq!(scale.add(i64::from(i32::MAX), 1.0), i64::from(i32::MAX));
        assert_eq!(scale.add(0, -1e9), i64::from(i32::MIN));
    }
}
