//! `gboost cv`.

use crate::args::data::DataArgs;
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::folds::FoldArgs;
use crate::args::global::Global;
use crate::args::model::TrainArgs;
use crate::args::numbers::at_least;
use crate::args::params::HyperArgs;
use crate::terminal::screen::Screen;
use crate::terminal::teller::Teller;
use gboost::internals::util::clock::Clock;
use gboost::validation::MeanStd;
use gboost::{Params, Result};
use gboost_jobs::CvJob;
use gboost_jobs::built_in;
use gboost_jobs::cv::{CvFiles, CvOutcome};
use gboost_jobs::text::{count, figure, grouped};
use std::path::PathBuf;

/// Cross-validate hyperparameters: train on all folds but one, evaluate on that one, for each fold
///
/// Without --train the built-in census data (UCI Adult) is used, with the hyperparameters of
/// `gboost train`.
///
/// All folds advance together, a round at a time; a line a round has mean and standard deviation of
/// every metric on the rows trained on and on those held out, as xgboost.cv prints them.
/// --early-stopping-rounds stops all folds by the last metric's mean on the rows held out, and cuts
/// the table at the best round. Cuts of features are learned on each fold's training rows alone.
///
/// Writes cv.csv, with xgboost.cv's columns, and its manifest: both, or none if it fails or is
/// interrupted.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    train: TrainArgs,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    folds: FoldArgs,

    /// Folder for cv.csv and its manifest
    #[arg(long, value_name = "DIR", default_value = ".", value_parser = file_names::folder(), help_heading = "Output")]
    output: PathBuf,

    /// Write the prediction of each row by the model that was not trained on it: CSV with the row's
    /// fold, in the data's order
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Csv), help_heading = "Output")]
    oof: Option<PathBuf>,

    /// Print a line every N rounds, on a terminal too, where a progress bar is the default
    #[arg(long, value_name = "N", value_parser = at_least::<u32>(1), allow_negative_numbers = true, help_heading = "Output")]
    log_every: Option<u32>,

    #[command(flatten)]
    hyper: HyperArgs,
}

const AFTER_HELP: &str = "\
Folds depend on their number, --shuffle-seed and the labels or groups alone, on every machine and in every version.

Examples:
  gboost cv
  gboost cv --num-round 50 --nfold 5 --stratified --early-stopping-rounds 3
  gboost cv visits.csv --label stayed --objective binary:logistic --group-column patient
  gboost cv a.csv --folds folds.txt --oof held_out.csv --output out";

pub fn run(global: &Global, args: Args) -> Result<()> {
    let clock = Clock::start();
    let Args { train, data, folds, output, oof, log_every, hyper } = args;
    let mut job = CvJob {
        params: Params::default(),
        is_objective_given: false,
        train: train.to_vec(),
        reading: data.options(),
        folds: folds.options(),
        backend: global.backend_options(false),
        files: CvFiles::new(&output, oof.as_deref()),
    };
    let claim = job.request(&[("--params", hyper.file())]).claim(&mut Teller::new(Screen::QUIET))?;
    let defaults = if job.train.is_empty() { built_in::params() } else { Params::default() };
    job.params = hyper.resolve(defaults, global)?;
    job.is_objective_given = hyper.names("objective");
    let screen = Screen::new(job.params.verbosity);
    let mut teller = Teller::new(&screen).log_every(log_every);
    claim.tell(&mut teller)?;
    let outcome = job.run_claimed(&claim, clock, &mut teller)?;
    if screen.is_quiet() { Ok(()) } else { summary(&outcome, &job.files, &screen) }
}

/// The table at the end.
fn summary(outcome: &CvOutcome, files: &CvFiles, screen: &Screen) -> Result<()> {
    let CvOutcome { found, folds, manifest } = outcome;
    let Some(round) = found.counting_round() else { return Ok(()) };
    let cells = |value: &MeanStd| [figure(value.mean), figure(value.std)];
    let rows =
        found.metrics.iter().zip(round.train.iter().zip(&round.test)).map(|(metric, (train, test))| {
            std::iter::once(metric.name()).chain(cells(train)).chain(cells(test)).collect()
        });
    let header = ["", "train mean", "sd", "test mean", "sd"];
    screen.line("")?;
    screen.table(&header, rows.collect())?;
    screen.line("")?;

    let sizes = (0..folds.count()).map(|fold| folds.test_rows(fold).len());
    let (least, most) = (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0));
    let rows = if least == most { count(most, "row") } else { format!("{} to {}", grouped(least), count(most, "row")) };
    let rounds = count(found.history.len(), "round");
    let rounds = match (found.stopped_early, found.best_round) {
        (true, _) => format!("{rounds} up to the best; stopped early"),
        (false, None) => format!("{rounds}; no test mean is a number, so none is the best"),
        (false, Some(best)) if best == round.round => format!("{rounds}; the last is the best"),
        (false, Some(best)) => format!("{rounds}; the best test mean is in [{best}]"),
    };
    let seconds = format!("{:.2} on {}", manifest.times.seconds, found.adapter);
    let lines = [
        ("folds", Some(format!("{} of {rows}", folds.count()))),
        ("rounds", Some(rounds)),
        ("seconds", Some(seconds)),
        ("table", Some(files.table.display().to_string())),
        ("manifest", Some(files.manifest.display().to_string())),
        ("oof", files.oof.as_ref().map(|path| path.display().to_string())),
    ];
    lines
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)))
        .try_for_each(|(name, value)| screen.line(&format!("{name:8} {value}")))
}
