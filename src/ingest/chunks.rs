//! A stream of bytes cut into chunks of whole records.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr, memrchr2};

use super::quotes::{Quoted, QuotedFields};

/// Bytes that are read at once, and the usual size of a chunk: with its values it stays in a core's
/// own cache.
pub(super) const BLOCK: usize = 1 << 19;

/// Where a chunk may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// After a line feed.
    Line,
    /// After a record of a CSV file with this delimiter: a line feed or carriage return outside of
    /// quotes.
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

/// The end of the last line break outside of quoted fields.
fn last_record_end(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let mut end = None;
    let mut from = 0;
    for Quoted { open, close } in QuotedFields::new(bytes, delimiter) {
        end = last_break_end(bytes, from, open).or(end);
        // Without a closing quote the record goes on beyond these bytes.
        let Some(close) = close else { return end };
        from = close + 1;
    }
    last_break_end(bytes, from, bytes.len()).or(end)
}

/// The end of the last line break in `bytes[from..to]`. A carriage return at the end of all bytes
/// does not count: a line feed may belong to it.
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
    /// Whether the bytes are the beginning of one record that is longer than the limit.
    pub(super) is_too_long: bool,
}

/// The chunks of a stream.
pub(super) struct Chunks<R> {
    reader: R,
    block: usize,
    /// Bytes that a record may have.
    limit: usize,
    /// What has been read, but not handed out.
    carry: Vec<u8>,
    /// Whether the reader is at its end.
    ended: bool,
    /// Chunks handed out.
    count: usize,
}

impl<R: Read> Chunks<R> {
    /// `block` is the usual size of a chunk: [`BLOCK`] outside of tests; a record has at most
    /// `limit` bytes.
    pub(super) fn new(reader: R, block: usize, limit: usize) -> Self {
        Self { reader, block, limit: limit.max(block), carry: Vec::new(), ended: false, count: 0 }
    }

    /// The beginning of the stream, at least `size` bytes of it if it is that long but no more than
    /// a record may have, and whether that is all of it; before the first chunk.
    pub(super) fn head(&mut self, size: usize) -> io::Result<(&mut Vec<u8>, bool)> {
        let size = size.min(self.limit + 1);
        self.ended = self.ended || !fill(&mut self.reader, &mut self.carry, size)?;
        Ok((&mut self.carry, self.ended))
    }

    /// Moves `chunk` on to the next chunk; `false` at the end. A record longer than a block makes a
    /// longer chunk, and one beyond the limit ends the stream. An error has a number too, and ends
    /// the stream.
    pub(super) fn next(&mut self, cut: Cut, chunk: &mut Chunk) -> io::Result<bool> {
        chunk.number = self.count;
        self.count += 1;
        chunk.is_too_long = false;
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
                None if bytes.len() > self.limit => {
                    chunk.is_too_long = true;
                    self.ended = true;
                    break bytes.len();
                }
                // A byte more than the limit tells whether the record goes on.
                None => size = (2 * bytes.len()).min(self.limit + 1),
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
    fn a_record_beyond_the_limit_ends_the_stream() {
        for (length, is_too_long) in [(62, false), (64, false), (65, true), (1000, true)] {
            let text = format!("1\n{}\n2\n", "x".repeat(length));
            let mut chunks = Chunks::new(text.as_bytes(), 4, 64);
            let mut chunk = Chunk::default();
            let mut sizes = Vec::new();
            while chunks.next(Cut::Line, &mut chunk).unwrap_or_default() {
                sizes.push((chunk.bytes.len(), chunk.is_too_long));
            }
            let longest = if is_too_long { (65, true) } else { (length + 1, false) };
            assert_eq!(sizes[1], longest, "{length}");
            assert_eq!(sizes.len(), if is_too_long { 2 } else { 3 });
        }
    }

    #[test]
    fn chunks_are_the_stream_in_pieces() {
        let mut text = String::new();
        for row in 0..200_000 {
            text += &format!("{row},\"a\nb\",{}\n", "x".repeat(row % 7));
        }
        text += &format!("last,\"{}\"", "y\n".repeat(BLOCK));
        let mut chunks = Chunks::new(text.as_bytes(), BLOCK, usize::MAX - 1);
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
