//! The start of a training: labels, weights, base score and first margins become the problem.

use crate::backend::problem::Problem;
use crate::backend::problem::RoutedChannel;
use crate::backend::shard::Shard;
use crate::collective::gather_values;
use crate::data::dataset::Dataset;
use crate::data::labels::Labels;
use crate::data::rows::Rows;
use crate::error::{Error, Result};
use crate::fixed::margin::MarginFormat;
use crate::fixed::quantiser::NARROW_ROWS;
use crate::fixed::weight::RowWeights;
use crate::model::INDEX_BASE;
use crate::model::Model;
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

/// A training before its first round, but for its problem.
pub(crate) struct Beginning<'a> {
    pub(super) model: Model,
    pub(super) evaluation: Evaluation<'a>,
}

/// Prepares the training of the rows of `set`, which are those of `shard`. What follows from all
/// labels and weights is the same on all ranks: each looks at those of all rows.
pub(crate) fn begin<'a>(
    params: &Params,
    set: &TrainingSet<'a>,
    shard: Shard<'a>,
) -> Result<(Problem<'a>, Beginning<'a>)> {
    let data = set.rows.data;
    if params.histogram_sums == HistogramSums::Narrow && shard.rows > NARROW_ROWS {
        return Err(Error::parameter(format!(
            "histogram_sums narrow holds at most {NARROW_ROWS} training rows, there are {}",
            shard.rows
        ))
        .remedy("leave it out, or give wide"));
    }
    let labels = Labels::new(gather_values(shard.ranks, set.rows.labels()?.into_values())?);
    let given = set.rows.weights().map(|weights| gather_values(shard.ranks, weights)).transpose()?;
    let weights = training_weights(params, given.as_deref(), &labels)?;
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
    let base_margins: Vec<f32> = (0..model.classes).map(|class| model.base_margin(class)).collect();
    let mut problem = Problem::new(params, (set.matrix, shard), &labels, weights, &base_margins);
    let format = problem.format.margin;
    replay(&model, set.rows, format, &mut problem.margins);
    for (_, data) in &set.channels {
        let mut margins = problem.first_margins(&base_margins, data.rows);
        replay(&model, Rows::all(data), format, &mut margins);
        problem.channels.push(RoutedChannel { data, margins });
    }
    let evaluation = Evaluation::new(set, shard, params.metrics(), format)?;
    Ok((problem, Beginning { model, evaluation }))
}

/// Adds every tree's leaf of each row to its margins, in fixed point; `rows x classes`, row-major.
fn replay(model: &Model, rows: Rows<'_>, format: MarginFormat, margins: &mut [i64]) {
    let classes = model.classes;
    if model.trees.is_empty() {
        return;
    }
    margins.par_chunks_exact_mut(classes).enumerate().for_each(|(position, margins)| {
        let row = rows.row(position);
        for (index, tree) in model.trees.iter().enumerate() {
            let step = format.to_fixed(tree.predict(|feature| rows.data.columns[feature as usize][row]));
            margins[index % classes] = format.add(margins[index % classes], step);
        }
    });
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
    let objective = params.objective;
    let given = match params.base_score {
        BaseScore::Value(value) => Some(value),
        BaseScore::Unset => objective.default_base_score(),
        BaseScore::Auto => None,
    };
    given.unwrap_or_else(|| objective.estimate_base_score(labels, weights))
}

/// The weights that training uses, `scale_pos_weight` included.
fn training_weights(params: &Params, weights: Option<&[f32]>, labels: &[f32]) -> Result<RowWeights> {
    let positive = if params.objective.weighs_positives() { params.scale_pos_weight } else { 1.0 };
    if weights.is_none() && positive == 1.0 {
        return Ok(RowWeights::UNWEIGHTED);
    }
    let weighted = |(row, &label): (usize, &f32)| {
        let weight = weights.map_or(1.0, |weights| weights[row]);
        if label == 1.0 { weight * positive } else { weight }
    };
    RowWeights::new(&labels.iter().enumerate().map(weighted).collect::<Vec<_>>())
}
