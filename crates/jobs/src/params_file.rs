//! Files of hyperparameters: a flat table of hyperparameters in JSON or TOML.
//!
//! SageMaker's `hyperparameters.json` is such a table, with every value a string and a few keys of
//! SageMaker's own.

use gboost::internals::io::files::read_text;
use gboost::internals::util::strict_json;
use gboost::params::find;
use gboost::{Error, Params, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::path::Path;

/// Keys that SageMaker adds for itself start with one of these.
const FOREIGN: [&str; 2] = ["_", "sagemaker_"];

/// Those of them that request cross-validation rather than a training.
const CROSS_VALIDATION: [&str; 2] = ["_kfold", "_num_cv_round"];

/// The one that names a metric to be evaluated.
const TUNED_METRIC: &str = "_tuning_objective_metric";

/// Reads the table in a file.
///
/// # Errors
///
/// If the file cannot be read, or is no table in JSON or TOML.
pub fn load(path: &Path) -> Result<Map<String, Value>> {
    let text = read_text(path).map_err(|source| {
        Error::io("read the hyperparameters", path, source).remedy("give a text file in JSON or TOML")
    })?;
    parse(path, &text)
}

/// Returns the parameters that a table gives a value, by XGBoost's names.
pub fn names(entries: &Map<String, Value>) -> impl Iterator<Item = &'static str> {
    entries.iter().filter(|(_, value)| !value.is_null()).filter_map(|(name, _)| Some(find(name).ok()?.name))
}

/// Sets the parameters of a file's table. Returns notes on what was left out.
///
/// # Errors
///
/// If a key is unknown or stands twice, or a value is out of range.
pub fn set_all(path: &Path, entries: &Map<String, Value>, params: &mut Params) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (key, value) in entries {
        let about = |error: Error| error.context(&format!("key {key:?}")).at_path(path);
        if FOREIGN.iter().any(|prefix| key.starts_with(prefix)) {
            if CROSS_VALIDATION.contains(&key.as_str()) && !value.is_null() {
                let error = Error::parameter("it asks SageMaker for a cross-validation, which is a command here");
                return Err(about(error.remedy("give gboost cv --nfold N, and leave the key out")));
            }
            let more = if key == TUNED_METRIC { "; eval_metric says what is evaluated" } else { "" };
            notes.push(format!("{}: key {key:?} is SageMaker's own and was left out{more}", path.display()));
            continue;
        }
        // `null` is how a parameter that was not given is shown.
        let Some(value) = text_of(value).map_err(about)? else { continue };
        params.set(key, &value).map_err(about)?;
        let name = find(key).map_err(about)?.name;
        if let Some((_, other)) = seen.iter().find(|(known, _)| *known == name) {
            let error = Error::parameter(format!("the same parameter as {other:?}"));
            return Err(about(error.remedy("give one of the two")));
        }
        seen.push((name, key));
    }
    Ok(notes)
}

/// The table in the file: JSON if it starts like JSON, otherwise TOML.
fn parse(path: &Path, text: &str) -> Result<Map<String, Value>> {
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let is_json = !is_toml
        && (path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
            || text.trim_start().starts_with('{'));
    if is_json { parse_json(path, text) } else { parse_toml(path, text) }
}

fn parse_json(path: &Path, text: &str) -> Result<Map<String, Value>> {
    match strict_json::parse(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(entries)) => Ok(entries),
        Ok(_) => Err(Error::parameter("the file is no table of hyperparameters")
            .remedy("write it like {\"max_depth\": 5, \"eta\": 0.2}")
            .at_path(path)),
        // JSON, but with a key that stands twice.
        Err(error) if error.is_data() => Err(Error::parameter(without_place(&error))
            .remedy("give one of the two")
            .at_path(path)
            .at_line(error.line() as u64)
            .at_column(error.column() as u64)),
        Err(error) => Err(Error::parameter(format!("not JSON: {error}"))
            .remedy("mend the file, or give it a name that ends in .toml if it is TOML")
            .at_path(path)
            .at_line(error.line() as u64)
            .at_column(error.column() as u64)),
    }
}

/// Returns an error's message, without the place that it ends with.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_string()
}

/// Reads what a TOML file holds.
///
/// # Errors
///
/// With the place, if it is no TOML of this form.
pub fn parse_toml<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        Error::parameter(format!("not TOML: {}", error.message()))
            .remedy("write it like: max_depth = 5")
            .at_path(path)
            .at_line(line as u64)
            .at_column(column as u64)
    })
}

/// Returns a value as text, as a flag would have it; `None` for `null`.
///
/// # Errors
///
/// If the value is a table.
pub fn text_of(value: &Value) -> Result<Option<String>> {
    let is_flat = |value: &Value| !value.is_array() && !value.is_object();
    Ok(Some(match value {
        Value::Null => return Ok(None),
        // Some of SageMaker's tools encode a value in JSON before it becomes a string.
        Value::String(text) => serde_json::from_str::<String>(text).unwrap_or_else(|_| text.clone()),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) if items.iter().all(is_flat) => {
            let texts: Vec<String> =
                items.iter().filter_map(|item| text_of(item).transpose()).collect::<Result<_>>()?;
            texts.join(",")
        }
        Value::Array(_) => value.to_string(),
        Value::Object(_) => {
            return Err(Error::parameter("a table within the table of hyperparameters")
                .remedy("write all hyperparameters on the top level"));
        }
    }))
}
