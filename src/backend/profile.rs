//! Where the time of a training goes: one row a kernel, for any backend.

use crate::backend::counts::Counts;
use std::time::Duration;

/// What one kernel, or one kind of transfer, took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileRow {
    /// The kernel, or `upload` or `read back`.
    pub name: String,
    /// How often it ran.
    pub calls: u64,
    /// How long in all.
    pub time: Duration,
    /// Bytes moved in all: for kernels as [`crate::backend::counts`] counts them.
    pub bytes: u64,
}

/// What the kernels of a training took, in the order in which they first ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The rows.
    pub rows: Vec<ProfileRow>,
    /// Whether the device measured its kernels itself; otherwise times are wall times around submits.
    pub timestamps: bool,
    /// What the kernels worked on.
    pub counts: Counts,
}

impl Profile {
    /// Counts one run.
    pub fn add(&mut self, name: &str, time: Duration, bytes: u64) {
        let found = self.rows.iter().position(|row| row.name == name);
        let index = found.unwrap_or_else(|| {
            self.rows.push(ProfileRow { name: name.to_string(), ..ProfileRow::default() });
            self.rows.len() - 1
        });
        let row = &mut self.rows[index];
        row.calls += 1;
        row.time += time;
        row.bytes += bytes;
    }
}
