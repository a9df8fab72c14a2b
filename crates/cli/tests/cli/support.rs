//! A folder to run the program in, small data, and what came out.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program.
pub const GBOOST: &str = env!("CARGO_BIN_EXE_gboost");

/// An empty folder that the program runs in.
pub struct Folder(TempDir);

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A folder with `train.csv` and `valid.csv`: a header, a label of 0 or 1 first, two features.
    pub fn with_data() -> Self {
        let folder = Self::new();
        folder.write("train.csv", binary_csv(0, 240));
        folder.write("valid.csv", binary_csv(1, 120));
        folder
    }

    /// A folder with `train.csv`, `valid.csv` and a `model.json` of `rounds` rounds on them.
    pub fn with_model(rounds: usize, more: &str) -> Self {
        let folder = Self::with_data();
        folder.run(&format!("train -q {BINARY} --validation valid.csv --num-round {rounds} {more}")).done();
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The names in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        names(self.0.path())
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(GBOOST);
        command.current_dir(self.0.path()).args(words(arguments));
        command
    }

    /// Runs the program with arguments as in a shell, without its quotes.
    pub fn run(&self, arguments: &str) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the program with no more than so many KiB of address space.
    #[cfg(target_os = "linux")]
    pub fn run_in_memory(&self, kib: usize, arguments: &str) -> Ran {
        let line = format!("ulimit -v {kib}; exec {GBOOST} {arguments}");
        let mut command = Command::new("sh");
        let output =
            command.args(["-c", &line]).current_dir(self.0.path()).env("RUST_BACKTRACE", "0").output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs the program with these arguments as they are; after `limit` it is killed and has no
    /// exit code.
    pub fn run_within(&self, limit: Duration, arguments: &[&str]) -> Ran {
        let mut child = Command::new(GBOOST)
            .current_dir(self.0.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let read = |mut from: Box<dyn Read + Send>| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                from.read_to_end(&mut bytes).unwrap();
                String::from_utf8(bytes).unwrap()
            })
        };
        let stdout = read(Box::new(child.stdout.take().unwrap()));
        let stderr = read(Box::new(child.stderr.take().unwrap()));
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > limit {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let code = child.wait().unwrap().code();
        Ran { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
    }

    /// The program refuses with exit code 2 and this error as the last line, and leaves no file.
    pub fn refuses(&self, arguments: &str, error: &str) {
        let before = self.names();
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.error()), (Some(2), error), "gboost {arguments}\n{}", ran.stderr);
        assert_eq!(self.names(), before, "gboost {arguments} left files");
    }
}

impl Ran {
    /// Checks that it went well; answers standard output.
    pub fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// The error, as the last line of standard error has it.
    pub fn error(&self) -> &str {
        let last = self.stderr.lines().last().unwrap_or_default();
        last.strip_prefix("error: ").unwrap_or(last)
    }
}

/// Runs the program with this text as its standard input.
pub fn piped(folder: &Folder, arguments: &str, text: &str) -> Ran {
    let mut command = folder.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Options to train on `train.csv`.
pub const BINARY: &str = "--train train.csv --objective binary:logistic";

/// All files below a folder with their content, by their path from it; nothing of what cannot be
/// read.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => walk(root, &path, found),
                false => {
                    let name = path.strip_prefix(root).unwrap().display().to_string();
                    found.insert(name, fs::read(&path).unwrap_or_default());
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn words(arguments: &str) -> impl Iterator<Item = &str> {
    arguments.split_ascii_whitespace()
}

/// Rows of a label and two features, with missing values; the label mostly follows the features.
pub fn rows(seed: u32, count: usize) -> Vec<(u32, u32, Option<u32>)> {
    let mut state = seed.wrapping_mul(0x9e37_79b9).wrapping_add(12345);
    let mut next = |end: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % end
    };
    (0..count)
        .map(|_| {
            let (age, hours) = (20 + next(50), next(60));
            let label = u32::from(age + hours + next(30) > 85);
            (label, age, (next(10) > 0).then_some(hours))
        })
        .collect()
}

pub fn binary_csv(seed: u32, count: usize) -> String {
    let mut text = "income,age,hours\n".to_string();
    for (label, age, hours) in rows(seed, count) {
        text += &format!("{label},{age},{}\n", hours.map(|hours| hours.to_string()).unwrap_or_default());
    }
    text
}
