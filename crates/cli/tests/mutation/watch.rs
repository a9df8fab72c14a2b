//! The worker that tries mutants, and the trial that watches it.

use crate::common::Random;
use crate::program::{MEMORY, TIME, peak_memory};
use crate::subjects::{Attempts, Outcome, Subject};
use crate::{FIRST, FORMAT};
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a worker may be silent: a run of the program at its longest, and the time to say so.
pub const LONGEST: Duration = TIME.saturating_add(Duration::from_secs(5));
/// Findings after which a trial ends.
const MOST_FINDINGS: usize = 10;
/// Of this many mutants one gets past the first check, at least.
const SHARE: u64 = 5;

/// A seed's own random numbers, whatever seeds were tried before.
fn random(seed: u64) -> Random {
    Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
}

/// Tries mutant after mutant until standard output is closed.
pub fn work(subject: &Subject, first: u64) {
    let folder = TempDir::new().expect("a folder for temporary files");
    let mut attempts = (subject.start)(folder.path());
    let mut out = std::io::stdout();
    for seed in first.. {
        if writeln!(out, "{seed}").and_then(|()| out.flush()).is_err() {
            return;
        }
        let word = match attempt(&mut *attempts, seed) {
            Outcome::Passed => "passed",
            Outcome::Refused => "refused",
        };
        if writeln!(out, "{word}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Tries one seed, and leaves its mutant in the folder for temporary files.
pub fn show(subject: &Subject, seed: u64) {
    let folder = TempDir::new().expect("a folder for temporary files");
    let mut attempts = (subject.start)(folder.path());
    let path = std::env::temp_dir().join(format!("gboost-mutant-{}-{seed}", subject.name));
    std::fs::write(&path, attempts.mutant(&mut random(seed))).expect("the mutant can be written");
    println!("{} is {}", seed, path.display());
    println!("{:?}", attempt(&mut *attempts, seed));
}

fn attempt(attempts: &mut dyn Attempts, seed: u64) -> Outcome {
    let mut random = random(seed);
    let mutant = attempts.mutant(&mut random);
    let outcome = attempts.attempt(&mutant, &mut random);
    let memory = peak_memory("self");
    assert!(memory <= MEMORY, "{memory} bytes of memory for a file of {}", mutant.len());
    outcome
}

/// What came of a trial.
#[derive(Default)]
pub struct Report {
    tried: u64,
    passed: u64,
    findings: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tried, passed, findings } = self;
        write!(f, "{tried} mutants, {passed} past the first check, {} findings", findings.len())
    }
}

impl Report {
    /// An error where there are findings, or where too little was tried.
    pub fn judge(&self, subject: &Subject) -> Result<(), String> {
        if !self.findings.is_empty() {
            return Err(format!("{self}\n{}", self.findings.join("\n")));
        }
        if self.tried < subject.floor || self.passed * SHARE < self.tried {
            return Err(format!("{self}: fewer than {} or than one of {SHARE}", subject.floor));
        }
        Ok(())
    }
}

/// Lets workers try mutants for that long, and the format's floor at least.
pub fn trial(subject: &Subject, time: Duration) -> Report {
    let begun = Instant::now();
    let mut report = Report::default();
    let mut next = 0;
    while report.findings.len() < MOST_FINDINGS {
        let worker = Worker::start(subject, next);
        loop {
            if begun.elapsed() >= time && report.tried >= subject.floor {
                worker.end();
                return report;
            }
            match worker.lines.recv_timeout(LONGEST) {
                Ok(line) => match line.as_str() {
                    "passed" => report.passed += 1,
                    "refused" => {}
                    seed => {
                        next = seed.parse::<u64>().unwrap_or_else(|_| panic!("a worker said {seed}")) + 1;
                        report.tried += 1;
                    }
                },
                Err(ended) => {
                    let how = match ended {
                        RecvTimeoutError::Timeout => format!("nothing for {LONGEST:?}"),
                        RecvTimeoutError::Disconnected => "ended".to_string(),
                    };
                    report.findings.push(format!(
                        "{} seed {}: {how}: {}",
                        subject.name,
                        next.saturating_sub(1),
                        worker.end()
                    ));
                    break;
                }
            }
        }
    }
    report
}

struct Worker {
    child: Child,
    lines: Receiver<String>,
    errors: JoinHandle<String>,
}

impl Worker {
    fn start(subject: &Subject, first: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("the test has a path"))
            .env(FORMAT, subject.name)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the worker starts");
        let (sender, lines) = mpsc::sync_channel(1024);
        let stdout = BufReader::new(child.stdout.take().expect("its output is read"));
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut stderr = child.stderr.take().expect("its errors are read");
        let errors = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            let text = String::from_utf8_lossy(&text).into_owned();
            text.chars().take(2000).collect()
        });
        Self { child, lines, errors }
    }

    /// Ends it; what it said on standard error.
    fn end(mut self) -> String {
        let _ = self.child.kill();
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        drop(self.lines);
        format!("{status}: {}", self.errors.join().unwrap_or_default())
    }
}
