//! Colours on a terminal: few, and none with NO_COLOR, TERM=dumb, or where the output is no
//! terminal.
//!
//! They are put around text that is fixed, or that has been made safe for a terminal before.

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};

/// The word `error:`, as clap has it in its own errors.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Style of the word `warning:` at the beginning of a line.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Style of the header of a table of results.
pub const HEADER: Style = Style::new().bold();

/// Whether the stream shows colours.
pub fn is_on<S: RawStream>(stream: S) -> bool {
    matches!(AutoStream::auto(stream).current_choice(), ColorChoice::AlwaysAnsi)
}

/// The text in that style, if colours are on.
pub fn paint(text: &str, style: Style, is_on: bool) -> String {
    if is_on { format!("{style}{text}{style:#}") } else { text.to_string() }
}
