//! The start of a training: labels, weights, base score and first margins become the problem.

use crate::backend::problem::Problem;
use crate::backend::problem::RoutedChannel;
use crate::binning::BinnedMatrix;
use crate::data::dataset::Dataset;
use crate::data::rows::Rows;
use crate::error::{Error, Result};

use crate::fixed::margin::{MarginFormat, label_exponent};
use crate::fixed::quantiser::{NARROW_ROWS, PairScale, Regularisation, SumWidth};
use crate::fixed::weight::RowWeights;
use crate::fixed::{ceil_log2, power_of_two, round_to_integer};
use crate::model::INDEX_BASE;
use crate::model::Model;
use crate::objective::{Objective, logistic};
use crate::params::Params;
use crate::params::{BaseScore, HistogramSums};
use crate::train::evaluation::Evaluation;
use crate::train::set::TrainingSet;
use rayon::prelude::*;

/// Refuses a model that a training of `params` on `data` cannot go on from.
pub(crate) fn check_start(model: &Model, params: &Params, data: &Dataset) -> Result<()> {
    model.check_features(data)?;
    if model.objective != params.objective || model.classes != params.classes() {
        return Err(Error::model(format!(
            "the model to continue from was trained with {}, not with {}",
            task(model.objective, model.classes),
            task(params.objective, params.classes())
        ))
        .remedy("give the model's objective and num_class"));
    }
    if !model.tree_weights.is_empty() {
        return Err(Error::model(
            "the model to continue from was trained with dropout: it has tree weights, which a later round would change",
        )
        .remedy("continue it in XGBoost, or train a new model"));
    }
    Ok(())
}

/// What is learnt, as it is called in errors.
fn task(objective: crate::Objective, classes: usize) -> String {
    match objective.is_multiclass() {
        true => format!("{} of {classes} classes", objective.name()),
        false => objective.name().to_string(),
    }
}

/// Rows that make a task of work that takes little time for each.
const TASK_ROWS: usize = 1 << 14;

/// A training before its first round, but for its problem.
pub(crate) struct Beginning<'a> {
    pub(super) model: Model,
    pub(super) evaluation: Evaluation<'a>,
}

pub(crate) fn begin<'a>(params: &Params, set: &TrainingSet<'a>) -> Result<(Problem<'a>, Beginning<'a>)> {
    let data = set.rows.data;
    if params.histogram_sums == HistogramSums::Narrow && set.rows.len() > NARROW_ROWS {
        return Err(Error::parameter(format!(
            "histogram_sums narrow holds at most {NARROW_ROWS} training rows, there are {}",
            set.rows.len()
        ))
        .remedy("leave it out, or give wide"));
    }
    let labels = set.rows.labels()?;
    let weights = training_weights(params, set.rows, &labels)?;
    let base_score = match set.start {
        Some(model) => {
            check_base_score(model, params, &labels, &weights)?;
            model.base_score.clone()
        }
        None => vec![base_score(params, &labels, &weights)],
    };
    let mut attributes = set.start.map_or_else(Default::default, |start| start.attributes.clone());
    if let Some(base) = data.index_base {
        attributes.insert(INDEX_BASE.to_string(), base.to_string());
    }
    let model = Model {
        objective: params.objective,
        classes: params.classes(),
        base_score,
        feature_names: if data.named { data.names() } else { Vec::new() },
        features: data.features(),
        trees: set.start.map_or_else(Vec::new, |start| start.trees.clone()),
        // A model with weights is none to go on from.
        tree_weights: Vec::new(),
        best_iteration: None,
        best_score: None,
        attributes,
        notes: Vec::new(),
    };
    let format = MarginFormat::new(params.objective, &labels, model.base_margin(0));
    let routed =
        |&(_, data): &(String, &'a Dataset)| RoutedChannel { data, margins: replay(&model, Rows::all(data), format) };
    let channels = set.channels.iter().map(routed).collect();
    let margins = replay(&model, set.rows, format);
    let evaluation = Evaluation::new(set, params.metrics(), format)?;
    let problem = problem(params, set.matrix, &labels, weights, format, margins, channels);
    Ok((problem, Beginning { model, evaluation }))
}

/// The margins of a model in fixed point: the base margin and every tree's leaf, `rows x classes`, row-major.
fn replay(model: &Model, rows: Rows<'_>, format: MarginFormat) -> Vec<i64> {
    let classes = model.classes;
    let base: Vec<i64> = (0..classes).map(|class| format.to_fixed(model.base_margin(class))).collect();
    let mut margins = base.repeat(rows.len());
    if model.trees.is_empty() {
        return margins;
    }
    margins.par_chunks_exact_mut(classes).enumerate().for_each(|(position, margins)| {
        let row = rows.row(position);
        for (index, tree) in model.trees.iter().enumerate() {
            let step = format.to_fixed(tree.predict(|feature| rows.data.columns[feature as usize][row]));
            margins[index % classes] = format.add(margins[index % classes], step);
        }
    });
    margins
}

/// Gathers what stays the same over the training.
pub(crate) fn problem<'a>(
    params: &Params,
    matrix: &'a BinnedMatrix,
    labels: &[f32],
    weights: RowWeights,
    margin_format: MarginFormat,
    margins: Vec<i64>,
    channels: Vec<RoutedChannel<'a>>,
) -> Problem<'a> {
    let objective = params.objective;
    let regression = objective == Objective::SquaredError;
    let weight_shift = if regression { 31 - ceil_log2(labels.len()) } else { 0 };
    let g_scale = if regression { margin_format.scale } else { 30 };
    let dropped = if weights.is_weighted() { weight_shift as i32 } else { 0 };
    Problem {
        objective,
        classes: params.classes(),
        matrix,
        targets: labels
            .par_iter()
            .with_min_len(TASK_ROWS)
            .map(|&label| if regression { label_to_fixed(label, margin_format.scale) } else { label as i64 })
            .collect(),
        weight_shift,
        margin_format,
        pair_scale: PairScale { g: g_scale + weights.scale - dropped, h: 30 + weights.scale },
        width: match params.histogram_sums {
            HistogramSums::Auto => SumWidth::of_rows(labels.len()),
            HistogramSums::Narrow => SumWidth::Narrow,
            HistogramSums::Wide => SumWidth::Wide,
        },
        rules: Regularisation {
            lambda: params.lambda,
            alpha: params.alpha,
            gamma: params.gamma,
            min_child_weight: params.min_child_weight,
            max_delta_step: params.max_delta_step,
        },
        method: params.tree_method,
        weights,
        margins,
        channels,
    }
}

/// A label in Q`scale`.
fn label_to_fixed(label: f32, scale: i32) -> i64 {
    round_to_integer(f64::from(label) * power_of_two(scale))
}

/// Refuses a base score that is not that of the model to go on from, which stands.
fn check_base_score(model: &Model, params: &Params, labels: &[f32], weights: &RowWeights) -> Result<()> {
    if params.base_score == BaseScore::Unset {
        return Ok(());
    }
    let given = base_score(params, labels, weights);
    if model.base_score.iter().all(|&known| known == given) {
        return Ok(());
    }
    let known = model.base_score.iter().map(f32::to_string).collect::<Vec<_>>().join(", ");
    let name = if matches!(params.base_score, BaseScore::Auto) { "auto, here " } else { "" };
    Err(Error::parameter(format!("base_score {name}{given} is given, but the model to continue from has {known}"))
        .remedy("leave base_score out: that of the model stands"))
}

/// The prediction before the first tree (`docs/exactness.md` 3).
fn base_score(params: &Params, labels: &[f32], weights: &RowWeights) -> f32 {
    let estimate = match (params.base_score, params.objective) {
        (BaseScore::Value(value), _) => return value,
        (BaseScore::Unset | BaseScore::Auto, Objective::SquaredError) => true,
        (BaseScore::Auto, Objective::BinaryLogistic) => true,
        _ => false,
    };
    if !estimate {
        return 0.5;
    }
    let weight_sum: i128 = (0..labels.len()).map(|row| i128::from(weights.get(row))).sum();
    let weighted_sum = |value: &dyn Fn(f32) -> i64| -> i128 {
        labels.iter().enumerate().map(|(row, &label)| i128::from(value(label)) * i128::from(weights.get(row))).sum()
    };
    match params.objective {
        Objective::SquaredError => {
            let scale = 57 - ceil_log2(labels.len()) as i32 - label_exponent(labels.iter().copied());
            let sum = weighted_sum(&|label| label_to_fixed(label, scale));
            (sum as f64 / weight_sum as f64 * power_of_two(-scale)) as f32
        }
        _ => {
            let share = (weighted_sum(&|label| label as i64) as f64 / weight_sum as f64) as f32;
            share.clamp(logistic::LEAST_PROBABILITY, 1.0 - logistic::LEAST_PROBABILITY)
        }
    }
}

/// The weights that training uses, `scale_pos_weight` included.
fn training_weights(params: &Params, rows: Rows<'_>, labels: &[f32]) -> Result<RowWeights> {
    let weights = rows.weights();
    let positive = if params.objective == Objective::BinaryLogistic { params.scale_pos_weight } else { 1.0 };
    if weights.is_none() && positive == 1.0 {
        return Ok(RowWeights::UNWEIGHTED);
    }
    let weighted = |(row, &label): (usize, &f32)| {
        let weight = weights.as_ref().map_or(1.0, |weights| weights[row]);
        if label == 1.0 { weight * positive } else { weight }
    };
    RowWeights::new(&labels.iter().enumerate().map(weighted).collect::<Vec<_>>())
}
