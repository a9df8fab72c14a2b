//! SHA-256 of bytes and files, in hexadecimal digits.

use crate::error::{Error, Result};
use crate::io::files::open_regular;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::path::Path;

/// The sha256 of bytes, in lower case hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes in lower case hexadecimal digits.
#[must_use]
pub fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sha256 of a file; `None` for a pipe or a device, which gives its bytes once.
///
/// # Errors
/// If it cannot be read.
pub fn sha256_of_file(path: &Path) -> Result<Option<String>> {
    let Some(file) = open_regular(path).map_err(|source| Error::io("open", path, source))? else {
        return Ok(None);
    };
    sha256_of_reader(file.reader).map(Some).map_err(|source| Error::io("read", path, source))
}

/// Returns the sha256 of all that a reader gives.
///
/// # Errors
/// If it cannot be read.
pub fn sha256_of_reader(mut reader: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match reader.read(&mut block)? {
            0 => return Ok(hexadecimal(&hasher.finalize())),
            read => hasher.update(&block[..read]),
        }
    }
}
