//! The choice of the backend, made once for every command.

use super::Global;
use super::screen::Screen;
use clap::ValueEnum;
use gboost::booster::BackendChoice;
use gboost::cpu::CpuOptions;
use gboost::{Error, ErrorKind, Result};

/// What `--backend` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// A GPU where there is one and the data is large enough to gain by it, otherwise the processor
    Auto,
    /// All cores of the processor
    Cpu,
    /// A graphics processor; an error where there is none
    Gpu,
}

/// From this many rows x features on `auto` takes a GPU. Below, a tree takes the processor a few milliseconds, about as long as a
/// device needs to be given its forty kernels and to hand the tree back.
#[cfg(feature = "gpu")]
const GPU_FROM_CELLS: usize = 20_000_000;

/// The backend that trains.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// For the trainer.
    pub backend: BackendChoice,
    /// How the processor is used, if it is.
    pub cpu: CpuOptions,
    /// The backend's name, as in `metrics.json`.
    pub name: &'static str,
    /// The driver of a GPU.
    pub driver: Option<String>,
}

/// Decides where to train on that many `rows x features`. Only `auto` may decide, and says what it decided; what was asked
/// for by name is taken or refused, never replaced.
pub fn choose(global: &Global, profile: bool, cells: usize, screen: &Screen) -> Result<Chosen> {
    let cpu = CpuOptions { profile, ..CpuOptions::default() };
    let on_cpu = || Chosen { backend: BackendChoice::Cpu, cpu, name: "cpu", driver: None };
    let adapter = global.gpu.as_deref();
    match global.backend {
        BackendName::Auto if adapter.is_none() => auto(profile, cells, screen, on_cpu),
        BackendName::Cpu => Ok(on_cpu()),
        BackendName::Auto | BackendName::Gpu => {
            gpu(adapter, profile, screen).map(|(backend, driver)| Chosen { backend, cpu, name: "gpu", driver })
        }
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

/// A GPU as a backend, and its driver.
#[cfg(feature = "gpu")]
fn gpu(adapter: Option<&str>, profile: bool, screen: &Screen) -> Result<(BackendChoice, Option<String>)> {
    let found = find(adapter)?;
    screen.detail(&format!("backend: gpu, {} ({}, {}, {})", found.name, found.kind, found.backend, found.driver));
    if found.software {
        screen.note(&format!(
            "{} is a software adapter: it computes on the processor, slower than --backend cpu",
            found.name
        ));
    }
    let options = gboost::gpu::GpuOptions { adapter: Some(found.index.to_string()), profile, ..Default::default() };
    Ok((BackendChoice::Gpu(options), Some(found.driver)))
}

#[cfg(not(feature = "gpu"))]
fn gpu(adapter: Option<&str>, _profile: bool, _screen: &Screen) -> Result<(BackendChoice, Option<String>)> {
    find(adapter).map(|()| (BackendChoice::Cpu, None))
}

#[cfg(feature = "gpu")]
fn auto(profile: bool, cells: usize, screen: &Screen, on_cpu: impl Fn() -> Chosen) -> Result<Chosen> {
    if cells < GPU_FROM_CELLS {
        screen.detail(&format!(
            "backend: cpu (auto; {cells} rows x features are fewer than the {GPU_FROM_CELLS} from which a GPU is taken)"
        ));
        return Ok(on_cpu());
    }
    let adapters = gboost::gpu::adapters();
    match gboost::gpu::device::choose(&adapters, None).ok().map(|index| &adapters[index]) {
        Some(found) if !found.software => {
            let index = found.index.to_string();
            gpu(Some(&index), profile, screen).map(|(backend, driver)| Chosen {
                backend,
                name: "gpu",
                driver,
                ..on_cpu()
            })
        }
        Some(found) => {
            screen
                .detail(&format!("backend: cpu (auto; {} is a software adapter, which auto never takes)", found.name));
            Ok(on_cpu())
        }
        None => {
            screen.detail("backend: cpu (auto; no GPU adapter was found)");
            Ok(on_cpu())
        }
    }
}

#[cfg(not(feature = "gpu"))]
fn auto(_profile: bool, _cells: usize, screen: &Screen, on_cpu: impl Fn() -> Chosen) -> Result<Chosen> {
    screen.detail("backend: cpu (auto; this build has no GPU backend)");
    Ok(on_cpu())
}
