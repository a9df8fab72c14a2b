//! The observer of jobs: shows on a screen what they tell, and stops them after Ctrl-C.

use super::interrupt;
use super::progress::{Display, spinner};
use super::screen::Screen;
use gboost::{Error, Result};
use gboost_jobs::{Event, Observer, Phase};
use indicatif::ProgressBar;
use std::ops::ControlFlow;

/// Shows a job on a screen.
pub struct Teller<'a> {
    screen: &'a Screen,
    /// Where rounds are shown.
    live: &'a Screen,
    log_every: Option<u32>,
    display: Option<Display<'a>>,
    spinner: Option<ProgressBar>,
    /// Why the job was stopped, unless by Ctrl-C.
    failure: Option<Error>,
}

impl<'a> Teller<'a> {
    /// Shows all on one screen.
    pub fn new(screen: &'a Screen) -> Self {
        Self { screen, live: screen, log_every: None, display: None, spinner: None, failure: None }
    }

    /// Shows a line every `log_every` rounds, where that is given.
    pub fn log_every(self, log_every: Option<u32>) -> Self {
        Self { log_every, ..self }
    }

    /// Hides the rounds; notes and warnings are still written.
    pub fn without_rounds(self) -> Self {
        Self { live: Screen::QUIET, ..self }
    }

    /// Stops the job with the error of `work`, if it fails.
    pub fn or_stop(&mut self, work: Result<()>) -> ControlFlow<()> {
        match work {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn begins(&mut self, phase: Phase<'_>) -> Result<()> {
        match phase {
            Phase::Claiming | Phase::Drafting => interrupt::enter(interrupt::Phase::Writing)?,
            Phase::Copying => interrupt::doing("while the data was read"),
            Phase::Reading => {
                interrupt::doing("while the data was read");
                self.spinner = Some(spinner(self.screen, "reading"));
            }
            Phase::Binning => self.spinner = Some(spinner(self.screen, "binning")),
            Phase::Training { rounds } | Phase::CrossValidating { rounds } => {
                interrupt::enter(interrupt::Phase::Rounds)?;
                self.display = Some(Display::new(self.live, self.log_every, rounds));
            }
            Phase::Evaluating => interrupt::doing("while the model was evaluated"),
            Phase::Reporting => {
                interrupt::doing("while the report was computed");
                self.spinner = Some(spinner(self.screen, "computing the report"));
            }
            Phase::Writing => {
                interrupt::doing("before the files were complete");
                interrupt::enter(interrupt::Phase::Writing)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn ends(&mut self, phase: Phase<'_>) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
        if matches!(phase, Phase::Copying | Phase::Reading) {
            interrupt::doing("");
        }
    }

    /// Ends the display of rounds, and enters the next phase if there is something to go on with.
    fn finish(&mut self, end: impl FnOnce(Display<'a>) -> Result<()>, goes_on: bool) -> Result<()> {
        self.display.take().map_or(Ok(()), end)?;
        if goes_on { interrupt::enter(interrupt::Phase::Reading) } else { Ok(()) }
    }

    fn show(&mut self, event: &Event<'_>) -> Result<()> {
        match *event {
            Event::Begins(phase) => self.begins(phase)?,
            Event::Ends(phase) => self.ends(phase),
            Event::Claimed(paths) => {
                interrupt::writes(paths.iter().copied());
                interrupt::enter(interrupt::Phase::Reading)?;
            }
            Event::Detail(text) => self.screen.detail(text),
            Event::Note(text) => self.screen.note(text),
            Event::Warning(text) => self.screen.note(&format!("warning: {text}")),
            Event::Trained(trained) => self.finish(|display| display.finish(trained), trained.is_some())?,
            Event::CrossValidated(found) => self.finish(|display| display.finish_folds(found), found.is_some())?,
            Event::Tick => interrupt::check()?,
            _ => {}
        }
        Ok(())
    }
}

impl Observer for Teller<'_> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        // A round that cannot be shown stops the rounds; the failure is reported at their end.
        match (event, &mut self.display) {
            (Event::Round(progress), Some(display)) => display.show(progress),
            (Event::FoldRound(progress), Some(display)) => display.show_folds(progress),
            _ => {
                let shown = self.show(event);
                self.or_stop(shown)
            }
        }
    }

    fn reason(&mut self) -> Error {
        self.failure.take().unwrap_or_else(interrupt::interrupted)
    }

    fn wants_rounds(&self) -> bool {
        !self.live.is_quiet()
    }

    fn wants_notes(&self) -> bool {
        !self.screen.is_quiet()
    }
}
