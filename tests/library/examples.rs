//! Every example runs, and what it asserts about its result holds.

/// An example as a module, and a test that calls its `main`.
macro_rules! examples {
    ($($name:ident $path:literal),+ $(,)?) => {
        $(
            #[path = $path]
            mod $name;
        )+

        /// The names of the examples that have a test.
        const TESTED: &[&str] = &[$(stringify!($name)),+];

        mod run {
            $(
                #[test]
                fn $name() {
                    super::$name::main().unwrap();
                }
            )+
        }
    };
}

examples! {
    auto_backend "../../examples/auto_backend.rs",
    bias "../../examples/bias.rs",
    cross_validate "../../examples/cross_validate.rs",
    dataset "../../examples/dataset.rs",
    early_stopping "../../examples/early_stopping.rs",
    multiclass "../../examples/multiclass.rs",
    out_of_core "../../examples/out_of_core.rs",
    regression "../../examples/regression.rs",
    shap "../../examples/shap.rs",
    single_rows "../../examples/single_rows.rs",
    train "../../examples/train.rs",
    tune "../../examples/tune.rs",
    xgboost_model "../../examples/xgboost_model.rs",
}

#[test]
fn every_example_has_a_test_and_a_line_in_the_guide() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("docs/guide/library.md")).unwrap();
    for entry in std::fs::read_dir(root.join("examples")).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(TESTED.contains(&name), "{name} has no test");
        assert!(guide.contains(&format!("| `{name}` |")), "{name} is not in docs/guide/library.md");
    }
}
