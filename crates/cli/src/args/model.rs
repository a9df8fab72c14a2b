//! The files that commands work on: training data (train, tune, cv), or a model and data for it
//! (predict, evaluate, report, explain, bias). Each may stand where it stands, or behind its flag.

use super::data::DataArgs;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command, FromArgMatches};
use gboost::ingest::Channel;
use gboost::{Error, Model, Result, Rounds};
use gboost_jobs::data::{DataOptions, Purpose};
use gboost_jobs::output::{self, Request};
use gboost_jobs::results::METRICS;
use gboost_jobs::{Observer, model_file};
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// The training data: a file without a flag, or files with `--train`.
#[derive(clap::Args)]
#[group(id = "training", multiple = false)]
pub struct TrainArgs {
    /// Training data: files (.csv, .csv.gz, libsvm), folders of them, or - for standard input
    #[arg(long, alias = "data", value_name = "FILE", num_args = 1.., help_heading = "Data")]
    train: Vec<PathBuf>,

    /// Training data, the same as --train; it stands before flags that take several values
    #[arg(value_name = "TRAIN")]
    training_file: Option<PathBuf>,
}

impl Deref for TrainArgs {
    type Target = [PathBuf];

    /// The files; none for the built-in data.
    fn deref(&self) -> &[PathBuf] {
        if self.train.is_empty() { self.training_file.as_slice() } else { &self.train }
    }
}

/// A model and data for it.
pub struct ModelArgs {
    /// The model's file.
    pub model: PathBuf,
    /// The data's files.
    pub data: Vec<PathBuf>,
    /// How the data is read.
    pub reading: DataOptions,
    all_rounds: bool,
}

/// The same as it is given.
#[derive(clap::Args)]
struct Given {
    /// The model: XGBoost's JSON
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    model: Option<PathBuf>,

    /// The data that the model is applied to: files (.csv, .csv.gz, libsvm), folders of them, or -
    /// for standard input
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Data")]
    data: Vec<PathBuf>,

    /// The model, the same as --model; files stand before flags that take several values
    #[arg(value_name = "MODEL")]
    first: Option<PathBuf>,

    /// The data, the same as --data; it comes first where --model is given
    #[arg(value_name = "DATA")]
    others: Vec<PathBuf>,

    #[command(flatten)]
    reading: DataArgs,

    /// Use all rounds, not only up to the best one of early stopping
    #[arg(long, help_heading = "Output")]
    all_rounds: bool,
}

/// How the two are called in errors.
const MODEL: &str = "--model <FILE>";
const DATA: &str = "--data <FILE>...";
const FIRST: &str = "[MODEL]";
const OTHERS: &str = "[DATA]...";
const NO_MODEL: &str = "<MODEL>, or --model <FILE>";
const NO_DATA: &str = "<DATA>..., or --data <FILE>...";

impl Given {
    fn resolve(self) -> std::result::Result<ModelArgs, clap::Error> {
        let Self { model, data, first, others, reading, all_rounds } = self;
        let mut files = first.into_iter().chain(others).peekable();
        let model = match model {
            Some(_) if files.peek().is_some_and(|first| is_model(first)) => return Err(conflict(FIRST, MODEL)),
            Some(model) => Some(model),
            None => files.next(),
        };
        let rest: Vec<PathBuf> = files.collect();
        if !data.is_empty() && !rest.is_empty() {
            return Err(conflict(OTHERS, DATA));
        }
        let data = if data.is_empty() { rest } else { data };
        match model {
            Some(model) if !data.is_empty() => Ok(ModelArgs { model, data, reading: reading.options(), all_rounds }),
            Some(_) => Err(missing(&[NO_DATA])),
            None if data.is_empty() => Err(missing(&[NO_MODEL, NO_DATA])),
            None => Err(missing(&[NO_MODEL])),
        }
    }
}

/// Whether a file without a flag is the model: no data is read from JSON.
fn is_model(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}

fn conflict(one: &str, other: &str) -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::ArgumentConflict);
    error.insert(ContextKind::InvalidArg, ContextValue::String(one.to_string()));
    error.insert(ContextKind::PriorArg, ContextValue::String(other.to_string()));
    error
}

/// What may have become of a file that is missed.
const TAKEN: &str = "a flag that takes several values takes all that follow it; name files before it, or after --";

fn has_several_values(matches: &ArgMatches) -> bool {
    let occurrences = |id: &clap::Id| matches.try_get_raw_occurrences(id.as_str()).ok().flatten();
    matches.ids().filter_map(occurrences).flatten().any(|values| values.count() > 1)
}

fn missing(names: &[&str]) -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::MissingRequiredArgument);
    let names = names.iter().map(|name| (*name).to_string()).collect();
    error.insert(ContextKind::InvalidArg, ContextValue::Strings(names));
    error
}

impl clap::Args for ModelArgs {
    fn augment_args(command: Command) -> Command {
        Given::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Given::augment_args_for_update(command)
    }
}

impl FromArgMatches for ModelArgs {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        Given::from_arg_matches(matches)?.resolve().map_err(|mut error| {
            if error.kind() == ErrorKind::MissingRequiredArgument && has_several_values(matches) {
                error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![TAKEN.into()]));
            }
            error
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
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
        gboost_report::manifest::beside(&self.model)
    }

    /// Where the metrics of its training are, if they are beside it.
    pub fn metrics(&self) -> PathBuf {
        output::folder_of(&self.model).join(METRICS)
    }

    /// The model.
    pub fn load(&self, observer: &mut dyn Observer) -> Result<Model> {
        match self.data.iter().find(|file| is_model(file)) {
            Some(model) if !is_model(&self.model) => {
                let (data, model) = (self.model.display(), model.display());
                Err(Error::parameter(format!("{data} stands where the model is meant, and {model} where the data is"))
                    .remedy("give the model first, then the data"))
            }
            _ => model_file::load(&self.model, observer),
        }
    }

    /// The rounds that are used.
    pub fn rounds(&self) -> Rounds {
        if self.all_rounds { Rounds::All } else { Rounds::Best }
    }

    /// The data, with the features of the model.
    pub fn read(&self, model: &Model, purpose: Purpose, observer: &mut dyn Observer) -> Result<Channel> {
        self.reading.read_for(model, &self.data, purpose, observer)
    }
}
