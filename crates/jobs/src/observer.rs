//! What a job tells while it runs, and how it is stopped.

use gboost::validation::tune::{self, ObjectiveMetric, Tuned};
use gboost::validation::{CrossValidated, CvProgress};
use gboost::{Error, ErrorKind, Progress, Result, Trained};
use std::ops::ControlFlow;
use std::path::Path;

/// Is told of a job's events, and can stop it at each of them.
///
/// A closure `FnMut(&Event) -> ControlFlow<()>` is one; [`Silent`] lets a job run to its end.
pub trait Observer: Send {
    /// Receives an event. `Break` stops the job, which then leaves nothing half written and ends
    /// with the error of [`Observer::reason`].
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()>;

    /// Returns the error that a job ends with after a `Break`.
    fn reason(&mut self) -> Error {
        Error::new(ErrorKind::Interrupted, "the job was stopped")
    }

    /// Returns whether the metrics of each round are looked at. Otherwise a training without
    /// validation data may evaluate its last round alone.
    fn wants_rounds(&self) -> bool {
        true
    }

    /// Returns whether notes and warnings are read. Otherwise a job may save what only they need.
    fn wants_notes(&self) -> bool {
        true
    }
}

impl<F: FnMut(&Event<'_>) -> ControlFlow<()> + Send> Observer for F {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self(event)
    }
}

/// The observer that reads nothing and stops nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn on(&mut self, _: &Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn wants_rounds(&self) -> bool {
        false
    }

    fn wants_notes(&self) -> bool {
        false
    }
}

/// Phase of a job, for progress displays.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Phase<'a> {
    /// The places of the results are checked and locked. Ends with [`Event::Claimed`].
    Claiming,
    /// Pipes are copied, so that they can be read twice.
    Copying,
    /// The rows of a channel are read.
    Reading,
    /// Training rows are binned, and their values given up.
    Binning,
    /// A model is trained. Ends with [`Event::Trained`].
    Training {
        /// Number of rounds; early stopping may end the training before.
        rounds: u32,
    },
    /// The models of the folds are trained. Ends with [`Event::CrossValidated`].
    CrossValidating {
        /// Number of rounds; early stopping may end the trainings before.
        rounds: u32,
    },
    /// Trials run. Ends with [`Event::Searched`].
    Searching {
        /// Metric that the search optimises.
        objective: ObjectiveMetric,
        /// Number of trials, at most.
        trials: usize,
        /// Where finished trials are kept, whatever becomes of the search.
        journal: &'a Path,
    },
    /// The figures of a trained model are computed. Has no end of its own.
    Evaluating,
    /// A report is computed and drafted.
    Reporting,
    /// Files are written under hidden names. Has no end of its own.
    Drafting,
    /// The last files are written, and all of them get their names. Has no end of its own.
    Writing,
}

/// Something that happened in a job.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A phase begins, before its other events.
    Begins(Phase<'a>),
    /// A phase ends, unless it has an event of its own for that.
    Ends(Phase<'a>),
    /// The places of the results were locked; the main result first, without a journal.
    Claimed(&'a [&'a Path]),
    /// A detail that few care for.
    Detail(&'a str),
    /// Information for the user; the job goes on.
    Note(&'a str),
    /// Something that may be wrong; the text has no word such as "warning".
    Warning(&'a str),
    /// A round of a training ended.
    Round(&'a Progress<'a>),
    /// A round of a cross-validation ended.
    FoldRound(&'a CvProgress<'a>),
    /// Something happened in a search.
    Trial(&'a tune::Event<'a>),
    /// A training ended; `None` if it failed or was stopped.
    Trained(Option<&'a Trained>),
    /// A cross-validation ended; `None` if it failed or was stopped.
    CrossValidated(Option<&'a CrossValidated>),
    /// A search ended; `None` if it failed or was stopped.
    Searched(Option<&'a Tuned>),
    /// Nothing: the job can be stopped here.
    Tick,
}

/// How the text of a warning begins where it is one line among notes.
const WARNING: &str = "warning: ";

impl dyn Observer + '_ {
    /// Passes an event to the observer.
    ///
    /// # Errors
    ///
    /// [`Observer::reason`], if the observer stops the job.
    pub fn tell(&mut self, event: &Event<'_>) -> Result<()> {
        match self.on(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(self.reason()),
        }
    }

    /// Reports that a phase begins.
    ///
    /// # Errors
    ///
    /// The observer's reason to stop.
    pub fn begin(&mut self, phase: Phase<'_>) -> Result<()> {
        self.tell(&Event::Begins(phase))
    }

    /// Does the work of a phase, and reports its end even if it fails.
    ///
    /// # Errors
    ///
    /// The work's, or the observer's reason to stop.
    pub fn during<T>(&mut self, phase: Phase<'_>, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.begin(phase)?;
        let done = work(self);
        let told = self.tell(&Event::Ends(phase));
        done.and_then(|done| told.map(|()| done))
    }

    /// Gives the observer a chance to stop the job.
    ///
    /// # Errors
    ///
    /// The observer's reason to stop.
    pub fn check(&mut self) -> Result<()> {
        self.tell(&Event::Tick)
    }

    /// Reports a line: a warning if it begins with "warning: ", otherwise a note.
    ///
    /// # Errors
    ///
    /// The observer's reason to stop.
    pub fn note(&mut self, line: &str) -> Result<()> {
        match line.strip_prefix(WARNING) {
            Some(text) => self.tell(&Event::Warning(text)),
            None => self.tell(&Event::Note(line)),
        }
    }

    /// Reports a detail.
    ///
    /// # Errors
    ///
    /// The observer's reason to stop.
    pub fn detail(&mut self, line: &str) -> Result<()> {
        self.tell(&Event::Detail(line))
    }

    /// Puts the observer's reason in place of the error of a training that it stopped.
    pub(crate) fn or_reason(&mut self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Interrupted => self.reason(),
            _ => error,
        }
    }
}
