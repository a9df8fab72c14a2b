//! A backend of any kind, so that one training can change hands.

use crate::backend::profile::Profile;
use crate::backend::widths::Widths;
use crate::backend::{Backend, Frontier, Margins, NodeBatch, TreeTask};
use crate::cpu::CpuBackend;
use crate::error::Result;
#[cfg(feature = "gpu")]
use crate::gpu::GpuBackend;
use crate::train::contest::Side;
use crate::tree::grown::{FinishedTree, GrownTree};

/// A backend of any kind.
#[derive(Debug)]
pub(crate) enum Engine<'a> {
    Cpu(Box<CpuBackend<'a>>),
    #[cfg(feature = "gpu")]
    Gpu(Box<GpuBackend<'a>>),
}

/// Calls a method of whatever backend it is.
macro_rules! each {
    ($engine:expr, $backend:ident => $call:expr) => {
        match $engine {
            Engine::Cpu($backend) => $call,
            #[cfg(feature = "gpu")]
            Engine::Gpu($backend) => $call,
        }
    };
}

impl Engine<'_> {
    /// Which side it is on.
    pub fn side(&self) -> Side {
        match self {
            Self::Cpu(_) => Side::Cpu,
            #[cfg(feature = "gpu")]
            Self::Gpu(_) => Side::Gpu,
        }
    }

    /// The driver of a GPU.
    pub fn driver(&self) -> Option<String> {
        match self {
            Self::Cpu(_) => None,
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => Some(gpu.description().driver.clone()),
        }
    }

    /// What the kernels took so far, if the options asked for it.
    pub fn profile(&self) -> Option<&Profile> {
        each!(self, backend => backend.profile())
    }
}

impl Backend for Engine<'_> {
    fn gradient(&mut self) -> Result<()> {
        each!(self, backend => backend.gradient())
    }

    fn begin_tree(&mut self, task: &TreeTask) -> Result<()> {
        each!(self, backend => backend.begin_tree(task))
    }

    fn batches(&self, depth: u32) -> Vec<NodeBatch> {
        each!(self, backend => backend.batches(depth))
    }

    fn histogram(&mut self, depth: u32, batch: &NodeBatch) -> Result<()> {
        each!(self, backend => backend.histogram(depth, batch))
    }

    fn split(&mut self, depth: u32, batch: &NodeBatch) -> Result<()> {
        each!(self, backend => backend.split(depth, batch))
    }

    fn partition(&mut self, depth: u32) -> Result<Frontier> {
        each!(self, backend => backend.partition(depth))
    }

    fn leaf_sums(&mut self) -> Result<()> {
        each!(self, backend => backend.leaf_sums())
    }

    fn read_trees(&mut self) -> Result<Vec<GrownTree>> {
        each!(self, backend => backend.read_trees())
    }

    fn add_trees(&mut self, trees: &[FinishedTree]) -> Result<()> {
        each!(self, backend => backend.add_trees(trees))
    }

    fn margins(&mut self) -> Result<Vec<i64>> {
        each!(self, backend => backend.margins())
    }

    fn channel_margins(&mut self, channel: usize) -> Result<Vec<i64>> {
        each!(self, backend => backend.channel_margins(channel))
    }

    fn set_margins(&mut self, margins: &Margins) -> Result<()> {
        each!(self, backend => backend.set_margins(margins))
    }

    fn adapter(&self) -> String {
        each!(self, backend => backend.adapter())
    }

    fn widths(&self) -> Widths {
        each!(self, backend => backend.widths())
    }
}
