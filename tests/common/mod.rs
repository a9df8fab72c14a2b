//! Small data sets that tests make for themselves, the same on every machine.
#![allow(dead_code)]

use gboost::Dataset;

/// SplitMix64 (Steele, Lea and Flood 2014): small, seedable, stable.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1), a multiple of 2^-24, so exact in f32.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 16_777_216.0
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

/// What kind of labels a data set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    Binary,
    Real,
    Classes(usize),
}

/// Columns of different kinds (continuous, few values, constant, mostly missing) and labels that
/// depend on them.
pub fn data(seed: u64, rows: usize, features: usize, missing: f32, labels: Labels) -> Dataset {
    let mut random = Random(seed);
    let columns: Vec<Vec<f32>> = (0..features)
        .map(|feature| {
            let share = if feature % 3 == 1 { missing } else { missing / 4.0 };
            (0..rows)
                .map(|_| {
                    let value = match feature % 4 {
                        0 => random.unit() * 8.0 - 4.0,
                        1 => random.below(5) as f32,
                        2 => (random.below(300) as f32) / 7.0 - 20.0,
                        _ => random.unit() * random.unit() * 1e4,
                    };
                    if random.unit() < share { f32::NAN } else { value }
                })
                .collect()
        })
        .collect();
    let score = |row: usize, random: &mut Random| {
        let term = |feature: usize| columns[feature % features][row];
        let known = |value: f32, otherwise: f32| if value.is_nan() { otherwise } else { value };
        known(term(0), 1.0)
            + (known(term(1), 2.0) - 2.0) * known(term(0), 0.5) / 2.0
            + known(term(2), -3.0) / 10.0
            + 2.0 * (random.unit() - 0.5)
    };
    let labels: Vec<f32> = (0..rows)
        .map(|row| {
            let score = score(row, &mut random);
            match labels {
                Labels::Binary => f32::from(score > 0.0),
                Labels::Real => score * 3.0 + 10.0,
                Labels::Classes(classes) => ((score + 4.0).max(0.0) as usize).min(classes - 1) as f32,
            }
        })
        .collect();
    Dataset::new(columns).with_labels(labels)
}

/// Gives every row a weight: powers of two, fractions and a few zeros.
pub fn with_weights(mut data: Dataset, seed: u64) -> Dataset {
    let mut random = Random(seed);
    let weight = |random: &mut Random| match random.below(5) {
        0 => 0.0,
        1 => 2.0,
        _ => 0.1 + 3.0 * random.unit(),
    };
    data.weights = Some((0..data.rows).map(|_| weight(&mut random)).collect());
    data
}

/// The rows in another order.
pub fn permuted(data: &Dataset, seed: u64) -> Dataset {
    let mut order: Vec<usize> = (0..data.rows).collect();
    Random(seed).shuffle(&mut order);
    let pick = |values: &Vec<f32>| order.iter().map(|&row| values[row]).collect::<Vec<f32>>();
    let mut permuted = data.clone();
    permuted.columns = data.columns.iter().map(pick).collect();
    permuted.with_labels(data.labels.as_ref().map(pick)).with_weights(data.weights.as_ref().map(pick))
}

/// Parameters from `name=value` words.
pub fn params(text: &str) -> gboost::Params {
    let mut params = gboost::Params::default();
    for word in text.split_whitespace() {
        let (name, value) = word.split_once('=').expect("name=value");
        params.set(name, value).unwrap_or_else(|error| panic!("{error}"));
    }
    params
}
