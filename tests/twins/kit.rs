//! What the tests of this target share: data, adapters, and the comparison of both backends.

#[path = "../common/mod.rs"]
mod common;

pub use common::*;
use gboost::internals::backend::problem::{Problem, RoutedChannel};
use gboost::internals::backend::{Backend, Shard, TreeTask};
use gboost::internals::cpu::CpuBackend;
use gboost::internals::fixed::weight::RowWeights;
use gboost::internals::gpu::buffers::Place;
use gboost::internals::gpu::kernels::Slot;
use gboost::internals::gpu::{GpuBackend, LimitChoice};
use gboost::internals::train::grower::{DepthWise, grow};
use gboost::internals::tree::sampling::SampleSource;
use gboost::{
    BackendChoice, BinnedMatrix, CpuOptions, Dataset, Evaluate, GpuOptions, Objective, Params, Trained, Trainer,
};

/// Default limits, no optional feature, tiles so small that every array is cut, and submits of a
/// few dispatches.
pub fn tiny() -> GpuOptions {
    GpuOptions::default()
        .limits(LimitChoice::Default)
        .optional_features(false)
        .tile_bytes(Some(4096))
        .histogram_bytes(64 << 10)
        .submit_updates(3000)
}

/// A training on a backend.
pub fn train(data: &Dataset, channel: Option<&Dataset>, params: &Params, backend: BackendChoice) -> Trained {
    let mut trainer = Trainer::new(params, data).on(backend).evaluate(Evaluate::EveryRound);
    if let Some(channel) = channel {
        trainer = trainer.channel("validation", channel);
    }
    trainer.run().unwrap_or_else(|error| panic!("{error}"))
}

/// Trains on both backends; models and histories must be equal to the byte.
pub fn assert_same(name: &str, data: &Dataset, channel: Option<&Dataset>, params: &Params, options: &[GpuOptions]) {
    let cpu = train(data, channel, params, BackendChoice::Cpu);
    for options in options {
        let gpu = train(data, channel, params, BackendChoice::Gpu(options.clone()));
        for (number, (a, b)) in cpu.model.trees.iter().zip(&gpu.model.trees).enumerate() {
            assert_eq!(a, b, "{name}: tree {number} with {options:?}");
        }
        assert_eq!(cpu.history, gpu.history, "{name}: metrics with {options:?}");
        assert_eq!(cpu.model.sha256(), gpu.model.sha256(), "{name} with {options:?}");
    }
}

/// Numbers of rows around a workgroup and a partition block, and enough for several.
pub const SIZES: &[usize] = &[1, 2, 255, 256, 257, 2047, 2049, 3000];

/// The binned training rows.
pub fn matrix(data: &Dataset, params: &Params) -> BinnedMatrix {
    let names = vec![String::new(); data.features()];
    BinnedMatrix::new(&data.columns, &names, data.rows, params.tree_method, params.max_bin).unwrap()
}

/// A training as the backends see it, with random margins on the way.
pub fn problem<'a>(params: &Params, data: &'a Dataset, matrix: &'a BinnedMatrix, seed: u64) -> Problem<'a> {
    let labels = data.labels.as_deref().unwrap();
    let all_ones = vec![1.0; data.rows];
    let weights = RowWeights::new(data.weights.as_ref().unwrap_or(&all_ones)).unwrap();
    let mut problem =
        Problem::new(params, (matrix, Shard::whole(data.rows)), labels, weights, &vec![1.5; params.classes()]);
    let format = problem.format.margin;
    let mut random = Random(seed);
    let mut margins = || -> Vec<i64> {
        let length = data.rows * params.classes();
        (0..length)
            .map(|_| match random.below(12) {
                // The ends of the format, and of the tables.
                0 => format.most,
                1 => format.least,
                2 => format.to_fixed(16.0),
                3 => format.to_fixed(-16.0),
                _ => format.to_fixed(random.unit() * 8.0 - 4.0),
            })
            .collect()
    };
    problem.margins = margins();
    problem.channels = vec![RoutedChannel { data, margins: margins() }];
    problem
}

/// A problem on both backends at the same point of the same training.
pub struct Both<'a> {
    pub problem: &'a Problem<'a>,
    pub cpu: CpuBackend<'a>,
    pub gpu: GpuBackend<'a>,
    pub samples: SampleSource,
    params: Params,
}

impl<'a> Both<'a> {
    pub fn new(problem: &'a Problem<'a>, params: &Params, options: &GpuOptions) -> Self {
        Self {
            problem,
            cpu: CpuBackend::new(problem, CpuOptions::default().parallel_from(usize::MAX)),
            gpu: GpuBackend::new(problem, params.max_depth, options).unwrap(),
            samples: SampleSource::new(params, problem.rows(), problem.matrix.features()),
            params: params.clone(),
        }
    }

    /// The next tree's task.
    pub fn task(&mut self, output: usize) -> TreeTask {
        let (rows, columns) = self.samples.next_tree();
        TreeTask { output, rows, columns }
    }

    /// Runs the same kernels on both.
    pub fn each(&mut self, mut run: impl FnMut(&mut dyn Backend)) {
        run(&mut self.cpu);
        run(&mut self.gpu);
    }

    /// Grows the trees of one round on both.
    pub fn grow(&mut self) {
        self.each(|backend| backend.gradient().unwrap());
        for output in 0..self.problem.classes {
            let task = self.task(output);
            let depth = self.params.max_depth;
            self.each(|backend| _ = grow(backend, &task, depth, &mut DepthWise).unwrap());
        }
    }

    /// A buffer of the device, by shard: all shards' words.
    pub fn words(&mut self, slot: Slot) -> Vec<Vec<u32>> {
        (0..self.gpu.tiling().shards.len())
            .map(|shard| self.gpu.inspect(slot, Place { shard, ..Place::default() }).unwrap())
            .collect()
    }
}

/// Runs `check` on every size, with the adapter's limits and with tiny tiles.
pub fn on_all_sizes(params_text: &str, missing: f32, weighted: bool, check: impl Fn(&str, &mut Both<'_>)) {
    let params = params(params_text);
    let labels = match params.objective {
        Objective::BinaryLogistic => Labels::Binary,
        Objective::SquaredError => Labels::Real,
        _ => Labels::Classes(params.classes()),
    };
    for (number, &rows) in SIZES.iter().enumerate() {
        let mut data = data(rows as u64, rows, 5, missing, labels);
        if weighted && rows > 2 {
            data = with_weights(data, rows as u64);
        }
        let matrix = matrix(&data, &params);
        let problem = problem(&params, &data, &matrix, rows as u64);
        let options = if number % 2 == 0 { GpuOptions::default() } else { tiny() };
        check(&format!("{rows} rows, {params_text}"), &mut Both::new(&problem, &params, &options));
    }
}

/// The objectives, one a width of pairs and margins.
pub const OBJECTIVES: &[&str] =
    &["objective=binary:logistic", "objective=reg:squarederror", "objective=multi:softprob num_class=3"];
