//! Thread pools, and how many threads are at most useful.

use crate::error::{Error, Result};

/// Threads that a pool has at most, however many are asked for: one a core, or 64 on a machine of
/// fewer. All work here is computing, so that more of them gain nothing, and idle ones look for
/// work at all others: a thousand on two cores take half a minute for 200 rows.
#[must_use]
pub fn most_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).max(64)
}

/// A pool of `threads` threads, [`most_threads`] at most; all cores without a number, or with 0.
///
/// # Errors
/// If the threads cannot be made.
pub fn thread_pool(threads: Option<usize>) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0).min(most_threads()))
        .build()
        .map_err(|error| Error::parameter(format!("cannot start threads: {error}")).remedy("give fewer {threads}"))
}
