//! The search space: which parameters are tuned, over which values.

use super::draws::Draws;
use crate::error::{Error, Result};
use crate::params::{Params, Spec, find};
use serde_json::{Map, Value};
use std::fmt;

/// The values of the tuned parameters of one trial, by XGBoost's names, in the order of the space.
pub type Settings = Map<String, Value>;

/// How a range is stretched before values are drawn evenly from it; SageMaker's scaling types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly in the value.
    #[default]
    Linear,
    /// Evenly in the logarithm of the value, which is positive.
    Log,
    /// Evenly in the logarithm of 1 minus the value, which is from 0 to below 1.
    ReverseLog,
}

impl Scale {
    const NAMES: [(&'static str, Self); 3] =
        [("linear", Self::Linear), ("log", Self::Log), ("reverse-log", Self::ReverseLog)];

    fn stretch(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => libm::log(value),
            Self::ReverseLog => -libm::log(1.0 - value),
        }
    }

    fn shrink(self, stretched: f64) -> f64 {
        match self {
            Self::Linear => stretched,
            Self::Log => libm::exp(stretched),
            Self::ReverseLog => 1.0 - libm::exp(-stretched),
        }
    }
}

/// The values that a parameter may take.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Whole numbers, both ends included.
    Integer {
        /// The least.
        low: i64,
        /// The greatest.
        high: i64,
        /// `Linear` or `Log`.
        scale: Scale,
    },
    /// Real numbers (binary32, as every real parameter is), both ends included.
    Real {
        /// The least.
        low: f32,
        /// The greatest.
        high: f32,
        /// How they are stretched.
        scale: Scale,
    },
    /// A list without order.
    Choice(Vec<Value>),
}

/// One tuned parameter.
#[derive(Clone)]
pub struct Dimension {
    spec: &'static Spec,
    values: Values,
}

/// The tuned parameters, at least one, each once.
///
/// ```
/// use gboost::validation::tune::Space;
///
/// let space = Space::parse(["max_depth=int:6..9", "eta=0.01..0.3:log", "tree_method=hist,exact"])?;
/// assert_eq!(space.names().collect::<Vec<_>>(), ["max_depth", "eta", "tree_method"]);
/// # Ok::<(), gboost::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    dimensions: Vec<Dimension>,
}

/// Parameters that say what a training is, or how it runs, not how well it does.
const NOT_TUNED: [&str; 5] = ["objective", "num_class", "eval_metric", "nthread", "verbosity"];

/// The form of a range, for remedies.
const FORM: &str = "write it like eta=0.01..0.3, eta=0.01..0.3:log, max_depth=int:6..9 or tree_method=hist,exact";

impl Dimension {
    /// The parameter of that name or alias with these values.
    ///
    /// # Errors
    /// An unknown parameter, one that cannot be tuned, or values that it does not take.
    pub fn new(name: &str, values: Values) -> Result<Self> {
        let spec = find(name)?;
        if NOT_TUNED.contains(&spec.name) {
            return Err(Error::parameter(format!("{} cannot be tuned", spec.name)).remedy("give it a fixed value"));
        }
        let dimension = Self { spec, values };
        dimension.check().map_err(|error| error.context(&format!("range {dimension}")))?;
        Ok(dimension)
    }

    /// Reads `NAME=LOW..HIGH[:SCALE]`, `NAME=int:LOW..HIGH[:SCALE]` or `NAME=VALUE,VALUE,...`.
    ///
    /// # Errors
    /// Another form, and as [`Dimension::new`].
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once('=') {
            Some((name, range)) => Self::of(name, range),
            None => Err(Error::parameter(format!("range {text:?} names no values")).remedy(FORM)),
        }
    }

    /// Reads the values of a parameter, as they stand behind the `=`.
    ///
    /// # Errors
    /// As [`Dimension::parse`].
    pub fn of(name: &str, range: &str) -> Result<Self> {
        let about = |message: String| Error::parameter(format!("range {name}={range}: {message}")).remedy(FORM);
        let (whole, rest) = match range.trim().strip_prefix("int:") {
            Some(rest) => (true, rest),
            None => (false, range.trim()),
        };
        let Some((low, rest)) = rest.split_once("..") else {
            if whole {
                return Err(about("int: needs LOW..HIGH".to_string()));
            }
            let items: Vec<&str> = range.split(',').map(str::trim).collect();
            if items.iter().all(|item| item.is_empty()) {
                return Err(about("it has no values".to_string()));
            }
            return Self::new(name, Values::Choice(items.into_iter().map(value_of).collect()));
        };
        let (high, scale) = match rest.split_once(':') {
            None => (rest, Scale::Linear),
            Some((high, word)) => {
                let known = Scale::NAMES.into_iter().find(|(name, _)| *name == word);
                (
                    high,
                    known
                        .ok_or_else(|| about(format!("there is no scale {word:?}, only linear, log and reverse-log")))?
                        .1,
                )
            }
        };
        let no_number = |text: &str, kind: &str| about(format!("{text:?} is no {kind}"));
        let values = if whole {
            let number = |text: &str| text.trim().parse::<i64>().map_err(|_| no_number(text, "whole number"));
            Values::Integer { low: number(low)?, high: number(high)?, scale }
        } else {
            let number = |text: &str| {
                let parsed = text.trim().parse::<f32>().ok().filter(|number| number.is_finite());
                parsed.ok_or_else(|| no_number(text, "number"))
            };
            Values::Real { low: number(low)?, high: number(high)?, scale }
        };
        Self::new(name, values)
    }

    fn check(&self) -> Result<()> {
        let bounds = match &self.values {
            Values::Choice(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.accept(item)?;
                    if items[..index].contains(item) {
                        return Err(Error::parameter(format!("{} stands there twice", text_of(item)))
                            .remedy("give every value once"));
                    }
                }
                return match items.is_empty() {
                    true => Err(Error::parameter("it has no values").remedy(FORM)),
                    false => Ok(()),
                };
            }
            Values::Integer { low, high, scale: Scale::ReverseLog } => {
                return Err(Error::parameter(format!("whole numbers {low}..{high} have no reverse-log scale"))
                    .remedy("use linear or log"));
            }
            Values::Integer { low, high, .. } => (*low as f64, *high as f64, low < high),
            Values::Real { low, high, .. } => (f64::from(*low), f64::from(*high), low < high),
        };
        let (low, high, ascends) = bounds;
        if !ascends {
            return Err(Error::parameter("the low end is not below the high end")
                .remedy("give the lower end first; a single value goes without a range"));
        }
        match self.scale() {
            Scale::Log if low <= 0.0 => {
                return Err(Error::parameter(format!("log needs values above 0, not {low}"))
                    .remedy("raise the low end, or use linear"));
            }
            Scale::ReverseLog if low < 0.0 || high >= 1.0 => {
                return Err(Error::parameter("reverse-log needs values from 0 to below 1")
                    .remedy("change the ends, or use linear"));
            }
            _ => {}
        }
        self.accept(&self.at(0.0))?;
        self.accept(&self.at(1.0))?;
        // Both ends are taken: what is refused now is the fraction.
        let inside = low + (high - low) * 0.517;
        if matches!(self.values, Values::Real { .. }) && inside.fract() != 0.0 && self.accept(&inside.into()).is_err() {
            return Err(Error::parameter(format!("{} takes whole numbers only", self.name()))
                .remedy(format!("write {}=int:{low}..{high}", self.name())));
        }
        Ok(())
    }

    /// Whether the parameter takes the value.
    fn accept(&self, value: &Value) -> Result<()> {
        Params::default().set(self.spec.name, &text_of(value))
    }

    /// XGBoost's name of the parameter.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.spec.name
    }

    /// The values.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    fn scale(&self) -> Scale {
        match self.values {
            Values::Integer { scale, .. } | Values::Real { scale, .. } => scale,
            Values::Choice(_) => Scale::Linear,
        }
    }

    /// The ends of the stretched range; half a step is added to whole numbers, so that each is as
    /// likely as another.
    fn stretched(&self) -> (f64, f64) {
        let (low, high) = match self.values {
            Values::Integer { low, high, .. } => (low as f64 - 0.5, high as f64 + 0.5),
            Values::Real { low, high, .. } => (f64::from(low), f64::from(high)),
            Values::Choice(ref items) => (0.0, items.len() as f64),
        };
        (self.scale().stretch(low), self.scale().stretch(high))
    }

    /// The value at a position from 0 to 1 in the stretched range.
    #[must_use]
    pub fn at(&self, unit: f64) -> Value {
        let (start, end) = self.stretched();
        let value = self.scale().shrink(start + unit * (end - start));
        match &self.values {
            Values::Integer { low, high, .. } => Value::from((libm::round(value) as i64).clamp(*low, *high)),
            Values::Real { low, high, .. } => real((value as f32).clamp(*low, *high)),
            Values::Choice(items) => items[(value as usize).min(items.len() - 1)].clone(),
        }
    }

    /// The position of a value in the stretched range, the middle of its part for whole numbers and
    /// lists; `None` if it is not one of the values.
    #[must_use]
    pub fn position(&self, value: &Value) -> Option<f64> {
        let (start, end) = self.stretched();
        let number = match &self.values {
            Values::Integer { low, high, .. } => {
                value.as_i64().filter(|number| low <= number && number <= high)? as f64
            }
            Values::Real { low, high, .. } => {
                let number = value.as_f64()? as f32;
                f64::from(Some(number).filter(|number| low <= number && number <= high)?)
            }
            Values::Choice(items) => items.iter().position(|item| item == value)? as f64 + 0.5,
        };
        Some((self.scale().stretch(number) - start) / (end - start))
    }

    /// The number of values, without end for real numbers.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match &self.values {
            Values::Integer { low, high, .. } => Some(high.abs_diff(*low).saturating_add(1)),
            Values::Real { .. } => None,
            Values::Choice(items) => Some(items.len() as u64),
        }
    }
}

impl Space {
    /// The space of these parameters.
    ///
    /// # Errors
    /// No parameter, or one that is there twice.
    pub fn new(dimensions: Vec<Dimension>) -> Result<Self> {
        if dimensions.is_empty() {
            return Err(Error::parameter("there is nothing to tune")
                .remedy("give {range} at least once, like {range} eta=0.01..0.3:log"));
        }
        for (index, dimension) in dimensions.iter().enumerate() {
            if dimensions[..index].iter().any(|other| other.name() == dimension.name()) {
                return Err(Error::parameter(format!("{} has two ranges", dimension.name())).remedy("give one"));
            }
        }
        Ok(Self { dimensions })
    }

    /// Reads a range a parameter, see [`Dimension::parse`].
    ///
    /// # Errors
    /// As [`Dimension::parse`] and [`Space::new`].
    pub fn parse<'a>(ranges: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        Self::new(ranges.into_iter().map(Dimension::parse).collect::<Result<_>>()?)
    }

    /// The tuning job of the lab's second task.
    ///
    /// # Errors
    /// None.
    pub fn task2() -> Result<Self> {
        Self::parse([
            "max_depth=int:6..9",
            "eta=0.01..0.03",
            "gamma=0.5..0.9",
            "min_child_weight=0.5..0.9",
            "subsample=0.2..0.5",
        ])
    }

    /// The parameters.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The parameters' names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.dimensions.iter().map(Dimension::name)
    }

    /// The settings at a position from 0 to 1 in each parameter's range.
    #[must_use]
    pub fn at(&self, units: &[f64]) -> Settings {
        let settings = self.dimensions.iter().zip(units);
        settings.map(|(dimension, unit)| (dimension.name().to_string(), dimension.at(*unit))).collect()
    }

    /// The position of settings, which may name more parameters; `None` if one is missing or
    /// outside its range.
    #[must_use]
    pub fn position(&self, settings: &Settings) -> Option<Vec<f64>> {
        self.dimensions.iter().map(|dimension| dimension.position(settings.get(dimension.name())?)).collect()
    }

    /// Settings drawn evenly from the stretched ranges, for one trial.
    #[must_use]
    pub fn draw(&self, draws: &mut Draws) -> Settings {
        let units: Vec<f64> = self.dimensions.iter().map(|_| draws.unit()).collect();
        self.at(&units)
    }

    /// `params` with the settings.
    ///
    /// # Errors
    /// A value that its parameter does not take, or that is in conflict with another one.
    pub fn apply(settings: &Settings, params: &Params) -> Result<Params> {
        let mut params = params.clone();
        settings.iter().try_for_each(|(name, value)| params.set(name, &text_of(value)))?;
        params.check()?;
        Ok(params)
    }

    /// The ranges by name, as they are written.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        self.dimensions
            .iter()
            .map(|dimension| (dimension.name().to_string(), dimension.values.to_string().into()))
            .collect()
    }
}

/// A binary32 as a number that is shown as typed: 0.2 and not 0.20000000298.
fn real(value: f32) -> Value {
    value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// A list's item: a number if it is written like one.
fn value_of(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) => Value::from(whole),
        (_, Ok(number)) => Value::from(number),
        _ => Value::from(text),
    }
}

/// A value as a flag would have it.
#[must_use]
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = match self {
            Self::Integer { low, high, scale } => {
                write!(f, "int:{low}..{high}")?;
                scale
            }
            Self::Real { low, high, scale } => {
                write!(f, "{low}..{high}")?;
                scale
            }
            Self::Choice(items) => return f.write_str(&items.iter().map(text_of).collect::<Vec<_>>().join(",")),
        };
        match Scale::NAMES.into_iter().find(|(_, known)| known == scale) {
            Some((name, _)) if *scale != Scale::Linear => write!(f, ":{name}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name(), self.values)
    }
}

impl fmt::Debug for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl PartialEq for Dimension {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.values == other.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimension(text: &str) -> Dimension {
        Dimension::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refusal(text: &str) -> String {
        Dimension::parse(text).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn ranges_are_read_and_shown() {
        for text in [
            "max_depth=int:6..9",
            "max_depth=int:1..9:log",
            "eta=0.01..0.03:log",
            "subsample=0.5..0.99:reverse-log",
            "gamma=0..5",
            "tree_method=hist,exact",
            "max_bin=64,256",
        ] {
            assert_eq!(dimension(text).to_string(), text);
        }
        assert_eq!(dimension("learning-rate=0.1..0.2:linear").to_string(), "eta=0.1..0.2");
    }

    #[test]
    fn bad_ranges_name_range_and_remedy() {
        for (text, error) in [
            ("eta", format!("range \"eta\" names no values; {FORM}")),
            ("eta=", format!("range eta=: it has no values; {FORM}")),
            ("eta=a..b", format!("range eta=a..b: \"a\" is no number; {FORM}")),
            ("max_depth=int:6", format!("range max_depth=int:6: int: needs LOW..HIGH; {FORM}")),
            ("max_depth=int:1.5..3", format!("range max_depth=int:1.5..3: \"1.5\" is no whole number; {FORM}")),
            (
                "eta=0.1..0.2:exp",
                format!("range eta=0.1..0.2:exp: there is no scale \"exp\", only linear, log and reverse-log; {FORM}"),
            ),
            ("etta=0.1..0.2", "unknown parameter \"etta\"; did you mean eta?".to_string()),
            ("eta=0.1..1.5", "range eta=0.1..1.5: eta 1.5 is out of range; give a value in [0, 1]".to_string()),
            (
                "eta=0.3..0.1",
                "range eta=0.3..0.1: the low end is not below the high end; \
                 give the lower end first; a single value goes without a range"
                    .to_string(),
            ),
            (
                "gamma=0..5:log",
                "range gamma=0..5:log: log needs values above 0, not 0; raise the low end, or use linear".to_string(),
            ),
            (
                "subsample=0.5..1:reverse-log",
                "range subsample=0.5..1:reverse-log: reverse-log needs values from 0 to below 1; \
                 change the ends, or use linear"
                    .to_string(),
            ),
            (
                "max_depth=6..9",
                "range max_depth=6..9: max_depth takes whole numbers only; write max_depth=int:6..9".to_string(),
            ),
            (
                "tree_method=hist,hist",
                "range tree_method=hist,hist: hist stands there twice; give every value once".to_string(),
            ),
            (
                "tree_method=hist,best",
                "range tree_method=hist,best: tree_method \"best\" is not accepted; give hist or exact".to_string(),
            ),
            (
                "objective=binary:logistic,reg:squarederror",
                "objective cannot be tuned; give it a fixed value".to_string(),
            ),
        ] {
            assert_eq!(refusal(text), error);
        }
        let twice = Space::parse(["eta=0.1..0.2", "learning_rate=0.1..0.3"]).err().map(|error| error.to_string());
        assert_eq!(twice.as_deref(), Some("eta has two ranges; give one"));
    }

    #[test]
    fn values_stay_in_their_range_and_have_their_position() {
        for text in
            ["max_depth=int:6..9", "eta=0.01..0.03:log", "subsample=0.2..0.99:reverse-log", "tree_method=hist,exact"]
        {
            let dimension = dimension(text);
            let mut draws = Draws::new(0, 1);
            for _ in 0..200 {
                let unit = draws.unit();
                let value = dimension.at(unit);
                dimension.accept(&value).unwrap_or_else(|error| panic!("{error}"));
                let position = dimension.position(&value).unwrap_or_else(|| panic!("{dimension} {value}"));
                assert_eq!(dimension.at(position), value);
                if matches!(dimension.values, Values::Real { .. }) {
                    assert!((position - unit).abs() < 1e-4);
                }
            }
        }
        assert_eq!(dimension("eta=0.01..0.03").position(&Value::from(0.5)), None);
        assert_eq!(dimension("tree_method=hist").position(&Value::from("exact")), None);
    }

    #[test]
    fn whole_numbers_are_equally_likely() {
        let dimension = dimension("max_depth=int:6..9");
        let mut counts = [0; 4];
        for step in 0..4000 {
            let depth = dimension.at((f64::from(step) + 0.5) / 4000.0).as_u64().unwrap_or_default() as usize;
            counts[depth - 6] += 1;
        }
        assert_eq!(counts, [1000; 4]);
    }
}
