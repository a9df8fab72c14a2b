//! A stream of bytes cut into chunks of whole records.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr, memrchr2};

/// Bytes that are read at once, and the usual size of a chunk: with its values it stays in a core's own cache.
pub(super) const BLOCK: usize = 1 << 19;

/// Where a chunk may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// After a line feed.
    Line,
    /// After a record of a CSV file with this delimiter: a line feed or carriage return outside of quotes.
    Record(u8),
}

impl Cut {
    /// Where the last whole record in `bytes` ends, which begin with a record.
    fn last_end(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Line => memrchr(b'\n', bytes).map(|at| at + 1),
            Self::Record(delimiter) => last_record_end(bytes, delimiter),
        }
    }
}

/// Steps from quote to quote. As in the csv crate a quote opens a quoted field only where a field begins, and two
/// quotes in a quoted field are one that belongs to it.
fn last_record_end(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let mut end = None;
    let mut from = 0;
    while let Some(found) = memchr(b'"', &bytes[from..]) {
        let quote = from + found;
        end = last_break_end(bytes, from, quote).or(end);
        from = quote + 1;
        if quote == 0 || bytes[quote - 1] == delimiter || matches!(bytes[quote - 1], b'\n' | b'\r') {
            // The byte after a closing quote; without one the record goes on beyond these bytes.
            let after = loop {
                match memchr(b'"', &bytes[from..]) {
                    Some(found) if bytes.get(from + found + 1) == Some(&b'"') => from += found + 2,
                    Some(found) => break from + found + 1,
                    None => return end,
                }
            };
            from = after;
        }
    }
    last_break_end(bytes, from, bytes.len()).or(end)
}

/// The end of the last line break in `bytes[from..to]`. A carriage return at the end of all bytes does not count: a
/// line feed may belong to it.
fn last_break_end(bytes: &[u8], from: usize, to: usize) -> Option<usize> {
    let known = if to == bytes.len() && bytes[from..].last() == Some(&b'\r') { to - 1 } else { to };
    memrchr2(b'\n', b'\r', &bytes[from..known]).map(|at| from + at + 1)
}

/// The number of line breaks before `offset`: `\n`, `\r\n` and a lone `\r`.
pub(super) fn breaks_before(bytes: &[u8], offset: usize) -> u64 {
    let before = &bytes[..offset.min(bytes.len())];
    let feeds = memchr_iter(b'\n', before).count();
    let next = bytes[1.min(bytes.len())..].iter().copied().chain([0]);
    let returns = match memchr(b'\r', before) {
        Some(_) => before.iter().zip(next).filter(|&(&byte, next)| byte == b'\r' && next != b'\n').count(),
        None => 0,
    };
    (feeds + returns) as u64
}

/// The bytes of one chunk; the buffer is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// Its number in the file, from 0.
    pub(super) number: usize,
    /// Whole records.
    pub(super) bytes: Vec<u8>,
}

/// The chunks of a stream.
pub(super) struct Chunks<R> {
    reader: R,
    block: usize,
    /// What has been read, but not handed out.
    carry: Vec<u8>,
    /// Whether the reader is at its end.
    ended: bool,
    /// Chunks handed out.
    count: usize,
}

impl<R: Read> Chunks<R> {
    /// `block` is the usual size of a chunk: [`BLOCK`] outside of tests.
    pub(super) fn new(reader: R, block: usize) -> Self {
        Self { reader, block, carry: Vec::new(), ended: false, count: 0 }
    }

    /// The beginning of the stream, at least `size` bytes of it if it is that long, and whether that is all of it;
    /// before the first chunk.
    pub(super) fn head(&mut self, size: usize) -> io::Result<(&mut Vec<u8>, bool)> {
        self.ended = self.ended || !fill(&mut self.reader, &mut self.carry, size)?;
        Ok((&mut self.carry, self.ended))
    }

    /// Moves `chunk` on to the next chunk; `false` at the end. A record longer than a block makes a longer chunk. An
    /// error has a number too, and ends the stream.
    pub(super) fn next(&mut self, cut: Cut, chunk: &mut Chunk) -> io::Result<bool> {
        chunk.number = self.count;
        self.count += 1;
        let bytes = &mut chunk.bytes;
        bytes.clear();
        bytes.append(&mut self.carry);
        let mut size = self.block;
        let end = loop {
            if !self.ended {
                self.ended = !fill(&mut self.reader, bytes, size).inspect_err(|_| self.ended = true)?;
            }
            if self.ended {
                break bytes.len();
            }
            match cut.last_end(bytes) {
                Some(end) => break end,
                None => size = 2 * bytes.len(),
            }
        };
        self.carry.extend_from_slice(&bytes[end..]);
        bytes.truncate(end);
        Ok(!bytes.is_empty())
    }
}

/// Reads on until there are `size` bytes; `false` if the reader ends before.
fn fill(reader: &mut impl Read, bytes: &mut Vec<u8>, size: usize) -> io::Result<bool> {
    let lacking = size.saturating_sub(bytes.len());
    bytes.reserve(lacking);
    Ok(reader.take(lacking as u64).read_to_end(bytes)? == lacking)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_over_all_kinds_of_breaks() {
        let text = b"a\nb\r\nc\rd\n\n\"e\nf\"";
        let breaks: Vec<u64> = b"abcdef"
            .iter()
            .filter_map(|letter| text.iter().position(|byte| byte == letter))
            .map(|offset| breaks_before(text, offset))
            .collect();
        assert_eq!(breaks, [0, 1, 2, 3, 5, 6]);
        assert_eq!(breaks_before(b"\r", 1), 1);
        assert_eq!(breaks_before(b"", 0), 0);
    }

    #[test]
    fn records_end_outside_of_quotes() {
        for (text, end) in [
            ("1,2\n3,4\n5", Some(8)),
            ("1,2\r3,4\r5", Some(8)),
            ("1,2\r3,4\r", Some(4)),
            ("1,2\r\n", Some(5)),
            ("1,2\r", None),
            ("1,2", None),
            ("", None),
            ("1,\"a\nb\"\n2,\"c\nd", Some(8)),
            ("1,\"a\"\"\n\"\n2", Some(9)),
            ("1,\"a\"\"\n", None),
            ("1,5\" wide\n2,6\" wide\n", Some(20)),
            ("1,\"a\" b\"\n2", Some(9)),
            ("\"\n\"\n\"", Some(4)),
            ("1\n\"2\"", Some(2)),
        ] {
            assert_eq!(Cut::Record(b',').last_end(text.as_bytes()), end, "{text:?}");
        }
        assert_eq!(Cut::Line.last_end(b"1 \"\n2"), Some(4));
    }

    #[test]
    fn chunks_are_the_stream_in_pieces() {
        let mut text = String::new();
        for row in 0..200_000 {
            text += &format!("{row},\"a\nb\",{}\n", "x".repeat(row % 7));
        }
        text += &format!("last,\"{}\"", "y\n".repeat(BLOCK));
        let mut chunks = Chunks::new(text.as_bytes(), BLOCK);
        let mut chunk = Chunk::default();
        let mut together = Vec::new();
        let mut count = 0;
        while chunks.next(Cut::Record(b','), &mut chunk).unwrap_or_default() {
            assert_eq!(chunk.number, count);
            assert!(chunk.bytes.ends_with(b"\n") || chunks.ended);
            assert!(!chunk.bytes.starts_with(b"b"));
            together.extend_from_slice(&chunk.bytes);
            count += 1;
        }
        assert!(together == text.as_bytes());
        assert!(count > 4);
    }
}
