//! Tools that know nothing of learning: memory, threads, time, digests, names.

pub mod bit_set;
pub mod buffer;
pub mod clock;
pub mod digest;
pub mod names;
pub mod per_output;
pub(crate) mod radix;
pub(crate) mod setters;
pub mod strict_json;
pub mod threads;
pub mod vector;
