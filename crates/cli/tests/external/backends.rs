//! `gboost verify` across backends and numbers of threads.
//!
//! Without a GPU adapter the test shows as ignored; with `GBOOST_REQUIRE_GPU=1` it runs, and fails.

use crate::common::{Labels, data};
use libtest_mimic::Trial;
use std::fmt::Write as _;
use std::process::Command;

/// Runs the program in `folder`; it must go well.
fn gboost(folder: &std::path::Path, arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gboost"))
        .current_dir(folder)
        .args(arguments.split_ascii_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "gboost {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn models_and_tables_of_one_backend_verify_on_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let table = data(11, 300, 5, 0.1, Labels::Binary);
    let mut text = String::new();
    for row in 0..table.rows {
        let _ = write!(text, "{}", table.labels.as_ref().unwrap()[row]);
        for value in table.row(row) {
            let _ = if value.is_nan() { write!(text, ",") } else { write!(text, ",{value}") };
        }
        text.push('\n');
    }
    std::fs::write(folder.path().join("train.csv"), text).unwrap();
    let data = "-q --train train.csv --header no --objective binary:logistic --num-round 3 --subsample 0.7";
    for (trained_on, verified_on) in [("cpu", "gpu"), ("gpu", "cpu")] {
        gboost(folder.path(), &format!("train {data} --backend {trained_on}"));
        gboost(folder.path(), &format!("cv {data} --backend {trained_on}"));
        for threads in [1, 8] {
            for manifest in ["model.manifest.json", "cv.manifest.json"] {
                let said =
                    gboost(folder.path(), &format!("verify {manifest} --backend {verified_on} --threads {threads}"));
                assert!(said.starts_with("the same "), "{said}");
            }
        }
    }
}

/// The tests of this file.
pub fn trials() -> Vec<Trial> {
    let required = std::env::var("GBOOST_REQUIRE_GPU").is_ok_and(|value| value == "1");
    let missing = !required && gboost::internals::gpu::adapters().is_empty();
    let trial = Trial::test("models_and_tables_of_one_backend_verify_on_the_other", || {
        models_and_tables_of_one_backend_verify_on_the_other();
        Ok(())
    });
    vec![trial.with_ignored_flag(missing)]
}
