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
        for (column, _) in self.columns.iter_mut().zip(&self.spills).filter(|&(_, &spills)| spills) {
            // Less than a block is left: what was read before spilling began is given back.
            let is_large = column.capacity() > 2 * written.max(column.len() - written);
            column.drain(..written);
            if is_large {
                column.shrink_to_fit();
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
    Error::data(message).remedy("train with --spill always, or take fewer rows")
}
