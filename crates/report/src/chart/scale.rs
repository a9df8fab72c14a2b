//! Numbers on axes: ticks at round values, and numbers in few digits.

/// The round values that an axis is labelled with.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// Values to label, in units of the axis, ascending; on percent axes shares, where 1 is 100 %.
    pub values: Vec<f64>,
    /// Digits after the point that tell them apart.
    digits: usize,
    percent: bool,
}

impl Ticks {
    /// About `count` values of 1, 2 or 5 times a power of ten between the ends.
    #[must_use]
    pub fn new([first, last]: [f64; 2], count: usize, percent: bool) -> Self {
        let unit = if percent { 100.0 } else { 1.0 };
        let (first, last) = (first * unit, last * unit);
        let span = last - first;
        if !(span.is_finite() && span > 0.0) {
            return Self { values: vec![first / unit], digits: 2, percent };
        }
        let raw = span / count.max(1) as f64;
        let power = libm::log10(raw).floor();
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|factor| factor * libm::pow(10.0, power))
            .into_iter()
            .find(|step| *step >= raw * 0.7)
            .unwrap_or(raw);
        // Multiples of the step, so that errors do not add up.
        let (low, high) = ((first / step - 1e-9).ceil() as i64, (last / step + 1e-9).floor() as i64);
        let values = (low..=high).map(|multiple| multiple as f64 * step / unit).collect();
        Self { values, digits: (-(libm::log10(step) + 1e-9).floor()).clamp(0.0, 12.0) as usize, percent }
    }

    /// Whole values alone, for an axis that counts.
    #[must_use]
    pub fn whole(ends: [f64; 2], count: usize) -> Self {
        // As many as there are whole values, at most: the step is 1 or more.
        let most = ((ends[1] - ends[0]).floor() as usize).max(1);
        let mut ticks = Self::new(ends, count.min(most), false);
        ticks.values.retain(|value| value.fract() == 0.0);
        ticks.digits = 0;
        ticks
    }

    /// The text at a value; all values of an axis have the same unit.
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        if self.percent {
            return format!("{:.*} %", self.digits, value * 100.0);
        }
        let largest = self.values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        if largest == 0.0 || (1e-4..1e5).contains(&largest) {
            return format!("{value:.*}", self.digits);
        }
        if value == 0.0 {
            return "0".to_string();
        }
        let (number, suffix) = match largest {
            s if !(1e-4..1e12).contains(&s) => return format!("{value:.1e}"),
            s if s >= 1e9 => (value / 1e9, "G"),
            s if s >= 1e6 => (value / 1e6, "M"),
            _ => (value / 1e3, "k"),
        };
        format!("{}{suffix}", short(number))
    }
}

/// The number with six significant digits: enough for any screen.
#[must_use]
pub fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let ticks = Ticks::new([0.03, 0.97], 5, false);
        assert_eq!(ticks.values, [0.2, 0.4, 0.6000000000000001, 0.8]);
        assert_eq!(
            ticks.values.iter().map(|&value| ticks.text(value)).collect::<Vec<_>>(),
            ["0.2", "0.4", "0.6", "0.8"]
        );
        assert_eq!(Ticks::new([0.0, 1.0], 5, true).text(0.2), "20 %");
        assert_eq!(Ticks::new([-3.0, 3.0], 6, false).values, [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(Ticks::new([2.0, 2.0], 5, false).values, [2.0]);
        assert_eq!(Ticks::new([0.0, 800_000.0], 4, false).text(200_000.0), "200k");
        let ticks = Ticks::new([0.0, 120_000.0], 5, false);
        let texts: Vec<String> = ticks.values.iter().map(|&value| ticks.text(value)).collect();
        assert_eq!(texts, ["0", "20k", "40k", "60k", "80k", "100k", "120k"]);
        assert_eq!(Ticks::whole([-0.04, 1.04], 7).values, [0.0, 1.0]);
        assert_eq!(Ticks::whole([0.2, 7.3], 7).values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    }

    #[test]
    fn short_numbers_keep_six_digits() {
        assert_eq!(short(0.123_456_789), 0.123_457);
        assert_eq!(short(-123.456_789), -123.457);
        assert!(short(f64::NAN).is_nan());
        assert_eq!(short(0.0), 0.0);
    }
}
