//! The contract (docs/exactness.md): models byte for byte against the oracle, against known hashes,
//! and across threads, chunk sizes and forms of the data.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod against_oracle;
#[path = "../common/mod.rs"]
mod common;
mod identity;
mod lists;
mod oracle;
mod ranks;
mod spill;
