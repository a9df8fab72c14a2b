//! The choice of an adapter, and what is said where there is none or where memory does not suffice.

use crate::kit::{Labels, data, params};
use gboost::gpu::{AdapterDescription, GpuOptions, LimitChoice, adapters, device::choose};
use gboost::{BackendChoice, Dataset, Error, ErrorKind, Trainer};

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
        assert_eq!((error.kind(), error.kind().exit_code()), (ErrorKind::Unavailable, 2));
        assert!(error.to_string().contains("choose among: 0 llvmpipe"), "{error}");
    }
}

pub fn without_adapters_the_error_says_what_to_install() {
    let error = choose(&[], None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("mesa-vulkan-drivers"), "{error}");
}

fn refusal(data: &Dataset, text: &str, options: GpuOptions) -> Error {
    Trainer::new(&params(text), data).backend(BackendChoice::Gpu(options)).run().unwrap_err()
}

pub fn too_little_memory_is_refused_before_the_first_round() {
    let data = data(1, 2000, 4, 0.0, Labels::Real);
    let error = refusal(&data, "num_round=1", GpuOptions { memory_bytes: Some(100_000), ..GpuOptions::default() });
    assert_eq!((error.kind(), error.kind().exit_code()), (ErrorKind::Device, 3));
    let text = error.to_string();
    assert!(
        text.contains("which has 97.7 KiB") && text.contains("--backend cpu") && text.contains("--max-bin"),
        "{text}"
    );
}

pub fn a_wrong_adapter_is_refused() {
    let data = data(1, 20, 2, 0.0, Labels::Real);
    let options = GpuOptions { adapter: Some("no such card".to_string()), ..GpuOptions::default() };
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
        let options = GpuOptions { profile: true, limits, ..GpuOptions::default() };
        let params = params("num_round=2 max_depth=2");
        let trained = Trainer::new(&params, &data).backend(BackendChoice::Gpu(options)).run().unwrap();
        let profile = trained.profile.unwrap();
        let row = profile.rows.iter().find(|row| row.name == "histogram_build").unwrap();
        assert_eq!(row.calls, 4);
        assert!(profile.rows.iter().any(|row| row.name == "read back" && row.bytes > 0));
    }
}
