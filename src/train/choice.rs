//! Where kernels run: the choice of the caller.

use crate::train::contest::Rule;

/// Where the kernels run; changes no result.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum BackendChoice {
    /// On the processor.
    #[default]
    Cpu,
    /// On a GPU.
    #[cfg(feature = "gpu")]
    Gpu(crate::gpu::GpuOptions),
    /// Begins on the processor and tries a GPU where enough work is left to gain by it; the faster of both keeps the rest. Without a GPU, or
    /// if it refuses the data or fails, the processor does it all. Kernels are not profiled.
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
    /// Whether an adapter that computes on the processor may be taken, which is never faster: tests do.
    pub software: bool,
    /// When hands change.
    pub rule: Rule,
}
