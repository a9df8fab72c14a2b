//! CPU against GPU, kernel by kernel and over whole trainings: `cargo bench --bench backends`.
//!
//! Sizes are small by default, so that a software adapter is through in a few minutes. The
//! environment makes them larger:
//!
//! - `GBOOST_BENCH_ROWS=100000,1000000`: numbers of rows (default 2000,8000);
//! - `GBOOST_BENCH_FEATURES=28,100`: numbers of features, seven or more (default 8,28);
//! - `GBOOST_BENCH_DEPTH=6,10`: depths (default 3,6);
//! - `GBOOST_BENCH_ROUNDS=50`: rounds of a whole training (default 4);
//! - `GBOOST_BENCH_GPU=NAME`: the adapter, by index or name, as `gboost --gpu`.
//!
//! Before anything is timed both backends must agree: trees and margins where kernels are measured,
//! the sha256 of the models where trainings are. A kernel's time is what one tree takes of it, over
//! all levels, as `--profile` counts it: by the device's own clock where it has one. The same tree
//! is grown again and again, with steps of zero, so that every sample is of the same work. What
//! goes over the bus is apart: `upload` and `read back` of a round, and `upload of the data` once a
//! training. In the profile every dispatch is a submit of its own, so the sum of kernels is more
//! than a training takes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{binned, higgs_like, params, problem};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use gboost::internals::backend::problem::Problem;
use gboost::internals::backend::profile::{Activity, Profile};
use gboost::internals::backend::{Backend, TreeTask};
use gboost::internals::cpu::CpuBackend;
use gboost::internals::gpu::{GpuBackend, adapters};
use gboost::internals::train::grower::{DepthWise, grow};
use gboost::internals::train::leaf::finish;
use gboost::internals::tree::grown::{FinishedTree, GrownTree};
use gboost::internals::tree::sampling::SampleSource;
use gboost::{BackendChoice, CpuOptions, Dataset, Evaluate, GpuOptions, Trainer};
use std::collections::BTreeSet;
use std::time::Duration;

const ETA: f32 = 0.3;

/// Numbers from a variable of the environment.
fn numbers(name: &str, default: &[usize]) -> Vec<usize> {
    let Ok(text) = std::env::var(name) else { return default.to_vec() };
    let number = |word: &str| word.trim().parse().unwrap_or_else(|_| panic!("{name}: {word:?} is no number"));
    text.split(',').map(number).collect()
}

fn options(profile: bool) -> GpuOptions {
    GpuOptions::default().adapter(std::env::var("GBOOST_BENCH_GPU").ok()).profile(profile)
}

/// Rows, features and depths.
fn sizes() -> Vec<(usize, usize, u32)> {
    let mut sizes = Vec::new();
    for rows in numbers("GBOOST_BENCH_ROWS", &[2000, 8000]) {
        for features in numbers("GBOOST_BENCH_FEATURES", &[8, 28]) {
            for depth in numbers("GBOOST_BENCH_DEPTH", &[3, 6]) {
                sizes.push((rows, features, depth as u32));
            }
        }
    }
    sizes
}

/// Whether there is an adapter to measure.
fn ready() -> bool {
    let found = !adapters().is_empty();
    if !found {
        eprintln!("no GPU adapter was found: nothing to compare");
    }
    found
}

/// A kernel for its passes.
fn whole(activity: Activity) -> Activity {
    match activity {
        Activity::Kernel(kernel) => Activity::Kernel(kernel.whole()),
        transfer => transfer,
    }
}

/// A backend that counts the time of its kernels.
trait Measured: Backend + Sized {
    const NAME: &'static str;

    fn measured(&self) -> &Profile {
        self.profile().expect("asked for")
    }

    /// What a kernel, all its passes together, or a kind of transfer took so far.
    fn time_of(&self, activity: Activity) -> Duration {
        self.measured().rows.iter().filter(|row| whole(row.activity) == activity).map(|row| row.time).sum()
    }

    /// One round whose tree moves no margin.
    fn idle_round(&mut self, problem: &Problem<'_>, task: &TreeTask, depth: u32) -> Vec<GrownTree> {
        self.round(problem, task, depth, |tree| {
            tree.steps.fill(0);
            tree.grown_steps.fill(0);
        })
    }

    /// One round; `change` sees the finished tree before its values are added.
    fn round(
        &mut self,
        problem: &Problem<'_>,
        task: &TreeTask,
        depth: u32,
        change: impl Fn(&mut FinishedTree),
    ) -> Vec<GrownTree> {
        self.gradient().unwrap();
        grow(self, task, depth, &mut DepthWise).unwrap();
        let grown = self.read_trees().unwrap();
        let mut trees: Vec<FinishedTree> = grown.iter().map(|tree| finish(tree, problem, ETA)).collect();
        trees.iter_mut().for_each(change);
        self.add_trees(&trees).unwrap();
        grown
    }
}

impl Measured for CpuBackend<'_> {
    const NAME: &'static str = "cpu";
}

impl Measured for GpuBackend<'_> {
    const NAME: &'static str = "gpu";
}

/// Measures every kernel of a backend, and its transfers, a round at a time.
fn measure<B: Measured>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    backend: &mut B,
    size: &str,
    round: impl Fn(&mut B) -> Vec<GrownTree>,
) {
    let activities: BTreeSet<Activity> = backend.measured().rows.iter().map(|row| whole(row.activity)).collect();
    for activity in activities {
        group.bench_function(BenchmarkId::new(format!("{}/{}", activity.name(), B::NAME), size), |bencher| {
            bencher.iter_custom(|rounds| {
                let before = backend.time_of(activity);
                for _ in 0..rounds {
                    round(backend);
                }
                backend.time_of(activity) - before
            });
        });
    }
}

fn kernels(criterion: &mut Criterion) {
    if !ready() {
        return;
    }
    let mut group = criterion.benchmark_group("kernel");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(200));
    for (rows, features, depth) in sizes() {
        let data = higgs_like(rows, features);
        let matrix = binned(&data);
        let problem = problem(&matrix, &data, Some(&data));
        let (draw, columns) = SampleSource::new(&params(""), rows, features).next_tree();
        let task = TreeTask { output: 0, rows: draw, columns };
        let mut cpu = CpuBackend::new(&problem, CpuOptions::default().profile(true));
        let mut gpu = GpuBackend::new(&problem, depth, &options(true)).unwrap();
        let size = format!("{rows} x {features}, depth {depth}");

        // The first round moves the margins, the second is the one that is measured.
        let grown = cpu.round(&problem, &task, depth, |_| ());
        assert_eq!(grown, gpu.round(&problem, &task, depth, |_| ()), "{size}: the first tree");
        assert_eq!(cpu.margins().unwrap(), gpu.margins().unwrap(), "{size}: margins");
        assert_eq!(cpu.channel_margins(0).unwrap(), gpu.channel_margins(0).unwrap(), "{size}: the channel's margins");
        let grown = cpu.idle_round(&problem, &task, depth);
        assert_eq!(grown, gpu.idle_round(&problem, &task, depth), "{size}: the second tree");
        assert_eq!(grown, gpu.idle_round(&problem, &task, depth), "{size}: the second tree again");

        group.throughput(Throughput::Elements(rows as u64));
        measure(&mut group, &mut cpu, &size, |backend| backend.idle_round(&problem, &task, depth));
        measure(&mut group, &mut gpu, &size, |backend| backend.idle_round(&problem, &task, depth));
    }
    group.finish();
}

fn transfers(criterion: &mut Criterion) {
    if !ready() {
        return;
    }
    let mut group = criterion.benchmark_group("transfer");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(200));
    let mut seen = BTreeSet::new();
    for (rows, features, _) in sizes() {
        if !seen.insert((rows, features)) {
            continue;
        }
        let data = higgs_like(rows, features);
        let matrix = binned(&data);
        let problem = problem(&matrix, &data, None);
        let mut gpu = GpuBackend::new(&problem, 3, &options(true)).unwrap();
        assert_eq!(gpu.margins().unwrap(), problem.margins);
        let bytes_of = |gpu: &GpuBackend<'_>, activity: Activity| -> u64 {
            gpu.measured().rows.iter().filter(|row| row.activity == activity).map(|row| row.bytes).sum()
        };
        let size = format!("{rows} x {features}");
        group.throughput(Throughput::Bytes(bytes_of(&gpu, Activity::Upload)));
        group.bench_function(BenchmarkId::new("upload of the data", &size), |bencher| {
            bencher.iter_custom(|times| {
                let fresh = || GpuBackend::new(&problem, 3, &options(true)).unwrap().time_of(Activity::Upload);
                (0..times).map(|_| fresh()).sum()
            });
        });
        group.throughput(Throughput::Bytes(bytes_of(&gpu, Activity::ReadBack)));
        group.bench_function(BenchmarkId::new("read back of the margins", &size), |bencher| {
            bencher.iter_custom(|times| {
                let before = gpu.time_of(Activity::ReadBack);
                (0..times).for_each(|_| drop(gpu.margins().unwrap()));
                gpu.time_of(Activity::ReadBack) - before
            });
        });
    }
    group.finish();
}

fn trainings(criterion: &mut Criterion) {
    if !ready() {
        return;
    }
    let rounds = numbers("GBOOST_BENCH_ROUNDS", &[4])[0];
    let mut group = criterion.benchmark_group("training");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_secs(1));
    for (rows, features, depth) in sizes() {
        let data = higgs_like(rows, features);
        let params = params(&format!("objective=binary:logistic num_round={rounds} max_depth={depth}"));
        let backends = [("cpu", BackendChoice::Cpu), ("gpu", BackendChoice::Gpu(options(false)))];
        let train = |data: &Dataset, backend: &BackendChoice| {
            Trainer::new(&params, data).evaluate(Evaluate::LastRound).on(backend.clone()).run().unwrap()
        };
        let sha256 = backends.each_ref().map(|(_, backend)| train(&data, backend).model.sha256());
        assert_eq!(sha256[0], sha256[1], "{rows} x {features}, depth {depth}");
        group.throughput(Throughput::Elements((rounds * rows) as u64));
        for (name, backend) in &backends {
            // Binning, which is the same for both, is left out.
            let id = BenchmarkId::new(*name, format!("{rows} x {features}, depth {depth}, {rounds} rounds"));
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| train(&data, backend).times.train).sum());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, kernels, transfers, trainings);
criterion_main!(benches);
