//! Words: what the texts of the library call the things that its caller gives.
//!
//! A message such as "add {validation}, or leave it out" holds a handle. A [`Vocabulary`] says it
//! in the terms of whoever calls the library: `Trainer::channel` in Rust, a flag in the command
//! line program. A handle begins a word of the text, after a blank or an opening parenthesis;
//! braces elsewhere, as in quoted values, stay as they are.

use std::borrow::Cow;
use std::sync::OnceLock;

/// The words for the handles of the library's texts.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'w>(&'w [(&'w str, &'w str)]);

/// The library's own words for its handles.
pub const LIBRARY: Vocabulary<'static> = Vocabulary(&[
    ("adapter", "GpuOptions::adapter"),
    ("adapters", "gpu::adapters"),
    ("all-rounds", "Model::rounds"),
    ("cpu", "BackendChoice::Cpu"),
    ("delimiter", "ReadOptions::delimiter"),
    ("folds", "Tuner::folds"),
    ("gpu", "BackendChoice::Gpu"),
    ("header", "ReadOptions::header"),
    ("ignore", "ReadOptions::ignore"),
    ("ignored-too", "ReadOptions::ignore"),
    ("index-base", "ReadOptions::index_base"),
    ("journal", "Tuner::journal"),
    ("label", "ReadOptions::label"),
    ("label-column", "label column"),
    ("max-bin", "max_bin"),
    ("max-depth", "max_depth"),
    ("min-rounds", "min_rounds"),
    ("num-class", "num_class"),
    ("num-round", "num_round"),
    ("objective-metric", "Tuner::objective"),
    ("parallel-trials", "Tuner::parallel"),
    ("parameters", "params::table"),
    ("range", "Dimension::parse"),
    ("record-bytes", "ReadOptions::max_record_bytes"),
    ("resume", "Resume::Yes"),
    ("spill", "SpillOptions::always"),
    ("spill-folder", "SpillOptions::folder"),
    ("threads", "threads"),
    ("tree-method", "tree_method"),
    ("trials", "Tuner::trials"),
    ("tuner-validation", "Tuner::validation"),
    ("validation", "Trainer::channel"),
    ("warm-start", "Tuner::warm_start"),
    ("weight", "ReadOptions::weight"),
]);

/// The vocabulary of this process, where its face has one of its own.
static SPOKEN: OnceLock<Vocabulary<'static>> = OnceLock::new();

impl Vocabulary<'static> {
    /// Makes it the vocabulary of this process: errors and notes are said in it from now on. The
    /// first call counts.
    pub fn speak(self) {
        SPOKEN.get_or_init(|| self);
    }
}

impl<'w> Vocabulary<'w> {
    /// Makes a vocabulary of handles, without their braces, and the word for each.
    #[must_use]
    pub const fn new(words: &'w [(&'w str, &'w str)]) -> Self {
        Self(words)
    }

    /// Returns the handles that it has words for.
    pub fn handles(&self) -> impl Iterator<Item = &'w str> + use<'w> {
        self.0.iter().map(|(handle, _)| *handle)
    }

    /// Returns a text with its handles in these words; a handle without one stays.
    #[must_use]
    pub fn say<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut said = String::new();
        // Bytes of the text that are said.
        let mut done = 0;
        for (at, _) in text.match_indices('{') {
            let begins_a_word = matches!(text[..at].chars().next_back(), None | Some(' ' | '('));
            let Some((handle, _)) = text[at + 1..].split_once('}').filter(|_| begins_a_word) else { continue };
            if let Some((_, word)) = self.0.iter().find(|(known, _)| *known == handle) {
                said.push_str(&text[done..at]);
                said.push_str(word);
                done = at + handle.len() + 2;
            }
        }
        if done == 0 {
            return Cow::Borrowed(text);
        }
        said.push_str(&text[done..]);
        Cow::Owned(said)
    }
}

/// Returns a text of the library in the words of this process: those that
/// [spoke](Vocabulary::speak), or else the library's.
pub(crate) fn say(text: &str) -> Cow<'_, str> {
    SPOKEN.get().unwrap_or(&LIBRARY).say(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_said_and_other_braces_stay() {
        let words = Vocabulary::new(&[("validation", "eval_set="), ("cpu", "device=cpu")]);
        for (text, said) in [
            ("add {validation}, or leave it out", "add eval_set=, or leave it out"),
            ("{cpu} ({validation})", "device=cpu (eval_set=)"),
            ("no handle", "no handle"),
            ("`{validation}` \"{cpu}\" x{cpu}", "`{validation}` \"{cpu}\" x{cpu}"),
            ("{label} { {cpu", "{label} { {cpu"),
            ("{ {cpu}", "{ device=cpu"),
            ("", ""),
        ] {
            assert_eq!(words.say(text), said);
        }
    }

    #[test]
    fn handles_are_sorted_and_there_once() {
        assert!(LIBRARY.handles().is_sorted_by(|a, b| a < b));
    }
}
