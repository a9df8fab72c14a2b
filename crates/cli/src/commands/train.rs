//! `gboost train`.

use super::report::Places;
use crate::args::backend;
use crate::args::data::{Channels, DataArgs, Paths, Purpose};
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::global::Global;
use crate::args::memory::{MemoryArgs, Need, Plan};
use crate::args::model::{TrainArgs, load};
use crate::args::numbers::at_least;
use crate::args::params::HyperArgs;
use crate::jobs::manifest;
use crate::jobs::manifest::{Inputs, Outcome};
use crate::output;
use crate::output::interrupt;
use crate::output::interrupt::Phase;
use crate::output::{Draft, Request};
use crate::terminal::figures::{warn_of_drifts, warn_of_lacking_channels};
use crate::terminal::profile;
use crate::terminal::progress::{Display, spinner};
use crate::terminal::screen::{Screen, count, figure};
use gboost::binning::BinnedMatrix;
use gboost::ingest::{Channel, Spilled};
use gboost::train::choice::{BackendChoice, Compute};
use gboost::util::clock::Clock;
use gboost::{Evaluate, Model, Params, Result, Rounds, Trained, Trainer};
use gboost_report::data;
use gboost_report::data::NamedData;
use gboost_report::history_file::History;
use gboost_report::metrics_file;
use gboost_report::palette::DataRole;
use gboost_report::{Figures, Manifest, MetricsFile, ReportData, Seconds, history_csv};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Train a model; without --train on the built-in census data
///
/// Without --train the built-in census data (UCI Adult) is used, with these hyperparameters where none are given:
/// objective binary:logistic, num_round 800, max_depth 5, eta 0.2, gamma 4, min_child_weight 6, subsample 0.7.
/// With --train the defaults are XGBoost's, as shown below.
///
/// Writes the model (XGBoost's JSON), its manifest (model.manifest.json), from which `gboost verify` can train it again,
/// metrics.json and history.csv: all of them, or none if it fails or is interrupted.
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

    /// Write a report to look at as well: one HTML file, as gboost report makes it, judged on the validation data, otherwise
    /// on the test data, otherwise on the training data
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

/// The name of the folder's files beside the model.
pub const METRICS: &str = "metrics.json";
const HISTORY: &str = "history.csv";

pub fn run(global: &Global, args: Args) -> Result<()> {
    let clock = Clock::start();
    let files = Files::new(&args.model, args.output.as_deref(), args.report.as_deref());
    let inputs = Request::default()
        .data("--train", &args.train)
        .data("--validation", &args.validation)
        .data("--test", &args.test)
        .input("--params", args.hyper.file())
        .continued("--continue-from", args.continue_from.as_deref(), "--model");
    let claim = files.request(inputs, "--model", "--output").claim()?;
    let defaults = if args.train.is_empty() { task1() } else { Params::default() };
    let params = args.hyper.resolve(defaults, global)?;
    let screen = Screen::new(params.verbosity);
    claim.tell(&screen);
    backend::check(global)?;
    let start = args.continue_from.as_ref().map(|path| load(path, &screen)).transpose()?;

    let plan = args.plan()?;
    let pool = gboost::util::threads::thread_pool(params.nthread)?;
    let purpose = Purpose::training(&params, start.as_ref());
    let mut channels = pool.install(|| read(&args, purpose, (&plan, &params), &screen))?;
    channels.tell_of_classes(&args.hyper, &params, &screen);
    let begun = manifest::begin(Inputs {
        command: "train",
        result: &files.model,
        params: &params,
        reading: &args.data,
        channels: &channels,
        start: args.continue_from.as_ref(),
        folds: None,
    })?;
    let read = clock.seconds();
    warn_of_lacking_channels(&channels, &params, &screen);

    let compute = backend::choose(global, args.profile, &screen)?;
    let binning = Instant::now();
    let spilled_bytes = channels.train.spilled.as_ref().map_or(0, Spilled::bytes);
    let matrix = match plan.gives_up {
        true => {
            let spinner = spinner(&screen, "binning");
            let matrix = pool.install(|| give_up_values(&mut channels, &params, &compute.backend));
            spinner.finish_and_clear();
            Some(matrix?)
        }
        false => None,
    };
    let bin = binning.elapsed().as_secs_f64();
    let training = Training {
        params: &params,
        channels: &channels,
        matrix: matrix.as_ref(),
        start: start.as_ref(),
        compute: &compute,
        log_every: args.log_every,
        hidden: if args.report.is_some() { Evaluate::EveryRound } else { Evaluate::LastRound },
    };
    let so_far = SoFar { begun, clock, seconds: Seconds { read, bin, ..Seconds::default() }, spilled_bytes };
    Job { training, files: &files, so_far, more: Vec::new(), pool: &pool }.run(&screen, &screen)
}

/// A training on the channels, the validation rows evaluated where there are some.
fn trainer<'a>(params: &'a Params, channels: &'a Channels) -> Trainer<'a> {
    let trainer = Trainer::new(params, &channels.train.dataset);
    match &channels.validation {
        Some(validation) => trainer.channel("validation", &validation.dataset),
        None => trainer,
    }
}

/// Bins the training rows, after what the trainer would refuse has been refused.
pub fn give_up_values(channels: &mut Channels, params: &Params, backend: &BackendChoice) -> Result<BinnedMatrix> {
    trainer(params, channels).check()?;
    channels.take_train(params, backend)
}

/// Why the values are needed to go on from a model, whose thresholds may lie within bins.
pub const CONTINUES: Need = Need {
    flag: "--continue-from",
    why: "needs the values of the training rows for the trees that there are",
    remedy: "train the model from its first round on",
};

impl Args {
    /// Whether the values of the training rows are needed to the end, or may be spilled and given up.
    fn plan(&self) -> Result<Plan> {
        let need = if self.report.is_some() {
            Some(Need {
                flag: "--report",
                why: "follows the loss on the values of the training rows",
                remedy: "train without it, and make the report with gboost report on other data",
            })
        } else {
            self.continue_from.as_ref().map(|_| CONTINUES)
        };
        self.memory.plan(need)
    }
}

/// All that is left to do for a model when the data has been read.
pub struct Job<'a> {
    /// The training.
    pub training: Training<'a>,
    /// Where the results go.
    pub files: &'a Files,
    /// What was done before.
    pub so_far: SoFar,
    /// Files that are of one set with the model's: where they go, and their content.
    pub more: Vec<(PathBuf, String)>,
    /// Threads for the evaluation.
    pub pool: &'a rayon::ThreadPool,
}

/// What is known before the training.
pub struct SoFar {
    /// The manifest as far as it is known.
    pub begun: Manifest,
    /// When the command began.
    pub clock: Clock,
    /// How long the parts took.
    pub seconds: Seconds,
    /// Bytes of values that were spilled.
    pub spilled_bytes: u64,
}

impl Job<'_> {
    /// Trains, evaluates, writes the files and shows the summary; rounds are shown on `live`.
    pub fn run(self, screen: &Screen, live: &Screen) -> Result<()> {
        let Self { training, files, so_far: SoFar { begun, clock, seconds, spilled_bytes }, more, pool } = self;
        let Training { params, channels, .. } = training;
        let trained = training.run(live)?;
        interrupt::doing("while the model was evaluated");
        backend::tell(&trained.backend, &trained.adapter, screen);
        let trained_at = clock.seconds();
        let figures = pool.install(|| figures(&trained, channels, training.matrix))?;
        interrupt::check()?;
        let model = trained.model.to_json();
        let manifest = manifest::complete(
            begun,
            &Outcome {
                bytes: &model,
                rounds: trained.model.rounds(),
                metrics: serde_json::to_value(&figures).unwrap_or_default(),
                backend: &trained.backend,
                adapter: &trained.adapter,
                threads: pool.current_num_threads(),
                clock,
            },
        );
        let mut outcome = MetricsFile::new(&trained, params, figures, seconds);
        outcome.spilled_bytes = spilled_bytes;
        warn_of_drifts(&outcome.drifts, params.objective, screen);
        let report = match &files.report {
            Some(places) => {
                interrupt::doing("while the report was computed");
                let spinner = spinner(screen, "computing the report");
                let drafts = pool.install(|| report(places, files, &trained, &outcome, &manifest, channels));
                spinner.finish_and_clear();
                drafts?
            }
            None => Vec::new(),
        };
        outcome.seconds.total = clock.seconds();
        outcome.seconds.evaluate = outcome.seconds.total - trained_at;
        let replaced = output::replaces(&files.model, &model);
        files.write(Contents {
            model: &model,
            manifest: &manifest,
            metrics: &outcome,
            history: &history_csv(&trained),
            more: &more,
            report,
        })?;
        if let Some(sha256) = replaced.filter(|_| training.start.is_none()) {
            screen.note(&format!(
                "{} replaces the model of an earlier run, whose sha256 was {sha256}",
                files.model.display()
            ));
        }
        if let Some(profile) = &trained.profile {
            screen.line("")?;
            screen.headed(&format!("{}\n", profile::text(profile)))?;
        }
        if screen.is_quiet() { Ok(()) } else { summary(&outcome, files, params, screen) }
    }
}

/// What the built-in data is trained with. The lab's verbosity of 0 is left to those who ask for it: the default run
/// shows what it does.
pub fn task1() -> Params {
    let mut params = Params::task1();
    params.verbosity = Params::default().verbosity;
    params
}

fn read(args: &Args, purpose: Purpose, (plan, params): (&Plan, &Params), screen: &Screen) -> Result<Channels> {
    if args.train.is_empty() {
        args.data.refuse_without_files()?;
        args.memory.refuse_without_files()?;
        tell_built_in(params, screen);
        return Channels::built_in();
    }
    args.data.refuse_no_label()?;
    let paths = Paths { train: &args.train, validation: &args.validation, test: &args.test };
    Channels::read(&args.data, paths, purpose, plan, screen)
}

/// Says what is trained where no data is given.
pub fn tell_built_in(params: &Params, screen: &Screen) {
    let Params { num_round, eta, gamma, max_depth, min_child_weight, subsample, .. } = params;
    screen.note(&format!(
        "no --train given: the built-in census data (UCI Adult) with hyperparameters that suit it: objective {}, \
         num_round {num_round}, eta {eta}, gamma {gamma}, max_depth {max_depth}, \
         min_child_weight {min_child_weight}, subsample {subsample}",
        params.objective.name(),
    ));
}

/// A training as the command line runs it.
#[derive(Clone, Copy)]
pub struct Training<'a> {
    /// The parameters.
    pub params: &'a Params,
    /// The data.
    pub channels: &'a Channels,
    /// The training rows, binned, where their values were given up.
    pub matrix: Option<&'a BinnedMatrix>,
    /// The model to continue.
    pub start: Option<&'a Model>,
    /// Where and how to compute.
    pub compute: &'a Compute,
    /// How often rounds are shown.
    pub log_every: Option<u32>,
    /// When the train metrics are evaluated where there is no validation channel and no round is shown.
    pub hidden: Evaluate,
}

impl Training<'_> {
    /// Runs it, showing its rounds.
    pub fn run(&self, screen: &Screen) -> Result<Trained> {
        let Self { params, channels, compute, .. } = self;
        interrupt::enter(Phase::Rounds)?;
        let mut display = Display::new(screen, self.log_every, params.num_round);
        let mut trainer = trainer(params, channels).on((*compute).clone());
        if channels.validation.is_none() && display.is_hidden() {
            trainer = trainer.evaluate(self.hidden);
        }
        if let Some(matrix) = self.matrix {
            trainer = trainer.binned(matrix);
        }
        if let Some(model) = self.start {
            trainer = trainer.continue_from(model);
        }
        let trained = trainer.on_round(|progress| display.show(progress)).run();
        display.finish(trained.as_ref().ok())?;
        let trained = trained.map_err(|error| match error.kind() {
            gboost::ErrorKind::Interrupted => interrupt::interrupted(),
            _ => error,
        })?;
        interrupt::enter(Phase::Reading)?;
        Ok(trained)
    }
}

/// The figures of all channels; those of the training rows by their bins where they have no values.
pub fn figures(
    trained: &Trained,
    channels: &Channels,
    matrix: Option<&BinnedMatrix>,
) -> Result<metrics_file::Channels> {
    let Trained { model, metrics, .. } = trained;
    let of = |channel: &Channel| Figures::new(model, &channel.dataset, metrics, Rounds::Best);
    Ok(metrics_file::Channels {
        train: match matrix {
            Some(matrix) => Figures::of_binned(model, (&channels.train.dataset, matrix), metrics, Rounds::Best)?,
            None => of(&channels.train)?,
        },
        validation: channels.validation.as_ref().map(of).transpose()?,
        test: channels.test.as_ref().map(of).transpose()?,
    })
}

/// The report, drafted.
fn report(
    places: &Places,
    files: &Files,
    trained: &Trained,
    outcome: &MetricsFile,
    manifest: &Manifest,
    channels: &Channels,
) -> Result<Vec<Draft>> {
    let named = [
        Some(("train", &channels.train)),
        channels.validation.as_ref().map(|channel| ("validation", channel)),
        channels.test.as_ref().map(|channel| ("test", channel)),
    ];
    let mut named: Vec<NamedData<'_>> = named
        .into_iter()
        .flatten()
        .map(|(name, channel)| NamedData { name, role: DataRole::of_channel(name), data: &channel.dataset })
        .collect();
    // Validation where there is some, otherwise test, otherwise train.
    let data = named.remove(usize::from(named.len() > 1));
    let report = ReportData::new(data::Inputs {
        model: &trained.model,
        rounds: Rounds::Best,
        data,
        others: named,
        history: Some(History::of(trained)),
        parameters: Some(outcome.parameters.clone()),
        manifest: serde_json::to_value(manifest).ok(),
    })?;
    places.draft(&files.model.file_name().unwrap_or_default().to_string_lossy(), &report)
}

/// Where the results go.
pub struct Files {
    model: PathBuf,
    /// Not where the model goes to a device.
    manifest: Option<PathBuf>,
    metrics: PathBuf,
    history: PathBuf,
    report: Option<Places>,
}

/// What goes there.
struct Contents<'a> {
    model: &'a [u8],
    manifest: &'a Manifest,
    metrics: &'a MetricsFile,
    history: &'a str,
    /// Other files of the set: where they go, and their content.
    more: &'a [(PathBuf, String)],
    /// The report's files, where one is asked for.
    report: Vec<Draft>,
}

impl Files {
    /// The places: the metrics and their history in `folder`, or else beside the model.
    pub fn new(model: &Path, folder: Option<&Path>, report: Option<&Path>) -> Self {
        let beside = match output::is_special(model) {
            // Beside /dev/null is no place for results.
            true => Path::new("."),
            false => output::folder_of(model),
        };
        let folder = folder.unwrap_or(beside);
        let in_folder = |name: &str| if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) };
        Self {
            model: model.to_path_buf(),
            manifest: manifest::place(model),
            metrics: in_folder(METRICS),
            history: in_folder(HISTORY),
            report: report.map(|path| Places::new(path, None, None)),
        }
    }

    /// Adds the files to those that the command writes; the flags name the model and the folder of the others.
    pub fn request(&self, request: Request, model: &'static str, folder: &'static str) -> Request {
        let request = match model == folder {
            true => request.output_in(folder, "the model", &self.model),
            false => request.output(model, "the model", Some(&self.model)),
        };
        request
            .output(model, "the model's manifest", self.manifest.as_deref())
            .output_in(folder, "the metrics", &self.metrics)
            .output_in(folder, "the metrics' history", &self.history)
            .output("--report", "the report", self.report.as_ref().map(Places::html))
    }

    /// The model's place.
    pub fn model(&self) -> &Path {
        &self.model
    }

    /// Writes all files, and only then gives them their names.
    fn write(&self, contents: Contents<'_>) -> Result<()> {
        interrupt::doing("before the files were complete");
        interrupt::enter(Phase::Writing)?;
        let mut drafts = contents.report;
        for (path, text) in contents.more {
            drafts.push(Draft::with(path, text.as_bytes())?);
        }
        drafts.push(Draft::with(&self.history, contents.history.as_bytes())?);
        drafts.push(Draft::with(&self.metrics, contents.metrics.to_text().as_bytes())?);
        if let Some(manifest) = &self.manifest {
            drafts.push(Draft::with(manifest, contents.manifest.to_text().as_bytes())?);
        }
        drafts.push(Draft::with(&self.model, contents.model)?);
        interrupt::check()?;
        output::publish(drafts)
    }
}

/// The table at the end.
fn summary(outcome: &MetricsFile, files: &Files, params: &Params, screen: &Screen) -> Result<()> {
    let channels: Vec<_> = outcome.channels.iter().collect();
    let header: Vec<&str> = std::iter::once("").chain(channels.iter().map(|(name, _)| *name)).collect();
    let mut rows = vec![row("rows", channels.iter().map(|(_, figures)| figures.rows.to_string()))];
    let numbers: Vec<_> = channels.iter().map(|(_, figures)| figures.numbers()).collect();
    for (index, (name, _)) in numbers[0].iter().enumerate() {
        rows.push(row(name, numbers.iter().map(|numbers| figure(numbers[index].1))));
    }
    screen.line("")?;
    screen.table(&header, rows)?;
    screen.line("")?;

    let rounds = match (outcome.best_round, outcome.stopped_early || params.early_stopping_rounds.is_some()) {
        (Some(best), true) => format!("{}, figures of the best, [{best}]", count(outcome.rounds, "round")),
        (Some(best), false) => {
            format!("{}, figures of all; best validation in [{best}]", count(outcome.rounds, "round"))
        }
        (None, _) => count(outcome.rounds, "round"),
    };
    let Seconds { read, bin, train, evaluate, total } = outcome.seconds;
    let lines = [
        ("rounds", rounds),
        (
            "seconds",
            format!(
                "{total:.2} (read {read:.2}, bin {bin:.2}, train {train:.2}, evaluate {evaluate:.2}) on {}",
                outcome.adapter
            ),
        ),
        ("model", format!("{} (sha256 {})", files.model.display(), outcome.model_sha256)),
        (
            "manifest",
            files.manifest.as_ref().map_or("none: the model is no file".into(), |path| path.display().to_string()),
        ),
        ("metrics", files.metrics.display().to_string()),
        ("history", files.history.display().to_string()),
    ];
    let report = files.report.as_ref().map(|places| ("report", places.html().display().to_string()));
    lines.into_iter().chain(report).try_for_each(|(name, value)| screen.line(&format!("{name:8} {value}")))
}

fn row(name: &str, values: impl Iterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_string()).chain(values).collect()
}
