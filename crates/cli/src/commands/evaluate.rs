//! `gboost evaluate`.

use crate::args::backend;
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::global::Global;
use crate::args::model::ModelArgs;
use crate::args::words::Offered;
use crate::terminal::interrupt;
use crate::terminal::interrupt::Phase;
use crate::terminal::screen::{Screen, table};
use crate::terminal::teller::Teller;
use gboost::metric::Confusion;
use gboost::{Metric, Model, Result, Rounds};
use gboost_jobs::data::Purpose;
use gboost_jobs::output::{self, Draft};
use gboost_jobs::text::figure;
use gboost_jobs::warnings::warn_of_lacking_figures;
use gboost_report::Figures;
use std::path::PathBuf;

/// Compute the metrics of a model on labelled data
///
/// A classification is told accuracy, precision, recall, f1, auc and the confusion matrix besides.
/// The figures are those that training wrote into metrics.json for the same data.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    subject: ModelArgs,

    #[arg(
        help = metrics_help(),
        long, value_name = "METRIC,...", value_delimiter = ',', aliases = ["eval_metric", "metric", "metrics"],
        value_parser = Offered::metrics(), hide_possible_values = true, help_heading = "Output")]
    eval_metric: Vec<String>,

    /// Write the figures as JSON; `-` is standard output, in place of the table
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Json), help_heading = "Output")]
    json: Option<PathBuf>,
}

fn metrics_help() -> String {
    let names = gboost::metric::list();
    format!("Metrics, separated by commas or given several times: {names} [default: the objective's]")
}

const AFTER_HELP: &str = "\
Examples:
  gboost evaluate model.json test.csv
  gboost evaluate model.json test.csv --eval-metric logloss,aucpr --json -";

/// Pairs of classes that are shown where a matrix would be too large.
const MISTAKES: usize = 30;

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let screen = global.screen();
    let mut teller = Teller::new(&screen);
    backend::refuse_gpu(global, "evaluate")?;
    let to_stdout = args.json.as_deref().is_some_and(|path| path.as_os_str() == "-");
    let file = args.json.as_deref().filter(|_| !to_stdout);
    let claim = args.subject.request().output("--json", "the figures", file).claim(&mut teller)?;
    claim.tell(&mut teller)?;
    let model = args.subject.load(&mut teller)?;
    let mut metrics = args.eval_metric.iter().map(|name| Metric::from_name(name)).collect::<Result<Vec<_>>>()?;
    if metrics.is_empty() {
        metrics.push(Metric::default_for(model.objective));
    }
    metrics.iter().try_for_each(|metric| metric.suits(model.objective))?;
    let rounds = args.subject.rounds();

    let figures = gboost::internals::util::threads::thread_pool(global.threads())?.install(|| {
        args.subject.reading.refuse_no_label()?;
        let data = args.subject.read(&model, Purpose::evaluation(&model), &mut teller)?.dataset;
        Figures::new(&model, &data, &metrics, rounds)
    })?;

    warn_of_lacking_figures("the", &figures, &mut teller)?;
    let mut json = serde_json::to_string_pretty(&figures).unwrap_or_default();
    json.push('\n');
    if let Some(path) = file {
        interrupt::enter(Phase::Writing)?;
        output::publish([Draft::with(path, json.as_bytes(), &mut teller)?])?;
    }
    if to_stdout {
        return screen.bytes(json.as_bytes());
    }
    if screen.is_quiet() && file.is_some() {
        return Ok(());
    }
    show(&figures, &model, rounds, &screen)
}

fn show(figures: &Figures, model: &Model, rounds: Rounds, screen: &Screen) -> Result<()> {
    let mut rows = vec![
        vec!["rows".to_string(), figures.rows.to_string()],
        vec!["rounds".to_string(), format!("{} of {}", model.used_rounds(rounds), model.rounds())],
    ];
    rows.extend(figures.numbers().into_iter().map(|(name, value)| vec![name, figure(value)]));
    screen.table(&["metric", "value"], rows)?;
    if let Some(classification) = &figures.classification {
        screen.line("")?;
        let weights = figures.weighted_confusion.as_ref();
        if weights.is_some() {
            screen.line("unweighted: numbers of rows")?;
        }
        screen.headed(&format!("{}\n", confusion_table(&classification.confusion, u64::to_string)))?;
        if let Some(weights) = weights {
            screen.line("")?;
            screen.line("weighted: weights of the rows, of which the metrics above are made")?;
            screen.headed(&format!("{}\n", confusion_table(weights, |weight| shortest(*weight))))?;
        }
    }
    Ok(())
}

/// A weight for the eye: an integer as such.
fn shortest(weight: f64) -> String {
    if weight.fract() == 0.0 && weight.abs() < 1e15 { format!("{weight:.0}") } else { figure(weight) }
}

/// Rows by label (down) and prediction (across); of many classes the pairs that are mistaken most.
fn confusion_table<T: Copy + Default + PartialOrd>(confusion: &Confusion<T>, shown: impl Fn(&T) -> String) -> String {
    let Some(counts) = confusion.matrix() else {
        let mistakes = confusion.mistakes();
        let listed = mistakes.iter().take(MISTAKES).map(|(label, predicted, value)| {
            vec![format!("label {label}"), format!("predicted {predicted}"), shown(value)]
        });
        let lines = table(&["mistaken", "", ""], listed.collect());
        return match mistakes.len() {
            0 => format!("{} classes, none of which is mistaken for another", confusion.classes()),
            all if all > MISTAKES => format!("{lines}\n({MISTAKES} of {all} pairs of classes; --json has all)"),
            _ => lines,
        };
    };
    let predicted: Vec<String> = (0..counts.len()).map(|class| format!("predicted {class}")).collect();
    let header: Vec<&str> = std::iter::once("").chain(predicted.iter().map(String::as_str)).collect();
    let row = |(class, counts): (usize, &Vec<T>)| {
        std::iter::once(format!("label {class}")).chain(counts.iter().map(&shown)).collect()
    };
    table(&header, counts.iter().enumerate().map(row).collect())
}
