//! Section 4, tables: the sigmoid and the exponential by quadratics, built by integers alone.

const Q: i32 = 60;
const ONE: i128 = 1 << Q;

/// `c0` in Q31, minus `c1` in Q37, `c2` in Q43.
pub type Entry = (u32, u32, u32);

/// Both tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Sigmoid of the negative argument, 1024 entries of width 1/64.
    pub sigmoid: Vec<Entry>,
    /// Exponential of the negative argument, 1408 entries of width 1/64.
    pub exp: Vec<Entry>,
}

impl Tables {
    /// The tables of the contract.
    pub fn new() -> Tables {
        let exp_samples = samples(2 * 1408 + 1);
        let sigmoid_samples: Vec<i128> = exp_samples.iter().map(|e| (e << Q) / (ONE + e)).collect();
        Tables {
            sigmoid: (0..1024).map(|k| entry(&sigmoid_samples, k)).collect(),
            exp: (0..1408).map(|k| entry(&exp_samples, k)).collect(),
        }
    }

    /// `sigmoid(x)` in Q31 of a margin in Q24.
    pub fn sigmoid(&self, x: i64) -> i64 {
        let a = x.abs().min((1 << 28) - 1);
        let s = quadratic(&self.sigmoid, a as u64);
        if x < 0 { s } else { (1 << 31) - s }
    }

    /// `exp(-d)` in Q31 of a `d` in Q24.
    pub fn exp_neg(&self, d: u32) -> i64 {
        if d >= 22 << 24 {
            return 0;
        }
        quadratic(&self.exp, u64::from(d))
    }
}

/// The high 32 bits of the product.
pub fn mulhi(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32
}

/// The quadratic of the entry that `a` falls into.
fn quadratic(table: &[Entry], a: u64) -> i64 {
    let (c0, c1, c2) = table[(a >> 18) as usize];
    let u = ((a << 14) % (1 << 32)) as u32;
    let v = mulhi(c2, u) >> 6;
    let drop = (u64::from(mulhi(c1 - v, u)) + 32) >> 6;
    i64::from(c0) - drop as i64
}

/// `E_0 .. E_{count-1}`: powers of `exp(-1/128)` in Q60.
fn samples(count: usize) -> Vec<i128> {
    let mut exp1 = ONE;
    let mut term = ONE;
    let mut k = 1;
    while term != 0 {
        term = -term / (128 * k);
        exp1 += term;
        k += 1;
    }
    let mut powers = vec![ONE];
    while powers.len() < count {
        powers.push((powers[powers.len() - 1] * exp1) >> Q);
    }
    powers
}

/// Entry `k` from its three samples.
fn entry(f: &[i128], k: usize) -> Entry {
    let (f0, f1, f2) = (f[2 * k], f[2 * k + 1], f[2 * k + 2]);
    let c2 = 2 * (f0 - 2 * f1 + f2);
    let c1 = f2 - f0 - c2;
    let word = |x: i128| u32::try_from(x).expect("a table entry has 32 bits");
    (word((f0 + (1 << 28)) >> 29), word((-c1 + (1 << 22)) >> 23), word((c2.max(0) + (1 << 16)) >> 17))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_is_accurate() {
        let tables = Tables::new();
        let mut worst = 0.0f64;
        for x in (-(1i64 << 28) + 1..1 << 28).step_by(997) {
            let p = tables.sigmoid(x) as f64 / 2f64.powi(31);
            let exact = 1.0 / (1.0 + libm::exp(-(x as f64) / 2f64.powi(24)));
            worst = worst.max((p - exact).abs());
        }
        assert!(worst < 1e-8, "{worst}");
        assert_eq!(tables.sigmoid(0), 1 << 30);
        assert_eq!(tables.sigmoid(1 << 28), tables.sigmoid(i64::from(i32::MAX)));
        assert_eq!(tables.sigmoid(-(1 << 28)), tables.sigmoid(i64::from(i32::MIN)));
    }

    #[test]
    fn exponential_is_accurate() {
        let tables = Tables::new();
        let mut worst = 0.0f64;
        for d in (0..22u32 << 24).step_by(1009) {
            let e = tables.exp_neg(d) as f64 / 2f64.powi(31);
            worst = worst.max((e - libm::exp(-f64::from(d) / 2f64.powi(24))).abs());
        }
        // A quadratic through samples 1/128 apart errs by (1/128)^3 / (9 sqrt 3) = 3.06e-8 where
        // the third derivative is 1.
        assert!(worst < 3.1e-8, "{worst}");
        assert_eq!(tables.exp_neg(0), 1 << 31);
        assert_eq!(tables.exp_neg(22 << 24), 0);
        assert_eq!(tables.exp_neg(u32::MAX), 0);
    }

    #[test]
    fn probabilities_stay_inside() {
        let tables = Tables::new();
        for x in -1023..=1023i64 {
            for edge in [-1, 0, 1] {
                let p = tables.sigmoid((x << 18) + edge);
                assert!(p > 0 && p < 1 << 31);
            }
        }
        let mut last = 1 << 31;
        for entry in 0..1408u32 {
            for d in [entry << 18, (entry << 18) + (1 << 17), ((entry + 1) << 18) - 1] {
                let e = tables.exp_neg(d);
                // Rounding lets a value rise by one unit where an entry begins.
                assert!((0..=1 << 31).contains(&e) && e <= last + 1, "entry {entry}");
                last = e;
            }
        }
    }
}
