//! Which backend keeps a training: the rule of `auto`, as a state machine without a clock of its
//! own.
//!
//! Both backends write the same bytes, so time may decide. A training begins on the processor.
//! Where so much work is left that a GPU can save more than it takes to start one, the GPU takes
//! over at the end of a round, runs a few rounds, and the faster of the two keeps the rest.
//! Trainings that end before never look for a GPU.

use crate::backend::Side;
use std::fmt;
use std::time::Duration;

/// What starting a GPU may take: finding the adapters, opening one, compiling the kernels,
/// uploading the data. A training that is done within this time never looks for a GPU, whatever
/// number of rounds it was given.
const START: Duration = Duration::from_secs(2);
/// The work that must be left on the processor: at five times the start, a GPU of twice the speed
/// saves more than it took to start.
const WORTH: Duration = Duration::from_secs(10);
/// Rounds that are timed on either side, after one to warm up.
const TIMED: usize = 3;
/// Fewer will do if they take this long.
const LONG: Duration = Duration::from_secs(1);

/// When a training changes from one backend to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// By the measured time per round on either backend.
    #[default]
    Measured,
    /// To the other side after each of these numbers of rounds, ascending: for tests, since the
    /// model is the same.
    After(Vec<usize>),
}

/// The last rounds of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pace {
    rounds: usize,
    spent: Duration,
    /// Times of the last [`TIMED`] rounds; the first round of all is not among them.
    last: Vec<Duration>,
}

impl Pace {
    fn add(&mut self, took: Duration) {
        self.rounds += 1;
        self.spent += took;
        if self.rounds > 1 {
            if self.last.len() == TIMED {
                self.last.remove(0);
            }
            self.last.push(took);
        }
    }

    /// The median, once it means something.
    fn round(&self) -> Option<Duration> {
        let mut sorted = self.last.clone();
        sorted.sort_unstable();
        let enough = sorted.len() >= TIMED || sorted.iter().sum::<Duration>() >= LONG;
        sorted.get(sorted.len() / 2).copied().filter(|_| enough)
    }
}

/// Stage of the contest; it only advances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// The processor is at work, the GPU was not tried.
    #[default]
    Before,
    /// The GPU runs its trial rounds.
    Trial,
    /// The backend of the remaining rounds is settled.
    Over,
}

/// The contest of both backends over one training.
#[derive(Clone, Debug, Default)]
pub struct Contest {
    rule: Rule,
    stage: Stage,
    cpu: Pace,
    gpu: Pace,
}

impl Contest {
    /// A contest that has not begun.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        Self { rule, ..Self::default() }
    }

    /// Adds the time of a round that ran on `side` and after which `left` may follow. Returns
    /// the side that takes over, if the backend changes.
    pub fn after_round(&mut self, side: Side, took: Duration, left: usize) -> Option<Side> {
        match side {
            Side::Cpu => self.cpu.add(took),
            Side::Gpu => self.gpu.add(took),
        }
        let other = match side {
            Side::Cpu => Side::Gpu,
            Side::Gpu => Side::Cpu,
        };
        if left == 0 || self.stage == Stage::Over {
            return None;
        }
        match &self.rule {
            Rule::After(rounds) => rounds.contains(&(self.cpu.rounds + self.gpu.rounds)).then_some(other),
            Rule::Measured if self.stage == Stage::Before => {
                let work = self.cpu.round()?.saturating_mul_rounds(left);
                (self.cpu.spent >= START && work >= WORTH).then(|| {
                    self.stage = Stage::Trial;
                    Side::Gpu
                })
            }
            Rule::Measured => {
                let (cpu, gpu) = (self.cpu.round()?, self.gpu.round()?);
                self.stage = Stage::Over;
                (cpu <= gpu).then_some(Side::Cpu)
            }
        }
    }

    /// The processor keeps the training: there is no GPU for it.
    pub fn settle(&mut self) {
        self.stage = Stage::Over;
    }

    /// Whether the GPU has run its trial.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Returns rounds and seconds per backend so far.
    #[must_use]
    pub fn record(&self) -> Record {
        Record {
            cpu_rounds: self.cpu.rounds,
            gpu_rounds: self.gpu.rounds,
            cpu_seconds: self.cpu.spent.as_secs_f64(),
            gpu_seconds: self.gpu.spent.as_secs_f64(),
            cpu_round_seconds: self.cpu.round().map(|time| time.as_secs_f64()),
            gpu_round_seconds: self.gpu.round().map(|time| time.as_secs_f64()),
            gpu: None,
            reason: String::new(),
        }
    }
}

/// A product that stays within what a duration holds.
trait Rounds {
    fn saturating_mul_rounds(self, rounds: usize) -> Duration;
}

impl Rounds for Duration {
    fn saturating_mul_rounds(self, rounds: usize) -> Duration {
        self.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX))
    }
}

/// What ran where in a training on `auto`, and why.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Record {
    /// Rounds on the processor.
    pub cpu_rounds: usize,
    /// Rounds on the GPU, those of its trial included.
    pub gpu_rounds: usize,
    /// Seconds that they took on the processor.
    pub cpu_seconds: f64,
    /// Seconds that they took on the GPU.
    pub gpu_seconds: f64,
    /// Seconds of one round on the processor, the median of the last three that were timed there,
    /// where they say enough.
    pub cpu_round_seconds: Option<f64>,
    /// Seconds of one round on the GPU, likewise.
    pub gpu_round_seconds: Option<f64>,
    /// The GPU that was tried.
    pub gpu: Option<String>,
    /// Why it ended where it did.
    pub reason: String,
}

/// What `auto` did between two rounds.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The GPU takes over, to be tried.
    Tried {
        /// Name of the adapter that takes over.
        gpu: String,
        /// Seconds of a round on the processor.
        cpu_round: Option<f64>,
        /// Rounds that may still follow.
        left: usize,
    },
    /// The GPU was tried; the faster side keeps the rest.
    Decided {
        /// The faster side, which keeps the remaining rounds.
        winner: Side,
        /// Name of the adapter that was tried.
        gpu: String,
        /// Seconds of a round on the processor.
        cpu_round: Option<f64>,
        /// Seconds of a round on the GPU.
        gpu_round: Option<f64>,
    },
    /// There is no GPU for this training, so the processor keeps it.
    Refused {
        /// Reason why no GPU takes part.
        reason: String,
    },
    /// The GPU failed; the processor goes on from the end of the last round.
    Failed {
        /// Message of the error that ended the GPU's rounds.
        reason: String,
    },
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |seconds: &Option<f64>| seconds.map_or_else(|| "?".to_string(), |time| format!("{time:.4} s"));
        match self {
            Self::Tried { gpu, cpu_round, left } => {
                write!(f, "{left} rounds are left, of {} each on the processor: trying {gpu}", time(cpu_round))
            }
            Self::Decided { winner, gpu, cpu_round, gpu_round } => {
                let (cpu, gpu_round) = (time(cpu_round), time(gpu_round));
                let winner = if *winner == Side::Gpu { "the GPU" } else { "the processor" };
                write!(f, "a round takes {cpu} on the processor and {gpu_round} on {gpu}: {winner} keeps the rest")
            }
            Self::Refused { reason } => write!(f, "the processor keeps the training: {reason}"),
            Self::Failed { reason } => {
                write!(f, "the GPU failed: {reason}; the processor goes on from the end of the last round")
            }
        }
    }
}

impl News {
    /// Whether users should hear of it without asking for details.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    /// Runs `rounds` rounds of these milliseconds on either side; returns where each ran.
    fn run(rounds: usize, cpu: u64, gpu: u64) -> (Vec<Side>, Contest) {
        let mut contest = Contest::new(Rule::Measured);
        let (mut side, mut sides) = (Side::Cpu, Vec::new());
        for done in 1..=rounds {
            sides.push(side);
            let took = ms(if side == Side::Cpu { cpu } else { gpu });
            side = contest.after_round(side, took, rounds - done).unwrap_or(side);
        }
        (sides, contest)
    }

    fn count(sides: &[Side], side: Side) -> usize {
        sides.iter().filter(|&&found| found == side).count()
    }

    #[test]
    fn small_trainings_never_look_for_a_gpu() {
        // Done within the time that a start takes, though many rounds seemed to be left.
        assert_eq!(count(&run(800, 2, 1).0, Side::Gpu), 0);
        // Longer, but with less left than is worth it when that time has passed.
        assert_eq!(count(&run(110, 100, 1).0, Side::Gpu), 0);
        assert_eq!(count(&run(2, 5000, 1).0, Side::Gpu), 0);
    }

    #[test]
    fn the_faster_side_keeps_the_rest() {
        let (sides, contest) = run(1000, 100, 20);
        // 2 s on the processor, then the GPU to the end.
        assert_eq!(sides.iter().position(|&side| side == Side::Gpu), Some(20));
        assert_eq!(count(&sides, Side::Gpu), 980);
        assert!(contest.is_decided());
        let (sides, contest) = run(1000, 100, 101);
        // One round to warm up and three that are timed.
        assert_eq!(sides[20..24], [Side::Gpu; 4]);
        assert_eq!((count(&sides, Side::Gpu), sides[24]), (4, Side::Cpu));
        let record = contest.record();
        assert_eq!((record.cpu_rounds, record.gpu_rounds), (996, 4));
        assert_eq!((record.cpu_round_seconds, record.gpu_round_seconds), (Some(0.1), Some(0.101)));
    }

    #[test]
    fn long_rounds_are_timed_once() {
        let (sides, _) = run(100, 30_000, 60_000);
        assert_eq!(sides[..5], [Side::Cpu, Side::Cpu, Side::Gpu, Side::Gpu, Side::Cpu]);
        assert_eq!(count(&sides, Side::Gpu), 2);
    }

    #[test]
    fn the_first_round_of_a_side_counts_for_nothing() {
        let mut contest = Contest::new(Rule::Measured);
        let mut next = None;
        for took in [9000, 50, 50, 50] {
            next = contest.after_round(Side::Cpu, ms(took), 1000);
        }
        assert_eq!(next, Some(Side::Gpu));
        for took in [20_000, 40, 40, 40] {
            assert_eq!(contest.after_round(Side::Gpu, ms(took), 1000), None);
        }
        assert!(contest.is_decided());
        assert_eq!(contest.after_round(Side::Gpu, ms(10_000), 1000), None);
    }

    #[test]
    fn a_settled_contest_stays_on_the_processor() {
        let mut contest = Contest::new(Rule::Measured);
        contest.settle();
        assert!((0..100).all(|_| contest.after_round(Side::Cpu, ms(1000), 1000).is_none()));
    }

    #[test]
    fn hands_change_where_tests_say() {
        let mut contest = Contest::new(Rule::After(vec![1, 3, 4]));
        let (mut side, mut sides) = (Side::Cpu, Vec::new());
        for done in 1..=6 {
            sides.push(side);
            side = contest.after_round(side, ms(1), 6 - done).unwrap_or(side);
        }
        assert_eq!(sides, [Side::Cpu, Side::Gpu, Side::Gpu, Side::Cpu, Side::Gpu, Side::Gpu]);
    }

    #[test]
    fn news_are_sentences() {
        let gpu = "Card".to_string();
        let tried = News::Tried { gpu: gpu.clone(), cpu_round: Some(0.25), left: 80 };
        assert_eq!(tried.to_string(), "80 rounds are left, of 0.2500 s each on the processor: trying Card");
        let decided = News::Decided { winner: Side::Cpu, gpu, cpu_round: Some(0.25), gpu_round: Some(0.5) };
        assert_eq!(
            decided.to_string(),
            "a round takes 0.2500 s on the processor and 0.5000 s on Card: the processor keeps the rest"
        );
    }
}
