//! The kernels by name: nine of them, and the passes that a device makes of some.

macro_rules! kernels {
    ($($(#[$doc:meta])* $kernel:ident $name:literal $([$($pass:ident $pass_name:literal),+])?;)+) => {
        /// A kernel, or a pass of one. The processor runs kernels whole.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // Of passes: the shaders say what each does.
        pub enum Kernel { $($(#[$doc])* $kernel, $($($pass,)+)?)+ }

        impl Kernel {
            /// All kernels, each before its passes.
            pub const ALL: &[Self] = &[$(Self::$kernel, $($(Self::$pass,)+)?)+];

            /// Returns the name: that of the shader's entry point.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kernel => $name, $($(Self::$pass => $pass_name,)+)?)+
                }
            }

            /// Returns the kernel that this is a pass of; a whole kernel itself.
            #[must_use]
            pub const fn whole(self) -> Self {
                match self {
                    $(Self::$kernel $($(| Self::$pass)+)? => Self::$kernel),+
                }
            }
        }
    };
}

kernels! {
    /// Gradient pairs from margins.
    Gradient "gradient";
    /// The rows that a tree sees.
    Sample "sample" [
        SampleAll "sample_all", SampleCount "sample_count", SampleScan "sample_scan", SampleScatter "sample_scatter"
    ];
    /// The extent of the sampled pairs, their quantiser, quantised pairs and the root's sums.
    Quantise "quantise" [
        QuantiseExtent "quantise_extent", QuantiseShifts "quantise_shifts", QuantisePairs "quantise_pairs",
        QuantiseRoot "quantise_root"
    ];
    /// Sums by node, feature and bin.
    Histogram "histogram" [
        HistogramPlan "histogram_plan", HistogramClear "histogram_clear", HistogramBuild "histogram_build"
    ];
    /// The best split of each node.
    Split "split" [
        SplitColumns "split_columns", SplitScan "split_scan", SplitChoose "split_choose",
        SplitChildren "split_children"
    ];
    /// The rows of the children.
    Partition "partition" [
        PartitionPlan "partition_plan", PartitionCount "partition_count", PartitionScan "partition_scan",
        PartitionScatter "partition_scatter"
    ];
    /// Sums of the unquantised pairs of each leaf.
    LeafSums "leaf_sums" [LeafPlan "leaf_plan", LeafBuild "leaf_build"];
    /// Margins of training rows after a tree.
    AddLeaves "add_leaves";
    /// Margins of channels after a tree.
    Route "route";
}
