//! The choice of an adapter, and what is said where there is none or where memory does not suffice.

use crate::kit::{Both, Labels, data, matrix, params, problem, with_weights};
use gboost::internals::backend::Backend;
use gboost::internals::backend::profile::Profile;
use gboost::internals::gpu::device::{Gpu, choose};
use gboost::internals::gpu::kernels::Kernel;
use gboost::internals::gpu::{AdapterDescription, LimitChoice, adapters};
use gboost::internals::train::grower::{DepthWise, grow};
use gboost::{BackendChoice, Compute, CpuOptions, Dataset, Error, ErrorKind, GpuOptions, Trainer};

fn adapter(index: usize, name: &str, kind: &'static str) -> AdapterDescription {
    AdapterDescription {
        index,
        name: name.to_string(),
        kind,
        backend: "vulkan".to_string(),
        driver: String::new(),
        software: kind == "CPU",
        max_binding_bytes: 1 << 27,
        max_buffer_bytes: 1 << 28,
        max_workgroup_bytes: 1 << 14,
        timestamps: false,
    }
}

pub fn adapters_are_chosen_by_kind_index_and_name() {
    let list = [
        adapter(0, "llvmpipe", "CPU"),
        adapter(1, "Small Chip", "integrated GPU"),
        adapter(2, "Big Card", "discrete GPU"),
    ];
    assert_eq!(choose(&list, None).unwrap(), 2);
    assert_eq!(choose(&list, Some("1")).unwrap(), 1);
    assert_eq!(choose(&list, Some("LLVM")).unwrap(), 0);
    for wrong in ["3", "other card"] {
        let error = choose(&list, Some(wrong)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("choose among: 0 llvmpipe"), "{error}");
    }
}

pub fn without_adapters_the_error_says_what_to_install() {
    let error = choose(&[], None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("mesa-vulkan-drivers"), "{error}");
}

fn refusal(data: &Dataset, text: &str, options: GpuOptions) -> Error {
    Trainer::new(&params(text), data).on(BackendChoice::Gpu(options)).run().unwrap_err()
}

pub fn too_little_memory_is_refused_before_the_first_round() {
    let data = data(1, 2000, 4, 0.0, Labels::Real);
    let error = refusal(&data, "num_round=1", GpuOptions::default().memory_bytes(Some(100_000)));
    assert_eq!(error.kind(), ErrorKind::Device);
    let text = error.to_string();
    assert!(
        text.contains("which has 97.7 KiB") && text.contains("BackendChoice::Cpu") && text.contains("max_bin"),
        "{text}"
    );
}

pub fn a_wrong_adapter_is_refused() {
    let data = data(1, 20, 2, 0.0, Labels::Real);
    let options = GpuOptions::default().adapter(Some("no such card".to_string()));
    assert_eq!(refusal(&data, "num_round=1", options).kind(), ErrorKind::Unavailable);
}

pub fn listed_adapters_have_the_default_limits_at_least() {
    for (index, adapter) in adapters().iter().enumerate() {
        assert_eq!(adapter.index, index);
        assert!(adapter.max_workgroup_bytes >= 16 << 10 && adapter.max_binding_bytes >= 128 << 20, "{adapter:?}");
    }
}

pub fn kernels_are_timed() {
    let data = data(1, 500, 3, 0.0, Labels::Real);
    for limits in [LimitChoice::Adapter, LimitChoice::Default] {
        let options = GpuOptions::default().profile(true).limits(limits);
        let params = params("num_round=2 max_depth=2");
        let trained = Trainer::new(&params, &data).on(BackendChoice::Gpu(options)).run().unwrap();
        let profile = trained.profile.unwrap();
        let row = profile.rows.iter().find(|row| row.activity.name() == "histogram_build").unwrap();
        assert_eq!(row.calls, 4);
        assert!(profile.rows.iter().any(|row| row.activity.name() == "read back" && row.bytes > 0));
    }
}

pub fn kernels_work_on_as_much_as_their_twins() {
    for (number, text) in [
        "objective=binary:logistic max_depth=4",
        "objective=reg:squarederror max_depth=3 subsample=0.6 colsample_bytree=0.7 max_bin=600",
        "objective=multi:softprob num_class=3 max_depth=5 sampler=xgboost1 subsample=0.8 histogram_sums=wide",
        "objective=binary:logistic max_depth=4 colsample_bynode=0.5 colsample_bylevel=0.8 tree_method=exact",
    ]
    .into_iter()
    .enumerate()
    {
        let labels = [Labels::Binary, Labels::Real, Labels::Classes(3), Labels::Binary][number];
        let mut data = data(number as u64, 700, 5, 0.1, labels);
        if number % 2 == 1 {
            data = with_weights(data, 3);
        }
        let params = params(&format!("{text} num_round=2 min_child_weight=0"));
        let profile = |backend: BackendChoice| {
            let cpu = CpuOptions::default().profile(true);
            let compute = Compute { backend, cpu, ..Compute::default() };
            let trainer = Trainer::new(&params, &data).channel("validation", &data).on(compute);
            trainer.run().unwrap().profile.unwrap()
        };
        let cpu = profile(BackendChoice::Cpu);
        let gpu = profile(BackendChoice::Gpu(GpuOptions::default().profile(true)));
        assert_eq!(cpu.counts, gpu.counts, "{text}");
        let bytes = |profile: &Profile, kernels: &[&str]| -> u64 {
            profile.rows.iter().filter(|row| kernels.contains(&row.activity.name())).map(|row| row.bytes).sum()
        };
        // Where widths agree, bytes do: all of a regression's gradients; otherwise but for the
        // lists of rows.
        if labels == Labels::Real {
            assert_eq!(bytes(&cpu, &["gradient"]), bytes(&gpu, &["gradient"]), "{text}");
        }
        let lists = 2 * cpu.counts.summed_rows;
        let built = bytes(&gpu, &["histogram_build"]) - lists;
        assert!(bytes(&cpu, &["histogram"]) >= built && built > lists, "{text}");
        for row in &gpu.rows {
            assert!(row.bytes > 0, "{text}: {}", row.activity.name());
        }
    }
}

/// Options of a device that no other test uses: what is opened is known by the text of the choice,
/// spaces included.
fn own_device(spaces: usize) -> GpuOptions {
    GpuOptions::default().adapter(Some(format!("0{}", " ".repeat(spaces))))
}

/// The error of a failed device: its kind, its exit code, its adapter and the way out.
fn assert_device_error(error: &Error, words: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Device, "{error}");
    let text = error.to_string();
    for word in words.iter().chain(&[adapters()[0].name.as_str(), "BackendChoice::Cpu"]) {
        assert!(text.contains(word), "{text} lacks {word}");
    }
}

pub fn a_lost_device_is_not_used_again() {
    let data = data(1, 300, 3, 0.0, Labels::Real);
    let params = params("num_round=2 max_depth=2");
    let options = own_device(1);
    Gpu::open(&options).unwrap().device.destroy();
    let sha256 = |backend| Trainer::new(&params, &data).on(backend).run().unwrap().model.sha256();
    assert_eq!(sha256(BackendChoice::Gpu(options)), sha256(BackendChoice::Cpu));
}

pub fn losing_the_device_between_rounds_ends_the_training() {
    let data = data(2, 300, 3, 0.0, Labels::Real);
    let params = params("num_round=5 max_depth=3");
    for (spaces, profile) in [(2, false), (3, true)] {
        let options = own_device(spaces).profile(profile);
        let gpu = Gpu::open(&options).unwrap();
        let mut rounds = 0;
        let error = Trainer::new(&params, &data)
            .on(BackendChoice::Gpu(options.clone()))
            .channel("validation", &data)
            .on_round(|progress| {
                rounds = progress.done;
                if progress.done == 2 {
                    gpu.device.destroy();
                }
                std::ops::ControlFlow::Continue(())
            })
            .run()
            .unwrap_err();
        assert_device_error(&error, &["the device was closed while it was in use"]);
        assert_eq!(rounds, 2);
        assert_device_error(&gpu.wait().unwrap_err(), &["closed"]);
        Trainer::new(&params, &data).on(BackendChoice::Gpu(options)).run().unwrap();
    }
}

pub fn losing_the_device_while_kernels_run_ends_the_training() {
    let data = data(3, 5000, 6, 0.0, Labels::Binary);
    let params = params("objective=binary:logistic num_round=100000 max_depth=4");
    let options = own_device(4);
    let gpu = Gpu::open(&options).unwrap();
    let started = std::sync::Barrier::new(2);
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            started.wait();
            std::thread::sleep(std::time::Duration::from_millis(30));
            gpu.device.destroy();
        });
        let begin = |progress: &gboost::Progress<'_>| {
            if progress.done == 1 {
                started.wait();
            }
            std::ops::ControlFlow::Continue(())
        };
        Trainer::new(&params, &data).on(BackendChoice::Gpu(options)).on_round(begin).run().unwrap_err()
    });
    assert_device_error(&error, &["the device was closed while it was in use"]);
}

pub fn a_kernel_on_a_lost_device_fails() {
    let data = data(4, 300, 3, 0.0, Labels::Binary);
    let params = params("objective=binary:logistic max_depth=2");
    let options = own_device(5);
    let matrix = matrix(&data, &params);
    let problem = problem(&params, &data, &matrix, 1);
    let mut both = Both::new(&problem, &params, &options);
    Gpu::open(&options).unwrap().device.destroy();
    let task = both.task(0);
    let grown = both.gpu.gradient().and_then(|()| grow(&mut both.gpu, &task, 2, &mut DepthWise));
    let error = grown.and_then(|_| both.gpu.read_trees().map(|_| ())).unwrap_err();
    assert_device_error(&error, &["the device was closed while it was in use"]);
    assert_device_error(&both.gpu.margins().unwrap_err(), &["closed"]);
}

pub fn refused_memory_names_what_is_needed() {
    let data = data(1, 2000, 4, 0.0, Labels::Real);
    let needed = |text: &str| {
        let options = GpuOptions::default().memory_bytes(Some(1000));
        let error = refusal(&data, text, options);
        assert_device_error(&error, &["which has 1000 bytes", "max_bin", "max_depth"]);
        let text = error.to_string();
        let (_, amount) = text.split_once("the training needs ").unwrap();
        let (number, unit) = amount.split_once(' ').unwrap();
        let scale = if unit.starts_with("KiB of memory") { 1.0 } else { 1024.0 };
        assert!(unit.starts_with("KiB of memory") || unit.starts_with("MiB of memory"), "{text}");
        number.parse::<f64>().unwrap() * scale
    };
    let least = needed("num_round=1 max_depth=2 max_bin=16");
    assert!(needed("num_round=1 max_depth=8 max_bin=256") > least, "more nodes and bins take more than {least} KiB");
}

pub fn a_refused_shader_names_itself() {
    let gpu = Gpu::open(&own_device(6)).unwrap();
    for source in ["fn (", "@compute @workgroup_size(64) fn f() { let x: u32 = 1.5; }"] {
        assert_device_error(&gpu.shader("sample", source).unwrap_err(), &["refuses shader sample"]);
    }
    // The entry point is missing; the workgroup is too large; a resource is not in the row's
    // bindings.
    let row = Kernel::Gradient.row();
    for source in [
        "@compute @workgroup_size(64) fn other() {}",
        "@compute @workgroup_size(16384) fn gradient() {}",
        "@group(0) @binding(40) var<storage, read_write> a: array<u32>;
         @compute @workgroup_size(64) fn gradient() { a[0] = 1u; }",
    ] {
        let refused = gpu.shader("gradient", source).and_then(|module| gpu.pipeline(row, &module).map(|_| ()));
        assert_device_error(&refused.unwrap_err(), &["refuses kernel gradient"]);
    }
    // The device itself is none the worse.
    gpu.check().unwrap();
    gpu.wait().unwrap();
}
