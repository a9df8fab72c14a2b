//! The values of a channel while its files are read: in memory, or on disk where they are too many.

use super::spill::{Spilled, Writer};
use super::{ReadOptions, SpillOptions};
use crate::error::{Error, Result};

/// Columns that grow by rows.
pub(super) struct Cells {
    /// One vector a column. Those that spill have the rows that are not on disk yet.
    columns: Vec<Vec<f32>>,
    /// Whether a column is a feature: the others never go to disk.
    spills: Vec<bool>,
    options: Option<SpillOptions>,
    writer: Option<Writer>,
    rows: usize,
}

impl Cells {
    /// No rows yet; one flag a column, whether it is a feature.
    pub(super) fn new(is_feature: Vec<bool>, options: &ReadOptions) -> Self {
        let columns = vec![Vec::new(); is_feature.len()];
        Self { columns, spills: is_feature, options: options.spill.clone(), writer: None, rows: 0 }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    fn features(&self) -> usize {
        self.spills.iter().filter(|&&spills| spills).count()
    }

    /// Makes room for about so many rows more; what is not used is never touched.
    pub(super) fn expect(&mut self, rows: usize) -> Result<()> {
        self.spill_if_more(self.rows + rows)?;
        let (spilling, whole) = (self.writer.is_some(), self.rows + rows);
        let features = self.features();
        for (column, &spills) in self.columns.iter_mut().zip(&self.spills) {
            if !(spilling && spills) {
                column.try_reserve(rows).map_err(|_| no_room(whole, features))?;
            }
        }
        Ok(())
    }

    /// Begins to spill if so many rows take more memory than they may.
    fn spill_if_more(&mut self, rows: usize) -> Result<()> {
        let bytes = (rows * self.features() * size_of::<f32>()) as u64;
        match &self.options {
            Some(options) if self.writer.is_none() && bytes > options.from_bytes => {
                self.writer = Some(Writer::new(options, self.features())?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Adds rows, one slice of values a column.
    pub(super) fn add<'r>(&mut self, rows: usize, of_column: impl Fn(usize) -> &'r [f32]) -> Result<()> {
        self.rows += rows;
        self.spill_if_more(self.rows)?;
        for (index, column) in self.columns.iter_mut().enumerate() {
            let values = of_column(index);
            if column.try_reserve(values.len()).is_err() {
                return Err(no_room(self.rows, self.features()));
            }
            column.extend_from_slice(values);
        }
        self.write(false)
    }

    /// Writes whole blocks to disk, or all there is.
    fn write(&mut self, ended: bool) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let spilling: Vec<&[f32]> =
            self.columns.iter().zip(&self.spills).filter(|&(_, &spills)| spills).map(|(column, _)| &**column).collect();
        let written = writer.write(&spilling, ended)?;
        if written == 0 {
            return Ok(());
        }
        let room = 2 * writer.block_rows();
        for (column, _) in self.columns.iter_mut().zip(&self.spills).filter(|&(_, &spills)| spills) {
            column.drain(..written);
            // Less than a block is left: the room for what was read before spilling began is given
            // back.
            if column.capacity() > 2 * room {
                column.shrink_to(room);
            }
        }
        Ok(())
    }

    /// The columns; those on disk are empty.
    pub(super) fn finish(mut self) -> Result<(Vec<Vec<f32>>, Option<Spilled>)> {
        self.write(true)?;
        self.columns.iter_mut().for_each(Vec::shrink_to_fit);
        Ok((self.columns, self.writer.map(Writer::finish)))
    }
}

#[cold]
fn no_room(rows: usize, features: usize) -> Error {
    let message = format!("about {rows} rows of {features} features do not fit into memory");
    Error::data(message).remedy("take fewer rows, or, in a training, give {spill}, which keeps values on a disk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_spilling_is_given_back() {
        const ROWS: usize = 100;
        let spill =
            SpillOptions { from_bytes: 4000, block_rows: Some(64), ..SpillOptions::always(std::env::temp_dir()) };
        let options = ReadOptions { spill: Some(spill), ..ReadOptions::default() };
        let mut cells = Cells::new(vec![false, true], &options);
        let values: Vec<f32> = (0..ROWS).map(|row| row as f32).collect();
        for batch in 1..=20 {
            assert!(cells.add(ROWS, |_| &values).is_ok());
            assert_eq!(cells.writer.is_some(), batch > 10);
            let [labels, features] = [0, 1].map(|column| cells.columns[column].len());
            assert_eq!((labels, features), (batch * ROWS, if batch > 10 { batch * ROWS % 64 } else { batch * ROWS }));
            assert!(batch <= 10 || cells.columns[1].capacity() <= 256, "{}", cells.columns[1].capacity());
        }
        let (columns, spilled) = cells.finish().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((columns[0].len(), columns[1].len()), (20 * ROWS, 0));
        assert_eq!(spilled.map(|spilled| spilled.rows()), Some(20 * ROWS));
    }
}
