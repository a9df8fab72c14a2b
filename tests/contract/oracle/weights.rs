//! Section 2: integer weights.

use super::number::{exponent_above, pow2, real, rsh};
use super::types::{Data, Objective};

/// The integer weights of a channel: a row weighs about `wq / 2^sw`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowWeights {
    pub weighted: bool,
    pub wq: Vec<i128>,
    pub sw: i32,
}

impl RowWeights {
    /// The sum over all rows.
    pub fn total(&self) -> i128 {
        self.wq.iter().sum()
    }
}

/// 2.1 and 2.5: the weights of a channel as the file has them, 1 without a file.
fn file_weights(data: &Data) -> Vec<f32> {
    match &data.weights {
        Some(weights) => weights.clone(),
        None => vec![1.0; data.rows()],
    }
}

/// 2.1: the weights that training uses.
pub fn training_weights(data: &Data, objective: Objective, scale_pos_weight: f64) -> RowWeights {
    let mut weights = file_weights(data);
    if objective == Objective::BinaryLogistic {
        let scale = real(scale_pos_weight);
        for (w, &label) in weights.iter_mut().zip(&data.labels) {
            if label == 1.0 {
                *w = (f64::from(*w) * scale) as f32;
            }
        }
    }
    quantised(&weights)
}

/// 2.5: the weights that the metrics of a channel use.
pub fn metric_weights(data: &Data) -> RowWeights {
    quantised(&file_weights(data))
}

/// 2.2 and 2.3.
pub fn quantised(weights: &[f32]) -> RowWeights {
    let n = weights.len() as i128;
    if weights.iter().all(|&w| w == 1.0) {
        return RowWeights { weighted: false, wq: vec![1; weights.len()], sw: 0 };
    }
    let max = weights.iter().copied().fold(0.0, f32::max);
    assert!(max > 0.0, "all weights are 0");
    assert!(max.is_finite(), "infinite weight");
    // The least positive binary32 value is 2^-149.
    let e = exponent_above(f64::from(max), -150);
    let wi: Vec<i128> = weights.iter().map(|&w| i128::from((f64::from(w) * pow2(31 - e)).round() as u32)).collect();
    let sum: i128 = wi.iter().sum();
    let mut t = 0;
    while (sum >> t) + n >= 1 << 32 {
        t += 1;
    }
    RowWeights { weighted: true, wq: wi.iter().map(|&w| rsh(w, t)).collect(), sw: 31 - e - t }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ones_are_unweighted() {
        let ones = quantised(&[1.0, 1.0, 1.0]);
        assert!(!ones.weighted);
        assert_eq!((ones.wq, ones.sw), (vec![1, 1, 1], 0));
    }

    #[test]
    fn one_and_two() {
        // max = 2 < 2^2, so e = 2 and wi = w x 2^29; the sum 3 x 2^29 + 2 is below 2^32: t = 0.
        let weights = quantised(&[1.0, 2.0]);
        assert_eq!(weights.wq, [1 << 29, 1 << 30]);
        assert_eq!(weights.sw, 29);
    }

    #[test]
    fn the_sum_is_cut_to_32_bits() {
        // e = 2, wi = 2^30 each; (12 x 2^30 >> 2) + 12 = 3 x 2^30 + 12 < 2^32, one bit less is not.
        let weights = quantised(&[2.0; 12]);
        assert_eq!(weights.wq, [1 << 28; 12]);
        assert_eq!(weights.sw, 27);
        assert!(weights.total() < 1 << 32);
    }

    #[test]
    fn tiny_weights_vanish() {
        let weights = quantised(&[1.0, 1e-12]);
        assert_eq!(weights.wq, [1 << 30, 0]);
    }

    #[test]
    fn scale_pos_weight_is_for_label_one() {
        let data = Data { columns: vec![], labels: vec![1.0, 0.0], weights: Some(vec![0.5, 1.0]) };
        assert!(!training_weights(&data, Objective::BinaryLogistic, 2.0).weighted);
        assert!(training_weights(&data, Objective::SquaredError, 2.0).weighted);
        assert!(metric_weights(&data).weighted);
    }
}
