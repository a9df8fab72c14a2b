//! Ctrl-C.
#![cfg(unix)]

use super::support::{BINARY, Folder};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

#[test]
fn ctrl_c_ends_the_training_with_130_and_leaves_no_file() {
    let folder = Folder::with_data();
    folder.write("model.json", "an older model");
    let before = folder.names();
    for signal in ["-INT", "-TERM"] {
        let mut child = folder
            .command(&format!("train {BINARY} --num-round 100000000"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        for _ in 0..3 {
            lines.read_line(&mut line).unwrap();
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        // Reads on, so that the program is not held up by a full pipe.
        std::io::copy(&mut lines, &mut std::io::sink()).unwrap();
        let code = child.wait().unwrap().code();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(code, Some(130));
        let (round, rest) = stderr.rsplit_once("error: interrupted in round ").unwrap().1.split_once(' ').unwrap();
        assert!(round.parse::<u32>().unwrap() >= 3, "{stderr}");
        assert_eq!(rest, "of 100000000: nothing was written; model.json of an earlier run is unchanged\n");
        assert_eq!(folder.names(), before);
        assert_eq!(folder.read("model.json"), "an older model");
    }
}

#[test]
fn ctrl_c_while_reading_ends_at_once() {
    let folder = Folder::new();
    let fifo = folder.path("slow.csv");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let child = folder
        .command("train -q --train slow.csv --model new/folder/model.json")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Opening the pipe for writing waits until the program reads it.
    let writer = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    drop(writer);
    let error = "error: interrupted while the data was read: nothing was written\n";
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(130), error));
    assert_eq!(folder.names(), ["slow.csv"]);
}
