//! What the program prints, and where.

pub mod colour;
pub mod figures;
pub mod out_of_memory;
pub mod profile;
pub mod progress;
pub mod screen;
pub mod tune_progress;
