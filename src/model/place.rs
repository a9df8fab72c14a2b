//! A value in a JSON document together with its path, which errors name.

use super::json::Json;
use crate::error::{Error, Result};

/// What helps against a file that is no model as a whole.
pub(super) const DAMAGED: &str = "the file is damaged: save or copy the model again";

/// A value with its place in the document, for messages.
pub(crate) struct Place<'a> {
    pub(super) json: &'a Json<'a>,
    pub(super) name: String,
}

impl<'a> Place<'a> {
    /// An error about this place: "`learner.x` `what`".
    pub(super) fn error(&self, what: &str) -> Error {
        let name = if self.name.is_empty() { "the document" } else { &self.name };
        Error::model(format!("{name} {what}")).remedy(DAMAGED)
    }

    /// An error about an item of this list.
    pub(super) fn item_error(&self, index: usize, what: &str) -> Error {
        Error::model(format!("{}[{index}] {what}", self.name)).remedy(DAMAGED)
    }

    /// Refuses members other than these, since what is not known may change predictions.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        let Json::Map(entries) = self.json else {
            return Err(self.error(&format!("is {}, not an object", self.json.kind())));
        };
        match entries.iter().find(|(name, _)| !known.contains(&name.as_ref())) {
            None => Ok(()),
            Some((name, _)) => Err(self
                .error(&format!("has {name:?}, which is not known here and may change predictions"))
                .remedy("use a newer gboost, or save the model with XGBoost 1.0 to 3.4")),
        }
    }

    pub(super) fn optional(&self, key: &str) -> Option<Place<'a>> {
        let json = self.json.get(key)?;
        let name = if self.name.is_empty() { key.to_string() } else { format!("{}.{key}", self.name) };
        Some(Place { json, name })
    }

    pub(super) fn field(&self, key: &str) -> Result<Place<'a>> {
        self.optional(key).ok_or_else(|| match self.json {
            Json::Map(_) => {
                self.error(&format!("has no `{key}`")).remedy("give a model that gboost or XGBoost saved as JSON")
            }
            other => self.error(&format!("is {}, not an object", other.kind())),
        })
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        match self.json {
            Json::Text(text) => Ok(text),
            other => Err(self.error(&format!("is {}, not a string", other.kind()))),
        }
    }

    /// An integer, as XGBoost writes parameters (in a string) or as a number.
    pub(super) fn integer(&self) -> Result<i64> {
        let text = match self.json {
            Json::Text(text) => text.as_ref(),
            Json::Number(text) => text,
            other => return Err(self.error(&format!("is {}, not a number", other.kind()))),
        };
        text.trim().parse().map_err(|_| self.error(&format!("is {text:?}, not an integer")))
    }

    /// An integer that may be absent.
    pub(super) fn integer_or(&self, key: &str, default: i64) -> Result<i64> {
        self.optional(key).map_or(Ok(default), |place| place.integer())
    }

    pub(super) fn list(&self) -> Result<&'a [Json<'a>]> {
        match self.json {
            Json::List(items) => Ok(items),
            other => Err(self.error(&format!("is {}, not a list", other.kind()))),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<String>> {
        let text = |(index, item): (usize, &Json<'_>)| match item {
            Json::Text(text) => Ok(text.to_string()),
            other => Err(self.item_error(index, &format!("is {}, not a string", other.kind()))),
        };
        self.list()?.iter().enumerate().map(text).collect()
    }

    /// Integers; booleans count as 0 and 1, as old versions write `default_left`.
    pub(super) fn integers(&self) -> Result<Vec<i64>> {
        let integer = |(index, item): (usize, &Json<'_>)| match item {
            Json::Bool(value) => Ok(i64::from(*value)),
            Json::Number(text) => {
                text.parse().map_err(|_| self.item_error(index, &format!("is {text}, not an integer")))
            }
            other => Err(self.item_error(index, &format!("is {}, not an integer", other.kind()))),
        };
        self.list()?.iter().enumerate().map(integer).collect()
    }

    /// Floats, each read as binary32 from its text, so that it is rounded once.
    pub(super) fn floats(&self) -> Result<Vec<f32>> {
        let float = |(index, item): (usize, &Json<'_>)| match item {
            Json::Number(text) => text.parse().map_err(|_| self.item_error(index, &format!("is {text}, not a number"))),
            other => Err(self.item_error(index, &format!("is {}, not a number", other.kind()))),
        };
        self.list()?.iter().enumerate().map(float).collect()
    }
}

/// An error about a model that is sound but needs what gboost lacks.
pub(crate) fn unsupported(what: String, remedy: &str) -> Error {
    Error::model(what).remedy(remedy)
}
