//! The leaderboard: the trials sorted by objective value, best first.

use super::objective::Direction;
use super::space::{Space, text_of};
use super::trial::Trial;
use serde_json::{Map, Value};

/// The trials in order, with the columns that are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaderboard {
    columns: Vec<String>,
    /// Values by trial and column; null where there is none.
    rows: Vec<Vec<Value>>,
    errors: Vec<Option<String>>,
}

impl Leaderboard {
    /// The trials, best first; equal ones by number, failed ones last. `with_folds` shows `cv_mean`
    /// and `cv_std`.
    #[must_use]
    pub fn new(trials: &[Trial], space: &Space, direction: Direction, with_folds: bool) -> Self {
        let mut sorted: Vec<&Trial> = trials.iter().collect();
        let loss = |trial: &Trial| trial.objective_value.map_or(f64::INFINITY, |value| direction.loss(value));
        sorted.sort_by(|a, b| loss(a).total_cmp(&loss(b)).then(a.number.cmp(&b.number)));
        let mut columns = vec!["trial", "status", "objective_value"];
        columns.extend(space.names());
        if with_folds {
            columns.extend(["cv_mean", "cv_std"]);
        }
        columns.extend(["rounds", "start", "end", "seconds"]);
        let row = |trial: &&Trial| {
            let mut row = vec![trial.number.into(), trial.status.name().into(), trial.objective_value.into()];
            row.extend(space.names().map(|name| trial.settings.get(name).cloned().unwrap_or_default()));
            if with_folds {
                row.extend([trial.cv.map(|cv| cv.mean).into(), trial.cv.map(|cv| cv.std).into()]);
            }
            let seconds = (trial.seconds * 1e3).round() / 1e3;
            row.extend([trial.rounds.into(), trial.start.clone().into(), trial.end.clone().into(), seconds.into()]);
            row
        };
        Self {
            columns: columns.into_iter().map(str::to_string).collect(),
            rows: sorted.iter().map(row).collect(),
            errors: sorted.iter().map(|trial| trial.error.as_ref().map(|error| error.message.clone())).collect(),
        }
    }

    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The values by trial and column; null where there is none.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    /// `leaderboard.csv`: a header and a line a trial, numbers in full.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        let cell = |value: &Value| if value.is_null() { String::new() } else { text_of(value) };
        let records = self.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>());
        for record in std::iter::once(self.columns.clone()).chain(records) {
            // Writing to memory cannot fail.
            let _ = writer.write_record(record);
        }
        writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// `leaderboard.json`: an array of objects with the same names, and `error` in those of failed
    /// trials.
    #[must_use]
    pub fn to_json(&self) -> String {
        let object = |(row, error): (&Vec<Value>, &Option<String>)| {
            let mut object: Map<String, Value> = self.columns.iter().cloned().zip(row.iter().cloned()).collect();
            if let Some(error) = error {
                object.insert("error".to_string(), Value::from(error.as_str()));
            }
            Value::Object(object)
        };
        let objects: Vec<Value> = self.rows.iter().zip(&self.errors).map(object).collect();
        let mut text = serde_json::to_string_pretty(&objects).unwrap_or_default();
        text.push('\n');
        text
    }
}
