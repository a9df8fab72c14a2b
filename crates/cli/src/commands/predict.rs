//! `gboost predict`.

use crate::args::backend;
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::global::Global;
use crate::args::model::ModelArgs;
use crate::terminal::interrupt;
use crate::terminal::interrupt::Phase;
use crate::terminal::progress::rows_bar;
use crate::terminal::screen::Screen;
use crate::terminal::teller::Teller;
use clap::ValueEnum;
use gboost::explain::shap::Explainer;
use gboost::{Dataset, Model, PerOutput, Result};
use gboost_jobs::Observer;
use gboost_jobs::data::Purpose;
use gboost_jobs::output::{self, Draft};
use gboost_jobs::shap_csv::{Content, ShapCsv};
use gboost_jobs::text::count;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Predict with a model
///
/// Writes CSV: a header and a line a row, in the order of the data; numbers in the shortest form
/// that reads back to the same 32-bit value. The columns are `probability` (binary),
/// `probability_0`, `probability_1`, ... (multiclass), `prediction` (regression), `margin` or
/// `margin_0`, ..., `label`, or `tree_0`, `tree_1`, ... (leaf).
///
/// `contribs` writes SHAP values: a column a feature and `bias`, which add up to the margin;
/// `interactions` those of all pairs: `age:age`, `age:hours`, ..., `bias:bias`. Both are 64-bit
/// values; of multiclass models they have a line a class and a first column `class`. gboost explain
/// tells more about them.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    subject: ModelArgs,

    /// Where to write the predictions [default: standard output]
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Csv), help_heading = "Output")]
    output: Option<PathBuf>,

    /// What to write
    #[arg(long, value_name = "TYPE", default_value = "probability", help_heading = "Output")]
    output_type: OutputType,
}

const AFTER_HELP: &str = "\
Examples:
  gboost predict model.json new.csv --no-label
  gboost predict model.json test.csv --label income --output-type margin --output margins.csv";

/// The form of a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OutputType {
    /// Probabilities; the predicted value for regression
    Probability,
    /// Sums of leaves, before they become probabilities
    Margin,
    /// The predicted class; the predicted value for regression
    Label,
    /// The number of the leaf in each tree
    Leaf,
    /// SHAP values of the features (XGBoost's pred_contribs)
    Contribs,
    /// SHAP values of pairs of features (XGBoost's pred_interactions)
    Interactions,
}

/// Rows that are put into text before they are written.
const BLOCK: usize = 1 << 12;

/// Predictions per row and column.
enum Table {
    /// Numbers.
    Numbers(PerOutput<f32>),
    /// Leaves: `[row * columns + column]`.
    Leaves(Vec<u32>),
}

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let screen = global.screen();
    let mut teller = Teller::new(&screen);
    backend::refuse_gpu(global, "predict")?;
    let claim =
        args.subject.request().output("--output", "the predictions", args.output.as_deref()).claim(&mut teller)?;
    claim.tell(&mut teller)?;
    let model = args.subject.load(&mut teller)?;
    let pool = gboost::internals::util::threads::thread_pool(global.threads())?;
    let content = match args.output_type {
        OutputType::Contribs => Some(Content::Contributions),
        OutputType::Interactions => Some(Content::Interactions),
        _ => None,
    };
    if let Some(content) = content {
        return pool.install(|| explain(args, &model, content, (&screen, &mut teller)));
    }
    let predictions = pool.install(|| -> Result<Predictions> {
        let data = args.subject.read(&model, Purpose::prediction(&model), &mut teller)?.dataset;
        Ok(Predictions { names: names(&model, args), rows: data.rows, table: predict(&model, &data, args) })
    })?;
    match &args.output {
        None => predictions.print(&screen),
        Some(path) => {
            interrupt::enter(Phase::Writing)?;
            let mut draft = Draft::new(path, &mut teller)?;
            predictions.blocks(|block| {
                interrupt::check()?;
                draft.write_all(block).map_err(|source| draft.error(source))
            })?;
            output::publish([draft])?;
            screen.note(&format!("{} written to {}", count(predictions.rows, "prediction"), path.display()));
            Ok(())
        }
    }
}

/// Writes SHAP values.
fn explain(
    args: &Args,
    model: &Model,
    content: Content,
    (screen, observer): (&Screen, &mut dyn Observer),
) -> Result<()> {
    let data = args.subject.read(model, Purpose::prediction(model), observer)?.dataset;
    let explainer = Explainer::path_dependent(model, args.subject.rounds())?;
    let csv = ShapCsv::new(model, &explainer, content);
    let bar = rows_bar(screen, data.rows);
    let Some(path) = &args.output else {
        screen.bytes(&csv.header()?)?;
        return csv.blocks(&data, observer, |_, text| screen.bytes(text.as_bytes()));
    };
    interrupt::enter(Phase::Writing)?;
    let mut draft = Draft::new(path, observer)?;
    let mut write = |bytes: &[u8]| draft.write_all(bytes).map_err(|source| draft.error(source));
    write(&csv.header()?)?;
    csv.blocks(&data, observer, |block, text| {
        bar.inc(block.rows() as u64);
        write(text.as_bytes())
    })?;
    bar.finish_and_clear();
    output::publish([draft])?;
    screen.note(&format!("{} written to {}", count(data.rows, "explanation"), path.display()));
    Ok(())
}

fn predict(model: &Model, data: &Dataset, args: &Args) -> Table {
    let rounds = args.subject.rounds();
    if args.output_type == OutputType::Leaf {
        return Table::Leaves(model.predict_leaves(data, rounds));
    }
    let margins = model.predict_margins(data, rounds);
    Table::Numbers(match args.output_type {
        OutputType::Probability => model.transform(&margins),
        OutputType::Label => PerOutput::new(model.labels(&margins), 1),
        _ => margins,
    })
}

/// The header.
fn names(model: &Model, args: &Args) -> Vec<String> {
    let numbered = |name: &str, columns: usize| (0..columns).map(|column| format!("{name}_{column}")).collect();
    let each_class = |name: &str| match model.objective.is_multiclass() {
        true => numbered(name, model.classes),
        false => vec![name.to_string()],
    };
    match (args.output_type, model.objective.is_classification()) {
        (OutputType::Leaf, _) => numbered("tree", model.used_rounds(args.subject.rounds()) * model.classes),
        (OutputType::Margin, _) => each_class("margin"),
        (OutputType::Label, false) | (OutputType::Probability, _) => model.objective.prediction_names(model.classes),
        (OutputType::Label, _) => vec!["label".to_string()],
        (OutputType::Contribs | OutputType::Interactions, _) => Vec::new(),
    }
}

/// What is written.
struct Predictions {
    names: Vec<String>,
    rows: usize,
    table: Table,
}

impl Predictions {
    /// Writes to standard output until its reader has gone.
    fn print(&self, screen: &Screen) -> Result<()> {
        self.blocks(|block| screen.bytes(block))
    }

    /// Hands the text over in blocks, the header first.
    fn blocks(&self, mut write: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut text = self.names.join(",");
        text.push('\n');
        for row in 0..self.rows {
            self.row(row, &mut text);
            if row % BLOCK == BLOCK - 1 {
                write(text.as_bytes())?;
                text.clear();
            }
        }
        write(text.as_bytes())
    }

    fn row(&self, row: usize, text: &mut String) {
        let columns = self.names.len();
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            // Writing to a String cannot fail.
            let _ = match &self.table {
                Table::Numbers(values) => write!(text, "{}", values.get(column, row)),
                Table::Leaves(values) => write!(text, "{}", values[row * columns + column]),
            };
        }
        text.push('\n');
    }
}
