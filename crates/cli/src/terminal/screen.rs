//! Standard output and standard error: the one place where text leaves the program, and where it is
//! made harmless.
//!
//! Names of features, files, cells and parameters are other people's. Printed as they are, they
//! could move the cursor, change the window's title, turn the reading direction round or forge a
//! line. So everything that is meant for the eye passes [`escape`]; only data that goes into a file
//! or a pipe keeps its bytes.

use super::colour;
use clap::builder::styling::Style;
use clap::error::{ContextKind, ContextValue};
use comfy_table::{CellAlignment, Table, presets};
use gboost::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::io::{self, ErrorKind as IoKind, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// What is printed, by verbosity. Results go to standard output, all else to standard error.
///
/// A reader that has closed standard output is no failure: nothing more is printed there, and the
/// work goes on.
pub struct Screen {
    verbosity: u8,
    closed: AtomicBool,
}

impl Screen {
    /// A screen that prints nothing but results and errors.
    pub const QUIET: &Self = {
        static QUIET: Screen = Screen::new(0);
        &QUIET
    };

    /// A screen for `--verbosity`.
    pub const fn new(verbosity: u8) -> Self {
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

    /// Writes data to standard output, whatever the verbosity: as it is into a file or a pipe, for
    /// the eye on a terminal.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        match io::stdout().is_terminal() {
            true => self.block(&String::from_utf8_lossy(bytes)),
            false => self.write(bytes),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<()> {
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

    /// Writes a line to standard output, whatever the verbosity. It is one line, whatever the names
    /// in it hold.
    pub fn line(&self, line: &str) -> Result<()> {
        self.write(format!("{}\n", escape(line, &['\t'])).as_bytes())
    }

    /// Writes text of several lines to standard output, whatever the verbosity; names in it have
    /// been escaped, so that each line end is the program's own.
    pub fn block(&self, text: &str) -> Result<()> {
        self.write(escape(text, &['\t', '\n']).as_bytes())
    }

    /// Writes a [`table`] to standard output, whatever the verbosity; its header is bold on a
    /// terminal.
    pub fn table(&self, header: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
        self.headed(&format!("{}\n", table(header, rows)))
    }

    /// Writes text of several lines as [`Screen::block`] does, the first of them as a header.
    pub fn headed(&self, text: &str) -> Result<()> {
        let (header, rest) = text.split_once('\n').unwrap_or((text, ""));
        self.header(header)?;
        self.block(rest)
    }

    /// Writes the header of a table to standard output, whatever the verbosity; it is bold on a
    /// terminal.
    pub fn header(&self, line: &str) -> Result<()> {
        // The colour comes after the escaping.
        let header = colour::paint(&escape(line, &['\t']), colour::HEADER, colour::is_on(io::stdout()));
        self.write(format!("{header}\n").as_bytes())
    }

    /// Writes a line to standard error, unless quiet.
    pub fn note(&self, line: &str) {
        self.message(1, line);
    }

    /// Writes a line to standard error with `-v`.
    pub fn detail(&self, line: &str) {
        self.message(2, line);
    }

    fn message(&self, level: u8, line: &str) {
        if self.verbosity >= level {
            // Where standard error is closed there is nobody to tell.
            let line = escape(line, &['\t']);
            let _ = writeln!(io::stderr(), "{}", with_prefix("warning:", colour::WARNING, &line));
        }
    }
}

/// Text that a terminal shows and does not obey: control characters (C0, DEL, C1), separators of
/// lines and characters without a width or that turn the reading direction are written as `\n` or
/// `\u{1b}`, but for those in `keep`.
pub fn escape<'t>(text: &'t str, keep: &[char]) -> Cow<'t, str> {
    let is_unsafe = |character: char| {
        !keep.contains(&character)
            && (character.is_control()
                || matches!(
                    character,
                    '\u{ad}'
                        | '\u{61c}'
                        | '\u{180e}'
                        | '\u{200b}'..='\u{200f}'
                        | '\u{2028}'..='\u{202e}'
                        | '\u{2060}'..='\u{206f}'
                        | '\u{feff}'
                        | '\u{fff9}'..='\u{fffb}'
                        | '\u{e0000}'..='\u{e007f}'
                ))
    };
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match is_unsafe(character) {
            // Some of them have a shape of their own for `escape_default`, such as \n; none is left
            // as it is.
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

/// Prints an error with its remedy, on one line.
pub fn print_error(error: &Error) {
    let line = format!("error: {}", escape(&error.to_string(), &['\t']));
    let _ = writeln!(io::stderr(), "{}", with_prefix("error:", colour::ERROR, &line));
}

/// The line, its first word in colour if it is that one.
fn with_prefix(prefix: &str, style: Style, line: &str) -> String {
    match line.strip_prefix(prefix) {
        Some(rest) => format!("{}{rest}", colour::paint(prefix, style, colour::is_on(io::stderr()))),
        None => line.to_string(),
    }
}

/// Prints what clap has to say: help, the version, or bad usage, which quotes the arguments.
pub fn print_usage(mut error: clap::Error) {
    let shown = |text: &str| escape(text, &[]).into_owned();
    // What has nothing to escape keeps clap's own colours.
    let is_unsafe = |text: &str| matches!(escape(text, &['\n']), Cow::Owned(_));
    let escaped: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(shown(text)),
                ContextValue::Strings(texts) => ContextValue::Strings(texts.iter().map(|text| shown(text)).collect()),
                ContextValue::StyledStrs(texts) if texts.iter().any(|text| is_unsafe(&text.to_string())) => {
                    let plain = texts.iter().map(|text| escape(&text.to_string(), &['\n']).into_owned().into());
                    ContextValue::StyledStrs(plain.collect())
                }
                _ => return None,
            };
            Some((kind, value))
        })
        .collect();
    for (kind, value) in escaped {
        error.insert(kind, value);
    }
    // Help that nobody reads any more is no failure.
    let _ = error.print();
}

/// A table without borders: a header, text on the left, numbers on the right. A cell is one line.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().map(|cell| escape(cell, &[])));
    for row in rows {
        table.add_row(row.iter().map(|cell| escape(cell, &[])));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        for (text, shown) in [
            ("\u{1b}]0;pwned\u{7}", "\\u{1b}]0;pwned\\u{7}"),
            ("a\nerror: forged\r", "a\\nerror: forged\\r"),
            ("\u{7f}\u{9b}31m", "\\u{7f}\\u{9b}31m"),
            ("\u{202e}gpj.exe\u{2069}\u{2028}", "\\u{202e}gpj.exe\\u{2069}\\u{2028}"),
            ("\u{feff}a\u{200b}b\u{e0041}", "\\u{feff}a\\u{200b}b\\u{e0041}"),
        ] {
            assert_eq!(escape(text, &[]), shown);
        }
        // Every control character there is.
        for code in (0..0x20).chain(0x7f..0xa0) {
            let text = char::from_u32(code).map(String::from).unwrap_or_default();
            assert!(escape(&text, &[]).chars().all(|shown| shown.is_ascii_graphic()), "{code:x}");
        }
        for text in ["größe, 年龄, \\ and \"", "e\u{301}", "a b"] {
            assert!(matches!(escape(text, &[]), Cow::Borrowed(_)), "{text}");
        }
        assert_eq!(escape("a\tb\nc\u{0}", &['\t', '\n']), "a\tb\nc\\u{0}");
    }

    #[test]
    fn a_cell_is_one_line() {
        let rows = vec![vec!["a\nforged  1".to_string(), "2".to_string()]];
        let lines = table(&["na\u{1b}me", "value"], rows);
        assert_eq!(lines.lines().count(), 2, "{lines}");
        assert!(lines.contains("na\\u{1b}me") && lines.contains("a\\nforged  1"), "{lines}");
    }
}
