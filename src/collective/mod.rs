//! Ranks that train one model together: each holds a shard of the rows, and they add integers up.
//!
//! Sums of integers are the same in any order, so a model does not depend on the number of ranks.
//! [`Collective`] is all that a carrier (MPI, threads, a scheduler's own) must offer; [`Alone`] is
//! the one of a single machine. All ranks call the same operations in the same order.

use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::fmt;

/// Ranks that hold a shard of the rows each.
///
/// All ranks call the same operations in the same order, sums with the same length. Methods take a
/// shared reference, since the kernels of a training share the collective; a carrier that is bound
/// to one thread forwards the calls to it.
pub trait Collective: fmt::Debug + Sync {
    /// Returns this rank, from 0.
    fn rank(&self) -> usize;

    /// Returns the number of ranks.
    fn size(&self) -> usize;

    /// Adds the words of all ranks place by place, each sum modulo 2^64; all ranks get the sums.
    ///
    /// # Errors
    /// If a rank is lost.
    fn sum(&self, words: &mut [u64]) -> Result<()>;

    /// Returns the bytes of all ranks in their order; lengths may differ. By default every rank
    /// adds its bytes at a place of its own.
    ///
    /// # Errors
    /// If a rank is lost.
    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut lengths = vec![0; self.size()];
        lengths[self.rank()] = bytes.len() as u64;
        self.sum(&mut lengths)?;
        let words = |length: u64| length.div_ceil(size_of::<u64>() as u64) as usize;
        let mut all = vec![0; lengths.iter().copied().map(words).sum()];
        let start: usize = lengths[..self.rank()].iter().copied().map(words).sum();
        for (word, bytes) in all[start..].iter_mut().zip(bytes.chunks(size_of::<u64>())) {
            let mut padded = [0; size_of::<u64>()];
            padded[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_le_bytes(padded);
        }
        self.sum(&mut all)?;
        let mut rest = all.as_slice();
        let of_rank = |&length: &u64| {
            let (head, tail) = rest.split_at(words(length));
            rest = tail;
            let mut bytes: Vec<u8> = head.iter().flat_map(|word| word.to_le_bytes()).collect();
            bytes.truncate(length as usize);
            bytes
        };
        Ok(lengths.iter().map(of_rank).collect())
    }

    /// Returns whether there are other ranks.
    fn is_shared(&self) -> bool {
        self.size() > 1
    }
}

/// The only rank: nothing is exchanged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Collective for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn sum(&self, _words: &mut [u64]) -> Result<()> {
        Ok(())
    }

    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
        Ok(vec![bytes.to_vec()])
    }
}

/// Returns the words of all ranks in their order.
///
/// # Errors
/// If a rank is lost.
pub fn gather_words(ranks: &dyn Collective, words: &[u64]) -> Result<Vec<Vec<u64>>> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let gathered = ranks.gather(&bytes)?;
    let words = |bytes: &Vec<u8>| bytes.as_chunks().0.iter().map(|&bytes| u64::from_le_bytes(bytes)).collect();
    Ok(gathered.iter().map(words).collect())
}

/// Returns the values of all ranks, one rank's after the other's; those of the only rank as they
/// are.
///
/// # Errors
/// If a rank is lost.
pub fn gather_values<'v>(ranks: &dyn Collective, values: Cow<'v, [f32]>) -> Result<Cow<'v, [f32]>> {
    if !ranks.is_shared() {
        return Ok(values);
    }
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let gathered = ranks.gather(&bytes)?;
    Ok(gathered.iter().flat_map(|bytes| bytes.as_chunks().0).map(|&bytes| f32::from_le_bytes(bytes)).collect())
}

/// The kinds of error as ranks tell them.
const KINDS: [ErrorKind; 8] = [
    ErrorKind::Data,
    ErrorKind::Parameter,
    ErrorKind::Model,
    ErrorKind::Io,
    ErrorKind::Unavailable,
    ErrorKind::Device,
    ErrorKind::CheckFailed,
    ErrorKind::Interrupted,
];

/// Passes a result on if all ranks have one; otherwise fails on all of them, so that none waits for
/// one that left. It ends every phase in which a rank can fail by itself.
///
/// # Errors
/// The rank's own error; if it has none, that of the first rank that failed, which the message
/// names.
pub fn agree<T>(ranks: &dyn Collective, result: Result<T>) -> Result<T> {
    if !ranks.is_shared() {
        return result;
    }
    let told = result.as_ref().err().map_or_else(Vec::new, |error| {
        let kind = KINDS.iter().position(|&kind| kind == error.kind()).unwrap_or_default() as u8;
        [&[kind], error.to_string().as_bytes()].concat()
    });
    let told = ranks.gather(&told)?;
    let value = result?;
    match told.iter().enumerate().find_map(|(rank, told)| Some((rank, told.split_first()?))) {
        None => Ok(value),
        Some((rank, (&kind, message))) => {
            let kind = KINDS.get(usize::from(kind)).copied().unwrap_or(ErrorKind::Data);
            Err(Error::new(kind, format!("rank {rank}: {}", String::from_utf8_lossy(message))))
        }
    }
}

/// Refuses ranks that differ in a fact (name, value) that must be the same on all. All name the
/// same facts in the same order.
///
/// # Errors
/// On all ranks, with the first fact that differs; if a rank is lost.
pub fn compare(ranks: &dyn Collective, facts: &[(String, String)]) -> Result<()> {
    if !ranks.is_shared() {
        return Ok(());
    }
    let told: String = facts.iter().map(|(_, value)| format!("{value}\n")).collect();
    let told = ranks.gather(told.as_bytes())?;
    let told: Vec<_> = told.iter().map(|told| String::from_utf8_lossy(told)).collect();
    for (rank, other) in told.iter().enumerate() {
        let values = told[0].lines().zip(other.lines());
        if let Some(((name, _), (first, other))) = facts.iter().zip(values).find(|(_, (first, other))| first != other) {
            let message = format!("{name} is {other} on rank {rank}, and {first} on rank 0");
            return Err(Error::parameter(message).remedy("give all ranks the same"));
        }
    }
    Ok(())
}
