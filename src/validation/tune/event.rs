//! What the observer of a search is told.

use super::strategy::Proposal;
use super::trial::Trial;
use std::ops::ControlFlow;

/// What an observer is told, on the thread that called [`Tuner::run`](super::Tuner::run).
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A trial starts, or is continued.
    Started(&'a Proposal),
    /// A round of a trial or of its cross-validation ended.
    Round {
        /// The trial's number.
        trial: usize,
        /// Rounds done in this training.
        done: usize,
        /// The objective metric, where it was evaluated.
        value: Option<f64>,
    },
    /// A trial ended, or a part of one; trials that run side by side end in any order.
    Finished {
        /// The trial.
        trial: &'a Trial,
        /// Whether it is taken from the journal.
        from_journal: bool,
        /// The best trial of those that have ended.
        best: Option<&'a Trial>,
    },
}

/// The observer of a search.
pub(crate) type Observer<'a> = Box<dyn FnMut(&Event<'_>) -> ControlFlow<()> + 'a>;
