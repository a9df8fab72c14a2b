//! All chunks of a file at once: each thread takes the next one, reads its rows, and hands them
//! over in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::super::cells::Cells;
use super::super::chunks::{Chunk, Cut, breaks_before};
use super::super::source::{Source, from_line};
use super::rows::{Reading, Rows, Start};
use crate::error::{Error, Result};

/// Chunks a thread that may wait for one before them, so that memory is bounded whatever a thread
/// is held up by.
const AHEAD: usize = 8;

/// What became of a chunk.
enum Outcome {
    Rows(Rows),
    /// The bytes have an error in them: its place is known once all chunks before are counted.
    Refused(Vec<u8>),
    Failed(Error),
}

/// What is handed over in the order of the file.
struct Ordered<'a, 'b> {
    cells: &'a mut Cells,
    reading: &'a Reading<'b>,
    start: Start,
    /// The number of the chunk whose turn it is.
    turn: usize,
    /// Chunks that are done before their turn, with their line breaks.
    waiting: BTreeMap<usize, (Outcome, u64)>,
    /// Buffers to use again.
    spare: Vec<Rows>,
    error: Option<Error>,
}

impl Ordered<'_, '_> {
    /// Adds all chunks whose turn it is.
    fn advance(&mut self) {
        while self.error.is_none()
            && let Some((outcome, breaks)) = self.waiting.remove(&self.turn)
        {
            match self.add(outcome, breaks) {
                Ok(rows) => self.spare.push(rows),
                Err(error) => self.error = Some(error),
            }
            self.turn += 1;
        }
    }

    fn add(&mut self, outcome: Outcome, breaks: u64) -> Result<Rows> {
        let rows = match outcome {
            Outcome::Rows(rows) => rows,
            Outcome::Refused(bytes) => {
                let mut rows = Rows::default();
                self.reading.read(&bytes, breaks, self.start, &mut rows)?;
                rows
            }
            Outcome::Failed(error) => return Err(from_line(error, self.start.line)),
        };
        self.cells.add(rows.count, |column| rows.column(column))?;
        self.start.rows += rows.count;
        self.start.line += breaks;
        Ok(rows)
    }
}

/// Reads `first` and all chunks after it into `cells`, the columns that are kept.
///
/// # Errors
/// The first one in the order of the file, however many threads met others.
pub(super) fn read(
    source: &Source<'_>,
    reading: &Reading<'_>,
    first: Chunk,
    start: Start,
    cells: &mut Cells,
) -> Result<()> {
    let threads = rayon::current_num_threads();
    let turn = first.number;
    let ordered = Ordered { cells, reading, start, turn, waiting: BTreeMap::new(), spare: Vec::new(), error: None };
    let shared =
        Shared { source, reading, ordered: Mutex::new(ordered), moved: Condvar::new(), ahead: AHEAD * threads };
    rayon::scope(|scope| {
        // The first chunk has been taken already; the thread that holds it goes on with others.
        scope.spawn(|_| shared.work(Some(first)));
        for _ in 1..threads {
            scope.spawn(|_| shared.work(None));
        }
    });
    let ordered = shared.ordered.into_inner().unwrap_or_else(PoisonError::into_inner);
    match ordered.error {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

struct Shared<'a, 'b, 'c> {
    source: &'a Source<'c>,
    reading: &'a Reading<'b>,
    ordered: Mutex<Ordered<'a, 'b>>,
    /// Told when the turn moves on.
    moved: Condvar,
    ahead: usize,
}

impl<'a, 'b> Shared<'a, 'b, '_> {
    fn ordered(&self) -> MutexGuard<'_, Ordered<'a, 'b>> {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads chunks, `taken` first, until there are no more or one has an error.
    fn work(&self, taken: Option<Chunk>) {
        let cut = Cut::Record(self.reading.delimiter);
        let mut is_taken = taken.is_some();
        let mut chunk = taken.unwrap_or_default();
        let mut rows = Rows::default();
        loop {
            if !std::mem::take(&mut is_taken) {
                match self.source.next(cut, &mut chunk) {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        self.hand_over(chunk.number, Outcome::Failed(error), 0);
                        return;
                    }
                }
            }
            let breaks = breaks_before(&chunk.bytes, chunk.bytes.len());
            // A start that is not the chunk's own is good enough to see whether there is an error.
            let start = Start { line: 1, rows: 0 };
            let outcome = match self.reading.read(&chunk.bytes, breaks, start, &mut rows) {
                Ok(()) => Outcome::Rows(rows),
                Err(_) => Outcome::Refused(std::mem::take(&mut chunk.bytes)),
            };
            match self.hand_over(chunk.number, outcome, breaks) {
                Some(spare) => rows = spare,
                None => return,
            }
        }
    }

    /// Returns a buffer to go on with; `None` after an error.
    fn hand_over(&self, number: usize, outcome: Outcome, breaks: u64) -> Option<Rows> {
        let mut ordered = self.ordered();
        // The thread that holds the chunk whose turn it is does not wait, so the turn moves on.
        while ordered.error.is_none() && number > ordered.turn + self.ahead {
            ordered = self.moved.wait(ordered).unwrap_or_else(PoisonError::into_inner);
        }
        ordered.waiting.insert(number, (outcome, breaks));
        ordered.advance();
        self.moved.notify_all();
        ordered.error.is_none().then(|| ordered.spare.pop().unwrap_or_default())
    }
}
