//! Puts a kernel's source together: shared constants and structs, the variant's constants, imported
//! modules, the shader.

use crate::gpu::layout;
use std::fmt::Write;

/// A file of `shaders/`.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Its name without `.wgsl`.
    pub name: &'static str,
    /// Its WGSL text, without shared constants and imported modules.
    pub text: &'static str,
}

macro_rules! sources {
    ($($folder:literal: $($name:literal),+;)+) => {
        &[$($(Source { name: $name, text: include_str!(concat!("../../shaders/", $folder, $name, ".wgsl")) }),+),+]
    };
}

/// Every shader and every module in `shaders/shared/`.
pub const SOURCES: &[Source] = sources! {
    "": "gradient", "sample", "quantise", "histogram", "split", "partition", "leaf_sums", "add_leaves", "route";
    "shared/": "int64", "binary64", "hash", "scan", "plan_write", "plan_read", "pairs", "margins", "siblings";
};

/// What is decided when a kernel is compiled: branches that no row of a training takes fall away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// `LOGISTIC`, `SQUARED_ERROR` or `SOFTMAX` of [`crate::gpu::layout`].
    pub objective: u32,
    /// Whether rows have weights.
    pub weighted: bool,
    /// Whether gradient pairs take 64 bits each.
    pub long_pairs: bool,
    /// Whether margins have 64 bits.
    pub wide_margins: bool,
    /// Whether histogram sums have 64 bits.
    pub wide: bool,
    /// Whether the hessian's cap applies.
    pub capped: bool,
    /// Whether every distinct value is a candidate.
    pub exact: bool,
    /// Whether alpha is positive.
    pub alpha: bool,
    /// Whether max_delta_step is positive.
    pub delta: bool,
}

impl Variant {
    /// The variant's constants as (name, WGSL type and value).
    fn constants(&self) -> [(&'static str, String); 10] {
        let flag = |value: bool| format!("bool = {value}");
        let bin_words = if self.wide { layout::WIDE_WORDS } else { layout::NARROW_WORDS };
        [
            ("OBJECTIVE", format!("u32 = {}u", self.objective)),
            ("WEIGHTED", flag(self.weighted)),
            ("LONG_PAIRS", flag(self.long_pairs)),
            ("WIDE_MARGINS", flag(self.wide_margins)),
            ("WIDE", flag(self.wide)),
            ("BIN_WORDS", format!("u32 = {bin_words}u")),
            ("CAPPED", flag(self.capped)),
            ("EXACT", flag(self.exact)),
            ("ALPHA", flag(self.alpha)),
            ("DELTA", flag(self.delta)),
        ]
    }
}

/// The whole source of a shader. Constants that its text does not mention are left out, so that
/// variants that do not differ for a shader have the same source.
#[must_use]
pub fn compose(shader: &str, variant: &Variant) -> String {
    let mut imported = Vec::new();
    import(shader, &mut imported);
    let body: String = imported.iter().map(|source| source.text).collect();
    let mut text = layout::wgsl();
    for (name, value) in variant.constants() {
        if mentions(&body, name) {
            let _ = writeln!(text, "const {name}: {value};");
        }
    }
    text + &body
}

/// Whether the word occurs in the text.
fn mentions(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|found| found == word)
}

/// Appends a module after the modules that it imports, each once.
fn import(name: &str, imported: &mut Vec<Source>) {
    if imported.iter().any(|source| source.name == name) {
        return;
    }
    let Some(source) = SOURCES.iter().find(|source| source.name == name) else {
        unreachable!("no shader is called {name}");
    };
    for line in source.text.lines() {
        if let Some(other) = line.strip_prefix("// import ") {
            import(other.trim(), imported);
        }
    }
    imported.push(*source);
}
