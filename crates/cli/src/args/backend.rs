//! The choice of the backend, made once for every command.

use crate::args::global::Global;
use crate::terminal::screen::Screen;
use clap::ValueEnum;
use gboost::cpu::CpuOptions;
use gboost::train::choice::AutoOptions;
use gboost::train::choice::{BackendChoice, Compute};
use gboost::train::outcome::Placement;
use gboost::{Error, ErrorKind, Result};

/// What `--backend` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// Begins on the processor; where a real GPU can save more than it takes to start one, both are timed and the faster one goes on
    Auto,
    /// All cores of the processor
    Cpu,
    /// A graphics processor; an error where there is none
    Gpu,
}

/// Decides where to train. What was asked for by name is taken or refused, never replaced; `auto` decides while it trains.
pub fn choose(global: &Global, profile: bool, screen: &Screen) -> Result<Compute> {
    let cpu = CpuOptions::default().profile(profile);
    let adapter = global.gpu.as_deref();
    let backend = match global.backend {
        BackendName::Auto if adapter.is_none() && profile => {
            screen.note("--profile measures one backend: the processor; give --backend gpu for a GPU");
            BackendChoice::Cpu
        }
        BackendName::Auto if adapter.is_none() => BackendChoice::Auto(AutoOptions::default()),
        BackendName::Cpu => BackendChoice::Cpu,
        BackendName::Auto | BackendName::Gpu => gpu(adapter, profile, screen)?,
    };
    Ok(Compute { backend, cpu, ..Compute::default() })
}

/// Says where a training ended, and why, if `auto` chose.
pub fn tell(placement: &Placement, adapter: &str, screen: &Screen) {
    if let Some(auto) = &placement.auto {
        screen.detail(&format!("backend: {}, {adapter} (auto; {})", placement.name, auto.reason));
    }
}

/// Checks, before data is read, that what was asked for by name exists here.
pub fn check(global: &Global) -> Result<()> {
    if global.backend == BackendName::Cpu && global.gpu.is_some() {
        return Err(Error::parameter("--gpu does not go with --backend cpu").remedy("leave one of them out"));
    }
    if global.backend == BackendName::Gpu || global.gpu.is_some() {
        find(global.gpu.as_deref())?;
    }
    Ok(())
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

#[cfg(feature = "gpu")]
fn find(adapter: Option<&str>) -> Result<gboost::gpu::AdapterDescription> {
    let adapters = gboost::gpu::adapters();
    gboost::gpu::device::choose(&adapters, adapter).map(|index| adapters[index].clone())
}

#[cfg(not(feature = "gpu"))]
fn find(_adapter: Option<&str>) -> Result<()> {
    Err(Error::new(ErrorKind::Unavailable, "this build of gboost has no GPU backend")
        .remedy("use --backend cpu or auto: the model is the same to the last byte"))
}

/// A GPU as a backend.
#[cfg(feature = "gpu")]
fn gpu(adapter: Option<&str>, profile: bool, screen: &Screen) -> Result<BackendChoice> {
    let found = find(adapter)?;
    screen.detail(&format!("backend: gpu, {} ({}, {}, {})", found.name, found.kind, found.backend, found.driver));
    if found.software {
        screen.note(&format!(
            "{} is a software adapter: it computes on the processor, slower than --backend cpu",
            found.name
        ));
    }
    let options = gboost::gpu::GpuOptions::default().adapter(Some(found.index.to_string())).profile(profile);
    Ok(BackendChoice::Gpu(options))
}

#[cfg(not(feature = "gpu"))]
fn gpu(adapter: Option<&str>, _profile: bool, _screen: &Screen) -> Result<BackendChoice> {
    find(adapter).map(|()| BackendChoice::Cpu)
}
