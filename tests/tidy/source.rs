//! A Rust file as text: its code without comments and strings, its strings, and what it imports.

use std::path::Path;

/// A source file of a crate.
pub struct Source {
    /// Its path from the root of the repository, with slashes.
    pub path: String,
    /// Its text, whole.
    pub text: String,
    /// The folder that is the root of its crate.
    folder: String,
}

/// All files below a folder, by their paths from the root, sorted.
pub fn files(root: &Path, folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else { return Vec::new() };
    let mut all = Vec::new();
    for entry in entries.map(Result::unwrap) {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        match entry.file_type().unwrap().is_dir() {
            true if path.ends_with("/target") => {}
            true => all.extend(files(root, &path)),
            false => all.push(path),
        }
    }
    all.sort();
    all
}

/// The Rust files of a crate.
pub fn sources(root: &Path, folder: &str) -> Vec<Source> {
    let rust = files(root, folder).into_iter().filter(|path| path.ends_with(".rs"));
    rust.map(|path| Source {
        text: std::fs::read_to_string(root.join(&path)).unwrap(),
        path,
        folder: folder.to_string(),
    })
    .collect()
}

/// What a place in a text belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    String,
}

impl Source {
    /// The names of its module, from the crate's root.
    pub fn module(&self) -> Vec<String> {
        let inner = self.path[self.folder.len() + 1..].trim_end_matches(".rs");
        let mut names: Vec<String> = inner.split('/').map(String::from).collect();
        if names.last().is_some_and(|name| name == "mod") {
            names.pop();
        }
        if names == ["lib"] {
            names.clear();
        }
        names
    }

    /// The first name of its module.
    pub fn room(&self) -> String {
        self.module().first().cloned().unwrap_or_else(|| "lib".to_string())
    }

    /// Every letter with what it belongs to, without the tests at the end of the file.
    fn letters(&self) -> Vec<(char, Kind)> {
        let text: Vec<char> = self.text.chars().collect();
        let mut kinds = vec![Kind::Code; text.len()];
        let mut at = 0;
        let starts = |at: usize, what: &str| what.chars().enumerate().all(|(k, c)| text.get(at + k) == Some(&c));
        while at < text.len() {
            let begin = at;
            if starts(at, "//") {
                while at < text.len() && text[at] != '\n' {
                    at += 1;
                }
                kinds[begin..at].fill(Kind::Comment);
            } else if starts(at, "/*") {
                while at < text.len() && !starts(at, "*/") {
                    at += 1;
                }
                at = (at + 2).min(text.len());
                kinds[begin..at].fill(Kind::Comment);
            } else if text[at] == 'r' && (starts(at, "r\"") || starts(at, "r#")) && !follows_word(&text, at) {
                let hashes = text[at + 1..].iter().take_while(|c| **c == '#').count();
                if text.get(at + 1 + hashes) != Some(&'"') {
                    at += 1;
                    continue;
                }
                let end = format!("\"{}", "#".repeat(hashes));
                at += hashes + 2;
                while at < text.len() && !starts(at, &end) {
                    at += 1;
                }
                at = (at + end.len()).min(text.len());
                kinds[begin..at].fill(Kind::String);
            } else if text[at] == '"' {
                at += 1;
                while at < text.len() && text[at] != '"' {
                    at += if text[at] == '\\' { 2 } else { 1 };
                }
                at = (at + 1).min(text.len());
                kinds[begin..at].fill(Kind::String);
            } else if text[at] == '\'' && (starts(at + 1, "\\") || text.get(at + 2) == Some(&'\'')) {
                at += if text[at + 1] == '\\' { 3 } else { 2 };
                while at < text.len() && text[at] != '\'' {
                    at += 1;
                }
                at = (at + 1).min(text.len());
                kinds[begin..at].fill(Kind::String);
            } else {
                at += 1;
            }
        }
        let end = self.text.find("\n#[cfg(test)]\n").map_or(text.len(), |byte| self.text[..byte].chars().count());
        text.into_iter().zip(kinds).take(if self.is_test() { 0 } else { end }).collect()
    }

    /// Whether the whole file is tests.
    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The code: comments and strings are blank.
    pub fn code(&self) -> String {
        let letters = self.letters().into_iter();
        letters.map(|(letter, kind)| if kind == Kind::Code || letter == '\n' { letter } else { ' ' }).collect()
    }

    /// The strings, with the lines that they begin on.
    pub fn strings(&self) -> Vec<(usize, String)> {
        let (mut all, mut line, mut open): (Vec<(usize, String)>, _, _) = (Vec::new(), 1, false);
        for (letter, kind) in self.letters() {
            match (kind == Kind::String, open) {
                (true, false) => all.push((line, String::from(letter))),
                (true, true) => all.last_mut().unwrap().1.push(letter),
                (false, _) => {}
            }
            open = kind == Kind::String;
            line += usize::from(letter == '\n');
        }
        all
    }

    /// Paths into its own crate that the code names, from the crate's root.
    pub fn imports(&self) -> Vec<Vec<String>> {
        let code = self.code();
        let mut all = Vec::new();
        for word in ["crate", "super"] {
            for (at, _) in code.match_indices(&format!("{word}::")) {
                let before = code[..at].chars().next_back();
                if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':') {
                    continue;
                }
                let mut path = if word == "crate" { Vec::new() } else { self.module() };
                let mut rest = &code[at..];
                while let Some(inner) = rest.strip_prefix("super::") {
                    path.pop();
                    rest = inner;
                }
                leaves(rest.strip_prefix("crate::").unwrap_or(rest), &path, &mut all);
            }
        }
        all
    }
}

fn follows_word(text: &[char], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| text[before].is_alphanumeric() || text[before] == '_')
}

/// The paths of a tree such as `a::{b, c::{d, e}}`, and what follows it.
fn leaves<'t>(tree: &'t str, prefix: &[String], all: &mut Vec<Vec<String>>) -> &'t str {
    let mut path = prefix.to_vec();
    let mut rest = tree.trim_start();
    loop {
        if let Some(inner) = rest.strip_prefix('{') {
            let mut inner = inner;
            loop {
                inner = leaves(inner, &path, all).trim_start();
                match inner.strip_prefix(',') {
                    Some(next) if next.trim_start().starts_with('}') => return &next.trim_start()[1..],
                    Some(next) => inner = next,
                    None => return inner.strip_prefix('}').unwrap_or(inner),
                }
            }
        }
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name != "self" && !name.is_empty() {
            path.push(name.to_string());
        }
        let after = after.trim_start();
        match after.strip_prefix("::") {
            Some(next) if !next.starts_with('<') && !next.starts_with('*') => rest = next.trim_start(),
            _ => {
                all.push(path);
                let after = after.strip_prefix("::*").unwrap_or(after);
                let after = after.strip_prefix("as ").map_or(after, |next| {
                    next.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_')
                });
                return after;
            }
        }
    }
}
