//! `gboost tune`.

use super::train::{self, Job, SoFar, Training};
use crate::args::backend;
use crate::args::data::{Channels, DataArgs, Paths, Purpose};
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::folds::FoldArgs;
use crate::args::global::Global;
use crate::args::memory::Plan;
use crate::args::model::TrainArgs;
use crate::args::params::HyperArgs;
use crate::args::tune::{Search, SearchArgs};
use crate::jobs::manifest;
use crate::jobs::manifest::Inputs;
use crate::output;
use crate::output::interrupt;
use crate::output::interrupt::Phase;
use crate::output::{Draft, JOURNAL_FLAG, Request};
use crate::terminal::figures::check_search;
use crate::terminal::screen::{Screen, count, figure};
use crate::terminal::tune_progress::TrialDisplay;
use gboost::train::choice::{BackendChoice, Compute};
use gboost::util::clock::Clock;
use gboost::util::threads::thread_pool;
use gboost::validation::Folds;
use gboost::validation::tune::{Dimension, Ended, Resume, Source, Space, Tuned, Tuner, WarmStart, text_of};
use gboost::{Error, ErrorKind, Evaluate, Params, Result};
use gboost_report::{Manifest, Seconds};
use serde_json::Value;
use std::path::PathBuf;

/// Search for the hyperparameters that do best; without --train on the built-in census data
///
/// Trains a model for each trial, ranks the trials by an objective metric, and trains the best one again. The leaderboard is the same
/// however many trials run at a time, on any backend, and when the search was interrupted and resumed.
///
/// Without --train the built-in census data (UCI Adult) is used, and where nothing else is given: 6 random trials, 3 at a time, of 5 rounds,
/// max_depth 6 to 9, eta 0.01 to 0.03, gamma and min_child_weight 0.5 to 0.9, subsample 0.2 to 0.5, colsample_bytree 0.8, for the best
/// validation:auc, each cross-validated in 3 folds.
///
/// A cv: metric cross-validates each trial, and so do --nfold, --stratified, --folds and --group-column with another one, to be shown beside it.
///
/// Writes into --output: leaderboard.csv and .json, best_params.toml (for gboost train --params), the best model with the files that gboost
/// train writes, and, a line a finished trial, the journal tune.jsonl.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    train: TrainArgs,

    /// Validation data: each trial is evaluated on it
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "training", help_heading = "Data")]
    validation: Vec<PathBuf>,

    /// Test data: the best model is evaluated on it
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "training", help_heading = "Data")]
    test: Vec<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    search: SearchArgs,

    #[command(flatten)]
    folds: FoldArgs,

    /// Folder of the results
    #[arg(long, value_name = "DIR", default_value = "tuning", value_parser = file_names::folder(), help_heading = "Output")]
    output: PathBuf,

    /// Where to keep the journal [default: tune.jsonl in --output]
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Journal), help_heading = "Output")]
    journal: Option<PathBuf>,

    /// Go on with the journal's search; trials that it has are not run again
    #[arg(long, help_heading = "Output")]
    resume: bool,

    /// Take up what another search found, by its journal; its ranges may be others
    #[arg(long, alias = "warm_start", value_name = "JOURNAL", num_args = 1.., help_heading = "Search")]
    warm_start: Vec<PathBuf>,

    #[command(flatten)]
    hyper: HyperArgs,
}

const AFTER_HELP: &str = "\
--seed seeds the search and the samples of every trial; --shuffle-seed the folds.
A config file (TOML) has the options of the search by their names, a table [params] and a table [range]:

  strategy = \"bayesian\"
  max_jobs = 30
  objective_metric = \"cv:auc\"
  nfold = 5
  [params]
  objective = \"binary:logistic\"
  [range]
  eta = \"0.01..0.3:log\"
  max_depth = \"int:3..9\"
  tree_method = [\"hist\", \"exact\"]

Examples:
  gboost tune
  gboost tune train.csv --validation valid.csv --objective binary:logistic \\
              --objective-metric validation:auc \\
              --range eta=0.01..0.3:log --range max_depth=int:3..9 --strategy bayesian --max-jobs 30
  gboost tune train.csv --config tune.toml --output run1
  gboost tune train.csv --config tune.toml --output run1 --resume
  gboost train train.csv --params run1/best_params.toml";

const MODEL: &str = "model.json";
const JOURNAL: &str = "tune.jsonl";
const LEADERBOARD_CSV: &str = "leaderboard.csv";
const LEADERBOARD_JSON: &str = "leaderboard.json";
const BEST_PARAMS: &str = "best_params.toml";

/// Trials that are shown at the end; the files have all.
const SHOWN: usize = 30;

pub fn run(global: &Global, args: Args) -> Result<()> {
    let clock = Clock::start();
    let Args { train, validation, test, data: reading, search, folds, output, journal, resume, warm_start, hyper } =
        args;
    let paths = Paths { train: &train, validation: &validation, test: &test };
    let built_in = train.is_empty();
    let files = Files::new(output, journal);
    let inputs = Request::default()
        .data("--train", &train)
        .data("--validation", &validation)
        .data("--test", &test)
        .input("--params", hyper.file())
        .input("--config", search.config_file())
        .input("--folds", folds.file().as_deref());
    let inputs = warm_start.iter().fold(inputs, |inputs, path| inputs.input("--warm-start", Some(path)));
    let claim = files.request(inputs).claim()?;
    let config = search.config()?;
    let mut defaults = if built_in { Params::task2() } else { Params::default() };
    let notes = config.as_ref().map(|config| config.apply(&mut defaults)).transpose()?.unwrap_or_default();
    let mut search = search.over(config)?;
    let tuned: Vec<&str> = search.dimensions.iter().map(Dimension::name).collect();
    let params = hyper.resolve_but(&tuned, defaults, global)?;
    if built_in {
        search = search.or_task2()?;
    }
    search.check()?;
    let space = Space::new(search.dimensions.clone())?;
    if let Some(name) = space.names().find(|name| hyper.is_given(name)) {
        return Err(Error::parameter(format!("{name} has a fixed value and a range")).remedy("give one of the two"));
    }
    let screen = Screen::new(params.verbosity);
    claim.tell(&screen);
    notes.iter().for_each(|note| screen.note(note));
    backend::check(global)?;

    let pool = thread_pool(params.nthread)?;
    let fold_args = folds.or(search.nfold, search.stratified);
    let is_cv = search.objective.is_some_and(|objective| objective.source == Source::Cv);
    let with_folds = fold_args.is_given() || is_cv || built_in || validation.is_empty();
    if !with_folds {
        fold_args.refuse_unused()?;
    }
    if resume && !files.journal.exists() {
        screen.note(&format!("--resume: there is no journal {}: the search starts anew", files.journal.display()));
    }
    let source = DataSource { paths, reading: &reading, folds: with_folds.then_some(&fold_args) };
    let (channels, folds) = pool.install(|| source.read(&params, &screen))?;
    channels.tell_of_classes(&hyper, &params, &screen);
    let reading = source.final_reading()?;
    let begun = manifest::begin(Inputs {
        command: "tune",
        result: files.model.model(),
        params: &params,
        reading: &reading,
        channels: &channels,
        start: None,
        folds: None,
    })?;
    let read = clock.seconds();
    let rows = &channels.train.dataset;
    let chosen = backend::choose(global, false, &screen)?;
    let of_trials = match &chosen.backend {
        BackendChoice::Auto(_) => {
            screen.detail(
                "backend of the trials: cpu (auto; they run side by side); the best model's training may try a GPU",
            );
            BackendChoice::Cpu
        }
        named => named.clone(),
    };

    let parallel = search.max_parallel_jobs.unwrap_or(match of_trials {
        BackendChoice::Cpu | BackendChoice::Auto(_) => pool.current_num_threads(),
        _ => 1,
    });
    let mut tuner = Tuner::new(&params, &space, rows)
        .parallel(parallel)
        .on(Compute { backend: of_trials, ..chosen.clone() })
        .journal(&files.journal, if resume { Resume::Yes } else { Resume::No });
    if let Some(channel) = &channels.validation {
        tuner = tuner.validation(&channel.dataset);
    }
    if let Some(folds) = &folds {
        tuner = tuner.folds(folds);
    }
    tuner = search.configure(warm_start.iter().fold(tuner, |tuner, path| tuner.warm_start(path)));
    check_search(tuner.objective_metric()?, &channels, (folds.as_ref(), &fold_args), &params, &screen)?;
    let tuned = tune(tuner, &files, &screen)?;
    show(&tuned, &files, &screen)?;

    let best = match tuned.best_params() {
        Ok(best) => best,
        Err(error) => {
            // The leaderboard says why there is no model.
            files.write_without_model(&tuned)?;
            return Err(error);
        }
    };
    let begun = Manifest { parameters: Manifest::parameters_of(&best), seed: best.seed, ..begun };
    let training = Training {
        params: &best,
        channels: &channels,
        matrix: None,
        start: None,
        compute: &chosen,
        log_every: None,
        hidden: Evaluate::LastRound,
    };
    let so_far = SoFar { begun, clock, seconds: Seconds { read, ..Seconds::default() }, spilled_bytes: 0 };
    // One set with the model: what stands in the folder is of one search.
    let more = files.tables(&tuned, Some(&best));
    Job { training, files: &files.model, so_far, more, pool: &pool }.run(&screen, &Screen::new(0))?;
    check_target(&tuned, &search)
}

/// Where the data comes from, and how its training rows are parted.
struct DataSource<'a> {
    paths: Paths<'a>,
    reading: &'a DataArgs,
    folds: Option<&'a FoldArgs>,
}

impl DataSource<'_> {
    fn read(&self, params: &Params, screen: &Screen) -> Result<(Channels, Option<Folds>)> {
        let Self { paths, reading, folds } = self;
        if paths.train.is_empty() {
            reading.refuse_without_files()?;
            screen.note(
                "no --train given: the built-in census data (UCI Adult), with the ranges and options of Task 2 where none are given",
            );
            let channels = Channels::built_in()?;
            let folds = folds.map(|folds| folds.of(&channels.train, params)).transpose()?;
            return Ok((channels, folds));
        }
        reading.refuse_no_label()?;
        let purpose = Purpose::training(params, None);
        let Some(folds) = folds else {
            return Ok((Channels::read(reading, *paths, purpose, &Plan::KEEP, screen)?, None));
        };
        let (train, found) = folds.read(reading, paths.train, params, screen)?;
        let channels = Channels::read_with(train, &folds.reading(reading)?, *paths, purpose, screen)?;
        Ok((channels, Some(found)))
    }

    /// How all channels were read in the end.
    fn final_reading(&self) -> Result<DataArgs> {
        self.folds.map_or_else(|| Ok(self.reading.clone()), |folds| folds.reading(self.reading))
    }
}

fn tune(tuner: Tuner<'_>, files: &Files, screen: &Screen) -> Result<Tuned> {
    let objective = tuner.objective_metric()?;
    let mut display = TrialDisplay::new(screen, objective, tuner.trial_count()?);
    interrupt::keeps(&files.journal);
    interrupt::doing("in the search");
    interrupt::enter(Phase::Rounds)?;
    let tuned = tuner.on_event(|event| display.show(event)).run();
    display.finish()?;
    let tuned = tuned.map_err(|error| match error.kind() {
        ErrorKind::Interrupted => interrupt::interrupted(),
        _ => error,
    })?;
    interrupt::enter(Phase::Reading)?;
    Ok(tuned)
}

/// Where the results go.
struct Files {
    folder: PathBuf,
    journal: PathBuf,
    /// Those of the best model.
    model: train::Files,
}

impl Files {
    /// The places.
    fn new(folder: PathBuf, journal: Option<PathBuf>) -> Self {
        let journal = journal.unwrap_or_else(|| folder.join(JOURNAL));
        let model = train::Files::new(&folder.join(MODEL), None, None);
        Self { folder, journal, model }
    }

    /// Adds the files to those that the command writes.
    fn request(&self, request: Request) -> Request {
        let request = self.model.request(request, "--output", "--output");
        let tables = [
            ("the leaderboard as CSV", LEADERBOARD_CSV),
            ("the leaderboard as JSON", LEADERBOARD_JSON),
            ("the best parameters", BEST_PARAMS),
        ];
        let request = tables
            .iter()
            .fold(request, |request, (what, name)| request.output_in("--output", what, &self.folder.join(name)));
        request.output(JOURNAL_FLAG, "the journal", Some(&self.journal))
    }

    /// The leaderboard, and what trains the best model: where they go, and their text.
    fn tables(&self, tuned: &Tuned, best: Option<&Params>) -> Vec<(PathBuf, String)> {
        let leaderboard = tuned.leaderboard();
        let tables = [(LEADERBOARD_CSV, leaderboard.to_csv()), (LEADERBOARD_JSON, leaderboard.to_json())];
        let best = best.map(|params| (BEST_PARAMS, params_toml(tuned, params)));
        tables.into_iter().chain(best).map(|(name, text)| (self.folder.join(name), text)).collect()
    }

    /// Writes the leaderboard of a search that found no model, unless those of an earlier one would stay beside it.
    fn write_without_model(&self, tuned: &Tuned) -> Result<()> {
        if self.model.model().exists() || self.folder.join(BEST_PARAMS).exists() {
            return Ok(());
        }
        interrupt::enter(Phase::Writing)?;
        let drafts = self.tables(tuned, None);
        let drafts =
            drafts.iter().map(|(path, text)| Draft::with(path, text.as_bytes())).collect::<Result<Vec<_>>>()?;
        interrupt::check()?;
        output::publish(drafts)
    }
}

/// Shows the leaderboard.
fn show(tuned: &Tuned, files: &Files, screen: &Screen) -> Result<()> {
    let leaderboard = tuned.leaderboard();
    if screen.is_quiet() {
        return Ok(());
    }

    let header: Vec<&str> = leaderboard.columns().iter().map(String::as_str).collect();
    let cell = |(name, value): (&&str, &Value)| match (*name, value) {
        (_, Value::Null) => String::new(),
        ("objective_value" | "cv_mean", value) => value.as_f64().map_or_else(String::new, figure),
        ("cv_std", value) => value.as_f64().map_or_else(String::new, |std| format!("{std:.6}")),
        // The time of the day is enough for the eye.
        ("start" | "end", Value::String(time)) => time.get(11..19).unwrap_or(time).to_string(),
        (_, value) => text_of(value),
    };
    let rows = leaderboard.rows().iter().take(SHOWN);
    let rows = rows.map(|row| header.iter().zip(row).map(cell).collect()).collect();
    screen.line("")?;
    screen.table(&header, rows)?;
    if leaderboard.rows().len() > SHOWN {
        screen.line(&format!("({SHOWN} of {} trials; leaderboard.csv has all)", leaderboard.rows().len()))?;
    }
    let WarmStart { within, outside } = tuned.warm_start;
    let mut lines = vec![("ended", format!("{}: {}", tuned.ended.reason(), count(tuned.trials.len(), "trial")))];
    if within + outside > 0 {
        lines.push(("earlier", format!("{} within these ranges, {outside} outside", count(within, "trial"))));
    }
    if let Some((best, value)) = tuned.best().and_then(|best| Some((best, best.objective_value?))) {
        let rounds = count(best.rounds, "round");
        lines.push(("best", format!("trial {}, {} {}, {rounds}", best.number, tuned.objective, figure(value))));
        lines.push(("params", files.folder.join(BEST_PARAMS).display().to_string()));
    }
    lines.push(("results", files.folder.join(LEADERBOARD_CSV).display().to_string()));
    lines.push(("journal", files.journal.display().to_string()));
    screen.line("")?;
    lines.iter().try_for_each(|(name, value)| screen.line(&format!("{name:8} {value}")))
}

/// The parameters of the best model as `--params` reads them; those that do not change the model are left out.
fn params_toml(tuned: &Tuned, params: &Params) -> String {
    let mut shown = params.to_json();
    shown.retain(|name, value| !value.is_null() && name != "nthread" && name != "verbosity");
    let value = tuned.best().and_then(|best| best.objective_value).unwrap_or(f64::NAN);
    let table = toml::to_string(&shown).unwrap_or_default();
    format!("# gboost {} tune: {} {value}\n{table}", env!("CARGO_PKG_VERSION"), tuned.objective)
}

/// A missed target is a check that said no.
fn check_target(tuned: &Tuned, search: &Search) -> Result<()> {
    match (tuned.reached_target(), search.target(), tuned.best().and_then(|best| best.objective_value)) {
        (Some(false), Some(target), Some(value)) => {
            let objective = tuned.objective;
            let message = format!("the target {target} was missed: the best {objective} is {value}");
            let remedy = match tuned.ended {
                Ended::Trials => "give more --max-jobs and --resume, or other ranges",
                _ => "give other ranges",
            };
            Err(Error::new(ErrorKind::CheckFailed, message).remedy(remedy))
        }
        _ => Ok(()),
    }
}
