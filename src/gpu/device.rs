//! Adapters, the choice among them, and an open device with its errors.

use super::GpuOptions;
use super::compose::{Variant, compose};
use super::kernels::{Access, KERNELS, Row};
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::layout::Step;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Once};

/// An adapter as `gboost devices` lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterDescription {
    /// Its position in the list.
    pub index: usize,
    /// The adapter's name, as its driver gives it.
    pub name: String,
    /// `discrete GPU`, `integrated GPU`, `virtual GPU`, `CPU` or `other`.
    pub kind: &'static str,
    /// The interface: `vulkan`, `metal` or `dx12`.
    pub backend: String,
    /// The driver and its version.
    pub driver: String,
    /// Whether it computes on the CPU.
    pub software: bool,
    /// The most bytes that one kernel may address in one buffer.
    pub max_binding_bytes: u64,
    /// The most bytes of one buffer.
    pub max_buffer_bytes: u64,
    /// The most bytes that a workgroup may share.
    pub max_workgroup_bytes: u32,
    /// Whether kernels can be timed by the device.
    pub timestamps: bool,
}

/// Which limits a device is opened with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitChoice {
    /// All that the adapter has.
    #[default]
    Adapter,
    /// The WebGPU defaults, which every adapter has.
    Default,
}

/// What a machine without an adapter lacks.
const INSTALL: &str = "install a Vulkan driver: your GPU vendor's, or `apt-get install mesa-vulkan-drivers libvulkan1`; \
                       or train with {cpu}";

fn instance() -> wgpu::Instance {
    // Indirect dispatches are not used, and validation layers belong to development: no flags.
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12,
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle_from_env()
    })
}

fn enumerate(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()))
}

fn describe(index: usize, adapter: &wgpu::Adapter) -> AdapterDescription {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    AdapterDescription {
        index,
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => "discrete GPU",
            wgpu::DeviceType::IntegratedGpu => "integrated GPU",
            wgpu::DeviceType::VirtualGpu => "virtual GPU",
            wgpu::DeviceType::Cpu => "CPU",
            wgpu::DeviceType::Other => "other",
        },
        backend: info.backend.to_string(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_string(),
        software: info.device_type == wgpu::DeviceType::Cpu,
        max_binding_bytes: limits.max_storage_buffer_binding_size,
        max_buffer_bytes: limits.max_buffer_size,
        max_workgroup_bytes: limits.max_compute_workgroup_storage_size,
        timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
        name: info.name,
    }
}

/// The adapters of this machine; a choice by index counts in this order.
#[must_use]
pub fn adapters() -> Vec<AdapterDescription> {
    enumerate(&instance()).iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect()
}

/// The position of the adapter that was asked for: by index, or by a part of its name in any case.
/// Without a choice the first of the fastest kind.
///
/// # Errors
/// If there is none, or none that fits.
pub fn choose(adapters: &[AdapterDescription], wanted: Option<&str>) -> Result<usize> {
    if adapters.is_empty() {
        return Err(Error::new(ErrorKind::Unavailable, "no GPU adapter was found").remedy(INSTALL));
    }
    let Some(wanted) = wanted else {
        let order = ["discrete GPU", "integrated GPU", "virtual GPU", "other", "CPU"];
        let rank = |adapter: &AdapterDescription| order.iter().position(|&kind| kind == adapter.kind);
        return Ok((0..adapters.len()).min_by_key(|&index| rank(&adapters[index])).unwrap_or(0));
    };
    let found = match wanted.trim().parse::<usize>() {
        Ok(index) => Some(index).filter(|&index| index < adapters.len()),
        Err(_) => {
            let wanted = wanted.trim().to_lowercase();
            adapters.iter().position(|adapter| adapter.name.to_lowercase().contains(&wanted))
        }
    };
    found.ok_or_else(|| {
        let names: Vec<String> = adapters.iter().map(|adapter| format!("{} {}", adapter.index, adapter.name)).collect();
        Error::new(ErrorKind::Unavailable, format!("no GPU adapter fits {wanted:?}"))
            .remedy(format!("choose among: {}", names.join(", ")))
    })
}

/// The first error of a device that no call reported.
#[derive(Clone, Debug, Default)]
struct Fault(Arc<Mutex<Option<String>>>);

impl Fault {
    fn set(&self, message: String) {
        if let Ok(mut first) = self.0.lock() {
            first.get_or_insert(message);
        }
    }

    /// Notes the loss of the device, in place of errors that only followed from it.
    fn lose(&self, message: String) {
        if let Ok(mut first) = self.0.lock() {
            *first = Some(message);
        }
    }

    fn get(&self) -> Option<String> {
        self.0.lock().ok().and_then(|first| first.clone())
    }
}

/// Pipelines by entry point and source.
type Compiled = HashMap<(&'static str, String), Arc<Pipeline>>;

/// An open device; a clone is the same device.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// The open device, which makes buffers and pipelines.
    pub device: wgpu::Device,
    /// The device's queue, which takes submits.
    pub queue: wgpu::Queue,
    /// Description of the adapter that was opened.
    pub adapter: AdapterDescription,
    /// What it was opened with.
    pub limits: wgpu::Limits,
    fault: Fault,
    /// Pipelines compiled so far, shared by all clones.
    compiled: Arc<Mutex<Compiled>>,
}

/// What a device is opened with.
type Opening = (Option<String>, LimitChoice, bool);

/// Devices stay open, and kernels compiled, for the next training of the process: folds and trials
/// train many times.
static OPEN: Mutex<Vec<(Opening, Gpu)>> = Mutex::new(Vec::new());

/// A compiled entry point.
#[derive(Debug)]
pub struct Pipeline {
    /// The compiled pipeline of the entry point.
    pub pipeline: wgpu::ComputePipeline,
    /// The layout of its bindings.
    pub layout: wgpu::BindGroupLayout,
}

impl Gpu {
    /// Opens the adapter that the options name.
    ///
    /// # Errors
    /// No adapter, or none that fits: `Unavailable`. An adapter that refuses: `Device`.
    pub fn open(options: &GpuOptions) -> Result<Self> {
        let key = (options.adapter.clone(), options.limits, options.optional_features);
        let Ok(mut open) = OPEN.lock() else { return Self::open_new(options) };
        // A device that failed, or was lost in the meantime, is not used again.
        open.retain(|(opening, gpu)| gpu.fault.get().is_none() && (*opening != key || gpu.is_alive()));
        if let Some((_, gpu)) = open.iter().find(|(opening, _)| *opening == key) {
            return Ok(gpu.clone());
        }
        let gpu = Self::open_new(options)?;
        open.push((key, gpu.clone()));
        Ok(gpu)
    }

    fn open_new(options: &GpuOptions) -> Result<Self> {
        let mut found = enumerate(&instance());
        let descriptions: Vec<_> = found.iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect();
        let index = choose(&descriptions, options.adapter.as_deref())?;
        let (adapter, description) = (found.swap_remove(index), descriptions[index].clone());
        let limits = match options.limits {
            LimitChoice::Adapter => adapter.limits(),
            LimitChoice::Default => wgpu::Limits::default(),
        };
        let features = if options.optional_features {
            adapter.features() & wgpu::Features::TIMESTAMP_QUERY
        } else {
            wgpu::Features::empty()
        };
        let request = adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("gboost"),
            required_features: features,
            required_limits: limits.clone(),
            ..Default::default()
        });
        let (device, queue) = pollster::block_on(request)
            .map_err(|error| device_error(format!("{} cannot be opened: {error}", description.name)))?;
        let fault = Fault::default();
        let uncaptured = fault.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| uncaptured.set(error.to_string())));
        let lost = fault.clone();
        device.set_device_lost_callback(move |reason, message| {
            lost.lose(match reason {
                wgpu::DeviceLostReason::Destroyed => "the device was closed while it was in use".to_string(),
                wgpu::DeviceLostReason::Unknown => {
                    format!("the device was lost, removed or reset by its driver: {message}")
                }
            });
        });
        Ok(Self { device, queue, adapter: description, limits, fault, compiled: Arc::default() })
    }

    /// The first error since the device was opened, if there was one.
    ///
    /// # Errors
    /// That error.
    pub fn check(&self) -> Result<()> {
        if self.fault.get().is_none() {
            return Ok(());
        }
        // The error may have followed from a loss that is only told to those who ask.
        let _ = self.poll(wgpu::PollType::Poll);
        let message = self.fault.get().unwrap_or_default();
        Err(device_error(format!("{}: {message}", self.adapter.name)))
    }

    /// Whether the device still takes work, as far as can be known without giving it any.
    fn is_alive(&self) -> bool {
        self.poll(wgpu::PollType::Poll).is_ok() && self.fault.get().is_none()
    }

    /// Polls the device.
    fn poll(&self, how: wgpu::PollType) -> Result<()> {
        let polled = without_panic(|| self.device.poll(how));
        let error = match polled {
            Some(Ok(_)) => return Ok(()),
            Some(Err(error)) => error.to_string(),
            None => self.fault.get().unwrap_or_else(|| "the device was lost".to_string()),
        };
        // What was lost stays lost, whoever asks next.
        self.fault.set(error.clone());
        Err(device_error(format!("{}: {error}", self.adapter.name)))
    }

    /// Waits until the device has done all that was submitted.
    ///
    /// # Errors
    /// If the device failed.
    pub fn wait(&self) -> Result<()> {
        let polled = self.poll(wgpu::PollType::wait_indefinitely());
        self.check()?;
        polled
    }

    /// Compiles every kernel of the table, in its order.
    ///
    /// # Errors
    /// If the driver refuses one.
    pub fn compile(&self, variant: &Variant) -> Result<Vec<Arc<Pipeline>>> {
        let mut sources: Vec<(&str, String, Option<wgpu::ShaderModule>)> = Vec::new();
        let mut pipelines = Vec::new();
        for row in KERNELS {
            if sources.last().is_none_or(|(shader, ..)| *shader != row.shader) {
                sources.push((row.shader, compose(row.shader, variant), None));
            }
            let Some((_, source, module)) = sources.last_mut() else { continue };
            let key = (row.entry, source.clone());
            let known = self.compiled.lock().ok().and_then(|compiled| compiled.get(&key).cloned());
            if let Some(pipeline) = known {
                pipelines.push(pipeline);
                continue;
            }
            let module = match module {
                Some(module) => module,
                None => module.insert(self.shader(row.shader, source)?),
            };
            let pipeline = Arc::new(self.pipeline(row, module)?);
            if let Ok(mut compiled) = self.compiled.lock() {
                compiled.insert(key, pipeline.clone());
            }
            pipelines.push(pipeline);
        }
        self.check()?;
        Ok(pipelines)
    }

    /// Compiles the source of a shader.
    ///
    /// # Errors
    /// `Device` if it is refused.
    pub fn shader(&self, name: &'static str, source: &str) -> Result<wgpu::ShaderModule> {
        self.accepted("shader", name, || {
            self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(name),
                source: wgpu::ShaderSource::Wgsl(source.into()),
            })
        })
    }

    /// Makes the pipeline of an entry point.
    ///
    /// # Errors
    /// `Device` if the driver refuses it, or if the shader has no such entry point with the row's
    /// bindings.
    pub fn pipeline(&self, row: &Row, module: &wgpu::ShaderModule) -> Result<Pipeline> {
        self.accepted("kernel", row.entry, || self.make_pipeline(row, module))
    }

    /// What `make` makes, unless the device refuses it.
    fn accepted<T>(&self, what: &str, name: &str, make: impl FnOnce() -> T) -> Result<T> {
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let made = make();
        let internal = pollster::block_on(internal.pop());
        match pollster::block_on(validation.pop()).or(internal) {
            Some(error) => Err(device_error(format!("{} refuses {what} {name}: {error}", self.adapter.name))),
            None => Ok(made),
        }
    }

    fn make_pipeline(&self, row: &Row, module: &wgpu::ShaderModule) -> Pipeline {
        let entry = |&(slot, access): &(super::kernels::Slot, Access)| wgpu::BindGroupLayoutEntry {
            binding: slot as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match access {
                    Access::Task | Access::Uniform => wgpu::BufferBindingType::Uniform,
                    Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                    Access::Write => wgpu::BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: access == Access::Task,
                min_binding_size: if access == Access::Task {
                    std::num::NonZeroU64::new(size_of::<Step>() as u64)
                } else {
                    None
                },
            },
            count: None,
        };
        let entries: Vec<_> = row.bindings.iter().map(entry).collect();
        let layout = self
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(row.entry), entries: &entries });
        let pipeline_layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(row.entry),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(row.entry),
            layout: Some(&pipeline_layout),
            module,
            entry_point: Some(row.entry),
            // The shaders write workgroup memory before they read it.
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        Pipeline { pipeline, layout }
    }
}

/// A failure of the device.
#[must_use]
pub fn device_error(message: String) -> Error {
    Error::new(ErrorKind::Device, message).remedy("train with {cpu}, which writes the same model")
}

thread_local! {
    /// Whether a panic of this thread is caught by [`without_panic`], which tells of it in its own
    /// words.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// The answer of a call that panics when the device is lost while it waits, as
/// [`wgpu::Device::poll`] does; `None` then, and nothing is printed.
fn without_panic<T>(call: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !CAUGHT.get() {
                before(panic);
            }
        }));
    });
    CAUGHT.set(true);
    let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).ok();
    CAUGHT.set(false);
    answer
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_replaces_what_followed_from_it() {
        let fault = Fault::default();
        fault.set("an invalid buffer".to_string());
        fault.set("another".to_string());
        assert_eq!(fault.get().as_deref(), Some("an invalid buffer"));
        fault.lose("lost".to_string());
        fault.set("a third".to_string());
        assert_eq!(fault.get().as_deref(), Some("lost"));
    }

    #[test]
    fn a_panic_is_no_answer() {
        assert_eq!(without_panic(|| 1), Some(1));
        assert_eq!(without_panic(|| -> u32 { panic!("a device that was lost") }), None);
    }

    /// The test above prints nothing, another panic still does.
    #[test]
    fn a_caught_panic_is_not_printed() {
        let run = |test: &str| {
            let this = std::env::current_exe().unwrap();
            let test = format!("gpu::device::tests::{test}");
            let ran =
                std::process::Command::new(this).args([&test, "--exact", "--nocapture", "--include-ignored"]).output();
            String::from_utf8_lossy(&ran.unwrap().stderr).to_string()
        };
        assert!(!run("a_panic_is_no_answer").contains("a device that was lost"));
        assert!(run("a_panic_that_is_not_caught").contains("any other panic"));
    }

    #[test]
    #[ignore = "panics, for the test before"]
    fn a_panic_that_is_not_caught() {
        assert_eq!(without_panic(|| 1), Some(1));
        panic!("any other panic");
    }
}
