//! The choice of the backend.

use super::support::{BINARY, Folder};

#[test]
fn auto_says_what_it_chose_and_gives_the_same_model() {
    let folder = Folder::with_data();
    // A training that is done at once looks for no GPU: no driver is asked, whether there is one or
    // not.
    let ran = folder.run(&format!("train {BINARY} --num-round 2 -v"));
    let said = ran.stderr.lines().find(|line| line.starts_with("backend: cpu, CPU, "));
    assert!(
        said.is_some_and(|line| line.ends_with(" s on the processor, too little to gain by a GPU)")),
        "{}",
        ran.stderr
    );
    ran.done();
    let auto = folder.read("model.json");
    let metrics = folder.json("metrics.json");
    assert_eq!(metrics["backend"], "cpu");
    assert_eq!((&metrics["auto"]["cpu_rounds"], &metrics["auto"]["gpu_rounds"]), (&2.into(), &0.into()));
    folder.run(&format!("train {BINARY} --num-round 2 -q --backend cpu")).done();
    assert_eq!(folder.read("model.json"), auto);
    let metrics = folder.json("metrics.json");
    assert_eq!((&metrics["backend"], metrics.get("auto")), (&"cpu".into(), None));
    let ran = folder.run(&format!("cv {BINARY} --num-round 2 -v"));
    assert!(ran.stderr.contains("too little to gain by a GPU)"), "{}", ran.stderr);
    ran.done();
}

#[test]
fn a_profile_is_of_one_backend() {
    let folder = Folder::with_data();
    let ran = folder.run(&format!("train {BINARY} --num-round 2 --profile"));
    assert!(
        ran.stderr.contains("--profile measures one backend: the processor; give --backend gpu for a GPU"),
        "{}",
        ran.stderr
    );
    let table: Vec<&str> = ran.stdout.lines().skip_while(|line| !line.trim_start().starts_with("kernel")).collect();
    assert_eq!(table[0].split_whitespace().collect::<Vec<_>>(), ["kernel", "calls", "ms", "percent", "moved", "GB/s"]);
    for kernel in ["gradient", "histogram", "total"] {
        let row = table.iter().find(|line| line.split_whitespace().next() == Some(kernel));
        let cells: Vec<&str> = row.unwrap().split_whitespace().collect();
        assert!(cells[4].parse::<f64>().unwrap() > 0.0 && cells[5].ends_with('B'), "{cells:?}");
    }
    ran.done();
}

#[test]
#[cfg(not(feature = "gpu"))]
fn gpu_without_a_gpu_is_an_error() {
    let folder = Folder::with_model(1, "");
    let error =
        "this build of gboost has no GPU backend; use --backend cpu or auto: the model is the same to the last byte";
    folder.refuses(&format!("train {BINARY} --backend gpu"), error);
}

#[test]
fn prediction_has_no_gpu_backend() {
    let folder = Folder::with_model(1, "");
    folder.refuses(
        "--backend gpu evaluate --model model.json --data valid.csv",
        "gboost evaluate computes on the processor; there is no GPU backend for it; \
         leave --backend and --gpu out: predictions are the same to the last bit",
    );
}

#[test]
fn an_adapter_does_not_go_with_the_processor() {
    let folder = Folder::with_data();
    folder.refuses(
        &format!("train {BINARY} --backend cpu --gpu 0"),
        "--gpu does not go with --backend cpu; leave one of them out",
    );
}

/// The Vulkan loader finds no driver: as on a machine without one. (Other systems have a driver of
/// their own.)
#[cfg(all(feature = "gpu", target_os = "linux"))]
#[test]
fn without_a_driver_the_gpu_is_an_error_that_says_what_to_install() {
    let folder = Folder::with_data();
    for arguments in [format!("train {BINARY} --backend gpu"), format!("train {BINARY} --gpu 0"), "devices".to_string()]
    {
        let before = folder.names();
        let output = folder
            .command(&arguments)
            .env("VK_DRIVER_FILES", "/nonexistent/driver.json")
            .env("VK_ICD_FILENAMES", "/nonexistent/driver.json")
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.ends_with(
                "error: no GPU adapter was found; install a Vulkan driver: your GPU vendor's, or \
                 `apt-get install mesa-vulkan-drivers libvulkan1`; or train with --backend cpu\n"
            ),
            "{stderr}"
        );
        assert_eq!(folder.names(), before);
    }
}

/// An adapter that is not there is refused on every machine, with one adapter, several or none.
#[cfg(feature = "gpu")]
#[test]
fn an_adapter_that_does_not_exist_is_refused() {
    let folder = Folder::with_data();
    for adapter in ["999", "no-such-adapter"] {
        let ran = folder.run(&format!("train {BINARY} --gpu {adapter}"));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        let error = ran.error();
        assert!(error.contains("no GPU adapter"), "{error}");
        assert_eq!(folder.names(), ["train.csv", "valid.csv"]);
    }
}
