//! What has to be said of figures: where there is none, and where the saved model has another one
//! than its training.

use crate::data::Channels;
use crate::folds::FoldOptions;
use crate::observer::Observer;
use crate::text::figure;
use gboost::internals::train::evaluation::lack_of;
use gboost::metric::{Lack, Metric};
use gboost::validation::tune::{ObjectiveMetric, Source};
use gboost::validation::{CrossValidated, FoldedData, Folds};
use gboost::{Dataset, Error, Objective, Params, Result, Rows};
use gboost_report::figures::{Drift, Figures};

/// Folds without a value that are named one by one, at most.
const FOLDS_TOLD: usize = 5;

/// Returns the metrics that rank rows: those of the list, and auc, which every classification has.
fn ranking(metrics: &[Metric]) -> String {
    let mut names: Vec<String> = Vec::new();
    for metric in metrics.iter().filter(|metric| metric.ranks()).chain([&Metric::Auc]) {
        if !names.contains(&metric.name()) {
            names.push(metric.name());
        }
    }
    names.join(" and ")
}

fn warn_of_lack(channel: &str, lack: Lack, metrics: &[Metric], observer: &mut dyn Observer) -> Result<()> {
    let names = ranking(metrics);
    let verb = if names.contains(" and ") { "are" } else { "is" };
    observer.note(&format!(
        "warning: {channel} data: {lack}, so {names} {verb} not a number (NaN) there: ranking needs rows of every label"
    ))
}

/// Warns where metrics that rank rows have no value on a channel.
pub(crate) fn warn_of_lacking_channels(
    channels: &Channels,
    params: &Params,
    observer: &mut dyn Observer,
) -> Result<()> {
    let metrics = params.metrics();
    let lack = |data: &Dataset| lack_of(Rows::all(data), params);
    let named = [
        ("train", Some(&channels.train)),
        ("validation", channels.validation.as_ref()),
        ("test", channels.test.as_ref()),
    ];
    for (name, channel) in named {
        if let Some(lack) = channel.and_then(|channel| lack(&channel.dataset)) {
            warn_of_lack(name, lack, &metrics, observer)?;
        }
    }
    let steers = channels.validation.as_ref().filter(|_| params.early_stopping_rounds.is_some());
    let judged = metrics.last().filter(|metric| metric.ranks());
    if let (Some(metric), Some(_)) = (judged, steers.and_then(|channel| lack(&channel.dataset))) {
        warn_of_no_stop(&format!("validation {metric}"), observer)?;
    }
    Ok(())
}

fn warn_of_no_stop(figure: &str, observer: &mut dyn Observer) -> Result<()> {
    observer.note(&format!(
        "warning: early stopping goes by {figure}, which has no value: no round is the best, and all rounds are trained"
    ))
}

/// Warns where metrics that rank rows have no value on data that was evaluated.
///
/// # Errors
///
/// The observer's reason to stop.
pub fn warn_of_lacking_figures(channel: &str, figures: &Figures, observer: &mut dyn Observer) -> Result<()> {
    let Some(lack) = figures.lack else { return Ok(()) };
    let metrics: Vec<Metric> = figures.metrics.iter().map(|(metric, _)| *metric).collect();
    warn_of_lack(channel, lack, &metrics, observer)
}

/// What helps against folds that lack a label, of what was not asked for yet.
fn folds_advice(folds: &FoldOptions) -> &'static str {
    match (folds.are_given(), folds.is_stratified(), folds.is_grouped()) {
        (true, ..) => "give folds that all have rows of every label",
        (_, false, _) => "--stratified spreads the labels over the folds",
        (_, true, false) => "fewer folds (--nfold) hold more rows each: a label needs as many rows as there are folds",
        (_, true, true) => {
            "fewer folds (--nfold) hold more rows each: a label needs rows in as many groups as there are folds"
        }
    }
}

/// Warns where metrics that rank rows have no value on the rows that a fold holds out.
pub(crate) fn warn_of_lacking_folds(
    data: &FoldedData<'_>,
    folds: &FoldOptions,
    params: &Params,
    observer: &mut dyn Observer,
) -> Result<()> {
    let metrics: Vec<Metric> = params.metrics().into_iter().filter(Metric::ranks).collect();
    let lacking = data.lacking(params);
    if metrics.is_empty() || lacking.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = metrics.iter().map(Metric::name).collect();
    let (names, verb) = (names.join(" and "), if names.len() > 1 { "are" } else { "is" });
    let told: Vec<String> = lacking
        .iter()
        .take(FOLDS_TOLD)
        .map(|(fold, lack)| format!("held-out rows of fold {}: {lack}", data.folds().name(*fold)))
        .collect();
    let more = match lacking.len().saturating_sub(FOLDS_TOLD) {
        0 => String::new(),
        more => format!("; and {more} more folds"),
    };
    observer.note(&format!(
        "warning: {}{more}: {names} {verb} not a number (NaN) there, and so is the mean over the folds; {}",
        told.join("; "),
        folds_advice(folds)
    ))?;
    if let Some(metric) =
        params.metrics().last().filter(|metric| metric.ranks() && params.early_stopping_rounds.is_some())
    {
        warn_of_no_stop(&format!("the mean test {metric}"), observer)?;
    }
    Ok(())
}

/// Refuses a search by a metric that has no value, and warns where other figures have none.
pub(crate) fn check_search(
    objective: ObjectiveMetric,
    channels: &Channels,
    (folds, args): (Option<&Folds>, &FoldOptions),
    params: &Params,
    observer: &mut dyn Observer,
) -> Result<()> {
    warn_of_lacking_channels(channels, params, observer)?;
    if !objective.metric.ranks() {
        return Ok(());
    }
    let validation = channels.validation.as_ref().filter(|_| objective.source == Source::Validation);
    if let Some(lack) = validation.and_then(|channel| lack_of(Rows::all(&channel.dataset), params)) {
        let message = format!("no trial would have a value of {objective}: in the validation data {lack}");
        return Err(
            Error::data(message).remedy("give validation data with rows of every label, or another objective metric")
        );
    }
    let of_fold = |folds: &Folds| {
        (0..folds.count()).find_map(|fold| {
            let rows = folds.test_rows(fold);
            let lack = lack_of(Rows::chosen(&channels.train.dataset, &rows), params)?;
            Some(format!("of the held-out rows of fold {} {lack}", folds.name(fold)))
        })
    };
    match (folds.and_then(of_fold), objective.source) {
        (Some(lack), Source::Cv) => {
            let message = format!("no trial would have a value of {objective}: {lack}");
            Err(Error::data(message).remedy(folds_advice(args)))
        }
        (Some(lack), Source::Validation) => {
            let metric = objective.metric;
            observer.note(&format!("warning: cv:{metric} has no value (NaN): {lack}; {}", folds_advice(args)))
        }
        (None, _) => Ok(()),
    }
}

/// Warns of figures of the training that the model does not have.
///
/// # Errors
///
/// The observer's reason to stop.
pub fn warn_of_drifts<'d>(
    drifts: impl IntoIterator<Item = &'d Drift>,
    objective: Objective,
    observer: &mut dyn Observer,
) -> Result<()> {
    let mut told = false;
    for Drift { channel, metric, training, model } in drifts {
        observer.note(&format!(
            "warning: {channel} {metric} is {} in the training, but {} by the model as it is saved",
            figure(*training),
            figure(*model)
        ))?;
        told = true;
    }
    if told {
        let remedy = if objective.is_classification() {
            "a smaller --eta, a larger --lambda or a --max-delta-step keep margins small"
        } else {
            "subtract an offset from the labels, or give them another unit, so that seven digits suffice"
        };
        observer.note(&format!(
            "(the training adds leaves up exactly; a saved model has seven digits (binary32), and leaves that are small next to the \
             sum are lost: {remedy})"
        ))?;
    }
    Ok(())
}

/// Warns where the table of a cross-validation has figures that the models of its folds do not
/// have.
pub(crate) fn warn_of_fold_drifts(
    found: &CrossValidated,
    data: &FoldedData<'_>,
    observer: &mut dyn Observer,
) -> Result<()> {
    if !observer.wants_notes() {
        return Ok(());
    }
    let Some(round) = found.counting_round() else { return Ok(()) };
    let saved = found.saved_test(data)?;
    let drifts: Vec<Drift> = found
        .metrics
        .iter()
        .zip(round.test.iter().zip(&saved))
        .filter_map(|(metric, (training, model))| {
            Drift::between("mean test", &metric.name(), training.mean, model.mean)
        })
        .collect();
    let objective = found.models.first().map_or(Objective::default(), |model| model.objective);
    warn_of_drifts(&drifts, objective, observer)
}
