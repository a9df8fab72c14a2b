//! The colours of all pages and pictures: one for each channel of data, and others for everything
//! else.
//!
//! Training, validation and test data have a colour each that nothing else has, on every page: a
//! curve, a column, a matrix in that colour is of that data. Classes, label bins, kinds of
//! importance and signs take [categories](Ink::category), whose colours are none of these.

use serde::{Serialize, Serializer};
use std::fmt::Write as _;

/// Which channel of a training some data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DataRole {
    /// The trees were grown on it.
    Train,
    /// The training was watched, or stopped, by it.
    Validation,
    /// It had no part in the training.
    Test,
}

impl DataRole {
    /// The role of a channel by the name that a training gives it; data of any other name had no
    /// part in the training.
    #[must_use]
    pub fn of_channel(name: &str) -> Self {
        match name {
            "train" => Self::Train,
            "validation" => Self::Validation,
            _ => Self::Test,
        }
    }

    /// The name that a training gives to data of this role; `None` where it knows none.
    #[must_use]
    pub fn channel(self) -> Option<&'static str> {
        match self {
            Self::Train => Some("train"),
            Self::Validation => Some("validation"),
            Self::Test => None,
        }
    }

    /// The ink of everything that shows this data.
    #[must_use]
    pub fn ink(self) -> Ink {
        Ink(match self {
            Self::Train => 0,
            Self::Validation => 1,
            Self::Test => 2,
        })
    }
}

/// A colour, by its number: `--s0`, `--s1`, ... in a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink(usize);

/// The colours on white and on black. The first three, of channels, are Okabe and Ito's (2008),
/// which are told apart without full colour vision; those of categories differ along blue and
/// yellow, and in lightness.
const COLOURS: [(&str, &str); CHANNELS + CATEGORIES] = [
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#f0762b"),
    ("#009e73", "#1fb58c"),
    ("#7b52c7", "#b79cf2"),
    ("#c28e00", "#f0c443"),
    ("#cc5f9c", "#f29ac2"),
    ("#15191e", "#e8ebee"),
    ("#8a5a2b", "#c9a06b"),
];
const CHANNELS: usize = 3;
const CATEGORIES: usize = 5;

impl Ink {
    /// The ink of the category of this number; with more categories than colours they come again,
    /// in other dashes.
    #[must_use]
    pub const fn category(number: usize) -> Self {
        Self(CHANNELS + number % CATEGORIES)
    }

    /// What takes a value down, in trees, waterfalls and swarms.
    pub const DOWN: Self = Self::category(0);
    /// Ink of what takes a value up, in trees, waterfalls and swarms.
    pub const UP: Self = Self::category(1);

    /// Returns the colour for a white background, as `#rrggbb`.
    #[must_use]
    pub fn on_white(self) -> &'static str {
        COLOURS[self.0].0
    }
}

impl Serialize for Ink {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0 as u64)
    }
}

/// The style sheet of the colours: `--s0` and so on for light, dark and print, and `--up` and
/// `--down`.
#[must_use]
pub fn style() -> String {
    let list = |colour: fn(&(&'static str, &'static str)) -> &'static str| {
        COLOURS.iter().enumerate().fold(String::new(), |mut list, (number, both)| {
            // Writing to a String cannot fail.
            let _ = write!(list, "--s{number}:{};", colour(both));
            list
        })
    };
    let (light, dark) = (list(|both| both.0), list(|both| both.1));
    format!(
        ":root{{{light}--down:var(--s{});--up:var(--s{})}}\n\
         @media (prefers-color-scheme: dark){{:root:not([data-theme=\"light\"]){{{dark}}}}}\n\
         :root[data-theme=\"dark\"]{{{dark}}}\n\
         @media print{{:root,:root[data-theme],:root:not([data-theme=\"light\"]){{{light}}}}}\n",
        Ink::DOWN.0,
        Ink::UP.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_category_has_the_colour_of_a_channel() {
        let channels = [DataRole::Train, DataRole::Validation, DataRole::Test].map(DataRole::ink);
        for (place, ink) in channels.iter().enumerate() {
            assert!(!channels[..place].contains(ink));
            assert!((0..50).all(|number| Ink::category(number) != *ink));
        }
        assert_ne!(Ink::UP, Ink::DOWN);
    }

    #[test]
    fn all_colours_differ_on_both_grounds() {
        let style = style();
        for (place, (light, dark)) in COLOURS.iter().enumerate() {
            assert!(COLOURS[..place].iter().all(|other| other.0 != *light && other.1 != *dark));
            assert_eq!(style.matches(&format!("--s{place}:{light};")).count(), 2, "screen and print");
            assert_eq!(style.matches(&format!("--s{place}:{dark};")).count(), 2, "chosen and the system's");
        }
    }
}
