//! The table of kernels: one row an entry point. Kernel X is `shaders/X.wgsl`, its twin
//! `src/cpu/X.rs`, its test `tests/twins/X.rs`; a kernel of several passes has a row a pass.

/// A resource that kernels are bound to; its number is the binding in every shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)] // Each is named as in the shaders, whose headers say what it holds.
pub enum Slot {
    Task = 0,
    Setup = 1,
    State = 2,
    Nodes = 3,
    Ranges = 4,
    Rows = 5,
    NextRows = 6,
    Pairs = 7,
    Quantised = 8,
    Margins = 9,
    Targets = 10,
    Weights = 11,
    Table = 12,
    DrawnBits = 13,
    Planes = 14,
    Features = 15,
    Jobs = 16,
    Masks = 17,
    Histograms = 18,
    Above = 19,
    Best = 20,
    Plan = 21,
    Counts = 22,
    LeafSums = 23,
    Places = 24,
    Finished = 25,
    GrownSteps = 26,
    Positions = 27,
    Values = 28,
    Extent = 29,
    JobSlots = 30,
}

/// How a kernel uses a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The dispatch's [`crate::gpu::layout::Step`], at a dynamic offset.
    Task,
    /// A uniform buffer.
    Uniform,
    /// A storage buffer that is only read.
    Read,
    /// A storage buffer that is written.
    Write,
}

/// One entry point.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The entry point that the row describes.
    pub kernel: Kernel,
    /// The shader, `shaders/{shader}.wgsl`.
    pub shader: &'static str,
    /// Name of the function in the shader.
    pub entry: &'static str,
    /// Its resources (a slot is the binding number), and how each is used.
    pub bindings: &'static [(Slot, Access)],
}

macro_rules! kernels {
    ($($kernel:ident [$($access:ident $slot:ident),+];)+) => {
        /// An entry point of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // The shaders say what each does.
        pub enum Kernel { $($kernel),+ }

        /// The table, in the order of [`Kernel`].
        pub const KERNELS: &[Row] = &[$(Row {
            kernel: Kernel::$kernel,
            shader: crate::backend::Kernel::$kernel.whole().name(),
            entry: crate::backend::Kernel::$kernel.name(),
            bindings: &[(Slot::Task, Access::Task), $((Slot::$slot, Access::$access)),+],
        }),+];

        impl Kernel {
            /// Returns what this is called on any backend.
            #[must_use]
            pub const fn kind(self) -> crate::backend::Kernel {
                match self { $(Self::$kernel => crate::backend::Kernel::$kernel),+ }
            }
        }
    };
}

kernels! {
    Gradient [Uniform Setup, Write Pairs, Read Margins, Read Targets, Read Weights, Read Table];
    SampleAll [Write Ranges, Write Rows];
    SampleCount [Read Weights, Read DrawnBits, Write Counts];
    SampleScan [Write Ranges, Write Counts];
    SampleScatter [Write Rows, Read Weights, Read DrawnBits, Write Counts, Write Places];
    QuantiseExtent [Read Ranges, Read Rows, Read Pairs, Write Extent];
    QuantiseShifts [Uniform Setup, Write State, Write Extent];
    QuantisePairs [Write State, Read Ranges, Read Rows, Read Pairs, Write Quantised, Write Extent];
    QuantiseRoot [Write Nodes, Write Extent];
    HistogramPlan [Read State, Read Nodes, Read Ranges, Write Plan];
    HistogramClear [Read State, Write Histograms];
    HistogramBuild [
        Read Rows, Read Quantised, Read Planes, Read Jobs, Read Masks, Write Histograms, Read Plan, Read JobSlots
    ];
    SplitColumns [Uniform Setup, Read State, Write Nodes, Read Masks];
    SplitScan [
        Uniform Setup, Read State, Read Nodes, Read Features, Read Masks, Write Histograms, Read Above, Write Best
    ];
    SplitChoose [Read State, Write Nodes, Read Features, Write Best];
    SplitChildren [Write State, Write Nodes];
    PartitionPlan [Read State, Read Nodes, Write Ranges, Write Plan];
    PartitionCount [
        Read Nodes, Read Rows, Read Planes, Read Features, Read Plan, Write Counts
    ];
    PartitionScan [Write Nodes, Write Ranges, Read Plan, Write Counts];
    PartitionScatter [
        Read Nodes, Write Ranges, Read Rows, Write NextRows, Read Planes, Read Features, Read Plan, Write Counts
    ];
    LeafPlan [Read State, Read Nodes, Read Ranges, Write Plan];
    LeafBuild [
        Read Nodes, Read Rows, Read NextRows, Read Pairs, Read Plan, Write LeafSums, Write Places
    ];
    AddLeaves [
        Uniform Setup, Write Margins, Read Planes, Read Features, Write Places, Read Finished, Read GrownSteps
    ];
    Route [Uniform Setup, Write Margins, Read Finished, Write Positions, Read Values];
}

impl Kernel {
    /// The kernel's row.
    #[must_use]
    pub fn row(self) -> &'static Row {
        &KERNELS[self as usize]
    }
}
