//! Where the time of a training goes: one row per kernel, for any backend.

use crate::backend::bytes::bytes;
use crate::backend::counts::Counts;
use crate::backend::kernel::Kernel;
use crate::backend::widths::Widths;
use std::time::Duration;

/// What is timed: a kernel, or what a device does between kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activity {
    /// A kernel, or a pass of one.
    Kernel(Kernel),
    /// Setting a buffer to zero.
    Clear,
    /// From the host to the device.
    Upload,
    /// From the device to the host.
    ReadBack,
}

impl Activity {
    /// Returns the name, as tables print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel(kernel) => kernel.name(),
            Self::Clear => "clear",
            Self::Upload => "upload",
            Self::ReadBack => "read back",
        }
    }
}

/// What one kernel, or one kind of transfer, took.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileRow {
    /// The kernel or transfer that was timed.
    pub activity: Activity,
    /// Number of runs over the whole training.
    pub calls: u64,
    /// Total time of all runs.
    pub time: Duration,
    /// Bytes moved in all: for kernels as [`crate::backend::counts`] counts them.
    pub bytes: u64,
}

/// What the kernels of a training took, in the order in which they first ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// One row per activity, in the order of their first runs.
    pub rows: Vec<ProfileRow>,
    /// Whether the device measured its kernels itself; otherwise times are wall times around
    /// submits.
    pub timestamps: bool,
    /// What the kernels worked on.
    pub counts: Counts,
}

impl Profile {
    /// Adds one run to the row of its activity.
    pub fn add(&mut self, activity: Activity, time: Duration, bytes: u64) {
        let found = self.rows.iter().position(|row| row.activity == activity);
        let index = found.unwrap_or_else(|| {
            self.rows.push(ProfileRow { activity, calls: 0, time: Duration::ZERO, bytes: 0 });
            self.rows.len() - 1
        });
        let row = &mut self.rows[index];
        row.calls += 1;
        row.time += time;
        row.bytes += bytes;
    }

    /// Fills in the counts of a training, and the bytes of every kernel that follow from them.
    pub fn fill(&mut self, counts: &Counts, widths: &Widths) {
        for row in &mut self.rows {
            if let Activity::Kernel(kernel) = row.activity {
                row.bytes += bytes(kernel, counts, widths);
            }
        }
        self.counts = *counts;
    }
}
