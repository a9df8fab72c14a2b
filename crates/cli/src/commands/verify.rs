//! `gboost verify`.

use crate::args::global::Global;
use crate::args::memory::MemoryArgs;
use crate::terminal::interrupt;
use crate::terminal::teller::Teller;
use gboost::Result;
use gboost_jobs::VerifyJob;
use gboost_jobs::verify::Verified;
use std::path::PathBuf;

/// Train again what a manifest describes, and compare with the result byte for byte
///
/// Checks that the data files and the result have the sha256 of the manifest, trains again, on any
/// backend and any number of threads, and says whether the model (or the table of a
/// cross-validation) has the same bytes, and whether the manifest says what this run would write,
/// but for machine and times. Writes nothing.
///
/// What had no effect, such as a gamma that no split reached, cannot be told from the result: the
/// manifest's own sha256 shows that it was changed by hand. It is no signature, and does not show a
/// forgery.
///
/// Reads nothing but regular files, wherever the manifest says they are, and quotes none whose
/// sha256 is not the manifest's.
///
/// Exit code 0 if all is the same; 1 if not, with the reason: a data file, the model or the
/// manifest was changed, or training gives another model, with the first tree and node that differ.
/// 2 if a file is missing or cannot be read.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The manifest that lies beside the result: model.manifest.json, cv.manifest.json
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,

    #[command(flatten)]
    memory: MemoryArgs,
}

const AFTER_HELP: &str = "\
Examples:
  gboost verify model.manifest.json
  gboost verify model.manifest.json --backend gpu
  gboost verify out/cv.manifest.json --threads 1";

pub fn run(global: &Global, args: Args) -> Result<()> {
    let screen = global.screen();
    let job = VerifyJob {
        manifest: args.manifest,
        memory: args.memory.options(),
        backend: global.backend_options(false),
        threads: global.threads(),
    };
    let Verified { what, path, sha256, adapter } = job.run(&mut Teller::new(&screen).without_rounds())?;
    interrupt::check()?;
    screen.line(&format!("the same {what}: {}, sha256 {sha256}, trained again on {adapter}", path.display()))
}
