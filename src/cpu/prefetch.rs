//! Bringing memory into the processor's cache before it is needed.

/// Asks for the cache line of `values[index]`; does nothing where there is no such value or no such instruction.
///
/// Rows of a node lie further apart the deeper the node, and their distance is known only to the program: without the
/// hint every row's line is waited for.
#[inline]
pub fn prefetch<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(index) {
        // SAFETY: a prefetch reads nothing that the program can see, and faults on no address; this one is valid besides.
        #[allow(unsafe_code)]
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

/// Reads one value of every cache line.
pub fn read_lines<T: Copy>(values: &[T]) {
    const LINE: usize = 64;
    for line in values.chunks((LINE / size_of::<T>()).max(1)) {
        std::hint::black_box(line[0]);
    }
}
