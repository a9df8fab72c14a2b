//! `gboost tune`.

use crate::args::data::DataArgs;
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::folds::FoldArgs;
use crate::args::global::Global;
use crate::args::model::TrainArgs;
use crate::args::params::HyperArgs;
use crate::args::tune::SearchArgs;
use crate::terminal::interrupt;
use crate::terminal::screen::Screen;
use crate::terminal::summary;
use crate::terminal::teller::Teller;
use crate::terminal::tune_progress::TrialDisplay;
use gboost::internals::util::clock::Clock;
use gboost::validation::tune::{Dimension, Space, Tuned, WarmStart, text_of};
use gboost::{Error, Params, Result};
use gboost_jobs::search::Search;
use gboost_jobs::text::{count, figure};
use gboost_jobs::tune::TuneFiles;
use gboost_jobs::{DataFiles, Event, Observer, Phase, TuneJob};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Search for the hyperparameters that do best; without --train on the built-in census data
///
/// Trains a model for each trial, ranks the trials by an objective metric, and trains the best one
/// again. The leaderboard is the same however many trials run at a time, on any backend, and when
/// the search was interrupted and resumed.
///
/// Without --train the built-in census data (UCI Adult) is used, and where nothing else is given: 6
/// random trials, 3 at a time, of 5 rounds, max_depth 6 to 9, eta 0.01 to 0.03, gamma and
/// min_child_weight 0.5 to 0.9, subsample 0.2 to 0.5, colsample_bytree 0.8, for the best
/// validation:auc, each cross-validated in 3 folds.
///
/// A cv: metric cross-validates each trial, and so do --nfold, --stratified, --folds and
/// --group-column with another one, to be shown beside it.
///
/// Writes into --output: leaderboard.csv and .json, best_params.toml (for gboost train --params),
/// the best model with the files that gboost train writes, and, a line a finished trial, the
/// journal tune.jsonl.
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

/// Trials that are shown at the end; the files have all.
const SHOWN: usize = 30;

pub fn run(global: &Global, args: Args) -> Result<()> {
    let clock = Clock::start();
    let Args { train, validation, test, data, search, folds, output, journal, resume, warm_start, hyper } = args;
    let mut job = TuneJob {
        params: Params::default(),
        is_objective_given: false,
        data: DataFiles { train: train.to_vec(), validation, test },
        reading: data.options(),
        folds: folds.options(),
        search: Search::default(),
        resume,
        warm_start,
        backend: global.backend_options(false),
        files: TuneFiles::new(&output, journal.as_deref()),
    };
    let read: [(&'static str, Option<&Path>); 2] = [("--params", hyper.file()), ("--config", search.config_file())];
    let claim = job.request(&read).claim(&mut Teller::new(Screen::QUIET))?;
    let config = search.config()?;
    let built_in = job.data.train.is_empty();
    let mut defaults = if built_in { Params::task2() } else { Params::default() };
    let notes = config.as_ref().map(|config| config.apply(&mut defaults)).transpose()?.unwrap_or_default();
    job.search = search.over(config)?;
    let tuned: Vec<&str> = job.search.dimensions.iter().map(Dimension::name).collect();
    job.params = hyper.resolve_but(&tuned, defaults, global)?;
    if built_in {
        job.search = job.search.or_built_in()?;
    }
    job.search.check()?;
    let space = Space::new(job.search.dimensions.clone())?;
    if let Some(name) = space.names().find(|name| hyper.is_given(name)) {
        return Err(Error::parameter(format!("{name} has a fixed value and a range")).remedy("give one of the two"));
    }
    job.is_objective_given = hyper.names("objective");
    let screen = Screen::new(job.params.verbosity);
    let mut teller = SearchTeller {
        teller: Teller::new(&screen).without_rounds(),
        screen: &screen,
        files: &job.files,
        trials: None,
    };
    claim.tell(&mut teller)?;
    notes.iter().for_each(|note| screen.note(note));
    let outcome = job.run_claimed(&claim, clock, &mut teller)?;
    summary::training(&outcome.best, &job.files.model, &screen)?;
    outcome.check_target()
}

/// The observer of a search: shows its trials as well, and the leaderboard.
struct SearchTeller<'a> {
    teller: Teller<'a>,
    screen: &'a Screen,
    files: &'a TuneFiles,
    trials: Option<TrialDisplay<'a>>,
}

impl Observer for SearchTeller<'_> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match *event {
            Event::Begins(Phase::Searching { objective, trials, journal }) => {
                self.trials = Some(TrialDisplay::new(self.screen, objective, trials));
                interrupt::keeps(journal);
                interrupt::doing("in the search");
                self.teller.or_stop(interrupt::enter(interrupt::Phase::Rounds))
            }
            Event::Trial(event) => {
                self.trials.as_mut().map_or(ControlFlow::Continue(()), |display| display.show(event))
            }
            Event::Searched(tuned) => {
                let shown = self.searched(tuned);
                self.teller.or_stop(shown)
            }
            _ => self.teller.on(event),
        }
    }

    fn reason(&mut self) -> Error {
        self.teller.reason()
    }

    fn wants_rounds(&self) -> bool {
        self.teller.wants_rounds()
    }

    fn wants_notes(&self) -> bool {
        self.teller.wants_notes()
    }
}

impl SearchTeller<'_> {
    fn searched(&mut self, tuned: Option<&Tuned>) -> Result<()> {
        self.trials.take().map_or(Ok(()), TrialDisplay::finish)?;
        let Some(tuned) = tuned else { return Ok(()) };
        interrupt::enter(interrupt::Phase::Reading)?;
        show(tuned, self.files, self.screen)
    }
}

/// Shows the leaderboard.
fn show(tuned: &Tuned, files: &TuneFiles, screen: &Screen) -> Result<()> {
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
        lines.push(("params", files.best_params().display().to_string()));
    }
    lines.push(("results", files.leaderboard().display().to_string()));
    lines.push(("journal", files.journal.display().to_string()));
    screen.line("")?;
    lines.iter().try_for_each(|(name, value)| screen.line(&format!("{name:8} {value}")))
}
