//! What is evaluated while rounds run, and when there is nothing more to gain.

use crate::backend::Backend;
use crate::backend::problem::Problem;
use crate::backend::shard::Shard;
use crate::collective::{Collective, gather_values, gather_words};
use crate::data::dataset::Dataset;
use crate::data::labels::Labels;
use crate::data::rows::Rows;
use crate::error::Result;
use crate::fixed::margin::MarginFormat;
use crate::fixed::power_of_two;
use crate::fixed::weight::RowWeights;
use crate::metric::{Lack, Metric, Scored, lacking};
use crate::params::Params;
use crate::train::outcome::Round;
use crate::train::set::TrainingSet;
use crate::util::per_output::{PerOutput, RowMajor};
use rayon::prelude::*;

/// The channels of one training, the training rows first, and what came of them. Of several ranks
/// each evaluates the rows of all.
pub(crate) struct Evaluation<'a> {
    labels: Vec<Labels<'a>>,
    weights: Vec<RowWeights>,
    metrics: Vec<Metric>,
    format: MarginFormat,
    pub history: Vec<Round>,
}

impl<'a> Evaluation<'a> {
    pub fn new(set: &TrainingSet<'a>, shard: Shard<'_>, metrics: Vec<Metric>, format: MarginFormat) -> Result<Self> {
        let mut evaluation = Self { labels: Vec::new(), weights: Vec::new(), metrics, format, history: Vec::new() };
        let others = set.channels.iter().map(|(name, data)| (name.as_str(), Rows::all(data)));
        for (name, rows) in std::iter::once(("train", set.rows)).chain(others) {
            evaluation.labels.push(Labels::new(gather_values(shard.ranks, rows.labels()?.into_values())?));
            let weights = rows.weights().map(|weights| gather_values(shard.ranks, weights)).transpose()?;
            evaluation.weights.push(quantised(weights.as_deref()).map_err(|error| error.context(name))?);
        }
        Ok(evaluation)
    }

    /// Adds the metrics of a round to the history.
    pub fn evaluate(&mut self, backend: &mut dyn Backend, problem: &Problem<'_>, round: usize) -> Result<()> {
        let margins = |channel| {
            let fixed = match channel {
                0 => backend.margins()?,
                _ => backend.channel_margins(channel - 1)?,
            };
            let fixed = gather_margins(problem.shard.ranks, fixed)?;
            let rows: PerOutput<i64, RowMajor> = PerOutput::new(fixed, problem.classes);
            let unit = power_of_two(-self.format.scale);
            Ok(rows.into_output_major(|margin| margin as f64 * unit))
        };
        let margins: Vec<PerOutput<f64>> = (0..self.labels.len()).map(margins).collect::<Result<_>>()?;
        let values = margins.par_iter().zip(&self.labels).zip(&self.weights).map(|((margins, labels), weights)| {
            let scored = Scored::new(margins, labels, weights.values.as_deref(), problem.objective);
            self.metrics.iter().map(|metric| metric.evaluate(&scored)).collect()
        });
        let values = values.collect();
        self.history.push(Round { round, values });
        Ok(())
    }
}

/// Returns the margins of the rows of all ranks.
fn gather_margins(ranks: &dyn Collective, margins: Vec<i64>) -> Result<Vec<i64>> {
    if !ranks.is_shared() {
        return Ok(margins);
    }
    let words: Vec<u64> = margins.iter().map(|&margin| margin as u64).collect();
    Ok(gather_words(ranks, &words)?.into_iter().flatten().map(|word| word as i64).collect())
}

/// The weights that metrics of a channel use.
///
/// # Errors
/// If all weights are 0.
pub fn metric_weights(data: &Dataset) -> Result<RowWeights> {
    weights_for_metrics(Rows::all(data))
}

/// Why metrics that rank rows have no value on these rows ([`lacking`]); `None` where they have
/// one, for a regression, and where labels or weights are missing or wrong.
#[must_use]
pub fn lack_of(rows: Rows<'_>, params: &Params) -> Option<Lack> {
    let (labels, weights) = (rows.labels().ok()?, weights_for_metrics(rows).ok()?);
    let is_judged =
        params.objective.is_classification() && params.objective.check_labels(&labels, params.classes()).is_ok();
    is_judged.then(|| lacking(params.objective, params.classes(), &labels, weights.values.as_deref())).flatten()
}

fn weights_for_metrics(rows: Rows<'_>) -> Result<RowWeights> {
    quantised(rows.weights().as_deref())
}

fn quantised(weights: Option<&[f32]>) -> Result<RowWeights> {
    weights.map_or(Ok(RowWeights::UNWEIGHTED), RowWeights::new)
}
