//! The choice of the backend on the command line.

use crate::args::global::{BackendName, Global};
use gboost::{Error, ErrorKind, Result};
use gboost_jobs::{BackendOptions, Device};

impl BackendName {
    /// The same for a job.
    fn device(self) -> Device {
        match self {
            Self::Auto => Device::Auto,
            Self::Cpu => Device::Cpu,
            Self::Gpu => Device::Gpu,
        }
    }
}

impl Global {
    /// Where a job trains.
    pub fn backend_options(&self, profile: bool) -> BackendOptions {
        BackendOptions { device: self.backend.device(), gpu: self.gpu.clone(), profile }
    }
}

/// Refuses a GPU for a command that has no kernels for it.
pub fn refuse_gpu(global: &Global, command: &str) -> Result<()> {
    if global.backend == BackendName::Gpu || global.gpu.is_some() {
        return Err(Error::new(
            ErrorKind::Unavailable,
            format!("gboost {command} computes on the processor; there is no GPU backend for it"),
        )
        .remedy("leave --backend and --gpu out: predictions are the same to the last bit"));
    }
    Ok(())
}

/// Refuses the options of a computation for a command that computes nothing.
pub fn refuse_idle(global: &Global, command: &str) -> Result<()> {
    let given = [
        ("--gpu", global.gpu.is_some()),
        ("--backend", global.backend != BackendName::Auto),
        ("--threads", global.threads.is_some()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => {
            Err(Error::parameter(format!("{flag} has no effect on gboost {command}, which computes nothing"))
                .remedy("leave it out"))
        }
        None => Ok(()),
    }
}
