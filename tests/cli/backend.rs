//! The choice of the backend.

use super::support::{BINARY, Folder};

#[test]
fn auto_says_what_it_chose_and_gives_the_same_model() {
    let folder = Folder::with_data();
    let ran = folder.run(&format!("train {BINARY} --num-round 2 -v"));
    assert!(ran.stderr.contains("backend: "), "{}", ran.stderr);
    ran.done();
    let auto = folder.read("model.json");
    folder.run(&format!("train {BINARY} --num-round 2 -q --backend cpu")).done();
    assert_eq!(folder.read("model.json"), auto);
    assert_eq!(folder.json("metrics.json")["backend"], "cpu");
}

#[test]
#[cfg(not(feature = "gpu"))]
fn gpu_without_a_gpu_is_an_error() {
    let folder = Folder::with_model(1, "");
    let error =
        "this build of gboost has no GPU backend; use --backend cpu or auto: the model is the same to the last byte";
    folder.refuses(&format!("train {BINARY} --backend gpu"), error);
    folder.refuses("--backend gpu evaluate --model model.json --data valid.csv", error);
}
