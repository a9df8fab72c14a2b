//! The manifest that jobs write beside their results.

use crate::data::{Channels, DataOptions};
use crate::output;
use gboost::internals::util::clock::Clock;
use gboost::{Params, Placement, Result};
use gboost_report::manifest::{FileRecord, FoldsRecord, Machine, Manifest, beside, commit};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What is known of a run before it trains.
pub(crate) struct Inputs<'a> {
    /// Name of the command: `train`, `cv` or `tune`.
    pub command: &'static str,
    /// The file that the manifest is about.
    pub result: &'a Path,
    /// The parameters as given.
    pub params: &'a Params,
    /// Delimiter, columns and index base with which the files were read.
    pub reading: &'a DataOptions,
    /// Channels whose files and sizes the manifest records.
    pub channels: &'a Channels,
    /// The model that is continued.
    pub start: Option<&'a PathBuf>,
    /// Origin and number of the folds; `None` where there are none.
    pub folds: Option<FoldsRecord>,
}

/// What is known of it afterwards.
pub(crate) struct Outcome<'a> {
    /// The content of the result's file.
    pub bytes: &'a [u8],
    /// Number of rounds in the result.
    pub rounds: usize,
    /// Figures of the result as JSON, as the manifest keeps them.
    pub metrics: Value,
    /// Backend that made the result, its driver, and its rounds under `auto`.
    pub backend: &'a Placement,
    /// What the backend ran on.
    pub adapter: &'a str,
    /// Threads that were used.
    pub threads: usize,
    /// Clock that was started with the run.
    pub clock: Clock,
}

/// Where the manifest of a result lies; nowhere if the result is no file that stays, such as
/// /dev/null.
pub(crate) fn place(result: &Path) -> Option<PathBuf> {
    (!output::is_special(result)).then(|| beside(result))
}

/// A manifest that lacks its outcome. Files that were not hashed as they were read are hashed now.
pub(crate) fn begin(inputs: Inputs<'_>) -> Result<Manifest> {
    let Inputs { command, result, params, reading, channels, start, folds } = inputs;
    let folder = output::folder_of(result);
    Ok(Manifest {
        manifest: Manifest::FORM,
        command: command.to_string(),
        gboost: env!("CARGO_PKG_VERSION").to_string(),
        commit: commit().map(str::to_string),
        parameters: Manifest::parameters_of(params),
        seed: params.seed,
        reading: reading.record(),
        data: channels.record(folder)?,
        folds,
        continue_from: start.map(|path| FileRecord::of(path, folder)).transpose()?,
        rounds: 0,
        result: FileRecord::beside(result, &[]),
        metrics: Value::Null,
        sha256: None,
        machine: Machine::default(),
        times: Default::default(),
    })
}

/// Returns the manifest of a finished run: what was known before, and the outcome.
pub(crate) fn complete(begun: Manifest, outcome: &Outcome<'_>) -> Manifest {
    let Outcome { bytes, rounds, metrics, backend, adapter, threads, clock } = outcome;
    Manifest {
        rounds: *rounds,
        result: FileRecord::beside(Path::new(&begun.result.path), bytes),
        metrics: metrics.clone(),
        machine: Machine::here(*threads, backend.name, adapter, backend.driver.clone()),
        times: clock.times(),
        ..begun
    }
    .sealed()
}
