//! What is shown while a search runs: a line a trial, and a bar with the best so far.

use super::interrupt;
use super::screen::Screen;
use gboost::Result;
use gboost::validation::tune::{Event, ObjectiveMetric, Status, Trial, text_of};
use gboost_jobs::text::{count, figure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeSet;
use std::io::{IsTerminal, stderr, stdout};
use std::ops::ControlFlow;

/// The observer of a search.
pub struct TrialDisplay<'a> {
    screen: &'a Screen,
    objective: ObjectiveMetric,
    bar: Option<ProgressBar>,
    /// Numbers of the trials that ended; one that is continued ends several times.
    ended: BTreeSet<usize>,
    failure: Result<()>,
}

impl<'a> TrialDisplay<'a> {
    /// A bar where standard output and standard error are a terminal; lines unless quiet.
    pub fn new(screen: &'a Screen, objective: ObjectiveMetric, trials: usize) -> Self {
        let shown = !screen.is_quiet() && stdout().is_terminal() && stderr().is_terminal();
        Self { screen, objective, bar: shown.then(|| bar(trials)), ended: BTreeSet::new(), failure: Ok(()) }
    }

    /// Shows what happened; `Break` if it cannot be shown, or after Ctrl-C.
    pub fn show(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if interrupt::is_interrupted() {
            self.clear();
            return ControlFlow::Break(());
        }
        match event {
            Event::Started(proposal) => self.screen.detail(&format!("trial {} starts", proposal.number)),
            Event::Round { .. } => {
                if let Some(bar) = &self.bar {
                    bar.tick();
                }
            }
            Event::Finished { trial, from_journal, best } => self.finished(trial, *from_journal, *best),
        }
        if self.failure.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn finished(&mut self, trial: &Trial, from_journal: bool, best: Option<&Trial>) {
        let is_best = best.is_some_and(|best| best.number == trial.number);
        if !self.screen.is_quiet() {
            let line = line(trial, self.objective, is_best, from_journal);
            let print = || self.screen.line(&line);
            self.failure = match &self.bar {
                Some(bar) => bar.suspend(print),
                None => print(),
            };
        }
        if let Some(bar) = &self.bar {
            self.ended.insert(trial.number);
            bar.set_position(self.ended.len() as u64);
            if let Some((best, value)) = best.and_then(|best| Some((best, best.objective_value?))) {
                bar.set_message(format!("best {} {} (trial {})", self.objective, figure(value), best.number));
            }
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Ends the display. Answers a failure to print.
    pub fn finish(self) -> Result<()> {
        self.clear();
        self.failure
    }
}

/// Returns a finished trial as one line of text: number, status, values, parameters.
fn line(trial: &Trial, objective: ObjectiveMetric, is_best: bool, from_journal: bool) -> String {
    let mut words = vec![format!("trial {}", trial.number)];
    if trial.status != Status::Completed {
        words.push(trial.status.name().to_string());
    }
    words.extend(trial.objective_value.map(|value| format!("{objective} {}", figure(value))));
    words.extend(trial.cv.map(|cv| format!("cv {} sd {:.6}", figure(cv.mean), cv.std)));
    words.extend(trial.error.iter().map(|error| error.message.clone()));
    if trial.rounds > 0 {
        words.push(count(trial.rounds, "round"));
    }
    words.extend(trial.settings.iter().map(|(name, value)| format!("{name} {}", text_of(value))));
    words.push(if from_journal { "from the journal".to_string() } else { format!("{:.2} s", trial.seconds) });
    if is_best {
        words.push("best so far".to_string());
    }
    words.join("  ")
}

fn bar(trials: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(trials as u64), ProgressDrawTarget::stderr());
    // The template is fixed; were it wrong, the default style would do.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} trials  {elapsed} (left: {eta})  {msg}") {
        bar.set_style(style);
    }
    bar
}
