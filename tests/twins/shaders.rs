//! Shader hygiene, without a GPU: every composed shader is parsed and held against the table and
//! Rust's structs.

use gboost::internals::gpu::compose::{SOURCES, Variant, compose};
use gboost::internals::gpu::kernels::{Access, KERNELS, Row, Slot};
use gboost::internals::gpu::layout::{LOGISTIC, SOFTMAX, SQUARED_ERROR, STRUCTS, WORKGROUP};
use std::collections::BTreeSet;
use std::path::Path;
use wgpu::naga;

/// Every value of every constant of a variant at least once.
fn variants() -> Vec<Variant> {
    let all = |on: bool, objective: u32| Variant {
        objective,
        weighted: on,
        long_pairs: on,
        wide_margins: on,
        wide: on,
        capped: on,
        exact: on,
        alpha: on,
        delta: on,
    };
    [LOGISTIC, SQUARED_ERROR, SOFTMAX].into_iter().flat_map(|o| [all(false, o), all(true, o)]).collect()
}

fn parse(shader: &str, variant: &Variant) -> (naga::Module, naga::valid::ModuleInfo) {
    let source = compose(shader, variant);
    let module = naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|error| panic!("{shader}: {}", error.emit_to_string(&source)));
    let mut validator =
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
    let info =
        validator.validate(&module).unwrap_or_else(|error| panic!("{shader}: {}", error.emit_to_string(&source)));
    (module, info)
}

fn shaders() -> BTreeSet<&'static str> {
    KERNELS.iter().map(|row| row.shader).collect()
}

pub fn no_shader_has_a_float() {
    let allowed =
        |scalar: naga::Scalar| scalar.kind != naga::ScalarKind::Float && scalar.kind != naga::ScalarKind::AbstractFloat;
    for shader in shaders() {
        for variant in variants() {
            let (module, _) = parse(shader, &variant);
            for (_, ty) in module.types.iter() {
                use naga::TypeInner as T;
                let fine = match ty.inner {
                    T::Scalar(scalar) | T::Atomic(scalar) | T::Vector { scalar, .. } => {
                        allowed(scalar) && scalar.width <= 4
                    }
                    T::Pointer { .. } | T::Array { .. } | T::Struct { .. } => true,
                    _ => false,
                };
                assert!(fine, "{shader} has the type {:?}", ty.inner);
            }
            let functions =
                module.functions.iter().map(|(_, f)| f).chain(module.entry_points.iter().map(|e| &e.function));
            for function in functions {
                for (_, expression) in function.expressions.iter() {
                    let literal = matches!(
                        expression,
                        naga::Expression::Literal(
                            naga::Literal::F16(_)
                                | naga::Literal::F32(_)
                                | naga::Literal::F64(_)
                                | naga::Literal::AbstractFloat(_)
                        )
                    );
                    let cast = matches!(expression, naga::Expression::As { kind: naga::ScalarKind::Float, .. });
                    assert!(!literal && !cast, "{shader} has a float in {:?}", function.name);
                }
            }
        }
    }
}

pub fn structs_are_laid_out_as_in_rust() {
    for shader in shaders() {
        let (module, _) = parse(shader, &variants()[0]);
        for shared in STRUCTS {
            let (_, ty) =
                module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some(shared.name)).expect(shared.name);
            let naga::TypeInner::Struct { members, span } = &ty.inner else { panic!("{} is no struct", shared.name) };
            let found: Vec<_> = members.iter().map(|m| (m.name.as_deref().unwrap_or(""), m.offset as usize)).collect();
            let wanted: Vec<_> = shared.fields.iter().map(|field| (field.name, field.offset)).collect();
            assert_eq!((found, *span as usize), (wanted, shared.size), "{}", shared.name);
        }
    }
}

pub fn bindings_and_workgroups_are_those_of_the_table() {
    for variant in variants() {
        for row in KERNELS {
            check_row(row, &variant);
        }
    }
}

fn check_row(row: &Row, variant: &Variant) {
    let (module, info) = parse(row.shader, variant);
    let number = module.entry_points.iter().position(|e| e.name == row.entry).expect(row.entry);
    let entry = &module.entry_points[number];
    assert_eq!(entry.workgroup_size, [WORKGROUP, 1, 1], "{}", row.entry);
    let mut found = Vec::new();
    let mut workgroup_bytes = 0;
    for (handle, global) in module.global_variables.iter() {
        if info.get_entry_point(number)[handle].is_empty() {
            continue;
        }
        let access = match global.space {
            naga::AddressSpace::Uniform if global.name.as_deref() == Some("task") => Access::Task,
            naga::AddressSpace::Uniform => Access::Uniform,
            naga::AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE) => Access::Write,
            naga::AddressSpace::Storage { .. } => Access::Read,
            naga::AddressSpace::WorkGroup => {
                workgroup_bytes += module.types[global.ty].inner.size(module.to_ctx());
                continue;
            }
            _ => continue,
        };
        let binding = global.binding.expect("a resource has a binding");
        assert_eq!(binding.group, 0);
        found.push((binding.binding, access));
    }
    let mut wanted: Vec<_> = row.bindings.iter().map(|&(slot, access)| (slot as u32, access)).collect();
    found.sort_by_key(|pair| pair.0);
    wanted.sort_by_key(|pair| pair.0);
    // A kernel need not read its task.
    if !found.iter().any(|pair| pair.0 == Slot::Task as u32) {
        wanted.retain(|pair| pair.0 != Slot::Task as u32);
    }
    assert_eq!(found, wanted, "{}", row.entry);
    let storage = row.bindings.iter().filter(|(_, access)| matches!(access, Access::Read | Access::Write)).count();
    assert!(storage <= 8, "{} binds {storage} storage buffers", row.entry);
    assert!(workgroup_bytes <= 16_384, "{} takes {workgroup_bytes} bytes of workgroup memory", row.entry);
}

pub fn every_kernel_has_its_twin_its_test_and_its_rows() {
    let root = Path::new(option_env!("GBOOST_ROOT").unwrap_or(env!("CARGO_MANIFEST_DIR")));
    let names = |folder: &str, extension: &str, others: &[&str]| -> BTreeSet<String> {
        std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            // A twin of several files is a folder.
            .filter(|path| path.extension().is_some_and(|found| found == extension) || path.join("mod.rs").exists())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .filter(|name| !others.contains(&name.as_str()))
            .collect()
    };
    let kernels: BTreeSet<String> = shaders().into_iter().map(String::from).collect();
    assert_eq!(names("shaders", "wgsl", &[]), kernels, "shaders/ and the table");
    assert_eq!(names("src/cpu", "rs", &["mod", "chunk", "prefetch"]), kernels, "src/cpu/ and the table");
    let helpers = ["main", "shaders", "models", "tuning", "verify", "auto", "kit", "device"];
    assert_eq!(names("tests/twins", "rs", &helpers), kernels, "tests/twins/ and the table");
    let shared = names("shaders/shared", "wgsl", &[]);
    let composed: BTreeSet<String> = SOURCES.iter().map(|source| source.name.to_string()).collect();
    assert_eq!(composed, kernels.union(&shared).cloned().collect(), "shaders/ and the composer");
}
