//! The table at the end of a training.

use super::profile;
use super::screen::Screen;
use gboost::Result;
use gboost_jobs::results::{TrainFiles, TrainOutcome};
use gboost_jobs::text::{count, figure};
use gboost_report::Seconds;

/// Shows the kernels' times, where they were measured, and what came of a training.
pub fn training(outcome: &TrainOutcome, files: &TrainFiles, screen: &Screen) -> Result<()> {
    if let Some(profile) = &outcome.trained.profile {
        screen.line("")?;
        screen.headed(&format!("{}\n", profile::text(profile)))?;
    }
    if screen.is_quiet() {
        return Ok(());
    }
    let (params, outcome) = (&outcome.params, &outcome.metrics);
    let channels: Vec<_> = outcome.channels.iter().collect();
    let header: Vec<&str> = std::iter::once("").chain(channels.iter().map(|(name, _)| *name)).collect();
    let mut rows = vec![row("rows", channels.iter().map(|(_, figures)| figures.rows.to_string()))];
    let numbers: Vec<_> = channels.iter().map(|(_, figures)| figures.numbers()).collect();
    for (index, (name, _)) in numbers[0].iter().enumerate() {
        rows.push(row(name, numbers.iter().map(|numbers| figure(numbers[index].1))));
    }
    screen.line("")?;
    screen.table(&header, rows)?;
    screen.line("")?;

    let rounds = match (outcome.best_round, outcome.stopped_early || params.early_stopping_rounds.is_some()) {
        (Some(best), true) => format!("{}, figures of the best, [{best}]", count(outcome.rounds, "round")),
        (Some(best), false) => {
            format!("{}, figures of all; best validation in [{best}]", count(outcome.rounds, "round"))
        }
        (None, _) => count(outcome.rounds, "round"),
    };
    let Seconds { read, bin, train, evaluate, total } = outcome.seconds;
    let lines = [
        ("rounds", rounds),
        (
            "seconds",
            format!(
                "{total:.2} (read {read:.2}, bin {bin:.2}, train {train:.2}, evaluate {evaluate:.2}) on {}",
                outcome.adapter
            ),
        ),
        ("model", format!("{} (sha256 {})", files.model.display(), outcome.model_sha256)),
        (
            "manifest",
            files.manifest.as_ref().map_or("none: the model is no file".into(), |path| path.display().to_string()),
        ),
        ("metrics", files.metrics.display().to_string()),
        ("history", files.history.display().to_string()),
    ];
    let report = files.report.as_ref().map(|places| ("report", places.html.display().to_string()));
    lines.into_iter().chain(report).try_for_each(|(name, value)| screen.line(&format!("{name:8} {value}")))
}

fn row(name: &str, values: impl Iterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_string()).chain(values).collect()
}
