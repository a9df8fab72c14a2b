//! The choice of the backend, made once for every job.

use crate::observer::Observer;
use gboost::{AutoOptions, BackendChoice, Compute, CpuOptions, Error, Placement, Result};

/// Device on which the kernels run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// Begins on the processor, and goes on with a GPU where that is faster.
    #[default]
    Auto,
    /// All cores of the processor.
    Cpu,
    /// A GPU; an error where there is none.
    Gpu,
}

/// What is asked for. The model is the same to the last byte.
#[derive(Clone, Debug, Default)]
pub struct BackendOptions {
    /// Device on which the kernels run; [`Device::Auto`] by default.
    pub device: Device,
    /// The GPU, by its number or a part of its name; implies [`Device::Gpu`].
    pub gpu: Option<String>,
    /// Whether the time of each kernel is measured.
    pub profile: bool,
}

impl BackendOptions {
    /// Checks, before data is read, that what is asked for by name exists here.
    ///
    /// # Errors
    ///
    /// If there is no such GPU, or the options contradict each other.
    pub fn check(&self) -> Result<()> {
        if self.device == Device::Cpu && self.gpu.is_some() {
            return Err(Error::parameter("--gpu does not go with --backend cpu").remedy("leave one of them out"));
        }
        if self.device == Device::Gpu || self.gpu.is_some() {
            find(self.gpu.as_deref())?;
        }
        Ok(())
    }

    /// Decides where to train. What was asked for by name is taken or refused, never replaced;
    /// [`Device::Auto`] decides while it trains.
    pub(crate) fn choose(&self, observer: &mut dyn Observer) -> Result<Compute> {
        let profile = self.profile;
        let cpu = CpuOptions::default().profile(profile);
        let adapter = self.gpu.as_deref();
        let backend = match self.device {
            Device::Auto if adapter.is_none() && profile => {
                observer.note("--profile measures one backend: the processor; give --backend gpu for a GPU")?;
                BackendChoice::Cpu
            }
            Device::Auto if adapter.is_none() => BackendChoice::Auto(AutoOptions::default()),
            Device::Cpu => BackendChoice::Cpu,
            Device::Auto | Device::Gpu => gpu(adapter, profile, observer)?,
        };
        Ok(Compute { backend, cpu, ..Compute::default() })
    }
}

/// Reports where a training ended, and why, if [`Device::Auto`] chose.
pub(crate) fn tell(placement: &Placement, adapter: &str, observer: &mut dyn Observer) -> Result<()> {
    match &placement.auto {
        Some(auto) => observer.detail(&format!("backend: {}, {adapter} (auto; {})", placement.name, auto.reason)),
        None => Ok(()),
    }
}

#[cfg(feature = "gpu")]
fn find(adapter: Option<&str>) -> Result<gboost::internals::gpu::AdapterDescription> {
    let adapters = gboost::internals::gpu::adapters();
    gboost::internals::gpu::device::choose(&adapters, adapter).map(|index| adapters[index].clone())
}

#[cfg(not(feature = "gpu"))]
fn find(_adapter: Option<&str>) -> Result<()> {
    Err(Error::new(gboost::ErrorKind::Unavailable, "this build of gboost has no GPU backend")
        .remedy("use --backend cpu or auto: the model is the same to the last byte"))
}

/// Finds a GPU, reports its name, and returns it as a backend.
#[cfg(feature = "gpu")]
fn gpu(adapter: Option<&str>, profile: bool, observer: &mut dyn Observer) -> Result<BackendChoice> {
    let found = find(adapter)?;
    observer.detail(&format!("backend: gpu, {} ({}, {}, {})", found.name, found.kind, found.backend, found.driver))?;
    if found.software {
        observer.note(&format!(
            "{} is a software adapter: it computes on the processor, slower than --backend cpu",
            found.name
        ))?;
    }
    let options = gboost::GpuOptions::default().adapter(Some(found.index.to_string())).profile(profile);
    Ok(BackendChoice::Gpu(options))
}

#[cfg(not(feature = "gpu"))]
fn gpu(adapter: Option<&str>, _profile: bool, _observer: &mut dyn Observer) -> Result<BackendChoice> {
    find(adapter).map(|()| BackendChoice::Cpu)
}
