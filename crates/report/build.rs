//! Tells the program which commit it was built from: from git in a checkout, from cargo's own
//! record in a package of crates.io, not at all elsewhere.

use std::path::Path;
use std::process::Command;

/// What the program is built from, from this package's folder.
const SOURCES: [&str; 6] = ["../../Cargo.toml", "../../Cargo.lock", "../../src", "../../shaders", "../../data", ".."];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Some(commit) = packaged().or_else(checked_out) {
        println!("cargo:rustc-env=GBOOST_COMMIT={commit}");
    }
}

/// The commit that `cargo package` wrote down.
fn packaged() -> Option<String> {
    const RECORD: &str = ".cargo_vcs_info.json";
    let text = std::fs::read_to_string(RECORD).ok()?;
    // Not where it is missing: a missing file counts as changed, and every build would compile
    // everything again.
    println!("cargo:rerun-if-changed={RECORD}");
    let (_, rest) = text.split_once("\"sha1\"")?;
    let hash = rest.split('"').nth(1)?;
    hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| hash.to_string())
}

/// The commit of a checkout that has this package's files, `-modified` if any tracked file differs
/// from it.
fn checked_out() -> Option<String> {
    let commit = git(&["rev-parse", "HEAD"])?;
    // Not that of a repository that merely holds a copy, in a folder that it ignores.
    git(&["ls-files", "--error-unmatch", "Cargo.toml"])?;
    for name in ["HEAD", "index"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        println!("cargo:rerun-if-changed={path}");
    }
    for path in SOURCES.into_iter().filter(|path| Path::new(path).exists()) {
        println!("cargo:rerun-if-changed={path}");
    }
    // Without its lock git leaves the index as it is: written now, it would count as changed in the
    // next build.
    let options = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--"];
    let changes = git(&[&options[..], &SOURCES].concat())?;
    Some(if changes.is_empty() { commit } else { format!("{commit}-modified") })
}

/// What git prints; `None` without git, and where it refuses.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_string())
}
