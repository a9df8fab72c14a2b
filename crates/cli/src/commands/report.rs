//! `gboost report`.

use crate::args::backend;
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::global::Global;
use crate::args::model::ModelArgs;
use crate::terminal::progress::spinner;
use crate::terminal::teller::Teller;
use gboost::ingest::Channel;
use gboost::internals::io::files::read_regular;
use gboost::internals::util::digest::sha256_of_file;
use gboost::{Model, Result};
use gboost_jobs::Observer;
use gboost_jobs::data::Purpose;
use gboost_jobs::output;
use gboost_jobs::report_files::ReportFiles;
use gboost_jobs::warnings::{warn_of_drifts, warn_of_lacking_figures};
use gboost_report::ReportData;
use gboost_report::data::{ChannelFigures, Inputs, NamedData};
use gboost_report::figures::Drift;
use gboost_report::history_file::History;
use gboost_report::palette::DataRole;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Make a report of a model: one HTML file to look at, without network
///
/// The model is judged on --data: labels, confusion matrix with a threshold to move, classification
/// report, ROC and precision-recall curves, lift, calibration, residuals, importance, SHAP values,
/// partial dependence, trees, parameters; for regression its errors by label. The loss over the
/// rounds comes from --history, or is computed on --data, --train and --validation. The manifest
/// and the parameters are taken from MODEL.manifest.json and metrics.json beside the model, where
/// they are of this model.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    subject: ModelArgs,

    /// The training data, to be compared with
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Data")]
    train: Vec<PathBuf>,

    /// The validation data, to be compared with
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Data")]
    validation: Vec<PathBuf>,

    /// The metrics of every round, as gboost train wrote them [default: computed]
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    history: Option<PathBuf>,

    /// Where to write the report
    #[arg(long, value_name = "FILE", default_value = "report.html", value_parser = file_names::output(Form::Html), help_heading = "Output")]
    output: PathBuf,

    /// Where to write its numbers: analysis.json, in the layout of SageMaker Clarify with SHAP
    /// means and a `report` object
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Json), help_heading = "Output")]
    json: Option<PathBuf>,

    /// Where to write it as a Jupyter notebook, with the charts as pictures
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Notebook), help_heading = "Output")]
    notebook: Option<PathBuf>,

    /// Title of the report [default: the model's file name]
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    title: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  gboost report model.json test.csv
  gboost report out/model.json test.csv --train train.csv --validation valid.csv \\
                --output out/report.html --json out/analysis.json --notebook out/report.ipynb
  gboost report model.json valid.csv --history history.csv
  gboost train --report report.html                   the same at the end of a training";

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let screen = global.screen();
    let mut teller = Teller::new(&screen);
    backend::refuse_gpu(global, "report")?;
    let places = ReportFiles::new(&args.output, args.json.as_deref(), args.notebook.as_deref());
    let (manifest, metrics) = (args.subject.manifest(), args.subject.metrics());
    let claim = args
        .subject
        .request()
        .data("--train", &args.train)
        .data("--validation", &args.validation)
        .input("--history", args.history.as_deref())
        .input("the metrics of --model", Some(&metrics))
        .output("--output", "the report", Some(&args.output))
        .output("--json", "the report's numbers", args.json.as_deref())
        .output("--notebook", "the notebook", args.notebook.as_deref())
        .claim(&mut teller)?;
    claim.tell(&mut teller)?;
    let model = args.subject.load(&mut teller)?;
    let history = args.history.as_deref().map(|path| read_history(path, &model)).transpose()?;
    gboost::internals::util::threads::thread_pool(global.threads())?.install(|| {
        args.subject.reading.refuse_no_label()?;
        let data = args.subject.read(&model, Purpose::evaluation(&model), &mut teller)?;
        let mut read = |name: &'static str, paths: &[PathBuf]| -> Result<Option<(&'static str, Channel)>> {
            match paths {
                [] => Ok(None),
                paths => {
                    let purpose = Purpose::evaluation(&model);
                    let channel = args.subject.reading.read_for(&model, paths, purpose, &mut teller);
                    Ok(Some((name, channel.map_err(|error| error.context(name))?)))
                }
            }
        };
        let others = [read("train", &args.train)?, read("validation", &args.validation)?];
        let manifest = beside(&args.subject.model, &manifest, &model);
        let metrics = beside(&args.subject.model, &metrics, &model);
        let known = [&metrics, &manifest].into_iter().find_map(parameters);
        // The file's name says more than any word; of several files or a folder there is none that
        // says it all.
        let judging = match data.files.as_slice() {
            [file] => file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            _ => "data".to_string(),
        };
        let title = match &args.title {
            Some(title) => title.clone(),
            None => args.subject.model.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let role = role(&data, others.iter().flatten(), manifest.as_ref());
        let spinner = spinner(&screen, "computing the report");
        let recorded = history.clone();
        let report = ReportData::new(Inputs {
            model: &model,
            rounds: args.subject.rounds(),
            data: NamedData { name: &judging, role, data: &data.dataset },
            others: others
                .iter()
                .flatten()
                .map(|(name, channel)| NamedData { name, role: DataRole::of_channel(name), data: &channel.dataset })
                .collect(),
            history,
            parameters: known,
            manifest,
        });
        spinner.finish_and_clear();
        let report = report?;
        warn_of_no_shap(&report, &mut teller)?;
        for channel in &report.figures {
            warn_of_lacking_figures(&channel.name, &channel.figures, &mut teller)?;
        }
        if let Some(recorded) = recorded {
            // A history knows its data by their part in the training, whatever file the rows are
            // read from now.
            let figures = report
                .figures
                .iter()
                .map(|ChannelFigures { name, role, figures }| (role.channel().unwrap_or(name), figures));
            warn_of_drifts(
                &Drift::find(&recorded, model.used_rounds(args.subject.rounds()), figures),
                model.objective,
                &mut teller,
            )?;
        }
        output::publish(places.draft(&title, &report, &mut teller)?)?;
        places.paths().for_each(|path| screen.note(&format!("written: {}", path.display())));
        Ok(())
    })
}

fn read_history(path: &Path, model: &Model) -> Result<History> {
    let history = History::read(path)?;
    history.check(model).map_err(|error| error.at_path(path))?;
    Ok(history)
}

/// Bytes of a file beside a model that are read at most.
const MOST_BYTES: u64 = 64 << 20;

/// A JSON file of a training that wrote this very model; none if there is no such file, or it is of
/// another model.
fn beside(model_path: &Path, path: &Path, model: &Model) -> Option<Value> {
    if path == model_path {
        return None;
    }
    let value: Value = serde_json::from_slice(&read_regular(path, MOST_BYTES).ok()?).ok()?;
    let sha256 = model.sha256();
    let of_this = [&value["model_sha256"], &value["result"]["sha256"]].into_iter().any(|found| *found == *sha256);
    of_this.then_some(value)
}

/// What part the judging data had in the training: that of the data given beside it, or that of the
/// model's own training by its manifest, if it is in the same files.
fn role<'a>(
    data: &Channel,
    others: impl Iterator<Item = &'a (&'static str, Channel)>,
    manifest: Option<&Value>,
) -> DataRole {
    let place = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let places = |channel: &Channel| channel.files.iter().map(place).collect::<Vec<_>>();
    let beside = others.into_iter().find(|(_, channel)| places(channel) == places(data)).map(|(name, _)| *name);
    let trained = || {
        let manifest = manifest?;
        // Files are read again only where the rows leave no doubt but their content.
        ["train", "validation"].into_iter().find(|name| {
            let record = &manifest["data"][name];
            let files = record["files"].as_array().map(Vec::as_slice).unwrap_or_default();
            let same = |(path, file): (&PathBuf, &Value)| {
                let found = sha256_of_file(path).ok().flatten();
                found.is_some() && found.as_deref() == file["sha256"].as_str()
            };
            record["rows"] == data.dataset.rows
                && files.len() == data.files.len()
                && data.files.iter().zip(files).all(same)
        })
    };
    beside.or_else(trained).map_or(DataRole::Test, DataRole::of_channel)
}

/// Says why there are no SHAP values, where there could be none.
fn warn_of_no_shap(report: &ReportData, observer: &mut dyn Observer) -> Result<()> {
    match &report.no_shap {
        Some(why) => observer.note(&format!("warning: the report is without SHAP values: {why}")),
        None => Ok(()),
    }
}

fn parameters(value: &Option<Value>) -> Option<Map<String, Value>> {
    value.as_ref()?["parameters"].as_object().cloned()
}
