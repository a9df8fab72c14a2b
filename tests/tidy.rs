//! The house rules that a machine can check: layers, circles, lengths, widths, and what stands
//! where.
//!
//! Every rule looks at the sources as text. Code under `#[cfg(test)]` may look upwards, and is left
//! out; integration tests and benches are users of the crates and have no layer.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "tidy/source.rs"]
mod source;

use source::{Source, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The rooms of the library from the lowest to the highest floor: a room imports lower ones alone.
const LIBRARY: [&str; 20] = [
    "error",
    "io",
    "util",
    "fixed",
    "objective",
    "metric",
    "params",
    "data",
    "ingest",
    "collective",
    "binning",
    "tree",
    "backend",
    "cpu",
    "gpu",
    "model",
    "train",
    "explain",
    "validation",
    "lib",
];

/// The modules of the report, likewise.
const REPORT: [&str; 13] = [
    "thin",
    "palette",
    "chart",
    "html",
    "history_file",
    "figures",
    "manifest",
    "metrics_file",
    "analysis",
    "data",
    "history",
    "page",
    "notebook",
];

/// The rooms of the program, likewise.
const PROGRAM: [&str; 5] = ["terminal", "args", "commands", "program", "main"];

/// What a rule finds and may stay: the rule, the file, the reason. Whatever is allowed must be
/// found.
const ALLOWED: [(&str, &str, &str); 1] = [(
    "an objective is named in src/objective alone",
    "src/params/presets.rs",
    "the parameters of the census tasks say what is trained",
)];

/// The most lines of a file.
const MOST_LINES: usize = 600;

/// The most columns of a line of a comment or of a text.
const MOST_COLUMNS: usize = 120;

/// Doc comments that say hardly more than a name: at most this many letters.
const SHORT_DOC: usize = 22;

/// The most doc comments as short as that: there were 649, and there shall be fewer than 100. It
/// only ever falls.
const MOST_SHORT_DOCS: usize = 230;

/// What a rule found.
struct Found {
    rule: &'static str,
    file: String,
    what: String,
}

fn root() -> &'static Path {
    Path::new(option_env!("GBOOST_ROOT").unwrap_or(env!("CARGO_MANIFEST_DIR")))
}

/// Fails with everything that a rule found and that is not allowed, and with what is allowed and no
/// longer found.
fn hold(rule: &'static str, found: Vec<Found>) {
    let allowed: BTreeSet<&str> = ALLOWED.iter().filter(|(of, ..)| *of == rule).map(|(_, file, _)| *file).collect();
    let files: BTreeSet<&str> = found.iter().map(|found| found.file.as_str()).collect();
    let stale: Vec<&&str> = allowed.iter().filter(|file| !files.contains(**file)).collect();
    assert!(stale.is_empty(), "{rule}: allowed, but in order now: {stale:?}");
    let broken: Vec<String> = found
        .iter()
        .filter(|found| !allowed.contains(found.file.as_str()))
        .map(|found| format!("{}: {}", found.file, found.what))
        .collect();
    assert!(broken.is_empty(), "{} break the rule \"{rule}\":\n{}", broken.len(), broken.join("\n"));
    assert!(found.iter().all(|found| found.rule == rule));
}

/// The sources of the crates, without tests and benches.
fn crates() -> Vec<Source> {
    let mut all = sources(root(), "src");
    for member in ["report", "jobs", "cli"] {
        all.extend(sources(root(), &format!("crates/{member}/src")));
    }
    all
}

#[test]
fn exceptions_are_few_and_have_reasons() {
    assert!(ALLOWED.len() <= 5);
    assert!(ALLOWED.iter().all(|(_, _, reason)| reason.len() > 20));
}

#[test]
fn imports_lead_downwards() {
    const RULE: &str = "imports lead downwards";
    let mut found = Vec::new();
    for (folder, layers) in [("src", &LIBRARY[..]), ("crates/report/src", &REPORT), ("crates/cli/src", &PROGRAM)] {
        let floor = |room: &str| layers.iter().position(|known| *known == room);
        for source in sources(root(), folder) {
            let room = source.room().to_string();
            if room == "lib" {
                continue;
            }
            let Some(own) = floor(&room) else {
                found.push(Found { rule: RULE, file: source.path.clone(), what: format!("{room} has no floor") });
                continue;
            };
            for import in source.imports() {
                let to = import.first().map_or("lib", String::as_str);
                // A name of the crate's root stands for the room that it comes from.
                let Some(other) = floor(to) else { continue };
                if other > own && to != "lib" {
                    let what = format!("{room} imports {}, which stands above it", import.join("::"));
                    found.push(Found { rule: RULE, file: source.path.clone(), what });
                }
            }
        }
    }
    hold(RULE, found);
}

#[test]
fn files_import_each_other_in_no_circle() {
    const RULE: &str = "no circles";
    let mut found = Vec::new();
    for folder in ["src", "crates/report/src", "crates/jobs/src", "crates/cli/src"] {
        let all = sources(root(), folder);
        let modules: BTreeSet<Vec<String>> = all.iter().map(Source::module).collect();
        let mut arrows: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
        for source in &all {
            let own = source.module();
            for import in source.imports() {
                let to = (0..=import.len()).rev().map(|k| import[..k].to_vec()).find(|path| modules.contains(path));
                // A parent holds what its children share, and re-exports what they make: no circle
                // of two concepts.
                if let Some(to) = to.filter(|to| !to.starts_with(&own) && !own.starts_with(to)) {
                    arrows.entry(own.clone()).or_default().insert(to);
                }
            }
        }
        for (from, _) in arrows.iter() {
            let mut seen = BTreeSet::new();
            let mut next: Vec<&Vec<String>> = arrows[from].iter().collect();
            while let Some(at) = next.pop() {
                if seen.insert(at) {
                    next.extend(arrows.get(at).into_iter().flatten());
                }
            }
            if seen.contains(from) {
                let circle: Vec<String> = seen.iter().map(|module| module.join("::")).collect();
                let what = format!("{} imports itself through {}", from.join("::"), circle.join(", "));
                found.push(Found { rule: RULE, file: format!("{folder}/{}", from.join("/")), what });
            }
        }
    }
    hold(RULE, found);
}

#[test]
fn the_library_has_no_loose_files() {
    const RULE: &str = "no loose files";
    let found = sources(root(), "src")
        .into_iter()
        .filter(|source| source.module().len() == 1 && !source.path.ends_with("mod.rs"))
        .filter(|source| !["src/lib.rs", "src/error.rs"].contains(&source.path.as_str()))
        .map(|source| Found { rule: RULE, file: source.path, what: "belongs to a room".to_string() });
    hold(RULE, found.collect());
}

#[test]
fn modules_with_children_are_folders() {
    const RULE: &str = "a module with children is mod.rs in its folder";
    let found = crates()
        .into_iter()
        .filter(|source| !source.path.ends_with("mod.rs") && root().join(source.path.trim_end_matches(".rs")).is_dir())
        .map(|source| Found { rule: RULE, file: source.path, what: "stands beside its folder".to_string() });
    hold(RULE, found.collect());
}

#[test]
fn files_are_of_a_readable_length() {
    const RULE: &str = "at most 600 lines a file";
    let mut found = Vec::new();
    for folder in ["src", "shaders", "crates", "tests", "benches", "examples"] {
        for path in source::files(root(), folder) {
            let ending = path.rsplit('.').next().unwrap_or_default();
            if path.contains("/fixtures/") || !["rs", "wgsl", "js", "css", "html", "py"].contains(&ending) {
                continue;
            }
            let lines = std::fs::read_to_string(root().join(&path)).unwrap().lines().count();
            if lines > MOST_LINES {
                found.push(Found { rule: RULE, file: path, what: format!("{lines} lines") });
            }
        }
    }
    hold(RULE, found);
}

#[test]
fn comments_and_texts_are_of_a_readable_width() {
    const RULE: &str = "at most 120 columns";
    let mut found = Vec::new();
    let mut wide = |file: &str, number: usize, line: &str| {
        let columns = line.chars().count();
        if columns > MOST_COLUMNS {
            found.push(Found { rule: RULE, file: file.to_string(), what: format!("line {number}: {columns} columns") });
        }
    };
    for folder in ["src", "shaders", "crates", "tests", "benches", "examples"] {
        for path in source::files(root(), folder) {
            let is_code = path.ends_with(".rs") || path.ends_with(".wgsl");
            if path.contains("/fixtures/") || !is_code {
                continue;
            }
            let text = std::fs::read_to_string(root().join(&path)).unwrap();
            for (index, line) in text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//")) {
                wide(&path, index + 1, line);
            }
        }
    }
    let guides = source::files(root(), "docs").into_iter().filter(|path| path.ends_with(".md"));
    let texts = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/README.md"].map(String::from);
    for path in guides.chain(texts) {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        let mut fenced = false;
        for (index, line) in text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            // A row of a table cannot be wrapped, and a block shows what a program printed.
            if !fenced && !line.starts_with('|') {
                wide(&path, index + 1, line);
            }
        }
    }
    hold(RULE, found);
}

#[test]
fn texts_of_the_library_name_no_flags() {
    const RULE: &str = "no flags of the program in the library";
    let mut found = Vec::new();
    for source in sources(root(), "src") {
        for (number, text) in source.strings() {
            let flag = text.match_indices("--").any(|(at, _)| {
                let before = text[..at].chars().next_back();
                let after = text[at + 2..].chars().next();
                after.is_some_and(|letter| letter.is_ascii_lowercase())
                    && before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '-')
            });
            if flag {
                found.push(Found { rule: RULE, file: source.path.clone(), what: format!("line {number}: {text}") });
            }
        }
    }
    hold(RULE, found);
}

#[test]
fn objectives_are_named_in_their_folder_alone() {
    const RULE: &str = "an objective is named in src/objective alone";
    let mut found = Vec::new();
    for source in crates().into_iter().filter(|source| !source.path.starts_with("src/objective/")) {
        for (number, line) in source.code().lines().enumerate() {
            let named = line.match_indices("Objective::").any(|(at, word)| {
                line[at + word.len()..].starts_with(|letter: char| letter.is_ascii_uppercase())
                    && !line[at + word.len()..].starts_with("ALL")
            });
            if named {
                let what = format!("line {}: {}", number + 1, line.trim());
                found.push(Found { rule: RULE, file: source.path.clone(), what });
            }
        }
    }
    hold(RULE, found);
}

/// Calls that the library makes in one room alone.
fn called_in(rule: &'static str, room: &str, calls: &[&str]) {
    let mut found = Vec::new();
    for source in sources(root(), "src").into_iter().filter(|source| !source.path.starts_with(room)) {
        for (number, line) in source.code().lines().enumerate() {
            if calls.iter().any(|call| line.contains(call)) {
                let what = format!("line {}: {}", number + 1, line.trim());
                found.push(Found { rule, file: source.path.clone(), what });
            }
        }
    }
    hold(rule, found);
}

#[test]
fn files_are_opened_in_one_room() {
    let calls = ["fs::", "File::open", "File::create", "OpenOptions", "tempfile::"];
    called_in("files are opened in src/io alone", "src/io/", &calls);
}

#[test]
fn there_is_one_clock() {
    called_in("util/clock is the only clock", "src/util/clock.rs", &["Instant::now", "SystemTime::now"]);
}

#[test]
fn doc_comments_say_more_than_a_name() {
    let mut short = Vec::new();
    for source in crates() {
        let lines: Vec<&str> = source.text.lines().map(str::trim_start).collect();
        for (index, line) in lines.iter().enumerate() {
            let alone = |other: Option<usize>| !other.is_some_and(|other| lines[other].starts_with("///"));
            let Some(text) = line.strip_prefix("/// ") else { continue };
            let next = Some(index + 1).filter(|next| *next < lines.len());
            if text.chars().count() <= SHORT_DOC && alone(index.checked_sub(1)) && alone(next) {
                short.push(format!("{}:{}: {text}", source.path, index + 1));
            }
        }
    }
    let sample: Vec<&String> = short.iter().take(40).collect();
    assert!(short.len() <= MOST_SHORT_DOCS, "{} doc comments say hardly anything: {sample:#?}", short.len());
}
