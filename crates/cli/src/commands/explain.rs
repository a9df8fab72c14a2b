//! `gboost explain`.

use crate::args::backend;
use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::global::Global;
use crate::args::model::ModelArgs;
use crate::args::numbers::at_least;
use crate::terminal::interrupt;
use crate::terminal::interrupt::Phase;
use crate::terminal::progress::rows_bar;
use crate::terminal::screen::Screen;
use crate::terminal::teller::Teller;
use gboost::explain::shap::{Explainer, GlobalInteractions, GlobalShap};
use gboost::{Dataset, Error, Model, Result};
use gboost_jobs::Observer;
use gboost_jobs::data::Purpose;
use gboost_jobs::output::{self, Draft, title};
use gboost_jobs::shap_csv::{Block, Content, ShapCsv};
use gboost_jobs::text::{count, figure};
use gboost_report::Analysis;
use gboost_report::analysis::Explanations;
use gboost_report::page;
use gboost_report::page::explain::ExplainPage;
use std::io::Write as _;
use std::path::PathBuf;

/// Explain a model's predictions with SHAP values
///
/// The values are exact (TreeSHAP, in binary64), in units of the margin (of a regression, of its
/// label), and add up: the contributions of all features and the bias are the row's margin. Without
/// --background a feature that is left out goes both ways at its splits, by the cover that the
/// training rows gave them (tree_path_dependent, as XGBoost's pred_contribs); with it, its values
/// are taken from the background rows (interventional).
///
/// Prints how much each feature moves the margin on average. Values are written where --output
/// says; of multiclass models a line a class.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    subject: ModelArgs,

    /// Rows whose values stand in for those of features that are left out, in files as the data's;
    /// 100 to 1000 rows are usual
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Data")]
    background: Vec<PathBuf>,

    /// Split the contributions into pairs of features
    #[arg(long, help_heading = "Output")]
    interactions: bool,

    /// Where to write the values as CSV: a column a feature, then `bias`; with --interactions a
    /// column a pair
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Csv), help_heading = "Output")]
    output: Option<PathBuf>,

    /// Where to write the means, in the layout of SageMaker Clarify's analysis.json
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Json), help_heading = "Output")]
    json: Option<PathBuf>,

    /// Where to write a page with charts: one HTML file that needs no network
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Html), help_heading = "Output")]
    html: Option<PathBuf>,

    /// Rows to show one by one, from 0; in the page, as waterfalls [default: three in the page]
    #[arg(long, value_name = "ROW", num_args = 1.., value_delimiter = ',', value_parser = at_least::<usize>(0),
        allow_negative_numbers = true, help_heading = "Output")]
    row: Vec<usize>,
}

const AFTER_HELP: &str = "\
Examples:
  gboost explain model.json test.csv --label income --output shap.csv
  gboost explain model.json test.csv --background train.csv --json analysis.json
  gboost explain model.json test.csv --interactions --row 0,17 --html explain.html";

impl Args {
    /// The files that are asked for.
    fn outputs(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.output, &self.json, &self.html].into_iter().flatten()
    }
}

/// Pairs that are printed.
const PAIRS: usize = 10;

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let screen = global.screen();
    let mut teller = Teller::new(&screen);
    backend::refuse_gpu(global, "explain")?;
    let claim = args
        .subject
        .request()
        .data("--background", &args.background)
        .output("--html", "the page", args.html.as_deref())
        .output("--json", "the means", args.json.as_deref())
        .output("--output", "the SHAP values", args.output.as_deref())
        .claim(&mut teller)?;
    claim.tell(&mut teller)?;
    let model = args.subject.load(&mut teller)?;
    gboost::internals::util::threads::thread_pool(global.threads())?.install(|| {
        let purpose = Purpose::prediction(&model);
        let data = args.subject.read(&model, purpose, &mut teller)?.dataset;
        check_rows(&args.row, data.rows)?;
        let explainer = explainer(args, &model, &mut teller)?;
        explain(args, &model, &explainer, &data, (&screen, &mut teller))
    })
}

fn check_rows(rows: &[usize], all: usize) -> Result<()> {
    match rows.iter().find(|&&row| row >= all) {
        Some(row) => Err(Error::parameter(format!("--row {row} is not in the data, which has {}", count(all, "row")))
            .remedy(format!("give a number from 0 to {}", all.saturating_sub(1)))),
        None => Ok(()),
    }
}

fn explainer(args: &Args, model: &Model, observer: &mut dyn Observer) -> Result<Explainer> {
    let rounds = args.subject.rounds();
    if args.background.is_empty() {
        return Explainer::path_dependent(model, rounds);
    }
    let background =
        args.subject.reading.read_for(model, &args.background, Purpose::prediction(model), observer)?.dataset;
    Explainer::interventional(model, &background, rounds)
}

fn explain(
    args: &Args,
    model: &Model,
    explainer: &Explainer,
    data: &Dataset,
    (screen, observer): (&Screen, &mut dyn Observer),
) -> Result<()> {
    interrupt::enter(Phase::Writing)?;
    let content = if args.interactions { Content::Interactions } else { Content::Contributions };
    let csv = ShapCsv::new(model, explainer, content);
    let mut draft = args.output.as_deref().map(|path| Draft::new(path, observer)).transpose()?;
    let mut write = |bytes: &[u8]| match &mut draft {
        Some(draft) => draft.write_all(bytes).map_err(|source| draft.error(source)),
        None => Ok(()),
    };
    write(&csv.header()?)?;
    let mut global = GlobalShap::new(explainer);
    let mut pairs = GlobalInteractions::new(explainer);
    let bar = rows_bar(screen, data.rows);
    csv.blocks(data, observer, |block, text| {
        write(text.as_bytes())?;
        match block {
            Block::Contributions(found) => global.add(&found),
            Block::Interactions(found) => {
                global.add(&found.contributions());
                pairs.add(&found);
            }
        }
        bar.set_position(global.rows as u64);
        Ok(())
    })?;
    bar.finish_and_clear();
    let analysis = args.json.as_deref().map(|path| {
        let explanations = Explanations::new(model, explainer, &global).with_interactions(model, &pairs);
        Draft::with(
            path,
            Analysis { explanations: Some(explanations), ..Analysis::default() }.to_text().as_bytes(),
            observer,
        )
    });
    let page = args.html.as_deref().map(|path| {
        let page = ExplainPage {
            model,
            rounds: model.used_rounds(args.subject.rounds()),
            explainer,
            data,
            global: &global,
            pairs: args.interactions.then_some(&pairs),
            rows: &args.row,
        };
        Draft::with(path, page::explain::html(&title(&args.subject.model, "explained"), &page)?.as_bytes(), observer)
    });
    let drafts = [draft, analysis.transpose()?, page.transpose()?];
    interrupt::check()?;
    output::publish(drafts.into_iter().flatten())?;
    if screen.is_quiet() && args.outputs().next().is_some() && args.row.is_empty() {
        return Ok(());
    }
    show_global(model, explainer, &global, screen)?;
    if args.interactions {
        show_pairs(model, &pairs, screen)?;
    }
    args.row.iter().try_for_each(|&row| show_row(model, explainer, data, row, screen))?;
    for path in args.outputs() {
        screen.note(&format!("written: {}", path.display()));
    }
    Ok(())
}

/// What the sum of the trees is called: of a regression the prediction itself.
fn sum_name(model: &Model) -> &'static str {
    if model.objective.is_classification() { "margin" } else { "prediction" }
}

fn show_global(model: &Model, explainer: &Explainer, global: &GlobalShap, screen: &Screen) -> Result<()> {
    let overall = global.overall();
    let total: f64 = overall.iter().sum();
    let expected: Vec<String> = global.expected_values.iter().map(|&value| figure(value)).collect();
    screen.line(&format!(
        "SHAP values ({}) of {}; expected {} {}",
        explainer.feature_perturbation(),
        count(global.rows, "row"),
        sum_name(model),
        expected.join(", "),
    ))?;
    screen.line("")?;
    let mut header = vec!["feature".to_string(), "mean |SHAP|".to_string(), "percent".to_string()];
    let by_class: Vec<Vec<f64>> = (0..model.classes).map(|class| global.mean_abs(class)).collect();
    if model.classes > 1 {
        header.extend((0..model.classes).map(|class| format!("class {class}")));
    }
    let row = |feature: usize| {
        let share = if total > 0.0 { 100.0 * overall[feature] / total } else { 0.0 };
        let mut row = vec![model.feature_name(feature), figure(overall[feature]), format!("{share:.2}")];
        if model.classes > 1 {
            row.extend(by_class.iter().map(|means| figure(means[feature])));
        }
        row
    };
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    screen.table(&header, global.order().into_iter().map(row).collect())
}

fn show_pairs(model: &Model, pairs: &GlobalInteractions, screen: &Screen) -> Result<()> {
    let rows = pairs
        .pairs()
        .into_iter()
        .take(PAIRS)
        .map(|((i, j), value)| vec![format!("{} and {}", model.feature_name(i), model.feature_name(j)), figure(value)])
        .collect();
    screen.line("")?;
    screen.table(&["interaction", "mean |SHAP|"], rows)
}

/// What makes the margin of a row, largest first.
fn show_row(model: &Model, explainer: &Explainer, data: &Dataset, row: usize, screen: &Screen) -> Result<()> {
    let found = explainer.contributions(data, row..row + 1);
    for class in 0..model.classes {
        let values = found.row(0, class);
        let (features, bias) = (&values[..model.features], values[model.features]);
        let of_class = if model.classes > 1 { format!(", class {class}") } else { String::new() };
        let sum = figure(values.iter().sum());
        screen.block(&format!("\nrow {row}{of_class}: {} {sum}\n\n", sum_name(model)))?;
        let mut order: Vec<usize> = (0..model.features).filter(|&feature| features[feature] != 0.0).collect();
        order.sort_by(|&a, &b| features[b].abs().total_cmp(&features[a].abs()));
        let mut lines = vec![vec![format!("expected {}", sum_name(model)), String::new(), signed(bias)]];
        lines.extend(order.into_iter().map(|feature| {
            let value = data.columns[feature][row];
            let value = if value.is_nan() { "missing".to_string() } else { value.to_string() };
            vec![model.feature_name(feature), value, signed(features[feature])]
        }));
        screen.table(&["feature", "value", "SHAP"], lines)?;
    }
    Ok(())
}

fn signed(value: f64) -> String {
    if value < 0.0 { figure(value) } else { format!("+{}", figure(value)) }
}
