//! Plain loops, compiled for the vectors of the processor at hand.

/// Runs `work`, compiled for the widest vectors that the processor has: a build for every x86-64
/// may only assume those of 2003. `work` must be `#[inline(always)] || ...`, and so must be what it
/// calls: a function of its own is compiled for every processor. Only loops whose results do not
/// depend on the order of their operations gain by it; nothing is reordered that rounds.
#[inline(always)]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
