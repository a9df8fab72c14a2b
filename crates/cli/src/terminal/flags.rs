//! The program's words for what the library's texts name by handles: its flags.

use gboost::internals::error::words::Vocabulary;

/// The flag, or the option with its value, that stands for each handle of the library.
pub const FLAGS: Vocabulary<'static> = Vocabulary::new(&[
    ("adapter", "--gpu"),
    ("adapters", "gboost devices"),
    ("all-rounds", "--all-rounds"),
    ("cpu", "--backend cpu"),
    ("delimiter", "--delimiter"),
    ("folds", "--nfold"),
    ("gpu", "--backend gpu"),
    ("header", "--header"),
    ("ignore", "--ignore-column"),
    ("ignored-too", "--ignore-column"),
    ("index-base", "--index-base"),
    ("journal", "--journal"),
    ("label", "--label"),
    ("label-column", "label column"),
    ("max-bin", "--max-bin"),
    ("max-depth", "--max-depth"),
    ("min-rounds", "--min-rounds"),
    ("num-class", "--num-class"),
    ("num-round", "--num-round"),
    ("objective-metric", "--objective-metric"),
    ("parallel-trials", "--max-parallel-jobs"),
    ("parameters", "gboost train --help"),
    ("range", "--range"),
    ("record-bytes", "--max-record-bytes"),
    ("resume", "--resume"),
    ("spill", "--spill always"),
    ("spill-folder", "--spill-dir"),
    ("threads", "--threads"),
    ("tree-method", "--tree-method"),
    ("trials", "--max-jobs"),
    ("tuner-validation", "--validation"),
    ("validation", "--validation"),
    ("warm-start", "--warm-start"),
    ("weight", "--weight-column"),
]);

#[cfg(test)]
mod tests {
    use super::FLAGS;
    use gboost::internals::error::words::LIBRARY;

    #[test]
    fn the_program_has_a_word_for_each_handle_of_the_library() {
        assert_eq!(FLAGS.handles().collect::<Vec<_>>(), LIBRARY.handles().collect::<Vec<_>>());
    }
}
