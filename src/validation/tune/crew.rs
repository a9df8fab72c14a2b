//! The threads that run trials side by side.
//!
//! Each works on one trial after another with its own share of the processor. What they find is
//! taken in the order of the trials' numbers, so that the search goes the same way however many
//! there are.

use super::journal::Journal;
use super::median::Medians;
use super::run::{Outcome, Runner};
use super::strategy::Proposal;
use super::trial::{Failure, Status, Trial};
use super::tuned::{Ended, Tracker, best_of};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Model;
use crate::util::clock::Clock;
use crate::util::threads::{most_threads, thread_pool};
use crate::validation::MeanStd;
use crate::validation::tune::event::{Event, Observer};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

/// The workers, and what they need and leave.
pub(super) struct Crew<'r, 'a> {
    runner: &'r Runner<'a>,
    /// The threads of each worker.
    pools: Vec<rayon::ThreadPool>,
    /// The models of trials that may be continued, by number; `None` if none ever are.
    models: Option<BTreeMap<usize, Vec<Model>>>,
    /// Trials of the journal, and parts of trials, that need not be run again, by number and rounds
    /// asked for.
    recorded: BTreeMap<(usize, Option<u32>), Trial>,
    pub journal: Option<Journal>,
    pub observer: Option<Observer<'a>>,
}

/// Trials that may run side by side.
pub(super) struct Batch<'b> {
    pub proposals: &'b [Proposal],
    pub medians: &'b Medians,
    /// The trials that ended before, by number.
    pub before: &'b [Trial],
}

/// What a worker tells.
enum Message {
    Started(usize),
    Round { index: usize, done: usize, value: Option<f64> },
    Finished { index: usize, trial: Box<Trial>, models: Vec<Model> },
}

impl<'r, 'a> Crew<'r, 'a> {
    /// As many workers as trials run at a time; the threads that the parameters allow are dealt out
    /// among them.
    pub fn new(runner: &'r Runner<'a>, workers: usize, continues: bool) -> Result<Self> {
        let threads = match runner.params.nthread {
            None | Some(0) => std::thread::available_parallelism().map_or(1, usize::from),
            Some(threads) => threads.min(most_threads()),
        };
        let share = |worker: usize| (threads / workers + usize::from(worker < threads % workers)).max(1);
        let pools = (0..workers).map(|worker| thread_pool(Some(share(worker)))).collect::<Result<_>>()?;
        let models = continues.then(BTreeMap::new);
        Ok(Self { runner, pools, models, recorded: BTreeMap::new(), journal: None, observer: None })
    }

    /// Takes trials of a journal, which need not be run again; of several lines of one the first
    /// counts.
    pub fn remember(&mut self, trials: impl Iterator<Item = Trial>) {
        for trial in trials {
            self.recorded.entry((trial.number, trial.asked)).or_insert(trial);
        }
    }

    /// Runs trials, and answers them in order, up to the one that ends the search, if one does.
    pub fn run(&mut self, batch: &Batch<'_>, tracker: &mut Tracker) -> Result<(Vec<Trial>, Option<Ended>)> {
        let mut taken =
            Taken { ended: None, count: 0, results: vec![None; batch.proposals.len()], numbers: BTreeSet::new() };
        for (index, proposal) in batch.proposals.iter().enumerate() {
            let Some(trial) = self.recall(proposal)? else { continue };
            taken.put(index, trial);
            self.tell_finished(batch, &taken, index, true)?;
        }
        taken.advance(tracker);
        if let Some(models) = &mut self.models {
            models.retain(|number, _| batch.proposals.iter().any(|proposal| proposal.number == *number));
        }
        let waiting: Vec<usize> = (0..batch.proposals.len()).filter(|&index| taken.results[index].is_none()).collect();
        if taken.ended.is_none() && !waiting.is_empty() {
            self.work(batch, &waiting, &mut taken, tracker)?;
        }
        taken.results.truncate(taken.count);
        Ok((taken.results.into_iter().flatten().collect(), taken.ended))
    }

    /// The trial, or the part of it, as the journal has it.
    fn recall(&self, proposal: &Proposal) -> Result<Option<Trial>> {
        let Some(trial) = self.recorded.get(&(proposal.number, proposal.rounds)) else { return Ok(None) };
        if trial.settings != proposal.settings {
            return Err(Error::parameter(format!(
                "trial {} of the journal has other settings than this search would try",
                trial.number
            ))
            .remedy("resume with the version of gboost and the number of trials that it was started with"));
        }
        Ok(Some(trial.clone()))
    }

    /// Lets the workers run the trials at these places of the batch.
    fn work(&mut self, batch: &Batch<'_>, waiting: &[usize], taken: &mut Taken, tracker: &mut Tracker) -> Result<()> {
        let next = AtomicUsize::new(0);
        // Trials at this place of the batch and after it are given up.
        let limit = AtomicUsize::new(batch.proposals.len());
        let (runner, pools, models) = (self.runner, std::mem::take(&mut self.pools), self.models.take());
        let (sender, receiver) = channel();
        let mut failure = Ok(());
        let mut new_models = Vec::new();
        std::thread::scope(|scope| {
            for pool in &pools {
                let models = models.as_ref();
                let worker =
                    Worker { runner, batch, waiting, models, next: &next, limit: &limit, tell: sender.clone() };
                let work = move || pool.install(|| worker.run());
                if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, work) {
                    let error = Error::parameter(format!("cannot start threads: {error}"));
                    failure = Err(error.remedy("give fewer {threads} or {parallel-trials}"));
                    limit.store(0, Ordering::Relaxed);
                    break;
                }
            }
            drop(sender);
            for message in receiver {
                if failure.is_ok() {
                    failure = self.hear(message, batch, taken, &mut new_models);
                    taken.advance(tracker);
                }
                let end = if failure.is_err() { Some(0) } else { taken.ended.map(|_| taken.count) };
                if let Some(end) = end {
                    limit.store(end, Ordering::Relaxed);
                }
            }
        });
        self.pools = pools;
        self.models = models.map(|mut models| {
            models.extend(new_models);
            models
        });
        failure
    }

    fn hear(
        &mut self,
        message: Message,
        batch: &Batch<'_>,
        taken: &mut Taken,
        new_models: &mut Vec<(usize, Vec<Model>)>,
    ) -> Result<()> {
        match message {
            Message::Started(index) => self.tell(&Event::Started(&batch.proposals[index])),
            Message::Round { index, done, value } => {
                self.tell(&Event::Round { trial: batch.proposals[index].number, done, value })
            }
            Message::Finished { index, trial, models } => {
                if let Some(journal) = &mut self.journal {
                    journal.append(&trial)?;
                }
                new_models.push((trial.number, models));
                taken.put(index, *trial);
                self.tell_finished(batch, taken, index, false)
            }
        }
    }

    fn tell_finished(&mut self, batch: &Batch<'_>, taken: &Taken, index: usize, from_journal: bool) -> Result<()> {
        let Some(trial) = &taken.results[index] else { return Ok(()) };
        // A part of a trial gives way to the next one.
        let is_past = |before: &&Trial| !taken.numbers.contains(&before.number);
        let known = batch.before.iter().filter(is_past).chain(taken.results.iter().flatten());
        let best = best_of(known, self.runner.direction);
        self.tell(&Event::Finished { trial, from_journal, best })
    }

    fn tell(&mut self, event: &Event<'_>) -> Result<()> {
        match self.observer.as_mut().map(|observer| observer(event)) {
            Some(ControlFlow::Break(())) => Err(Error::new(ErrorKind::Interrupted, "interrupted")),
            _ => Ok(()),
        }
    }
}

/// What has come in, and how much of it counts.
struct Taken {
    results: Vec<Option<Trial>>,
    /// The numbers of those that there are.
    numbers: BTreeSet<usize>,
    /// Trials from the first one on that were taken.
    count: usize,
    ended: Option<Ended>,
}

impl Taken {
    /// What has come of a place of the batch.
    fn put(&mut self, index: usize, trial: Trial) {
        self.numbers.insert(trial.number);
        self.results[index] = Some(trial);
    }

    /// Takes the trials whose turn it is.
    fn advance(&mut self, tracker: &mut Tracker) {
        while self.ended.is_none()
            && let Some(Some(trial)) = self.results.get(self.count)
        {
            self.ended = tracker.accept(trial);
            self.count += 1;
        }
    }
}

/// One worker.
struct Worker<'w, 'a> {
    runner: &'w Runner<'a>,
    batch: &'w Batch<'w>,
    waiting: &'w [usize],
    models: Option<&'w BTreeMap<usize, Vec<Model>>>,
    next: &'w AtomicUsize,
    limit: &'w AtomicUsize,
    tell: Sender<Message>,
}

impl Worker<'_, '_> {
    /// Runs trials until none is left.
    fn run(&self) {
        while let Some(&index) = self.waiting.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if !self.wanted(index) {
                return;
            }
            self.send(Message::Started(index));
            let proposal = &self.batch.proposals[index];
            let before = proposal.number.checked_sub(1).and_then(|place| self.batch.before.get(place));
            let clock = Clock::start();
            let found = self.attempt(index);
            if !self.wanted(index) {
                return;
            }
            let times = clock.times();
            let mut trial = Trial {
                number: proposal.number,
                status: Status::Failed,
                settings: proposal.settings.clone(),
                objective_value: None,
                cv: None,
                rounds: 0,
                asked: proposal.rounds,
                history: before.map(|before| before.history.clone()).unwrap_or_default(),
                start: before.map_or(times.start, |before| before.start.clone()),
                end: times.end,
                seconds: times.seconds + before.map_or(0.0, |before| before.seconds),
                error: None,
            };
            let mut models = Vec::new();
            match found {
                Ok((outcome, cv)) => {
                    trial.status = outcome.status;
                    trial.objective_value = Some(outcome.value);
                    trial.cv = outcome.cv.or(cv);
                    trial.rounds = outcome.rounds;
                    let known = trial.history.last().map_or(0, |(rounds, _)| *rounds);
                    trial.history.extend(outcome.history.into_iter().filter(|(rounds, _)| *rounds > known));
                    models = outcome.models;
                }
                Err(error) => {
                    let device = matches!(error.kind(), ErrorKind::Device | ErrorKind::Unavailable);
                    trial.error = Some(Failure { message: error.to_string(), device });
                }
            }
            if self.models.is_none() {
                models.clear();
            }
            self.send(Message::Finished { index, trial: Box::new(trial), models });
        }
    }

    fn attempt(&self, index: usize) -> Result<(Outcome, Option<MeanStd>)> {
        let proposal = &self.batch.proposals[index];
        let start = self.models.and_then(|models| models.get(&proposal.number)).map_or(&[][..], Vec::as_slice);
        let mut on_round = |done, value| {
            self.send(Message::Round { index, done, value });
            if self.wanted(index) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let outcome = self.runner.run(proposal, start, self.batch.medians, &mut on_round)?;
        let cv = match outcome.status {
            Status::Completed => self.runner.score_folds(proposal, &mut on_round)?,
            _ => None,
        };
        Ok((outcome, cv))
    }

    fn wanted(&self, index: usize) -> bool {
        index < self.limit.load(Ordering::Relaxed)
    }

    fn send(&self, message: Message) {
        // The receiver outlives all workers.
        let _ = self.tell.send(message);
    }
}
