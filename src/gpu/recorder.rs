//! Collects dispatches and sends them to the device in few submits.

use super::GpuOptions;
use super::buffers::{Buf, Buffers, Place, TASK_BINDING, TASK_BYTES, TASKS};
use super::device::{Gpu, Pipeline, device_error};
use super::kernels::{Access, Kernel};
use crate::backend::profile::{Activity, Profile};
use crate::error::Result;
use crate::gpu::layout::Step;
use crate::util::clock::Stopwatch;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of an upload that is sent off at once.
const LARGE_WRITE: usize = 16 << 20;

/// What is to be done, in order.
#[derive(Debug)]
enum Command {
    Dispatch { kernel: Kernel, group: usize, task: u32, groups: [u32; 3] },
    Clear { buffer: wgpu::Buffer, bytes: u64 },
}

/// The queue of one training.
#[derive(Debug)]
pub struct Recorder {
    /// The device that the commands are submitted to.
    pub gpu: Gpu,
    pipelines: Vec<Arc<Pipeline>>,
    /// Bind groups by kernel and buffers: made once, used every round.
    groups: Vec<wgpu::BindGroup>,
    known: HashMap<(u32, Vec<u32>), usize>,
    commands: Vec<Command>,
    tasks: Vec<u8>,
    updates: u64,
    /// As [`GpuOptions::submit_updates`].
    pub submit_updates: u64,
    /// Times by kernel, if they are asked for; every dispatch is then a submit of its own.
    pub profile: Option<Profile>,
    clock: Option<Clock>,
}

/// The device's own clock around one dispatch.
#[derive(Debug)]
struct Clock {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    staging: wgpu::Buffer,
    /// Nanoseconds per tick of the device's clock.
    period: f64,
}

impl Clock {
    const BYTES: u64 = 16;

    /// A clock, where the device has one.
    fn new(gpu: &Gpu) -> Option<Self> {
        use wgpu::BufferUsages as U;
        if !gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return None;
        }
        let buffer = |usage| {
            let descriptor =
                wgpu::BufferDescriptor { label: Some("clock"), size: Self::BYTES, usage, mapped_at_creation: false };
            gpu.device.create_buffer(&descriptor)
        };
        Some(Self {
            queries: gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("clock"),
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            }),
            resolved: buffer(U::QUERY_RESOLVE | U::COPY_SRC),
            staging: buffer(U::MAP_READ | U::COPY_DST),
            period: f64::from(gpu.queue.get_timestamp_period()),
        })
    }

    /// What lies between the two timestamps of the last submit.
    fn read(&self, gpu: &Gpu) -> Result<Duration> {
        self.staging.map_async(wgpu::MapMode::Read, .., |_| {});
        gpu.wait()?;
        let view = self.staging.get_mapped_range(..).map_err(|error| device_error(error.to_string()))?;
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&view);
        drop(view);
        self.staging.unmap();
        Ok(Duration::from_nanos((ticks[1].wrapping_sub(ticks[0]) as f64 * self.period) as u64))
    }
}

impl Recorder {
    /// A recorder for compiled kernels.
    #[must_use]
    pub fn new(gpu: Gpu, pipelines: Vec<Arc<Pipeline>>, options: &GpuOptions) -> Self {
        let profile = options.profile;
        let clock = if profile { Clock::new(&gpu) } else { None };
        let timestamps = clock.is_some();
        Self {
            clock,
            gpu,
            pipelines,
            groups: Vec::new(),
            known: HashMap::new(),
            commands: Vec::new(),
            tasks: Vec::new(),
            updates: 0,
            submit_updates: options.submit_updates.max(1),
            profile: profile.then(|| Profile { timestamps, ..Profile::default() }),
        }
    }

    /// Records one dispatch.
    ///
    /// # Errors
    /// If the device failed.
    pub fn dispatch(
        &mut self,
        buffers: &Buffers,
        kernel: Kernel,
        place: Place,
        task: &Step,
        groups: [u32; 3],
    ) -> Result<()> {
        if self.tasks.len() as u64 / TASK_BYTES == TASKS as u64 {
            self.submit(buffers)?;
        }
        let group = self.group(buffers, kernel, place)?;
        let offset = self.tasks.len();
        self.tasks.extend_from_slice(bytemuck::bytes_of(task));
        self.tasks.resize(offset + TASK_BYTES as usize, 0);
        self.commands.push(Command::Dispatch { kernel, group, task: offset as u32, groups });
        Ok(())
    }

    /// Records that the first bytes of a buffer become zero.
    pub fn clear(&mut self, buffer: &Buf, bytes: u64) {
        self.commands.push(Command::Clear { buffer: buffer.buffer.clone(), bytes: bytes.min(buffer.buffer.size()) });
    }

    /// Counts work, and sends it off if it is much.
    ///
    /// # Errors
    /// If the device failed.
    pub fn worked(&mut self, buffers: &Buffers, updates: u64) -> Result<()> {
        self.updates += updates;
        if self.updates >= self.submit_updates { self.submit(buffers) } else { Ok(()) }
    }

    fn group(&mut self, buffers: &Buffers, kernel: Kernel, place: Place) -> Result<usize> {
        let row = kernel.row();
        let mut bound = Vec::with_capacity(row.bindings.len());
        for &(slot, access) in row.bindings {
            let buffer = buffers.get(slot, place);
            bound.push((slot, access, buffer.ok_or_else(|| device_error(format!("{} has no {slot:?}", row.entry)))?));
        }
        let key = (kernel as u32, bound.iter().map(|(_, _, buffer)| buffer.id).collect::<Vec<_>>());
        if let Some(&group) = self.known.get(&key) {
            return Ok(group);
        }
        let entries: Vec<wgpu::BindGroupEntry<'_>> = bound
            .iter()
            .map(|&(slot, access, buffer)| wgpu::BindGroupEntry {
                binding: slot as u32,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &buffer.buffer,
                    offset: 0,
                    size: if access == Access::Task { std::num::NonZeroU64::new(TASK_BINDING) } else { None },
                }),
            })
            .collect();
        self.groups.push(self.gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(row.entry),
            layout: &self.pipelines[kernel as usize].layout,
            entries: &entries,
        }));
        self.known.insert(key, self.groups.len() - 1);
        Ok(self.groups.len() - 1)
    }

    /// Sends everything that is recorded.
    ///
    /// # Errors
    /// If the device failed.
    pub fn submit(&mut self, buffers: &Buffers) -> Result<()> {
        self.updates = 0;
        if self.commands.is_empty() {
            return self.gpu.check();
        }
        if !self.tasks.is_empty() {
            self.gpu.queue.write_buffer(&buffers.tasks.buffer, 0, &self.tasks);
        }
        self.tasks.clear();
        let commands = std::mem::take(&mut self.commands);
        if self.profile.is_some() {
            for command in &commands {
                let (started, activity) = (Stopwatch::start(), activity_of(command));
                self.encode(std::slice::from_ref(command));
                self.gpu.wait()?;
                let mut time = started.elapsed();
                if let (Some(clock), Command::Dispatch { .. }) = (&self.clock, command) {
                    time = clock.read(&self.gpu)?;
                }
                if let Some(profile) = &mut self.profile {
                    let bytes = if let Command::Clear { bytes, .. } = command { *bytes } else { 0 };
                    profile.add(activity, time, bytes);
                }
            }
        } else {
            self.encode(&commands);
        }
        self.gpu.check()
    }

    fn encode(&self, commands: &[Command]) {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut rest = commands;
        while let Some(first) = rest.first() {
            if let Command::Clear { buffer, bytes } = first {
                encoder.clear_buffer(buffer, 0, Some(*bytes));
                rest = &rest[1..];
                continue;
            }
            let run = rest.iter().take_while(|command| matches!(command, Command::Dispatch { .. })).count();
            let timestamp_writes = self.clock.as_ref().map(|clock| wgpu::ComputePassTimestampWrites {
                query_set: &clock.queries,
                beginning_of_pass_write_index: Some(0),
                end_of_pass_write_index: Some(1),
            });
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes });
            for command in &rest[..run] {
                if let Command::Dispatch { kernel, group, task, groups: [x, y, z] } = command {
                    pass.set_pipeline(&self.pipelines[*kernel as usize].pipeline);
                    pass.set_bind_group(0, &self.groups[*group], &[*task]);
                    pass.dispatch_workgroups(*x, *y, *z);
                }
            }
            drop(pass);
            if let Some(Clock { queries, resolved, staging, .. }) = &self.clock {
                encoder.resolve_query_set(queries, 0..2, resolved, 0);
                encoder.copy_buffer_to_buffer(resolved, 0, staging, 0, Some(Clock::BYTES));
            }
            rest = &rest[run..];
        }
        self.gpu.queue.submit([encoder.finish()]);
    }

    /// Writes to a buffer; what was recorded before runs before.
    ///
    /// # Errors
    /// If the device failed.
    pub fn write(&mut self, buffers: &Buffers, buffer: &Buf, offset: u64, bytes: &[u8]) -> Result<()> {
        self.submit(buffers)?;
        let started = Stopwatch::start();
        self.gpu.queue.write_buffer(&buffer.buffer, offset, bytes);
        if bytes.len() >= LARGE_WRITE {
            // Frees the copy that the queue made.
            self.gpu.queue.submit([]);
        }
        if let Some(profile) = &mut self.profile {
            profile.add(Activity::Upload, started.elapsed(), bytes.len() as u64);
        }
        Ok(())
    }

    /// Reads parts of buffers (buffer, offset, bytes), one after another, through the staging
    /// buffer; they must fit it together.
    ///
    /// # Errors
    /// If the device failed.
    pub fn read(&mut self, buffers: &Buffers, parts: &[(&Buf, u64, u64)]) -> Result<Vec<u8>> {
        self.submit(buffers)?;
        let started = Stopwatch::start();
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let staging = &buffers.staging.buffer;
        let mut end = 0;
        for &(buffer, offset, bytes) in parts {
            encoder.copy_buffer_to_buffer(&buffer.buffer, offset, staging, end, Some(bytes));
            end += bytes;
        }
        self.gpu.queue.submit([encoder.finish()]);
        staging.map_async(wgpu::MapMode::Read, 0..end, |_| {});
        self.gpu.wait()?;
        let view = staging
            .get_mapped_range(0..end)
            .map_err(|error| device_error(format!("{} cannot be read: {error}", self.gpu.adapter.name)))?;
        let bytes = view.to_vec();
        drop(view);
        staging.unmap();
        if let Some(profile) = &mut self.profile {
            profile.add(Activity::ReadBack, started.elapsed(), end);
        }
        Ok(bytes)
    }
}

fn activity_of(command: &Command) -> Activity {
    match command {
        Command::Dispatch { kernel, .. } => Activity::Kernel(kernel.kind()),
        Command::Clear { .. } => Activity::Clear,
    }
}
