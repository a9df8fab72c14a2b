//! What the program prints, and where; and what ends it early.

pub mod colour;
pub mod exit_code;
pub mod flags;
pub mod interrupt;
pub mod out_of_memory;
pub mod profile;
pub mod progress;
pub mod screen;
pub mod summary;
pub mod teller;
pub mod tune_progress;
