//! `gboost cv`.

use super::predict::probability_names;
use super::train;
use crate::args::backend;
use crate::args::data::{Channels, DataArgs};
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::folds::FoldArgs;
use crate::args::global::Global;
use crate::args::model::TrainArgs;
use crate::args::numbers::at_least;
use crate::args::params::HyperArgs;
use crate::jobs::manifest;
use crate::jobs::manifest::{Inputs, Outcome};
use crate::output;
use crate::output::interrupt;
use crate::output::interrupt::Phase;
use crate::output::{Draft, Request};
use crate::terminal::figures::{warn_of_fold_drifts, warn_of_lacking_folds};
use crate::terminal::progress::Display;
use crate::terminal::screen::{Screen, count, figure, grouped};
use gboost::train::choice::{Compute, Threads};
use gboost::util::clock::Clock;
use gboost::validation::{CrossValidated, CrossValidation, FoldedData, Folds, MeanStd};
use gboost::{Params, Result};
use gboost_report::{Manifest, cv_csv};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Cross-validate hyperparameters: train on all folds but one, evaluate on that one, for each fold
///
/// Without --train the built-in census data (UCI Adult) is used, with the hyperparameters of `gboost train`.
///
/// All folds advance together, a round at a time; a line a round has mean and standard deviation of every metric on the rows
/// trained on and on those held out, as xgboost.cv prints them. --early-stopping-rounds stops all folds by the last metric's mean
/// on the rows held out, and cuts the table at the best round. Cuts of features are learned on each fold's training rows alone.
///
/// Writes cv.csv, with xgboost.cv's columns, and its manifest: both, or none if it fails or is interrupted.
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

    /// Write the prediction of each row by the model that was not trained on it: CSV with the row's fold, in the data's order
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

/// The name of the table.
const TABLE: &str = "cv.csv";

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let clock = Clock::start();
    let files = Files::new(args);
    let claim = files.request(args).claim()?;
    let defaults = if args.train.is_empty() { train::task1() } else { Params::default() };
    let params = args.hyper.resolve(defaults, global)?;
    let screen = Screen::new(params.verbosity);
    claim.tell(&screen);
    backend::check(global)?;

    let pool = gboost::util::threads::thread_pool(params.nthread)?;
    if args.train.is_empty() {
        train::tell_built_in(&params, &screen);
    }
    let source = Source { paths: &args.train, reading: &args.data, folds: &args.folds };
    let (channels, folds) = pool.install(|| read(&source, &params, &screen))?;
    channels.tell_of_classes(&args.hyper, &params, &screen);
    let begun = manifest::begin(Inputs {
        command: "cv",
        result: &files.table,
        params: &params,
        reading: &args.data,
        channels: &channels,
        start: None,
        folds: Some(args.folds.record(output::folder_of(&files.table), &folds)?),
    })?;
    let data = &channels.train.dataset;
    let compute = backend::choose(global, false, &screen)?;
    let run = Run { params: &params, compute: &compute, screen: &screen, log_every: args.log_every };
    let (found, parted) = pool.install(|| {
        let parted = FoldedData::new(data, &folds, &params)?;
        warn_of_lacking_folds(&parted, &args.folds, &params, &screen);
        let found = run.all(&parted)?;
        warn_of_fold_drifts(&found, &parted, &screen)?;
        Ok::<_, gboost::Error>((found, parted))
    })?;
    backend::tell(&found.backend, &found.adapter, &screen);
    let text = cv_csv(&found);
    let outcome = Outcome {
        bytes: text.as_bytes(),
        rounds: found.history.len(),
        metrics: metrics(&found),
        backend: &found.backend,
        adapter: &found.adapter,
        threads: pool.current_num_threads(),
        clock,
    };
    let manifest = manifest::complete(begun, &outcome);
    let oof = args.oof.as_ref().map(|_| pool.install(|| out_of_fold(&found, &parted)));
    files.write(&text, &manifest, oof.as_deref())?;
    if screen.is_quiet() { Ok(()) } else { summary(&found, &parted, &files, &manifest, &screen) }
}

/// Where the data of a cross-validation comes from.
pub struct Source<'a> {
    /// The files; none for the built-in data.
    pub paths: &'a [PathBuf],
    /// How to read them.
    pub reading: &'a DataArgs,
    /// How to part them.
    pub folds: &'a FoldArgs,
}

/// Reads the data and makes the folds.
pub fn read(source: &Source<'_>, params: &Params, screen: &Screen) -> Result<(Channels, Folds)> {
    if source.paths.is_empty() {
        source.reading.refuse_without_files()?;
        // The other two channels have no part in it.
        let channels = Channels { validation: None, test: None, ..Channels::built_in()? };
        let folds = source.folds.of(&channels.train, params)?;
        return Ok((channels, folds));
    }
    source.reading.refuse_no_label()?;
    let (train, folds) = source.folds.read(source.reading, source.paths, params, screen)?;
    Ok((Channels { built_in: false, train, validation: None, test: None }, folds))
}

/// How a cross-validation is run.
pub struct Run<'a> {
    /// The parameters.
    pub params: &'a Params,
    /// Where and how to compute.
    pub compute: &'a Compute,
    /// Where rounds are shown.
    pub screen: &'a Screen,
    /// How often.
    pub log_every: Option<u32>,
}

impl Run<'_> {
    /// Runs it on the current pool.
    pub fn all(&self, data: &FoldedData<'_>) -> Result<CrossValidated> {
        interrupt::enter(Phase::Rounds)?;
        let mut display = Display::new(self.screen, self.log_every, self.params.num_round);
        let found = CrossValidation::new(self.params, data)
            .on(Compute { threads: Threads::Current, ..self.compute.clone() })
            .on_round(|progress| display.show_folds(progress))
            .run();
        display.finish_folds(found.as_ref().ok())?;
        let found = found.map_err(|error| match error.kind() {
            gboost::ErrorKind::Interrupted => interrupt::interrupted(),
            _ => error,
        })?;
        interrupt::enter(Phase::Reading)?;
        Ok(found)
    }
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

/// The held-out predictions as CSV: the fold, and the columns of `gboost predict`.
fn out_of_fold(found: &CrossValidated, data: &FoldedData<'_>) -> String {
    let Some(model) = found.models.first() else { return String::new() };
    let predictions = model.transform(&found.out_of_fold_margins(data));
    let names = probability_names(model);
    let mut text = format!("fold,{}\n", names.join(","));
    for (row, &fold) in data.folds().of_row().iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", data.folds().name(fold as usize));
        for column in 0..names.len() {
            let _ = write!(text, ",{}", predictions.get(column, row));
        }
        text.push('\n');
    }
    text
}

/// Where the results go.
struct Files {
    table: PathBuf,
    manifest: PathBuf,
    oof: Option<PathBuf>,
}

impl Files {
    /// The places.
    fn new(args: &Args) -> Self {
        let table = if args.output == Path::new(".") { PathBuf::from(TABLE) } else { args.output.join(TABLE) };
        Self { manifest: gboost_report::manifest::beside(&table), table, oof: args.oof.clone() }
    }

    /// All that is read and written.
    fn request(&self, args: &Args) -> Request {
        Request::default()
            .data("--train", &args.train)
            .input("--params", args.hyper.file())
            .input("--folds", args.folds.file().as_deref())
            .output_in("--output", "the table", &self.table)
            .output_in("--output", "its manifest", &self.manifest)
            .output("--oof", "the out-of-fold predictions", self.oof.as_deref())
    }

    fn write(&self, table: &str, manifest: &Manifest, oof: Option<&str>) -> Result<()> {
        interrupt::doing("before the files were complete");
        interrupt::enter(Phase::Writing)?;
        let mut drafts = Vec::new();
        if let (Some(path), Some(text)) = (&self.oof, oof) {
            drafts.push(Draft::with(path, text.as_bytes())?);
        }
        drafts.push(Draft::with(&self.manifest, manifest.to_text().as_bytes())?);
        drafts.push(Draft::with(&self.table, table.as_bytes())?);
        interrupt::check()?;
        output::publish(drafts)
    }
}

/// The table at the end.
fn summary(
    found: &CrossValidated,
    data: &FoldedData<'_>,
    files: &Files,
    manifest: &Manifest,
    screen: &Screen,
) -> Result<()> {
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

    let sizes = (0..data.folds().count()).map(|fold| data.folds().test_rows(fold).len());
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
        ("folds", Some(format!("{} of {rows}", data.folds().count()))),
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
