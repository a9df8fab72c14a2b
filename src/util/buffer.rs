//! Large buffers that kernels gather from all over.

use bytemuck::Pod;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Values in pages of megabytes instead of kilobytes, where the system grants them: gathered reads
/// then find the address of a page in the processor's cache of them, and the first write to the
/// buffer meets a few hundred times fewer new pages. Elsewhere, and for what would not fill such a
/// page, an ordinary allocation.
pub struct Buffer<T>(Memory<T>);

enum Memory<T> {
    Mapped(memmap2::MmapMut),
    Allocated(Vec<T>),
}

/// Bytes of a large page on the most common systems.
const LARGE_PAGE: usize = 2 << 20;

impl<T: Pod> Buffer<T> {
    /// Returns a buffer of `length` zeros; in large pages where it fills at least one of 2 MiB.
    #[must_use]
    pub fn zeroed(length: usize) -> Self {
        let allocated = || Self(Memory::Allocated(vec![T::zeroed(); length]));
        let bytes = length * size_of::<T>();
        if bytes < LARGE_PAGE {
            return allocated();
        }
        let Ok(map) = memmap2::MmapMut::map_anon(bytes) else { return allocated() };
        // A system without large pages returns an error; the buffer is as good.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Self(Memory::Mapped(map))
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match &self.0 {
            Memory::Mapped(map) => bytemuck::cast_slice(map),
            Memory::Allocated(values) => values,
        }
    }
}

impl<T: Pod> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Memory::Mapped(map) => bytemuck::cast_slice_mut(map),
            Memory::Allocated(values) => values,
        }
    }
}

impl<T: Pod> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.len());
        copy.copy_from_slice(self);
        copy
    }
}

impl<T: Pod + PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Pod + Eq> Eq for Buffer<T> {}

impl<T: Pod> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer of {} values", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_buffers_hold_what_is_written() {
        for length in [0, 5, LARGE_PAGE - 1, LARGE_PAGE, 2 * LARGE_PAGE + 3] {
            let mut buffer = Buffer::<u8>::zeroed(length);
            assert_eq!(buffer.len(), length);
            assert!(buffer.iter().all(|&byte| byte == 0));
            buffer.iter_mut().enumerate().for_each(|(i, byte)| *byte = i as u8);
            let copy = buffer.clone();
            assert_eq!(copy, buffer);
            if let Some(last) = buffer.last_mut() {
                *last = last.wrapping_add(1);
                assert_ne!(copy, buffer);
            }
        }
        let mut pairs = Buffer::<u64>::zeroed(LARGE_PAGE);
        pairs[LARGE_PAGE - 1] = u64::MAX;
        assert_eq!(pairs.iter().sum::<u64>(), u64::MAX);
    }
}
