//! `gboost inspect`.

use crate::args::global::Global;
use crate::args::numbers::at_least;
use crate::terminal::screen::{Screen, escape};
use crate::terminal::teller::Teller;
use clap::ValueEnum;
use gboost::explain::{Importance, importance};
use gboost::{Error, Model, Result};
use gboost_jobs::model_file;
use gboost_jobs::output::Request;
use gboost_jobs::text::{count, figure};
use std::path::PathBuf;

/// Show what is in a model: a summary, or the parts that are asked for
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The model: XGBoost's JSON
    model: PathBuf,

    /// Print the first N trees as text, in the form of XGBoost's dump with statistics
    #[arg(long, value_name = "N", value_parser = at_least::<usize>(1), allow_negative_numbers = true)]
    trees: Option<usize>,

    /// Print the importance of the features
    #[arg(long, value_name = "TYPE")]
    importance: Option<Kind>,

    /// Print one tree (from 0) as a Graphviz graph
    #[arg(long, value_name = "TREE", value_parser = at_least::<usize>(0), allow_negative_numbers = true, conflicts_with_all = ["trees", "importance"])]
    dot: Option<usize>,
}

const AFTER_HELP: &str = "\
Examples:
  gboost inspect model.json
  gboost inspect model.json --importance total_gain
  gboost inspect model.json --dot 0 | dot -Tsvg > tree.svg";

/// The importance to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Kind {
    /// Number of splits
    Weight,
    /// Mean gain of a split
    Gain,
    /// Mean cover (sum of hessians) of a split
    Cover,
    /// Sum of gains
    #[value(alias = "total-gain")]
    TotalGain,
    /// Sum of covers
    #[value(alias = "total-cover")]
    TotalCover,
}

impl Kind {
    fn importance(self) -> Importance {
        match self {
            Self::Weight => Importance::Weight,
            Self::Gain => Importance::Gain,
            Self::Cover => Importance::Cover,
            Self::TotalGain => Importance::TotalGain,
            Self::TotalCover => Importance::TotalCover,
        }
    }
}

pub fn run(global: &Global, args: &Args) -> Result<()> {
    let screen = global.screen();
    let mut teller = Teller::new(&screen);
    let claim = Request::default().input("MODEL", Some(&args.model)).claim(&mut teller)?;
    claim.tell(&mut teller)?;
    let mut model = model_file::load(&args.model, &mut teller)?;
    let sha256 = model.sha256();
    // All that follows is for the eye, and a name is one word of it.
    model.feature_names.iter_mut().for_each(|name| *name = escape(name, &[]).into_owned());
    if let Some(tree) = args.dot {
        let graph = model.dot(tree).ok_or_else(|| {
            let last = model.trees.len().saturating_sub(1);
            Error::parameter(format!("tree {tree} is not in the model, which has {}", count(model.trees.len(), "tree")))
                .remedy(format!("give a number from 0 to {last}"))
        })?;
        return screen.block(&graph);
    }
    if let Some(kind) = args.importance {
        show_importance(&model, kind.importance(), &screen)?;
    }
    for tree in 0..args.trees.unwrap_or(0).min(model.trees.len()) {
        if let Some(text) = model.dump(tree) {
            screen.block(&text)?;
        }
        if screen.is_closed() {
            break;
        }
    }
    if args.importance.is_none() && args.trees.is_none() { summary(&model, sha256, &screen) } else { Ok(()) }
}

fn show_importance(model: &Model, kind: Importance, screen: &Screen) -> Result<()> {
    let rows = importance(model, kind)
        .into_iter()
        .map(|feature| vec![feature.name, figure(feature.score), format!("{:.3}", 100.0 * feature.share)])
        .collect();
    screen.table(&["feature", kind.name(), "percent"], rows)
}

fn summary(model: &Model, sha256: String, screen: &Screen) -> Result<()> {
    let leaves: Vec<usize> = model.trees.iter().map(|tree| tree.leaves()).collect();
    let depths: Vec<usize> = model.trees.iter().map(|tree| tree.depth()).collect();
    let names = match model.feature_names.as_slice() {
        [] => "without names".to_string(),
        names => names.join(", "),
    };
    let base_score: Vec<String> = model.base_score.iter().map(f32::to_string).collect();
    let best = match (model.best_iteration, model.best_score) {
        (Some(best), Some(score)) => format!("[{best}], score {score}"),
        (Some(best), None) => format!("[{best}]"),
        (None, _) => "not recorded: all rounds predict".to_string(),
    };
    let stumps = leaves.iter().filter(|&&leaves| leaves <= 1).count();
    let mut lines = vec![("objective", model.objective.name().to_string())];
    if model.objective.is_multiclass() {
        lines.push(("classes", model.classes.to_string()));
    }
    lines.extend([
        ("base score", base_score.join(", ")),
        ("features", format!("{} ({names})", model.features)),
        ("rounds", model.rounds().to_string()),
        ("best round", best),
        ("trees", format!("{}, {stumps} of a single leaf", model.trees.len())),
    ]);
    if !model.tree_weights.is_empty() {
        let least = model.tree_weights.iter().copied().fold(f32::INFINITY, f32::min);
        let most = model.tree_weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        lines.push(("weights", format!("{least} to {most} a tree, from training with dropout")));
    }
    lines.extend([
        ("depth", spread(&depths)),
        ("leaves", format!("{}, {} in all", spread(&leaves), leaves.iter().sum::<usize>())),
        ("sha256", sha256),
    ]);
    lines.iter().try_for_each(|(name, value)| screen.line(&format!("{name:11} {value}")))
}

/// Least, mean and largest.
fn spread(values: &[usize]) -> String {
    let mean = values.iter().sum::<usize>() as f64 / values.len().max(1) as f64;
    let (least, largest) = (values.iter().min().unwrap_or(&0), values.iter().max().unwrap_or(&0));
    format!("{least} to {largest} a tree, {mean:.2} on average")
}
