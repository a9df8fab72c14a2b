//! A reader that hashes what is read through it, so that a file needs not be read once more for its
//! manifest, and what is hashed is what was read.

use crate::util::digest::hexadecimal;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes of `reader`, hashed in the thread that reads.
pub(super) struct Hashing<R> {
    reader: R,
    state: Arc<Mutex<Sha256>>,
}

/// The sha256 of what a [`Hashing`] has read.
pub(super) struct Hash(Arc<Mutex<Sha256>>);

impl<R: Read> Hashing<R> {
    pub(super) fn new(reader: R) -> (Self, Hash) {
        let state = Arc::new(Mutex::new(Sha256::new()));
        (Self { reader, state: state.clone() }, Hash(state))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(to)?;
        // One thread at a time reads, so nobody waits here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner).update(&to[..length]);
        Ok(length)
    }
}

impl Hash {
    /// In lower case hexadecimal digits.
    pub(super) fn digits(&self) -> String {
        hexadecimal(&self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize())
    }
}
