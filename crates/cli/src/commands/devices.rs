//! `gboost devices`.

use crate::terminal::screen::Screen;
use gboost::Result;

/// List the GPU adapters that --backend gpu can use
#[derive(clap::Args)]
pub struct Args {}

#[cfg(feature = "gpu")]
pub fn run(screen: &Screen) -> Result<()> {
    let adapters = gboost::internals::gpu::adapters();
    if adapters.is_empty() {
        // The same words, and the same exit code, as a training that asks for a GPU.
        return gboost::internals::gpu::device::choose(&adapters, None).map(drop);
    }
    for adapter in &adapters {
        let software = if adapter.software { ", software: slower than --backend cpu" } else { "" };
        screen.line(&format!("{}  {}", adapter.index, adapter.name))?;
        for (name, value) in [
            ("type", format!("{}{software}", adapter.kind)),
            ("backend", adapter.backend.clone()),
            ("driver", adapter.driver.clone()),
            ("binding", mebibytes(adapter.max_binding_bytes)),
            ("buffer", mebibytes(adapter.max_buffer_bytes)),
            ("shared", format!("{} KiB a workgroup", adapter.max_workgroup_bytes / 1024)),
            ("timestamps", if adapter.timestamps { "yes" } else { "no" }.to_string()),
        ] {
            screen.line(&format!("   {name:10} {value}"))?;
        }
    }
    Ok(())
}

#[cfg(feature = "gpu")]
fn mebibytes(bytes: u64) -> String {
    format!("{} MiB at most", bytes >> 20)
}

#[cfg(not(feature = "gpu"))]
pub fn run(_screen: &Screen) -> Result<()> {
    Err(gboost::Error::new(gboost::ErrorKind::Unavailable, "this build of gboost has no GPU backend")
        .remedy("build it with the feature gpu, which is on by default"))
}
