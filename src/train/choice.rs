//! Where and how trainings compute: the choice of the caller.

use crate::cpu::CpuOptions;
use crate::error::Result;
use crate::params::Params;
use crate::train::contest::Rule;
use crate::util::threads::thread_pool;

/// Where and how a training computes; changes no result.
///
/// A [`BackendChoice`] alone, or [`CpuOptions`] alone, convert to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compute {
    /// Where the kernels run; on the processor by default.
    pub backend: BackendChoice,
    /// How the CPU backend cuts up its work, where it does any.
    pub cpu: CpuOptions,
    /// The threads that share the work.
    pub threads: Threads,
}

impl Compute {
    /// Returns whether the chosen backend times its kernels.
    pub(crate) fn is_profiled(&self) -> bool {
        match &self.backend {
            BackendChoice::Cpu => self.cpu.profile,
            #[cfg(feature = "gpu")]
            BackendChoice::Gpu(options) => options.profile,
            BackendChoice::Auto(_) => false,
        }
    }
}

impl From<BackendChoice> for Compute {
    fn from(backend: BackendChoice) -> Self {
        Self { backend, ..Self::default() }
    }
}

impl From<CpuOptions> for Compute {
    fn from(cpu: CpuOptions) -> Self {
        Self { cpu, ..Self::default() }
    }
}

impl From<Threads> for Compute {
    fn from(threads: Threads) -> Self {
        Self { threads, ..Self::default() }
    }
}

/// The threads that a training runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threads {
    /// A pool of its own with `nthread` threads; all cores where the parameter is not given.
    #[default]
    Own,
    /// Rayon's current pool, whatever `nthread` says: for callers whose trainings share threads.
    Current,
}

impl Threads {
    /// Runs `work` on these threads.
    pub(crate) fn install<R: Send>(self, params: &Params, work: impl FnOnce() -> Result<R> + Send) -> Result<R> {
        match self {
            Self::Own => thread_pool(params.nthread)?.install(work),
            Self::Current => work(),
        }
    }
}

/// Where the kernels run; changes no result.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum BackendChoice {
    /// The processor, on the threads of the pool.
    #[default]
    Cpu,
    /// A GPU, found by these options.
    #[cfg(feature = "gpu")]
    Gpu(crate::gpu::GpuOptions),
    /// Begins on the processor and tries a GPU where enough work is left to gain by it; the faster
    /// of both keeps the rest. Without a GPU, or if it refuses the data or fails, the processor
    /// does it all. Kernels are not profiled.
    Auto(crate::train::choice::AutoOptions),
}

impl BackendChoice {
    /// Whether a GPU must do it.
    #[must_use]
    pub fn is_gpu(&self) -> bool {
        !matches!(self, Self::Cpu | Self::Auto(_))
    }
}

/// How a training chooses its backend by itself. Nothing here changes a result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AutoOptions {
    /// How the GPU is chosen and used, if it is.
    #[cfg(feature = "gpu")]
    pub gpu: crate::gpu::GpuOptions,
    /// Whether an adapter that computes on the processor may be taken, which is never faster: tests
    /// do.
    pub software: bool,
    /// When the training changes from one backend to the other.
    pub rule: Rule,
}
