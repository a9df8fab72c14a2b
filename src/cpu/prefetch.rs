//! Bringing memory into the processor's cache before it is needed.

/// Asks for the cache line of `values[index]` in the first-level cache; does nothing where there is
/// no such value or no such instruction.
///
/// Rows of a node lie further apart the deeper the node, and their distance is known only to the
/// program: without the hint every row's line is waited for.
#[inline]
pub fn prefetch<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    ask::<T, { std::arch::x86_64::_MM_HINT_T0 }>(values, index);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

/// The same in the second-level cache: of lines that are asked for long before, the first one has
/// no room for.
#[inline]
pub fn prefetch_far<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    ask::<T, { std::arch::x86_64::_MM_HINT_T1 }>(values, index);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

/// Asks for the cache line of `values[index]` in the cache that `HINT` means.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn ask<T, const HINT: i32>(values: &[T], index: usize) {
    if let Some(value) = values.get(index) {
        // SAFETY: a prefetch reads nothing that the program can see, and faults on no address; this
        // one is valid besides.
        #[allow(unsafe_code)]
        unsafe {
            std::arch::x86_64::_mm_prefetch::<HINT>(std::ptr::from_ref(value).cast());
        }
    }
}

/// Reads one value of every cache line.
pub fn read_lines<T: Copy>(values: &[T]) {
    const LINE: usize = 64;
    for line in values.chunks((LINE / size_of::<T>()).max(1)) {
        std::hint::black_box(line[0]);
    }
}
