//! The model and the data that commands apply it to: predict, evaluate, report, explain, bias.

use super::data::{DataArgs, Purpose};
use super::output::{self, Request};
use super::screen::Screen;
use gboost::ingest::Channel;
use gboost::report::figures::Rounds;
use gboost::{Model, Result};
use std::path::{Path, PathBuf};

/// A model and data for it.
#[derive(clap::Args)]
pub struct ModelArgs {
    /// The model: XGBoost's JSON
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub model: PathBuf,

    /// The data that the model is applied to: files (.csv, .csv.gz, libsvm), folders of them, or - for standard input
    #[arg(long, value_name = "FILE", num_args = 1.., required = true, help_heading = "Data")]
    pub data: Vec<PathBuf>,

    #[command(flatten)]
    pub reading: DataArgs,

    /// Use all rounds, not only up to the best one of early stopping
    #[arg(long, help_heading = "Output")]
    all_rounds: bool,
}

impl ModelArgs {
    /// The files that are read, the model's manifest among them: it tells what the model is.
    pub fn request(&self) -> Request {
        Request::default()
            .input("--model", Some(&self.model))
            .input("the manifest of --model", Some(&self.manifest()))
            .data("--data", &self.data)
    }

    /// Where the model's manifest is, if it has one.
    pub fn manifest(&self) -> PathBuf {
        gboost::report::manifest::beside(&self.model)
    }

    /// Where the metrics of its training are, if they are beside it.
    pub fn metrics(&self) -> PathBuf {
        output::folder_of(&self.model).join(super::train::METRICS)
    }

    /// The model.
    pub fn load(&self, screen: &Screen) -> Result<Model> {
        load(&self.model, screen)
    }

    /// The rounds that are used.
    pub fn rounds(&self) -> Rounds {
        if self.all_rounds { Rounds::All } else { Rounds::Best }
    }

    /// The data, with the features of the model.
    pub fn read(&self, model: &Model, purpose: Purpose, screen: &Screen) -> Result<Channel> {
        self.reading.read_for(model, &self.data, purpose, screen)
    }
}

/// Reads a model and says what its file leaves open.
pub fn load(path: &Path, screen: &Screen) -> Result<Model> {
    let model = Model::load(path)?;
    for note in &model.notes {
        screen.note(&format!("warning: {}: {note}", path.display()));
    }
    Ok(model)
}
