//! The program on mutated files: in bounds of time and memory, and ending in an orderly way.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const GBOOST: &str = env!("CARGO_BIN_EXE_gboost");
/// Bytes of memory that a file below 1 MB may take.
pub const MEMORY: u64 = 1 << 30;
/// How long a run may take.
pub const TIME: Duration = Duration::from_secs(20);

/// Runs the program in the folder; its exit code.
///
/// # Panics
/// If it panics or ends otherwise than with 0 (done), 1 (a check said no) or 2 (bad input), takes
/// over [`TIME`] or [`MEMORY`].
pub fn run(folder: &Path, arguments: &[&str]) -> i32 {
    let mut child = Command::new(GBOOST)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("gboost starts");
    let mut stderr = child.stderr.take().expect("its errors are read");
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stderr.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let status = wait(&mut child, arguments);
    let text = reader.join().unwrap_or_default();
    let shown = arguments.join(" ");
    assert!(!text.contains("panicked at"), "gboost {shown} panicked: {text}");
    assert!(!text.contains("memory allocation of"), "gboost {shown}: {text}");
    match status.code() {
        Some(code @ 0..=2) => code,
        _ => panic!("gboost {shown} ended with {status}: {text}"),
    }
}

fn wait(child: &mut Child, arguments: &[&str]) -> ExitStatus {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            return status;
        }
        let memory = peak_memory(&child.id().to_string());
        if begun.elapsed() > TIME || memory > MEMORY {
            let _ = child.kill();
            let _ = child.wait();
            panic!("gboost {} took {:?} and {memory} bytes", arguments.join(" "), begun.elapsed());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// The most memory that a process had, in bytes; 0 where the system does not tell.
pub fn peak_memory(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kilobytes| kilobytes << 10)
}
