//! One cross-validation of data that is read: what cv and verify have in common.

use crate::data::{Channels, DataOptions};
use crate::folds::FoldOptions;
use crate::observer::{Event, Observer, Phase};
use gboost::internals::train::choice::Threads;
use gboost::validation::{CrossValidated, CrossValidation, FoldedData, Folds, MeanStd};
use gboost::{Compute, Params, Result};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Where the data of a cross-validation comes from.
pub struct Source<'a> {
    /// The files; none for the built-in data.
    pub paths: &'a [PathBuf],
    /// Delimiter, columns and index base with which the files are read.
    pub reading: &'a DataOptions,
    /// Number of folds, their seed, and the columns or the file that define them.
    pub folds: &'a FoldOptions,
}

impl Source<'_> {
    /// Reads the data and makes the folds.
    pub fn read(&self, params: &Params, observer: &mut dyn Observer) -> Result<(Channels, Folds)> {
        if self.paths.is_empty() {
            self.reading.refuse_without_files()?;
            // The other two channels have no part in it.
            let channels = Channels { validation: None, test: None, ..Channels::built_in()? };
            let folds = self.folds.of(&channels.train, params)?;
            return Ok((channels, folds));
        }
        self.reading.refuse_no_label()?;
        let (train, folds) = self.folds.read(self.reading, self.paths, params, observer)?;
        Ok((Channels { built_in: false, train, validation: None, test: None }, folds))
    }
}

/// Cross-validates on the current pool, and reports the rounds to the observer.
pub fn run(
    data: &FoldedData<'_>,
    params: &Params,
    compute: &Compute,
    observer: &mut dyn Observer,
) -> Result<CrossValidated> {
    observer.begin(Phase::CrossValidating { rounds: params.num_round })?;
    let found = CrossValidation::new(params, data)
        .on(Compute { threads: Threads::Current, ..compute.clone() })
        .on_round(|progress| observer.on(&Event::FoldRound(progress)))
        .run();
    observer.tell(&Event::CrossValidated(found.as_ref().ok()))?;
    found.map_err(|error| observer.or_reason(error))
}

/// The figures for the manifest.
pub fn metrics(found: &CrossValidated) -> Value {
    let Some(round) = found.counting_round() else { return Value::Null };
    let channel = |values: &[MeanStd]| -> Map<String, Value> {
        let pair = |value: &MeanStd| Value::from_iter([("mean", value.mean), ("std", value.std)]);
        found.metrics.iter().zip(values).map(|(metric, value)| (metric.name(), pair(value))).collect()
    };
    Value::from_iter([
        ("round", Value::from(round.round)),
        ("train", channel(&round.train).into()),
        ("test", channel(&round.test).into()),
    ])
}
