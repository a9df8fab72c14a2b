//! Every code block of the documentation does what the page says.
//!
//! Pages are `README.md`, `CONTRIBUTING.md`, `CHANGELOG.md`, `docs/*.md` without the contract, and
//! `docs/guide/*.md`. Their blocks are
//!
//! - `console`: lines that begin with `$ ` are run by bash, the other lines are their output;
//! - `sh`: every line is run by bash, and has to succeed;
//! - `json`, `toml`: have to parse;
//! - `rust`: compiled by rustdoc, not here;
//! - `text`: is not checked, and therefore rare; a comment before it gives the reason.
//!
//! The blocks of a page run one after the other in one temporary folder that holds a copy of
//! `data/` and nothing else, with the program `gboost` on the path. A command has to exit with 0
//! unless the next one is `echo $?`, which shows what it exited with. [`compare`] says what may
//! differ between the output on the page and that of the program.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Blocks of kind `text` on all pages together.
const MOST_TEXT_BLOCKS: usize = 5;

/// Stands before a block that is run only where `gboost devices` finds an adapter.
const NEEDS_GPU: &str = "<!-- needs a GPU adapter -->";

/// Beginnings of commands that are not run: they need a checkout, the network or other programs,
/// and CI runs the tests and checks among them itself.
const NOT_RUN: [&str; 4] = ["RUSTDOCFLAGS=", "bash .ci/", "cargo ", "tests/"];

/// The command of a checkout that runs the program.
const CARGO_RUN: &str = "cargo run --release -- ";

/// A fenced block of a page.
struct Block {
    /// Number of its opening line, from 1.
    line: usize,
    /// The first word after the fence.
    language: String,
    /// The comment on the last line before it that is not empty, if there is one.
    comment: Option<String>,
    lines: Vec<String>,
}

/// A command, and the output that the page shows.
#[derive(Debug, Default)]
struct Step {
    line: usize,
    command: String,
    output: Vec<String>,
}

/// What a command printed, to both streams in the order of time, and its exit code.
struct Run {
    output: Vec<String>,
    code: i32,
}

#[test]
fn every_block_has_a_language_that_is_checked() {
    let (mut texts, mut commands) = (Vec::new(), Vec::new());
    for (name, blocks) in pages() {
        for block in blocks {
            let at = format!("{name}:{}", block.line);
            match block.language.as_str() {
                "console" | "sh" => commands.extend(steps(&block).into_iter().map(|step| step.command)),
                "rust" => {}
                "json" => drop(serde_json::from_str::<serde_json::Value>(&block.lines.join("\n")).expect(&at)),
                "toml" => drop(block.lines.join("\n").parse::<toml::Table>().expect(&at)),
                "text" => {
                    let reason = block.comment.as_deref().and_then(|comment| comment.strip_prefix("<!-- text: "));
                    assert!(reason.is_some(), "{at}: a text block needs `<!-- text: REASON -->` before it");
                    texts.push(at);
                }
                other => panic!("{at}: a block in `{other}`, which no test reads"),
            }
        }
    }
    for start in NOT_RUN {
        assert!(commands.iter().any(|command| command.starts_with(start)), "no page has a command `{start}`");
    }
    assert!(texts.len() <= MOST_TEXT_BLOCKS, "too many blocks that no test reads: {texts:?}");
}

#[test]
fn pages_are_narrow_and_the_readme_is_short() {
    for path in page_paths() {
        let text = fs::read_to_string(&path).unwrap();
        let is_readme = path.ends_with("README.md");
        assert!(!is_readme || text.lines().count() <= 150, "README.md has more than 150 lines");
        let mut is_prose = true;
        for (number, line) in (1..).zip(text.lines()) {
            is_prose ^= line.starts_with("```");
            let most = match is_prose && !line.starts_with('|') {
                true => 100,
                false if is_readme => 120,
                false => usize::MAX,
            };
            assert!(line.chars().count() <= most, "{}:{number} is wider than {most} columns", path.display());
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    for path in page_paths() {
        let text = fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("https://") || target.starts_with("http://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: no such file: {target}", path.display());
            if !anchor.is_empty() {
                let headings = fs::read_to_string(&file).unwrap();
                let found = headings.lines().filter(|line| line.starts_with('#')).any(|line| anchor_of(line) == anchor);
                assert!(found, "{}: no such heading: {target}", path.display());
            }
        }
    }
}

#[test]
fn every_command_does_what_its_page_shows() {
    let bin = tempfile::tempdir().unwrap();
    let program = bin.path().join(format!("gboost{}", std::env::consts::EXE_SUFFIX));
    // Not a link: the program calls itself by the name that it was started with.
    fs::copy(env!("CARGO_BIN_EXE_gboost"), program).unwrap();
    let gpu = run(bin.path(), bin.path(), 0, "gboost devices").code == 0;
    assert!(gpu || std::env::var_os("GBOOST_REQUIRE_GPU").is_none(), "there is no adapter");

    let pages: Vec<_> = pages().into_iter().filter(|(_, blocks)| blocks.iter().any(is_run)).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(4) {
            scope.spawn(|| {
                while let Some((name, blocks)) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(reason) = run_page(name, blocks, bin.path(), gpu) {
                        wrong.lock().unwrap().push(reason);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

#[test]
fn outputs_differ_by_nothing_but_what_is_masked() {
    let same = |page: &str, output: &str| {
        let lines = |text: &str| text.lines().map(str::to_string).collect::<Vec<_>>();
        compare(&lines(page), &lines(output))
    };
    assert!(same("a  b\nc", "a b\nc"));
    assert!(same("a\n...\nd", "a\nb\nc\nd"));
    assert!(same("a b ...", "a b c d"));
    assert!(same("a b\nc d", "a b c d"), "the page may wrap a line");
    assert!(!same("a b c d", "a b\nc d"));
    assert!(same("trained in 0.51 s", "trained in 12.00 s"));
    assert!(same("seconds  1.68 (read 0.02)", "seconds  0.10 (read 0.01)"));
    assert!(same("done 22:06:31 0.675", "done 01:02:03 0.1"));
    assert!(same("CPU, 2 threads", "CPU, 16 threads"));
    assert!(same("split 383 5.863 3.7 15.48 MB 2.64", "split 383 7.1 4.2 15.48 MB 1.9"));
    assert!(!same("split 383 5.863 3.7 15.48 MB 2.64", "split 384 5.863 3.7 15.48 MB 2.64"));
    assert!(!same("auc 0.94", "auc 0.95"));
    assert!(!same("a", "a\nb"));
    assert!(!same("a\nb", "a"));
}

/// The repository: the next folder above the package that has documents.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("docs/exactness.md").exists()).unwrap().to_path_buf()
}

/// The pages that are checked.
fn page_paths() -> Vec<PathBuf> {
    let root = root();
    let mut paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name)).to_vec();
    for folder in ["docs", "docs/guide"] {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        paths.extend(entries.filter(|path| {
            path.extension().is_some_and(|ending| ending == "md") && !path.ends_with("docs/exactness.md")
        }));
    }
    paths.sort();
    paths
}

/// The pages with their blocks.
fn pages() -> Vec<(String, Vec<Block>)> {
    let root = root();
    let page = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        (name, blocks(&text))
    };
    page_paths().into_iter().map(page).collect()
}

/// The fenced blocks of a page.
fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    let mut last = "";
    for (line, content) in (1..).zip(text.lines()) {
        match (&mut open, content.trim_start().strip_prefix("```")) {
            (None, Some(info)) => {
                let language = info.split(',').next().unwrap_or_default().trim().to_string();
                let comment = last.starts_with("<!--").then(|| last.to_string());
                open = Some(Block { line, language, comment, lines: Vec::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.lines.push(content.to_string()),
            (None, None) if !content.trim().is_empty() => last = content,
            (None, None) => {}
        }
        if open.is_some() {
            last = "";
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Whether the commands of a block are run.
fn is_run(block: &Block) -> bool {
    matches!(block.language.as_str(), "console" | "sh")
}

/// The commands of a block with their outputs; a line that ends in a backslash goes on in the next.
fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut continued = false;
    for (line, content) in (block.line + 1..).zip(&block.lines) {
        let command = match block.language.as_str() {
            _ if continued => Some(content.as_str()),
            "sh" => Some(content.as_str()).filter(|command| !command.trim().is_empty() && !command.starts_with('#')),
            _ => content.strip_prefix("$ "),
        };
        match (command, steps.last_mut()) {
            (Some(command), Some(step)) if continued => step.command.push_str(&format!("\n{command}")),
            (Some(command), _) => steps.push(Step { line, command: command.to_string(), output: Vec::new() }),
            (None, Some(step)) => step.output.push(content.clone()),
            (None, None) => assert!(content.trim().is_empty(), "line {line}: an output without a command"),
        }
        continued = command.is_some_and(|command| command.ends_with('\\'));
    }
    steps
}

/// Runs the blocks of a page in a folder of their own. The error is where page and program part.
fn run_page(name: &str, blocks: &[Block], bin: &Path, gpu: bool) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("data"), &folder.path().join("data"));
    for block in blocks.iter().filter(|block| is_run(block)) {
        if !gpu && block.comment.as_deref() == Some(NEEDS_GPU) {
            continue;
        }
        let steps = steps(block);
        let mut code = 0;
        for (index, step) in steps.iter().enumerate() {
            let own = step.command.strip_prefix(CARGO_RUN).map(|arguments| format!("gboost {arguments}"));
            let command = own.unwrap_or_else(|| step.command.clone());
            if NOT_RUN.iter().any(|start| command.starts_with(start)) {
                continue;
            }
            let run = run(folder.path(), bin, code, &command);
            code = run.code;
            let shown = steps.get(index + 1).is_some_and(|next| next.command == "echo $?");
            let place = || format!("{name}:{}: {}", step.line, step.command);
            if code != 0 && !shown {
                return Err(format!("{}\nexit code {code}:\n{}", place(), run.output.join("\n")));
            }
            if block.language == "console" && !compare(&step.output, &run.output) {
                let (page, program) = (step.output.join("\n"), run.output.join("\n"));
                return Err(format!("{}\n--- the page:\n{page}\n--- the program:\n{program}", place()));
            }
        }
    }
    Ok(())
}

/// Runs a command by bash; `code` is what `$?` is for it.
fn run(folder: &Path, bin: &Path, code: i32, command: &str) -> Run {
    let mut path = std::ffi::OsString::from(bin);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .arg("-c")
        .arg(format!("exec 2>&1\n(exit {code})\n{command}"))
        .current_dir(folder)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        // Some drivers complain where it is missing, as it is without a desktop.
        .env("XDG_RUNTIME_DIR", bin)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Run { output: text.lines().map(str::to_string).collect(), code: output.status.code().unwrap_or(-1) }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Whether a page shows a program's output. It may
///
/// - leave lines out, by a line `...`, and the end of a line, by ` ...`;
/// - wrap a line, and have other blanks between words and other empty lines;
/// - have other times and another size of the machine ([`masked`]);
/// - show nothing, of a command that is not about its output.
fn compare(page: &[String], program: &[String]) -> bool {
    if page.iter().all(|line| line.trim().is_empty() || line.trim() == "...") {
        return !page.is_empty() || program.is_empty();
    }
    let words =
        |lines: &[String]| lines.iter().map(|line| masked(line)).filter(|words| !words.is_empty()).collect::<Vec<_>>();
    matches(&words(page), &words(program))
}

/// Whether lines of words match, the page's first.
fn matches(page: &[Vec<String>], program: &[Vec<String>]) -> bool {
    let Some((first, rest)) = page.split_first() else {
        return program.is_empty();
    };
    if first.len() == 1 && first[0] == "..." {
        return (0..=program.len()).any(|skipped| matches(rest, &program[skipped..]));
    }
    let Some((line, lines)) = program.split_first() else {
        return false;
    };
    if let Some((_, start)) = first.split_last().filter(|(last, start)| *last == "..." && !start.is_empty()) {
        return line.starts_with(start) && matches(rest, lines);
    }
    if line == first {
        return matches(rest, lines);
    }
    // The page may have wrapped the line here.
    if !line.starts_with(first) {
        return false;
    }
    let remaining: Vec<Vec<String>> =
        std::iter::once(line[first.len()..].to_vec()).chain(lines.iter().cloned()).collect();
    matches(rest, &remaining)
}

/// The words of a line with `_` for what differs from run to run: the times of a line that begins
/// with `seconds`, a number before ` s`, times of day and the seconds after them, the number of
/// threads, and of a kernel's row in the profile the time, its share and GB/s.
fn masked(line: &str) -> Vec<String> {
    let mut words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
    let is_number = |word: &str| word.trim_matches(|c| "(),".contains(c)).parse::<f64>().is_ok();
    let is_clock = |word: &str| {
        let parts: Vec<&str> = word.split(':').collect();
        parts.len() == 3 && parts.iter().all(|part| part.len() == 2 && part.parse::<u32>().is_ok())
    };
    let times = words.first().is_some_and(|word| word == "seconds");
    if times {
        return vec!["seconds".to_string()];
    }
    let profile = words.len() == 7 && words[5] == "MB" && words[1].parse::<u32>().is_ok();
    let masked: Vec<usize> = (0..words.len())
        .filter(|&index| {
            let follows = |unit: &str| words.get(index + 1).is_some_and(|next| next.trim_matches(',') == unit);
            is_clock(&words[index])
                || is_number(&words[index])
                    && (follows("s")
                        || follows("threads")
                        || index > 0 && is_clock(&words[index - 1])
                        || profile && [2, 3, 6].contains(&index))
        })
        .collect();
    masked.into_iter().for_each(|index| words[index] = "_".to_string());
    words
}

/// The anchor that GitHub gives a heading.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
