//! `gboost bias`.

use crate::args::file_names;
use crate::args::file_names::Form;
use crate::args::global::Global;
use crate::args::model::ModelArgs;
use crate::args::{backend, numbers};
use crate::terminal::interrupt;
use crate::terminal::interrupt::Phase;
use crate::terminal::screen::Screen;
use crate::terminal::teller::Teller;
use gboost::explain::bias::{BiasMetric, BiasReport, BiasRows, Condition, Facet, Operand, distinct};
use gboost::ingest::keys;
use gboost::ingest::keys::{KeyOf, Keys};
use gboost::ingest::{Channel, ColumnRef};
use gboost::internals::error::words::Vocabulary;
use gboost::objective::Task;
use gboost::{Dataset, Error, Model, Result};
use gboost_jobs::Observer;
use gboost_jobs::data::{DataOptions, Purpose};
use gboost_jobs::output::{self, Draft, title};
use gboost_jobs::text::count;
use gboost_report::Analysis;
use gboost_report::analysis::BiasSection;
use gboost_report::page;
use gboost_report::page::bias::BiasPage;
use std::path::PathBuf;
use std::rc::Rc;

/// Columns that are left out here since they are read apart.
const APART: Vocabulary<'static> = Vocabulary::new(&[("ignored-too", "--facet or --group")]);

/// Measure bias in the labels and in a model's predictions
///
/// Compares a facet, the rows that may be at a disadvantage, with all other rows, by the metrics of
/// SageMaker Clarify: before training on the labels (CI, DPL, KL, JS, LP, TVD, KS, CDDL), after it
/// on the predictions (DPPL, DI, DCA, DCR, RD, SD, DAR, DRR, AD, TE, CDDPL, FT, GE). Rows count as
/// one each, whatever their weight; 0/0 is 0 and x/0 infinite. A missing value meets no condition,
/// so its row belongs to the rest.
///
/// A facet's column may be a feature, or a column that the model was trained without, and may hold
/// text. Its values are compared to the last digit; where all of them are numbers, 1, 1.0 and 01
/// are the same. The files are read once more for it: a pipe is copied to a temporary file first.
/// The usual bounds are rules of thumb: differences of rates up to 0.1, a disparate impact from 0.8
/// to 1.25.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    subject: ModelArgs,

    /// Rows that may be at a disadvantage: COLUMN=VALUE, COLUMN=VALUE,VALUE, COLUMN!=VALUE,
    /// 'COLUMN>NUMBER', >=, <, <=, or COLUMN alone for each of its values in turn; a column by name
    /// or by number in the file, from 0. A value with such signs or commas stands in double quotes:
    /// 'income="<=50K"'. May be repeated
    #[arg(long, value_name = "FACET", num_args = 1.., required = true, help_heading = "Bias")]
    facet: Vec<String>,

    /// Column of the groups within which CDDL and CDDPL compare
    #[arg(long, value_name = "NAME|INDEX", help_heading = "Bias")]
    group: Option<ColumnRef>,

    /// Labels that are the outcome one would like to get: VALUE, VALUE,VALUE, or '>NUMBER' (>=, <,
    /// <=) for regression
    #[arg(long, value_name = "LABELS", default_value = "1", allow_negative_numbers = true, help_heading = "Bias")]
    positive: String,

    /// Probability above which label 1 is predicted (binary:logistic) [default: 0.5]
    #[arg(long, value_name = "P", value_parser = numbers::probability, allow_negative_numbers = true, help_heading = "Bias")]
    threshold: Option<f32>,

    /// Where to write a page with tables and charts: one HTML file that needs no network
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Html), help_heading = "Output")]
    output: Option<PathBuf>,

    /// Where to write the metrics, in the layout of SageMaker Clarify's analysis.json
    #[arg(long, value_name = "FILE", value_parser = file_names::output(Form::Json), help_heading = "Output")]
    json: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  gboost bias model.json test.csv --facet sex=1
  gboost bias model.json test.csv --facet sex 'age>40' --group education --output bias.html
  gboost bias model.json test.csv --ignore-column race --facet race=2,3 --positive 0 --threshold 0.3";

/// Values of a facet's column that are taken in turn at most.
const MOST_VALUES: usize = 20;

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let screen = global.screen();
    let mut teller = Teller::new(&screen);
    backend::refuse_gpu(global, "bias")?;
    let claim = args
        .subject
        .request()
        .output("--output", "the page", args.output.as_deref())
        .output("--json", "the metrics", args.json.as_deref())
        .claim(&mut teller)?;
    claim.tell(&mut teller)?;
    let model = args.subject.load(&mut teller)?;
    let questions = Questions::new(args, &model)?;
    let (label, reports) = gboost::internals::util::threads::thread_pool(global.threads())?
        .install(|| questions.answer(args, &model, &mut teller))?;
    write(args, &model, (&label, &questions.positive.to_string()), &reports, &mut teller)?;
    if screen.is_quiet() && args.outputs().next().is_some() {
        return Ok(());
    }
    reports.iter().try_for_each(|report| show(report, &screen))?;
    args.outputs().for_each(|path| screen.note(&format!("written: {}", path.display())));
    Ok(())
}

impl Args {
    /// The files that are asked for.
    fn outputs(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.output, &self.json].into_iter().flatten()
    }
}

/// Writes the files that are asked for: all of them, or none.
fn write(
    args: &Args,
    model: &Model,
    (label, positive): (&str, &str),
    reports: &[BiasReport],
    observer: &mut dyn Observer,
) -> Result<()> {
    interrupt::enter(Phase::Writing)?;
    let page = args.output.as_deref().map(|path| {
        let group = args.group.as_ref().map(name);
        let objective = model.objective.name();
        let page = BiasPage { objective, label, positive, group: group.as_deref(), reports };
        Draft::with(path, page::bias::html(&title(&args.subject.model, "bias"), &page)?.as_bytes(), observer)
    });
    let analysis = args.json.as_deref().map(|path| {
        let analysis = Analysis {
            pre_training_bias_metrics: Some(BiasSection::new(label, positive, reports, |report| &report.labels)),
            post_training_bias_metrics: Some(BiasSection::new(label, positive, reports, |report| &report.predictions)),
            ..Analysis::default()
        };
        Draft::with(path, analysis.to_text().as_bytes(), observer)
    });
    let drafts = [page.transpose()?, analysis.transpose()?];
    interrupt::check()?;
    output::publish(drafts.into_iter().flatten())
}

/// What a column is called.
fn name(column: &ColumnRef) -> String {
    match column {
        ColumnRef::Name(name) => name.clone(),
        ColumnRef::Index(index) => format!("column {index}"),
    }
}

/// What is asked, understood before any data is read.
struct Questions {
    /// Text, column and condition; every value of the column without one.
    facets: Vec<(String, ColumnRef, Option<Condition>)>,
    positive: Condition,
}

impl Questions {
    fn new(args: &Args, model: &Model) -> Result<Self> {
        args.subject.reading.refuse_no_label()?;
        if let Some(threshold) = args.threshold {
            let error = if model.objective.task() != Task::Binary {
                Error::parameter(format!(
                    "--threshold is for binary:logistic, the model is of {}",
                    model.objective.name()
                ))
                .remedy("leave it out")
            } else if !(0.0..=1.0).contains(&threshold) {
                Error::parameter(format!("--threshold {threshold} is not a probability"))
                    .remedy("give a number from 0 to 1")
            } else {
                return Self::read(args);
            };
            return Err(error);
        }
        Self::read(args)
    }

    fn read(args: &Args) -> Result<Self> {
        let facet = |text: &String| {
            let (column, condition) = Condition::parse(text).map_err(|error| error.context("--facet"))?;
            // A name or a number; any text is one of these.
            let column = column.parse().unwrap_or_else(|never| match never {});
            Ok((text.clone(), column, condition))
        };
        Ok(Self {
            facets: args.facet.iter().map(facet).collect::<Result<_>>()?,
            positive: Condition::parse_values(&args.positive).map_err(|error| error.context("--positive"))?,
        })
    }

    /// The reports, and the name of the label.
    fn answer<'a>(
        &'a self,
        args: &'a Args,
        model: &Model,
        observer: &mut dyn Observer,
    ) -> Result<(String, Vec<BiasReport>)> {
        args.subject.reading.copy_pipes(&args.subject.data, observer)?;
        // Before the data, so that a column that is not there is not looked for among those to
        // leave out.
        let facets = self.facets.iter().map(|(text, column, _)| Column::new(column, "--facet", text, args, model));
        let facets = facets.collect::<Result<Vec<_>>>()?;
        let group = args.group.as_ref().map(|group| Column::new(group, "--group", &group.to_string(), args, model));
        let group = group.transpose()?;
        let reading = args.subject.reading.leaving_out(facets.iter().chain(&group).filter_map(Column::is_apart));
        let channel = reading.read_for(model, &args.subject.data, Purpose::evaluation(model), observer);
        let channel = channel.map_err(|error| error.in_words(&APART))?;
        let data = &channel.dataset;
        let labels = data.labels.as_deref().unwrap_or_default();
        let positive = self.positives(labels, model)?;
        let predicted = self.predictions(args, model, data);
        let source = (&reading, &channel);
        // A column that is asked for several times is read once.
        let mut known: Vec<(&ColumnRef, Rc<Keys>)> = Vec::new();
        let mut values_of = |column: Column<'a>| {
            let wanted = column.column;
            if let Some((_, keys)) = known.iter().find(|(column, _)| *column == wanted) {
                return Ok(keys.clone());
            }
            let keys = Rc::new(column.values(args, source)?);
            known.push((wanted, keys.clone()));
            Ok::<_, Error>(keys)
        };
        let groups = group.map(&mut values_of).transpose()?;
        let rows = BiasRows { positive: &positive, predicted: &predicted, groups: groups.as_deref() };
        let mut reports = Vec::new();
        for (column, (_, _, condition)) in facets.into_iter().zip(&self.facets) {
            let (name, about) = (name(column.column), column.about.clone());
            let values = values_of(column)?;
            let own = values.nearest();
            let is_own = |column: &&[f32]| own.as_ref().is_some_and(|own| is_same(column, own));
            let others: Vec<&[f32]> = data.columns.iter().map(Vec::as_slice).filter(|column| !is_own(column)).collect();
            let conditions = match condition {
                Some(condition) => vec![condition.clone()],
                None => each_value(&values, &name, &about)?,
            };
            for condition in &conditions {
                interrupt::check()?;
                let facet = Facet { column: &name, values: &values, condition, others: &others };
                reports.push(BiasReport::new(&rows, &facet).map_err(|error| error.context(&about))?);
            }
        }
        let label = data.label_name.clone().unwrap_or_else(|| "label".to_string());
        Ok((label, reports))
    }

    fn positives(&self, labels: &[f32], model: &Model) -> Result<Vec<bool>> {
        let positive: Vec<bool> = labels.iter().map(|&label| self.positive.holds(label)).collect();
        if positive.iter().any(|&positive| positive) {
            return Ok(positive);
        }
        let known = match distinct(labels).as_slice() {
            values if values.len() <= MOST_VALUES && model.objective.is_classification() => {
                format!("the labels are {}", values.iter().map(f32::to_string).collect::<Vec<_>>().join(", "))
            }
            [first, .., last] => format!("the labels go from {first} to {last}"),
            _ => "there are none".to_string(),
        };
        Err(Error::data(format!("--positive {}: no label of the data is positive", self.positive))
            .remedy(format!("choose others: {known}")))
    }

    /// Whether each row is predicted positive.
    fn predictions(&self, args: &Args, model: &Model, data: &Dataset) -> Vec<bool> {
        let rounds = args.subject.rounds();
        let margins = model.predict_margins(data, rounds);
        let labels = match args.threshold {
            None => model.labels(&margins),
            Some(threshold) => {
                let label = |probability: f32| if probability > threshold { 1.0 } else { 0.0 };
                model.transform(&margins).into_values().into_iter().map(label).collect()
            }
        };
        labels.into_iter().map(|label| self.positive.holds(label)).collect()
    }
}

/// A column that is asked for.
struct Column<'a> {
    column: &'a ColumnRef,
    flag: &'static str,
    /// The flag with what was given.
    about: String,
    /// The values, if it is known before the data is read that it is no feature of the model.
    apart: Option<Keys>,
}

impl<'a> Column<'a> {
    fn new(column: &'a ColumnRef, flag: &'static str, text: &str, args: &Args, model: &Model) -> Result<Self> {
        let mut found = Self { column, flag, about: format!("{flag} {text}"), apart: None };
        if let ColumnRef::Name(name) = column
            && !model.feature_names.is_empty()
            && !model.feature_names.contains(name)
        {
            found.apart = Some(found.read(args, None)?);
        }
        Ok(found)
    }

    /// The column, if it is to be kept from the model.
    fn is_apart(&self) -> Option<&'a ColumnRef> {
        self.apart.as_ref().map(|_| self.column)
    }

    /// The values, one a row: of a feature, or of another column of the files.
    fn values(mut self, args: &Args, (reading, channel): (&DataOptions, &Channel)) -> Result<Keys> {
        let data = &channel.dataset;
        let feature = match self.column {
            ColumnRef::Name(name) => data.feature_names.iter().position(|known| known == name),
            ColumnRef::Index(_) => None,
        };
        let keys = match (self.apart.take(), feature) {
            (Some(keys), _) => keys,
            (None, Some(feature)) => {
                reading.read_keys(KeyOf::Feature(feature), &args.subject.data, channel.index_base)?
            }
            (None, None) => self.read(args, channel.index_base)?,
        };
        let is_other = |feature: usize| keys.nearest().is_none_or(|values| !is_same(&values, &data.columns[feature]));
        if keys.rows() != data.rows || feature.is_some_and(is_other) {
            return Err(keys::changed().context(&self.about));
        }
        Ok(keys)
    }

    fn read(&self, args: &Args, index_base: Option<usize>) -> Result<Keys> {
        let read = args.subject.reading.read_keys(KeyOf::Column(self.column), &args.subject.data, index_base);
        read.map_err(|error| {
            // It is read in the place of the label.
            let words = [("label-column", "column"), ("label", self.flag)];
            error.in_words(&Vocabulary::new(&words)).context(&self.about)
        })
    }
}

fn is_same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// A condition for each value.
fn each_value(keys: &Keys, name: &str, about: &str) -> Result<Vec<Condition>> {
    let values = keys.values();
    if values.len() > MOST_VALUES {
        let operator = if keys.is_numeric() { ">" } else { "=" };
        let example = format!("'{name}{operator}{}'", Operand::new(&values[values.len() / 2].text));
        return Err(Error::parameter(format!("{about}: the column has {} values", values.len()))
            .remedy(format!("give a value or a bound, such as {example}")));
    }
    Ok(values.iter().map(|value| Condition::OneOf(vec![Operand::new(&value.text)])).collect())
}

fn show(report: &BiasReport, screen: &Screen) -> Result<()> {
    let share = 100.0 * report.rows as f64 / report.all as f64;
    let equals = if report.condition.starts_with(['<', '>', '!']) { "" } else { "=" };
    screen.line("")?;
    screen.line(&format!(
        "facet {}{equals}{}: {}, {share:.1} % of {}",
        report.column,
        report.condition,
        count(report.rows, "row"),
        count(report.all, "row")
    ))?;
    for (title, metrics) in [("labels", &report.labels), ("predictions", &report.predictions)] {
        screen.line("")?;
        screen.header(&format!("{title:11} {:>9}   {:11}  reading", "value", "usual"))?;
        metrics.iter().try_for_each(|metric| screen.line(&line(metric)))?;
    }
    Ok(())
}

/// A metric; `!` marks a value outside the usual bounds.
fn line(metric: &BiasMetric) -> String {
    let usual = metric.usual.map_or("-".to_string(), |(low, high)| format!("{low} to {high}"));
    let mark = if metric.is_usual() == Some(false) { '!' } else { ' ' };
    let value = if metric.value.is_finite() { format!("{:.4}", metric.value) } else { "infinite".to_string() };
    format!("  {:9} {value:>9} {mark} {usual:11}  {}", metric.name, metric.reading)
}
