//! The files of a report.

use crate::observer::{Observer, Phase};
use crate::output::Draft;
use gboost::Result;
use gboost_report::{Analysis, ReportData, notebook, page};
use std::path::{Path, PathBuf};

/// Paths of the files of one report.
#[derive(Clone, Debug)]
pub struct ReportFiles {
    /// Path of the page, an HTML file.
    pub html: PathBuf,
    /// Its numbers, where they are asked for.
    pub json: Option<PathBuf>,
    /// The notebook, where one is asked for.
    pub notebook: Option<PathBuf>,
}

impl ReportFiles {
    /// Returns the files of a report at these paths.
    #[must_use]
    pub fn new(html: &Path, json: Option<&Path>, notebook: Option<&Path>) -> Self {
        Self { html: html.to_path_buf(), json: json.map(Path::to_path_buf), notebook: notebook.map(Path::to_path_buf) }
    }

    /// Writes the files, without their names.
    ///
    /// # Errors
    ///
    /// If a file cannot be written, or the observer stops the job.
    pub fn draft(&self, title: &str, report: &ReportData, observer: &mut dyn Observer) -> Result<Vec<Draft>> {
        observer.check()?;
        let html = page::html(title, report)?;
        observer.begin(Phase::Drafting)?;
        let mut drafts = Vec::new();
        if let Some(path) = &self.json {
            let explanations = report.shap.as_ref().map(|shap| shap.explanations.clone());
            let analysis = Analysis { explanations, report: Some(report.summary()), ..Analysis::default() };
            drafts.push(Draft::with(path, analysis.to_text().as_bytes(), observer)?);
        }
        if let Some(path) = &self.notebook {
            drafts.push(Draft::with(path, notebook::text(title, report).as_bytes(), observer)?);
        }
        drafts.push(Draft::with(&self.html, html.as_bytes(), observer)?);
        observer.check()?;
        Ok(drafts)
    }

    /// Returns the paths, the page first.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        [Some(&self.html), self.json.as_ref(), self.notebook.as_ref()].into_iter().flatten().map(PathBuf::as_path)
    }
}
