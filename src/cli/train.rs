//! `gboost train`.

use super::Global;
use super::backend::{self, Chosen};
use super::data::{self, Channels, DataArgs, Purpose};
use super::hyper::HyperArgs;
use super::interrupt::{self, Phase};
use super::output::{self, Draft};
use super::progress::{Display, spinner};
use super::report::Places;
use super::screen::{Screen, count, figure, table};
use gboost::ingest::Channel;
use gboost::profile::Profile;
use gboost::report::data::learning::History;
use gboost::report::data::{Inputs, NamedData};
use gboost::report::metrics_file;
use gboost::report::{Figures, MetricsFile, ReportData, Seconds, figures::Rounds, history_csv};
use gboost::{Error, Evaluate, Model, Params, Result, Trained, Trainer};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Train a model; without --train on the built-in census data
///
/// Without --train the built-in census data (UCI Adult) is used, with these hyperparameters where none are given:
/// objective binary:logistic, num_round 800, max_depth 5, eta 0.2, gamma 4, min_child_weight 6, subsample 0.7.
/// With --train the defaults are XGBoost's, as shown below.
///
/// Writes the model (XGBoost's JSON), metrics.json and history.csv: all of them, or none if it fails or is interrupted.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Training data: files (.csv, .csv.gz, libsvm) or folders of them
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Data")]
    train: Vec<PathBuf>,

    /// Validation data: evaluated each round; steers early stopping
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "train", help_heading = "Data")]
    validation: Vec<PathBuf>,

    /// Test data: evaluated once, at the end
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "train", help_heading = "Data")]
    test: Vec<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    /// Where to write the model
    #[arg(long, value_name = "FILE", default_value = "model.json", help_heading = "Output")]
    model: PathBuf,

    /// Folder for metrics.json and history.csv [default: the model's]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    output: Option<PathBuf>,

    /// Print a line every N rounds, on a terminal too, where a progress bar is the default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Output")]
    log_every: Option<u32>,

    /// Write a report to look at as well: one HTML file, as gboost report makes it, judged on the validation data, otherwise
    /// on the test data, otherwise on the training data
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,

    /// Print the time of each kernel at the end
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
  gboost train --train train.csv.gz --validation validation.csv.gz --objective binary:logistic \\
               --eval-metric auc,logloss --early-stopping-rounds 20 --model out/model.json
  gboost train --report report.html                   and a page that shows how good the model is
  gboost train --train data/ --label price --ignore-column id --params hyperparameters.json
  gboost train --train a.csv --continue-from model.json --num-round 100 --model longer.json";

/// The name of the folder's files beside the model.
const METRICS: &str = "metrics.json";
const HISTORY: &str = "history.csv";

pub fn run(global: &Global, args: Args) -> Result<()> {
    let started = Instant::now();
    let defaults = if args.train.is_empty() { task1() } else { Params::default() };
    let params = args.hyper.resolve(defaults, global)?;
    let screen = Screen::new(params.verbosity);
    backend::check(global)?;
    let files = Files::new(&args)?;
    let start = args.continue_from.as_ref().map(Model::load).transpose()?;

    let pool = gboost::booster::thread_pool(params.nthread)?;
    let channels = pool.install(|| read(&args, Purpose::training(&params, start.as_ref()), &params, &screen))?;
    let read = started.elapsed().as_secs_f64();

    let data = &channels.train.dataset;
    let backend = backend::choose(global, args.profile, data.rows * data.features(), &screen)?;
    let trained = train(&args, &params, &channels, start.as_ref(), &backend, &screen)?;
    let figures = pool.install(|| figures(&trained, &channels))?;
    interrupt::check()?;
    let seconds = Seconds { read, total: started.elapsed().as_secs_f64(), ..Seconds::default() };
    let outcome = MetricsFile::new(&trained, &params, figures, backend.name, seconds);
    let report = match &files.report {
        Some(places) => {
            let spinner = spinner(&screen, "computing the report");
            let drafts = pool.install(|| report(places, &args, &trained, &outcome, &channels));
            spinner.finish_and_clear();
            drafts?
        }
        None => Vec::new(),
    };
    files.write(&trained, &outcome, report)?;
    if let Some(profile) = &trained.profile {
        screen.line(&format!("\n{}", profile_table(profile)))?;
    }
    if screen.is_quiet() { Ok(()) } else { summary(&outcome, &files, &params, &screen) }
}

/// What the built-in data is trained with. The lab's verbosity of 0 is left to those who ask for it: the default run
/// shows what it does.
fn task1() -> Params {
    Params { verbosity: Params::default().verbosity, ..Params::task1() }
}

fn read(args: &Args, purpose: Purpose, params: &Params, screen: &Screen) -> Result<Channels> {
    if args.train.is_empty() {
        args.data.refuse_without_files()?;
        let Params { num_round, eta, gamma, max_depth, min_child_weight, subsample, .. } = params;
        screen.note(&format!(
            "no --train given: the built-in census data (UCI Adult) with Task 1's hyperparameters: objective {}, \
             num_round {num_round}, eta {eta}, gamma {gamma}, max_depth {max_depth}, \
             min_child_weight {min_child_weight}, subsample {subsample}",
            params.objective.name(),
        ));
        return data::built_in();
    }
    args.data.refuse_no_label()?;
    let train = args.data.read("train", &args.train, purpose, screen)?;
    let read = |name: &str, paths: &[PathBuf]| match paths {
        [] => Ok(None),
        paths => args.data.read_like(&train, (name, paths), purpose, screen).map(Some),
    };
    let validation = read("validation", &args.validation)?;
    let test = read("test", &args.test)?;
    Ok(Channels { train, validation, test })
}

fn train(
    args: &Args,
    params: &Params,
    channels: &Channels,
    start: Option<&Model>,
    backend: &Chosen,
    screen: &Screen,
) -> Result<Trained> {
    interrupt::enter(Phase::Rounds)?;
    let mut display = Display::new(screen, args.log_every, params.num_round);
    let mut trainer =
        Trainer::new(params, &channels.train.dataset).backend(backend.backend.clone()).cpu_options(backend.cpu);
    match &channels.validation {
        Some(validation) => trainer = trainer.channel("validation", &validation.dataset),
        None if display.is_hidden() && args.report.is_none() => trainer = trainer.evaluate(Evaluate::LastRound),
        None => {}
    }
    if let Some(model) = start {
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

fn figures(trained: &Trained, channels: &Channels) -> Result<metrics_file::Channels> {
    let of = |channel: &Channel| Figures::new(&trained.model, &channel.dataset, &trained.metrics, Rounds::Best);
    Ok(metrics_file::Channels {
        train: of(&channels.train)?,
        validation: channels.validation.as_ref().map(of).transpose()?,
        test: channels.test.as_ref().map(of).transpose()?,
    })
}

/// The report, drafted.
fn report(
    places: &Places,
    args: &Args,
    trained: &Trained,
    outcome: &MetricsFile,
    channels: &Channels,
) -> Result<Vec<Draft>> {
    let named = [
        Some(("train", &channels.train)),
        channels.validation.as_ref().map(|channel| ("validation", channel)),
        channels.test.as_ref().map(|channel| ("test", channel)),
    ];
    let mut named: Vec<NamedData<'_>> =
        named.into_iter().flatten().map(|(name, channel)| NamedData { name, data: &channel.dataset }).collect();
    // Validation where there is some, otherwise test, otherwise train.
    let data = named.remove(usize::from(named.len() > 1));
    let report = ReportData::new(Inputs {
        model: &trained.model,
        rounds: Rounds::Best,
        data,
        others: named,
        history: Some(History::of(trained)),
        parameters: Some(outcome.parameters.clone()),
        manifest: None,
    })?;
    places.draft(&args.model.file_name().unwrap_or_default().to_string_lossy(), &report)
}

/// Where the results go.
struct Files {
    model: PathBuf,
    metrics: PathBuf,
    history: PathBuf,
    report: Option<Places>,
}

impl Files {
    /// The places, checked: they can be written to, and no two are the same.
    fn new(args: &Args) -> Result<Self> {
        let beside = match output::is_special(&args.model) {
            // Beside /dev/null is no place for results.
            true => Path::new("."),
            false => output::folder_of(&args.model),
        };
        let folder = args.output.as_deref().unwrap_or(beside);
        let in_folder = |name: &str| if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) };
        let report = args.report.as_deref().map(|path| Places::new(path, None, None)).transpose()?;
        let files =
            Self { model: args.model.clone(), metrics: in_folder(METRICS), history: in_folder(HISTORY), report };
        if [&files.metrics, &files.history].contains(&&files.model) {
            return Err(Error::parameter(format!("--model {} is the name of another result", files.model.display()))
                .remedy("give the model another name, or the other results another folder with --output"));
        }
        let report = args.report.as_ref().filter(|path| !output::is_special(path));
        if let Some(path) = report.filter(|path| [&files.model, &files.metrics, &files.history].contains(path)) {
            return Err(Error::parameter(format!("--report {} is the name of another result", path.display()))
                .remedy("give the report another name"));
        }
        interrupt::enter(Phase::Writing)?;
        [&files.model, &files.metrics, &files.history].into_iter().try_for_each(|path| output::check(path))?;
        interrupt::enter(Phase::Reading)?;
        Ok(files)
    }

    /// Writes all files, and only then gives them their names: the model last, so that where a model stands, what
    /// describes it stands, too.
    fn write(&self, trained: &Trained, outcome: &MetricsFile, report: Vec<Draft>) -> Result<()> {
        interrupt::enter(Phase::Writing)?;
        let mut drafts = report;
        drafts.extend([
            Draft::with(&self.history, history_csv(trained).as_bytes())?,
            Draft::with(&self.metrics, outcome.to_text().as_bytes())?,
            Draft::with(&self.model, &trained.model.to_json())?,
        ]);
        interrupt::check()?;
        drafts.into_iter().try_for_each(Draft::publish)
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
    screen.line(&format!("\n{}\n", table(&header, rows)))?;

    let rounds = match (outcome.best_round, outcome.stopped_early || params.early_stopping_rounds.is_some()) {
        (Some(best), true) => format!("{}, figures of the best, [{best}]", count(outcome.rounds, "round")),
        (Some(best), false) => {
            format!("{}, figures of all; best validation in [{best}]", count(outcome.rounds, "round"))
        }
        (None, _) => count(outcome.rounds, "round"),
    };
    let Seconds { read, bin, train, total } = outcome.seconds;
    let lines = [
        ("rounds", rounds),
        ("seconds", format!("{total:.2} (read {read:.2}, bin {bin:.2}, train {train:.2}) on {}", outcome.adapter)),
        ("model", format!("{} (sha256 {})", files.model.display(), outcome.model_sha256)),
        ("metrics", files.metrics.display().to_string()),
        ("history", files.history.display().to_string()),
    ];
    let report = files.report.as_ref().map(|places| ("report", places.html().display().to_string()));
    lines.into_iter().chain(report).try_for_each(|(name, value)| screen.line(&format!("{name:8} {value}")))
}

/// The time of each kernel; bytes are those that went to the device or came back.
fn profile_table(profile: &Profile) -> String {
    let total: f64 = profile.rows.iter().map(|row| row.time.as_secs_f64()).sum();
    let rows = profile.rows.iter().map(|row| {
        let seconds = row.time.as_secs_f64();
        vec![
            row.name.clone(),
            row.calls.to_string(),
            format!("{:.3}", seconds * 1e3),
            format!("{:.1}", 100.0 * seconds / total.max(f64::MIN_POSITIVE)),
            if row.bytes == 0 { String::new() } else { row.bytes.to_string() },
        ]
    });
    let measured = if profile.timestamps { "by the device's timestamps" } else { "by the wall clock" };
    format!("{}\n({measured})", table(&["kernel", "calls", "ms", "percent", "bytes moved"], rows.collect()))
}

fn row(name: &str, values: impl Iterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_string()).chain(values).collect()
}
