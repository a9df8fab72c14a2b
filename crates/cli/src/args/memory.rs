//! How much memory the training rows may take, and what is done where they would take more.

use clap::ValueEnum;
use gboost_jobs::memory::{MemoryOptions, Spill};
use std::path::PathBuf;

/// When values are spilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// Where they would take more than half of the memory that is available
    Auto,
    /// Whatever their size
    Always,
    /// Not at all
    Never,
}

/// Options about memory.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Memory")]
pub struct MemoryArgs {
    /// Whether the feature values of the training CSV files go to a temporary file instead of into
    /// memory, so that files larger than memory can be trained on; the model is the same to the
    /// last byte
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    spill: When,

    /// Folder of the temporary file, which takes four bytes a value [default: the system's, or
    /// /var/tmp if that lies in memory]
    #[arg(long, value_name = "DIR")]
    spill_dir: Option<PathBuf>,
}

impl MemoryArgs {
    /// The options of a job.
    pub fn options(&self) -> MemoryOptions {
        let spill = match self.spill {
            When::Auto => Spill::Auto,
            When::Always => Spill::Always,
            When::Never => Spill::Never,
        };
        MemoryOptions { spill, spill_folder: self.spill_dir.clone() }
    }
}
