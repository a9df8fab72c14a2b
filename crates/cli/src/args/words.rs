//! What the command line says of itself: the words that completion offers, and the tip for a flag
//! that there is not.

use clap::builder::{PossibleValue, StringValueParser, StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, ValueHint};
use gboost::params;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Takes any text and offers these words for completion: what is refused is refused by the library,
/// in its words.
#[derive(Clone, Debug)]
pub struct Offered(Vec<String>);

impl Offered {
    /// Offers `words`; files where there are none.
    pub fn new(words: Vec<String>) -> Self {
        Self(words)
    }

    /// Offers the metrics.
    pub fn metrics() -> Self {
        Self(gboost::Metric::ALL.iter().map(gboost::Metric::name).collect())
    }

    /// Offers the metrics that a search can optimise.
    pub fn objective_metrics() -> Self {
        let Self(metrics) = Self::metrics();
        Self(
            ["validation", "cv"].iter().flat_map(|at| metrics.iter().map(move |name| format!("{at}:{name}"))).collect(),
        )
    }
}

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        match self.0.as_slice() {
            [] => None,
            words => Some(Box::new(words.iter().map(|word| PossibleValue::new(word.clone())))),
        }
    }
}

/// The command as completion shows it: without the flags that are only taken to be refused, and
/// with files offered where a file is meant and nowhere else.
pub fn shown(command: &Command) -> Command {
    let about = command.get_about().cloned().unwrap_or_default();
    let arguments = command.get_arguments().filter(|arg| !arg.is_hide_set()).cloned().map(hinted);
    Command::new(command.get_name().to_string())
        .about(about)
        .args(arguments)
        .groups(command.get_groups().cloned())
        .subcommands(command.get_subcommands().map(shown))
}

fn hinted(arg: Arg) -> Arg {
    if !arg.get_action().takes_values() {
        return arg;
    }
    let name = arg.get_value_names().and_then(|names| names.first()).map(|name| name.to_string()).unwrap_or_default();
    let hint = match (arg.get_value_hint(), name.as_str()) {
        (ValueHint::AnyPath, "DIR") => ValueHint::DirPath,
        (ValueHint::AnyPath, _) => ValueHint::FilePath,
        (ValueHint::Unknown, "COLUMN|FILE") => ValueHint::FilePath,
        (ValueHint::Unknown, _) => ValueHint::Other,
        (hint, _) => hint,
    };
    arg.value_hint(hint)
}

/// The commands that train.
const TRAINING: &[&str] = &["train", "tune", "cv"];

/// The commands that apply a model.
const APPLYING: &[&str] = &["predict", "evaluate", "report", "explain", "bias"];

/// The commands that read data.
const READING: &[&str] = &["train", "tune", "cv", "predict", "evaluate", "report", "explain", "bias"];

/// Flags that people try, the commands that do not have them, and what does their work there.
pub const TIPS: &[(&[&str], &[&str], &str)] = &[
    (
        &["threshold"],
        &["train", "tune", "cv", "evaluate"],
        "--eval-metric error@0.7 evaluates at a threshold of 0.7; the page of gboost report has one to move",
    ),
    (&["threshold"], &["report"], "the page has a threshold to move"),
    (&["threshold"], &["predict"], "--output-type probability (the default) is what to compare with a threshold"),
    (&["threshold"], &["explain"], "SHAP values explain the margin, which has no threshold"),
    (&["label-column", "y", "response"], TRAINING, "--label names the label column"),
    (&["target"], &["train", "cv"], "--label names the label column"),
    (&["label-column", "target", "y", "response"], APPLYING, "--label names the label column"),
    (&["weight", "weights", "sample-weight"], READING, "--weight-column names the column of the row weights"),
    (&["ignore-columns", "ignore", "drop", "exclude"], READING, "--ignore-column leaves columns out"),
    (
        &["valid", "val", "eval-set", "valid-data", "validation-data"],
        &["train", "tune", "report"],
        "--validation names it",
    ),
    (
        &["validation", "test", "valid", "val", "eval-set"],
        &["cv"],
        "folds of the training data are held out; --nfold sets their number",
    ),
    (
        &["train", "test", "input", "file", "files"],
        &["predict", "evaluate", "explain", "bias"],
        "--data names the files",
    ),
    (&["test", "input", "file", "files"], &["report"], "--data names the files that the model is judged on"),
    (&["input", "file", "files", "training-data", "train-data"], TRAINING, "--train names the training data"),
    (
        &["init-model", "xgb-model", "model-in", "input-model", "checkpoint", "resume"],
        &["train"],
        "--continue-from adds rounds to a model",
    ),
    (
        &["model-out", "output-model", "save-model", "model-file", "model-dir", "save", "out"],
        &["train"],
        "--model names the model's file",
    ),
    (
        &["early-stopping", "patience"],
        &["train", "cv"],
        "--early-stopping-rounds stops once so many rounds brought nothing",
    ),
    (&["silent"], TRAINING, "--quiet prints errors alone"),
    (&["silent"], APPLYING, "--quiet prints errors and results alone"),
    (
        &["verbose-eval", "log-period", "metric-period", "print-every-n"],
        &["train", "cv"],
        "--log-every sets the rounds between lines",
    ),
    (
        &["missing", "missing-value", "na-values"],
        READING,
        "a value is missing where its field is empty, NA, nan, null or ?; write other marks so",
    ),
    (
        &["test-size", "split", "validation-split", "validation-fraction", "train-size"],
        &["train"],
        "no rows are split off; --validation takes a file of its own, and gboost cv holds out folds",
    ),
    (&["sep", "separator"], READING, "--delimiter sets the delimiter"),
    (&["no-header", "has-header"], READING, "--header says whether line 1 names the columns: yes, no or auto"),
    (&["format", "file-format", "data-format"], TRAINING, "leave it out: the files show their format, CSV or libsvm"),
    (&["task"], TRAINING, "--objective names what is learnt"),
    (
        &["sensitive", "protected", "sensitive-feature", "attribute"],
        &["bias"],
        "--facet names the rows that may be at a disadvantage",
    ),
    (&["raw-score", "raw", "margin"], &["predict"], "--output-type margin writes margins"),
    (
        &["iteration-range", "ntree-limit", "best-iteration", "num-iteration"],
        APPLYING,
        "rounds up to the best one are used; --all-rounds uses all",
    ),
    (&["model"], &["tune"], "--output names the folder; the best model is model.json in it"),
    (&["model", "save-model"], &["cv"], "a cross-validation keeps no model; gboost train makes one"),
    (&["out", "output-file", "csv"], &["predict", "explain"], "--output names the file to write"),
    (&["output", "out", "output-file"], &["evaluate"], "--json names a file for the figures; - is standard output"),
    (&["json", "format"], &["predict"], "predictions are CSV; --output names the file to write"),
    (&["html", "page"], &["report", "bias"], "--output names the page"),
    (&["html"], &["train"], "--report names a page to write as well"),
    (&["model", "file"], &["inspect"], "the model's file needs no flag: gboost inspect model.json"),
    (&["manifest", "model", "file"], &["verify"], "the manifest needs no flag: gboost verify model.manifest.json"),
    (&["dir", "folder"], &["man"], "--output names the folder"),
    (&["shell"], &["completions"], "the shell needs no flag: gboost completions bash"),
    (&["cv", "n-splits", "nfolds", "folds-count", "kfold", "k"], &["tune", "cv"], "--nfold sets the number of folds"),
    (&["cv", "nfold", "n-splits", "folds", "stratified"], &["train"], "gboost cv cross-validates"),
    (&["n-trials", "trials", "n-iter"], &["tune"], "--max-jobs sets the number of trials"),
    (&["config", "params-file", "hyperparameters"], &["train", "cv"], "--params reads hyperparameters from a file"),
    (&["shap", "pred-contribs"], &["predict"], "--output-type contribs writes SHAP values"),
    (&["pred-leaf"], &["predict"], "--output-type leaf writes the leaves"),
    (&["output-margin"], &["predict"], "--output-type margin writes margins"),
    (&["proba", "predict-proba"], &["predict"], "probabilities are written unless --output-type says otherwise"),
    (&["device", "gpu-id", "task-type", "device-type"], APPLYING, "models are applied on the processor; leave it out"),
];

/// Replaces clap's tip for an unknown argument, which may name a flag that is refused or has
/// nothing to do with it.
pub fn mend(mut error: clap::Error, root: &Command, arguments: &[OsString]) -> clap::Error {
    if error.kind() == ErrorKind::InvalidSubcommand {
        return mend_command(error);
    }
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg).cloned() else { return error };
    for guess in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::Suggested] {
        error.remove(guess);
    }
    let name =
        arguments.iter().skip(1).filter_map(|word| word.to_str()).find(|word| root.find_subcommand(word).is_some());
    let command = name.and_then(|name| root.find_subcommand(name)).unwrap_or(root);
    // clap's names the flag that it takes for the one that was meant.
    error.insert(ContextKind::Usage, ContextValue::StyledStr(command.clone().render_usage()));
    match slip(&given, command, arguments).or_else(|| tip(&given, command, root)) {
        Some(Tip::Sentence(text)) => {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(text)]));
        }
        Some(Tip::Flag(flag)) => {
            error.insert(ContextKind::SuggestedArg, ContextValue::String(flag));
        }
        None => {}
    }
    error
}

/// What other programs call the commands.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["fit", "learn", "training"], "gboost train"),
    (&["test", "score", "eval", "validate", "metrics"], "gboost evaluate"),
    (&["apply", "infer", "inference", "transform"], "gboost predict"),
    (&["importance", "feature-importance", "dump", "show", "info", "model", "tree"], "gboost inspect"),
    (&["shap"], "gboost explain"),
    (&["plot", "html", "summary", "page"], "gboost report"),
    (&["search", "optimize", "optimise", "hpo", "grid", "grid-search", "hyperopt"], "gboost tune"),
    (&["cross-validate", "cross-val", "crossval", "crossvalidate"], "gboost cv"),
    (&["fairness"], "gboost bias"),
    (&["gpus", "gpu"], "gboost devices"),
    (&["version"], "gboost --version"),
];

/// Names the command that was meant.
fn mend_command(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidSubcommand).cloned() else { return error };
    let known = COMMANDS.iter().find(|(names, _)| names.contains(&given.as_str()));
    let text = match (known, Path::new(&given).extension().and_then(OsStr::to_str)) {
        (Some((_, command)), _) => format!("that is {command} here"),
        (None, Some("json")) => {
            format!("a command comes first: gboost inspect {given}, or gboost predict {given} DATA")
        }
        (None, Some(_)) => format!("a command comes first: gboost train {given}"),
        (None, None) => return error,
    };
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(text)]));
    error
}

/// What to say to a flag of one dash, and to a value behind a flag that takes none.
fn slip(given: &str, command: &Command, arguments: &[OsString]) -> Option<Tip> {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    if given.starts_with('-') {
        let letter = given.strip_prefix('-').filter(|letter| letter.chars().count() == 1)?;
        let word = words
            .find(|word| word.len() > 2 && word.starts_with('-') && !word.starts_with("--") && word.contains(letter));
        let name =
            word.and_then(|word| word.trim_start_matches('-').split('=').next()).map(|name| name.replace('_', "-"));
        let known = name.filter(|name| command.get_arguments().any(|arg| all_names(arg).any(|known| known == name)));
        return Some(known.map_or_else(
            || Tip::Sentence("flags are whole words behind two dashes; -h, -q and -v alone are short".to_string()),
            |name| Tip::Flag(format!("--{name}")),
        ));
    }
    let before = words.take_while(|word| *word != given).last()?;
    let takes_none =
        |arg: &&Arg| !arg.get_action().takes_values() && all_names(arg).any(|name| before == format!("--{name}"));
    let flag = command.get_arguments().find(takes_none)?;
    Some(Tip::Sentence(match flag.get_id().as_str() {
        "verbose" => "--verbose takes no value; -v prints details, as --verbosity 2 does".to_string(),
        _ => format!("{before} takes no value"),
    }))
}

/// What to say to an unknown argument.
enum Tip {
    Sentence(String),
    /// The flag that was meant.
    Flag(String),
}

fn tip(given: &str, command: &Command, root: &Command) -> Option<Tip> {
    let Some(flag) = given.strip_prefix("--") else {
        if !TRAINING.contains(&command.get_name()) || given.starts_with('-') {
            return None;
        }
        let parameter = given.split_once('=').and_then(|(name, value)| Some((params::find(name).ok()?.name, value)));
        return Some(Tip::Sentence(match parameter {
            Some((name, value)) => format!("hyperparameters are flags: --{} {value}", name.replace('_', "-")),
            None => "--train takes several files of training data".to_string(),
        }));
    };
    let wanted = flag.replace('_', "-");
    let known = TIPS
        .iter()
        .find(|(names, commands, _)| names.contains(&wanted.as_str()) && commands.contains(&command.get_name()));
    if let Some((.., text)) = known {
        return Some(Tip::Sentence((*text).to_string()));
    }
    if let Some(advice) = params::advice(flag) {
        return Some(Tip::Sentence(advice));
    }
    let others: Vec<String> = root
        .get_subcommands()
        .filter(|other| flags(other).any(|known| known == wanted))
        .map(|other| format!("gboost {}", other.get_name()))
        .collect();
    if let [before @ .., last] = others.as_slice() {
        let owners = if before.is_empty() { last.clone() } else { format!("{} and {last}", before.join(", ")) };
        return Some(Tip::Sentence(format!("--{wanted} is an option of {owners}")));
    }
    let names: Vec<&str> = flags(command).collect();
    let near = gboost::internals::util::names::nearest(&wanted, names.into_iter())?;
    // As it was written, where the flag is taken in that form.
    let underscored = near.replace('-', "_");
    let as_given = flag.contains('_') && command.get_arguments().any(|arg| all_names(arg).any(|n| n == underscored));
    Some(Tip::Flag(format!("--{}", if as_given { underscored.as_str() } else { near })))
}

/// The flags that a command shows, and their visible other names.
pub fn flags(command: &Command) -> impl Iterator<Item = &str> {
    command.get_arguments().filter(|arg| !arg.is_hide_set()).flat_map(visible_names)
}

fn visible_names(arg: &Arg) -> impl Iterator<Item = &str> {
    arg.get_long().into_iter().chain(arg.get_visible_aliases().unwrap_or_default())
}

pub fn all_names(arg: &Arg) -> impl Iterator<Item = &str> {
    arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_tip_hides_no_later_one() {
        for (index, (names, commands, _)) in TIPS.iter().enumerate() {
            for (others, places, _) in &TIPS[..index] {
                let twice = names.iter().find(|name| others.contains(name));
                let both = commands.iter().find(|command| places.contains(command));
                assert!(twice.is_none() || both.is_none(), "{twice:?} of {both:?} has two tips");
            }
        }
    }
}
