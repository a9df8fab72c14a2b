//! What is shown while rounds run.

use super::interrupt;
use super::screen::Screen;
use gboost::internals::train::contest::News;
use gboost::validation::{CrossValidated, CvProgress};
use gboost::{Progress, Result, Trained};
use gboost_report::{cv_round_line, round_line};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr, stdout};
use std::ops::ControlFlow;

/// Form in which rounds are displayed.
enum Form {
    /// Displays no rounds at all.
    Hidden,
    /// A line on standard output per this number of rounds, and for the last one.
    Lines(usize),
    /// A progress bar on standard error.
    Bar(ProgressBar),
}

/// The observer of a training.
pub struct Display<'a> {
    screen: &'a Screen,
    form: Form,
    last_shown: Option<usize>,
    failure: Result<()>,
    rounds: usize,
}

impl<'a> Display<'a> {
    /// Chooses the form: lines if they are asked for or standard output is no terminal, a bar
    /// otherwise.
    pub fn new(screen: &'a Screen, log_every: Option<u32>, rounds: u32) -> Self {
        let form = match log_every {
            _ if screen.is_quiet() => Form::Hidden,
            Some(every) => Form::Lines(every.max(1) as usize),
            None if !stdout().is_terminal() || !stderr().is_terminal() => Form::Lines(1),
            None => Form::Bar(bar(rounds)),
        };
        interrupt::round(0, rounds as usize);
        Self { screen, form, last_shown: None, failure: Ok(()), rounds: rounds as usize }
    }

    /// Shows a round; `Break` if it cannot be shown, or after Ctrl-C.
    pub fn show(&mut self, progress: &Progress<'_>) -> ControlFlow<()> {
        self.tell(progress.events);
        let line = |round| round_line(round, progress.channels, progress.metrics);
        self.advance(progress.done, progress.values.map(|round| (round.round, line(round))))
    }

    /// Shows a round of a cross-validation in the same way.
    pub fn show_folds(&mut self, progress: &CvProgress<'_>) -> ControlFlow<()> {
        self.tell(progress.events);
        let line = cv_round_line(progress.values, progress.metrics);
        self.advance(progress.done, Some((progress.values.round, line)))
    }

    /// What became of the backend: a failure in any case, the rest with `-v`.
    fn tell(&self, news: &[News]) {
        for news in news {
            let say = || {
                let line = format!("auto: {news}");
                if news.is_failure() { self.screen.note(&line) } else { self.screen.detail(&line) }
            };
            match &self.form {
                Form::Bar(bar) => bar.suspend(say),
                Form::Hidden | Form::Lines(_) => say(),
            }
        }
    }

    fn advance(&mut self, done: usize, round: Option<(usize, String)>) -> ControlFlow<()> {
        interrupt::round(done, self.rounds);
        if interrupt::is_interrupted() {
            if let Form::Bar(bar) = &self.form {
                bar.finish_and_clear();
            }
            return ControlFlow::Break(());
        }
        let Some((round, line)) = round else { return ControlFlow::Continue(()) };
        match &self.form {
            Form::Hidden => {}
            Form::Lines(every) if (done - 1).is_multiple_of(*every) => self.print(round, &line),
            Form::Lines(_) => {}
            Form::Bar(bar) => {
                bar.set_position(done as u64);
                bar.set_message(line.split_once('\t').map_or("", |(_, values)| values).replace('\t', "  "));
            }
        }
        if self.failure.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Ends the display: the last round is always shown. Answers a failure to print.
    pub fn finish(self, trained: Option<&Trained>) -> Result<()> {
        let line = |trained: &Trained| {
            let round = trained.history.last()?;
            Some((round.round, round_line(round, &trained.channels, &trained.metrics)))
        };
        self.end(trained.and_then(line))
    }

    /// Ends the display of a cross-validation likewise.
    pub fn finish_folds(self, found: Option<&CrossValidated>) -> Result<()> {
        let line = |found: &CrossValidated| {
            let round = found.history.last()?;
            Some((round.round, cv_round_line(round, &found.metrics)))
        };
        // The table of a stopped cross-validation ends at its best round, which was left behind.
        self.end(found.filter(|found| !found.stopped_early).and_then(line))
    }

    fn end(mut self, last: Option<(usize, String)>) -> Result<()> {
        if let Form::Bar(bar) = &self.form {
            bar.finish_and_clear();
        }
        if let (Form::Lines(_), Some((round, line))) = (&self.form, last)
            && self.last_shown != Some(round)
        {
            self.print(round, &line);
        }
        self.failure
    }

    fn print(&mut self, round: usize, line: &str) {
        self.failure = self.screen.line(line);
        self.last_shown = Some(round);
    }
}

/// The bar of work that goes through rows; hidden if quiet or where standard error is no terminal.
pub fn rows_bar(screen: &Screen, rows: usize) -> ProgressBar {
    if screen.is_quiet() || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    styled(rows as u64, "{bar:30} {pos}/{len} rows  {elapsed} (left: {eta})")
}

/// The sign of life of work that cannot say how far it is; hidden where a bar is.
pub fn spinner(screen: &Screen, message: &'static str) -> ProgressBar {
    if screen.is_quiet() || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let spinner = styled(0, "{spinner} {msg}  {elapsed}");
    spinner.set_message(message);
    spinner.enable_steady_tick(std::time::Duration::from_millis(120));
    spinner
}

fn bar(rounds: u32) -> ProgressBar {
    styled(u64::from(rounds), "{bar:30} {pos}/{len} rounds  {elapsed} (left: {eta})  {msg}")
}

fn styled(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    // The template is fixed; were it wrong, the default style would do.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
