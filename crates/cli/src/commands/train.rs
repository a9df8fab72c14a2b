//! `gboost train`.

use crate::args::data::DataArgs;
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::global::Global;
use crate::args::memory::MemoryArgs;
use crate::args::model::TrainArgs;
use crate::args::numbers::at_least;
use crate::args::params::HyperArgs;
use crate::terminal::screen::Screen;
use crate::terminal::summary;
use crate::terminal::teller::Teller;
use gboost::internals::util::clock::Clock;
use gboost::{Params, Result};
use gboost_jobs::results::TrainFiles;
use gboost_jobs::{DataFiles, TrainJob, built_in};
use std::path::PathBuf;

/// Train a model; without --train on the built-in census data
///
/// Without --train the built-in census data (UCI Adult) is used, with these hyperparameters where
/// none are given: objective binary:logistic, num_round 800, max_depth 5, eta 0.2, gamma 4,
/// min_child_weight 6, subsample 0.7. With --train the defaults are XGBoost's, as shown below.
///
/// Writes the model (XGBoost's JSON), its manifest (model.manifest.json), from which
/// `gboost verify` can train it again, metrics.json and history.csv: all of them, or none if it
/// fails or is interrupted.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    train: TrainArgs,

    /// Validation data: evaluated each round; steers early stopping
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "training", help_heading = "Data")]
    validation: Vec<PathBuf>,

    /// Test data: evaluated once, at the end
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "training", help_heading = "Data")]
    test: Vec<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    memory: MemoryArgs,

    /// Where to write the model
    #[arg(long, value_name = "FILE", default_value = "model.json", value_parser = file_names::output(Form::Model), help_heading = "Output")]
    model: PathBuf,

    /// Folder for metrics.json and history.csv [default: the model's]
    #[arg(long, value_name = "DIR", value_parser = file_names::folder(), help_heading = "Output")]
    output: Option<PathBuf>,

    /// Print a line every N rounds, on a terminal too, where a progress bar is the default
    #[arg(long, value_name = "N", value_parser = at_least::<u32>(1), allow_negative_numbers = true, help_heading = "Output")]
    log_every: Option<u32>,

    /// Write a report to look at as well: one HTML file, as gboost report makes it, judged on the
    /// validation data, otherwise on the test data, otherwise on the training data
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Html), help_heading = "Output")]
    report: Option<PathBuf>,

    /// Print the time of each kernel at the end, and the bytes that it moves
    #[arg(long, help_heading = "Output")]
    profile: bool,

    /// Add num_round rounds to this model; the result is that of an uninterrupted training
    #[arg(long, value_name = "MODEL", help_heading = "Data")]
    continue_from: Option<PathBuf>,

    #[command(flatten)]
    hyper: HyperArgs,
}

const AFTER_HELP: &str = "\
Every hyperparameter may also be written with underscores, as in XGBoost: --max_depth 5.

Examples:
  gboost train
  gboost train --num-round 50 --max-depth 3
  gboost train train.csv.gz --validation validation.csv.gz --objective binary:logistic \\
               --eval-metric auc,logloss --early-stopping-rounds 20 --model out/model.json
  gboost train --report report.html                   and a page that shows how good the model is
  gboost train --train data/ --label price --ignore-column id --params hyperparameters.json
  gboost train a.csv --continue-from model.json --num-round 100 --model longer.json";

pub fn run(global: &Global, args: Args) -> Result<()> {
    let clock = Clock::start();
    let Args { train, validation, test, data, memory, model, output, log_every, report, profile, continue_from, hyper } =
        args;
    let mut job = TrainJob {
        params: Params::default(),
        is_objective_given: false,
        data: DataFiles { train: train.to_vec(), validation, test },
        reading: data.options(),
        memory: memory.options(),
        backend: global.backend_options(profile),
        continue_from,
        files: TrainFiles::new(&model, output.as_deref(), report.as_deref()),
    };
    let claim = job.request(&[("--params", hyper.file())]).claim(&mut Teller::new(Screen::QUIET))?;
    let defaults = if job.data.train.is_empty() { built_in::params() } else { Params::default() };
    job.params = hyper.resolve(defaults, global)?;
    job.is_objective_given = hyper.names("objective");
    let screen = Screen::new(job.params.verbosity);
    let mut teller = Teller::new(&screen).log_every(log_every);
    claim.tell(&mut teller)?;
    let outcome = job.run_claimed(&claim, clock, &mut teller)?;
    summary::training(&outcome, &job.files, &screen)
}
