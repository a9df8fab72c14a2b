//! Standard output and standard error.

use comfy_table::{CellAlignment, Table, presets};
use gboost::{Error, ErrorKind, Result};
use std::io::{self, ErrorKind as IoKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// What is printed, by verbosity. Results go to standard output, all else to standard error.
///
/// A reader that has closed standard output is no failure: nothing more is printed there, and the work goes on.
pub struct Screen {
    verbosity: u8,
    closed: AtomicBool,
}

impl Screen {
    /// A screen for `--verbosity`.
    pub fn new(verbosity: u8) -> Self {
        Self { verbosity, closed: AtomicBool::new(false) }
    }

    /// Whether nothing but errors is wanted.
    pub fn is_quiet(&self) -> bool {
        self.verbosity == 0
    }

    /// Whether the reader of standard output has gone.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Writes to standard output, whatever the verbosity.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        if self.is_closed() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == IoKind::BrokenPipe => {
                self.closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(Error::new(ErrorKind::Io, format!("cannot write to standard output: {error}"))),
        }
    }

    /// Writes a line to standard output, whatever the verbosity.
    pub fn line(&self, line: &str) -> Result<()> {
        self.bytes(format!("{line}\n").as_bytes())
    }

    /// Says something on standard error, unless quiet.
    pub fn note(&self, line: &str) {
        self.message(1, line);
    }

    /// Says something on standard error with `-v`.
    pub fn detail(&self, line: &str) {
        self.message(2, line);
    }

    fn message(&self, level: u8, line: &str) {
        if self.verbosity >= level {
            // Where standard error is closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}

/// Prints an error with its remedy.
pub fn print_error(error: &Error) {
    let _ = writeln!(io::stderr(), "error: {error}");
}

/// A table without borders: a header, text on the left, numbers on the right.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    lines.join("\n")
}

/// A number for the eye: six decimals, or six significant digits where those say more.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e6).contains(&size) { format!("{value:.6}") } else { format!("{value:.5e}") }
}

/// "1 row", "2 rows", with a comma every three digits.
pub fn count(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A whole number with a comma every three digits.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
