//! The file of a model.

use crate::observer::Observer;
use gboost::{Model, Result};
use std::path::Path;

/// Reads a model, and reports what its file leaves open.
///
/// # Errors
///
/// If the file cannot be read or is no model, or the observer stops the job.
pub fn load(path: &Path, observer: &mut dyn Observer) -> Result<Model> {
    let model = Model::load(path)?;
    for note in &model.notes {
        observer.note(&format!("warning: {}: {note}", path.display()))?;
    }
    Ok(model)
}
